"""``lianyue models``, and the model page's adapters joined to its ports."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from models.engine.detect_command import check_model, list_models, reads_images
from models.engine.installed import InstalledModels
from models.engine.runner import ModelRunner
from models.engine.session import parse_provider
from models.engine.trust import make_key, sign_bundle
from resources.translation import tr
from workstation.dicom.images.planar import planar_image
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.domain.errors import BundleInvalid
from workstation.domain.model_ports import ImageDetector
from workstation.domain.ports import AuditPort, Detector
from workstation.services.detection_service import ModelsInUse
from workstation.services.image_detection import PreReadImages
from workstation.services.model_service import ModelPage
from workstation.services.shadow_service import RunImageShadow, RunShadow
from workstation.services.uid import SystemClock
from workstation.settings import default_path
from workstation.storage.data_dir import default_data_dir
from workstation.storage.model_store import ModelChoiceFile, StoredRunFolder

T = TypeVar("T")
_OWN: Final = ""
"""Stands for the product's own model where a choice would name one"""
_log = logging.getLogger(__name__)


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


def models_in_use(
    provider: str = "auto", data_dir: Path | None = None, *, tell: Callable[[str], None] = _log.info
) -> Callable[[], ModelsInUse]:
    """
    Return what tells a worker, for each workitem, which models the choice of this machine means.

    The product's own reads volumes where nobody chose a model or chose one for single images; ``tell`` hears where
    that is not the best one that ships (ADR 0062). A model that somebody chose is used or refused, and a choice to
    switch off means none. What it gives raises BundleInvalid, OutOfMemory, StorageError.
    """
    choices = ModelChoiceFile((data_dir or default_data_dir()) / "model-choice.json")

    def volumes_with(models: InstalledModels, name: str) -> Detector | None:
        if name == _OWN or reads_images(models.registry.load(name)):
            return models.own_detector(tell)
        return models.detector(name)

    def images_with(models: InstalledModels, name: str) -> PreReadImages | None:
        bundle = models.registry.load(name)
        if not reads_images(bundle):
            return None
        return PreReadImages(ModelRunner(bundle, parse_provider(provider)), planar_image, DicomObjects(SystemClock()))

    volumes, images = _opened_once(provider, volumes_with), _opened_once(provider, images_with)

    def in_use() -> ModelsInUse:
        choice = choices.load()
        if choice.off:
            return ModelsInUse(volumes(None), images(None))
        return ModelsInUse(volumes(choice.active or _OWN), images(choice.active))

    return in_use


def shadow_runner(data_dir: Path | None = None, provider: str = "auto") -> RunShadow:
    """Return what a worker calls after each pre-read of a volume; see ``_opened_once``."""
    folder = data_dir or default_data_dir()

    def for_volumes(models: InstalledModels, name: str) -> Detector | None:
        return None if reads_images(models.registry.load(name)) else models.detector(name)

    shadow = _shadow_of(folder, _opened_once(provider, for_volumes))
    return RunShadow(shadow, StoredRunFolder(folder / "model-runs"), SystemClock())


def image_shadow_runner(data_dir: Path | None = None, provider: str = "auto") -> RunImageShadow:
    """Return what a worker calls after each study of single images; see ``_opened_once``."""
    folder = data_dir or default_data_dir()

    def for_images(models: InstalledModels, name: str) -> ImageDetector | None:
        bundle = models.registry.load(name)
        return ModelRunner(bundle, parse_provider(provider)) if reads_images(bundle) else None

    shadow = _shadow_of(folder, _opened_once(provider, for_images))
    return RunImageShadow(shadow, planar_image, StoredRunFolder(folder / "model-runs"), SystemClock())


def _shadow_of(data_dir: Path, opened: Callable[[str | None], T | None]) -> Callable[[], T | None]:
    """Return what gives the shadow of the moment."""
    choices = ModelChoiceFile(data_dir / "model-choice.json")
    return lambda: opened(choices.load().shadow)


def _opened_once(provider: str, opened: Callable[[InstalledModels, str], T | None]) -> Callable[[str | None], T | None]:
    """Return what opens a model by its name: once, kept until another one is asked for; None gives it back."""
    kept: dict[str, T | None] = {}

    def model(name: str | None) -> T | None:
        if name not in kept:
            kept.clear()
            if name is not None:
                kept[name] = opened(installed_models(provider), name)
        return None if name is None else kept[name]

    return model


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
