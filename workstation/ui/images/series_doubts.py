"""The doubts about a series that stand in red wherever a picture is made of it: gaps, tilt, guessed letters, loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from resources.translation import tr
from viewers.scene.captions import StudyCaptions
from viewers.scene.fusion import FusedLayer
from viewers.scene.image import SliceImage
from viewers.scene.viewtext import lossy_text
from workstation.domain.acquired_apart import Apart, acquired_apart
from workstation.domain.study import DecodeWarning, Series, Study
from workstation.services.image_service import is_image_series, series_warnings
from workstation.ui.reading_words import short_warning


def doubts_of(study: Study, series: Series) -> tuple[DecodeWarning, ...]:
    """Return every doubt about one stack of a study: about its words and about where its slices lie."""
    return (*study.warnings, *(series_warnings(series) if is_image_series(series) else ()))


def with_doubts(words: StudyCaptions, doubts: Iterable[DecodeWarning]) -> StudyCaptions:
    """Return corner texts that say the doubts in short after their own."""
    return replace(words, warnings=(*words.warnings, *(short_warning(one) for one in doubts)))


def worst_loss(images: Iterable[SliceImage]) -> float | None:
    """Return the highest compression ratio of lossy images, which counts for all that is made of them."""
    return max((one.lossy_ratio for one in images if one.lossy_ratio is not None), default=None)


def worst_method(images: Iterable[SliceImage]) -> str:
    """Return what compressed the image of the highest ratio; empty where nobody knows or nothing was lost."""
    lossy = [one for one in images if one.lossy_ratio is not None]
    return max(lossy, key=lambda one: one.lossy_ratio or 0.0).lossy_method if lossy else ""


def any_burned_in(images: Iterable[SliceImage]) -> bool | None:
    """Return whether any image carries the patient's name, None where nobody knows of one of them."""
    said = {one.burned_in for one in images}
    return True if True in said else False if said == {False} else None


def overlay_doubts(series: Series, images: Iterable[SliceImage]) -> tuple[str, ...]:
    """Return what is doubted about a series that lies over another one, each said to be about the overlay."""
    here = tuple(images)
    ratio = worst_loss(here)
    lossy = [] if ratio is None else [lossy_text(ratio, worst_method(here))]
    doubts = [*map(short_warning, series_warnings(series)), *lossy]
    return tuple(tr("Overlay: {doubt}", doubt=one) for one in doubts)


def name_overlay(layer: FusedLayer, base: Series, overlay: Series, images: Iterable[SliceImage]) -> None:
    """Let a layer say in the corner what it is, how long before or after the image it was acquired, and its doubts."""
    kind = _kind(overlay)
    title = overlay.description
    layer.series = title if kind.casefold() in title.casefold() else f"{kind} {title}".rstrip()
    found = acquired_apart(base, overlay)
    if found is not None and found.is_doubtful:
        # first of all: it concerns every value and every edge
        layer.warnings = (_apart_warning(found, _kind(base), kind), *layer.warnings)
    elif found is not None and found.minutes:
        layer.apart = tr("{gap} apart", gap=_gap_words(found.minutes))
    layer.warnings += overlay_doubts(overlay, images)


def _kind(series: Series) -> str:
    return "PET" if series.modality == "PT" else series.modality


def _apart_warning(found: Apart, base: str, overlay: str) -> str:
    if found.is_other_day:
        first, second = (day.isoformat() for day in found.days)
        return tr("{base} of {first}, {overlay} of {second}", base=base, first=first, overlay=overlay, second=second)
    gap = _gap_words(found.minutes)
    return tr("{base} and {overlay} {gap} apart", base=base, overlay=overlay, gap=gap)


def _gap_words(minutes: int) -> str:
    if minutes < 60:
        return tr("{minutes} min", minutes=minutes)
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
