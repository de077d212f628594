"""A monitor checked by eye, by a photometer where there is one, and measured with a ruler; over the whole screen."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QScreen
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from resources.translation import tr
from viewers.scene.grayscale_pattern import GrayscalePattern, grayscale_pattern
from workstation.domain.errors import StorageError
from workstation.domain.grayscale import PATCHES, MonitorCheck, MonitorCheckPort, judge
from workstation.ui.monitor_words import judgement_words
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, SegmentedChoice
from workstation.ui.widgets.labels import label, set_tone

RULER_MM: Final = 100.0
_YES: Final = "yes"
_NO: Final = "no"


@dataclass(frozen=True, slots=True, eq=False)
class MonitorChecking:
    """What the check works with; ``person`` names whoever is signed in."""

    checks: MonitorCheckPort
    person: Callable[[], str]
    now: Callable[[], datetime]


def monitor_name(screen: QScreen) -> str:
    """Return what tells a monitor from the others of this machine."""
    parts = (screen.manufacturer(), screen.model(), screen.serialNumber() or screen.name())
    return " ".join(part for part in parts if part) or screen.name()


class PatternView(QWidget):
    """The pattern, one value for one pixel of the screen; a line can be dragged along a ruler."""

    ruled = Signal(float)
    """Length of the line in pixels of the screen"""

    def __init__(self) -> None:
        super().__init__()
        self.pattern: GrayscalePattern | None = None
        self.ruling = False
        self._image = QImage()
        self._line: tuple[QPointF, QPointF] | None = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the pattern anew for the room there is."""
        super().resizeEvent(event)
        ratio = self.devicePixelRatioF()
        width, height = round(self.width() * ratio), round(self.height() * ratio)
        try:
            self.pattern = grayscale_pattern(width, height)
        except ValueError:  # a window on its way to full size
            self.pattern, self._image = None, QImage()
            return
        pixels = self.pattern.pixels
        self._image = QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
        self._image.setDevicePixelRatio(ratio)

    def begin_ruling(self) -> None:
        """Let the next drag be a line of 100 mm."""
        self.ruling, self._line = True, None
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin the line."""
        if self.ruling and event.button() is Qt.MouseButton.LeftButton:
            self._line = event.position(), event.position()
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pull the line."""
        if self._line is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._line = self._line[0], event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell how long the line became."""
        if self._line is None or not self.ruling or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._line = self._line[0], event.position()
        way = self._line[1] - self._line[0]
        self.update()
        self.ruled.emit(math.hypot(way.x(), way.y()) * self.devicePixelRatioF())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the pattern and the line with its ends."""
        painter = QPainter(self)
        painter.drawImage(QPointF(0, 0), self._image)
        if self._line is None:
            return
        theme = current_theme()
        painter.setPen(QPen(theme.color("warn"), 1))
        first, last = self._line
        painter.drawLine(first, last)
        for at in (first, last):
            painter.drawLine(QPointF(at.x(), at.y() - 12), QPointF(at.x(), at.y() + 12))


