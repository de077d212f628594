"""A reader's own phrases: one JSON file with its version, replaced as a whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from resources.translation import tr
from workstation.domain.errors import StorageError
from workstation.domain.phrase import Phrase
from workstation.storage.data_dir import private_dir
from workstation.storage.files import refused_by_disk, replace_file

_VERSION: Final = 1
_MAXIMUM_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class PhraseFile:
    """
    Implements ``PhrasePort``.

    A file that cannot be read is never written over: the phrases in it are years of somebody's work.
    """

    path: Path

    def load(self) -> tuple[Phrase, ...]:
        """Return the phrases; none where there is no file. Raises StorageError for a damaged one."""
        try:
            with self.path.open("rb") as file:
                raw = json.loads(file.read(_MAXIMUM_BYTES).decode())
            return _phrases(raw)
        except FileNotFoundError:
            return ()
        except OSError as exc:
            raise refused_by_disk(exc) from exc
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
            raise StorageError(
                tr("Your phrases cannot be read"),
                hint=tr("The file is kept as it is. Shipped phrases still work; tell your administrator."),
                detail=f"{self.path.name} {type(exc).__name__}",
            ) from exc

    def save(self, phrases: Sequence[Phrase]) -> None:
        """Replace all phrases. Raises DiskFull, StorageError; a damaged file stays as it is."""
        self.load()
        raw = {"version": _VERSION, "phrases": [_raw(one) for one in phrases]}
        private_dir(self.path.parent)
        replace_file(self.path, json.dumps(raw, ensure_ascii=False, indent=1).encode())


def _phrases(raw: dict[str, Any]) -> tuple[Phrase, ...]:
    if raw["version"] != _VERSION:
        raise ValueError(f"version {raw['version']!r}")
    return tuple(_phrase(one) for one in raw["phrases"])


def _phrase(raw: dict[str, Any]) -> Phrase:
    texts = [raw["abbreviation"], raw["title"], raw["text"], raw["language"], *raw["fields"], *raw["fields"].values()]
    if not all(isinstance(text, str) for text in (*texts, *raw["templates"])):
        raise ValueError("not a text")
    return Phrase(
        abbreviation=raw["abbreviation"],
        title=raw["title"],
        text=raw["text"],
        language=raw["language"],
        templates=tuple(raw["templates"]),
        fields=tuple(raw["fields"].items()),
    )


def _raw(phrase: Phrase) -> dict[str, Any]:
    return {
        "abbreviation": phrase.abbreviation,
        "title": phrase.title,
        "text": phrase.text,
        "language": phrase.language,
        "templates": list(phrase.templates),
        "fields": dict(phrase.fields),
    }
