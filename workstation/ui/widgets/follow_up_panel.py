"""The nodules of case and prior side by side: size, volume, growth; the reader says which are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.commands import Command, CommandSet
from workstation.ui.keymap import key_of
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import label, rule, set_tone
from workstation.ui.widgets.nodule_timeline import NoduleTimeline
from workstation.ui.widgets.side_panel import SidePanel, rolling

_WIDTH_PX: Final = 340
_SIDE: Final = 16
_TOP: Final = 9
_LINE: Final = 20
_LOW_PX: Final = 680
ALIGN_KEY: Final = "Alt+P"
_MEASURE_KEY: Final = "Alt+M"
_TELL_KEY, _STUDY_KEY = "Alt+B", "Alt+H"
"""No bare letter: every one of them is something else on the images beside the panel"""


@dataclass(frozen=True, slots=True)
class Chip:
    """State of a card: its word, tint, icon, and the stripe at its edge."""

    text: str
    tint: str
    icon: str
    stripe: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class FollowUpFacts:
    """One nodule over time; ``lines`` are texts with their colour tokens, ``number`` that of the finding."""

    key: str
    number: str
    title: str
    chip: Chip
    lines: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FollowUpState:
    """What can be done with the chosen card; an empty reason means that it can."""

    heading: str = ""
    warning: str = ""
    confirm: str = ""
    part: str = ""
    other: str = ""
    measure: str = ""
    align: str = ""
    tell: str = ""
    is_told: bool = False
    """The report has the sizes of all studies already: the button takes them out again"""


class FollowUpPanel(SidePanel):
    """Shows and asks; the keys work while the focus is in it."""

    chosen = Signal(str)
    confirm_asked = Signal()
    part_asked = Signal()
    other_asked = Signal(int)
    """+1 for the next nodule of the prior that may be meant, -1 for the one before"""
    measure_asked = Signal()
    align_asked = Signal()
    tell_asked = Signal()
    """Take the sizes of all studies into the report, or out of it"""
    study_asked = Signal(str)
    """Study Instance UID of an earlier study to put beside the case"""
    keys_taken = Signal(bool)
    """The keys on its buttons work now (True), or those of the findings and the images do"""
    left = Signal()
    """Back to the images; the panel stays."""

    def __init__(self) -> None:
        super().__init__(tr("Follow-up"), _WIDTH_PX)
        self.cards: list[FollowUpCard] = []
        self._selected = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = self.column
        self._heading = label("", "caption", "t2", wrap=True)
        self._heading.setContentsMargins(12, 0, 12, 8)
        column.addWidget(self._heading)
        column.addWidget(self._chooser())
        column.addWidget(rule())
        column.addWidget(self._list(), 1)
        column.addWidget(rule())
        column.addSpacing(4)
        self.timeline = NoduleTimeline()
        column.addWidget(self.timeline)
        column.addLayout(self._foot())
        self._make_commands()
        self._show_keys(shown=False)
        self.show_cards((), "")
        self.show_state(FollowUpState())
        self.hide()

    def _list(self) -> QWidget:
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._message = label("", "body", "t2", wrap=True)
        self._column.addWidget(self._message)
        self._column.addStretch(1)
        self._scroll = rolling(body)
        return self._scroll

    def _chooser(self) -> QWidget:
        """Return the list of earlier studies with nodules on record; the keys of the panel stay with it."""
        self.studies = ChoiceBox()
        self.studies.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.studies.setAccessibleName(tr("Compare with"))
        self.studies.activated.connect(lambda at: self.study_asked.emit(str(self.studies.itemData(at))))
        holder = QWidget()
        column = QVBoxLayout(holder)  # beside its caption the box would cut what a study has on record
        column.setContentsMargins(12, 0, 12, 8)
        column.setSpacing(4)
        column.addWidget(label(tr("Compare with"), "caption", "t2"))
        column.addWidget(self.studies)
        self._note = label("", "caption", "warn", wrap=True)
        column.addWidget(self._note)
        self._study_row = holder
        return holder

    def _foot(self) -> QGridLayout:
        self.confirm = Button(
            tr("Same nodule"), "accept", icon="check", key=key_of("follow.confirm", "Return"), small=True
        )
        self.part = Button(
            tr("Take back"), "secondary", icon="arrow-go-back", key=key_of("follow.part", "Backspace"), small=True
        )
        self.other = Button(
            tr("Other candidate"), "secondary", icon="shuffle", key=key_of("follow.other", "Right"), small=True
        )
        self.measure = Button(
            tr("Measure in the prior"),
            "secondary",
            icon="magic",
            key=key_of("follow.measure", _MEASURE_KEY),
            small=True,
        )
        self.align = Button(tr("Align"), "secondary", icon="focus-3", key=key_of("follow.align", ALIGN_KEY), small=True)
        self.tell = Button(
            tr("Sizes into the report"), "secondary", icon="file-edit", key=key_of("follow.tell", _TELL_KEY), small=True
        )
        self.tell.clicked.connect(self.tell_asked)
        self.confirm.clicked.connect(self.confirm_asked)
        self.part.clicked.connect(self.part_asked)
        self.other.clicked.connect(lambda: self.other_asked.emit(1))
        self.measure.clicked.connect(self.measure_asked)
        self.align.clicked.connect(self.align_asked)
        foot = QGridLayout()
        foot.setContentsMargins(8, 8, 8, 8)
        foot.setSpacing(6)
        places = ((self.confirm, 0, 0), (self.part, 0, 1), (self.other, 1, 0), (self.align, 1, 1), (self.measure, 2, 0),
                  (self.tell, 3, 0))  # fmt: skip
        for button, row, at in places:
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the list has the keys
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            foot.addWidget(button, row, at, 1, 2 if at == 0 and row > 1 else 1)
        return foot

    def _make_commands(self) -> None:
        area = tr("Follow-up")
        self.commands = CommandSet(self, "follow-up")
        for command in (
            Command("follow.confirm", tr("Same nodule"), "check", "Return", self.confirm_asked.emit, area, ("Enter",)),
            Command("follow.part", tr("Take back"), "arrow-go-back", "Backspace", self.part_asked.emit, area),
            Command("follow.other", tr("Another nodule of the prior"), "shuffle", "Right",
                    lambda: self.other_asked.emit(1), area),
            Command("follow.before", tr("The nodule of the prior before"), "shuffle", "Left",
                    lambda: self.other_asked.emit(-1), area),
            Command("follow.measure", tr("Measure in the prior"), "magic", _MEASURE_KEY, self.measure_asked.emit, area),
            Command("follow.align", tr("Align"), "focus-3", ALIGN_KEY, self.align_asked.emit, area),
            Command("follow.tell", tr("Sizes of all studies into the report"), "file-edit", _TELL_KEY,
                    self.tell_asked.emit, area),
            Command("follow.study", tr("Compare with the next earlier study"), "history", _STUDY_KEY,
                    lambda: self.step_study(1), area),
            Command("follow.next", tr("Next nodule"), "skip-forward", "Down", lambda: self.step(1), area, ("N",)),
            Command("follow.previous", tr("Previous nodule"), "skip-back", "Up", lambda: self.step(-1), area,
                    ("Shift+N",)),
            Command("follow.leave", tr("Back to the images"), "arrow-go-back", "Esc", self.left.emit, area),
        ):  # fmt: skip
            self.commands.add(replace(command, editable=True))

    # showing

    def show_cards(self, facts: Sequence[FollowUpFacts], message: str) -> None:
        """Show these nodules, in place where they are the same ones; ``message`` says why there are none."""
        if [one.key for one in facts] != [card.facts.key for card in self.cards]:
            for card in self.cards:
                self._column.removeWidget(card)
                card.hide()
                card.deleteLater()
            self.cards = [FollowUpCard(one) for one in facts]
            for at, card in enumerate(self.cards):
                card.pressed.connect(self._pressed)
                self._column.insertWidget(1 + at, card)
        for card, one in zip(self.cards, facts, strict=True):
            card.show_facts(one)
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self.select(self._selected)

    def show_state(self, state: FollowUpState) -> None:
        """Show what stands beside the case and what can be done; nothing is greyed out without a reason."""
        self._heading.setText(state.warning or state.heading)
        set_tone(self._heading, "warn" if state.warning else "t2")
        for button, reason in (
            (self.confirm, state.confirm),
            (self.part, state.part),
            (self.other, state.other),
            (self.measure, state.measure),
            (self.align, state.align),
            (self.tell, state.tell),
        ):
            button.enable(not reason, reason)
        self.tell.set_text(tr("Sizes out of the report") if state.is_told else tr("Sizes into the report"))

    def show_studies(self, studies: Sequence[tuple[str, str]], beside: str, note: str = "") -> None:
        """
        Show the earlier studies that may be compared as (UID, words).

        ``beside`` is the one on screen, ``note`` what waits for a decision in it.
        """
        known = [(str(self.studies.itemData(at)), self.studies.itemText(at)) for at in range(self.studies.count())]
        if known != list(studies):
            self.studies.clear()
            for uid, words in studies:
                self.studies.addItem(words, uid)
        self.studies.setCurrentIndex(self.studies.findData(beside))
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._study_row.setVisible(bool(studies))

    def note_text(self) -> str:
        """Return what waits for a decision in the prior on screen."""
        return self._note.text()

    def step_study(self, by: int) -> None:
        """Ask for the study after the one on screen, round at the end."""
        count = self.studies.count()
        if count:
            self.study_asked.emit(str(self.studies.itemData((self.studies.currentIndex() + by) % count)))

    def heading_text(self) -> str:
        """Return what is said about the prior."""
        return self._heading.text()

    def message_text(self) -> str:
        """Return what is said where there are no nodules."""
        return self._message.text()

    @property
    def selected(self) -> str:
        """Return the key of the chosen card, empty for none."""
        return self._selected

    def select(self, key: str) -> None:
        """Choose a card; an unknown key chooses none."""
        self._selected = key if any(card.facts.key == key for card in self.cards) else ""
        for card in self.cards:
            card.set_selected(selected=card.facts.key == self._selected)
            if card.facts.key == self._selected:
                self._column.activate()
                self._scroll.ensureWidgetVisible(card, 0, 8)

    def step(self, by: int) -> None:
        """Choose the next (1) or previous (-1) card, round at the ends."""
        keys = [card.facts.key for card in self.cards]
        if keys:
            at = keys.index(self._selected) + by if self._selected in keys else (0 if by > 0 else -1)
            self.chosen.emit(keys[at % len(keys)])

    def _pressed(self, key: str) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.chosen.emit(key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the list of nodules its room in a low window."""
        super().resizeEvent(event)
        self.timeline.set_compact(compact=self.height() < _LOW_PX)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys go."""
        super().focusInEvent(event)
        self._show_keys(shown=True)
        self.keys_taken.emit(True)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the keys go elsewhere."""
        super().focusOutEvent(event)
        self._show_keys(shown=False)
        self.keys_taken.emit(False)
        self.update()

    def _show_keys(self, *, shown: bool) -> None:
        for button in (self.confirm, self.part, self.other, self.align, self.measure, self.tell):
            button.show_key(shown=shown)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the surface, the hairline towards the images, and the line of the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            QPainter(self).fillRect(0, 0, self.width() - 1, 2, current_theme().color("acc"))


