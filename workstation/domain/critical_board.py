"""What clients see of critical values, and the port through which they act on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from workstation.domain.critical import CallMethod, CallOutcome, CriticalSource, CriticalValue, repeats
from workstation.domain.critical_clock import NotificationShare
from workstation.domain.critical_policy import CriticalPolicy


@dataclass(frozen=True, slots=True)
class CriticalCaseFacts:
    """By what a case is known to people: kept with an act, so that it can be shown before any worklist is."""

    patient_name: str
    patient_id: str
    modality: str
    description: str
    site_id: str
    site_name: str
    studied: datetime | None = None
    """When the exam was made; None where its images do not say"""


@dataclass(frozen=True, slots=True)
class CriticalNotice:
    """
    A critical value with the case it belongs to.

    ``refused`` is why the hub did not take its recognition; it then exists on this machine alone.
    """

    value: CriticalValue
    patient_name: str
    patient_id: str
    modality: str
    description: str
    site_id: str
    site_name: str
    refused: str = ""
    studied: datetime | None = None
    """When the exam was made; None where its images do not say, or a hub from before did not tell"""


@dataclass(frozen=True, slots=True)
class CriticalBoard:
    """
    The critical values that wait, the longest waiting first, and the hub's clock when they were read.

    A client adds to ``now`` what its own monotonic clock has run since, so that its wall clock never matters.
    ``taken_back`` are those that the asker recognised and somebody else dismissed of late.
    """

    now: datetime
    notices: tuple[CriticalNotice, ...] = ()
    taken_back: tuple[CriticalNotice, ...] = ()

    def at(self, since_s: float) -> datetime:
        """Return the hub's time ``since_s`` seconds after the board was read."""
        return self.now + timedelta(seconds=max(0.0, since_s))


@dataclass(frozen=True, slots=True)
class Recognition:
    """
    Somebody recognised a critical value ``age_s`` seconds ago.

    ``level`` (1 to 3) counts where the policy has no entry of that key.
    """

    critical_uid: str
    entry_key: str
    text: str
    source: CriticalSource = CriticalSource.READER
    level: int = 1
    age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CallReport:
    """One attempt to call, ``age_s`` seconds ago; the hub adds the notifier and its own time."""

    call_uid: str
    receiver: str
    receiver_role: str
    number: str
    content: str
    method: CallMethod = CallMethod.PHONE
    outcome: CallOutcome = CallOutcome.REACHED
    read_back: bool = False
    read_back_text: str = ""
    age_s: float = 0.0

    @property
    def lacks(self) -> str:
        """Return what a call lacks by which anybody could hold it against the receiver, empty for nothing."""
        reached = self.outcome is CallOutcome.REACHED
        if reached and self.method is not CallMethod.IN_PERSON and not self.number.strip():
            return "a call that reached somebody has a number"
        if self.read_back and not repeats(self.read_back_text):
            return "a read-back repeats what was said"
        return ""


class CriticalPort(Protocol):
    """Critical values on the hub. Every method raises Unreachable, Refused or NotPermitted."""

    def board(self) -> CriticalBoard:
        """Return what waits, within what the signed-in person may see."""
        ...

    def of_case(self, ups_instance_uid: str) -> CriticalBoard:
        """Return every critical value of a case, also closed and dismissed ones."""
        ...

    def recognise(self, ups_instance_uid: str, recognition: Recognition) -> CriticalValue:
        """Start the clock; the same UID again answers as the first time."""
        ...

    def call(self, critical_uid: str, call: CallReport) -> CriticalValue:
        """Add a call; the same UID again answers as the first time."""
        ...

    def acknowledge(self, critical_uid: str, receiver: str, read_back_text: str) -> CriticalValue:
        """Put the receiver's name and read-back to it."""
        ...

    def close(self, critical_uid: str) -> CriticalValue:
        """Close what was read back. Raises NoLongerUpdatable before that."""
        ...

    def dismiss(self, critical_uid: str, reason: str) -> CriticalValue:
        """Take back what is no critical value. Raises NoLongerUpdatable after its read-back."""
        ...

    def policy(self) -> CriticalPolicy:
        """Return the policy in force."""
        ...

    def replace_policy(self, content: str) -> CriticalPolicy:
        """Put another policy (JSON text) in force. Raises CriticalPolicyInvalid, NotPermitted."""
        ...

    def notified_in_time(self, days: int) -> NotificationShare:
        """Return national indicator 4 over the last days."""
        ...


@dataclass(frozen=True, slots=True)
class PendingAct:
    """
    An act that the hub has not confirmed yet; ``at`` is this machine's clock, used for its age only.

    Exactly one of ``recognition`` and ``call`` is set. ``refused`` says why the hub did not take it; it is kept.
    ``facts`` tell of which case it is.
    """

    act_uid: str
    user_id: str
    critical_uid: str
    study_instance_uid: str
    ups_instance_uid: str
    at: datetime
    recognition: Recognition | None = None
    call: CallReport | None = None
    refused: str = ""
    facts: CriticalCaseFacts | None = None

    def __post_init__(self) -> None:
        if (self.recognition is None) == (self.call is None):
            raise ValueError("an act is a recognition or a call")


class PendingActs(Protocol):
    """Where acts wait on this machine, encrypted, until the hub has confirmed them."""

    def all(self) -> tuple[PendingAct, ...]:
        """Return what waits, oldest first. Raises Locked, StorageError."""
        ...

    def put(self, act: PendingAct) -> None:
        """Add an act, or replace the one of the same UID, on disk before it returns. Raises DiskFull."""
        ...

    def done(self, act_uid: str) -> None:
        """Take an act away that the hub has confirmed; an unknown one is harmless."""
        ...
