"""
Hanging protocols: which images of which study go where, as values and pure functions.

A protocol is data (JSON in ``resources/hanging_protocols`` or captured by a reader). Terms follow
the Hanging Protocol IOD where they have one (PS3.3 C.23.1 to C.23.3): image sets, display sets
(here ``Cell``), relative prior time, presentation stages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from workstation.domain.anatomy import names_part, regions_in, words_naming_parts
from workstation.domain.geometry import plane_name
from workstation.domain.hanging_cells import Cell, ImageSelector
from workstation.domain.linkable import part_doubt, shows_same_part
from workstation.domain.one_person import Contradiction, contradictions
from workstation.domain.search_pattern import MAX_TEXT, is_found
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.workitem import ReadingState

MAX_CELLS_ACROSS = 4
"""More columns or rows leave no picture to read."""
CAPTURED_PRIORITY = 100
"""Where captured protocols start, above all that ship; the later of two stands above the earlier."""
MAX_PRIORITY = 1000
_PROJECTIONS: Final = frozenset({"MG", "DX"})
"""Kinds of images (``_kind``) that are told by their views"""


class PriorRelation(StrEnum):
    """How sure it is that a study belongs to the same person."""

    SAME_PATIENT = "same_patient"
    """Same site, same Patient ID and the same issuer of it, and nothing that contradicts."""
    POSSIBLY_SAME = "possibly_same"
    """
    Same name, birth date and sex elsewhere, or the same ID of which one study does not say who issued it or with which
    name, birth date or sex contradict; the reader has to confirm it before anything of it is shown or compared.
    """


@dataclass(frozen=True, slots=True)
class PriorStudy:
    """An earlier (or later) study of the person, as the hub tells it."""

    study_instance_uid: str
    ups_instance_uid: str
    study_date: str
    """``YYYYMMDD`` or empty."""
    modality: str
    description: str
    site_name: str
    relation: PriorRelation
    reported: bool = False
    beneath: str = ""
    """What lies beneath a PET in the same study, CT or MR"""
    state: ReadingState = ReadingState.READY
    reader: str = ""
    """Who is reading it or wrote what waits for its verification, empty for nobody"""
    undecided_marks: int = 0
    """Marks of an AI in a study that nobody has signed a report of"""
    patient: Patient | None = None
    """Who it is of as the hub knows, None where the hub is too old to tell"""
    against: tuple[Contradiction, ...] = ()
    """What contradicts that it is the same person"""
    issuers: tuple[str, str] | None = None
    """Who issued the case's Patient ID and this one's, each empty if unknown; None where the hub is too old to tell"""

    def held_against(self, patient: Patient, told: Patient | None = None) -> PriorStudy:
        """
        Return this study with what its images (``told``), else the hub, say otherwise than the case's ``patient``.

        A contradiction makes the person of it a question; nothing makes one certain of whom the hub is not.
        """
        there = told if told is not None else self.patient
        found = contradictions(patient, there) if there is not None else ()
        against = tuple(one for one in Contradiction if one in {*self.against, *found})
        is_certain = self.relation is PriorRelation.SAME_PATIENT and not against
        relation = self.relation if is_certain else PriorRelation.POSSIBLY_SAME
        return replace(self, relation=relation, against=against, patient=there)

    def held_against_images(self, patient: Patient, images: Iterable[Patient]) -> PriorStudy:
        """Return this study with what any of its images says otherwise; ``patient`` is then whom most contradicts."""
        judged = self
        for told in sorted(images, key=lambda one: len(contradictions(patient, one))):
            judged = judged.held_against(patient, told)
        return judged


@dataclass(frozen=True, slots=True)
class Stage:
    """
    One arrangement; cells in reading order, row by row. ``same_scale`` gives all cells one mm per pixel.

    ``only_full`` keeps it for studies that fill every cell, so that it may stand before a smaller one.
    """

    name: str
    rows: int
    columns: int
    cells: tuple[Cell, ...]
    same_scale: bool = False
    linked: bool = True
    only_full: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.rows <= MAX_CELLS_ACROSS or not 1 <= self.columns <= MAX_CELLS_ACROSS:
            raise ValueError(f"a stage has 1 to {MAX_CELLS_ACROSS} rows and columns, got {self.rows} x {self.columns}")
        if len(self.cells) != self.rows * self.columns:
            raise ValueError(f"{self.rows} x {self.columns} needs {self.rows * self.columns} cells")

    @property
    def priors_needed(self) -> int:
        """Return how many priors the stage shows."""
        return max((cell.selector.prior for cell in self.cells), default=0)


@dataclass(frozen=True, slots=True)
class ProtocolMatch:
    """
    For which studies a protocol is meant; empty values do not ask.

    ``body_parts`` are words searched in body part, study and series descriptions, in capitals.
    ``max_prior_days`` limits the age of the prior that ``needs_prior`` asks for, None does not.
    ``without_modalities`` rules out studies that hold one of these: a PET-CT is no CT alone.
    ``exact`` asks for the whole study: no images of other modalities, sides or views than those asked for, none of
    these missing, every one of the ``body_parts``, where there are none no part named at all, and as many radiographs
    as ``images_without_view`` (None does not ask) whose view nobody names. Documents, spot views and the like make no
    difference.
    """

    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    lateralities: tuple[str, ...] = ()
    view_positions: tuple[str, ...] = ()
    needs_prior: bool = False
    max_prior_days: int | None = None
    without_modalities: tuple[str, ...] = ()
    exact: bool = False
    images_without_view: int | None = None


@dataclass(frozen=True, slots=True)
class HangingProtocol:
    """A named protocol with its stages. ``title`` maps a language tag (``zh_CN``, ``en``) to a name."""

    protocol_id: str
    title: dict[str, str]
    match: ProtocolMatch
    stages: tuple[Stage, ...]
    priority: int = 0
    """The higher wins between protocols that fit equally well; captured ones start above shipped ones."""

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("a protocol has at least one stage")


@dataclass(frozen=True, slots=True)
class Hung:
    """
    A cell with what it shows; ``series`` is None where nothing fits (the cell says so).

    Where the cell asks for an overlay and the study has none, ``series`` is there and ``overlay`` is None.
    """

    cell: Cell
    study_instance_uid: str = ""
    series: Series | None = None
    instances: tuple[Instance, ...] = ()
    overlay: Series | None = None
    stack_number: int | None = None
    """Which stack of the series (``Series.split``); None for the one on screen, else the first"""

    @property
    def lacks_overlay(self) -> bool:
        """Tell whether images are there for the cell and nothing to lay over them."""
        return self.series is not None and self.cell.overlay is not None and self.overlay is None

    @property
    def is_filled(self) -> bool:
        """Tell whether everything that the cell asks for is there."""
        return self.series is not None and not self.lacks_overlay


def choose_protocol(
    protocols: Sequence[HangingProtocol], study: Study, priors: Sequence[Study] = ()
) -> HangingProtocol | None:
    """
    Return the protocol that fits best, None when none does.

    More criteria that fit beat fewer; then the priority; then the order given. An ``exact`` one counts as much as the
    best of the others that do not ask more about priors: one captured without a prior never hides the prior that
    another protocol of as many criteria would show.
    """
    scores = [score(protocol.match, study, priors) for protocol in protocols]
    plain = [(one.match, points) for one, points in zip(protocols, scores, strict=True) if not one.match.exact]
    ranked = [
        max([1, *(points for match, points in plain if protocol.match.needs_prior or not match.needs_prior)])
        if protocol.match.exact and scores[n]
        else scores[n]
        for n, protocol in enumerate(protocols)
    ]
    fitting = [(points, protocols[n].priority, -n) for n, points in enumerate(ranked) if points > 0]
    return protocols[-max(fitting)[2]] if fitting else None


def comparable(protocols: Sequence[HangingProtocol], study: Study, priors: Sequence[Study]) -> tuple[Study, ...]:
    """
    Return the priors that may hang without a question: the same part, side and kind of images, in the order given.

    The protocol that fits the study alone would accept them as well, and their labels say the same part and side:
    what is not stated or contradicts itself is for the reader to open. What lies beside the images of a prior rules
    nothing out: a chest CT is compared with the CT of a PET-CT.
    """
    alone = choose_protocol([one for one in protocols if not one.match.needs_prior], study)
    match = alone.match if alone is not None else ProtocolMatch()
    match = replace(match, lateralities=(), view_positions=(), without_modalities=(), exact=False)
    kinds = {_kind(modality) for modality in study.modalities}
    return tuple(
        prior
        for prior in priors
        if kinds & {_kind(modality) for modality in prior.modalities} - {""}
        and score(match, prior) > 0
        and shows_same_part(study, prior)
    )


def is_like(study: Study, prior: PriorStudy) -> bool:
    """Tell whether a prior, as a list names it, holds images of a kind that a study holds; a PET-CT those of both."""
    kinds = {_kind(one) for one in study.modalities}
    return bool(kinds & {_kind(prior.modality), _kind(prior.beneath)} - {""})


def _kind(modality: str) -> str:
    """Return what tells kinds of images apart; radiographs are one kind, documents none."""
    if modality in {"DX", "CR", "RG"}:
        return "DX"
    return "" if modality in {"SR", "DOC", "PR", "KO", "SEG"} else modality


def _kinds(modalities: Iterable[str]) -> set[str]:
    """Return the kinds of images that a study is told by; captured screens (OT) and plans come and go."""
    return {_kind(one) for one in modalities} - {"", "OT", "AU", "ECG", "REG", "RTDOSE", "RTPLAN", "RTSTRUCT"}


def score(match: ProtocolMatch, study: Study, priors: Sequence[Study] = ()) -> int:
    """Return how many criteria are asked and met, plus one; 0 when one is not met."""
    images = [(series, instance) for series in study.series for instance in series.instances]
    words = _words(study)
    asked = [
        (bool(match.modalities), any(series.modality in match.modalities for series in study.series)),
        (bool(match.body_parts), any(part.upper() in words for part in match.body_parts)),
        (bool(match.lateralities), {i.laterality for _, i in images if i.laterality} >= set(match.lateralities)),
        (bool(match.view_positions), {i.view_position for _, i in images} >= set(match.view_positions)),
        (match.needs_prior, any(_is_young_enough(prior, study, match.max_prior_days) for prior in priors)),
    ]
    is_ruled_out = any(series.modality in match.without_modalities for series in study.series)
    if is_ruled_out or not all(met for wanted, met in asked if wanted) or (match.exact and not _is_whole(match, study)):
        return 0
    return 1 + sum(wanted for wanted, _ in asked)


def _words(study: Study) -> str:
    """Return where words of a body part are searched, in capitals."""
    told = (word for one in study.series for word in (one.body_part, one.anatomic_region, one.description))
    return " ".join([study.description, *told]).upper()


def _is_whole(match: ProtocolMatch, study: Study) -> bool:
    """Tell whether a study holds what is asked for, all of it, and no other images."""
    words = _words(study)
    return (
        (not match.modalities or _kinds(match.modalities) == _kinds(study.modalities))
        and (all(part.upper() in words for part in match.body_parts) if match.body_parts else not names_part(study))
        and (not match.lateralities or set(match.lateralities) == set(_sides(study)))
        and (not match.view_positions or set(match.view_positions) == set(_views(study)))
        and match.images_without_view in {None, _count_without_view(study)}
    )


def _sides(study: Study) -> tuple[str, ...]:
    return tuple(sorted({one.laterality for series in study.series for one in series.instances} - {""}))


def _views(study: Study) -> tuple[str, ...]:
    """Return the views that were taken, in the order of the study; a spot or magnified one is none of its own."""
    images = [one for series in study.series for one in series.instances if one.view_position and one.rows > 0]
    full = [one for one in images if not one.view_modifiers]
    return tuple(dict.fromkeys(one.view_position for one in full or images))


def _count_without_view(study: Study) -> int:
    """Return how many radiographs do not say their view; raw values beside a picture made of them are that picture."""
    films = [one for series in study.series if _kind(series.modality) in _PROJECTIONS for one in series.instances]
    shown = [one for one in films if one.rows > 0 and not one.view_position and not one.view_modifiers]
    return len([one for one in shown if not one.is_for_processing] or shown)


def hang(stage: Stage, study: Study, priors: Sequence[Study] = ()) -> tuple[Hung, ...]:
    """
    Return what each cell of a stage shows. ``priors`` are newest first.

    A cell for one side and view of a mammogram takes just those images of a series, a cell for the n-th image that
    one; any other cell takes the whole series.
    """
    return tuple(_hang(cell, study, priors) for cell in stage.cells)


def usable_stages(protocol: HangingProtocol, study: Study, priors: Sequence[Study] = ()) -> tuple[Stage, ...]:
    """Return the stages in which at least one cell shows something; a stage of absent priors is passed over."""
    return tuple(
        stage
        for stage in protocol.stages
        if stage.priors_needed <= len(priors)
        and (all if stage.only_full else any)(hung.is_filled for hung in hang(stage, study, priors))
    )


def opening_stage(stages: Sequence[Stage], study: Study, priors: Sequence[Study] = ()) -> Stage | None:
    """Return the stage to begin with: the first that fills at least half of its cells, else the first at all."""

    def is_half_full(stage: Stage) -> bool:
        filled = [hung.is_filled for hung in hang(stage, study, priors)]
        return 2 * sum(filled) >= len(filled)

    return next((stage for stage in stages if is_half_full(stage)), stages[0] if stages else None)


def captured(
    protocol_id: str,
    title: dict[str, str],
    study: Study,
    stages: Sequence[Stage],
    *,
    priors: Sequence[Study] = (),
    usual: HangingProtocol | None = None,
) -> HangingProtocol:
    """
    Return a protocol for studies like this one from the arrangement a reader has made.

    It stands above ``usual``, which hung until now, and asks for all that tells this study from others: the kinds of
    images, body part, views (of mammograms the sides too) and, where ``priors`` could hang or the stages show one, a
    prior.
    """
    asked = usual.match if usual is not None else ProtocolMatch()
    present = tuple(dict.fromkeys(series.modality for series in study.series if series.modality))
    modalities = tuple(one for one in present if _kinds((one,))) or present
    tags = (series.body_part or series.anatomic_region for series in study.series)
    body_parts = tuple(dict.fromkeys(tag.upper() for tag in tags if tag))
    is_projection = bool(_PROJECTIONS & _kinds(modalities))
    return HangingProtocol(
        protocol_id=protocol_id,
        title=dict(title),
        match=ProtocolMatch(
            modalities=modalities,
            body_parts=body_parts or _parts_in_words(study, asked.body_parts),
            lateralities=_sides(study) if "MG" in modalities or asked.lateralities else (),
            view_positions=_views(study) if is_projection or asked.view_positions else (),
            needs_prior=bool(priors) or any(stage.priors_needed for stage in stages),
            exact=True,
            images_without_view=_count_without_view(study) if is_projection else None,
        ),
        stages=tuple(stages),
        priority=max(CAPTURED_PRIORITY, min(MAX_PRIORITY, usual.priority + 1 if usual is not None else 0)),
    )


def _parts_in_words(study: Study, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the words that name the parts where no tag does: the first of those asked for until now, then others."""
    words = _words(study)
    known = tuple(part for part in asked if part.upper() in words)[:1]
    if not names_part(study):
        return known
    told = (study.description, *(series.description for series in study.series))
    named = (word for text in told for word in words_naming_parts(text))
    return tuple(dict.fromkeys((*known, *(one for one in named if not regions_in(one) <= regions_in(" ".join(known))))))


