"""Letterheads: JSON checked against its schema, a PNG logo beside it, one for each site."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Protocol

import jsonschema
from PIL import Image, UnidentifiedImageError

from resources.letterheads import letterhead_schema, shipped_letterhead
from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.letterhead import Letterhead
from workstation.domain.template import Text

DEFAULT: Final = "default"
_SITE: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_LARGEST_LOGO: Final = 512 * 1024
_MOST_PIXELS: Final = 4_000_000


class Letterheads(Protocol):
    """Says what heads the reports of a site."""

    def for_site(self, site_id: str) -> Letterhead:
        """Return the letterhead of a site, or the one that holds for all."""
        ...


@dataclass(frozen=True, slots=True)
class OneLetterhead:
    """Implements Letterheads: the same for everybody."""

    letterhead: Letterhead

    def for_site(self, site_id: str) -> Letterhead:  # noqa: ARG002 - a port's method
        """Return the one letterhead."""
        return self.letterhead


class LetterheadFolder:
    """
    Implements Letterheads over a folder: ``<site>.json``, else ``default.json``, else the shipped one.

    Each is read once; ``broken`` names those that cannot be used, which keep nobody from reporting.
    """

    def __init__(self, own: Path | None = None) -> None:
        self._own = own
        self._known: dict[str, Letterhead] = {}
        self.broken: list[str] = []

    def for_site(self, site_id: str) -> Letterhead:
        """Return the letterhead of a site. Raises TemplateViolation only where the shipped one is damaged."""
        if site_id not in self._known:
            self._known[site_id] = self._read(site_id)
        return self._known[site_id]

    def _read(self, site_id: str) -> Letterhead:
        names = [name for name in (site_id, DEFAULT) if _SITE.fullmatch(name)]
        for name in names if self._own is not None else ():
            path = Path(self._own or "") / f"{name}.json"
            if path.is_file():
                try:
                    return load_letterhead(path)
                except TemplateViolation as exc:
                    self.broken.append(exc.user_text)
        return load_letterhead(shipped_letterhead())


def load_letterhead(path: Path) -> Letterhead:
    """Read and check one letterhead and its logo. Raises TemplateViolation naming the file and the place."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        _validator().validate(raw)
        return Letterhead(
            name=Text(**raw["name"]),
            department=_text(raw, "department"),
            address=_text(raw, "address"),
            phone=raw.get("phone", ""),
            footer=_text(raw, "footer"),
            logo_png=_logo(path.with_name(raw["logo"])) if "logo" in raw else b"",
        )
    except (OSError, ValueError, RecursionError, jsonschema.ValidationError) as exc:
        place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
        raise TemplateViolation(
            tr("Letterhead {name} is not valid", name=path.name),
            hint=tr("Reports are headed by the letterhead of the reading centre instead."),
            detail=f"{path.name} {place} {type(exc).__name__}: {exc}"[:500],
        ) from exc


def _text(raw: dict[str, Any], key: str) -> Text:
    return Text(**raw[key]) if key in raw else Text("", "")


def _logo(path: Path) -> bytes:
    """Return a PNG as opaque RGB, which any printer and PDF/A take. Raises OSError, ValueError."""
    if path.stat().st_size > _LARGEST_LOGO:
        raise ValueError(f"{path.name} is larger than {_LARGEST_LOGO // 1024} KiB")
    try:
        with Image.open(BytesIO(path.read_bytes()), formats=("PNG",)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise ValueError(f"{path.name} has more than {_MOST_PIXELS} pixels")
            picture = opened.convert("RGBA")
    except (UnidentifiedImageError, SyntaxError) as exc:
        raise ValueError(f"{path.name} is no PNG") from exc
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture)
    buffer = BytesIO()
    page.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(letterhead_schema())
