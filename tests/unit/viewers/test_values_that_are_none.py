"""A parametric map holds NaN outside the organ: no value there, neither on the screen nor in what is kept."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.jobs import RecordingJob
from tests.helpers.viewers import annotation, axial_plane, image, stack, uids
from viewers.scene import callipers
from viewers.scene.annotations import Annotations
from viewers.scene.image import SliceImage
from viewers.scene.measure import NotMeasurable, value_at
from viewers.scene.measure_annotations import late_statistics, region_values
from viewers.scene.measure_regions import distribution, in_sphere
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import GrayscaleTransform, VoiLut, Window, is_padding, to_gray
from viewers.scene.slab import Projection, Slab
from workstation.dicom.sr.annotation_groups import annotation_group
from workstation.domain.annotation import AnnotationKind, AnnotationList, Statistics
from workstation.domain.annotation_json import annotations_from_json, annotations_to_json, as_dict
from workstation.domain.geometry import Point
from workstation.domain.voi import sphere_voi, voi_statistics
from workstation.domain.volume import Volume
from workstation.services.image_service import PlacedSlice, build_volume

SQUARE: list[Point] = [(8.0, 8.0, 0.0), (11.0, 8.0, 0.0), (11.0, 11.0, 0.0), (8.0, 11.0, 0.0)]
"""Four by four pixel centres, two columns on either side of the organ's rim"""
ROUND: list[Point] = [(9.5, 9.5, 0.0), (12.5, 9.5, 0.0), (9.5, 12.5, 0.0)]


def adc_map(outside: float = np.nan) -> SliceImage:
    """Return a map of 2.0 in even and 4.0 in odd rows from column 10 on, and nothing left of it."""
    pixels = np.tile(np.where(np.arange(20) % 2, 4.0, 2.0).astype(np.float32)[:, None], (1, 20))
    pixels[:, :10] = outside
    return replace(image(pixels, axial_plane()), unit="")


@pytest.mark.parametrize("outside", [np.nan, np.inf, -np.inf])
def test_the_mean_of_a_region_over_the_rim_of_an_organ_is_that_of_the_organ(outside: float) -> None:
    drawn = annotation(AnnotationKind.RECTANGLE, adc_map(outside), SQUARE)
    # eight pixels: two columns of 2, 4, 2, 4
    assert drawn.statistics == Statistics(3.0, 1.0, 2.0, 4.0, 8, "")
    assert callipers.words(drawn)[0].startswith("Mean 3 SD 1")
    assert late_statistics(drawn, adc_map(outside)) == drawn.statistics
    found = distribution(region_values(drawn.kind, adc_map(outside), drawn.points_lps_mm), "")
    assert sum(found.histogram.counts) == 8


def test_what_was_measured_over_the_rim_is_kept_in_the_draft_and_in_the_report() -> None:
    drawn = annotation(AnnotationKind.RECTANGLE, adc_map(), SQUARE)
    kept = AnnotationList("1.2.3", (drawn,))
    assert annotations_from_json(annotations_to_json(kept)) == kept
    group = annotation_group(drawn, {drawn.referenced_sop_instance_uid: "1.2.840.10008.5.1.4.1.1.30"})
    assert "NaN" not in group.to_json()
    json.dumps(as_dict(drawn), allow_nan=False)


def test_where_there_is_no_value_none_is_told_and_nothing_is_measured() -> None:
    scene = stack([adc_map()])
    viewport = (400.0, 400.0)
    view = scene.view(viewport)
    assert view is not None
    scene.probe_at = view.transform.apply(4, 4)
    assert scene.value_at(viewport, *scene.probe_at) is None
    scene.frame(viewport)  # it is painted, under the pointer too
    scene.probe_at = view.transform.apply(14, 4)
    assert scene.value_at(viewport, *scene.probe_at) == (2.0, "")
    with pytest.raises(NotMeasurable, match="no pixel value"):
        annotation(AnnotationKind.PROBE, adc_map(), [(4.0, 4.0, 0.0)])
    with pytest.raises(NotMeasurable, match="No pixel"):
        annotation(AnnotationKind.RECTANGLE, adc_map(), [(x - 7, y, z) for x, y, z in SQUARE])


