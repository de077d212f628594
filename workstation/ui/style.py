"""The proxy style over Fusion: the outer focus ring, which style sheets cannot draw."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFocusFrame,
    QProxyStyle,
    QStyle,
    QStyleOption,
    QWidget,
)
from shiboken6 import isValid

from workstation.ui import paint
from workstation.ui.theme import current_theme

PAINTS_FOCUS: Final = "paintsFocus"
"""The property of a button that shows by itself that the keyboard is there"""
_GAP: Final = 2
_INDICATORS: Final = frozenset(
    {QStyle.PrimitiveElement.PE_IndicatorCheckBox, QStyle.PrimitiveElement.PE_IndicatorRadioButton}
)
_RING_MARGINS: Final = frozenset({QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin})


class LianyueStyle(QProxyStyle):
    """
    Fusion with our focus ring and check boxes.

    Qt asks a style for hints thousands of times while a page is made, and each one overridden here would go
    through Python: nothing is overridden that Fusion answers the same.
    """

    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawControl(
        self,
        element: QStyle.ControlElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the focus frame as gap plus ring; the rest is Fusion's."""
        if element is QStyle.ControlElement.CE_FocusFrame:
            paint.focus_ring(painter, option.rect)
            return
        super().drawControl(element, option, painter, widget)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the boxes of check and radio buttons in our colours; the rest is Fusion's."""
        if element in _INDICATORS:
            paint.check_box(
                painter,
                option.rect,
                checked=bool(option.state & QStyle.StateFlag.State_On),
                enabled=bool(option.state & QStyle.StateFlag.State_Enabled),
                round_box=element is QStyle.PrimitiveElement.PE_IndicatorRadioButton,
            )
            return
        super().drawPrimitive(element, option, painter, widget)

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        """Give the focus frame its room outside the control."""
        if metric in _RING_MARGINS:
            return _GAP + current_theme().px("stroke.focus")
        return super().pixelMetric(metric, option, widget)


class FocusRing(QObject):
    """Shows the ring round the button that the keyboard has reached and hides it for the mouse."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._frame: QFocusFrame | None = None
        app.focusChanged.connect(self._moved)

    @property
    def shown_for(self) -> QWidget | None:
        """Return the widget with the ring."""
        return self._frame.widget() if self._frame is not None else None

    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._frame is not None and isValid(self._frame):  # it goes with the window of its button
            self._frame.setWidget(None)  # type: ignore[arg-type] # Qt takes null to detach
            self._frame.deleteLater()
        self._frame = None
        if not isinstance(new, QAbstractButton) or new.property(PAINTS_FOCUS):
            return
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        if new.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
            self._frame = QFocusFrame(new.window())
            self._frame.setWidget(new)
