"""An overlay lies on the image where it lies in the patient, and says what it is."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from tests.helpers.fusion import body, grid, turned
from tests.helpers.viewers import FRAME_OF_REFERENCE, image, stack, uids
from viewers.scene.annotations import Annotations
from viewers.scene.colour_bar import ColourBar
from viewers.scene.fusion import FusedLayer, FusionLook, blended, fused_layer
from viewers.scene.fusion_cut import overlay_cut
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.reslice import ResliceRequest, reslice
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection, SlabSampling
from viewers.scene.stack_scene import StackScene
from workstation.domain.colour_map import ColourMap, ValueScale, colour_table
from workstation.domain.errors import NotRegistrable
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.registration import Registrations, RigidRegistration, inverted, shifted_by_hand
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType
from workstation.domain.suv_decay import SuvRemark
from workstation.domain.volume import Volume

SIZE = (400.0, 400.0)
LESION: Point = (-50.3, 10.6, 31.2)
SUV = SuvScale(SuvType.BW, (1.0,))


@cache
def ct() -> Volume:
    return body("CT", (150, 120, 40), grid((150, 120, 40), (2.0, 2.0, 5.0), (1.0, 3.0, 2.0)), lesion=LESION)


@cache
def pet(uid: str = "1.2.840.1") -> Volume:
    size = (84, 70, 70)
    return body("PT", size, grid(size, (4.0, 4.0, 3.3), (-3.0, 5.0, -1.0)), lesion=LESION, uid=uid)


def layer(**look: object) -> FusedLayer:
    made = fused_layer(pet(), "1.2.840.1", Registrations(), suv=SUV)
    made.look = FusionLook(ValueScale(0.0, 10.0), **look)  # type: ignore[arg-type] # fields of the look
    return made


def mpr(plane: MprPlane) -> MprScene:
    scene = MprScene(ct(), plane, annotations=Annotations("1.2.3"), new_uid=uids())
    scene.show_point(LESION)
    return scene


def stack_of_ct() -> StackScene:
    volume = ct()
    images = []
    for n, pixels in enumerate(volume.voxels):
        x, y, z = volume.lps_of((0, 0, n)).tolist()
        plane = ImagePlane((x, y, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (2.0, 2.0))
        images.append(SliceImage(pixels, plane, f"1.9.{n}", volume.frame_of_reference_uid, unit="HU"))
    scene = stack(images)
    scene.frame_of_reference_uid = volume.frame_of_reference_uid
    scene.show_point(LESION)
    return scene


def picture(scene: Scene) -> tuple[npt.NDArray[np.uint8], ImagePlane]:
    source = scene.frame(SIZE).at_once().source
    assert isinstance(source, SliceImage)
    assert source.plane is not None
    assert source.is_color
    return source.pixels, source.plane


def hot_spot(scene: Scene) -> tuple[float, float]:
    """Return the middle (column, row) of what is hotter than 6, half of the lesion's 12, in the overlay alone."""
    made = layer(alpha=1.0, colour_map=ColourMap.INVERSE_GRAY)
    scene.fuse(made)
    pixels, _ = picture(scene)
    hot = np.argwhere(pixels[:, :, 0] < 255 * (1 - 0.6))
    row, column = hot.mean(axis=0)
    return float(column), float(row)


@pytest.mark.parametrize("kind", ["stack", *MprPlane])
def test_the_hot_spot_lies_on_the_lesion_within_half_a_voxel(kind: str) -> None:
    """The lesion is known to both grids in millimetres; half of the picture's own pixel in each direction."""
    scene = stack_of_ct() if kind == "stack" else mpr(MprPlane(kind))

    column, row = hot_spot(scene)

    _, plane = picture(scene)
    expected = plane.pixel_of(LESION)
    assert abs(column - expected[0]) < 0.5
    assert abs(row - expected[1]) < 0.5


