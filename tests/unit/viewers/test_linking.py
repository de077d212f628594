"""Viewports move together where their millimetres compare, and only there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.helpers.fusion import turned
from tests.helpers.linking import AXIAL, CORONAL, HERE, SIZE, THERE, linked, mpr, shift, stack, volume
from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.linking import are_parallel, displayed_plane, linked_camera
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume

# scroll ---------------------------------------------------------------------------------------


def test_slices_of_different_thickness_scroll_to_the_same_place() -> None:
    """1 mm and 5 mm slices of one frame: slice at 20 mm, then at 33 mm (nearest 35)."""
    thin, thick = stack([float(z) for z in range(41)]), stack([0.0, 5, 10, 15, 20, 25, 30, 35, 40], series="1.6")
    group, painted = linked(thin, thick)

    thin.scroll_to(20)
    group.follow(thin)
    assert thick.index == 4
    thin.scroll_to(33)
    group.follow(thin)
    assert thick.index == 7
    assert painted == ["1", "1"]
    assert thick.crosshair is None


def test_slices_that_are_still_on_their_way_scroll_already() -> None:
    near, far = stack([0.0, 10, 20]), stack([0.0, 10, 20], series="1.6", missing=True)
    group, _ = linked(near, far)

    near.scroll_to(2)
    group.follow(near)

    assert far.index == 2


def test_a_member_that_does_not_reach_there_stays_where_it_is() -> None:
    """Head and chest of one examination share a frame; the chest must not drag the head to its last slice."""
    chest, head = stack([0.0, 5, 10]), stack([300.0, 305, 310], series="1.6")
    group, _ = linked(chest, head)
    head.scroll_to(2)

    chest.scroll_to(0)
    group.follow(chest)

    assert (head.index, head.crosshair) == (2, None)


def test_unrelated_frames_of_reference_are_never_linked() -> None:
    one, other = stack([0.0, 5, 10]), stack([0.0, 5, 10], frame=THERE, series="1.6")
    nameless = stack([0.0, 5, 10], frame="", series="1.7")
    group, painted = linked(one, other, nameless)
    one.scroll_to(2)

    group.follow(one)
    group.zoom_like(one)
    group.show_point((10.0, 10.0, 0.0), one)
    group.set_window(Window(40, 400), one)

    assert painted == []
    assert (other.index, other.crosshair, other.state.voi, nameless.index) == (1, None, None, 1)
    assert [group.is_linked(one), group.is_linked(other), group.is_linked(nameless)] == [False, False, False]


def test_an_accepted_registration_links_with_its_offset_in_both_directions() -> None:
    """The prior's 0 mm is the current's 100 mm."""
    current, prior = stack([100.0, 105, 110]), stack([0.0, 5, 10], frame=THERE, series="1.6")
    group, _ = linked(current, prior, registrations=shift(100.0))

    current.scroll_to(2)
    group.follow(current)
    assert prior.index == 2
    prior.scroll_to(0)
    group.follow(prior)
    assert current.index == 0
    group.show_point((1.0, 2.0, 105.0), current)
    assert prior.crosshair == pytest.approx((1.0, 2.0, 5.0))


def test_a_registration_that_is_taken_back_parts_the_viewports_and_repaints_them() -> None:
    current, prior = stack([100.0, 105]), stack([0.0, 5], frame=THERE, series="1.6")
    known = shift(100.0)
    group, painted = linked(current, prior, registrations=known)

    known.remove(HERE, THERE)

    assert (group.is_linked(current), painted) == (False, ["0", "1"])


def test_planes_that_lie_differently_are_not_scrolled() -> None:
    axial, coronal = stack([0.0, 5, 10]), stack([0.0, 5, 10, 15, 20], axes=CORONAL, series="1.6")
    group, _ = linked(axial, coronal)

    axial.scroll_to(2)
    group.follow(axial)

    assert (coronal.index, coronal.crosshair) == (2, None)


@pytest.mark.parametrize(("degrees", "parallel"), [(0, True), (4.9, True), (5.1, False), (90, False), (176, True)])
def test_planes_are_parallel_up_to_five_degrees_from_either_side(degrees: float, parallel: bool) -> None:  # noqa: FBT001 - a row of the table
    angle = math.radians(degrees)
    first = ImagePlane((0.0, 0.0, 0.0), *AXIAL, (1.0, 1.0))
    second = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, math.cos(angle), math.sin(angle)), (1.0, 1.0))

    assert are_parallel(first, second, np.eye(4)) is parallel


def test_a_registration_that_turns_decides_what_is_parallel() -> None:
    """Turned by 90 degrees about L the other's axial plane is coronal here."""
    plane = ImagePlane((0.0, 0.0, 0.0), *AXIAL, (1.0, 1.0))
    coronal = ImagePlane((0.0, 0.0, 0.0), *CORONAL, (1.0, 1.0))

    assert are_parallel(plane, coronal, turned((90, 0, 0), (0, 0, 0)))
    assert not are_parallel(plane, plane, turned((90, 0, 0), (0, 0, 0)))


