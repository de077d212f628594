"""What the technician sends: drop zone, found studies with their warnings, request and progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.domain.mutual_recognition import OpenRepeat
from workstation.domain.workitem import Priority
from workstation.ui import paint
from workstation.ui.keymap import key_of
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, SegmentedChoice
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, Panel, icon_label, label, rule, set_tone
from workstation.ui.widgets.open_repeats import OpenRepeats

_PRIORITIES = {"stat": Priority.HIGH, "urgent": Priority.MEDIUM, "routine": Priority.LOW}


_ZONE, _ZONE_LOW, _LOW_BELOW = 184, 112, 640
_COUNT_PX = 88
_WHICH_PX = 168


class DropZone(QWidget):
    """A dashed field that takes folders and files; buttons do the same for people without a mouse hand free."""

    dropped = Signal(list)
    folder_requested = Signal()
    file_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_ZONE)
        self.setAcceptDrops(True)
        self._over = False
        column = QVBoxLayout(self)
        column.setSpacing(4)
        top = QHBoxLayout()
        top.addStretch(1)
        self._cloud = icon_label("upload-cloud-2", "acc", 36)
        top.addWidget(self._cloud)
        top.addStretch(1)
        column.addLayout(top)
        self._title = label(tr("Drag a DICOM folder here"), "h1", "t0")
        self._text = label("", "body", "t2")
        for line in (self._title, self._text):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(line)
        self.show_idle()
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        folder = Button(tr("Choose a folder"), icon="folder-open", key=key_of("grassroots.new", "Ctrl+N"))
        disc = Button(tr("Choose a file or DICOMDIR"), icon="disc")
        folder.clicked.connect(self.folder_requested)
        disc.clicked.connect(self.file_requested)
        buttons.addWidget(folder)
        buttons.addWidget(disc)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.set_low(low=False)

    def set_low(self, *, low: bool) -> None:
        """Go without the picture where the window is low."""
        self._cloud.setVisible(not low)
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(16, 8 if low else 20, 16, 8 if low else 20)
        self.setFixedHeight(_ZONE_LOW if low else _ZONE)

    def show_idle(self) -> None:
        """Invite to drop something."""
        self._text.setText(tr("Grouped by study and checked; an interrupted send goes on where it stopped"))

    def show_scanning(self, text: str) -> None:
        """Say how far looking through the folder has come."""
        self._text.setText(text)

    def text(self) -> str:
        """Return the sentence below the title."""
        return self._text.text()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take local files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            self._over = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Calm down."""
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped."""
        self._over = False
        self.update()
        self.dropped.emit([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the dashed field."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme.color("acc"), 1.5, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(theme.color("acc.bg" if self._over else "notice.info"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)


class SendState(Enum):
    """Where one study of the queue stands."""

    FOUND = auto()
    SENDING = auto()
    VERIFIED = auto()
    INTERRUPTED = auto()
    STOPPED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One study as the queue shows it; ``which`` tells it from others of one name and kind: ID and day."""

    study_instance_uid: str
    who: str
    what: str
    total: int
    done: int = 0
    state: SendState = SendState.FOUND
    message: str = ""
    warnings: tuple[str, ...] = ()
    which: str = ""
    sent_on: str = ""
    """Day on which the centre received it already, empty where it is new there"""

    @property
    def case(self) -> str:
        """Return whose study it is, which one and of which day."""
        return " · ".join(part for part in (self.who, self.which, self.what) if part)


class _QueueRow(QWidget):
    send_requested = Signal()
    stop_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.setSpacing(8)
        self._who = label("", "body", "t0")
        self._what = ElidedLabel("", "body", "t2")
        self._state = ChipLabel("", "neutral")
        self.send = Button(tr("Send"), "primary", icon="send-plane", small=True)
        self.stop = Button(tr("Stop"), "ghost", icon="stop", small=True)
        self.send.clicked.connect(self.send_requested)
        self.stop.clicked.connect(self.stop_requested)
        top.addWidget(self._who)
        top.addWidget(self._what, 1)
        for widget in (self._state, self.stop, self.send):
            top.addWidget(widget)
        column.addLayout(top)
        bar = QHBoxLayout()
        bar.setSpacing(12)
        self._which = ElidedLabel("", "caption", "t2")
        self._which.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # ignored, it has no room
        self._which.setFixedWidth(_WHICH_PX)  # bars of one length, whatever stands before and behind them
        self._bar = _Bar()
        self._count = label("", "caption", "t2")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._count.setMinimumWidth(_COUNT_PX)
        bar.addWidget(self._which)
        bar.addWidget(self._bar, 1)
        bar.addWidget(self._count)
        column.addLayout(bar)
        self._note = label("", "caption", "warn", wrap=True)
        column.addWidget(self._note)

    def show_item(self, item: QueueItem) -> None:
        self._who.setText(paint.elided(item.who, 160))
        self._who.setToolTip(item.who)
        self._what.show_text(item.what)
        self._which.show_text(item.which)
        word, kind, icon, tone = {
            SendState.FOUND: (tr("Found"), "neutral", "folder-open", "acc"),
            SendState.SENDING: (tr("Sending"), "acc", "upload-cloud-2", "acc"),
            SendState.VERIFIED: (tr("Verified by the hub"), "ok", "check", "ok"),
            SendState.INTERRUPTED: (tr("Line interrupted, will go on"), "warn", "wifi-off", "warn"),
            SendState.STOPPED: (tr("Stopped"), "neutral", "stop", "t3"),
            SendState.FAILED: (tr("Not sent"), "bad", "close", "bad"),
        }[item.state]
        self._state.show_chip(word, kind, icon)
        is_again = item.state is SendState.FOUND and bool(item.sent_on)
        # what the centre has is not an empty bar: it begins with the first image that travels again
        self._bar.show_fraction(None if is_again else item.done / item.total if item.total else 0.0, tone)
        self._count.setText(
            trn("{count} image", "{count} images", item.total)
            if is_again
            else trn("{done} / {total} image", "{done} / {total} images", item.total, done=item.done, total=item.total)
        )
        again = tr("Sent on {day}, the centre has it", day=item.sent_on) if is_again else ""
        text = "\n".join(part for part in (again, item.message, *item.warnings) if part)
        self._note.setText(text)
        self._note.setVisible(bool(text))
        set_tone(self._note, "bad" if item.state is SendState.FAILED else "warn")
        words = {SendState.FOUND: tr("Send"), SendState.FAILED: tr("Try again"), SendState.STOPPED: tr("Go on"),
                 SendState.INTERRUPTED: tr("Try now")}  # fmt: skip
        self.send.setVisible(item.state in words)
        self.send.show_kind("secondary" if is_again else "primary")
        self.send.set_text(tr("Send again…") if is_again else words.get(item.state, tr("Send")))
        self.setAccessibleName(" · ".join(part for part in (item.who, item.what, item.which, word) if part))
        self.stop.setVisible(item.state in {SendState.SENDING, SendState.INTERRUPTED})


