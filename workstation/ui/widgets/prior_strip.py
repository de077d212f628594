"""The priors of the open case under the images: 160 px with cards, a little more to scroll them, or a bar of 28 px."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.ui.keymap import key_of
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, label

STRIP_PX: Final = 160
BAR_PX: Final = 28
_CARD_PX: Final = 240


@dataclass(frozen=True, slots=True)
class PriorFacts:
    """
    What a card says of one prior.

    ``doubtful`` may be another person's: it asks before it opens, unless somebody has ``confirmed`` it; ``is_shown``
    stands beside the case.
    """

    uid: str
    date: str
    modality: str
    description: str
    site: str
    relation: str
    doubtful: bool = False
    reported: bool = False
    standing: str = ""
    """Where a study stands that nobody has reported: being read, waiting for its verification"""
    detail: str = ""
    """By whom, and what of an AI nobody has decided there"""
    is_shown: bool = False
    is_later: bool = False
    why: str = ""
    """What makes it doubtful; told before the site"""
    confirmed: bool = False
    said: str = ""
    """Who confirmed it and when"""

    @property
    def in_question(self) -> bool:
        """Tell whether nobody knows that it is the same person's."""
        return self.doubtful and not self.confirmed

    @property
    def spoken(self) -> str:
        """Return everything that the card says in one line."""
        words = [self.date, self.modality, self.description, self.site, self.relation, self.said, self.why]
        if not self.reported:
            words += [self.standing or tr("not reported"), self.detail]
        return " ".join(word for word in words if word)


class PriorStrip(QWidget):
    """Shows and asks; hidden where there is no prior."""

    opened = Signal(str)
    """Show this prior's images beside the case."""
    report_asked = Signal(str)
    toggle_asked = Signal()
    link_asked = Signal()
    register_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._facts: tuple[PriorFacts, ...] = ()
        self._compact = False
        self._expanded: bool | None = None
        self.cards: list[PriorCard] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 1, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_bar())
        column.addWidget(self._make_body(), 1)
        self.show_priors(())

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        bar.setFixedHeight(BAR_PX)
        row = QHBoxLayout(bar)
        row.setContentsMargins(8, 0, 6, 0)
        row.setSpacing(8)
        self.heading = label("", "h2", "t0")
        self.later = ChipLabel("", "warn")
        self.possibly = ChipLabel("", "warn")
        self.summary = ElidedLabel("", "caption", "t2")
        self.toggle = Button(
            tr("Side by side"), "ghost", icon="layout-column", key=key_of("priors.toggle", "O"), small=True
        )
        self.toggle.clicked.connect(self.toggle_asked)
        self.link = Button(tr("Link"), "ghost", icon="links", key=key_of("view.link", "L"), small=True)
        self.link.clicked.connect(self.link_asked)
        self.register = Button(tr("Align"), "ghost", icon="focus-3", small=True)
        self.register.clicked.connect(self.register_asked)
        self.expand = IconButton("arrow-up-s", tr("Expand"), key=key_of("priors.strip", "Shift+O"), px=16, side=24)
        self.expand.clicked.connect(lambda: self.set_expanded(expanded=not self.is_expanded))
        row.addWidget(self.heading)
        row.addWidget(self.possibly)
        row.addWidget(self.later)
        row.addWidget(self.summary, 1)
        for button in (self.toggle, self.link, self.register, self.expand):
            row.addWidget(button)
        return bar

    def _make_body(self) -> QWidget:
        self._body = QWidget()
        self._body_row = row = QHBoxLayout(self._body)
        row.setContentsMargins(8, 2, 8, 4)
        row.setSpacing(8)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.horizontalScrollBar().rangeChanged.connect(lambda *_range: self._fit())
        inner = QWidget()
        self._row = QHBoxLayout(inner)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addStretch(1)
        self._scroll.setWidget(inner)
        row.addWidget(self._scroll, 1)
        side = QVBoxLayout()
        side.setSpacing(2)
        self.impression_heading = ElidedLabel("", "caption", "t2")
        self.impression = label("", "body", "t1", wrap=True)
        self.impression.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._impression_area = QScrollArea()
        self._impression_area.setWidgetResizable(True)
        self._impression_area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._impression_area.setWidget(self.impression)
        side.addWidget(self.impression_heading)
        side.addWidget(self._impression_area, 1)
        self._side = QWidget()
        self._side.setFixedWidth(280)
        self._side.setLayout(side)
        row.addWidget(self._side)
        return self._body

    # showing

    @property
    def is_expanded(self) -> bool:
        """Tell whether the cards are shown; in a small window only the bar is, until somebody asks."""
        return not self._compact if self._expanded is None else self._expanded

    def set_compact(self, *, compact: bool) -> None:
        """Fit a small window."""
        self._compact = compact
        self._fit()

    def set_expanded(self, *, expanded: bool) -> None:
        """Show the cards, or the bar alone."""
        self._expanded = expanded
        self._fit()

    def show_priors(self, facts: Sequence[PriorFacts], note: str = "") -> None:
        """Show these priors, newest first; ``note`` says why there may be more."""
        self._facts = tuple(facts)
        for card in self.cards:
            self._row.removeWidget(card)
            card.deleteLater()
        self.cards = []
        for at, one in enumerate(self._facts):
            card = PriorCard(one)
            card.opened.connect(self.opened)
            card.report_asked.connect(self.report_asked)
            self._row.insertWidget(at, card)
            self.cards.append(card)
        certain = [one for one in self._facts if not one.is_later and not one.in_question]
        self.heading.setText(trn("{count} prior", "{count} priors", len(certain)))
        self.heading.setVisible(bool(certain))  # a later study is told by the chip, and is none
        possibly = sum(not one.is_later and one.in_question for one in self._facts)
        words = tr("{count} possibly the same person", count=possibly)
        self.possibly.show_chip(f"+{words}" if certain else words, "warn")
        self.possibly.setVisible(bool(possibly))
        later = [one.date for one in self._facts if one.is_later]
        self.later.show_chip(tr("later: {dates}", dates=", ".join(later)), "warn")
        self.later.setVisible(bool(later))
        days = [f"{one.date} {one.modality}" for one in certain]
        self.summary.show_text(" · ".join([*days, note] if note else days))
        self.setVisible(bool(self._facts))
        self._fit()

    def show_beside(self, *, beside: bool, can_link: bool, linked: str) -> None:
        """Say whether a prior stands beside the case, and how both are linked."""
        self.toggle.set_text(tr("Remove") if beside else tr("Side by side"), "layout-column")
        self.link.setVisible(beside and can_link)
        self.link.setToolTip(linked)
        self.link.set_text(tr("Unlink") if linked else tr("Link"), "links" if linked else "link-unlink")
        self.register.setVisible(beside and can_link)

    def show_impression(self, heading: str, text: str) -> None:
        """Show the last signed impression, or nothing."""
        self.impression_heading.show_text(heading)
        self.impression.setText(text)
        self._side.setVisible(bool(text))

    def clear(self) -> None:
        """Show nothing of any case."""
        self.show_priors(())
        self.show_impression("", "")
        self.show_beside(beside=False, can_link=False, linked="")

    def _fit(self) -> None:
        expanded = self.is_expanded
        self._body.setVisible(expanded)
        self.expand.set_icon("arrow-down-s" if expanded else "arrow-up-s")
        words = tr("Collapse") if expanded else tr("Expand")
        self.expand.setAccessibleName(words)
        self.expand.setToolTip(f"{words} (⇧ O)")
        self.setFixedHeight(max(STRIP_PX, self._needed_px()) if expanded else BAR_PX)

    def _needed_px(self) -> int:
        """Return the height that shows every card whole above the scroll bar, where there is one."""
        bar, margins = self._scroll.horizontalScrollBar(), self._body_row.contentsMargins()
        cards = max((card.minimumSizeHint().height() for card in self.cards), default=0)
        scrolling = bar.sizeHint().height() + 2 if bar.maximum() > 0 else 0
        return 1 + BAR_PX + margins.top() + margins.bottom() + cards + scrolling

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground and the line above it."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg1"))
        painter.fillRect(QRectF(0, 0, self.width(), 1), theme.color("line"))


