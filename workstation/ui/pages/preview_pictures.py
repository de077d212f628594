"""The thumbnails of the case in the preview strip: fetched when the reader stays on it, few of them kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer

from workstation.domain.errors import WorkstationError
from workstation.domain.thumbnail import Thumbnail, ThumbnailPort
from workstation.domain.workitem import WorklistRow
from workstation.services.jobs import JobHandle, JobRunner, Pool

MOST: Final = 4
"""Pictures of one case"""
PIXELS: Final = 272
"""Twice what the strip shows, for screens of 200 %"""
_KEPT: Final = 60
_PAUSE_MS: Final = 200
"""Who walks through the list by key fetches nothing"""

Key = tuple[str, int]
Show = Callable[[tuple[Thumbnail, ...] | None], None]


class PreviewPictures(QObject):
    """One question at a time; a case that grew is asked for anew. Pictures of a few cases stay in memory only."""

    def __init__(self, port: ThumbnailPort | None, jobs: JobRunner) -> None:
        super().__init__()
        self._port, self._jobs = port, jobs
        self._known: OrderedDict[Key, tuple[Thumbnail, ...]] = OrderedDict()
        self._without: set[Key] = set()
        """Cases whose answer had no picture, once"""
        self._wanted: tuple[WorklistRow, Show] | None = None
        self._job: JobHandle[tuple[Thumbnail, ...]] | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._fetch)

    def ask(self, row: WorklistRow | None, show: Show) -> None:
        """Show the pictures of a case as soon as they are here; until then nothing, and ``None`` where none came."""
        if row is not None and self._wanted is not None and _key(self._wanted[0]) == _key(row):
            self._wanted = (row, show)
            if (known := self._known.get(_key(row))) is not None:
                show(known)
            elif self._job is None and not self._pause.isActive():
                self._pause.start()  # what did not come is asked for again, what came without pictures once more
            return
        self.forget_question()
        if row is None or self._port is None or not row.images_received:
            show(())
            return
        known = self._known.get(_key(row))
        self._wanted = (row, show)
        show(known or self._former(row.study_instance_uid))
        if known is None:
            self._pause.start()

    def forget_question(self) -> None:
        """Ask for nothing any more."""
        self._pause.stop()
        if self._job is not None:
            self._job.cancel()
        self._wanted = self._job = None

    def forget(self) -> None:
        """Drop every picture, as at signing out."""
        self.forget_question()
        self._known.clear()
        self._without.clear()

    def _fetch(self) -> None:
        port = self._port
        if self._wanted is None or port is None:
            return
        row = self._wanted[0]
        self._job = self._jobs.submit(
            Pool.IO,
            lambda _job: port.thumbnails(row.study_instance_uid, MOST, PIXELS),
            on_success=partial(self._came, _key(row)),
            on_error=partial(self._failed, _key(row)),
        )

    def _came(self, key: Key, pictures: tuple[Thumbnail, ...]) -> None:
        self._job = None
        # a hub that had nothing to draw yet is asked once more; then there is nothing, however often the list comes
        if any(one.jpeg for one in pictures) or key in self._without:
            self._known[key] = pictures
            self._without.discard(key)
        else:
            self._without.add(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self._show(key, pictures)

    def _former(self, study_instance_uid: str) -> tuple[Thumbnail, ...]:
        """Return what a case showed before it grew, until its new pictures are here."""
        return next((self._known[one] for one in reversed(self._known) if one[0] == study_instance_uid), ())

    def _failed(self, key: Key, error: Exception) -> None:
        self._job = None
        if not isinstance(error, WorkstationError):
            raise error
        self._show(key, None)

    def _show(self, key: Key, pictures: tuple[Thumbnail, ...] | None) -> None:
        if self._wanted is not None and _key(self._wanted[0]) == key:
            self._wanted[1](pictures)


def _key(row: WorklistRow) -> Key:
    return row.study_instance_uid, row.images_received
