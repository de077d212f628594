"""Images in colour, or seen through lookup tables: their states give the very picture back, here and at DCMTK."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.helpers.cases import NOON
from tests.helpers.full_reports import SENIOR, dciodvfy_errors
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from viewers.scene.looks import look_of
from viewers.scene.picture import burned
from viewers.scene.raster import VoiFunction, Window, to_gray
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.view_state import ViewState
from workstation.dicom.images.colour_profile import gray_of_lab, lab_of_gray, srgb_profile, to_srgb
from workstation.dicom.images.decode import decode_frame
from workstation.dicom.objects.presentation import presentation_state
from workstation.dicom.objects.presentation_writer import presentation_states
from workstation.domain.image_look import DisplayTable, ImageLook, ShutterKind, ShutterOutline
from workstation.domain.key_image import KeyImage
from workstation.domain.study import Instance, Patient, Series, Study

VIEWPORT = (640.0, 480.0)


@dataclass(frozen=True)
class Seen:
    """An image, how it was seen, and the state that was written of it."""

    dataset: Dataset
    image: SliceImage
    look: ImageLook
    picture: npt.NDArray[np.uint8]
    state: bytes


def table(first: int, bits: int, entries: npt.NDArray[np.integer], *, signed: bool) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed else "US", [len(entries) % 65536, first, bits])
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


def slice_of(lidc_0314: Path) -> Dataset:
    """Return a real CT slice whose stored values run from 0 to 4095."""
    ds = dcmread(sorted(lidc_0314.rglob("*.dcm"))[140])
    ds.decompress(generate_instance_uid=False)
    stored = np.clip(ds.pixel_array.astype(np.int32) + 1024, 0, 4095).astype("<u2")
    ds.PixelData = stored.tobytes()
    ds.PixelRepresentation, ds.BitsStored, ds.HighBit = 0, 12, 11
    ds.RescaleIntercept, ds.RescaleSlope = "-1024", "1"
    for name in ("PixelPaddingValue", "SmallestImagePixelValue", "LargestImagePixelValue"):
        if name in ds:
            del ds[name]
    return ds


def with_modality_table(ds: Dataset) -> Dataset:
    """Let a bent table of 4096 entries take the place of slope and intercept, as digitised film has it."""
    del ds.RescaleIntercept, ds.RescaleSlope
    if "RescaleType" in ds:
        del ds.RescaleType
    item = table(0, 16, np.rint(65535 * (np.arange(4096) / 4095) ** 0.5), signed=False)
    item.ModalityLUTType = "US"
    ds.ModalityLUTSequence = Sequence([item])
    return ds


def with_voi_table(ds: Dataset) -> Dataset:
    """Add an S-shaped VOI LUT over -1000 to 999, negative first value and 12 bits."""
    curve = 4095 / (1 + np.exp(-(np.arange(2000) - 600) / 200))
    del ds.WindowCenter, ds.WindowWidth
    ds.VOILUTSequence = Sequence([table(-1000, 12, np.rint(curve), signed=True)])
    return ds


def with_narrow_voi_table(ds: Dataset) -> Dataset:
    """Add an S-shaped VOI LUT of 8-bit entries, packed two to a word as the standard has it, and odd in number."""
    curve = np.rint(255 / (1 + np.exp(-(np.arange(1999) - 600) / 200))).astype(np.uint8)
    del ds.WindowCenter, ds.WindowWidth
    item = Dataset()
    item.add_new(0x00283002, "SS", [1999, -1000, 8])
    item.add_new(0x00283006, "OW", curve.tobytes() + b"\0")
    ds.VOILUTSequence = Sequence([item])
    return ds


def with_narrow_modality_table(ds: Dataset, bits: int) -> Dataset:
    """Let a bent table of few bits take the place of slope and intercept: its values are those of the window."""
    most = 2**bits - 1
    ds = with_modality_table(ds)
    item = table(0, bits, np.rint(most * (np.arange(4096) / 4095) ** 0.5), signed=False)
    item.ModalityLUTType = "US"
    ds.ModalityLUTSequence = Sequence([item])
    return ds


def seen(ds: Dataset, view: ViewState, **also: object) -> Seen:
    """Show an image, take its look, and write its state."""
    uid, kind = str(ds.SOPInstanceUID), str(ds.SOPClassUID)
    instance = Instance(uid, kind, 1, rows=int(ds.Rows), columns=int(ds.Columns))
    series = Series(str(ds.SeriesInstanceUID), str(ds.Modality), 1, instances=(instance,))
    study = Study(str(ds.StudyInstanceUID), Patient("1", "A"), "20261121", series=(series,))
    image = replace(slice_image(decode_frame(ds), sop_instance_uid=uid), **also)  # type: ignore[arg-type]  # any field
    scene = scene_of(image)
    scene.state = view
    look = look_of(scene, 0, KeyImage(series.series_instance_uid, kind, uid), VIEWPORT)
    assert look is not None
    (state,) = presentation_states((look,), (), study, at=NOON, author=SENIOR)
    return Seen(ds, image, look, picture(scene), state)


def scene_of(image: SliceImage) -> StackScene:
    scene = StackScene([StackSlot(image.sop_instance_uid)], annotations=Annotations("1"), new_uid=lambda: "2.25.1")
    scene.put(0, image)
    return scene


def picture(scene: StackScene) -> npt.NDArray[np.uint8]:
    frame = scene.frame(VIEWPORT)
    assert isinstance(frame.source, SliceImage)
    assert frame.grayscale is not None
    levels = frame.source.pixels if frame.source.is_color else to_gray(frame.source.pixels, frame.grayscale)
    return burned(levels, frame.source)


def applied(one: Seen) -> StackScene:
    again = scene_of(one.image)
    again.state = ViewState(Camera(5.0), Window(1.0, 2.0))
    again.present(presentation_state(dcmread(io.BytesIO(one.state))))
    return again


def gray_cases(lidc_0314: Path) -> dict[str, Seen]:
    plain = ViewState(Camera(1.3, (4.5, -6.7)))
    sigmoid = Window(-500.25, 1400.5, VoiFunction.SIGMOID)
    inverse = with_voi_table(slice_of(lidc_0314))
    inverse.PhotometricInterpretation = "MONOCHROME1"
    return {
        "modality table": seen(with_modality_table(slice_of(lidc_0314)), replace(plain, voi=Window(30000.0, 40000.0))),
        "VOI table": seen(with_voi_table(slice_of(lidc_0314)), plain),
        "VOI table of MONOCHROME1": seen(inverse, plain),
        "VOI table of 8 bits": seen(with_narrow_voi_table(slice_of(lidc_0314)), plain),
        "modality table of 8 bits": seen(
            with_narrow_modality_table(slice_of(lidc_0314), 8), replace(plain, voi=Window(120.0, 150.0))
        ),
        "sigmoid": seen(slice_of(lidc_0314), replace(plain, voi=sigmoid)),
        "sigmoid behind a table": seen(
            with_modality_table(slice_of(lidc_0314)),
            replace(plain, voi=Window(35000.0, 20000.0, VoiFunction.SIGMOID), inverted=True),
        ),
        "linear exact": seen(slice_of(lidc_0314), replace(plain, voi=Window(40.25, 400.5, VoiFunction.LINEAR_EXACT))),
    }


@pytest.mark.dcmtk
def test_what_was_seen_through_tables_comes_back_exactly_here_and_within_a_level_at_dcmtk(
    lidc_0314: Path, tmp_path: Path
) -> None:
    for name, one in gray_cases(lidc_0314).items():
        again = applied(one)
        assert np.array_equal(picture(again), one.picture), name
        assert again.state.camera == Camera(1.3, (4.5, -6.7)), name

        state, image, drawn = tmp_path / "state.dcm", tmp_path / "image.dcm", tmp_path / "drawn.pgm"
        state.write_bytes(one.state)
        one.dataset.save_as(image, enforce_file_format=True)
        assert dciodvfy_errors(state) == [], name
        judged = subprocess.run(["dcmpschk", str(state)], capture_output=True, text=True, check=False)
        assert judged.returncode == 0, f"{name}: {judged.stdout}{judged.stderr}"
        if one.look.window_function == "SIGMOID":
            continue  # DCMTK draws every window as a line; the formula has golden numbers of its own
        subprocess.run(["dcmp2pgm", "-p", str(state), str(image), str(drawn)], check=True, capture_output=True)
        theirs = np.asarray(Image.open(drawn)).astype(np.int16)
        # DCMTK rounds down where we round: never more than one level apart
        assert np.abs(theirs - one.picture).max() <= 1, name


@pytest.mark.dcmtk
@pytest.mark.parametrize("bits", [10, 12])
def test_a_window_over_a_modality_table_of_few_bits_shows_the_same_here_and_at_dcmtk(
    bits: int, lidc_0314: Path, tmp_path: Path
) -> None:
    """The window is said in the numbers of the table: the one must not be scaled without the other."""
    window = Window(0.44 * 2**bits, 0.6 * 2**bits)
    one = seen(with_narrow_modality_table(slice_of(lidc_0314), bits), ViewState(Camera(1.3, (4.5, -6.7)), window))
    assert np.array_equal(picture(applied(one)), one.picture)

    state, image, drawn = tmp_path / "state.dcm", tmp_path / "image.dcm", tmp_path / "drawn.pgm"
    state.write_bytes(one.state)
    one.dataset.save_as(image, enforce_file_format=True)
    subprocess.run(["dcmp2pgm", "-p", str(state), str(image), str(drawn)], check=True, capture_output=True)

    theirs = np.asarray(Image.open(drawn)).astype(np.int16)
    assert np.abs(theirs - one.picture).max() <= 1


def test_colours_come_back_as_they_were_seen_with_a_profile_that_others_read(shared_data: Path, tmp_path: Path) -> None:
    ultrasound = dcmread(shared_data / "dicom-zoo/nema-wg04/RLE/US1_RLE")
    shutter = (ShutterOutline(ShutterKind.RECTANGULAR, (40, 600, 30, 400)),)
    visible = np.zeros((480, 640), dtype=np.bool_)
    visible[29:400, 39:600] = True
    one = seen(
        ultrasound, ViewState(Camera(1.7, (3.3, -4.4), 90.0, flipped=True)), shutter=shutter, visible=visible,
        shutter_gray=77,
    )  # fmt: skip
    again = applied(one)

    assert np.array_equal(picture(again), one.picture)
    assert again.state.camera == Camera(1.7, (3.3, -4.4), 90.0, flipped=True)
    state = dcmread(io.BytesIO(one.state))
    assert state.SOPClassUID == "1.2.840.10008.5.1.4.1.1.11.2"
    assert "SoftcopyVOILUTSequence" not in state
    assert "PresentationLUTShape" not in state
    (tmp_path / "colour.dcm").write_bytes(one.state)
    assert dciodvfy_errors(tmp_path / "colour.dcm") == []
    profile = ImageCms.ImageCmsProfile(io.BytesIO(state.ICCProfile))
    assert (profile.profile.device_class, profile.profile.xcolor_space) == ("scnr", "RGB ")


def test_our_profile_is_srgb_to_an_independent_colour_engine() -> None:
    colours = np.random.default_rng(7).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    ours = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    through = ImageCms.profileToProfile(Image.fromarray(colours), ours, ImageCms.createProfile("sRGB"))

    assert through is not None
    assert np.abs(np.asarray(through).astype(int) - colours).max() <= 1


def test_a_state_of_another_system_brings_its_own_colours(shared_data: Path) -> None:
    one = seen(dcmread(shared_data / "dicom-zoo/nema-wg04/RLE/US1_RLE"), ViewState())
    state = dcmread(io.BytesIO(one.state))
    state.ICCProfile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    again = scene_of(one.image)
    again.present(presentation_state(state))

    # sRGB of another maker: the same colours, but they did go through the colour engine
    assert np.abs(picture(again).astype(int) - one.picture).max() <= 1
    colours = np.full((2, 2, 3), 90, dtype=np.uint8)
    assert np.array_equal(to_srgb(colours, b"no profile"), colours)


def test_every_grey_of_a_shutter_survives_the_colour_values_of_the_standard() -> None:
    assert [gray_of_lab(lab_of_gray(level)[0]) for level in range(256)] == list(range(256))
    # sRGB 119 is L* 50.0 (50.03): the middle grey of any colour table
    assert lab_of_gray(119)[0] / 65535 * 100 == pytest.approx(50.03, abs=0.01)


def test_the_graphics_of_the_modality_stay_on_an_image_that_had_them() -> None:
    path = get_testdata_file("examples_overlay.dcm", download=False)
    assert isinstance(path, str)
    one = seen(dcmread(path), ViewState())

    assert one.look.overlay_groups == (0x6000,)
    assert one.image.graphics is not None
    assert np.array_equal(picture(applied(one)), one.picture)


def test_a_table_of_every_value_is_small_in_a_draft_and_exact() -> None:
    values = np.rint(65535 * (np.arange(65536) / 65535) ** 2.2).astype(np.uint16)
    kept = DisplayTable.of(-32768, 16, values)

    assert np.array_equal(kept.entries, values)
    assert len(kept.packed) < 16_384
