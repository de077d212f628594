"""Notice bars under the page header and toasts: what happened, what still works, what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, QTimer
from PySide6.QtGui import QCursor, QHideEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import CHINESE, language, tr
from workstation.domain.errors import WorkstationError
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.labels import ElidedLabel, icon_label, label
from workstation.ui.widgets.status_bar import StatusBar

_MOST: Final = 2
_WATCH_MS: Final = 100
_NEAR_PX: Final = 8
_TOAST_SIDES: Final = 60


def in_one_line(text: str, hint: str) -> str:
    """Return what happened and what to do as two sentences."""
    if not hint:
        return text
    if text.endswith((".", "!", "?", "\u3002", "\uff01", "\uff1f")):
        return f"{text}{hint}" if text[-1] > "\u00ff" else f"{text} {hint}"
    return f"{text}\u3002{hint}" if language() == CHINESE else f"{text}. {hint}"


class Severity(IntEnum):
    """How bad a notice is; the worst is shown first."""

    NEWS = 0
    DEGRADED = 1
    LOST = 2


_LOOK: Final = {  # severity: (background, tone, icon)
    Severity.LOST: ("notice.bad", "bad", "error-warning"),
    Severity.DEGRADED: ("notice.warn", "warn", "error-warning"),
    Severity.NEWS: ("notice.info", "acc", "information"),
}


@dataclass(frozen=True, slots=True)
class NoticeAction:
    """A button on a notice bar."""

    text: str
    handler: Callable[[], object]
    icon: str = ""


def code_of(error: WorkstationError) -> str:
    """Return the short name of a fault, the same in every language and in the log: what one tells on the telephone."""
    return type(error).__name__


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; a new one with the same ``key`` replaces the old. ``code`` names the fault behind it."""

    key: str
    severity: Severity
    fact: str
    still_works: str = ""
    code: str = ""
    actions: tuple[NoticeAction, ...] = ()


class NoticeBar(QWidget):
    """Shows at most two notices, worst first; the rest wait behind them."""

    def __init__(self) -> None:
        super().__init__()
        self._notices: dict[str, Notice] = {}
        self._came: dict[str, str] = {}
        """By key, when what it tells began, on this machine's clock"""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Show a notice or replace the one with the same key."""
        if self._notices.get(notice.key) != notice:
            self._notices[notice.key] = notice
            self._came.setdefault(notice.key, datetime.now().astimezone().strftime("%H:%M:%S"))
            self._rebuild()

    def clear_notice(self, key: str) -> None:
        """Take a notice away; unknown keys do nothing."""
        self._came.pop(key, None)
        if self._notices.pop(key, None) is not None:
            self._rebuild()

    def notices(self) -> list[Notice]:
        """Return all notices, worst first."""
        return sorted(self._notices.values(), key=lambda n: -n.severity)

    def stamp(self, key: str) -> str:
        """Return code and time of a notice; news have none. Chinese has the code, an English word, in the tooltip."""
        notice = self._notices[key]
        if notice.severity is Severity.NEWS:
            return ""
        if language() == CHINESE:
            return tr("since {time}", time=self._came[key])
        return f"{notice.code} {self._came[key]}".strip()

    def _rebuild(self) -> None:
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for notice in self.notices()[:_MOST]:
            self._column.addWidget(_Bar(notice, self.stamp(notice.key), partial(self.clear_notice, notice.key)))
        self.setVisible(bool(self._notices))


class _Bar(QWidget):
    def __init__(self, notice: Notice, stamp: str, close: Callable[[], object]) -> None:
        super().__init__()
        self._background, self._tone, icon = _LOOK[notice.severity]
        self.setFixedHeight(current_theme().px("notice"))
        self.setAccessibleName(f"{notice.fact} {notice.still_works}")
        row = QHBoxLayout(self)
        row.setContentsMargins(19, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(icon_label(icon, self._tone, 18))
        fact = label(notice.fact, "body", "t0")
        font = current_theme().font("body", weight=600)
        fact.setFont(font)
        fact.setStyleSheet("font-weight: 600;")
        row.addWidget(fact)
        row.addWidget(ElidedLabel(notice.still_works, tone="t1"), 1)
        if stamp:
            since = label(stamp, "caption", "t2")
            since.setToolTip(tr("Code of this fault: {code}", code=notice.code) if notice.code else "")
            row.addWidget(since)
        for action in notice.actions[:2]:
            button = Button(action.text, "secondary", icon=action.icon, small=True)
            button.clicked.connect(lambda _on=False, handler=action.handler: handler())
            row.addWidget(button)
        shut = IconButton("close", tr("Close this notice"), px=16, side=24)
        shut.clicked.connect(lambda _on=False: close())
        row.addWidget(shut)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color(self._background))
        painter.fillRect(0, 0, 3, self.height(), theme.color(self._tone))


class Toast(QWidget):
    """
    One line of success over the status bar, left of name and clock, for six seconds; never takes the focus.

    There it covers nothing that is worked with: no row of a report, no button of a dock, no image. Of the bar it covers
    a field whole or not at all. Where the pointer comes near it goes at once.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self._came_to = QPoint()
        self._watch = QTimer(self)
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self._give_way)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        """Show the text; a later one replaces it."""
        self._text = text
        self.setAccessibleName(text)
        self._place()
        self.show()
        self.raise_()
        self._timer.start(current_theme().px("motion.toast_ms"))
        self._came_to = QCursor.pos()
        self._watch.start()

    def take_back(self, text: str) -> None:
        """Take this text away where it is still the last one: it holds no longer."""
        if text and text == self._text:
            self.clear()

    def clear(self) -> None:
        """Hide, and forget what was said: it may name a patient."""
        self._timer.stop()
        self.hide()
        self._text = ""
        self.setAccessibleName("")

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop looking for the pointer."""
        self._watch.stop()
        super().hideEvent(event)

    def _give_way(self) -> None:
        pointer = QCursor.pos()
        near = self.geometry().adjusted(-_NEAR_PX, -_NEAR_PX, _NEAR_PX, _NEAR_PX)
        # a pointer that rests where the words came up has not come for what they cover
        if pointer != self._came_to and near.contains(self._window.mapFromGlobal(pointer)):
            self.hide()

    def text(self) -> str:
        """Return the last text."""
        return self._text

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the window grows."""
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        high = current_theme().px("status.bar")
        wanted = paint.metrics("body").horizontalAdvance(self._text) + _TOAST_SIDES
        end, fields = self._window.width(), []
        for bar in self._window.findChildren(StatusBar):
            if bar.isVisibleTo(self._window):
                at = bar.mapTo(self._window, QPoint()).x()
                end = at + bar.right_begins()
                fields = [(at + left, at + right) for left, right in bar.left_fields()]
        end -= _NEAR_PX
        begin = max(_NEAR_PX, end - wanted)
        for left, right in fields:
            if left < begin <= right + _NEAR_PX:
                begin = max(0, left - _NEAR_PX)
        self.setGeometry(begin, self._window.height() - high, end - begin, high)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint tick and text on a green tint."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("ok.line"))
        painter.setBrush(theme.color("ok.bg"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        paint_icon(painter, QRectF(14, (self.height() - 16) / 2, 16, 16), "checkbox-circle", theme.color("ok"))
        room = self.width() - _TOAST_SIDES + 22
        paint.text(painter, QRectF(38, 0, room, self.height()), paint.elided(self._text, room))
