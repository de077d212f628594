"""What lies over an image, its palettes, and what the size of its pixels is worth."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRBigEndian

from tests.helpers.ct import SIZE, axial, datasets, part10
from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from viewers.scene.picture import picture
from viewers.scene.picture_doubts import image_doubts
from viewers.scene.raster import Window
from worklist.hub.rendered import PNG, Rendering, rendered
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.decode import decode_frame
from workstation.dicom.images.frame_attributes import padding_of, unit_of, windows_of
from workstation.dicom.images.frame_reader import FrameReader
from workstation.dicom.images.overlays import overlay_planes
from workstation.dicom.images.palette import palette
from workstation.dicom.images.shutter import shutter_of
from workstation.dicom.pixel_size import aspect_of, pixel_size_of
from workstation.domain.errors import DecodeError, HostileInput
from workstation.domain.pixel_size import PixelSize, SpacingBasis


def overlaid(bits: np.ndarray[tuple[int, int], np.dtype[np.bool_]], **elements: object) -> FileDataset:
    """Return a slice with one overlay plane at its upper left corner."""
    dataset = datasets(axial([0]))[0]
    for element, vr, value in (
        (0x0010, "US", bits.shape[0]),
        (0x0011, "US", bits.shape[1]),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1),
        (0x0102, "US", 0),
        (0x3000, "OW", np.packbits(bits.ravel(), bitorder="little").tobytes().ljust(bits.size // 8 + 2, b"\0")),
    ):
        dataset.add_new((0x6000, element), vr, value)
    for name, given in elements.items():
        kind, tag = name.split("_")
        dataset.add_new((0x6000, int(tag, 16)), kind.upper(), given)
    return dataset


class Numbers(Dataset):
    """Gives what no value representation lets through."""

    def __init__(self, values: dict[str, object]) -> None:
        super().__init__()
        self._values = values

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401 - as in pydicom
        return self._values.get(key, default)


FAR = 10**30
STROKE = np.zeros((5, 7), dtype=np.bool_)
STROKE[0, 1], STROKE[4, 6] = True, True


def places(dataset: Dataset, frame: int = 0) -> list[list[int]]:
    return [np.argwhere(plane.over(SIZE, SIZE)).ravel().tolist() for plane in overlay_planes(dataset, frame)]


def test_overlay_bits_begin_with_the_least_significant_and_rows_are_not_padded() -> None:
    assert places(overlaid(STROKE)) == [[0, 1, 4, 6]]


def test_an_overlay_lies_where_its_origin_says_and_is_cut_at_the_image() -> None:
    assert places(overlaid(STROKE, ss_0050=[3, 5])) == [[2, 5, 6, 10]]
    assert places(overlaid(STROKE, ss_0050=[-1, 1])) == [[2, 6]]
    assert places(overlaid(STROKE, ss_0050=[99, 99])) == [[]]


def test_a_multi_frame_overlay_belongs_to_the_frames_it_names() -> None:
    two = np.concatenate([STROKE, ~STROKE])
    dataset = overlaid(two, us_0010=5, is_0015=2, us_0051=3)
    assert [len(overlay_planes(dataset, frame)) for frame in (1, 2, 3, 4)] == [0, 1, 1, 0]
    assert [int(overlay_planes(dataset, frame)[0].bits.sum()) for frame in (2, 3)] == [2, 33]


def test_a_big_endian_overlay_is_swapped_word_by_word() -> None:
    dataset = overlaid(STROKE)
    data = dataset[0x6000, 0x3000].value
    dataset[0x6000, 0x3000].value = b"".join(data[n : n + 2][::-1] for n in range(0, len(data), 2))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    assert places(dataset) == [[0, 1, 4, 6]]


def test_an_overlay_in_unused_bits_of_the_pixels_is_found() -> None:
    dataset = overlaid(np.zeros((SIZE, SIZE), dtype=np.bool_), us_0100=16, us_0102=12)
    del dataset[0x6000, 0x3000]
    stored = np.full((SIZE, SIZE), 7, dtype=np.uint16)
    stored[2, 3] |= 1 << 12
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    dataset.PixelData = stored.tobytes()
    frame = decode_frame(dataset)
    assert [np.argwhere(one.bits).tolist() for one in frame.overlays] == [[[2, 3]]]
    assert int(frame.pixels[2, 3]) == 7


@pytest.mark.parametrize("broken", [{"us_0010": 0}, {"ow_3000": b"\0\0"}, {"ss_0050": [1]}])
def test_a_broken_overlay_costs_itself_only(broken: dict[str, object]) -> None:
    dataset = overlaid(STROKE, **broken)
    assert overlay_planes(dataset, 0) == ()
    assert decode_frame(dataset).pixels.shape == (SIZE, SIZE)


def test_overlays_are_white_over_everything_and_shutters_over_them() -> None:
    dataset = overlaid(STROKE)
    dataset.ShutterShape = "RECTANGULAR"
    dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = 1, 4
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = 1, SIZE
    levels = picture(slice_image(decode_frame(dataset)), Window(5000, 10))
    assert (int(levels[0, 1]), int(levels[4, 6]), int(levels[0, 0]), int(levels.max())) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("shape", "half_height"),
    [
        ({}, 8),
        ({"PixelSpacing": [2, 1]}, 4),
        ({"PixelAspectRatio": [1, 2]}, 16),
        ({"ImagerPixelSpacing": ["0.3", "0.4"]}, 10),
    ],
)
def test_a_circular_shutter_is_round_in_the_patient_whatever_the_shape_of_the_pixels(
    shape: dict[str, object], half_height: int
) -> None:
    """C.7.6.11 counts the radius in pixels along a row: 8 columns to each side, and as far up and down."""
    dataset = Dataset()
    dataset.ShutterShape, dataset.CenterOfCircularShutter, dataset.RadiusOfCircularShutter = "CIRCULAR", [30, 20], 8
    for keyword, value in shape.items():
        setattr(dataset, keyword, value)
    shutter = shutter_of(dataset, 60, 40)
    assert shutter is not None
    assert np.flatnonzero(shutter.visible[29]).tolist() == list(range(11, 28))
    assert np.flatnonzero(shutter.visible[:, 19]).tolist() == list(range(29 - half_height, 30 + half_height))


def of_a_frame(*, has_measures: bool) -> FileDataset:
    """
    Return an image of 40 x 40 with a round shutter of 8 columns in a functional group.

    Its pixels are twice as high as wide: so say its frames or the whole object.
    """
    dataset = datasets(axial([0]))[0]
    dataset.Rows = dataset.Columns = 40
    dataset.PixelData = np.full((40, 40), 1500, np.int16).tobytes()
    shutter, measures, shared = Dataset(), Dataset(), Dataset()
    shutter.ShutterShape, shutter.CenterOfCircularShutter, shutter.RadiusOfCircularShutter = "CIRCULAR", [20, 20], 8
    shared.FrameDisplayShutterSequence = [shutter]
    (measures if has_measures else dataset).PixelSpacing = [2, 1]
    if has_measures:
        shared.PixelMeasuresSequence = [measures]
        dataset.PixelSpacing = [1, 1]
    dataset.SharedFunctionalGroupsSequence = [shared]
    return dataset


@pytest.mark.parametrize("has_measures", [True, False])
def test_a_circular_shutter_of_a_frame_is_round_in_the_patient_on_screen_and_from_the_hub(
    has_measures: bool,  # noqa: FBT001 - a table
) -> None:
    """C.7.6.11: 8 columns to each side, and as far up and down: 4 rows."""
    dataset = of_a_frame(has_measures=has_measures)
    shutter = decode_frame(dataset).shutter
    assert shutter is not None
    picture_of_hub = rendered(dataset, 1, Rendering((400, 400, "LINEAR")), PNG)

    for visible in (shutter.visible, np.asarray(Image.open(io.BytesIO(picture_of_hub))) > 0):
        assert np.flatnonzero(visible[19]).tolist() == list(range(11, 28))
        assert np.flatnonzero(visible[:, 19]).tolist() == list(range(15, 24))


def test_a_polygonal_shutter_shows_what_lies_inside_its_edges_and_on_them() -> None:
    """A triangle with a notch: corners (row, column) 1,1 1,7 4,4 7,7 7,1, the notch ends in row 4."""
    dataset = Dataset()
    dataset.ShutterShape, dataset.VerticesOfThePolygonalShutter = "POLYGONAL", [1, 1, 1, 7, 4, 4, 7, 7, 7, 1]
    shutter = shutter_of(dataset, 8, 8)
    assert shutter is not None
    drawn = ["".join("#" if one else "." for one in line) for line in shutter.visible]
    assert drawn == [
        "#######.",
        "######..",
        "#####...",
        "####....",
        "#####...",
        "######..",
        "#######.",
        "........",
    ]


@pytest.mark.parametrize(
    "numbers",
    [{"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [5, 5], "RadiusOfCircularShutter": 10**400},
     {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [-FAR, -FAR, -FAR, FAR, FAR, 0]}],
)  # fmt: skip
def test_a_shutter_of_numbers_beyond_every_image_breaks_nothing(numbers: dict[str, object]) -> None:
    shutter = shutter_of(Numbers(numbers), 9, 9)
    assert shutter is not None
    assert shutter.visible.all()


def test_a_bitmap_shutter_hides_its_bits() -> None:
    dataset = overlaid(STROKE)
    dataset.ShutterShape, dataset.ShutterOverlayGroup, dataset.ShutterPresentationValue = "BITMAP", 0x6000, 65535
    image = slice_image(decode_frame(dataset))
    assert image.visible is not None
    assert (np.argwhere(~image.visible).tolist(), image.shutter_gray) == ([[0, 1], [4, 6]], 255)


def coloured(**tables: object) -> Dataset:
    dataset = Dataset()
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [8, 0, 16])
    for name, value in tables.items():
        dataset.add_new(name, "OW", value)
    return dataset


def words(*values: int) -> bytes:
    return np.array(values, dtype="<u2").tobytes()


def test_a_segmented_palette_is_written_out() -> None:
    # two values, a ramp of four to 100, then the first segment again (it begins at byte 0)
    segments = words(0, 2, 10, 20, 1, 4, 100, 2, 1, 0, 0)
    name = "Segmented{}PaletteColorLookupTableData"
    tables = palette(coloured(**{name.format(colour): segments for colour in ("Red", "Green", "Blue")}))
    assert tables is not None
    assert [int(value) for value in tables[0].values] == [10, 20, 40, 60, 80, 100, 10, 20]


@pytest.mark.parametrize(
    "segments", [words(0, 9, 1), words(1, 3, 9), words(7, 1), words(0, 1, 5, 2, 1, 500, 0), words(0, 1, 5, 2, 1)]
)
def test_a_broken_segment_is_no_palette(segments: bytes) -> None:
    name = "Segmented{}PaletteColorLookupTableData"
    assert palette(coloured(**{name.format(colour): segments for colour in ("Red", "Green", "Blue")})) is None


def test_sixteen_bit_palettes_that_hold_bytes_are_not_black() -> None:
    dataset = datasets(axial([0]))[0]
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "PALETTE COLOR", 0
    dataset.PixelData = (np.arange(SIZE * SIZE) % 8).astype("<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [8, 0, 16])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", words(0, 30, 60, 90, 120, 150, 180, 255))
    assert decode_frame(dataset).pixels[0, :8, 0].tolist() == [0, 30, 60, 90, 120, 150, 180, 255]


def test_grey_values_stay_grey_below_a_supplemental_palette() -> None:
    dataset = datasets(axial([0]))[0]
    dataset.PixelPresentation, dataset.PixelRepresentation = "MIXED", 0
    dataset.WindowCenter, dataset.WindowWidth = "50.5", "101"
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.PixelData = (np.arange(SIZE * SIZE) % 104).astype("<u2").tobytes()
    for colour, bright in (("Red", 255), ("Green", 0), ("Blue", 0)):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [4, 100, 8])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", bytes([bright] * 4))
    frame = decode_frame(dataset)
    flat = frame.pixels.reshape(-1, 3)
    assert frame.is_colour
    assert [flat[n].tolist() for n in (0, 50, 99, 100, 103)] == [
        [0] * 3,
        [128] * 3,
        [252] * 3,
        [255, 0, 0],
        [255, 0, 0],
    ]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"Modality": "CT", "PixelSpacing": [0.5, 0.8]}, PixelSize((0.8, 0.5))),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.1, 0.1]}, PixelSize((0.1, 0.1), SpacingBasis.DETECTOR)),
        (
            {"Modality": "DX", "ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": 1.5},
            PixelSize((0.1, 0.1), SpacingBasis.ESTIMATED, 1.5),
        ),
        (
            {"Modality": "MG", "ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.1, 0.1]},
            PixelSize((0.1, 0.1), SpacingBasis.DETECTOR),
        ),
        (
            {"Modality": "DX", "ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.09, 0.09]},
            PixelSize((0.09, 0.09), SpacingBasis.CALIBRATED),
        ),
        (
            {"Modality": "CR", "PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"},
            PixelSize((0.1, 0.1), SpacingBasis.CALIBRATED),
        ),
        ({"Modality": "CR", "PixelSpacing": [0.1, 0.1]}, PixelSize((0.1, 0.1), SpacingBasis.UNKNOWN)),
        ({"Modality": "CR"}, None),
        ({"Modality": "CR", "PixelSpacing": [0, 0.1]}, None),
        ({"Modality": "OT", "NominalScannedPixelSpacing": [0.2, 0.2]}, PixelSize((0.2, 0.2), SpacingBasis.UNKNOWN)),
    ],
)
def test_a_radiographs_pixel_size_says_where_it_holds(
    attributes: dict[str, object], expected: PixelSize | None
) -> None:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    found = pixel_size_of(dataset)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert found.spacing_mm == pytest.approx(expected.spacing_mm)
        assert (found.basis, found.magnification) == (expected.basis, expected.magnification)


def test_an_ultrasound_region_gives_its_scale_in_millimetres() -> None:
    def region(box: tuple[int, int, int, int], units: int) -> Dataset:
        item = Dataset()
        item.PhysicalDeltaX, item.PhysicalDeltaY = 0.02, -0.03
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
        item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
        return item

    dataset = Dataset()
    dataset.Modality = "US"
    dataset.SequenceOfUltrasoundRegions = [
        region((0, 0, 9, 9), 3),
        region((0, 0, 99, 79), 3),
        region((0, 0, 500, 500), 4),
    ]
    found = pixel_size_of(dataset)
    assert found is not None
    assert found.spacing_mm == pytest.approx((0.2, 0.3))
    assert (found.basis, found.region) == (SpacingBasis.ULTRASOUND, (0, 0, 99, 79))
    assert not found.is_doubtful


def test_the_shape_of_a_pixel_comes_from_its_spacing_else_from_its_aspect() -> None:
    dataset = Dataset()
    dataset.PixelAspectRatio = [4, 3]
    assert aspect_of(dataset) == pytest.approx(4 / 3)
    dataset.ImagerPixelSpacing = [0.2, 0.1]
    assert aspect_of(dataset) == pytest.approx(2.0)
    assert aspect_of(Dataset()) == 1.0


def test_an_ultrasound_picture_is_drawn_in_the_shape_of_its_calibrated_region_and_says_so() -> None:
    dataset = Dataset()
    dataset.Modality = "US"
    item = Dataset()
    item.PhysicalDeltaX, item.PhysicalDeltaY = 0.02, 0.03
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.RegionLocationMinX0 = item.RegionLocationMinY0 = 0
    item.RegionLocationMaxX1 = item.RegionLocationMaxY1 = 99
    dataset.SequenceOfUltrasoundRegions = [item]
    assert aspect_of(dataset) == pytest.approx(1.5)
    image = SliceImage(np.zeros((9, 9), np.int16), None, "1.9", aspect=aspect_of(dataset))
    assert "Non-square pixels" in image_doubts(image, Window(5, 10))
    item.PhysicalDeltaY = 0.02001
    assert aspect_of(dataset) == 1.0


@pytest.mark.parametrize("modality", ["CR", "DX", "MG", "XA", "RF"])
def test_a_film_with_a_position_in_space_is_measured_at_the_detector_and_asks_for_its_side_marker(
    modality: str,
) -> None:
    dataset = datasets(axial([0]))[0]
    dataset.Modality, dataset.SOPClassUID = modality, "1.2.840.10008.5.1.4.1.1.1.1"
    dataset.ImagerPixelSpacing = dataset.PixelSpacing
    image = decode_for_display(part10(dataset))
    assert image.plane is None
    assert image.pixel_size is not None
    assert image.pixel_size.basis is SpacingBasis.DETECTOR
    assert "Distances at the detector" in image_doubts(image, Window(0, 4000))
    asked = any("use the marker in the image" in one for one in image_doubts(image, Window(0, 4000)))
    assert asked == (modality != "XA")


@pytest.mark.parametrize("sop_class", ["2", "13.1.1", "13.1.3"])
def test_slices_computed_from_projections_keep_their_place_in_the_patient(sop_class: str) -> None:
    dataset = datasets(axial([0]))[0]
    dataset.Modality, dataset.SOPClassUID = "MG", f"1.2.840.10008.5.1.4.1.1.{sop_class}"
    image = decode_for_display(part10(dataset))
    assert image.plane is not None
    assert image.pixel_size is not None
    assert not image.pixel_size.is_doubtful


def test_padding_written_in_the_wrong_sign_is_still_padding() -> None:
    dataset = Dataset()
    dataset.PixelRepresentation = 1
    dataset.add_new("PixelPaddingValue", "US", 63536)
    assert padding_of(dataset) == (-2000, -2000)
    dataset.PixelRepresentation = 0
    dataset.add_new("PixelPaddingValue", "SS", -2000)
    dataset.add_new("PixelPaddingRangeLimit", "US", 65535)
    assert padding_of(dataset) == (63536, 65535)


def test_an_unspecified_unit_is_none_and_an_unknown_function_needs_a_width() -> None:
    transform = Dataset()
    transform.RescaleType = "US"
    assert unit_of(Dataset(), transform) == ""
    item = Dataset()
    item.WindowCenter, item.WindowWidth, item.VOILUTFunction = [1, 2], [0.5, 8], "CURVED"
    assert [(one.center, one.function) for one in windows_of(item)] == [(2.0, "CURVED")]


def test_every_window_of_an_image_is_offered_with_the_makers_words() -> None:
    dataset = datasets(axial([0]))[0]
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
    dataset.WindowCenterWidthExplanation = ["SOFT", "LUNG"]
    image = slice_image(decode_frame(dataset))
    assert [(one.explanation, one.voi) for one in image.choices] == [
        ("SOFT", Window(40, 400)),
        ("LUNG", Window(-600, 1500)),
    ]
    assert image.default_voi == Window(40, 400)


@pytest.mark.parametrize(("photometric", "samples"), [("CMYK", 4), ("ARGB", 4), ("HSV", 3), ("MONOCHROME2", 2)])
def test_colours_that_dicom_gave_up_are_refused_with_their_name(photometric: str, samples: int) -> None:
    dataset = datasets(axial([0]))[0]
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel = photometric, samples
    with pytest.raises(DecodeError) as refused:
        decode_frame(dataset)
    assert photometric in refused.value.user_text
    assert refused.value.hint


def test_video_levels_become_full_colours() -> None:
    dataset = datasets(axial([0]))[0]
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration = "YBR_PARTIAL_420", 3, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PixelData = bytes([16, 128, 128] * (SIZE * SIZE // 2) + [235, 128, 128] * (SIZE * SIZE // 2))
    found = decode_frame(dataset).pixels
    assert (found[0, 0].tolist(), found[-1, -1].tolist()) == ([0, 0, 0], [255, 255, 255])


NEUTRAL, RED = {"YBR": [64, 128, 128], "RGB": [64, 64, 64]}, [81, 90, 240]


def whole_422(border: list[int], frames: int = 1) -> FileDataset:
    """Return a picture of full samples that calls itself subsampled: half of it neutral, the other half one colour."""
    dataset = datasets(axial([0]))[0]
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration = "YBR_FULL_422", 3, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.PixelData = bytes(border * (SIZE * SIZE // 2) + RED * (SIZE * SIZE // 2)) * frames
    return dataset


def test_colours_of_full_length_that_call_themselves_subsampled_are_told_by_their_neutral_pixels() -> None:
    """C.7.6.3.1.2: R = 81 + 1.402 * 112, G = 81 + 0.344136 * 38 - 0.714136 * 112, B = 81 - 1.772 * 38."""
    for model, colour in (("YBR", [238, 14, 14]), ("RGB", RED)):
        pixels = decode_for_display(part10(whole_422(NEUTRAL[model]))).pixels
        assert (pixels[0, 0].tolist(), pixels[-1, -1].tolist()) == ([64, 64, 64], colour)
        film = FrameReader(part10(whole_422(NEUTRAL[model], frames=3)))
        assert decode_for_display(film.part10(3)).pixels[-1, -1].tolist() == colour


def test_colours_of_full_length_that_nothing_tells_are_refused_with_the_cause_and_not_as_damaged() -> None:
    with pytest.raises(DecodeError) as refused:
        decode_frame(whole_422([10, 90, 200]))
    expected = "The image says that its colours are stored as YBR_FULL_422, but its length says otherwise."
    assert (refused.value.user_text, refused.value.hint) == (expected, "Ask the sender for a copy in RGB.")


def test_a_breast_projection_has_the_curve_that_its_frame_brings() -> None:
    """Frame VOI LUT With LUT (C.7.6.16.2.10b): a cubic curve; 4095 * (2048 / 4095)^3 = 512 of 4095, level 32."""
    dataset = datasets(axial([0]))[0]
    dataset.PixelData = np.full((SIZE, SIZE), 2048, np.int16).tobytes()
    dataset.RescaleIntercept, dataset.PixelRepresentation = "0", 0
    for keyword in ("WindowCenter", "WindowWidth"):
        if keyword in dataset:
            delattr(dataset, keyword)
    table, frame, groups = Dataset(), Dataset(), Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 12])
    table.add_new("LUTData", "OW", np.rint(4095 * (np.arange(4096) / 4095.0) ** 3).astype("<u2").tobytes())
    table.LUTExplanation = "CONTRAST"
    frame.VOILUTSequence = [table]
    groups.FrameVOILUTSequence = [frame]
    dataset.PerFrameFunctionalGroupsSequence = [groups]
    image = decode_for_display(part10(dataset))
    assert [one.explanation for one in image.choices] == ["CONTRAST"]
    assert int(picture(image)[0, 0]) == 32


def test_an_image_that_claims_too_much_is_hostile() -> None:
    dataset = datasets(axial([0]))[0]
    dataset.Rows = dataset.Columns = 65535
    with pytest.raises(HostileInput):
        decode_frame(dataset)
