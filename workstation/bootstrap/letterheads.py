"""The letterheads of this machine: the site's own before the shipped one."""

from __future__ import annotations

from pathlib import Path

from workstation.exchange.letterheads import LetterheadFolder
from workstation.storage.data_dir import default_data_dir


def site_letterheads(data_dir: Path | None = None) -> LetterheadFolder:
    """Return the letterheads in ``letterheads`` of the data folder, which need not exist."""
    return LetterheadFolder((data_dir or default_data_dir()) / "letterheads")
