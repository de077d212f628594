"""No letter rather than a wrong one, and a warning where only the marker in the image can tell the side."""

from __future__ import annotations

from typing import Any

import pytest

from workstation.domain.side import SideDoubt, SideTags, patient_orientation, side_doubts

CHEST: dict[str, Any] = {"modality": "DX", "orientation": ("L", "F"), "body_part": "CHEST"}
HAND: dict[str, Any] = {"modality": "CR", "orientation": ("L", "F"), "body_part": "HAND", "image_laterality": "L"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("L", "F"), ("L", "F")),
        (("l ", " f"), ("L", "F")),
        (("P", "FR"), ("P", "FR")),
        (("LAH", "FP"), ("LAH", "FP")),
        # a human has no rostral, distal or plantar side, and no LE
        (("LE", "D"), None),
        (("DI", "M"), None),
        (("PL", "PR"), None),
        (("CR", "LE"), None),
        (("L", "R"), None),
        (("LR", "F"), None),
        (("LL", "F"), None),
        (("LAPH", "F"), None),
        (("L", ""), None),
        (("L",), None),
        ((), None),
        (("L", "F", "A"), None),
    ],
)
def test_only_two_directions_of_a_human_give_letters(values: tuple[str, ...], expected: tuple[str, str] | None) -> None:
    assert expected == patient_orientation(values)


def test_an_animal_gets_no_letters_even_where_they_look_human() -> None:
    assert patient_orientation(("L", "F"), "QUADRUPED") is None
    assert patient_orientation(("L", "F"), "BIPED") == ("L", "F")


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        (CHEST, {}, []),
        (HAND, {}, []),
        (CHEST, {"orientation": ()}, [SideDoubt.ORIENTATION_MISSING]),
        (CHEST, {"orientation": ("", "")}, [SideDoubt.ORIENTATION_MISSING]),
        (CHEST, {"orientation": ("LE", "D")}, [SideDoubt.ORIENTATION_UNUSABLE]),
        (CHEST, {"anatomical_type": "QUADRUPED"}, [SideDoubt.ORIENTATION_UNUSABLE]),
        (HAND, {"image_laterality": ""}, [SideDoubt.LATERALITY_MISSING]),
        (HAND, {"image_laterality": "U"}, [SideDoubt.LATERALITY_MISSING]),
        (HAND, {"image_laterality": "", "laterality": "R"}, []),
        (HAND, {"laterality": "R"}, [SideDoubt.LATERALITY_CONFLICT]),
        (HAND, {"image_laterality": "B"}, []),
        (HAND, {"descriptions": ("Hand RIGHT pa",)}, [SideDoubt.DESCRIPTION_CONFLICT]),
        (HAND, {"descriptions": ("右手正位",)}, [SideDoubt.DESCRIPTION_CONFLICT]),
        (HAND, {"descriptions": ("左手正位", "")}, []),
        (HAND, {"descriptions": ("left and right hands",)}, []),
        (HAND, {"descriptions": ("bright alt",)}, []),
        (HAND, {"image_laterality": "B", "descriptions": ("left",)}, []),
        (CHEST, {"descriptions": ("left decubitus",)}, []),
        ({"modality": "MG", "orientation": ("P", "L")}, {}, [SideDoubt.LATERALITY_MISSING]),
        (
            {"modality": "MG"},
            {"laterality": "L", "image_laterality": "R"},
            [SideDoubt.ORIENTATION_MISSING, SideDoubt.LATERALITY_CONFLICT],
        ),
        ({"modality": "CT", "body_part": "KNEE"}, {}, []),
    ],
)
def test_missing_and_contradicting_sides_are_warned_about(
    base: dict[str, Any], changes: dict[str, Any], expected: list[SideDoubt]
) -> None:
    assert expected == list(side_doubts(SideTags(**{**base, **changes})))


def test_every_doubt_has_words() -> None:
    assert len({doubt.text for doubt in SideDoubt}) == len(SideDoubt)
