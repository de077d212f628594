"""Volumes lie in the patient where the headers say, or are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.helpers.ct import SIZE, axial, datasets, part10, slice_pixels, write
from tests.helpers.jobs import RecordingJob
from workstation.dicom.images.source import scan
from workstation.dicom.images.volumes import InstanceVolumes, LoadedVolume, load_volume, read_volume
from workstation.domain.errors import DecodeError, JobCancelled, MissingGeometry, NotAVolume
from workstation.domain.geometry import Point

pytestmark = pytest.mark.accuracy

HEIGHTS = [0.0, 2.0, 4.0, 6.0, 8.0]


@pytest.fixture(scope="module")
def lidc(lidc_0314: Path) -> LoadedVolume:
    return read_volume(sorted(lidc_0314.glob("*.dcm")))


def test_the_lidc_chest_ct_has_the_size_and_place_of_its_headers(lidc: LoadedVolume) -> None:
    """275 slices, 0.78125 mm pixels, 1.0 mm apart; the lowest header reads (-201, -59, -679.800049)."""
    volume = lidc.volume

    assert (volume.voxels.shape, str(volume.voxels.dtype), volume.unit) == ((275, 512, 512), "int16", "HU")
    assert volume.spacing_mm == pytest.approx((0.78125, 0.78125, 1.0), abs=1e-9)
    assert volume.ijk_to_lps[:3, 3].tolist() == [-201.0, -59.0, -679.800049]
    assert volume.lps_of((511, 511, 274)).tolist() == pytest.approx([198.21875, 340.21875, -405.800049], abs=1e-9)
    assert lidc.geometry.warnings == ()


def test_every_voxel_of_the_lidc_ct_equals_what_pydicom_decodes(lidc_0314: Path, lidc: LoadedVolume) -> None:
    """JPEG-LS through GDCM in threads against pyjpegls, every eighth slice; HU = stored - 1000."""
    paths = sorted(lidc_0314.glob("*.dcm"))
    volume = lidc.volume
    wrong = []
    for path in paths[::8]:
        dataset = pydicom.dcmread(path)
        z = round(float(volume.ijk_of([float(v) for v in dataset.ImagePositionPatient])[2]))
        if not np.array_equal(dataset.pixel_array.astype(int) - 1000, volume.voxels[z]):
            wrong.append(path.name)

    assert wrong == []


def test_the_nodule_of_lidc_0314_is_dense_where_the_readers_marked_it(lidc: LoadedVolume) -> None:
    """The readers' centre (-57, 131, -520.5) lies in soft tissue, two diameters away there is lung."""
    volume = lidc.volume
    x, y, z = np.rint(volume.ijk_of((-57.0, 131.0, -520.5))).astype(int)

    assert volume.voxels[z - 1 : z + 2, y - 2 : y + 3, x - 2 : x + 3].mean() > -100


def test_pet_slices_with_their_own_slopes_become_fractional_activity(shared_data: Path) -> None:
    """299 slices of 128 x 128; each slice is scaled by its own slope, so values are float Bq/ml."""
    study = scan(shared_data / "pet-qin-hn-0024")[0]
    series = next(one for one in study.series if one.modality == "PT")
    volume = load_volume(series)
    layer_150 = volume.lps_of((0, 0, 150))
    at_150 = next(one for one in series.instances if one.plane and np.allclose(one.plane.origin, layer_150, atol=0.01))
    middle = pydicom.dcmread(str(at_150.path))

    assert (volume.voxels.shape, str(volume.voxels.dtype), volume.unit) == ((299, 128, 128), "float32", "BQML")
    assert volume.voxels[150].max() == pytest.approx(middle.pixel_array.max() * float(middle.RescaleSlope), rel=1e-6)


def test_unequal_pixel_spacing_keeps_rows_and_columns_apart(tmp_path: Path) -> None:
    """Pixel Spacing 0.5\\0.8: rows are 0.5 mm apart, columns 0.8 mm; slices 2 mm."""
    volume = load_volume(write(tmp_path, axial(HEIGHTS)))

    assert volume.spacing_mm == pytest.approx((0.8, 0.5, 2.0))
    assert volume.lps_of((10, 4, 3)).tolist() == pytest.approx([-3 + 8, -4 + 2, 6])


def test_the_order_of_files_and_numbers_does_not_matter(tmp_path: Path) -> None:
    """Instance numbers fall while positions rise; positions win."""
    volume = load_volume(write(tmp_path, axial(HEIGHTS[::-1])))

    expected = np.stack([slice_pixels(n) for n in (4, 3, 2, 1, 0)])
    assert np.array_equal(expected, volume.voxels)
    assert volume.ijk_to_lps[:3, 3].tolist() == [-3.0, -4.0, 0.0]