@pytest.mark.parametrize("kind", ["stack", *MprPlane])
def test_the_hot_spot_lies_on_what_the_ct_itself_shows(kind: str) -> None:
    """The soft tissue in the lung, found in the CT pixels alone, against the overlay."""
    scene = stack_of_ct() if kind == "stack" else mpr(MprPlane(kind))
    shown = scene.measurable()
    assert shown is not None
    assert shown.plane is not None
    column, row = (round(one) for one in shown.plane.pixel_of(LESION))
    near = shown.pixels[row - 7 : row + 8, column - 7 : column + 8] > -400
    places = np.argwhere(near).mean(axis=0)

    hot = hot_spot(scene)

    assert abs(hot[0] - (column - 7 + places[1])) < 0.5
    assert abs(hot[1] - (row - 7 + places[0])) < 0.5


def test_a_registered_overlay_lies_on_the_lesion_and_says_that_it_was_registered() -> None:
    """The PET frame is turned and shifted; the accepted registration is the way back."""
    way = turned((3, -4, 5), (30, -20, 50))
    size, middle = (84, 70, 70), (30.0, -20.0, 50.0)
    there = body("PT", size, grid(size, (4.0, 4.0, 3.3), middle), lesion=LESION, uid="1.7", moved=way)
    registration = RigidRegistration("1.2.840.1", "1.7", inverted(way))
    with pytest.raises(NotRegistrable) as refused:
        fused_layer(there, "1.2.840.1", Registrations(), suv=SUV)
    assert refused.value.hint

    made = fused_layer(there, "1.2.840.1", Registrations([registration.accepted()]), suv=SUV)

    scene = mpr(MprPlane.CORONAL)
    scene.fuse(made)
    made.look = FusionLook(ValueScale(0.0, 10.0), ColourMap.INVERSE_GRAY, 1.0)
    pixels, plane = picture(scene)
    row, column = np.argwhere(pixels[:, :, 0] < 102).mean(axis=0)
    expected = plane.pixel_of(LESION)
    assert (abs(column - expected[0]) < 0.5, abs(row - expected[1]) < 0.5) == (True, True)
    assert "Overlay registered: check alignment" in warnings(scene)
    # nothing but the lesion takes up more than 3
    value = made.value_at(LESION)
    assert value is not None
    assert value > 11.0


def warnings(scene: Scene) -> list[str]:
    return [line.text for line in scene.frame(SIZE).overlay.captions if line.is_warning]


def test_an_overlay_aligned_by_hand_says_so() -> None:
    known = Registrations([shifted_by_hand("1.2.840.1", "1.7", (0.0, 0.0, 5.0))])

    assert fused_layer(pet("1.7"), "1.2.840.1", known, suv=SUV).warnings == ("Overlay aligned by hand",)


@pytest.mark.parametrize("uid", ["1.7", ""])
def test_overlays_of_another_frame_of_reference_never_get_onto_an_image(uid: str) -> None:
    scene = mpr(MprPlane.AXIAL)
    stranger = FusedLayer(pet(uid), FusionLook(ValueScale(0.0, 5.0)))

    with pytest.raises(ValueError, match="another frame of reference"):
        scene.fuse(stranger)
    assert scene.fused is None


def test_refused_uptake_values_are_shown_in_their_own_unit_with_the_reason() -> None:
    """An SUV window on values that are none would be a lie."""
    made = fused_layer(
        pet(), "1.2.840.1", Registrations(), suv=SuvRefusal("weight_missing", "The patient's weight is missing.")
    )

    assert (made.is_suv, made.label, made.warnings) == (False, "g/ml", ("No SUV: The patient's weight is missing.",))
    # the hottest large organ; the small lesion above it is simply white
    assert made.look.scale.high == pytest.approx(3.0, abs=0.01)
    assert made.look.scale.low == 0.0


