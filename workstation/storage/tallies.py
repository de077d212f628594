"""How often readers reject a model's marks: counts on this machine, without names of patients."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from workstation.domain.tally import DecisionTally
from workstation.storage.files import refused_by_disk, replace_file
from workstation.storage.model_store import safe_name

_COUNTS: Final = TypeAdapter(dict[str, DecisionTally])


@dataclass(frozen=True, slots=True)
class TallyFolder:
    """Implements ``TallyPort``: a file for each reader and model, in it a count for each case."""

    folder: Path
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def put(self, user_id: str, sha256: str, study_instance_uid: str, tally: DecisionTally) -> None:
        """Write one count. Raises DiskFull, StorageError."""
        path = self._of(user_id, sha256)
        with self._writing:
            path.parent.mkdir(parents=True, exist_ok=True)
            counts = {**self._read(path), safe_name(study_instance_uid): tally}
            replace_file(path, _COUNTS.dump_json(counts))

    def total(self, user_id: str, sha256: str) -> DecisionTally:
        """Return the sum; a damaged file counts nothing. Raises StorageError."""
        return sum(self._read(self._of(user_id, sha256)).values(), DecisionTally())

    def _read(self, path: Path) -> dict[str, DecisionTally]:
        try:
            return _COUNTS.validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return {}
        except OSError as exc:
            raise refused_by_disk(exc) from exc

    def _of(self, user_id: str, sha256: str) -> Path:
        return self.folder / safe_name(user_id) / f"{safe_name(sha256)}.json"
