"""A picture that leaves the workstation leaves a trace first: of which study, how many, with a name or without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.fakes import FakeAudit
from tests.helpers.jobs import RecordingJob
from workstation.domain.audit import AuditAction
from workstation.domain.errors import DiskFull, JobCancelled, Unreachable
from workstation.domain.pictures import Film
from workstation.services.export_service import SavePictures

SAVED = AuditAction.PICTURES_SAVED
STUDY = "1.2.3"
PATH = Path("lianyue.png")


@dataclass
class Disk:
    """A ``PictureFilePort`` in memory."""

    fail_with: Exception | None = None
    written: list[Path] = field(default_factory=list)

    def write(self, path: Path, film: Film, cancelled: Callable[[], None]) -> None:
        del film
        cancelled()
        if self.fail_with is not None:
            raise self.fail_with
        self.written.append(path)


def film(*, names_patient: bool = False, burned_in: bool | None = False, count: int = 1) -> Film:
    frame = np.zeros((2, 2, 3), dtype=np.uint8)
    return Film((frame,) * count, (100.0,) * count, names_patient=names_patient, burned_in=burned_in)


@pytest.mark.parametrize(
    ("taken", "detail"),
    [
        (film(names_patient=True), "1 pictures, with the patient"),
        (film(burned_in=True), "1 pictures, with the patient"),
        (film(count=3), "3 pictures, without the patient"),
        (film(burned_in=None), "1 pictures, nobody knows whether with the patient"),
    ],
)
def test_every_saved_picture_is_in_the_audit_trail_with_whether_it_names_the_patient(taken: Film, detail: str) -> None:
    audit, disk = FakeAudit(), Disk()
    assert SavePictures(disk, audit)(PATH, taken, STUDY, RecordingJob()) == PATH
    assert (audit.recorded, disk.written) == ([(SAVED, STUDY, 0, detail)], [PATH])


def test_what_cannot_be_recorded_is_not_saved() -> None:
    disk = Disk()
    with pytest.raises(Unreachable):
        SavePictures(disk, FakeAudit(fail_with=Unreachable("no line")))(PATH, film(), STUDY, RecordingJob())
    assert disk.written == []


@pytest.mark.parametrize("error", [DiskFull("full"), JobCancelled()])
def test_a_picture_that_was_not_written_after_all_is_recorded_as_a_failure(error: Exception) -> None:
    audit = FakeAudit()
    with pytest.raises(type(error)):
        SavePictures(Disk(fail_with=error), audit)(PATH, film(), STUDY, RecordingJob())
    assert [(action, outcome) for action, _uid, outcome, _detail in audit.recorded] == [(SAVED, 0), (SAVED, 4)]
