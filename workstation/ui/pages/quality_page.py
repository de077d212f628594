"""The quality manager's page: figures of a period with the numbers behind them; too few cases are told as such."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.categories.values import Scheme
from workstation.domain.quality import QualityFigures, Share
from workstation.services.recognition_service import exception_words
from workstation.ui.pages.page import Page
from workstation.ui.quality.agreement_panel import AgreementPanel
from workstation.ui.quality.cards import FigureCard
from workstation.ui.quality.filters import QualityFilters
from workstation.ui.quality.policy_panel import PolicyPanel
from workstation.ui.quality.tables import FigureTable
from workstation.ui.quality.words import grade_words, missing_words, reason_words, rule_words, turnaround_cells
from workstation.ui.report.way_words import return_words
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import Panel, label
from workstation.ui.widgets.page_header import PageHeader
from workstation.ui.widgets.worklist_words import priority_word

_WIDE_FROM: Final = 1500
_MOST_COLUMNS: Final = 8


class QualityPage(Page):
    """Shows and asks; the presenter does."""

    asked = Signal()
    export_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        header = PageHeader(tr("Quality"))
        self.told = label("", "body", "t2")
        header.row.addWidget(self.told)
        header.row.addStretch(1)
        self.export = Button(tr("Save as a table…"), "secondary", icon="download", small=True)
        self.export.clicked.connect(self.export_requested)
        header.row.addWidget(self.export)
        again = Button(tr("Refresh"), "secondary", icon="refresh", small=True, key="F5")
        again.clicked.connect(self.asked)
        header.row.addWidget(again)
        self.add_header(header)
        self.filters = QualityFilters()
        self.filters.changed.connect(self.asked)
        self.column.addWidget(self.filters)
        self.figures: QualityFigures | None = None
        self._cards = self._make_cards()
        self.agreement, self.policy = AgreementPanel(), PolicyPanel()
        self.rules, self.turnaround, self.returns, self.images, self.repeats = _tables()
        self._no_rules = label(tr("The norm gate held nothing up"), "body", "t2")
        self._panels = (
            self.agreement,
            _panel(tr("Norm gate by rule"), self.rules, self._no_rules),
            _panel(tr("From the request to the signature"), self.turnaround,
                   label(tr("From the arrival of the request at the hub; in time means by its due time."), "caption",
                         "t2", wrap=True)),
            _panel(tr("Why reports were returned"), self.returns),
            _panel(tr("Image grades"), self.images),
            _panel(tr("Repeated in spite of a recognised result"), self.repeats),
            self.policy,
            _panel(tr("How indicators 6 and 7 are counted"), label(_definition(), "caption", "t2", wrap=True)),
        )  # fmt: skip
        self.column.addWidget(self._scrolled(), 1)
        self.export.enable(False, tr("There are no figures yet"))

    def _make_cards(self) -> dict[str, FigureCard]:
        cards = {
            "norm": FigureCard(tr("Reports signed without a fault (indicator 3)")),
            "critical": FigureCard(tr("Critical values notified within 10 minutes (indicator 4)")),
            "returned": FigureCard(tr("Reports returned to their author")),
            "double": FigureCard(tr("Double readings that agreed")),
            "graded": FigureCard(tr("Studies with an image grade")),
            "artefacts": FigureCard(tr("CT and MR with artefacts, of the graded (indicator 1)")),
            Scheme.PI_RADS.value: FigureCard(tr("Prostate MR with a PI-RADS category (indicator 6)")),
            Scheme.BI_RADS.value: FigureCard(tr("Mammograms with a BI-RADS category (indicator 7)")),
        }
        for scheme in (Scheme.PI_RADS, Scheme.BI_RADS):
            cards[scheme.value].setToolTip(_definition())
        return cards

    def _scrolled(self) -> QScrollArea:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 0, 8, 8)
        column.setSpacing(8)
        self._card_grid, self._grid = QGridLayout(), QGridLayout()
        for grid in (self._card_grid, self._grid):
            grid.setSpacing(8)
            column.addLayout(grid)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self._wide: bool | None = None
        self._lay_out(wide=False)
        return area

    def _lay_out(self, *, wide: bool) -> None:
        if wide == self._wide:
            return
        self._wide = wide
        per_row = 8 if wide else 4
        for at, card in enumerate(self._cards.values()):
            self._card_grid.addWidget(card, at // per_row, at % per_row)
        for grid, used in ((self._card_grid, per_row), (self._grid, 6)):
            for column in range(_MOST_COLUMNS):
                grid.setColumnStretch(column, int(column < used))
        places = (
            ((0, 0, 4), (0, 4, 2), (1, 0, 2), (1, 2, 2), (1, 4, 2), (2, 0, 3), (2, 3, 3), (3, 0, 6))
            if wide
            else ((0, 0, 6), (1, 0, 6), (2, 0, 6), (3, 0, 3), (3, 3, 3), (4, 0, 3), (4, 3, 3), (5, 0, 6))
        )
        for panel, (row, column, span) in zip(self._panels, places, strict=True):
            self._grid.addWidget(panel, row, column, 1, span)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the panels side by side where there is room."""
        super().resizeEvent(event)
        self._lay_out(wide=self.width() >= _WIDE_FROM)

    def show_figures(self, figures: QualityFigures) -> None:
        """Show the figures of a period."""
        self.figures = figures
        self.filters.offer(figures.sites, figures.readers, figures.modalities)
        critical, grades = figures.critical, figures.grades
        last = figures.query.until.astimezone() - timedelta(days=1)
        self.told.setText(f"{figures.query.since.astimezone():%Y-%m-%d} – {last:%Y-%m-%d}")
        self._cards["norm"].show_share(figures.norm.clean)
        self._cards["critical"].show_share(Share(critical.in_time, critical.total), missing_words(critical))
        self._cards["returned"].show_share(figures.returned)
        self._cards["double"].show_share(figures.double.agreed)
        self._cards["graded"].show_share(grades.graded)
        self._cards["artefacts"].show_share(grades.artefacts)
        for rate in figures.rads:
            words = tr("{count} more in words only", count=rate.in_words) if rate.in_words else ""
            self._cards[rate.scheme].show_share(rate.classified, words)
        self.agreement.show_figures(figures.double)
        self._fill_tables(figures)
        self.export.enable(True)

    def _fill_tables(self, figures: QualityFigures) -> None:
        rules = figures.norm.rules
        self.rules.show_rows(
            [
                (
                    rule_words(rule.rule),
                    str(rule.held),
                    str(rule.overridden),
                    "; ".join(f"{reason.words} ×{reason.count}" for reason in rule.reasons) or "—",
                )
                for rule in rules
            ]
        )
        self.rules.setVisible(bool(rules))
        self._no_rules.setVisible(not rules)
        self.turnaround.show_rows([(priority_word(one.priority), *turnaround_cells(one)) for one in figures.turnaround])
        uncoded = tr("In words only, without a code")
        codes = [
            (return_words(one.code) if one.code is not None else uncoded, str(one.count))
            for one in figures.return_codes
        ]
        self.returns.show_rows(codes or [(tr("None"), "0")])
        grades = [(grade_words(one.grade), str(one.count)) for one in figures.grades.grades]
        lacks = [(tr("Lacks: {reason}", reason=reason_words(one.reason)), str(one.count))
                 for one in figures.grades.reasons]  # fmt: skip
        self.images.show_rows([*grades, *lacks])
        self.repeats.show_rows(
            [
                (exception_words(one.exception) if one.exception else tr("Not answered yet"), str(one.count))
                for one in figures.repeats
            ]
            or [(tr("None"), "0")]
        )

    def card(self, key: str) -> FigureCard:
        """Return one card."""
        return self._cards[key]

    def refresh(self) -> None:
        """Fetch anew (F5)."""
        self.asked.emit()


