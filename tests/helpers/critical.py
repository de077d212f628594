"""A hub of critical values in memory, and acts that wait in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from workstation.dicom.critical_policy import default_policy
from workstation.domain.access import Actor, Role
from workstation.domain.critical import CallRecord, CriticalValue, Dismissal, Party
from workstation.domain.critical_board import CallReport, CriticalBoard, CriticalNotice, PendingAct, Recognition
from workstation.domain.critical_clock import NotificationShare, notification_share
from workstation.domain.critical_policy import CriticalPolicy, free_entry, recognise
from workstation.domain.errors import NoLongerUpdatable, Unreachable, WorkstationError
from workstation.domain.ports import Clock

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
EXPERT = Actor("expert", "王启明", Role.SENIOR, "centre", "省影像专科联盟远程诊断中心", "副主任医师")
TECHNICIAN = Actor("technician", "韩梅", Role.TECHNICIAN, "qingshui", "清水镇中心卫生院", "技师")


def party(actor: Actor) -> Party:
    """Return an actor as one side of a call."""
    return Party(actor.user_id, actor.display_name, actor.role, actor.site_name)


class ActsInMemory:
    """Implements ``PendingActs``."""

    def __init__(self) -> None:
        self.acts: tuple[PendingAct, ...] = ()
        self.fails: WorkstationError | None = None

    def all(self) -> tuple[PendingAct, ...]:
        if self.fails is not None:
            raise self.fails
        return self.acts

    def put(self, act: PendingAct) -> None:
        known = any(one.act_uid == act.act_uid for one in self.acts)
        others = tuple(act if one.act_uid == act.act_uid else one for one in self.acts)
        self.acts = others if known else (*self.acts, act)

    def done(self, act_uid: str) -> None:
        self.acts = tuple(one for one in self.acts if one.act_uid != act_uid)


@dataclass
class CriticalHub:
    """Implements ``CriticalPort`` with the domain's own steps; ``is_up`` is the line."""

    clock: Clock
    actor: Actor = EXPERT
    is_up: bool = True
    refuses: WorkstationError | None = None
    values: dict[str, CriticalValue] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    taken_back: tuple[CriticalNotice, ...] = ()

    def board(self) -> CriticalBoard:
        self._line()
        listed = [value for value in self.values.values() if value.is_listed]
        return CriticalBoard(self.clock.now(), tuple(map(notice, listed)), self.taken_back)

    def of_case(self, ups_instance_uid: str) -> CriticalBoard:
        self._line()
        mine = [value for value in self.values.values() if value.ups_instance_uid == ups_instance_uid]
        return CriticalBoard(self.clock.now(), tuple(map(notice, mine)))

    def recognise(self, ups_instance_uid: str, recognition: Recognition) -> CriticalValue:
        self._line()
        self.told.append("recognise")
        entry = self.policy().entry(recognition.entry_key) or free_entry(recognition.level, recognition.text)
        value = recognise(
            entry,
            critical_uid=recognition.critical_uid,
            study_instance_uid="1.2.3",
            ups_instance_uid=ups_instance_uid,
            text=recognition.text,
            source=recognition.source,
            by=party(self.actor),
            at=CriticalBoard(self.clock.now()).at(0) - (CriticalBoard(AT).at(recognition.age_s) - AT),
            policy=self.policy().name,
        )
        return self._put(self.values.get(value.critical_uid, value))

    def call(self, critical_uid: str, call: CallReport) -> CriticalValue:
        self._line()
        self.told.append("call")
        at = self.clock.now() - (CriticalBoard(AT).at(call.age_s) - AT)
        record = CallRecord(
            call.call_uid,
            party(self.actor),
            call.receiver,
            call.receiver_role,
            call.number,
            at,
            call.method,
            call.outcome,
            call.content,
            call.read_back,
            call.read_back_text,
            self.clock.now(),
        )
        return self._put(self.values[critical_uid].called(record))

    def acknowledge(self, critical_uid: str, receiver: str, read_back_text: str) -> CriticalValue:
        self._line()
        self.told.append("acknowledge")
        by = replace(party(self.actor), name=receiver)
        return self._put(self.values[critical_uid].acknowledged(by, self.clock.now(), read_back_text))

    def close(self, critical_uid: str) -> CriticalValue:
        self._line()
        try:
            return self._put(self.values[critical_uid].closed(party(self.actor), self.clock.now()))
        except ValueError as exc:
            raise NoLongerUpdatable("not read back") from exc

    def dismiss(self, critical_uid: str, reason: str) -> CriticalValue:
        self._line()
        dismissal = Dismissal(party(self.actor), self.clock.now(), reason)
        return self._put(self.values[critical_uid].dismissed(dismissal))

    def dismiss_and_lift(self, critical_uid: str) -> None:
        """Let the line work again, somebody else having dismissed a value meanwhile."""
        self.is_up = True
        self.dismiss(critical_uid, "误报")

    def policy(self) -> CriticalPolicy:
        return default_policy()

    def replace_policy(self, content: str) -> CriticalPolicy:
        return default_policy()

    def notified_in_time(self, days: int) -> NotificationShare:
        return notification_share(self.values.values())

    def _line(self) -> None:
        if not self.is_up:
            raise Unreachable("the line is dead")
        if self.refuses is not None:
            raise self.refuses

    def _put(self, value: CriticalValue) -> CriticalValue:
        self.values[value.critical_uid] = value
        return value


def notice(value: CriticalValue) -> CriticalNotice:
    """Return a value with its case."""
    return CriticalNotice(value, "周丽华", "QS0118793", "CT", "颅脑平扫", "qingshui", "清水镇中心卫生院", studied=AT)
