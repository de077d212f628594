"""The report templates of the site: chosen, edited part by part, checked and seen as the form that readers fill."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from resources.translation import language, tr
from workstation.domain.finding_traits import each_of, tried
from workstation.domain.template import ReportTemplate, TemplateField
from workstation.domain.template_draft import EACH, Draft, Place, TemplateEntry, TemplateProblem
from workstation.ui.commands import Command
from workstation.ui.keymap import key_of
from workstation.ui.pages.page import Page
from workstation.ui.templates.node_form import NodeForm
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.check_list import CheckList
from workstation.ui.widgets.labels import ChipLabel, Panel
from workstation.ui.widgets.nodule_table import NoduleRow
from workstation.ui.widgets.page_header import PageHeader
from workstation.ui.widgets.report_form import ReportForm

_PLACE = Qt.ItemDataRole.UserRole
_FILES = "MRRT (*.html);;JSON (*.json)"
_LIST_WIDTH, _PARTS_WIDTH, _ROW = 216, 232, 56


class TemplatePage(Page):
    """Shows and asks; the presenter does."""

    chosen = Signal(str)
    part_chosen = Signal(object)
    """``Place`` of the part whose form is wanted"""
    clone_requested = Signal()
    save_requested = Signal()
    section_requested = Signal()
    field_requested = Signal()
    remove_requested = Signal()
    move_requested = Signal(int)
    import_requested = Signal(object)
    export_requested = Signal(object)
    locate_requested = Signal(str)
    undo_requested = Signal()
    publish_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._filling = False
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
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._templates())
        row.addWidget(self._parts())
        editing = Panel(tr("Part"))
        editing.body.setContentsMargins(0, 0, 0, 0)
        self.form = NodeForm()
        editing.body.addWidget(self.form)
        self.form.made.connect(self._order_focus)
        row.addWidget(editing, 4)
        row.addLayout(self._right(), 5)
        self.column.addWidget(body, 1)
        for name, text, icon, key, signal in (
            ("save", tr("Save version"), "save", "Ctrl+S", self.save_requested),
            ("publish", tr("Publish to the hospitals"), "send-plane", "Ctrl+Shift+P", self.publish_requested),
            ("undo", tr("Undo"), "arrow-go-back", "Ctrl+Z", self.undo_requested),
            ("field", tr("Add a field"), "add", "Ctrl+Shift+F", self.field_requested),
            ("section", tr("Add a section"), "add", "Ctrl+Shift+S", self.section_requested),
        ):
            command = Command(f"templates.{name}", text, icon, key, signal.emit, tr("Templates"), editable=True)
            self.commands.add(command)

    def _templates(self) -> QWidget:
        panel = Panel(tr("Templates"))
        panel.setFixedWidth(_LIST_WIDTH)
        panel.body.setContentsMargins(0, 0, 0, 0)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Templates"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.currentItemChanged.connect(self._picked)
        panel.body.addWidget(self.list)
        return panel

    def _parts(self) -> QWidget:
        panel = Panel(tr("Sections and fields"))
        panel.setFixedWidth(_PARTS_WIDTH)
        panel.body.setContentsMargins(0, 0, 0, 0)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(tr("Sections and fields"))
        self.tree.currentItemChanged.connect(self._part_picked)
        panel.body.addWidget(self.tree, 1)
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 4, 4, 4)
        bar.setSpacing(0)  # the English words need the room
        self.add_field = Button(tr("Field"), "ghost", icon="add", small=True)
        self.add_section = Button(tr("Section"), "ghost", icon="add", small=True)
        up, down = (
            IconButton("arrow-up", tr("Move up"), px=14, side=24),
            IconButton("arrow-down", tr("Move down"), px=14, side=24),
        )
        self.drop = IconButton("delete-bin", tr("Remove the part"), px=14, side=24)
        self.up, self.down = up, down
        self.add_field.clicked.connect(self.field_requested)
        self.add_section.clicked.connect(self.section_requested)
        up.clicked.connect(lambda: self.move_requested.emit(-1))
        down.clicked.connect(lambda: self.move_requested.emit(1))
        self.drop.clicked.connect(self.remove_requested)
        for widget in (self.add_field, self.add_section):
            bar.addWidget(widget)
        bar.addStretch(1)
        for icon in (up, down, self.drop):
            bar.addWidget(icon)
        panel.body.addLayout(bar)
        return panel

    def _right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        preview = Panel(tr("As readers see it"))
        preview.body.setContentsMargins(0, 0, 0, 0)
        self.preview = ReportForm()
        self.preview.finding_said.connect(self._try)
        preview.body.addWidget(self.preview)
        column.addWidget(preview, 3)
        checks = Panel(tr("Checks"))
        checks.body.setContentsMargins(0, 0, 0, 0)
        self.checks = CheckList()
        self.checks.locate_requested.connect(self.locate_requested)
        checks.body.addWidget(self.checks)
        column.addWidget(checks, 1)
        return column

    # showing

    def _order_focus(self) -> None:
        """Lead Tab from the list over the parts into the form, whose editors are younger than all else."""
        chain: list[QWidget] = [self.list, self.tree, self.add_field, self.add_section, self.up, self.down, self.drop]
        inner = self.form.widget()
        if inner is not None:
            chain += inner.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        chain = [widget for widget in chain if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
        for first, second in itertools.pairwise(chain):
            QWidget.setTabOrder(first, second)

    def show_templates(self, entries: Sequence[TemplateEntry], current: str) -> None:
        """Show the list; the site's own say so."""
        self._filling = True
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(f"{entry.title.get(language())}\n{_line(entry)}")
            shared = tr("At the hub: version {version}", version=entry.shared) if entry.shared else ""
            item.setToolTip("\n".join(part for part in (item.text(), shared) if part))
            item.setData(_PLACE, entry.template_id)
            item.setSizeHint(QSize(0, _ROW))  # Chinese lines are taller than the font of the list says
            self.list.addItem(item)
            if entry.template_id == current:
                self.list.setCurrentItem(item)
        self._filling = False

    def show_parts(self, draft: Draft, current: Place) -> None:
        """Show sections and fields, with the current one chosen."""
        self._filling = True
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
        self._filling = False

    def rename_part(self, draft: Draft, place: Place) -> None:
        """Show the words of a part anew after they were changed."""
        item = self.tree.currentItem()
        if item is not None:
            node = draft
            for step in place:
                node = node[step]  # type: ignore[index] # a place leads through objects and lists
            star = " *" if node.get("required") else ""
            item.setText(0, f"{_title(node, 'label' if place else 'title')}{star}")

    def show_state(
        self, *, changed: bool, problems: Sequence[TemplateProblem], can_undo: bool, is_draft: bool = False
    ) -> None:
        """Show what keeps the draft from being saved, and one of this machine from being published."""
        self.checks.show_checks(
            [(_text(one.place), one.text) for one in problems], [] if problems else [tr("The template can be used")]
        )
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

    def _picked(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if now is not None and not self._filling:
            self.chosen.emit(str(now.data(_PLACE)))

    def _part_picked(self, now: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        if now is not None and not self._filling:
            self.part_chosen.emit(tuple(now.data(0, _PLACE)))

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
    item = QTreeWidgetItem([words])
    item.setData(0, _PLACE, list(place))
    item.setToolTip(0, words)
    return item


def _title(node: Draft, key: str) -> str:
    words = node.get(key)
    found = words.get("zh" if language().startswith("zh") else "en", "") if isinstance(words, dict) else ""
    return str(found) or "—"


def _text(place: Place) -> str:
    return "/".join(str(step) for step in place) or "/"
