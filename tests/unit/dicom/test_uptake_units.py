"""A number by lean body mass or body surface is never written as one by body weight, and comes back as it went."""

from __future__ import annotations

import pytest

from workstation.dicom.sr import annotation_codes
from workstation.dicom.sr.codes import unit_code
from workstation.domain.suv import SuvType


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (SuvType.BW, "g/ml{SUVbw}"),
        (SuvType.LBM_JANMAHASATIAN, "g/ml{SUVlbm(Janma)}"),
        (SuvType.BSA, "cm2/ml{SUVbsa}"),
    ],
)
def test_each_uptake_value_has_a_unit_of_its_own(kind: SuvType, written: str) -> None:
    assert unit_code(kind.measured_unit).value == written
    assert annotation_codes.unit_of(written) == (kind.measured_unit, 1.0)
