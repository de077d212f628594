"""
How fast viewports repaint, measured as a reader would see it: every frame another slice, nothing reused.

Used by ``lianyue bench scroll``; figures are printed, never judged by a clock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.annotations import Annotations
from viewers.scene.captions import StudyCaptions
from viewers.scene.image import SliceImage
from viewers.scene.presets import CT_PRESETS
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.domain.finding import Decision, Finding, FindingList, Mark
from workstation.domain.geometry import ImagePlane

SLICES: Final = 120
MATRIX: Final = 512
VIEWPORT: Final = (1024, 1024)
_WARM_UP: Final = 3
_UID: Final = "2.25.1"


@dataclass(frozen=True, slots=True)
class FrameTime:
    """What one frame cost: on the clock, and in processor time, which a busy machine hardly changes."""

    wall_s: float
    cpu_s: float


def compared(frames: int = 300) -> dict[str, dict[str, float]]:
    """
    Return the figures of ``run`` and their ratios to the picture alone, without overlay and text, in the same run.

    Ratios are of processor time, which a busy machine hardly changes.
    """
    figures = run(frames)
    alone = timed(_stack(), VIEWPORT, frames, _next_slice, with_overlay=False)
    picture_ms = percentile_ms([frame.cpu_s for frame in alone], 50)
    return {
        "figures": figures | {"picture_cpu_ms": picture_ms},
        "ratios": {
            "frame_over_picture": round(figures["frame_cpu_ms"] / picture_ms, 2),
            "window_drag_over_picture": round(figures["window_drag_cpu_ms"] / picture_ms, 2),
        },
    }


def run(frames: int = 300) -> dict[str, float]:
    """
    Return what a frame of a stack at 1024 x 1024 costs while scrolling and while dragging the window.

    Each frame shows another slice, or the same one with another window, scales 512 to 1024 and
    paints the full overlay into a QImage. Needs no display. Medians but for ``frame_ms_p95``.
    """
    scrolled = timed(_stack(), VIEWPORT, frames, _next_slice)
    dragged = timed(_stack(), VIEWPORT, frames, _next_window)
    return {
        "frames_per_second": frames / sum(frame.wall_s for frame in scrolled),
        "frame_ms_median": percentile_ms([frame.wall_s for frame in scrolled], 50),
        "frame_ms_p95": percentile_ms([frame.wall_s for frame in scrolled], 95),
        "frame_cpu_ms": percentile_ms([frame.cpu_s for frame in scrolled], 50),
        "window_drag_ms": percentile_ms([frame.wall_s for frame in dragged], 50),
        "window_drag_cpu_ms": percentile_ms([frame.cpu_s for frame in dragged], 50),
        "frames": float(frames),
    }


def _next_slice(scene: Scene, number: int) -> None:
    scene.scroll_to(number % scene.count)


def _next_window(scene: Scene, number: int) -> None:
    # no window comes twice: every frame needs a lookup table of its own
    scene.set_window(Window(centre=-600.0 + number % 7, width=1500.0 + number))


def timed(
    scene: Scene,
    viewport: tuple[int, int],
    frames: int,
    change: Callable[[Scene, int], None],
    *,
    with_overlay: bool = True,
) -> list[FrameTime]:
    """Return the cost of each frame after the first ones warmed up caches that a reader has warm too."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication, QImage, QPainter  # noqa: PLC0415 - the command line starts without Qt

    from viewers.qt.overlay_painter import OverlayPainter  # noqa: PLC0415 - ditto
    from viewers.qt.viewport import default_surface  # noqa: PLC0415 - ditto

    application = QGuiApplication.instance() or QGuiApplication([])
    surface, overlay = default_surface(), OverlayPainter()
    target = QImage(*viewport, QImage.Format.Format_RGB32)
    size = float(viewport[0]), float(viewport[1])

    def paint(number: int) -> FrameTime:
        wall, cpu = time.perf_counter(), time.thread_time()
        change(scene, number)
        frame = scene.frame(size)
        painter = QPainter(target)
        painter.drawImage(0, 0, surface.render(frame, 1.0))
        if with_overlay:
            overlay.paint(painter, frame.overlay, size)
        painter.end()
        return FrameTime(time.perf_counter() - wall, time.thread_time() - cpu)

    times = [paint(number) for number in range(-_WARM_UP, frames)][_WARM_UP:]
    del application
    return times


def percentile_ms(times: list[float], percent: float) -> float:
    """Return a percentile of seconds, in milliseconds."""
    return float(np.percentile(times, percent)) * 1000


def _voxels() -> npt.NDArray[Any]:
    """Return a noisy chest-like phantom ``[z, y, x]`` in HU: no two slices alike."""
    random = np.random.default_rng(1)
    y, x = np.indices((MATRIX, MATRIX)) - MATRIX / 2
    body = np.where((x / 220) ** 2 + (y / 160) ** 2 < 1, 40, -1000)
    lungs = ((np.abs(x) - 100) / 80) ** 2 + (y / 110) ** 2 < 1
    base = np.where(lungs, -850, body).astype(np.int16)
    noise = random.normal(0, 25, (MATRIX, MATRIX)).astype(np.int16)
    return np.stack([base + np.roll(noise, 7 * n, axis=1) for n in range(SLICES)])


def _stack() -> StackScene:
    images = [
        SliceImage(
            pixels, _plane(n), sop_instance_uid=f"{_UID}.{n}", frame_of_reference_uid=_UID, padding=(-2000, -2000)
        )
        for n, pixels in enumerate(_voxels())
    ]
    scene = StackScene(
        [StackSlot(image.sop_instance_uid, plane=image.plane) for image in images],
        annotations=Annotations(_UID),
        new_uid=_uids(),
        frame_of_reference_uid=_UID,
        captions=_captions(),
        thickness_mm=1.0,
    )
    for index, image in enumerate(images):
        scene.put(index, image)
    scene.set_window(CT_PRESETS["2"].window)
    scene.crosshair = (0.0, 0.0, 60.0)
    scene.findings = _findings()
    scene.probe_at = (300.0, 400.0)
    return scene


def _plane(n: int) -> ImagePlane:
    return ImagePlane((-179.0, -179.0, float(n)), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.7, 0.7))


def _findings() -> FindingList:
    places = [((-60.0, 0.0, 40.0), 30.0), ((60.0, 10.0, 60.0), 40.0), ((-70.0, 30.0, 80.0), 50.0)]
    return FindingList(
        _UID,
        frame_of_reference_uid=_UID,
        findings=tuple(
            Finding(f"{_UID}.{n}", n, at, size, Decision.UNDECIDED, Mark(at, size, 0.9, shown=True))
            for n, (at, size) in enumerate(places, start=1)
        ),
    )


def _captions() -> StudyCaptions:
    return StudyCaptions("BENCH", "F 58", "0", "-", "CHEST", "0", "2026-01-01 00:00", "S1", "-")


def _uids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{_UID}.{next(numbers)}"
