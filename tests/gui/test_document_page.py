"""Letterheads, recognition rules, phrases and character sets are edited in forms and published over what was seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.shared_documents import FakeHubDocuments
from workstation.bootstrap.shared_page import document_trials
from workstation.domain.access import Actor, Role
from workstation.domain.errors import NotPermitted, Unreachable
from workstation.domain.shared_document import DocumentKey, DocumentKind
from workstation.domain.template_draft import Place
from workstation.exchange.site_documents import blank_document, document_problems
from workstation.services.site_documents import EditDocuments
from workstation.ui.documents.document_preview import DocumentPreview
from workstation.ui.documents.publish_dialogs import OvertakenDialog, PublishDocumentDialog
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.keymap import use_keys
from workstation.ui.pages.document_page import DocumentPage
from workstation.ui.pages.document_presenter import DocumentPresenter
from workstation.ui.widgets.growing_text import GrowingText

pytestmark = pytest.mark.gui

HEAD = DocumentKey(DocumentKind.LETTERHEAD, "letterhead")
POLICY = DocumentKey(DocumentKind.RECOGNITION_POLICY, "policy")
PHRASES = DocumentKey(DocumentKind.PHRASES, "phrases", "qingshui")
CHARSETS = DocumentKey(DocumentKind.SCANNER_CHARSETS, "charsets", "qingshui")


class Editing:
    def __init__(self, qtbot: QtBot, hub: FakeHubDocuments, role: Role = Role.ADMIN) -> None:
        self.qtbot, self.hub = qtbot, hub
        self.jobs, self._main = runner_on_main_thread()
        self.page = DocumentPage()
        self.fetched: list[int] = []
        actor = Actor("admin", "系统管理员", role, "")
        service = EditDocuments(hub, blank_document, document_problems, lambda: self.fetched.append(1))
        self.presenter = DocumentPresenter(self.page, service, document_trials(), self.jobs, lambda: actor)
        self.page.resize(1318, 700)
        self.page.show()

    def open(self, key: DocumentKey) -> None:
        self.qtbot.waitUntil(lambda: self.page.editor.list.count() > 0)
        for at in range(self.page.editor.list.count()):
            if self.page.editor.list.item(at).data(0x0100).key == key:
                self.page.editor.list.setCurrentRow(at)
        self.qtbot.waitUntil(lambda: self.presenter.document is not None and self.presenter.document.key == key)
        self.settled()

    def settled(self) -> None:
        self.qtbot.waitUntil(lambda: not self.presenter._pause.isActive() and bool(self.page.editor.checks.lines()))

    def write(self, place: Place, text: str) -> None:
        editor = self.page.form.editors[place]
        assert isinstance(editor, QLineEdit)
        editor.selectAll()
        QTest.keyClicks(editor, text)

    def publish(self) -> PublishDocumentDialog:
        self.qtbot.waitUntil(self.page.publish.isEnabled)
        self.page.publish.click()
        dialog = self.presenter.dialog
        assert isinstance(dialog, PublishDocumentDialog)
        return dialog

    def close(self) -> None:
        self.page.deleteLater()
        self._main.close()
        self.jobs.close()


@pytest.fixture
def editing(qtbot: QtBot) -> Iterator[Editing]:
    made = Editing(qtbot, FakeHubDocuments())
    yield made
    made.close()


def told(dialog: PublishDocumentDialog | OvertakenDialog) -> list[tuple[str, ...]]:
    table = dialog.table
    cells = [[table.item(row, column) for column in range(3)] for row in range(table.rowCount())]
    return [tuple(cell.text() if cell is not None else "" for cell in row) for row in cells]


def test_a_letterhead_is_seen_on_a_page_and_published_with_what_it_changes(editing: Editing) -> None:
    editing.open(HEAD)
    assert editing.page.state_words() == "As shipped"
    editing.qtbot.waitUntil(lambda: editing.page.preview.paper.page_count == 1)
    editing.write(("letterhead", "phone"), "0571-8800")
    dialog = editing.publish()
    assert told(dialog) == [("letterhead/phone", "0571-8800", "—")]
    dialog.accept()
    editing.qtbot.waitUntil(lambda: HEAD in editing.hub.versions)
    assert json.loads(editing.hub.versions[HEAD][0].content)["letterhead"]["phone"] == "0571-8800"
    editing.qtbot.waitUntil(lambda: editing.page.state_words() == "In force")
    assert "revision 1 by 系统管理员" in editing.page.standing.text()
    assert editing.fetched == [1]


def test_that_it_can_be_published_is_said_only_where_the_button_does_it(editing: Editing) -> None:
    editing.open(HEAD)
    assert not editing.page.publish.isEnabled()
    assert editing.page.editor.checks.lines() == [(True, "Nothing to object to")]
    editing.write(("letterhead", "phone"), "0571-8800")
    editing.qtbot.waitUntil(editing.page.publish.isEnabled)
    assert editing.page.editor.checks.lines() == [(True, "It can be published")]


def test_a_logo_is_a_png_or_is_refused_with_what_it_has_to_be(editing: Editing, tmp_path: Path) -> None:
    editing.open(HEAD)
    (tmp_path / "no.png").write_bytes(b"GIF89a")
    editing.page.logo_chosen.emit(tmp_path / "no.png")
    editing.qtbot.waitUntil(lambda: bool(editing.page.notices.notices()))
    assert editing.page.notices.notices()[0].fact == "no.png cannot be the logo"
    assert not editing.presenter.is_changed
    buffer = BytesIO()
    Image.new("RGB", (40, 20), "navy").save(buffer, "PNG")
    (tmp_path / "ours.png").write_bytes(buffer.getvalue())
    editing.page.logo_chosen.emit(tmp_path / "ours.png")
    editing.qtbot.waitUntil(lambda: editing.presenter.is_changed)
    assert editing.presenter.draft["letterhead"]["logo"] == "logo.png"
    editing.page.form.logo_wanted.emit(False)
    editing.qtbot.waitUntil(lambda: not editing.presenter.is_changed)


def test_what_somebody_else_published_meanwhile_is_seen_before_anything_is_lost(editing: Editing) -> None:
    editing.open(HEAD)
    editing.write(("letterhead", "phone"), "111")
    editing.settled()
    other = blank_document(DocumentKind.LETTERHEAD)
    other["letterhead"]["phone"] = "222"
    editing.hub.person = "周敏"
    theirs = editing.hub.put(HEAD, json.dumps(other), follows=None)
    editing.publish().accept()
    editing.qtbot.waitUntil(lambda: isinstance(editing.presenter.dialog, OvertakenDialog))
    dialog = editing.presenter.dialog
    assert isinstance(dialog, OvertakenDialog)
    assert told(dialog) == [("letterhead/phone", "111", "222")]
    assert editing.hub.versions[HEAD][-1].info == theirs
    dialog.accept()  # keep mine
    editing.publish().accept()
    editing.qtbot.waitUntil(lambda: len(editing.hub.versions[HEAD]) == 2)


def test_theirs_may_be_taken_and_then_nothing_of_mine_is_left(editing: Editing) -> None:
    editing.open(HEAD)
    editing.write(("letterhead", "phone"), "111")
    other = blank_document(DocumentKind.LETTERHEAD)
    other["letterhead"]["phone"] = "222"
    editing.hub.put(HEAD, json.dumps(other), follows=None)
    editing.settled()
    editing.publish().accept()
    editing.qtbot.waitUntil(lambda: isinstance(editing.presenter.dialog, OvertakenDialog))
    assert isinstance(editing.presenter.dialog, OvertakenDialog)
    editing.presenter.dialog.take_theirs.click()
    assert editing.presenter.draft["letterhead"]["phone"] == "222"
    assert not editing.presenter.is_changed


@pytest.mark.parametrize(
    "trouble", [Unreachable("The hub does not answer", hint="x"), NotPermitted("Your role does not include this")]
)
def test_a_silent_hub_or_a_right_that_was_taken_away_leaves_the_draft_and_says_so(
    editing: Editing, trouble: Unreachable | NotPermitted
) -> None:
    editing.open(HEAD)
    editing.write(("letterhead", "phone"), "111")
    dialog = editing.publish()
    editing.hub.trouble = trouble
    dialog.accept()
    editing.qtbot.waitUntil(lambda: bool(editing.page.notices.notices()))
    assert editing.page.notices.notices()[0].fact == trouble.user_text
    assert editing.presenter.draft["letterhead"]["phone"] == "111"
    assert HEAD not in editing.hub.versions


def test_a_quality_manager_reads_letterheads_and_is_told_why_they_are_not_theirs_to_change(qtbot: QtBot) -> None:
    made = Editing(qtbot, FakeHubDocuments(), Role.QUALITY_MANAGER)
    made.open(HEAD)
    assert made.page.state_words() == "Read only"
    assert not made.page.form.editors["letterhead", "phone"].isEnabled()
    assert "does not change it" in made.page.publish.toolTip()
    made.open(PHRASES)
    made.page.add.click()
    assert made.presenter.draft["phrases"]
    made.close()


def test_the_rules_of_recognition_are_tried_on_an_examination_before_they_are_published(editing: Editing) -> None:
    editing.open(POLICY)
    editing.page.preview.description.setText("胸部 CT")
    editing.page.preview.grade.setCurrentIndex(1)
    editing.page.preview.grade.activated.emit(1)
    editing.qtbot.waitUntil(lambda: "CT of the chest" in editing.page.preview.answer.text())
    assert "Mutual recognition: rules alliance-imaging 1.1.0" in editing.page.preview.answer.text()
    editing.page.editor.part_chosen.emit(("items", 0))
    editing.write(("items", 0, "valid_days"), "400")
    editing.qtbot.waitUntil(lambda: editing.page.state_words() == "1 open")
    editing.write(("items", 0, "valid_days"), "20")
    dialog = editing.publish()
    assert told(dialog) == [("version", "1.2.0", "1.1.0"), ("items/1/valid_days", "20", "30")]
    dialog.accept()
    editing.qtbot.waitUntil(lambda: POLICY in editing.hub.versions)


def test_the_rules_say_what_they_rest_on_in_both_languages_and_grade_images_as_every_list_does(
    editing: Editing, qtbot: QtBot
) -> None:
    editing.open(POLICY)
    editors = editing.page.form.editors
    told = {tongue: editors["source", tongue] for tongue in ("zh", "en")}
    assert isinstance(told["zh"], GrowingText)
    assert isinstance(told["en"], GrowingText)
    assert told["zh"].toPlainText().startswith("以国卫医发〔2022〕6号为依据")
    assert told["en"].toPlainText().endswith("must be set by the alliance.")
    assert [editors["grades", one].text() for one in "ABC"] == ["Grade A", "Grade B", "Grade C"]  # type: ignore[attr-defined]
    use_language("zh_CN")
    preview = DocumentPreview()
    qtbot.addWidget(preview)
    assert [preview.grade.itemText(at) for at in (1, 2, 3)] == ["甲级", "乙级", "丙级"]


def test_a_basis_that_an_alliance_wrote_in_one_language_has_one_field(editing: Editing) -> None:
    editing.open(POLICY)
    form = editing.page.form
    form.show_document(POLICY.kind, {"source": "本联盟决议"}, (), read_only=False)
    assert isinstance(form.editors[("source",)], GrowingText)
    assert ("source", "zh") not in form.editors


def test_character_sets_that_nobody_published_wear_no_green_tick(editing: Editing) -> None:
    editing.open(CHARSETS)
    assert editing.page.state_words() == "None yet"
    assert editing.page.standing.text() == "No rule yet: images are read by the character set that they name."
    editing.open(HEAD)
    editing.qtbot.waitUntil(lambda: editing.page.state_words() == "As shipped")


def test_phrases_and_character_sets_are_entries_with_forms_of_their_own(editing: Editing) -> None:
    editing.open(PHRASES)
    editing.page.add.click()
    editing.qtbot.waitUntil(lambda: editing.page.state_words().endswith("open"))
    editing.write(("phrases", 0, "abbreviation"), "zc")
    editing.write(("phrases", 0, "title"), "Normal chest")
    text = editing.page.form.editors["phrases", 0, "text"]
    QTest.keyClicks(text, "No finding.")
    editing.publish().accept()
    editing.qtbot.waitUntil(lambda: PHRASES in editing.hub.versions)
    editing.qtbot.waitUntil(lambda: not editing.presenter.is_changed)
    editing.open(CHARSETS)
    editing.page.add.click()
    editing.qtbot.waitUntil(lambda: editing.page.state_words().endswith("open"))  # it names no scanner yet
    editing.write(("rules", 0, "station_name"), "CT01")
    editing.publish().accept()
    editing.qtbot.waitUntil(lambda: CHARSETS in editing.hub.versions)
    assert json.loads(editing.hub.versions[CHARSETS][0].content) == {
        "rules": [{"charset": "GB18030", "station_name": "CT01"}]
    }


def test_a_phrase_stands_behind_the_sign_that_calls_it_in_its_own_language(editing: Editing) -> None:
    lines = [
        {"abbreviation": "nc", "title": "Normal chest", "text": "No finding.", "language": "en"},
        {"abbreviation": "zc", "title": "正常胸部", "text": "未见异常。", "language": "zh_CN"},
    ]
    editing.page.preview.show_lines(DocumentKind.PHRASES, {"phrases": lines})
    shown = [editing.page.preview.lines.item(at).text() for at in range(2)]
    assert shown == [";nc · Normal chest\nNo finding.", "；zc · 正常胸部\n未见异常。"]


def test_the_keys_of_the_page_are_the_persons_to_choose_and_its_buttons_say_them(qtbot: QtBot) -> None:
    use_keys({"documents.publish": "F9", "documents.undo": "Alt+Z"})
    try:
        page = DocumentPage()
        qtbot.addWidget(page)
        assert page.publish.toolTip() == "Publish… (F9)"
        assert page.undo.toolTip() == "Undo (Alt Z)"
        assert page.commands.action("documents.publish").shortcut().toString() == "F9"
        own = [row for row in page.commands.key_rows() if row.command_id.startswith("documents.")]
        assert [row.command_id for row in own if not row.fixed] == [
            "documents.publish",
            "documents.undo",
            "documents.add",
        ]
    finally:
        use_keys({})


def test_another_document_asks_first_where_a_draft_would_be_lost_and_a_withdrawn_one_is_gone(editing: Editing) -> None:
    editing.open(HEAD)
    editing.write(("letterhead", "phone"), "111")
    editing.publish().accept()
    editing.qtbot.waitUntil(lambda: editing.page.state_words() == "In force")
    editing.write(("letterhead", "phone"), "333")
    editing.page.editor.list.setCurrentRow(2)
    assert editing.presenter.dialog is not None
    editing.presenter.dialog.reject()
    assert editing.presenter.draft["letterhead"]["phone"] == "333"
    for _letter in "3333":
        editing.presenter.undo()
    assert not editing.presenter.is_changed
    editing.settled()
    editing.page.withdraw.click()
    assert editing.presenter.dialog is not None
    editing.presenter.dialog.accept()
    editing.qtbot.waitUntil(lambda: editing.page.state_words() == "As shipped")


def test_a_silent_hub_at_first_is_told_and_asked_again(qtbot: QtBot) -> None:
    hub = FakeHubDocuments()
    hub.trouble = Unreachable("The hub does not answer")
    made = Editing(qtbot, hub)
    qtbot.waitUntil(lambda: bool(made.page.notices.notices()))
    hub.trouble = None
    made.page.notices.notices()[0].actions[0].handler()
    made.open(HEAD)
    assert not made.page.notices.notices()
    made.close()


def test_a_draft_outlives_the_change_of_the_language(editing: Editing, qtbot: QtBot) -> None:
    editing.open(HEAD)
    editing.write(("letterhead", "phone"), "111")
    state = editing.page.save_state()
    after = Editing(qtbot, editing.hub)
    after.page.restore_state(state)
    after.settled()
    assert after.presenter.draft["letterhead"]["phone"] == "111"
    editor = after.page.form.editors["letterhead", "phone"]
    assert isinstance(editor, QLineEdit)
    assert editor.text() == "111"
    after.publish().reject()
    after.presenter.undo()
    assert after.presenter.draft["letterhead"]["phone"] == "11"
    after.close()
