"""Viewports move together where their millimetres compare, and only there."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.fusion import turned
from tests.helpers.viewers import image, uids
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.image import SliceImage
from viewers.scene.link_group import LinkGroup
from viewers.scene.linking import are_parallel, displayed_plane, linked_camera, reference_line
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.registration import Registrations, RigidRegistration
from workstation.domain.volume import Volume

HERE, THERE = "1.1", "1.2"
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SIZE = (200.0, 160.0)


def stack(
    heights: list[float],
    *,
    frame: str = HERE,
    series: str = "1.5",
    axes: tuple[Point, Point] = AXIAL,
    modality: str = "CT",
    missing: bool = False,
    unit: str = "HU",
) -> StackScene:
    """Return a 100 x 80 stack of 1 mm pixels whose slices lie at the given distances along the normal."""
    right, down = axes
    normal = ImagePlane((0.0, 0.0, 0.0), right, down, (1.0, 1.0)).normal
    planes = []
    for height in heights:
        x, y, z = (height * along for along in normal)
        planes.append(ImagePlane((x, y, z), right, down, (1.0, 1.0)))
    scene = StackScene(
        [StackSlot(f"{series}.{n}", plane=plane) for n, plane in enumerate(planes)],
        annotations=Annotations("1.2.3"),
        new_uid=uids(),
        modality=modality,
        frame_of_reference_uid=frame,
        series_instance_uid=series,
    )
    for n, plane in enumerate(planes):
        if not missing:
            scene.put(n, replace(image(plane=plane), unit=unit))
    return scene


def linked(*scenes: Scene, registrations: Registrations | None = None) -> tuple[LinkGroup, list[str]]:
    group, painted = LinkGroup(registrations), list[str]()
    for n, scene in enumerate(scenes):
        group.join(scene, lambda n=n: painted.append(str(n)), slot=n, viewport=lambda: SIZE)  # type: ignore[misc] # bound now
    return group, painted


def shift(millimetres: float) -> Registrations:
    """Return a registration that lays the other frame ``millimetres`` towards the head of this one."""
    return Registrations([RigidRegistration(HERE, THERE, turned((0, 0, 0), (0, 0, millimetres))).accepted()])


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


def volume(frame: str = HERE) -> Volume:
    return Volume(np.zeros((30, 20, 20), dtype=np.int16), np.eye(4), frame, "1.5")


def mpr(plane: MprPlane, frame: str = HERE) -> MprScene:
    return MprScene(volume(frame), plane, annotations=Annotations("1.2.3"), new_uid=uids())


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


# reference lines ------------------------------------------------------------------------------


def test_an_axial_slice_is_a_level_line_on_a_coronal_one_at_its_height() -> None:
    """Coronal rows run to the feet from H 20: the slice at 5 mm is row 15 of it, from column 10 to 40."""
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    axial = ImagePlane((10.5, 0.0, 5.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (30, 40), coronal, np.eye(4))

    assert line is not None
    ends = sorted(line)
    # image pixel 15 has its centre at viewport pixel 15.5
    assert ends[0] == pytest.approx((10.5, 15.5))
    assert ends[1] == pytest.approx((40.5, 15.5))


def test_a_line_ends_at_the_edge_of_the_picture() -> None:
    """The axial slice is wider than the coronal picture on both sides."""
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    axial = ImagePlane((-100.0, 0.0, 5.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (300, 40), coronal, np.eye(4))

    assert line is not None
    assert sorted(line) == [pytest.approx((0.0, 15.5)), pytest.approx((60.0, 15.5))]


def test_a_turned_picture_turns_its_lines() -> None:
    """The same line in a picture turned by a quarter: from top to bottom at 50 - 15.5 from the left."""
    plane = ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0))
    coronal = SliceView((60, 50), (50.0, 60.0), Camera(rotation_deg=90.0), plane)
    axial = ImagePlane((-100.0, 0.0, 5.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (300, 40), coronal, np.eye(4))

    assert line is not None
    assert sorted(line) == [pytest.approx((34.5, 0.0)), pytest.approx((34.5, 60.0))]


def test_a_registered_slice_is_drawn_where_the_registration_puts_it() -> None:
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    axial = ImagePlane((0.0, 0.0, 105.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (60, 40), coronal, turned((0, 0, 0), (0, 0, -100)))

    assert line is not None
    assert {round(y, 6) for _, y in line} == {15.5}


@pytest.mark.parametrize(
    "origin",
    [
        (0.0, 0.0, 60.0),  # above the coronal picture
        (0.0, 100.0, 5.0),  # behind the coronal plane
        (500.0, 0.0, 5.0),  # beside the coronal picture
    ],
)
def test_pictures_that_do_not_meet_have_no_line(origin: Point) -> None:
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))

    assert reference_line(ImagePlane(origin, *AXIAL, (1.0, 1.0)), (40, 40), coronal, np.eye(4)) is None
    placeless = SliceView((60, 50), (60.0, 50.0), Camera())
    assert reference_line(ImagePlane(origin, *AXIAL, (1.0, 1.0)), (40, 40), placeless, np.eye(4)) is None


def test_an_upright_line_outside_the_width_is_clipped_away() -> None:
    """A sagittal slice left of the coronal picture."""
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    sagittal = ImagePlane((-30.0, 0.0, 20.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0))

    assert reference_line(sagittal, (40, 40), coronal, np.eye(4)) is None


def lines(scene: Scene) -> list[str]:
    return [stroke.token for stroke in scene.frame(SIZE).overlay.guides]


def test_linked_pictures_show_each_other_as_lines_in_the_colour_of_their_plane() -> None:
    axial, coronal = stack([5.0, 10.0]), stack([8.0], axes=CORONAL, series="1.6")
    for n in range(2):
        coronal.put(0, SliceImage(np.zeros((80, 100), np.int16), ImagePlane((0, 8, 40.0 + n), *CORONAL, (1.0, 1.0))))
    group, _ = linked(axial, coronal)

    assert (lines(coronal), lines(axial)) == (["plane.axial"], ["plane.coronal"])
    group.show_reference_lines = False
    assert lines(coronal) == []
    group.show_reference_lines = True
    group.set_linked(axial, linked=False)
    assert (lines(coronal), lines(axial)) == ([], [])
    group.set_linked(axial, linked=True)
    group.leave(axial)
    assert (lines(coronal), lines(axial)) == ([], [])


def test_parallel_pictures_unrelated_ones_and_those_without_pixels_draw_no_lines() -> None:
    axial, parallel = stack([5.0]), stack([5.0], series="1.6")
    foreign = stack([8.0], axes=CORONAL, frame=THERE, series="1.7")
    missing = stack([8.0], axes=CORONAL, series="1.8", missing=True)
    linked(axial, parallel, foreign, missing)

    assert lines(axial) == []


def test_planes_of_one_volume_are_drawn_by_their_crosshair_only() -> None:
    axial, coronal = mpr(MprPlane.AXIAL), mpr(MprPlane.CORONAL)
    group, _ = linked(axial, coronal)

    assert group.reference_lines(axial, axial.view(SIZE)) == ()


def test_oblique_pictures_have_a_colour_of_their_own() -> None:
    angle = math.radians(40)
    tilted = stack([3.0], axes=((1.0, 0.0, 0.0), (0.0, math.cos(angle), math.sin(angle))), series="1.6")
    axial = stack([5.0])
    linked(axial, tilted)

    assert lines(axial) == ["plane.3d"]


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


def thick(frame: str = HERE) -> Volume:
    return Volume(np.zeros((6, 20, 20), dtype=np.int16), np.diag([1.0, 1.0, 5.0, 1.0]), frame, "1.5")


def height_of_level_line(scene: MprScene) -> float:
    """Return the height in mm at which the crosshair's level line stands in a coronal or sagittal picture."""
    view = scene.view(SIZE)
    strokes = scene.frame(SIZE).overlay.crosshair
    level = next(one for one in strokes if one.token == "plane.axial")
    return view.lps_of(*level.start)[2]


