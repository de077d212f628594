"""
Critical values: recognised, called through, read back, closed; the clock of the hub runs from the recognition.

*Source:* national indicator 4 of 2024 (notified within 10 minutes; both sides with time, content and name), ACR
Actionable Reporting (what the record of a communication holds), CID 7035 (categories).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from workstation.domain.template import Code

REMIND_AFTER: Final = timedelta(minutes=5)
ESCALATE_AFTER: Final = timedelta(minutes=10)
TOLD_LATE: Final = timedelta(minutes=10)
"""What the hub learns of so long after it happened does not prove by itself that it happened then."""
_LEAST_READ_BACK: Final = 6
"""Letters that a read-back has at least; an ideograph says about as much as three."""
LEVELS: Final = {
    1: Code("RID49480", "RADLEX", "ACR Category 1 Actionable Finding"),
    2: Code("RID49481", "RADLEX", "ACR Category 2 Actionable Finding"),
    3: Code("RID49482", "RADLEX", "ACR Category 3 Actionable Finding"),
}
"""CID 7035."""
COMMUNICATION: Final = Code("73568-8", "LN", "Communication of Critical Results")


def repeats(words: str) -> bool:
    """Tell whether words may be a read-back: a full stop, or an OK, repeats nothing."""
    return sum(3 if char > "\u2e80" else 1 for char in words if char.isalnum()) >= _LEAST_READ_BACK


class CriticalState(StrEnum):
    """Where a critical value stands. A suggestion that nobody took up is no critical value yet."""

    RECOGNISED = "recognised"
    CALLED = "called"
    """Somebody was called, without a read-back yet."""
    CONFIRMED = "confirmed"
    """The receiver repeated what was said, or acknowledged it with a read-back."""
    CLOSED = "closed"
    DISMISSED = "dismissed"


class CriticalStage(StrEnum):
    """What the clock says."""

    RUNNING = "running"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    NOTIFIED = "notified"
    """Read back; the clock stands."""
    DISMISSED = "dismissed"


class CriticalSource(StrEnum):
    """What made somebody recognise it."""

    READER = "reader"
    TEMPLATE = "template"
    AI = "ai"


class CallMethod(StrEnum):
    """How the receiver was told."""

    PHONE = "phone"
    IN_PERSON = "in_person"
    MESSAGE = "message"


class CallOutcome(StrEnum):
    """What became of an attempt."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True, slots=True)
class Party:
    """A signed-in person on one side of the communication."""

    user_id: str
    name: str
    role: str
    organisation: str


@dataclass(frozen=True, slots=True)
class PartySignature:
    """
    What one side put its name to within its own session at the hub.

    ``digest`` covers who, when and the statement; the hub writes it into the chained audit trail. It is not a
    certificate signature: it proves what an account did, not who held the keyboard.
    """

    party: Party
    at: datetime
    statement: str
    digest: str = ""

    def sealed(self) -> PartySignature:
        """Return the signature with its digest computed."""
        return replace(self, digest=self.expected_digest())

    def expected_digest(self) -> str:
        """Return the SHA-256 of the canonical JSON of everything else."""
        who = self.party
        fields = [who.user_id, who.name, who.role, who.organisation, self.at.isoformat(), self.statement]
        return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()

    @property
    def holds(self) -> bool:
        """Tell whether nothing was changed since it was sealed."""
        return self.digest == self.expected_digest()


