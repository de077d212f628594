"""
ACR Lung-RADS v2022: the category of a screening CT of the lungs.

*Source:* ACR Lung-RADS v2022 assessment categories (November 2022); Christensen et al., Chest 2024;165:738-753.
Sizes are mean diameters on the lung window, rounded to 0.1 mm before they are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from workstation.domain.categories.values import CategoryResult, Scheme, Unclassifiable, inputs_of, rounded, size_mm

VERSION: Final = "v2022"
GROWTH_MM: Final = 1.5
GROWTH_MONTHS: Final = 12
PART_SOLID_MM: Final = 6
"""Mean diameter from which the solid part of a part-solid nodule counts, mm."""
ORDER: Final = ("1", "2", "3", "4A", "4B", "4X")
CATEGORIES: Final = ("0", *ORDER)
S_MODIFIER: Final = "S"


class LungKind(StrEnum):
    """Attenuation of a nodule of the parenchyma."""

    SOLID = "solid"
    PART_SOLID = "part_solid"
    GROUND_GLASS = "ground_glass"


class Change(StrEnum):
    """
    What became of a lesion since the examination before; BASELINE = first screening.

    A part-solid nodule is GROWING when its solid part is new or grows; its ground glass alone does not count.
    """

    BASELINE = "baseline"
    NEW = "new"
    STABLE = "stable"
    SMALLER = "smaller"
    GROWING = "growing"
    SLOWLY_GROWING = "slowly_growing"
    """Growth over several examinations that never passes 1.5 mm in 12 months."""


class Benign(StrEnum):
    """Why a nodule is benign whatever its size."""

    CALCIFICATION = "calcification"
    """Complete, central, popcorn or in concentric rings."""
    FAT = "fat"
    PROVEN = "proven"
    """A nodule that was worked up and turned out benign."""


class Incomplete(StrEnum):
    """Why the examination gets no final category yet."""

    PRIOR_AWAITED = "prior_awaited"
    NOT_EVALUABLE = "not_evaluable"
    INFLAMMATORY = "inflammatory"


@dataclass(frozen=True, slots=True, kw_only=True)
class LungNodule:
    """
    One nodule. Kind, change, size and suspicion have no default: what nobody judged gets no category.

    ``suspicious``: spiculation, lymph nodes, fast doubling, anything that raises the suspicion beyond the size.
    ``juxtapleural``: solid, smooth, oval, lentiform or triangular, and touching the pleura.
    The ``prior_`` values and ``months_since_prior`` tell the examination compared with.
    """

    kind: LungKind
    change: Change
    mean_diameter_mm: float | None
    suspicious: bool
    solid_diameter_mm: float | None = None
    benign: Benign | None = None
    juxtapleural: bool = False
    prior_category: str = ""
    prior_mean_diameter_mm: float | None = None
    prior_solid_diameter_mm: float | None = None
    months_since_prior: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AirwayNodule:
    """A nodule of the trachea or a bronchus; ``proximal`` = segmental or more proximal."""

    proximal: bool
    change: Change
    suspicious: bool


class CystForm(StrEnum):
    """Atypical cysts; a thin-walled cyst of one chamber is no finding of the table."""

    THICK_WALLED = "thick_walled"
    MULTILOCULAR = "multilocular"


class CystChange(StrEnum):
    """What became of a cyst."""

    BASELINE = "baseline"
    STABLE = "stable"
    CYST_GROWING = "cyst_growing"
    WALL_GROWING = "wall_growing"
    """Thicker wall or growing nodularity."""
    BECAME_MULTILOCULAR = "became_multilocular"
    DENSER = "denser"
    """More chambers, or new or denser ground glass or solid parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtypicalCyst:
    """A cyst with a thick wall or several chambers."""

    form: CystForm
    change: CystChange
    suspicious: bool
    prior_category: str = ""
    months_since_prior: float | None = None


Lesion = LungNodule | AirwayNodule | AtypicalCyst


@dataclass(frozen=True, slots=True, kw_only=True)
class LungRadsExam:
    """All lesions of one examination; ``other_significant`` is the S modifier."""

    lesions: tuple[Lesion, ...]
    incomplete: Incomplete | None
    other_significant: bool


def change_of(now_mm: float, prior_mm: float, months: float) -> Change:
    """
    Return how a nodule changed between two examinations, sizes in mm, ``months`` > 0 between them.

    Growth is more than 1.5 mm within 12 months. Over longer intervals the average for 12 months counts; what
    is slower and yet more than 1.5 mm in all is slow growth, which needs the reader's confirmation.
    """
    if months <= 0:
        raise Unclassifiable("months_since_prior")
    more = rounded(abs(now_mm - prior_mm), 1) * (1 if now_mm > prior_mm else -1)
    yearly = more * min(1.0, GROWTH_MONTHS / months)
    if yearly > GROWTH_MM:
        return Change.GROWING
    if more > GROWTH_MM:
        return Change.SLOWLY_GROWING
    return Change.SMALLER if more < -GROWTH_MM else Change.STABLE


