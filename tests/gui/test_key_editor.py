"""A person changes keys: by pressing them, without two acts on one, and the images obey the new ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.reading import ReadingBench, case, part_of_ct
from viewers.scene.tools.tool import ToolName
from workstation.keys import KeyProfile, KeySettings, profile_to_json
from workstation.settings import Settings
from workstation.ui.key_editor import KeyEditor
from workstation.ui.keymap import KeyRow, use_keys
from workstation.ui.settings_dialog import SettingsDialog
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import Layout

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _delivered() -> Iterator[None]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    yield
    use_keys({})


ROWS = [
    KeyRow("reading.save", "Images", "Save the draft", "Ctrl+S", fixed=True),
    KeyRow("findings.accept", "Findings", "Accept", "Return", ("Enter",), fixed=True),
    KeyRow("tool.window", "Images", "Window", "W"),
    KeyRow("view.invert", "Images", "Invert", "V"),
    KeyRow("view.fit", "Images", "Fit", "F"),
    KeyRow("view.cancel", "Images", "Put the tool down", "Esc"),
]


@pytest.fixture
def editor(qtbot: QtBot) -> KeyEditor:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    made = KeyEditor(window, ROWS, KeySettings(), in_steps=False)
    qtbot.addWidget(made)
    made.open()
    return made


def press(editor: KeyEditor, command_id: str, key: Qt.Key, held: Qt.KeyboardModifier | None = None) -> None:
    button = editor.buttons[command_id]
    button.setFocus()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.waits
    QTest.keyClick(button, key, held or Qt.KeyboardModifier.NoModifier)


def test_a_pressed_key_becomes_the_commands_and_a_taken_one_is_refused_in_words(editor: KeyEditor) -> None:
    press(editor, "tool.window", Qt.Key.Key_V)
    assert editor.message.text() == "V already is “Invert”. Give that another key first."
    assert (dict(editor.keys.in_force), editor.buttons["tool.window"].text()) == ({}, "W")
    press(editor, "tool.window", Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert editor.message.text() == "Ctrl S is “Save the draft” on every page and stays that."
    press(editor, "tool.window", Qt.Key.Key_F9)
    assert (dict(editor.keys.in_force), editor.buttons["tool.window"].text()) == ({"tool.window": "F9"}, "F9")
    assert (editor.keys.chosen, editor.name.text()) == ("My keys", "My keys")
    press(editor, "view.invert", Qt.Key.Key_W)  # free now
    assert dict(editor.keys.in_force) == {"tool.window": "F9", "view.invert": "W"}
    assert editor.isVisible()


def test_escape_and_enter_are_keys_while_one_is_awaited(editor: KeyEditor) -> None:
    press(editor, "view.fit", Qt.Key.Key_Return)
    assert editor.message.text() == "↵ is “Accept” on every page and stays that."
    press(editor, "view.fit", Qt.Key.Key_Escape)
    assert editor.message.text() == "Esc already is “Put the tool down”. Give that another key first."
    assert editor.isVisible()


def test_a_key_is_taken_away_or_brought_back_and_tab_leaves_it(editor: KeyEditor) -> None:
    button = editor.buttons["view.invert"]
    button.click()
    editor.unset.click()
    assert (dict(editor.keys.in_force), button.text()) == ({"view.invert": ""}, "\N{EM DASH}")
    button.click()
    editor.deliver.click()
    assert (dict(editor.keys.in_force), button.text(), editor.deliver.isEnabled()) == ({}, "V", False)
    button.setFocus()
    button.click()
    QTest.keyClick(button, Qt.Key.Key_Tab)
    assert (button.waits, button.text()) == (False, "V")


def test_profiles_are_named_chosen_deleted_and_reset(editor: KeyEditor) -> None:
    press(editor, "tool.window", Qt.Key.Key_F9)
    editor.name.setText("Night shift")
    editor.name.editingFinished.emit()
    assert editor.keys.chosen == "Night shift"
    editor.name.setText(" ")
    editor.name.editingFinished.emit()
    assert (editor.message.text(), editor.name.text()) == ("A profile needs a name of its own.", "Night shift")
    editor.reset.click()
    assert (editor.keys.chosen, editor.buttons["tool.window"].text(), editor.remove.isEnabled()) == ("", "W", False)
    editor.profiles.activated.emit(1)
    assert editor.buttons["tool.window"].text() == "F9"
    editor.remove.click()
    assert (editor.keys, editor.profiles.count()) == (KeySettings(), 1)


def test_a_profile_goes_to_another_machine_without_what_cannot_be_there(editor: KeyEditor, tmp_path: Path) -> None:
    there = tmp_path / "keys.json"
    press(editor, "tool.window", Qt.Key.Key_F9)
    assert editor.write(there)
    assert editor.read(there)
    assert (editor.keys.chosen, dict(editor.keys.in_force)) == ("My keys 2", {"tool.window": "F9"})
    there.write_text(profile_to_json(KeyProfile("Wang", {"view.fit": "Return", "view.invert": "F9"})), encoding="utf-8")
    assert editor.read(there)
    assert dict(editor.keys.in_force) == {"view.invert": "F9"}
    assert editor.message.text() == "↵ is “Accept” on every page and stays that."
    there.write_bytes(b"\xff\xfe")
    assert not editor.read(there)
    assert editor.message.text() == "This file holds no profile of keys."
    assert not editor.write(tmp_path / "missing" / "keys.json")
    assert editor.message.text() == "The file could not be written. Choose another folder."


def test_saving_hands_the_keys_over(qtbot: QtBot, editor: KeyEditor) -> None:
    press(editor, "tool.window", Qt.Key.Key_F9)
    with qtbot.waitSignal(editor.chosen) as told:
        assert editor.primary is not None
        editor.primary.click()
    assert told.args == [KeySettings().keep(KeyProfile("My keys", {"tool.window": "F9"}))]


def test_the_settings_lead_to_the_keys_and_keep_what_was_changed_there(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = SettingsDialog(window, Settings())
    qtbot.addWidget(dialog)
    dialog.offer_keys(offered=False)
    assert dialog.change_keys.toolTip() == "The keys of the images can be changed after signing in."
    dialog.offer_keys(offered=True)
    dialog.contrast.setChecked(True)
    kept: list[Settings] = []
    dialog.chosen.connect(kept.append)
    with qtbot.waitSignal(dialog.keys_wanted):
        dialog.change_keys.click()
    assert [one.appearance.high_contrast for one in kept] == [True]


def test_the_images_obey_the_new_key_only_and_every_label_says_it(qtbot: QtBot, lidc_0314: Path) -> None:
    use_keys({"tool.distance": "F9", "findings.marks": "Alt+G", "slice.on": "J", "volume.path": ""})
    bench = ReadingBench(case(part_of_ct(lidc_0314, 120, 138, 6)))
    qtbot.addWidget(bench.page)
    bench.page.show()
    bench.page.activateWindow()
    bench.open(qtbot.waitUntil)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_volume)
    grid = bench.page.grid
    grid.choose_layout(Layout.ONE)  # the hanging may have brought planes with the volume
    canvas = grid.active.canvas
    canvas.setFocus()
    before = grid.active.navigator.tool
    QTest.keyClick(canvas, Qt.Key.Key_D)
    assert grid.active.navigator.tool is before
    QTest.keyClick(canvas, Qt.Key.Key_F9)
    assert grid.active.navigator.tool is ToolName.DISTANCE
    stack = grid.stack
    assert stack is not None
    stack.scroll_to(0)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert stack.index == 0
    QTest.keyClick(canvas, Qt.Key.Key_J)
    assert stack.index == 1
    action = bench.page.view_commands.action("tool.distance")
    assert (action.shortcut().toString(), action.toolTip()) == ("F9", "Distance (F9)")
    assert bench.page.findings.overlay.toolTip() == "Show or hide the AI marks (Alt G)"
    sheet = {row.text: row.key for row in bench.page.commands.key_sheet()}
    assert (sheet["Distance"], sheet["Slice after"]) == ("F9", "J")
    assert "Begin or end a path for a curved plane" not in sheet
    bench.close()


def test_decisions_obey_the_readers_own_keys_on_the_images_and_in_the_list(qtbot: QtBot, lidc_0314: Path) -> None:
    use_keys({"findings.accept": "F12", "findings.next": "F7", "findings.reject": "Alt+R"})
    bench = ReadingBench(case(part_of_ct(lidc_0314, 120, 138, 6), ((-57.0, 131.0, -520.5), 15.0)))
    qtbot.addWidget(bench.page)
    bench.page.show()
    bench.page.activateWindow()
    bench.open(qtbot.waitUntil)
    page = bench.page
    asked: list[str] = []
    page.accept_requested.connect(lambda: asked.append("accept"))
    page.findings.accept_requested.connect(lambda _uid: asked.append("accept in the list"))
    page.findings.next_requested.connect(lambda step: asked.append(f"next {step}"))
    canvas = page.grid.active.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert asked == []
    QTest.keyClick(canvas, Qt.Key.Key_F12)
    assert asked == ["accept"]
    card = page.findings.cards[0]
    page.findings.select(card.tracking_uid)
    for key in (Qt.Key.Key_N, Qt.Key.Key_F7, Qt.Key.Key_Return, Qt.Key.Key_F12):
        # as the list gets it while it has the keyboard: sent as an event the images' shortcut would take it
        page.findings.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))
    assert asked[1:] == ["next 1", "accept in the list"]
    assert page.findings.following.toolTip() == "Next finding (F7), previous (⇧ N)"
    bench.close()
