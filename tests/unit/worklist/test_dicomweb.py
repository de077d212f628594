"""Images arrive whole or not at all, and stored means that the hub said so."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pydicom
import pytest

from resources.translation import tr
from tests.helpers.faulty_proxy import FaultyProxy
from tests.helpers.loopback_hub import Answer, LoopbackHub
from tests.helpers.part10 import SERIES_UID, ct_slice, sop_uid
from tests.helpers.receiving_hub import ReceivingHub
from tests.helpers.reports import STUDY_UID, drafted_report
from tests.helpers.tls import Authority, answering
from worklist import multipart
from worklist.audit import HubAudit
from worklist.dicom_json import items, number, text
from worklist.dicomweb import HubImages
from worklist.http import HubClient, as_json
from worklist.inbox import HubInbox
from worklist.reports import _REPORT, HubReports
from workstation.domain.audit import AuditAction
from workstation.domain.errors import (
    DiskFull,
    IntegrityMismatch,
    NoLongerUpdatable,
    NotPermitted,
    Refused,
    Unreachable,
    WorkstationError,
)
from workstation.domain.workitem import Claim, OutputReference

SLICE = ct_slice(1, study_uid=STUDY_UID)
CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub(lambda _: Answer(404)) as made:
        yield made


@pytest.fixture
def client(hub: LoopbackHub) -> Iterator[HubClient]:
    with HubClient(hub.url) as made:
        yield made


@pytest.fixture
def images(client: HubClient) -> HubImages:
    return HubImages(client)


def multipart_answer(*bodies: bytes, headers: dict[str, str] | None = None, cut: int = 0) -> Answer:
    content, content_type = multipart.encode(bodies, "application/dicom")
    told = {"Content-Type": content_type, "ETag": etag(bodies[0] if bodies else b""), **(headers or {})}
    return Answer(200, content[: len(content) - cut], told)


def alone(headers: dict[str, str] | None = None) -> Answer:
    return Answer(200, SLICE, {"Content-Type": "application/dicom", "ETag": etag(SLICE), **(headers or {})})


def etag(body: bytes) -> str:
    return f'"sha256:{hashlib.sha256(body).hexdigest()}"'


def test_an_image_arrives_byte_for_byte(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: multipart_answer(SLICE)

    assert images.instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE
    (asked,) = hub.asked
    assert asked.path == f"/dicom-web/studies/{STUDY_UID}/series/{SERIES_UID}/instances/{sop_uid(1)}"
    assert asked.headers["accept"] == "application/dicom; transfer-syntax=*"


def test_an_image_comes_over_a_line_that_died_while_idle(hub: LoopbackHub) -> None:
    hub.script = lambda _: alone()
    with FaultyProxy(hub.address) as line, HubClient(line.url) as client:
        images = HubImages(client)
        assert images.instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE
        line.down()
        line.up()
        assert images.instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE


def test_an_image_cut_in_its_middle_is_asked_for_again_and_never_taken_for_whole(hub: LoopbackHub) -> None:
    hub.script = lambda _: alone()
    with FaultyProxy(hub.address) as line, HubClient(line.url) as client:
        line.cut_answers_after(300)
        assert HubImages(client).instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE
        assert (len(hub.asked), line.cuts) == (2, 1)


def test_an_image_for_which_the_session_has_ended_tells_so(hub: LoopbackHub, client: HubClient) -> None:
    ended: list[bool] = []
    client.session_ended = lambda: ended.append(True)
    client.authorise("token")
    hub.script = lambda _: Answer(401, {"error": "not_signed_in"})

    with pytest.raises(WorkstationError):
        HubImages(client).instance(STUDY_UID, SERIES_UID, sop_uid(1))
    assert ended == [True]
    assert hub.asked[0].headers["authorization"] == "Bearer token"


def test_an_image_is_not_asked_for_after_the_session(hub: LoopbackHub) -> None:
    client = HubClient(hub.url)
    hub.script = lambda _: alone()
    HubImages(client).instance(STUDY_UID, SERIES_UID, sop_uid(1))
    client.close()

    with pytest.raises(Unreachable):
        HubImages(client).instance(STUDY_UID, SERIES_UID, sop_uid(1))
    assert len(hub.asked) == 1


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.certificate)


def test_images_come_over_tls_from_a_hub_that_is_known_and_from_no_other(tmp_path: Path) -> None:
    known, other = Authority(tmp_path / "known"), Authority(tmp_path / "other")
    with LoopbackHub(lambda _: alone()) as hub:
        hub.secure(answering(known.issue("hub")))
        with HubClient(hub.url, verify=trusting(known)) as client:
            assert HubImages(client).instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE
        with HubClient(hub.url, verify=trusting(other)) as client, pytest.raises(Unreachable):
            HubImages(client).instance(STUDY_UID, SERIES_UID, sop_uid(1))
    assert len(hub.asked) == 1


def test_an_image_that_ends_nobody_knows_where_is_refused(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: alone({"Content-Length": ""})

    with pytest.raises(Unreachable):
        images.instance(STUDY_UID, SERIES_UID, sop_uid(1))


def test_a_small_picture_is_asked_for_by_frame_and_size(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: Answer(200, b"jpeg", {"Content-Type": "image/jpeg"})

    assert images.picture(STUDY_UID, SERIES_UID, sop_uid(1), 3, 56) == b"jpeg"
    (asked,) = hub.asked
    path = f"/dicom-web/studies/{STUDY_UID}/series/{SERIES_UID}/instances/{sop_uid(1)}"
    assert asked.path == f"{path}/frames/3/rendered"
    assert asked.parameters == {"viewport": "56,56"}
    assert asked.headers["accept"] == "image/jpeg"


def test_a_single_part_answer_is_understood_too(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: alone()

    assert images.instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 40, 200])
def test_a_body_without_its_end_is_refused(hub: LoopbackHub, images: HubImages, cut: int) -> None:
    """Two bytes are the line end after the closing boundary; every further one belongs to it."""
    hub.script = lambda _: multipart_answer(SLICE, cut=cut)
    if cut <= 2:
        assert images.instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE
        return
    with pytest.raises(IntegrityMismatch):
        images.instance(STUDY_UID, SERIES_UID, sop_uid(1))


@pytest.mark.parametrize("form", ['"sha256:{}"', '"sha256-{}"', '"{}"'])
def test_an_image_is_compared_with_the_promised_digest(hub: LoopbackHub, images: HubImages, form: str) -> None:
    right = hashlib.sha256(SLICE).hexdigest()
    hub.script = lambda _: multipart_answer(SLICE, headers={"ETag": form.format(right)})
    assert images.instance(STUDY_UID, SERIES_UID, sop_uid(1)) == SLICE

    hub.script = lambda _: multipart_answer(SLICE, headers={"ETag": form.format("0" * 64)})
    with pytest.raises(IntegrityMismatch):
        images.instance(STUDY_UID, SERIES_UID, sop_uid(1))


@pytest.mark.parametrize("told", ["", '"v1"', 'W/"abc"', f'W/"{"0" * 64}"'])
def test_an_image_whose_digest_was_dropped_on_the_way_is_refused(
    hub: LoopbackHub, images: HubImages, told: str
) -> None:
    hub.script = lambda _: multipart_answer(SLICE, headers={"ETag": told})

    with pytest.raises(IntegrityMismatch) as refused:
        images.instance(STUDY_UID, SERIES_UID, sop_uid(1))
    assert refused.value.user_text == tr("An image came without its checksum")


def test_the_wrong_image_is_never_shown_for_the_right_one(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: multipart_answer(ct_slice(2, study_uid=STUDY_UID))

    with pytest.raises(IntegrityMismatch):
        images.instance(STUDY_UID, SERIES_UID, sop_uid(1))


@pytest.mark.parametrize("bodies", [(), (SLICE, SLICE), (b"",), (b"not a DICOM file" * 20,)])
def test_an_answer_that_is_not_one_image_is_refused(
    hub: LoopbackHub, images: HubImages, bodies: tuple[bytes, ...]
) -> None:
    hub.script = lambda _: multipart_answer(*bodies)

    with pytest.raises(IntegrityMismatch):
        images.instance(STUDY_UID, SERIES_UID, sop_uid(1))


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "multipart/related; boundary=b"),
        (b"--b--", "multipart/related"),
        (b"--b\r\nno blank line\r\n--b--", "multipart/related; boundary=b"),
    ],
)
def test_a_broken_multipart_body_is_refused(content: bytes, content_type: str) -> None:
    with pytest.raises(IntegrityMismatch):
        multipart.decode(content, content_type)


def test_bytes_that_look_like_a_boundary_stay_in_the_image() -> None:
    body = b"a\r\n--not it\r\n\r\nb\r\n"

    content, content_type = multipart.encode([body, b""], "application/dicom")

    assert [part.body for part in multipart.decode(content, content_type)] == [body, b""]


def test_storing_returns_what_the_hub_confirmed(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = ReceivingHub()
    files = [ct_slice(n, study_uid=STUDY_UID) for n in range(1, 24)]

    stored = images.store(STUDY_UID, files)

    assert stored == [OutputReference(STUDY_UID, SERIES_UID, CT, sop_uid(n)) for n in range(1, 24)]
    assert hub.script.posts == [10, 10, 3]
    assert images.store(STUDY_UID, files) == stored


def test_storing_nothing_asks_nothing(hub: LoopbackHub, images: HubImages) -> None:
    assert images.store(STUDY_UID, []) == []
    assert hub.asked == []


def test_other_content_under_a_known_uid_is_a_conflict(hub: LoopbackHub, images: HubImages) -> None:
    receiving = ReceivingHub()
    receiving.stored[sop_uid(1)] = "0" * 64
    hub.script = receiving

    with pytest.raises(IntegrityMismatch):
        images.store(STUDY_UID, [SLICE])


def test_a_conflict_is_not_retried_as_a_fault_when_the_hub_will_not_compare(
    hub: LoopbackHub, images: HubImages
) -> None:
    receiving = ReceivingHub()
    receiving.stored[sop_uid(1)] = "0" * 64
    receiving.before = lambda asked: Answer(403) if asked.path.endswith("/missing") else None
    hub.script = receiving

    with pytest.raises(IntegrityMismatch):
        images.store(STUDY_UID, [SLICE])


@pytest.mark.parametrize(
    ("reason", "kind"), [(0xA700, DiskFull), (0xA7FF, DiskFull), (0xC122, Refused), (0x0110, Refused)]
)
def test_a_failure_reason_becomes_its_error(
    hub: LoopbackHub, images: HubImages, reason: int, kind: type[Exception]
) -> None:
    receiving = ReceivingHub()
    receiving.refuse[sop_uid(1)] = reason
    hub.script = receiving

    with pytest.raises(kind):
        images.store(STUDY_UID, [SLICE])


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(403, {"error": "not_permitted", "message": ""}), NotPermitted),
        (Answer(409, {}), NoLongerUpdatable),
        (Answer(200, b"<html>"), Refused),
        (Answer(200, b"7"), Refused),
        (Answer(200, b"[]"), Refused),
        (Answer(415, b""), Refused),
    ],
)
def test_an_answer_without_a_verdict_is_no_success(
    hub: LoopbackHub, images: HubImages, answer: Answer, kind: type[Exception]
) -> None:
    hub.script = lambda _: answer

    with pytest.raises(kind):
        images.store(STUDY_UID, [SLICE])


def test_two_files_of_one_uid_never_travel_together(images: HubImages) -> None:
    with pytest.raises(ValueError, match="twice"):
        images.stow(STUDY_UID, [SLICE, SLICE])


def test_what_conflicts_counts_as_missing(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: Answer(200, {"missing": ["1.1"], "conflicts": ["1.2"]})

    assert images.missing(STUDY_UID, {"1.1": "", "1.2": "", "1.3": ""}) == {"1.1", "1.2"}


def test_a_comparison_of_another_form_is_refused(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: Answer(200, {})

    with pytest.raises(Refused):
        images.missing(STUDY_UID, {})


@pytest.mark.parametrize("answer", [Answer(204), Answer(200, [])])
def test_nothing_found_is_no_error(hub: LoopbackHub, images: HubImages, answer: Answer) -> None:
    hub.script = lambda _: answer

    assert images.search_studies(PatientID="P1") == []


@pytest.mark.parametrize("body", [b"<html>", b"{}"])
def test_a_search_of_another_form_is_refused(hub: LoopbackHub, images: HubImages, body: bytes) -> None:
    hub.script = lambda _: Answer(200, body)

    with pytest.raises(Refused):
        images.search_studies()


def test_dicom_json_is_read_leniently() -> None:
    dataset = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^San", "Ideographic": "张^三"}]},
        "00201209": {"vr": "IS", "Value": ["12"]},
        "00080018": {"vr": "UI"},
        "00080060": {"vr": "CS", "Value": [None]},
        "00081199": {"vr": "SQ", "Value": [{}, None]},
    }

    assert [text(dataset, tag) for tag in ("00100010", "00080018", "00080060", "00100020")] == ["张^三", "", "", ""]
    assert (number(dataset, "00201209"), number(dataset, "00100010")) == (12, 0)
    assert items(dataset, "00081199") == [{}]


def test_the_structure_of_a_study_comes_from_its_metadata(hub: LoopbackHub, images: HubImages) -> None:
    def metadata(number: int) -> dict[str, object]:
        dataset = pydicom.dcmread(BytesIO(ct_slice(number, study_uid=STUDY_UID)), stop_before_pixels=True)
        return dataset.to_json_dict()

    hub.script = lambda _: Answer(200, [metadata(n) for n in (2, 3, 1)])

    study = images.study(STUDY_UID)

    (series,) = study.series
    assert study.study_instance_uid == STUDY_UID
    assert [i.sop_instance_uid for i in series.instances] == [sop_uid(1), sop_uid(2), sop_uid(3)]


CLAIM = Claim("1.2.826.0.1.3680043.10.3.1", "1.2.3.4")


def test_reports_travel_whole(hub: LoopbackHub, client: HubClient) -> None:
    report = drafted_report()
    hub.script = lambda _: Answer(200, as_json(_REPORT, report))
    reports = HubReports(client)
    output = OutputReference("1.1", "1.2", "1.3", "1.4")

    assert reports.fetch(CLAIM.ups_instance_uid) == report
    assert reports.submit(report, CLAIM) == report
    assert reports.send_back(report, CLAIM, "左右不符") == report
    assert reports.finalise(report, CLAIM, [output]) == report
    assert [asked.path.rsplit("/", 1)[-1] for asked in hub.asked[1:]] == ["submit", "return", "final"]
    assert [asked.json["transaction_uid"] for asked in hub.asked[1:]] == ["1.2.3.4"] * 3
    assert hub.asked[2].json["reason"] == "左右不符"
    assert hub.asked[3].json["outputs"][0]["sop_instance_uid"] == "1.4"


def test_a_hub_of_a_former_version_is_not_asked_beforehand_and_a_refusal_is_one(
    hub: LoopbackHub, client: HubClient
) -> None:
    """A signed report never waits for ever for an answer that an older hub does not know."""
    reports, report = HubReports(client), drafted_report()
    hub.script = lambda _: Answer(404, {"detail": "Not Found"})
    reports.check_final(report, CLAIM)

    hub.script = lambda _: Answer(404, {"error": "not_found"})
    with pytest.raises(Refused):
        reports.check_final(report, CLAIM)
    hub.script = lambda _: Answer(409, {"error": "no_longer_updatable"})
    with pytest.raises(NoLongerUpdatable):
        reports.check_final(report, CLAIM)


def test_a_case_without_report_has_none(hub: LoopbackHub, client: HubClient) -> None:
    assert HubReports(client).fetch("1.2.3") is None

    hub.script = lambda _: Answer(500)
    with pytest.raises(Refused):
        HubReports(client).fetch("1.2.3")


def test_the_inbox_shows_the_newest_report_first(hub: LoopbackHub, client: HubClient) -> None:
    def returned(uid: str, signed_at: str) -> dict[str, object]:
        keys = ("patient_name", "description", "modality", "signer", "summary", "report_sop_instance_uid")
        more = ("study_instance_uid", "pdf_sop_instance_uid", "pdf_series_instance_uid")
        return {**dict.fromkeys((*keys, *more), "x"), "ups_instance_uid": uid, "signed_at": signed_at}

    hub.script = lambda _: Answer(200, [returned("1", "2026-03-05T08:00:00Z"), returned("2", "2026-03-05T09:00:00Z")])
    assert [entry.ups_instance_uid for entry in HubInbox(client).returned()] == ["2", "1"]

    hub.script = lambda _: Answer(200, {**returned("1", "2026-03-05T08:00:00Z"), "acknowledged_by": "赵技师"})
    assert HubInbox(client).acknowledge("1").acknowledged_by == "赵技师"
    assert (hub.asked[-1].method, hub.asked[-1].path) == ("POST", "/api/inbox/1/acknowledge")


def test_acts_are_recorded_and_a_failure_to_record_is_an_error(hub: LoopbackHub, client: HubClient) -> None:
    hub.script = lambda _: Answer(201)
    HubAudit(client).record(AuditAction.STUDY_VIEWED, subject_uid="1.2.3")
    assert hub.asked[0].json == {"action": "study_viewed", "subject_uid": "1.2.3", "outcome": 0, "detail": ""}

    hub.script = lambda _: Answer(500)
    with pytest.raises(Refused):
        HubAudit(client).record(AuditAction.REPORT_SIGNED)


def test_the_audit_chain_of_one_study_is_asked_for(hub: LoopbackHub, client: HubClient) -> None:
    event = {"sequence": 1, "at": "2026-03-05T12:00:00Z", "user_id": "expert", "role": "senior", "action": "login"}
    rest = {"outcome": 0, "subject_uid": "", "detail": "", "previous": "0" * 64, "digest": "a"}
    hub.script = lambda _: Answer(200, [{**event, **rest}])

    assert HubAudit(client).events()[0].action is AuditAction.LOGIN
    HubAudit(client).events(study_instance_uid="1.2.3")
    assert [asked.parameters for asked in hub.asked] == [{}, {"study_instance_uid": "1.2.3"}]
