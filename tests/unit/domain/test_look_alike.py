"""Look-alikes of a measured nodule among those that readers described."""

from __future__ import annotations

import pytest

from resources.lidc import nodule_table
from tests.unit.domain.test_nodule import nodule
from workstation.domain.finding import NoduleType
from workstation.domain.look_alike import known_nodules, look_alikes

KNOWN = known_nodules(nodule_table())
RESERVED = {f"LIDC-IDRI-{number}" for number in ("0314", "0002", "0055", "0063", "0144", "0379", "0447")}


def test_patients_held_back_for_tests_and_acceptance_are_never_shown() -> None:
    assert RESERVED.isdisjoint(k.patient_id for k in KNOWN)


def test_the_table_names_its_source_and_licence_and_has_three_readers_each() -> None:
    table = nodule_table()
    assert table["licence"] == "CC BY 3.0"
    assert "LIDC-IDRI" in table["source"]
    assert len(KNOWN) > 1000
    assert min(k.readers for k in KNOWN) >= 3


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [(NoduleType.SOLID, 4, 5), (NoduleType.GROUND_GLASS, 1, 2.5), (NoduleType.PART_SOLID, 2, 4)],
)
def test_look_alikes_have_the_size_and_the_kind_of_the_nodule(kind: NoduleType, least: float, most: float) -> None:
    found = look_alikes(nodule(nodule_type=kind), KNOWN, count=5)  # 268 mm3 = 8 mm, axes 10 and 6 mm
    assert len(found) == 5
    assert [item.distance for item in found] == sorted(item.distance for item in found)
    for item in found:
        assert 6 < item.nodule.equivalent_diameter_mm < 11
        assert least <= item.nodule.texture <= most


def test_a_calcified_nodule_looks_like_calcified_ones() -> None:
    found = look_alikes(nodule(nodule_type=NoduleType.CALCIFIED), KNOWN, count=3)
    assert max(item.nodule.calcification for item in found) < 5


def test_a_nodule_of_unknown_kind_is_compared_by_size_and_shape() -> None:
    found = look_alikes(nodule(nodule_type=NoduleType.UNSPECIFIED), KNOWN, count=1)[0]
    assert found.nodule.equivalent_diameter_mm == pytest.approx(8, abs=0.5)


def test_another_table_is_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        known_nodules({"columns": ["patient"], "nodules": []})
