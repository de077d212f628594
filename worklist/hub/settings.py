"""How a hub is set up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class HubSettings:
    """
    Where a hub keeps its data.

    ``database_url`` None means SQLite in ``data_dir``; ``archive_url`` None means files in
    ``data_dir``; ``demo_users`` makes accounts with a known password and is for loopback only. ``films`` are the
    modalities of single images that the site's worker has a model for, besides the chest CT of the shipped one.
    """

    data_dir: Path
    database_url: str | None = None
    archive_url: str | None = None
    demo_users: bool = False
    films: tuple[str, ...] = ()
