"""Captures the arrangement on screen as a protocol, and opens the editor of all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import uuid4

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from resources.translation import CHINESE, ENGLISH, tr
from viewers.scene.mpr_scene import MprScene
from viewers.scene.presets import CT_PRESETS
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection
from viewers.scene.transfer_functions import VolumePreset
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.errors import WorkstationError
from workstation.domain.hanging import HangingProtocol, Stage, captured, choose_protocol, selector_of
from workstation.domain.hanging_cells import Cell, CellOverlay, CellView, ImageSelector
from workstation.ui.commands import Command
from workstation.ui.dialogs import Dialog
from workstation.ui.hanging_editor import HangingEditor
from workstation.ui.hanging_words import protocol_title
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hanging import Hanging
from workstation.ui.images.volume_views import VOLUME
from workstation.ui.widgets.fields import TextField
from workstation.ui.widgets.tiling import PLANES

_VIEWS: Final = {**{plane: CellView(plane) for plane in PLANES}, VOLUME: CellView.VOLUME}


class NameDialog(Dialog):
    """Asks for the name of a captured layout."""

    def __init__(self, parent: QWidget | None, suggestion: str) -> None:
        super().__init__(parent, tr("Capture this layout"), icon="layout-grid", tone="acc")
        self.field = TextField(tr("Name"))
        self.field.edit.setMaxLength(80)
        self.field.edit.setText(suggestion)
        self.body.addWidget(self.field)
        self.add_hint(
            tr("It hangs by itself for studies of the same modalities, body part and views, with a prior where this "
               "one has one; edit it any time.")
        )  # fmt: skip
        self.set_primary(tr("Save"), icon="check")
        self.field.edit.setFocus()
        self.field.edit.selectAll()


class HangingCapture(QObject):
    """The two menu entries that change protocols."""

    def __init__(self, context: FeatureContext, hanging: Hanging) -> None:
        super().__init__(context.page)
        self._page, self._images, self._comparing = context.page, context.images, context.comparing
        self._hanging = hanging
        self.dialog: Dialog | None = None
        commands, area = self._page.view_commands, tr("Images")
        commands.of_images(Command("hanging.capture", tr("Capture this layout…"), "save", "", self.capture, area))
        commands.of_images(Command("hanging.edit", tr("Hanging protocols…"), "settings-3", "", self.edit, area))
        for name in ("hanging.capture", "hanging.edit"):
            commands.action(name).setEnabled(self._comparing is not None)
            self._page.header.layouts.menu.addAction(commands.action(name))
        self._images.case_closed.connect(self._closed)

    def stage(self, name: str) -> Stage | None:
        """Return the arrangement on screen as a stage that finds the same images again."""
        shown, current, grid = self._images.shown, self._hanging.current, self._page.grid
        if shown is None or current is None:
            return None
        tiles = grid.tilings[grid.layout_choice].tiles
        rows = max(tile.row + tile.rows for tile in tiles)
        columns = max(tile.column + tile.columns for tile in tiles)
        cells = []
        for at in range(rows * columns):
            row, column = divmod(at, columns)
            key = next((tile.key for tile in tiles if tile.row <= row < tile.row + tile.rows
                        and tile.column <= column < tile.column + tile.columns), "")  # fmt: skip
            cells.append(self._cell(key))
        scale = self._hanging.stage if self._hanging.is_on_screen else None
        return Stage(name, rows, columns, tuple(cells), same_scale=scale is not None and scale.same_scale,
                     linked=scale is None or scale.linked)  # fmt: skip

    def _cell(self, key: str) -> Cell:
        shown, current, grid = self._images.shown, self._hanging.current, self._page.grid
        if shown is None or current is None or not key:
            return Cell(ImageSelector())
        scene = grid.frame(key).scene
        placed = next((one for one in self._hanging.cells if one.key == key), None) if key.startswith("cell.") else None
        if placed is not None:
            cell = placed.hung.cell
            overlay = self._overlay(scene, placed.hung.study_instance_uid) if scene is not None else None
            return replace(cell, window_preset=_preset(scene), mip_mm=_mip_mm(scene) if cell.view.is_cut else 0.0,
                           overlay=overlay or cell.overlay)  # fmt: skip
        of_stage = next((one.hung.cell for one in self._hanging.cells if one.key == key), None)
        is_hung = self._hanging.is_on_screen and of_stage is not None
        own = selector_of(shown.series, study=current, stack=shown.series.stack_number)
        selector = of_stage.selector if is_hung and of_stage else own
        wall = of_stage.chest_wall if is_hung and of_stage else Cell().chest_wall
        view = _VIEWS.get(key, CellView.STACK)
        if isinstance(scene, VolumeScene) and scene.preset is VolumePreset.MIP:
            view = CellView.MIP
        overlay = self._overlay(scene, current.study_instance_uid) if scene is not None else None
        return Cell(selector, view, _preset(scene), wall, _mip_mm(scene), overlay)

    def _overlay(self, scene: Scene, study_instance_uid: str) -> CellOverlay | None:
        """Return what lies over a picture as it is painted now; None where nothing does."""
        studies = [one for one in (self._hanging.current, *self._hanging.priors) if one is not None]
        study = next((one for one in studies if one.study_instance_uid == study_instance_uid), None)
        layer = scene.fused
        if layer is None or study is None:
            return None
        uid = layer.volume.series_instance_uid
        series = next((one for one in study.series if one.series_instance_uid == uid), None)
        if series is None:
            return None
        look = layer.look
        scale = look.scale if layer.is_suv else None
        return CellOverlay(selector_of(series, study=study), look.colour_map, look.alpha, scale)

    # acting

    def capture(self) -> None:
        """Ask for a name and save the arrangement on screen."""
        current = self._hanging.current
        if self.dialog is not None or self._comparing is None or current is None:
            return
        self.dialog = dialog = NameDialog(self._page, current.description or " / ".join(current.modalities))
        dialog.accepted.connect(lambda: self._save(dialog.field.text().strip()))
        self._open(dialog)

    def _save(self, name: str) -> None:
        current, comparing = self._hanging.current, self._comparing
        stage = self.stage(name or tr("Layout"))
        if current is None or comparing is None or stage is None:
            return
        title = {CHINESE: stage.name, ENGLISH: stage.name}
        priors = self._hanging.priors
        usual = choose_protocol(comparing.protocols.all(), current, priors)
        protocol = captured(f"own-{uuid4().hex[:12]}", title, current, [stage], priors=priors, usual=usual)
        try:
            comparing.protocols.save(protocol)
        except WorkstationError as error:
            self._page.show_error(error, key="hanging")
            return
        self._hanging.set_priors(priors, and_hang=False)
        self._page.toast.emit(_said(protocol, self._hanging.protocol))

    def edit(self) -> None:
        """Open the editor at the protocol in use."""
        if self.dialog is not None or self._comparing is None:
            return
        used = self._hanging.protocol
        self.dialog = dialog = HangingEditor(
            self._page,
            self._comparing.protocols,
            used.protocol_id if used is not None else "",
            lambda: self._hanging.set_priors(self._hanging.priors, and_hang=False),
        )
        self._open(dialog)

    def _open(self, dialog: Dialog) -> None:
        dialog.finished.connect(self._gone)
        dialog.open()

    def _gone(self, _result: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _closed(self) -> None:
        if isinstance(self.dialog, NameDialog):
            self.dialog.reject()


def _said(saved: HangingProtocol, chosen: HangingProtocol | None) -> str:
    """Return what is told of a captured layout, and no more than what it will do."""
    name = protocol_title(saved)
    if chosen is not None and chosen.protocol_id != saved.protocol_id:
        return tr("{name} is saved, but {other} hangs for studies like this one: prefer yours under Hanging protocols",
                  name=name, other=protocol_title(chosen))  # fmt: skip
    if saved.match.needs_prior:
        return tr("{name} is saved and hangs for studies like this one that have a prior", name=name)
    return tr("{name} is saved and hangs for studies like this one", name=name)


def _mip_mm(scene: Scene | None) -> float:
    """Return how thick a projection a plane shows; other projections are not part of a protocol."""
    is_mip = isinstance(scene, MprScene) and scene.slab.projection is Projection.MIP
    return scene.slab.thickness_mm if is_mip and isinstance(scene, MprScene) else 0.0


def _preset(scene: Scene | None) -> int | None:
    if scene is None or scene.modality != "CT" or scene.state.voi is None:
        return None
    return next((int(key) for key, preset in CT_PRESETS.items() if preset.window == scene.window), None)
