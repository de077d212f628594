"""What the overlay painter puts on the picture."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from resources.theme_tokens import rgba
from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import annotation, axial_stack, finding, findings
from viewers.bench_scroll import compared
from viewers.qt.overlay_painter import OverlayPainter
from viewers.scene.captions import CaptionLine, Corner
from viewers.scene.colour_bar import ColourBar, Legend
from viewers.scene.labels import box_around
from viewers.scene.overlay import Letter, Overlay, Stroke
from viewers.scene.scale_bar import ScaleBar
from workstation.domain.annotation import AnnotationKind
from workstation.domain.finding import Decision

pytestmark = pytest.mark.gui
VIEWPORT = (800.0, 640.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def painted(overlay: Overlay, ratio: float = 1.0) -> QImage:
    picture = QImage(round(800 * ratio), round(640 * ratio), QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(0)
    with QPainter(picture) as painter:
        OverlayPainter().paint(painter, overlay, VIEWPORT)
    return picture


def overlay_with(*decisions: Decision, selected: str = "") -> Overlay:
    scene = axial_stack()
    scene.show_rejected = True
    scene.selected_finding = selected
    places = [(15.0, 15.0), (80.0, 15.0), (15.0, 60.0), (80.0, 60.0), (50.0, 40.0)]
    scene.findings = findings(*(finding(n, (*places[n], 4.0), 6.0, decision) for n, decision in enumerate(decisions)))
    return scene.frame(VIEWPORT).overlay


@pytest.mark.parametrize("ratio", [1.0, 1.5])
@pytest.mark.parametrize(
    ("decision", "token", "dx"),
    [
        (Decision.ACCEPTED, "ok", 1.0),
        (Decision.EDITED, "ok", 1.0),
        (Decision.ADDED, "info", 2**0.5),
    ],
)
def test_outlines_are_painted_in_the_colour_of_their_state_at_every_scale(
    qtbot: QtBot, decision: Decision, token: str, dx: float, ratio: float
) -> None:
    overlay = overlay_with(decision)
    mark = overlay.marks[0]
    wanted = rgba(token)
    seen = painted(overlay, ratio).pixelColor(round((mark.x - dx * mark.radius_px) * ratio), round(mark.y * ratio))
    assert (seen.red(), seen.green(), seen.blue()) == pytest.approx((wanted.red, wanted.green, wanted.blue), abs=70)
    assert seen.lightness() > 60


def test_a_proposed_mark_is_dashed_and_an_accepted_one_is_not(qtbot: QtBot) -> None:
    def gaps(decision: Decision) -> int:
        overlay = overlay_with(decision)
        mark = overlay.marks[0]
        picture = painted(overlay)
        top = round(mark.y - mark.radius_px)
        if decision is Decision.ACCEPTED:
            return 0 if picture.pixelColor(round(mark.x), top).lightness() > 60 else 1
        row = [
            max(picture.pixelColor(x, y).lightness() for y in (top - 1, top)) > 60
            for x in range(round(mark.x - mark.radius_px) + 2, round(mark.x + mark.radius_px) - 2)
        ]
        return sum(1 for before, after in pairwise(row) if before and not after)

    assert gaps(Decision.UNDECIDED) >= 3
    assert gaps(Decision.ACCEPTED) == 0


def test_labels_of_crowded_findings_cover_none_of_them(qtbot: QtBot) -> None:
    overlay = overlay_with(*Decision, selected="2.25.9000")
    assert len(overlay.marks) == 5
    painted(overlay)
    places = OverlayPainter().label_places(overlay, VIEWPORT)
    assert [words for words, _ in places] == [mark.label for mark in overlay.marks]
    for _, place in places:
        assert place.x >= 0
        assert place.right <= 800
        for mark in overlay.marks:
            assert place.overlap(box_around(mark.x, mark.y, mark.radius_px)) == 0


@pytest.mark.parametrize("width", [180.0, 233.0, 300.0, 800.0])
def test_in_the_narrowest_viewport_no_caption_runs_into_the_letter_of_a_side(qtbot: QtBot, width: float) -> None:
    overlay = replace(
        overlay_with(),
        captions=(
            CaptionLine("各向同性 0.78 mm", Corner.BOTTOM_RIGHT, width - 8, 200.0),
            CaptionLine("W 1500  L -600", Corner.BOTTOM_LEFT, 8.0, 200.0),
            CaptionLine("MPR interpolated", Corner.TOP_RIGHT, width - 8, 8.0),
        ),
        letters=(Letter("P", width / 2, 208.0), Letter("AHL", width / 2, 16.0)),
    )
    letters, captions = OverlayPainter()._text_places(overlay, (width, 220.0))
    for letter in letters:
        for caption in captions:
            apart = max(caption.x - letter.x - letter.width, letter.x - caption.x - caption.width)
            over = max(caption.y - letter.y - letter.height, letter.y - caption.y - caption.height)
            assert apart >= 4 or over >= 0
    low, high = (letter.y + letter.height / 2 for letter in letters)
    assert high < 110 < low


def test_no_label_hides_which_side_this_is(qtbot: QtBot) -> None:
    scene = axial_stack()
    picture = scene.measurable()
    assert picture is not None
    for n, point in enumerate([(2.0, 40.0, 4.0), (97.0, 40.0, 4.0), (50.0, 2.0, 4.0), (50.0, 77.0, 4.0)]):
        scene.annotations.add("1.2.3", annotation(AnnotationKind.PROBE, picture, [point], uid=f"2.25.{n}"))
    overlay = scene.frame(VIEWPORT).overlay
    places = [place for _, place in OverlayPainter().label_places(overlay, VIEWPORT)]
    assert len(places) == 4
    for letter in overlay.letters:
        assert [place.overlap(box_around(letter.x, letter.y, 4)) for place in places] == [0, 0, 0, 0]


def test_no_crosshair_line_runs_through_the_letter_of_a_side(qtbot: QtBot) -> None:
    scene = axial_stack()
    letters = scene.frame(VIEWPORT).overlay.letters
    scene.crosshair = (50.0, 40.0, 4.0)  # both lines meet their letters
    crossed = scene.frame(VIEWPORT).overlay
    assert [letter.text for letter in crossed.letters] == ["R", "L", "A", "P"]
    plain, lined = painted(Overlay(letters=letters)), painted(crossed)
    for letter in letters:
        around = [(round(letter.x) + i, round(letter.y) + j) for i in range(-7, 8) for j in range(-9, 10)]
        around += [(2, 324), (797, 324), (404, 2), (404, 637)]  # nor is a stub left behind it
        assert [lined.pixel(*at) for at in around] == [plain.pixel(*at) for at in around], letter.text
    assert max(lined.pixelColor(100, y).lightness() for y in range(318, 328)) > 80


def test_callipers_and_crosshair_are_painted_where_the_patient_points_lie(qtbot: QtBot) -> None:
    scene = axial_stack()
    picture = scene.measurable()
    assert picture is not None
    notes = scene.annotations
    notes.add("1.2.3", annotation(AnnotationKind.LENGTH, picture, [(10, 70, 4), (30, 70, 4)], uid="2.25.1"))
    notes.add(
        "1.2.3", annotation(AnnotationKind.ELLIPSE, picture, [(70, 60, 4), (80, 60, 4), (70, 65, 4)], uid="2.25.2")
    )
    notes.add("1.2.3", annotation(AnnotationKind.PROBE, picture, [(90, 30, 4)], uid="2.25.3"))
    scene.selected_annotation = "2.25.2"
    scene.crosshair = (50.0, 40.0, 4.0)
    overlay = scene.frame(VIEWPORT).overlay
    image = painted(overlay)
    view = scene.view(VIEWPORT)
    assert view is not None
    # a point of the line, of the rim of the ellipse, of the probe and of a crosshair line
    for point in ((20.0, 70.0, 4.0), (70.0, 65.0, 4.0), (90.0, 30.0, 4.0), (30.0, 40.0, 4.0)):
        x, y = view.viewport_of(point)
        around = [image.pixelColor(round(x) + i, round(y) + j).lightness() for i in (-1, 0) for j in (-1, 0)]
        assert max(around) > 80, point
    # the gap round the crosshair's point
    assert image.pixelColor(404, 324).lightness() == 0


def test_the_message_of_an_empty_viewport_is_painted_in_its_middle(qtbot: QtBot) -> None:
    image = painted(Overlay(message="Fetching slice 118…"))
    band = [image.pixelColor(x, y).lightness() for x in range(330, 470) for y in range(308, 332)]
    assert max(band) > 100
    assert max(image.pixelColor(x, 100).lightness() for x in range(800)) == 0


@pytest.mark.bench
def test_the_benchmark_reports_its_figures(qtbot: QtBot) -> None:
    found = compared(frames=5)
    scroll = found["figures"]
    expected = {"frames_per_second", "frame_ms_median", "frame_ms_p95", "frame_cpu_ms", "window_drag_ms"}
    assert set(scroll) == expected | {"window_drag_cpu_ms", "frames", "picture_cpu_ms"}
    assert set(found["ratios"]) == {"frame_over_picture", "window_drag_over_picture"}
    assert scroll["frames"] == 5.0
    assert min(scroll.values()) > 0


def test_no_line_points_at_a_value_of_a_colour_bar(qtbot: QtBot) -> None:
    colours = np.full((256, 3), 200, np.uint8)
    bar = ColourBar(Legend(colours, ("5.00", "2.50", "0.00"), "SUVbw"), 750.0, 220.0, 10.0, 200.0)
    crosshair = (Stroke((0.0, 320.0), (800.0, 320.0), "plane.coronal"),)  # at the height of 2.50
    plain, lined = painted(Overlay(colour_bar=bar)), painted(Overlay(colour_bar=bar, crosshair=crosshair))

    at_bar = [(x, 320) for x in range(720, 800)]
    assert [lined.pixel(*at) for at in at_bar] == [plain.pixel(*at) for at in at_bar]
    assert lined.pixelColor(400, 320).lightness() > 60


def test_no_line_of_the_crosshair_runs_through_the_words_of_a_corner(qtbot: QtBot) -> None:
    lines = (
        CaptionLine("W 1500  L \N{MINUS SIGN}600", Corner.BOTTOM_LEFT, 8.0, 584.0),
        CaptionLine("z \N{MINUS SIGN}436.0 mm", Corner.BOTTOM_RIGHT, 792.0, 584.0),
    )
    crosshair = (
        Stroke((0.0, 592.0), (800.0, 592.0), "plane.coronal"),  # along the minus signs
        Stroke((40.0, 0.0), (40.0, 640.0), "plane.sagittal"),
        Stroke((0.0, 588.0), (800.0, 588.0), "overlay.measure", dashed=True),
    )
    plain = painted(Overlay(captions=lines))
    lined = painted(Overlay(captions=lines, crosshair=crosshair[:2], guides=crosshair[2:]))
    _letters, boxes = OverlayPainter()._text_places(Overlay(captions=lines), VIEWPORT)
    for box in boxes:
        within = [(x, y) for x in range(round(box.x), round(box.right)) for y in range(round(box.y), round(box.bottom))]
        assert len(within) > 1000
        assert [lined.pixel(*at) for at in within] == [plain.pixel(*at) for at in within]
    assert lined.pixel(3, 592) == plain.pixel(3, 592)  # nor is a stub left at the edge
    assert lined.pixelColor(400, 592).lightness() > 60  # between the corners it is there
    assert lined.pixelColor(40, 300).lightness() > 60


@pytest.mark.parametrize("width", [400, 800])
def test_the_words_of_a_scale_bar_stay_within_the_picture_and_clear_of_all_other_text(qtbot: QtBot, width: int) -> None:
    corner = CaptionLine("层厚 1.25 mm  z \N{MINUS SIGN}436.0 mm", Corner.BOTTOM_RIGHT, width - 8.0, 614.0)
    letter = Letter("AHL", width / 2, 626.0)
    bar = ScaleBar(width / 2 + 20, 628.0, 40.0, "1 cm estimated by magnification")
    painter = OverlayPainter()
    letters, captions = painter._text_places(Overlay(captions=(corner,), letters=(letter,)), (width, 640.0))
    place = painter._bar_rect(painter._bar_place(bar, [*captions, *letters], width))
    assert place.x >= 0
    assert place.right <= width
    assert place.width > 150
    assert [place.overlap(other) for other in (*captions, *letters)] == [0.0, 0.0]
