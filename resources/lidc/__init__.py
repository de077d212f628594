"""Sizes and ratings of nodules in LIDC-IDRI, for look-alikes: facts only, no image, CC BY 3.0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "nodules.json"


def nodule_table() -> dict[str, Any]:
    """Return the table with its source, licence, column names and rows."""
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded
