"""The line above the form: which template, which categories, what is critical."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from resources.categories import category_name, scheme_name
from resources.translation import language, tr
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.ui import paint
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.labels import ElidedLabel, icon_label, rule


class ReportToolBar(QWidget):
    """Shows and asks; rows are made again only when something changed."""

    template_requested = Signal()
    category_requested = Signal(str)
    category_dropped = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        line = QHBoxLayout()
        line.setContentsMargins(16, 6, 8, 6)
        line.setSpacing(4)
        self.title = ElidedLabel("", "caption", "t2")
        line.addWidget(self.title, 1)
        self.template = Button(tr("Template…"), "ghost", small=True)
        self.template.clicked.connect(self.template_requested)
        line.addWidget(self.template)
        self._offers = QHBoxLayout()
        self._offers.setSpacing(4)
        line.addLayout(self._offers)
        column.addLayout(line)
        self._line = line
        self._second = QHBoxLayout()
        self._second.setContentsMargins(16, 0, 8, 6)
        self._second.addStretch(1)
        column.addLayout(self._second)
        self._is_stacked = False
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(16, 0, 8, 6)
        self._rows.setSpacing(4)
        column.addLayout(self._rows)
        column.addWidget(rule())
        self.offers: dict[str, Button] = {}
        self._shown: tuple[object, ...] | None = None
        self._lines: list[str] = []

    def show_report(
        self,
        title: str,
        offers: Sequence[tuple[str, str]],
        categories: Sequence[AssignedCategory],
        critical: Sequence[str],
        *,
        outdated: frozenset[Scheme],
        read_only: bool,
    ) -> None:
        """
        Show the template's title, the tables it offers as (scheme, name), what was chosen and what is critical.

        ``outdated`` are the tables whose category was computed from other findings than those of now.
        """
        shown = (title, tuple(offers), tuple(categories), tuple(critical), outdated, read_only)
        if shown == self._shown:
            return
        self._shown = shown
        self.title.show_text(title)
        self.template.setVisible(not read_only)
        self._show_offers(() if read_only else offers)
        _clear(self._rows)
        self._lines = []
        for category in categories:
            self._rows.addWidget(
                self._category_row(category, is_outdated=category.result.scheme in outdated, read_only=read_only)
            )
        for text in critical:
            self._add_line(QHBoxLayout(), "alarm-warning", "bad", tr("Critical value: {what}", what=text))

    def lines(self) -> list[str]:
        """Return the chosen categories and critical values as they are shown."""
        return self._lines

    def pop_up(self, menu: QMenu) -> None:
        """Show a menu below the template button."""
        menu.popup(self.template.mapToGlobal(QPoint(0, self.template.height())))

    def _show_offers(self, offers: Sequence[tuple[str, str]]) -> None:
        _clear(self._offers)
        self.offers = {}
        for scheme, name in offers:
            button = Button(name, "ghost", small=True)
            button.setToolTip(tr("Classify by {table}", table=name))
            button.clicked.connect(lambda _on=False, scheme=scheme: self.category_requested.emit(scheme))
            self._offers.addWidget(button)
            self.offers[scheme] = button

        self._arrange()

    def _arrange(self) -> None:
        """Put the tables into a line of their own where the template's name would be cut beside them."""
        name = paint.metrics("caption").horizontalAdvance(self.title.text().partition(" · ")[0])
        buttons = [self.template, *self.offers.values()]
        taken = sum(one.sizeHint().width() + 4 for one in buttons) + 24
        stacked = bool(self.offers) and self.width() < name + 24 + taken
        if stacked != self._is_stacked:
            self._is_stacked = stacked
            here, there = (self._line, self._second) if stacked else (self._second, self._line)
            here.removeItem(self._offers)
            self._offers.setParent(None)
            there.addLayout(self._offers)
        self._second.setContentsMargins(16, 0, 8, 6 if stacked else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the template's name its room."""
        super().resizeEvent(event)
        self._arrange()

    def _category_row(self, category: AssignedCategory, *, is_outdated: bool, read_only: bool) -> QWidget:
        scheme = category.result.scheme
        chosen, *modifiers = category.chosen.split(" ")
        words = " ".join((category_name(scheme, chosen, language()), *modifiers))
        row = QHBoxLayout()
        name = f"{scheme_name(scheme, language())} {words}"
        if is_outdated:
            text = f"{name} · {tr('findings changed since')} · {category.rule_text}"
            host = self._add_line(row, "error-warning", "warn", text)
        else:
            host = self._add_line(row, "check", "ok", f"{name} · {category.rule_text}")
        if not read_only:
            drop = IconButton("close", tr("Remove the category"), px=14, side=24)
            drop.clicked.connect(lambda: self.category_dropped.emit(scheme.value))
            row.addWidget(drop)
        return host

    def _add_line(self, row: QHBoxLayout, icon: str, tone: str, text: str) -> QWidget:
        host = QWidget()
        host.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(icon_label(icon, tone, 14))
        words = ElidedLabel(text, "body", "bad" if tone == "bad" else "t0")
        words.setToolTip(text)
        row.addWidget(words, 1)
        self._lines.append(text)
        self._rows.addWidget(host)
        return host


def _clear(layout: QHBoxLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
