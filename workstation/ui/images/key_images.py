"""Key images: key K marks the image on screen; badge, list, and how the marked images are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from viewers.scene.frame import Size
from viewers.scene.looks import look_of
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.annotation import Annotation
from workstation.domain.frames import FrameRef
from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import MarkedImage, StudyImages
from workstation.services.open_report import Changed
from workstation.ui.commands import Command
from workstation.ui.images.early import early_refusal
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.key_pictures import key_picture
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.shown_series import ShownSeries, thumbnail
from workstation.ui.key_image_words import image_words
from workstation.ui.pages.image_menu import MenuPlace
from workstation.ui.reading_words import series_title
from workstation.ui.widgets.key_image_panel import KeyImagePanel, KeyImageRow
from workstation.ui.widgets.tiling import STACK

_MARK: Final = "view.key_image"
_PANEL: Final = "view.key_images"


class KeyImages(QObject):
    """Marks the images of exactly one case, and keeps how those and the drawn ones are seen."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._case: OpenImages | None = None
        self._known: StudyImages | None = None
        self._shown: ShownSeries | None = None
        self._drawn_on: dict[str, tuple[Annotation, tuple[MarkedImage, ...]]] = {}
        self._unsubscribe: Callable[[], None] = lambda: None
        self.panel = KeyImagePanel()
        self._page.add_side(self.panel)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.take_looks)
        area, commands = tr("Images"), self._page.view_commands
        commands.of_images(
            Command(_MARK, tr("Mark as key image"), "star", "K", self.toggle, area, checkable=True,
                    tooltip=tr("Mark the image on screen as key image, or take the mark away"))
        )  # fmt: skip
        commands.of_images(
            Command(_PANEL, tr("List of key images"), "image-2", "Shift+K", self.toggle_panel, area, checkable=True)
        )
        for command in (_MARK, _PANEL):
            self._page.header.menu.addAction(commands.action(command))
        self._page.image_menu.entries.append(self._fill_menu)
        self.panel.closed.connect(self.toggle_panel)
        self.panel.jump_asked.connect(self.jump)
        self.panel.remove_asked.connect(self._page.key_image_asked)
        self._page.image_wanted.connect(self.jump)
        self._page.left.connect(self.take_looks)
        self._images.marks.also.append(self._dress)
        self._images.case_opened.connect(self._opened)
        self._images.case_closed.connect(self._closed)
        self._images.series_shown.connect(self._series_shown)
        self._page.grid.viewport_scrolled.connect(self._show_mark)
        self._page.grid.activated.connect(self._show_mark)

    # marking

    def toggle(self) -> None:
        """Mark the image of the active viewport as key image, or take the mark away."""
        image = self._on_screen()
        if image is not None:
            self._page.key_image_asked.emit(image)
        self._show_mark()

    def _on_screen(self) -> KeyImage | None:
        """Return the image of the active viewport; says why where there is none to mark."""
        scene, known, case = self._page.grid.active.scene, self._known, self._case
        if scene is None or known is None or case is None:
            return None
        if not isinstance(scene, StackScene):
            self._page.toast.emit(tr("Only images as they were taken can be key images, not computed ones."))
            return None
        if refused := early_refusal(scene):
            self._page.toast.emit(refused)
            return None
        found = self._find(scene, scene.index)
        if found is None:
            self._page.toast.emit(tr("Only images of this examination can be key images."))
        return found

    def _find(self, scene: StackScene, index: int) -> KeyImage | None:
        case, known = self._case, self._known
        if case is None or known is None or scene.study_instance_uid != case.session.study.study_instance_uid:
            return None
        ref = scene.ref(index)
        found = known.get(ref.sop_instance_uid, ref.frame_number)
        return None if found is None else found.image

    def _fill_menu(self, menu: QMenu, place: MenuPlace) -> None:
        if isinstance(self._page.grid.frame(place.key).scene, StackScene):
            self._show_mark()
            menu.addAction(self._page.view_commands.action(_MARK))

    # the case

    def _opened(self, case: OpenImages) -> None:
        self._case, self._known = case, StudyImages(case.session.study)
        self._unsubscribe = case.session.subscribe(self._changed)
        self._show()

    def _closed(self) -> None:
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._soon.stop()
        self._case = self._known = self._shown = None
        self._drawn_on.clear()
        self.panel.hide()
        self._show()

    def _series_shown(self, shown: ShownSeries) -> None:
        before, self._shown = self._shown, shown
        if before is not None and before is not shown:
            self._keep([(before.scene, self._page.grid.frame(STACK).canvas.viewport)])
        self._show_mark()

    def _changed(self, change: Changed) -> None:
        if change in {Changed.KEY_IMAGES, Changed.STATE}:
            self._show()
        if change in {Changed.KEY_IMAGES, Changed.ANNOTATIONS}:
            self._soon.start()

    # showing

    def _show(self) -> None:
        case, keys = self._case, self._keys()
        self._page.grid.change(self._dress)
        for series in case.image_series() if case is not None else ():
            refs = {(frame.ref.sop_instance_uid, frame.ref.frame_number) for frame in series.frames}
            count = sum((one.sop_instance_uid, one.frame or 1) in refs for one in keys)
            self._page.series.show_keys(series.key, count)
        self.panel.show_images([self._row(one) for one in keys], read_only=case is None or case.session.read_only)
        self._show_mark()

    def _dress(self, scene: Scene) -> None:
        case = self._case
        own = case is not None and scene.study_instance_uid == case.session.study.study_instance_uid
        scene.key_frames = frozenset(FrameRef(one.sop_instance_uid, one.frame or 1) for one in self._keys() if own)

    def _show_mark(self, *_args: object) -> None:
        scene = self._page.grid.active.scene
        self._page.view_commands.action(_MARK).setChecked(scene is not None and scene.is_key)

    def _keys(self) -> tuple[KeyImage, ...]:
        return self._case.session.report.key_images if self._case is not None else ()

    def _row(self, image: KeyImage) -> KeyImageRow:
        if self._case is None or self._known is None:
            return KeyImageRow(image, "")
        study = self._case.session.study
        series = next((one for one in study.series if one.series_instance_uid == image.series_instance_uid), None)
        detail = "" if series is None else series_title(series)
        return KeyImageRow(image, image_words(self._known, image), detail, self._picture(image))

    def _picture(self, image: KeyImage) -> QImage | None:
        if self.panel.isHidden():
            return None
        for scene in (one for one in self._page.grid.scenes if isinstance(one, StackScene)):
            for index in scene.arrived:
                if self._find(scene, index) == image and (pixels := scene.image(index)) is not None:
                    return thumbnail(pixels, scene, self._page.devicePixelRatioF())
        return None

    def toggle_panel(self) -> None:
        """Show the list or put it away."""
        self.panel.setVisible(self.panel.isHidden() and self._case is not None)
        self._show()
        self._page.view_commands.action(_PANEL).setChecked(self.panel.isVisibleTo(self._page))

    def jump(self, image: KeyImage) -> None:
        """Bring a key image to the stack."""
        ref = FrameRef(image.sop_instance_uid, image.frame or 1)
        for series in self._case.image_series() if self._case is not None else ():
            places = [frame.ref for frame in series.frames]
            if ref in places:
                self._images.show_series(series.key)
                self._images.show_slice(places.index(ref))
                return

    # how the images are seen

    def take_looks(self) -> None:
        """Keep how the marked and drawn images are seen right now."""
        self._soon.stop()
        # the active viewport last: where one series stands in two, it is what the reader works in
        frames = sorted(self._page.grid.frames.values(), key=lambda frame: frame is self._page.grid.active)
        self._keep([(one.scene, one.canvas.viewport) for one in frames if isinstance(one.scene, StackScene)])

    def _keep(self, stacks: list[tuple[StackScene, Size]]) -> None:
        if self._case is None:
            return
        session, wanted = self._case.session, self._wanted()
        looks = {look.image: look for look in session.report.image_looks}
        pictures = {picture.image: picture for picture in session.report.key_pictures}
        for scene, viewport in stacks:
            for index in range(scene.count):
                image = self._find(scene, index)
                if image is None or image not in wanted or min(viewport) <= 0:
                    continue
                look, before = look_of(scene, index, image, viewport), looks.get(image)
                if image not in pictures or look != before:
                    picture = key_picture(scene, index, image)
                    pictures |= {image: picture} if picture is not None else {}
                looks |= {image: look} if look is not None else {}
        session.keep_looks(
            tuple(looks[image] for image in wanted if image in looks),
            tuple(pictures[image] for image in self._keys() if image in pictures),
        )

    def _wanted(self) -> tuple[KeyImage, ...]:
        case, known = self._case, self._known
        if case is None or known is None:
            return ()
        for item in case.annotations.items:
            placed = self._drawn_on.get(item.uid)
            if placed is None or placed[0] is not item:
                self._drawn_on[item.uid] = item, known.of(item)
        drawn = (one.image for item in case.annotations.items for one in self._drawn_on[item.uid][1])
        return tuple(dict.fromkeys((*self._keys(), *drawn)))
