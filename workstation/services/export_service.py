"""Pictures leave the workstation as files, or join the study as secondary captures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workstation.domain.audit import AuditAction
from workstation.domain.errors import JobCancelled, SourceError, WorkstationError
from workstation.domain.pictures import CaptureIdentity, CapturePort, Film, PictureFilePort
from workstation.domain.ports import AuditPort, Clock, JobContext, StorePort
from workstation.domain.study import Study

_NAMED: Final[Mapping[bool | None, str]] = {
    True: "with the patient",
    False: "without the patient",
    None: "nobody knows whether with the patient",
}


@dataclass(frozen=True, slots=True)
class SavePictures:
    """Writes a still or a film of a study to a file; it is in the audit trail before it happens."""

    files: PictureFilePort
    audit: AuditPort

    def __call__(self, path: Path, film: Film, study_instance_uid: str, job: JobContext) -> Path:
        """
        Write the file; a former one stays whole when it fails.

        Raises DiskFull, StorageError, JobCancelled, and whatever keeps the act from being recorded.
        """
        job.raise_if_cancelled()
        detail = f"{len(film.frames)} pictures, {_NAMED[film.shows_name]}"
        self.audit.record(AuditAction.PICTURES_SAVED, subject_uid=study_instance_uid, detail=detail)
        try:
            self.files.write(path, film, job.raise_if_cancelled)
        except (WorkstationError, JobCancelled):
            with contextlib.suppress(SourceError):  # the failure itself is what the person must be told
                self.audit.record(AuditAction.PICTURES_SAVED, subject_uid=study_instance_uid, outcome=4, detail=detail)
            raise
        return path


@dataclass(frozen=True, slots=True)
class StoreCapture:
    """Stores a still or a film with its study on the hub."""

    capture: CapturePort
    store: StorePort
    new_uid: Callable[[], str]
    clock: Clock

    def __call__(self, study: Study, film: Film, modality: str, job: JobContext) -> str:
        """Return the SOP Instance UID of what was stored. Raises Unreachable, Refused, JobCancelled."""
        identity = CaptureIdentity(self.new_uid(), self.new_uid(), self.clock.now(), modality)
        data = self.capture(study, film, identity)
        job.raise_if_cancelled()
        self.store.store(study.study_instance_uid, [data])
        return identity.sop_instance_uid
