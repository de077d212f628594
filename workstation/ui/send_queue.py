"""What the technician found and sends; outlives the page, so that a language switch loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from resources.translation import tr
from workstation.domain.errors import JobCancelled, Unreachable, WorkstationError
from workstation.domain.hanging import day_of
from workstation.domain.ports import JobContext, SendPort
from workstation.domain.site import ReadingRequest, SendProgress
from workstation.domain.study import Study
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.notice import in_one_line
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.widgets.send_panel import QueueItem, SendState

_UNDER_WAY = frozenset({SendState.SENDING, SendState.INTERRUPTED})
_TWO_PATIENTS = frozenset({"mixed_patient", "mixed_person"})
"""Warnings of a study whose images name more than one person"""


@dataclass(slots=True)
class _Entry:
    study: Study
    item: QueueItem
    heard: bool = False
    """Whether the hub was asked already; before that the files are being read"""
    request: ReadingRequest | None = None
    job: JobHandle[str] | None = None
    repeats: str | None = None
    """What is said of the recognised result that it repeats; empty for none, None until the hub has told"""
    is_asked: bool = False
    """Whether the hub keeps the question why"""


class GrassrootsQueue(QObject):
    """Holds one entry for each study; only instances that the hub lacks travel when a send is repeated."""

    changed = Signal(str)
    """Study Instance UID of the entry that moved"""
    verified = Signal(str)
    interrupted = Signal(object)
    """``Unreachable``; the entry waits and is sent again by ``resume``"""
    _told = Signal(object, object, object)
    """entry, job, ``SendProgress``: on its way from the job to this thread"""

    def __init__(self) -> None:
        super().__init__()
        self._told.connect(self._moved)
        self._entries: dict[str, _Entry] = {}
        self._closed = False

    @property
    def under_way(self) -> int:
        """Return how many studies are being sent or wait for the line."""
        return sum(entry.item.state in _UNDER_WAY for entry in self._entries.values())

    @property
    def items(self) -> list[QueueItem]:
        """Return all entries, the oldest first."""
        return [entry.item for entry in self._entries.values()]

    def item(self, study_instance_uid: str) -> QueueItem:
        """Return one entry; KeyError when it is not here."""
        return self._entries[study_instance_uid].item

    def add(self, study: Study) -> None:
        """Take up a study that was found; one that is being sent stays as it is."""
        uid = study.study_instance_uid
        known = self._entries.get(uid)
        if known is not None and known.item.state in _UNDER_WAY:
            return
        warnings = [w.text for w in study.warnings]
        warnings += [w.text for series in study.series for w in series.warnings]
        day = day_of(study.study_date)
        item = QueueItem(
            uid,
            name_or_placeholder(study.patient.name),
            _joined("/".join(study.modalities), study.description),
            study.instance_count,
            which=_joined(study.patient.patient_id, day.isoformat() if day is not None else ""),
            warnings=tuple(dict.fromkeys(warnings)),
        )
        self._entries[uid] = _Entry(study, item)
        self.changed.emit(uid)

    def send(self, request: ReadingRequest, sender: SendPort, jobs: JobRunner) -> None:
        """Send a study in the background, at once where it waits for the line; while it moves this does nothing."""
        entry = self._entries[request.study_instance_uid]
        if entry.item.state is SendState.SENDING:
            return
        if entry.job is not None:
            entry.job.cancel()
        entry.request = request
        entry.heard = False
        self._move(entry, state=SendState.SENDING, message="")

        def work(job: JobContext) -> str:
            return sender.send(entry.study, request, job, lambda progress: self._told.emit(entry, job, progress))

        def checking(_fraction: float, text: str) -> None:
            if not entry.heard:
                self._move(entry, message=text)

        def done(_ups: str) -> None:
            self._move(entry, state=SendState.VERIFIED, done=entry.item.total, message="")
            if not self._closed:
                self.verified.emit(entry.item.study_instance_uid)

        entry.job = jobs.submit(
            Pool.IO, work, on_success=done, on_error=partial(self._failed, entry), on_progress=checking
        )

    def resume(self, sender: SendPort, jobs: JobRunner) -> None:
        """Send again what the line interrupted."""
        for entry in tuple(self._entries.values()):
            if entry.item.state is SendState.INTERRUPTED and entry.request is not None:
                self.send(entry.request, sender, jobs)

    def holds_two_patients(self, study_instance_uid: str) -> bool:
        """Tell whether images of one study name two patients: by their IDs, or under one ID by all the rest."""
        return any(warning.code in _TWO_PATIENTS for warning in self._entries[study_instance_uid].study.warnings)

    def more_of_patient(self, study_instance_uid: str) -> bool:
        """Tell whether another study of the same patient waits to be sent."""
        patient = self._entries[study_instance_uid].study.patient
        return any(
            entry.item.state is SendState.FOUND and not entry.item.sent_on and entry.study.patient == patient
            for uid, entry in self._entries.items()
            if uid != study_instance_uid
        )

    def other_patients_wait(self, study_instance_uid: str) -> bool:
        """Tell whether a study of somebody else waits to be sent."""
        patient = self._entries[study_instance_uid].study.patient
        return any(
            entry.item.state is SendState.FOUND and not entry.item.sent_on and entry.study.patient != patient
            for entry in self._entries.values()
        )

    def tell_sent(self, days: Mapping[str, str]) -> None:
        """Take, by Study Instance UID, on which day the centre received what it has whole."""
        for uid, entry in self._entries.items():
            day = days.get(uid, "")
            if entry.item.state is SendState.FOUND and entry.item.sent_on != day:
                entry.item = replace(entry.item, sent_on=day)
                self.changed.emit(uid)

    def request_of(self, study_instance_uid: str) -> ReadingRequest | None:
        """Return what was asked for when the study was sent last."""
        return self._entries[study_instance_uid].request

    def tell_repeats(self, study_instance_uid: str, said: str) -> None:
        """Take what is said of the recognised result that a study repeats, empty for none."""
        self._entries[study_instance_uid].repeats = said

    def repeats_of(self, study_instance_uid: str) -> str:
        """Return what is said of the recognised result that a study repeats, empty where nobody knows of one."""
        return self._entries[study_instance_uid].repeats or ""

    def untold(self) -> list[Study]:
        """Return the studies of which the hub has not told yet whether they repeat anything."""
        return [entry.study for entry in self._entries.values() if entry.repeats is None]

    def sent_without_reason(self) -> list[tuple[str, str]]:
        """Return what was sent without a reason though it repeats a recognised result, with what is said of that."""
        return [
            (uid, entry.repeats)
            for uid, entry in self._entries.items()
            if entry.repeats and entry.request is not None and entry.request.repeat is None and not entry.is_asked
        ]

    def asked_afterwards(self, study_instance_uid: str) -> None:
        """Take note that the hub keeps the question now."""
        self._entries[study_instance_uid].is_asked = True

    def stop(self, study_instance_uid: str) -> None:
        """Stop sending; what arrived stays there and is not sent again."""
        entry = self._entries[study_instance_uid]
        if entry.item.state not in _UNDER_WAY:
            return
        if entry.job is not None:
            entry.job.cancel()
        self._move(entry, state=SendState.STOPPED, message=tr("Sending again goes on from here."))

    def stop_all(self) -> None:
        """Stop everything and stay silent; the person signs out."""
        for uid in tuple(self._entries):
            self.stop(uid)
        self._closed = True

    @Slot(object, object, object)
    def _moved(self, entry: _Entry, job: JobContext, progress: SendProgress) -> None:
        try:
            job.raise_if_cancelled()
        except JobCancelled:
            return
        if entry.item.state not in _UNDER_WAY:
            return
        entry.heard = True
        waits = progress.waiting_s > 0
        text = tr("The line is down; trying again in {seconds} s", seconds=max(1, round(progress.waiting_s)))
        self._move(
            entry,
            state=SendState.INTERRUPTED if waits else SendState.SENDING,
            done=progress.sent + progress.already_there,
            message=text if waits else "",
        )

    def _failed(self, entry: _Entry, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if not isinstance(error, Unreachable):
            self._move(entry, state=SendState.FAILED, message=in_one_line(error.user_text, error.hint))
            return
        self._move(entry, state=SendState.INTERRUPTED, message=tr("Goes on by itself once the hub answers."))
        if not self._closed:
            self.interrupted.emit(error)

    def _move(
        self, entry: _Entry, *, state: SendState | None = None, done: int | None = None, message: str | None = None
    ) -> None:
        item = entry.item
        entry.item = replace(
            item,
            state=item.state if state is None else state,
            done=item.done if done is None else done,
            message=item.message if message is None else message,
        )
        if not self._closed:
            self.changed.emit(item.study_instance_uid)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
