"""What the hub gives every site: chosen, edited in a form, seen as it will be, published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem

from resources.translation import tr
from workstation.domain.shared_document import DocumentInfo, DocumentKind
from workstation.domain.template_draft import Place, TemplateProblem
from workstation.services.site_documents import DocumentEntry
from workstation.ui.commands import Command
from workstation.ui.documents.document_form import DocumentForm
from workstation.ui.documents.document_preview import DocumentPreview
from workstation.ui.documents.document_words import SHIPPED, entry_words, standing_words, title_words, version_words
from workstation.ui.keymap import key_of
from workstation.ui.pages.page import Page
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.draft_editor import DATA, DraftEditor, EditorWords
from workstation.ui.widgets.labels import ChipLabel, label
from workstation.ui.widgets.page_header import PageHeader

_LIST_WIDTH, _PARTS_WIDTH = 264, 208
_ROW_ROOM = _LIST_WIDTH - 50
"""Pixels of a line of the list, beside its edges and the scroll bar"""


class DocumentPage(Page):
    """Shows and asks; the presenter does."""

    add_requested = Signal()
    undo_requested = Signal()
    publish_requested = Signal()
    withdraw_requested = Signal()
    refresh_requested = Signal()
    logo_chosen = Signal(object)
    """``Path`` of a picture, None for no logo"""

    def __init__(self) -> None:
        super().__init__()
        self.state_of: Callable[[], object] = lambda: None
        """What is being edited, for the page that follows this one; set by the presenter"""
        self.go_on_with: Callable[[object], object] = lambda _state: None
        self._kind = DocumentKind.LETTERHEAD
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
        self.form = DocumentForm()
        self.form.logo_wanted.connect(self._ask_logo)
        self.preview = DocumentPreview()
        self.parts = QListWidget()
        self.parts.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.parts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.parts.currentItemChanged.connect(self._part_picked)
        self.add = Button(tr("Add an entry"), "ghost", icon="add", small=True)
        self.add.clicked.connect(self.add_requested)
        self.editor = DraftEditor(
            EditorWords(tr("Documents"), tr("Entries"), tr("Content"), tr("What it will do"), tr("Remove the entry")),
            parts=self.parts,
            adding=(self.add,),
            form=self.form,
            preview=self.preview,
            widths=(_LIST_WIDTH, _PARTS_WIDTH),
        )
        self.column.addWidget(self.editor, 1)
        for name, text, icon, key, signal in (
            ("publish", tr("Publish to the hospitals"), "send-plane", "Ctrl+Shift+P", self.publish_requested),
            ("undo", tr("Undo"), "arrow-go-back", "Ctrl+Z", self.undo_requested),
            ("add", tr("Add an entry"), "add", "Ctrl+Shift+F", self.add_requested),
        ):
            area = tr("Shared documents")
            self.commands.add(Command(f"documents.{name}", text, icon, key, signal.emit, area, editable=True))

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
        wanted = current.key if current is not None else None
        self.editor.show_documents(
            ((one, entry_words(one, _ROW_ROOM), _tip(one)) for one in entries),
            next((one for one in entries if one.key == wanted), None),
        )

    def show_parts(self, lines: Sequence[tuple[Place, str]], current: Place, *, may_edit: bool) -> None:
        """Show the entries of the document at hand; one without a list shows none."""
        self.editor.parts_panel.setVisible(bool(lines))
        with self.editor.filling():
            self.parts.clear()
            for place, words in lines:
                item = QListWidgetItem(words)
                item.setToolTip(words)
                item.setData(DATA, list(place))
                self.parts.addItem(item)
                if place == current:
                    self.parts.setCurrentItem(item)
        self.add.setEnabled(may_edit)
        for icon in (self.editor.up, self.editor.down, self.editor.drop):
            icon.setEnabled(may_edit and bool(current))

    def rename_part(self, words: str) -> None:
        """Show the words of the current entry anew."""
        item = self.parts.currentItem()
        if item is not None:
            item.setText(words)
            item.setToolTip(words)

    def show_standing(self, info: DocumentInfo | None, kind: DocumentKind) -> None:
        """Say which version holds."""
        self._kind = kind
        self.standing.setText(standing_words(info, kind))

    def show_state(
        self, *, changed: bool, problems: Sequence[TemplateProblem], can_undo: bool, may_edit: bool, is_there: bool
    ) -> None:
        """Show what keeps the draft from being published."""
        passed = tr("It can be published") if changed and may_edit else tr("Nothing to object to")
        self.editor.show_problems(problems, passed)
        denied = tr("Your role reads this and does not change it")
        if not may_edit:
            self._state.show_chip(tr("Read only"), "neutral", "lock")
        elif problems:
            self._state.show_chip(tr("{count} open", count=len(problems)), "bad", "close")
        elif changed:
            self._state.show_chip(tr("Not published yet"), "warn", "edit")
        elif is_there or self._kind in SHIPPED:
            self._state.show_chip(tr("In force") if is_there else tr("As shipped"), "ok", "check")
        else:
            self._state.show_chip(tr("None yet"), "neutral")
        reason = tr("Correct what the checks say first") if problems else tr("Nothing was changed")
        self.publish.enable(may_edit and changed and not problems, reason if may_edit else denied)
        self.undo.enable(can_undo, tr("Nothing was changed"))
        missing = standing_words(None, self._kind)
        self.withdraw.enable(may_edit and is_there, missing if may_edit else denied)

    def state_words(self) -> str:
        """Return what the chip in the header says."""
        return self._state.text()

    # asking

    def _part_picked(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if now is not None:
            self.editor.part_was_chosen(tuple(now.data(DATA)))

    def _ask_logo(self, on: bool) -> None:  # noqa: FBT001 - the signal's argument
        if not on:
            self.logo_chosen.emit(None)
            return
        name, _kind = QFileDialog.getOpenFileName(self, tr("Choose a picture…"), "", "PNG (*.png)")
        if name:
            self.logo_chosen.emit(Path(name))


def _tip(entry: DocumentEntry) -> str:
    """Return a line of the list uncut, with by whom and since when it holds."""
    return f"{title_words(entry)} · {version_words(entry.info)}\n{standing_words(entry.info, entry.key.kind)}"
