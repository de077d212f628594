"""Where this machine keeps its data, readable by its owner alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

from resources.translation import tr
from workstation.domain.errors import StorageError

_OWNER_ONLY: Final = 0o700


def default_data_dir() -> Path:
    """Return the platform's data folder for this user; it need not exist yet."""
    return platformdirs.user_data_path("Lianyue", appauthor=False)


def private_dir(folder: Path) -> Path:
    """Create the folder when needed, take everybody else's rights away and return it. Raises StorageError."""
    try:
        folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        if os.name == "posix":
            folder.chmod(_OWNER_ONLY)
    except OSError as exc:
        raise StorageError(
            tr("The data folder {folder} cannot be used", folder=folder),
            hint=tr("Check that the disk is writable, or choose another folder."),
            detail=f"{type(exc).__name__} errno {exc.errno}",
        ) from exc
    return folder
