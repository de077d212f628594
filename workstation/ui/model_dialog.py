"""What the model behind the marks can and cannot do, one click away from them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import ModelCard
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.labels import label


class ModelDialog(Dialog):
    """Figures and limits of a model; ``show_card`` fills it when the card is here."""

    def __init__(self, parent: QWidget, algorithm: AlgorithmIdentity) -> None:
        super().__init__(parent, f"{algorithm.name} {algorithm.version}", icon="robot", tone="ai")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.warning = label(
            tr("Not clinically validated, not a registered device. The physician decides."), "body", "warn", wrap=True
        )
        self.body.addWidget(self.warning)
        self._said: list[str] = []
        self._facts = QVBoxLayout()
        self._facts.setSpacing(4)
        self.body.addLayout(self._facts)
        self._line(f"SHA-256 {algorithm.sha256}", "caption", "t2")
        self.set_primary(tr("Close"))

    def show_card(self, card: ModelCard | None) -> None:
        """Show figures and limits, or say that this machine does not have the model."""
        if card is None:
            self._line(tr("This machine does not have the model; ask the administrator for its card."))
            return
        self._line(card.title, "h2", "t0")
        if card.intended_use:
            self._line(tr("Intended use"), "caption", "t2")
            self._line(card.intended_use)
        for refused in card.contraindications:
            self._line(f"· {refused}", "body", "warn")
        if card.limits:
            self._line(tr("Known limits"), "caption", "t2")
            for limit in card.limits:
                self._line(f"· {limit}")
        if card.figures:
            self._line(tr("Measured"), "caption", "t2")
            for name, figure in card.figures:
                self._line(f"· {name}: {figure}")
        self.adjustSize()

    def texts(self) -> list[str]:
        """Return what is said, for whoever reads aloud."""
        return list(self._said)

    def _line(self, words: str, role: str = "body", tone: str = "t1") -> None:
        self._said.append(words)
        self._facts.addWidget(label(words, role, tone, wrap=True))