def test_doubts_about_uptake_values_stand_on_the_picture() -> None:
    doubtful = SuvScale(SuvType.BW, (1.0,), warnings=(SuvRemark("decay_factor", "check the uptake values"),))
    scene = mpr(MprPlane.AXIAL)
    scene.fuse(fused_layer(pet(), "1.2.840.1", Registrations(), suv=doubtful))

    assert "check the uptake values" in warnings(scene)


def test_an_overlay_that_is_no_pet_has_a_scale_of_its_own() -> None:
    flat = Volume(np.full((3, 4, 5), -7, dtype=np.int16), np.eye(4), "1.2.840.1", "1.4", unit="")
    made = fused_layer(flat, "1.2.840.1", Registrations())

    assert (made.look.scale, made.label, made.warnings) == (ValueScale(-7.0, -6.0), "", ())


def test_the_blend_is_a_weighted_mean_of_grey_and_colour() -> None:
    """Grey 100 and a value of 5 on a scale to 10 at alpha 0.25: three parts grey, one part colour."""
    hot = Volume(np.full((3, 40, 40), 5.0, dtype=np.float32), np.eye(4), FRAME_OF_REFERENCE, "1.4")
    plane = ImagePlane((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
    scene = stack([image(np.full((40, 60), 100, dtype=np.int16), plane)])
    scene.set_window(Window(128.0, 256.0))
    scene.fuse(FusedLayer(hot, FusionLook(ValueScale(0.0, 10.0), alpha=0.25)))

    pixels, _ = picture(scene)

    expected = 0.75 * 100 + 0.25 * colour_table(ColourMap.HOT_IRON)[128].astype(float)
    assert np.abs(pixels[20, 20] - expected).max() <= 1
    # beside the overlay the image is itself
    assert pixels[20, 50].tolist() == [100, 100, 100]


@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_alpha_is_a_share(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        FusionLook(ValueScale(0.0, 5.0), alpha=alpha)


def test_windows_and_looks_change_the_picture_without_cutting_anew() -> None:
    cuts: list[ResliceRequest] = []

    def counting(request: ResliceRequest) -> npt.NDArray[np.float32]:
        cuts.append(request)
        return reslice(request)

    way = Registrations([RigidRegistration("1.2.840.1", "1.7", turned((0, 0, 10), (0, 0, 0))).accepted()])
    made = fused_layer(pet("1.7"), "1.2.840.1", way, suv=SUV, reslicer=counting)
    scene = mpr(MprPlane.AXIAL)
    scene.fuse(made)
    pictures = [picture(scene)[0]]
    scene.set_window(Window(40.0, 80.0))
    pictures.append(picture(scene)[0])
    made.look = FusionLook(ValueScale(0.0, 3.0), ColourMap.PET, 0.8)
    pictures.append(picture(scene)[0])

    assert len(cuts) == 2
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])


def test_the_pointer_reads_image_and_overlay() -> None:
    scene = mpr(MprPlane.AXIAL)
    made = layer()
    scene.fuse(made)
    scene.probe_at = scene.view(SIZE).viewport_of(LESION)

    texts = [line.text for line in scene.frame(SIZE).overlay.captions]

    assert any("HU  SUVbw 1" in text for text in texts), texts
    assert made.value_text((900.0, 0.0, 0.0)) == ""
    scene.probe_at = (-1000.0, -1000.0)
    assert not any("SUVbw" in line.text for line in scene.frame(SIZE).overlay.captions)


def test_the_legend_has_the_values_of_the_scale_and_the_name_of_the_unit() -> None:
    made = layer()
    legend = made.legend()

    assert (legend.values, legend.title) == (("10", "8", "6", "4", "2", "0"), "SUVbw")
    assert legend.colours is colour_table(ColourMap.HOT_IRON)
    made.look = FusionLook(ValueScale(0.0, 40000.0))
    assert made.legend().values == ("40000", "30000", "20000", "10000", "0")


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [
        (0.0, 3.0, "3 2 1 0"),
        (0.0, 5.0, "5 4 3 2 1 0"),
        (0.0, 7.0, "7 4 2 0"),  # 6 would run into 7
        (0.0, 8.0, "8 6 4 2 0"),
        (0.0, 15.0, "15 10 5 0"),
        (0.0, 37.34, "37.3 30 20 10 0"),
        (0.0, 0.5, "0.5 0.4 0.3 0.2 0.1 0"),
        (2.0, 4.5, "4.5 4 3.5 3 2.5 2"),
        (-1.0, 1.0, "1 0.5 0 -0.5 -1"),
    ],
)
def test_the_values_of_a_colour_bar_are_round_and_stand_where_their_colour_is(
    low: float, high: float, values: str
) -> None:
    made = layer()
    made.look = FusionLook(ValueScale(low, high))
    legend = made.legend()
    assert " ".join(legend.values) == values
    # 100 px from the high end down to the low one
    bar = ColourBar(legend, 0.0, 10.0, 10.0, 100.0)
    for (y, text), below in zip(bar.ticks, [*[one for one, _ in bar.ticks[1:]], math.inf], strict=True):
        assert y == pytest.approx(10.0 + 100.0 * (high - float(text)) / (high - low), abs=0.2)
        assert below - y > 18