class FollowUpCard(QWidget):
    """One nodule over time, painted like a finding card."""

    pressed = Signal(str)

    def __init__(self, facts: FollowUpFacts) -> None:
        super().__init__()
        self.facts = facts
        self._selected = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_facts(facts)

    def show_facts(self, facts: FollowUpFacts) -> None:
        """Show the nodule as it stands now."""
        self.facts = facts
        words = [facts.number, facts.title, facts.chip.text, *(line for line, _tone in facts.lines)]
        self.setAccessibleName(" · ".join(word for word in words if word))
        self.setToolTip(facts.hint or "\n".join((facts.title, *(line for line, _tone in facts.lines))))
        self.setFixedHeight(_TOP + 20 + 4 + _LINE * len(facts.lines) + 7)
        self.update()

    @property
    def is_selected(self) -> bool:
        """Tell whether keys act on this card."""
        return self._selected

    def set_selected(self, *, selected: bool) -> None:
        """Mark the card as the one that keys act on."""
        if selected != self._selected:
            self._selected = selected
            self.update()

    def sizeHint(self) -> QSize:
        """Return a width the panel decides and the height of the content."""
        return QSize(280, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the nodule."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.pressed.emit(self.facts.key)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint card, stripe and lines."""
        theme, chip = current_theme(), self.facts.chip
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius, width = theme.px("radius.panel"), 2.0 if self._selected else 1.0
        box = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.setPen(QPen(theme.color("acc" if self._selected else "line2"), width))
        painter.setBrush(theme.color("card.selected" if self._selected else "bg2"))
        painter.drawRoundedRect(box, radius, radius)
        edge = QRectF(width, radius, 4, self.height() - 2 * radius)
        paint.stripe(painter, edge, theme.color(chip.stripe), dashed=chip.dashed)
        left, right = float(_SIDE), self.width() - 12.0
        if self.facts.number:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("bg3"))
            number = QRectF(left, _TOP, 20, 20)
            painter.drawRoundedRect(number, 4, 4)
            paint.text(painter, number, self.facts.number, role="caption", tone="t1", weight=600,
                       align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
            left += 28
        wide = paint.chip_width(chip.icon, chip.text)
        paint.paint_chip(painter, QRectF(right - wide, _TOP, wide, 20), chip.tint, chip.icon, chip.text)
        title = paint.elided(self.facts.title, int(right - wide - 8 - left), "h2")
        paint.text(painter, QRectF(left, _TOP, right - wide - 8 - left, 20), title, role="h2", tone="t0")
        for row, (line, tone) in enumerate(self.facts.lines):
            at = QRectF(_SIDE, _TOP + 24 + row * _LINE, right - _SIDE, _LINE)
            paint.text(painter, at, paint.elided(line, int(at.width()), "caption"), role="caption", tone=tone)
