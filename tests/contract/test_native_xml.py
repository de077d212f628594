"""Attributes as Native DICOM Model XML (PS3.19 A.1), which PS3.18 requires beside JSON; DCMTK is the judge."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from email import message_from_bytes
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.dicom_bytes import STUDY, small_image
from tests.helpers.dicomweb_hub import DicomwebHub, store
from tests.helpers.hub import HubBed, expect, new_uid, new_workitem
from tests.helpers.hub_archives import file_hub

__all__ = ["file_hub"]

JSON = "application/dicom+json"
XML = 'multipart/related; type="application/dicom+xml"'
NAME = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
NUMBERS = {"DS", "IS", "FD", "FL", "US", "SS", "UL", "SL"}
Described = dict[tuple[str, str], tuple[str, list[object]]]


def documents(answer: httpx.Response) -> list[bytes]:
    """Return the parts, read by the standard library's MIME parser."""
    assert answer.status_code == 200, answer.text
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.content)
    found = []
    for part in message.get_payload():
        assert part.get_content_type() == "application/dicom+xml"  # type: ignore[union-attr] # a multipart message
        found.append(part.get_payload(decode=True).strip())  # type: ignore[union-attr] # ditto
    return found


def described(parent: ET.Element) -> Described:
    """Return what a document says: VR and values by tag and private creator."""
    found: Described = {}
    for element in parent.iter(f"{NAME}DicomAttribute"):
        values: list[object] = []
        for value in element.findall(f"{NAME}Value"):
            text = (value.text or "").strip()
            values.append(float(text) if element.get("vr") in NUMBERS else text)
        names = [part.text or "" for part in element.iter() if part.tag.endswith(("FamilyName", "GivenName"))]
        found[element.get("tag", ""), element.get("privateCreator", "")] = (element.get("vr", ""), values + names)
    return found


@pytest.mark.parametrize("path", ["dicom-zoo/nema-wg04/J2KI/NM1_J2KI", "ct-chest-lidc-0314/0162.dcm"])
def test_an_outside_judge_writes_the_same_document(file_hub: DicomwebHub, shared_data: Path, path: str) -> None:
    file = shared_data / path
    judged = subprocess.run(["dcm2xml", "-nat", "+Xn", file], capture_output=True, check=True).stdout
    expected = described(ET.fromstring(judged))  # noqa: S314 - written by DCMTK
    stored = store(file_hub.client("tech-a"), [file.read_bytes()])
    assert stored.status_code == 200, stored.text
    url = stored.json()["00081199"]["Value"][0]["00081190"]["Value"][0]

    (document,) = documents(file_hub.client("reader").get(f"{url}/metadata", headers={"Accept": XML}))

    actual = described(ET.fromstring(document))  # noqa: S314 - written by our hub
    bulk = {key for key, (vr, _) in expected.items() if vr in {"OB", "OW", "UN"}} | {("00080005", "")}  # ours is UTF-8
    assert {k: v for k, v in actual.items() if k not in bulk} == {k: v for k, v in expected.items() if k not in bulk}


def test_a_study_and_a_search_come_as_one_document_for_each(file_hub: DicomwebHub) -> None:
    assert store(file_hub.client("tech-a"), [small_image(), small_image(instance="1.2.3.10.1.2")]).status_code == 200
    reader = file_hub.client("reader")

    for path in (f"/dicom-web/studies/{STUDY}/metadata", f"/dicom-web/studies/{STUDY}/instances"):
        found = [described(ET.fromstring(one)) for one in documents(reader.get(path, headers={"Accept": XML}))]  # noqa: S314 - our hub's
        assert [one["00080018", ""] for one in found] == [("UI", ["1.2.3.10.1.1"]), ("UI", ["1.2.3.10.1.2"])]


def test_the_answer_to_storing_comes_as_xml(file_hub: DicomwebHub) -> None:
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + small_image() + b"\r\n--b--\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=b'
    headers = {"Content-Type": kind, "Accept": "application/dicom+xml"}
    answer = file_hub.client("tech-a").post("/dicom-web/studies", content=body, headers=headers)

    assert answer.headers["content-type"] == "application/dicom+xml"
    told = described(ET.fromstring(answer.content))  # noqa: S314 - written by our hub
    assert told["00081155", ""] == ("UI", ["1.2.3.10.1.1"])


def multipart(document: str) -> tuple[bytes, dict[str, str]]:
    body = f"--b\r\nContent-Type: application/dicom+xml\r\n\r\n{document}\r\n--b--\r\n".encode()
    return body, {"Content-Type": f"{XML}; boundary=b"}


