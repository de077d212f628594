"""Softcopy presentation states look as DCMTK draws them, and their annotations fall where they were made."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.helpers.ct import part10
from viewers.scene.annotations import Annotations
from viewers.scene.applied_state import AppliedState
from viewers.scene.camera import Camera
from viewers.scene.picture import picture
from viewers.scene.presentation import camera_of, drawn, presented
from viewers.scene.raster import Window
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.decode import read_dataset
from workstation.dicom.images.phantom import ct_slice_dataset
from workstation.dicom.objects.presentation import FramePresentation, Space, presentation_state
from workstation.domain.errors import DecodeError
from workstation.domain.frames import FrameRef

SIZE = 96
CLASS = "1.2.840.10008.5.1.4.1.1.11.1"
SHARED = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
)


def image(**attributes: object) -> FileDataset:
    """Return a slice with a ramp of HU from -1000 to 3607, its own window far from what states ask."""
    values = (np.arange(SIZE * SIZE) // 2 - 1000).astype(np.int16).reshape(SIZE, SIZE)
    dataset = ct_slice_dataset(1, values, position=(0.0, 0.0, 0.0))
    dataset.WindowCenter, dataset.WindowWidth = 3000, 10
    for keyword in ("PixelPaddingValue",):
        if keyword in dataset:
            delattr(dataset, keyword)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def item(**attributes: object) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def state(of: FileDataset, **attributes: object) -> FileDataset:
    """Return a presentation state of one image, complete enough for DCMTK."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(CLASS), UID("1.2.3.77")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", Dataset(), preamble=bytes(128), file_meta=meta)
    for keyword in SHARED:
        setattr(made, keyword, of.get(keyword, ""))
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = CLASS, "1.2.3.77", "PR"
    made.SeriesInstanceUID, made.SeriesNumber, made.InstanceNumber = "1.2.3.7", 9, 1
    made.Manufacturer = "Test"
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "LUNG", "lung first", "Reader"
    made.PresentationCreationDate, made.PresentationCreationTime = "20260102", "030405"
    reference = item(ReferencedSOPClassUID=of.SOPClassUID, ReferencedSOPInstanceUID=of.SOPInstanceUID)
    made.ReferencedSeriesSequence = [item(SeriesInstanceUID=of.SeriesInstanceUID, ReferencedImageSequence=[reference])]
    made.DisplayedAreaSelectionSequence = [
        item(
            DisplayedAreaTopLeftHandCorner=[1, 1],
            DisplayedAreaBottomRightHandCorner=[SIZE, SIZE],
            PresentationSizeMode="SCALE TO FIT",
            PresentationPixelSpacing=["1", "1"],
        )
    ]
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = of.RescaleSlope, of.RescaleIntercept, "HU"
    made.PresentationLUTShape = "IDENTITY"
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def shown(of: FileDataset, by: FileDataset) -> tuple[npt.NDArray[np.uint8], FramePresentation]:
    found = presentation_state(read_dataset(part10(by)))
    look = found.of(FrameRef(str(of.SOPInstanceUID)), SIZE, SIZE)
    assert look is not None
    return picture(presented(decode_for_display(part10(of)), look)), look


def lut(first: int, entries: npt.NDArray[np.int64], bits: int) -> Dataset:
    made = Dataset()
    made.add_new("LUTDescriptor", "SS", [len(entries), first, bits])
    made.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return made


SQUARES = np.arange(512) ** 2 // 4
STATES: dict[str, dict[str, object]] = {
    "window": {"SoftcopyVOILUTSequence": [item(WindowCenter="300", WindowWidth="1500")]},
    "inverse": {
        "SoftcopyVOILUTSequence": [item(WindowCenter="300", WindowWidth="1500")],
        "PresentationLUTShape": "INVERSE",
    },
    "VOI LUT": {"SoftcopyVOILUTSequence": [item(VOILUTSequence=[lut(0, SQUARES, 16)])]},
    "no window": {},
}


@pytest.mark.dcmtk
@pytest.mark.parametrize("name", STATES)
def test_a_state_looks_as_dcmtk_draws_it(tmp_path: Path, name: str) -> None:
    of = image()
    by = state(of, **STATES[name])
    (tmp_path / "image.dcm").write_bytes(part10(of))
    (tmp_path / "state.dcm").write_bytes(part10(by))
    files = [str(tmp_path / name) for name in ("state.dcm", "image.dcm", "out.pgm")]
    words = ["dcmp2pgm", "--pstate", *files]
    subprocess.run(words, check=True, capture_output=True)
    with Image.open(tmp_path / "out.pgm") as drawn_by_dcmtk:
        theirs = np.asarray(drawn_by_dcmtk)
    ours, _ = shown(of, by)
    far = np.abs(ours.astype(int) - theirs.astype(int)) > 2
    assert int(far.sum()) == 0


