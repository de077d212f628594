"""
How fast planes, slabs and volume renderings of a 512 x 512 x 300 volume are, measured as a reader would see them.

Used by ``lianyue bench mpr``; figures are printed, never judged by a clock.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Final

import numpy as np

from viewers.scene.annotations import Annotations
from viewers.scene.captions import StudyCaptions
from viewers.scene.frame import Frame
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.oblique import PlaneSet
from viewers.scene.presets import CT_PRESETS
from viewers.scene.slab import Projection, Slab
from viewers.scene.transfer_functions import VolumePreset
from viewers.scene.volume_request import VolumeRequest
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.volume import Volume

SIZE: Final = (1024, 1024)
_UID: Final = "2.25.1"
_TURN: Final = 0.5
_STEP: Final = 0.02
_PATIENCE_S: Final = 300.0


def run(frames: int = 30, shape: tuple[int, int, int] = (300, 512, 512)) -> dict[str, dict[str, float]]:
    """
    Return figures of planes at 1024 x 1024 and of a rotating volume, and ratios within this run.

    ``moving_ms`` and ``still_ms`` are the slowest medians among upright, turned and 10 mm MIP
    planes; ``volume_first_ms`` runs from nothing (no window, no reduced volume) to the first
    picture, ``volume_fps`` is the slowest preset's rate while turning.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication  # noqa: PLC0415 - the command line starts without Qt

    application = QGuiApplication.instance() or QGuiApplication([])
    volume = phantom(shape)
    planes = _planes(volume, frames)
    figures = {
        "moving_ms": max(moving for moving, _ in planes.values()),
        "still_ms": max(still for _, still in planes.values()),
        **{f"{name}_moving_ms": moving for name, (moving, _) in planes.items()},
        **{f"{name}_still_ms": still for name, (_, still) in planes.items()},
        **_volume(volume, frames),
    }
    del application
    ratios = {"slab_still_over_plane_still": planes["slab"][1] / planes["turned"][1]}
    return {"figures": figures, "ratios": ratios}


def _planes(volume: Volume, frames: int) -> dict[str, tuple[float, float]]:
    found = {}
    for name, plane, turn, slab in (
        ("axial", MprPlane.AXIAL, 0.0, Slab()),
        ("sagittal", MprPlane.SAGITTAL, 0.0, Slab()),
        ("turned", MprPlane.CORONAL, _TURN, Slab()),
        ("slab", MprPlane.CORONAL, _TURN, Slab(Projection.MIP, 10.0)),
    ):
        planes = PlaneSet()
        scene = MprScene(
            volume, plane, annotations=Annotations(_UID), new_uid=_uids(), captions=_captions(), planes=planes
        )
        scene.set_window(CT_PRESETS["2"].window)
        scene.set_slab(slab)
        if turn and scene.crosshair is not None:
            planes.change(planes.frame.turned(MprPlane.AXIAL, scene.crosshair, turn))
        found[name] = _moving_and_still(scene, frames)
    return found


