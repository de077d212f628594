"""Acting on critical values: on disk first, then at the hub, again until it has confirmed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.critical import CallRecord, CriticalState, CriticalValue, Party
from workstation.domain.critical_board import (
    CallReport,
    CriticalBoard,
    CriticalCaseFacts,
    CriticalNotice,
    CriticalPort,
    PendingAct,
    PendingActs,
    Recognition,
)
from workstation.domain.critical_policy import (
    CriticalEntry,
    CriticalPolicy,
    CriticalSuggestion,
    free_entry,
    recognise,
    suggested,
)
from workstation.domain.errors import Refused, SecurityError, SignInFailed, SourceError, WorklistError
from workstation.domain.finding import FindingList
from workstation.domain.ports import AuditPort, Clock
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import WorklistRow

_LONGEST_DETAIL: Final = 500


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one round of telling the hub came to."""

    told: int
    waiting: int
    refused: str = ""
    """What the hub said to an act that it did not take"""


@dataclass(frozen=True, slots=True)
class CriticalActs:
    """
    One person's acts on critical values.

    A recognition or a call is on disk before anything else happens; the line may be dead, the act is kept with its
    time and told later. Closing, dismissing and acknowledging need the hub, which alone knows whether they may be.
    """

    hub: CriticalPort
    pending: PendingActs
    clock: Clock
    new_uid: Callable[[], str]
    audit: AuditPort
    _one_round: threading.Lock = field(default_factory=threading.Lock)

    def recognise(self, row: WorklistRow, actor: Actor, entry: CriticalEntry, recognition: Recognition) -> PendingAct:
        """Keep a recognition, then tell the hub; the act that is returned waits when the line is dead."""
        told = replace(recognition, critical_uid=recognition.critical_uid or self.new_uid(), entry_key=entry.key)
        return self._keep(
            PendingAct(
                act_uid=told.critical_uid,
                user_id=actor.user_id,
                critical_uid=told.critical_uid,
                study_instance_uid=row.study_instance_uid,
                ups_instance_uid=row.ups_instance_uid,
                at=self.clock.now(),
                recognition=told,
                facts=_facts(row),
            )
        )

    def call(self, value: CriticalValue, actor: Actor, report: CallReport) -> PendingAct:
        """Keep a call, then tell the hub; the act that is returned waits when the line is dead."""
        told = replace(report, call_uid=report.call_uid or self.new_uid())
        return self._keep(
            PendingAct(
                act_uid=told.call_uid,
                user_id=actor.user_id,
                critical_uid=value.critical_uid,
                study_instance_uid=value.study_instance_uid,
                ups_instance_uid=value.ups_instance_uid,
                at=self.clock.now(),
                call=told,
            )
        )

    def deliver(self, user_id: str) -> Delivered:
        """
        Tell the hub what waits, in order; one round at a time. Raises StorageError.

        A dead line ends the round. What the hub refuses stays on disk with its reason, and the rest goes on.
        """
        told, refused = 0, ""
        with self._one_round:
            acts = [act for act in self.pending.all() if act.user_id == user_id]
            for number, act in enumerate(acts):
                try:
                    self._tell(act)
                except (Refused, WorklistError, SecurityError) as error:
                    if isinstance(error, SignInFailed):  # the same person signs in again and it goes on
                        return Delivered(told, len(acts) - number, refused)
                    if not act.refused:  # tell its sender once, and go on asking: it may have been a fault of the hub
                        refused = error.user_text
                        self.pending.put(replace(act, refused=refused))
                except SourceError:
                    return Delivered(told, len(acts) - number, refused)
                else:
                    told += 1
                    self.pending.done(act.act_uid)
        return Delivered(told, 0, refused)

    def let_go(self, critical_uid: str, actor: Actor, reason: str) -> None:
        """
        Take a recognition that the hub refused off this machine, with the calls about it; the audit has it first.

        ValueError without a reason. Raises Unreachable, and then everything stays; what was not refused stays too.
        """
        if not reason.strip():
            raise ValueError("a critical value is let go with a reason")
        acts = [act for act in self.pending.all() if (act.user_id, act.critical_uid) == (actor.user_id, critical_uid)]
        refused = next((act for act in acts if act.recognition is not None and act.refused), None)
        if refused is None or refused.recognition is None:
            return
        self.audit.record(
            AuditAction.CRITICAL_DISMISSED,
            subject_uid=refused.study_instance_uid,
            outcome=4,
            detail=f"critical value {critical_uid} never taken by the hub: {reason.strip()}"[:_LONGEST_DETAIL],
        )
        for act in acts:
            self.pending.done(act.act_uid)

    def waiting(self, user_id: str) -> tuple[PendingAct, ...]:
        """Return this person's acts that the hub has not confirmed. Raises StorageError."""
        return tuple(act for act in self.pending.all() if act.user_id == user_id)

    def _keep(self, act: PendingAct) -> PendingAct:
        self.pending.put(act)
        return act

    def _tell(self, act: PendingAct) -> None:
        age_s = max(0.0, (self.clock.now() - act.at).total_seconds())
        if act.recognition is not None:
            self.hub.recognise(act.ups_instance_uid, replace(act.recognition, age_s=age_s))
        elif act.call is not None:
            self.hub.call(act.critical_uid, replace(act.call, age_s=age_s))


