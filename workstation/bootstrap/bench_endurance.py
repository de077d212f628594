"""``lianyue bench endurance``: two hundred cases opened and closed in the real window; then long CTs."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from resources.translation import tr
from workstation.bootstrap.bench_window import PATIENCE_S, REST_MS, ReadingWindow, reading_window, resident_mb
from workstation.domain.errors import WorkstationError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

CYCLES: Final = 200
SLICES: Final = 40
SIZE: Final = 256
WARM_UP: Final = 10
LARGE_CYCLES: Final = 30
LARGE_SLICES: Final = 275
LARGE_SIZE: Final = 512
LARGE_WARM_UP: Final = 5
CACHED: Final = 20
"""So many objects of a type more are what bounded caches take, however short the run"""
NOISE_MB: Final = 32.0
"""So much more memory says nothing: the allocators of Qt and VTK give back what they like, when they like"""
_OURS: Final = ("workstation.", "viewers.", "worklist.")
_BOUNDED: Final = frozenset({"viewers.qt.outlined_text.TextStyle"})
"""Keys of the cache of stroked texts, which holds so many and no more."""


@dataclass(frozen=True, slots=True)
class _Endured:
    """What so many cases left behind, in MiB; ``grown`` are types that grew with every second case."""

    cycles: int
    case_mb: float
    warm_mb: float
    last_mb: float
    grown: dict[str, tuple[int, int]]

    @property
    def left(self) -> float:
        """Return what each case left, in its voxels."""
        return (self.last_mb - self.warm_mb) / self.cycles / self.case_mb


def run(study: Path | None, cycles: int = CYCLES) -> dict[str, Any]:
    """
    Open and close one case again and again, in changing layouts, and return what it left behind.

    A small case first, then, unless ``study`` names one, a CT of 275 slices, whose voxels are half of what the window
    takes. Objects are counted by type and memory is read after the warm-up and after the last. ``ratios`` has the
    memory at the end over that after the warm-up, and what a case left behind over its voxels; ``large_`` is the
    long case. Raises WorkstationError when cases stay, see ``check_nothing_stayed``.
    """
    with reading_window(study, slices=SLICES, size=SIZE) as window:
        small = _endured(window, WARM_UP, cycles)
    check_nothing_stayed(small.grown, small.last_mb - small.warm_mb, small.left)
    result = _told(small, "")
    if study is None:
        with reading_window(None, slices=LARGE_SLICES, size=LARGE_SIZE) as window:
            large = _endured(window, LARGE_WARM_UP, LARGE_CYCLES)
        check_nothing_stayed(large.grown, large.last_mb - large.warm_mb, large.left)
        more = _told(large, "large_")
        result = {name: result[name] | more[name] for name in result}
    return result


def _endured(window: ReadingWindow, warm_up: int, cycles: int) -> _Endured:
    from PySide6.QtWidgets import QApplication

    from workstation.bootstrap.loop_steps import settle

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise TypeError("a window needs an application")
    case_mb = _read(window, warm_up)
    settle(REST_MS)
    objects, memory = alive(app), resident_mb()
    _read(window, cycles)
    settle(REST_MS)
    now, last = alive(app), resident_mb()
    return _Endured(cycles, case_mb, memory, last, more_than(objects, now, max(cycles // 2, CACHED)))


def _told(endured: _Endured, prefix: str) -> dict[str, dict[str, float]]:
    figures = {
        "cycles": endured.cycles,
        "warm_mb": round(endured.warm_mb, 1),
        "last_mb": round(endured.last_mb, 1),
        "case_mb": endured.case_mb,
    }
    ratios = {
        "memory_over_warm": round(endured.last_mb / endured.warm_mb, 3),
        "left_over_case": round(endured.left, 4),
    }
    return {
        "figures": {prefix + name: value for name, value in figures.items()},
        "ratios": {prefix + name: value for name, value in ratios.items()},
    }


def check_nothing_stayed(grown: dict[str, tuple[int, int]], more_mb: float, left: float) -> None:
    """
    Raise WorkstationError for types that grew with every second case, or a tenth of the voxels of each case left.

    ``grown`` are types with their counts before and after, ``more_mb`` is what memory grew by and ``left`` the same
    for each case, in its voxels.
    """
    if grown or (more_mb > NOISE_MB and left > 0.1):
        raise WorkstationError(
            tr("Closed cases stay in memory"), detail=f"{more_mb:.0f} MB, {left:.3f} of the voxels of each; {grown}"
        )


def _read(window: ReadingWindow, cycles: int) -> float:
    """Open and close the case so many times; return the megabytes of its voxels."""
    from workstation.bootstrap.loop_steps import wait_until
    from workstation.ui.widgets.tiling import Layout

    page, voxels_mb = window.page, 0.0
    layouts = cycle((Layout.MPR, Layout.ONE))
    for _ in range(cycles):
        window.open_case(read_only=True)
        wait_until(page.has_image, "the first image", seconds=PATIENCE_S)
        page.grid.choose_layout(next(layouts))
        wait_until(page.has_volume, "the volume", seconds=PATIENCE_S)
        stack = page.grid.stack
        volume = None if stack is None else stack.measured_volume
        voxels_mb = 0.0 if volume is None else volume.voxels.nbytes / (1 << 20)
        window.close_case()
        wait_until(lambda: not page.has_image(), "the end of the case", seconds=PATIENCE_S)
    return voxels_mb


def alive(app: QApplication) -> Counter[str]:
    """Count the product's objects by type, and every Qt object of every window."""
    from PySide6.QtCore import QObject

    app.sendPostedEvents(None, 0)
    gc.collect()
    names = (f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    found = Counter(name for name in names if name.startswith(_OURS) and name not in _BOUNDED)
    found["Qt objects"] = sum(len(widget.findChildren(QObject)) + 1 for widget in app.topLevelWidgets())
    return found


def more_than(before: Counter[str], after: Counter[str], most: int) -> dict[str, tuple[int, int]]:
    """Return the types of which there are at least ``most`` more than before, with both counts."""
    return {name: (before[name], count) for name, count in after.items() if count - before[name] >= most}
