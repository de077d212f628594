"""Each monitor's last check is kept on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from workstation.domain.grayscale import MonitorCheck
from workstation.storage.monitor_checks import MonitorCheckFile

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def check(monitor: str = "Eizo RX560 123", **changes: object) -> MonitorCheck:
    values: dict[str, object] = {
        "monitor": monitor,
        "checked_at": AT,
        "checked_by": "王启明",
        "seen_dark": True,
        "seen_bright": False,
        "measured_cd_m2": (0.5, 10.0, 400.0),
        "mm_per_pixel": 0.165,
    }
    return MonitorCheck(**{**values, **changes})  # type: ignore[arg-type] # fields of the check


def test_what_was_kept_is_read_back_exactly_by_another_start(tmp_path: Path) -> None:
    path = tmp_path / "data" / "monitors.json"
    MonitorCheckFile(path).keep(check())
    MonitorCheckFile(path).keep(check("Barco 9", mm_per_pixel=None, seen_bright=True))

    assert MonitorCheckFile(path).last("Eizo RX560 123") == check()
    assert MonitorCheckFile(path).last("Barco 9") == check("Barco 9", mm_per_pixel=None, seen_bright=True)


def test_a_new_check_replaces_the_monitors_last(tmp_path: Path) -> None:
    store = MonitorCheckFile(tmp_path / "monitors.json")
    store.keep(check())
    store.keep(check(seen_bright=True))
    assert store.last("Eizo RX560 123") == check(seen_bright=True)


_ZERO = (
    '{"monitors": {"m": {"checked_at": "2026-11-22T01:30:00+00:00", "checked_by": "x", "seen_dark": true, '
    '"seen_bright": true, "measured_cd_m2": [], "mm_per_pixel": 0}}}'
)


@pytest.mark.parametrize("content", ["", "[1", "[]", '{"monitors": 3}', '{"monitors": {"m": {}}}', _ZERO])
def test_a_broken_record_counts_as_never_checked_and_can_be_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "monitors.json"
    path.write_text(content)
    store = MonitorCheckFile(path)
    assert store.last("m") is None
    store.keep(check("m"))
    assert store.last("m") == check("m")


def test_a_monitor_nobody_checked_has_no_record(tmp_path: Path) -> None:
    assert MonitorCheckFile(tmp_path / "monitors.json").last("m") is None
