"""Structure sets of other systems: drawn where they were outlined, in every plane."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.helpers.viewers import axial_plane
from viewers.scene.foreign_structures import StructureIndex
from workstation.dicom.objects import structure_set
from workstation.dicom.objects.structure_set import read_structure_set
from workstation.domain.errors import DecodeError, HostileInput
from workstation.domain.geometry import ImagePlane
from workstation.domain.structures import FloatArray, Structure, StructureSet, line_on, points_on, wall_cut
from workstation.services.foreign_objects_service import ForeignObject, ObjectKind, Provenance
from workstation.ui.foreign_words import left_out_lines

SQUARE = np.array([[0.0, 0, 5], [10, 0, 5], [10, 10, 5], [0, 10, 5]])
# a U: cut through both arms
U = np.array([[0.0, 0, 5], [2, 0, 5], [2, 8, 5], [6, 8, 5], [6, 0, 5], [8, 0, 5], [8, 10, 5], [0, 10, 5]])
CORONAL_AT_4 = ImagePlane((0.0, 4.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0))


@pytest.fixture(scope="module")
def zoo_file(shared_data: Path) -> Path:
    return shared_data / "dicom-zoo/dicompyler/tests/testdata/example_data/rtss.dcm"


def changed(path: Path, change: object) -> bytes:
    ds = dcmread(path)
    assert callable(change)
    change(ds)
    buffer = BytesIO()
    dcmwrite(buffer, ds)
    return buffer.getvalue()


def test_a_real_structure_set_keeps_its_names_colours_and_points(zoo_file: Path) -> None:
    found = read_structure_set(zoo_file.read_bytes())
    raw = dcmread(zoo_file)

    assert [one.name for one in found.structures] == [
        str(roi.ROIName)
        for roi in raw.StructureSetROISequence
        if any(c.ReferencedROINumber == roi.ROINumber and "ContourSequence" in c for c in raw.ROIContourSequence)
    ]
    first = next(c for c in raw.ROIContourSequence if c.ReferencedROINumber == found.structures[0].number)
    assert found.structures[0].contours[0].ravel().tolist() == [float(v) for v in first.ContourSequence[0].ContourData]
    assert found.structures[0].colour == tuple(int(v) for v in first.ROIDisplayColor)
    assert found.frame_of_reference_uid != ""
    assert found.origin == str(raw.SOPInstanceUID)


def test_the_series_and_images_that_a_real_structure_set_was_drawn_on_are_told(zoo_file: Path) -> None:
    raw = dcmread(zoo_file)
    (series,) = raw.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence
    images = [one.ReferencedSOPInstanceUID for one in series.ContourImageSequence]

    assert len(images) > 1
    assert read_structure_set(zoo_file.read_bytes()).sources == {series.SeriesInstanceUID, *images}


def test_a_contour_is_drawn_on_the_nearest_slice_only() -> None:
    index = StructureIndex(Structure(1, "GTV", (SQUARE,)))

    drawn = [z for z in range(12) if index.on(axial_plane(z), 0.5)]
    halfway = [z for z in (4.5, 5.5) if index.on(axial_plane(z), 0.5)]

    assert drawn == [5]
    assert len(halfway) == 1


def test_the_wall_on_a_contour_is_cut_where_the_plane_goes_up_it() -> None:
    up = np.array([0.0, 0.0, 1.0])

    def cut(contour: FloatArray, plane: ImagePlane) -> list[list[list[float]]]:
        return sorted(sorted(line.tolist()) for line in wall_cut([contour], up, 1.5, plane))

    assert cut(SQUARE, CORONAL_AT_4) == [[[0, 4, 3.5], [0, 4, 6.5]], [[10, 4, 3.5], [10, 4, 6.5]]]
    assert [line[0][0] for line in cut(U, CORONAL_AT_4)] == [0, 2, 6, 8]
    assert cut(SQUARE, axial_plane(8.0)) == []


def test_a_plane_that_stands_aslant_goes_up_the_walls_it_crosses_and_on_along_the_others() -> None:
    # 45 degrees: z = y, through walls from z 3.5 to z 6.5, so between y 3.5 and y 6.5 on both sides
    aslant = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.5**0.5, 0.5**0.5), (1.0, 1.0))
    up = np.array([0.0, 0.0, 1.0])

    lines = [np.round(line, 9).tolist() for line in wall_cut([SQUARE], up, 1.5, aslant)]
    # moved until it also meets the wall at y 10, whose every point it then holds at z 6
    lower = ImagePlane((0.0, 4.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.5**0.5, 0.5**0.5), (1.0, 1.0))
    (bent,) = (np.round(line, 9).tolist() for line in wall_cut([SQUARE], up, 1.5, lower))
    both = [len(line) for line in wall_cut([SQUARE, SQUARE + np.array([0.0, 100.0, 0.0]), SQUARE], up, 1.5, lower)]

    assert lines == [[[10, 3.5, 3.5], [10, 6.5, 6.5]], [[0, 6.5, 6.5], [0, 3.5, 3.5]]]
    assert bent == [[10, 7.5, 3.5], [10, 10, 6], [0, 10, 6], [0, 7.5, 3.5]]
    assert both == [4, 4]
    assert [len(line) for line in wall_cut([SQUARE], up, 1.5, axial_plane(6.0))] == [5]


def test_a_contour_without_points_in_space_does_not_exist() -> None:
    for wrong in (SQUARE[:2], SQUARE[:, :2], SQUARE * np.nan):
        with pytest.raises(ValueError, match="contour"):
            Structure(1, "x", (wrong,))


def test_lines_and_points_without_a_place_in_space_do_not_exist() -> None:
    for wrong in (SQUARE[:1], SQUARE[:, :2], SQUARE * np.nan):
        with pytest.raises(ValueError, match="open line"):
            Structure(1, "x", (), open_lines=(wrong,))
    with pytest.raises(ValueError, match="points"):
        Structure(1, "x", (), points=SQUARE * np.nan)


def test_what_cannot_be_drawn_is_left_out_and_the_rest_is_shown(zoo_file: Path) -> None:
    whole = read_structure_set(zoo_file.read_bytes())

    def spoil(ds: Dataset) -> None:
        for roi in ds.ROIContourSequence:
            if "ContourSequence" in roi:
                roi.ContourSequence[0].ContourGeometricType = "POLYGON"
                roi.ROIDisplayColor = [300, -5, 7]
                break

    found = read_structure_set(changed(zoo_file, spoil))

    assert len(found.structures[0].contours) == len(whole.structures[0].contours) - 1
    assert found.unusable == 1
    assert found.structures[0].colour == (255, 0, 7)
    assert len(found.structures) == len(whole.structures)


def outlined(*rois: tuple[str, list[tuple[str, object]]]) -> bytes:
    """Return a structure set; each structure is its frame and its contours (geometric type, points)."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = structure_set.RT_STRUCTURE_SET, "1.2.9"
    ds.StructureSetROISequence, ds.ROIContourSequence = [], []
    for number, (frame, contours) in enumerate(rois, start=1):
        name, drawn = Dataset(), Dataset()
        name.ROINumber = drawn.ReferencedROINumber = number
        name.ROIName, name.ReferencedFrameOfReferenceUID = f"S{number}", frame
        drawn.ContourSequence = []
        for kind, points in contours:
            item = Dataset()
            item.ContourGeometricType, item.ContourData = kind, points
            drawn.ContourSequence.append(item)
        ds.StructureSetROISequence.append(name)
        ds.ROIContourSequence.append(drawn)
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


