"""A long document is there to its last line, and opening it does not stop the window."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from workstation.ui.document_dialog import DocumentDialog
from workstation.ui.widgets.long_text import LongText


def test_a_long_document_is_shown_to_its_last_line_little_by_little(qtbot: QtBot) -> None:
    text = "\n".join([*(f"  Length: {n} mm" for n in range(700)), "", "CARCINOMA"])
    dialog = DocumentDialog(None, "Report", ("Kodiak",), text=text, pages=False)
    qtbot.addWidget(dialog)

    assert dialog.words.blockCount() == 100
    dialog.show()
    qtbot.waitUntil(lambda: dialog.words.filling.is_done)
    assert dialog.words.toPlainText() == text
    assert dialog.words.verticalScrollBar().value() == 0


def test_a_paragraph_without_end_is_shown_in_parts_of_two_thousand_letters(qtbot: QtBot) -> None:
    words = LongText("x" * 4500 + "\nend")
    qtbot.addWidget(words)
    words.filling.finish()

    assert [len(line) for line in words.toPlainText().split("\n")] == [2000, 2000, 500, 3]
