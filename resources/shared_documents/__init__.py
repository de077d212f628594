"""The JSON Schemas of phrases and character sets that a hub gives to its sites."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def shared_schema(name: str) -> dict[str, Any]:
    """Return the schema of ``phrases`` or ``charsets``."""
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded
