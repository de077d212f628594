"""The form of one hanging protocol: name, when it is meant, and what stands in the cells of its stages."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resources.translation import CHINESE, ENGLISH, tr
from viewers.scene.presets import CT_PRESETS, preset_title
from workstation.domain.hanging import MAX_CELLS_ACROSS, HangingProtocol, ProtocolMatch, Stage
from workstation.domain.hanging_cells import Cell, CellOverlay, CellView, ChestWall, ImageSelector
from workstation.domain.search_pattern import PatternTooCostly
from workstation.ui.hanging_words import protocol_title, stage_title
from workstation.ui.overlay_row import OverlayRow
from workstation.ui.widgets.fields import ChoiceBox, NumberBox
from workstation.ui.widgets.labels import label

_MODALITY, _SIDE, _VIEW, _DESCRIPTION, _PRIOR, _NUMBER, _SHOWN, _WINDOW, _WALL = range(9)
_CAPTION_PX, _CHECK_DOWN_PX = 16, 4
_ANY_AGE = -1
"""Days of a prior whose age does not matter; 0 is one of the same day."""


class HangingForm(QWidget):
    """Edits a copy; ``value`` returns it, or raises ValueError with the sentence for the person."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._protocol: HangingProtocol | None = None
        self._stages: list[Stage] = []
        self._at = 0
        self._showing = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.name = QLineEdit()
        self.priority = NumberBox()
        self.priority.setRange(-1000, 1000)
        self.modalities, self.body_parts = QLineEdit(), QLineEdit()
        self.sides, self.views = QLineEdit(), QLineEdit()
        self.needs_prior = QCheckBox(tr("only with a prior"))
        self.max_days = NumberBox()
        self.max_days.setRange(_ANY_AGE, 36525)
        self.max_days.setSpecialValueText(tr("of any age"))
        self.max_days.setSuffix(tr(" days old at most"))
        column.addLayout(_row((tr("Name"), self.name, 3), (tr("Priority"), self.priority, 1)))
        self.exact = QCheckBox(tr("exactly these"))
        self.exact.setToolTip(
            "\n".join((
                tr("The study has all of these modalities, sides, views and body part words, and no other images"),
                tr("Without body part words: nothing in the study names a part of the body"),
            ))
        )  # fmt: skip
        column.addLayout(_row((tr("Modalities"), self.modalities, 1), (tr("Body part words"), self.body_parts, 2),
                              ("", self.exact, 0)))  # fmt: skip
        column.addLayout(_row((tr("Sides"), self.sides, 1), (tr("Mammographic views"), self.views, 1),
                              ("", self.needs_prior, 1), (tr("Age of the prior"), self.max_days, 1)))  # fmt: skip
        self.stage = ChoiceBox()
        self.stage.setAccessibleName(tr("Stage"))
        self.stage_name = QLineEdit()
        self.rows, self.columns = NumberBox(), NumberBox()
        for box in (self.rows, self.columns):
            box.setRange(1, MAX_CELLS_ACROSS)
        self.same_scale = QCheckBox(tr("same scale"))
        self.linked = QCheckBox(tr("linked"))
        column.addLayout(_row((tr("Stage"), self.stage, 2), (tr("Name of the stage"), self.stage_name, 2),
                              (tr("Rows"), self.rows, 0), (tr("Columns"), self.columns, 0),
                              ("", self.same_scale, 0), ("", self.linked, 0)))  # fmt: skip
        self.table = QTableWidget(0, 9)
        self.table.setMinimumHeight(176)
        self.table.verticalHeader().setDefaultSectionSize(32)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setHorizontalHeaderLabels(
            [tr("Modality"), tr("Side"), tr("View"), tr("Description"), tr("Prior"), tr("Which one"), tr("Shown as"),
             tr("Window"), tr("Chest wall")]
        )  # fmt: skip
        if (which := self.table.horizontalHeaderItem(_NUMBER)) is not None:
            which.setToolTip(
                tr("Which of the series that fit; behind a dot its clip (2.3), behind a slash its image (1/2)")
            )
        column.addWidget(self.table, 1)
        self.overlay = OverlayRow()
        column.addWidget(self.overlay)
        self._wire()

    def _wire(self) -> None:
        for edit in (self.name, self.modalities, self.body_parts, self.sides, self.views, self.stage_name):
            edit.textEdited.connect(self._touched)
        for box in (self.priority, self.max_days):
            box.valueChanged.connect(self._touched)
        for check in (self.needs_prior, self.exact, self.same_scale, self.linked):
            check.clicked.connect(self._touched)
        self.rows.valueChanged.connect(self._resize)
        self.columns.valueChanged.connect(self._resize)
        self.stage.activated.connect(self._choose_stage)
        self.table.itemChanged.connect(self._touched)
        self.table.currentCellChanged.connect(lambda row, *_: self._show_overlay(row))
        self.overlay.edited.connect(self._keep_overlay)

    def _touched(self) -> None:
        if not self._showing:
            self.edited.emit()

    # showing

    def show_protocol(self, protocol: HangingProtocol) -> None:
        """Show a protocol for editing."""
        self._showing = True
        self._protocol, self._stages, self._at = protocol, list(protocol.stages), 0
        match = protocol.match
        self.name.setText(protocol_title(protocol))
        self.priority.setValue(protocol.priority)
        for edit, words in ((self.modalities, match.modalities), (self.body_parts, match.body_parts),
                            (self.sides, match.lateralities), (self.views, match.view_positions)):  # fmt: skip
            edit.setText(_joined(words))
        self.needs_prior.setChecked(match.needs_prior)
        self.exact.setChecked(match.exact)
        self.max_days.setValue(_ANY_AGE if match.max_prior_days is None else match.max_prior_days)
        self.stage.clear()
        self.stage.addItems([f"{n}. {stage_title(one)}" for n, one in enumerate(self._stages, start=1)])
        self._show_stage()
        self._showing = False

    def _show_stage(self) -> None:
        was, self._showing = self._showing, True
        stage = self._stages[self._at]
        self.stage_name.setText(stage_title(stage))
        self.rows.setValue(stage.rows)
        self.columns.setValue(stage.columns)
        self.same_scale.setChecked(stage.same_scale)
        self.linked.setChecked(stage.linked)
        self.table.setRowCount(len(stage.cells))
        for row, cell in enumerate(stage.cells):
            self._show_cell(row, cell)
        self.table.setCurrentCell(0, 0)
        self._show_overlay(0)
        self._showing = was

    def _show_cell(self, row: int, cell: Cell) -> None:
        wanted = cell.selector
        for column, words in (
            (_MODALITY, _joined(wanted.modalities)),
            (_SIDE, wanted.laterality),
            (_VIEW, wanted.view_position),
            (_DESCRIPTION, wanted.description),
            (_PRIOR, str(wanted.prior)),
            (_NUMBER, _number_words(wanted)),
        ):
            self.table.setItem(row, column, QTableWidgetItem(words))
        views = [(view.value, words) for view, words in view_words().items()]
        presets = [("", tr("as the image says"))]
        presets += [(key, preset_title(preset.name)) for key, preset in CT_PRESETS.items()]
        walls = [("", tr("none")), ("left", tr("left edge")), ("right", tr("right edge"))]
        preset = "" if cell.window_preset is None else str(cell.window_preset)
        for column, choices, value in (
            (_SHOWN, views, cell.view.value), (_WINDOW, presets, preset), (_WALL, walls, cell.chest_wall.value)
        ):  # fmt: skip
            box = ChoiceBox()
            for key, words in choices:
                box.addItem(words, key)
            box.setCurrentIndex(max(0, box.findData(value)))
            box.activated.connect(self._touched)
            self.table.setCellWidget(row, column, box)

    def _show_overlay(self, row: int) -> None:
        cells = self._stages[self._at].cells
        if 0 <= row < len(cells):
            self.overlay.show_overlay(row + 1, cells[row].overlay)

    def _keep_overlay(self, overlay: CellOverlay | None) -> None:
        stage, row = self._stages[self._at], max(0, self.table.currentRow())
        seen = self._choice(row, _SHOWN)
        # what the table shows is read when it is saved: until then only the overlay must fit the cell
        view = CellView.STACK if overlay is not None else stage.cells[row].view
        cell = replace(stage.cells[row], view=view, overlay=overlay)
        self._stages[self._at] = replace(stage, cells=(*stage.cells[:row], cell, *stage.cells[row + 1 :]))
        box = self.table.cellWidget(row, _SHOWN)
        if overlay is not None and CellView(seen).is_projected and isinstance(box, QComboBox):
            box.setCurrentIndex(box.findData(CellView.AXIAL.value))
        self._touched()

    def _choose_stage(self, at: int) -> None:
        try:
            self._keep_stage()
        except ValueError:
            self.stage.setCurrentIndex(self._at)  # what is wrong stays on screen
            self.edited.emit()
            return
        self._at = at
        self._show_stage()

    def _resize(self) -> None:
        if self._showing:
            return
        stage = self._stages[self._at]
        rows, columns = self.rows.value(), self.columns.value()
        cells = (*stage.cells, *[Cell()] * (rows * columns))[: rows * columns]
        self._stages[self._at] = replace(stage, rows=rows, columns=columns, cells=cells)
        self._show_stage()
        self._touched()

    # reading

    def value(self) -> HangingProtocol:
        """Return what the form says. Raises ValueError with the sentence for the person."""
        if self._protocol is None:
            raise ValueError(tr("No protocol is chosen"))
        self._keep_stage()
        name = self.name.text().strip()
        if not name:
            raise ValueError(tr("The protocol needs a name"))
        title = dict(self._protocol.title)
        if name != protocol_title(self._protocol):
            title = {CHINESE: name, ENGLISH: name}
        return replace(
            self._protocol,
            title=title,
            match=self._match(self._protocol.match),
            stages=tuple(self._stages),
            priority=self.priority.value(),
        )

    def _match(self, former: ProtocolMatch) -> ProtocolMatch:
        """Return for which studies it is meant; what the form has no field for stays as it was."""
        modalities = _words(self.modalities.text(), former.modalities)
        days = self.max_days.value()
        return replace(
            former,
            modalities=modalities,
            body_parts=_words(self.body_parts.text(), former.body_parts),
            lateralities=_words(self.sides.text(), former.lateralities),
            view_positions=_words(self.views.text(), former.view_positions),
            needs_prior=self.needs_prior.isChecked(),
            exact=self.exact.isChecked(),
            max_prior_days=None if days == _ANY_AGE else days,
            # who asks for PET no longer rules it out
            without_modalities=tuple(one for one in former.without_modalities if one not in modalities),
        )

    def _keep_stage(self) -> None:
        stage = self._stages[self._at]
        cells = tuple(self._cell(row, cell) for row, cell in enumerate(stage.cells))
        name = self.stage_name.text().strip()
        if not name:
            raise ValueError(tr("The stage needs a name"))
        if name == stage_title(stage):
            name = stage.name  # the name of a shipped stage is shown in the language in use
        self._stages[self._at] = replace(
            stage, name=name, cells=cells, same_scale=self.same_scale.isChecked(), linked=self.linked.isChecked()
        )

    def _cell(self, row: int, cell: Cell) -> Cell:
        series, _slash, image = self._text(row, _NUMBER).partition("/")
        series, _dot, clip = series.partition(".")
        try:
            selector = replace(
                cell.selector,
                modalities=_words(self._text(row, _MODALITY), cell.selector.modalities),
                laterality=self._text(row, _SIDE).upper(),
                view_position=self._text(row, _VIEW).upper(),
                description=self._pattern(row, cell),
                prior=int(self._text(row, _PRIOR) or 0),
                occurrence=int(series or 1) - 1,
                stack=int(clip) - 1 if clip else None,
                image=int(image) - 1 if image else None,
            )
        except PatternTooCostly as exc:
            raise ValueError(
                tr("Cell {number}: the search pattern would take too long; use words, and .* three times at most",
                   number=row + 1)
            ) from exc  # fmt: skip
        except ValueError as exc:
            raise ValueError(
                tr("Cell {number}: prior and number are whole numbers, the description a search pattern",
                   number=row + 1)
            ) from exc  # fmt: skip
        preset = self._choice(row, _WINDOW)
        view = CellView(self._choice(row, _SHOWN))
        if cell.overlay is not None and view.is_projected:
            raise ValueError(tr("Cell {number}: an overlay lies over a stack or a plane, not over MIP or 3D",
                                number=row + 1))  # fmt: skip
        return replace(
            cell,
            selector=selector,
            view=view,
            window_preset=int(preset) if preset else None,
            chest_wall=ChestWall(self._choice(row, _WALL)),
        )

    def _pattern(self, row: int, cell: Cell) -> str:
        """Return the search pattern of a cell; a captured one may end in a blank that belongs to it."""
        item, former = self.table.item(row, _DESCRIPTION), cell.selector.description
        return former if item is not None and item.text() == former else self._text(row, _DESCRIPTION)

    def _text(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text().strip() if item is not None else ""

    def _choice(self, row: int, column: int) -> str:
        box = self.table.cellWidget(row, column)
        return str(box.currentData() or "") if isinstance(box, QComboBox) else ""


def _number_words(wanted: ImageSelector) -> str:
    """
    Return which series counts, behind a dot which of its clips and behind a slash which of its images.

    ``2.3`` is the third clip of the second, ``1/2`` the second image of the first.
    """
    clip = "" if wanted.stack is None else f".{wanted.stack + 1}"
    return f"{wanted.occurrence + 1}{clip}" + ("" if wanted.image is None else f"/{wanted.image + 1}")


def view_words() -> dict[CellView, str]:
    """Return how a cell shows its images, in words."""
    return {
        CellView.STACK: tr("Stack"),
        CellView.AXIAL: tr("Axial"),
        CellView.CORONAL: tr("Coronal"),
        CellView.SAGITTAL: tr("Sagittal"),
        CellView.MIP: tr("MIP"),
        CellView.VOLUME: tr("3D"),
    }


def _joined(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def _words(text: str, former: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a field in capitals; those of ``former`` as they were where nobody changed them."""
    if text.strip() == _joined(former).strip():
        return former
    parts = text.upper().replace("，", ",").split(",")
    return tuple(dict.fromkeys(word for part in parts if (word := part.strip())))


def _row(*fields: tuple[str, QWidget, int]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for caption, widget, stretch in fields:
        column = QVBoxLayout()
        column.setSpacing(2)
        head = label(caption, "caption", "t3")
        head.setFixedHeight(_CAPTION_PX)  # an empty one too: fields of a row stand in one line
        column.addWidget(head)
        column.addSpacing(_CHECK_DOWN_PX if isinstance(widget, QCheckBox) else 0)
        column.addWidget(widget)
        column.addStretch(1)
        widget.setAccessibleName(caption or widget.accessibleName())
        row.addLayout(column, stretch)
    return row
