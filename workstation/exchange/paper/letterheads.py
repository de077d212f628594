"""Letterheads: JSON checked against its schema, a PNG logo beside it, one for each site."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
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
from workstation.domain.shared_document import EVERY_SITE, SharedDocument
from workstation.domain.template import Text

DEFAULT: Final = "default"
_SITE: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_LARGEST_LOGO: Final = 512 * 1024
_MOST_PIXELS: Final = 4_000_000
_FAULTS: Final = (OSError, ValueError, RecursionError, jsonschema.ValidationError)


class Letterheads(Protocol):
    """Says what heads the reports of a site."""

    def for_site(self, site_id: str) -> Letterhead:
        """Return the letterhead of a site, or the one that holds for all."""
        ...


class SharedLetterheads:
    """Implements Letterheads: what the hub gives to a site, else to all, else what this machine has."""

    def __init__(self, shared: Sequence[SharedDocument], other: Letterheads) -> None:
        self._shared = {one.info.key.site_id: one.content for one in shared}
        self._other = other
        self._known: dict[str, Letterhead] = {}
        self.broken: list[str] = []

    def for_site(self, site_id: str) -> Letterhead:
        """Return the letterhead of a site. Raises TemplateViolation only where the shipped one is damaged."""
        if site_id not in self._known:
            self._known[site_id] = self._read(site_id)
        return self._known[site_id]

    def _read(self, site_id: str) -> Letterhead:
        for scope in (site_id, EVERY_SITE):
            if scope in self._shared:
                try:
                    return unpacked_letterhead(self._shared[scope], scope or DEFAULT)
                except TemplateViolation as exc:  # a newer hub may know more than this version does
                    self.broken.append(exc.user_text)
        return self._other.for_site(site_id)


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
        return _letterhead(*_read(path))
    except _FAULTS as exc:
        raise _invalid(path.name, exc) from exc


def packed_letterhead(path: Path) -> str:
    """Return a letterhead file and its logo as the one JSON text that a hub keeps. Raises TemplateViolation."""
    try:
        raw, logo = _read(path)
        _letterhead(raw, logo)
    except _FAULTS as exc:
        raise _invalid(path.name, exc) from exc
    packed = {"letterhead": raw, "logo_png": base64.b64encode(logo).decode()}
    return json.dumps(packed, ensure_ascii=False, indent=1) + "\n"


def unpacked_letterhead(content: str, name: str) -> Letterhead:
    """Check what ``packed_letterhead`` wrote, called ``name`` in the error. Raises TemplateViolation."""
    try:
        packed = json.loads(content)
        if not isinstance(packed, dict) or set(packed) != {"letterhead", "logo_png"}:
            raise ValueError("letterhead and logo_png, and nothing else")
        logo = base64.b64decode(str(packed["logo_png"]), validate=True)
        return _letterhead(packed["letterhead"], logo)
    except _FAULTS as exc:
        raise _invalid(name, exc) from exc


def _read(path: Path) -> tuple[Any, bytes]:
    raw = json.loads(path.read_text(encoding="utf-8"))
    _validator().validate(raw)
    if "logo" not in raw:
        return raw, b""
    logo = path.with_name(raw["logo"])
    if logo.stat().st_size > _LARGEST_LOGO:
        raise ValueError(f"{logo.name} is larger than {_LARGEST_LOGO // 1024} KiB")
    return raw, logo.read_bytes()


def _letterhead(raw: Any, logo: bytes) -> Letterhead:  # noqa: ANN401 - JSON has no static type
    _validator().validate(raw)
    if bool(logo) != ("logo" in raw):
        raise ValueError("a logo is named and there, or neither")
    return Letterhead(
        name=Text(**raw["name"]),
        department=_text(raw, "department"),
        address=_text(raw, "address"),
        phone=raw.get("phone", ""),
        footer=_text(raw, "footer"),
        logo_png=_logo(logo, raw["logo"]) if logo else b"",
    )


def _invalid(name: str, exc: Exception) -> TemplateViolation:
    place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
    return TemplateViolation(
        tr("Letterhead {name} is not valid", name=name),
        hint=tr("Reports are headed by the letterhead of the reading centre instead."),
        detail=f"{name} {place} {type(exc).__name__}: {exc}"[:500],
    )


def _text(raw: dict[str, Any], key: str) -> Text:
    return Text(**raw[key]) if key in raw else Text("", "")


def _logo(png: bytes, name: str) -> bytes:
    """Return a PNG as opaque RGB, which any printer and PDF/A take. Raises OSError, ValueError."""
    if len(png) > _LARGEST_LOGO:
        raise ValueError(f"{name} is larger than {_LARGEST_LOGO // 1024} KiB")
    try:
        with Image.open(BytesIO(png), formats=("PNG",)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise ValueError(f"{name} has more than {_MOST_PIXELS} pixels")
            picture = opened.convert("RGBA")
    except (UnidentifiedImageError, SyntaxError) as exc:
        raise ValueError(f"{name} is no PNG") from exc
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture)
    buffer = BytesIO()
    page.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(letterhead_schema())
