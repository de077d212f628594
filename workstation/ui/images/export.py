"""Takes what stands in a viewport out of the workstation: a still, a film, or a secondary capture in the study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from resources.translation import tr
from viewers.qt.viewport import ViewportFrame
from viewers.scene.captions import Identity
from viewers.scene.image import SliceImage
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.errors import WorkstationError
from workstation.domain.pictures import Film, gif_slowdown
from workstation.domain.ports import JobContext
from workstation.domain.study import Study
from workstation.services.jobs import JobHandle, Pool
from workstation.ui.commands import Command
from workstation.ui.export_dialog import ExportChoice, ExportDialog, slower_words
from workstation.ui.images.early import early_refusal
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.film_capture import PacedSteps, Pictures, are_of_two_sizes, captured, film_places, walked
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.pictures import PictureServices
from workstation.ui.images.series_doubts import any_burned_in
from workstation.ui.notice import Severity
from workstation.ui.stepwise import Stepwise

_NOTICE: Final = "export"


class Export(QObject):
    """One export at a time; what is on screen stays as it is."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._case: OpenImages | None = None
        self._capturing: Stepwise | PacedSteps | None = None
        self._job: JobHandle[str] | None = None
        self.dialog: ExportDialog | None = None
        self.choose_file: Callable[[str, str], str] = self._ask_for_file
        """Asks for a path: suggested name, filter; empty when the person changed their mind"""
        services = context.page.pictures
        if services is None:
            return
        self._services: PictureServices = services
        action = self._page.view_commands.of_images(
            Command("view.export", tr("Export image…"), "image", "Ctrl+Shift+E", self.open, tr("Images"))
        )
        self._page.header.menu.addAction(action)
        self._images.case_opened.connect(self._opened)
        self._images.case_closed.connect(self._closed)

    def open(self) -> None:
        """Ask what shall be taken out of the active viewport."""
        frame = self._page.grid.active
        if frame.scene is None or self._case is None or self.dialog is not None:
            return
        refused = tr("A film is being taken. Wait until it is done.") if self._capturing is not None else ""
        if refused := refused or early_refusal(frame.scene):
            self._page.toast.emit(refused)
            return
        self.dialog = dialog = ExportDialog(
            self._page,
            film_refused=_film_refused(frame.scene),
            study_refused=self._study_refused(frame.scene),
            burned_in=_burned_in(frame.scene),
            gif_slowdown=gif_slowdown(film_places(frame.scene)[1]) if isinstance(frame.scene, StackScene) else 1.0,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._chosen(frame, dialog.choice))
        dialog.finished.connect(self._dialog_gone)
        dialog.open()

    def _study_refused(self, scene: Scene) -> str:
        session = self._case.session if self._case is not None else None
        if session is None or session.read_only:
            return tr("The case was opened read-only.")
        # a prior, perhaps of somebody else, must not come back as an image of this examination
        is_own = scene.study_instance_uid == session.study.study_instance_uid
        return "" if is_own else tr("This picture is of another examination.")

    def _dialog_gone(self) -> None:
        self.dialog = None

    def _opened(self, case: OpenImages) -> None:
        self._case = case

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        if self._capturing is not None:
            self._capturing.stop()
        if self._job is not None:
            self._job.cancel()
        self._case = self._capturing = self._job = None

    # taking it

    def _chosen(self, frame: ViewportFrame, choice: ExportChoice) -> None:
        case, scene = self._case, frame.scene
        if case is None or scene is None:
            return
        refused = early_refusal(scene) or (self._study_refused(scene) if choice.into_study else "")
        if refused:
            self._page.toast.emit(refused)
            return
        if choice.into_study:
            study, modality = case.session.study, scene.modality
            self._take(frame, scene, choice, lambda film, job: self._to_study(study, film, modality, job))
            return
        kinds = "GIF (*.gif);;WebP (*.webp)" if choice.moving else "PNG (*.png);;JPEG (*.jpg)"
        # a name on a disk must not tell whose picture it is
        path = self.choose_file("lianyue.gif" if choice.moving else "lianyue.png", kinds)
        if path:
            uid = scene.study_instance_uid  # a prior's pictures are of the prior
            self._take(frame, scene, choice, lambda film, job: self._to_file(Path(path), film, uid, job))

    def _take(
        self, frame: ViewportFrame, scene: Scene, choice: ExportChoice, then: Callable[[Film, JobContext], str]
    ) -> None:
        pictures: Pictures = []
        identity = Identity.FULL if choice.with_patient else Identity.ANONYMOUS
        places, intervals_ms, sweeps = range(scene.index, scene.index + 1), tuple[float, ...](), False
        if choice.moving and isinstance(scene, StackScene):
            places, intervals_ms, sweeps = film_places(scene)
        steps: Stepwise | PacedSteps
        if choice.moving and isinstance(scene, StackScene) and len(scene.arrived) < scene.count:
            self._page.toast.emit(tr("The clip runs once while its film is taken. Moving it ends that."))
            steps = PacedSteps(walked(frame, scene, identity, pictures, places), self)
        else:
            steps = Stepwise(captured(frame, scene, identity, pictures, places), self)

        def taken() -> None:
            self._capturing = None
            if are_of_two_sizes(pictures):
                self._page.toast.emit(
                    tr("No film was made: the image got another size while it was taken. Please take it again.")
                )
                return
            if len(pictures) < len(places):
                self._page.toast.emit(tr("No film was made: the clip was moved, or one of its pictures is missing."))
                return
            film = Film(
                tuple(pictures),
                intervals_ms,
                names_patient=choice.with_patient,
                lossy=_is_lossy(scene),
                burned_in=_burned_in(scene),
                sweeps=sweeps,
            )
            self._submit(film, then)

        self._capturing = steps
        steps.finished.connect(taken)
        steps.start()

    def _submit(self, film: Film, then: Callable[[Film, JobContext], str]) -> None:
        self._page.notices.clear_notice(_NOTICE)
        self._job = self._jobs.submit(
            Pool.IO, lambda job: then(film, job), on_success=self._page.toast.emit, on_error=self._failed
        )

    def _to_file(self, path: Path, film: Film, study_instance_uid: str, job: JobContext) -> str:
        self._services.save(path, film, study_instance_uid, job)
        saved = tr("Saved as {name}", name=path.name)
        slower = slower_words(gif_slowdown(film.intervals_ms)) if path.suffix.lower() == ".gif" else ""
        return f"{saved} · {slower}" if slower else saved

    def _to_study(self, study: Study, film: Film, modality: str, job: JobContext) -> str:
        self._services.store(study, film, modality, job)
        return tr("Stored with the study as a secondary capture")

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self._page.show_error(error, key=_NOTICE, severity=Severity.LOST)

    def _ask_for_file(self, name: str, kinds: str) -> str:
        dialog = file_dialog(self._page, name, kinds)
        try:
            return dialog.selectedFiles()[0] if dialog.exec() else ""
        finally:
            dialog.deleteLater()