def test_the_level_line_of_the_crosshair_stands_on_the_thick_slice_that_is_shown() -> None:
    # slices of 5 mm at 0, 5, ... 25; the middle of the volume, 12.5 mm, lies between two of them
    axial = stack([5.0 * n for n in range(6)])
    coronal = MprScene(thick(), MprPlane.CORONAL, annotations=Annotations("1.2.3"), new_uid=uids())
    group, _ = linked(axial, coronal)
    assert coronal.crosshair == (9.5, 9.5, 12.5)

    for index, mm in ((3, 15.0), (1, 5.0)):
        axial.scroll_to(index)
        group.follow(axial)
        assert height_of_level_line(coronal) == pytest.approx(mm)

    coronal.scroll_to(2)  # the reader looks further in front; the line goes on with the slice
    axial.scroll_to(4)
    group.follow(axial)
    assert coronal.index == 2
    assert height_of_level_line(coronal) == pytest.approx(20.0)

    group.show_point((4.0, 2.0, 11.9), coronal)  # a click between two slices: 10 mm is the one that is shown
    assert axial.index == 2
    assert height_of_level_line(coronal) == pytest.approx(10.0)
    assert coronal.crosshair == (4.0, 2.0, 11.9)


@pytest.mark.parametrize(
    ("origin", "pixel", "step"),
    [((-345.51, -345.51, -622.0), 3.455, 3.375), ((689.56, -530.75, 553.8056), 3.502, 3.031),
     ((505.4124, 415.94, -654.5572), 2.21, 2.812), ((-524.0, 525.75, -601.0), 2.931, 3.975)],
)  # fmt: skip
def test_all_planes_of_an_even_volume_follow_the_slice_that_is_shown(origin: Point, pixel: float, step: float) -> None:
    # the middle of 110 x 200 x 200 voxels lies half a voxel from the layers beside it: a rounding must not decide
    affine = np.diag([pixel, pixel, step, 1.0])
    affine[:3, 3] = origin
    voxels = Volume(np.zeros((110, 200, 200), dtype=np.int16), affine, HERE, "1.5")
    axial, coronal, sagittal = (
        MprScene(voxels, plane, annotations=Annotations("1.2.3"), new_uid=uids()) for plane in MprPlane
    )
    shown = stack([origin[2] + step * n for n in range(110)])
    group, _ = linked(shown, axial, coronal, sagittal)
    shown.scroll_to(54)

    for plane in (axial, coronal, sagittal):
        group.bring(shown, plane)

    assert axial.index == 54
    for plane in (coronal, sagittal):
        assert height_of_level_line(plane) == pytest.approx(origin[2] + 54 * step)
