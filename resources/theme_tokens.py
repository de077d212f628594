"""
The design's colours, sizes and type as values; the numbers themselves live in ``themes/tokens.json``.

Both the viewers and the UI draw from here, so that a mark on an image and its card have one colour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from resources.font_files import CHINESE_FAMILY, LATIN_FAMILY

_FILE: Final = Path(__file__).parent / "themes" / "tokens.json"


@dataclass(frozen=True, slots=True)
class FontRole:
    """One step of the type scale; pixels at 100 % scale."""

    px: int
    line: int
    weight: int


@dataclass(frozen=True, slots=True)
class Rgba:
    """A colour as 0-255 components, for painters that do not read ``#RRGGBBAA``."""

    red: int
    green: int
    blue: int
    alpha: int = 255


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens of one theme, read-only; each mapping is keyed as in the file, such as ``bg1``."""

    colors: Mapping[str, str]
    sizes: Mapping[str, float]
    fonts: Mapping[str, FontRole]
    families: tuple[str, ...]
    dashes: Mapping[str, tuple[float, ...]]


@cache
def tokens() -> Tokens:
    """Read the tokens once; sizes are prefixed by their group except ``size``: ``space.2``, ``radius.control``."""
    raw: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    sizes: dict[str, float] = dict(raw["size"])
    for group in ("space", "radius", "stroke", "motion"):
        sizes |= {f"{group}.{name}": value for name, value in raw[group].items() if isinstance(value, int | float)}
    return Tokens(
        colors=MappingProxyType(raw["color"]),
        sizes=MappingProxyType(sizes),
        fonts=MappingProxyType(
            {name: FontRole(**role) for name, role in raw["font"].items() if isinstance(role, dict)}
        ),
        families=tuple(raw["font"]["family"]),
        dashes=MappingProxyType({n: tuple(v) for n, v in raw["stroke"].items() if isinstance(v, list)}),
    )


def color(name: str) -> str:
    """Return ``#RRGGBB`` or ``#RRGGBBAA`` (alpha last, as CSS); KeyError for a name the design does not have."""
    return tokens().colors[name]


@cache
def rgba(name: str) -> Rgba:
    """Return a colour as components; Qt would read ``#RRGGBBAA`` as ``#AARRGGBB``, so painters ask here."""
    digits = color(name).removeprefix("#")
    return Rgba(*(int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)))


def px(name: str) -> float:
    """Return a size in logical pixels, such as ``px("vp.header")``, ``px("space.2")`` or ``px("stroke.focus")``."""
    return tokens().sizes[name]


def font_role(name: str) -> FontRole:
    """Return a step of the type scale: display, title, h1, h2, body, caption, overlay, letter or kbd."""
    return tokens().fonts[name]


def font_families() -> tuple[str, ...]:
    """Return the font families in order of preference: the shipped ones, then those that the design names."""
    return (LATIN_FAMILY, CHINESE_FAMILY, *tokens().families)


def dash(name: str) -> tuple[float, ...]:
    """Return a dash pattern in logical pixels: ``dash.proposed`` or ``dash.slab``."""
    return tokens().dashes[name]
