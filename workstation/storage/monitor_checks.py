"""The last check of each monitor of this machine, in one JSON file."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from workstation.domain.grayscale import MonitorCheck
from workstation.storage.data_dir import private_dir
from workstation.storage.files import replace_file

_log = logging.getLogger(__name__)
_LARGEST = 1 << 20
_ASKED_LATER: Final = ("seen_lines", "seen_even_ramp", "seen_edges")


class MonitorCheckFile:
    """Implements ``MonitorCheckPort``; what cannot be read counts as never checked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self, monitor: str) -> MonitorCheck | None:
        """Return the last check of a monitor, None when it never was."""
        raw = self._read().get(monitor)
        if raw is None:
            return None
        try:
            return _check(monitor, raw)
        except (KeyError, TypeError, ValueError) as exc:
            _log.info("a monitor check cannot be read: %s", exc)
            return None

    def keep(self, check: MonitorCheck) -> None:
        """Store a check in place of the monitor's last one. Raises DiskFull, StorageError."""
        values = asdict(check)
        values["checked_at"] = check.checked_at.isoformat()
        checks = {**self._read(), values.pop("monitor"): values}
        private_dir(self._path.parent)
        replace_file(self._path, json.dumps({"schema": 1, "monitors": checks}, ensure_ascii=False, indent=2).encode())

    def _read(self) -> dict[str, Any]:
        try:
            with self._path.open("rb") as file:
                monitors = json.loads(file.read(_LARGEST).decode())["monitors"]
            return dict(monitors)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as exc:
            _log.info("%s cannot be read: %s", self._path.name, type(exc).__name__)
            return {}


def _check(monitor: str, raw: dict[str, Any]) -> MonitorCheck:
    per_pixel = raw["mm_per_pixel"]
    return MonitorCheck(
        monitor=monitor,
        checked_at=datetime.fromisoformat(raw["checked_at"]),
        checked_by=str(raw["checked_by"]),
        seen_dark=raw["seen_dark"] is True,
        seen_bright=raw["seen_bright"] is True,
        measured_cd_m2=tuple(float(one) for one in raw["measured_cd_m2"]),
        mm_per_pixel=None if per_pixel is None else float(per_pixel),
        **{name: raw[name] is True for name in _ASKED_LATER if raw.get(name) is not None},
    )
