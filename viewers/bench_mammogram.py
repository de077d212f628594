"""
How fast a mammogram of full size repaints: 4096 x 3328 pixels of 16 bits, panned, zoomed, windowed and measured.

Used by ``lianyue bench mammogram``; figures are printed, never judged by a clock. Fluent is a frame of at most
16 ms (60 a second); the ratios compare with what moving the pixels of the picture on screen once costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import numpy as np

from viewers.bench_scroll import VIEWPORT, percentile_ms, timed
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.captions import StudyCaptions
from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.dicom.images.decode import DecodedFrame
from workstation.domain.annotation import AnnotationKind, PixelPoint

ROWS: Final = 4096
COLUMNS: Final = 3328
_UID: Final = "2.25.2"
_PIXEL_MM: Final = 0.07
_FINE_SIGMA: Final = 180.0
_TO_PIXELS: Final = ROWS / VIEWPORT[1]
"""The zoom at which a pixel of the image is one of the screen"""
_COPIES: Final = 50
_STEPS: Final = 400
"""Of the pointer round a region"""

Change = Callable[[Scene, int], None]


def run(frames: int = 40) -> dict[str, dict[str, float]]:
    """
    Return ``figures`` and ``ratios`` of dragging the window, panning and zooming, whole and at one pixel a pixel.

    Milliseconds a frame of processor time of the painting thread (``*_cpu_ms``) and on the clock (``*_ms``),
    medians; the overlay is painted as well. ``region_*`` is what one move of the pointer measures that draws a region,
    the largest whose values are read at once (1000 x 1000 pixels) and one over the whole breast, whose values are
    read in a job. The ratios are processor time over that of copying the shown pixels.
    """
    image = mammogram()
    figures = {"rows": float(ROWS), "columns": float(COLUMNS), "frames": float(frames)}
    for name, (zoom, change) in _changes().items():
        scene = _scene(image)
        scene.set_camera(Camera(zoom=zoom))
        times = timed(scene, VIEWPORT, frames, change)
        figures[f"{name}_ms"] = round(percentile_ms([one.wall_s for one in times], 50), 2)
        figures[f"{name}_cpu_ms"] = round(percentile_ms([one.cpu_s for one in times], 50), 2)
    for name, (kind, points) in _regions().items():
        figures[f"{name}_cpu_ms"] = round(_measuring_ms(image, kind, points, frames), 2)
    copy_ms = figures["copy_cpu_ms"] = round(_copy_ms(), 3)
    compared = (*_changes(), *_regions())
    return {
        "figures": figures,
        "ratios": {f"{name}_over_copy": round(figures[f"{name}_cpu_ms"] / copy_ms, 1) for name in compared},
    }


def mammogram() -> SliceImage:
    """Return a breast-like picture of full size with noise and calcifications; 16 bits are used up to the last."""
    random = np.random.default_rng(7)
    y, x = np.ogrid[:ROWS, :COLUMNS]
    inside = (x / (0.85 * COLUMNS)) ** 2 + ((y - ROWS / 2) / (0.46 * ROWS)) ** 2
    breast = np.where(inside < 1, 30000.0 + 22000.0 * (1.0 - inside), 0.0)
    noise = np.tile(random.normal(0.0, _FINE_SIGMA, (ROWS // 8, COLUMNS // 8)), (8, 8))
    breast[inside < 1] += noise[inside < 1]
    for row, column in random.integers((ROWS // 3, 200), (2 * ROWS // 3, COLUMNS // 2), (60, 2)):
        breast[row : row + 3, column : column + 3] = 65535.0
    # as decoding gives it: a film that were held in wider values would take several times as long
    frame = DecodedFrame(np.clip(breast, 0, 65535).astype(np.uint16), "MONOCHROME2", padding=(0, 0))
    return slice_image(frame, sop_instance_uid=_UID, patient_orientation=("A", "L"))


def _changes() -> dict[str, tuple[float, Change]]:
    """Return what a reader does, with the zoom it is done at."""
    return {
        "window_whole": (1.0, _next_window),
        "window_pixels": (_TO_PIXELS, _next_window),
        "pan_whole": (1.0, lambda scene, n: scene.set_camera(Camera(pan=(float(n % 50), float(n % 30))))),
        "pan_pixels": (
            _TO_PIXELS,
            lambda scene, n: scene.set_camera(Camera(zoom=_TO_PIXELS, pan=(7.0 * (n % 50), 5.0 * (n % 30)))),
        ),
        "zoom": (1.0, lambda scene, n: scene.set_camera(Camera(zoom=1.0 + 0.075 * (n % 40)))),
    }


def _regions() -> dict[str, tuple[AnnotationKind, list[PixelPoint]]]:
    """Return what a reader outlines, with its points in (column, row)."""
    turn = np.linspace(0.0, 6.2, _STEPS)
    around = [(800.0, 2000.0, 499.0, 499.0), (COLUMNS / 2, ROWS / 2, 0.48 * COLUMNS, 0.48 * ROWS)]
    large, whole = (np.stack([x + a * np.cos(turn), y + b * np.sin(turn)], axis=1).tolist() for x, y, a, b in around)
    return {
        "region_ellipse": (AnnotationKind.ELLIPSE, [(800.0, 2000.0), (1299.0, 2000.0), (800.0, 2499.0)]),
        "region_outline": (AnnotationKind.FREEHAND, large),
        "region_whole": (AnnotationKind.FREEHAND, whole),
    }


def _measuring_ms(image: SliceImage, kind: AnnotationKind, points: list[PixelPoint], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.thread_time()
        annotate(
            kind, image, points, uid=_UID, tracking_uid=_UID, author="", created_at=datetime.now(UTC), reads_late=True
        )
        taken.append(time.thread_time() - began)
    return percentile_ms(taken, 50)


def _next_window(scene: Scene, number: int) -> None:
    scene.set_window(Window(centre=40000.0 + number % 7, width=30000.0 + 10 * number))


def _scene(image: SliceImage) -> StackScene:
    numbers = count(1)
    scene = StackScene(
        [StackSlot(image.sop_instance_uid)],
        annotations=Annotations(_UID),
        new_uid=lambda: f"{_UID}.{next(numbers)}",
        captions=StudyCaptions("BENCH", "F 58", "0", "-", "MG", "0", "2026-01-01 00:00", "S1", "-"),
    )
    scene.put(0, image)
    return scene


def _copy_ms() -> float:
    source: np.ndarray[Any, Any] = np.zeros(VIEWPORT, dtype=np.uint16)
    target = np.empty_like(source)
    began = time.thread_time()
    for _ in range(_COPIES):
        np.copyto(target, source)
    return (time.thread_time() - began) * 1000 / _COPIES