class MonitorCheckWindow(QDialog):
    """Fills one monitor; ``kept`` carries the ``MonitorCheck`` that was stored."""

    kept = Signal(object)

    def __init__(self, parent: QWidget | None, screen: QScreen, checking: MonitorChecking) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Check of this monitor"))
        self.setWindowFlags(Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self._checking, self._monitor = checking, monitor_name(screen)
        last = checking.checks.last(self._monitor)
        self.mm_per_pixel = last.mm_per_pixel if last is not None else None
        self._measured: tuple[float, ...] = ()
        self.view = PatternView()
        self.view.ruled.connect(self._ruled)
        self.dark, self.bright, self.lines, self.ramp, self.edges = self.answers = tuple(
            SegmentedChoice(((_YES, tr("Yes")), (_NO, tr("No")))) for _ in range(5)
        )
        self.luminances = QLineEdit()
        self.luminances.setPlaceholderText(tr("{count} values in cd/m², dark to bright (optional)", count=PATCHES))
        self.luminances.setAccessibleName(tr("Measured luminances"))
        self.luminances.textChanged.connect(self._typed)
        self.judgement = label("", "caption", "t2")
        self.ruler = Button(tr("Measure with a ruler"), "secondary", icon="ruler")
        self.ruler.clicked.connect(self._begin_ruling)
        self.ruled = label("", "caption", "t2")
        self.save = Button(tr("Save"), "primary", icon="check")
        self.save.clicked.connect(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(self._panel())
        for choice in self.answers:
            choice.chosen.connect(self._show_state)
        self._show_ruled()
        self._show_state()

    def _panel(self) -> QWidget:
        panel = QWidget()
        panel.setProperty("surface", "bg1")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(panel)
        column.setContentsMargins(20, 12, 20, 12)
        column.setSpacing(8)
        asked = QGridLayout()
        asked.setHorizontalSpacing(8)
        asked.setVerticalSpacing(4)
        for number, (text, choice) in enumerate(
            (
                (tr("Can you see the lighter square in the black field?"), self.dark),
                (tr("Can you see the darker square in the white field?"), self.bright),
                (tr("Can you see every single line of the line pairs, in the corners and at the top?"), self.lines),
                (tr("Does the grey ramp rise evenly, without bands or jumps?"), self.ramp),
                (tr("Can you see the white line along all four edges?"), self.edges),
            )
        ):
            row, column_of = divmod(number, 2)
            asked.addWidget(label(text, "body", "t0", wrap=True), row, 2 * column_of)
            asked.addWidget(choice, row, 2 * column_of + 1, Qt.AlignmentFlag.AlignLeft)
        asked.setColumnStretch(0, 1)
        asked.setColumnStretch(2, 1)
        shut = Button(tr("Cancel"), "secondary", key="Esc")
        shut.clicked.connect(self.reject)
        ends = QHBoxLayout()
        ends.setSpacing(8)
        ends.addStretch(1)
        ends.addWidget(shut)
        ends.addWidget(self.save)
        asked.addLayout(ends, 2, 2, 1, 2)
        measured = QHBoxLayout()
        measured.setSpacing(8)
        measured.addWidget(self.ruler)
        measured.addWidget(self.ruled)
        measured.addSpacing(16)
        measured.addWidget(self.luminances, 1)
        column.addLayout(asked)
        column.addLayout(measured)
        column.addWidget(self.judgement)
        return panel

    # ruler

    def _begin_ruling(self) -> None:
        self.view.begin_ruling()
        self._say_ruled(tr("Hold a ruler to the screen and drag a line along 100 mm of it."), "acc.text")

    def _ruled(self, pixels: float) -> None:
        size = RULER_MM / pixels if pixels > 0 else math.inf
        if not 0.02 <= size <= 2.0:
            self._say_ruled(tr("No monitor has such pixels: drag along 100 mm of the ruler."), "bad")
            return
        self.mm_per_pixel = size
        self._show_ruled()

    def _show_ruled(self) -> None:
        size = self.mm_per_pixel
        text = tr("pixel {size} mm", size=f"{size:.4f}") if size is not None else tr("not calibrated by a ruler")
        self._say_ruled(text, "t2" if size is None else "ok")

    def _say_ruled(self, text: str, tone: str) -> None:
        self.ruled.setText(text)
        set_tone(self.ruled, tone)

    # luminances

    def _typed(self) -> None:
        text = self.luminances.text().strip()
        self._measured, words, tone = (), "", "t2"
        if text:
            try:
                values = tuple(float(part) for part in re.split(r"[\s,;]+", text) if part)
                if len(values) != PATCHES:
                    words, tone = tr("{count} of {wanted} values", count=len(values), wanted=PATCHES), "warn"
                else:
                    found = judge(values)
                    self._measured, words, tone = values, judgement_words(found), "ok" if found.passed else "bad"
            except ValueError:
                words, tone = tr("Numbers in cd/m² that rise from step to step are needed."), "bad"
        self.judgement.setText(words)
        set_tone(self.judgement, tone)
        self._show_state()

    # keeping

    def _show_state(self, _chosen: str = "") -> None:
        answered = all(choice.value() for choice in self.answers)
        unfinished = bool(self.luminances.text().strip()) and not self._measured
        reason = tr("Answer every question first.") if not answered else tr("The luminances are not complete.")
        self.save.enable(answered and not unfinished, reason)

    def _save(self) -> None:
        check = MonitorCheck(
            monitor=self._monitor,
            checked_at=self._checking.now(),
            checked_by=self._checking.person(),
            seen_dark=self.dark.value() == _YES,
            seen_bright=self.bright.value() == _YES,
            measured_cd_m2=self._measured,
            mm_per_pixel=self.mm_per_pixel,
            seen_lines=self.lines.value() == _YES,
            seen_even_ramp=self.ramp.value() == _YES,
            seen_edges=self.edges.value() == _YES,
        )
        try:
            self._checking.checks.keep(check)
        except StorageError as exc:
            self.judgement.setText(f"{exc.user_text} {exc.hint}".strip())
            set_tone(self.judgement, "bad")
            return
        self.kept.emit(check)
        self.accept()
