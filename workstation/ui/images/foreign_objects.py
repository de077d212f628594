"""Objects stored with the study on its images: listed with whose they are, shown and hidden one by one, read-only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from viewers.scene.foreign import ForeignDrawing, ForeignLayer, is_of
from viewers.scene.foreign_places import placed_marks
from viewers.scene.stack_scene import StackScene
from workstation.domain.errors import WorkstationError
from workstation.domain.follow_up import SeenNodule
from workstation.domain.frames import FrameRef
from workstation.domain.hanging import day_of
from workstation.domain.key_image import KeyImage
from workstation.domain.ports import JobContext
from workstation.domain.study import Series, Study
from workstation.services.before_ai import before_ai, undisclosed_series
from workstation.services.foreign_objects_service import ForeignObject, ForeignObjects, ObjectKind, sphere_of, wanted
from workstation.services.jobs import JobHandle, Pool
from workstation.ui.commands import Command
from workstation.ui.document_dialog import DocumentDialog
from workstation.ui.foreign_words import (
    content_words,
    eye_lines,
    kind_words,
    label_words,
    left_out_lines,
    maker,
    prior_eye_lines,
    source_lines,
    title_words,
    unplaced_lines,
)
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.real_size import viewport_pixel_mm
from workstation.ui.images.result_places import ResultPlace, places_of_results
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.monitor_check import monitor_name
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.pages.image_menu import MenuPlace
from workstation.ui.widgets.objects_panel import ObjectFacts, ObjectsButton, ObjectsPanel
from workstation.ui.widgets.tiling import STACK

_log = logging.getLogger(__name__)
_STATE: Final = "presentation"
_FAILED: Final = "objects"
_JUMPS: Final = 12
_LIGHT: Final = frozenset({ObjectKind.MARKS, ObjectKind.KEY_IMAGES})
"""Shown at once: little ink, and nobody shall miss what a colleague marked."""
_FEW: Final = 5
"""Outlines of so many structures are shown on a prior at once; more would hide it."""


class ForeignObjectsView(QObject):
    """Reads the objects of the open case in a job, and draws those that the reader wants to see."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._reading = context.foreign
        self._case: OpenImages | None = None
        self._found: dict[str, ForeignObjects] = {}
        self._priors: dict[str, Study] = {}
        self._on: set[str] = set()
        self._result_places: dict[str, tuple[ResultPlace, ...]] = {}
        self._images_here: dict[str, list[tuple[FrameRef, str, int]]] = {}
        self._running: list[JobHandle[Any]] = []
        self._stack: StackScene | None = None
        self._monitors: dict[tuple[str, float], float | None] = {}
        self._is_ai_hidden = False
        self._end_listening: Callable[[], None] = _nothing
        self._drawing = ForeignDrawing()
        self._pointed_out: ForeignLayer | None = None
        self.dialog: DocumentDialog | None = None
        self.panel = ObjectsPanel()
        self.others = context.page.findings.others
        self.button = ObjectsButton()
        self._page.add_side(self.panel)
        self._page.series.add_below(self.button)
        self._images.marks.also.append(self._drawing.dress)
        self._images.beside.connect(self._prior_beside)
        self._images.pointed_out.connect(self._point_out)
        self._page.view_commands.of_images(
            Command("objects.panel", tr("Stored objects"), "stack", "Shift+B", self.toggle_panel,
                    tr("Images"), checkable=True)
        )  # fmt: skip
        self._page.header.menu.addAction(self._page.view_commands.action("objects.panel"))
        self._page.image_menu.entries.append(self._fill_menu)
        self.button.clicked.connect(self.toggle_panel)
        self._page.series.compact_changed.connect(self.button.set_compact)
        self.panel.closed.connect(self.toggle_panel)
        for rows, jump in ((self.panel.list, self.jump), (self.others.list, self._jump_to_result)):
            rows.show_asked.connect(self.show_object)
            rows.read_asked.connect(self.read_object)
            rows.jump_asked.connect(jump)
        self._images.case_opened.connect(self._opened)
        self._images.case_closed.connect(self._closed)
        self._images.series_shown.connect(self._series_shown)
        self._images.findings_shown.connect(lambda _findings: self._case_changed())
        self._images.measured.connect(lambda _drawn: self._case_changed())
        self._show_facts()

    # the case

    def _opened(self, case: OpenImages) -> None:
        self._case, self._is_ai_hidden = case, case.session.ai_hidden
        self._end_listening = case.session.subscribe(lambda _change: self._ai_shown())
        self._read(case.session.study)

    def _prior_beside(self, study: Study) -> None:
        """Read what was stored with a prior, once for each case."""
        if self._case is not None and study.study_instance_uid not in self._priors:
            self._priors[study.study_instance_uid] = study
            self._read(study)

    def _read(self, study: Study) -> None:
        if self._reading is None or not wanted(study):
            return
        read, case = self._reading.read, self._case
        stacks = () if study.study_instance_uid in self._priors else self._stacks(None)

        def work(job: JobContext) -> tuple[ForeignObjects, dict[str, tuple[ResultPlace, ...]]]:
            found = read(study, job)
            return found, places_of_results(found, stacks, job)

        job = self._jobs.submit(
            Pool.IO,
            work,
            on_success=lambda made: self._take(*made) if self._case is case else None,
            on_error=self._refused,
        )
        self._running.append(job)

    def _closed(self) -> None:
        for job in self._running:
            job.cancel()
        self._end_listening()
        self._end_listening, self._is_ai_hidden = _nothing, False
        if self.dialog is not None:
            self.dialog.reject()
        self._case = self._stack = self._pointed_out = None
        self._found, self._priors, self._running, self._result_places, self._images_here = {}, {}, [], {}, {}
        self._on.clear()
        self._drawing.show(())
        self.panel.hide()
        self._show_facts()

    def _take(self, found: ForeignObjects, places: Mapping[str, tuple[ResultPlace, ...]]) -> None:
        self._found[found.study_instance_uid] = found
        self._result_places |= places
        self._on |= {one.source.sop_instance_uid for one in found.objects if self._is_shown_at_once(one)}
        self._show_series()
        self._redraw()
        if self._case is not None and not self._case.first_series_uid:
            self.panel.setVisible(bool(self.panel.rows))  # papers are all there is to read
            self._show_facts()
        self._images.objects_read.emit(found)

    def _ai_shown(self) -> None:
        """Show what was kept from a reader who looked first."""
        if self._case is not None and self._case.session.ai_hidden != self._is_ai_hidden:
            self._is_ai_hidden = self._case.session.ai_hidden
            self._show_series()
            self._redraw()

    def _case_changed(self) -> None:
        """Tell anew which marks of our own reports stand on the images; nothing while nobody looks."""
        if not self.panel.isHidden():
            self._show_facts()

    def _show_series(self) -> None:
        if self._case is None:
            return
        study = self._case.session.study
        found = self._found.get(study.study_instance_uid)
        self._page.series.withhold(undisclosed_series(study, found) if self._is_ai_hidden else ())

    def _disclosed(self) -> tuple[ForeignObjects, ...]:
        """Return what may be seen: of the open case nothing of an AI before it is revealed; the case first."""
        order = sorted(self._found.values(), key=lambda one: one.study_instance_uid in self._priors)
        return tuple(
            before_ai(one) if self._is_ai_hidden and one.study_instance_uid not in self._priors else one
            for one in order
        )

    def _is_shown_at_once(self, one: ForeignObject) -> bool:
        if one.study_instance_uid not in self._priors:
            return one.kind in _LIGHT and not one.source.is_own
        if one.is_proposal and one.source.is_own:  # what nobody decided on is no record of the prior
            return False
        return one.kind in _LIGHT or (one.outlines is not None and len(one.outlines.structures) <= _FEW)

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        fact = tr("Stored objects could not be fetched: {why}", why=error.user_text)
        self._page.notices.show_notice(Notice(_FAILED, Severity.DEGRADED, fact, tr("The images can be read.")))

    def _series_shown(self, _shown: ShownSeries) -> None:
        self._end_state()

    # what is shown

    @property
    def objects(self) -> tuple[ForeignObject, ...]:
        """Return what could be read of the open case and may be seen, then of the priors beside it."""
        return tuple(one for found in self._disclosed() for one in found.objects)

    def _object(self, uid: str) -> ForeignObject | None:
        return next((one for one in self.objects if one.source.sop_instance_uid == uid), None)

    def show_object(self, uid: str, shown: bool) -> None:  # noqa: FBT001 - a signal's argument
        """Draw an object or take it away; a presentation state goes to its first image."""
        one = self._object(uid)
        if one is None:
            return
        if one.kind is ObjectKind.PRESENTATION:
            if shown:
                self.present(one)
            else:
                self._end_state()
        elif shown:
            self._on.add(uid)
        else:
            self._on.discard(uid)
        self._redraw()

    def _redraw(self) -> None:
        layers = [self._layer(one) for one in self.objects if one.source.sop_instance_uid in self._on]
        self._drawing.show(layers if self._pointed_out is None else [*layers, self._pointed_out])
        self._page.grid.change(self._drawing.dress)
        self._show_facts()

    def _point_out(self, study_instance_uid: str, mark: SeenNodule | None) -> None:
        """Draw the one mark of a prior that nobody decided and the reader looks at."""
        drawn = () if mark is None else (sphere_of(mark),)
        self._pointed_out = ForeignLayer(study_instance_uid, tr("AI mark, undecided"), drawn) if drawn else None
        self._redraw()

    def _layer(self, one: ForeignObject) -> ForeignLayer:
        keys = one.key_images
        title = "" if keys is None else label_words(keys.title or one.source.label) or tr("Key images")
        images = () if keys is None else keys.images
        prior = self._priors.get(one.study_instance_uid)
        marks = one.marks if prior is None else one.marks_of_people
        return ForeignLayer(
            one.study_instance_uid, maker(one.source), marks, one.outlines, images, title,
            placed_marks(marks, self._stacks(prior)),
        )  # fmt: skip

    def _stacks(self, prior: Study | None) -> tuple[Series, ...]:
        if prior is not None:
            return tuple(part for series in prior.series for part in series.split())
        return self._case.image_series() if self._case is not None else ()

    def _show_facts(self) -> None:
        unread = [one for found in self._disclosed() for one in found.unread]
        rows = [self._facts(one) for one in self.objects]
        rows += [ObjectFacts(one.sop_instance_uid, one.label, failure=one.reason) for one in unread]
        self.panel.list.show_objects(rows)
        self.others.show_results([self._result(one) for one in self.objects if self._is_result(one)])
        self.button.show_count(len(rows), len(unread))
        action = self._page.view_commands.action("objects.panel")
        action.setEnabled(bool(rows))
        action.setToolTip(action.text() if rows else tr("Nothing was stored with this study but its images"))
        action.setChecked(not self.panel.isHidden())

    def _facts(self, one: ForeignObject) -> ObjectFacts:
        source, uid = one.source, one.source.sop_instance_uid
        prior = self._priors.get(one.study_instance_uid)
        marks = one.marks if prior is None else one.marks_of_people
        drawn = bool(marks or one.outlines is not None or one.key_images is not None)
        shown = uid in self._on if drawn else None
        if one.presentation is not None:
            shown = self._stack is not None and self._stack.presentation is one.presentation
        jumps, lines = (
            tuple(self._image_words(image) for image in self._keys(one)),
            (*self._eye_lines(one, is_on_prior=prior is not None), *left_out_lines(one), *source_lines(source)),
        )
        study = prior or (self._case.session.study if self._case is not None else None)
        lines = (*unplaced_lines(one, study), *lines) if study is not None else lines
        if prior is not None:  # drawn beside the case only: there is nothing to go to, and no view to take over
            day = day_of(prior.study_date)
            lines = (tr("Of the prior {date}", date=day.isoformat() if day else tr("no date")), *lines)
            jumps, shown = (), None if one.presentation is not None else shown
        return ObjectFacts(uid, title_words(one), content_words(one), lines, shown, bool(one.text or one.pdf), jumps)

    def _is_result(self, one: ForeignObject) -> bool:
        """Tell whether the AI of another system made it of the open case."""
        return one.is_of_ai and not one.source.is_own and one.study_instance_uid not in self._priors

    def _result(self, one: ForeignObject) -> ObjectFacts:
        words = (_image_words(place.series, place.index) for place in self._places(one))
        return replace(self._facts(one), jumps=tuple(words))

    def _places(self, one: ForeignObject) -> tuple[ResultPlace, ...]:
        return self._result_places.get(one.source.sop_instance_uid, ())

    def _jump_to_result(self, uid: str, number: int) -> None:
        """Go to a mark or outline, and draw it."""
        one = self._object(uid)
        places = self._places(one) if one is not None else ()
        if one is None or number >= len(places):
            return
        place = places[number]
        self.show_object(uid, True)
        self._images.show_series(place.series.key)
        self._images.show_slice(place.index)
        if place.point_lps_mm is not None:
            self._images.show_point(place.point_lps_mm)
        self._page.grid.refresh()

    def _eye_lines(self, one: ForeignObject, *, is_on_prior: bool) -> tuple[str, ...]:
        if is_on_prior:
            return prior_eye_lines(one)
        case = self._case
        return () if case is None else eye_lines(one, case.session.findings, case.annotations.value)

    def toggle_panel(self) -> None:
        """Show or hide the list."""
        self.panel.setVisible(self.panel.isHidden() and bool(self.panel.rows))
        self._show_facts()

    # key images

    def _keys(self, one: ForeignObject) -> tuple[KeyImage, ...]:
        return () if one.key_images is None else one.key_images.images[:_JUMPS]

    def _place(self, image: KeyImage) -> tuple[str, int] | None:
        """Return the stack and the place in it of an image; None where the case does not show it."""
        if not self._images_here and self._case is not None:  # asked for at every redrawing, in thousands of images
            for series in self._case.image_series():
                for at, frame in enumerate(series.frames):
                    self._images_here.setdefault(frame.ref.sop_instance_uid, []).append((frame.ref, series.key, at))
        found = self._images_here.get(image.sop_instance_uid, ())
        return next(((key, at) for ref, key, at in found if is_of(ref, image)), None)

    def _image_words(self, image: KeyImage) -> str:
        place = self._place(image)
        if place is None or self._case is None:
            return tr("not in this study")
        series = next(one for one in self._case.image_series() if one.key == place[0])
        return _image_words(series, place[1])

    def jump(self, uid: str, number: int) -> None:
        """Go to a key image."""
        one = self._object(uid)
        keys = self._keys(one) if one is not None else ()
        if number < len(keys):
            self._go(keys[number])

    def _go(self, image: KeyImage) -> bool:
        place = self._place(image)
        if place is None:
            return False
        key, index = place
        self._images.show_series(key)
        scene = self._page.grid.stack
        if scene is None:
            return False
        scene.scroll_to(index)
        self._images.brought.emit()
        self._page.grid.scrolled.emit(index)
        self._page.grid.refresh()
        return True

    # presentation states

    def present(self, one: ForeignObject) -> None:
        """Show the images of a state as stored; the reader's own view is one click away."""
        state, scene = one.presentation, self._page.grid.stack
        if state is None or scene is None:
            return
        if not state.shows(scene.ref(scene.index)):
            images = (KeyImage("", "", uid) for uid in state.images)
            if not any(self._go(image) for image in images):
                self._page.toast.emit(tr("The images of this state are not shown here"))
                return
            scene = self._page.grid.stack or scene
        self._end_state()
        shown = scene

        def later(work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[], None]) -> None:
            def tell() -> None:
                if self._stack is shown and shown.presentation is state:
                    self._tell_state(one, shown)
                    self._page.grid.refresh()

            def take(made: object) -> None:
                done(made)
                tell()

            def give_up(error: Exception) -> None:
                _log.warning("a presentation state could not be applied", exc_info=error)
                failed()
                tell()

            making = self._jobs.submit(Pool.CPU, lambda _job: work(), on_success=take, on_error=give_up)
            self._running.append(making)  # nobody waits for it once the case is closed

        self._monitors.clear()
        scene.present(state, later, self._pixel_mm)
        self._stack = scene
        self._tell_state(one, scene)
        self._page.grid.refresh()

    def _tell_state(self, one: ForeignObject, scene: StackScene) -> None:
        """Say whose state is in force and what of it is not done; nothing while its image is being made."""
        if scene.is_state_awaited:
            return  # the image itself says so, and what follows would take these words' place at once
        scene.view(self._page.grid.frame(STACK).canvas.viewport)  # what its size is short of is known from here on
        who, label = maker(one.source), scene.presentation.label if scene.presentation is not None else ""
        label = label or kind_words(one.kind)
        words = tr("Shown as {who} stored it: {label}", who=who, label=label)
        if scene.refusal:
            words = tr("Not shown as {who} stored it ({label}): {reason}", who=who, label=label, reason=scene.refusal)
        elif scene.partial_state:
            words = tr("Only view and annotations as {who} stored them ({label}): {reason}", who=who, label=label,
                       reason=scene.partial_state)  # fmt: skip
        elif scene.state_gaps:
            words = tr("Not all as {who} stored it ({label}): {reason}", who=who, label=label,
                       reason=" · ".join(scene.state_gaps))  # fmt: skip
        back = NoticeAction(tr("My own view"), self._back, "arrow-go-back")
        is_whole = not (scene.refusal or scene.partial_state or scene.state_gaps)
        severity = Severity.NEWS if is_whole else Severity.DEGRADED
        self._page.notices.show_notice(Notice(_STATE, severity, words, actions=(back,)))

    def _pixel_mm(self) -> float | None:
        """Return how large a pixel of the stack's viewport is on its monitor, None where nobody measured that."""
        pictures, frame = self._page.pictures, self._page.grid.frame(STACK)
        if pictures is None:
            return None
        # asked for at every picture: the checks are a file
        monitor = monitor_name(frame.screen()), frame.devicePixelRatioF()
        if monitor not in self._monitors:
            self._monitors[monitor] = viewport_pixel_mm(pictures.checks, frame)
        return self._monitors[monitor]

    def _back(self) -> None:
        self._end_state()
        self._redraw()

    def _end_state(self) -> None:
        if self._stack is not None:
            self._stack.present(None)
            self._stack = None
            self._page.notices.clear_notice(_STATE)
            self._page.grid.refresh()
        self._show_facts()

    def _fill_menu(self, menu: QMenu, place: MenuPlace) -> None:
        scene = self._page.grid.frame(place.key).scene
        if place.key != STACK or not isinstance(scene, StackScene):
            return
        here = scene.ref(scene.index)
        states = [one for one in self.objects if one.presentation is not None and one.presentation.shows(here)]
        if not states:
            return
        choices = menu.addMenu(tr("Show as stored"))
        for one in states:
            who = " · ".join(part for part in (one.source.label, maker(one.source)) if part)
            choices.addAction(who).triggered.connect(partial(self.show_object, one.source.sop_instance_uid, True))
        own = choices.addAction(tr("My own view"))
        own.setEnabled(self._stack is not None)
        own.triggered.connect(self._back)

    # documents

    def read_object(self, uid: str) -> None:
        """Open the text or the pages of an object."""
        one = self._object(uid)
        if one is None or self._reading is None:
            return
        if self.dialog is not None:
            self.dialog.reject()
        title = title_words(one)
        facts = (*source_lines(one.source), one.source.sop_instance_uid)
        self.dialog = dialog = DocumentDialog(self._page, title, facts, text=one.text, pages=bool(one.pdf))
        dialog.finished.connect(partial(self._dialog_gone, dialog))
        if one.pdf:
            pictures, pdf, width = self._reading.pictures, one.pdf, dialog.paper.page_width_px()
            self._jobs.submit(
                Pool.IO,
                lambda _job: pictures(pdf, width),
                on_success=lambda pages: dialog.show_pages(pages) if self.dialog is dialog else None,
                on_error=lambda error: self._pages_failed(dialog, error),
            )
        dialog.open()

    def _dialog_gone(self, dialog: DocumentDialog, _result: int) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()

    def _pages_failed(self, dialog: DocumentDialog, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if self.dialog is dialog:
            dialog.paper.show_message(error.user_text)


def _image_words(series: Series, index: int) -> str:
    return tr("Series {series}, image {image}", series=series.series_number or "–", image=index + 1)


def _nothing() -> None:
    """End nothing: no case is open."""
