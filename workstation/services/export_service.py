"""Pictures leave the workstation as files, or join the study as secondary captures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.pictures import CaptureIdentity, CapturePort, Film, PictureFilePort
from workstation.domain.ports import Clock, JobContext, StorePort
from workstation.domain.study import Study


@dataclass(frozen=True, slots=True)
class SavePictures:
    """Writes a still or a film to a file."""

    files: PictureFilePort

    def __call__(self, path: Path, film: Film, job: JobContext) -> Path:
        """Write the file; a former one stays whole when it fails. Raises DiskFull, StorageError, JobCancelled."""
        job.raise_if_cancelled()
        self.files.write(path, film, job.raise_if_cancelled)
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