@pytest.mark.dcmtk
@pytest.mark.parametrize(("bits", "slope", "intercept"), [(8, 1, 0), (12, 1, 0), (12, 2, -1024)])
def test_a_state_without_a_window_spans_the_values_that_the_image_can_have(
    tmp_path: Path, bits: int, slope: int, intercept: int
) -> None:
    """Eight or twelve bits over the whole range of a wider type would be one even grey."""
    stored = np.linspace(0, 2**bits - 1, SIZE * SIZE).astype(np.uint16).reshape(SIZE, SIZE)
    of = image(
        PixelData=stored.tobytes(), PixelRepresentation=0, BitsStored=bits, HighBit=bits - 1,
        RescaleSlope=slope, RescaleIntercept=intercept,
    )  # fmt: skip
    by = state(of)
    (tmp_path / "image.dcm").write_bytes(part10(of))
    (tmp_path / "state.dcm").write_bytes(part10(by))
    files = [str(tmp_path / name) for name in ("state.dcm", "image.dcm", "out.pgm")]
    subprocess.run(["dcmp2pgm", "--pstate", *files], check=True, capture_output=True)
    with Image.open(tmp_path / "out.pgm") as drawn_by_dcmtk:
        theirs = np.asarray(drawn_by_dcmtk)
    ours, _ = shown(of, by)
    assert (int(ours.min()), int(ours.max())) == (0, 255)
    assert int(np.abs(ours.astype(int) - theirs.astype(int)).max()) <= 2


def drawn_by_dcmtk(folder: Path, of: FileDataset, by: FileDataset) -> npt.NDArray[np.int_]:
    (folder / "image.dcm").write_bytes(part10(of))
    (folder / "state.dcm").write_bytes(part10(by))
    files = [str(folder / name) for name in ("state.dcm", "image.dcm", "out.pgm")]
    subprocess.run(["dcmp2pgm", "--pstate", *files], check=True, capture_output=True)
    with Image.open(folder / "out.pgm") as theirs:
        return np.asarray(theirs).astype(int)


def twelve_bits(**attributes: object) -> FileDataset:
    """Return an image of all stored values from 0 to 4095."""
    stored = np.linspace(0, 4095, SIZE * SIZE).astype(np.uint16).reshape(SIZE, SIZE)
    facts: dict[str, object] = {
        "PixelData": stored.tobytes(),
        "PixelRepresentation": 0,
        "BitsStored": 12,
        "HighBit": 11,
    }
    return image(**(facts | attributes))


def without(made: FileDataset, *keywords: str) -> FileDataset:
    for keyword in keywords:
        delattr(made, keyword)
    return made


def modality_table(entries: npt.NDArray[np.int64], bits: int) -> list[Dataset]:
    made = lut(0, entries, bits)
    made.ModalityLUTType = "US"
    return [made]


RESCALE = ("RescaleSlope", "RescaleIntercept", "RescaleType")
DARK_FIRST = np.arange(4095, -1, -1)
STEEP_FIRST = np.rint(65535 * (np.arange(4096) / 4095) ** 0.5).astype(np.int64)


def softcopy(center: int, width: int) -> dict[str, object]:
    return {"SoftcopyVOILUTSequence": [item(WindowCenter=str(center), WindowWidth=str(width))]}


def of_stored_values() -> tuple[FileDataset, FileDataset]:
    of = twelve_bits()
    return of, without(state(of, **softcopy(1064, 400)), *RESCALE)


def of_another_slope() -> tuple[FileDataset, FileDataset]:
    of = twelve_bits()
    return of, state(of, RescaleSlope="2", RescaleIntercept="-1024", RescaleType="US", **softcopy(2000, 1000))


def of_a_table_in_the_state_alone() -> tuple[FileDataset, FileDataset]:
    """A computed radiograph whose table is in the state alone."""
    of = twelve_bits()
    of_state = without(state(of, **softcopy(1000, 1000), ModalityLUTSequence=modality_table(DARK_FIRST, 12)), *RESCALE)
    return without(of, "RescaleSlope", "RescaleIntercept"), of_state


def of_another_table() -> tuple[FileDataset, FileDataset]:
    of = twelve_bits(ModalityLUTSequence=modality_table(STEEP_FIRST, 16))
    of_state = without(state(of, **softcopy(1000, 1000), ModalityLUTSequence=modality_table(DARK_FIRST, 12)), *RESCALE)
    return without(of, "RescaleSlope", "RescaleIntercept"), of_state


