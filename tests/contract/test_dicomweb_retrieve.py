"""WADO-RS: the bytes that were stored, in the form that was asked for, to those who may see them."""

from __future__ import annotations

import hashlib
import io
from email import message_from_bytes
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from PIL import Image

from tests.helpers.dicom_bytes import INSTANCE, SERIES, STUDY, element, identity, image, part10, small_image
from tests.helpers.dicomweb_hub import AS_STORED, DicomwebHub, store, values
from tests.helpers.hub_archives import file_hub, hub, orthanc, orthanc_hub

__all__ = ["file_hub", "hub", "orthanc", "orthanc_hub"]

URL = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}"
EXPLICIT = "1.2.840.10008.1.2.1"
OCTETS = "application/octet-stream"


def parts(answer: httpx.Response) -> list[tuple[str, str, bytes]]:
    """Return type, location and content of each part, read by the standard library's MIME parser."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.content)
    found: list[tuple[str, str, bytes]] = []
    for part in message.get_payload():
        content = part.get_payload(decode=True)  # type: ignore[union-attr] # ditto
        found.append((part.get_content_type(), part["Content-Location"], content))  # type: ignore[union-attr,index,arg-type] # ditto
    return found


def stored_url(hub: DicomwebHub, path: Path) -> str:
    answer = store(hub.client("tech-a"), [path.read_bytes()])
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
    return url


@pytest.fixture
def filled(hub: DicomwebHub) -> DicomwebHub:
    assert store(hub.client("tech-a"), [small_image(), small_image(instance="1.2.3.10.1.2")]).status_code == 200
    return hub


def test_a_study_comes_as_one_part_for_each_instance(filled: DicomwebHub) -> None:
    for tail in (f"/dicom-web/studies/{STUDY}", f"/dicom-web/studies/{STUDY}/series/{SERIES}"):
        answer = filled.client("reader").get(
            tail, headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
        )
        got = {location: (kind, content.rstrip(b"\r\n")) for kind, location, content in parts(answer)}
        base = f"{filled.address}/dicom-web/studies/{STUDY}/series/{SERIES}/instances/"
        assert {location: kind for location, (kind, _) in got.items()} == {
            base + INSTANCE: "application/dicom",
            base + "1.2.3.10.1.2": "application/dicom",
        }


def test_an_instance_without_wishes_is_multipart_in_explicit_little_endian(filled: DicomwebHub) -> None:
    answer = filled.client("reader").get(URL)
    assert answer.headers["content-type"].startswith('multipart/related; type="application/dicom"; boundary=')
    assert f"transfer-syntax={EXPLICIT}".encode() in answer.content


def test_an_unchanged_instance_is_not_sent_again(filled: DicomwebHub) -> None:
    client = filled.client("reader")
    tag = client.get(URL, headers={"Accept": AS_STORED}).headers["etag"]
    again = client.get(URL, headers={"Accept": AS_STORED, "If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("tail", "accept"),
    [
        ("", "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.80"),
        ("", "image/png"),
        ("/metadata", "application/dicom+xml"),
        ("/frames/1", "image/jls"),
        ("/rendered", "application/pdf"),
    ],
)
def test_a_form_that_cannot_be_made_is_refused(filled: DicomwebHub, tail: str, accept: str) -> None:
    assert filled.client("reader").get(URL + tail, headers={"Accept": accept}).status_code == 406


def test_another_site_is_told_that_nothing_exists_at_every_door(filled: DicomwebHub) -> None:
    stranger, owner = filled.client("tech-b"), filled.client("tech-a")
    study, series = f"/dicom-web/studies/{STUDY}", f"/dicom-web/studies/{STUDY}/series/{SERIES}"
    doors = [base + tail for base in (study, series, URL) for tail in ("", "/metadata", "/rendered", "/thumbnail")]
    doors += [f"{URL}/frames/1", f"{URL}/frames/1/rendered", f"{URL}/bulkdata/7FE00010"]
    assert {stranger.get(door).status_code for door in doors} == {404}
    assert {owner.get(door).status_code for door in doors} == {200}
    assert stranger.get("/dicom-web/studies/1.2.3.999/metadata").json() == stranger.get(f"{study}/metadata").json()


def test_an_instance_is_found_under_its_own_study_and_series_only(filled: DicomwebHub) -> None:
    client = filled.client("reader")
    assert client.get(f"/dicom-web/studies/1.2.3.77/series/{SERIES}/instances/{INSTANCE}").status_code == 404
    assert client.get(f"/dicom-web/studies/{STUDY}/series/1.2.3.77/instances/{INSTANCE}").status_code == 404
    assert client.get("/dicom-web/studies/..%2f..%2fetc/metadata").status_code in {400, 404}
    assert client.get("/dicom-web/studies/abc/metadata").status_code == 400


def test_metadata_names_its_bulk_data_and_the_bulk_data_is_there(filled: DicomwebHub) -> None:
    client = filled.client("reader")
    metadata = client.get(f"/dicom-web/studies/{STUDY}/metadata").json()
    assert values(metadata, "00080018") == [INSTANCE, "1.2.3.10.1.2"]
    assert metadata[0]["00280010"] == {"vr": "US", "Value": [2]}
    answer = client.get(metadata[0]["7FE00010"]["BulkDataURI"], headers={"Accept": OCTETS})
    assert answer.content == bytes(range(8))


def test_frames_are_numbered_from_one_and_checked(file_hub: DicomwebHub) -> None:
    body = identity() + image(frames="3", pixels=element(0x7FE00010, "OW", bytes(range(24))))
    store(file_hub.client("tech-a"), [part10(body)])
    client = file_hub.client("reader")
    answer = client.get(f"{URL}/frames/3,1")
    assert [(location, content[:8]) for _, location, content in parts(answer)] == [
        (f"{file_hub.address}{URL}/frames/3", bytes(range(16, 24))),
        (f"{file_hub.address}{URL}/frames/1", bytes(range(8))),
    ]
    assert client.get(f"{URL}/frames/2", headers={"Accept": OCTETS}).content == bytes(range(8, 16))
    assert client.get(f"{URL}/frames/4").status_code == 404
    assert client.get(f"{URL}/frames/0").status_code == 400
    assert client.get(f"{URL}/frames/x").status_code == 400


def test_a_jpeg_ls_slice_comes_as_stored_or_unpacked_without_loss(hub: DicomwebHub, lidc_0314: Path) -> None:
    path = lidc_0314 / "0100.dcm"
    url = stored_url(hub, path)
    expected = pydicom.dcmread(path)
    client = hub.client("reader")
    whole = client.get(url, headers={"Accept": AS_STORED})
    assert hashlib.sha256(whole.content).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert whole.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.80"
    plain = client.get(url, headers={"Accept": f"application/dicom; transfer-syntax={EXPLICIT}"})
    assert "etag" not in plain.headers
    unpacked = pydicom.dcmread(io.BytesIO(plain.content))
    assert unpacked.file_meta.TransferSyntaxUID == EXPLICIT
    assert unpacked.SOPInstanceUID == expected.SOPInstanceUID
    assert np.array_equal(unpacked.pixel_array, expected.pixel_array)
    frame = client.get(f"{url}/frames/1", headers={"Accept": OCTETS})
    assert frame.content == expected.pixel_array.tobytes()
    packed = client.get(f"{url}/frames/1", headers={"Accept": "image/jls"})
    assert packed.headers["content-type"] == "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"
    assert packed.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "name",
    [
        "chafey/testImages/CT1_UNC.explicit_big_endian.dcm",
        "chafey/testImages/CT1_UNC.implicit_little_endian.dcm",
        "nema-wg04/RLE/CT1_RLE",
    ],
)
def test_every_stored_syntax_unpacks_to_the_same_pixels(file_hub: DicomwebHub, shared_data: Path, name: str) -> None:
    path = shared_data / "dicom-zoo" / name
    expected = pydicom.dcmread(path).pixel_array
    url = stored_url(file_hub, path)
    client = file_hub.client("reader")
    plain = client.get(url, headers={"Accept": "application/dicom"})
    assert np.array_equal(pydicom.dcmread(io.BytesIO(plain.content)).pixel_array, expected)
    frame = client.get(f"{url}/frames/1", headers={"Accept": OCTETS}).content
    assert np.array_equal(np.frombuffer(frame, dtype="<i2").reshape(expected.shape), expected)


def test_a_rendered_image_shows_the_window_asked_for(file_hub: DicomwebHub) -> None:
    store(file_hub.client("tech-a"), [small_image()])  # values 256, 770, 1284, 1798
    client = file_hub.client("reader")
    answer = client.get(f"{URL}/rendered?window=1027,1028,linear-exact", headers={"Accept": "image/png"})
    grey = np.asarray(Image.open(io.BytesIO(answer.content)))
    # (x - c) / w + 0.5, times 255: PS3.3 C.11.2.1.3.2
    assert grey.tolist() == [[0, 64], [191, 255]]
    small = client.get(f"{URL}/rendered?viewport=64,32", headers={"Accept": "image/jpeg"})
    assert Image.open(io.BytesIO(small.content)).size == (32, 32)
    flipped = client.get(
        f"{URL}/rendered?window=1027,1028,linear-exact&viewport=2,2,,,-2,", headers={"Accept": "image/png"}
    )
    assert np.asarray(Image.open(io.BytesIO(flipped.content))).tolist() == [[64, 0], [255, 191]]


def test_a_rendered_image_and_its_thumbnail_hide_what_the_display_shutter_hides(file_hub: DicomwebHub) -> None:
    """C.7.6.11: column 1 lies under the shutter, which is shown as 0x8080 of 0xFFFF, 128 of 255."""
    ds = pydicom.dcmread(io.BytesIO(small_image()))
    ds.ShutterShape, ds.ShutterPresentationValue = "RECTANGULAR", 0x8080
    ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = 2, 2
    ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = 1, 2
    shuttered = io.BytesIO()
    ds.save_as(shuttered)
    store(file_hub.client("tech-a"), [shuttered.getvalue()])
    client = file_hub.client("reader")
    answer = client.get(f"{URL}/rendered?window=1027,1028,linear-exact", headers={"Accept": "image/png"})
    assert np.asarray(Image.open(io.BytesIO(answer.content))).tolist() == [[128, 64], [128, 255]]
    small = client.get(f"{URL}/thumbnail?viewport=2,2", headers={"Accept": "image/png"})
    assert np.asarray(Image.open(io.BytesIO(small.content)))[:, 0].tolist() == [128, 128]


@pytest.mark.parametrize(
    "query",
    ["quality=0", "quality=101", "window=40", "window=40,0", "window=40,400,square", "viewport=0,5", "viewport=9999,9"],
)
def test_a_wrong_rendering_parameter_is_refused(file_hub: DicomwebHub, query: str) -> None:
    store(file_hub.client("tech-a"), [small_image()])
    assert file_hub.client("reader").get(f"{URL}/rendered?{query}").status_code == 400


def test_a_whole_series_of_real_slices_comes_back_byte_for_byte(hub: DicomwebHub, shared_data: Path) -> None:
    files = [path.read_bytes() for path in sorted((shared_data / "ct-chest-lidc-0002-part").glob("*.dcm"))]
    assert store(hub.client("tech-a"), files).status_code == 200
    client = hub.client("reader")
    found = client.get("/dicom-web/instances").json()
    got = {
        client.get(result["00081190"]["Value"][0], headers={"Accept": AS_STORED}).headers["etag"] for result in found
    }
    assert got == {f'"sha256:{hashlib.sha256(file).hexdigest()}"' for file in files}
