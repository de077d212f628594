"""Changing a finding in its card: size, type and lobe of one in the patient, the name of one on an image."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from resources.finding_names import finding_name, offered_labels
from resources.translation import language, tr
from workstation.domain.finding import Finding, Lobe, NoduleType
from workstation.domain.rejection import MarkedKind
from workstation.ui.finding_words import lobe_word, type_word
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import label

SIZE_LIMITS_MM: Final = (0.5, 200.0)


class FindingEditor(QWidget):
    """Size, type and lobe in place; Enter saves, Esc drops."""

    saved = Signal(object, object, object)
    cancelled = Signal()

    def __init__(self, finding: Finding, diameter_mm: float) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        self.diameter = SizeField(diameter_mm)
        self.nodule_type = ChoiceBox()
        for each in NoduleType:
            self.nodule_type.addItem(type_word(each), each)
        self.nodule_type.setCurrentIndex(list(NoduleType).index(finding.nodule_type))
        self.lobe = ChoiceBox()
        for lobe in Lobe:
            self.lobe.addItem(lobe_word(lobe), lobe)
        self.lobe.setCurrentIndex(list(Lobe).index(finding.lobe))
        for row, (words, widget) in enumerate(
            ((tr("Mean diameter"), self.diameter), (tr("Type"), self.nodule_type), (tr("Lobe"), self.lobe))
        ):
            widget.setAccessibleName(words)
            grid.addWidget(label(words, "caption", "t2"), row, 0)
            grid.addWidget(widget, row, 1)
        grid.setColumnStretch(1, 1)
        self.save = Button(tr("Keep"), "accept", icon="check", key="Return", small=True)
        self.cancel = Button(tr("Cancel"), "ghost", key="Esc", small=True)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.cancelled)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        grid.addLayout(buttons, 3, 0, 1, 2)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Return where Tab stops, in this order."""
        return self.diameter, self.nodule_type, self.lobe, self.cancel, self.save

    def _save(self) -> None:
        size = self.diameter.value()
        if size is None:
            self.diameter.say_wrong()
            return
        types, lobes = list(NoduleType), list(Lobe)
        self.saved.emit(size, types[self.nodule_type.currentIndex()], lobes[self.lobe.currentIndex()])

    def take_keys(self) -> None:
        """Let the keyboard write the size at once."""
        self.diameter.setFocus(Qt.FocusReason.OtherFocusReason)
        self.diameter.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save with Enter, drop with Esc."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._save()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)


class SizeField(QLineEdit):
    """A diameter in millimetres; takes a comma as well as a point."""

    def __init__(self, value_mm: float) -> None:
        super().__init__()
        self.setPlaceholderText("mm")
        self.setValue(value_mm)
        self.textEdited.connect(lambda _text: self._show_state(""))

    def setValue(self, value_mm: float) -> None:
        """Show a size."""
        self.setText(f"{value_mm:.1f} mm")

    def value(self) -> float | None:
        """Return the size, None for what is no size of a nodule."""
        text = self.text().strip().lower().removesuffix("mm").strip().replace(",", ".")
        try:
            size = float(text)
        except ValueError:
            return None
        return size if SIZE_LIMITS_MM[0] <= size <= SIZE_LIMITS_MM[1] else None

    def say_wrong(self) -> None:
        """Show that this is no size, and which sizes there are."""
        self._show_state("bad")
        low, high = SIZE_LIMITS_MM
        self.setToolTip(tr("A size from {low} to {high} mm", low=low, high=f"{high:.0f}"))

    def _show_state(self, state: str) -> None:
        if self.property("state") != state:
            self.setProperty("state", state)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setToolTip("")


class NameEditor(QWidget):
    """What a finding on an image is called; Enter saves, Esc drops."""

    saved = Signal(str)
    cancelled = Signal()

    def __init__(self, finding: Finding, kind: MarkedKind) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        offered = {MarkedKind.MAMMOGRAM: "mammogram", MarkedKind.WHOLE: "whole"}
        self.labels = list(offered_labels(offered.get(kind, "film")))
        if finding.called and finding.called not in self.labels:
            self.labels.insert(0, finding.called)
        self.choice = ChoiceBox()
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # long names widen no card
        self.choice.setAccessibleName(tr("What it is"))
        for name in self.labels:
            words = finding.name(language()) if name == finding.called else finding_name(name, language())
            self.choice.addItem(f"{words[:1].upper()}{words[1:]}", name)
        self.choice.setCurrentIndex(self.labels.index(finding.called) if finding.called else 0)
        column.addWidget(self.choice)
        self.save = Button(tr("Keep"), "accept", icon="check", key="Return", small=True)
        self.cancel = Button(tr("Cancel"), "ghost", key="Esc", small=True)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.cancelled)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        column.addLayout(buttons)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Return where Tab stops, in this order."""
        return self.choice, self.cancel, self.save

    def take_keys(self) -> None:
        """Let the keyboard choose at once."""
        self.choice.setFocus(Qt.FocusReason.OtherFocusReason)

    def _save(self) -> None:
        self.saved.emit(self.labels[self.choice.currentIndex()])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save with Enter, drop with Esc."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._save()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)