def test_an_oblique_stack_is_a_volume_along_its_own_axes(tmp_path: Path) -> None:
    """Turned by 30 degrees round the row direction: the normal is (0, -0.5, 0.866)."""
    c, s = np.cos(np.pi / 6), 0.5
    positions: list[Point] = [(0.0, -s * 3 * n, c * 3 * n) for n in range(4)]
    volume = load_volume(write(tmp_path, positions, orientation=(1, 0, 0, 0, c, s)))

    assert volume.spacing_mm == pytest.approx((0.8, 0.5, 3.0), rel=1e-6)
    assert volume.lps_of((0, 2, 1)).tolist() == pytest.approx([0, -1.5 + 0.8660254, 2.5980762 + 0.5], abs=1e-6)


def test_a_tilted_stack_is_refused_and_still_listed(tmp_path: Path) -> None:
    paths = write(tmp_path, [(0.0, 1.0 * n, 2.0 * n) for n in range(5)])

    with pytest.raises(NotAVolume) as refused:
        load_volume(paths)
    assert "26.6" in refused.value.user_text
    series = scan(tmp_path)[0].series[0]
    assert (len(series.instances), [one.code for one in series.warnings]) == (5, ["tilt"])


def test_a_gap_is_refused_and_never_filled(tmp_path: Path) -> None:
    with pytest.raises(NotAVolume) as refused:
        load_volume(write(tmp_path, axial([0, 2, 4, 8, 10])))
    assert refused.value.detail == "gap"


def test_duplicates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAVolume) as refused:
        load_volume(write(tmp_path, axial([0, 2, 2, 4])))
    assert refused.value.detail == "duplicate"


@pytest.mark.parametrize(
    ("keyword", "code"),
    [("PixelSpacing", "spacing"), ("ImagePositionPatient", "position"), ("ImageOrientationPatient", "position")],
)
def test_missing_geometry_is_refused_in_words(tmp_path: Path, keyword: str, code: str) -> None:
    def without(_: int, dataset: FileDataset) -> None:
        del dataset[keyword]

    paths = write(tmp_path, axial(HEIGHTS), change=without)

    with pytest.raises(MissingGeometry) as refused:
        load_volume(paths)
    assert code == refused.value.detail
    assert [code] == [one.code for one in scan(tmp_path)[0].series[0].warnings]


def test_small_irregularities_give_a_volume_and_a_warning(tmp_path: Path) -> None:
    loaded = read_volume(write(tmp_path, axial([0, 2, 4.1, 6, 8])))

    assert [one.code for one in loaded.geometry.warnings] == ["unequal"]
    assert loaded.volume.spacing_mm[2] == pytest.approx(2.0)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_every_uncompressed_syntax_gives_the_same_volume(tmp_path: Path, syntax: str) -> None:
    def recoded(_: int, dataset: FileDataset) -> None:
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)

    volume = load_volume(write(tmp_path, axial(HEIGHTS), change=recoded))

    assert np.array_equal(np.stack([slice_pixels(n) for n in range(5)]), volume.voxels)


def stored(values: list[int], *, bits: int, signed: bool, intercept: str, slope: str = "1") -> list[FileDataset]:
    """Return two slices whose first pixels hold the given stored words."""

    def change(_: int, dataset: FileDataset) -> None:
        pixels = np.zeros(SIZE * SIZE, dtype="<i4")
        pixels[: len(values)] = values
        dataset.PixelData = pixels.astype("<u2").tobytes()
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits - 1, int(signed)
        dataset.RescaleIntercept, dataset.RescaleSlope = intercept, slope

    return datasets(axial([0, 1]), change=change)


@pytest.mark.parametrize(
    ("words", "bits", "signed", "intercept", "slope", "expected", "kind"),
    [
        ([0, 4095], 12, False, "-1024", "1", [-1024, 3071], "int16"),
        # bits above Bits Stored are old overlays, not values
        ([0x8000 | 5, 0xF000 | 7], 12, False, "-1024", "1", [-1019, -1017], "int16"),
        ([0x0FFF, 0x07FF], 12, True, "0", "1", [-1, 2047], "int16"),
        ([65535, 1], 16, True, "-24", "1", [-25, -23], "int16"),
        ([40000, 0], 16, False, "-32768", "1", [7232, -32768], "int16"),
        ([1000, 0], 16, False, "-1024", "1", [-24, -1024], "int16"),
        ([65535, 0], 16, False, "-1024", "1", [64511, -1024], "float32"),
        ([3, 4], 12, False, "1", "2", [7, 9], "int16"),
        ([3, 4], 12, False, "1", "0.5", [2.5, 3.0], "float32"),
    ],
)
def test_stored_values_become_modality_values_without_wrapping(
    words: list[int],
    bits: int,
    signed: bool,  # noqa: FBT001 - a row of the table
    intercept: str,
    slope: str,
    expected: list[float],
    kind: str,
) -> None:
    files = [part10(one) for one in stored(words, bits=bits, signed=signed, intercept=intercept, slope=slope)]

    volume = InstanceVolumes().from_instances(files, RecordingJob())

    assert (expected, kind) == (volume.voxels[1, 0, :2].tolist(), str(volume.voxels.dtype))


