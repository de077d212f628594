"""One series over another: PET over CT or MR, by frame of reference or after a registration that a reader accepted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.fusion import FusedLayer, FusionLook, fused_layer
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from workstation.domain.errors import NotRegistrable, WorkstationError
from workstation.domain.linkable import link_doubts
from workstation.domain.registration import Registrations, RigidRegistration
from workstation.domain.study import Series
from workstation.domain.suv import SuvRefusal
from workstation.ui.commands import Command
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.fusing import Fusing
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.overlay_loading import LoadedOverlay, OverlayLoading
from workstation.ui.images.registering import SeriesRegistering
from workstation.ui.images.series_doubts import name_overlay
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.reading_words import series_title
from workstation.ui.widgets.fusion_bar import FusionBar

_NOTICE: Final = "fusion"
_ORDER: Final = ("PT", "NM", "MR", "CT")
"""What may be laid over another series, the likeliest first."""


class Fusion(QObject):
    """Lays a second series over the one on screen and lets the reader register them where they lie apart."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._case: OpenImages | None = None
        self._overlay: LoadedOverlay | None = None
        self._look: FusionLook | None = None
        self._wanted = ""
        self._fused: dict[Scene, FusedLayer] = {}
        self._applied: tuple[object, ...] = ()
        self._watched: Registrations | None = None
        self.registering: SeriesRegistering | None = None
        self.takes_key: Callable[[], bool] = lambda: False
        """Asked first when the key is pressed: what is active may be a fused cell, which has a bar of its own"""
        self._reslicer = VtkReslicer(keeps=True)
        self.bar = FusionBar()
        self.bar.setParent(self._page)
        if context.fusing is not None:
            self._join(context, context.fusing)

    def _join(self, context: FeatureContext, fusing: Fusing) -> None:
        page, images, bar = self._page, self._images, self.bar
        self._loading = OverlayLoading(self, context.jobs, context.open_stream, fusing.prepare)
        self._loading.told.connect(self.bar.say)
        self._loading.ready.connect(self._ready)
        self._loading.failed.connect(self._failed)
        self.registering = registering = SeriesRegistering(page, context.jobs, fusing.register)
        registering.told.connect(self._tell_registering)
        registering.failed.connect(self._not_registered)
        registering.accepted.connect(self._accepted)
        registering.rejected.connect(self._apply)
        page.column.insertWidget(page.column.count() - 1, bar)
        bar.overlay_chosen.connect(self.choose)
        bar.look_changed.connect(self._look_chosen)
        bar.acted.connect(self._act)
        bar.closed.connect(self.turn_off)
        bar.left.connect(lambda: page.grid.active.setFocus(Qt.FocusReason.ShortcutFocusReason))
        page.view_commands.of_images(
            Command("view.fusion", tr("Overlay on or off"), "stack", "Shift+F", self.toggle, tr("Images"),
                    checkable=True)
        )  # fmt: skip
        self.menu = QMenu(tr("Overlay"), page.header.menu)
        self.menu.aboutToShow.connect(self._fill_menu)
        page.header.menu.addMenu(self.menu)
        images.case_opened.connect(self._case_opened)
        images.case_closed.connect(self._closed)
        images.series_shown.connect(self._changed)
        images.slices_arrived.connect(self._changed)
        images.volume_built.connect(self._changed)
        images.suv.changed.connect(lambda: self.choose(self._wanted) if self._wanted else None)

    @property
    def dialog(self) -> ConfirmDialog | None:
        """Return the question whether a registration may be used, while it stands."""
        return self.registering.dialog if self.registering is not None else None

    # what the reader asks

    def candidates(self) -> tuple[Series, ...]:
        """Return the series that may lie over the one on screen, PET first."""
        shown, case = self._images.shown, self._case
        if shown is None or case is None:
            return ()
        found = [one for one in case.image_series() if one.modality in _ORDER and one.key != shown.key]
        return tuple(sorted((one for one in found if len(one.frames) > 1), key=lambda one: _ORDER.index(one.modality)))

    def toggle(self) -> None:
        """Lay the last chosen, or the likeliest, series over the one on screen, or take it away."""
        if self.takes_key():
            self._page.view_commands.action("view.fusion").setChecked(bool(self._wanted))
            return
        candidates = self.candidates()
        if self._wanted:
            self.turn_off()
        elif candidates:
            self.choose(candidates[0].key)
        else:
            self._page.toast.emit(tr("There is no second series to lay over this one."))
            self._page.view_commands.action("view.fusion").setChecked(False)

    def choose(self, key: str) -> None:
        """Lay a series of the case over the one on screen."""
        case = self._case
        if case is None or self._images.shown is None:
            return
        self.turn_off()
        self._wanted = key
        self.bar.show_overlays([(one.key, series_title(one)) for one in self.candidates()], key)
        self.bar.show_look(None, is_suv=False)
        self.bar.show()
        self._page.view_commands.action("view.fusion").setChecked(True)
        self._loading.start(case, key, self._images.suv.wanted)

    def turn_off(self) -> None:
        """Show the images alone again."""
        self._stop_registering()
        self._loading.close()
        self._take_away()
        self._overlay = self._look = None
        self._wanted = ""
        self._page.notices.clear_notice(_NOTICE)
        self.bar.hide()
        self._page.view_commands.action("view.fusion").setChecked(False)

    def _look_chosen(self, look: FusionLook) -> None:
        self._look = look
        for layer in self._fused.values():
            layer.look = look
        self._page.grid.refresh()

    def _act(self) -> None:
        """Do what the bar's button says at the moment."""
        if self.registering is not None and self.registering.is_running:
            self._stop_registering()
            self._apply()
        elif self._registration() is not None:
            overlay, base = self._frames()
            self._page.grid.links.registrations.remove(overlay, base)
        else:
            self.register()

    def _fill_menu(self) -> None:
        self.menu.clear()
        for one in self.candidates():
            entry = self.menu.addAction(f"{series_title(one)} · {one.modality}")
            entry.setCheckable(True)
            entry.setChecked(one.key == self._wanted)
            entry.triggered.connect(partial(self.choose, one.key))
        if self.menu.isEmpty():
            self.menu.addAction(tr("There is no second series to lay over this one.")).setEnabled(False)
        self.menu.addSeparator()
        self.menu.addAction(self._page.view_commands.action("view.fusion"))

    # a case comes and goes

    def _case_opened(self, case: OpenImages) -> None:
        self._case = case

    def _closed(self) -> None:
        self._case = None
        self.turn_off()
        if self.registering is not None:
            self.registering.close()
        self._watched = None

    def _changed(self, shown: ShownSeries) -> None:
        if self._wanted and self._state(shown) != self._applied:
            self.bar.show_overlays([(one.key, series_title(one)) for one in self.candidates()], self._wanted)
            self._apply()

    # laying it over

    def _ready(self, overlay: LoadedOverlay) -> None:
        self._overlay, self._look = overlay, overlay.look
        self._apply()

    def _failed(self, error: WorkstationError) -> None:
        key = self._wanted
        self.bar.say(error.user_text, tone="bad")
        actions = (NoticeAction(tr("Try again"), lambda: self.choose(key), "refresh"),)
        self._page.show_error(error, key=_NOTICE, severity=Severity.DEGRADED, actions=actions)

    def _state(self, shown: ShownSeries) -> tuple[object, ...]:
        return shown, shown.scene.frame_of_reference_uid, tuple(self._scenes(shown))

    def _scenes(self, shown: ShownSeries) -> list[Scene]:
        return [shown.scene, *(scene for scene in shown.scenes.values() if isinstance(scene, MprScene))]

    def _take_away(self) -> None:
        for scene in self._fused:
            scene.fuse(None)
            scene.sphere_values = None
            if self._case is not None:
                self._images.marks.dress(scene)  # a PET tells spheres in its own values again
        self._fused.clear()
        self._applied = ()
        self._page.grid.refresh()

    def _apply(self) -> None:
        shown, overlay = self._images.shown, self._overlay
        self._take_away()
        if shown is None or overlay is None or not shown.scene.frame_of_reference_uid:
            return
        self._applied = self._state(shown)
        self._watch()
        self._page.notices.clear_notice(_NOTICE)
        if overlay.shown.key == shown.key:
            self.bar.show_look(None, is_suv=False)
            self.bar.say(tr("This series is the overlay: show the one under it."))
            return
        try:
            for scene in self._scenes(shown):
                layer = self._layer(overlay, scene, shown.series)
                scene.fuse(layer)
                self._fused[scene] = layer
                if overlay.shown.series.modality == "PT" and scene.modality != "PT":
                    spheres = self._images.spheres
                    spheres.dress(scene, spheres.uptake(layer.volume, overlay.prepared.suv))
        except NotRegistrable as exc:
            self._take_away()
            self._applied = self._state(shown)
            self._unrelated(exc)
            return
        self._say_what_is_shown(self._fused[shown.scene])
        self._page.grid.refresh()

    def _layer(self, overlay: LoadedOverlay, scene: Scene, base: Series) -> FusedLayer:
        layer = fused_layer(
            overlay.prepared.volume,
            scene.frame_of_reference_uid,
            self._page.grid.links.registrations,
            suv=overlay.prepared.suv,
            look=self._look,
            reslicer=self._reslicer,
        )
        name_overlay(layer, base, overlay.shown.series, overlay.shown.images.values())
        return layer

    def _say_what_is_shown(self, layer: FusedLayer) -> None:
        overlay = self._overlay
        self.bar.show_look(self._look, is_suv=layer.is_suv)
        refused = isinstance(overlay.prepared.suv, SuvRefusal) if overlay is not None else False
        registration = self._registration()
        words = " · ".join(layer.warnings)
        if registration is not None:
            self.bar.say(words, tone="warn", act=tr("Part again"))
        elif words:
            self.bar.say(words, tone="bad" if refused else "warn")
        else:
            self.bar.say(f"{layer.label} · {tr('same frame of reference')}" if layer.label else "")

    def _unrelated(self, error: NotRegistrable) -> None:
        self.bar.show_look(None, is_suv=False)
        if all(self._frames()):
            self.bar.say(error.user_text, tone="warn", act=tr("Register…"))
            actions = (NoticeAction(tr("Register…"), self.register, "focus-3"),)
            self._page.show_error(error, key=_NOTICE, severity=Severity.DEGRADED, actions=actions)
        else:
            text = tr("The overlay names no frame of reference and cannot be laid over other images.")
            self.bar.say(text, tone="warn")
            self._page.notices.show_notice(Notice(_NOTICE, Severity.DEGRADED, text))

    # registration

    def register(self) -> None:
        """Compute how the two series lie to each other; the reader decides about the result."""
        shown, overlay, registering, case = self._images.shown, self._overlay, self.registering, self._case
        if shown is None or overlay is None or case is None or registering is None or registering.is_running:
            return
        if shown.built is None or overlay.shown.built is None:
            reason = shown.refusal or tr("follows when all slices are here")
            self._page.toast.emit(tr("Registration needs the volume of both series: {reason}", reason=reason))
            return
        self._page.notices.clear_notice(_NOTICE)
        study = case.session.study
        doubts = link_doubts(study, shown.series, study, overlay.shown.series)
        registering.start(shown.built.volume, overlay.prepared.volume, doubts)

    def _tell_registering(self, share: float) -> None:
        self.bar.say(tr("Registering… {percent} %", percent=round(share * 100)), act=tr("Cancel"))

    def _stop_registering(self) -> None:
        if self.registering is not None:
            self.registering.stop()

    def _not_registered(self, error: WorkstationError) -> None:
        self.bar.say(error.user_text, tone="bad", act=tr("Register…"))
        self._page.show_error(error, key=_NOTICE, severity=Severity.DEGRADED)

    def _accepted(self, found: RigidRegistration) -> None:
        if self._overlay is not None:
            self._page.grid.links.registrations.add(found)

    def _registration(self) -> RigidRegistration | None:
        overlay, base = self._frames()
        return self._page.grid.links.registrations.between(overlay, base) if overlay and base else None

    def _frames(self) -> tuple[str, str]:
        shown, overlay = self._images.shown, self._overlay
        own = overlay.prepared.volume.frame_of_reference_uid if overlay is not None else ""
        return own, shown.scene.frame_of_reference_uid if shown is not None else ""

    def _watch(self) -> None:
        registrations = self._page.grid.links.registrations
        if registrations is not self._watched:
            self._watched = registrations
            registrations.watch(lambda: self._registrations_changed(registrations))

    def _registrations_changed(self, changed: Registrations) -> None:
        if changed is self._watched and self._overlay is not None:
            self._apply()
