"""What models call their findings, in the words of both languages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "finding_names.json"
_OWN_ZH: Final = "模型自定义标签“{label}”"
_OWN_EN: Final = "model's own label “{label}”"


@cache
def _names() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


def finding_name(label: str, language: str, meaning: str = "") -> str:
    """
    Return a model's label in words: those of this product, so that two models are read alike, else ``meaning``.

    ``meaning`` is what the model's manifest says in this language. A label that nobody named is said to be the
    model's own.

    No label at all is an abnormality.
    """
    chinese = language.startswith("zh")
    known = _names().get(label_key(label))
    if known is not None:
        return str(known["zh" if chinese else "en"])
    if meaning.strip():
        return meaning.strip()
    words = label.replace("_", " ").strip()
    if not words:
        return finding_name("abnormality", language)
    return (_OWN_ZH if chinese else _OWN_EN).format(label=words)


def offered_labels(kind: str) -> tuple[str, ...]:
    """
    Return the labels that a reader chooses from, the open one first.

    ``kind`` is ``film``, ``mammogram``, or ``whole`` for what is said of a whole image or series.
    """
    offered = [label for label, names in _names().items() if kind in names.get("offered", ())]
    return tuple(sorted(offered, key=lambda label: (label != "abnormality", label)))


def label_key(label: str) -> str:
    """Return what is one for all spellings of a label."""
    return label.strip().casefold().replace(" ", "_").replace("-", "_")
