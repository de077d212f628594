"""Stacks of cells and jobs that a test runs by hand, for volumes that hang."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.helpers.jobs import RecordingJob
from viewers.scene.annotations import Annotations
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene, slots_of
from workstation.domain.errors import JobCancelled
from workstation.domain.geometry import ImagePlane
from workstation.domain.hanging import Hung
from workstation.domain.hanging_cells import Cell
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.ui.images.cell_images import CellStack


@dataclass
class Handle:
    """A ``JobHandle`` of a job that has not begun."""

    work: Callable[[RecordingJob], Any]
    on_success: Callable[[Any], None] | None
    on_error: Callable[[Exception], None] | None
    job: RecordingJob = field(default_factory=RecordingJob)

    def cancel(self) -> None:
        self.job.cancelled.set()


class JobsByHand:
    """A ``JobRunner`` whose jobs run later, when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Handle] = []

    def submit(
        self,
        pool: object,
        work: Callable[[RecordingJob], Any],
        *,
        on_success: Callable[[Any], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        on_progress: Callable[[float, str], None] | None = None,
    ) -> Handle:
        assert pool
        del on_progress
        self.waiting.append(Handle(work, on_success, on_error))
        return self.waiting[-1]

    def run(self) -> int:
        """Run all jobs, those that begin meanwhile too; return how many were not cancelled."""
        done = 0
        while self.waiting:
            handle = self.waiting.pop(0)
            try:
                handle.job.raise_if_cancelled()
                found = handle.work(handle.job)
            except JobCancelled:
                continue
            except Exception as error:
                if handle.on_error is None:
                    raise
                handle.on_error(error)
            else:
                if handle.on_success is not None:
                    handle.on_success(found)
            done += 1
        return done


def cell_stack(
    uid: str = "1.2", *, slices: int = 4, modality: str = "CT", gap_at: int | None = None, frame: str = "1.5"
) -> CellStack:
    """Return a stack whose slices lie 2 mm apart, none of them here; ``gap_at`` leaves out what follows that one."""
    planes = [
        ImagePlane((0.0, 0.0, 2.0 * (n + (9 if gap_at is not None and n > gap_at else 0))), (1.0, 0.0, 0.0),
                   (0.0, 1.0, 0.0), (1.0, 1.0))
        for n in range(slices)
    ]  # fmt: skip
    instances = tuple(
        Instance(f"{uid}.{n}", "1.2.840.10008.5.1.4.1.1.2", n + 1, rows=8, columns=8, plane=plane)
        for n, plane in enumerate(planes)
    )
    series = Series(uid, modality, 1, "", "", instances)
    study = Study(f"{uid}.9", Patient("P1", "李秀英"), "20260301", series=(series,))
    scene = StackScene(
        slots_of(series), annotations=Annotations(f"{uid}.9"), new_uid=str, modality=modality,
        series_instance_uid=uid, frame_of_reference_uid=frame,
    )  # fmt: skip
    return CellStack(study, series, scene, Hung(Cell(), f"{uid}.9", series, instances))


def image(stack: CellStack, index: int) -> SliceImage:
    """Return the image of a slice: its number everywhere."""
    one = stack.series.instances[index]
    pixels = np.full((8, 8), index, dtype=np.int16)
    return SliceImage(pixels, one.plane, one.sop_instance_uid, stack.scene.frame_of_reference_uid, unit="HU")


def deliver(stack: CellStack) -> CellStack:
    """Let every slice come."""
    for index in range(len(stack.refs)):
        stack.put(index, image(stack, index))
    return stack
