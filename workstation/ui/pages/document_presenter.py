"""Joins the page of shared documents to its service: one draft with its steps back, published over what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QTimer

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import NoLongerUpdatable, WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.shared_document import DocumentInfo, DocumentKind
from workstation.domain.template_draft import MISSING, Draft, Place, TemplateProblem, changed, moved, value_at
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.site_documents import (
    DocumentEntry,
    EditDocuments,
    OpenDocument,
    changes,
    may_edit,
    with_next_version,
)
from workstation.ui.dialogs import ConfirmDialog, Dialog
from workstation.ui.documents.document_preview import Pictures, Trials
from workstation.ui.documents.document_words import (
    PARTS,
    fresh_part,
    part_lines,
    part_words,
    standing_words,
    title_words,
)
from workstation.ui.documents.publish_dialogs import OvertakenDialog, PublishDocumentDialog
from workstation.ui.notice import NoticeAction
from workstation.ui.pages.document_page import DocumentPage

T = TypeVar("T")
CHECK_PAUSE_MS: Final = 200
_MOST_STEPS: Final = 200
_NOTICE: Final = "documents"


class DocumentPresenter(QObject):
    """Nothing leaves the page before somebody publishes; another document asks first where something would be lost."""

    def __init__(
        self,
        page: DocumentPage,
        service: EditDocuments,
        trials: Trials,
        jobs: JobRunner,
        actor: Callable[[], Actor | None],
    ) -> None:
        super().__init__(page)
        self._page, self._service, self._trials, self._jobs, self._actor = page, service, trials, jobs, actor
        self.entry: DocumentEntry | None = None
        self.document: OpenDocument | None = None
        self._coming: DocumentEntry | None = None
        """The entry that was asked for last and is on its way"""
        self.draft: Draft = {}
        self.place: Place = ()
        self._steps: list[tuple[Draft, Place]] = []
        self.problems: Sequence[TemplateProblem] = ()
        self.dialog: Dialog | None = None
        self._checking: JobHandle[Sequence[TemplateProblem]] | None = None
        self._drawing: JobHandle[Any] | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(CHECK_PAUSE_MS)
        self._pause.timeout.connect(self._check)
        page.editor.chosen.connect(self.choose)
        page.editor.part_chosen.connect(self._go_to)
        page.form.changed.connect(self._edit)
        page.add_requested.connect(self._add)
        page.editor.remove_requested.connect(self._remove)
        page.editor.move_requested.connect(self._move)
        page.undo_requested.connect(self.undo)
        page.publish_requested.connect(self.publish)
        page.withdraw_requested.connect(self.withdraw)
        page.refresh_requested.connect(self.refresh)
        page.logo_chosen.connect(self._take_logo)
        page.editor.locate_requested.connect(self._locate)
        page.preview.changed.connect(self._draw)
        page.state_of = self._state
        page.go_on_with = self._go_on
        self.refresh()

    @property
    def kind(self) -> DocumentKind:
        """Return the kind of the document at hand."""
        return self.document.key.kind if self.document is not None else DocumentKind.LETTERHEAD

    @property
    def is_changed(self) -> bool:
        """Tell whether the draft is not what was opened."""
        return self.document is not None and self.draft != self.document.draft

    @property
    def may_edit(self) -> bool:
        """Tell whether whoever is signed in may change the document at hand."""
        return may_edit(self._actor(), self.kind)

    def _state(self) -> object:
        return (self.entry, self.document, self.draft, self.place, self._steps) if self.is_changed else None

    def _go_on(self, state: object) -> None:
        """Take over the draft of a page that was made anew; one without changes is fetched again."""
        if isinstance(state, tuple):
            self.entry, self.document, draft, place, steps = state
            self._begin(draft)
            self._steps, self.place = steps, place
            self._show()

    # choosing

    def refresh(self) -> None:
        """Ask the hub what there is; a draft that is not published stays."""

        def show(entries: Sequence[DocumentEntry]) -> None:
            self._page.notices.clear_notice(_NOTICE)
            keys = {one.key: one for one in entries}
            wanted = self._coming or self.entry
            current = keys.get(wanted.key) if wanted is not None else entries[0]
            self._page.show_entries(entries, current)
            if current is not None and not self.is_changed:
                self._open(current)

        self._run(lambda _job: self._service.entries(), show, again=self.refresh)

    def choose(self, entry: DocumentEntry) -> None:
        """Show another document; asks first where the draft would be lost."""
        if not self.is_changed:
            self._open(entry)
            return
        dialog = ConfirmDialog(
            self._page,
            tr("The draft is not published"),
            tr("What you changed in this document is lost if you go on to another one."),
            tr("Go on and lose it"),
            danger=True,
        )
        dialog.accepted.connect(lambda: self._open(entry))
        dialog.rejected.connect(self._keep)
        self._ask(dialog)

    def _keep(self) -> None:
        self._run(lambda _job: self._service.entries(), lambda found: self._page.show_entries(found, self.entry))

    def _open(self, entry: DocumentEntry) -> None:
        self._coming, draft = entry, self.draft

        def show(document: OpenDocument) -> None:
            if self._coming is not entry:
                return  # another one was asked for since
            self._coming = None
            if self.draft != draft:  # somebody has typed since
                self._keep()
                return
            self.entry, self.document = entry, document
            self._begin(document.draft)

        def failed(error: Exception) -> None:
            if self._coming is entry:
                self._coming = None
            self._failed(error, again=lambda: self._open(entry))

        self._jobs.submit(Pool.IO, lambda _job: self._service.open(entry), on_success=show, on_error=failed)

    def _begin(self, draft: Draft) -> None:
        self.draft, self._steps, self.place = draft, [], ()
        self._page.preview.show_kind(self.kind)
        self._show()

    def _show(self) -> None:
        if self.document is None:
            return
        if value_at(self.draft, self.place) is MISSING:
            self.place = ()
        self._page.show_standing(self.document.info, self.kind)
        self._page.show_parts(part_lines(self.kind, self.draft), self.place, may_edit=self.may_edit)
        self._page.form.show_document(self.kind, self.draft, self.place, read_only=not self.may_edit)
        self._check()

    def _go_to(self, place: Place) -> None:
        self.place = place
        self._show()

    # editing

    def _step(self, draft: Draft) -> None:
        self._steps = [*self._steps, (self.draft, self.place)][-_MOST_STEPS:]
        self.draft = with_next_version(self.document, draft) if self.document is not None else draft

    def _edit(self, place: Place, value: object) -> None:
        self._step(changed(self.draft, place, value))
        if len(self.place) == 2:
            self._page.rename_part(part_words(self.kind, value_at(self.draft, self.place)))
        self._pause.start()

    def undo(self) -> None:
        """Take the last change back."""
        if self._steps:
            self.draft, self.place = self._steps.pop()
            self._show()

    def _add(self) -> None:
        name = PARTS.get(self.kind)
        if name is not None and self.may_edit and self.document is not None:
            items = list(self.draft.get(name, ()))
            at = int(self.place[1]) + 1 if self.place else len(items)
            items.insert(at, fresh_part(self.kind, self.draft))
            self._step({**self.draft, name: items})
            self.place = (name, at)
            self._show()

    def _remove(self) -> None:
        if self.place:
            self._step(changed(self.draft, self.place, MISSING))
            self.place = ()
            self._show()

    def _move(self, by: int) -> None:
        if self.place:
            draft, place = moved(self.draft, self.place, by)
            if draft is not self.draft:
                self._step(draft)
                self.place = place
                self._show()

    def _take_logo(self, path: Path | None) -> None:
        draft = self.draft

        def take(made: Draft) -> None:
            if self.draft is draft:
                self._step(made)
                self._show()

        self._page.notices.clear_notice(_NOTICE)
        self._run(lambda _job: self._trials.with_logo(draft, path), take)

    def _locate(self, words: str) -> None:
        place: Place = tuple(int(step) if step.isdigit() else step for step in words.split("/") if step)
        self.place = place[:2] if place[:1] == (PARTS.get(self.kind),) and len(place) >= 2 else ()
        self._show()
        self._page.form.take_focus(place)

    # checking and drawing

    def _check(self) -> None:
        self._pause.stop()
        if self._checking is not None:
            self._checking.cancel()
        kind, draft = self.kind, self.draft

        def show(problems: Sequence[TemplateProblem]) -> None:
            if self.draft is not draft or self.document is None:
                return
            self.problems = problems
            self._page.show_state(
                changed=self.is_changed,
                problems=problems,
                can_undo=bool(self._steps),
                may_edit=self.may_edit,
                is_there=self.document.info is not None,
            )
            self._draw()

        self._checking = self._jobs.submit(Pool.CPU, lambda _job: self._service.check(kind, draft), on_success=show)

    def _draw(self) -> None:
        """Show what the draft will do; one with problems leaves the last picture where it was."""
        if self.document is None:
            return
        kind, draft, preview = self.kind, self.draft, self._page.preview
        if kind in {DocumentKind.PHRASES, DocumentKind.SCANNER_CHARSETS}:
            preview.show_lines(kind, draft)
            return
        if self.problems:
            return
        if self._drawing is not None:
            self._drawing.cancel()
        if kind is DocumentKind.LETTERHEAD:
            tongue, width = preview.tongue.value(), preview.paper.page_width_px()

            def page(pictures: Pictures) -> None:
                preview.paper.show_pages(pictures)

            self._drawing = self._jobs.submit(
                Pool.CPU, lambda _job: self._trials.paper(draft, tongue, width), on_success=page, on_error=self._undrawn
            )
            return
        exam = preview.modality.text().strip().upper(), preview.description.text(), str(preview.grade.currentData())
        self._drawing = self._jobs.submit(
            Pool.CPU,
            lambda _job: self._trials.recognise(draft, *exam),
            on_success=preview.answer.setText,
            on_error=self._untried,
        )

    def _untried(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        # the draft was changed since it was checked, and the check that follows says where
        self._page.preview.answer.setText(tr("Correct what the checks say first"))

    def _undrawn(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self._page.preview.paper.show_message(f"{error.user_text}\n{error.hint}".strip())

    # publishing

    def publish(self) -> None:
        """Show what would change, and publish once that was seen."""
        document, entry, draft = self.document, self.entry, self.draft
        if document is None or entry is None or not self.is_changed or self.problems or not self.may_edit:
            return
        dialog = PublishDocumentDialog(
            self._page, title_words(entry), standing_words(document.info, self.kind), changes(document, draft)
        )
        dialog.accepted.connect(lambda: self._publish(document, draft))
        self._ask(dialog)

    def _publish(self, document: OpenDocument, draft: Draft) -> None:
        def done(info: DocumentInfo) -> None:
            self._page.toast.emit(tr("Revision {number} is published", number=info.revision))
            if self.document is not document:  # another one was opened since, or this one anew
                self.refresh()
                return
            self.document = OpenDocument(document.key, info, draft)
            self._steps = []
            self.refresh()
            self._show()

        def failed(error: Exception) -> None:
            if isinstance(error, NoLongerUpdatable) and self.document is document:
                self._look_at_theirs(error)
            else:
                self._failed(error)

        self._page.notices.clear_notice(_NOTICE)
        self._jobs.submit(
            Pool.IO, lambda _job: self._service.publish(document, draft), on_success=done, on_error=failed
        )

    def _look_at_theirs(self, error: NoLongerUpdatable) -> None:
        """Show what somebody else published meanwhile beside the draft; nothing was overwritten."""
        entry, document = self.entry, self.document
        if entry is None:
            return

        def show(theirs: OpenDocument) -> None:
            if self.document is not document:
                return
            draft = self.draft
            dialog = OvertakenDialog(
                self._page, error.user_text, standing_words(theirs.info, self.kind), changes(theirs, draft)
            )

            def rebase() -> None:
                if self.document is not document:
                    return
                self.document = theirs
                self.draft = with_next_version(theirs, draft)
                self._show()

            def take() -> None:
                dialog.reject()
                if self.document is document:
                    self.document = theirs
                    self._begin(theirs.draft)

            dialog.accepted.connect(rebase)
            dialog.take_theirs.clicked.connect(take)
            self._ask(dialog)

        self._run(lambda _job: self._service.open(entry), show)

    def withdraw(self) -> None:
        """Ask whether a document shall hold no longer."""
        document, entry = self.document, self.entry
        if document is None or document.info is None or entry is None or not self.may_edit:
            return
        dialog = ConfirmDialog(
            self._page,
            tr("Withdraw “{title}”?", title=title_words(entry)),
            tr("What holds for all hospitals, or what was shipped, takes its place. Its versions stay at the hub."),
            tr("Withdraw"),
            danger=True,
        )

        def gone(_none: object) -> None:
            self._page.toast.emit(tr("It is withdrawn"))
            if self.document is document:
                self.draft = document.draft
            self.refresh()

        dialog.accepted.connect(lambda: self._run(lambda _job: self._service.withdraw(document), gone))
        self._ask(dialog)

    def _ask(self, dialog: Dialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.open()

    def _forget(self, dialog: Dialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()

    def _run(
        self, work: Callable[[JobContext], T], done: Callable[[T], None], *, again: Callable[[], object] | None = None
    ) -> None:
        self._jobs.submit(Pool.IO, work, on_success=done, on_error=lambda error: self._failed(error, again))

    def _failed(self, error: Exception, again: Callable[[], object] | None = None) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        actions = () if again is None else (NoticeAction(tr("Try again"), again, "refresh"),)
        self._page.show_error(error, key=_NOTICE, actions=actions)
