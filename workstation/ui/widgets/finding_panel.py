"""The AI findings of the open case, the reader's own and those of other systems: counts, cards, their origin."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import CHINESE, language, tr
from workstation.domain.finding import AlgorithmIdentity, Decision
from workstation.domain.rejection import reasons_for
from workstation.ui.finding_words import decision_word
from workstation.ui.keymap import is_key_of, key_of, shown_key
from workstation.ui.widgets.ai_bar import AiBar, AiState
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.evidence_view import EvidencePane
from workstation.ui.widgets.finding_card import CardFacts, FindingCard
from workstation.ui.widgets.labels import ChipLabel, icon_label, label, rule
from workstation.ui.widgets.objects_panel import OtherResults
from workstation.ui.widgets.reason_menu import ReasonMenu
from workstation.ui.widgets.side_panel import rolling

_COUNTED = (  # which decisions one chip counts, its tint and icon
    ((Decision.UNDECIDED,), "ai", "question"),
    ((Decision.ACCEPTED, Decision.EDITED), "ok", "check"),
    ((Decision.REJECTED,), "neutral", "close"),
    ((Decision.ADDED,), "info", "add"),
)


_NO_BREAK, _JOINER = "\u00a0", "\u2060"


def _unbroken(parts: Sequence[str]) -> str:
    """Return the parts in one text whose lines end between two of them only."""
    whole = (part.replace(" ", _NO_BREAK).replace("…", f"…{_JOINER}") for part in parts)
    return f"{_NO_BREAK}· ".join(whole)


def _marks_words() -> str:
    return tr("Show or hide the AI marks ({key})", key=shown_key("findings.marks", "G"))


def _following_words() -> str:
    onward, back = shown_key("findings.next", "N"), shown_key("findings.previous", "Shift+N")
    return tr("Next finding ({key}), previous ({other})", key=onward, other=back)


class FindingPanel(QWidget):
    """Shows and asks; every signal carries the tracking UID first."""

    chosen = Signal(str)
    accept_requested = Signal(str)
    reject_requested = Signal(str, object)
    """Tracking UID, ``RejectReason``"""
    edit_requested = Signal(str, object, object, object)
    """Tracking UID, diameter in mm, ``NoduleType``, ``Lobe``"""
    name_requested = Signal(str, str)
    """Tracking UID, and what the reader calls a finding on an image"""
    remove_requested = Signal(str)
    """An added finding is taken off the list."""
    marks_toggle_requested = Signal()
    next_requested = Signal(int)
    """+1 for the next finding, -1 for the one before"""
    evidence_asked = Signal(str)
    rest_rejected = Signal(object)
    """``RejectReason`` for every undecided mark that is shown"""

    def __init__(self) -> None:
        super().__init__()
        self._cards: dict[str, FindingCard] = {}
        self._selected = ""
        self._compact = False
        self._keys_here = True
        self._algorithm: AlgorithmIdentity | None = None
        self._marks_shown = True
        self.menu: ReasonMenu | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._top = self._head()
        outer.addWidget(self._top)
        outer.addWidget(rule())
        self.ai = AiBar()
        self.ai.rest_asked.connect(self.ask_rest)
        outer.addWidget(self.ai)
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._message = label("", "body", "t2", wrap=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._message.setContentsMargins(4, 4, 4, 0)
        self._column.addWidget(self._message)
        self.others = OtherResults()
        self._column.addWidget(self.others)
        self._column.addStretch(1)
        self._scroll = rolling(body)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._keep_editor_in_view)
        outer.addWidget(self._scroll, 1)
        self.evidence = EvidencePane()
        outer.addWidget(self.evidence)
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(12, 6, 12, 6)
        foot.setSpacing(8)
        foot.addWidget(icon_label("robot", "ai", 14))
        self._origin = label("", "caption", "t2", wrap=True)  # English words take a second line
        foot.addWidget(self._origin, 1)
        outer.addWidget(self._foot)
        self.clear()

    def _head(self) -> QWidget:
        head = QWidget()
        head.setFixedHeight(36)
        row = QHBoxLayout(head)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(4)
        self._chips = [ChipLabel("0", tint, icon) for _decisions, tint, icon in _COUNTED]
        for chip in self._chips:
            row.addWidget(chip)
        row.addStretch(1)
        self.overlay = Button(tr("Marks"), "ghost", icon="eye", key=key_of("findings.marks", "G"), small=True)
        self.overlay.setToolTip(_marks_words())
        self.overlay.clicked.connect(self.marks_toggle_requested)
        self.following = Button(tr("Next"), "ghost", key=key_of("findings.next", "N"), small=True)
        self.following.setToolTip(_following_words())
        self.following.clicked.connect(lambda: self.next_requested.emit(1))
        for button in (self.overlay, self.following):
            row.addWidget(button)
        return head

    # showing

    def clear(self) -> None:
        """Show nothing of any case."""
        self.show_cards((), "")
        self.show_origin(None)
        self.ai.show_state(AiState())
        self.evidence.hide()
        self.others.show_results(())
        self.select("")

    def show_cards(self, cards: Sequence[CardFacts], message: str) -> None:
        """Show the findings in number order; ``message`` says what there is to say where there are none."""
        wanted = [facts.finding.tracking_uid for facts in cards]
        for uid in [uid for uid in self._cards if uid not in wanted]:
            self._drop(uid)
        for at, facts in enumerate(cards):
            card = self._cards.get(facts.finding.tracking_uid)
            if card is None:
                card = self._make(facts)
                self._column.insertWidget(1 + at, card)
            elif card.facts != facts:
                card.show_facts(facts)
        self._chain()
        self._message.setText(message)
        self._message.setVisible(bool(message))
        roomy = not self._compact and language() == CHINESE  # English words are too long for one line
        for chip, (decisions, tint, icon) in zip(self._chips, _COUNTED, strict=True):
            count = sum(facts.finding.decision in decisions for facts in cards)
            word = decision_word(decisions[0])
            shown = f"{word} {count}" if decisions[0] is Decision.UNDECIDED and roomy else str(count)
            chip.show_chip(shown, tint, icon)
            chip.setAccessibleName(f"{word} {count}")
            chip.setToolTip(f"{word} {count}")
        self._top.setVisible(bool(cards))

    def _make(self, facts: CardFacts) -> FindingCard:
        card = FindingCard(facts)
        card.set_compact(compact=self._compact)
        card.show_keys(shown=self._keys_here)
        card.chosen.connect(self.chosen)
        card.accept_requested.connect(self.accept_requested)
        card.reject_asked.connect(self.ask_reason)
        card.edit_requested.connect(self.edit_requested)
        card.name_requested.connect(self.name_requested)
        card.evidence_asked.connect(self.evidence_asked)
        self._cards[facts.finding.tracking_uid] = card
        return card

    def _chain(self) -> None:
        """Let Tab go through the cards between what stands above and below them: what is made late comes last."""
        before: QWidget = self.ai.rest
        for stop in (stop for card in self.cards for stop in card.stops):
            QWidget.setTabOrder(before, stop)
            before = stop

    def _drop(self, uid: str) -> None:
        card = self._cards.pop(uid)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def show_origin(self, algorithm: AlgorithmIdentity | None) -> None:
        """Say which model made the marks, how and where."""
        self._algorithm = algorithm
        self._foot.setVisible(algorithm is not None)
        if algorithm is None:
            self._origin.setText("")
            return
        parts = [f"{algorithm.name} {algorithm.version}"]
        if algorithm.threshold is not None:
            parts.append(tr("threshold {value}", value=f"{algorithm.threshold:.2f}"))
        if self._compact:  # the rest is one click away, on the card of the model
            self._origin.setText(_unbroken(parts))
            return
        where = algorithm.provider.upper()
        if algorithm.seconds_s is not None:
            where = f"{where} {algorithm.seconds_s:.1f}\u2009s".strip()
        if where:
            parts.append(where)
        if algorithm.sha256:
            parts.append(f"sha {algorithm.sha256[:4]}…{algorithm.sha256[-2:]}")
        self._origin.setText(_unbroken(parts))

    def origin_text(self) -> str:
        """Return what the footer says."""
        return self._origin.text().replace(_NO_BREAK, " ").replace(_JOINER, "")

    def message_text(self) -> str:
        """Return what is said where there are no findings."""
        return self._message.text()

    def show_marks_state(self, *, shown: bool) -> None:
        """Say whether the marks are drawn."""
        self._marks_shown = shown
        self.overlay.set_text("" if self._compact else tr("Marks"), "eye" if shown else "eye-off")
        self.overlay.setAccessibleName(_marks_words())

    def select(self, tracking_uid: str) -> None:
        """Mark one card and bring it into view."""
        self._selected = tracking_uid if tracking_uid in self._cards else ""
        for uid, card in self._cards.items():
            if card.is_selected is not (uid == self._selected):
                card.set_selected(selected=uid == self._selected)
        if self._selected:
            self._column.activate()
            self._scroll.ensureWidgetVisible(self._cards[self._selected], 0, 8)

    @property
    def selected(self) -> str:
        """Return the tracking UID of the marked card, empty for none."""
        return self._selected

    @property
    def cards(self) -> list[FindingCard]:
        """Return the cards in number order."""
        return sorted(self._cards.values(), key=lambda card: card.facts.finding.number)

    def first(self) -> QWidget | None:
        """Return the button that the keyboard enters at."""
        chosen = self._cards.get(self._selected) or next(iter(self.cards), None)
        return (chosen.accept if chosen.accept.isVisible() else chosen.edit) if chosen is not None else None

    def card(self, tracking_uid: str) -> FindingCard:
        """Return one card; KeyError when there is none."""
        return self._cards[tracking_uid]

    def show_keys(self, *, shown: bool) -> None:
        """Show the keys of the decisions on the cards, or none while another panel has the same keys."""
        self._keys_here = shown
        for card in self.cards:
            card.show_keys(shown=shown)

    def set_compact(self, *, compact: bool) -> None:
        """Fit a narrow dock."""
        if compact != self._compact:
            self._compact = compact
            self.following.set_text("" if compact else tr("Next"), "skip-forward" if compact else "")
            self.following.setAccessibleName(_following_words())
            self.show_marks_state(shown=self._marks_shown)
            for card in self._cards.values():
                card.set_compact(compact=compact)
            self.show_origin(self._algorithm)
            self.show_cards([card.facts for card in self.cards], self._message.text())

    # asking

    def start_editing(self, tracking_uid: str) -> None:
        """Open the editor of one card."""
        card = self._cards.get(tracking_uid)
        if card is not None:
            card.start_editing()
            self._column.activate()
            self._keep_editor_in_view()

    def _keep_editor_in_view(self) -> None:
        """Follow the card that is edited: the list takes its new height some turns after the editor was put in."""
        card = self._cards.get(self._selected)
        if card is not None and card.editor is not None:
            self._scroll.ensureWidgetVisible(card, 0, 8)

    def ask_reason(self, tracking_uid: str, at: QPoint | None = None) -> None:
        """Ask why a mark is rejected, by digits; an added finding needs no reason."""
        card = self._cards.get(tracking_uid)
        if card is None or card.facts.read_only_reason:
            return
        self.chosen.emit(tracking_uid)
        if card.facts.finding.decision is Decision.ADDED:
            self.remove_requested.emit(tracking_uid)
            return
        menu = ReasonMenu(self, reasons_for([card.facts.kind]))
        menu.chosen.connect(lambda reason: self.reject_requested.emit(tracking_uid, reason))
        menu.destroyed.connect(self._menu_gone)
        self.menu = menu
        where = at or card.reject.mapToGlobal(QPoint(0, card.reject.height() + 2))
        menu.popup(where)

    def ask_rest(self) -> None:
        """Ask for the one reason that all undecided marks are rejected for."""
        if not self.ai.rest.isEnabled() or self.ai.rest.isHidden():
            return
        waiting = [one.facts.kind for one in self.cards if one.facts.finding.decision is Decision.UNDECIDED]
        menu = ReasonMenu(self, reasons_for(waiting))
        menu.chosen.connect(self.rest_rejected)
        menu.destroyed.connect(self._menu_gone)
        self.menu = menu
        menu.popup(self.ai.rest.mapToGlobal(QPoint(0, self.ai.rest.height() + 2)))

    def _menu_gone(self) -> None:
        self.menu = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Decide from the list as from the images, by the same keys."""
        uid = self._selected
        if is_key_of(event, "findings.next", "N"):
            self.next_requested.emit(1)
        elif is_key_of(event, "findings.previous", "Shift+N"):
            self.next_requested.emit(-1)
        elif uid and is_key_of(event, "findings.accept", "Return", "Enter"):
            self.accept_requested.emit(uid)
        elif uid and is_key_of(event, "findings.reject", "Backspace"):
            self.ask_reason(uid)
        else:
            super().keyPressEvent(event)