class PriorCard(QWidget):
    """One prior: date, what and where, how sure it is the same person, and what can be done."""

    opened = Signal(str)
    report_asked = Signal(str)

    def __init__(self, facts: PriorFacts) -> None:
        super().__init__()
        self.facts = facts
        self.setFixedWidth(_CARD_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 8, 4)  # a scroll bar below the cards takes its part
        column.setSpacing(1)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(label(facts.date, "h2", "t0"))
        top.addStretch(1)
        if facts.is_later:
            top.addWidget(ChipLabel(tr("later"), "warn"))
        relation = ChipLabel(facts.relation, "warn" if facts.doubtful else "ok")
        relation.setToolTip(facts.said)
        top.addWidget(relation)
        column.addLayout(top)
        column.addWidget(ElidedLabel(f"{facts.modality} · {facts.description}".strip(" ·"), "body", "t1"))
        where = QHBoxLayout()
        where.setSpacing(6)
        where.addWidget(
            ElidedLabel(
                " · ".join(one for one in (facts.why, facts.site) if one), "caption", "warn" if facts.why else "t2"
            ),
            1,
        )
        column.addLayout(where)
        detail = ElidedLabel("" if facts.reported else facts.detail, "caption", "t1")
        if not facts.reported:  # its images are seen, and nobody has said yet what is on them
            chip = ChipLabel(facts.standing or tr("not reported"), "warn")
            if facts.why:  # which takes the whole line: what makes it doubtful is never cut
                below = QHBoxLayout()
                below.addWidget(detail, 1)
                below.addWidget(chip)
                column.addLayout(below)
            else:
                where.addWidget(chip)
        if not facts.why and facts.detail and not facts.reported:
            column.addWidget(detail)
        column.addStretch(1)
        bottom = QHBoxLayout()
        bottom.setSpacing(4)
        self.beside = Button(tr("On screen") if facts.is_shown else tr("Side by side"), "secondary",
                             icon="layout-column", small=True)  # fmt: skip
        self.beside.enable(not facts.is_shown, tr("Its images are on screen"))
        self.beside.clicked.connect(lambda: self.opened.emit(facts.uid))
        self.report = Button(tr("Report"), "ghost", icon="file-text", small=True)
        self.report.enable(facts.reported, tr("There is no signed report"))
        self.report.clicked.connect(lambda: self.report_asked.emit(facts.uid))
        bottom.addWidget(self.beside)
        bottom.addWidget(self.report)
        bottom.addStretch(1)
        column.addLayout(bottom)
        self.setAccessibleName(facts.spoken)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the prior."""
        event.accept()
        if not self.facts.is_shown:
            self.opened.emit(self.facts.uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the prior with Enter or Space."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and not self.facts.is_shown:
            self.opened.emit(self.facts.uid)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card; what is on screen has the accent's edge."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("acc" if self.facts.is_shown or self.hasFocus() else "line2"))
        painter.setBrush(theme.color("bg2"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if self.facts.doubtful:
            painter.fillRect(QRectF(1, 4, 3, self.height() - 8), theme.color("warn"))