@dataclass(frozen=True, slots=True)
class CallRecord:
    """
    One attempt to tell the receiver; ``at`` is when, ``recorded_at`` when the hub learned of it (UTC).

    ``receiver``, ``receiver_role`` and ``number`` are as told over the line; they need no account here.
    """

    call_uid: str
    notifier: Party
    receiver: str
    receiver_role: str
    number: str
    at: datetime
    method: CallMethod
    outcome: CallOutcome
    content: str
    read_back: bool = False
    read_back_text: str = ""
    recorded_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.outcome is CallOutcome.REACHED:
            if not (self.receiver.strip() and self.content.strip()):
                raise ValueError("a call that reached somebody names the receiver and what was said")
            if self.read_back and not self.read_back_text.strip():
                raise ValueError("a read-back has its words")
        elif self.read_back:
            raise ValueError("nobody was reached who could read back")

    @property
    def delay(self) -> timedelta:
        """Return how long after the call the hub learned of it; nothing where it has not yet."""
        return timedelta(0) if self.recorded_at is None else max(timedelta(0), self.recorded_at - self.at)

    @property
    def is_told_late(self) -> bool:
        """Tell whether its time rests on the notifier's word alone."""
        return self.delay > TOLD_LATE


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Why it is no critical value after all."""

    by: Party
    at: datetime
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a critical value is dismissed with a reason")


@dataclass(frozen=True, slots=True)
class CriticalValue:
    """
    One critical value of one study.

    ``entry_key`` names the entry of the policy that it falls under, empty for free words; ``text`` is what is called
    through. Every time is of the hub's clock, UTC. ``received`` is the receiver's own acknowledgement, ``notified``
    the notifier's signature under the call that was read back. ``revision`` grows with each step.
    """

    critical_uid: str
    study_instance_uid: str
    ups_instance_uid: str
    entry_key: str
    level: Code
    text: str
    source: CriticalSource
    recognised_by: Party
    recognised_at: datetime
    finding: Code | None = None
    policy_version: str = ""
    remind_after_s: int = int(REMIND_AFTER.total_seconds())
    escalate_after_s: int = int(ESCALATE_AFTER.total_seconds())
    state: CriticalState = CriticalState.RECOGNISED
    calls: tuple[CallRecord, ...] = ()
    notified: PartySignature | None = None
    received: PartySignature | None = None
    read_back_text: str = ""
    confirmed_at: datetime | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: Party | None = None
    dismissal: Dismissal | None = None
    revision: int = 0

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a critical value says what was found")
        if not 0 < self.remind_after_s <= self.escalate_after_s:
            raise ValueError("the reminder comes before the escalation")

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has read it back yet, so that a final report needs an answer for it."""
        return self.state in {CriticalState.RECOGNISED, CriticalState.CALLED}

    @property
    def is_listed(self) -> bool:
        """Tell whether it still waits for somebody: for its read-back or for being closed."""
        return self.is_open or self.state is CriticalState.CONFIRMED

    @property
    def due(self) -> datetime:
        """Return when it is escalated."""
        return self.recognised_at + timedelta(seconds=self.escalate_after_s)

    @property
    def acknowledgement(self) -> str:
        """Return the words that the receiver's own acknowledgement read back, empty without one."""
        return "" if self.received is None else str(json.loads(self.received.statement)[-1])

    @property
    def next_at(self) -> datetime | None:
        """Return when its clock next says something, None once it has nothing more to say."""
        if not self.is_open or self.escalated_at is not None:
            return None
        return self.due if self.reminded_at is not None else self.recognised_at + timedelta(seconds=self.remind_after_s)

    @property
    def is_signed_by_both(self) -> bool:
        """Tell whether notifier and receiver both put their names to it."""
        return self.notified is not None and self.received is not None

    def called(self, call: CallRecord) -> CriticalValue:
        """
        Return it with one more call; the same call again changes nothing.

        A read-back confirms it. A call that is told late is kept even when the value was closed or dismissed meanwhile.
        """
        if any(known.call_uid == call.call_uid for known in self.calls):
            return self
        step = replace(self, calls=(*self.calls, call), revision=self.revision + 1)
        if self.state is CriticalState.DISMISSED:
            return step
        if call.read_back:
            words = self._statement(call.content, call.read_back_text)
            notified = step.notified or PartySignature(call.notifier, call.at, words).sealed()
            return _confirmed(replace(step, notified=notified), call.at, call.read_back_text)
        if call.outcome is CallOutcome.REACHED and self.state is CriticalState.RECOGNISED:
            return replace(step, state=CriticalState.CALLED)
        return step

    def acknowledged(self, by: Party, at: datetime, read_back_text: str) -> CriticalValue:
        """
        Return it with the receiver's acknowledgement, which is a read-back; a second one changes nothing.

        ValueError without the words read back, or when it is dismissed.
        """
        if not read_back_text.strip():
            raise ValueError("an acknowledgement repeats what was said")
        if self.received is not None:
            return self
        if self.state is CriticalState.DISMISSED:
            raise ValueError("the critical value was dismissed")
        signed = PartySignature(by, at, self._statement(self.text, read_back_text)).sealed()
        step = replace(self, received=signed, revision=self.revision + 1)
        return _confirmed(step, at, read_back_text)

    def closed(self, by: Party, at: datetime) -> CriticalValue:
        """
        Return it closed; ValueError before anybody has read it back. Closing twice changes nothing.

        Who closes what the receiver acknowledged without a call that was read back signs as the notifier.
        """
        if self.state is CriticalState.CLOSED:
            return self
        if self.state is not CriticalState.CONFIRMED:
            raise ValueError("a critical value is closed after its read-back")
        notified = self.notified or PartySignature(by, at, self._statement(self.text, self.read_back_text)).sealed()
        return replace(
            self,
            state=CriticalState.CLOSED,
            notified=notified,
            closed_at=at,
            closed_by=by,
            revision=self.revision + 1,
        )

    def dismissed(self, dismissal: Dismissal) -> CriticalValue:
        """Return it dismissed; ValueError once somebody has read it back."""
        if self.state is CriticalState.DISMISSED:
            return self
        if not self.is_open:
            raise ValueError("a critical value that was read back cannot be dismissed")
        return replace(self, state=CriticalState.DISMISSED, dismissal=dismissal, revision=self.revision + 1)

    def timed(self, now: datetime) -> CriticalValue:
        """Return it with the reminder and the escalation that are due by now written down, once each."""
        if not self.is_open:
            return self
        elapsed = now - self.recognised_at
        step = self
        if step.reminded_at is None and elapsed >= timedelta(seconds=self.remind_after_s):
            step = replace(step, reminded_at=now, revision=step.revision + 1)
        if step.escalated_at is None and elapsed >= timedelta(seconds=self.escalate_after_s):
            step = replace(step, escalated_at=now, revision=step.revision + 1)
        return step

    def _statement(self, content: str, read_back_text: str) -> str:
        return json.dumps(
            [self.critical_uid, self.study_instance_uid, self.level.value, content, read_back_text], ensure_ascii=False
        )


def _confirmed(value: CriticalValue, at: datetime, read_back_text: str) -> CriticalValue:
    """Return it read back at a time; the earliest read-back counts."""
    state = CriticalState.CLOSED if value.state is CriticalState.CLOSED else CriticalState.CONFIRMED
    if value.confirmed_at is not None and value.confirmed_at <= at:
        return replace(value, state=state)
    return replace(value, state=state, confirmed_at=at, read_back_text=read_back_text)
