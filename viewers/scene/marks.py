"""AI findings as outlines on a plane or an image: shape, line and words tell the state, colour only repeats it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from resources.translation import language, tr
from viewers.scene.picture_place import PicturePlace
from viewers.scene.slice_view import SliceView
from workstation.domain.finding import Decision, Finding, FindingList
from workstation.domain.finding_size import SizeKind, size_of
from workstation.domain.image_place import BoxPx

MARGIN_PX: Final = 3.0
"""Gap between a nodule's rim and its outline, so that the line hides no margin."""
MINIMUM_RADIUS_PX: Final = 7.0


class MarkShape(Enum):
    """Outline of a finding; every decision has its own."""

    RECTANGLE = auto()
    CIRCLE = auto()
    ROUNDED = auto()
    CROSSED_BOX = auto()
    LOZENGE = auto()


@dataclass(frozen=True, slots=True)
class MarkStyle:
    """How one decision is drawn; ``token`` and ``stroke`` are names in the theme tokens."""

    shape: MarkShape
    token: str
    text_token: str
    stroke: str
    symbol: str
    dashed: bool = False
    fill_opacity: float = 0.0


STYLES: Final[Mapping[Decision, MarkStyle]] = MappingProxyType(
    {
        Decision.UNDECIDED: MarkStyle(MarkShape.RECTANGLE, "ai", "ai", "finding.proposed", "?", dashed=True),
        Decision.ACCEPTED: MarkStyle(MarkShape.CIRCLE, "ok", "ok", "finding", "✓", fill_opacity=0.13),
        Decision.EDITED: MarkStyle(MarkShape.ROUNDED, "ok", "ok", "finding", "✎"),
        Decision.REJECTED: MarkStyle(
            MarkShape.CROSSED_BOX, "rejected.stroke", "rejected.text", "finding.rejected", "✕"
        ),
        Decision.ADDED: MarkStyle(MarkShape.LOZENGE, "info", "info", "finding", "＋"),
    }
)


@dataclass(frozen=True, slots=True)
class MarkOutline:
    """
    One finding where it cuts the displayed plane, in viewport pixels.

    ``radius_px`` is that of the drawn outline, margin included. A box on an image has ``corners``, from its upper
    left one clockwise as the image is stored; ``x``, ``y`` and ``radius_px`` are then those of the square around it.
    """

    tracking_uid: str
    x: float
    y: float
    radius_px: float
    style: MarkStyle
    label: str
    selected: bool = False
    corners: tuple[tuple[float, float], ...] = ()

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of what is drawn."""
        if not self.corners:
            r = self.radius_px
            return self.x - r, self.y - r, self.x + r, self.y + r
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return min(xs), min(ys), max(xs), max(ys)

    def contains(self, x: float, y: float) -> bool:
        """Tell whether a viewport pixel lies in the outline's box, for clicks."""
        if self.corners:
            left, top, right, bottom = self.bounds
            return left <= x <= right and top <= y <= bottom
        return abs(x - self.x) <= self.radius_px and abs(y - self.y) <= self.radius_px


def cut_radius_mm(finding: Finding, distance_mm: float, slice_step_mm: float) -> float | None:
    """
    Return the radius of the circle a finding's sphere cuts from a plane, None where it misses.

    A sphere that lies wholly between two slices is drawn with its own radius on the nearest
    one: every finding is visible on at least one slice of a stack.
    """
    if finding.diameter_mm is None:
        return None
    radius = finding.diameter_mm / 2
    away = abs(distance_mm)
    if away < radius:
        return math.sqrt(radius * radius - away * away)
    # half a step decides for one side only, so that no two slices both claim to be the nearest
    return radius if -slice_step_mm / 2 < distance_mm <= slice_step_mm / 2 else None


def label_text(finding: Finding, *, detailed: bool = True) -> str:
    """Return the words beside a mark, such as ``? 2 · 6.4 mm``; on an image what the model calls it."""
    words = f"{STYLES[finding.decision].symbol} {finding.number}"
    if not detailed:
        return words
    if finding.diameter_mm is not None:
        return f"{words} · {_size_words(finding, finding.diameter_mm)}"
    return f"{words} · {finding.name(language())}"


