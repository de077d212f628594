"""A frame asked for by itself looks like the same frame of the whole object, or is not given at all."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pydicom
import pytest

from tests.helpers.dicom_bytes import element, identity, image, part10
from tests.helpers.dicomweb_hub import DicomwebHub, store
from tests.helpers.hub_archives import file_hub
from worklist import early_frame as early_frame_module
from worklist.early_frame import early_frame
from worklist.http import HubClient
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.frame_reader import FrameReader, one_frame
from workstation.domain.errors import DecodeError

__all__ = ["file_hub"]

pytestmark = pytest.mark.usefixtures("allow_warnings")
CLIPS = "dicom-zoo/chafey/testImages/encapsulated/multi-frame"


@dataclass
class Door:
    """The part of a hub client that asks."""

    client: httpx.Client

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        answer = self.client.request(method, path, **more)
        assert answer.status_code == 200, answer.text
        return answer


def door(hub: DicomwebHub) -> HubClient:
    return cast(HubClient, Door(hub.client("reader")))


def path_of(ds: pydicom.Dataset) -> str:
    return f"/dicom-web/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"


@pytest.mark.parametrize(
    "name",
    [
        f"{CLIPS}/IM00001.fragmented_no_bot_jpeg_baseline.50.dcm",
        f"{CLIPS}/IM00001.implicit_little_endian.dcm",
        f"{CLIPS}/CT0012.not_fragmented_bot_jpeg_ls.80.dcm",
        "dicom-zoo/dcm_qa_enh/In/Siemens/XA10/6_1.dcm",
    ],
)
def test_a_frame_by_itself_is_the_frame_of_the_whole_clip(
    file_hub: DicomwebHub, shared_data: Path, name: str
) -> None:  # fmt: skip
    whole = (shared_data / name).read_bytes().replace(b"ISO-IR 100", b"ISO_IR 100")  # a typing error of the maker's
    ds = pydicom.dcmread(BytesIO(whole), stop_before_pixels=True)
    assert store(file_hub.client("tech-a"), [whole]).status_code == 200
    last = int(ds.get("NumberOfFrames", 1))
    early = early_frame(door(file_hub), path_of(ds), str(ds.SOPInstanceUID), last)
    assert early is not None
    expected, shown = decode_for_display(FrameReader(whole).part10(last)), decode_for_display(early)
    assert np.array_equal(shown.pixels, expected.pixels)
    assert (shown.sop_instance_uid, shown.plane, shown.unit) == (
        expected.sop_instance_uid, expected.plane, expected.unit
    )  # fmt: skip


def native(frames: bytes = bytes(range(24))) -> bytes:
    return part10(identity() + image(frames="3", pixels=element(0x7FE00010, "OW", frames)))


def test_a_native_frame_comes_as_it_lies_in_the_object(file_hub: DicomwebHub) -> None:
    whole = native()
    ds = pydicom.dcmread(BytesIO(whole))
    store(file_hub.client("tech-a"), [whole])
    early = early_frame(door(file_hub), path_of(ds), str(ds.SOPInstanceUID), 2)
    assert early is not None
    assert np.array_equal(decode_for_display(early).pixels, decode_for_display(FrameReader(whole).part10(2)).pixels)


def test_metadata_of_another_instance_give_no_frame(file_hub: DicomwebHub) -> None:
    whole = native()
    ds = pydicom.dcmread(BytesIO(whole))
    store(file_hub.client("tech-a"), [whole])
    assert early_frame(door(file_hub), path_of(ds), "1.2.3.4", 2) is None


def test_pixels_of_another_length_than_the_header_says_are_refused() -> None:
    header = pydicom.dcmread(BytesIO(native()), stop_before_pixels=True)
    with pytest.raises(DecodeError):
        one_frame(header, 1, b"\0" * 6, "1.2.840.10008.1.2.1")
    with pytest.raises(DecodeError):
        one_frame(header, 4, b"\0" * 8, "1.2.840.10008.1.2.1")


@pytest.mark.parametrize(("tag", "is_given"), [("00281201", False), ("60003000", False), ("00091010", True)])
def test_what_lies_elsewhere_and_is_needed_keeps_the_frame_back(tag: str, is_given: bool) -> None:  # noqa: FBT001 - a parameter
    stored: dict[str, Any] = {"00080018": {"vr": "UI", "Value": ["1.2"]}, tag: {"vr": "OW", "BulkDataURI": "/x"}}
    inside = {"00080018": stored["00080018"], "00081140": {"vr": "SQ", "Value": [stored]}}
    for attributes in (stored, inside):
        assert (early_frame_module._only_instance([attributes], "1.2") is not None) is is_given
    assert early_frame_module._only_instance({"error": "x"}, "1.2") is None
