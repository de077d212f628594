"""The anatomical terms that the spelling of a report is held to, in both languages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "anatomy_terms.json"


@cache
def chinese_mistakes() -> dict[str, tuple[str, ...]]:
    """Return each term with the patterns of what is typed for it by mistake."""
    return {term: tuple(wrong) for term, wrong in _loaded()["zh"].items()}


@cache
def english_terms() -> frozenset[str]:
    """Return the terms in small letters."""
    return frozenset(_loaded()["en"]["terms"])


@cache
def english_known() -> frozenset[str]:
    """Return words that are right though they look like a mistaken term."""
    return frozenset(_loaded()["en"]["known"])


@cache
def _loaded() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded
