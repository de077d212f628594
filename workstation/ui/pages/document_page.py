"""What the hub gives every site: chosen, edited in a form, seen as it will be, published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.shared_document import DocumentInfo
from workstation.domain.template_draft import Place, TemplateProblem
from workstation.services.site_documents import DocumentEntry
from workstation.ui.commands import Command
from workstation.ui.documents.document_form import DocumentForm
from workstation.ui.documents.document_preview import DocumentPreview
from workstation.ui.documents.document_words import entry_words, standing_words
from workstation.ui.keymap import key_of
from workstation.ui.pages.page import Page
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.check_list import CheckList
from workstation.ui.widgets.labels import ChipLabel, Panel, label
from workstation.ui.widgets.page_header import PageHeader

_DATA = Qt.ItemDataRole.UserRole
_LIST_WIDTH, _PARTS_WIDTH, _ROW = 248, 208, 56


class DocumentPage(Page):
    """Shows and asks; the presenter does."""

    chosen = Signal(object)
    """``DocumentEntry``"""
    part_chosen = Signal(object)
    """``Place``"""
    add_requested = Signal()
    remove_requested = Signal()
    move_requested = Signal(int)
    undo_requested = Signal()
    publish_requested = Signal()
    withdraw_requested = Signal()
    refresh_requested = Signal()
    logo_chosen = Signal(object)
    """``Path`` of a picture, None for no logo"""
    locate_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._filling = False
        self.state_of: Callable[[], object] = lambda: None
        """What is being edited, for the page that follows this one; set by the presenter"""
        self.go_on_with: Callable[[object], object] = lambda _state: None
        header = PageHeader(tr("Shared documents"))
        self._state = ChipLabel("", "neutral")
        header.row.addWidget(self._state)
        self.standing = label("", "body", "t2")
        header.row.addWidget(self.standing)
        header.row.addStretch(1)
        self.undo = Button(tr("Undo"), icon="arrow-go-back", key=key_of("documents.undo", "Ctrl+Z"))
        self.withdraw = Button(tr("Withdraw…"), "danger", icon="forbid")
        key = key_of("documents.publish", "Ctrl+Shift+P")
        self.publish = Button(tr("Publish…"), "primary", icon="send-plane", key=key)
        for button, signal in (
            (self.undo, self.undo_requested),
            (self.withdraw, self.withdraw_requested),
            (self.publish, self.publish_requested),
        ):
            button.clicked.connect(signal)
            button.setEnabled(False)
            header.row.addWidget(button)
        self.add_header(header)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._documents())
        row.addWidget(self._parts_panel())
        editing = Panel(tr("Content"))
        editing.body.setContentsMargins(0, 0, 0, 0)
        self.form = DocumentForm()
        self.form.logo_wanted.connect(self._ask_logo)
        editing.body.addWidget(self.form)
        row.addWidget(editing, 4)
        row.addLayout(self._right(), 5)
        self.column.addWidget(body, 1)
        for name, text, icon, key, signal in (
            ("publish", tr("Publish to the hospitals"), "send-plane", "Ctrl+Shift+P", self.publish_requested),
            ("undo", tr("Undo"), "arrow-go-back", "Ctrl+Z", self.undo_requested),
            ("add", tr("Add an entry"), "add", "Ctrl+Shift+F", self.add_requested),
        ):
            area = tr("Shared documents")
            self.commands.add(Command(f"documents.{name}", text, icon, key, signal.emit, area, editable=True))

    def _documents(self) -> QWidget:
        panel = Panel(tr("Documents"))
        panel.setFixedWidth(_LIST_WIDTH)
        panel.body.setContentsMargins(0, 0, 0, 0)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Documents"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.currentItemChanged.connect(self._picked)
        panel.body.addWidget(self.list)
        return panel

    def _parts_panel(self) -> QWidget:
        self._parts_box = panel = Panel(tr("Entries"))
        panel.setFixedWidth(_PARTS_WIDTH)
        panel.body.setContentsMargins(0, 0, 0, 0)
        self.parts = QListWidget()
        self.parts.setAccessibleName(tr("Entries"))
        self.parts.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.parts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.parts.currentItemChanged.connect(self._part_picked)
        panel.body.addWidget(self.parts, 1)
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 4, 4, 4)
        self.add = Button(tr("Add an entry"), "ghost", icon="add", small=True)
        self.up = IconButton("arrow-up", tr("Move up"), px=14, side=24)
        self.down = IconButton("arrow-down", tr("Move down"), px=14, side=24)
        self.drop = IconButton("delete-bin", tr("Remove the entry"), px=14, side=24)
        self.add.clicked.connect(self.add_requested)
        self.up.clicked.connect(lambda: self.move_requested.emit(-1))
        self.down.clicked.connect(lambda: self.move_requested.emit(1))
        self.drop.clicked.connect(self.remove_requested)
        bar.addWidget(self.add)
        bar.addStretch(1)
        for icon in (self.up, self.down, self.drop):
            bar.addWidget(icon)
        panel.body.addLayout(bar)
        return panel

    def _right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        panel = Panel(tr("What it will do"))
        panel.body.setContentsMargins(0, 0, 0, 0)
        self.preview = DocumentPreview()
        panel.body.addWidget(self.preview)
        column.addWidget(panel, 3)
        checks = Panel(tr("Checks"))
        checks.body.setContentsMargins(0, 0, 0, 0)
        self.checks = CheckList()
        self.checks.locate_requested.connect(self.locate_requested)
        checks.body.addWidget(self.checks)
        column.addWidget(checks, 1)
        return column

    def refresh(self) -> None:
        """Fetch anew (F5)."""
        self.refresh_requested.emit()

    def save_state(self) -> object:
        """Return the draft, so that another language loses no word of it."""
        return self.state_of()

    def restore_state(self, state: object) -> None:
        """Go on with the draft of the page before."""
        self.go_on_with(state)

    # showing

    def show_entries(self, entries: Sequence[DocumentEntry], current: DocumentEntry | None) -> None:
        """Show what there is or could be."""
        self._filling = True
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(entry_words(entry))
            item.setToolTip(f"{item.text()}\n{standing_words(entry.info)}")
            item.setData(_DATA, entry)
            item.setSizeHint(QSize(0, _ROW))
            self.list.addItem(item)
            if current is not None and entry.key == current.key:
                self.list.setCurrentItem(item)
        self._filling = False

    def show_parts(self, lines: Sequence[tuple[Place, str]], current: Place, *, may_edit: bool) -> None:
        """Show the entries of the document at hand; one without a list shows none."""
        self._filling = True
        self._parts_box.setVisible(bool(lines))
        self.parts.clear()
        for place, words in lines:
            item = QListWidgetItem(words)
            item.setToolTip(words)
            item.setData(_DATA, list(place))
            self.parts.addItem(item)
            if place == current:
                self.parts.setCurrentItem(item)
        self.add.setEnabled(may_edit)
        for icon in (self.up, self.down, self.drop):
            icon.setEnabled(may_edit and bool(current))
        self._filling = False

    def rename_part(self, words: str) -> None:
        """Show the words of the current entry anew."""
        item = self.parts.currentItem()
        if item is not None:
            item.setText(words)
            item.setToolTip(words)

    def show_standing(self, info: DocumentInfo | None) -> None:
        """Say which version holds."""
        self.standing.setText(standing_words(info))

    def show_state(
        self, *, changed: bool, problems: Sequence[TemplateProblem], can_undo: bool, may_edit: bool, is_there: bool
    ) -> None:
        """Show what keeps the draft from being published."""
        self.checks.show_checks(
            [("/".join(str(step) for step in one.place) or "/", one.text) for one in problems],
            [] if problems else [tr("It can be published")],
        )
        denied = tr("Your role reads this and does not change it")
        if not may_edit:
            self._state.show_chip(tr("Read only"), "neutral", "lock")
        elif problems:
            self._state.show_chip(tr("{count} open", count=len(problems)), "bad", "close")
        elif changed:
            self._state.show_chip(tr("Not published yet"), "warn", "edit")
        else:
            self._state.show_chip(tr("In force") if is_there else tr("As shipped"), "ok", "check")
        reason = tr("Correct what the checks say first") if problems else tr("Nothing was changed")
        self.publish.enable(may_edit and changed and not problems, reason if may_edit else denied)
        self.undo.enable(can_undo, tr("Nothing was changed"))
        missing = tr("The hub has none yet; what ships holds.")
        self.withdraw.enable(may_edit and is_there, missing if may_edit else denied)

    def state_words(self) -> str:
        """Return what the chip in the header says."""
        return self._state.text()

    # asking

    def _picked(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if now is not None and not self._filling:
            self.chosen.emit(now.data(_DATA))

    def _part_picked(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if now is not None and not self._filling:
            self.part_chosen.emit(tuple(now.data(_DATA)))

    def _ask_logo(self, on: bool) -> None:  # noqa: FBT001 - the signal's argument
        if not on:
            self.logo_chosen.emit(None)
            return
        name, _kind = QFileDialog.getOpenFileName(self, tr("Choose a picture…"), "", "PNG (*.png)")
        if name:
            self.logo_chosen.emit(Path(name))