def of_a_table_in_the_image_alone() -> tuple[FileDataset, FileDataset]:
    of = twelve_bits(ModalityLUTSequence=modality_table(STEEP_FIRST, 16))
    of_state = without(state(of, **softcopy(3000, 900)), *RESCALE)
    return without(of, "RescaleSlope", "RescaleIntercept"), of_state


def of_signed_pixels_and_no_window() -> tuple[FileDataset, FileDataset]:
    of = image()
    return of, without(state(of), *RESCALE)


@pytest.mark.dcmtk
@pytest.mark.parametrize(
    "pair",
    [of_stored_values, of_another_slope, of_a_table_in_the_state_alone, of_another_table,
     of_a_table_in_the_image_alone, of_signed_pixels_and_no_window],
)  # fmt: skip
def test_a_state_starts_from_stored_values_whatever_the_image_makes_of_them(
    tmp_path: Path, pair: Callable[[], tuple[FileDataset, FileDataset]]
) -> None:
    of, by = pair()
    ours, _ = shown(of, by)
    theirs = drawn_by_dcmtk(tmp_path, of, by)
    assert len(np.unique(theirs)) > 2
    assert int(np.abs(ours.astype(int) - theirs).max()) <= 2


def test_padding_stays_black_where_a_state_has_another_slope() -> None:
    # stored 0 to 100 is padding; the state makes -1024 to -824 of it, and its window begins at -1524
    of = twelve_bits(PixelPaddingValue=0, PixelPaddingRangeLimit=100)
    by = state(of, RescaleSlope="2", RescaleIntercept="-1024", RescaleType="US", **softcopy(-1024, 1000))
    ours, _ = shown(of, by)
    stored = np.linspace(0, 4095, SIZE * SIZE).astype(np.uint16).reshape(SIZE, SIZE)
    assert {int(level) for level in ours[stored <= 100]} == {0}
    # C.11.2.1.2.1: ((-822 - (-1024 - 0.5)) / 999 + 0.5) * 255
    assert {int(level) for level in ours[stored == 101]} == {179}


def test_a_state_that_tells_apart_what_the_table_of_the_image_merged_is_refused() -> None:
    of = twelve_bits(ModalityLUTSequence=modality_table(np.minimum(np.arange(4096), 3000), 12))
    by = without(state(of, **softcopy(3000, 900)), *RESCALE)
    without(of, "RescaleSlope", "RescaleIntercept")
    with pytest.raises(DecodeError, match="no longer tells apart"):
        shown(of, by)


def test_a_state_that_subtracts_a_mask_is_refused_in_words() -> None:
    of = image()
    mask = item(MaskOperation="AVG_SUB", MaskFrameNumbers=1)
    by = state(of, MaskSubtractionSequence=[mask], RecommendedViewingMode="SUB")
    with pytest.raises(DecodeError, match="subtracts a mask image"):
        shown(of, by)
    applied = AppliedState(presentation_state(read_dataset(part10(by))))
    plain = decode_for_display(part10(of))
    frame = FrameRef(str(of.SOPInstanceUID))
    assert applied.image(0, plain, frame) is plain
    assert applied.refusal(0, plain, frame) == "The presentation state subtracts a mask image, which is not done here"


def scene_under(of: FileDataset, by: FileDataset) -> StackScene:
    uid = str(of.SOPInstanceUID)
    scene = StackScene([StackSlot(uid)], annotations=Annotations("1"), new_uid=lambda: "2.25.1", modality="CT")
    scene.put(0, decode_for_display(part10(of)))
    scene.present(presentation_state(read_dataset(part10(by))))
    return scene


def told_in_red(scene: StackScene) -> list[str]:
    return [line.text for line in scene.frame((400.0, 400.0)).overlay.captions if line.is_warning]


def test_the_screen_says_in_red_that_a_state_is_not_done_and_why() -> None:
    of = image()
    mask = item(MaskOperation="AVG_SUB", MaskFrameNumbers=1)
    refused = scene_under(of, state(of, MaskSubtractionSequence=[mask], RecommendedViewingMode="SUB", ImageRotation=90))
    assert told_in_red(refused) == [
        "Not shown as stored (LUNG): The presentation state subtracts a mask image, which is not done here"
    ]
    assert (refused.window, refused.state.camera.rotation_deg) == (Window(centre=3000, width=10), 0)
    assert told_in_red(scene_under(of, state(of, **softcopy(300, 1500)))) == ["Shown as stored: LUNG"]


