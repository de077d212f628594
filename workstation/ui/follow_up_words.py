"""Nodules over time in words: sizes, growth, doubling time and where a pair stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from resources.translation import tr, trn
from workstation.domain.follow_up import Compared, PairState, SeenNodule
from workstation.domain.follow_up_category import lung_rads_change
from workstation.domain.mark import GrowthLimit
from workstation.domain.tracking import Growth, GrowthVerdict
from workstation.ui.evidence_words import cubic_millimetres, growth_limit_words
from workstation.ui.finding_words import millimetres
from workstation.ui.keymap import shown_key
from workstation.ui.widgets.follow_up_panel import Chip, FollowUpFacts

_MINUS = "\u2212"


def follow_up_facts(line: Compared) -> FollowUpFacts:
    """Return a line of the comparison as its card shows it."""
    number = str(line.current.number) if line.current is not None and line.current.number else ""
    return FollowUpFacts(line.key, number, _title(line), _chip(line), _lines(line))


def signed(value: float, digits: int = 1) -> str:
    """Return a change with its sign, a true minus before what became less."""
    text = f"{value:+.{digits}f}"
    return text.replace("-", _MINUS)


def doubling_words(line: Compared) -> str:
    """Return the doubling time with its range, or how long it is at least; empty where there is none."""
    growth, between = line.growth, line.doubling_range_days
    if growth is None or between is None:
        return ""
    least, most = between
    if most is None or growth.doubling_days is None:
        return tr("Doubling time over {days} d", days=f"{least:.0f}")
    return tr(
        "Doubling time {days} d ({least} to {most})",
        days=f"{growth.doubling_days:.0f}",
        least=f"{least:.0f}",
        most=f"{most:.0f}",
    )


def interval_words(now: date, before: date) -> str:
    """Return the day of a prior and how long ago it was."""
    return tr("Prior {date} · {days} days earlier", date=before.isoformat(), days=(now - before).days)


def undecided_words(marks: Sequence[SeenNodule]) -> str:
    """Return how many marks of a prior nobody decided on, and the largest of them; empty for none."""
    if not marks:
        return ""
    words = trn("{count} AI mark not decided yet", "{count} AI marks not decided yet", len(marks))
    size = mark_size(max(marks, key=lambda one: one.size_mm))
    if len(marks) == 1:
        return tr("{mark}, {size}", mark=words, size=size)
    return tr("{marks}, the largest {size}", marks=words, size=size)


def mark_size(mark: SeenNodule) -> str:
    """Return the size of a mark, and that it follows from the volume where no axes were measured."""
    is_by_volume = mark.mean_axis_mm is None and mark.volume_mm3 is not None
    return tr("{size} mm by volume", size=f"{mark.size_mm:.1f}") if is_by_volume else millimetres(mark.size_mm)


def _title(line: Compared) -> str:
    pair = line.follow_up
    if pair is not None:
        return f"{pair.prior.mean_diameter_mm:.1f} → {millimetres(pair.current.mean_diameter_mm)}"
    seen = line.current or line.prior
    return "" if seen is None else millimetres(seen.size_mm)


def _chip(line: Compared) -> Chip:
    if line.state is PairState.CONFIRMED:
        return Chip(tr("Confirmed"), "ok", "check", "ok")
    if line.state is PairState.CARRIED:
        return Chip(tr("Known from former reports"), "ok", "history", "ok")
    if line.state in {PairState.NEW, PairState.ONLY_PRIOR}:
        return _chip_alone(line)
    if line.ambiguous:
        return Chip(tr("Doubtful pair"), "warn", "question", "warn", dashed=True)
    return Chip(tr("Proposed pair"), "acc", "question", "acc", dashed=True)


def _chip_alone(line: Compared) -> Chip:
    """Return what is known of a nodule of one study alone: never that there was none in the other."""
    if not line.is_placed:
        return Chip(tr("Not compared yet"), "neutral", "question", "line2", dashed=True)
    if line.state is PairState.ONLY_PRIOR:
        return Chip(tr("Prior only"), "neutral", "history", "rejected.stroke")
    if line.undecided is not None:
        return Chip(tr("Only an AI mark"), "warn", "question", "warn", dashed=True)
    return Chip(tr("No confirmed record"), "info", "add", "info")


def _lines(line: Compared) -> tuple[tuple[str, str], ...]:
    growth, pair = line.growth, line.follow_up
    if growth is None or pair is None:
        return _alone(line)
    tone = {GrowthVerdict.GROWN: "warn", GrowthVerdict.STABLE: "t1", GrowthVerdict.SHRUNK: "ok"}[growth.verdict]
    word = {
        GrowthVerdict.GROWN: tr("Grown"),
        GrowthVerdict.STABLE: tr("Stable within the error of measuring"),
        GrowthVerdict.SHRUNK: tr("Shrunk"),
    }[growth.verdict]
    found = [(f"{word} · {signed(growth.diameter_change_mm)}\u2009mm", tone)]
    if (
        pair.prior.volume_mm3 is not None
        and pair.current.volume_mm3 is not None
        and growth.volume_change_share is not None
    ):
        volumes = f"{pair.prior.volume_mm3:.0f} → {cubic_millimetres(pair.current.volume_mm3)}"
        share = signed(growth.volume_change_share * 100, 0)
        found.append((tr("Volume {volumes} · {share} %", volumes=volumes, share=share), tone))
    else:
        found.append((_why_no_volume(growth), "t2"))
    doubling = doubling_words(line)
    if doubling:
        found.append((doubling, tone))
    category = lung_rads_change(line)
    if category is not None:
        found.append((tr("Lung-RADS by size {before} → {now}", before=category[0], now=category[1]), "t1"))
    if line.state is PairState.PROPOSED and line.prior is not None and not line.prior.decided:
        found.append((tr("The prior's size is an AI mark that nobody decided"), "warn"))
    if line.state not in {PairState.CONFIRMED, PairState.CARRIED} and line.gap_mm is not None:
        gap = millimetres(line.gap_mm)
        found.append(
            (tr("{gap} apart, another is nearly as near", gap=gap), "warn")
            if line.ambiguous
            else (tr("{gap} apart after alignment", gap=gap), "t2")
        )
    return tuple(found)


def _why_no_volume(growth: Growth) -> str:
    if not growth.limits:
        return tr("Volume not measured in both")
    if growth.limits == (GrowthLimit.TOO_SMALL,):
        return tr("Too small for volume growth")
    return tr("Volumes not compared: {why}", why=growth_limit_words(growth.limits))


def _alone(line: Compared) -> tuple[tuple[str, str], ...]:
    seen = line.current or line.prior
    found = [] if seen is None or seen.volume_mm3 is None else [(volume_words(seen), "t1")]
    if line.state is PairState.NEW:
        found += _lines_without_prior(line)
    elif line.state is PairState.ONLY_PRIOR and not line.is_placed:
        found.append((tr("In the prior, which is not aligned: its place here is unknown"), "t2"))
    elif line.state is PairState.ONLY_PRIOR:
        found.append((tr("Not found in the case: look there"), "warn"))
    else:
        found.append((tr("The prior is the later one: no growth is told"), "warn"))
    return tuple(found)


def _lines_without_prior(line: Compared) -> list[tuple[str, str]]:
    if not line.is_placed:
        return [(tr("The prior is not aligned: this place is unknown"), "t2")]
    mark = line.undecided
    if mark is None:
        return [(tr("The prior has no confirmed record here"), "t2")]
    return [
        (tr("The prior has no confirmed record here"), "t2"),
        (tr("An AI mark of {size} there is undecided", size=mark_size(mark)), "warn"),
        (tr("{key} compares with it", key=shown_key("follow.other", "Right")), "t2"),
    ]


def volume_words(seen: SeenNodule) -> str:
    """Return a nodule's volume, empty where it was not measured."""
    return "" if seen.volume_mm3 is None else tr("Volume {value}", value=cubic_millimetres(seen.volume_mm3))
