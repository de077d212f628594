"""What other systems drew, on any plane: where it lies, whose it is, and never on other images."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.helpers import foreign
from tests.helpers.viewers import axial_plane
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.foreign import ForeignDrawing, ForeignLayer, readable
from viewers.scene.foreign_places import placed_marks
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.overlay import ForeignShape
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.dicom.objects.segment_outlines import read_segment_outlines
from workstation.dicom.objects.structure_set import read_structure_set
from workstation.dicom.sr.annotation_reader import read_annotations
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane
from workstation.domain.structures import FilmOutline, Structure, StructureSet
from workstation.domain.study import Instance, Series
from workstation.domain.volume import Volume

STUDY, FRAME = "1.2.3", "1.2.4"
SIZE = (400.0, 400.0)
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def stack(frame: str = FRAME, study: str = STUDY) -> StackScene:
    made = StackScene(
        [StackSlot(f"1.9.{n}", 0, axial_plane(float(n))) for n in range(5)],
        annotations=Annotations(study, author="", now=lambda: AT),
        new_uid=lambda: "1.1",
        frame_of_reference_uid=frame,
    )
    for n in range(5):
        image = SliceImage(np.zeros((100, 100), dtype=np.int16), axial_plane(float(n)), f"1.9.{n}", frame)
        made.put(n, image)
    return made


def coronal(shape: tuple[int, int, int] = (20, 40, 40)) -> MprScene:
    volume = Volume(np.zeros(shape, dtype=np.int16), np.eye(4), FRAME, "1.2.5", "HU")
    return MprScene(
        volume, MprPlane.CORONAL, annotations=Annotations(STUDY, author="", now=lambda: AT), new_uid=lambda: "1.1"
    )


def mark(kind: AnnotationKind, *points: tuple[float, float, float], value: float = 10.0) -> Annotation:
    name = MeasureName.DIAMETER if kind is AnnotationKind.SPHERE else MeasureName.LENGTH
    return Annotation(
        uid="1.7", tracking_uid="1.7", kind=kind, points_lps_mm=points, frame_of_reference_uid=FRAME,
        measures=(Measure(name, value, "mm"),), created_at=AT, origin="1.8",
    )  # fmt: skip


def pixels(kind: AnnotationKind, *points: tuple[float, float]) -> Annotation:
    return Annotation(
        uid="1.7", tracking_uid="1.7", kind=kind, points_px=points, referenced_sop_instance_uid="1.9.6", created_at=AT
    )


def drawn(scene: StackScene | MprScene, *layers: ForeignLayer) -> tuple[ForeignShape, ...]:
    drawing = ForeignDrawing()
    drawing.show(layers)
    drawing.dress(scene)
    return scene.frame(SIZE).overlay.foreign


def test_a_foreign_length_stands_on_its_slice_with_its_makers_name() -> None:
    layer = ForeignLayer(STUDY, "Kodiak", (mark(AnnotationKind.LENGTH, (10, 20, 2), (20, 20, 2)),))
    scene = stack()
    scene.scroll_to(2)

    (line,) = drawn(scene, layer)

    view = scene.view(SIZE)
    assert view is not None
    assert [view.lps_of(*point) for point in line.outline] == [
        pytest.approx((10, 20, 2)),
        pytest.approx((20, 20, 2)),
    ]
    assert line.lines == ("Kodiak · 10.0 mm",)
    assert line.colour is None
    scene.scroll_to(3)
    assert drawn(scene, layer) == ()


def test_a_sphere_is_cut_by_every_slice_through_it() -> None:
    layer = ForeignLayer(STUDY, "K", (mark(AnnotationKind.SPHERE, (50, 50, 2), (52.5, 50, 2)),))
    scene = stack()
    widths = []
    for index in range(5):
        scene.scroll_to(index)
        view = scene.view(SIZE)
        assert view is not None
        for shape in drawn(scene, layer)[:1]:
            xs = [view.lps_of(*point)[0] for point in shape.outline]
            widths.append((index, round((max(xs) - min(xs)) / 2, 3)))

    # the half width is sqrt(2.5^2 - d^2)
    assert widths == [(0, 1.5), (1, 2.291), (2, 2.5), (3, 2.291), (4, 1.5)]


def test_a_mark_in_pixels_stands_on_its_image_only() -> None:
    probe = replace(pixels(AnnotationKind.PROBE, (30.0, 40.0)), referenced_sop_instance_uid="1.9.1")
    scene = stack()
    found = {}
    for index in range(5):
        scene.scroll_to(index)
        found[index] = [shape.lines for shape in drawn(scene, ForeignLayer(STUDY, "Kodiak", (probe,)))]

    assert found == {0: [], 1: [("Kodiak",)], 2: [], 3: [], 4: []}


def test_a_mark_on_an_image_is_cut_by_planes_through_it_where_the_image_lies() -> None:
    # columns half a millimetre apart, rows three quarters
    plane = ImagePlane((-10.0, 20.0, 6.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.75))
    series = Series("1.2.5", "CT", instances=(Instance("1.9.6", "1.2", 1, plane=plane),))
    line = pixels(AnnotationKind.LENGTH, (40.0, 4.0), (60.0, 4.0))
    ring = pixels(AnnotationKind.FREEHAND, (40.0, 8.0), (60.0, 8.0), (60.0, 12.0), (40.0, 12.0))
    found = placed_marks((line, ring), (series,))
    assert [one.mark.points_lps_mm for one in found] == [
        ((10, 23, 6), (20, 23, 6)),
        ((10, 26, 6), (20, 26, 6), (20, 29, 6), (10, 29, 6)),
    ]
    layer = ForeignLayer(STUDY, "Kodiak", (line, ring), placed=found)
    seen = {}
    for y in (22.0, 23.0, 28.0, 30.0):
        scene = coronal()
        scene.show_point((15.0, y, 6.0))
        seen[y] = [(sorted(placed(scene, one)), one.lines) for one in drawn(scene, layer)]

    assert seen == {
        22: [],
        23: [([(10, 23, 6), (20, 23, 6)], ("Kodiak",))],
        28: [([(10, 28, 6), (20, 28, 6)], ("Kodiak",))],
        30: [],
    }


def test_a_mark_on_an_image_is_on_planes_of_its_own_stack_only_and_never_guessed_without_a_place() -> None:
    plane = ImagePlane((-10.0, 20.0, 6.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.75))
    line = pixels(AnnotationKind.LENGTH, (40.0, 4.0), (60.0, 4.0))
    here = Series("1.2.5", "CT", instances=(Instance("1.9.6", "1.2", 1, plane=plane),))
    second, other = replace(here, stack_number=1), replace(here, series_instance_uid="1.2.6")
    nowhere = replace(here, instances=(Instance("1.9.6", "1.2", 1),))
    counts = []
    for series in (here, second, other, nowhere):
        scene = coronal()
        scene.show_point((15.0, 23.0, 6.0))
        counts.append(len(drawn(scene, ForeignLayer(STUDY, "K", (line,), placed=placed_marks((line,), (series,))))))

    assert counts == [1, 0, 0, 0]
    assert placed_marks((replace(line, referenced_frame=2),), (here,)) == ()


def test_a_mark_is_on_the_frames_it_names_and_without_a_number_on_every_frame_of_its_film() -> None:
    def frames_of(*named: int) -> tuple[list[int], int]:
        ds = pydicom.dcmread(BytesIO(foreign.length_on_image(STUDY, "1.9.6", [10.5, 10.5, 60.5, 10.5])))
        length = ds.ContentSequence[0].ContentSequence[0].ContentSequence[0]
        if named:
            reference = length.ContentSequence[0].ContentSequence[0].ReferencedSOPSequence[0]
            reference.ReferencedFrameNumber = list(named)
        marks = read_annotations(foreign.saved(ds)).annotations
        assert {one.points_px for one in marks} == {((10.0, 10.0), (60.0, 10.0))}
        film = StackScene(
            [StackSlot("1.9.6", n) for n in range(5)],
            annotations=Annotations(STUDY, author="", now=lambda: AT),
            new_uid=lambda: "1.1",
        )
        for n in range(5):
            pixels = np.zeros((64, 64), dtype=np.int16)
            film.put(n, SliceImage(pixels, sop_instance_uid="1.9.6", frame_number=n + 1))
        shown = []
        for n in range(5):
            film.scroll_to(n)
            if drawn(film, ForeignLayer(STUDY, "K", marks)):
                shown.append(n + 1)
        planes = tuple(axial_plane(float(n)) for n in range(5))
        stacks = ImageStack(tuple(StackFrame(FrameRef("1.9.6", n + 1), planes[n]) for n in range(5)))
        series = Series("1.2.5", "CT", instances=(Instance("1.9.6", "1.2", 1, number_of_frames=5),), stacks=(stacks,))
        return shown, len(placed_marks(marks, (series,)))

    assert frames_of() == ([1, 2, 3, 4, 5], 5)
    assert frames_of(3) == ([3], 1)
    assert frames_of(2, 3, 4, 3) == ([2, 3, 4], 3)


def test_nothing_is_drawn_on_another_study_or_in_another_frame() -> None:
    length = mark(AnnotationKind.LENGTH, (10, 20, 2), (20, 20, 2))
    square = np.array([[10.0, 10, 2], [20, 10, 2], [20, 20, 2], [10, 20, 2]])
    outlines = StructureSet("1.8", "", FRAME, (Structure(1, "GTV", (square,)),))
    layer = ForeignLayer(STUDY, "K", (length,), outlines)
    for scene, count in ((stack(), 2), (stack(study="9.9"), 0), (stack(frame="8.8"), 0)):
        scene.scroll_to(2)
        assert len(drawn(scene, layer)) == count


def test_a_plane_across_contours_shows_their_border_as_steps() -> None:
    rings = tuple(np.array([[10.0, 5, z], [30, 5, z], [30, 35, z], [10, 35, z]]) for z in (4.0, 6.0, 8.0))
    layer = ForeignLayer(STUDY, "K", outlines=StructureSet("1.8", "", FRAME, (Structure(1, "GTV", rings),)))
    scene = coronal()
    scene.show_point((20.0, 20.0, 6.0))

    shapes = drawn(scene, layer)

    view = scene.view(SIZE)
    assert view is not None
    steps = sorted(
        tuple(round(value, 3) for point in shape.outline for value in view.lps_of(*point)[::2]) for shape in shapes
    )
    # every contour stands for a millimetre above and below itself, at its left and its right border
    assert steps == [
        (10.0, 3.0, 10.0, 5.0), (10.0, 5.0, 10.0, 7.0), (10.0, 7.0, 10.0, 9.0),
        (30.0, 3.0, 30.0, 5.0), (30.0, 5.0, 30.0, 7.0), (30.0, 7.0, 30.0, 9.0),
    ]  # fmt: skip
    assert [shape.lines for shape in shapes if shape.lines] == [("K · GTV",)]


def structures(*found: Structure) -> ForeignLayer:
    return ForeignLayer(STUDY, "K", outlines=StructureSet("1.8", "", FRAME, found))


def placed(scene: StackScene | MprScene, shape: ForeignShape) -> list[tuple[float, ...]]:
    view = scene.view(SIZE)
    assert view is not None
    return [tuple(round(value, 3) for value in view.lps_of(*point)) for point in shape.outline]


def test_single_points_are_crosses_on_their_slice_and_the_first_bears_the_name() -> None:
    layer = structures(Structure(1, "ISO", (), (255, 0, 0), points=np.array([[10.0, 20, 2], [30, 40, 2.4], [5, 5, 4]])))
    scene = stack()
    found = {}
    for index in range(5):
        scene.scroll_to(index)
        # a cross is drawn through its middle, the third of its five points
        found[index] = [(placed(scene, one)[2][:2], one.closed, one.lines) for one in drawn(scene, layer)]

    assert found == {
        0: [],
        1: [],
        2: [((10, 20), False, ("K · ISO",)), ((30, 40), False, ())],
        3: [],
        4: [((5, 5), False, ("K · ISO",))],
    }


def test_an_open_contour_stays_open_and_crosses_other_slices_as_a_point() -> None:
    line = np.array([[10.0, 20, 2], [20, 20, 2], [20, 30, 2], [20, 30, 4]])
    layer = structures(Structure(1, "Lead", (), open_lines=(line,)))
    scene = stack()
    scene.scroll_to(2)

    (along,) = drawn(scene, layer)

    assert not along.closed
    assert placed(scene, along) == [(10, 20, 2), (20, 20, 2), (20, 30, 2)]
    assert along.lines == ("K · Lead",)
    scene.scroll_to(3)
    (through,) = drawn(scene, layer)
    assert placed(scene, through)[2] == (20, 30, 3)
    scene.scroll_to(1)
    assert drawn(scene, layer) == ()


def test_points_and_open_contours_lie_on_cut_planes_as_well() -> None:
    line = np.array([[10.0, 20, 4], [10, 20, 8]])
    layer = structures(Structure(1, "Lead", (), open_lines=(line,), points=np.array([[20.0, 20, 6], [20, 25, 6]])))
    scene = coronal()
    scene.show_point((20.0, 20.0, 6.0))

    along, point = drawn(scene, layer)

    assert placed(scene, along) == [(10, 20, 4), (10, 20, 8)]
    assert placed(scene, point)[2] == (20, 20, 6)


def test_structures_of_a_second_frame_are_drawn_on_images_of_that_frame_and_on_no_other() -> None:
    square = np.array([[10.0, 10, 2], [20, 10, 2], [20, 20, 2], [10, 20, 2]])
    layer = structures(Structure(1, "CT", (square,)), Structure(2, "MR", (square,), frame_of_reference_uid="1.2.99"))
    names = {}
    for frame in (FRAME, "1.2.99", "8.8", ""):
        scene = stack(frame)
        scene.scroll_to(2)
        names[frame] = [shape.lines for shape in drawn(scene, layer)]

    assert names == {FRAME: [("K · CT",)], "1.2.99": [("K · MR",)], "8.8": [], "": []}


def test_segments_of_a_film_are_drawn_on_that_film_and_on_no_image_of_another_size(shared_data: Path) -> None:
    path = shared_data / "dicom-zoo/highdicom/data/test_files/seg_image_cr_binary.dcm"
    outlines = read_segment_outlines(path.read_bytes())
    layer = ForeignLayer(STUDY, "K", outlines=outlines)
    # by the file's own header: the image it was made of; its SEG has 16 rows and columns
    source = "1.3.6.1.4.1.5962.1.1.0.0.0.1196527414.5534.0.11"

    def shown(uid: str, rows: int, columns: int) -> list[tuple[list[tuple[float, ...]], bool, tuple[str, ...]]]:
        film = StackScene(
            [StackSlot(uid, 0)], annotations=Annotations(STUDY, author="", now=lambda: AT), new_uid=lambda: "1.1"
        )
        film.put(0, SliceImage(np.zeros((rows, columns), dtype=np.int16), sop_instance_uid=uid))
        view = film.view(SIZE)
        assert view is not None
        back = view.transform.inverted()
        return [
            (sorted(tuple(round(v, 3) for v in back.apply(*at)) for at in one.outline), one.closed, one.lines)
            for one in drawn(film, layer)
        ]

    here = shown(source, 16, 16)
    # a pixel of its own in row 12, column 14 (counted from 0) of the stored mask
    alone: list[tuple[float, ...]] = [(13.5, 11.5), (13.5, 12.5), (14.5, 11.5), (14.5, 12.5)]
    assert [ring for ring, _closed, _words in here].count(alone) == 1
    assert all(closed for _ring, closed, _words in here)
    assert [words for _ring, _closed, words in here if words] == [("K · first segment",)]
    assert shown(source, 16, 17) == []
    assert shown("1.9.9", 16, 16) == []


def test_outlines_on_a_film_are_placed_once_for_a_picture_that_stands_and_anew_where_it_moves() -> None:
    corners = np.array([[1.5, 1.5], [5.5, 1.5], [5.5, 6.5], [1.5, 6.5]])
    on_second = (FilmOutline("1.9", 2, 16, 16, corners),)
    outlines = StructureSet("1.2.7", "SEG", "", (Structure(1, "a", (), on_films=on_second),))
    film = StackScene(
        [StackSlot("1.9", n) for n in range(2)], annotations=Annotations(STUDY, author="", now=lambda: AT),
        new_uid=lambda: "1.1",
    )  # fmt: skip
    for n in range(2):
        film.put(n, SliceImage(np.zeros((16, 16), dtype=np.int16), sop_instance_uid="1.9", frame_number=n + 1))
    drawing = ForeignDrawing()
    drawing.show([ForeignLayer(STUDY, "K", outlines=outlines)])
    drawing.dress(film)

    film.scroll_to(0)
    assert film.frame(SIZE).overlay.foreign == ()
    film.scroll_to(1)
    (once,) = film.frame(SIZE).overlay.foreign
    (again,) = film.frame(SIZE).overlay.foreign
    assert again is once
    film.state = replace(film.state, camera=Camera(2.0))
    (zoomed,) = film.frame(SIZE).overlay.foreign
    # 16 pixels fill the 400 of the viewport; twice as large, what was 200 - d is at 200 - 2 d
    assert [200 + 2 * (x - 200) for x, _y in once.outline] == pytest.approx([x for x, _y in zoomed.outline])
    drawing.show([])
    assert film.frame(SIZE).overlay.foreign == ()


def test_dark_colours_are_made_light_enough_to_be_seen_on_black() -> None:
    assert readable((255, 255, 0)) == (255, 255, 0)
    assert readable((0, 0, 0)) == (153, 153, 153)
    assert readable((0, 0, 255)) == (128, 128, 255)


def test_real_structures_are_drawn_where_they_were_outlined_without_stopping_the_window(shared_data: Path) -> None:
    path = shared_data / "dicom-zoo/dicompyler/tests/testdata/example_data/rtss.dcm"
    outlines = read_structure_set(path.read_bytes())
    heart = next(one for one in outlines.structures if one.name == "Heart")
    z = float(heart.contours[10][0, 2])
    scene = StackScene(
        [StackSlot("1.9.0", 0, None)],
        annotations=Annotations(STUDY, author="", now=lambda: AT),
        new_uid=lambda: "1.1",
        frame_of_reference_uid=outlines.frame_of_reference_uid,
    )
    plane = axial_plane(z)
    frame = outlines.frame_of_reference_uid
    scene.put(0, SliceImage(np.zeros((512, 512), dtype=np.int16), plane, "1.9.0", frame))
    drawing = ForeignDrawing()
    drawing.show([ForeignLayer(STUDY, "K", outlines=outlines)])
    drawing.dress(scene)

    before = time.thread_time()
    shapes = scene.frame(SIZE).overlay.foreign
    spent = time.thread_time() - before

    view = scene.view(SIZE)
    assert view is not None
    (shown,) = [shape for shape in shapes if shape.lines == ("K · Heart",)]
    there = [view.lps_of(*point)[:2] for point in shown.outline]
    assert np.allclose(there, heart.contours[10][:, :2], atol=1e-6)
    assert spent < 0.05