def test_an_unlinked_viewport_neither_moves_others_nor_is_moved() -> None:
    one, other = stack([0.0, 5, 10]), stack([0.0, 5, 10], series="1.6")
    group, painted = linked(one, other)
    group.set_linked(other, linked=False)

    one.scroll_to(2)
    group.follow(one)
    other.scroll_to(0)
    group.follow(other)

    assert (one.index, other.index, painted, group.takes_part(other)) == (2, 0, [], False)
    group.set_linked(other, linked=True)
    group.follow(one)
    assert other.index == 2


def test_planes_of_one_volume_keep_one_crosshair_while_one_scrolls() -> None:
    axial, coronal, sagittal = (mpr(plane) for plane in (MprPlane.AXIAL, MprPlane.CORONAL, MprPlane.SAGITTAL))
    group, _ = linked(axial, coronal, sagittal)
    before = coronal.index, sagittal.index

    axial.scroll_to(3)
    group.follow(axial)

    assert axial.crosshair == coronal.crosshair == sagittal.crosshair
    assert (coronal.index, sagittal.index) == before


def test_a_scrolled_plane_brings_a_parallel_one_with_its_crosshair() -> None:
    current, prior = mpr(MprPlane.AXIAL), mpr(MprPlane.AXIAL, THERE)
    group, _ = linked(current, prior, registrations=shift(2.0))

    current.scroll_to(10)
    group.follow(current)
    assert prior.index == 8
    current.scroll_to(0)
    group.follow(current)
    # 2 mm below its first slice the prior has nothing
    assert (prior.index, prior.crosshair) == (8, (9.5, 9.5, 8.0))


def test_a_rendered_volume_follows_with_its_crosshair_and_leads_nobody() -> None:
    plane = mpr(MprPlane.AXIAL)
    rendered = VolumeScene(volume(), annotations=Annotations("1.2.3"), new_uid=uids())
    group, painted = linked(plane, rendered)
    group.show_point((3.0, 4.0, 5.0), plane)
    painted.clear()

    plane.scroll_to(9)
    group.follow(plane)
    assert rendered.crosshair == (3.0, 4.0, 9.0)
    group.follow(rendered)

    assert (plane.index, painted, displayed_plane(rendered)) == (9, ["1"], None)
    rendered.crosshair = None
    group.follow(plane)
    assert rendered.crosshair is None


# window, zoom ---------------------------------------------------------------------------------


def test_hounsfield_windows_go_to_every_ct_in_hounsfield_units_and_to_nothing_else() -> None:
    ct, other, mr = stack([0.0]), stack([0.0], series="1.6"), stack([0.0], series="1.7", modality="MR")
    coming, iodine = stack([0.0], series="1.8", missing=True), stack([0.0], series="1.9", unit="MGML")
    group, _ = linked(ct, other, mr, coming, iodine)

    group.set_window(Window(-600, 1500), ct)

    window = Window(-600, 1500)
    assert [one.state.voi for one in (ct, other, mr, coming, iodine)] == [window, window, None, window, None]