def _definition() -> str:
    return tr(
        "Counted: studies signed in the period, each once by its last report, without addenda and what was withdrawn. "
        "Indicator 6: MR whose description or template names the prostate, and any MR with PI-RADS. Indicator 7: "
        "mammograms (MG). Numerator: a coded category, in the form or for a side; one in words only is told beside. "
        "Source: quality indicators for radiology, 2024 edition (国卫办医政函〔2024〕150号, annex 4), as quoted by "
        "others; the original text was not at hand."
    )


def _tables() -> tuple[FigureTable, ...]:
    reason, number = tr("Reason"), tr("Count")
    return (
        FigureTable((tr("Rule"), tr("Held up"), tr("Overridden"), tr("Reasons given")), name=tr("Norm gate by rule"),
                    stretch=3, numbers=(1, 2)),
        FigureTable((tr("Priority"), tr("Reports"), tr("Median"), tr("90th percentile"), tr("In time")),
                    name=tr("From the request to the signature"), stretch=0, numbers=(1, 2, 3, 4)),
        FigureTable((reason, number), name=tr("Why reports were returned"), stretch=0, numbers=(1,)),
        FigureTable((tr("Grade"), number), name=tr("Image grades"), stretch=0, numbers=(1,)),
        FigureTable((reason, number), name=tr("Repeated in spite of a recognised result"), stretch=0, numbers=(1,)),
    )  # fmt: skip


def _panel(title: str, *parts: QWidget) -> Panel:
    panel = Panel(title)
    for part in parts:
        panel.body.addWidget(part)
    panel.body.addStretch(1)
    return panel
