"""QIDO-RS: every match key finds what it should and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.dicom_bytes import INSTANCE, SERIES, STUDY, small_image, small_report
from tests.helpers.dicomweb_hub import DicomwebHub, store, values
from tests.helpers.hub_archives import file_hub, hub, orthanc, orthanc_hub

__all__ = ["file_hub", "hub", "orthanc", "orthanc_hub"]

WU = "1.2.3.20"


@pytest.fixture
def filled(hub: DicomwebHub) -> DicomwebHub:
    """Two studies of site A: Zhang San with two images and a report, Wu Fang with one image."""
    files = [
        small_image(),
        small_image(instance="1.2.3.10.1.2"),
        small_report(series="1.2.3.10.2", instance="1.2.3.10.2.1"),
        small_image(
            study=WU,
            series="1.2.3.20.1",
            instance="1.2.3.20.1.1",
            patient_id="P_2",
            name="Wu^Fang=吴^芳",
            modality="MR",
        ),
    ]
    assert store(hub.client("tech-a"), files).status_code == 200
    return hub


def found(hub: DicomwebHub, user: str = "reader", level: str = "studies", **match: str) -> list[str]:
    """Return the UIDs of the results of one search."""
    answer = hub.client(user).get(f"/dicom-web/{level}", params=match)
    if answer.status_code == 204:
        return []
    assert answer.status_code == 200, answer.text
    tag = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}[level]
    return sorted(values(answer.json(), tag))


def test_every_study_match_key_of_the_standard(filled: DicomwebHub) -> None:
    cases = {
        ("StudyDate", "20240131"): [STUDY, WU],
        ("StudyDate", "20240101-20240131"): [STUDY, WU],
        ("StudyDate", "20240201-"): [],
        ("StudyDate", "-20240130"): [],
        ("StudyTime", "0800-0900"): [STUDY, WU],
        ("StudyTime", "0831-"): [],
        ("AccessionNumber", "ACC?"): [STUDY, WU],
        ("AccessionNumber", "acc?"): [],
        ("ModalitiesInStudy", "MR"): [WU],
        ("ModalitiesInStudy", "SR"): [STUDY],
        ("PatientID", "P1"): [STUDY],
        ("PatientID", "P_*"): [WU],
        ("PatientID", "P%"): [],
        ("PatientID", "[P]1"): [],
        ("PatientID", "p1"): [],
        ("PatientName", "zhang*"): [STUDY],
        ("PatientName", "ZHANG^SAN"): [STUDY],
        ("PatientName", "张*"): [STUDY],
        ("PatientName", "*芳"): [WU],
        ("PatientName", "Wu*=吴*"): [WU],
        ("PatientName", "Wu*=张*"): [],
        ("PatientName", "Zhang"): [],
        ("00100010", "zhang*"): [STUDY],
        ("StudyInstanceUID", WU): [WU],
        ("StudyInstanceUID", f"{WU},{STUDY}"): [STUDY, WU],
        ("StudyID", ""): [STUDY, WU],
        ("ReferringPhysicianName", "Nobody"): [],
        ("PatientSex", "F"): [STUDY, WU],
        ("PatientBirthDate", "19700101"): [STUDY, WU],
        ("StudyDescription", "胸部*"): [STUDY, WU],
    }
    got = {(name, value): found(filled, **{name: value}) for name, value in cases}
    assert got == cases


def test_dates_and_times_combine_to_one_range_of_moments(filled: DicomwebHub) -> None:
    # 31 January 08:30 lies within 30 January 09:00 to 31 January 09:00 although 08:30 is before 09:00
    assert found(filled, StudyDate="20240130-20240131", StudyTime="0900-0900") == [STUDY, WU]
    assert found(filled, StudyDate="20240131-20240131", StudyTime="0900-1000") == []


def test_series_and_instances_are_found_in_their_study_and_in_all(filled: DicomwebHub) -> None:
    assert found(filled, level="series") == [SERIES, "1.2.3.10.2", "1.2.3.20.1"]
    assert found(filled, level="series", Modality="SR") == ["1.2.3.10.2"]
    assert found(filled, level="series", SeriesInstanceUID="1.2.3.20.1") == ["1.2.3.20.1"]
    assert found(filled, level="instances", PatientID="P_2") == ["1.2.3.20.1.1"]
    assert found(filled, level="instances", SOPInstanceUID=INSTANCE, InstanceNumber="1") == [INSTANCE]
    assert found(filled, level="instances", InstanceNumber="2") == []
    client = filled.client("reader")
    in_study = client.get(f"/dicom-web/studies/{STUDY}/series").json()
    assert values(in_study, "00201209") == [2, 1]
    in_series = client.get(f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances").json()
    assert values(in_series, "00080018") == [INSTANCE, "1.2.3.10.1.2"]
    assert len(client.get(f"/dicom-web/studies/{STUDY}/instances").json()) == 3


def test_a_study_result_carries_what_the_standard_lists(filled: DicomwebHub) -> None:
    result = filled.client("reader").get("/dicom-web/studies", params={"PatientID": "P1"}).json()[0]
    shown = {tag: result[tag].get("Value") for tag in ("00080056", "00080061", "00081190", "00201206", "00201208")}
    assert shown == {
        "00080056": ["ONLINE"],
        "00080061": ["CT", "SR"],
        "00081190": [f"{filled.address}/dicom-web/studies/{STUDY}"],
        "00201206": [2],
        "00201208": [3],
    }
    assert result["00100010"]["Value"] == [{"Alphabetic": "Zhang^San", "Ideographic": "张^三"}]
    assert list(result) == sorted(result)


def test_includefield_adds_and_all_gives_everything(filled: DicomwebHub) -> None:
    client = filled.client("reader")
    url = f"/dicom-web/studies/{STUDY}/instances"
    plain = client.get(url, params={"SOPInstanceUID": INSTANCE}).json()[0]
    more = client.get(url, params={"SOPInstanceUID": INSTANCE, "includefield": "BitsStored,00280004"}).json()[0]
    everything = client.get(url, params={"SOPInstanceUID": INSTANCE, "includefield": "all"}).json()[0]
    assert "00280101" not in plain
    assert more["00280101"]["Value"] == [16]
    assert more["00280004"]["Value"] == ["MONOCHROME2"]
    assert everything["7FE00010"]["BulkDataURI"].startswith(f"{filled.address}/dicom-web/studies/{STUDY}/")


def test_paging_is_stable_and_tells_what_is_left(filled: DicomwebHub) -> None:
    client = filled.client("reader")
    pages = [client.get("/dicom-web/instances", params={"limit": "2", "offset": str(n)}) for n in (0, 2, 4)]
    assert [page.status_code for page in pages] == [200, 200, 204]
    uids = [uid for page in pages[:2] for uid in values(page.json(), "00080018")]
    assert sorted(uids) == [INSTANCE, "1.2.3.10.1.2", "1.2.3.10.2.1", "1.2.3.20.1.1"]
    warning = "299 lianyue: There are 2 additional results that can be requested"
    assert [page.headers.get("warning") for page in pages] == [warning, None, None]


def test_what_is_not_supported_is_said(filled: DicomwebHub) -> None:
    client = filled.client("reader")
    fuzzy = client.get("/dicom-web/studies", params={"PatientName": "Zhang", "fuzzymatching": "true"})
    assert fuzzy.status_code == 204
    assert "The fuzzymatching parameter is not supported. Only literal matching" in fuzzy.headers["warning"]
    other = client.get("/dicom-web/studies", params={"PatientComments": "x"})
    assert other.status_code == 200
    assert "PatientComments attribute is not supported" in other.headers["warning"]


@pytest.mark.parametrize(
    "query",
    [
        "NoSuchAttribute=1",
        "limit=many",
        "limit=-1",
        "PatientID=a&PatientID=b",
        "PatientID=a&00100020=b",
        "StudyInstanceUID=1.2.*",
        "StudyDate=yesterday",
        "StudyDate=-",
        "fuzzymatching=perhaps",
    ],
)
def test_a_wrong_query_is_refused_and_not_guessed(file_hub: DicomwebHub, query: str) -> None:
    assert file_hub.client("reader").get(f"/dicom-web/studies?{query}").status_code == 400


def test_a_technician_of_another_site_finds_nothing_at_any_level(filled: DicomwebHub) -> None:
    for level in ("studies", "series", "instances"):
        assert found(filled, user="tech-b", level=level) == []
        assert found(filled, user="admin", level=level) == []
        assert found(filled, user="tech-a", level=level) != []


def test_only_json_can_be_asked_for(file_hub: DicomwebHub) -> None:
    answer = file_hub.client("reader").get("/dicom-web/studies", headers={"Accept": "text/html"})
    assert answer.status_code == 406


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("chrX1.dcm", {"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小東"}),  # ISO_IR 192
        ("chrX2.dcm", {"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小东"}),  # GB18030
        ("chrGB2312.dcm", {"Alphabetic": "Zhang^XiaoDong", "Ideographic": "张^小东"}),  # ISO 2022 IR 58
        ("chrI2.dcm", {"Alphabetic": "Hong^Gildong", "Ideographic": "洪^吉洞", "Phonetic": "홍^길동"}),
        ("chrGerm.dcm", {"Alphabetic": "Äneas^Rüdiger"}),
    ],
)
def test_names_of_every_character_set_come_out_right(
    file_hub: DicomwebHub, shared_data: Path, file: str, name: dict[str, str]
) -> None:
    data = (shared_data / "dicom-zoo" / "charset" / file).read_bytes()
    assert store(file_hub.client("tech-a"), [data]).status_code == 200
    result = file_hub.client("reader").get("/dicom-web/studies").json()
    assert values(result, "00100010") == [name]
    study = result[0]["0020000D"]["Value"][0]
    metadata = file_hub.client("reader").get(f"/dicom-web/studies/{study}/metadata").json()
    assert values(metadata, "00100010") == [name]
    assert values(metadata, "00080005") == ["ISO_IR 192"]
