"""
What counts neither way in a development lung: lesions that were seen after the list of the collection was made.

``neither_way.json`` names them by patient, centre (LPS mm) and radius (mm), in the form of ``review.json`` and apart
from it: that file is part of what networks learn from, and a lung named there would count as learned from (ADR 0065).
A mark whose centre lies in such a sphere is neither a hit nor a false mark, as with LUNA16's irrelevant findings, and
teaches the rules after a network nothing (ADR 0073).

*Source:* Setio et al., Medical Image Analysis 42 (2017) 1-13, section 2.3; what is listed was judged by eye, not by a
radiologist.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from models.training.hosts import KnownLps
from models.training.sources import DEVELOPMENT, Leak

NEITHER_WAY: Final = Path(__file__).with_name("neither_way.json")


def named_in(path: Path = NEITHER_WAY) -> frozenset[str]:
    """
    Return the patients of the list.

    Raises Leak where one is no development lung: what networks learn from and what is reported have lists of their own.
    """
    patients = frozenset(json.loads(path.read_text(encoding="utf-8")))
    if other := sorted(patients - DEVELOPMENT):
        raise Leak(f"no development lungs: {', '.join(other)}")
    return patients


def spheres_of(patient: str, path: Path = NEITHER_WAY) -> list[KnownLps]:
    """Return the spheres of a patient, none of them a lesion that must be found. Raises Leak."""
    if patient not in named_in(path):
        return []
    listed = json.loads(path.read_text(encoding="utf-8"))[patient]["ignore"]
    return [(tuple(e["centre_lps_mm"]), 2 * e["ignore_radius_mm"], False) for e in listed]