RING = ("CLOSED_PLANAR", SQUARE.ravel().tolist())


def told_of(outlines: StructureSet) -> tuple[str, ...]:
    source = Provenance("1.2.9", "", "", "", "", "")
    return left_out_lines(ForeignObject("1.2.3", ObjectKind.STRUCTURES, source, outlines=outlines))


def test_points_and_open_contours_are_kept_as_what_they_are_and_only_unusable_ones_are_counted() -> None:
    found = read_structure_set(
        outlined(
            ("1.5", [RING, ("POINT", [1, 2, 3]), ("POINT", [4, 5, 6]), ("OPEN_PLANAR", [0, 0, 0, 1, 1, 0])]),
            ("1.5", [("OPEN_NONPLANAR", [0, 0, 0, 1, 1, 9]), ("CLOSED_PLANAR", [1, 2, 3]), ("ELSE", [1, 2, 3])]),
            ("1.5", [("OPEN_PLANAR", [1, 2, 3])]),
        )
    )
    first, second = found.structures

    assert (first.name, second.name) == ("S1", "S2")
    assert len(first.contours) == 1
    assert first.points.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert [line.tolist() for line in first.open_lines] == [[[0, 0, 0], [1, 1, 0]]]
    assert second.contours == ()
    assert [line.tolist() for line in second.open_lines] == [[[0, 0, 0], [1, 1, 9]]]
    assert second.points.shape == (0, 3)
    assert told_of(found) == ("Not drawn: 3 unusable contours",)


