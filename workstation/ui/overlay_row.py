"""What lies over the images of one cell of a protocol: which series, in which colours, how strong."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.colour_map import SUV_SCALES, ColourMap
from workstation.domain.hanging_cells import CellOverlay, ImageSelector
from workstation.ui.widgets.fields import ChoiceBox, NumberBox
from workstation.ui.widgets.labels import label

_MODALITIES = ("PT", "NM", "MR", "CT")
_HUNDRED = 100
_STEP = 5


class OverlayRow(QWidget):
    """Shows and edits the overlay of the cell that is chosen in the table."""

    edited = Signal(object)
    """``CellOverlay`` or None"""

    def __init__(self) -> None:
        super().__init__()
        self._overlay: CellOverlay | None = None
        self.caption = label("", "caption", "t2")
        self.which, self.colours, self.scale = ChoiceBox(), ChoiceBox(), ChoiceBox()
        self.strength = NumberBox()
        self.strength.setRange(0, _HUNDRED)
        self.strength.setSingleStep(_STEP)
        self.strength.setSuffix(" %")
        self.which.addItem(tr("no overlay"), "")
        for modality in _MODALITIES:
            self.which.addItem(modality, modality)
        for colours in ColourMap:
            self.colours.addItem(colours.full_name, colours)
        self.scale.addItem(tr("scale of the series"), None)
        for scale in SUV_SCALES:
            self.scale.addItem(f"SUV {scale.low:g}\u2013{scale.high:g}", scale)
        names = {
            self.which: tr("Overlay"),
            self.colours: tr("Colours"),
            self.strength: tr("Strength of the overlay"),
            self.scale: tr("SUV scale"),
        }
        for widget, name in names.items():
            widget.setAccessibleName(name)
            widget.setToolTip(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.caption)
        for widget in (self.which, self.colours, self.strength, self.scale):
            row.addWidget(widget)
        row.addStretch(1)
        for box in (self.which, self.colours, self.scale):
            box.activated.connect(self._changed)
        self.strength.valueChanged.connect(self._changed)

    def show_overlay(self, number: int, overlay: CellOverlay | None) -> None:
        """Show the overlay of the cell with a number, from 1."""
        self._overlay = None  # nothing that is set here is an edit
        shown = overlay or CellOverlay(ImageSelector(("PT",)))
        self.caption.setText(tr("Overlay of cell {number}", number=number))
        modality = next(iter(shown.selector.modalities), "") if overlay is not None else ""
        if self.which.findData(modality) < 0:
            self.which.addItem(modality, modality)  # one that somebody wrote into a file
        self.which.setCurrentIndex(self.which.findData(modality))
        self.colours.setCurrentIndex(self.colours.findData(shown.colour_map))
        self.strength.setValue(round(shown.alpha * _HUNDRED))
        scales = [None, *SUV_SCALES]
        if shown.suv not in scales:
            self.scale.addItem(f"SUV {shown.suv.low:g}\u2013{shown.suv.high:g}" if shown.suv else "", shown.suv)
        found = [self.scale.itemData(at) for at in range(self.scale.count())]
        self.scale.setCurrentIndex(found.index(shown.suv))
        for widget in (self.colours, self.strength, self.scale):
            widget.setEnabled(overlay is not None)
        self._overlay = shown

    def _changed(self) -> None:
        shown = self._overlay
        if shown is None:
            return
        modality = str(self.which.currentData())
        selector = shown.selector
        if selector.modalities[:1] != (modality,):
            selector = ImageSelector((modality,))
        overlay = replace(
            shown,
            selector=selector,
            colour_map=ColourMap(self.colours.currentData()),
            alpha=self.strength.value() / _HUNDRED,
            suv=self.scale.currentData(),
        )
        self._overlay = overlay
        for widget in (self.colours, self.strength, self.scale):
            widget.setEnabled(bool(modality))
        self.edited.emit(overlay if modality else None)
