"""``lianyue send``: studies from a folder, file or DICOMDIR to the hub, with a progress bar."""

from __future__ import annotations

import argparse
import sys
import time

from resources.translation import tr, trn
from workstation.bootstrap.adapters import connect
from workstation.bootstrap.console import complain, password_for
from workstation.dicom.images.source import scan
from workstation.domain.errors import IntegrityMismatch, Refused, StudyIncomplete
from workstation.domain.site import ReadingRequest
from workstation.domain.workitem import Priority
from workstation.services.jobs import NoJob

_PRIORITIES = {"stat": Priority.HIGH, "urgent": Priority.MEDIUM, "routine": Priority.LOW}
_BAR = 40
_QUIET_S = 3.0


def run_send_command(options: argparse.Namespace) -> int:
    """Send every study found below the path and ask for its reading."""
    studies = scan(options.path, NoJob())
    status = 0
    with connect(options.hub) as hub:
        hub.session.sign_in(options.user, password_for(options.user, options.hub))
        for study in studies:
            print(
                f"{study.patient.name or study.patient.patient_id or tr('no name')} · {'/'.join(study.modalities)} · "
                + trn("{count} image", "{count} images", study.instance_count)
            )
            for warning in (*study.warnings, *(w for series in study.series for w in series.warnings)):
                print(f"  ! {warning.text}")
            request = ReadingRequest(study.study_instance_uid, _PRIORITIES[options.priority], options.question)
            try:
                ups = hub.sender.send(study, request, _Progress(), lambda _progress: None)
            except (Refused, IntegrityMismatch, StudyIncomplete) as error:  # the next study may be better
                complain(error)
                status = 2
            else:
                print("  " + tr("verified by the hub, reading request {ups}", ups=ups), flush=True)
        hub.session.sign_out()
    return status


class _Progress(NoJob):
    """A bar on a terminal; elsewhere a line now and then, so that a log shows a line that is down."""

    def __init__(self) -> None:
        self._told = ""
        self._told_at = time.monotonic()

    def progress(self, fraction: float, text: str = "") -> None:
        """Show how far it is and what it waits for."""
        if sys.stdout.isatty():
            filled = int(_BAR * fraction)
            ending = "\n" if fraction >= 1.0 else ""
            print(f"\r\x1b[2K  [{'#' * filled}{'.' * (_BAR - filled)}] {text}", end=ending, flush=True)
        elif text != self._told and time.monotonic() - self._told_at > _QUIET_S:
            self._told, self._told_at = text, time.monotonic()
            print(f"  {text}", flush=True)
