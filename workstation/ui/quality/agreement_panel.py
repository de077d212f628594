"""Agreement of blind double readings: kappa with its interval, the table, and the cases behind it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resources.categories import scheme_name
from resources.translation import language, tr, trn
from workstation.domain.categories.values import Scheme
from workstation.domain.quality import DoubleReadingFigures, SchemeFigures
from workstation.ui.quality.matrix import AgreementMatrix
from workstation.ui.quality.tables import FigureTable
from workstation.ui.quality.words import kappa_words, outcome_words
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import Panel, label


class AgreementPanel(Panel):
    """One scheme at a time; a field of the table narrows the cases to its own."""

    def __init__(self) -> None:
        super().__init__(tr("Agreement of blind double readings"))
        self.scheme = ChoiceBox()
        self.scheme.setAccessibleName(tr("Category scheme"))
        self.scheme.setMinimumWidth(150)
        self.scheme.currentIndexChanged.connect(lambda _at: self._show_scheme())
        self.header.addWidget(self.scheme)
        self.kappa = label("", "h2", "t0", wrap=True)
        self.note = label("", "caption", "t2", wrap=True)
        self.matrix = AgreementMatrix()
        self.matrix.picked.connect(self._pick)
        titles = (tr("Case"), tr("First"), tr("Second"), tr("Readers"), tr("Outcome"), tr("Hospital"), tr("Day"))
        self.cases = FigureTable(titles, name=tr("Cases behind the agreement"), stretch=3, most_rows=9)
        self.body.addWidget(self.kappa)
        self.body.addWidget(self.note)
        self._below = QWidget()
        row = QHBoxLayout(self._below)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        left = QVBoxLayout()
        left.addWidget(self.matrix)
        left.addStretch(1)
        row.addLayout(left)
        row.addWidget(self.cases, 1, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self._below)
        self.body.addStretch(1)
        self._schemes: tuple[SchemeFigures, ...] = ()

    def show_figures(self, figures: DoubleReadingFigures) -> None:
        """Show every scheme that has pairs; the chosen one stays chosen."""
        self._schemes = figures.schemes
        chosen = self.scheme.currentData()
        self.scheme.blockSignals(True)
        self.scheme.clear()
        for one in figures.schemes:
            self.scheme.addItem(scheme_words(one.scheme), one.scheme)
        self.scheme.setCurrentIndex(max(0, self.scheme.findData(chosen)) if figures.schemes else -1)
        self.scheme.blockSignals(False)
        self.scheme.setVisible(bool(figures.schemes))
        total = figures.agreed.total
        words = trn("{count} concluded double reading", "{count} concluded double readings", total)
        arbitrated = tr("{count} went to a third reader", count=total - figures.agreed.count)
        unrated = tr("{count} without a category in common, in no kappa", count=figures.unrated)
        self.note.setText(f"{words} · {arbitrated} · {unrated}")
        self._show_scheme()

    @property
    def _shown(self) -> SchemeFigures | None:
        return next((one for one in self._schemes if one.scheme == self.scheme.currentData()), None)

    def _show_scheme(self) -> None:
        shown = self._shown
        self._below.setVisible(shown is not None)
        if shown is None:
            self.kappa.setText(tr("No double reading with a category in this period"))
            return
        self.kappa.setText(kappa_words(shown))
        self.matrix.show_figures(shown)
        self._pick("", "")

    def _pick(self, row: str, column: str) -> None:
        shown = self._shown
        if shown is None:
            return
        pairs = [pair for pair in shown.pairs if not row or (pair.first, pair.second) == (row, column)]
        self.cases.show_rows(
            [
                (
                    pair.case,
                    pair.first,
                    pair.second,
                    f"{pair.first_reader} / {pair.second_reader}",
                    outcome_words(pair.state),
                    pair.site,
                    f"{pair.at.astimezone():%Y-%m-%d}",
                )
                for pair in sorted(pairs, key=lambda pair: (pair.first == pair.second, pair.at))
            ]
        )


def scheme_words(key: str) -> str:
    """Return the name of a scheme; one that this version does not know by its key."""
    return scheme_name(Scheme(key), language()) if key in set(Scheme) else key
