"""The panel of the open case's critical value: ring, whom it was told to, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.domain.critical import CriticalStage, CriticalState, CriticalValue
from workstation.domain.critical_clock import critical_timer
from workstation.ui.critical.ring import CriticalRing
from workstation.ui.critical.words import last_call, read_back_words, stage_words
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, Panel, label, set_tone

_BORDERS: Final = {
    CriticalStage.RUNNING: "bad.line",
    CriticalStage.REMINDED: "warn",
    CriticalStage.ESCALATED: "bad.line",
}
_LINE_PX: Final = 280
"""Room in the column of a small screen, 320 wide, less the panel's margins and the bar that scrolls it"""


class CriticalPanel(Panel):
    """Hidden while the case has neither a critical value nor a suggestion."""

    act_requested = Signal()
    close_requested = Signal()
    dismiss_requested = Signal()

    def __init__(self) -> None:
        super().__init__(tr("Critical value"), "alarm-warning")
        self._chip = ChipLabel("", "bad")
        self.header.addWidget(self._chip)
        self.body.setSpacing(8)
        self._refusal = label("", "body", "bad", wrap=True)
        self._refusal.hide()
        self.body.addWidget(self._refusal)
        self._suggestion = label("", "body", "warn", wrap=True)
        self.body.addWidget(self._suggestion)
        self._facts = QWidget()
        column = QVBoxLayout(self._facts)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(12)
        self.ring = CriticalRing()
        top.addWidget(self.ring)
        right = QVBoxLayout()
        right.setSpacing(4)
        self._text = ElidedLabel("", "h2", "t0")
        self._found = ElidedLabel("", "body", "t2")
        self._stage = label("", "body", "t2", wrap=True)
        right.addStretch(1)
        for line in (self._text, self._found, self._stage):
            right.addWidget(line)
        right.addStretch(1)
        top.addLayout(right, 1)
        column.addLayout(top)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        self._who, self._how = ElidedLabel(), label("", "body", "t1", wrap=True)
        self._read_back = label("", "body", "warn", wrap=True)
        rows: tuple[tuple[str, QWidget], ...] = (
            (tr("Told to"), self._who),
            (tr("Method"), self._how),
            (tr("Read-back"), self._read_back),
        )
        for at, (caption, widget) in enumerate(rows):
            grid.addWidget(label(caption, "body", "t3"), at, 0)
            grid.addWidget(widget, at, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        self.body.addWidget(self._facts)
        self._add_buttons()
        self._value: CriticalValue | None = None
        self._border = ""
        self.hide()

    def _add_buttons(self) -> None:
        self._row, self._below = QHBoxLayout(), QHBoxLayout()
        row = self._row
        row.setSpacing(8)
        self.act = Button("", "danger", icon="phone", key="F8")
        self.shut = Button(tr("Close it"), "accept", icon="check")
        self.dismiss = Button(tr("Decide: not critical…"), "secondary", small=True)
        self.act.clicked.connect(self.act_requested)
        self.shut.clicked.connect(self.close_requested)
        self.dismiss.clicked.connect(self.dismiss_requested)
        row.addWidget(self.act)
        row.addWidget(self.shut)
        row.addStretch(1)
        row.addWidget(self.dismiss)
        self.body.addLayout(row)
        self._below.addStretch(1)
        self.body.addLayout(self._below)

    def _fit_buttons(self) -> None:
        """Put what dismisses into a line of its own where one line would be wider than the narrow column."""
        shown = [one for one in (self.act, self.shut, self.dismiss) if not one.isHidden()]
        needed = sum(one.sizeHint().width() for one in shown) + self._row.spacing() * (len(shown) - 1)
        wanted, other = (self._below, self._row) if needed > _LINE_PX else (self._row, self._below)
        if wanted.indexOf(self.dismiss) < 0:
            other.removeWidget(self.dismiss)
            wanted.addWidget(self.dismiss)

    def show_values(
        self,
        values: Sequence[CriticalValue],
        suggestions: Sequence[str],
        now: datetime,
        *,
        may_act: bool,
        may_dismiss: Callable[[CriticalValue], bool] = lambda _value: True,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        """
        Show the first of the open values, else the newest one that was notified, else what is suggested.

        ``refused`` says by UID why the hub did not take a value, ``may_dismiss`` who may take one back.
        """
        shown = next((value for value in values if value.is_open), None)
        shown = shown or next((value for value in values if value.state is CriticalState.CONFIRMED), None)
        shown = shown or next((value for value in values if value.state is CriticalState.CLOSED), None)
        self._value = shown
        reason = "" if shown is None else (refused or {}).get(shown.critical_uid, "")
        self._refusal.setText(tr("The hub did not take it ({reason}). Tell the receiver all the same.", reason=reason))
        self._refusal.setVisible(bool(reason))
        self._facts.setVisible(shown is not None)
        self._suggestion.setVisible(bool(suggestions))
        self._suggestion.setText(tr("Suggested: {names}", names="; ".join(suggestions)))
        waiting = sum(value.is_open for value in values)
        if waiting:
            self._chip.show_chip(trn("{count} critical value open", "{count} critical values open", waiting), "bad")
        elif shown is not None:
            self._chip.show_chip(tr("Confirmed"), read_back_words(shown)[1], "check")
        else:
            self._chip.show_chip(tr("Suggested"), "warn")
        is_open = shown is not None and shown.is_open
        self.act.setVisible(may_act and (is_open or bool(suggestions)))
        self.act.set_text(tr("Record the call") if is_open else tr("Confirm critical value"))
        self.shut.setVisible(may_act and shown is not None and shown.state is CriticalState.CONFIRMED)
        self.dismiss.setVisible(may_act and shown is not None and shown.is_open and may_dismiss(shown))
        self._fit_buttons()
        if shown is not None:
            self._show(shown)
            self.tick(now)
        self.setVisible(shown is not None or bool(suggestions))

    def _show(self, value: CriticalValue) -> None:
        self._text.show_text(value.text)
        found = value.recognised_at.astimezone().strftime("%H:%M:%S")
        self._found.show_text(tr("Found {time} · {name}", time=found, name=value.recognised_by.name))
        who, how = last_call(value)
        self._who.show_text(who)
        self._how.setText(how)
        words, tone = read_back_words(value)
        self._read_back.setText(words)
        set_tone(self._read_back, tone)

    def tick(self, now: datetime) -> None:
        """Move the ring; ``now`` is the hub's time."""
        if self._value is not None:
            self.ring.show_timer(critical_timer(self._value, now))
            words, tone = stage_words(self._value, now)
            self._stage.setText(words)
            set_tone(self._stage, tone)
            stage = critical_timer(self._value, now).stage
            self._border = _BORDERS.get(stage, "")
            if stage is CriticalStage.ESCALATED and int(now.timestamp()) % 2:
                self._border = "bad"  # a slow pulse: once in two seconds
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the border in the colour of the clock over the panel's own."""
        super().paintEvent(event)
        if self._border and not self._facts.isHidden():
            theme = current_theme()
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color(self._border), 1))
            radius = theme.px("radius.control")
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def stage_text(self) -> str:
        """Return what is said of the clock."""
        return self._stage.text()

    def read_back_text(self) -> str:
        """Return what is said of the read-back."""
        return self._read_back.text()

    def refusal_text(self) -> str:
        """Return what is said of a hub that did not take the value."""
        return self._refusal.text() if not self._refusal.isHidden() else ""

    def suggestion_text(self) -> str:
        """Return what is suggested."""
        return self._suggestion.text() if not self._suggestion.isHidden() else ""