def with_pending(
    board: CriticalBoard, acts: tuple[PendingAct, ...], *, actor: Actor, now: datetime, policy: CriticalPolicy,
    rows: Mapping[str, WorklistRow],
) -> CriticalBoard:  # fmt: skip
    """
    Return the board as it will be once the hub knows of every act that waits, so that no clock stands still.

    ``now`` is this machine's time; an act keeps its age in the hub's. ``rows`` are the cases known here, by study.
    What the hub refused stays in sight with its reason, and its clock runs, until somebody lets it go.
    """
    notices = {notice.value.critical_uid: notice for notice in board.notices}
    by = Party(actor.user_id, actor.display_name, actor.role, actor.site_name)
    for act in acts:
        at = board.now - max(timedelta(0), now - act.at)
        row = rows.get(act.study_instance_uid)
        facts = act.facts if row is None else _facts(row)
        if act.recognition is not None and act.critical_uid not in notices and facts is not None:
            notices[act.critical_uid] = _provisional(act, act.recognition, facts, by, at, policy)
        notice = notices.get(act.critical_uid)
        counts = not act.refused or (notice is not None and bool(notice.refused))  # the hub cannot know of its calls
        if act.call is not None and notice is not None and counts:
            with contextlib.suppress(ValueError):  # the hub will say what is wrong with it
                called = notice.value.called(_record(act.call, by, max(at, notice.value.recognised_at)))
                notices[act.critical_uid] = replace(notice, value=called)
    return replace(board, notices=tuple(sorted(notices.values(), key=lambda one: one.value.recognised_at)))


def new_suggestions(
    policy: CriticalPolicy,
    values: tuple[CriticalValue, ...],
    template: ReportTemplate,
    fields: Mapping[str, str],
    findings: FindingList,
    language: str,
) -> tuple[CriticalSuggestion, ...]:
    """Return what the report suggests and nobody has taken up or dismissed yet."""
    known = {value.entry_key for value in values if value.entry_key}
    words = {value.text for value in values}
    found = suggested(policy, template, fields, findings, language)
    return tuple(one for one in found if one.entry.key not in known and one.text not in words)


def _provisional(
    act: PendingAct, told: Recognition, facts: CriticalCaseFacts, by: Party, at: datetime, policy: CriticalPolicy
) -> CriticalNotice:
    value = recognise(
        policy.entry(told.entry_key) or free_entry(told.level, told.text),
        critical_uid=act.critical_uid,
        study_instance_uid=act.study_instance_uid,
        ups_instance_uid=act.ups_instance_uid,
        text=told.text,
        source=told.source,
        by=by,
        at=at,
        policy=policy.name,
    )
    return CriticalNotice(
        value,
        facts.patient_name,
        facts.patient_id,
        facts.modality,
        facts.description,
        facts.site_id,
        facts.site_name,
        act.refused,
        facts.studied,
    )


def _facts(row: WorklistRow) -> CriticalCaseFacts:
    return CriticalCaseFacts(
        row.patient_name, row.patient_id, row.modality, row.description, row.site_id, row.site_name, row.studied
    )


def _record(call: CallReport, by: Party, at: datetime) -> CallRecord:
    return CallRecord(
        call.call_uid, by, call.receiver, call.receiver_role, call.number, at, call.method, call.outcome,
        call.content, call.read_back, call.read_back_text,
    )  # fmt: skip


def open_of(values: tuple[CriticalValue, ...]) -> tuple[CriticalValue, ...]:
    """Return the values that still need somebody's hand, the most urgent first."""
    listed = [value for value in values if value.is_listed]
    order = {CriticalState.RECOGNISED: 0, CriticalState.CALLED: 0, CriticalState.CONFIRMED: 1}
    return tuple(sorted(listed, key=lambda one: (order[one.state], one.due)))
