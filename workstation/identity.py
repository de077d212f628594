"""Refuse to start when another distribution or folder shadows one of our generically named packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

ROOTS: Final = ("workstation", "viewers", "worklist", "models", "resources")


class ShadowedPackage(RuntimeError):
    """One of our packages would be imported from somewhere else."""


def check() -> None:
    """
    Make sure that the five root packages all come from the same place.

    Raises ShadowedPackage, which names the intruder and the way out.
    """
    home = Path(__file__).resolve().parent.parent
    for root in ROOTS:
        spec = importlib.util.find_spec(root)
        found = Path(spec.origin).resolve().parent.parent if spec is not None and spec.origin else None
        if found != home:
            raise ShadowedPackage(
                f"the package {root!r} would be loaded from {found or 'nowhere'} instead of {home}; "
                "start lianyue from another folder, or uninstall what brings that package"
            )
