"""Above the finding cards: what of the AI is shown, how much is decided, and the gate of reading first."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.ui.keymap import key_of, shown_key
from workstation.ui.widgets.buttons import Button, SegmentedChoice, key_text
from workstation.ui.widgets.labels import icon_label, label, set_tone


@dataclass(frozen=True, slots=True)
class AiState:
    """
    What the panel says of the AI of one case.

    ``points`` are the names of the operating points, the one with the fewest marks first. ``bases`` are names with
    what this model's maker measured there; empty where this machine does not have the model.
    ``below`` counts marks below the chosen point. ``tally`` is the sentence on this reader and this
    model, empty where there is none. ``banner`` stands over the marks of a research model, and of one outside its use.
    """

    hidden: bool = False
    points: tuple[str, ...] = ()
    bases: tuple[tuple[str, str], ...] = ()
    point: str = ""
    below: int = 0
    marks: int = 0
    undecided: int = 0
    tally: str = ""
    banner: str = ""
    locked: str = ""
    algorithm: bool = False


def point_word(name: str) -> str:
    """Return an operating point in one word."""
    return {
        "specific": tr("Specific"),
        "balanced": tr("Balanced"),
        "sensitive": tr("Sensitive"),
    }.get(name, name)


class RevealGate(QWidget):
    """In place of the marks while the reader reads first."""

    reveal_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(icon_label("eye-off", "ai", 18))
        head.addWidget(label(tr("Read first, then reveal"), "h2", "t0"), 1)
        column.addLayout(head)
        words = tr(
            "The AI stays hidden until you have looked at all images. Findings that you add now are kept as yours."
        )
        column.addWidget(label(words, "body", "t2", wrap=True))
        key = key_of("findings.reveal", "Ctrl+G")
        self.button = Button(tr("I have looked, show the AI"), "secondary", icon="eye", key=key)
        self.button.setToolTip(tr("Reveal the AI; the time is recorded ({key})", key=key_text(key)))
        self.button.clicked.connect(self.reveal_requested)
        column.addWidget(self.button)


class AiBar(QWidget):
    """Shows and asks; it knows no case."""

    reveal_requested = Signal()
    point_chosen = Signal(str)
    rest_asked = Signal()
    limits_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.gate = RevealGate()
        self.gate.reveal_requested.connect(self.reveal_requested)
        self.banner = label("", "caption", "warn", wrap=True)
        self.points: SegmentedChoice | None = None
        self._names: tuple[str, ...] = ()
        self.decided = label("", "caption", "t1")
        self.below = label("", "caption", "t2", wrap=True)
        self.tally = label("", "caption", "t2", wrap=True)
        self.rest = Button(tr("Reject the rest"), "ghost", icon="close", small=True)
        shown = shown_key("findings.reject_rest", "Shift+Backspace")
        self.rest.setToolTip(tr("Reject every undecided mark with one reason ({key})", key=shown))
        self.rest.clicked.connect(self.rest_asked)
        self.limits = Button("", "ghost", icon="information", small=True)
        self.limits.setToolTip(tr("What this model can and cannot do"))
        self.limits.setAccessibleName(tr("What this model can and cannot do"))
        self.limits.clicked.connect(self.limits_asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.gate)
        self._shown = QWidget()
        inner = QVBoxLayout(self._shown)
        inner.setContentsMargins(12, 6, 4, 6)
        inner.setSpacing(4)
        inner.addWidget(self.banner)
        self._point_row = QHBoxLayout()
        self._point_row.setSpacing(4)
        self._point_row.addStretch(1)
        self._point_row.addWidget(self.limits)
        inner.addLayout(self._point_row)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.decided, 1)
        row.addWidget(self.rest)
        inner.addLayout(row)
        inner.addWidget(self.below)
        inner.addWidget(self.tally)
        column.addWidget(self._shown)
        self.show_state(AiState())

    def show_state(self, state: AiState) -> None:
        """Show what of the AI is shown."""
        self.gate.setVisible(state.hidden)
        self._shown.setVisible(state.algorithm and not state.hidden)
        self._say(self.banner, state.banner)
        if state.points != self._names:
            self._make_points(state.points)
        if self.points is not None:
            self.points.choose(state.point)
            bases = dict(state.bases)
            lines = [f"{point_word(name)}: {bases[name]}" for name in state.points if name in bases]
            self.points.setToolTip("\n".join([tr("How many marks are shown"), *lines]))
        self._say_decided(state)
        words = trn("{count} more mark below this point", "{count} more marks below this point", state.below)
        self._say(self.below, words if state.below else "")
        self._say(self.tally, state.tally)
        self.rest.setVisible(state.undecided > 1)
        self.rest.enable(not state.locked, state.locked)

    def _say_decided(self, state: AiState) -> None:
        decided = tr("Decided {done} of {count}", done=state.marks - state.undecided, count=state.marks)
        if state.undecided:
            decided = f"{decided} · {tr('{count} undecided', count=state.undecided)}"
        self._say(self.decided, decided if state.marks else "")
        set_tone(self.decided, "warn" if state.undecided else "t1")

    def _make_points(self, names: tuple[str, ...]) -> None:
        if self.points is not None:
            self._point_row.removeWidget(self.points)
            self.points.hide()
            self.points.deleteLater()
            self.points = None
        self._names = names
        if len(names) > 1:
            self.points = SegmentedChoice([(name, point_word(name)) for name in names])
            self.points.setAccessibleName(tr("Operating point"))
            self.points.chosen.connect(self.point_chosen)
            self._point_row.insertWidget(0, self.points)

    @staticmethod
    def _say(where: QLabel, words: str) -> None:
        where.setText(words)
        where.setVisible(bool(words))