def _moving_and_still(scene: MprScene, frames: int) -> tuple[float, float]:
    """Return the median milliseconds of a frame while scrolling, and of a full one."""
    from PySide6.QtGui import QImage, QPainter  # noqa: PLC0415 - the command line starts without Qt

    from viewers.qt.overlay_painter import OverlayPainter  # noqa: PLC0415 - ditto
    from viewers.qt.plane_pictures import PlanePictures  # noqa: PLC0415 - ditto
    from viewers.qt.turn_budget import TurnBudget  # noqa: PLC0415 - ditto
    from viewers.qt.view_surface import ViewSurface  # noqa: PLC0415 - ditto

    target, overlay = QImage(*SIZE, QImage.Format.Format_RGB32), OverlayPainter()
    viewport = float(SIZE[0]), float(SIZE[1])

    turn = TurnBudget()

    def paint(surface: ViewSurface, index: int) -> None:
        turn.end_turn()  # no window runs here that would tell
        scene.scroll_to(scene.count // 3 + index)
        frame: Frame = scene.frame(viewport)
        painter = QPainter(target)
        painter.drawImage(0, 0, surface.render(frame, 1.0))
        overlay.paint(painter, frame.overlay, viewport)
        painter.end()

    medians = []
    # the second one is patient: it cuts every plane fully and at once, as the first does when the hand rests
    for surface in (
        ViewSurface(planes=PlanePictures(turn=turn)),
        ViewSurface(planes=PlanePictures(at_once_s=math.inf, turn=TurnBudget(math.inf))),
    ):
        times = [_seconds(partial(paint, surface, index)) for index in range(-3, frames)][3:]
        medians.append(float(np.median(times)) * 1000)
    return medians[0], medians[1]


def _volume(volume: Volume, frames: int) -> dict[str, float]:
    from viewers.qt.volume_pictures import Detail, VolumePicture, VolumeWorker  # noqa: PLC0415 - VTK loads slowly

    scene = VolumeScene(volume, annotations=Annotations(_UID), new_uid=_uids())
    worker = VolumeWorker()
    here = threading.Event()
    failures: list[Exception] = []

    def done(picture: VolumePicture) -> None:
        if picture.detail is Detail.MOVING or picture.graphics.is_real_gpu:
            here.set()

    def failed(error: Exception) -> None:
        failures.append(error)
        here.set()

    def show() -> None:
        here.clear()
        worker.ask("bench", request_of(scene), done, failed)
        if not here.wait(_PATIENCE_S):
            raise TimeoutError("no picture of the volume came")
        if failures:
            raise failures[0]

    figures = {"volume_first_ms": _seconds(show) * 1000}
    rates = {}
    for preset in VolumePreset:
        scene.choose(preset)
        # the first frames of a preset teach the worker what size this machine can turn
        for _ in range(6):
            scene.turn(_STEP, 0.0)
            show()
        started = time.perf_counter()
        for _ in range(frames):
            scene.turn(_STEP, _STEP / 3)
            show()
        rates[preset.value] = frames / (time.perf_counter() - started)
    worker.stop()
    figures["volume_fps"] = min(rates.values())
    return figures | {f"volume_fps_{name}": rate for name, rate in rates.items()}


def request_of(scene: VolumeScene) -> VolumeRequest:
    """Return what a viewport of 1024 x 1024 asks for."""
    frame = scene.frame((float(SIZE[0]), float(SIZE[1])))
    if not isinstance(frame.source, VolumeRequest) or frame.transform is None:
        raise TypeError("a volume scene shows a volume")
    return frame.source.displayed(frame.transform, SIZE)


def phantom(shape: tuple[int, int, int]) -> Volume:
    """Return a noisy chest with ribs ``[z, y, x]`` in HU, no two slices alike."""
    random = np.random.default_rng(1)
    depth, rows, columns = shape
    row, column = np.indices((rows, columns))
    y, x = (row / rows - 0.5) * 512, (column / columns - 0.5) * 512
    reach = (x / 220) ** 2 + (y / 160) ** 2
    body = np.where(reach < 1, 40, -1000)
    lungs = ((np.abs(x) - 100) / 80) ** 2 + (y / 110) ** 2 < 1
    base = np.where(lungs, -850, body).astype(np.int16)
    rib = (reach > 0.8) & (reach < 0.9)
    noise = random.normal(0, 25, (rows, columns)).astype(np.int16)
    voxels = np.empty(shape, dtype=np.int16)
    for n in range(depth):
        layer = voxels[n]
        np.add(base, np.roll(noise, 7 * n, axis=1), out=layer)
        if n // 12 % 2:
            layer[rib] += 700
    return Volume(voxels, np.diag([0.7, 0.7, 1.0, 1.0]), _UID, _UID)


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _captions() -> StudyCaptions:
    return StudyCaptions("BENCH", "F 58", "0", "-", "CHEST", "0", "2026-01-01 00:00", "S1", "-")


def _uids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{_UID}.{next(numbers)}"
