"""``lianyue models``: import, list, check, export, remove and sign, each with one clear line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.engine.registry import Registry
from tests.helpers.bundles import fixed_yolo, identity_mask, write_bundle
from tests.helpers.cases import NOON
from tests.helpers.models import XS, own_bundles, refused
from workstation.bootstrap import models
from workstation.cli import main
from workstation.domain.errors import BundleInvalid
from workstation.domain.model import ModelChoice
from workstation.services.detection_service import ModelsInUse
from workstation.storage.model_store import ModelChoiceFile


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "default_data_dir", lambda: tmp_path / "data")
    monkeypatch.setattr(models, "default_path", lambda: tmp_path / "settings" / "settings.toml")


def _answer(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Any:  # noqa: ANN401  JSON
    assert main(["--language", "en", "models", *map(str, words)]) == 0
    return json.loads(capsys.readouterr().out)


def _complaint(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    assert main(["--language", "en", "models", *map(str, words)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.strip()


def test_a_suppliers_model_is_signed_trusted_imported_listed_exported_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = write_bundle(tmp_path / "bundle", *identity_mask())

    made = _answer(capsys, "keygen", "--out", tmp_path / "supplier.pem")
    assert _answer(capsys, "sign", bundle, "--key", tmp_path / "supplier.pem")["key_id"] == made["key_id"]
    assert _answer(capsys, "check", bundle)["trust"] == "research"
    keys = tmp_path / "settings" / "model-keys"
    keys.mkdir(parents=True)
    Path(made["public"]).rename(keys / "supplier.pem")
    assert _answer(capsys, "import", bundle)["trust"] == "hospital"
    listed = {entry["id"]: entry for entry in _answer(capsys, "list")}
    assert (listed["test-mask"]["kind"], listed["test-mask"]["trust"]) == ("mask", "hospital")
    assert _answer(capsys, "check", "test-mask-1.0.0")["ok"]
    archive = tmp_path / "out.zip"
    assert _answer(capsys, "export", "test-mask-1.0.0", "--out", archive)["file"] == str(archive)
    assert _answer(capsys, "remove", "test-mask-1.0.0")["removed"]
    assert _answer(capsys, "import", archive)["id"] == "test-mask-1.0.0"


def test_what_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _complaint(capsys, "import").startswith("lianyue: Name the model that “import” is about.")
    assert "The option --key is missing." in _complaint(capsys, "sign", tmp_path)
    assert "The option --out is missing." in _complaint(capsys, "keygen")
    assert "neither a folder nor a zip file" in _complaint(capsys, "import", tmp_path / "nowhere")
    assert "There is no model “x”." in _complaint(capsys, "remove", "x")


def test_the_worker_runs_the_chosen_model_or_the_shipped_one(tmp_path: Path) -> None:
    models.installed_models().bring_in(write_bundle(tmp_path / "bundle", *identity_mask()))

    in_use = models.models_in_use("cpu")
    choices = ModelChoiceFile(tmp_path / "data" / "model-choice.json")

    def name() -> str:
        detector = in_use().detector
        assert detector is not None
        return detector.identity.name

    assert name() == Registry().default
    choices.save(ModelChoice(active="test-mask-1.0.0"))
    assert name() == "test-mask"
    assert in_use().detector is in_use().detector  # opened once
    choices.save(ModelChoice(off=True))
    assert in_use() == ModelsInUse(None, None)
    choices.save(ModelChoice())
    assert name() == Registry().default


def test_where_the_best_own_model_is_damaged_the_smaller_marks_and_the_workers_console_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_bundles(tmp_path / "product", "lung-nodule-s", XS)
    (tmp_path / "product" / "lung-nodule-s" / "LICENSE").unlink()
    for module in ("registry", "installed"):
        monkeypatch.setattr(f"models.engine.{module}.BUNDLES", tmp_path / "product")
    told: list[str] = []
    in_use = models.models_in_use("cpu", tell=told.append)
    choices = ModelChoiceFile(tmp_path / "data" / "model-choice.json")

    first, again = in_use().detector, in_use().detector
    assert first is not None
    assert first is again
    assert (first.identity.name, first.identity.research) == (XS, False)
    assert told == [
        f"“lung-nodule-s” could not run, the smaller “{XS}” marks instead: The model file “LICENSE” is missing."
    ]
    # who chose a model gets that one, or is told that it cannot be had
    choices.save(ModelChoice(active="lung-nodule-s"))
    with refused(BundleInvalid, "“LICENSE” is missing"):
        in_use()
    choices.save(ModelChoice(active=XS))
    chosen = in_use().detector
    assert chosen is not None
    assert chosen.identity.name == XS
    choices.save(ModelChoice(off=True))
    assert in_use() == ModelsInUse(None, None)
    assert len(told) == 1


def test_the_model_page_says_which_own_model_marks_and_why_not_the_better_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_bundles(tmp_path / "product", "lung-nodule-s", XS, peak_mb=800)
    for module in ("registry", "installed"):
        monkeypatch.setattr(f"models.engine.{module}.BUNDLES", tmp_path / "product")

    def defaults() -> dict[str, tuple[bool, str]]:
        return {card.model_id: (card.is_default, card.passed_over) for card in models.installed_models().cards()}

    assert defaults() == {"lung-nodule-s": (True, ""), XS: (False, "")}
    with monkeypatch.context() as small:
        small.setattr("models.engine.installed.most_memory_mb", lambda: 512)
        assert defaults() == {
            "lung-nodule-s": (False, "It needs 800 MB of memory, this machine has 512 MB."),
            XS: (True, ""),
        }
    (tmp_path / "product" / "lung-nodule-s" / "manifest.json").unlink()
    assert defaults()[XS] == (True, "")
    assert defaults()["lung-nodule-s"][1].startswith("There is no model “lung-nodule-s”.")


def test_a_chosen_model_for_films_reads_films_and_leaves_ct_to_the_shipped_one(tmp_path: Path) -> None:
    card = models.installed_models().bring_in(fixed_yolo(tmp_path))
    choices = ModelChoiceFile(tmp_path / "data" / "model-choice.json")

    in_use = models.models_in_use("cpu")
    assert in_use().images is None
    choices.save(ModelChoice(active=card.model_id))
    films, volumes = in_use().images, in_use().detector
    assert films is not None
    assert (films.detector.identity.sha256, films.detector.modalities) == (card.sha256, ("DX", "CR"))
    assert volumes is not None
    assert volumes.identity.name == Registry().default
    choices.save(ModelChoice(active=XS))
    assert in_use().images is None


def test_the_shadow_is_opened_once_and_dropped_when_nobody_wants_it(tmp_path: Path) -> None:
    models.installed_models().bring_in(write_bundle(tmp_path / "bundle", *identity_mask()))
    choices = ModelChoiceFile(tmp_path / "data" / "model-choice.json")
    shadow = models.shadow_runner(provider="cpu").shadow

    assert shadow() is None
    choices.save(ModelChoice(shadow="test-mask-1.0.0", changed_by="admin", changed_at=NOON))
    first = shadow()
    assert first is not None
    assert first is shadow()
    choices.save(ModelChoice())
    assert shadow() is None


def test_a_shadow_for_films_is_no_shadow_for_volumes_and_the_other_way_round(tmp_path: Path) -> None:
    for_volumes, for_films = (
        models.shadow_runner(provider="cpu").shadow,
        models.image_shadow_runner(provider="cpu").shadow,
    )
    choices = ModelChoiceFile(tmp_path / "data" / "model-choice.json")
    names = [
        models.installed_models().bring_in(bundle).model_id
        for bundle in (write_bundle(tmp_path / "bundle", *identity_mask()), fixed_yolo(tmp_path / "films"))
    ]

    asked = []
    for name in names:
        choices.save(ModelChoice(shadow=name, changed_by="admin", changed_at=NOON))
        asked.append((for_volumes() is not None, for_films() is not None))

    assert asked == [(True, False), (False, True)]
    assert for_films() is for_films()
