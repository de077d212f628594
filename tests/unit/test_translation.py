"""One catalogue, two languages: numbers of things read as people say them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.translation import CHINESE, ENGLISH, language, tr, trn, use_language


@pytest.fixture(autouse=True)
def _language_as_before() -> Iterator[None]:
    before = language()
    yield
    use_language(before)


@pytest.mark.parametrize(("count", "expected"), [(0, "0 slices"), (1, "1 slice"), (2, "2 slices"), (275, "275 slices")])
def test_one_slice_is_not_called_slices(count: int, expected: str) -> None:
    use_language(ENGLISH)
    assert trn("{count} slice", "{count} slices", count) == expected


@pytest.mark.parametrize("count", [0, 1, 2, 275])
def test_chinese_has_one_form_for_every_number(count: int) -> None:
    use_language(CHINESE)
    assert trn("{count} slice", "{count} slices", count) == f"{count} 层"


def test_other_places_are_filled_beside_the_number() -> None:
    use_language(ENGLISH)
    assert trn("{done} / {total} image", "{done} / {total} images", 1, done=0, total=1) == "0 / 1 image"
    assert tr("{url} is not the address of a DICOMweb archive", url="foo") == (
        "foo is not the address of a DICOMweb archive"
    )
