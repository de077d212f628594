"""Segmentations of other systems as outlines along the edges of their pixels."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite

from workstation.dicom.objects import segment_outlines
from workstation.dicom.objects.segment_outlines import edge_outlines, read_segment_outlines
from workstation.domain.errors import DecodeError
from workstation.domain.outline import area, inside


@pytest.fixture(scope="module")
def iowa(shared_data: Path) -> Path:
    return shared_data / "dicom-zoo/dcmqi/data/sr-example/seg.dcm"


def changed(path: Path, change: object) -> bytes:
    ds = dcmread(path)
    assert callable(change)
    change(ds)
    buffer = BytesIO()
    dcmwrite(buffer, ds)
    return buffer.getvalue()


def test_a_single_pixel_is_outlined_along_its_four_edges() -> None:
    mask = np.zeros((4, 5), dtype=np.bool_)
    mask[2, 3] = True

    (outline,) = edge_outlines(mask)

    assert sorted(map(tuple, outline.tolist())) == [(2.5, 1.5), (2.5, 2.5), (3.5, 1.5), (3.5, 2.5)]


def test_a_hole_has_an_outline_of_its_own() -> None:
    mask = np.ones((5, 5), dtype=np.bool_)
    mask[2, 2] = False

    assert sorted(area(one) for one in edge_outlines(mask)) == [1.0, 25.0]


def test_pixels_that_touch_at_a_corner_keep_their_area() -> None:
    outlines = edge_outlines(np.eye(3, dtype=np.bool_))

    assert sum(area(one) for one in outlines) == 3.0
    assert all(len(one) >= 4 for one in outlines)


def test_nothing_marked_gives_no_outline() -> None:
    assert edge_outlines(np.zeros((3, 3), dtype=np.bool_)) == []


def test_outlines_hold_exactly_the_pixels_that_were_stored() -> None:
    mask = np.random.default_rng(7).random((24, 31)) > 0.45
    rows, columns = np.mgrid[0:24, 0:31]
    centres = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)

    odd = np.zeros(len(centres), dtype=np.bool_)
    for outline in edge_outlines(mask):
        odd ^= inside(outline, centres)

    assert odd.reshape(mask.shape).tolist() == mask.tolist()


def test_a_real_segmentation_lies_where_its_pixels_lie(iowa: Path) -> None:
    found = read_segment_outlines(iowa.read_bytes())

    (lesion,) = found.structures
    assert (lesion.number, lesion.name) == (1, "Neoplasm, Primary")
    assert found.frame_of_reference_uid == "1.3.6.1.4.1.14519.5.2.1.2744.7002.251810428873134458890815509055"
    assert len({one[0, 2] for one in lesion.contours}) == 13
    # rows 57 to 59 and columns 59 to 62 of the first frame, at 3.537818 mm from (-226.4105, -430.7887)
    first = next(one for one in lesion.contours if abs(one[0, 2] + 119.271) < 1e-6)
    assert first.min(axis=0).tolist() == pytest.approx([-19.448147, -230.901983, -119.271], abs=1e-5)
    assert first.max(axis=0).tolist() == pytest.approx([-5.296875, -220.288529, -119.271], abs=1e-5)
    # 795 pixels are set in its 13 frames
    assert sum(area(one[:, :2]) for one in lesion.contours) == pytest.approx(795 * 3.537818**2, rel=1e-9)


def test_the_recommended_colour_is_taken(iowa: Path) -> None:
    def white(ds: Dataset) -> None:
        ds.SegmentSequence[0].RecommendedDisplayCIELabValue = [65535, 32896, 32896]

    def none(ds: Dataset) -> None:
        del ds.SegmentSequence[0].RecommendedDisplayCIELabValue

    assert read_segment_outlines(changed(iowa, white)).structures[0].colour == (255, 255, 255)
    assert read_segment_outlines(changed(iowa, none)).structures[0].colour is None


def test_every_segment_of_overlapping_ones_is_outlined(shared_data: Path) -> None:
    path = shared_data / "dicom-zoo/dcmqi/data/segmentations/partial_overlaps.dcm"

    found = read_segment_outlines(path.read_bytes())

    assert [one.name for one in found.structures] == ["GREEN", "ORANGE", "PURPLE", "LIGHT_BLUE", "DARK_BLUE"]
    # 9602 pixels of 0.810547 mm are set in the only frame of GREEN
    green = found.structures[0].contours
    assert sum(area(one[:, :2]) for one in green) == pytest.approx(9602 * 0.810547**2, rel=1e-9)


def test_the_background_of_a_label_map_is_no_structure(shared_data: Path) -> None:
    path = shared_data / "dicom-zoo/dcmqi/data/segmentations/sparse-labelmap-ppv5.dcm"

    assert [one.name for one in read_segment_outlines(path.read_bytes()).structures] == ["Liver"]


def test_a_fractional_segmentation_is_outlined_at_half_its_maximum(shared_data: Path) -> None:
    folder = shared_data / "dicom-zoo/highdicom/data/test_files"
    name = "seg_image_ct_true_fractional.dcm"
    raw = dcmread(folder / name)
    half = int((raw.pixel_array >= 128).sum()) if raw.MaximumFractionalValue == 255 else -1

    (one,) = read_segment_outlines((folder / name).read_bytes()).structures

    spacing = raw.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    signed = sum(shoelace(contour[:, :2]) for contour in one.contours)
    assert abs(signed) <= half * float(spacing[0]) * float(spacing[1]) + 1e-6
    assert half > 0


def shoelace(points: np.ndarray) -> float:
    x, y = points.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_what_has_no_place_in_the_patient_is_refused(shared_data: Path) -> None:
    slide = shared_data / "dicom-zoo/highdicom/data/test_files/seg_image_sm_numbers.dcm"

    with pytest.raises(DecodeError) as refused:
        read_segment_outlines(slide.read_bytes())
    assert refused.value.user_text == "The segmentation is damaged or has no place in the patient"


def test_an_image_is_no_segmentation(shared_data: Path) -> None:
    image = shared_data / "dicom-zoo/dcmqi/data/segmentations/ct-3slice/01.dcm"

    with pytest.raises(DecodeError, match="not a segmentation"):
        read_segment_outlines(image.read_bytes())


def test_a_size_that_nobody_can_draw_is_refused(iowa: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def huge(ds: Dataset) -> None:
        ds.NumberOfFrames = 2_000_000_000

    with pytest.raises(DecodeError, match="too large"):
        read_segment_outlines(changed(iowa, huge))

    monkeypatch.setattr(segment_outlines, "MAXIMUM_CORNERS", 20)
    with pytest.raises(DecodeError, match="too large"):
        read_segment_outlines(iowa.read_bytes())
