"""``lianyue models``, and the model page's adapters joined to its ports."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from models.engine.detect_command import check_model, list_models, reads_images
from models.engine.installed import InstalledModels
from models.engine.registry import DEFAULT_MODEL
from models.engine.runner import ModelRunner
from models.engine.session import parse_provider
from models.engine.trust import make_key, sign_bundle
from resources.translation import tr
from workstation.dicom.images.planar import planar_image
from workstation.domain.errors import BundleInvalid
from workstation.domain.model_ports import ImageDetector
from workstation.domain.ports import AuditPort, Detector
from workstation.services.model_service import ModelPage
from workstation.services.shadow_service import RunImageShadow, RunShadow
from workstation.services.uid import SystemClock
from workstation.settings import default_path
from workstation.storage.data_dir import default_data_dir
from workstation.storage.model_store import ModelChoiceFile, StoredRunFolder

T = TypeVar("T")


def installed_models(provider: str = "auto") -> InstalledModels:
    """Return the models of this machine: shipped ones, and those in the data folder; keys lie by the settings."""
    return InstalledModels(default_data_dir() / "models", default_path().parent / "model-keys", provider)


def model_page(audit: AuditPort, data_dir: Path | None = None) -> ModelPage:
    """Return the model page's services for one signed-in session."""
    folder = data_dir or default_data_dir()
    return ModelPage(
        models=installed_models(),
        choices=ModelChoiceFile(folder / "model-choice.json"),
        runs=StoredRunFolder(folder / "model-runs"),
        audit=audit,
        clock=SystemClock(),
    )


def active_detector(provider: str = "auto", data_dir: Path | None = None) -> Detector:
    """
    Return the model that the site chose, the shipped one where it chose none or one for single images.

    Raises BundleInvalid.
    """
    models = installed_models(provider)
    chosen = _active(data_dir)
    if chosen is None or reads_images(models.registry.load(chosen)):
        return models.detector(DEFAULT_MODEL)
    return models.detector(chosen)


def active_image_detector(provider: str = "auto", data_dir: Path | None = None) -> ImageDetector | None:
    """Return the model that the site chose where it reads single images, else None. Raises BundleInvalid."""
    chosen = _active(data_dir)
    if chosen is None:
        return None
    bundle = installed_models(provider).registry.load(chosen)
    return ModelRunner(bundle, parse_provider(provider)) if reads_images(bundle) else None


def _active(data_dir: Path | None) -> str | None:
    return ModelChoiceFile((data_dir or default_data_dir()) / "model-choice.json").load().active


def shadow_runner(data_dir: Path | None = None, provider: str = "auto") -> RunShadow:
    """Return what a worker calls after each pre-read of a volume; see ``_opened_once``."""
    folder = data_dir or default_data_dir()

    def for_volumes(models: InstalledModels, name: str) -> Detector | None:
        return None if reads_images(models.registry.load(name)) else models.detector(name)

    return RunShadow(_opened_once(folder, provider, for_volumes), StoredRunFolder(folder / "model-runs"), SystemClock())


def image_shadow_runner(data_dir: Path | None = None, provider: str = "auto") -> RunImageShadow:
    """Return what a worker calls after each study of single images; see ``_opened_once``."""
    folder = data_dir or default_data_dir()

    def for_images(models: InstalledModels, name: str) -> ImageDetector | None:
        bundle = models.registry.load(name)
        return ModelRunner(bundle, parse_provider(provider)) if reads_images(bundle) else None

    shadow = _opened_once(folder, provider, for_images)
    return RunImageShadow(shadow, planar_image, StoredRunFolder(folder / "model-runs"), SystemClock())


def _opened_once(
    data_dir: Path, provider: str, opened: Callable[[InstalledModels, str], T | None]
) -> Callable[[], T | None]:
    """Return what gives the shadow of the moment: it is opened once and kept until another one is chosen."""
    choices = ModelChoiceFile(data_dir / "model-choice.json")
    kept: dict[str, T | None] = {}

    def shadow() -> T | None:
        name = choices.load().shadow
        if name not in kept:
            kept.clear()
            if name is not None:
                kept[name] = opened(installed_models(provider), name)
        return None if name is None else kept[name]

    return shadow


def run_models_command(options: argparse.Namespace) -> int:
    """Run one act on bundles and print its result as JSON."""
    print(json.dumps(_act(options, installed_models()), indent=1, ensure_ascii=False))
    return 0


def _act(options: argparse.Namespace, models: InstalledModels) -> Any:  # noqa: ANN401  JSON
    if options.action == "list":
        return list_models(models.registry)
    if options.action == "check":
        return check_model(options.bundle, models.registry)
    if options.action == "keygen":
        private = _needed(options.out, "--out")
        public = private.with_suffix(".pub.pem")
        return {"key_id": make_key(private, public), "private": str(private), "public": str(public)}
    if options.bundle is None:
        raise BundleInvalid(
            tr("Name the model that “{action}” is about.", action=options.action),
            hint=tr("“lianyue models list” shows what is installed."),
        )
    return _act_on(options.bundle, options, models)


def _act_on(name: str, options: argparse.Namespace, models: InstalledModels) -> dict[str, Any]:
    if options.action == "import":
        card = models.bring_in(Path(name))
        return {"id": card.model_id, "version": card.version, "sha256": card.sha256, "trust": card.trust.value}
    if options.action == "export":
        archive = options.out or Path(f"{name}.zip")
        models.take_out(name, archive)
        return {"id": name, "file": str(archive)}
    if options.action == "remove":
        models.remove(name)
        return {"id": name, "removed": True}
    return {"id": name, "key_id": sign_bundle(Path(name), _needed(options.key, "--key"))}


def _needed(path: Path | None, option: str) -> Path:
    if path is None:
        raise BundleInvalid(tr("The option {option} is missing.", option=option))
    return path
