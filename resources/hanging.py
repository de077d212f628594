"""Where the hanging protocols and their JSON Schema lie; parsing is the storage layer's work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "hanging_protocols"
SCHEMA_NAME: Final = "hanging_protocol.schema.json"


def hanging_paths() -> tuple[Path, ...]:
    """Return the shipped protocol files in name order."""
    return tuple(sorted(path for path in FOLDER.glob("*.json") if path.name != SCHEMA_NAME))


def hanging_schema() -> dict[str, Any]:
    """Return the JSON Schema that every protocol has to satisfy."""
    loaded: dict[str, Any] = json.loads((FOLDER / SCHEMA_NAME).read_text(encoding="utf-8"))
    return loaded