def file_dialog(parent: QWidget, name: str, kinds: str) -> QFileDialog:
    """
    Return what asks for a file of one of some kinds (``PNG (*.png);;JPEG (*.jpg)``).

    A name without a suffix takes that of the chosen kind, before it is asked whether a file of that name shall go.
    """
    dialog = QFileDialog(parent, tr("Save the picture"), name, kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setDefaultSuffix(_suffix_of(dialog.selectedNameFilter()))
    dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(_suffix_of(kind)))
    return dialog


def _suffix_of(kind: str) -> str:
    """Return ``jpg`` of ``JPEG (*.jpg)``."""
    return kind.rpartition("*.")[2].rstrip(")")


def _film_refused(scene: Scene) -> str:
    if not isinstance(scene, StackScene) or scene.count < 2:
        return tr("Only a stack of slices can be a film.")
    # a clip that is too long to be here at a time is fetched while its film is taken
    missing = 0 if scene.is_on_demand else scene.count - len(scene.arrived)
    return tr("{count} slices are not here yet.", count=missing) if missing else ""


def _is_lossy(scene: Scene) -> bool:
    """Tell whether any image that a scene shows, or is made of, lost detail."""
    return scene.made_of.lossy_ratio is not None or any(one.lossy_ratio is not None for one in _images(scene))


def _burned_in(scene: Scene) -> bool | None:
    """Tell whether any image that a scene shows, or is made of, carries the patient's name; None: nobody knows."""
    return any_burned_in(_images(scene)) if isinstance(scene, StackScene) else scene.made_of.burned_in


def _images(scene: Scene) -> list[SliceImage]:
    here = [scene.image(n) for n in scene.arrived] if isinstance(scene, StackScene) else []
    return [one for one in here if one is not None]