@pytest.mark.parametrize("modality", ["MR", "NM", "PT", "US", "MG"])
def test_values_without_an_absolute_meaning_share_their_window_within_one_series_only(modality: str) -> None:
    """The numbers of a T2 make a diffusion image white or black: each series of one frame keeps its own window."""
    t2, same, dwi = (stack([0.0], series=series, modality=modality, unit="") for series in ("1.5", "1.5", "1.6"))
    group, _ = linked(t2, same, dwi)

    group.set_window(Window(900, 1600), t2)

    assert [one.state.voi for one in (t2, same, dwi)] == [Window(900, 1600), Window(900, 1600), None]


@pytest.mark.parametrize(("unit", "shared"), [("BQML", True), ("CNTS", False), ("PROPCPS", False)])
def test_pets_without_uptake_values_share_their_window_only_where_both_are_in_becquerel(
    unit: str, *, shared: bool
) -> None:
    one, other = (stack([0.0], series=series, modality="PT", unit=unit) for series in ("1.5", "1.6"))
    normalised = stack([0.0], series="1.7", modality="PT", unit="GML")
    group, _ = linked(one, other, normalised)

    group.set_window(Window(5000, 10000), one)

    assert [scene.state.voi for scene in (other, normalised)] == [Window(5000, 10000) if shared else None, None]


def test_the_planes_of_an_mr_follow_the_window_of_their_own_stack_only() -> None:
    own, other = stack([0.0], series="1.5", modality="MR"), stack([0.0], series="1.6", modality="MR")
    voxels = Volume(np.zeros((4, 4, 4), np.int16), np.eye(4), HERE, "1.5", "")
    plane = MprScene(voxels, MprPlane.AXIAL, annotations=Annotations("1.2.3"), new_uid=uids(), modality="MR")
    group, _ = linked(own, other, plane)

    group.set_window(Window(900, 1600), plane)

    assert [one.state.voi for one in (own, other)] == [Window(900, 1600), None]


def view(camera: Camera, plane: ImagePlane | None, size: tuple[int, int] = (100, 80)) -> SliceView:
    return SliceView(size, SIZE, camera, plane)


def test_linked_zoom_shows_the_same_millimetres_and_the_same_middle() -> None:
    """Half the pixel size, begun elsewhere, turned by the reader: still one scale and one middle."""
    here = view(Camera().zoomed(2.5).panned(13, -7), ImagePlane((0.0, 0.0, 0.0), *AXIAL, (1.0, 1.0)))
    plane = ImagePlane((-20.0, 11.0, 0.0), *AXIAL, (0.5, 0.5))
    there = view(Camera(rotation_deg=90.0, flipped=True), plane, (150, 150))

    camera = linked_camera(here, there, turned((0, 0, 0), (5, 0, 0)))

    assert camera is not None
    shown = view(camera, plane, (150, 150))
    assert shown.px_per_mm == pytest.approx(here.px_per_mm)
    middle = here.lps_of(SIZE[0] / 2, SIZE[1] / 2)
    assert shown.lps_of(SIZE[0] / 2, SIZE[1] / 2) == pytest.approx((middle[0] + 5, middle[1], middle[2]))
    assert (camera.rotation_deg, camera.flipped) == (90.0, True)


def test_planes_that_lie_differently_share_the_scale_only() -> None:
    here = view(Camera().zoomed(3), ImagePlane((0.0, 0.0, 0.0), *AXIAL, (1.0, 1.0)))
    there = view(Camera(), ImagePlane((0.0, 0.0, 0.0), *CORONAL, (1.0, 1.0)))

    camera = linked_camera(here, there, np.eye(4))

    assert (camera.zoom, camera.pan) == (3.0, (0.0, 0.0)) if camera is not None else False


@pytest.mark.parametrize("lost", [0, 1])
def test_without_millimetres_there_is_no_common_scale(lost: int) -> None:
    plane = ImagePlane((0.0, 0.0, 0.0), *AXIAL, (1.0, 1.0))
    views = [view(Camera(), None if n == lost else plane) for n in range(2)]

    assert linked_camera(views[0], views[1], np.eye(4)) is None


