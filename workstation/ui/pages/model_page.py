"""The models of this site: what is installed, what each can do, which one marks, which one runs in the shadow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from resources.translation import tr
from workstation.domain.model import (
    FrocCurve,
    GateResult,
    GateStep,
    ModelCard,
    ModelChoice,
    ModelRole,
    Trust,
    marking_card,
)
from workstation.domain.model_comparison import ModelComparison
from workstation.domain.model_drift import DriftReport
from workstation.ui.pages.model_words import comparison_words, curve_words, own_words
from workstation.ui.pages.page import Page
from workstation.ui.untranslated import is_untranslated
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.document_view import DocumentView
from workstation.ui.widgets.drift_plot import DriftPlot
from workstation.ui.widgets.froc_plot import FrocPlot
from workstation.ui.widgets.labels import Panel, label, rule
from workstation.ui.widgets.page_header import PageHeader

_UID = Qt.ItemDataRole.UserRole
_DIGITS: Final = 8  # of a digest at once: one word of 64 does not wrap


class ModelsPage(Page):
    """Shows and asks; the presenter does."""

    chosen = Signal(str)
    activate_requested = Signal(str)
    shadow_requested = Signal(str)
    own_requested = Signal()
    """The product's own model shall mark"""
    off_requested = Signal()
    """No model shall mark"""
    import_requested = Signal(object)
    """``Path`` of a zip or of a folder's manifest"""
    export_requested = Signal(str, object)
    remove_requested = Signal(str)
    compare_requested = Signal(str)
    refresh_requested = Signal()
    going_away = Signal()

    def __init__(self, *, may_change: bool, machine: str = "") -> None:
        super().__init__()
        self._machine = machine
        self._may_change = may_change
        self._cards: dict[str, ModelCard] = {}
        self._choice = ModelChoice()
        self.said: list[str] = []
        self._drift = QVBoxLayout()
        header = PageHeader(tr("AI models"))
        header.row.addWidget(label(tr("Results of former versions stay readable."), "caption", "t2"))
        header.row.addStretch(1)
        self.bring_in = Button(tr("Import a model…"), "primary", icon="upload")
        self.bring_in.clicked.connect(self._ask_import)
        header.row.addWidget(self.bring_in)
        self.off = Button("", "secondary", icon="eye-off")
        self.off.clicked.connect(self._turn)
        header.row.addWidget(self.off)
        self.add_header(header)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addLayout(self._left(), 2)
        row.addWidget(self._right(), 3)
        self.column.addWidget(body, 1)
        for button in (self.bring_in, self.off, self.activate, self.shadow, self.remove):
            button.enable(may_change, "" if may_change else tr("Only administrators change models"))
        self._show_card("")

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        installed = Panel(tr("Installed models"))
        installed.body.setContentsMargins(0, 0, 0, 8)
        self.holds_for = label(
            tr("Holds for the AI worker of this machine ({machine}), from its next study on.", machine=self._machine),
            "caption", "t2", wrap=True,
        )  # fmt: skip
        self.none_chosen = label("", "caption", "t2", wrap=True)
        for told in (self.holds_for, self.none_chosen):
            told.setContentsMargins(12, 8, 12, 0)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Installed models"))
        self.list.currentItemChanged.connect(lambda now, _before: self._picked(now))
        installed.body.addWidget(self.holds_for)
        installed.body.addWidget(self.none_chosen)
        installed.body.addWidget(self.list, 1)
        column.addWidget(installed, 1)
        checks = Panel(tr("Checks before a model is used"))
        self.gates = label("", "body", "t1", wrap=True)
        self.gates.setAlignment(Qt.AlignmentFlag.AlignTop)
        checks.body.addWidget(self.gates)
        self.compared = label("", "body", "t1", wrap=True)
        self.compared.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.compared.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # UIDs are looked up
        compared = QScrollArea()
        compared.setWidgetResizable(True)
        compared.setFrameShape(QFrame.Shape.NoFrame)
        compared.setWidget(self.compared)
        compared.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)  # a long list scrolls
        checks.body.addWidget(compared, 1)
        column.addWidget(checks, 1)
        return column

    def _right(self) -> QWidget:
        right = Panel(tr("Model card"))
        column, buttons = right.body, right.header
        column.setContentsMargins(12, 4, 4, 4)
        self.activate = Button(tr("Use on this machine"), "accept", icon="check", small=True)
        self.shadow = Button(tr("Run in the shadow"), "secondary", icon="eye-off", small=True)
        self.compare = Button(tr("Compare with the active one"), "secondary", icon="git-branch", small=True)
        self.export = Button(tr("Export…"), "ghost", icon="download", small=True)
        self.remove = Button(tr("Remove"), "danger", icon="delete-bin", small=True)
        self.activate.clicked.connect(self._switch)
        self.shadow.clicked.connect(
            lambda: self.shadow_requested.emit("" if self._role is ModelRole.SHADOW else self.current)
        )
        self.compare.clicked.connect(lambda: self.compare_requested.emit(self.current))
        self.export.clicked.connect(self._ask_export)
        self.remove.clicked.connect(lambda: self.remove_requested.emit(self.current))
        for button in (self.activate, self.shadow, self.compare, self.export, self.remove):
            buttons.addWidget(button)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(self._scroll, 1)
        return right

    # showing

    @property
    def current(self) -> str:
        """Return the chosen model, empty for none."""
        item: QListWidgetItem | None = self.list.currentItem()
        return "" if item is None else str(item.data(_UID))

    @property
    def _role(self) -> ModelRole:
        return self._choice.role(self.current)

    @property
    def _marking(self) -> ModelCard | None:
        return marking_card(self._cards.values(), self._choice)

    def show_models(self, cards: Sequence[ModelCard], choice: ModelChoice) -> None:
        """List the models and mark how each is used."""
        kept = self.current
        self.none_chosen.setVisible(choice.active is None)
        self.none_chosen.setText(own_words(cards, choice))
        self.off.set_text(tr("Use the built-in model") if choice.off else tr("Switch AI off"))
        self._cards, self._choice = {card.model_id: card for card in cards}, choice
        self.list.blockSignals(True)
        self.list.clear()
        for card in cards:
            item = QListWidgetItem(f"{card.model_id}  {card.version}\n{_with_title(card, self.state_words(card))}")
            item.setData(_UID, card.model_id)
            self.list.addItem(item)
        at = next((n for n, card in enumerate(cards) if card.model_id == kept), 0)
        self.list.setCurrentRow(at if cards else -1)
        self.list.blockSignals(False)
        self._picked(self.list.currentItem())

    def state_words(self, card: ModelCard) -> str:
        """Return how a model is used and who vouches for it."""
        used = {
            ModelRole.ACTIVE: tr("In use"),
            ModelRole.SHADOW: tr("Shadow: runs, shown to nobody"),
            ModelRole.OFF: tr("In use") if card is self._marking else tr("Kept"),
        }[self._choice.role(card.model_id)]
        trusted = {
            Trust.SHIPPED: tr("part of the product"),
            Trust.RELEASE: tr("signed by the makers"),
            Trust.HOSPITAL: tr("signed with a key of this site"),
            Trust.RESEARCH: tr("research only, unsigned"),
        }[card.trust]
        return f"✕ {card.fault}" if card.fault else f"{used} · {trusted}"

    def show_gates(self, results: Sequence[GateResult]) -> None:
        """Show which checks passed."""
        words = {
            GateStep.SCHEMA: tr("Description complete"),
            GateStep.FILES: tr("Files as described"),
            GateStep.SIGNATURE: tr("Signature"),
            GateStep.GRAPH: tr("Network safe to load"),
            GateStep.DRY_RUN: tr("Same result on the golden case"),
        }
        lines = [f"{'✓' if r.passed else '✕'} {words[r.step]}{' · ' + r.text if r.text else ''}" for r in results]
        self.gates.setText("\n".join(lines))

    def show_comparison(self, found: ModelComparison) -> None:
        """Show how two models agree on the cases that both have seen."""
        self.compared.setText("\n".join(comparison_words(found)))

    def card(self, model_id: str) -> ModelCard | None:
        """Return what is shown of a model."""
        return self._cards.get(model_id)

    def show_drift(self, report: DriftReport) -> None:
        """Show what the chosen model marked here, week by week."""
        while (item := self._drift.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._drift.addWidget(label(tr("Marks at this site, week by week"), "h2", "t0"))
        if not report.weeks:
            self._drift.addWidget(
                label(tr("This machine keeps no run of this version: they lie where the model runs."), "caption", "t2")
            )
            return
        if report.limits is None:
            words = tr("The evaluation states no limits.")
        elif report.alarm:
            words = tr("Not as measured: look at recent cases before relying on it")
        else:
            words = tr("As measured")
        self._drift.addWidget(label(words, "caption", "warn" if report.alarm else "t2", wrap=True))
        if report.psi is not None:
            words = tr("Shift of scores against the first weeks (PSI): {value}", value=f"{report.psi:.2f}")
            self._drift.addWidget(label(words, "caption", "t2"))
        self._drift.addWidget(DriftPlot(report))

    def _picked(self, item: QListWidgetItem | None) -> None:
        model_id = "" if item is None else str(item.data(_UID))
        self.gates.setText("")
        self.compared.setText("")
        self._show_card(model_id)
        if model_id:
            self.chosen.emit(model_id)

    def _show_card(self, model_id: str) -> None:
        card = self._cards.get(model_id)
        self.said = []
        body = QWidget()
        column = QVBoxLayout(body)
        column.setSpacing(6)
        if card is not None:
            self._fill(column, card)
        column.addStretch(1)
        self._scroll.setWidget(body)
        role = self._choice.role(model_id)
        self._name_activation(card, role)
        self.shadow.set_text(tr("End the shadow") if role is ModelRole.SHADOW else tr("Run in the shadow"))
        for button in (self.activate, self.shadow, self.compare, self.export, self.remove):
            button.setVisible(card is not None)
        marking = self._marking
        self.compare.setVisible(card is not None and marking is not None and card is not marking)
        self.shadow.setVisible(card is not None and (card is not marking or role is ModelRole.SHADOW))
        self.remove.setVisible(card is not None and card is not marking and role is ModelRole.OFF)

    def _name_activation(self, card: ModelCard | None, role: ModelRole) -> None:
        """Offer what would change: a model that marks unchosen can only be held, whatever ships later."""
        marks = card is not None and card is self._marking
        words, icon = tr("Use on this machine"), "check"
        if role is ModelRole.ACTIVE:
            words = tr("Back to the built-in model")
        elif marks:
            words, icon = tr("Keep in use"), "lock"
        self.activate.set_text(words, icon)
        self.activate.show_kind("secondary" if marks else "accept")
        if self._may_change:
            self.activate.setToolTip(words)

    def _identity(self, card: ModelCard) -> list[tuple[str, str, str]]:
        """Return which model it is in words, type role and tone: first the name that stands beside its findings."""
        title = [] if card.title == card.model_id else [(card.title, "body", "t1")]
        facts = f"{tr('Licence')} {card.licence} · {tr('threshold {value}', value=f'{card.threshold:.2f}')}"
        return [
            (f"{card.model_id} {card.version}", "h1", "t0"),
            *title,
            (self.state_words(card), "caption", "warn" if card.fault or card.research else "t2"),
            (facts, "caption", "t2"),
            (f"SHA-256 {' '.join(wrap(card.sha256, _DIGITS))}", "caption", "t2"),
        ]

    def _curve(self, column: QVBoxLayout, curve: FrocCurve) -> None:
        lines = curve_words(curve)
        self.said += lines
        for words in lines:
            column.addWidget(label(words, "caption", "t2", wrap=True))
        column.addWidget(FrocPlot(curve))

    def _fill(self, column: QVBoxLayout, card: ModelCard) -> None:
        def say(words: str, role: str = "body", tone: str = "t1") -> None:
            self.said.append(words)
            column.addWidget(label(words, role, tone, wrap=True))

        for words, role, tone in self._identity(card):
            say(words, role, tone)
        if card.intended_use:
            say(tr("Intended use"), "h2", "t0")
            say(card.intended_use)
        for line in card.contraindications:
            say(f"· {line}", "body", "warn")
        if card.froc is not None:
            say(tr("Sensitivity by false marks a scan"), "h2", "t0")
            self._curve(column, card.froc)
        self._drift = QVBoxLayout()
        column.addLayout(self._drift)
        for caption, lines in (
            (tr("Measured"), [f"{name}: {figure}" for name, figure in card.figures]),
            (tr("Known limits"), list(card.limits)),
        ):
            if lines:
                say(caption, "h2", "t0")
                for line in lines:
                    say(f"· {line}")
        if card.card:
            column.addWidget(rule())
            say(_whose_words(card), "caption", "t2")
            self.said.append(card.card)
            column.addWidget(DocumentView(card.card))

    # asking

    def _switch(self) -> None:
        if self._role is ModelRole.ACTIVE:
            self.own_requested.emit()
        else:
            self.activate_requested.emit(self.current)

    def _turn(self) -> None:
        (self.own_requested if self._choice.off else self.off_requested).emit()

    def _ask_import(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(self, tr("Import a model…"), "", "*.zip manifest.json")
        if name:
            path = Path(name)
            self.import_requested.emit(path.parent if path.name == "manifest.json" else path)

    def _ask_export(self) -> None:
        name, _kind = QFileDialog.getSaveFileName(self, tr("Export…"), f"{self.current}.zip", "*.zip")
        if name:
            self.export_requested.emit(self.current, Path(name))

    def refresh(self) -> None:
        """Read the installed models anew (F5)."""
        self.refresh_requested.emit()

    def close_page(self) -> None:
        """End what is being tried out: closing the window waits for no trial run."""
        self.going_away.emit()


def _with_title(card: ModelCard, words: str) -> str:
    """Return words behind the title, where it says more than the name that stands beside the model's findings."""
    return words if card.title == card.model_id else f"{card.title} · {words}"


def _whose_words(card: ModelCard) -> str:
    """Return what stands above the maker's own card, and that it is not in the language of the window."""
    words = tr("The model's own card, in the words of its maker")
    return tr("{words}; it has none in this language", words=words) if is_untranslated(card.card) else words
