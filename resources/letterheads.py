"""Where the letterheads and their JSON Schema lie; parsing is the exchange layer's work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "letterhead"
SCHEMA_NAME: Final = "letterhead.schema.json"


def shipped_letterhead() -> Path:
    """Return the letterhead of the reading centre, which holds where a site has none of its own."""
    return FOLDER / "default.json"


def letterhead_schema() -> dict[str, Any]:
    """Return the JSON Schema that every letterhead has to satisfy."""
    loaded: dict[str, Any] = json.loads((FOLDER / SCHEMA_NAME).read_text(encoding="utf-8"))
    return loaded