def _size_words(finding: Finding, diameter_mm: float) -> str:
    """Return the size that the card shows; one that comes of the volume says so, for it is another number."""
    size = size_of(finding)
    if size is None:
        return f"{diameter_mm:.1f} mm"
    if size.kind is SizeKind.VOLUME:
        return tr("{size} mm by volume", size=f"{size.mm:.1f}")
    return f"{size.mm:.1f} mm"


def outlines(
    findings: Iterable[Finding],
    view: SliceView,
    *,
    slice_step_mm: float,
    selected: str = "",
    detailed: bool = True,
) -> tuple[MarkOutline, ...]:
    """Return the outlines of the findings in the patient that cut the view's plane; none without geometry."""
    plane, scale = view.plane, view.px_per_mm
    if plane is None or scale is None:
        return ()
    drawn = []
    for finding in findings:
        if finding.centre_lps_mm is None:
            continue
        radius = cut_radius_mm(finding, plane.distance_mm(finding.centre_lps_mm), slice_step_mm)
        if radius is None:
            continue
        x, y = view.viewport_of(finding.centre_lps_mm)
        drawn.append(
            MarkOutline(
                finding.tracking_uid,
                x,
                y,
                max(radius * scale + MARGIN_PX, MINIMUM_RADIUS_PX),
                STYLES[finding.decision],
                label_text(finding, detailed=detailed),
                selected=finding.tracking_uid == selected,
            )
        )
    return tuple(drawn)


def boxes(
    findings: Iterable[Finding],
    view: SliceView,
    sop_instance_uid: str,
    frame: int | None,
    *,
    selected: str = "",
    dragged: tuple[str, BoxPx] | None = None,
) -> tuple[MarkOutline, ...]:
    """
    Return the boxes that lie on exactly this image, through the matrix on screen; ``frame`` as in ``ImagePlace``.

    A finding on the whole image claims no place and gets no outline. ``dragged`` is a finding with the box under the
    pointer.
    """
    drawn = []
    for finding in findings:
        place = finding.on_image
        if place is None or place.box_px is None or not place.is_on(sop_instance_uid, frame):
            continue
        uid = finding.tracking_uid
        left, top, right, bottom = place.box_px if dragged is None or dragged[0] != uid else dragged[1]
        corners = tuple(
            view.transform.apply(*corner) for corner in ((left, top), (right, top), (right, bottom), (left, bottom))
        )
        middle = view.transform.apply((left + right) / 2, (top + bottom) / 2)
        reach = max(max(abs(x - middle[0]), abs(y - middle[1])) for x, y in corners)
        drawn.append(
            MarkOutline(
                finding.tracking_uid,
                *middle,
                max(reach, MINIMUM_RADIUS_PX),
                STYLES[finding.decision],
                label_text(finding),
                selected=finding.tracking_uid == selected,
                corners=corners,
            )
        )
    return tuple(drawn)


def on_picture(
    findings: FindingList,
    view: SliceView,
    place: PicturePlace,
    *,
    show_rejected: bool,
    selected: str = "",
    dragged: tuple[str, BoxPx] | None = None,
    detailed: bool = True,
) -> tuple[MarkOutline, ...]:
    """Return what is drawn of findings on a picture; of another patient's or another frame of reference's nothing."""
    if findings.study_instance_uid != place.study_instance_uid:
        return ()
    visible = shown(findings, show_rejected=show_rejected)
    drawn: tuple[MarkOutline, ...] = ()
    if place.sop_instance_uid:
        drawn = boxes(visible, view, place.sop_instance_uid, place.frame_number, selected=selected, dragged=dragged)
    if not place.shares_space(findings):
        return drawn
    in_space = outlines(visible, view, slice_step_mm=place.slice_step_mm, selected=selected, detailed=detailed)
    return (*in_space, *drawn)


def shown(findings: FindingList, *, show_rejected: bool) -> tuple[Finding, ...]:
    """Return what is drawn: marks below the operating point and, unless asked for, rejected ones are not."""
    return tuple(
        finding
        for finding in findings.findings
        if (show_rejected or finding.decision is not Decision.REJECTED) and findings.is_visible(finding)
    )
