"""Joins the template page to its service: one draft with its steps back, checked after every pause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QTimer

from resources.translation import language, tr
from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.shared_document import DocumentInfo
from workstation.domain.template_draft import (
    MISSING,
    Draft,
    Place,
    changed,
    clone,
    moved,
    new_field,
    new_question,
    new_section,
    next_version,
    of_type,
    part_of,
    removed,
    value_at,
)
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.template_service import CheckedDraft, EditTemplates, PublishTemplate, Standing
from workstation.ui.dialogs import ConfirmDialog, Dialog
from workstation.ui.pages.template_page import TemplatePage
from workstation.ui.templates.publish_dialog import PublishDialog
from workstation.ui.widgets.labels import label

T = TypeVar("T")
CHECK_PAUSE_MS: Final = 200
_MOST_STEPS: Final = 200
_REBUILDS: Final = frozenset({"choices", "required_if", "critical", "only_if"})
"""Parts of a field or question whose form looks different once one of them comes or goes"""


class TemplatePresenter(QObject):
    """Nothing leaves the page before somebody saves; another template asks first where something would be lost."""

    def __init__(
        self, page: TemplatePage, service: EditTemplates, jobs: JobRunner, publish: PublishTemplate | None = None
    ) -> None:
        super().__init__(page)
        self._page, self._service, self._jobs, self._publish = page, service, jobs, publish
        self._drafts: frozenset[str] = frozenset()
        """Which templates are drafts of this machine"""
        self.draft: Draft = {}
        self.place: Place = ()
        self._saved: Draft = {}
        self._steps: list[tuple[Draft, Place]] = []
        self._checking: JobHandle[CheckedDraft] | None = None
        self._checked: CheckedDraft | None = None
        self.dialog: Dialog | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(CHECK_PAUSE_MS)
        self._pause.timeout.connect(self._check)
        page.editor.chosen.connect(self.choose)
        page.editor.part_chosen.connect(self._show_part)
        page.form.changed.connect(self._edit)
        page.form.type_chosen.connect(self._retype)
        page.clone_requested.connect(self._clone)
        page.save_requested.connect(self.save)
        page.undo_requested.connect(self.undo)
        page.publish_requested.connect(self.publish)
        page.section_requested.connect(self._add_section)
        page.field_requested.connect(self._add_field)
        page.form.question_wanted.connect(self._add_question)
        page.form.part_wanted.connect(self._go_to)
        page.editor.remove_requested.connect(self._remove)
        page.editor.move_requested.connect(self._move)
        page.import_requested.connect(self.bring_in)
        page.export_requested.connect(self._export)
        page.editor.locate_requested.connect(self._locate)
        self.refresh()

    @property
    def is_changed(self) -> bool:
        """Tell whether the draft is not saved."""
        return self.draft != self._saved

    def refresh(self, template_id: str = "") -> None:
        """Read the templates, and show one of them."""

        def show(entries: Any) -> None:  # noqa: ANN401 - a sequence of entries
            known = [one.template_id for one in entries]
            wanted = template_id if template_id in known else known[0]
            self._drafts = frozenset(one.template_id for one in entries if one.own)
            self._page.show_templates(entries, wanted)
            self._load(wanted)

        self._run(lambda _job: self._service.entries(), show)

    def choose(self, template_id: str) -> None:
        """Show another template; asks first where the draft would be lost."""
        if not self.is_changed or not self.draft:
            self._load(template_id)
            return
        former = str(self._saved.get("template_id", self.draft["template_id"]))
        dialog = ConfirmDialog(
            self._page,
            tr("The draft is not saved"),
            tr("What you changed in this template is lost if you go on to another one."),
            tr("Go on and lose it"),
            danger=True,
        )
        self.dialog = dialog
        dialog.accepted.connect(lambda: self._load(template_id))
        dialog.rejected.connect(lambda: self._keep(former))
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.open()

    def _forget(self, dialog: Dialog) -> None:
        self.dialog = None
        dialog.deleteLater()

    def _keep(self, template_id: str) -> None:
        def show(entries: Any) -> None:  # noqa: ANN401 - a sequence of entries
            self._page.show_templates(entries, template_id)
            if not self._saved:
                self._page.show_unsaved(self.draft)

        self._run(lambda _job: self._service.entries(), show)

    def _load(self, template_id: str) -> None:
        leaves_a_copy = bool(self.draft) and not self._saved

        def show(draft: Draft) -> None:
            self._begin(draft, saved=draft)
            if leaves_a_copy:  # which is no entry of the list
                self._keep(template_id)

        self._run(lambda _job: self._service.load(template_id), show)

    def _begin(self, draft: Draft, *, saved: Draft) -> None:
        self.draft, self._saved, self._steps, self.place = draft, saved, [], ()
        if not saved:
            self._page.show_unsaved(draft)
        self._show()

    def _show(self) -> None:
        if value_at(self.draft, self.place) is MISSING:
            self.place = ()
        self._page.show_parts(self.draft, self.place)
        self._page.form.show_node(self.draft, self.place)
        self._check()

    def _show_part(self, place: Place) -> None:
        self.place = place
        self._page.form.show_node(self.draft, place)

    # editing

    def _step(self, draft: Draft) -> None:
        self._steps = [*self._steps, (self.draft, self.place)][-_MOST_STEPS:]
        if draft.get("version") == self._saved.get("version") and draft["template_id"] == self._saved.get(
            "template_id"
        ):
            draft = {**draft, "version": next_version(str(self._saved["version"]))}  # what is in use is never changed
        self.draft = draft

    def _edit(self, place: Place, value: object) -> None:
        before = self.draft
        self._step(changed(self.draft, place, value))
        depth = len(self.place)
        rebuilds = depth >= 4 and len(place) > depth and place[depth] in _REBUILDS
        shape = value_at(before, place) is MISSING or value is MISSING or isinstance(value, dict | list)
        if rebuilds and shape and not _types_on(place):
            self._page.form.show_node(self.draft, self.place)
        self._page.rename_part(self.draft, self.place)
        if not self._saved:
            self._page.show_unsaved(self.draft)  # its title or identifier may be what was typed
        self._pause.start()

    def _retype(self, place: Place, kind: str) -> None:
        self._step(changed(self.draft, place, of_type(value_at(self.draft, place), kind)))
        self._show()

    def undo(self) -> None:
        """Take the last change back."""
        if self._steps:
            self.draft, self.place = self._steps.pop()
            self._show()

    def _add_section(self) -> None:
        self._step(new_section(self.draft))
        self.place = ("sections", len(self.draft["sections"]) - 1)
        self._show()

    def _add_field(self) -> None:
        section = int(self.place[1]) if len(self.place) > 1 else len(self.draft["sections"]) - 1
        after = int(self.place[3]) if len(self.place) >= 4 else -1
        draft, place = new_field(self.draft, section, after)
        self._step(draft)
        self.place = place
        self._show()

    def _add_question(self, place: Place) -> None:
        draft, fresh = new_question(self.draft, place)
        self._step(draft)
        self.place = fresh
        self._show()

    def _go_to(self, place: Place) -> None:
        self.place = place
        self._show()

    def _remove(self) -> None:
        if self.place:
            self._step(removed(self.draft, self.place))
            self.place = self.place[:-2] if len(self.place) >= 4 else ()
            self._show()

    def _move(self, by: int) -> None:
        if self.place:
            draft, place = moved(self.draft, self.place, by)
            if draft is not self.draft:
                self._step(draft)
                self.place = place
                self._show()

    def _clone(self) -> None:
        if self.draft:
            draft = self.draft

            def copy(entries: Any) -> None:  # noqa: ANN401 - a sequence of entries
                self._begin(clone(draft, [one.template_id for one in entries]), saved={})

            self._run(lambda _job: self._service.entries(), copy)

    # checking and keeping

    def _check(self) -> None:
        self._pause.stop()
        if self._checking is not None:
            self._checking.cancel()
        draft = self.draft

        def show(checked: CheckedDraft) -> None:
            if self.draft is not draft:
                return
            self._checked = checked
            self._page.show_state(
                changed=self.is_changed,
                problems=checked.problems,
                can_undo=bool(self._steps),
                is_draft=self._publish is not None and draft.get("template_id") in self._drafts,
            )
            if checked.template is not None:
                self._page.show_preview(checked.template)

        self._checking = self._jobs.submit(Pool.CPU, lambda _job: self._service.check(draft), on_success=show)

    def save(self) -> None:
        """Keep the draft as the site's own version."""
        if not self.is_changed:
            return
        draft = self.draft

        def kept(_none: object) -> None:
            self._page.toast.emit(tr("Saved as version {version}", version=draft["version"]))
            self.refresh(str(draft["template_id"]))

        self._page.notices.clear_notice("templates")
        self._run(lambda _job: self._service.save(draft), kept)

    def publish(self) -> None:
        """Ask for whom the saved draft is published, and publish it."""
        publish, draft = self._publish, self.draft
        if publish is None or self.is_changed or draft.get("template_id") not in self._drafts:
            return

        def ask(standing: Standing) -> None:
            dialog = PublishDialog(self._page, str(draft["title"][_tongue()]), standing)
            self.dialog = dialog
            dialog.confirmed = lambda site: self._run(lambda _job: publish(draft, standing, site), self._published)
            dialog.finished.connect(lambda _result: self._forget(dialog))
            dialog.open()

        self._page.notices.clear_notice("templates")
        self._run(lambda _job: publish.standing(draft), ask)

    def _published(self, info: DocumentInfo) -> None:
        self._page.toast.emit(tr("Version {version} is published", version=info.version))
        self.refresh(info.key.name)

    def bring_in(self, path: Path) -> None:
        """Show the template of a file as a draft; it is saved by hand like any other."""
        self._run(lambda _job: self._service.read(path), lambda draft: self._begin(draft, saved={}))

    def _export(self, path: Path) -> None:
        draft, tongue = self.draft, language()
        self._page.notices.clear_notice("templates")
        self._run(lambda _job: self._service.write(draft, path, tongue), self._exported)

    def _exported(self, lost: Sequence[str]) -> None:
        if not lost:
            self._page.toast.emit(tr("The template is written"))
            return
        dialog = Dialog(self._page, tr("The template is written; MRRT does not say everything"), icon="information",
                        tone="warn")  # fmt: skip
        dialog.body.addWidget(label(tr("Not in the file:"), "body", "t1"))
        for one in lost:
            dialog.body.addWidget(label(f"· {one}", "body", "t1", wrap=True))
        dialog.add_hint(tr("A JSON file keeps all of it."))
        dialog.set_primary(tr("Understood"))
        dialog.cancel.hide()
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.open()

    def _locate(self, words: str) -> None:
        place: Place = tuple(int(step) if step.isdigit() else step for step in words.split("/") if step)
        part = part_of(place)
        self.place = part
        self._page.show_parts(self.draft, part)
        self._page.form.show_node(self.draft, part)
        self._page.form.take_focus(place)

    def _run(self, work: Callable[[JobContext], T], done: Callable[[T], None]) -> None:
        self._jobs.submit(Pool.IO, work, on_success=done, on_error=self._failed)

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self._page.show_error(error, key="templates")


def _tongue() -> str:
    return "zh" if language().startswith("zh") else "en"


def _types_on(place: Place) -> bool:
    """Tell whether somebody types into a row that is there already, so that its form must stay."""
    return place[-1] in {"key", "zh", "en", "value", "scheme", "meaning", "source", "is", "at_least"}
