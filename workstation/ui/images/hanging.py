"""Hangs the open case by protocols: stages by key, one and more views, priors beside, back to back, at one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import tr
from viewers.scene.note_scene import NoteScene
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.hanging import (
    HangingProtocol,
    Hung,
    Stage,
    choose_protocol,
    hang,
    opening_stage,
    usable_stages,
)
from workstation.domain.linkable import part_doubt
from workstation.domain.study import Study
from workstation.ui.commands import Command
from workstation.ui.hanging_words import place_words, protocol_title, stage_choice, why_empty
from workstation.ui.images.cell_fetching import CellFetching
from workstation.ui.images.cell_images import CellLoading, CellStack
from workstation.ui.images.cell_levels import CellLevels
from workstation.ui.images.cell_pictures import CellPictures
from workstation.ui.images.cell_sharing import CellSharing, stacks_of
from workstation.ui.images.cut_cells import CutCells
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.fused_cells import FusedCells
from workstation.ui.images.hung_choice import displayed_of, side_by_side, views_of
from workstation.ui.images.hung_stage import (
    PlacedCell,
    StageBuilder,
    awaits_volume,
    hung_of,
    is_of_stacks,
    prior_captions,
    reading_order,
    replaced_stack,
    tiling_of,
)
from workstation.ui.images.hung_volumes import HungVolumes
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.images.stage_dress import StageDress
from workstation.ui.notice import Notice, Severity
from workstation.ui.widgets.tiling import STACK, Layout

HANG: Final = "hang"
"""The tiling of the stage on screen."""
_BROKEN: Final = "hanging"


class Hanging(QObject):
    """The stages of one case. Without protocols it still divides the image area by key."""

    changed = Signal()
    """Another stage is on screen, or none."""
    stack_settled = Signal(object)
    """``CellStack``: everything of it that can be had is here."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._comparing = context.comparing
        self._sharing = CellSharing(context)
        self._case: OpenImages | None = None
        self._builder: StageBuilder | None = None
        self._dress = StageDress(self._page.grid)
        self._levels = CellLevels(self._page.grid)
        self._forget()
        self.doubt_of: Callable[[Study], str] = lambda _study: ""
        """What is said in red about a prior's person; set by who knows the priors."""
        self.before_linking: Callable[[], None] = lambda: None
        """Called when viewports have got their scenes: accepted registrations come into force again."""
        self._pictures = CellPictures(self._page.grid)
        self._loading = CellLoading(self, context.images.clip_shares)
        self._loading.arrived.connect(self._arrived)
        self._loading.settled.connect(self._settled)
        self._fetching = CellFetching(self._loading, self._sharing, self._page.notices, self._retry)
        self._page.retry_requested.connect(self._retry)
        self._cut = CutCells(context)
        self._cut.placed.connect(self._cut_placed)
        self._add_commands()
        grid, images = self._page.grid, self._images
        grid.viewport_scrolled.connect(self._scrolled)
        grid.layout_changed.connect(self._layout_changed)
        self._laying = QTimer(self)
        self._laying.setSingleShot(True)
        self._laying.setInterval(0)
        self._laying.timeout.connect(self._pictures.arrange)
        grid.placed.connect(self._laying.start)
        grid.staying = self._staying
        images.case_opened.connect(self._opened)
        images.case_closed.connect(self._closed)
        images.series_shown.connect(self._series_shown)
        self._page.series_requested.connect(self._asked_for)
        images.brought.connect(self._leave_the_level)
        images.slices_arrived.connect(lambda _shown: self._slices_came())
        images.series_settled.connect(lambda _shown: self._slices_came())
        images.volume_built.connect(lambda _shown: self._volume_came())
        images.volume_refused.connect(lambda _shown, _error: self._volume_refused())

    def _forget(self) -> None:
        self.protocol: HangingProtocol | None = None
        self.stages: tuple[Stage, ...] = ()
        self.stage: Stage | None = None
        self.cells: list[PlacedCell] = []
        self.priors: tuple[Study, ...] = ()
        """What hangs as prior 1, 2 …: the newest first"""
        self._hungs: tuple[Hung, ...] = ()
        self._active = False
        self._said = ""
        """The last toast on a stage, empty where none holds"""
        self._stack_scene: Scene | None = None
        self._left: Scene | None = None
        """The series that the one chosen last took the place of, until that one stands where it stood"""
        self._came_at: tuple[StackScene, int | None] | None = None
        """The series chosen last and its slice, None where the reader was brought; until its place is known"""
        self._levels.forget()
        self._dress.take_warnings_back()

    def _add_commands(self) -> None:
        images, commands = tr("Images"), self._page.view_commands
        for command in (
            Command("hanging.previous", tr("Previous hanging stage"), "skip-back", ",", partial(self.step, -1), images),
            Command("hanging.next", tr("Next hanging stage"), "skip-forward", ".", partial(self.step, 1), images),
            Command("layout.1x2", tr("Two views"), "layout-column", "Shift+2", partial(self.views, 1, 2), images),
            Command("layout.2x2", tr("Four views"), "layout-grid", "Shift+3", partial(self.views, 2, 2), images),
        ):
            commands.of_images(command)
        menu = self._page.header.layouts.menu
        for name in ("layout.1x2", "layout.2x2", "hanging.previous", "hanging.next"):
            menu.addAction(commands.action(name))

    # the case

    @property
    def is_on_screen(self) -> bool:
        """Tell whether a stage is shown, not one of the plain layouts."""
        return self._active and self.stage is not None

    @property
    def two_persons(self) -> str:
        """Return what is said in red about the persons on screen, empty when it is one."""
        return self._dress.two_persons

    @property
    def fused(self) -> FusedCells:
        """Return what lies over the cells on screen."""
        return self._cut.fused

    @property
    def volumes(self) -> HungVolumes:
        """Return what cells on screen are cut from."""
        return self._cut.volumes

    @property
    def current(self) -> Study | None:
        """Return the open study, the series to read first in front."""
        case = self._case
        return None if case is None else reading_order(case.session.study, case.session.findings.series_instance_uid)

    @property
    def protocols(self) -> Sequence[HangingProtocol]:
        """Return every usable protocol."""
        return () if self._comparing is None else self._comparing.protocols.all()

    def prior_cells(self) -> list[PlacedCell]:
        """Return the cells on screen that show a prior."""
        current = self.current
        uid = current.study_instance_uid if current is not None else ""
        return [one for one in self.cells if one.stack is not None and one.stack.study.study_instance_uid != uid]

    def _opened(self, case: OpenImages) -> None:
        self._forget()
        self._case = case
        case.lent = lambda series: self._loading.kept([frame.ref for frame in series.frames])
        self._builder = StageBuilder(
            case,
            self._cut.volumes,
            lambda study, series: prior_captions(
                study,
                series,
                case.session.row,
                self.doubt_of(study),
                part_doubt(case.session.study, study, series),
                case_date=case.session.study.study_date,
            ),
        )

    def _closed(self) -> None:
        self._loading.close()
        self._cut.close()
        for key in [cell.key for cell in self.cells if cell.key.startswith("cell.")]:
            self._page.grid.frame(key).set_scene(None)
        self._case = self._builder = None
        self._forget()
        self._pictures.forget()
        self.changed.emit()

    def _series_shown(self, shown: ShownSeries) -> None:
        self._left, self._stack_scene = self._stack_scene, shown.scene
        if self._left is None:
            self.choose()
        elif self._active and self.stage is not None:
            self._replace_stack(shown)
        else:
            self._came_at = shown.scene, shown.scene.index
            self._bring_along()
        if not self.is_on_screen:
            self._lay_alone(shown)

    def _asked_for(self, key: str) -> None:
        """Hang the series that a reader chose in the list where the stage on screen does not show it."""
        shown = self._images.shown
        is_elsewhere = self.is_on_screen and all(cell.key != STACK for cell in self.cells)
        if shown is not None and shown.key == key and is_elsewhere:
            self._replace_stack(shown)

    def choose(self) -> None:
        """Hang the first usable stage of the protocol that fits the study and its priors best."""
        current = self.current
        if current is None or self._comparing is None:
            return
        protocols = self.protocols
        broken = self._comparing.protocols.broken()
        if broken:
            self._page.notices.show_notice(
                Notice(_BROKEN, Severity.DEGRADED, broken[0], tr("It was not used; the other protocols still work."))
            )
        self.protocol = choose_protocol(protocols, current, self.priors)
        self.stages = usable_stages(self.protocol, current, self.priors) if self.protocol is not None else ()
        first = self._opening(self.stages, current, self.priors)
        if first is not None:
            self.show_stage(first)

    def _opening(self, stages: Sequence[Stage], current: Study, priors: Sequence[Study]) -> Stage | None:
        """Return the stage to begin with; one image alone has no planes, so that stages of stacks go first."""
        shown = self._images.shown
        if shown is None or shown.scene.count > 1:
            return opening_stage(stages, current, priors)
        return opening_stage([one for one in stages if is_of_stacks(one)] or stages, current, priors)

    def set_priors(self, priors: Sequence[Study], *, and_hang: bool) -> None:
        """Take the priors that may hang; ``and_hang`` chooses the protocol anew with them."""
        self.priors = tuple(reading_order(one) for one in priors)
        current = self.current
        if and_hang:
            self.choose()
        elif current is not None and self._comparing is not None:
            self.protocol = choose_protocol(self.protocols, current, self.priors)
            self.stages = usable_stages(self.protocol, current, self.priors) if self.protocol is not None else ()

    # stages

    def step(self, by: int) -> None:
        """Show the next (1) or previous (-1) stage; at the ends it says so and stays."""
        if not self.stages:
            self._page.toast.emit(tr("No hanging protocol fits this study"))
            return
        at = self.stages.index(self.stage) if self.stage in self.stages else None
        if at is None:
            following = 0 if by > 0 else len(self.stages) - 1
        elif not self._active:
            following = at  # back from a plain layout to where one was
        else:
            following = at + by
        if not 0 <= following < len(self.stages):
            self._page.toast.emit(tr("Last stage") if by > 0 else tr("First stage"))
            return
        self.show_stage(self.stages[following])
        self._say_stage()

    @property
    def arrangement(self) -> tuple[Stage, tuple[Hung, ...]] | None:
        """Return the stage on screen and what it hangs, None with a prior or in a plain layout."""
        if not self.is_on_screen or self.stage is None or self.prior_cells():
            return None
        return self.stage, self._hungs

    def show_alone(self) -> None:
        """Hang the case as if it had no prior; the stages with priors stay a key away."""
        current = self.current
        if current is None:
            return
        protocol = choose_protocol([one for one in self.protocols if not one.match.needs_prior], current)
        stages = usable_stages(protocol, current) if protocol is not None else ()
        first = self._opening(stages, current, ())
        if first is not None:
            self.show_stage(first)
        else:
            self._page.grid.choose_layout(Layout.ONE)

    def _say_stage(self) -> None:
        if self.stage is not None and self.protocol is not None and self.stage in self.stages:
            self._said = f"{protocol_title(self.protocol)} · {place_words(self.stage, self.stages)}"
            self._page.toast.emit(self._said)

    def _unsay_stage(self) -> None:
        """Take the words on a stage away that is not on screen any more."""
        self._page.toast_over.emit(self._said)
        self._said = ""

    def show_stage(self, stage: Stage) -> None:
        """Hang a stage of a protocol."""
        current = self.current
        if current is not None:
            self.show_hung(stage, hang(stage, current, self.priors))

    def show_hung(self, stage: Stage, hungs: Sequence[Hung]) -> None:
        """Put a stage on screen with what its cells hang."""
        self._unsay_stage()
        self.stage, self._hungs = stage, tuple(hungs)
        self._lay(())

    def views(self, rows: int, columns: int) -> None:
        """Divide the area: the series on screen first, then the prior's, then the study's other series."""
        shown, current = self._images.shown, self.current
        if shown is not None and current is not None:
            image = displayed_of(self._page.grid, shown)
            self.show_hung(*views_of(current, shown.series, self.priors, rows, columns, displayed=image))

    def beside(self, prior: Study) -> None:
        """Show the series on screen and the prior's most like it side by side."""
        shown, current = self._images.shown, self.current
        if shown is not None and current is not None and prior in self.priors:
            self.show_hung(*side_by_side(current, shown.series, prior, self.priors.index(prior) + 1))

    # on screen

    def _lay(self, going_on: Sequence[PlacedCell]) -> None:
        """Put the stage on screen; of the cells of ``going_on`` those that show the same again are not touched."""
        stage, shown, builder, current = self.stage, self._images.shown, self._builder, self.current
        if stage is None or shown is None or builder is None or current is None:
            return
        grid = self._page.grid
        former = [cell.key for cell in self.cells if cell.key.startswith("cell.")]
        self.cells = builder.placed(
            self._hungs, (current, *self.priors), shown, lambda hung: why_empty(hung, priors=len(self.priors)),
            going_on,
        )  # fmt: skip
        new = [cell for cell in self.cells if cell not in going_on]
        self._cut.begin(self.cells)
        own: dict[str, Scene | None] = dict.fromkeys(former)
        own |= {cell.key: self._cut.scene(cell) for cell in self.cells if cell.key.startswith("cell.")}
        for scene in own.values():
            if scene is not None and not isinstance(scene, NoteScene):
                self._images.marks.dress(scene)
        self._active = True
        grid.set_scenes({key: scene for key, scene in own.items() if grid.frame(key).scene is not scene})
        grid.tilings[HANG] = tiling_of(stage, self.cells)
        self._warn_of_persons(current)
        self._dress.dress(new, shown.scene)
        self._dress.link(stage, self.cells, new)
        self._levels.expect(one.stack for one in new if one.stack is not None and one.volume is None)
        self.before_linking()
        grid.choose_layout(HANG, keeps_maximised=bool(going_on))
        self._activate_a_picture()
        grid.refresh()
        self._page.header.layouts.show_choice(stage_choice(stage, self.stages))
        self._pictures.lay(stage, self.cells, new)
        self._sharing.lend(self._cut.volumes)
        self._share()
        self._fetch()
        self._page.show_window()
        self.changed.emit()

    def _fetch(self) -> None:
        """Fetch what the cells miss, also what failed before, and build what is complete."""
        self._fetching.begin(self.cells)
        self._cut.go_on()

    def _retry(self) -> None:
        if self.is_on_screen:
            self._fetch()

    def _cut_placed(self, cell: PlacedCell) -> None:
        """Dress what took the place of a cell's words."""
        shown, current = self._images.shown, self.current
        if shown is None or current is None or self.stage is None:
            return
        self._warn_of_persons(current)
        self._dress.dress([cell], shown.scene)
        self._dress.link(self.stage, self.cells, [cell])
        self._page.grid.frame(cell.key).refresh()
        if cell.stack is not None:
            self.stack_settled.emit(cell.stack)

    def _activate_a_picture(self) -> None:
        """Let the keys act on a picture, not on a cell that says why it is empty."""
        grid = self._page.grid
        if isinstance(grid.active.scene, NoteScene):
            pictures = [one.key for one in self.cells if not isinstance(grid.frame(one.key).scene, NoteScene)]
            if pictures:
                grid.activate(STACK if STACK in pictures else pictures[0])

    def _warn_of_persons(self, current: Study) -> None:
        self._dress.warn(current, [cell.stack.study for cell in self.prior_cells() if cell.stack], self.doubt_of)

    def _replace_stack(self, shown: ShownSeries) -> None:
        """Show another series where the last one stood; the other cells stay."""
        current = self.current
        if current is None or shown.series_instance_uid not in {one.series_instance_uid for one in current.series}:
            self._page.grid.set_scenes(dict.fromkeys(self._staying()))
            return
        self._hungs = replaced_stack(self.cells, self._hungs, current, shown)
        self._lay(self.cells)
        self._came_at = shown.scene, shown.scene.index
        self._bring_along()

    def _bring_along(self) -> None:
        """
        Let another series stand where the cells stand that it is linked with, alone where the last series stood.

        A reader who moved it is left. Where one was brought to a finding or an image, the cells come to the series.
        """
        grid, came = self._page.grid, self._came_at
        if came is None or not came[0].frame_of_reference_uid:
            return
        left, self._came_at, self._left = self._left, None, None
        scene, index = came
        beside = (grid.frame(key).scene for key in self._staying())
        source = next((one for one in beside if one is not None and grid.links.matrix(one, scene) is not None), None)
        if source is not None and index in {None, scene.index} and scene is grid.stack:
            grid.links.follow(source if index is not None else scene)
        elif source is None and left is not None and index == scene.index and scene is grid.stack:
            grid.links.bring(left, scene)

    def _leave_the_level(self) -> None:
        """Let the stack stand where the reader was brought, also where that is the slice it opened with."""
        if self._came_at is not None:
            self._came_at = self._came_at[0], None

    def _staying(self) -> Sequence[str]:
        """Return the viewports of the stage that another series on screen leaves as they are."""
        return [cell.key for cell in self.cells if cell.key.startswith("cell.")] if self.is_on_screen else []

    def _layout_changed(self, layout: object) -> None:
        if layout == HANG:
            if self.stage is not None:
                self._page.header.layouts.show_choice(stage_choice(self.stage, self.stages))
            return
        if self._page.grid.frame(STACK).scene is not self._stack_scene:
            return  # another series is being shown: the stage comes back with it
        self._unsay_stage()
        if self._active:
            self._active = False
            self._fetching.stop()
            self._cut.close()
            self._let_cuts_go()
            self._dress.share_windows()
            self._dress.take_warnings_back()
            self.changed.emit()
        if self._images.shown is not None:
            self._lay_alone(self._images.shown)

    def _lay_alone(self, shown: ShownSeries) -> None:
        """Lay the series on screen as a stage of it alone would: a mammogram has its wall at an edge everywhere."""
        current = self.current
        if current is None or shown.series_instance_uid not in {one.series_instance_uid for one in current.series}:
            return
        hung = hung_of(current, shown.series_instance_uid, stack_number=shown.series.stack_number)
        self._pictures.lay(Stage("1", 1, 1, (hung.cell,)), [PlacedCell(STACK, hung)], ())

    def _let_cuts_go(self) -> None:
        """Hold no volume of cells that nobody sees; the stage makes them anew when it comes back."""
        cut = [cell for cell in self.cells if cell.sources]
        for cell in cut:
            cell.stack = cell.volume = cell.overlay = cell.base = None
        self._page.grid.set_scenes(dict.fromkeys(cell.key for cell in cut))

    # images

    def _share(self, *, again: bool = False) -> None:
        for stack in self._sharing.share(stacks_of(self.cells), again=again):
            self._arrived(stack)

    def _slices_came(self) -> None:
        if self.is_on_screen:
            self._share()
        self._bring_along()
        self._pictures.arrange()
        if self.is_on_screen:
            self._bring_to_level()
            self._page.show_window()  # an image brings its own window along

    def _arrived(self, stack: CellStack) -> None:
        self._sharing.tell_here(stack)
        for cell in self.cells:
            if cell.stack is stack:
                self._pictures.arrange()
                self._page.grid.frame(cell.key).refresh()
        if self._page.grid.active.scene is stack.scene:
            self._page.show_window()  # an image brings its own window along
        self._cut.came(stack)
        self._bring_to_level()

    def _bring_to_level(self) -> None:
        if self._images.shown is not None:
            self._levels.bring(self._images.shown.scene, stacks_of(self.cells))

    def _settled(self, stack: CellStack) -> None:
        self._cut.came(stack)
        self._fetching.say_failed(self.cells)
        self.stack_settled.emit(stack)

    def _scrolled(self, key: str, _index: int) -> None:
        self._pictures.scrolled(key)
        for cell in self.cells:
            if cell.key == key and cell.stack is not None and self._page.grid.frame(key).scene is cell.stack.scene:
                self._loading.focus(cell.stack)

    def _volume_came(self) -> None:
        current, shown = self.current, self._images.shown
        if self._active and shown is not None and any(awaits_volume(cell, shown) for cell in self.cells):
            self._lay(self.cells)
            return
        if self.two_persons and current is not None:
            self._warn_of_persons(current)
        self._share(again=True)
        self._sharing.lend(self._cut.volumes)

    def _volume_refused(self) -> None:
        """Leave a stage whose planes will not come, unless the reader chose it or works in it."""
        current = self.current
        instead = None
        if self.is_on_screen and self.stage in self.stages and not is_of_stacks(self.stage) and current is not None:
            instead = opening_stage([one for one in self.stages if is_of_stacks(one)], current, self.priors)
        if instead is not None and not self._page.grid.touched:
            self.show_stage(instead)
        else:
            self._volume_came()
