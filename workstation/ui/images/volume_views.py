"""The volume in three dimensions and curved planes: their viewports, keys and menus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from viewers.qt.volume_pictures import shared_worker
from viewers.scene.curved import CurvedPath
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.keys import Command as ViewCommand
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection, Slab, projection_title
from viewers.scene.transfer_functions import VolumePreset, preset_title
from viewers.scene.volume_scene import VolumeScene
from viewers.scene.volume_view import VolumeView
from workstation.services.uid import new_uid
from workstation.ui.commands import Command
from workstation.ui.images.cut_scenes import look_of, take_over, volume_scene
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.keymap import key_of
from workstation.ui.pages.image_menu import MenuPlace
from workstation.ui.widgets.buttons import key_text
from workstation.ui.widgets.tiling import PLANES, Tile, Tiling

VOLUME: Final = "volume"
CURVED: Final = "curved"
_PLANES_AND_VOLUME: Final = "mpr3d"
_WARM_UP_MS: Final = 3000
"""How long after a volume came the 3D view is prepared: reading begins first."""


def _path_first() -> str:
    return tr("draw a path on a plane first ({key})", key=key_text(key_of("volume.path", "J")))


class VolumeViews(QObject):
    """Gives every complete volume a 3D view, and every path drawn on its planes a straightened one."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._shown: ShownSeries | None = None
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.setInterval(_WARM_UP_MS)
        self._warm.timeout.connect(self._warm_up)
        self._add_layouts()
        self._add_commands()
        self._page.image_menu.entries.append(self._fill_menu)
        self._images.series_shown.connect(self._series_shown)
        self._images.volume_built.connect(self._built)
        self._images.volume_refused.connect(lambda _shown, _error: self._offer())
        self._images.case_closed.connect(self._closed)
        grid = self._page.grid
        for key in (*PLANES, VOLUME):
            grid.frame(key).planes_changed.connect(grid.refresh)
        grid.frame(VOLUME).planes_changed.connect(self._page.show_window)  # a preset has its name there
        for key in PLANES:
            grid.frame(key).path_drawn.connect(self._straighten)
        self._offer()

    # what is offered

    def _add_layouts(self) -> None:
        axial, coronal, sagittal = PLANES
        self._page.add_layout(
            _PLANES_AND_VOLUME,
            Tiling(
                (Tile(axial), Tile(coronal, 1, 0), Tile(sagittal, 0, 1), Tile(VOLUME, 1, 1)),
                needs=frozenset((*PLANES, VOLUME)),
            ),
            text=tr("Three planes and 3D"),
            short=tr("MPR + 3D"),
            icon="layout-grid",
            key="Shift+5",
        )
        self._page.add_layout(
            VOLUME,
            Tiling((Tile(VOLUME),), needs=frozenset({VOLUME})),
            text=tr("3D alone"),
            short=tr("3D"),
            icon="body-scan",
            key="Shift+6",
        )
        self._page.add_layout(
            CURVED,
            Tiling(
                (Tile(CURVED, 0, 0, 1, 2), Tile(axial, 1, 0), Tile(coronal, 1, 1)),
                needs=frozenset((*PLANES, CURVED)),
            ),
            text=tr("Curved plane"),
            short=tr("Curved"),
            icon="route",
            key="Shift+7",
        )

    def _add_commands(self) -> None:
        grid, images = self._page.grid, tr("Images")
        for name, text, icon, key, command in (
            ("slab", tr("Plane, MIP, MinIP, mean; in 3D the next preset"), "stack", "M", ViewCommand.PROJECTION),
            ("thinner", tr("Thinner slab; in 3D show more"), "subtract", "[", ViewCommand.SLAB_THINNER),
            ("thicker", tr("Thicker slab; in 3D show less"), "add", "]", ViewCommand.SLAB_THICKER),
            ("upright", tr("Upright planes; in 3D from the front"), "focus-2", "U", ViewCommand.UPRIGHT_PLANES),
            ("path", tr("Begin or end a path for a curved plane"), "route", "J", ViewCommand.CURVE),
            ("scissors", tr("Scissors in 3D"), "scissors", "Y", ViewCommand.SCISSORS),
        ):
            action = self._page.view_commands.of_images(
                Command(f"volume.{name}", text, icon, key, partial(grid.run, command), images)
            )
            self._page.header.menu.addAction(action)
        for name, text, icon, key, command in _cut_commands():
            self._page.view_commands.of_images(
                Command(f"volume.{name}", text, icon, key, partial(self._cut, command), images)
            )

    def _cut(self, command: ViewCommand) -> None:
        """Let a cut plane's key act on the 3D view in use, or the one that is seen beside the planes."""
        grid = self._page.grid
        seen = [grid.frame(key) for key in grid.visible_keys()]
        in_3d = [frame for frame in seen if isinstance(frame.scene, VolumeScene)]
        frame = grid.active if grid.active in in_3d or not in_3d else in_3d[0]
        frame.run_command(command)

    def _offer(self) -> None:
        """Offer what the series on screen has, and say why the rest is missing."""
        shown = self._shown
        waiting = tr("follows when all slices are here")
        reason = (shown.refusal or waiting) if shown is not None else waiting
        for layout in (_PLANES_AND_VOLUME, VOLUME, CURVED):
            action = self._page.view_commands.action(f"layout.{layout}")
            action.setEnabled(self._page.grid.can_show(layout))
            missing = _path_first() if self._has_volume and layout == CURVED else reason
            action.setToolTip(action.text() if action.isEnabled() else missing)

    @property
    def _has_volume(self) -> bool:
        return self._shown is not None and VOLUME in self._shown.scenes

    # a case comes and goes

    def _series_shown(self, shown: ShownSeries) -> None:
        self._shown = shown
        mine: dict[str, Scene | None] = {key: shown.scenes[key] for key in (VOLUME, CURVED) if key in shown.scenes}
        self._page.grid.set_scenes(mine)
        self._offer()

    def _built(self, shown: ShownSeries) -> None:
        if shown.built is None:
            return
        self._shown = shown
        self._give(shown, VOLUME, volume_scene(shown.built.volume, shown.scene, tuple(shown.images.values())))
        self._warm.start()

    def _give(self, shown: ShownSeries, key: str, scene: Scene) -> None:
        self._images.marks.dress(scene)
        shown.scenes[key] = scene
        self._page.grid.set_scenes({key: scene})
        self._offer()

    def _warm_up(self) -> None:
        shown = self._shown
        if shown is not None and shown.built is not None:
            shared_worker().warm_up(shown.built.volume)

    def _closed(self) -> None:
        self._warm.stop()
        shared_worker().let_go()
        self._shown = None
        self._offer()

    # curved planes

    def _straighten(self, path: CurvedPath) -> None:
        shown, annotations = self._shown, self._images.annotations
        if shown is None or shown.built is None or annotations is None:
            return
        if path.length_mm < 2 * min(shown.built.volume.spacing_mm):
            self._page.toast.emit(tr("The path is too short to be straightened."))
            return
        default_voi, monochrome1 = look_of(tuple(shown.images.values()))
        scene = CurvedScene(
            shown.built.volume,
            path,
            annotations=annotations,
            new_uid=new_uid,
            modality=shown.series.modality,
            captions=shown.scene.captions,
            default_voi=default_voi,
            monochrome1=monochrome1,
        )
        scene.state = replace(scene.state, voi=shown.scene.own_state.voi, inverted=shown.scene.own_state.inverted)
        take_over(scene, shown.scene, tuple(shown.images.values()))
        self._give(shown, CURVED, scene)
        self._page.grid.choose_layout(CURVED)

    # menus

    def _fill_menu(self, menu: QMenu, place: MenuPlace) -> None:
        scene = self._page.grid.frame(place.key).scene
        if isinstance(scene, VolumeScene):
            self._fill_volume_menu(menu, scene)
        elif isinstance(scene, MprScene):
            self._fill_plane_menu(menu, scene)

    def _fill_volume_menu(self, menu: QMenu, scene: VolumeScene) -> None:
        presets = menu.addMenu(tr("Preset"))
        for preset in scene.presets:
            self._add(presets, preset_title(preset), partial(self._choose_preset, scene, preset))
        sides = menu.addMenu(tr("Look from"))
        for text, view in sides_of_the_body():
            self._add(sides, text, partial(scene.look, view))
        menu.addAction(self._page.view_commands.action("volume.scissors"))
        planes = menu.addMenu(tr("Cut planes"))
        for name, *_rest in _cut_commands():
            planes.addAction(self._page.view_commands.action(f"volume.{name}"))
        self._add(menu, tr("Undo the last cut"), scene.undo_cut)
        if scene.has_couch:
            self._add(menu, tr("Show the couch") if scene.hides_couch else tr("Hide the couch"), scene.toggle_couch)

    def _choose_preset(self, scene: VolumeScene, preset: VolumePreset) -> None:
        scene.choose(preset)
        self._page.show_window()

    def _fill_plane_menu(self, menu: QMenu, scene: MprScene) -> None:
        slabs = menu.addMenu(tr("Slab"))
        thickness = scene.slab.thickness_mm
        self._add(slabs, tr("Thin plane"), partial(scene.set_slab, Slab(None, thickness)))
        for projection in Projection:
            slab = Slab(projection, thickness)
            self._add(slabs, f"{projection_title(projection)} {thickness:g} mm", partial(scene.set_slab, slab))
        for name in ("upright", "path"):
            menu.addAction(self._page.view_commands.action(f"volume.{name}"))

    def _add(self, menu: QMenu, text: str, change: Callable[[], object]) -> None:
        def act() -> None:
            change()
            self._page.grid.refresh()

        menu.addAction(text).triggered.connect(act)


def _cut_commands() -> tuple[tuple[str, str, str, str, ViewCommand], ...]:
    return (
        ("cut_add", tr("Add a cut plane in 3D"), "add-box", "Shift+Y", ViewCommand.CUT_ADD),
        ("cut_next", tr("Take the next cut plane into the hand"), "arrow-right", "Shift+J", ViewCommand.CUT_NEXT),
        ("cut_flip", tr("Cut away the other side"), "swap", "Shift+X", ViewCommand.CUT_FLIP),
        ("cut_remove", tr("Take this cut plane away"), "subtract", "Shift+Del", ViewCommand.CUT_REMOVE),
    )


def sides_of_the_body() -> tuple[tuple[str, VolumeView], ...]:
    """Return the six sides from which a body is looked at, head up or front up."""
    return (
        (tr("Front"), VolumeView()),
        (tr("Back"), VolumeView((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0))),
        (tr("Patient's left"), VolumeView((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))),
        (tr("Patient's right"), VolumeView((0.0, -1.0, 0.0), (0.0, 0.0, -1.0))),
        (tr("Head"), VolumeView((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))),
        (tr("Feet"), VolumeView((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))),
    )
