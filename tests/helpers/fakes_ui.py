"""Fakes for the pages: a hub's worklist and sign-in in memory, and cases in the state a test needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

# ruff: noqa: ANN401 - a helper that changes any field of a row
from resources.translation import tr
from worklist.hub.worklist_query import tabs_of
from workstation.domain.access import Actor, Role
from workstation.domain.errors import AlreadyClaimed, Refused, SignInFailed, Unreachable
from workstation.domain.workitem import (
    AiState,
    AiSummary,
    Claim,
    OutputReference,
    Priority,
    ReadingState,
    WorkitemCode,
    WorklistPage,
    WorklistQuery,
    WorklistRow,
    WorklistTab,
)

NOW = datetime(2026, 11, 21, 11, 42, 5, tzinfo=UTC)
EXPERT = Actor("expert", "王启明", Role.SENIOR, "centre", "省影像中心", "副主任医师")
TECHNICIAN = Actor("technician", "何技师", Role.TECHNICIAN, "S1", "青山县人民医院", "")


def case(number: int = 1, **changes: Any) -> WorklistRow:
    """Return one case that is ready to be read, with any field changed."""
    row = WorklistRow(
        ups_instance_uid=f"2.25.{number}",
        study_instance_uid=f"2.25.900{number}",
        workitem_code=WorkitemCode.INTERPRETATION,
        state=ReadingState.READY,
        priority=Priority.LOW,
        patient_name=f"病人{number}",
        patient_id=f"QS{number:07d}",
        sex="F",
        birth_date="19680314",
        accession_number=f"CT2026{number:04d}",
        modality="CT",
        description="胸部低剂量 LDCT · 肺结节随访",
        site_id="S1",
        site_name="青山县人民医院",
        due=NOW + timedelta(hours=2, minutes=number),
        studied=NOW - timedelta(hours=1),
        arrived=NOW - timedelta(minutes=30),
        images_received=275,
        images_expected=275,
        ai=AiSummary(AiState.DONE, 3, 9),
        clinical_question="结节有无增大？",
        prior_count=2,
        quality_grade="甲",
    )
    return replace(row, **changes)


def evening_list() -> list[WorklistRow]:
    """Return a list with every state, priority and pre-read result, as on a busy evening."""

    def left(hours: int, minutes: int, seconds: int = 0) -> datetime:
        return NOW + timedelta(hours=hours, minutes=minutes, seconds=seconds)

    marks = AiSummary(AiState.DONE, 1, 9)
    stat, urgent = Priority.HIGH, Priority.MEDIUM
    return [
        case(1, patient_name="张建国", sex="M", birth_date="19590101", priority=stat, due=left(0, 18, 24),
             arrived=NOW - timedelta(minutes=80), description="肺动脉 CTA · 急性胸痛", critical=True, ai=marks,
             images_received=412, images_expected=412),
        case(2, patient_name="陈秀英", birth_date="19520101", priority=stat, due=NOW - timedelta(minutes=6, seconds=41),
             state=ReadingState.READING, reader_id="li", reader_name="李文博", ai=AiSummary(AiState.DONE, 0),
             description="头颅平扫 · 意识障碍 2 h", quality_grade="乙", prior_count=0, site_name="清水镇中心卫生院"),
        case(3, patient_name="周丽华", priority=urgent, due=left(0, 41, 9), site_id="S2", site_name="清水镇中心卫生院"),
        case(4, patient_name="Aibek Nurlan", sex="M", birth_date="19770101", priority=urgent, due=left(0, 52, 30),
             modality="DX", description="胸部正位 DR · 发热咳嗽", images_received=1, images_expected=1,
             ai=AiSummary(AiState.DONE, 4, 8), site_id="S3", site_name="北河县中医院"),
        case(5, patient_name="刘思远", sex="M", birth_date="19950101", priority=urgent, due=left(1, 12, 55),
             state=ReadingState.PRECHECK, ai=AiSummary(AiState.DONE, 2, 6), quality_grade="乙",
             description="胸部平扫 · 外伤"),
        case(6, patient_name="吴桂兰", birth_date="19570101", due=left(1, 47, 2), state=ReadingState.READING,
             reader_id="expert", reader_name="王启明", ai=AiSummary(AiState.DONE, 1, 7),
             description="胸部平扫 · 咳嗽 1 月"),
        case(7, patient_name="赵晓梅", modality="MG", due=left(2, 5, 40), description="双乳 X 线 CC+MLO · 筛查",
             ai=AiSummary(AiState.NOT_APPLICABLE), images_received=4, images_expected=4, site_id="S4",
             site_name="仙湖县妇幼保健院"),
        case(8, patient_name="马玉珍", due=left(2, 58, 47), state=ReadingState.AI_RUNNING,
             ai=AiSummary(AiState.RUNNING, progress=0.64), quality_grade="", prior_count=1),
        case(9, patient_name="郑卫东", sex="M", due=left(3, 10, 5), state=ReadingState.AI_RUNNING,
             ai=AiSummary(AiState.QUEUED, queue_position=2), quality_grade=""),
        case(10, patient_name="何美玲", due=left(3, 22, 51), state=ReadingState.RECEIVING, images_received=318,
             images_expected=640, ai=AiSummary(AiState.QUEUED), quality_grade="", description="全腹增强 · 腹痛待查"),
        case(11, patient_name="徐国平", sex="M", due=left(3, 24, 19), state=ReadingState.AI_FAILED,
             ai=AiSummary(AiState.FAILED), quality_grade="乙", description="胸部平扫 · 术前"),
        case(12, patient_name="林雪", due=left(3, 31, 44), state=ReadingState.PRELIMINARY, reader_id="song",
             reader_name="宋佳", workitem_code=WorkitemCode.REPORT_VERIFICATION),
        case(13, patient_name="罗秀兰", due=left(3, 40, 12), state=ReadingState.RETURNED, quality_grade="丙"),
        case(14, patient_name="谭建军", sex="M", due=left(-2, 0), state=ReadingState.FINAL),
        case(15, patient_name="蒋文斌", sex="M", modality="PT", due=left(5, 10), description="全身 PET-CT · 分期",
             ai=AiSummary(AiState.NOT_APPLICABLE), images_received=897, images_expected=897),
    ]  # fmt: skip


class FakeWorklist:
    """A ``WorklistPort`` in memory; ``down`` makes the hub unreachable, ``lost`` loses these claims."""

    def __init__(self, rows: Sequence[WorklistRow] = ()) -> None:
        self.rows = {row.ups_instance_uid: row for row in rows}
        self.down = False
        self.lost: set[str] = set()
        self.queries: list[WorklistQuery] = []
        self.claims: list[tuple[str, str]] = []
        self.released: list[Claim] = []
        self.freed: list[tuple[str, str]] = []

    def query(self, query: WorklistQuery) -> WorklistPage:
        self._reach()
        self.queries.append(query)
        tabs = {uid: self._tabs(row) for uid, row in self.rows.items()}
        rows = [row for uid, row in self.rows.items() if query.tab in tabs[uid]]
        rows.sort(key=lambda row: (row.priority is not Priority.HIGH, row.due))
        counts = {tab: sum(tab in own for own in tabs.values()) for tab in WorklistTab}
        return WorklistPage(tuple(rows[query.offset : query.offset + query.limit]), len(rows), counts)

    def row(self, ups_instance_uid: str) -> WorklistRow:
        self._reach()
        if ups_instance_uid not in self.rows:
            raise Refused("The hub does not know this case.")
        return self.rows[ups_instance_uid]

    def claim(self, ups_instance_uid: str, transaction_uid: str) -> Claim:
        self._reach()
        row = self.rows[ups_instance_uid]
        if ups_instance_uid in self.lost:
            raise AlreadyClaimed("李文博正在阅片")
        self.claims.append((ups_instance_uid, transaction_uid))
        self.rows[ups_instance_uid] = replace(
            row, state=ReadingState.READING, reader_id=EXPERT.user_id, reader_name=EXPERT.display_name,
            revision=row.revision + 1,
        )  # fmt: skip
        return Claim(ups_instance_uid, transaction_uid)

    def release(self, claim: Claim) -> None:
        self._reach()
        self.released.append(claim)
        row = self.rows[claim.ups_instance_uid]
        self.rows[claim.ups_instance_uid] = replace(
            row, state=ReadingState.READY, reader_id="", reader_name="", revision=row.revision + 1
        )

    def free(self, ups_instance_uid: str, reason: str) -> None:
        self._reach()
        self.freed.append((ups_instance_uid, reason))
        row = self.rows[ups_instance_uid]
        self.rows[ups_instance_uid] = replace(
            row, state=ReadingState.READY, reader_id="", reader_name="", revision=row.revision + 1
        )

    def complete(self, claim: Claim, outputs: Sequence[OutputReference]) -> None:
        raise AssertionError("the worklist page completes nothing")

    def _reach(self) -> None:
        if self.down:
            raise Unreachable(tr("The hub does not answer."), hint=tr("Check the network."))

    @staticmethod
    def _tabs(row: WorklistRow) -> frozenset[WorklistTab]:
        """Return the tabs on which the hub itself shows a case to ``EXPERT``."""
        is_own = row.reader_id == EXPERT.user_id
        return frozenset(tabs_of(row.state, EXPERT, is_critical=row.critical, is_own=is_own))


class FakeSession:
    """A ``SessionPort``: one account; ``down`` makes the hub unreachable, ``wait`` is called before it answers."""

    def __init__(self) -> None:
        self.password = "lianyue-demo"
        self.down = False
        self.wait: Callable[[], object] = lambda: None
        self._actor: Actor | None = None

    def sign_in(self, user: str, password: str) -> Actor:
        self.wait()
        if self.down:
            raise Unreachable(tr("The hub does not answer."), hint=tr("Check the network."))
        if (user, password) != (EXPERT.user_id, self.password):
            raise SignInFailed(tr("User name or password is wrong."), hint="Check the Caps Lock key.")
        self._actor = EXPERT
        return EXPERT

    def sign_out(self) -> None:
        self._actor = None

    @property
    def actor(self) -> Actor | None:
        return self._actor
