"""A birth date goes out as far as it can be true, and no further."""

from __future__ import annotations

import pytest

from workstation.exchange.routes.partial_date import partial_date


@pytest.mark.parametrize(
    ("dicom", "told"),
    [
        ("19680314", ("1968", "03", "14")),
        ("1968.03.14", ("1968", "03", "14")),
        ("20000229", ("2000", "02", "29")),
        ("19680230", ("1968", "02")),
        ("19680300", ("1968", "03")),
        ("19680000", ("1968",)),
        ("19681301", ("1968",)),
        ("00000000", ()),
        ("99999999", ()),
        ("", ()),
        ("        ", ()),
        ("1968", ()),
        ("１９６８０３１４", ()),
    ],
)
def test_a_birth_date_goes_out_as_far_as_it_can_be_true(dicom: str, told: tuple[str, ...]) -> None:
    assert partial_date(dicom) == told
