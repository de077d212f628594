"""Stacks, planes, links and annotations keep patient and place straight."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import annotation, axial_plane, axial_stack, image, measure_of, stack, uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from viewers.scene.link_group import LinkGroup
from viewers.scene.measure_annotations import remeasured
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import VoiFunction, VoiLut, Window
from viewers.scene.reslice import OUTSIDE
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene, StackSlot, slots_of
from viewers.scene.volume_scene import VolumeScene
from workstation.dicom.images.decode import DecodedFrame
from workstation.dicom.images.frame_attributes import VoiWindow
from workstation.dicom.images.lookup import LookupTable
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList
from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane
from workstation.domain.study import Instance, Series

VIEWPORT = (800.0, 640.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def mpr(plane: MprPlane = MprPlane.AXIAL, affine: npt.NDArray[np.float64] | None = None) -> MprScene:
    return MprScene(volume(affine=affine), plane, annotations=Annotations("1.2.3"), new_uid=uids())


def line(uid: str = "2.25.1") -> Annotation:
    return annotation(AnnotationKind.LENGTH, image(plane=axial_plane()), [(0, 0, 0), (3, 4, 0)], uid=uid)


# stacks ---------------------------------------------------------------------------------------


def test_a_stack_opens_in_the_middle_and_says_which_slice_it_waits_for() -> None:
    scene = StackScene([StackSlot(str(n)) for n in range(275)], annotations=Annotations("1"), new_uid=uids())
    assert (scene.index, scene.fetching) == (137, 137)
    assert scene.frame(VIEWPORT).overlay.message == "Fetching slice 138…"
    assert scene.frame(VIEWPORT).source is None
    assert not scene.put(3, image())
    assert scene.put(137, image())
    assert scene.fetching is None
    assert scene.arrived == {3, 137}
    assert scene.frame(VIEWPORT).overlay.message == ""


def test_an_image_that_cannot_be_shown_says_why_until_it_arrives_after_all() -> None:
    scene = StackScene([StackSlot("1")], annotations=Annotations("1"), new_uid=uids())
    assert scene.fail(0, "No decoder for this image.")
    assert scene.frame(VIEWPORT).overlay.message == "No decoder for this image."
    assert scene.fetching is None
    scene.put(0, image())
    assert scene.frame(VIEWPORT).overlay.message == ""


def test_scrolling_stops_at_both_ends() -> None:
    scene = axial_stack(5)
    assert scene.scroll_by(100)
    assert scene.index == 4
    assert not scene.scroll_by(1)
    assert scene.scroll_to(-3)
    assert scene.index == 0


def test_a_stack_needs_at_least_one_image() -> None:
    with pytest.raises(ValueError, match="slot"):
        StackScene([], annotations=Annotations("1"), new_uid=uids())


def test_multi_frame_instances_have_a_slot_per_frame() -> None:
    plane = axial_plane()
    series = Series(
        "1",
        "US",
        instances=(Instance("1.1", "", 1, plane=plane), Instance("1.2", "", 2, number_of_frames=3)),
        stacks=(
            ImageStack((StackFrame(FrameRef("1.1"), plane),), "Single images"),
            ImageStack(tuple(StackFrame(FrameRef("1.2", n)) for n in (1, 2, 3)), "Clip 1"),
        ),
    )
    assert slots_of(series) == (
        StackSlot("1.1", 0, plane),
        StackSlot("1.2", 0),
        StackSlot("1.2", 1),
        StackSlot("1.2", 2),
    )


def test_a_point_goes_to_the_nearest_slice_even_before_its_pixels_are_here() -> None:
    slots = [StackSlot(str(n), plane=axial_plane(2.0 * n)) for n in range(10)]
    scene = StackScene(slots, annotations=Annotations("1"), new_uid=uids())
    scene.show_point((0.0, 0.0, 5.1))
    assert scene.index == 3
    scene.put(3, image())
    view = scene.view(VIEWPORT)
    assert view is not None
    assert view.plane == axial_plane(6.0)


def test_uneven_gaps_widen_what_a_slice_answers_for() -> None:
    scene = stack([image(plane=axial_plane(z), uid=str(z)) for z in (0.0, 2.0, 10.0)])
    assert scene.slice_step_mm == 8.0
    scene.scroll_to(0)
    assert scene.slice_step_mm == 2.0
    assert stack([image(plane=axial_plane())]).slice_step_mm == 1.0
    assert stack([image()]).slice_step_mm == 1.0


def test_windows_reset_and_presets_follow_the_image() -> None:
    own = SliceImage(np.zeros((4, 4), dtype=np.int16), axial_plane(), voi=Window(50, 350))
    scene = stack([own])
    assert scene.window == Window(50, 350)
    scene.set_window(Window(0, 10))
    assert scene.preset_window("1") == Window(50, 350)
    scene.reset()
    assert scene.window == Window(50, 350)
    scene.drop(0)
    assert scene.full_range() is None
    assert scene.window == Window(40, 400)


def test_a_voi_lut_can_be_dragged_from_its_span() -> None:
    lut = VoiLut(100, np.arange(200, dtype=np.uint16), bits=8)
    scene = stack([SliceImage(np.zeros((4, 4), dtype=np.int16), axial_plane(), voi=lut)])
    assert scene.window == Window(200, 200)
    assert scene.preset_window("1") is None
    assert "VOI LUT" in [c.text for c in scene.frame(VIEWPORT).overlay.captions]


def test_corner_text_tells_window_zoom_matrix_slice_and_place() -> None:
    scene = axial_stack(5, step_mm=2.5)
    scene.thickness_mm = 2.5
    scene.set_window(Window(-600, 1500))
    scene.set_camera(Camera().rotated(90).flipped_horizontally())
    said = [c.text for c in scene.frame(VIEWPORT).overlay.captions]
    assert "W 1500  L \N{MINUS SIGN}600" in said
    assert "Zoom 6.40× Rotation 270°" in said
    assert "Mirrored" in said
    assert "80×100 Axial" in said  # rows by columns
    assert "3 / 5" in said
    assert "T 2.5\N{THIN SPACE}mm  z 5.0 mm" in said


@pytest.mark.parametrize("pixels", [np.zeros((4, 4, 3), dtype=np.float32), np.zeros(4, dtype=np.int16)])
def test_odd_pixel_arrays_are_refused(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    with pytest.raises(ValueError, match="pixels"):
        SliceImage(pixels)
    with pytest.raises(ValueError, match="aspect"):
        SliceImage(np.zeros((4, 4), dtype=np.int16), aspect=0)


def test_decoded_frames_bring_window_padding_and_inversion_in_modality_values() -> None:
    stored = np.array([[0, 1024]], dtype=np.uint16)
    frame = DecodedFrame(
        stored, "MONOCHROME1", 1.0, -1024.0, "HU", padding=(0, 0), windows=(VoiWindow(-600, 1500, "SIGMOID"),)
    )
    made = slice_image(frame, plane=axial_plane(), sop_instance_uid="1.9")
    assert made.pixels.tolist() == [[-1024, 0]]
    assert (made.padding, made.monochrome1, made.unit) == ((-1024, -1024), True, "HU")
    assert made.voi == Window(-600, 1500, VoiFunction.SIGMOID)
    table = LookupTable(0, np.arange(4, dtype=np.uint16), 2)
    with_lut = slice_image(
        DecodedFrame(stored, "MONOCHROME2", voi_luts=(table,), modality_lut=table, padding=(0, 0), lossy=True)
    )
    assert isinstance(with_lut.voi, VoiLut)
    # 1024 takes the last of the four entries, so that the first is the padding's alone
    assert (with_lut.pixels.tolist(), with_lut.padding, with_lut.lossy_ratio) == ([[0, 3]], (0.0, 0.0), 0.0)
    assert slice_image(DecodedFrame(stored, "MONOCHROME2")).voi is None


# planes ---------------------------------------------------------------------------------------


def test_three_planes_through_a_point_show_the_voxel_that_lies_there() -> None:
    for plane in MprPlane:
        scene = mpr(plane)
        scene.show_point((11.0, 7.0, 13.0))
        view = scene.view(VIEWPORT)
        x, y = view.viewport_of((11.0, 7.0, 13.0))
        # 5 x - 3 y + 7 z
        assert scene.value_at(VIEWPORT, x, y) == (125.0, "HU")
        shown = scene.measurable()
        column, row = view.plane.pixel_of((11.0, 7.0, 13.0)) if view.plane else (0, 0)
        assert shown.pixels[round(row), round(column)] == 125


def test_planes_snap_to_voxel_layers_and_clamp_to_the_volume() -> None:
    scene = mpr(MprPlane.AXIAL)
    scene.show_point((1.0, 1.0, 7.4))
    assert scene.displayed_plane().origin[2] == pytest.approx(7.0)
    assert (scene.index, scene.count) == (7, 20)
    scene.show_point((1.0, 1.0, 900.0))
    assert scene.index == 19
    assert scene.scroll_to(3)
    assert scene.crosshair == (1.0, 1.0, 3.0)
    assert not scene.scroll_to(3)


def test_an_oblique_volume_is_cut_in_patient_axes_and_says_it_is_interpolated() -> None:
    cos, sin = np.cos(np.radians(30)), np.sin(np.radians(30))
    affine = np.array([[cos, 0, sin, 0], [0, 1, 0, 0], [-sin, 0, cos, 0], [0, 0, 0, 1.0]])
    scene = mpr(MprPlane.AXIAL, affine=affine)
    assert scene.is_interpolated
    x, y, z = (affine[:3, :3] @ (15.0, 10.0, 9.0)).tolist()
    scene.show_point((x, y, z))
    view = scene.view(VIEWPORT)
    assert scene.crosshair is not None
    assert scene.value_at(VIEWPORT, *view.viewport_of(scene.crosshair)) == (5 * 15 - 3 * 10 + 7 * 9, "HU")
    assert view.letters() == {"left": "R", "right": "L", "top": "A", "bottom": "P"}


def test_outside_the_volume_is_padding_not_air() -> None:
    cos, sin = np.cos(np.radians(45)), np.sin(np.radians(45))
    affine = np.array([[cos, -sin, 0, 0], [sin, cos, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    scene = mpr(MprPlane.AXIAL, affine=affine)
    shown = scene.measurable()
    assert shown.pixels[0, 0] == OUTSIDE
    assert scene.value_at(VIEWPORT, 1, 1) is None
    assert scene.full_range().centre > -1000


def test_other_modalities_start_from_their_own_values() -> None:
    scene = MprScene(volume(), MprPlane.AXIAL, annotations=Annotations("1"), new_uid=uids(), modality="MR")
    assert scene.window.width < 300
    assert scene.preset_window("2") is None


@pytest.mark.parametrize("unit", ["", "HU_MOD", "MGML", "Z_EFF"])
def test_a_ct_that_is_not_in_hounsfield_units_is_offered_no_ct_window(unit: str) -> None:
    slices = stack([replace(image(plane=axial_plane(z)), unit=unit) for z in (0.0, 2.0)])
    data = replace(volume(), unit=unit)
    plane = MprScene(data, MprPlane.AXIAL, annotations=Annotations("1"), new_uid=uids(), modality="CT")
    whole = VolumeScene(data, annotations=Annotations("1"), new_uid=uids(), modality="CT")
    for scene in (slices, plane, whole):
        assert (scene.value_unit, scene.takes_ct_windows) == (unit, False)
        assert [scene.preset_window(str(key)) for key in range(2, 10)] == [None] * 8
    assert plane.window != Window(40, 350)
    assert whole.window != Window(200, 600)


def test_a_ct_whose_slices_are_on_their_way_is_held_for_one_in_hounsfield_units() -> None:
    coming = StackScene([StackSlot("1.2")], annotations=Annotations("1"), new_uid=uids(), modality="CT")
    assert coming.preset_window("2") == Window(-600, 1500)
    coming.put(0, replace(image(), unit="MGML"))
    assert coming.preset_window("2") is None


# links ----------------------------------------------------------------------------------------


def test_only_one_frame_of_reference_is_linked() -> None:
    links = LinkGroup()
    moved: list[Scene] = []
    first, second, stranger = mpr(MprPlane.AXIAL), mpr(MprPlane.CORONAL), axial_stack(20)
    stranger.frame_of_reference_uid = "9.9"
    for scene in (first, second, stranger):
        links.join(scene, partial(moved.append, scene))
    before = stranger.index
    links.show_point((5.0, 6.0, 7.0), first)
    assert moved == [second]
    assert second.crosshair == (5.0, 6.0, 7.0)
    assert (stranger.index, stranger.crosshair) == (before, None)
    assert links.is_linked(first)
    assert not links.is_linked(stranger)


def test_windows_are_linked_within_a_modality() -> None:
    links = LinkGroup()
    ct, pet = mpr(), mpr()
    pet.modality = "PT"
    links.join(ct, lambda: None)
    links.join(pet, lambda: None)
    links.set_window(Window(-600, 1500), ct)
    assert ct.window == Window(-600, 1500)
    assert pet.window != Window(-600, 1500)


def test_an_unlinked_view_neither_moves_nor_is_moved() -> None:
    links = LinkGroup()
    first, second = mpr(), mpr()
    links.join(first, lambda: None)
    links.join(second, lambda: None)
    links.set_linked(second, linked=False)
    links.show_point((5.0, 6.0, 7.0), first)
    assert second.crosshair != (5.0, 6.0, 7.0)
    links.show_point((1.0, 1.0, 1.0), second)
    assert first.crosshair == (5.0, 6.0, 7.0)
    links.set_linked(second, linked=True)
    first.scroll_to(2)
    links.follow(first)
    assert second.crosshair == first.crosshair
    links.leave(second)
    links.leave(second)
    assert not links.is_linked(first)


# annotations ----------------------------------------------------------------------------------


def test_measurements_never_leak_into_the_next_study() -> None:
    notes = Annotations("1.2.3")
    notes.add("1.2.3", line())
    notes.open_study("9.9.9")
    assert notes.value == AnnotationList("9.9.9")
    assert not notes.undo()
    with pytest.raises(ValueError, match="no longer open"):
        notes.add("1.2.3", line())
    assert notes.items == ()


def test_a_scene_of_the_last_study_shows_nothing_of_the_next() -> None:
    scene = axial_stack(1)
    scene.annotations.open_study("9.9.9", (line(),))
    view = scene.view(VIEWPORT)
    assert view is not None
    assert scene.visible_annotations(view) == ()


def test_add_edit_delete_undo_and_redo_tell_the_autosave() -> None:
    saved: list[int] = []
    notes = Annotations("1")
    notes.watch(lambda value: saved.append(len(value.annotations)))
    notes.add("1", line("a"))
    notes.add("1", line("b"))
    longer = remeasured(line("a"), image(plane=axial_plane()), [(0, 0, 0), (6, 8, 0)])
    notes.edit("1", longer)
    notes.delete("1", "b")
    assert [measure_of(m) for m in notes.items] == [10.0]
    assert notes.undo()
    assert notes.undo()
    assert [measure_of(m) for m in notes.items] == [5.0, 5.0]
    assert (notes.can_undo, notes.can_redo) == (True, True)
    assert notes.redo()
    assert [measure_of(m) for m in notes.items] == [10.0, 5.0]
    assert saved == [1, 2, 2, 1, 2, 2, 2]
    notes.add("1", line("c"))
    assert not notes.redo()


def test_unknown_measurements_cannot_be_changed() -> None:
    notes = Annotations("1")
    with pytest.raises(KeyError):
        notes.edit("1", line())
    with pytest.raises(KeyError):
        notes.delete("1", "x")


def test_a_tilted_stack_has_letters_and_a_location() -> None:
    plane = ImagePlane((0, 0, 12), (1, 0, 0), (0, 0.866, 0.5), (1, 1))
    said = stack([image(plane=plane)]).frame(VIEWPORT).overlay
    assert {letter.text for letter in said.letters} == {"L", "R", "AF", "PH"}
    # 79 pixels of 1 mm lie between the first and the last row, half of them go 0.5 mm up each: 12 + 19.75
    assert "Middle at z 31.8 mm" in [c.text for c in said.captions]


def test_camera_zoom_has_limits() -> None:
    assert Camera().zoomed(1e6).zoom == 40
    assert Camera().zoomed(1e-6).zoom == 0.1
    with pytest.raises(ValueError, match="zoom"):
        Camera(zoom=0)


SAGITTAL_AT_0 = ImagePlane((0.0, -20.0, 60.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0))


def test_a_stack_never_turns_to_another_orientation_when_a_point_is_shown() -> None:
    """The sagittal plane runs through the point; the axial slice nearest to it lies 3 mm away."""
    scout = stack(
        [
            *(image(plane=axial_plane(20.0 * n), uid=f"1.9.{n}") for n in range(3)),
            image(plane=SAGITTAL_AT_0, uid="1.9.7"),
            image(plane=replace(SAGITTAL_AT_0, origin=(20.0, -20.0, 60.0)), uid="1.9.8"),
        ]
    )
    scout.scroll_to(0)
    scout.show_point((0.0, 10.0, 23.0))
    assert scout.index == 1
    scout.scroll_to(4)
    scout.show_point((0.0, 10.0, 23.0))
    assert scout.index == 3


def test_the_step_of_slices_is_that_of_their_own_orientation_and_place() -> None:
    """Two discs of slices 4 mm apart, 15 degrees against each other; then three phases at places 5 mm apart."""
    turned = ImagePlane((0.0, 0.0, -40.0), (1.0, 0.0, 0.0), (0.0, 0.9659258, 0.2588190), (1.0, 1.0))
    discs = stack(
        [
            image(plane=axial_plane(0.0), uid="1.9.1"),
            image(plane=axial_plane(4.0), uid="1.9.2"),
            image(plane=turned, uid="1.9.3"),
            image(plane=replace(turned, origin=(0.0, -4 * 0.2588190, -40 + 4 * 0.9659258)), uid="1.9.4"),
        ]
    )
    steps = []
    for n in range(4):
        discs.scroll_to(n)
        steps.append(discs.slice_step_mm)
    assert steps == pytest.approx([4.0, 4.0, 4.0, 4.0])
    phases = stack([image(plane=axial_plane(5.0 * (n // 3)), uid=f"1.9.{n}") for n in range(9)])
    phases.scroll_to(4)
    assert phases.slice_step_mm == 5.0


def test_a_phase_stays_a_phase_when_a_point_at_another_place_is_shown() -> None:
    phases = stack([image(plane=axial_plane(5.0 * (n // 3)), uid=f"1.9.{n}") for n in range(9)])
    phases.scroll_to(8)
    phases.show_point((10.0, 10.0, 0.5))
    assert phases.index == 2
    phases.show_point((10.0, 10.0, 4.0))
    assert phases.index == 5


def test_of_slices_side_by_side_the_one_that_holds_the_point_is_shown() -> None:
    """The left knee lies 200 mm beside the right one, half a millimetre lower."""
    right = [StackSlot(f"1.9.{n}", plane=axial_plane(4.0 * n), size=(100, 80)) for n in range(3)]
    left = [
        StackSlot(f"1.8.{n}", plane=replace(axial_plane(), origin=(200.0, 0.0, 4.0 * n - 0.5)), size=(100, 80))
        for n in range(3)
    ]
    knees = StackScene([*right, *left], annotations=Annotations("1.2.3"), new_uid=uids())
    knees.scroll_to(0)
    knees.show_point((220.0, 10.0, 4.0))
    assert knees.index == 4
    knees.show_point((20.0, 10.0, 3.5))
    assert knees.index == 1
    knees.show_point((20.0, 500.0, 8.0))  # beside all of them: the nearest plane
    assert knees.index == 2
