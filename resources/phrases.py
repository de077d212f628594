"""Where the shipped phrases lie; giving them to a reader is the work of a service."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "report_phrases.json"


@cache
def shipped_phrases() -> tuple[dict[str, Any], ...]:
    """Return the shipped phrases as they lie in their file, each with title and text per language."""
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(loaded["phrases"])
