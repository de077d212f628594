"""A workstation's side of quality against a running hub: figures, grades, the place beside a lost claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.helpers.hub import HubBed, expect, new_uid
from worklist.http import HubClient
from worklist.quality import HubQuality
from worklist.ups_rs import HubWorklist
from workstation.domain.dispatch import TimelineStep
from workstation.domain.errors import AlreadyClaimed, NotPermitted
from workstation.domain.image_quality import GradeReason, ImageGrade, ImageGrading
from workstation.domain.quality import QualityQuery

QUERY = QualityQuery(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC), modality="CT")


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubBed]:
    with HubBed("sqlite", tmp_path_factory.mktemp("hub")) as hub:
        yield hub


_OPEN: list[HubClient] = []


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def client(bed: HubBed, user: str) -> HubClient:
    made = HubClient(bed.url)
    _OPEN.append(made)
    made.authorise(bed.app.state.accounts.open_session(user).token)  # the password door has tests of its own
    return made


def test_figures_come_back_as_values_and_the_export_is_told(bed: HubBed) -> None:
    quality = HubQuality(client(bed, "quality"))

    found = quality.figures(QUERY)
    quality.exported(QUERY)

    assert found.query == QUERY
    assert (found.norm.clean.value, found.critical.share, found.double.schemes) == (None, None, ())
    actions = [one["action"] for one in expect(200, bed.as_("admin").get("/api/audit")).json()]
    assert actions.count("quality_exported") == 1
    with pytest.raises(NotPermitted):
        HubQuality(client(bed, "expert")).figures(QUERY)


def test_a_grade_given_at_a_workstation_is_on_the_worklist(bed: HubBed) -> None:
    sent = bed.send()
    quality, worklist = HubQuality(client(bed, "expert")), HubWorklist(client(bed, "expert"))

    given = quality.grade(sent.ups, ImageGrading(ImageGrade.D, (GradeReason.MOTION,), "重复呼吸"))

    assert given == quality.grades(sent.ups)
    assert (given[0].grading.words, given[0].by_reader) == ("重复呼吸", True)
    assert worklist.row(sent.ups).quality_grade == "D"


def test_after_a_lost_claim_the_other_place_is_offered(bed: HubBed) -> None:
    sent = bed.send()
    expect(204, bed.as_("expert").post(f"/api/reports/{sent.ups}/double"))
    first, second = HubWorklist(client(bed, "resident")), HubWorklist(client(bed, "expert"))
    offered = second.row(sent.ups)
    first.claim(offered.ups_instance_uid, new_uid())

    with pytest.raises(AlreadyClaimed):
        second.claim(offered.ups_instance_uid, new_uid())

    now = second.row(offered.ups_instance_uid)
    assert now.ups_instance_uid != offered.ups_instance_uid
    assert second.claim(now.ups_instance_uid, "2.25.777").transaction_uid == "2.25.777"
    assert [one.row(sent.ups).reader_id for one in (first, second)] == ["resident", "expert"]


def test_critical_acts_stand_on_the_time_line_in_their_order(bed: HubBed) -> None:
    sent, uid = bed.send(), new_uid()
    recognised = {"critical_uid": uid, "entry_key": "", "text": "张力性气胸", "age_s": 120}
    call = {
        "call_uid": new_uid(),
        "receiver": "李护士",
        "receiver_role": "护士",
        "number": "8001",
        "content": "张力性气胸",
    }
    expect(200, bed.as_("expert").post(f"/api/critical/case/{sent.ups}", json=recognised))
    for more in (
        {"outcome": "no_answer", "age_s": 90},
        {"call_uid": new_uid(), "age_s": 60},
        {"call_uid": new_uid(), "age_s": 30, "read_back": True, "read_back_text": "气胸，马上处理"},
    ):
        expect(200, bed.as_("expert").post(f"/api/critical/{uid}/call", json={**call, **more}))
    told = {"receiver": "韩梅", "read_back_text": "气胸"}
    expect(200, bed.as_("technician").post(f"/api/critical/{uid}/acknowledge", json=told))
    expect(200, bed.as_("expert").post(f"/api/critical/{uid}/close"))
    other = new_uid()
    expect(200, bed.as_("expert").post(f"/api/critical/case/{sent.ups}", json={**recognised, "critical_uid": other}))
    expect(200, bed.as_("expert").post(f"/api/critical/{other}/dismiss", json={"reason": "伪影"}))

    line = expect(200, bed.as_("technician").get(f"/api/reports/{sent.ups}/timeline")).json()

    steps = [(one["step"], one["who"], one["route"], one["detail"]) for one in line]
    assert steps == [
        (TimelineStep.CRITICAL_RECOGNISED, "王启明", "", "张力性气胸"),
        (TimelineStep.CRITICAL_RECOGNISED, "王启明", "", "张力性气胸"),
        (TimelineStep.CRITICAL_TRIED, "王启明", "李护士", ""),
        (TimelineStep.CRITICAL_CALLED, "王启明", "李护士", ""),
        (TimelineStep.CRITICAL_READ_BACK, "王启明", "李护士", "气胸，马上处理"),
        (TimelineStep.CRITICAL_ACKNOWLEDGED, "韩梅", "清水镇中心卫生院", "气胸"),
        (TimelineStep.CRITICAL_CLOSED, "王启明", "", "张力性气胸"),
        (TimelineStep.CRITICAL_DISMISSED, "王启明", "", "伪影"),
    ]


def test_reminder_and_escalation_stand_on_the_time_line(bed: HubBed) -> None:
    sent = bed.send()
    recognised = {"critical_uid": new_uid(), "entry_key": "", "text": "脑疝", "age_s": 660}
    expect(200, bed.as_("expert").post(f"/api/critical/case/{sent.ups}", json=recognised))
    bed.app.state.critical.tick()

    line = expect(200, bed.as_("expert").get(f"/api/reports/{sent.ups}/timeline")).json()

    assert [one["step"] for one in line] == ["critical_recognised", "critical_reminded", "critical_escalated"]