def selector_of(
    series: Series, *, instance: Instance | None = None, prior: int = 0, study: Study, stack: int | None = None
) -> ImageSelector:
    """
    Return the selector that finds this series (and side and view) again in a study like this one.

    ``stack`` names one of several clips or stacks of the series; where it has but one there is none to name.
    """
    whole = next((one for one in study.series if one.series_instance_uid == series.series_instance_uid), series)
    selector = ImageSelector(
        modalities=(series.modality,) if series.modality else (),
        laterality=instance.laterality if instance is not None and instance.view_position else "",
        view_position=instance.view_position if instance is not None else "",
        description=re.escape(whole.description[:MAX_TEXT]),
        prior=prior,
        stack=stack if len(whole.stacks) > 1 else None,
    )
    fitting = [one.series_instance_uid for one in _fitting(selector, study)]
    place = fitting.index(series.series_instance_uid) if series.series_instance_uid in fitting else 0
    return replace(selector, occurrence=place)


def _hang(cell: Cell, study: Study, priors: Sequence[Study]) -> Hung:
    wanted = cell.selector
    if wanted.prior > len(priors):
        return Hung(cell)
    source = study if wanted.prior == 0 else _same_part_first(study, priors[wanted.prior - 1])
    series = _wanted(wanted, source)
    if series is None or (wanted.stack or 0) >= len(series.split()):
        return Hung(cell)
    overlay = _wanted(cell.overlay.selector, source) if cell.overlay is not None else None
    return Hung(cell, source.study_instance_uid, series, _images(wanted, series), overlay, wanted.stack)


