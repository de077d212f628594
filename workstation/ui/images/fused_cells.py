"""The overlays of a stage's fused cells: laid over by frame of reference, refused in words where that is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from weakref import ref

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.fusion import FusedLayer, FusionLook, fused_layer
from viewers.scene.scene import Scene
from workstation.domain.colour_map import SUV_SCALES, ColourMap
from workstation.domain.errors import NotRegistrable, WorkstationError
from workstation.domain.linkable import link_doubts
from workstation.domain.registration import Registrations, RigidRegistration
from workstation.domain.suv import SuvScale
from workstation.domain.volume import Volume
from workstation.services.fusion_service import PreparedOverlay
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.images.registering import SeriesRegistering
from workstation.ui.images.series_doubts import name_overlay
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.pages.image_menu import MenuPlace

_NOTICE: Final = "fused cell"
_STRENGTHS: Final = (0.25, 0.5, 0.75, 1.0)


class FusedCells(QObject):
    """Which overlays of the stage on screen lie over their images; the look of each is the reader's to change."""

    changed = Signal()
    """A registration came into force or went: what may be laid over has to be asked again"""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._cells: Sequence[PlacedCell] = ()
        self._laid: dict[PlacedCell, PreparedOverlay] = {}
        self._refused: dict[PlacedCell, str] = {}
        self._watched: ref[Registrations] | None = None
        """Those of the case; they cannot be left again, so that no later stage may watch them once more"""
        self._reslicer = VtkReslicer(keeps=True)
        self._registering: SeriesRegistering | None = None
        if context.fusing is not None:
            self._registering = SeriesRegistering(context.page, context.jobs, context.fusing.register)
            self._registering.told.connect(self._tell_registering)
            self._registering.failed.connect(self._not_registered)
            self._registering.accepted.connect(self._accepted)
            self._registering.rejected.connect(self._offer)
        context.page.image_menu.entries.append(self._fill_menu)

    def begin(self, cells: Sequence[PlacedCell]) -> None:
        """Take the fused cells of a new stage."""
        laid = {cell: prepared for cell, prepared in self._laid.items() if cell in cells}
        self._cells, self._laid, self._refused = tuple(cells), laid, {}
        self._page.notices.clear_notice(_NOTICE)
        registrations = self._page.grid.links.registrations
        if cells and not self._is_watched(registrations):
            self._watched = ref(registrations)
            registrations.watch(lambda: self._registrations_changed(registrations))

    def close(self) -> None:
        """Let every overlay go."""
        self.begin(())
        self._reslicer.forget()
        if self._registering is not None:
            self._registering.close()

    @property
    def question(self) -> ConfirmDialog | None:
        """Return the question whether a registration may be used, while it stands."""
        return self._registering.dialog if self._registering is not None else None

    def refusal(self, cell: PlacedCell) -> str:
        """Return why the overlay of a cell does not lie over its images, empty where it does or nobody asked."""
        return self._refused.get(cell, "")

    def lay(self, cell: PlacedCell, base: Scene) -> bool:
        """Lay a cell's overlay over its images; False while it is on its way and where it must not be."""
        overlay = cell.overlay
        if overlay is None or overlay.prepared is None or not base.frame_of_reference_uid:
            return self._is_nowhere(cell, base)
        if self._laid.get(cell) is overlay.prepared:
            return True
        try:
            layer = self._layer(cell, base, overlay.prepared)
        except NotRegistrable as exc:
            self._refuse(cell, base, exc)
            return False
        self._refused.pop(cell, None)
        self._laid[cell] = overlay.prepared
        under = cell.stack.series if cell.stack is not None else cell.hung.series
        if under is not None:
            name_overlay(layer, under, overlay.stack.series, overlay.images.values())
        base.fuse(layer)
        if overlay.stack.series.modality == "PT" and base.modality != "PT":
            spheres = self._images.spheres
            spheres.dress(base, spheres.uptake(layer.volume, overlay.prepared.suv))
        return True

    def _is_nowhere(self, cell: PlacedCell, base: Scene) -> bool:
        """Say of complete images without a frame of reference that nothing can lie over them; always False."""
        stack = cell.stack
        if stack is not None and stack.scene.arrived and not base.frame_of_reference_uid:
            self._refused[cell] = tr("The images name no frame of reference: nothing can be laid over them.")
        return False

    def _layer(self, cell: PlacedCell, base: Scene, prepared: PreparedOverlay) -> FusedLayer:
        return fused_layer(
            prepared.volume,
            base.frame_of_reference_uid,
            self._page.grid.links.registrations,
            suv=prepared.suv,
            look=base.fused.look if base.fused is not None else _look(cell, prepared),
            reslicer=self._reslicer,
        )

    # where the two lie apart

    def _refuse(self, cell: PlacedCell, base: Scene, error: NotRegistrable) -> None:
        prepared = cell.overlay.prepared if cell.overlay is not None else None
        base.fuse(None)
        if base.modality != "PT":  # those of a PET are its own
            base.sphere_values = None
        self._laid.pop(cell, None)
        if prepared is None or not prepared.volume.frame_of_reference_uid:
            self._refused[cell] = tr("The overlay names no frame of reference and cannot be laid over other images.")
            return
        is_new = self._apart is None
        self._refused[cell] = f"{error.user_text} {error.hint}".rstrip()
        if is_new:
            self._offer()

    @property
    def _apart(self) -> PlacedCell | None:
        """Return the first refused cell that a registration would help: both its series name a frame of reference."""
        return next((cell for cell in self._refused if all(self._ends(cell))), None)

    def _offer(self) -> None:
        if self._apart is None or self._registering is None:
            return
        self._say(Severity.DEGRADED, tr("The two series lie in different frames of reference."),
                  tr("There is no fused view until they are registered."),
                  NoticeAction(tr("Register…"), self.register, "focus-3"))  # fmt: skip

    def register(self) -> None:
        """Compute how the overlay of the first cell apart lies to its images; the reader decides about the result."""
        cell = self._apart
        overlay = cell.overlay if cell is not None else None
        if self._registering is None or cell is None or overlay is None or overlay.prepared is None:
            return
        fixed = self._volume_under(cell)
        if fixed is None:
            reason = tr("choose the series under the overlay in the list and wait for all its slices")
            self._page.toast.emit(tr("Registration needs the volume of both series: {reason}", reason=reason))
            return
        base, over = cell.volume.stack if cell.volume is not None else cell.stack, overlay.stack
        doubts = () if base is None else link_doubts(base.study, base.series, over.study, over.series)
        self._registering.start(fixed, overlay.prepared.volume, doubts)

    def _volume_under(self, cell: PlacedCell) -> Volume | None:
        shown = self._images.shown
        if cell.volume is not None and cell.volume.built is not None:
            return cell.volume.built.volume
        is_shown = shown is not None and cell.stack is not None and cell.stack.series.key == shown.key
        return shown.built.volume if shown is not None and is_shown and shown.built is not None else None

    def _accepted(self, found: RigidRegistration) -> None:
        self._page.grid.links.registrations.add(found)

    def _tell_registering(self, share: float) -> None:
        self._say(Severity.NEWS, tr("Registering… {percent} %", percent=round(share * 100)),
                  tr("Reading goes on meanwhile."), NoticeAction(tr("Cancel"), self._cancel))  # fmt: skip

    def _cancel(self) -> None:
        if self._registering is not None:
            self._registering.stop()
        self._offer()

    def _not_registered(self, error: WorkstationError) -> None:
        self._page.show_error(error, key=_NOTICE, severity=Severity.DEGRADED)

    def _say(self, severity: Severity, fact: str, more: str, action: NoticeAction) -> None:
        self._page.notices.show_notice(Notice(_NOTICE, severity, fact, more, actions=(action,)))

    def _registrations_changed(self, changed: Registrations) -> None:
        if self._is_watched(changed) and self._cells:
            self._laid, self._refused = {}, {}
            self._page.notices.clear_notice(_NOTICE)
            self.changed.emit()

    def _is_watched(self, registrations: Registrations) -> bool:
        return self._watched is not None and self._watched() is registrations

    # how it looks

    def cell_at(self, key: str) -> tuple[PlacedCell, FusedLayer] | None:
        """Return the cell of a viewport and what lies over it, None where nothing does."""
        cell = next((one for one in self._laid if one.key == key), None)
        layer = cell.base.fused if cell is not None and cell.base is not None else None
        return None if cell is None or layer is None else (cell, layer)

    def paint(self, layer: FusedLayer, look: FusionLook) -> None:
        """Show what lies over a cell with another look."""
        layer.look = look
        self._page.grid.refresh()

    def part(self, cell: PlacedCell) -> None:
        """Give up the registration by which an overlay lies where it lies."""
        self._page.grid.links.registrations.remove(*self._ends(cell))

    def is_registered(self, cell: PlacedCell) -> bool:
        """Tell whether an overlay lies there by a registration, not by its own frame of reference."""
        return self._page.grid.links.registrations.between(*self._ends(cell)) is not None

    def _fill_menu(self, menu: QMenu, place: MenuPlace) -> None:
        found = self.cell_at(place.key)
        if found is None:
            return
        cell, layer = found
        look, add = layer.look, self._add
        looks = menu.addMenu(tr("Overlay"))
        for strength in _STRENGTHS:
            add(looks, f"{round(strength * 100)} %", layer, replace(look, alpha=strength))
        looks.addSeparator()
        for colours in ColourMap:
            add(looks, colours.full_name, layer, replace(look, colour_map=colours))
        if layer.is_suv:
            looks.addSeparator()
            for scale in SUV_SCALES:
                add(looks, f"{layer.label} {scale.low:g}\u2013{scale.high:g}", layer, replace(look, scale=scale))
        self._add_parting(looks, cell)

    def _add_parting(self, menu: QMenu, cell: PlacedCell) -> None:
        if self.is_registered(cell):
            menu.addSeparator()
            menu.addAction(tr("Part again")).triggered.connect(partial(self.part, cell))

    def _ends(self, cell: PlacedCell) -> tuple[str, str]:
        prepared = cell.overlay.prepared if cell.overlay is not None else None
        overlay = prepared.volume.frame_of_reference_uid if prepared is not None else ""
        return overlay, cell.base.frame_of_reference_uid if cell.base is not None else ""

    def _add(self, menu: QMenu, text: str, layer: FusedLayer, look: FusionLook) -> None:
        entry = menu.addAction(text)
        entry.setCheckable(True)
        entry.setChecked(look == layer.look)
        entry.triggered.connect(partial(self.paint, layer, look))


def _look(cell: PlacedCell, prepared: PreparedOverlay) -> FusionLook | None:
    """Return how the protocol wants an overlay painted; uptake values only where there are some."""
    wanted, first = cell.hung.cell.overlay, cell.overlay.first_look if cell.overlay is not None else None
    if wanted is None or first is None:
        return first
    scale = wanted.suv if wanted.suv is not None and isinstance(prepared.suv, SuvScale) else first.scale
    return FusionLook(scale, wanted.colour_map, wanted.alpha)
