"""Where the report templates and their JSON Schema lie; parsing is the exchange layer's work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "report_templates"
SCHEMA_NAME: Final = "template.schema.json"


def template_paths() -> tuple[Path, ...]:
    """Return the shipped template files in name order."""
    return tuple(sorted(path for path in FOLDER.glob("*.json") if path.name != SCHEMA_NAME))


def schema() -> dict[str, Any]:
    """Return the JSON Schema that every template has to satisfy."""
    loaded: dict[str, Any] = json.loads((FOLDER / SCHEMA_NAME).read_text(encoding="utf-8"))
    return loaded
