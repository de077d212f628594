"""Where the shipped policy of mutual recognition and its JSON Schema lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent / "recognition"


def shipped_recognition_policy() -> str:
    """Return the policy that is in force until an alliance brings its own, as JSON text."""
    return (_FOLDER / "policy.json").read_text(encoding="utf-8")


def recognition_schema() -> dict[str, Any]:
    """Return the JSON Schema that every policy has to satisfy."""
    loaded: dict[str, Any] = json.loads((_FOLDER / "policy.schema.json").read_text(encoding="utf-8"))
    return loaded
