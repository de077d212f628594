"""Period, hospital, reader and modality: what the figures are asked about."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.quality import Choice
from workstation.ui.quality.periods import Period, period_words
from workstation.ui.theme import current_theme
from workstation.ui.widgets.fields import ChoiceBox


class QualityFilters(QWidget):
    """``changed`` when a person chose another; what the hub offers comes with its answer."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(current_theme().px("filter.bar"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        self.period, self.site, self.reader, self.modality = (ChoiceBox() for _ in range(4))
        for period in Period:
            self.period.addItem(period_words(period), period)
        self.period.setCurrentIndex(list(Period).index(Period.DAYS_90))
        names = (tr("Period"), tr("Hospital"), tr("Reader"), tr("Modality"))
        self._all = (tr("All hospitals"), tr("All readers"), tr("All modalities"))
        for box, name in zip((self.period, *self._choices), names, strict=True):
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToContents)
            box.setMinimumWidth(140)
            box.setMaximumWidth(260)
            row.addWidget(box)
        row.addStretch(1)
        for box, words in zip(self._choices, self._all, strict=True):
            box.addItem(words, "")
        for box in (self.period, *self._choices):
            box.activated.connect(lambda _at: self.changed.emit())

    @property
    def _choices(self) -> tuple[ChoiceBox, ChoiceBox, ChoiceBox]:
        return self.site, self.reader, self.modality

    @property
    def chosen(self) -> tuple[Period, str, str, str]:
        """Return period, site, reader and modality; empty means all."""
        site, reader, modality = (str(box.currentData() or "") for box in self._choices)
        return Period(self.period.currentData()), site, reader, modality

    def offer(self, sites: Sequence[Choice], readers: Sequence[Choice], modalities: Sequence[Choice]) -> None:
        """Offer what the hub knows; what was chosen stays chosen."""
        for box, words, choices in zip(self._choices, self._all, (sites, readers, modalities), strict=True):
            wanted = [("", words), *((choice.key, choice.name) for choice in choices)]
            if [(box.itemData(at), box.itemText(at)) for at in range(box.count())] == wanted:
                continue
            chosen = str(box.currentData() or "")
            box.clear()
            for key, name in wanted:
                box.addItem(name, key)
            box.setCurrentIndex(max(0, box.findData(chosen)))