def written(dataset: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a dataset as XML, written here in another way than the hub does."""
    lines = []
    for tag, attribute in dataset.items():
        inner = ""
        for number, value in enumerate(attribute.get("Value", []), start=1):
            if attribute["vr"] == "SQ":
                inner += f'<Item number="{number}">{written(value)}</Item>'
            elif isinstance(value, dict):
                groups = ""
                for group, name in value.items():
                    family, _, given = str(name).partition("^")
                    groups += f"<{group}><FamilyName>{family}</FamilyName><GivenName>{given}</GivenName></{group}>"
                inner += f'<PersonName number="{number}">{groups}</PersonName>'
            else:
                inner += f'<Value number="{number}">{value}</Value>'
        lines.append(f'<DicomAttribute tag="{tag}" vr="{attribute["vr"]}">{inner}</DicomAttribute>')
    return "".join(lines)


def model(inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><NativeDicomModel xmlns="{NAME[1:-1]}">{inner}</NativeDicomModel>'


def test_a_workitem_written_as_xml_is_the_one_written_as_json(hub: HubBed) -> None:
    dataset = new_workitem()
    uids = []
    for sent in (multipart(model(written(dataset))), (json.dumps([dataset]).encode(), {"Content-Type": JSON})):
        uids.append(new_uid())
        body, headers = sent
        expect(201, hub.as_("technician").post(f"/dicom-web/workitems?{uids[-1]}", content=body, headers=headers))

    expert = hub.as_("expert")
    first, second = (expert.get(f"/dicom-web/workitems/{uid}").json()[0] for uid in uids)
    for own in ("00080018", "00404010"):
        first.pop(own, None)
        second.pop(own, None)
    assert first == second

    (document,) = documents(expert.get(f"/dicom-web/workitems/{uids[0]}", headers={"Accept": XML}))
    told = described(ET.fromstring(document))  # noqa: S314 - written by our hub
    assert told["00741000", ""] == ("CS", ["SCHEDULED"])
    found = documents(expert.get(f"/dicom-web/workitems?00080018={uids[1]}", headers={"Accept": XML}))
    assert len(found) == 1


def test_a_state_is_changed_with_xml(hub: HubBed) -> None:
    uid, lock = new_uid(), new_uid()
    expect(201, hub.as_("technician").post(f"/dicom-web/workitems?{uid}", json=[new_workitem()]))
    change = {"00081195": {"vr": "UI", "Value": [lock]}, "00741000": {"vr": "CS", "Value": ["IN PROGRESS"]}}
    headers = {"Content-Type": "application/dicom+xml"}
    document = model(written(change))

    expect(200, hub.as_("expert").put(f"/dicom-web/workitems/{uid}/state", content=document, headers=headers))

    assert hub.as_("expert").get(f"/dicom-web/workitems/{uid}").json()[0]["00741000"]["Value"] == ["IN PROGRESS"]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "document",
    [
        "no xml",
        "<x/>",
        model("")[:-5],
        model("<Value/>"),
        model('<DicomAttribute tag="1" vr="LO"/>'),
        model('<DicomAttribute tag="00100020" vr="LO"><Value>x</Value></DicomAttribute>'),
        model('<DicomAttribute tag="00100020" vr="LO"><Value number="999999">x</Value></DicomAttribute>'),
        model('<DicomAttribute tag="00741004" vr="DS"><Value number="1">x</Value></DicomAttribute>'),
        model('<DicomAttribute tag="00100020" vr="LO"/>' * 2),
        BOMB + model("")[38:],
        model('<DicomAttribute tag="00404018" vr="SQ"><Item number="1">' * 60 + "</Item></DicomAttribute>" * 60),
    ],
)
def test_hostile_xml_is_a_bad_request(hub: HubBed, document: str) -> None:
    body, headers = multipart(document)

    assert hub.as_("technician").post("/dicom-web/workitems", content=body, headers=headers).status_code == 400


def test_a_body_of_two_parts_is_no_workitem(hub: HubBed) -> None:
    body, headers = multipart(model(""))

    twice = body.replace(b"--b--", body[:-7] + b"--b--")
    assert hub.as_("technician").post("/dicom-web/workitems", content=twice, headers=headers).status_code == 400
    torn = body.replace(b"--b--", b"")
    assert hub.as_("technician").post("/dicom-web/workitems", content=torn, headers=headers).status_code == 400
