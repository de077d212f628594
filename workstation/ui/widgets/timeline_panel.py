"""What became of a report: signed, stored, sent, received, acknowledged; newest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.dispatch import TimelineEvent
from workstation.ui.dispatch_words import moment, shown_detail, step_words
from workstation.ui.widgets.labels import icon_label, label

_MOST_SHOWN = 40
_LINE_PX = 22
_SIDE_PX = 12
_TALLEST_LINES = 6


class TimelinePanel(QScrollArea):
    """A few lines high at most; scrolls to what happened last. Hidden while there is nothing to tell."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("What became of the report"))
        self.said: tuple[str, ...] = ()
        self._head = label(tr("What became of the report"), "caption", "t3")
        self._head.setParent(self)
        self.setViewportMargins(0, _LINE_PX, 0, 0)  # the heading stays where the lines roll under it
        self.hide()

    def show_events(self, events: Sequence[TimelineEvent]) -> None:
        """Replace what is shown; nothing hides the panel."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(_SIDE_PX, 6, _SIDE_PX, 6)
        column.setSpacing(2)
        said = []
        for event in events[-_MOST_SHOWN:]:
            words, tone, icon = step_words(event)
            detail = shown_detail(event)
            whole = f"{words} · {detail}" if detail else words
            said.append(whole)
            line = QHBoxLayout()
            line.setSpacing(4)
            line.addWidget(icon_label(icon, tone, 14), 0, Qt.AlignmentFlag.AlignTop)
            # with a Chinese space the time stands on one line with Chinese words, which are set lower
            line.addWidget(label(f"{moment(event.at)}\u3000", "caption", "t2"), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(label(whole, "caption", tone if tone in {"warn", "bad"} else "t1", wrap=True), 1)
            column.addLayout(line)
        column.addStretch(1)
        self.said = tuple(said)
        self.setWidget(inner)
        self.setFixedHeight(12 + _LINE_PX * (1 + min(max(len(said), 1), _TALLEST_LINES)))
        self.setVisible(bool(said))
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(lambda _least, most: bar.setValue(most))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the heading above the lines."""
        super().resizeEvent(event)
        self._head.setGeometry(_SIDE_PX, 0, max(0, self.width() - 2 * _SIDE_PX), _LINE_PX)

    def sizeHint(self) -> QSize:
        """Return the height of the lines that are shown at once."""
        return QSize(240, self.height())