def test_windows_of_ct_do_not_fall_on_the_stored_values_of_a_state_and_measuring_keeps_hounsfield_units() -> None:
    of = image()
    scene = scene_under(of, without(state(of, **softcopy(1064, 400)), *RESCALE))
    # HU -1000 to 3607 are stored with the intercept -1024
    assert (scene.value_unit, scene.preset_window("2")) == ("", None)
    assert scene.full_range() == Window(centre=2328.0, width=4608.0)
    measured = scene.measured()
    assert measured is not None
    assert (measured.unit, int(measured.pixels[0, 0])) == ("HU", -1000)
    scene.present(None)
    assert (scene.value_unit, scene.full_range()) == ("HU", Window(centre=1304.0, width=4608.0))


def test_a_sigmoid_comes_to_the_ends_of_the_presentation_lut_behind_it() -> None:
    """C.11.2.1.3.1: 2.5 widths from the centre it is within 0.00005 of its end, so that 4096 entries reach the last."""
    of = image()
    curve = [item(WindowCenter="1000", WindowWidth="400", VOILUTFunction="SIGMOID")]
    by = state(of, SoftcopyVOILUTSequence=curve, PresentationLUTSequence=[lut(0, np.arange(4096), 12)])
    ours, _ = shown(of, without(by, "PresentationLUTShape"))
    hu = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) // 2 - 1000
    assert {int(level) for level in ours[hu >= 2000]} == {255}
    assert {int(level) for level in ours[hu <= 0]} == {0}
    # 255 / (1 + exp(-4 * 100 / 400)) = 186.42 at 1100, 255 / (1 + exp(4 * 300 / 400)) = 12.09 at 700
    assert [int(ours[hu == at][0]) for at in (1000, 1100, 700)] == [128, 186, 12]


def window(**more: object) -> dict[str, object]:
    return {"SoftcopyVOILUTSequence": [item(WindowCenter="3000", WindowWidth="1")], **more}


def hidden(**shutter: object) -> npt.NDArray[np.bool_]:
    """Return what a shutter of middle grey hides of an image that is all black below row 80."""
    of = image()
    levels, _ = shown(of, state(of, **window(ShutterPresentationValue=0x8000, **shutter)))
    found: npt.NDArray[np.bool_] = levels == 128
    return found


def test_a_rectangular_shutter_leaves_the_rows_and_columns_it_names() -> None:
    found = hidden(
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=10,
        ShutterRightVerticalEdge=60,
        ShutterUpperHorizontalEdge=20,
        ShutterLowerHorizontalEdge=80,
    )
    assert int((~found).sum()) == 51 * 61
    # edges count from 1 and belong to the picture
    assert not found[19:80, 9:60].any()


def test_a_circular_shutter_has_its_centre_by_row_and_column() -> None:
    found = hidden(ShutterShape="CIRCULAR", CenterOfCircularShutter=[40, 50], RadiusOfCircularShutter=30)
    assert [bool(found[row, column]) for row, column in ((39, 49), (9, 49), (8, 49), (39, 79), (39, 80))] == [
        False,
        False,
        True,
        False,
        True,
    ]
    assert int((~found).sum()) == pytest.approx(math.pi * 30**2, rel=0.01)


def test_a_polygon_and_a_circle_together_leave_what_both_leave() -> None:
    corners = [11, 11, 11, 41, 31, 41, 31, 11]
    assert int((~hidden(ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=corners)).sum()) == 21 * 31
    both = hidden(
        ShutterShape=["POLYGONAL", "CIRCULAR"],
        VerticesOfThePolygonalShutter=corners,
        CenterOfCircularShutter=[21, 26],
        RadiusOfCircularShutter=1,
    )
    assert int((~both).sum()) == 5


@pytest.mark.parametrize(
    "broken",
    [
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [40, 50]},
        {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 3},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 2, 3, 4]},
        {"ShutterShape": "OTHER"},
    ],
)
def test_a_shutter_that_does_not_say_where_it_lies_hides_nothing(broken: dict[str, object]) -> None:
    assert not hidden(**broken).any()


def test_white_is_low_does_not_count_while_a_state_is_applied() -> None:
    of = image(PhotometricInterpretation="MONOCHROME1")
    levels, _ = shown(of, state(of, SoftcopyVOILUTSequence=[item(WindowCenter="300", WindowWidth="1500")]))
    assert (int(levels[0, 0]), int(levels[-1, -1])) == (0, 255)


