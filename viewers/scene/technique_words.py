"""The words of the corner text about how an image was taken."""

from __future__ import annotations

from typing import Final

from resources.translation import tr
from workstation.domain.technique import Technique

_X_RAYS: Final = frozenset({"CT", "CR", "DX", "MG", "RF", "XA", "IO", "PX"})


def technique_text(technique: Technique, modality: str) -> str:
    """Return ``120 kV 85 mAs`` where X-rays made the image, ``TE 90 TR 4500 ms 3 T`` for MR; nothing for others."""
    if modality == "MR":
        times = (("TE", technique.echo_ms), ("TR", technique.repetition_ms), ("TI", technique.inversion_ms))
        said = " ".join(f"{name} {_number(value)}" for name, value in times if value is not None)
        parts = [f"{said} ms"] if said else []
        return "  ".join([*parts, *_with_unit(technique.field_t, "T")])
    if modality in _X_RAYS:
        return "  ".join([*_with_unit(technique.kvp, "kV"), *_with_unit(technique.mas, "mAs")])
    return ""


def thickness_text(thickness_mm: float) -> str:
    """Return the nominal thickness of a slice: 5.0, 2.5, 1.25 or 0.625 mm."""
    text = f"{thickness_mm:.3f}".rstrip("0")
    number = f"{text}0" if text.endswith(".") else text
    return tr("T {thickness}", thickness=f"{number}\N{THIN SPACE}mm")


def _with_unit(value: float | None, unit: str) -> list[str]:
    return [] if value is None else [f"{_number(value)}\N{THIN SPACE}{unit}"]


def _number(value: float) -> str:
    """Return a number with as many places as it deserves."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
