"""What the corner and the chip say of a plane is true of it, in every step: where it lies, and what its pixels are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import image, stack, uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.captions import Corner, StudyCaptions, ViewCaptions, corner_lines
from viewers.scene.fidelity import FidelityKind, chip
from viewers.scene.fidelity_of import fidelity_of
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.oblique import PlaneSet
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection, Slab
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume

VIEWPORT = (800.0, 640.0)
PIVOT = (10.3, 12.0, 9.0)
CUBES = np.diag([0.8, 0.8, 0.8, 1.0])
OBLONG = np.diag([0.8, 0.8, 2.5, 1.0])


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def planes(data: Volume) -> dict[MprPlane, MprScene]:
    """Return the three scenes of one volume, crosshair on PIVOT."""
    shared = PlaneSet()
    made = {
        plane: MprScene(data, plane, annotations=Annotations("1"), new_uid=uids(), planes=shared) for plane in MprPlane
    }
    for scene in made.values():
        scene.show_point(PIVOT)
    return made


def words(scene: Scene) -> list[str]:
    return [line.text for line in scene.frame(VIEWPORT).overlay.captions]


def place(scene: Scene) -> str:
    return next(text for text in words(scene) if text.endswith(" mm") and any(f"{axis} " in text for axis in "xyz"))


# where it lies ------------------------------------------------------------------------------------


def test_an_upright_plane_tells_the_one_coordinate_that_all_of_it_has() -> None:
    scene = planes(volume())[MprPlane.AXIAL]
    assert place(scene) == "z 9.0 mm"
    scene.set_camera(Camera(3.0, (120.0, -80.0)))
    assert place(scene) == "z 9.0 mm"
    scene.scroll_by(2)
    assert place(scene) == "z 11.0 mm"
    assert place(planes(volume())[MprPlane.SAGITTAL]) == "x 10.0 mm"


def test_a_turned_plane_tells_the_place_of_the_crosshair_and_says_so() -> None:
    """Turned by 30 degrees about the crosshair its height there stays; each step goes cos 30 = 0.866 mm up."""
    scenes = planes(volume())
    axial = scenes[MprPlane.AXIAL]
    scenes[MprPlane.CORONAL].turn(math.radians(30))
    assert place(axial) == "Crosshair at z 9.0 mm"
    axial.scroll_by(1)
    assert axial.crosshair is not None
    first = axial.crosshair[2]
    assert place(axial) == f"Crosshair at z {first:.1f} mm"
    axial.scroll_by(5)
    assert axial.crosshair[2] - first == pytest.approx(5 * math.sqrt(3) / 2)
    assert axial.displayed_plane().distance_mm(axial.crosshair) == pytest.approx(0.0, abs=1e-9)
    assert place(axial) == f"Crosshair at z {first + 5 * 0.8660254:.1f} mm"


def test_without_a_crosshair_in_it_a_turned_plane_tells_the_place_of_its_middle() -> None:
    """The box of 40 x 30 x 20 voxels begins half a voxel before the origin: its middle is 19.5, 14.5, 9.5 mm."""
    scenes = planes(volume())
    axial = scenes[MprPlane.AXIAL]
    scenes[MprPlane.CORONAL].turn(math.radians(30))
    # the middle of the unturned plane, turned about the crosshair: 9.2 mm towards L go 9.2 sin 30 = 4.6 mm down
    axial.crosshair = None
    assert place(axial) == "Middle at z 4.4 mm"


def test_an_oblique_slice_tells_the_place_of_its_middle_and_not_of_its_corner() -> None:
    """The corner lies at 15.3; 53 rows of 0.6 mm further on, tilted by 30 degrees, that is 15.9 mm lower."""
    plane = ImagePlane((0.0, 0.0, 15.3), (1.0, 0.0, 0.0), (0.0, math.sqrt(3) / 2, -0.5), (0.6, 0.6))
    scene = stack([image(np.zeros((107, 90), np.int16), plane=plane, uid="1.9.1")])
    assert any(text.endswith("Middle at z \N{MINUS SIGN}0.6 mm") for text in words(scene))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (480.0, ["S2", "PET AC", "120 kV", "26 / 40", "z 29.5 mm"]),
        (479.0, ["PET AC", "26 / 40", "z 29.5 mm"]),
        (320.0, ["PET AC", "26 / 40", "z 29.5 mm"]),
        (319.0, ["26 / 40"]),
    ],
)
def test_what_lies_over_an_image_is_named_beside_all_that_is_said_of_the_image_itself(
    width: float, expected: list[str]
) -> None:
    about = ViewCaptions(overlay="PET AC", technique="120 kV", slice_position="26 / 40", location="z 29.5 mm")
    lines = corner_lines(StudyCaptions(series="S2"), about, (width, 480.0))
    assert [one.text for one in lines if one.corner is Corner.BOTTOM_RIGHT] == expected


def test_where_a_plane_lies_is_the_last_word_to_go_from_its_corner() -> None:
    scene = planes(volume(affine=OBLONG))[MprPlane.CORONAL]
    drawn = scene.frame((319.0, 300.0)).overlay.captions
    assert [line.text for line in drawn if line.corner is Corner.BOTTOM_RIGHT] == [place(scene)]
    assert place(scene).startswith("y ")


@pytest.mark.parametrize("width", [180.0, 305.0, 460.0, 900.0])
def test_a_projection_through_a_slab_says_its_kind_and_thickness_in_the_narrowest_cell(width: float) -> None:
    scene = planes(volume(affine=OBLONG))[MprPlane.CORONAL]
    scene.set_slab(Slab(Projection.MIP, 10.0))
    drawn = scene.frame((width, 320.0)).overlay.captions
    assert [line.text for line in drawn if line.corner is Corner.BOTTOM_RIGHT] == ["y 12.0 mm", "MIP 10 mm"]


# what it is made of -------------------------------------------------------------------------------


def state(scene: MprScene) -> tuple[str, bool, str]:
    """Return the chip, whether the red line calls it interpolated, and what the corner says of its thickness."""
    shown = chip(fidelity_of(scene), 0.0)
    assert shown is not None
    captions = scene.frame(VIEWPORT).overlay.captions
    red = [line.text for line in captions if line.is_warning]
    thick = [line.text for line in captions if line.text.startswith(("Isotropic", "MIP", "Pixels", "Resampled"))]
    assert len(thick) == 1
    return shown.text, "MPR interpolated" in red, thick[0]


@pytest.mark.parametrize(
    ("affine", "plane", "expected"),
    [
        (CUBES, MprPlane.AXIAL, ("Original slice", False, "Isotropic 0.80 mm")),
        (CUBES, MprPlane.CORONAL, ("Reformatted", False, "Isotropic 0.80 mm")),
        (CUBES, MprPlane.SAGITTAL, ("Reformatted", False, "Isotropic 0.80 mm")),
        (OBLONG, MprPlane.AXIAL, ("Original slice", False, "Pixels 0.80 mm, slices 2.5 mm apart")),
        (OBLONG, MprPlane.CORONAL, ("Interpolated", True, "Resampled to 0.80 mm, acquired 2.5 mm apart")),
    ],
)
def test_every_step_of_a_plane_says_what_its_pixels_are_and_how_thick_it_is(
    affine: np.ndarray, plane: MprPlane, expected: tuple[str, bool, str]
) -> None:
    scenes = planes(volume(affine=affine))
    scene = scenes[plane]
    for _step in range(4):
        assert state(scene) == expected
        if not expected[1]:
            # nothing was computed: every pixel is the voxel that lies there
            cut = scene.measurable()
            assert cut.plane is not None
            points = [cut.plane.lps_of(column, row) for row in range(cut.rows) for column in range(cut.columns)]
            i, j, k = np.rint(scene.volume.ijk_of(points)).astype(int).T
            assert np.array_equal(cut.pixels.ravel(), scene.volume.voxels[k, j, i])
        scene.scroll_by(1)

    scene.set_slab(Slab(Projection.MIP, 10.0))
    assert state(scene) == ("Interpolated", True, "MIP 10 mm")
    scene.set_slab(Slab())
    assert state(scene) == expected


def test_nearly_equal_voxels_are_called_resampled_and_one_length_has_one_number() -> None:
    scene = planes(volume(affine=np.diag([3.46, 3.46, 3.375, 1.0])))[MprPlane.AXIAL]
    assert state(scene)[2] == "Resampled to 3.375 mm, acquired 3.375 mm apart"


@pytest.mark.parametrize("degrees", [0.5, 5.0, 45.0])
def test_a_tilted_plane_is_interpolated_in_every_step_also_where_it_meets_an_original_slice(degrees: float) -> None:
    scenes = planes(volume(affine=CUBES))
    scenes[MprPlane.CORONAL].turn(math.radians(degrees))
    axial = scenes[MprPlane.AXIAL]
    axial.show_point((8.0, 8.0, 8.0))  # where an original slice lies
    for _step in range(4):
        assert state(axial) == ("Interpolated", True, "Isotropic 0.80 mm")
        axial.scroll_by(1)
    scenes[MprPlane.CORONAL].stand_upright()
    assert state(axial) == ("Original slice", False, "Isotropic 0.80 mm")


@pytest.mark.parametrize(("kind", "token"), [(FidelityKind.ORIGINAL, "ok"), (FidelityKind.REFORMATTED, "info")])
def test_the_chip_of_a_plane_stays(kind: FidelityKind, token: str) -> None:
    scene = planes(volume())[MprPlane.AXIAL if kind is FidelityKind.ORIGINAL else MprPlane.CORONAL]
    shown = fidelity_of(scene)
    assert shown.kind is kind
    for now_ms in (0.0, 1e6):
        said = chip(shown, now_ms)
        assert said is not None
        assert said.token == token