def _same_part_first(study: Study, prior: Study) -> Study:
    """Return a prior with what shows no part or side of the study behind all else: a head never hangs for a chest."""
    return replace(prior, series=tuple(sorted(prior.series, key=lambda one: bool(part_doubt(study, prior, one)))))


def _wanted(selector: ImageSelector, study: Study) -> Series | None:
    fitting = _fitting(selector, study)
    return fitting[selector.occurrence] if selector.occurrence < len(fitting) else None


def _fitting(wanted: ImageSelector, study: Study) -> list[Series]:
    """
    Return the series that fit, those first that a cell means: full views before spot and other modified ones.

    Of these, what was made to be looked at comes before raw values.
    """
    fitting = [one for one in study.series if _fits(wanted, one)]
    return sorted(fitting, key=lambda one: min(_standing(image) for image in _images(wanted, one)))


def _standing(image: Instance) -> tuple[bool, bool]:
    return bool(image.view_modifiers), image.is_for_processing


def _fits(wanted: ImageSelector, series: Series) -> bool:
    if not any(instance.rows > 0 for instance in series.instances):
        return False
    if wanted.modalities and series.modality not in wanted.modalities:
        return False
    if wanted.description and not is_found(wanted.description, series.description):
        return False
    if wanted.orientation and _orientation(series) != wanted.orientation:
        return False
    return bool(_images(wanted, series))