def test_a_presentation_lut_works_behind_the_window() -> None:
    of = image()
    by = state(
        of,
        SoftcopyVOILUTSequence=[item(WindowCenter="500", WindowWidth="1001")],
        PresentationLUTSequence=[lut(0, np.arange(256)[::-1] * 16, 12)],
    )
    del by.PresentationLUTShape
    levels, _ = shown(of, by)
    hu = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) // 2 - 1000
    assert {int(level) for level in levels[hu <= 0]} == {254}
    assert {int(level) for level in levels[hu >= 1000]} == {0}


def test_without_a_voi_every_value_keeps_its_place_between_black_and_white() -> None:
    levels, _ = shown(image(), state(image()))
    # stored values of 16 bits with the intercept -1024: -33792 to 31743 on 256 levels, as DCMTK draws it
    assert (int(levels[0, 0]), int(levels[-1, -1])) == (128, 146)


def test_a_state_turns_first_and_mirrors_what_it_sees() -> None:
    of = image()
    plain = {"SoftcopyVOILUTSequence": [item(WindowCenter="300", WindowWidth="1500")]}
    _, look = shown(of, state(of, **plain, ImageRotation=90, ImageHorizontalFlip="Y"))
    # the top left pixel goes to the top right by the quarter turn, and back to the top left by the mirror
    view = SliceView((SIZE, SIZE), (SIZE, SIZE), camera_of(look))
    x, y = view.transform.apply(0.0, 0.0)
    assert x < SIZE / 4
    assert y < SIZE / 4
    along_row = view.transform.apply(SIZE - 1.0, 0.0)
    assert along_row[1] > 3 * SIZE / 4
    assert camera_of(replace_rotation(look, 90)) == Camera(rotation_deg=90.0)


def replace_rotation(look: FramePresentation, degrees: int) -> FramePresentation:
    return FramePresentation(window=look.window, rotation=degrees)


def test_annotations_lie_on_the_pixels_they_were_drawn_on() -> None:
    of = image()
    objects = [
        item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=2, GraphicType="CIRCLE",
             GraphicData=[10.5, 20.5, 10.5, 25.5], GraphicFilled="N"),
        item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=4, GraphicType="ELLIPSE",
             GraphicData=[0.5, 10.5, 20.5, 10.5, 10.5, 5.5, 10.5, 15.5], GraphicFilled="N"),
        item(GraphicAnnotationUnits="DISPLAY", GraphicDimensions=2, NumberOfGraphicPoints=3, GraphicType="POLYLINE",
             GraphicData=[0.0, 0.0, 1.0, 1.0, 0.0, 0.0], GraphicFilled="Y"),
        item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=1, GraphicType="POINT",
             GraphicData=[5.5, 6.5], GraphicFilled="N"),
        item(GraphicAnnotationUnits="PIXEL", GraphicType="POLYLINE", GraphicData=[float("nan"), 1.0]),
    ]  # fmt: skip
    text = item(UnformattedTextValue="nodule", AnchorPoint=[30.5, 31.5], AnchorPointAnnotationUnits="PIXEL",
                AnchorPointVisibility="Y")  # fmt: skip
    by = state(
        of, GraphicAnnotationSequence=[item(GraphicLayer="L", GraphicObjectSequence=objects, TextObjectSequence=[text])]
    )
    _, look = shown(of, by)
    view = SliceView((SIZE, SIZE), (SIZE, SIZE), Camera())
    circle, ellipse, line, point, words = drawn(look, view)
    centre = view.transform.apply(10.0, 20.0)
    assert [round(math.dist(centre, one), 3) for one in circle.outline[:3]] == [5.0, 5.0, 5.0]
    assert ellipse.outline[0] == pytest.approx(view.transform.apply(20.0, 10.0))
    assert (line.closed, line.filled) == (True, True)
    assert line.outline[1] == pytest.approx((SIZE, SIZE))
    assert point.outline[2] == pytest.approx(view.transform.apply(5.0, 6.0))
    assert words.text == "nodule"
    assert words.at == pytest.approx(view.transform.apply(30.0, 31.0))
    assert [one.space for one in look.graphics][2] is Space.DISPLAY


def test_a_state_speaks_of_its_own_frames_only() -> None:
    of = image()
    by = state(of)
    found = presentation_state(read_dataset(part10(by)))
    assert (found.label, found.description, found.created) == ("LUNG", "lung first", "20260102030405")
    assert found.of(FrameRef("1.2.9"), SIZE, SIZE) is None
    by.ReferencedSeriesSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber = [2, 3]
    found = presentation_state(read_dataset(part10(by)))
    uid = str(of.SOPInstanceUID)
    assert [found.shows(FrameRef(uid, number)) for number in (1, 2, 3)] == [False, True, True]
    with pytest.raises(DecodeError):
        presentation_state(of)