def lung_rads(exam: LungRadsExam) -> CategoryResult:
    """
    Return the category of the examination: that of its most suspicious lesion.

    S never changes the category. Raises Unclassifiable.
    """
    judged = [_lesion(lesion) for lesion in exam.lesions]
    category, rule = max(judged, key=lambda one: ORDER.index(one[0]), default=("1", "none"))
    management = category
    if exam.incomplete is not None:
        category, rule, management = "0", exam.incomplete.value, f"0.{exam.incomplete}"
    return CategoryResult(
        Scheme.LUNG_RADS,
        VERSION,
        category,
        rule,
        management,
        modifiers=(S_MODIFIER,) if exam.other_significant else (),
        inputs=inputs_of(exam),
    )


def _lesion(lesion: Lesion) -> tuple[str, str]:
    if isinstance(lesion, LungNodule):
        category, rule = _nodule(lesion)
    elif isinstance(lesion, AirwayNodule):
        category, rule = _airway(lesion)
    else:
        category, rule = _cyst(lesion)
    return ("4X", "suspicious") if lesion.suspicious and category in {"3", "4A", "4B"} else (category, rule)


def _nodule(nodule: LungNodule) -> tuple[str, str]:
    if nodule.benign in {Benign.CALCIFICATION, Benign.FAT}:
        return "1", f"benign_{nodule.benign}"
    if nodule.benign is Benign.PROVEN:
        return "2", "proven_benign"
    size = size_mm(nodule.mean_diameter_mm, "mean_diameter_mm")
    _check_change(nodule, size)
    if nodule.juxtapleural and nodule.change is not Change.GROWING and nodule.change is not Change.SLOWLY_GROWING:
        if nodule.kind is not LungKind.SOLID:
            raise Unclassifiable("juxtapleural")
        if size < 10:
            return "2", "juxtapleural"
    if nodule.change in {Change.STABLE, Change.SMALLER} and nodule.prior_category:
        return _followed(nodule, size)
    return _BY_KIND[nodule.kind](nodule, size)


def _check_change(nodule: LungNodule, size: float) -> None:
    """Refuse a stated growth or stability that the two sizes contradict; the solid part decides where there is one."""
    if nodule.months_since_prior is None:
        return
    if nodule.prior_mean_diameter_mm is not None and nodule.change in {Change.BASELINE, Change.NEW}:
        raise Unclassifiable("change")
    if nodule.kind is LungKind.PART_SOLID:
        now, prior = nodule.solid_diameter_mm, nodule.prior_solid_diameter_mm
    else:
        now, prior = size, nodule.prior_mean_diameter_mm
    if now is None or prior is None:
        return
    measured = change_of(now, size_mm(prior, "prior_mean_diameter_mm"), nodule.months_since_prior)
    contradicted = {
        Change.GROWING: {Change.STABLE, Change.SMALLER, Change.SLOWLY_GROWING},
        Change.SLOWLY_GROWING: {Change.STABLE, Change.SMALLER, Change.GROWING},
    }
    if nodule.change in contradicted.get(measured, {Change.GROWING}):
        raise Unclassifiable("change")


def _followed(nodule: LungNodule, size: float) -> tuple[str, str]:
    """A lesion that did not grow: the stepped management, unless it crossed into a larger size class."""
    prior = nodule.prior_category
    if prior not in ORDER:
        raise Unclassifiable("prior_category")
    judge = _BY_KIND[nodule.kind]
    size_then = size_mm(nodule.prior_mean_diameter_mm, "prior_mean_diameter_mm")
    solid_then = nodule.prior_solid_diameter_mm
    if nodule.kind is LungKind.PART_SOLID and size_then >= PART_SOLID_MM:
        solid_then = size_mm(solid_then, "prior_solid_diameter_mm")
        if solid_then > size_then:
            raise Unclassifiable("prior_solid_diameter_mm")
    then = replace(nodule, mean_diameter_mm=size_then, solid_diameter_mm=solid_then)
    now, before = judge(nodule, size), judge(then, size_then)
    # a nodule of that size was never a 1, and what was a 4B by its size never steps down
    if prior == "1" or (before[0] == "4B" and prior not in {"4B", "4X"}):
        raise Unclassifiable("prior_category")
    if ORDER.index(now[0]) > ORDER.index(before[0]):
        return now[0], "crossed_threshold"
    if nodule.kind is LungKind.GROUND_GLASS and prior in {"2", "3"}:
        return now  # the table has a 2 for it at once, without waiting for the step
    return _stepped(prior, nodule.months_since_prior)


