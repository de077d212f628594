"""The four corner texts of a viewport: what stands there and what goes first when room runs out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from resources.translation import tr

MARGIN_PX: Final = 8.0
LINE_PX: Final = 16.0
TWO_LINES_BELOW_PX: Final = 480
ONE_LINE_BELOW_PX: Final = 320
_LETTER_ROOM_PX: Final = 24.0


class Identity(StrEnum):
    """
    How much text is shown; the key I goes round. Warnings are not subject to it.

    Without the patient's identity what other systems wrote on the image is left out as well: it may hold a name.
    """

    FULL = "full"
    ANONYMOUS = "anonymous"
    NONE = "none"

    def following(self) -> Identity:
        """Return the next step of the cycle full, no identity, none."""
        order = list(Identity)
        return order[(order.index(self) + 1) % len(order)]


class Corner(StrEnum):
    """Corners of a viewport."""

    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"

    @property
    def is_upper(self) -> bool:
        """Tell whether its lines hang from the upper edge; those of the others stand on the lower one."""
        return self in {Corner.TOP_LEFT, Corner.TOP_RIGHT}


@dataclass(frozen=True, slots=True)
class StudyCaptions:
    """What the corners say about patient, study and series; ready to show, empty parts are left out."""

    patient_name: str = ""
    sex_age_birth: str = ""
    patient_id: str = ""
    institution: str = ""
    study_description: str = ""
    accession_number: str = ""
    study_date_time: str = ""
    series: str = ""
    contrast: str = ""
    warnings: tuple[str, ...] = ()
    time_word: str = ""
    """Of what ``study_date_time`` is the time: when the images were taken, or when the study began, as lists tell"""

    def anonymous(self) -> StudyCaptions:
        """Return what says nothing about who or where."""
        return StudyCaptions(
            study_description=self.study_description, series=self.series, contrast=self.contrast, warnings=self.warnings
        )


@dataclass(frozen=True, slots=True)
class ViewCaptions:
    """What the corners say about the picture itself, from the scene."""

    window: str = ""
    magnification: str = ""
    matrix: str = ""
    probe: str = ""
    slice_position: str = ""
    location: str = ""
    slab: str = ""
    """What is projected through how much; a MIP read as a plane is a false finding"""
    technique: str = ""
    overlay: str = ""
    """What lies over the image in colours, and how"""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """
    One line of corner text; ``x`` is its left or right end, ``y`` the top of its 16 px line box.

    How wide its letters are is known where they are painted: there it is broken if its neighbour leaves no room.
    """

    text: str
    corner: Corner
    x: float
    y: float
    is_warning: bool = False

    @property
    def aligned_right(self) -> bool:
        """Tell whether ``x`` is the right end."""
        return self.corner in {Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT}


@dataclass(frozen=True, slots=True)
class _Line:
    """A text with its rank; rank 1 is the last to go."""

    text: str
    rank: int


def corner_lines(
    study: StudyCaptions, view: ViewCaptions, viewport: tuple[float, float], identity: Identity = Identity.FULL,
    *, air: str = "",
) -> tuple[CaptionLine, ...]:  # fmt: skip
    """
    Return the lines that are painted, in viewport pixels.

    Below 480 px width two lines a corner remain, below 320 one: the patient's name, the slice number and the
    day of the study go last. Warnings always stay, even with the text hidden. ``air`` is the side, ``left`` or
    ``right``, at which a mammogram shows no tissue: what has room there stands there, both corners in one.
    """
    warnings = tuple(dict.fromkeys((*study.warnings, *view.warnings)))
    if identity is Identity.ANONYMOUS:
        study = study.anonymous()
    room = _lines_that_fit(viewport)
    kept_by: dict[Corner, tuple[tuple[str, ...], list[str]]] = {}
    is_narrow = viewport[0] < ONE_LINE_BELOW_PX
    for corner, lines in _corners(study, view, only_day=is_narrow).items():
        # case and prior are told apart by their days: that line stays beside what the study is
        most = min(2, _lines_by_height(viewport)) if is_narrow and corner is Corner.TOP_RIGHT else room
        if corner is Corner.BOTTOM_RIGHT:
            # what lies over the image or is projected into it takes no line from what is said of the image itself
            more = (view.overlay if viewport[0] >= ONE_LINE_BELOW_PX else "", view.slab)
            most = min(room + sum(map(bool, more)), _lines_by_height(viewport))
        kept = [] if identity is Identity.NONE else _most_important(lines, most)
        alerts = warnings if corner is Corner.TOP_RIGHT else ()
        kept_by[corner] = alerts, [line.text for line in kept]
    sides = _in_the_air(kept_by, air, viewport)
    return tuple(line for corner, (alerts, texts) in sides.items() for line in _placed(corner, alerts, texts, viewport))


def mpr_interpolated() -> str:
    """Return the warning of planes that show computed, not acquired, pixels."""
    return tr("MPR interpolated")


def _corners(study: StudyCaptions, view: ViewCaptions, *, only_day: bool = False) -> dict[Corner, tuple[_Line, ...]]:
    """Lines in the order in which they stand, each with the rank in which they survive."""
    return {
        Corner.TOP_LEFT: (_Line(study.patient_name, 1), _Line(study.sex_age_birth, 3), _Line(study.patient_id, 2)),
        Corner.TOP_RIGHT: (
            _Line(study.institution, 3),
            _Line(study.study_description, 1),
            _Line(study.accession_number, 4),
            _Line(_time_text(study, only_day=only_day), 2),
        ),
        Corner.BOTTOM_LEFT: (
            _Line(view.window, 1),
            _Line(view.magnification, 3),
            _Line(view.matrix, 4),
            _Line(view.probe, 2),
        ),
        Corner.BOTTOM_RIGHT: (
            _Line(study.series, 5),
            _Line(view.overlay, 3),
            _Line(" · ".join(part for part in (view.technique, study.contrast) if part), 6),
            _Line(view.slice_position, 1),
            _Line(view.slab, 2),
            _Line(view.location, 4),
        ),
    }


def _time_text(study: StudyCaptions, *, only_day: bool) -> str:
    if only_day or not study.study_date_time:
        return study.study_date_time.partition(" ")[0]
    return f"{study.time_word} {study.study_date_time}".lstrip()


def _in_the_air(
    corners: dict[Corner, tuple[tuple[str, ...], list[str]]], air: str, viewport: tuple[float, float]
) -> dict[Corner, tuple[tuple[str, ...], list[str]]]:
    """Return the texts with those over the breast moved to the side of the air, as far as half of it has room."""
    found = dict(corners)
    pairs = (Corner.TOP_LEFT, Corner.TOP_RIGHT), (Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT)
    for left, right in pairs if air in {"left", "right"} else ():
        to, away = (left, right) if air == "left" else (right, left)
        alerts, texts = (*corners[left][0], *corners[right][0]), [*corners[left][1], *corners[right][1]]
        if len(alerts) + len(texts) <= _lines_by_height(viewport):
            found[to], found[away] = (alerts, texts), ((), [])
    return found


def _lines_that_fit(viewport: tuple[float, float]) -> int:
    width = viewport[0]
    by_width = 1 if width < ONE_LINE_BELOW_PX else 2 if width < TWO_LINES_BELOW_PX else 4
    return min(by_width, _lines_by_height(viewport))


def _lines_by_height(viewport: tuple[float, float]) -> int:
    return max(0, int((viewport[1] / 2 - MARGIN_PX - _LETTER_ROOM_PX) // LINE_PX))


def _most_important(lines: Iterable[_Line], room: int) -> list[_Line]:
    present = [line for line in lines if line.text]
    kept = sorted(line.rank for line in present)[:room]  # ranks differ within a corner
    return [line for line in present if line.rank in kept]


def _placed(
    corner: Corner, warnings: tuple[str, ...], texts: list[str], viewport: tuple[float, float]
) -> list[CaptionLine]:
    width, height = viewport
    x = width - MARGIN_PX if corner in {Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT} else MARGIN_PX
    total = len(warnings) + len(texts)
    top = MARGIN_PX if corner in {Corner.TOP_LEFT, Corner.TOP_RIGHT} else height - MARGIN_PX - total * LINE_PX
    return [
        CaptionLine(text, corner, x, top + row * LINE_PX, is_warning=row < len(warnings))
        for row, text in enumerate((*warnings, *texts))
    ]