def test_zoom_goes_to_those_whose_viewport_is_known() -> None:
    one, other, unknown = stack([0.0]), stack([0.0], series="1.6"), stack([0.0], series="1.7")
    group, _ = linked(one, other)
    group.join(unknown, lambda: None)
    one.set_camera(Camera().zoomed(2))

    group.zoom_like(one)
    group.zoom_like(unknown)

    assert [scene.state.camera.zoom for scene in (one, other, unknown)] == [2.0, 2.0, 1.0]


# manual offset --------------------------------------------------------------------------------


def test_a_manual_offset_moves_scrolling_by_what_was_shown() -> None:
    """Breathing: 10 mm here is 15 mm there; so 20 is 25, and back."""
    heights = [float(z) for z in range(0, 41, 5)]
    one, other = stack(heights), stack(heights, series="1.6")
    group, _ = linked(one, other)
    one.scroll_to(2)
    other.scroll_to(3)

    assert group.align(one, other)

    assert (group.offset_mm(one, other), group.offset_mm(other, one)) == ((0.0, 0.0, 5.0), (0.0, 0.0, -5.0))
    one.scroll_to(4)
    group.follow(one)
    assert other.index == 5
    other.scroll_to(2)
    group.follow(other)
    assert one.index == 1
    group.clear_offset(other, one)
    assert group.offset_mm(one, other) is None


def test_a_manual_offset_is_kept_while_series_change() -> None:
    heights = [float(z) for z in range(0, 41, 5)]
    one, other = stack(heights), stack(heights, series="1.6")
    group, _ = linked(one, other)
    one.scroll_to(2)
    other.scroll_to(3)
    group.align(one, other)

    bone = stack(heights, series="1.8")
    group.leave(other)
    group.join(bone, lambda: None, slot=1)
    one.scroll_to(4)
    group.follow(one)

    assert bone.index == 5


def test_aligning_unrelated_frames_is_a_registration_by_hand() -> None:
    """Kept for every series of the two frames, until it is taken back."""
    current, prior = stack([100.0, 105, 110]), stack([0.0, 5, 10], frame=THERE, series="1.6")
    group, _ = linked(current, prior)
    current.scroll_to(0)
    prior.scroll_to(1)

    assert group.align(current, prior)

    current.scroll_to(1)
    group.follow(current)
    assert prior.index == 2
    found = group.registrations.between(HERE, THERE)
    assert found is not None
    assert found.sentence() == "Moved by 95.0 mm and turned by 0.0°. Aligned by hand."
    # a second alignment of what is related now is an offset on top
    prior.scroll_to(1)
    assert group.align(current, prior)
    assert group.offset_mm(current, prior) == pytest.approx((0.0, 0.0, -5.0))


def test_planes_that_lie_differently_cannot_be_aligned() -> None:
    axial = stack([0.0, 5])
    coronal = stack([0.0, 5], axes=CORONAL, series="1.6")
    foreign = stack([0.0, 5], axes=CORONAL, frame=THERE, series="1.7")
    nameless = stack([0.0, 5], frame="", series="1.8")
    stranger = stack([0.0, 5], series="1.9")
    group, _ = linked(axial, coronal, foreign, nameless)

    assert not group.align(axial, coronal)
    assert not group.align(axial, foreign)
    assert not group.align(axial, nameless)
    assert not group.align(axial, stranger)
    assert group.offset_mm(axial, stranger) is None
    assert group.registrations.between(HERE, THERE) is None


def test_a_placeless_source_moves_nobody() -> None:
    one = stack([0.0, 5.0])
    flat = StackScene(
        [StackSlot("1.9.1")],
        annotations=Annotations("1.2.3"),
        new_uid=uids(),
        frame_of_reference_uid=HERE,
        series_instance_uid="1.9",
    )
    group, painted = linked(one, flat)

    group.follow(flat)
    group.follow(one)

    assert (painted, one.index, flat.crosshair) == (["1"], 1, None)
