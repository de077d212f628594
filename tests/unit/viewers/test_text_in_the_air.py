"""The text of a mammogram stands at the side of the air, not over the breast; other images keep their four corners."""

from __future__ import annotations

import numpy as np
import pytest

from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.captions import CaptionLine, Corner, StudyCaptions, ViewCaptions, corner_lines
from viewers.scene.image import SliceImage
from viewers.scene.side_by_side import air_side
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.domain.pixel_size import PixelSize

STUDY = StudyCaptions(
    "周丽华", "女 58岁", "QS0118793", "医院", "双乳", "A1", "2026-11-21 08:05", "S1 R CC", time_word="成像"
)
VIEW = ViewCaptions("W 4096  L 2048", "1.00", "400x300", slice_position="1 / 1", location="R CC", warnings=("红",))
WIDE = (600.0, 800.0)


def texts(lines: tuple[CaptionLine, ...], corner: Corner) -> list[str]:
    return [one.text for one in lines if one.corner is corner]


@pytest.mark.parametrize(
    ("air", "top", "bottom"),
    [("left", Corner.TOP_LEFT, Corner.BOTTOM_LEFT), ("right", Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT)],
)
def test_all_text_stands_at_the_side_of_the_air_warnings_and_person_first(
    air: str, top: Corner, bottom: Corner
) -> None:
    lines = corner_lines(STUDY, VIEW, WIDE, air=air)
    assert {one.corner for one in lines} == {top, bottom}
    assert texts(lines, top) == ["红", "周丽华", "女 58岁", "QS0118793", "医院", "双乳", "A1", "成像 2026-11-21 08:05"]
    assert texts(lines, bottom) == ["W 4096  L 2048", "1.00", "400x300", "S1 R CC", "1 / 1", "R CC"]
    assert [one.is_warning for one in lines[:2]] == [True, False]
    assert lines[0].y == 8.0
    assert lines[-1].y == 800.0 - 8.0 - 16.0
    assert {one.x for one in lines} == {8.0 if air == "left" else 592.0}


def test_where_half_the_height_has_no_room_for_both_the_corners_stay() -> None:
    # 8 lines above need 8 + 24 + 8 * 16 = 160 pixels of half the height
    assert {one.corner for one in corner_lines(STUDY, VIEW, (600.0, 320.0), air="left")} == {
        Corner.TOP_LEFT,
        Corner.BOTTOM_LEFT,
    }
    low = corner_lines(STUDY, VIEW, (600.0, 318.0), air="left")
    assert texts(low, Corner.TOP_RIGHT)[0] == "红"
    assert texts(low, Corner.BOTTOM_RIGHT) == []


def test_the_air_lies_opposite_the_chest_wall_and_nowhere_where_the_film_does_not_tell() -> None:
    def side(orientation: tuple[str, str] | None) -> str:
        return air_side(SliceView((300, 400), (600.0, 500.0), Camera(), patient_orientation=orientation))

    assert [side(one) for one in (("P", "L"), ("A", "FR"), ("PL", "F"), ("L", "F"), None)] == [
        "left",
        "right",
        "left",
        "",
        "",
    ]


@pytest.mark.parametrize(("modality", "right"), [("MG", False), ("DX", True)])
def test_only_mammograms_leave_their_corners(modality: str, *, right: bool) -> None:
    image = SliceImage(
        np.zeros((400, 300), np.int16), patient_orientation=("P", "L"), pixel_size=PixelSize((0.1, 0.1))
    )  # fmt: skip
    scene = StackScene(
        [StackSlot("1.1")], annotations=Annotations("1"), new_uid=lambda: "1.9", modality=modality, captions=STUDY
    )  # fmt: skip
    scene.put(0, image)
    lines = scene.frame((600.0, 800.0)).overlay.captions
    assert any(one.aligned_right for one in lines) is right
