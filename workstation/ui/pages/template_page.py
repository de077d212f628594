"""The report templates of the site: chosen, edited part by part, checked and seen as the form that readers fill."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QTreeWidget, QTreeWidgetItem, QWidget

from resources.translation import language, tr
from workstation.domain.finding_traits import each_of, tried
from workstation.domain.template import ReportTemplate, TemplateField
from workstation.domain.template_draft import EACH, Draft, Place, TemplateEntry, TemplateProblem
from workstation.ui.commands import Command
from workstation.ui.keymap import key_of
from workstation.ui.pages.page import Page
from workstation.ui.paint import in_two_lines, metrics
from workstation.ui.templates.node_form import NodeForm
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.draft_editor import DATA, DraftEditor, EditorWords
from workstation.ui.widgets.labels import ChipLabel
from workstation.ui.widgets.nodule_table import NoduleRow
from workstation.ui.widgets.page_header import PageHeader
from workstation.ui.widgets.report_form import ReportForm

_FILES = "MRRT (*.html);;JSON (*.json)"
_LIST_WIDTH, _PARTS_WIDTH = 216, 240
_LIST_EDGE = 46
"""Pixels beside the words of a template: edges and scroll bar"""
_TREE_EDGE, _TREE_STEP = 44, 20
"""Pixels beside the words of a section (arrow, edges, scroll bar), and of each level below it"""
_ROW_OF_TWO = 44


class TemplatePage(Page):
    """Shows and asks; the presenter does."""

    clone_requested = Signal()
    save_requested = Signal()
    section_requested = Signal()
    field_requested = Signal()
    import_requested = Signal(object)
    export_requested = Signal(object)
    undo_requested = Signal()
    publish_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._tried: Mapping[str, str] = {}
        """What was answered in the preview"""
        self._items: tuple[TemplateField, ...] = ()
        header = PageHeader(tr("Report templates"))
        self._state = ChipLabel("", "neutral")
        header.row.addWidget(self._state)
        header.row.addStretch(1)
        self.bring_in = Button(tr("Import…"), icon="upload")
        self.take_out = Button(tr("Export…"), icon="download")
        self.clone = Button(tr("Copy as new"), icon="file-copy")
        self.undo = Button(tr("Undo"), icon="arrow-go-back", key=key_of("templates.undo", "Ctrl+Z"))
        key = key_of("templates.save", "Ctrl+S")
        self.save = Button(tr("Save version"), "primary", icon="save", key=key)
        self.bring_in.clicked.connect(self._ask_import)
        self.take_out.clicked.connect(self._ask_export)
        self.clone.clicked.connect(self.clone_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.save.clicked.connect(self.save_requested)
        key = key_of("templates.publish", "Ctrl+Shift+P")
        self.publish = Button(tr("Publish…"), icon="send-plane", key=key)
        self.publish.clicked.connect(self.publish_requested)
        for button in (self.bring_in, self.take_out, self.clone, self.undo, self.save, self.publish):
            header.row.addWidget(button)
        for button in (self.take_out, self.undo, self.save, self.publish):
            button.setEnabled(False)  # until the first check has looked
        self.add_header(header)
        self.form = NodeForm()
        self.preview = ReportForm()
        self.preview.finding_said.connect(self._try)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.currentItemChanged.connect(self._part_picked)
        self.add_field = Button(tr("Field"), "ghost", icon="add", small=True)
        self.add_section = Button(tr("Section"), "ghost", icon="add", small=True)
        self.add_field.clicked.connect(self.field_requested)
        self.add_section.clicked.connect(self.section_requested)
        self.editor = DraftEditor(
            EditorWords(
                tr("Templates"), tr("Sections and fields"), tr("Part"), tr("As readers see it"), tr("Remove the part")
            ),
            parts=self.tree,
            adding=(self.add_field, self.add_section),
            form=self.form,
            preview=self.preview,
            widths=(_LIST_WIDTH, _PARTS_WIDTH),
        )
        self.editor.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.form.made.connect(self._order_focus)
        self.column.addWidget(self.editor, 1)
        for name, text, icon, key, signal in (
            ("save", tr("Save version"), "save", "Ctrl+S", self.save_requested),
            ("publish", tr("Publish to the hospitals"), "send-plane", "Ctrl+Shift+P", self.publish_requested),
            ("undo", tr("Undo"), "arrow-go-back", "Ctrl+Z", self.undo_requested),
            ("field", tr("Add a field"), "add", "Ctrl+Shift+F", self.field_requested),
            ("section", tr("Add a section"), "add", "Ctrl+Shift+S", self.section_requested),
        ):
            command = Command(f"templates.{name}", text, icon, key, signal.emit, tr("Templates"), editable=True)
            self.commands.add(command)

    # showing

    def _order_focus(self) -> None:
        """Lead Tab from the list over the parts into the form, whose editors are younger than all else."""
        editor = self.editor
        chain: list[QWidget] = [editor.list, self.tree, self.add_field, self.add_section]
        chain += [editor.up, editor.down, editor.drop]
        inner = self.form.widget()
        if inner is not None:
            chain += inner.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        chain = [widget for widget in chain if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
        for first, second in itertools.pairwise(chain):
            QWidget.setTabOrder(first, second)

    def show_templates(self, entries: Sequence[TemplateEntry], current: str) -> None:
        """Show the list; the site's own say so."""
        lines = []
        for entry in entries:
            words = f"{entry.title.get(language())}\n{_line(entry)}"
            shared = tr("At the hub: version {version}", version=entry.shared) if entry.shared else ""
            lines.append((entry.template_id, words, "\n".join(part for part in (words, shared) if part)))
        self.editor.show_documents(lines, current)

    def show_unsaved(self, draft: Draft) -> None:
        """Put a template that is no entry yet, a copy or one from a file, before the list as the one at hand."""
        title, room = _title(draft, "title"), _LIST_WIDTH - _LIST_EDGE
        lines = [*in_two_lines(title, room, room), str(draft.get("template_id", "")), tr("not saved")]
        self.editor.show_unsaved([line for line in lines if line])

    def show_parts(self, draft: Draft, current: Place) -> None:
        """Show sections and fields, with the current one chosen."""
        with self.editor.filling():
            self.tree.clear()
            top = _item(_title(draft, "title"), ())
            self.tree.addTopLevelItem(top)
            items: dict[Place, QTreeWidgetItem] = {(): top}
            for s, section in enumerate(draft.get("sections", ())):
                items["sections", s] = branch = _item(_title(section, "label"), ("sections", s))
                self.tree.addTopLevelItem(branch)
                for f, field in enumerate(section.get("fields", ())):
                    place = ("sections", s, "fields", f)
                    star = " *" if field.get("required") else ""
                    items[place] = _item(f"{_title(field, 'label')}{star}", place)
                    branch.addChild(items[place])
                    for e, question in enumerate(field.get(EACH, ())):
                        items[*place, EACH, e] = _item(_title(question, "label"), (*place, EACH, e))
                        items[place].addChild(items[*place, EACH, e])
            self.tree.expandAll()
            self.tree.setCurrentItem(items.get(current, top))

    def rename_part(self, draft: Draft, place: Place) -> None:
        """Show the words of a part anew after they were changed."""
        item = self.tree.currentItem()
        if item is not None:
            node = draft
            for step in place:
                node = node[step]  # type: ignore[index] # a place leads through objects and lists
            star = " *" if node.get("required") else ""
            _write(item, f"{_title(node, 'label' if place else 'title')}{star}", place)

    def show_state(
        self, *, changed: bool, problems: Sequence[TemplateProblem], can_undo: bool, is_draft: bool = False
    ) -> None:
        """Show what keeps the draft from being saved, and one of this machine from being published."""
        self.editor.show_problems(problems, tr("The template can be used"))
        if problems:
            self._state.show_chip(tr("{count} open", count=len(problems)), "bad", "close")
        elif changed:
            self._state.show_chip(tr("Not saved yet"), "warn", "edit")
        elif is_draft:
            self._state.show_chip(tr("Draft of this machine"), "acc", "edit")
        else:
            self._state.show_chip(tr("Saved"), "ok", "check")
        reason = tr("Nothing was changed") if not changed else tr("Correct what the checks say first")
        self.save.enable(changed and not problems, reason)
        self.take_out.enable(not problems, tr("Correct what the checks say first"))
        self.undo.enable(can_undo, tr("Nothing was changed"))
        why = tr("Save the version first") if changed else tr("There is no draft of this machine to publish")
        self.publish.enable(is_draft and not changed and not problems, why)

    def show_preview(self, template: ReportTemplate) -> None:
        """Show the draft as readers will see it, a few fields in each turn."""
        self._tried = {}
        self._items = each_of(template)
        self.preview.build(template, {}, read_only=False)
        self._show_tried()

    def _try(self, _uid: str, key: str, option: str) -> None:
        """Answer a question in the preview, so that its conditions are seen; nothing is kept."""
        self._tried = {**self._tried, key: option}
        self._show_tried()

    def _show_tried(self) -> None:
        if not self._items:
            self.preview.show_nodules(())
            return
        asked, self._tried = tried(self._items, self._tried)
        row = NoduleRow("tried", 1, tr("Any finding, to try the questions"), "—", "—", self._tried,
                        tuple(one.key for one in asked))  # fmt: skip
        self.preview.show_nodules((row,))

    def state_words(self) -> str:
        """Return what the chip in the header says."""
        return self._state.text()

    # asking

    def _part_picked(self, now: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        if now is not None:
            self.editor.part_was_chosen(tuple(now.data(0, DATA)))

    def _ask_import(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(self, tr("Import…"), "", "MRRT, JSON (*.html *.htm *.xhtml *.json)")
        if name:
            self.import_requested.emit(Path(name))

    def _ask_export(self) -> None:
        name, _kind = QFileDialog.getSaveFileName(self, tr("Export…"), "", _FILES)
        if name:
            self.export_requested.emit(Path(name))


def _line(entry: TemplateEntry) -> str:
    """Say which version there is, and whether it is a draft of this machine or what the hub gives."""
    where = tr("draft") if entry.own else tr("hub") if entry.shared else ""
    return f"{entry.template_id} v{entry.version}" + (f" · {where}" if where else "")


def _item(words: str, place: Place) -> QTreeWidgetItem:
    item = QTreeWidgetItem()
    item.setData(0, DATA, list(place))
    _write(item, words, place)
    return item


def _write(item: QTreeWidgetItem, words: str, place: Place) -> None:
    """Write a part's words into its row: what is too long for one line takes two."""
    room = _PARTS_WIDTH - _TREE_EDGE - _TREE_STEP * max(0, len(place) // 2 - 1)
    is_long = metrics().horizontalAdvance(words) > room
    item.setText(0, "\n".join(in_two_lines(words, room, room)) if is_long else words)
    item.setSizeHint(0, QSize(0, _ROW_OF_TWO) if is_long else QSize())
    item.setToolTip(0, words)


def _title(node: Draft, key: str) -> str:
    words = node.get(key)
    found = words.get("zh" if language().startswith("zh") else "en", "") if isinstance(words, dict) else ""
    return str(found) or "—"