def test_a_structure_in_another_frame_of_reference_keeps_its_own_and_the_reader_is_told() -> None:
    found = read_structure_set(outlined(("1.9", [RING]), ("1.5", [RING]), ("", [RING]), ("1.5", [RING])))

    assert [(one.name, found.frame_of(one)) for one in found.structures] == [
        ("S1", "1.9"), ("S2", "1.5"), ("S3", "1.5"), ("S4", "1.5"),
    ]  # fmt: skip
    assert told_of(found) == ("1 structure in another frame of reference: drawn on the images of that frame only",)


def test_points_are_shown_within_half_a_slice_on_one_slice_only() -> None:
    points = np.array([[1.0, 2, 5], [3, 4, 5.5], [5, 6, 6.4]])

    shown = {z: points_on(points, axial_plane(z), 0.5)[:, 2].tolist() for z in (4, 5, 6, 7)}

    assert shown == {4: [], 5: [5.0, 5.5], 6: [6.4], 7: []}


def test_an_open_line_is_drawn_along_its_slice_and_as_places_where_it_goes_through_others() -> None:
    line = np.array([[0.0, 0, 5], [10, 0, 5], [10, 0, 9], [10, 4, 9.2]])

    seen = {z: line_on(line, axial_plane(z), 0.5) for z in (4, 5, 7, 9)}

    assert {z: [part.tolist() for part in parts] for z, (parts, _places) in seen.items()} == {
        4: [],
        5: [[[0, 0, 5], [10, 0, 5]]],
        7: [],
        9: [[[10, 0, 9], [10, 4, 9.2]]],
    }
    assert {z: places.tolist() for z, (_parts, places) in seen.items()} == {4: [], 5: [], 7: [[10, 0, 7]], 9: []}


def test_an_open_line_that_only_touches_a_slice_is_a_place_there() -> None:
    line = np.array([[0.0, 0, 5.4], [10, 0, 9]])

    parts, places = line_on(line, axial_plane(5), 0.5)

    assert parts == []
    assert places.tolist() == [[0, 0, 5.4]]


def test_a_structure_set_that_is_drawn_whole_says_nothing_of_what_was_left_out() -> None:
    assert told_of(read_structure_set(outlined(("1.5", [RING])))) == ()


def test_a_flood_of_points_is_refused_with_words(zoo_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure_set, "MAXIMUM_POINTS", 10)

    with pytest.raises(DecodeError, match="too large"):
        read_structure_set(zoo_file.read_bytes())


def test_what_is_no_structure_set_is_refused_with_words(lidc_0314: Path) -> None:
    with pytest.raises(DecodeError, match="structure set"):
        read_structure_set(min(lidc_0314.glob("*.dcm")).read_bytes())
    with pytest.raises(HostileInput):
        read_structure_set(b"nothing")
