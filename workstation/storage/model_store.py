"""Which models a site uses, and what models said of studies: small JSON files, no names in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from resources.translation import tr
from workstation.domain.errors import StorageError
from workstation.domain.model import ModelChoice, StoredRun
from workstation.storage.files import refused_by_disk, replace_file

_CHOICE: Final = TypeAdapter(ModelChoice)
_RUN: Final = TypeAdapter(StoredRun)
MOST_RUNS: Final = 5000
"""A year of a busy site would be tens of thousands of files; a page must not wait for them."""


@dataclass(frozen=True, slots=True)
class ModelChoiceFile:
    """Implements ``ModelChoicePort`` in one file."""

    path: Path

    def load(self) -> ModelChoice:
        """Return the choice; a file that is not there means nothing was chosen. Raises StorageError."""
        try:
            return _CHOICE.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return ModelChoice()
        except ValidationError as exc:
            raise StorageError(
                tr("The choice of the AI model cannot be read; no model is active."),
                hint=tr("Choose the model again on the model page."),
                detail=str(exc.error_count()),
            ) from exc
        except OSError as exc:
            raise refused_by_disk(exc) from exc

    def save(self, choice: ModelChoice) -> None:
        """Replace the file as a whole. Raises DiskFull, StorageError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, _CHOICE.dump_json(choice, indent=1))


@dataclass(frozen=True, slots=True)
class StoredRunFolder:
    """Implements ``StoredRunPort``: a folder per model, a file per study and version."""

    folder: Path

    def add(self, run: StoredRun) -> None:
        """Write one file. Raises DiskFull, StorageError."""
        name = safe_name(f"{run.study_instance_uid} {run.algorithm.version}")  # versions may share their weights
        path = self._of(run.algorithm.sha256) / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, _RUN.dump_json(run))

    def runs(self, sha256: str) -> tuple[StoredRun, ...]:
        """Return the newest readable runs of one model, by time; a damaged file is left out."""
        found = []
        written = sorted(self._of(sha256).glob("*.json"), key=_modified, reverse=True)
        for path in reversed(written[:MOST_RUNS]):
            try:
                found.append(_RUN.validate_json(path.read_bytes()))
            except (ValidationError, OSError):
                continue
        return tuple(sorted(found, key=lambda run: run.at))

    def _of(self, sha256: str) -> Path:
        return self.folder / safe_name(sha256)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # gone meanwhile
        return 0.0


def safe_name(text: str) -> str:
    """Return a safe file name: a UID from an archive could hold anything."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
