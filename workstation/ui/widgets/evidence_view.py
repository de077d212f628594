"""The evidence of one finding below its card: measured values and look-alikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.services.explain_service import Explained
from workstation.ui.evidence_words import evidence_rows, look_alike_line
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import label, rule

_HEIGHT: Final = 190


class EvidenceView(QWidget):
    """Says that it measures, then what was measured, or why nothing could be."""

    def __init__(self, uid: str) -> None:
        super().__init__()
        self.tracking_uid = uid
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 0, 8, 4)
        self._column.setSpacing(4)
        self._body = QWidget()
        self._column.addWidget(self._body)
        self.said: list[str] = []
        self.show_message(tr("Measuring…"))

    def show_message(self, words: str) -> None:
        """Show one sentence instead of values."""
        column = self._anew()
        column.addWidget(self._say(words, "caption", "t2"), 0, 0)

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> QGridLayout:
        """Show a table of captions and values; returns it for what stands below."""
        grid = self._anew()
        for at, (caption, value) in enumerate(rows):
            grid.addWidget(self._say(caption, "caption", "t2"), at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._say(value, "body", "t1"), at, 1)
        return grid

    def show_explained(self, explained: Explained) -> None:
        """Show the table and the look-alikes."""
        grid = self.show_rows(evidence_rows(explained.evidence))
        if not explained.alike:
            return
        row = grid.rowCount()
        grid.addWidget(rule(), row, 0, 1, 2)
        head = tr("Most alike in LIDC-IDRI by measured features; readers' opinion, not pathology")
        grid.addWidget(self._say(head, "caption", "t2"), row + 1, 0, 1, 2)
        for at, alike in enumerate(explained.alike):
            grid.addWidget(self._say(look_alike_line(alike), "caption", "t1"), row + 2 + at, 0, 1, 2)

    def _anew(self) -> QGridLayout:
        self.said = []
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._column.replaceWidget(self._body, body)
        self._body.hide()
        self._body.deleteLater()
        self._body = body
        return grid

    def _say(self, words: str, role: str, tone: str) -> QWidget:
        self.said.append(words)
        return label(words, role, tone, wrap=True)


class EvidencePane(QWidget):
    """Below the cards: the evidence of the finding that was asked about, and the maps of the model."""

    heat_asked = Signal()
    occlusion_asked = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.view = EvidenceView("")
        self._title = label("", "h2", "t0")
        self._offer, self._busy = tr("Heat map"), False
        self.heat = Button(tr("Heat map"), "ghost", icon="fire", small=True)
        self.heat.setToolTip(tr("Show where the model sees something; again to stop or to take it away"))
        self.heat.clicked.connect(self.heat_asked)
        self.occlusion = Button(tr("Occlusion map"), "ghost", icon="fire", small=True)
        self.occlusion.setToolTip(
            tr("Show where covering lowers the network's heat at this mark; again to stop or to take it away")
        )
        self.occlusion.clicked.connect(self.occlusion_asked)
        close = Button("", "ghost", icon="close", small=True)
        close.setToolTip(tr("Close"))
        close.setAccessibleName(tr("Close"))
        close.clicked.connect(self.closed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(rule())
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 4, 4)
        row.addWidget(self._title, 1)
        row.addWidget(close)
        column.addLayout(row)
        maps = QHBoxLayout()
        maps.setContentsMargins(4, 0, 4, 4)
        maps.setSpacing(4)
        maps.addWidget(self.heat)
        maps.addWidget(self.occlusion)
        maps.addStretch(1)
        column.addLayout(maps)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFixedHeight(_HEIGHT)
        self._scroll.setWidget(self.view)
        column.addWidget(self._scroll)
        self.hide()

    def start(
        self, tracking_uid: str, number: int, *, heat: bool, occlusion: bool = False, offer: str = ""
    ) -> EvidenceView:
        """
        Begin to show one finding; returns what is to be filled.

        ``heat`` and ``occlusion`` say which maps are offered, ``offer`` names the first, empty for the heat map.
        """
        self.view = EvidenceView(tracking_uid)
        self._scroll.setWidget(self.view)
        self._title.setText(tr("Evidence of finding {number}", number=number))
        self.heat.setVisible(heat)
        self.occlusion.setVisible(occlusion)
        self._offer = offer or tr("Heat map")
        if not self._busy:
            self.heat.set_text(self._offer, "fire")
        self.show()
        return self.view

    def show_occlusion(self, words: str) -> None:
        """Say how far the map of a mark is; empty for the plain offer."""
        self.occlusion.set_text(words or tr("Occlusion map"), "close" if words else "fire")

    def show_heat(self, words: str) -> None:
        """Say how far the heat map is; empty for the plain offer."""
        self._busy = bool(words)
        self.heat.set_text(words or self._offer, "close" if words else "fire")
