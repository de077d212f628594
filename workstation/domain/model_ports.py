"""Ports of the model page: which models there are, which run here, and what a shadow said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import (
    GateResult,
    ImageFindings,
    ModelCard,
    ModelChoice,
    ModelOutput,
    PlanarImage,
    StoredRun,
)
from workstation.domain.ports import CancelToken, Detector, JobContext
from workstation.domain.study import Study


class ImageDetector(Protocol):
    """A model that reads single images."""

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return name, version and sha256, and whether it is for research only."""
        ...

    @property
    def modalities(self) -> tuple[str, ...]:
        """Return the modalities it was made for."""
        ...

    def detect_image(self, image: PlanarImage, job: JobContext) -> ModelOutput:
        """Run on one image. Raises InputOutsideIntendedUse, ProviderUnavailable, BundleInvalid, JobCancelled."""
        ...


class PlanarObjects(Protocol):
    """Makes the DICOM object of a pre-read of single images."""

    def planar_sr(self, study: Study, algorithm: AlgorithmIdentity, images: Sequence[ImageFindings]) -> bytes:
        """Return the SR (TID 1500, UNVERIFIED) as Part 10 bytes. Raises TemplateViolation for a research model."""
        ...


class ModelPort(Protocol):
    """The models on this machine. ``model_id`` is the name of the installed model, or ``ID-VERSION``."""

    def cards(self) -> tuple[ModelCard, ...]:
        """Return every installed model; a broken one carries its fault."""
        ...

    def gates(self, model_id: str, job: CancelToken | None = None) -> tuple[GateResult, ...]:
        """
        Run the load gate anew, up to the first step that fails.

        Raises BundleInvalid for an unknown model, JobCancelled.
        """
        ...

    def bring_in(self, path: Path, job: CancelToken | None = None) -> ModelCard:
        """Check and install a folder or zip. Raises BundleInvalid, StorageError, JobCancelled."""
        ...

    def take_out(self, model_id: str, archive: Path) -> None:
        """Write a model as a zip. Raises BundleInvalid, StorageError."""
        ...

    def remove(self, model_id: str) -> None:
        """Remove a model that this site installed. Raises BundleInvalid."""
        ...

    def detector(self, model_id: str) -> Detector:
        """Return the model ready to run on volumes. Raises BundleInvalid."""
        ...


class ModelChoicePort(Protocol):
    """Which models this site uses."""

    def load(self) -> ModelChoice:
        """Return the choice; nothing chosen yet gives an empty one. Raises StorageError."""
        ...

    def save(self, choice: ModelChoice) -> None:
        """Store the choice. Raises DiskFull, StorageError."""
        ...


class StoredRunPort(Protocol):
    """What models said of studies, for comparison; shown to no reader."""

    def add(self, run: StoredRun) -> None:
        """Store one run; a later run of the same model on the same study takes its place. Raises DiskFull."""
        ...

    def runs(self, sha256: str) -> tuple[StoredRun, ...]:
        """Return the newest runs of the model with these weights, by time. Raises StorageError."""
        ...
