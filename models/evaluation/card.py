"""The model card: it must be about exactly the bundle it lies in, and leave nothing out."""

from __future__ import annotations

from typing import Final

from models.engine.manifest import MODEL_NAME, Manifest
from resources.translation import tr
from workstation.domain.errors import BundleInvalid

SECTIONS: Final = ("## Intended use", "## Training data", "## Figures", "## Limits")
CHINESE_SECTIONS: Final = ("## 预期用途", "## 训练数据", "## 性能数据", "## 局限性")


def check_card(card: str, manifest: Manifest, sections: tuple[str, ...] = SECTIONS) -> None:
    """
    Refuse a card that belongs to other weights or conceals something.

    It must open with id and version, name the sha256 of the weights, have the four ``sections`` of its
    language and name every collection the weights learned from. Raises BundleInvalid.
    """
    lines = card.splitlines()
    if not lines or lines[0] != f"# {manifest.id} {manifest.version}":
        raise BundleInvalid(tr("The model card is about another model or version."), detail=lines[0] if lines else "")
    if manifest.file(MODEL_NAME).sha256 not in card:
        raise BundleInvalid(tr("The model card is about other weights."))
    missing = [section.removeprefix("## ") for section in sections if section not in lines]
    missing += [source.name for source in manifest.data if source.name not in card]
    if missing:
        raise BundleInvalid(tr("The model card says nothing about: {missing}.", missing=", ".join(missing)))
