"""``lianyue bench memory``: what a long CT costs while it lies open in the real window, over the real hub."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any, Final

from workstation.bootstrap.bench_window import (
    PATIENCE_S,
    REST_MS,
    ReadingWindow,
    reading_window,
    resident_mb,
    status_mb,
)

SLICES: Final = 500
GOAL_MB: Final = 1200.0
"""A CT of 500 slices in 2x2 views, everything that shows it counted together."""
_MIB: Final = 1 << 20
_REFERENCE: Final = (
    "import sys, numpy, pydicom; from pathlib import Path; "
    "images = [pydicom.dcmread(p) for p in sorted(Path(sys.argv[1]).rglob('*')) if p.is_file()]; "
    "volume = numpy.stack([i.pixel_array for i in images if 'PixelData' in i]); del images; "
    "print(volume.nbytes, [l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')][0])"
)
"""The shortest way to the same voxels that people take: pydicom and numpy, without a window."""


def run(study: Path | None, slices: int = SLICES) -> dict[str, Any]:
    """
    Open a study in MPR 2x2 and return megabytes of memory and milliseconds of processor time.

    ``window_mb`` is the resident memory of the window's process once everything is on screen,
    ``peak_mb`` its highest while it loaded, ``decoders_mb`` that of its decoding children (pages
    they share counted once), ``before_mb`` and ``after_mb`` the window's before the case and when
    it is closed. ``longest_turn_ms`` is the processor time of the window's longest turn from the
    double click to the volume: the clock would count other programs. ``volume_mb`` are the voxels alone and
    ``reference_mb`` a program that does nothing but read them with pydicom into one array.

    ``ratios``: what the case adds to the window, in volumes and in references; all that is resident, in goals of
    ``GOAL_MB``; what is left of the case when it is closed, in volumes. Raises StorageError where the system does
    not tell these figures.

    ``voxels_left_mb`` and its ratio are exact: the voxels that something still holds when the case is closed and
    nobody has looked for garbage. ``left_over_volume`` also has what the first case loads for good (VTK, the
    segmenter, fonts: some 250 MiB) and what allocators keep for the next one.
    """
    with reading_window(study, slices=slices) as window:
        volume_mb, reference_mb = _reference(window.study)
        figures = _opened(window) | {"volume_mb": volume_mb, "reference_mb": reference_mb}
    case = figures["window_mb"] - figures["before_mb"]
    ratios = {
        "case_over_volume": case / volume_mb,
        "case_over_reference": case / reference_mb,
        "peak_over_volume": (figures["peak_mb"] - figures["before_mb"]) / volume_mb,
        "voxels_left_over_volume": figures["voxels_left_mb"] / volume_mb,
        "left_over_volume": (figures["after_mb"] - figures["before_mb"]) / volume_mb,
        "whole_over_goal": (figures["window_mb"] + figures["decoders_mb"]) / GOAL_MB,
    }
    return {
        "figures": {name: round(value, 1) for name, value in figures.items()},
        "ratios": {name: round(value, 2) for name, value in ratios.items()},
    }


def _reference(study: Path) -> tuple[float, float]:
    """Return the size of the voxels and the most that a process of its own needs to read them, in MiB."""
    command = [sys.executable, "-c", _REFERENCE, str(study)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 - this interpreter with our own program
    return int(told[0]) / _MIB, int(told[1]) * 1024 / _MIB


def _opened(window: ReadingWindow) -> dict[str, float]:
    from workstation.bootstrap.loop_steps import settle, wait_until
    from workstation.bootstrap.turns import Turns
    from workstation.ui.widgets.tiling import Layout

    page, before = window.page, resident_mb()
    page.grid.choose_layout(Layout.MPR)
    turns = Turns()
    turns.start()
    started = time.perf_counter()
    window.open_case()
    wait_until(page.has_image, "the first image", seconds=PATIENCE_S)
    first = time.perf_counter() - started
    wait_until(page.has_volume, "the volume", seconds=PATIENCE_S)
    whole = time.perf_counter() - started
    settle(REST_MS)
    turns.stop()
    page.grid.choose_layout(Layout.MPR)
    settle(REST_MS)
    figures = {
        "slices": float(page.slice_count),
        "before_mb": before,
        "window_mb": resident_mb(),
        "peak_mb": status_mb("VmHWM"),
        "decoders_mb": sum(_proportional(pid) for pid in _decoders()),
        "longest_turn_ms": max(turns.longest.values()),
        "first_image_s": first,
        "whole_s": whole,
    }
    voxels, size_mb = _voxels(window)
    looks = gc.isenabled()
    gc.disable()
    window.close_case()
    settle(REST_MS)
    figures |= {"after_mb": resident_mb(), "voxels_left_mb": size_mb if voxels() is not None else 0.0}
    if looks:
        gc.enable()
    return figures


def _voxels(window: ReadingWindow) -> tuple[weakref.ref[Any], float]:
    """Return the voxels on screen, not held, and their size in MiB."""
    stack = window.page.grid.stack
    if stack is None or stack.measured_volume is None:
        raise TypeError("an open case has a volume")
    voxels = stack.measured_volume.voxels
    return weakref.ref(voxels), voxels.nbytes / _MIB


def _proportional(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended meanwhile
        return 0.0
    return next(int(line.split()[1]) * 1024 / _MIB for line in text.splitlines() if line.startswith("Pss:"))


def _decoders() -> set[int]:
    """Return the children that decode: all but the hub, which an alliance has elsewhere."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text(encoding="ascii").split()}
    return {pid for pid in found if b"multiprocessing" in _command(pid)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
