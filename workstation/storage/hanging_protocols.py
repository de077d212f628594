"""Hanging protocols as JSON files: those that ship and the reader's own, checked against one schema."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema

from resources.hanging import hanging_paths, hanging_schema
from resources.translation import tr
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.errors import HangingProtocolInvalid
from workstation.domain.hanging import HangingProtocol, ProtocolMatch, Stage
from workstation.domain.hanging_cells import Cell, CellOverlay, CellView, ChestWall, ImageSelector
from workstation.storage.data_dir import private_dir
from workstation.storage.files import remove_files, replace_file

MAXIMUM_BYTES = 1024 * 1024
VERSION: Final = 2
"""What is written; 1 knew no overlay."""
_WITHOUT_OVERLAY: Final = {
    "pet-ct": (
        Stage("CT + PET", 1, 2, (Cell(ImageSelector(modalities=("CT",))), Cell(ImageSelector(modalities=("PT",))))),
    )
}
"""Stages that shipped with version 1: an own file that still has them took over name or priority only."""


class HangingLibrary:
    """
    Implements ``HangingProtocolPort``.

    ``folder`` holds the own protocols, one file each. An own protocol replaces the shipped one of the same id.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._broken: list[str] = []

    def all(self) -> tuple[HangingProtocol, ...]:
        """Return own protocols first, then the shipped ones that they do not replace."""
        self._broken = []
        own: list[HangingProtocol] = []
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                own.append(load_protocol(path))
            except HangingProtocolInvalid as exc:
                self._broken.append(exc.user_text)
        replaced = {protocol.protocol_id for protocol in own}
        return (*own, *(one for one in _shipped() if one.protocol_id not in replaced))

    def broken(self) -> Sequence[str]:
        """Return a sentence for each own file that the last ``all`` could not use."""
        return tuple(self._broken)

    def is_own(self, protocol_id: str) -> bool:
        """Tell whether a protocol is the reader's own."""
        return self._path(protocol_id).is_file()

    def save(self, protocol: HangingProtocol) -> None:
        """Store an own protocol. Raises DiskFull, StorageError, HangingProtocolInvalid."""
        raw = to_json(protocol)
        try:
            _validator().validate(raw)
        except jsonschema.ValidationError as exc:
            raise _invalid(protocol.protocol_id, exc.message) from exc
        private_dir(self._folder)
        replace_file(self._path(protocol.protocol_id), json.dumps(raw, ensure_ascii=False, indent=2).encode())

    def remove(self, protocol_id: str) -> None:
        """Delete an own protocol; a missing one is fine. Raises StorageError."""
        if self._folder.is_dir():
            remove_files(self._path(protocol_id))

    def _path(self, protocol_id: str) -> Path:
        return self._folder / f"{protocol_id}.json"


def load_protocol(path: Path) -> HangingProtocol:
    """Read and check one file. Raises HangingProtocolInvalid naming the file and the place."""
    try:
        with path.open("rb") as file:  # what is too large is cut, and then no JSON
            text = file.read(MAXIMUM_BYTES).decode("utf-8-sig")  # Notepad begins with a byte order mark
        raw = json.loads(text, parse_float=_number, parse_constant=_number)
        _validator().validate(raw)
        protocol = from_json(raw)
    except (OSError, ValueError, OverflowError, RecursionError, jsonschema.ValidationError) as exc:
        place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
        raise _invalid(path.name, f"{place} {type(exc).__name__}: {exc}"[:500]) from exc
    return _brought_up(protocol) if raw["schema"] < VERSION else protocol


def from_json(raw: dict[str, Any]) -> HangingProtocol:
    """Turn schema-valid JSON into the domain's value. Raises ValueError where a schema cannot say it."""
    match = raw["match"]
    return HangingProtocol(
        protocol_id=raw["protocol_id"],
        title=dict(raw["title"]),
        match=ProtocolMatch(
            modalities=tuple(match.get("modalities", ())),
            body_parts=tuple(match.get("body_parts", ())),
            lateralities=tuple(match.get("lateralities", ())),
            view_positions=tuple(match.get("view_positions", ())),
            needs_prior=match.get("needs_prior", False),
            max_prior_days=match.get("max_prior_days"),
            without_modalities=tuple(match.get("without_modalities", ())),
            exact=match.get("exact", False),
            images_without_view=match.get("images_without_view"),
        ),
        stages=tuple(_stage(stage) for stage in raw["stages"]),
        priority=raw.get("priority", 0),
    )


def to_json(protocol: HangingProtocol) -> dict[str, Any]:
    """Return the JSON of a protocol, every value written out."""
    raw: dict[str, Any] = json.loads(json.dumps(asdict(protocol)))
    return {"schema": VERSION, **raw}


def _brought_up(protocol: HangingProtocol) -> HangingProtocol:
    """Return an own protocol with the stages that ship now, where its own are those that shipped before."""
    if protocol.stages != _WITHOUT_OVERLAY.get(protocol.protocol_id):
        return protocol
    return replace(protocol, stages=next(one.stages for one in _shipped() if one.protocol_id == protocol.protocol_id))


def _stage(raw: dict[str, Any]) -> Stage:
    return Stage(
        name=raw["name"],
        rows=raw["rows"],
        columns=raw["columns"],
        cells=tuple(_cell(cell) for cell in raw["cells"]),
        same_scale=raw.get("same_scale", False),
        linked=raw.get("linked", True),
        only_full=raw.get("only_full", False),
    )


def _selector(raw: dict[str, Any]) -> ImageSelector:
    return ImageSelector(**{**raw, "modalities": tuple(raw.get("modalities", ()))})


def _overlay(raw: dict[str, Any]) -> CellOverlay:
    scale = raw.get("suv")
    return CellOverlay(
        _selector(raw["selector"]),
        ColourMap(raw.get("colour_map", ColourMap.HOT_IRON)),
        raw.get("alpha", 0.5),
        None if scale is None else ValueScale(scale["low"], scale["high"]),
    )


def _cell(raw: dict[str, Any]) -> Cell:
    overlay = raw.get("overlay")
    return Cell(
        selector=_selector(raw.get("selector", {})),
        view=CellView(raw.get("view", "stack")),
        window_preset=raw.get("window_preset"),
        chest_wall=ChestWall(raw.get("chest_wall", "")),
        mip_mm=raw.get("mip_mm", 0.0),
        overlay=None if overlay is None else _overlay(overlay),
    )


def _number(text: str) -> int | float:
    """Return a number of a file; 1.0 is the whole number 1 to JSON Schema. Raises ValueError for NaN and infinity."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return int(value) if value.is_integer() else value


def _invalid(name: str, detail: str) -> HangingProtocolInvalid:
    return HangingProtocolInvalid(
        tr("Hanging protocol {name} is not valid", name=name),
        hint=tr("It was not used; the other protocols still work."),
        detail=detail,
    )


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(hanging_schema())


@cache
def _shipped() -> tuple[HangingProtocol, ...]:
    return tuple(load_protocol(path) for path in hanging_paths())
