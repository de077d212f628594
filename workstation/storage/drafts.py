"""Report drafts: encrypted, replaced atomically, with the last good version kept behind."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from workstation.domain.report import Report
from workstation.storage.crypto import CannotOpen, cannot_open, seal, unseal
from workstation.storage.data_dir import private_dir
from workstation.storage.files import refused_by_disk, remove_files, replace_file

_REPORT: Final = TypeAdapter(Report)
_ASIDE: Final = ".aside"
_MOST_ASIDE: Final = 9


class DraftStore:
    """
    Implements ``DraftPort`` below one folder.

    A file's name is a keyed digest of study and user, so that not even the folder's listing
    tells whose study is being read. ``editor`` names who is signed in, because a senior who
    works on a junior's report keeps a draft of his own; without it the author counts.
    """

    def __init__(self, folder: Path, key: bytes, *, editor: Callable[[], str] | None = None) -> None:
        self._folder = private_dir(folder)
        self._key = key
        self._editor = editor
        self._writing = threading.Lock()

    def save(self, report: Report) -> None:
        """Store atomically (temp, fsync, rename). Raises DiskFull; the former draft stays."""
        user_id = (self._editor() if self._editor is not None else "") or report.author.user_id
        newest, former = self._paths(report.study_instance_uid, user_id)
        sealed = seal(self._key, _REPORT.dump_json(report), newest.stem.encode())
        with self._writing:
            replace_file(newest, sealed, keep=former)

    def load(self, study_instance_uid: str, user_id: str) -> Report | None:
        """
        Return the newest draft of this user for the study. Raises Locked without the key.

        A damaged newest version costs that version only: the one before it is returned.
        """
        damage: CannotOpen | None = None
        for path in self._paths(study_instance_uid, user_id):
            try:
                return self._read(path)
            except FileNotFoundError:
                continue
            except CannotOpen as exc:
                damage = damage or exc
            except OSError as exc:
                raise refused_by_disk(exc) from exc
        if damage is not None:
            raise damage
        return None

    def discard(self, study_instance_uid: str, user_id: str) -> None:
        """Delete the draft once the report is signed or submitted."""
        newest, former = self._paths(study_instance_uid, user_id)
        with self._writing:
            # the older first: a crash in between must not bring it back as the newest
            remove_files(former, newest.with_name(newest.name + ".tmp"), newest)

    def set_aside(self, study_instance_uid: str, user_id: str) -> None:
        """Keep the draft out of the way of another one; nothing happens without a draft."""
        newest, former = self._paths(study_instance_uid, user_id)
        with self._writing:
            try:
                if former.exists() or newest.exists():
                    _make_room(newest)
                for path in (former, newest):  # the older first: the newest ends aside, and no older one is a draft
                    with contextlib.suppress(FileNotFoundError):
                        path.replace(newest.with_suffix(_ASIDE))
            except OSError as exc:
                raise refused_by_disk(exc) from exc

    def asides(self, study_instance_uid: str, user_id: str) -> tuple[Report, ...]:
        """Return the drafts that were set aside, the last one last. Raises Locked without the key."""
        newest, _former = self._paths(study_instance_uid, user_id)
        found: list[Report] = []
        for path in reversed(_places_aside(newest)):
            try:
                found.append(self._read(path))
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise refused_by_disk(exc) from exc
        return tuple(found)

    def _read(self, path: Path) -> Report:
        plain = unseal(self._key, path.read_bytes(), path.stem.encode())
        try:
            return _REPORT.validate_json(plain)
        except ValidationError as exc:
            raise cannot_open(f"draft of another form: {exc.error_count()} errors") from exc

    def _paths(self, study_instance_uid: str, user_id: str) -> tuple[Path, Path]:
        name = hmac.new(self._key, f"{study_instance_uid}\0{user_id}".encode(), hashlib.sha256).hexdigest()
        return self._folder / f"{name}.draft", self._folder / f"{name}.former"


def _places_aside(draft: Path) -> list[Path]:
    """Return where drafts of one study lie that were set aside, the newest first."""
    return [draft.with_suffix(f"{_ASIDE}{number or ''}") for number in range(_MOST_ASIDE)]


def _make_room(draft: Path) -> None:
    """Move what was set aside before one place on; the oldest of many goes."""
    places = _places_aside(draft)
    for place, further in reversed(list(pairwise(places))):
        with contextlib.suppress(FileNotFoundError):
            place.replace(further)
