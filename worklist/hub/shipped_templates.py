"""What the hub asks of a template that takes the place of a shipped one."""

from __future__ import annotations

import json

from resources.templates import template_paths
from worklist.hub.errors import InvalidDocument
from workstation.domain.template_draft import is_newer


def require_newer_than_shipped(name: str, version: str, content: str) -> None:
    """
    Let a shipped template be published as it is or under a higher version only.

    Reports that were written with the shipped one name its version, and are read with it.
    """
    path = next((one for one in template_paths() if one.stem == name), None)
    if path is None:
        return
    shipped = json.loads(path.read_text(encoding="utf-8"))
    in_force = str(shipped["version"])
    if is_newer(version, in_force) or (version == in_force and json.loads(content) == shipped):
        return
    raise InvalidDocument(f"version {in_force} was shipped", reason="in_use", what=in_force)