class _Bar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(6)
        self._fraction: float | None = 0.0
        self._tone = "acc"

    def show_fraction(self, fraction: float | None, tone: str) -> None:
        """Show how much has travelled, nothing where nothing is to travel (None)."""
        self._fraction, self._tone = fraction, tone
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._fraction is not None:
            paint.progress(QPainter(self), QRectF(self.rect()), self._fraction, self._tone)


class SendPanel(QWidget):
    """``send_requested(study_uid)`` and ``stop_requested(study_uid)``; the request applies to what is sent next."""

    send_requested = Signal(str)
    stop_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.zone = DropZone()
        column.addWidget(self.zone)
        request = Panel(tr("Reading request"))
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(label(tr("Priority"), "caption", "t3"))
        self._priority = SegmentedChoice(
            [("stat", "STAT"), ("urgent", tr("Urgent")), ("routine", tr("Routine"))], "routine"
        )
        line.addWidget(self._priority, 1)
        request.body.addLayout(line)
        self.question = QLineEdit()
        self.question.setPlaceholderText(tr("Clinical question, for example: has the nodule grown?"))
        self.question.setAccessibleName(tr("Clinical question"))
        request.body.addWidget(self.question)
        self.goes_with = label("", "caption", "t2", wrap=True)
        request.body.addWidget(self.goes_with)
        column.addWidget(request)
        self.repeats = OpenRepeats()
        column.addWidget(self.repeats)
        self._panel = Panel(tr("Studies to send"))
        self._panel.header.insertWidget(1, ChipLabel(tr("Resumable"), "outline"))
        self._panel.body.setContentsMargins(0, 0, 0, 0)
        self._panel.body.setSpacing(0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._empty = label(tr("Nothing chosen yet"), "body", "t3")
        self._empty.setContentsMargins(12, 12, 12, 12)
        self._list.addWidget(self._empty)
        self._list.addStretch(1)
        self._area.setWidget(inner)
        self._panel.body.addWidget(self._area)
        column.addWidget(self._panel, 1)
        self._rows: dict[str, _QueueRow] = {}
        self._items: dict[str, QueueItem] = {}
        self._show_target()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave room for the list in a low window."""
        super().resizeEvent(event)
        self._make_room()

    def show_open_repeats(self, waiting: Sequence[OpenRepeat]) -> None:
        """Show which sent studies still lack the reason for which they repeat a recognised exam."""
        self.repeats.show_open(waiting)
        self._make_room()

    def _make_room(self) -> None:
        asked = self.repeats.sizeHint().height() if self.repeats.isVisibleTo(self) else 0
        self.zone.set_low(low=self.height() - asked < _LOW_BELOW)

    def priority(self) -> Priority:
        """Return the chosen priority."""
        return _PRIORITIES[self._priority.value()]

    def choose_priority(self, priority: Priority) -> None:
        """Choose the priority of what is sent next."""
        self._priority.choose(next(key for key, value in _PRIORITIES.items() if value is priority))

    def show_item(self, item: QueueItem) -> None:
        """Add or update one study of the queue; the newest stands on top."""
        row = self._rows.get(item.study_instance_uid)
        if row is None:
            row = _QueueRow()
            uid = item.study_instance_uid
            row.send_requested.connect(lambda: self.send_requested.emit(uid))
            row.stop_requested.connect(lambda: self.stop_requested.emit(uid))
            self._rows[uid] = row
            self._list.insertWidget(0, rule())
            self._list.insertWidget(0, row)
            self._empty.hide()
        row.show_item(item)
        self._items[item.study_instance_uid] = item
        self._show_target()

    def _show_target(self) -> None:
        """Say which study the request goes with: it stands above all of them."""
        found = [one for one in self._items.values() if one.state is SendState.FOUND and not one.sent_on]
        if len(found) == 1:
            self.goes_with.setText(tr("Goes with: {case}", case=found[0].case))
        else:
            self.goes_with.setText(
                tr("Goes with the one study whose “Send” you press below, and with no other patient's.")
            )
        self.goes_with.setVisible(bool(found))
        set_tone(self.goes_with, "warn" if len(found) > 1 else "t2")

    def row(self, study_instance_uid: str) -> _QueueRow:
        """Return the row of a study; KeyError when it is not in the queue."""
        return self._rows[study_instance_uid]
