"""Padding is black and no patient on every surface: stack, planes, slabs, and whatever slope a slice has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from tests.helpers.jobs import RecordingJob
from tests.helpers.viewers import axial_plane, uids
from viewers.qt.surface import RasterSurface, gray_view
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.annotations import Annotations
from viewers.scene.curved import CurvedPath
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene, Reslicer
from viewers.scene.oblique import PlaneSet
from viewers.scene.reslice import ResliceRequest, reslice
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection, Slab
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.state_values import in_state_values
from viewers.scene.volume_scene import VolumeScene
from workstation.dicom.images.decode import DecodedFrame
from workstation.dicom.images.frame_attributes import VoiWindow
from workstation.dicom.objects.presentation import FramePresentation
from workstation.domain.annotation import AnnotationKind
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume, set_apart
from workstation.services.image_service import PlacedSlice, build_volume
from workstation.ui.images import follow_up
from workstation.ui.images.cut_scenes import on_voxels, plane_scene

SIZE, SIDE = (320.0, 320.0), 32


@dataclass(frozen=True)
class Case:
    """Tissue of one stored value below padding, and ``value``, what the tissue is after the modality transform."""

    padding: int
    tissue: int
    slope: float
    intercept: float
    unit: str
    value: float
    kind: type = np.uint16


CASES = (
    Case(4095, 500, 1.0, 0.0, "", 500.0),
    Case(0, 1074, 1.0, -1024.0, "HU", 50.0),
    Case(-1000, 50, 1.0, 0.0, "HU", 50.0, np.int16),
    Case(4095, 500, 2.995, 0.0, "", 1497.5),
)


def images(case: Case, count: int = 5) -> list[SliceImage]:
    """Return slices 1 mm apart whose window is black at zero and white at twice the tissue."""
    stored: npt.NDArray[Any] = np.full((SIDE, SIDE), case.tissue, dtype=case.kind)
    stored[: SIDE // 2] = case.padding
    frame = DecodedFrame(
        stored, "MONOCHROME2", case.slope, case.intercept, case.unit, padding=(case.padding, case.padding),
        windows=(VoiWindow(case.value + 0.5, 2 * case.value + 1),), is_signed=case.kind is np.int16,
    )  # fmt: skip
    return [
        slice_image(frame, plane=axial_plane(float(k)), sop_instance_uid=f"1.2.{k}", frame_of_reference_uid="1.9")
        for k in range(count)
    ]


def volume(made: list[SliceImage]) -> Volume:
    slices = [PlacedSlice(one.pixels, one.plane, one.padding) for one in made]
    return build_volume(
        slices, frame_of_reference_uid="1.9", series_instance_uid="1.3", unit=made[0].unit, job=RecordingJob()
    ).volume


def stack(made: list[SliceImage]) -> StackScene:
    scene = StackScene(
        [StackSlot(one.sop_instance_uid, 0, one.plane) for one in made], annotations=Annotations("1.2"),
        new_uid=uids(), modality="MR", frame_of_reference_uid="1.9", series_instance_uid="1.3",
    )  # fmt: skip
    for n, one in enumerate(made):
        scene.put(n, one)
    return scene


def planes(case: Case, reslicer: Reslicer) -> tuple[StackScene, MprScene]:
    made = images(case)
    shown = stack(made)
    return shown, plane_scene(volume(made), MprPlane.AXIAL, shown, made, reslicer=reslicer, planes=PlaneSet())


def seen(scene: Scene, reslicer: Reslicer) -> dict[str, Any]:
    """Return what a reader sees and measures of the two halves: levels, probe, and a region over both."""
    picture = RasterSurface(reslicer).render(scene.frame(SIZE), 1.0)
    painted = gray_view(picture)
    image = scene.measurable()
    assert image is not None
    assert image.plane is not None
    z = image.plane.origin[2]
    drawn = annotate(
        AnnotationKind.RECTANGLE, image, [(8.0, 8.0, z), (23.0, 8.0, z), (23.0, 23.0, z), (8.0, 23.0, z)],
        uid="1", tracking_uid="2", author="w", created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip
    assert drawn.statistics is not None
    found = drawn.statistics
    return {
        "levels": (int(painted[80, 160]), int(painted[240, 160])),
        "probe": [scene.value_at(SIZE, 160, y) for y in (80, 240)],
        "region": (found.count, found.minimum, found.mean, found.maximum),
        "range": scene.full_range(),
    }


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("make", [VtkReslicer, lambda: reslice])
def test_stack_and_acquired_plane_show_and_measure_the_same(case: Case, make: Any) -> None:  # noqa: ANN401 - two kinds of callable
    """Rows 8 to 23 and as many columns: 256 pixels, of which the lower 128 are patient."""
    reslicer = make()
    of_stack, of_plane = (seen(scene, reslicer) for scene in planes(case, reslicer))
    assert of_plane == of_stack
    assert of_stack["levels"] == (0, 128)
    assert of_stack["probe"] == [None, (pytest.approx(case.value), case.unit)]
    assert of_stack["region"] == (128, *[pytest.approx(case.value)] * 3)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("projection", list(Projection))
@pytest.mark.parametrize("make", [VtkReslicer, lambda: reslice])
def test_a_slab_along_the_edge_of_padding_is_made_of_the_patient_alone(
    case: Case,
    projection: Projection,
    make: Any,  # noqa: ANN401 - two kinds of callable
) -> None:
    """A coronal slab of 5 mm about row 16 is made of two rows of padding and three of tissue: all of it is tissue."""
    made = images(case)
    planes = PlaneSet()
    scene = plane_scene(volume(made), MprPlane.CORONAL, stack(made), made, reslicer=make(), planes=planes)
    scene.set_slab(Slab(projection, 5.0))
    scene.show_point((16.0, 16.0, 2.0))
    found = scene.value_at(SIZE, 160, 160)
    assert found is not None
    assert found[0] == pytest.approx(case.value)
    scene.show_point((16.0, 6.0, 2.0))
    assert scene.value_at(SIZE, 160, 160) is None


@pytest.mark.parametrize("projection", list(Projection))
def test_a_turned_slab_is_made_of_the_patient_alone_as_well(projection: Projection) -> None:
    case = CASES[0]
    turned = ImagePlane(
        (16.0, 16.0, 2.0), (0.8, 0.6, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0)
    )  # looks across rows and columns
    sampling = Slab(projection, 10.0).sampling(1.0)
    for cut in (VtkReslicer(), reslice):
        found = cut(ResliceRequest(volume(images(case)), turned, (2, 1), sampling))
        assert found[0].tolist() == [500, 500]


def test_a_curved_plane_and_the_view_from_outside_know_padding() -> None:
    made = images(CASES[0])
    about = {"annotations": Annotations("1.2"), "new_uid": uids(), "modality": "MR"}
    band = CurvedScene(volume(made), CurvedPath(((4.0, 2.0, 2.0), (4.0, 29.0, 2.0))), **about)  # type: ignore[arg-type]
    assert band.measurable().value_range == (500.0, 500.0)
    assert band.full_range().centre == 500.5
    assert VolumeScene(volume(made), **about).full_range().centre == 500.5  # type: ignore[arg-type]


def test_slices_of_different_slopes_share_one_padding() -> None:
    """A PET or MR scales each slice by itself: 4095 is another value in each, and padding in all of them."""
    mixed = [images(replace(CASES[0], slope=slope))[n] for n, slope in enumerate((0.5, 0.75, 1.5))]
    built = volume(mixed)
    assert built.shows_patient(built.voxels).sum() == 3 * SIDE * SIDE // 2
    assert built.padding is not None
    assert built.padding[1] < 250.0  # 0.5 * 500


def test_a_ct_without_air_keeps_padding_as_thin_as_air() -> None:
    """All tissue is 50 HU; one below it would be drawn as soft tissue from outside."""
    built = volume(images(CASES[1]))
    assert built.padding == (-1025.0, -1024.5)
    assert sorted(set(built.voxels.ravel().tolist())) == [-1025, 50]


def test_the_stack_that_shows_the_voxels_of_the_volume_still_follows_a_presentation_state() -> None:
    """Stored 0 is padding: -1024 HU on the slice, -1025 in the volume; a state of slope 2 makes it 0, tissue 2148."""
    made = images(CASES[1])
    shared = on_voxels(made[0], volume(made), 0)
    assert shared is not None
    assert shared.padding == (-1025.0, -1024.5)
    shown = in_state_values(shared, FramePresentation(slope=2.0, intercept=0.0))
    assert (shown.pixels[0, 0], shown.pixels[-1, 0], shown.padding) == (0, 2148, (0.0, 0.0))


def test_a_nodule_that_is_measured_in_a_prior_lies_in_a_volume_that_knows_padding() -> None:
    made = images(CASES[1])
    slices = follow_up._near(cast("Any", SimpleNamespace(images=dict(enumerate(made)))), (16.0, 24.0, 2.0))
    assert {one.padding for one in slices} == {(-1024.0, -1024.0)}


def apart(layers: list[list[float]], is_padding: list[list[bool]], kind: type) -> tuple[Any, npt.NDArray[Any]]:
    voxels: npt.NDArray[Any] = np.array(layers, dtype=kind)[:, None, :]
    masks = np.array(is_padding)[:, None, :]
    return set_apart(voxels, lambda layer: masks[layer]), voxels.ravel()


def test_padding_takes_one_value_below_the_patient() -> None:
    found, voxels = apart([[7, 3], [9, 9]], [[False, False], [True, False]], np.int16)
    assert (found, voxels.tolist()) == ((2.0, 2.5), [7, 3, 2, 9])
    # of fractions a thousandth of the span: (1025 - 1) / 1024 below 1
    found, voxels = apart([[1, 1025], [5, 5]], [[False, False], [True, False]], np.float32)
    assert (found, voxels.tolist()) == ((0.0, 0.5), [1.0, 1025.0, 0.0, 5.0])


def test_padding_without_room_below_the_patient_is_left_as_it_is() -> None:
    assert apart([[-32768, 5]], [[False, True]], np.int16)[0] is None
    assert apart([[-np.inf, 5]], [[False, True]], np.float32)[0] is None
    assert apart([[4, 5]], [[False, False]], np.int16)[0] is None


def test_a_volume_of_padding_alone_shows_nothing() -> None:
    found, voxels = apart([[4, 5]], [[True, True]], np.int16)
    assert (found, voxels.tolist()) == ((0.0, 0.0), [0, 0])
