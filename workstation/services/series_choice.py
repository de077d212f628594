"""
Which series of a study the detector should see, and which next where it refuses the first.

Rotating views, films and slabs of projections are CT by their modality, too; only slices of the patient are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np

from workstation.domain.anatomy import BodyRegion, anatomy_of
from workstation.domain.geometry import ImagePlane
from workstation.domain.study import Instance, Series, Study

MIN_SLICES: Final = 32
MOST_TRIED: Final = 3
"""Each costs the way over the network: what three series do not give, a person decides."""
_ENOUGH_OF_LONGEST: Final = 0.8  # a short extra series must not replace the whole chest
_WHOLE_CHEST_MM: Final = 240.0  # longer series show more of the body, not more of the lungs
_THIN_STEP_MM: Final = 0.25  # slices that differ by less are the same protocol
_AXIAL_COSINE: Final = 0.85  # a tilted gantry (30 degrees at most) is axial still
_THICK_FOR_SPACING: Final = 2.5  # 1.25 mm every 0.6 mm overlap; 10 mm every 1 mm are slabs
_THIN_FOR_SPACING: Final = 0.5  # 1 mm every 10 mm: most of the patient was not scanned
_LUNG_KERNEL: Final = re.compile(r"lung|肺|b[5-8]0|br[5-9]\d|bl\d\d|yc|fc5\d|bone\+?plus", re.IGNORECASE)
_PROJECTED: Final = re.compile(
    r"(?<![a-z])(?:MIP|MIN[-_ ]?IP|MAX[-_ ]?IP|VRT?|VOLUME[-_ ]?RENDER\w*|SSD|MAXIMUM|MINIMUM)(?![a-z])"
    r"|最大密度|最小密度|容积再现|三维",
    re.IGNORECASE,
)
"""In description or Image Type (PS3.3 C.8.16.1.4 for enhanced objects, vendors' third values for others)"""
_REFORMATTED: Final = re.compile(r"(?<![a-z])(?:MPR|REFORMATTED)(?![a-z])|多平面", re.IGNORECASE)
_CT_CLASSES: Final = frozenset(
    {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"}
)
"""CT, Enhanced CT and Legacy Converted Enhanced CT Image Storage: PS3.4 B.5"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """``extent_mm`` and ``detail_mm`` are None for an object whose frames tell no places."""

    series: Series
    region: int
    slices: int
    detail_mm: float | None
    extent_mm: float | None
    axial: bool
    projected: bool
    derived: bool
    slabs_or_gaps: bool


def readable_series(study: Study) -> tuple[Series, ...]:
    """
    Return the CT series to pre-read, best first, at most three; empty when no series is a stack of 32 slices.

    Series that show the chest come first, then those of which nobody says what they show, one of another region
    only where there is nothing else. Among them axial slices before reformatted ones, whole chests before short
    extra series (80 % of the longest, 240 mm at most), slices before projections, slices about as thick as they lie
    apart before slabs and gaps, originals before what was derived; then the thinnest, a lung kernel (by the
    description), more slices, the lower series number.

    After the first only whole axial series of slices follow: what is worth another try when the first is refused.

    Of a series whose single images lie at the same places several times (two phases of a contrast medium, ADR 0061)
    one stack is taken, as ``Series.split`` gives it; ``phase_of`` tells whether there are others.
    """
    parts = (part for series in study.series for part in _parts(series))
    found = [c for c in (_candidate(study, part) for part in parts) if c is not None]
    needed = {
        key: min(_ENOUGH_OF_LONGEST * max(c.extent_mm or 0.0 for c in found if _where(c) == key), _WHOLE_CHEST_MM)
        for key in {_where(c) for c in found}
    }

    def short(candidate: _Candidate) -> bool:
        return candidate.extent_mm is None or candidate.extent_mm < needed[_where(candidate)]

    ranked = _once(sorted(found, key=lambda c: (*_where(c), short(c), *_rank(c))))
    further = [
        c for c in ranked[1:] if c.region < _ELSEWHERE and c.axial and not (short(c) or c.projected or c.slabs_or_gaps)
    ]
    return tuple(c.series for c in (*ranked[:1], *further[: MOST_TRIED - 1]))


def choose_series(study: Study) -> Series | None:
    """Return the first of ``readable_series``, None where there is none."""
    return next(iter(readable_series(study)), None)


def phase_of(study: Study, series: Series) -> str:
    """Return how a chosen stack is called where its series holds others of 32 images and more, else nothing."""
    whole = next((one for one in study.series if one.series_instance_uid == series.series_instance_uid), series)
    long = [number for number, part in enumerate(_parts(whole)) if len(part.instances) >= MIN_SLICES]
    if len(long) < 2:
        return ""
    return whole.stacks[series.stack_number].label or str(series.stack_number + 1)


def _parts(series: Series) -> tuple[Series, ...]:
    """Return the stacks of a series of single images, the series itself where frames make its stacks."""
    parts = series.split()
    return (series,) if any(part.stacks for part in parts) else parts


def _once(ranked: list[_Candidate]) -> list[_Candidate]:
    """Return the first stack of each series: where it is refused, its other phases would be refused as well."""
    first: dict[str, _Candidate] = {}
    for one in ranked:
        first.setdefault(one.series.series_instance_uid, one)
    return list(first.values())


_ELSEWHERE: Final = 2


def _where(candidate: _Candidate) -> tuple[int, bool]:
    """Return what comes first in the order; extents are compared within it, for a coronal one runs another way."""
    return candidate.region, not candidate.axial


def _rank(candidate: _Candidate) -> tuple[bool, bool, bool, float, bool, int, int, str]:
    series = candidate.series
    return (
        candidate.projected,
        candidate.slabs_or_gaps,
        candidate.derived,
        float("inf") if candidate.detail_mm is None else round(candidate.detail_mm / _THIN_STEP_MM),
        _LUNG_KERNEL.search(series.description) is None,
        -candidate.slices,
        2**31 if series.series_number is None else series.series_number,
        series.series_instance_uid,
    )


def _candidate(study: Study, series: Series) -> _Candidate | None:
    images = [one for one in series.instances if one.sop_class_uid in _CT_CLASSES]
    if series.modality != "CT" or not images:
        return None
    types = set(images[0].image_type)
    words = " ".join((series.description.replace("_", " "), *types))
    is_object_of_frames = len(images) == 1 and images[0].number_of_frames >= MIN_SLICES
    projected = _PROJECTED.search(words) is not None
    # what was made of an exam afterwards is no scan of frames; single images are told apart by what follows
    if is_object_of_frames and (projected or "SECONDARY" in types):
        return None
    planes = _planes(series, images)
    positions = _positions_mm(planes)
    derived = "DERIVED" in types or _REFORMATTED.search(words) is not None
    region = _region(study, series)
    if len(positions) < MIN_SLICES:
        if not is_object_of_frames:
            return None
        return _Candidate(
            series, region, images[0].number_of_frames, None, None,
            axial=True, projected=False, derived=derived, slabs_or_gaps=False,
        )  # fmt: skip
    spacing_mm = float(median(np.diff(positions)))
    told = [one.technique.thickness_mm for one in images if one.technique.thickness_mm is not None]
    thick_mm = median(told) if told else spacing_mm
    return _Candidate(
        series,
        region,
        len(positions),
        max(spacing_mm, thick_mm),
        positions[-1] - positions[0],
        axial=abs(planes[0].normal[2]) >= _AXIAL_COSINE,
        projected=projected,
        derived=derived,
        slabs_or_gaps=not _THIN_FOR_SPACING < thick_mm / spacing_mm <= _THICK_FOR_SPACING,
    )


def _region(study: Study, series: Series) -> int:
    """Return 0 for what shows the chest, 1 where nothing or a contradiction is told, 2 for another region."""
    of_itself = anatomy_of(replace(study, description=""), series)
    # what a study is called tells of a series only that says nothing of itself
    shown = of_itself if of_itself.regions else anatomy_of(study, series)
    if BodyRegion.CHEST in shown.regions:
        return 0 if shown.is_certain else 1
    return _ELSEWHERE if shown.regions else 1


def _planes(series: Series, images: list[Instance]) -> list[ImagePlane]:
    known = {one.sop_instance_uid for one in images}
    frames = (frame for frame in series.frames if frame.ref.sop_instance_uid in known)
    return [frame.plane for frame in frames if frame.plane is not None]


def _positions_mm(planes: list[ImagePlane]) -> list[float]:
    """Return the distinct slice positions along the normal of the first image, rising."""
    if not planes:
        return []
    normal = planes[0].normal
    along = sorted(float(np.dot(plane.origin, normal)) for plane in planes)
    return [p for n, p in enumerate(along) if n == 0 or p - along[n - 1] > 0.01]
