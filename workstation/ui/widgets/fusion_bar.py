"""The bar under the header while one series lies over another: which one, how strong, in which colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from resources.translation import tr
from viewers.scene.fusion import FusionLook
from workstation.domain.colour_map import SUV_SCALES, ColourMap, ValueScale
from workstation.ui.keymap import key_of
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import ElidedLabel, icon_label, label

_HUNDRED: Final = 100
_STEP: Final = 5
_KNOB: Final = 12


class AlphaSlider(QSlider):
    """0 shows the image alone, 100 the overlay alone."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, _HUNDRED)
        self.setSingleStep(_STEP)
        self.setPageStep(4 * _STEP)
        self.setFixedSize(120, 32)
        self.setAccessibleName(tr("Strength of the overlay"))
        self.setToolTip(tr("Strength of the overlay"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint groove, what is covered, and knob."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, room = self.height() / 2, self.width() - _KNOB
        at = room * self.value() / _HUNDRED
        for colour, width in (("line2", float(room)), ("acc", at)):
            painter.setBrush(theme.color(colour))
            painter.drawRoundedRect(QRectF(_KNOB / 2, middle - 2, width, 4), 2, 2)
        painter.setBrush(theme.color("t0" if self.hasFocus() or self.underMouse() else "t1"))
        painter.drawEllipse(QRectF(at, middle - _KNOB / 2, _KNOB, _KNOB))


class FusionBar(QWidget):
    """Shows and asks; knows neither series nor scenes."""

    overlay_chosen = Signal(str)
    look_changed = Signal(object)
    """A ``FusionLook``"""
    acted = Signal()
    """The button beside the words: cancel, register or part again"""
    closed = Signal()
    left = Signal()
    """Escape was pressed: the keys are to act on the images again"""

    def __init__(self, *, is_of_cell: bool = False) -> None:
        """``is_of_cell``: the overlay belongs to a cell of the stage; the bar closes and the overlay stays."""
        super().__init__()
        self._look: FusionLook | None = None
        self.setFixedHeight(current_theme().px("panel.header"))
        self.overlays = ChoiceBox()
        self.overlays.setAccessibleName(tr("Overlay"))
        self.overlays.setFixedWidth(200)
        self.overlays.activated.connect(lambda at: self.overlay_chosen.emit(self.overlays.itemData(at)))
        self.alpha = AlphaSlider()
        self.alpha.valueChanged.connect(self._alpha_moved)
        self.percent = label("", "body", "t1")
        self.percent.setFixedWidth(44)
        self.colours = ChoiceBox()
        self.colours.setAccessibleName(tr("Colours"))
        for one in ColourMap:
            self.colours.addItem(one.full_name, one)
        self.colours.activated.connect(self._colours_chosen)
        self.scales = ChoiceBox()
        self.scales.setAccessibleName(tr("SUV scale"))
        for scale in SUV_SCALES:
            self.scales.addItem(f"SUV {scale.low:g}\u2013{scale.high:g}", scale)
        self.scales.activated.connect(self._scale_chosen)
        self.words = ElidedLabel("", "caption", "t2")
        self.act = Button("", "secondary", small=True)
        self.act.clicked.connect(self.acted)
        shut = IconButton(
            "close",
            tr("Close") if is_of_cell else tr("Overlay off"),
            key=key_of("view.fusion", "Shift+F"),
            px=16,
            side=28,
        )
        shut.clicked.connect(self.closed)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(icon_label("stack"))
        row.addWidget(label(tr("Overlay"), "body", "t1"))
        for widget in (self.overlays, self.alpha, self.percent, self.colours, self.scales):
            row.addWidget(widget)
        row.addWidget(self.words, 1)
        row.addWidget(self.act)
        row.addWidget(shut)
        self.say("")
        self.show_look(None, is_suv=False)
        self.hide()

    def show_overlays(self, choices: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer series by key and title."""
        self.overlays.clear()
        for key, title in choices:
            self.overlays.addItem(title, key)
        self.overlays.setCurrentIndex(self.overlays.findData(chosen))

    def show_look(self, look: FusionLook | None, *, is_suv: bool) -> None:
        """Show how the overlay is painted; a scale of uptake values only where there are some, None while it comes."""
        self._look = look
        for widget in (self.alpha, self.percent, self.colours):
            widget.setEnabled(look is not None)
        self.scales.setVisible(is_suv)
        if look is None:
            return
        with QSignalBlocker(self.alpha):
            self.alpha.setValue(round(look.alpha * _HUNDRED))
        self.percent.setText(f"{self.alpha.value()} %")
        self.colours.setCurrentIndex(self.colours.findData(look.colour_map))
        tops = [scale.high for scale in SUV_SCALES]
        self.scales.setCurrentIndex(tops.index(look.scale.high) if look.scale.high in tops else -1)

    def say(self, text: str, *, tone: str = "t2", act: str = "") -> None:
        """Say what happens or what is missing, with a button that helps."""
        self.words.show_text(text, tone)
        self.act.setVisible(bool(act))
        if act:
            self.act.set_text(act)

    def _alpha_moved(self, percent: int) -> None:
        self.percent.setText(f"{percent} %")
        if self._look is not None:
            self._choose(replace(self._look, alpha=percent / _HUNDRED))

    def _colours_chosen(self, at: int) -> None:
        if self._look is not None:
            self._choose(replace(self._look, colour_map=ColourMap(self.colours.itemData(at))))

    def _scale_chosen(self, at: int) -> None:
        scale = SUV_SCALES[at]
        if self._look is not None:
            self._choose(replace(self._look, scale=ValueScale(scale.low, scale.high)))

    def _choose(self, look: FusionLook) -> None:
        self._look = look
        self.look_changed.emit(look)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give the keys back to the images with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the bar and the hairline under it."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg1"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))
