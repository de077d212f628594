"""One stage on screen: which viewport shows what, made from what a protocol hangs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from resources.translation import tr
from viewers.scene.captions import StudyCaptions
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene, slots_of
from workstation.domain.frames import FrameRef
from workstation.domain.hanging import Hung, Stage, day_of, selector_of
from workstation.domain.hanging_cells import Cell, CellView
from workstation.domain.one_person import contradictions, has_other_name, is_in_other_letters
from workstation.domain.study import Series, Study
from workstation.domain.workitem import WorklistRow
from workstation.services.case_priors import persons_in
from workstation.services.image_service import first_series
from workstation.services.uid import new_uid
from workstation.ui.hanging_words import one_image_alone, waiting_for_volume
from workstation.ui.images.cell_images import CellStack, restricted
from workstation.ui.images.hung_volumes import HungVolume, HungVolumes
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.series_doubts import doubts_of, with_doubts
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.images.volume_views import VOLUME
from workstation.ui.reading_words import captions
from workstation.ui.widgets.tiling import STACK, Tile, Tiling

_VOLUME_VIEWS: Final = {
    CellView.AXIAL: "axial",
    CellView.CORONAL: "coronal",
    CellView.SAGITTAL: "sagittal",
    CellView.MIP: VOLUME,
    CellView.VOLUME: VOLUME,
}


@dataclass(slots=True, eq=False)
class PlacedCell:
    """
    A cell with its viewport.

    ``stack`` is set where it has pixels of its own, ``volume`` where it is cut from one of its own, ``overlay`` where
    another series lies over it, ``note`` where it stays empty.
    """

    key: str
    hung: Hung
    stack: CellStack | None = None
    note: str = ""
    volume: HungVolume | None = None
    overlay: HungVolume | None = None
    base: Scene | None = None
    """The images of a fused cell until the overlay lies over them, and from then on"""

    @property
    def sources(self) -> tuple[HungVolume, ...]:
        """Return the volumes that it needs."""
        return tuple(one for one in (self.volume, self.overlay) if one is not None)


def reading_order(study: Study, preferred_uid: str = "") -> Study:
    """Return the study with the series to read first in front, so that a scout never hangs instead of the lungs."""
    first = first_series(study, preferred_uid)
    if first is None:
        return study
    return replace(study, series=(first, *(one for one in study.series if one is not first)))


def is_of_stacks(stage: Stage) -> bool:
    """Tell whether no cell of a stage needs a volume."""
    return all(cell.view is CellView.STACK and cell.overlay is None for cell in stage.cells)


def tiling_of(stage: Stage, cells: Sequence[PlacedCell]) -> Tiling:
    """Return where the cells stand."""
    return Tiling(tuple(Tile(cell.key, at % stage.columns, at // stage.columns) for at, cell in enumerate(cells)))


def hung_of(study: Study, series_uid: str, prior: int = 0, *, stack_number: int | None = None) -> Hung:
    """Return a series of a study, or one stack of it; ``prior`` is the study's number, 0 for the case itself."""
    series = next(one for one in study.series if one.series_instance_uid == series_uid)
    cell = Cell(selector_of(series, prior=prior, study=study, stack=stack_number))
    images = tuple(one for one in series.instances if one.rows > 0)
    return Hung(cell, study.study_instance_uid, series, images, stack_number=stack_number)


def replaced_stack(
    cells: Sequence[PlacedCell], hungs: Sequence[Hung], current: Study, shown: ShownSeries
) -> tuple[Hung, ...]:
    """Return what hangs once another series stands where the last one stood; the other cells stay."""
    keys = [cell.key for cell in cells]
    at = keys.index(STACK) if STACK in keys else 0
    former = hungs[at].series
    replaced = hung_of(current, shown.series_instance_uid, stack_number=shown.series.stack_number)
    # the planes are those of the series on screen: they follow it
    return tuple(
        replaced if n == at
        else replace(replaced, cell=one.cell) if one.cell.view is not CellView.STACK and one.series is former
        and one.overlay is None
        else one
        for n, one in enumerate(hungs)
    )  # fmt: skip


