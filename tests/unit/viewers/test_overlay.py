"""Marks, labels and corner text say the right thing at the right place, told without pixels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import annotation, axial_plane, axial_stack, finding, findings, image, stack, uids, volume
from viewers.scene import marks
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.captions import Corner, Identity, StudyCaptions, ViewCaptions, corner_lines
from viewers.scene.fidelity import Fidelity, FidelityKind, chip
from viewers.scene.image import SliceImage
from viewers.scene.labels import Rect, box_around, place_label
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scale_bar import ScaleBar, bar_clear_of
from viewers.scene.slice_view import SliceView
from workstation.domain.annotation import AnnotationKind
from workstation.domain.finding import Decision, Mark, MarkEvidence
from workstation.domain.geometry import ImagePlane
from workstation.ui.finding_words import mark_words

VIEWPORT = (800.0, 640.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [(0, 5.0), (3, 4.0), (-3, 4.0), (4, 3.0), (5, None), (-5.1, None)],
)
def test_a_sphere_is_outlined_where_it_cuts_the_plane(distance: float, expected: float | None) -> None:
    """A sphere of 10 mm: 3-4-5 triangles give the radius of each cut."""
    cut = marks.cut_radius_mm(finding(diameter_mm=10), distance, slice_step_mm=1)
    assert cut == (None if expected is None else pytest.approx(expected))


def test_every_finding_is_seen_on_exactly_one_slice_when_slices_are_thicker_than_it() -> None:
    for z in np.arange(0, 20, 0.5):
        small = finding(diameter_mm=1, centre=(0.0, 0.0, float(z)))
        seen = [n for n in range(5) if marks.cut_radius_mm(small, z - 5 * n, slice_step_mm=5) is not None]
        assert len(seen) == 1
        assert abs(5 * seen[0] - z) <= 2.5


def test_marks_lie_on_the_slices_they_belong_to_and_on_no_other() -> None:
    scene = axial_stack(slices=9, step_mm=2.0)
    scene.findings = findings(finding(centre=(50.0, 40.0, 8.0), diameter_mm=6.0))
    seen = []
    for index in range(9):
        scene.scroll_to(index)
        view = scene.view(VIEWPORT)
        assert view is not None
        seen += [(index, round(mark.radius_px, 2)) for mark in scene.marks(view)]
    # 8 px a millimetre, 3 px margin: cuts of radius sqrt(9-4), 3, sqrt(9-4)
    assert seen == [(3, 20.89), (4, 27.0), (5, 20.89)]


def test_a_mark_lies_where_its_patient_point_is_shown() -> None:
    scene = axial_stack()
    scene.findings = findings(finding(centre=(50.0, 40.0, 4.0)))
    view = scene.view(VIEWPORT)
    assert view is not None
    mark = scene.marks(view)[0]
    # 100 x 80 mm over 800 x 640 px, pixel centres at half a pixel
    assert (mark.x, mark.y) == pytest.approx((404.0, 324.0))


@pytest.mark.parametrize(
    ("decision", "shape", "dashed", "label"),
    [
        (Decision.UNDECIDED, marks.MarkShape.RECTANGLE, True, "? 2 · 6.4 mm"),
        (Decision.ACCEPTED, marks.MarkShape.CIRCLE, False, "✓ 2 · 6.4 mm"),
        (Decision.EDITED, marks.MarkShape.ROUNDED, False, "✎ 2 · 6.4 mm"),
        (Decision.REJECTED, marks.MarkShape.CROSSED_BOX, False, "✕ 2 · 6.4 mm"),
        (Decision.ADDED, marks.MarkShape.LOZENGE, False, "＋ 2 · 6.4 mm"),
    ],
)
def test_each_decision_has_its_own_shape_and_words(
    decision: Decision, shape: marks.MarkShape, label: str, *, dashed: bool
) -> None:
    scene = axial_stack()
    scene.show_rejected = True
    scene.findings = findings(finding(2, diameter_mm=6.4, decision=decision))
    view = scene.view(VIEWPORT)
    assert view is not None
    mark = scene.marks(view)[0]
    assert (mark.style.shape, mark.style.dashed, mark.label) == (shape, dashed, label)


def test_a_mark_shows_the_mean_of_its_axes_and_a_diameter_that_comes_of_the_volume_says_so() -> None:
    measured = MarkEvidence(long_axis_mm=17.3, short_axis_mm=15.2, volume_mm3=2482.7)
    one = finding(2, diameter_mm=16.8)
    assert one.centre_lps_mm is not None
    mark = Mark(one.centre_lps_mm, 16.8, 0.9, shown=True, evidence=measured)
    by_volume = replace(mark, evidence=replace(measured, long_axis_mm=None, short_axis_mm=None))

    assert marks.label_text(replace(one, original=mark)) == "? 2 · 16.3 mm"
    assert marks.label_text(replace(one, original=by_volume)) == "? 2 · 16.8 mm by volume"
    assert mark_words(replace(one, original=by_volume)).startswith("2 · 16.8 mm by volume")


def test_rejected_and_subthreshold_marks_are_hidden_until_asked_for() -> None:
    faint = finding(3)
    assert faint.centre_lps_mm is not None
    weak = type(faint)(
        "2.25.7", 3, faint.centre_lps_mm, 5, Decision.UNDECIDED, Mark(faint.centre_lps_mm, 5, 0.1, shown=False)
    )
    listed = findings(finding(1), finding(2, decision=Decision.REJECTED), weak)
    assert [f.number for f in marks.shown(listed, show_rejected=False)] == [1]
    assert [f.number for f in marks.shown(listed, show_rejected=True)] == [1, 2]


def test_findings_of_another_study_or_frame_of_reference_are_never_drawn() -> None:
    scene = axial_stack()
    view = scene.view(VIEWPORT)
    assert view is not None
    for wrong in (findings(finding(), study="9.9"), findings(finding(), frame_of_reference="9.9")):
        scene.findings = wrong
        assert scene.marks(view) == ()
    scene.findings = findings(finding(), frame_of_reference="")
    assert len(scene.marks(view)) == 1
    scene.series_instance_uid = "9.9"
    assert scene.marks(view) == ()


def test_hidden_marks_leave_the_picture_bare() -> None:
    scene = axial_stack()
    scene.findings = findings(finding())
    scene.show_marks = False
    assert scene.frame(VIEWPORT).overlay.marks == ()
    scene.show_marks = True
    assert scene.finding_at(VIEWPORT, 404, 324) == "2.25.9001"
    assert scene.finding_at(VIEWPORT, 4, 4) == ""


def test_labels_stay_inside_and_never_cover_a_finding() -> None:
    viewport, size = (300.0, 200.0), (90.0, 16.0)
    for x in range(0, 301, 15):
        for y in range(0, 201, 10):
            target, other = box_around(x, y, 12), box_around(150, 100, 20)
            place = place_label(target, size, viewport, [other])
            assert place.x >= 0
            assert place.y >= 0
            assert place.right <= 300
            assert place.bottom <= 200
            assert place.overlap(target) == 0
            assert place.overlap(other) == 0


def test_a_label_prefers_the_upper_right() -> None:
    assert place_label(Rect(100, 100, 20, 20), (50, 16), (300, 300)) == Rect(124, 90, 50, 16)


def test_a_finding_that_fills_the_viewport_still_gets_its_label_inside() -> None:
    place = place_label(Rect(-50, -50, 400, 300), (90, 16), (300, 200))
    assert 0 <= place.x <= 210
    assert 0 <= place.y <= 184


FULL = StudyCaptions(
    "NAME", "F 58", "ID", "HOSPITAL", "CHEST", "ACC", "2026-11-21", "S2", "NONE", warnings=("charset",)
)
VIEW = ViewCaptions("W", "Zoom", "512", "-684 HU", "118 / 275", "z 1 mm", warnings=("MPR interpolated",))


def texts(width: float, corner: Corner, identity: Identity = Identity.FULL) -> list[str]:
    return [line.text for line in corner_lines(FULL, VIEW, (width, 600.0), identity) if line.corner is corner]


@pytest.mark.parametrize(
    ("width", "corner", "expected"),
    [
        (480, Corner.TOP_LEFT, ["NAME", "F 58", "ID"]),
        (479, Corner.TOP_LEFT, ["NAME", "ID"]),
        (319, Corner.TOP_LEFT, ["NAME"]),
        (480, Corner.TOP_RIGHT, ["charset", "MPR interpolated", "HOSPITAL", "CHEST", "ACC", "2026-11-21"]),
        (319, Corner.TOP_RIGHT, ["charset", "MPR interpolated", "CHEST", "2026-11-21"]),
        (479, Corner.BOTTOM_LEFT, ["W", "-684 HU"]),
        (480, Corner.BOTTOM_RIGHT, ["S2", "NONE", "118 / 275", "z 1 mm"]),
        (479, Corner.BOTTOM_RIGHT, ["118 / 275", "z 1 mm"]),
        (319, Corner.BOTTOM_RIGHT, ["118 / 275"]),
    ],
)
def test_small_viewports_drop_the_least_important_lines(width: float, corner: Corner, expected: list[str]) -> None:
    assert texts(width, corner) == expected


def test_every_viewport_tells_the_day_of_its_study_in_small_ones_without_the_time() -> None:
    dated = replace(FULL, study_date_time="2026-11-21 08:05", warnings=())

    def at_top_right(width: float, height: float = 600.0) -> list[str]:
        lines = corner_lines(dated, ViewCaptions(), (width, height))
        return [line.text for line in lines if line.corner is Corner.TOP_RIGHT]

    assert at_top_right(479) == ["CHEST", "2026-11-21 08:05"]
    assert at_top_right(290) == ["CHEST", "2026-11-21"]
    assert at_top_right(160, 160) == ["CHEST", "2026-11-21"]


def test_warnings_stay_when_the_text_is_hidden() -> None:
    shown = corner_lines(FULL, VIEW, (800.0, 600.0), Identity.NONE)
    assert [(line.text, line.is_warning) for line in shown] == [("charset", True), ("MPR interpolated", True)]


def test_the_anonymous_step_shows_nothing_about_the_person() -> None:
    everything = " ".join(line.text for line in corner_lines(FULL, VIEW, (800.0, 600.0), Identity.ANONYMOUS))
    for secret in ("NAME", "F 58", "ID", "HOSPITAL", "ACC", "2026"):
        assert secret not in everything
    assert "CHEST" in everything
    assert [Identity.FULL.following(), Identity.ANONYMOUS.following(), Identity.NONE.following()] == [
        Identity.ANONYMOUS,
        Identity.NONE,
        Identity.FULL,
    ]


def test_lines_stand_eight_pixels_from_the_edges() -> None:
    lines = corner_lines(FULL, VIEW, (800.0, 600.0))
    assert {(line.x, line.y) for line in lines if line.text == "NAME"} == {(8, 8)}
    last = max((line for line in lines if line.corner is Corner.BOTTOM_RIGHT), key=lambda line: line.y)
    assert (last.text, last.x, last.y + 16, last.aligned_right) == ("z 1 mm", 792, 592, True)


def test_a_very_flat_viewport_keeps_only_its_warnings() -> None:
    captions = StudyCaptions("NAME", warnings=("two patients",))
    assert [line.text for line in corner_lines(captions, ViewCaptions(), (800.0, 50.0))] == ["two patients"]


def test_coronal_planes_of_an_axial_series_say_that_they_are_interpolated() -> None:
    said = {}
    for plane in MprPlane:
        data = volume(affine=np.diag([1.0, 1.0, 2.0, 1.0]))
        scene = MprScene(data, plane, annotations=Annotations("1"), new_uid=uids())
        said[plane.value] = [c.text for c in scene.frame(VIEWPORT).overlay.captions if c.is_warning]
    assert said == {"axial": [], "coronal": ["MPR interpolated"], "sagittal": ["MPR interpolated"]}


def test_lossy_and_unscaled_images_say_so() -> None:
    scene = stack([SliceImage(np.zeros((8, 8), dtype=np.int16), lossy_ratio=9.2)])
    assert [c.text for c in scene.frame(VIEWPORT).overlay.captions if c.is_warning] == [
        "Lossy 9.2:1",
        "Not calibrated: lengths in pixels",
    ]
    assert [bar.text for bar in scene.frame(VIEWPORT).overlay.scale_bars] == ["not calibrated"]


def test_the_scale_bar_is_five_centimetres_long_or_one_when_magnified() -> None:
    (near,) = axial_stack().frame((400.0, 320.0)).overlay.scale_bars
    assert near.text == "1 cm"
    assert near.length_px == pytest.approx(40.0)
    whole = stack([image(np.zeros((400, 400), dtype=np.int16), axial_plane())])
    (wide,) = whole.frame((800.0, 800.0)).overlay.scale_bars
    assert wide.text == "5 cm"
    assert wide.length_px == pytest.approx(100.0)
    (small,) = whole.frame((240.0, 240.0)).overlay.scale_bars
    assert small.text == "10 cm"
    assert small.length_px == pytest.approx(60.0)
    assert small.x >= 120 + 16  # clear of the letter in the middle of the edge


def test_crosshair_lines_take_the_colour_of_the_plane_they_stand_for_and_leave_a_gap() -> None:
    scene = MprScene(volume(), MprPlane.AXIAL, annotations=Annotations("1"), new_uid=uids())
    scene.show_point((10.0, 20.0, 10.0))
    view = scene.view(VIEWPORT)
    x, y = view.viewport_of((10.0, 20.0, 10.0))
    for stroke in scene.frame(VIEWPORT).overlay.crosshair:
        upright = abs(stroke.start[0] - stroke.end[0]) < 1e-6
        assert stroke.token == ("plane.sagittal" if upright else "plane.coronal")
        assert math.dist(stroke.start, (x, y)) == pytest.approx(13.0)


def test_an_oblique_slice_has_two_crossing_lines() -> None:
    plane = ImagePlane((0, 0, 0), (0.8, 0.6, 0), (0.36, -0.48, 0.8), (1, 1))
    scene = stack([image(plane=plane)])
    scene.crosshair = plane.lps_of(50, 40)
    assert len(scene.frame(VIEWPORT).overlay.crosshair) == 4


def test_measurements_show_on_their_slice_only() -> None:
    scene = axial_stack(slices=3, step_mm=2.0)
    picture = scene.measurable()
    assert picture is not None
    scene.annotations.add("1.2.3", annotation(AnnotationKind.LENGTH, picture, [(10, 10, 2), (13, 14, 2)], uid="2.25.1"))
    scene.annotations.add(
        "1.2.3", annotation(AnnotationKind.ELLIPSE, picture, [(50, 40, 2), (60, 40, 2), (50, 50, 2)], uid="2.25.2")
    )
    scene.annotations.add("1.2.3", annotation(AnnotationKind.PROBE, picture, [(50, 40, 2)], uid="2.25.3"))
    drawn = scene.frame(VIEWPORT).overlay.callipers
    assert [c.lines for c in drawn] == [
        ("5.0 mm",),
        ("Mean 50 SD 5.0 HU", "Min 40 Max 60", "Area 314.2 mm²"),
        ("50 HU",),
    ]
    scene.scroll_to(0)
    assert scene.frame(VIEWPORT).overlay.callipers == ()


@pytest.mark.parametrize(
    ("fidelity", "now_ms", "expected"),
    [
        (Fidelity(), 0, None),
        (Fidelity(FidelityKind.IMPROVING), 0, ("Preview quality", "warn")),
        (Fidelity(FidelityKind.PARTIAL, percent=62), 0, ("Partial · 62 %", "warn")),
        (Fidelity(FidelityKind.LOSSY_FINAL, ratio=9.2), 1e9, ("Lossy 9.2:1", "bad")),
        (Fidelity(FidelityKind.LOSSY_FINAL), 0, ("Lossy", "bad")),
        (Fidelity(FidelityKind.INTERPOLATED), 0, ("Interpolated", "info")),
        (Fidelity(FidelityKind.EMPTY), 0, ("Nothing visible here", "warn")),
        (Fidelity(FidelityKind.COMPLETE, completed_ms=5000), 5999, ("Full", "ok")),
        (Fidelity(FidelityKind.COMPLETE, completed_ms=5000), 6000, None),
    ],
)
def test_the_chip_tells_how_true_the_pixels_are(
    fidelity: Fidelity, now_ms: float, expected: tuple[str, str] | None
) -> None:
    shown = chip(fidelity, now_ms)
    assert (None if shown is None else (shown.text, shown.token)) == expected


def test_unequal_spacing_is_shown_undistorted() -> None:
    """80 rows of 2 mm and 100 columns of 1 mm: 160 mm by 100 mm on the screen."""
    view = SliceView((100, 80), (500.0, 320.0), Camera(), axial_plane(spacing=(1.0, 2.0)))
    left, top = view.transform.apply(-0.5, -0.5)
    right, bottom = view.transform.apply(99.5, 79.5)
    assert (right - left, bottom - top) == pytest.approx((200, 320))
    assert view.px_per_mm == pytest.approx(2.0)


def test_the_scale_bar_stands_above_text_that_it_would_run_into() -> None:
    bar = ScaleBar(210.0, 488.0, 55.0, "5 cm")
    corner = [Rect(330.0, 462.0, 70.0, 16.0), Rect(262.0, 480.0, 138.0, 16.0)]
    assert bar_clear_of(bar, corner).y == 475.0
    assert bar_clear_of(bar, corner).x == 210.0
    assert bar_clear_of(bar, corner[:1]) == bar
    stacked = [Rect(262.0, 462.0, 138.0, 16.0), Rect(262.0, 480.0, 138.0, 16.0)]
    assert bar_clear_of(bar, stacked).y == 457.0