def _stepped(prior: str, months: float | None) -> tuple[str, str]:
    if months is None:
        raise Unclassifiable("months_since_prior")
    whole = rounded(months, 0)
    if prior in {"1", "2"}:
        return "2", "unchanged_2"
    if prior == "3" and whole >= 6:
        return "2", "stepped_3_to_2"
    if prior == "4A" and whole >= 3:
        return "3", "stepped_4a_to_3"
    if prior in {"4B", "4X"}:
        return "4B", "unchanged_4b"
    return prior, "too_early"


def _solid(nodule: LungNodule, size: float) -> tuple[str, str]:
    if nodule.change is Change.SLOWLY_GROWING:
        return "4B", "slow_growth"
    if nodule.change is Change.GROWING:
        return ("4A", "solid_growing_lt_8") if size < 8 else ("4B", "solid_growing_ge_8")
    if nodule.change is Change.NEW:
        return _first(size, ((4, "2", "solid_new_lt_4"), (6, "3", "solid_new_4_6"), (8, "4A", "solid_new_6_8")),
                      ("4B", "solid_new_ge_8"))  # fmt: skip
    return _first(size, ((6, "2", "solid_lt_6"), (8, "3", "solid_6_8"), (15, "4A", "solid_8_15")),
                  ("4B", "solid_ge_15"))  # fmt: skip


def _part_solid(nodule: LungNodule, size: float) -> tuple[str, str]:
    if nodule.change is Change.SLOWLY_GROWING:
        return "4B", "slow_growth"
    if nodule.change in {Change.NEW, Change.GROWING}:
        solid = _solid_part(nodule, size)
        if solid >= 4:
            return "4B", "part_solid_changing_ge_4"
        if size < PART_SOLID_MM and nodule.change is Change.NEW:
            return "3", "part_solid_new_lt_6"
        return "4A", "part_solid_changing_lt_4"
    if size < PART_SOLID_MM:
        return "2", "part_solid_lt_6"
    return _first(_solid_part(nodule, size), ((6, "3", "part_solid_lt_6_solid"), (8, "4A", "part_solid_6_8_solid")),
                  ("4B", "part_solid_ge_8_solid"))  # fmt: skip


def _solid_part(nodule: LungNodule, size: float) -> float:
    solid = size_mm(nodule.solid_diameter_mm, "solid_diameter_mm")
    if solid > size:
        raise Unclassifiable("solid_diameter_mm")
    return solid


def _ground_glass(nodule: LungNodule, size: float) -> tuple[str, str]:
    if size < 30:
        return "2", "ground_glass_lt_30"
    if nodule.change in {Change.STABLE, Change.SMALLER, Change.SLOWLY_GROWING}:
        return "2", "ground_glass_ge_30_stable"
    return "3", "ground_glass_ge_30"


def _airway(lesion: AirwayNodule) -> tuple[str, str]:
    if not lesion.proximal:
        if lesion.change in {Change.GROWING, Change.SLOWLY_GROWING}:
            raise Unclassifiable("change")  # the table has a subsegmental one at baseline, new or stable only
        return "2", "airway_subsegmental"
    if lesion.change in {Change.BASELINE, Change.NEW}:
        return "4A", "airway_proximal"
    if lesion.change is Change.SMALLER:
        raise Unclassifiable("change")  # the table has a proximal one that is stable or growing only
    return "4B", "airway_proximal_persistent"


def _cyst(cyst: AtypicalCyst) -> tuple[str, str]:
    multilocular = cyst.form is CystForm.MULTILOCULAR
    if cyst.change is CystChange.WALL_GROWING:
        return "4B", "cyst_wall_growing"
    if cyst.change is CystChange.DENSER or (multilocular and cyst.change is CystChange.CYST_GROWING):
        return "4B", "cyst_multilocular_growing"
    if cyst.change is CystChange.CYST_GROWING:
        return "3", "cyst_growing"
    if cyst.change is CystChange.BECAME_MULTILOCULAR:
        return "4A", "cyst_became_multilocular"
    if cyst.change is CystChange.STABLE and cyst.prior_category:
        if cyst.prior_category not in ORDER:
            raise Unclassifiable("prior_category")
        return _stepped(cyst.prior_category, cyst.months_since_prior)
    return "4A", "cyst_multilocular" if multilocular else "cyst_thick_walled"


def _first(size: float, steps: tuple[tuple[float, str, str], ...], beyond: tuple[str, str]) -> tuple[str, str]:
    """Return category and rule of the first step whose limit the size stays below."""
    return next(((category, rule) for limit, category, rule in steps if size < limit), beyond)


_BY_KIND: Final = {
    LungKind.SOLID: _solid,
    LungKind.PART_SOLID: _part_solid,
    LungKind.GROUND_GLASS: _ground_glass,
}