def test_colour_images_and_images_without_a_place_stay_as_they_are() -> None:
    one = FusedLayer(
        Volume(np.ones((3, 4, 5), dtype=np.float32), np.eye(4), FRAME_OF_REFERENCE, "1.4"),
        FusionLook(ValueScale(0.0, 1.0)),
    )
    for source in (image(), image(np.zeros((8, 8, 3), dtype=np.uint8))):
        scene = stack([source])
        scene.fuse(one)
        assert scene.frame(SIZE).source is scene.image(0)


CUTS = [
    (plane, order)
    for plane in ("axial", "coronal", "sagittal")
    for order in ((1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))
]


@pytest.mark.parametrize(("name", "signs"), CUTS)
@pytest.mark.parametrize("offset", [0.0, 1.37, 55.0, -500.0])
def test_the_fast_cut_equals_the_reference_on_every_plane_along_the_axes(
    name: str, signs: tuple[float, float], offset: float
) -> None:
    plane = MprPlane(name)
    (x, y, z), (a, b, c) = plane.right, plane.down
    right, down = (signs[0] * x, signs[0] * y, signs[0] * z), (signs[1] * a, signs[1] * b, signs[1] * c)
    origin = -np.array(right) * 130 - np.array(down) * 120
    origin[plane.axis] += offset
    request = ResliceRequest(pet(), ImagePlane(tuple(origin.tolist()), right, down, (1.7, 1.3)), (170, 210))

    found = overlay_cut(request, _must_not_be_called)

    expected = reslice(request)
    assert np.array_equal(expected != -32768, found.inside)
    assert np.allclose(expected[found.inside], found.values[found.inside], atol=1e-4)


def _must_not_be_called(request: ResliceRequest) -> npt.NDArray[np.float32]:
    raise AssertionError("a straight plane needs no reslicer")


def test_turned_planes_and_slabs_take_the_reslicer() -> None:
    plane = ImagePlane((-100.0, -100.0, 0.0), (0.8, 0.6, 0.0), (-0.6, 0.8, 0.0), (2.0, 2.0))
    leaning = ImagePlane((-100.0, -100.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.8, 0.6), (2.0, 2.0))
    slab = SlabSampling(Projection.MIP, 5, 4.0)
    for request in (ResliceRequest(pet(), plane, (60, 50)), ResliceRequest(pet(), leaning, (60, 50), slab)):
        found = overlay_cut(request, reslice)
        assert np.array_equal(reslice(request)[found.inside], found.values[found.inside])


