"""
Both cards of a bundle that was finished before: ``python -m models.evaluation.cards BUNDLE``.

Writes ``CARD.md`` and ``CARD.zh_CN.md`` anew from the manifest and ``eval/evaluation.json``, their fingerprints and the
words of the operating points into the manifest, and nothing else: no figure and no other file changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from models.engine.manifest import CARD_NAME, CHINESE_CARD_NAME, MANIFEST_NAME
from models.engine.registry import read_bundle
from models.evaluation.build_texts import point_basis
from models.evaluation.card_chinese import chinese_card
from models.evaluation.card_text import card_text


def write_cards(folder: Path, manifest: dict[str, Any], evaluation: dict[str, Any]) -> None:
    """Write the card in both languages, not their fingerprints."""
    (folder / CARD_NAME).write_text(card_text(manifest, evaluation), encoding="utf-8")
    (folder / CHINESE_CARD_NAME).write_text(chinese_card(manifest, evaluation), encoding="utf-8")


def file_entry(folder: Path, name: str) -> dict[str, Any]:
    """Return what a manifest lists of a file."""
    data = (folder / name).read_bytes()
    return {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def renew_cards(folder: Path) -> None:
    """
    Write the cards of a whole bundle and list them in its manifest.

    Raises BundleInvalid for one that is not whole, FileNotFoundError without an evaluation, ValueError for a signed
    one, whose signature would no longer hold.
    """
    if read_bundle(folder).manifest.signed:
        raise ValueError(f"{folder} is signed: write its cards before it is signed")
    path = folder / MANIFEST_NAME
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    evaluation: dict[str, Any] = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))
    for point in manifest["operating_points"]:
        point["basis"] = point_basis(point["name"], evaluation["operating_points"][point["name"]]["realised"])
    write_cards(folder, manifest, evaluation)
    cards = {name: file_entry(folder, name) for name in (CARD_NAME, CHINESE_CARD_NAME)}
    listed = {entry["path"]: entry for entry in manifest["files"]} | cards
    manifest["files"] = [listed[name] for name in sorted(listed)]
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Write the cards of the bundle named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluation.cards", description=__doc__)
    parser.add_argument("bundle", type=Path)
    renew_cards(parser.parse_args(arguments).bundle)


if __name__ == "__main__":
    main()
