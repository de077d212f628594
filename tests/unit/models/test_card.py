"""A card belongs to exactly its weights and conceals nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.engine.registry import Registry, read_bundle
from models.evaluation.card import check_card
from resources.translation import use_language
from tests.helpers.models import XS, copied_bundle, refused
from workstation.domain.errors import BundleInvalid


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("# lung-nodule-xs 0.4.0", "# lung-nodule-xs 0.5.0", "about another model or version"),
        ("498a8656", "00000000", "about other weights"),
        ("## Limits", "## Strengths", "says nothing about: Limits"),
        ("COVID-CT-MD", "public data", "says nothing about: COVID-CT-MD"),
    ],
)
def test_a_card_of_another_model_or_with_an_omission_is_refused(old: str, new: str, reason: str) -> None:
    bundle = Registry().load(XS)

    with refused(BundleInvalid, reason):
        check_card(bundle.card.replace(old, new), bundle.manifest)


def test_an_empty_card_is_refused() -> None:
    with pytest.raises(BundleInvalid):
        check_card("", Registry().load(XS).manifest)


def test_the_card_tells_the_measured_weaknesses() -> None:
    card = Registry().load(XS).card

    for figure in ("below 6 mm 12/22", "ground glass 14/25", "beside a vessel 31/44", "rest on three lungs"):
        assert figure in card


def test_a_card_that_is_no_text_is_refused(tmp_path: Path) -> None:
    import hashlib  # noqa: PLC0415  one test's tool

    data = b"\xff\xfe\x00"

    def change(manifest: dict) -> None:  # type: ignore[type-arg]  # raw JSON
        for entry in manifest["files"]:
            if entry["path"] == "CARD.md":
                entry["sha256"], entry["bytes"] = hashlib.sha256(data).hexdigest(), len(data)

    folder = copied_bundle(tmp_path, change)
    (folder / "CARD.md").write_bytes(data)

    with refused(BundleInvalid, "not UTF-8"):
        read_bundle(folder)
