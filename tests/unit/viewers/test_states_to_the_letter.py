"""What a presentation state says is done to the image as the standard has it, or the screen says what was not done."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import axial_plane
from viewers.scene.annotations import Annotations
from viewers.scene.applied_state import AppliedState
from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate
from viewers.scene.picture import burned
from viewers.scene.raster import to_gray
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.dicom.images.decode import decode_frame
from workstation.dicom.objects.presentation import GRAYSCALE_STATE, PresentationState, presentation_state
from workstation.domain.annotation import AnnotationKind
from workstation.domain.frames import FrameRef
from workstation.domain.pixel_size import PixelSize

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
UID_OF_IMAGE = "1.9"
VIEWPORT = (400.0, 400.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def item(**attributes: Any) -> Dataset:  # noqa: ANN401 - whatever an element holds
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def stored(made: Dataset, sop_class_uid: str, uid: str, syntax: UID = ExplicitVRLittleEndian) -> Dataset:
    """Return a dataset as it comes back from a file in a syntax."""
    made.SOPClassUID, made.SOPInstanceUID = sop_class_uid, uid
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID, made.file_meta.MediaStorageSOPInstanceUID = UID(sop_class_uid), UID(uid)
    made.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return dcmread(io.BytesIO(buffer.getvalue()))


def image(pixels: npt.NDArray[np.generic], **attributes: Any) -> SliceImage:  # noqa: ANN401 - whatever an element holds
    """Return a decoded image of 16 bits or more; attributes named ``g6000`` and so on are the bits of overlays."""
    rows, columns = pixels.shape
    overlays = {int(name[1:], 16): attributes.pop(name) for name in tuple(attributes) if name.startswith("g6")}
    bits = pixels.dtype.itemsize * 8
    made = item(
        Modality="OT", Rows=rows, Columns=columns, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1, PixelRepresentation=int(pixels.dtype.kind == "i"),
    )  # fmt: skip
    made.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    for group, drawn in overlays.items():
        add_overlay(made, group, drawn)
    return slice_image(decode_frame(stored(made, CAPTURE, UID_OF_IMAGE)), sop_instance_uid=UID_OF_IMAGE)


def add_overlay(made: Dataset, group: int, drawn: npt.NDArray[np.bool_]) -> None:
    rows, columns = drawn.shape
    for element, kind, value in (
        (0x0010, "US", rows), (0x0011, "US", columns), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1), (0x0102, "US", 0), (0x3000, "OW", np.packbits(drawn.ravel(), bitorder="little").tobytes()),
    ):  # fmt: skip
        made.add_new((group, element), kind, value)


def state(syntax: UID = ExplicitVRLittleEndian, /, **attributes: Any) -> PresentationState:  # noqa: ANN401
    """Return a state of the image, without any transform unless it is named."""
    one = item(ReferencedSOPClassUID=CAPTURE, ReferencedSOPInstanceUID=UID_OF_IMAGE)
    facts = {"PresentationLUTShape": "IDENTITY"} if "PresentationLUTSequence" not in attributes else {}
    made = item(ReferencedSeriesSequence=[item(SeriesInstanceUID="1.8", ReferencedImageSequence=[one])], **facts)
    for keyword, value in attributes.items():
        if keyword.startswith("g6"):
            made.add_new((int(keyword[1:], 16), 0x1001), "CS", value)
        else:
            setattr(made, keyword, value)
    return presentation_state(stored(made, GRAYSCALE_STATE, "1.7", syntax))


def table(first: int, entries: npt.NDArray[np.integer], bits: int, kind: str = "US") -> Dataset:
    made = Dataset()
    made.add(DataElement(0x00283002, kind, [len(entries) % 65536, first, bits]))
    made.add(DataElement(0x00283006, "OW", entries.astype("<u2").tobytes()))
    return made


def window(center: float, width: float, function: str = "LINEAR") -> list[Dataset]:
    return [item(WindowCenter=str(center), WindowWidth=str(width), VOILUTFunction=function)]


def scene(of: SliceImage, by: PresentationState, pixel_mm: float | None = None) -> StackScene:
    made = StackScene([StackSlot(UID_OF_IMAGE)], annotations=Annotations("1"), new_uid=lambda: "2.25.1", modality="OT")
    made.put(0, of)
    made.present(by, None, lambda: pixel_mm)
    return made


def levels(shown: StackScene) -> npt.NDArray[np.uint8]:
    frame = shown.frame(VIEWPORT)
    assert isinstance(frame.source, SliceImage)
    assert frame.grayscale is not None
    gray = to_gray(frame.source.pixels, frame.grayscale)
    return burned(gray, frame.source)


def red(shown: StackScene) -> list[str]:
    return [line.text for line in shown.frame(VIEWPORT).overlay.captions if line.is_warning]


# first value of a VOI LUT


@pytest.mark.parametrize("transform", [{}, {"RescaleSlope": 1, "RescaleIntercept": 0}])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_table_for_signed_values_begins_below_0_in_every_syntax(syntax: UID, transform: dict[str, int]) -> None:
    """C.11.2.1.1: its first value is in the sign of the pixels; implicit VR stores -100 as 65436."""
    of = image(np.array([[-200, -100, -50, 0, 100, 155, 300]], np.int16), **transform)
    first, kind = (65436, "US") if syntax == ImplicitVRLittleEndian else (-100, "SS")
    by = state(
        syntax, SoftcopyVOILUTSequence=[item(VOILUTSequence=[table(first, np.arange(256), 8, kind)])], **transform
    )
    assert levels(scene(of, by)).tolist() == [[0, 0, 50, 100, 200, 255, 255]]


def test_a_table_for_unsigned_values_begins_where_it_says() -> None:
    of = image(np.array([[0, 65436, 65486, 65535]], np.uint16))
    by = state(SoftcopyVOILUTSequence=[item(VOILUTSequence=[table(65436, np.arange(100) * 2, 8)])])
    assert levels(scene(of, by)).tolist() == [[0, 0, 100, 198]]


def test_a_slope_below_0_makes_values_for_which_a_table_begins_below_0() -> None:
    of = image(np.array([[0, 100, 200, 255]], np.uint16))
    lut = table(65536 - 255, np.arange(256), 8)
    by = state(
        ImplicitVRLittleEndian, RescaleSlope=-1, RescaleIntercept=0,
        SoftcopyVOILUTSequence=[item(VOILUTSequence=[lut])],
    )  # fmt: skip
    assert levels(scene(of, by)).tolist() == [[255, 155, 55, 0]]


# the window that is told to miss the picture

STORED_HU = np.linspace(1024, 1224, 64).astype(np.uint16).reshape(8, 8)
HU = {"RescaleSlope": 1, "RescaleIntercept": -1024}


def test_a_state_of_stored_values_whose_window_misses_them_is_told() -> None:
    """Window 40/400 ends at 240; without a rescale of its own the state begins with 1024 to 1224: all white."""
    shown = scene(image(STORED_HU, **HU), state(SoftcopyVOILUTSequence=window(40, 400)))
    assert set(levels(shown).ravel().tolist()) == {255}
    assert "Outside window levels" in red(shown)


def test_a_state_of_stored_values_whose_window_misses_them_is_told_behind_a_presentation_lut_too() -> None:
    by = state(SoftcopyVOILUTSequence=window(40, 400), PresentationLUTSequence=[table(0, np.arange(256), 8)])
    shown = scene(image(STORED_HU, **HU), by)
    assert set(levels(shown).ravel().tolist()) == {255}
    assert "Outside window levels" in red(shown)


def test_a_state_of_stored_values_whose_window_meets_them_is_not_doubted() -> None:
    shown = scene(image(STORED_HU, **HU), state(SoftcopyVOILUTSequence=window(1124, 200)))
    assert (int(levels(shown).min()), int(levels(shown).max())) == (0, 255)
    assert "Outside window levels" not in red(shown)


# overlays


def row(number: int) -> npt.NDArray[np.bool_]:
    drawn = np.zeros((8, 8), np.bool_)
    drawn[number] = True
    return drawn


@pytest.mark.parametrize(
    ("layers", "rows"),
    [({"g6000": "L"}, [1]), ({"g6002": "L"}, [5]), ({"g6000": "L", "g6002": "L"}, [1, 5]),
     ({"g6000": "", "g6002": ""}, []), ({}, [])],
)  # fmt: skip
def test_only_the_overlays_that_a_state_puts_on_a_layer_are_drawn(layers: dict[str, str], rows: list[int]) -> None:
    """C.11.7: a group without a layer is not displayed."""
    of = image(np.zeros((8, 8), np.uint16), g6000=row(1), g6002=row(5))
    picture = levels(scene(of, state(SoftcopyVOILUTSequence=window(128, 256), **layers)))
    assert np.flatnonzero(picture.any(axis=1)).tolist() == rows


@pytest.mark.parametrize(("shape", "air", "marker"), [("IDENTITY", 0, 255), ("INVERSE", 255, 0)])
def test_a_marker_of_the_side_is_seen_on_the_air_of_an_inverse_state_and_of_a_picture_inverted_by_hand(
    shape: str, air: int, marker: int
) -> None:
    of = image(np.zeros((8, 8), np.uint16), g6000=row(1))
    shown = scene(of, state(SoftcopyVOILUTSequence=window(128, 256), PresentationLUTShape=shape, g6000="L"))
    assert levels(shown)[:3, 0].tolist() == [air, marker, air]
    shown.toggle_invert()
    assert levels(shown)[:3, 0].tolist() == [255 - air, 255 - marker, 255 - air]


# presentation LUT

EVERY = np.arange(256)


@pytest.mark.parametrize("slope", ["0.001", "0.01", "0.5", "2.37"])
def test_values_closer_than_a_unit_keep_their_levels_behind_a_presentation_lut_of_identity(slope: str) -> None:
    """LINEAR_EXACT from 0 to 255 steps: the level is the step (C.11.2.1.3.2), and so is the entry of the table."""
    of = image(EVERY.astype(np.uint16).reshape(16, 16), RescaleSlope=slope, RescaleIntercept="0")
    top = round(255 * float(slope), 3)
    by = state(
        RescaleSlope=slope, RescaleIntercept="0", SoftcopyVOILUTSequence=window(round(top / 2, 6), top, "LINEAR_EXACT"),
        PresentationLUTSequence=[table(0, EVERY, 8)],
    )  # fmt: skip
    assert levels(scene(of, by)).ravel().tolist() == list(range(256))


def test_an_intercept_between_two_units_keeps_its_place_behind_a_presentation_lut() -> None:
    of = image(EVERY.astype(np.uint16).reshape(16, 16), RescaleSlope="0.01", RescaleIntercept="-1.003")
    by = state(
        RescaleSlope="0.01", RescaleIntercept="-1.003", SoftcopyVOILUTSequence=window(0.272, 2.55, "LINEAR_EXACT"),
        PresentationLUTSequence=[table(0, EVERY[::-1], 8)],
    )  # fmt: skip
    assert levels(scene(of, by)).ravel().tolist() == list(range(255, -1, -1))


def test_a_presentation_lut_behind_sixteen_million_values_is_a_table_of_65536() -> None:
    of = image(np.array([[0, 4_000_000, 9_000_000, 12_000_000, 16_000_000]], np.uint32))
    by = state(SoftcopyVOILUTSequence=window(8_000_000, 16_000_000), PresentationLUTSequence=[table(0, EVERY, 8)])
    shown = scene(of, by)
    # LINEAR: (x - 7999999.5) / 15999999 + 0.5, times 255
    assert levels(shown).tolist() == [[0, 64, 143, 191, 255]]
    assert len(shown.voi.entries) == 65536  # type: ignore[union-attr]  # a table


def test_an_image_that_lies_beside_the_window_is_one_level_behind_a_presentation_lut() -> None:
    of = image(np.array([[3000, 4000]], np.int16))
    by = state(SoftcopyVOILUTSequence=window(40, 400), PresentationLUTSequence=[table(0, EVERY[::-1], 8)])
    assert levels(scene(of, by)).tolist() == [[0, 0]]


def test_the_window_to_start_a_drag_from_spans_the_values_behind_a_presentation_lut() -> None:
    of = image(EVERY.astype(np.uint16).reshape(16, 16), RescaleSlope="0.001", RescaleIntercept="0")
    by = state(
        RescaleSlope="0.001", RescaleIntercept="0", SoftcopyVOILUTSequence=window(0.1275, 0.255, "LINEAR_EXACT"),
        PresentationLUTSequence=[table(0, EVERY, 8)],
    )  # fmt: skip
    start = scene(of, by).window
    assert [start.centre, start.width] == pytest.approx([0.128, 0.256])


# displayed area


def area(mode: str = "SCALE TO FIT", columns: int = 100, rows: int = 100, **attributes: Any) -> list[Dataset]:  # noqa: ANN401
    return [
        item(
            DisplayedAreaTopLeftHandCorner=[1, 1], DisplayedAreaBottomRightHandCorner=[columns, rows],
            PresentationSizeMode=mode, **attributes,
        )
    ]  # fmt: skip


def drawn_size(shown: StackScene, columns: int = 100, rows: int = 100) -> tuple[float, float]:
    view = shown.view(VIEWPORT)
    assert view is not None
    left, top = view.transform.apply(-0.5, -0.5)
    right, bottom = view.transform.apply(columns - 0.5, rows - 0.5)
    return right - left, bottom - top


SQUARE = np.zeros((100, 100), np.uint16)


@pytest.mark.parametrize(
    "shape", [{"PresentationPixelAspectRatio": [2, 1]}, {"PresentationPixelSpacing": ["0.4", "0.2"]}]
)
def test_pixels_are_drawn_in_the_shape_that_a_state_names(shape: dict[str, Any]) -> None:
    """C.10.4: vertical over horizontal, so that 2:1 is twice as high as wide; the area still fills the viewport."""
    shown = scene(image(SQUARE), state(DisplayedAreaSelectionSequence=area(**shape)))
    assert drawn_size(shown) == pytest.approx((200.0, 400.0))
    assert "Shown as stored: presentation state" in red(shown)
    shown.present(None)
    assert drawn_size(shown) == pytest.approx((400.0, 400.0))


def test_a_shape_that_contradicts_the_size_of_the_pixels_in_the_patient_is_not_drawn_and_told() -> None:
    by = state(DisplayedAreaSelectionSequence=area(PresentationPixelAspectRatio=[2, 1]))
    sizes: tuple[dict[str, Any], ...] = ({"plane": axial_plane()}, {"pixel_size": PixelSize((0.2, 0.2))})
    for own in sizes:
        shown = scene(image(SQUARE), by)
        shown.put(0, SliceImage(SQUARE, sop_instance_uid=UID_OF_IMAGE, **own))
        assert drawn_size(shown) == pytest.approx((400.0, 400.0))
        assert "Not all as stored (presentation state): other shape of pixels than in the patient" in red(shown)


def test_a_shape_that_only_rounds_that_of_the_patient_is_no_contradiction() -> None:
    plane = axial_plane(spacing=(0.3, 0.4))
    by = state(DisplayedAreaSelectionSequence=area(PresentationPixelAspectRatio=[1333, 1000]))
    shown = scene(SliceImage(SQUARE, plane, sop_instance_uid=UID_OF_IMAGE), by)
    assert drawn_size(shown) == pytest.approx((300.0, 400.0))
    assert "Shown as stored: presentation state" in red(shown)


TRUE: dict[str, Any] = {"mode": "TRUE SIZE", "PresentationPixelSpacing": ["0.5", "0.5"]}


def test_true_size_is_shown_on_a_monitor_that_was_measured() -> None:
    """100 pixels of 0.5 mm are 50 mm, which are 250 of a monitor whose pixels are 0.2 mm wide."""
    shown = scene(image(SQUARE), state(DisplayedAreaSelectionSequence=area(**TRUE)), pixel_mm=0.2)
    assert drawn_size(shown) == pytest.approx((250.0, 250.0))
    assert "Shown as stored: presentation state" in red(shown)


@pytest.mark.parametrize(
    ("asked", "pixel_mm", "why"),
    [
        (TRUE, None, "true size needs a measured monitor"),
        ({"mode": "TRUE SIZE", "PresentationPixelAspectRatio": [1, 1]}, 0.2, "true size without the size of a pixel"),
        (TRUE | {"PresentationPixelSpacing": ["90", "90"]}, 0.2, "its size is beyond the zoom here"),
    ],
)
def test_true_size_that_cannot_be_shown_is_told(asked: dict[str, Any], pixel_mm: float | None, why: str) -> None:
    by = state(DisplayedAreaSelectionSequence=area(**asked))
    assert f"Not all as stored (presentation state): {why}" in red(scene(image(SQUARE), by, pixel_mm))


def test_a_true_size_is_true_on_the_monitor_that_the_window_is_moved_to() -> None:
    """50 mm are 250 pixels of 0.2 mm and 500 of 0.1 mm; on a monitor that nobody measured nothing is true."""
    monitor: list[float | None] = [0.2]
    made = StackScene([StackSlot(UID_OF_IMAGE)], annotations=Annotations("1"), new_uid=lambda: "2.25.1", modality="OT")
    made.put(0, image(SQUARE))
    made.present(state(DisplayedAreaSelectionSequence=area(**TRUE)), None, lambda: monitor[0])
    assert drawn_size(made) == pytest.approx((250.0, 250.0))

    monitor[0] = None
    made.frame(VIEWPORT)
    assert list(made.state_gaps) == ["true size needs a measured monitor"]
    monitor[0] = 0.1
    assert drawn_size(made) == pytest.approx((500.0, 500.0))
    assert not list(made.state_gaps)

    made.set_camera(made.state.camera.panned(10.0, 0.0))
    monitor[0] = 0.2
    assert drawn_size(made) == pytest.approx((500.0, 500.0))  # the reader's own zoom stays where the reader put it


HALVES = np.repeat(np.array([[100, 4000]], np.int16), 20, axis=1).repeat(40, axis=0)
LEFT_HALF = {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 1, "ShutterRightVerticalEdge": 20,
             "ShutterUpperHorizontalEdge": 1, "ShutterLowerHorizontalEdge": 40}  # fmt: skip


def told(shown: StackScene) -> tuple[float | None, float | None, float, int]:
    """Return what the pointer reads in the left and the right half, then mean and count of a box over both."""
    view = shown.view(VIEWPORT)
    measured = shown.measured()
    assert view is not None
    assert measured is not None
    read = [shown.value_at(VIEWPORT, *view.transform.apply(column, 5)) for column in (5, 30)]
    box = annotate(
        AnnotationKind.RECTANGLE, measured, [(10.0, 5.0), (29.0, 5.0), (29.0, 14.0), (10.0, 14.0)],
        uid="2.25.1", tracking_uid="2.25.2", author="w", created_at=datetime(2026, 1, 1, tzinfo=UTC),
    ).statistics  # fmt: skip
    assert box is not None
    left, right = (None if one is None else one[0] for one in read)
    return left, right, box.mean, box.count


def test_what_a_state_shows_is_measured_and_what_it_hides_is_not() -> None:
    """The box holds 10 x 10 pixels of 100 and as many of 4000."""
    full = window(2000, 4000)
    own = image(HALVES, **LEFT_HALF)
    bare = image(HALVES)
    hides_none = state(SoftcopyVOILUTSequence=full)
    hides_right = state(SoftcopyVOILUTSequence=full, ShutterPresentationValue=0, **LEFT_HALF)

    assert told(scene(own, hides_none)) == (100.0, 4000.0, 2050.0, 200)
    assert told(scene(bare, hides_right)) == (100.0, None, 100.0, 100)
    again = scene(own, hides_none)
    again.present(None)
    assert told(again) == (100.0, None, 100.0, 100)


def test_a_circular_shutter_of_a_state_is_round_on_the_screen() -> None:
    """C.7.6.11 counts the radius along the row: 30 columns to both sides, and 15 rows of twice their width."""
    by = state(
        SoftcopyVOILUTSequence=window(128, 256),
        DisplayedAreaSelectionSequence=area(PresentationPixelAspectRatio=[2, 1]),
        ShutterShape="CIRCULAR", CenterOfCircularShutter=[50, 50], RadiusOfCircularShutter=30,
        ShutterPresentationValue=0,
    )  # fmt: skip
    picture = levels(scene(image(np.full((100, 100), 255, np.uint16)), by))
    assert (int((picture[49] > 0).sum()), int((picture[:, 49] > 0).sum())) == (61, 31)


# time


def test_an_image_of_three_million_values_is_not_made_on_the_thread_of_the_window() -> None:
    asked: list[object] = []
    of = image(np.zeros((1720, 1720), np.uint16))
    applied = AppliedState(state(SoftcopyVOILUTSequence=window(128, 256)), lambda *work: asked.append(work))
    assert applied.is_waiting(0, of, FrameRef(UID_OF_IMAGE))
    assert len(asked) == 1
