"""Report templates edited in forms, checked as one types, kept as versions of the site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.fakes import FakeAudit
from workstation.bootstrap.site_templates import SiteTemplates
from workstation.domain.audit import AuditAction
from workstation.domain.template_draft import Place, value_at
from workstation.services.template_service import EditTemplates
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.template_page import TemplatePage
from workstation.ui.pages.template_presenter import TemplatePresenter
from workstation.ui.paint import metrics
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.growing_text import GrowingText

pytestmark = pytest.mark.gui


class Editing:
    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot, self.store, self.audit = qtbot, SiteTemplates(folder), FakeAudit()
        self.jobs, self._main = runner_on_main_thread()
        self.page = TemplatePage()
        self.presenter = TemplatePresenter(self.page, EditTemplates(self.store, self.audit), self.jobs)
        self.page.resize(1318, 640)
        self.page.show()
        qtbot.waitUntil(lambda: bool(self.presenter.draft))
        self.open("ct-head")

    def open(self, template_id: str) -> None:
        self.presenter.choose(template_id)
        self.qtbot.waitUntil(lambda: self.presenter.draft.get("template_id") == template_id)

    def checked(self) -> None:
        self.qtbot.waitUntil(lambda: self.presenter._checked is not None and not self.presenter._pause.isActive())

    def says(self, words: str) -> None:
        self.qtbot.waitUntil(lambda: any(words in text for _good, text in self.page.editor.checks.lines()))

    def part(self, place: Place) -> None:
        self.page.editor.part_chosen.emit(place)

    def editor(self, place: Place) -> QLineEdit:
        editor = self.page.form.editors[place]
        assert isinstance(editor, QLineEdit)
        return editor

    def write(self, place: Place, text: str) -> None:
        editor = self.editor(place)
        editor.selectAll()
        QTest.keyClicks(editor, text)

    def first(self, kind: str) -> Place:
        draft = self.presenter.draft
        return next(
            ("sections", s, "fields", f)
            for s, section in enumerate(draft["sections"])
            for f, item in enumerate(section["fields"])
            if item["type"] == kind
        )

    def close(self) -> None:
        self.page.deleteLater()
        self._main.close()
        self.jobs.close()


@pytest.fixture
def editing(qtbot: QtBot, tmp_path: Path) -> Iterator[Editing]:
    use_language(ENGLISH)
    made = Editing(qtbot, tmp_path)
    yield made
    made.close()
    use_language(CHINESE)


def test_a_changed_label_is_seen_in_the_form_that_readers_fill_and_becomes_a_new_version(editing: Editing) -> None:
    before = editing.presenter.draft["version"]
    place = editing.first("text")
    editing.part(place)
    editing.write((*place, "label", "en"), "History of the case")
    assert editing.page.tree.currentItem() is not None
    editing.qtbot.waitUntil(editing.page.save.isEnabled)
    key = value_at(editing.presenter.draft, (*place, "key"))
    editing.qtbot.waitUntil(
        lambda: (
            key in editing.page.preview.texts()
            and editing.page.preview.texts()[key].accessibleName() == "History of the case"
        )
    )
    assert editing.presenter.draft["version"] != before
    editing.page.save.click()
    editing.qtbot.waitUntil(lambda: editing.page.state_words() == "Saved" and not editing.presenter.is_changed)
    assert editing.audit.recorded == [
        (AuditAction.TEMPLATE_CHANGED, "", 0, f"ct-head {editing.presenter.draft['version']}")
    ]
    assert next(one for one in editing.store.entries() if one.template_id == "ct-head").own


def test_what_is_wrong_is_said_as_one_types_and_locate_leads_to_it(editing: Editing) -> None:
    place = editing.first("text")
    editing.part(place)
    editing.write((*place, "key"), "Not A Key")
    editing.says("is not written as it has to be")
    assert not editing.page.save.isEnabled()
    editing.part(())
    editing.page.editor.checks.locate(0).click()
    assert (*place, "key") in editing.page.form.editors
    editing.page.undo.click()
    assert editing.page.state_words() != ""


def test_a_code_that_no_dictionary_has_is_told_until_its_source_is_named(editing: Editing) -> None:
    place = (*editing.first("choice"), "choices", 0, "code")
    editing.part(place[:4])
    editing.write((*place, "value"), "RID5741")
    editing.says("no dictionary here has the code RID5741 (RADLEX)")
    editing.page.editor.checks.locate(0).click()
    editing.write((*place, "source"), "SNOMED CT browser")
    editing.qtbot.waitUntil(editing.page.save.isEnabled)
    assert value_at(editing.presenter.draft, place)["source"] == "SNOMED CT browser"


def test_a_field_of_another_type_gets_what_the_type_needs(editing: Editing) -> None:
    place = editing.first("text")
    for kind, part in (("choice", "choices"), ("number", "unit"), ("text", "multiline"), ("findings", "label")):
        editing.part(place)
        box = editing.page.form.editors[(*place, "type")]
        assert isinstance(box, ChoiceBox)
        box.setCurrentIndex(box.findData(kind))
        box.activated.emit(box.currentIndex())
        assert value_at(editing.presenter.draft, (*place, "type")) == kind
        assert part in value_at(editing.presenter.draft, place)
    editing.says("The template can be used")


def test_options_conditions_and_critical_values_are_edited_in_the_form(editing: Editing) -> None:
    place = editing.first("choice")
    editing.part(place)
    count = len(value_at(editing.presenter.draft, (*place, "choices")))
    add = next(b for b in editing.page.form.findChildren(type(editing.page.clone)) if b.text() == "Add an option")
    add.click()
    assert len(value_at(editing.presenter.draft, (*place, "choices"))) == count + 1
    editing.write((*place, "choices", count, "label", "en"), "Unclear")
    assert value_at(editing.presenter.draft, (*place, "choices", count, "label", "en")) == "Unclear"
    tick = editing.page.form.editors[(*place, "critical")]
    assert isinstance(tick, QCheckBox)
    before = tick.isChecked()
    tick.setChecked(not before)
    there = "critical" in value_at(editing.presenter.draft, place)
    assert there is not before
    number = editing.first("number")
    editing.part(number)
    editing.write((*number, "minimum"), "1.5")
    assert value_at(editing.presenter.draft, (*number, "minimum")) == 1.5
    condition = editing.page.form.editors[(*number, "required_if", "field")]
    assert isinstance(condition, ChoiceBox)
    condition.setCurrentIndex(1)
    condition.activated.emit(1)
    field = value_at(editing.presenter.draft, (*number, "required_if", "field"))
    assert field == value_at(editing.presenter.draft, (*place, "key"))
    assert (*number, "required_if", "is") in editing.page.form.editors


def test_a_normal_phrase_and_the_flags_of_a_text_are_edited(editing: Editing) -> None:
    place = editing.first("text")
    editing.part(place)
    text = editing.page.form.editors[(*place, "normal_phrase", "zh")]
    assert isinstance(text, GrowingText)
    text.setPlainText("未见异常。")
    required = editing.page.form.editors[(*place, "required")]
    assert isinstance(required, QCheckBox)
    required.setChecked(not required.isChecked())
    assert value_at(editing.presenter.draft, (*place, "normal_phrase", "zh")) == "未见异常。"
    assert bool(value_at(editing.presenter.draft, place).get("required")) is required.isChecked()


def test_parts_are_added_moved_and_removed_and_every_step_can_be_taken_back(editing: Editing) -> None:
    start = json.dumps(editing.presenter.draft)
    editing.page.add_section.click()
    assert list(editing.presenter.place) == ["sections", len(editing.presenter.draft["sections"]) - 1]
    editing.page.add_field.click()
    place: Place = tuple(editing.presenter.place)
    editing.page.editor.up.click()
    assert editing.presenter.place == (*place[:3], int(place[3]) - 1)
    editing.page.editor.down.click()
    editing.page.editor.down.click()
    editing.page.editor.drop.click()
    assert len(editing.presenter.place) == 2
    for _ in range(9):
        editing.page.commands.trigger("templates.undo")
    assert json.dumps(editing.presenter.draft) == start


def test_the_template_itself_has_title_match_and_categories(editing: Editing) -> None:
    editing.part(())
    editing.write(("match", "body_parts"), "HEAD, skull")
    assert value_at(editing.presenter.draft, ("match", "body_parts")) == ["HEAD", "skull"]
    tick = editing.page.form.editors[("categories", "lung-rads")]
    assert isinstance(tick, QCheckBox)
    tick.setChecked(True)
    assert editing.presenter.draft["categories"] == ["lung-rads"]
    tick.setChecked(False)
    assert "categories" not in editing.presenter.draft


def test_another_template_asks_first_where_a_draft_would_be_lost(editing: Editing) -> None:
    editing.page.add_section.click()
    editing.presenter.choose("general")
    dialog = editing.presenter.dialog
    assert dialog is not None
    dialog.reject()
    assert editing.presenter.draft["template_id"] == "ct-head"
    editing.presenter.choose("general")
    assert editing.presenter.dialog is not None
    editing.presenter.dialog.accept()
    editing.qtbot.waitUntil(lambda: editing.presenter.draft["template_id"] == "general")


def test_a_copy_is_a_template_of_its_own_once_it_is_saved(editing: Editing) -> None:
    editing.page.clone.click()
    editing.qtbot.waitUntil(lambda: editing.presenter.draft["template_id"] == "ct-head-copy")
    editing.qtbot.waitUntil(editing.page.save.isEnabled)
    editing.page.commands.trigger("templates.save")
    rows = editing.page.editor.list
    editing.qtbot.waitUntil(
        lambda: any("ct-head-copy v" in rows.item(n).text() for n in range(rows.count()))  # as saved ones say
    )


def test_a_long_section_is_read_whole_in_the_tree(editing: Editing) -> None:
    editing.open("critical-addendum")
    section = editing.page.tree.topLevelItem(1)
    assert section is not None
    assert section.text(0).replace("\n", " ") == "Communication of critical results"
    place = editing.page.tree.visualItemRect(section)
    for line in section.text(0).split("\n"):
        assert metrics().horizontalAdvance(line) <= place.width() - 8
    assert place.height() >= metrics().lineSpacing() * len(section.text(0).split("\n"))


def test_a_copy_is_the_chosen_row_and_not_what_it_was_made_from(editing: Editing) -> None:
    rows = editing.page.editor.list
    count = rows.count()
    editing.page.clone.click()
    editing.qtbot.waitUntil(lambda: rows.count() == count + 1)
    for line in rows.currentItem().text().split("\n"):
        assert metrics().horizontalAdvance(line) <= rows.viewport().width() - 24
    assert rows.currentItem().text().endswith("\nct-head-copy\nnot saved")
    editing.write(("template_id",), "ct-head-night")
    assert rows.currentItem().text().endswith("\nct-head-night\nnot saved")

    editing.presenter.choose("general")
    dialog = editing.presenter.dialog
    assert dialog is not None
    dialog.reject()  # the copy stays, and stays chosen
    editing.qtbot.waitUntil(lambda: "not saved" in rows.currentItem().text())
    assert editing.presenter.draft["template_id"] == "ct-head-night"
    editing.presenter.choose("general")
    again = editing.presenter.dialog
    assert again is not None
    again.accept()
    editing.qtbot.waitUntil(lambda: rows.count() == count)
    assert rows.currentItem().text().split("\n")[1].startswith("general v")


def test_templates_go_out_and_come_in_by_the_page(
    editing: Editing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "head.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(path), ""))
    editing.qtbot.waitUntil(editing.page.take_out.isEnabled)
    editing.page.take_out.click()
    editing.qtbot.waitUntil(lambda: editing.presenter.dialog is not None)
    assert editing.presenter.dialog is not None
    editing.presenter.dialog.accept()
    editing.page.bring_in.click()
    editing.qtbot.waitUntil(lambda: editing.presenter.is_changed)
    path.write_text("<html><body onload='x()'></body></html>", encoding="utf-8")
    editing.page.bring_in.click()
    editing.qtbot.waitUntil(editing.page.notices.isVisible)


def test_a_version_that_is_in_use_is_refused_with_what_to_do(editing: Editing) -> None:
    editing.part(())
    editing.write(("title", "en"), "Head")
    editing.write(("version",), "0.0.1")
    editing.qtbot.waitUntil(editing.page.save.isEnabled)
    editing.page.save.click()
    editing.qtbot.waitUntil(editing.page.notices.isVisible)
    assert editing.presenter.is_changed


def test_the_keyboard_goes_from_the_list_to_the_parts_and_into_the_form(editing: Editing) -> None:
    editing.page.editor.list.setFocus()
    seen = set()
    for _ in range(12):
        QTest.keyClick(editing.page.focusWidget(), Qt.Key.Key_Tab)
        seen.add(type(editing.page.focusWidget()).__name__)
    assert {"QTreeWidget", "TextLine"} <= seen


def test_what_is_asked_for_each_finding_is_edited_in_the_form_and_tried_in_the_preview(editing: Editing) -> None:
    editing.open("mg-breast")
    place = editing.first("findings")
    editing.part(place)
    kind = (*place, "each", 0)
    assert kind in editing.page.form.editors
    editing.page.form.part_wanted.emit(kind)
    editing.write((*kind, "label", "en"), "What it is")
    editing.qtbot.waitUntil(lambda: "What it is" in [one.accessibleName() for one in group_editors(editing)])
    before = visible(editing)
    editing.page.preview.finding_said.emit("tried", "kind", "mass")
    assert len(visible(editing)) > len(before)  # a mass has shape, margin and density
    editing.page.preview.finding_said.emit("tried", "kind", "calcifications")
    assert visible(editing) not in (before, [])


def test_questions_are_added_behind_one_another_and_the_last_takes_their_list_along(editing: Editing) -> None:
    editing.page.add_section.click()
    section = len(editing.presenter.draft["sections"]) - 1
    place: Place = ("sections", section, "fields", 0)
    editing.part(place)
    editing.page.form.type_chosen.emit(place, "findings")
    editing.page.form.question_wanted.emit(place)
    first = (*place, "each", 0)
    assert editing.presenter.place == first
    assert editing.presenter.draft["schema"] == 2  # older workstations refuse it instead of dropping the question
    editing.page.form.question_wanted.emit(first)
    second = (*place, "each", 1)
    assert editing.presenter.place == second
    condition = editing.page.form.editors[(*second, "only_if", "field")]
    assert isinstance(condition, ChoiceBox)
    condition.setCurrentIndex(1)
    condition.activated.emit(1)
    assert value_at(editing.presenter.draft, (*second, "only_if")) == {"field": "question_1", "is": ["yes"]}
    editing.says("The template can be used")
    editing.page.editor.up.click()
    editing.says("The condition names a field or an option that is not here")  # it would look ahead
    editing.page.editor.checks.locate(0).click()
    assert editing.presenter.place == first
    editing.page.undo.click()
    editing.page.editor.drop.click()
    editing.part(first)
    editing.page.editor.drop.click()
    assert "each" not in value_at(editing.presenter.draft, place)


def test_an_export_to_mrrt_says_what_the_file_does_not(
    editing: Editing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing.open("mg-breast")
    editing.checked()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "mg.html"), ""))
    editing.page.take_out.click()
    editing.qtbot.waitUntil(lambda: editing.presenter.dialog is not None)
    dialog = editing.presenter.dialog
    assert dialog is not None
    told = [one.text() for one in dialog.findChildren(QLabel)]
    assert any("the Chinese words" in one for one in told)
    assert (tmp_path / "mg.html").is_file()
    dialog.accept()


def group_editors(editing: Editing) -> list[QWidget]:
    group = editing.page.preview.group()
    return [] if group is None else list(group.editors.values())


def visible(editing: Editing) -> list[str]:
    return [one.accessibleName() for one in group_editors(editing) if not one.isHidden()]


def test_a_code_is_read_whole_in_the_narrow_column_of_1366_by_768(editing: Editing) -> None:
    place = editing.first("choice")
    editing.part(place)
    codes = [
        edit for at, edit in editing.page.form.editors.items() if at[-1] == "value" and isinstance(edit, QLineEdit)
    ]
    editing.qtbot.waitUntil(lambda: bool(codes) and all(edit.width() > 100 for edit in codes))
    for edit in codes:  # a cut "12107" reads as a code of its own
        for code in ("RID49480", "363679005"):
            assert edit.width() - 24 >= edit.fontMetrics().horizontalAdvance(code)
