"""Forms over a draft: each row is told by the place in it that it changes, and changes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.template_draft import MISSING, Draft, Place, value_at
from workstation.ui.widgets.fields import ChoiceBox, TextLine
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label


class RowForm(QScrollArea):
    """``changed(place, value)`` for what is typed; MISSING takes a value away. Never changes anything itself."""

    changed = Signal(object, object)
    made = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.editors: dict[Place, QWidget] = {}
        self._draft: Draft = {}
        self._place: Place = ()
        self._column = QVBoxLayout()

    def show_node(self, draft: Draft, place: Place) -> None:
        """Show the part of a draft at a place."""
        self._draft, self._place, self.editors = draft, place, {}
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(16, 12, 16, 16)
        self._column.setSpacing(4)
        self.build()
        self._column.addStretch(1)
        former = self.takeWidget()
        if former is not None:
            former.hide()
            former.deleteLater()  # one of its own signals may be on its way
        self.setWidget(inner)
        self.made.emit()

    def build(self) -> None:
        """Make the rows of the part; each form says its own."""
        raise NotImplementedError

    def take_focus(self, place: Place) -> None:
        """Put the cursor into the editor of a place, or of the nearest part around it."""
        while place and place not in self.editors:
            place = place[:-1]
        found = self.editors.get(place)
        if found is not None:
            self.ensureWidgetVisible(found)
            found.setFocus(Qt.FocusReason.OtherFocusReason)

    # rows

    def _caption(self, text: str) -> None:
        self._column.addSpacing(6)
        self._column.addWidget(label(text, "caption", "t3", wrap=True))  # a long one must not widen the form

    def _add(self, place: Place, widget: QWidget, name: str = "") -> None:
        if name:
            widget.setAccessibleName(name)
        self.editors[place] = widget
        self._column.addWidget(widget)

    def _words(self, place: Place) -> str:
        value = value_at(self._draft, place)
        return "" if value is MISSING else str(value)

    def _line(self, place: Place, caption: str, *, shown: str = "", keep_empty: bool = True) -> QLineEdit:
        if caption:
            self._caption(caption)
        edit = TextLine(self._words(place))
        edit.setCursorPosition(0)
        edit.setPlaceholderText(shown)
        edit.textEdited.connect(lambda text: self.changed.emit(place, text if text or keep_empty else MISSING))
        self._add(place, edit, caption or shown)
        return edit

    def _number(self, place: Place, caption: str) -> None:
        self._caption(caption)
        edit = TextLine(self._words(place))
        edit.textEdited.connect(lambda text: self.changed.emit(place, number_of(text)))
        self._add(place, edit, caption)

    def _list(self, place: Place, caption: str) -> QLineEdit:
        self._caption(caption)
        value = value_at(self._draft, place)
        edit = TextLine(", ".join(value) if isinstance(value, list) else "")
        edit.setCursorPosition(0)
        edit.textEdited.connect(lambda text: self.changed.emit(place, parts_of(text)))
        self._add(place, edit, caption)
        return edit

    def _texts(self, place: Place, caption: str, *, tall: bool = False, optional: bool = False) -> None:
        self._caption(caption)
        for tongue, name in (("zh", tr("Chinese")), ("en", tr("English"))):
            at = (*place, tongue)
            if tall:
                self._tall(at, "", name=f"{caption} · {name}", shown=name)
            else:
                self._line(at, "", shown=name, keep_empty=not optional).setAccessibleName(f"{caption} · {name}")

    def _tall(self, place: Place, caption: str, *, name: str = "", shown: str = "") -> None:
        """Add a text of several lines."""
        if caption:
            self._caption(caption)
        text = GrowingText(self._words(place))
        text.setPlaceholderText(shown)
        text.textChanged.connect(lambda: self._typed(place, text))
        self._add(place, text, name or caption)

    def _typed(self, place: Place, text: GrowingText) -> None:
        words = text.toPlainText()
        self.changed.emit(place, words or MISSING)

    def _flag(self, place: Place, caption: str) -> None:
        def tick(at: Place, ticked: bool) -> None:  # noqa: FBT001 - a check box's state
            self.changed.emit(at, True if ticked else MISSING)

        self._flag_of(place, caption, value_at(self._draft, place) is True, tick)

    def _flag_of(self, place: Place, caption: str, ticked: bool, tick: Callable[[Place, bool], None]) -> None:  # noqa: FBT001 - private
        box = QCheckBox(caption)
        box.setChecked(ticked)
        box.toggled.connect(lambda on: tick(place, on))
        self._add(place, box, caption)

    def _box(self, rows: Sequence[tuple[str, str]], current: str) -> ChoiceBox:
        box = ChoiceBox()
        for key, words in rows:
            box.addItem(words, key)
        box.setCurrentIndex(max(0, box.findData(current)))
        return box

    def _again(self, place: Place, value: object) -> None:
        self.changed.emit(place, value)


def parts_of(text: str) -> list[str]:
    """Return what stands between commas, of either width."""
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


def number_of(text: str) -> Any:  # noqa: ANN401 - a number, or the text that is none
    """Return a number, or the text that is none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or MISSING