class StageBuilder:
    """Makes the scenes of one case's stages; what is drawn on a prior is kept with the case (``PriorNotes``)."""

    def __init__(
        self, case: OpenImages, volumes: HungVolumes, prior_captions: Callable[[Study, Series], StudyCaptions]
    ) -> None:
        self._case, self._volumes = case, volumes
        self._prior_captions = prior_captions

    def placed(
        self,
        hungs: Sequence[Hung],
        studies: Sequence[Study],
        shown: ShownSeries,
        why: Callable[[Hung], str],
        former: Sequence[PlacedCell] = (),
    ) -> list[PlacedCell]:
        """
        Return the cells: the series on screen in viewports it has already, all others in their own.

        A cell of ``former`` that goes on showing the same in the same viewport is returned itself: the reader
        works in it.
        """
        used: set[str] = set()
        held: dict[tuple[FrameRef, ...], HungVolume] = {}
        found = []
        for at, hung in enumerate(hungs):
            key, note = self._viewport(hung, shown, used)
            used.add(key)
            same = next(
                (one for one in former[at : at + 1] if not note and _goes_on(one, key or f"cell.{at}", hung)), None
            )
            if same is not None:
                held |= {one.refs: one for one in same.sources}
                found.append(same)
                continue
            if key:
                found.append(PlacedCell(key, hung))
                continue
            cell = PlacedCell(f"cell.{at}", hung, note=note or ("" if hung.is_filled else why(hung)))
            study = next((one for one in studies if one.study_instance_uid == hung.study_instance_uid), None)
            if not cell.note and hung.series is not None and study is not None:
                self._fill(cell, study, hung.series, shown, held)
            found.append(cell)
        self._volumes.hold(tuple(held.values()))
        return found

    def _fill(
        self,
        cell: PlacedCell,
        study: Study,
        series: Series,
        shown: ShownSeries,
        held: dict[tuple[FrameRef, ...], HungVolume],
    ) -> None:
        hung = cell.hung

        def volume_of(stack: CellStack) -> HungVolume:
            return held.setdefault(tuple(stack.refs), self._volumes.of(stack))

        cell.stack = self._stack(study, series, hung, shown)
        if hung.cell.view is not CellView.STACK:
            cell.volume = volume_of(cell.stack)
            cell.stack = cell.volume.stack
        if hung.overlay is not None:
            over = self._stack(study, hung.overlay, replace(hung, instances=hung.overlay.instances), shown)
            cell.overlay = volume_of(over)
            cell.overlay.is_overlay = True

    def _viewport(self, hung: Hung, shown: ShownSeries, used: set[str]) -> tuple[str, str]:
        """Return the viewport that has the series already, or why the cell must wait."""
        series = hung.series
        if series is None or series.series_instance_uid != shown.series_instance_uid or hung.cell.overlay is not None:
            return "", ""
        if hung.stack_number not in {None, shown.series.stack_number}:
            return "", ""  # another clip of the same series
        if hung.cell.view in _VOLUME_VIEWS:
            key = _VOLUME_VIEWS[hung.cell.view]
            if shown.scene.count < 2:
                return "", one_image_alone()
            if key in used or shown.refusal:
                return "", shown.refusal
            return (key, "") if key in shown.scenes else ("", waiting_for_volume(hung.cell.view))
        is_whole = len(hung.instances) == sum(one.rows > 0 for one in series.instances)
        return (STACK, "") if is_whole and STACK not in used else ("", "")

    def _stack(self, study: Study, series: Series, hung: Hung, shown: ShownSeries) -> CellStack:
        part = restricted(series, hung.instances, hung.stack_number)
        is_current = study.study_instance_uid == self._case.session.study.study_instance_uid
        words = captions(study, part, self._case.session.row) if is_current else self._prior_captions(study, part)
        scene = StackScene(
            slots_of(part),
            annotations=self._case.annotations if is_current else self._case.prior_notes.of(study),
            new_uid=new_uid,
            modality=part.modality,
            series_instance_uid=part.series_instance_uid,
            stack_number=part.stack_number,
            captions=with_doubts(words, doubts_of(study, series.split()[hung.stack_number or 0])),
            on_demand=bool(part.stacks),
            cine=part.cine,
        )  # fmt: skip
        scene.identity = shown.scene.identity
        if is_current and part.series_instance_uid == shown.series_instance_uid:
            scene.frame_of_reference_uid = shown.scene.frame_of_reference_uid
        return CellStack(study, part, scene, hung)


def _goes_on(cell: PlacedCell, key: str, hung: Hung) -> bool:
    """Tell whether a cell shows already what is to hang in its viewport."""
    return cell.key == key and cell.hung == hung and (cell.stack is not None or not key.startswith("cell."))


def awaits_volume(cell: PlacedCell, shown: ShownSeries) -> bool:
    """Tell whether a cell is empty until the volume of the series on screen is built, or refused."""
    series = cell.hung.series
    is_of_shown = series is not None and series.series_instance_uid == shown.series_instance_uid
    return bool(cell.note) and is_of_shown and cell.hung.cell.view in _VOLUME_VIEWS


def prior_captions(study: Study, series: Series, row: WorklistRow, *doubts: str, case_date: str = "") -> StudyCaptions:
    """Return the corner text of a study beside the case, a prior or a later one; the age is that of its own day."""
    day = day_of(study.study_date)
    then = replace(row, studied=datetime(day.year, day.month, day.day, tzinfo=UTC)) if day is not None else row
    words = captions(study, series, then)
    description = study.description or series.modality
    return replace(
        words,
        institution=study.institution,
        study_description=tr("LATER · {description}", description=description)
        if is_later(study.study_date, case_date)
        else tr("PRIOR · {description}", description=description),
        warnings=tuple(one for one in doubts if one),
    )


def is_later(date: str, case_date: str) -> bool:
    """Tell whether a study was made after the case, by their days as ``YYYYMMDD``; False where one is unknown."""
    return bool(date and case_date) and date > case_date


def doubt_of(prior: Study, current: Study, by_word: str = "") -> str:
    """
    Return what is said in red about the person of a prior, empty where both studies name the same one.

    ``by_word`` is what is said where a reader answered for all that contradicts.

    One person whose name was written with other characters is told all the same: twins share the birth date.
    """
    if by_word:
        return by_word
    if any(contradictions(current.patient, one) for one in persons_in(prior)):
        return tr("TWO PATIENTS ON SCREEN")
    who = current.patient, prior.patient
    return tr("THE NAME IS WRITTEN OTHERWISE") if has_other_name(*who) and not is_in_other_letters(*who) else ""
