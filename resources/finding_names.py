"""What models call their findings, in the words of both languages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent / "finding_names.json"


@cache
def _names() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


def finding_name(label: str, language: str) -> str:
    """Return a model's label in words; one that nobody named stands as the model wrote it."""
    known = _names().get(label.strip().casefold().replace(" ", "_").replace("-", "_"))
    if known is None:
        return label.replace("_", " ").strip() or finding_name("abnormality", language)
    return known["zh" if language.startswith("zh") else "en"]
