"""A display that is written into a presentation state and applied again is the same to the last bit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.helpers.cases import NOON
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.decoded import slice_image
from viewers.scene.frame import Frame
from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.looks import look_of
from viewers.scene.raster import VoiFunction, VoiLut, Window, to_gray
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.view_state import ViewState
from workstation.dicom.images.decode import decode_frame
from workstation.dicom.objects.presentation import presentation_state
from workstation.dicom.objects.presentation_writer import presentation_states
from workstation.dicom.pixel_size import aspect_of
from workstation.domain.frames import FrameRef
from workstation.domain.geometry import ImagePlane
from workstation.domain.image_look import ImageLook, ShutterKind, ShutterOutline
from workstation.domain.key_image import KeyImage
from workstation.domain.report import Person
from workstation.domain.study import Instance, Patient, Series, Study

CT = "1.2.840.10008.5.1.4.1.1.2"
VIEWPORT = (801.0, 613.0)
PLANE = ImagePlane((-120.5, -99.25, 33.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.703125, 0.703125))
KEY = KeyImage("1.2.2", CT, "1.2.2.1")
SERIES = Series("1.2.2", "CT", 2, instances=(Instance("1.2.2.1", CT, 1, rows=40, columns=50, plane=PLANE),))
STUDY = Study("1.2", Patient("1", "A"), "20261121", series=(SERIES,))
STATES = {
    "as it came": ViewState(),
    "windowed": ViewState(Camera(1.7320508075688772, (10.123456789012345, -33.3)), Window(-600.1 / 3, 1500.7 / 7)),
    "inverted": ViewState(Camera(3.3, (0.1, 0.2)), Window(40.0, 400.0), inverted=True),
    "mirrored": ViewState(Camera(0.9, (1 / 3, 2 / 3), 0.0, flipped=True), Window(1.1, 2.2, VoiFunction.SIGMOID)),
    "turned": ViewState(Camera(1.1, (5.5, 6.6), 270.0), Window(0.123456789012345, 1.5, VoiFunction.LINEAR_EXACT)),
    "turned and mirrored": ViewState(Camera(2.2, (-7.1, 8.2), 90.0, flipped=True), Window(300.3, 901.9)),
    "between quarter turns": ViewState(Camera(1.0, (0.0, 0.0), 33.3), Window(300.3, 901.9)),
}


def image(*, monochrome1: bool = False) -> SliceImage:
    pixels = (np.arange(2000, dtype=np.int16).reshape(40, 50) * 2 - 1000).astype(np.int16)
    return SliceImage(
        pixels=pixels,
        plane=PLANE,
        sop_instance_uid="1.2.2.1",
        monochrome1=monochrome1,
        voi=Window(111.1, 222.2),
        padding=(-1000.0, -990.0),
        unit="HU",
        visible=np.pad(np.ones((30, 40), dtype=np.bool_), 5),
        shutter=(ShutterOutline(ShutterKind.RECTANGULAR, (6, 45, 6, 35)),),
        shutter_gray=20,
        rescale=(1.0, -1024.0),
    )


def scene(state: ViewState, shown: SliceImage | None = None) -> StackScene:
    made = StackScene(
        [StackSlot("1.2.2.1", plane=PLANE)],
        annotations=Annotations("1.2"),
        new_uid=lambda: "2.25.1",
        series_instance_uid="1.2.2",
    )
    made.put(0, image() if shown is None else shown)
    made.state = state
    return made


def look(state: ViewState, shown: SliceImage | None = None) -> ImageLook:
    found = look_of(scene(state, shown), 0, KEY, VIEWPORT)
    assert found is not None
    return found


def applied_again(found: ImageLook, shown: SliceImage | None = None) -> StackScene:
    (content,) = presentation_states((found,), (), STUDY, at=NOON, author=Person("x", "X", "Y"))
    again = scene(ViewState(Camera(5.0), Window(1.0, 2.0)), shown)
    again.present(presentation_state(dcmread(BytesIO(content))))
    return again


def levels(frame: Frame) -> npt.NDArray[np.uint8]:
    assert isinstance(frame.source, SliceImage)
    assert frame.grayscale is not None
    gray = to_gray(frame.source.pixels, frame.grayscale)
    if frame.source.visible is not None:
        gray = np.where(frame.source.visible, gray, np.uint8(frame.source.shutter_gray))
    return gray


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("name", STATES)
def test_a_display_comes_back_to_the_last_bit(name: str, photometric: str) -> None:
    shown = image(monochrome1=photometric == "MONOCHROME1")
    before = scene(STATES[name], shown).frame(VIEWPORT)
    after = applied_again(look(STATES[name], shown), shown).frame(VIEWPORT)

    assert after.transform == before.transform
    assert np.array_equal(levels(after), levels(before))


FRACTIONS = (np.arange(2000, dtype=np.uint16) * 2).reshape(40, 50)
SHAPES = {"square": 1.0, "4 to 3": 4 / 3, "1.2 to 1": 0.3 / 0.25, "flat": 0.37, "steep": 2.71}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("window", [Window(321.1, 777.7), Window(0.5, 0.25, VoiFunction.LINEAR_EXACT),
                                    Window(-7.0 / 3, 5.0, VoiFunction.SIGMOID)])  # fmt: skip
@pytest.mark.parametrize("flipped", ["as it came", "flipped and inverted"])
@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, 270.0])
def test_every_turn_window_padding_and_shape_of_pixels_comes_back_to_the_last_bit(
    turn: float, flipped: str, window: Window, shape: str
) -> None:
    """A picture without a place in the patient, whose values are no whole numbers, under a circular shutter."""
    made = Dataset()
    made.Modality, made.SOPClassUID, made.SOPInstanceUID = "OT", CT, "1.2.2.1"
    made.Rows, made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation = 40, 50, 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation, made.PixelData = 15, 0, FRACTIONS.tobytes()
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = "0.123", "-20.7", "US"
    made.PixelPaddingValue, made.PixelPaddingRangeLimit = 600, 700
    made.ShutterShape, made.CenterOfCircularShutter, made.RadiusOfCircularShutter = "CIRCULAR", [20, 25], 19
    down, across = Fraction(SHAPES[shape]).limit_denominator(1000).as_integer_ratio()
    made.PixelAspectRatio = [down, across]
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    shown = slice_image(decode_frame(made), sop_instance_uid="1.2.2.1", aspect=aspect_of(made))
    is_flipped = flipped != "as it came"
    state = ViewState(Camera(1.7, (3.25, -8.5), turn, is_flipped), window, inverted=is_flipped)
    first, again = placeless(state, shown), placeless(ViewState(Camera(5.0), Window(1.0, 2.0)), shown)
    found = look_of(first, 0, KEY, VIEWPORT)
    assert found is not None
    (content,) = presentation_states((found,), (), STUDY, at=NOON, author=Person("x", "X", "Y"))
    again.present(presentation_state(dcmread(BytesIO(content))))
    before, after = first.frame(VIEWPORT), again.frame(VIEWPORT)

    assert after.transform == before.transform
    assert np.array_equal(levels(after), levels(before))
    assert (again.refusal, again.state_gaps) == ("", ())
    # 600 to 700 is padding, black whatever the window: what lies under the shutter beside it is black too
    assert {int(one) for one in levels(after)[(FRACTIONS >= 600) & (FRACTIONS <= 700)]} == {0}


def placeless(state: ViewState, shown: SliceImage) -> StackScene:
    made = StackScene([StackSlot("1.2.2.1")], annotations=Annotations("1.2"), new_uid=lambda: "2.25.1",
                      series_instance_uid="1.2.2")  # fmt: skip
    made.put(0, shown)
    made.state = state
    return made


def test_a_window_of_the_image_that_the_reader_chose_among_several_comes_back() -> None:
    bone, s_shaped = Window(300.0, 1500.0), VoiLut(-900, (np.arange(900) // 4).astype(np.uint16), 8)
    shown = replace(image(), choices=(VoiChoice(Window(111.1, 222.2)), VoiChoice(bone), VoiChoice(s_shaped)))
    for number in (1, 2):
        chosen = ViewState().with_own(number)
        before = scene(chosen, shown).frame(VIEWPORT)
        found = look(chosen, shown)
        assert np.array_equal(levels(applied_again(found, shown).frame(VIEWPORT)), levels(before))
    assert (look(ViewState().with_own(1), shown).window_centre, found.voi_table is not None) == (300.0, True)


def test_in_a_viewport_of_another_size_the_same_part_of_the_image_is_shown() -> None:
    state = STATES["windowed"]
    part = look(state)
    view = applied_again(part).view((400.0, 900.0))
    assert view is not None
    left, top = view.transform.apply(*part.top_left)
    right, bottom = view.transform.apply(*part.bottom_right)

    within_a_pixel = pytest.approx((400.0, 200.0, 450.0), abs=view.magnification)
    assert (right - left, (left + right) / 2, (top + bottom) / 2) == within_a_pixel


def test_a_state_that_another_system_turned_shows_as_that_system_wants() -> None:
    (content,) = presentation_states((look(STATES["windowed"]),), (), STUDY, at=NOON, author=Person("x", "X", "Y"))
    turned = dcmread(BytesIO(content))
    turned.ImageRotation = 90
    again = scene(ViewState())
    again.present(presentation_state(turned))
    again.view(VIEWPORT)

    assert again.state.camera.rotation_deg == 90.0


@pytest.mark.parametrize("bits", range(1, 17))
def test_a_voi_lut_of_any_depth_comes_back_to_the_same_levels(bits: int) -> None:
    steep = VoiLut(-900, (np.arange(2000) * 131 % 2**bits).astype(np.uint16), bits)
    shown = replace(image(), voi=steep)
    before = scene(ViewState(), shown).frame(VIEWPORT)
    after = applied_again(look(ViewState(), shown), shown).frame(VIEWPORT)

    assert np.array_equal(levels(after), levels(before))


def test_under_a_bitmap_shutter_there_is_no_look_because_no_state_of_ours_holds_its_bits() -> None:
    assert look_of(scene(ViewState(), replace(image(), shutter=())), 0, KEY, VIEWPORT) is None


def test_an_image_that_is_not_here_leaves_no_look() -> None:
    empty = scene(ViewState())
    empty.drop(0)

    assert look_of(empty, 0, KEY, VIEWPORT) is None


def test_the_badge_stands_on_the_key_image_only() -> None:
    marked = scene(ViewState())
    marked.key_frames = frozenset({FrameRef("1.2.2.1")})

    assert (marked.is_key, marked.frame(VIEWPORT).overlay.badge != "") == (True, True)
    marked.key_frames = frozenset({FrameRef("1.2.2.1", 2)})
    assert (marked.is_key, marked.frame(VIEWPORT).overlay.badge) == (False, "")
