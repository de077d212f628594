"""Every photometric interpretation and every kind of VOI looks as DCMTK draws it, within two levels of 255."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.helpers.ct import part10
from tests.helpers.pictures import PYDICOM_FILES, drawn_by_dcmtk
from viewers.scene.picture import picture
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.phantom import ct_slice_dataset

pytestmark = pytest.mark.dcmtk

ZOO = (
    "chafey/testImages/CT1_UNC.explicit_big_endian.dcm",
    "chafey/testImages/CT1_UNC.implicit_little_endian.dcm",
    "chafey/testImages/encapsulated/multi-frame/IM00001.fragmented_no_bot_jpeg_baseline.50.dcm",
    "chafey/testImages/encapsulated/multi-frame/IM00001.implicit_little_endian.dcm",
    "chafey/testImages/encapsulated/single-frame/CT1_UNC.fragmented_bot_jpeg_ls.80.dcm",
    "charset/chrX1.dcm",
    "dcmqi/data/segmentations/ct-3slice/01.dcm",
    "dicompyler/tests/testdata/example_data/ct.0.dcm",
    "highdicom/data/test_files/ct_image.dcm",
    "highdicom/data/test_files/dx_image.dcm",
    "highdicom/data/test_files/seg_image_ct_binary_fractional.dcm",
    "highdicom/data/test_files/seg_image_sm_control_labelmap_palette_color.dcm",
    "highdicom/data/test_files/sm_image.dcm",
    "nema-wg04/JLSL/NM1_JLSL",
    "nema-wg04/JLSN/CT2_JLSN",
    "nema-wg04/JLSN/XA1_JLSN",
    "nema-wg04/JPLL/MR1_JPLL",
    "nema-wg04/JPLL/XA1_JPLL",
    "nema-wg04/JPLY/MG1_JPLY",
    "nema-wg04/JPLY/SC1_JPLY",
    "nema-wg04/RLE/CT1_RLE",
    "nema-wg04/RLE/NM1_RLE",
    "nema-wg04/RLE/US1_RLE",
    "suyash/testdata/1.dcm",
    "suyash/testdata/3.dcm",
)
PYDICOM = (
    "CT_small.dcm",
    "ExplVR_BigEnd.dcm",
    "JPEG-lossy.dcm",
    "JPEGLSNearLossless_08.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "SC_rgb_dcmtk_+eb+cr.dcm",
    "SC_rgb_dcmtk_+eb+cy+n1.dcm",
    "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_jpeg_lossy_gdcm.dcm",
    "SC_rgb_rle.dcm",
    "SC_rgb_rle_16bit.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "dicomdirtests/77654033/CR1/6154",
    "examples_overlay.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "examples_ybr_color.dcm",
    "image_dfl.dcm",
    "liver_1frame.dcm",
    "rtdose.dcm",
)


def farthest(path: Path, folder: Path) -> int:
    """Return the largest difference of any pixel between our picture and DCMTK's."""
    image = decode_for_display(path.read_bytes())
    ours, theirs = picture(image), drawn_by_dcmtk(path, folder, image)
    assert ours.shape == theirs.shape
    return int(np.abs(ours.astype(int) - theirs.astype(int)).max())


@pytest.mark.parametrize("name", ZOO)
def test_real_images_look_as_dcmtk_draws_them(shared_data: Path, tmp_path: Path, name: str) -> None:
    assert farthest(shared_data / "dicom-zoo" / name, tmp_path) <= 2


@pytest.mark.parametrize("name", PYDICOM)
def test_images_of_other_toolkits_look_as_dcmtk_draws_them(tmp_path: Path, name: str) -> None:
    assert farthest(PYDICOM_FILES / name, tmp_path) <= 2


def ramp(**attributes: object) -> FileDataset:
    """Return a slice with every stored value from -128 to 3967, told about by ``attributes``."""
    values = (np.arange(64 * 64) - 128).astype(np.int16).reshape(64, 64)
    dataset = ct_slice_dataset(1, values, position=(0.0, 0.0, 0.0))
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword in ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "PixelPaddingValue"):
        if keyword in dataset:
            delattr(dataset, keyword)
    stored = values if dataset.PixelRepresentation else values.view(np.uint16)
    dataset.PixelRepresentation = 1
    dataset.BitsStored, dataset.HighBit = 16, 15
    dataset.PixelData = stored.tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def lut(first: int, entries: np.ndarray[tuple[int], np.dtype[np.uint16]], bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [len(entries), first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


def junk_above_twelve_bits() -> FileDataset:
    values = np.arange(64 * 64, dtype=np.uint16)
    dataset = ramp(BitsStored=12, HighBit=11, PixelRepresentation=0, WindowCenter=2000, WindowWidth=3000)
    dataset.PixelData = (values | 0xA000).astype("<u2").tobytes()
    return dataset


def signed_bytes() -> FileDataset:
    dataset = ramp(BitsAllocated=8, BitsStored=8, HighBit=7, WindowCenter=0, WindowWidth=200)
    dataset.PixelData = (np.arange(64 * 64) % 256).astype(np.uint8).tobytes()
    return dataset


def palette_of_words() -> FileDataset:
    dataset = ramp(PhotometricInterpretation="PALETTE COLOR", PixelRepresentation=0)
    dataset.PixelData = (np.arange(64 * 64) % 1000).astype("<u2").tobytes()
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        delattr(dataset, keyword)
    for n, colour in enumerate(("Red", "Green", "Blue")):
        entries = (np.arange(900) * 70 * (n + 1) % 65536).astype("<u2")
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [900, 50, 16])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", entries.tobytes())
    return dataset


CURVE = (np.sqrt(np.arange(1000) / 999) * 4095).astype(np.uint16)
MADE = {
    "two windows, the first counts": lambda: ramp(WindowCenter=[600, 40], WindowWidth=[900, 400]),
    "sigmoid": lambda: ramp(WindowCenter=800, WindowWidth=700, VOILUTFunction="SIGMOID"),
    "window of width one": lambda: ramp(WindowCenter=800, WindowWidth=1),
    "rescaled by a fraction": lambda: ramp(RescaleSlope=0.5, RescaleIntercept=-7, WindowCenter=300, WindowWidth=500),
    "falling rescale": lambda: ramp(RescaleSlope=-1, RescaleIntercept=100, WindowCenter=-800, WindowWidth=1500),
    "white is low": lambda: ramp(PhotometricInterpretation="MONOCHROME1", WindowCenter=900, WindowWidth=900),
    "modality table": lambda: ramp(
        RescaleSlope=None,
        RescaleIntercept=None,
        ModalityLUTSequence=[lut(100, CURVE, 12)],
        WindowCenter=2000,
        WindowWidth=3500,
    ),
    "VOI table": lambda: ramp(VOILUTSequence=[lut(50, CURVE, 12)]),
    "VOI table of signed values": lambda: ramp(VOILUTSequence=[lut(-100, CURVE, 12)]),
    "junk in unused bits": junk_above_twelve_bits,
    "signed bytes": signed_bytes,
    "palette of 16-bit words that begins at 50": palette_of_words,
}


@pytest.mark.parametrize("name", MADE)
def test_every_rule_of_the_grey_pipeline_agrees_with_dcmtk(tmp_path: Path, name: str) -> None:
    dataset = MADE[name]()
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        if dataset.get(keyword) is None and keyword in dataset:
            delattr(dataset, keyword)
    path = tmp_path / "made.dcm"
    path.write_bytes(part10(dataset))
    assert farthest(path, tmp_path) <= 1
