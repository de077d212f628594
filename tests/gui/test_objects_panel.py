"""The list of stored objects says what is true now, also after the findings changed while it is open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from workstation.ui.widgets.objects_panel import ObjectFacts, ObjectsPanel

pytestmark = pytest.mark.gui
FACTS = ObjectFacts("1.2", "Own AI pre-read", "2 marks", ("1 AI mark below the operating point",), shown=False)


@pytest.fixture
def panel(qtbot: QtBot) -> ObjectsPanel:
    made = ObjectsPanel()
    qtbot.addWidget(made)
    made.list.show_objects([FACTS])
    return made


def told(panel: ObjectsPanel) -> list[str]:
    return [label.text() for label in panel.rows["1.2"].findChildren(QLabel)]


def test_a_row_tells_anew_where_its_marks_are_when_the_operating_point_changed(panel: ObjectsPanel) -> None:
    assert "1 AI mark below the operating point" in told(panel)
    panel.list.show_objects([replace(FACTS, source=("Stands on the images already",))])
    assert "Stands on the images already" in told(panel)
    assert "1 AI mark below the operating point" not in told(panel)


def test_showing_an_object_keeps_its_row_and_with_it_the_keyboard(panel: ObjectsPanel) -> None:
    row = panel.rows["1.2"]
    panel.list.show_objects([replace(FACTS, shown=True)])
    assert panel.rows["1.2"] is row
    assert row.eye.isChecked()