def _images(wanted: ImageSelector, series: Series) -> tuple[Instance, ...]:
    fitting = (
        instance
        for instance in series.instances
        if instance.rows > 0
        and (not wanted.laterality or instance.laterality == wanted.laterality)
        and (not wanted.view_position or instance.view_position == wanted.view_position)
    )
    ordered = sorted(fitting, key=_standing)
    if wanted.image is None:
        return tuple(ordered)
    # what was made to be looked at counts: raw values beside it are the same picture once more
    views = [one for one in ordered if not one.is_for_processing] or ordered
    return tuple(views[wanted.image : wanted.image + 1])


def _orientation(series: Series) -> str:
    plane = next((frame.plane for frame in series.frames if frame.plane is not None), None)
    return "" if plane is None else plane_name(plane.normal)


def _is_young_enough(prior: Study, study: Study, max_days: int | None) -> bool:
    if max_days is None:
        return True
    taken, now = day_of(prior.study_date), day_of(study.study_date)
    return taken is not None and now is not None and 0 <= (now - taken).days <= max_days


def day_of(dicom_date: str) -> date | None:
    """Return a DICOM date (``YYYYMMDD``) as a day, None when it is absent or broken."""
    try:
        return date.fromisoformat(dicom_date) if len(dicom_date) == 8 else None
    except ValueError:
        return None
