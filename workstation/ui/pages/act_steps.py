"""Undoes and redoes what the reader did to a case, as the hand did it: decisions, key images, measurements and cuts."""

from __future__ import annotations

from collections.abc import Callable

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.volume_scene import VolumeScene
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.pages.act_order import Act, ActKind, ActOrder
from workstation.ui.pages.image_presenter import ImagePresenter
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.reading_words import lock_words


class ActSteps:
    """Steps through the acts on the open case, from whatever viewport is active; ``shown`` finishes showing it."""

    def __init__(self, page: ReadingPage, desk: CaseDesk, images: ImagePresenter, shown: Callable[[], None]) -> None:
        self._page, self._desk, self._images, self._shown = page, desk, images, shown
        self._acts = ActOrder()
        self._stepping = False

    def begin_anew(self) -> None:
        """Forget everything: another case is shown."""
        self._acts.begin_anew()

    def did(self, act: Act) -> None:
        """Remember an act."""
        self._acts.did(act)

    def drew(self, notes: Annotations) -> None:
        """Remember a measurement on the case or a prior; numbers that come late are no act."""
        if not self._stepping and not notes.is_completing:
            self._acts.did(Act(ActKind.MEASUREMENT, notes.value.study_instance_uid))

    def step(self, *, undo: bool) -> None:
        """
        Undo or redo what was done last, of the acts that are seen from the viewport and the cuts of its volume.

        Says where the rest is, and why an act stays as it is.
        """
        scene, notes = self._page.grid.active.scene, self._images.annotations
        if isinstance(scene, VolumeScene) and self._is_cut_next(scene, undo=undo):
            _ = scene.undo_cut() if undo else scene.redo_cut()
            self._page.grid.refresh()
            return
        session = self._desk.session
        if session is None or notes is None:
            return
        self._shown()
        if scene is not None and scene.annotations is not notes:
            notes = scene.annotations
        is_prior = notes is not self._images.annotations
        act = self._acts.following(notes.value.study_instance_uid, undo=undo)
        is_of_prior = is_prior and (act is None or act.kind is ActKind.MEASUREMENT)
        if session.read_only and not is_of_prior:
            self._page.toast.emit(lock_words(session).reason)
        elif act is None:
            if self._acts.is_left(undo=undo):
                self._page.toast.emit(_elsewhere_words(undo=undo))
        elif self._happens(act, session, notes, undo=undo):
            self._acts.stepped(act, undo=undo)
        else:
            self._acts.forget(act, undo=undo)
            self._page.toast.emit(_gone_words(undo=undo))

    def _is_cut_next(self, scene: VolumeScene, *, undo: bool) -> bool:
        at_ns, session = scene.cut_at(undo=undo), self._desk.session
        if at_ns is None:
            return False
        if session is None or session.read_only:
            return True  # what was cut away is nothing of the report: it comes back in a case that is only read as well
        return self._acts.is_before(at_ns, scene.annotations.value.study_instance_uid, undo=undo)

    def _happens(self, act: Act, session: ReadingSession, notes: Annotations, *, undo: bool) -> bool:
        """Undo or redo an act; False where whoever kept its steps has none any more."""
        self._stepping = True
        try:
            if act.kind is ActKind.FINDING:
                return session.review.undo() if undo else session.review.redo()
            if act.kind is ActKind.KEY:
                return session.undo_keys() if undo else session.redo_keys()
            happened = notes.undo() if undo else notes.redo()
            self._page.grid.refresh()
            return happened
        finally:
            self._stepping = False


def _elsewhere_words(*, undo: bool) -> str:
    if undo:
        return tr("Nothing to undo on this study. Activate a viewport of the study that was measured last.")
    return tr("Nothing to redo on this study. Activate a viewport of the study that was measured last.")


def _gone_words(*, undo: bool) -> str:
    if undo:
        return tr("This step is too far back and cannot be undone any more.")
    return tr("This step cannot be redone any more.")
