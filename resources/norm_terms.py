"""The terms that the checks before signing look for, in both languages; patterns, not code."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "norm_terms.json"


@cache
def norm_terms(language: str) -> dict[str, Any]:
    """Return the terms for ``zh_CN`` (any ``zh``) or, otherwise, English."""
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    terms: dict[str, Any] = loaded["zh" if language.startswith("zh") else "en"]
    return terms
