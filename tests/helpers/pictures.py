"""Pictures as a reader sees them, and the same pictures drawn by DCMTK."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom.data
from PIL import Image

from viewers.scene.image import SliceImage
from viewers.scene.picture import picture
from viewers.scene.raster import VoiFunction, VoiLut, Window
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.decode import read_header

Levels = npt.NDArray[np.uint8]

_BY_TOOL = {
    "1.2.840.10008.1.2.4.80": "dcmdjpls",
    "1.2.840.10008.1.2.4.81": "dcmdjpls",
    "1.2.840.10008.1.2.5": "dcmdrle",
}
PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"


def shown(content: bytes) -> Levels:
    """Return the picture of an object's first frame with its own window."""
    return picture(decode_for_display(content))


def drawn_by_dcmtk(path: Path, folder: Path, image: SliceImage) -> Levels:
    """Return DCMTK's picture of the first frame under the same window or VOI LUT."""
    source, out = path, folder / "picture.pnm"
    tool = _BY_TOOL.get(str(read_header(path).file_meta.get("TransferSyntaxUID", "")))
    if tool is not None:
        source = folder / "plain.dcm"
        subprocess.run([tool, path, source], check=True, capture_output=True)
    words = ["dcmj2pnm", "--write-raw-pnm", "--frame", "1", *_window(image), str(source), str(out)]
    subprocess.run(words, check=True, capture_output=True)
    with Image.open(out) as drawn:
        return np.asarray(drawn)


def _window(image: SliceImage) -> Sequence[str]:
    voi = image.default_voi
    if image.is_color:
        return ()
    if isinstance(voi, VoiLut):
        return ("+Wl", "1")
    assert isinstance(voi, Window)
    kind = "+Wfs" if voi.function is VoiFunction.SIGMOID else "+Wfl"
    return ("+Ww", repr(voi.centre), repr(voi.width), kind)