def test_a_multi_frame_ct_is_a_volume_of_its_frames(shared_data: Path) -> None:
    """The same three slices as single files and as one multi-frame object give the same volume."""
    folder = shared_data / "dicom-zoo/dcmqi/data/segmentations/24x38x3"
    single = load_volume(sorted((folder / "image").iterdir()))
    multi = load_volume([folder / "multiframe/mf.dcm"])

    assert np.array_equal(single.voxels, multi.voxels)
    assert np.allclose(single.ijk_to_lps, multi.ijk_to_lps, atol=1e-6)


def test_memory_and_disk_give_the_same_volume(shared_data: Path) -> None:
    paths = sorted((shared_data / "ct-chest-lidc-0001-part").glob("*.dcm"))
    from_disk = load_volume(paths, RecordingJob())
    from_memory = InstanceVolumes().from_instances([path.read_bytes() for path in reversed(paths)], RecordingJob())

    assert np.array_equal(from_disk.voxels, from_memory.voxels)
    assert np.array_equal(from_disk.ijk_to_lps, from_memory.ijk_to_lps)


def test_files_of_two_series_are_refused(tmp_path: Path) -> None:
    def second(n: int, dataset: FileDataset) -> None:
        dataset.SeriesInstanceUID = f"2.25.{n // 3}"

    with pytest.raises(NotAVolume):
        load_volume(write(tmp_path, axial(HEIGHTS), change=second))


def test_a_cut_off_slice_fails_the_load_instead_of_leaving_a_hole(tmp_path: Path) -> None:
    paths = write(tmp_path, axial(HEIGHTS))
    paths[2].write_bytes(paths[2].read_bytes()[:-40])

    with pytest.raises(DecodeError):
        load_volume(paths)


@pytest.mark.parametrize("positions", [[], [(0.0, 0.0, 0.0)]])
def test_less_than_two_slices_make_no_volume(tmp_path: Path, positions: list[Point]) -> None:
    with pytest.raises(NotAVolume):
        load_volume(write(tmp_path, positions))


def test_objects_without_images_make_no_volume(shared_data: Path) -> None:
    with pytest.raises(NotAVolume):
        load_volume([shared_data / "dicom-zoo/dcmqi/data/sr-example/sr.dcm"])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nema-wg04/RLE/US1_RLE", NotAVolume),
        ("highdicom/data/test_files/sm_image.dcm", MissingGeometry),
    ],
)
def test_colour_and_placeless_frames_make_no_volume(shared_data: Path, name: str, error: type[DecodeError]) -> None:
    with pytest.raises(error):
        load_volume([shared_data / "dicom-zoo" / name])


def test_a_cancelled_load_stops() -> None:
    job = RecordingJob()
    job.cancelled.set()

    with pytest.raises(JobCancelled):
        InstanceVolumes().from_instances([part10(one) for one in datasets(axial(HEIGHTS))], job)


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    job = RecordingJob()

    load_volume(write(tmp_path, axial(HEIGHTS)), job)

    assert job.told[-1][0] == 1.0
    assert job.told == sorted(job.told, key=lambda one: one[0])


@pytest.mark.parametrize(
    ("rescale_type", "is_rescaled", "unit"), [("HU", True, "HU"), ("", False, ""), ("US", True, "")]
)
def test_a_volume_has_the_unit_that_its_slices_have_on_screen(
    tmp_path: Path, rescale_type: str, *, is_rescaled: bool, unit: str
) -> None:
    """A CT that nobody rescaled has bare numbers, and "unspecified" (PS3.3 C.11.1.1.2) is no unit."""

    def change(_n: int, made: FileDataset) -> None:
        del made.RescaleType
        if rescale_type:
            made.RescaleType = rescale_type
        if not is_rescaled:
            del made.RescaleIntercept, made.RescaleSlope

    assert read_volume(write(tmp_path, axial(HEIGHTS), change=change)).volume.unit == unit
