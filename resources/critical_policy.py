"""Where the shipped policy of critical values and its JSON Schema lie; parsing is the DICOM layer's work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "critical_values"


def shipped_policy() -> str:
    """Return the policy that is in force until a site brings its own, as JSON text."""
    return (FOLDER / "policy.json").read_text(encoding="utf-8")


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema that every policy has to satisfy."""
    loaded: dict[str, Any] = json.loads((FOLDER / "policy.schema.json").read_text(encoding="utf-8"))
    return loaded
