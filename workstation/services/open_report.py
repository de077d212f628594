"""The report of an opened case as it stands: who may write in it, under which template, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from resources.translation import tr
from workstation.domain.errors import NotPermitted
from workstation.domain.report import Report, ReportKind
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import Claim

if TYPE_CHECKING:
    from workstation.domain.ports import Clock


class Changed(Enum):
    """What part of the session moved."""

    FINDINGS = auto()
    VALUES = auto()
    ANNOTATIONS = auto()
    KEY_IMAGES = auto()
    LOOKS = auto()
    ON_PRIOR = auto()
    CRITICAL = auto()
    PRIORS = auto()
    """Earlier studies became known: nobody wrote anything, the check before signing looks again"""
    PERSONS = auto()
    """The reader said that a prior, whose person was a question, is of this one: kept with the report"""
    STATE = auto()


Listener = Callable[[Changed], None]


class OpenReport:
    """
    One report that may be written in while ``claim`` is there; whoever changes it puts the next version here.

    Lives on the main thread, like the session that it belongs to.
    """

    def __init__(self, report: Report, template: ReportTemplate, claim: Claim | None, clock: Clock) -> None:
        self._report = report
        self.template = template
        self.claim = claim
        self._clock = clock
        self._listeners: list[Listener] = []

    @property
    def report(self) -> Report:
        """Return the report as it stands now."""
        return self._report

    @property
    def read_only(self) -> bool:
        """Tell whether this reader may change anything: needs the claim, and a report not yet final."""
        return self.claim is None or self._report.is_closed

    @property
    def content_locked(self) -> bool:
        """Tell whether the content stays as it is: nobody may write, or only the words of an addendum are."""
        return self.read_only or self._report.kind is ReportKind.ADDENDUM

    def require_mine(self) -> None:
        """Raise NotPermitted where the report is open for reading only."""
        if self.read_only:
            raise NotPermitted(
                tr("This case is open for reading only"),
                hint=tr("Claim the case first; a signed report is changed by an addendum."),
            )

    def require_writable(self) -> None:
        """Raise NotPermitted where the content stays as it is."""
        self.require_mine()
        if self._report.kind is ReportKind.ADDENDUM:
            raise NotPermitted(
                tr("An addendum only adds: the signed content stays as it is"),
                hint=tr("Give the addendum up and correct the report to change its content."),
            )

    def put(self, report: Report, change: Changed) -> None:
        """Let the report stand like this and tell what changed; whether anybody may has been asked before."""
        self._report = report
        for listener in tuple(self._listeners):
            listener(change)

    def keep(self, report: Report) -> None:
        """Let the report stand like this without telling anybody: nothing that is shown has changed."""
        self._report = report

    def set_value(self, key: str, text: str) -> None:
        """Fill one template field; KeyError for a field the template does not have."""
        self.template.field(key)
        if self._report.values.get(key, "") == text:
            return
        self.require_writable()
        self.put(self._report.with_values({**self._report.values, key: text}, at=self.now()), Changed.VALUES)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after every change; returns a function that ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def now(self) -> datetime:
        """Return the time by the workstation's clock."""
        return self._clock.now()
