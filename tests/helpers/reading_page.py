"""What tests do with an open reading page: decide, press keys, draw."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.reading import Case, ReadingBench, case
from viewers.scene.image import SliceImage
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.finding import Decision
from workstation.domain.geometry import Point


def place(images: tuple[SliceImage, ...], column: float, row: float, index: int) -> Point:
    """Return the patient point of a pixel of one slice."""
    plane = images[index].plane
    assert plane is not None
    return plane.lps_of(column, row)


def two_marks(images: tuple[SliceImage, ...], uid: str = "1.2.3", **names: str) -> Case:
    """Return a case with two undecided marks of the model."""
    marks = (place(images, 183, 246, 4), 15.5), (place(images, 370, 300, 15), 6.4)
    return case(images, *marks, uid=uid, **names)


def opened(qtbot: QtBot, bench: ReadingBench, one: Case | None = None, *, read_only: bool = False) -> list[str]:
    """Open a case, wait until every slice and view is there, and return the tracking UIDs of its findings."""
    session = bench.open(qtbot.waitUntil, one, read_only=read_only)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_volume)
    grid = bench.page.grid
    qtbot.waitUntil(lambda: all(grid.frames[key].isVisible() for key in grid.visible_keys()))
    return [finding.tracking_uid for finding in session.findings.findings]


def decisions(bench: ReadingBench) -> list[Decision]:
    """Return what was decided about each finding."""
    return [finding.decision for finding in bench.session.findings.findings]


def press(bench: ReadingBench, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key on the active viewport."""
    bench.page.grid.active.canvas.setFocus()
    QTest.keyClick(bench.page.grid.active.canvas, key, held)


def measure(bench: ReadingBench, uid: str) -> None:
    """Draw a length of 5 mm."""
    kept, scene = bench.presenter.images.annotations, bench.page.grid.stack
    assert kept is not None
    assert scene is not None
    points = ((0.0, 0.0, 0.0), (3.0, 4.0, 0.0))
    kept.add(
        bench.session.study.study_instance_uid,
        Annotation(
            uid=uid,
            tracking_uid=uid,
            kind=AnnotationKind.LENGTH,
            points_lps_mm=points,
            frame_of_reference_uid=scene.frame_of_reference_uid,
            measures=(Measure(MeasureName.LENGTH, 5.0, "mm"),),
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
    )
