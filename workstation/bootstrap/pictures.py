"""Monitors of this machine, and pictures taken out of the images."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from workstation.domain.access import Actor
from workstation.storage.monitor_checks import MonitorCheckFile
from workstation.ui.images.pictures import PictureServices
from workstation.ui.monitor_check import MonitorChecking

_FILE = "monitors.json"


def monitor_checking(data_dir: Path, actor: Callable[[], Actor | None]) -> MonitorChecking:
    """Join what the check of a monitor needs; records are of the machine, not of a person."""

    def person() -> str:
        known = actor()
        return known.display_name if known is not None else ""

    return MonitorChecking(MonitorCheckFile(data_dir / _FILE), person, lambda: datetime.now(UTC))


def picture_services(data_dir: Path) -> PictureServices:
    """Join what real size and export need."""
    return PictureServices(MonitorCheckFile(data_dir / _FILE))
