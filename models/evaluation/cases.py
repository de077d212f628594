"""
Cases with reference annotations, as ``lianyue evaluate`` reads them.

``CASES`` is a JSON file or a folder with ``cases.json``::

    {"cases": [{"id": "A", "series": "a/", "nodules": [{"centre_lps_mm": [x, y, z], "diameter_mm": 8,
      "kind": "solid", "location": "pleura", "outlines": [{"z_mm": z, "half_mm": 0.5, "points_xy_mm": [[x, y], ...]}]}],
      "excluded": [{"centre_lps_mm": [x, y, z], "diameter_mm": 5}]}]}

``series`` is a DICOM folder or file beside the JSON file; in its place ``marks`` may hold what a
detector said (``centre_lps_mm``, ``score``, ``diameter_mm``, as ``lianyue detect`` writes them).
``kind``, ``location``, ``outlines`` and ``excluded`` may be left out. With ``marks`` there may be ``decisions``: by
reader, in the order of the marks, ``accepted``, ``rejected`` or ``""`` for one that this reader did not decide.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.evaluation.froc import Nodule, Outline, Point, Scored
from resources.translation import tr
from workstation.domain.errors import HostileInput

DECISIONS: Final = ("accepted", "rejected")
_NAME: Final = "cases.json"
_MAX_BYTES: Final = 200_000_000


@dataclass(frozen=True, slots=True)
class Reference:
    """One case before a detector looked at it; ``marks`` when it already did."""

    id: str
    nodules: tuple[Nodule, ...]
    excluded: tuple[Nodule, ...]
    series: Path | None
    marks: tuple[Scored, ...] | None
    decisions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Readers with what each said of every mark, in their order; "" where a reader did not decide"""


def read_cases(path: Path) -> list[Reference]:
    """Read CASES. Raises HostileInput with the number of the case that is wrong."""
    file = path / _NAME if path.is_dir() else path
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise HostileInput(tr("The list of cases is too large."), hint=tr("Evaluate it in parts."))
        stored = json.loads(file.read_text(encoding="utf-8"))
        listed = list(stored["cases"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as exc:
        raise HostileInput(
            tr("“{file}” is not a list of cases.", file=file.name),
            hint=_shape(),
            detail=str(exc)[:300],
        ) from exc
    if not listed:
        raise HostileInput(tr("“{file}” is not a list of cases.", file=file.name), hint=_shape())
    cases = []
    for number, raw in enumerate(listed, start=1):
        try:
            cases.append(_reference(raw, file.parent))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as exc:
            raise HostileInput(
                tr("Case {number} of the list is wrong.", number=number),
                hint=_shape(),
                detail=f"{type(exc).__name__}: {exc}"[:300],
            ) from exc
    return cases


def cases_as_json(cases: list[Reference]) -> dict[str, Any]:
    """Return cases that have marks in the form that ``read_cases`` reads."""
    return {
        "cases": [
            {
                "id": case.id,
                "nodules": [_nodule_json(n) for n in case.nodules],
                "excluded": [_nodule_json(n) for n in case.excluded],
                "marks": [
                    {
                        "centre_lps_mm": [round(v, 2) for v in m.centre_lps_mm],
                        "score": round(m.score, 5),
                        "diameter_mm": round(m.diameter_mm, 2),
                    }
                    for m in case.marks or ()
                ],
            }
            for case in cases
        ]
    }


def _shape() -> str:
    return tr("It must be JSON with “cases”, each with “id”, “series” or “marks”, and “nodules”.")


def _reference(raw: dict[str, Any], folder: Path) -> Reference:
    marks = raw.get("marks")
    if (marks is None) == ("series" not in raw):
        raise ValueError("either series or marks")
    decisions = tuple((str(name), _said(said, len(marks or ()))) for name, said in raw.get("decisions", {}).items())
    return Reference(
        decisions=decisions,
        id=str(raw["id"]),
        nodules=tuple(_nodule(n) for n in raw["nodules"]),
        excluded=tuple(_nodule(n) for n in raw.get("excluded", [])),
        series=None if marks is not None else folder / str(raw["series"]),
        marks=None if marks is None else tuple(_mark(m) for m in marks),
    )


def _said(raw: list[str], marks: int) -> tuple[str, ...]:
    if len(raw) != marks or not set(raw) <= {*DECISIONS, ""}:
        raise ValueError("decisions are accepted, rejected or empty, one for each mark")
    return tuple(raw)


def _nodule(raw: dict[str, Any]) -> Nodule:
    outlines = tuple(
        Outline(
            _number(o["z_mm"]), tuple((_number(x), _number(y)) for x, y in o["points_xy_mm"]), _number(o["half_mm"])
        )
        for o in raw.get("outlines", [])
    )
    return Nodule(
        _point(raw["centre_lps_mm"]), _number(raw["diameter_mm"]), str(raw.get("kind", "")),
        str(raw.get("location", "")), outlines,
    )  # fmt: skip


def _mark(raw: dict[str, Any]) -> Scored:
    score = _number(raw["score"])
    if not 0 <= score <= 1:
        raise ValueError(f"score {score} is not in 0..1")
    return Scored(_point(raw["centre_lps_mm"]), score, _number(raw["diameter_mm"]))


def _point(raw: list[float]) -> Point:
    x, y, z = (_number(v) for v in raw)
    return x, y, z


def _number(raw: float | str) -> float:
    value = float(raw)
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return value


def _nodule_json(nodule: Nodule) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "centre_lps_mm": [round(v, 2) for v in nodule.centre_lps_mm],
        "diameter_mm": round(nodule.diameter_mm, 2),
    }
    stored |= {name: value for name in ("kind", "location") if (value := getattr(nodule, name))}
    if nodule.outlines:
        stored["outlines"] = [
            {"z_mm": o.z_mm, "half_mm": o.half_mm, "points_xy_mm": [list(p) for p in o.points_xy_mm]}
            for o in nodule.outlines
        ]
    return stored