@pytest.mark.parametrize("projection", list(Projection))
@pytest.mark.parametrize(("name", "signs"), CUTS[::3])
@pytest.mark.parametrize(("count", "offset"), [(4, 0.0), (5, 1.37), (10, 100.0), (6, -500.0)])
def test_a_slab_along_the_axes_equals_the_reference_between_the_layers_too(
    projection: Projection, name: str, signs: tuple[float, float], count: int, offset: float
) -> None:
    """Samples 1.3 mm apart through layers of 3.3 and 4 mm: no depth is rounded to a whole layer."""
    plane = MprPlane(name)
    (x, y, z), (a, b, c) = plane.right, plane.down
    right, down = (signs[0] * x, signs[0] * y, signs[0] * z), (signs[1] * a, signs[1] * b, signs[1] * c)
    origin = -np.array(right) * 130 - np.array(down) * 120
    origin[plane.axis] += offset
    grid_plane = ImagePlane(tuple(origin.tolist()), right, down, (1.7, 1.3))
    request = ResliceRequest(pet(), grid_plane, (170, 210), SlabSampling(projection, count, 1.3))

    found = overlay_cut(request, _must_not_be_called)

    expected = reslice(request)
    assert np.array_equal(expected != -32768, found.inside)
    assert np.allclose(expected[found.inside], found.values[found.inside], atol=1e-4)


def test_a_slab_of_a_leaning_grid_is_not_cut_along_its_axes() -> None:
    """Layers of a tilted gantry are shifted against each other: the normal does not run along one axis."""
    matrix = pet().ijk_to_lps.copy()
    matrix[:3, 2] = (0.0, 1.0, 3.3)
    leaning = Volume(pet().voxels, matrix, "1.2.840.1", "1.3", unit="g/ml")
    plane = ImagePlane((-100.0, -100.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (2.0, 2.0))
    asked: list[ResliceRequest] = []

    def reslicer(request: ResliceRequest) -> npt.NDArray[np.float32]:
        asked.append(request)
        return reslice(request)

    overlay_cut(ResliceRequest(leaning, plane, (60, 50), SlabSampling(Projection.MIP, 5, 4.0)), reslicer)
    assert len(asked) == 1


def test_one_layer_can_be_an_overlay() -> None:
    flat = Volume(np.full((1, 4, 5), 3, dtype=np.int16), np.eye(4), "1.2", "1.3")
    plane = ImagePlane((0.0, 0.0, 0.2), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))

    assert overlay_cut(ResliceRequest(flat, plane, (5, 4)), reslice).values.tolist() == [[3.0] * 5] * 4


@pytest.mark.parametrize("degrees", [(0.0, 0.0, 0.0), (0.0, 0.0, 20.0)])
@pytest.mark.parametrize("nothing", [-1.0, np.nan])
def test_where_nothing_was_acquired_the_overlay_is_transparent(nothing: float, degrees: Point) -> None:
    """Half of a PET is padding: the CT under it is as grey there as without a PET, and coloured beside it."""
    voxels = np.full((20, 40, 40), 2.0, dtype=np.float32)
    voxels[:, :, 20:] = nothing
    padding = None if np.isnan(nothing) else (-1.0, -0.5)
    matrix = turned(degrees, (0.0, 0.0, 0.0)) @ grid((40, 40, 20), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))
    one = fused_layer(Volume(voxels, matrix, "1.2.840.1", "1.3", padding=padding), "1.2.840.1", Registrations())
    look = FusionLook(ValueScale(-10.0, 10.0), ColourMap.INVERSE_GRAY, 1.0)
    base = ImagePlane((-30.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
    cut = overlay_cut(ResliceRequest(one.volume, base, (61, 3), None), reslice)

    assert cut.inside[1, :25].all()
    assert not cut.inside[1, 36:].any()
    painted = blended(np.full((3, 61), 77, dtype=np.uint8), cut, look)
    # 2 of -10 to 10 is entry 153 of 255, and 102 in inverse grey; the eighth bit is lost in blending
    assert (painted[1, 36:] == 77).all()
    assert np.abs(painted[1, :25].astype(int) - 102).max() <= 1
    assert one.value_at((20.0, 0.0, 0.0)) is None