def test_a_sphere_over_the_rim_holds_the_values_of_the_organ_alone() -> None:
    voxels = np.full((9, 9, 9), 5.0, np.float32)
    voxels[:, :, :4] = np.nan
    volume = Volume(voxels, np.eye(4), "1.2", "1.3")
    values = in_sphere(volume, (4.0, 4.0, 4.0), (6.0, 4.0, 4.0))
    # of the 33 voxels within 2 voxels of a centre 13 lie on its plane and 10 on either side
    assert (values.size, values.min(), values.max()) == (23, 5.0, 5.0)
    found = voi_statistics(volume, sphere_voi(volume, (4.0, 4.0, 4.0), 2.0))
    assert (found.voxel_count, found.mean, found.maximum) == (23, 5.0, 5.0)


def test_statistics_of_no_numbers_are_refused_by_the_value_itself() -> None:
    with pytest.raises(ValueError, match="finite"):
        Statistics(float("nan"), 0.0, 0.0, 0.0, 1, "")


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("voi", [Window(centre=2.0, width=4.0), VoiLut(0, np.array([10, 20], np.uint16), 8)])
def test_no_number_is_painted_black_whatever_the_window_and_the_inversion(
    voi: Window | VoiLut,
    *,
    inverse: bool,
) -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 1.0]], np.float32)
    (shown,) = to_gray(values, GrayscaleTransform(voi, inverse=inverse))
    assert shown[:3].tolist() == [0, 0, 0]
    assert shown[3] > 0


def test_what_a_shutter_hides_is_neither_told_nor_counted_in_a_region() -> None:
    """Blades at 4000 from column 10 on, under the image's own shutter; tissue of 100 beside them."""
    pixels = np.full((20, 20), 100, np.uint16)
    pixels[:, 10:] = 4000
    visible = np.arange(20)[None, :].repeat(20, axis=0) < 10
    seen = replace(image(pixels, axial_plane()), visible=visible)
    for kind, points in ((AnnotationKind.RECTANGLE, SQUARE), (AnnotationKind.ELLIPSE, ROUND)):
        drawn = annotation(kind, seen, points)
        assert drawn.statistics is not None
        assert (drawn.statistics.mean, drawn.statistics.maximum) == (100.0, 100.0)
        bare = annotation(kind, replace(seen, visible=None), points)
        assert bare.statistics is not None
        assert bare.statistics.maximum == 4000.0
        assert drawn.measures == bare.measures, "the area is the one that was drawn"
    assert value_at(seen, 9, 5) == 100.0
    assert value_at(seen, 10, 5) is None
    with pytest.raises(NotMeasurable, match="No pixel"):
        annotation(AnnotationKind.RECTANGLE, seen, [(x + 5, y, z) for x, y, z in SQUARE])


def test_planes_and_slabs_of_a_map_show_and_tell_the_organ_alone() -> None:
    """Five slices of 5.0 in columns 6 and more, NaN left of them; one slice holds none at all."""
    pixels = np.full((12, 12), 5.0, np.float32)
    pixels[:, :6] = np.nan
    slices = [PlacedSlice(pixels, axial_plane(float(z))) for z in range(4)]
    slices.append(PlacedSlice(np.full_like(pixels, np.nan), axial_plane(4.0)))
    built = build_volume(slices, frame_of_reference_uid="1.2", series_instance_uid="1.3", unit="", job=RecordingJob())
    volume = built.volume
    assert np.isfinite(volume.voxels).all()
    assert volume.padding is not None
    assert volume.shows_patient(volume.voxels).sum() == 4 * 12 * 6

    scene = MprScene(volume, MprPlane.CORONAL, annotations=Annotations("1.2.3"), new_uid=uids())
    viewport = (400.0, 400.0)
    view = scene.view(viewport)
    assert view is not None
    told = {x: scene.value_at(viewport, *view.viewport_of((x, 6.0, 1.0))) for x in (2.0, 8.0)}
    assert told == {2.0: None, 8.0: (5.0, "")}
    scene.frame(viewport)
    scene.set_slab(Slab(Projection.MEAN, 3.0))
    shown = scene.measured()
    assert shown is not None
    values = shown.part(slice(0, shown.rows), slice(0, shown.columns))
    seen = values[~is_padding(values, shown.padding)]
    assert (seen.min(), seen.max()) == pytest.approx((5.0, 5.0), abs=1e-3)
