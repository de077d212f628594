"""``lianyue send``: studies from a folder, file or DICOMDIR to the hub, with a progress bar."""

from __future__ import annotations

import argparse
import sys

from resources.translation import tr, trn
from workstation.bootstrap.adapters import connect
from workstation.bootstrap.console import password_for
from workstation.dicom.source import scan
from workstation.domain.site import ReadingRequest, SendProgress
from workstation.domain.workitem import Priority
from workstation.services.jobs import NoJob

_PRIORITIES = {"stat": Priority.HIGH, "urgent": Priority.MEDIUM, "routine": Priority.LOW}
_BAR = 40


def run_send_command(options: argparse.Namespace) -> int:
    """Send every study found below the path and ask for its reading."""
    studies = scan(options.path, NoJob())
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
            ups = hub.sender.send(study, request, NoJob(), _draw)
            print("  " + tr("verified by the hub, reading request {ups}", ups=ups))
        hub.session.sign_out()
    return 0


def _draw(progress: SendProgress) -> None:
    done = progress.sent + progress.already_there
    filled = _BAR * done // max(1, progress.total)
    end = "\n" if done == progress.total and sys.stdout.isatty() else ""
    if sys.stdout.isatty():
        print(f"\r  [{'#' * filled}{'.' * (_BAR - filled)}] {done}/{progress.total}", end=end, flush=True)
