"""Monitors of this machine, and pictures taken out of the images."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.domain.access import Actor
from workstation.services.export_service import SavePictures, StoreCapture
from workstation.services.uid import SystemClock, new_uid
from workstation.storage.monitor_checks import MonitorCheckFile
from workstation.ui.images.pictures import PictureServices
from workstation.ui.monitor_check import MonitorChecking

if TYPE_CHECKING:  # the hub's clients load while one signs in
    from workstation.bootstrap.adapters import Hub

_FILE = "monitors.json"


def monitor_checking(data_dir: Path, actor: Callable[[], Actor | None]) -> MonitorChecking:
    """Join what the check of a monitor needs; records are of the machine, not of a person."""

    def person() -> str:
        known = actor()
        return known.display_name if known is not None else ""

    return MonitorChecking(MonitorCheckFile(data_dir / _FILE), person, lambda: datetime.now(UTC))


def picture_services(hub: Hub, data_dir: Path) -> PictureServices:
    """Join what real size and export need."""
    from workstation.dicom.objects.secondary_capture import secondary_capture
    from workstation.storage.picture_files import PictureFiles

    return PictureServices(
        MonitorCheckFile(data_dir / _FILE),
        SavePictures(PictureFiles(), hub.audit),
        StoreCapture(secondary_capture, hub.images, new_uid, SystemClock()),
    )
