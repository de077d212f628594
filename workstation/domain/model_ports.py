"""Ports of the model page: which models there are, which run here, and what a shadow said."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from workstation.domain.model import GateResult, ModelCard, ModelChoice, StoredRun
from workstation.domain.ports import Detector


class ModelPort(Protocol):
    """The models on this machine. ``model_id`` is the name of the installed model, or ``ID-VERSION``."""

    def cards(self) -> tuple[ModelCard, ...]:
        """Return every installed model; a broken one carries its fault."""
        ...

    def gates(self, model_id: str) -> tuple[GateResult, ...]:
        """Run the load gate anew, up to the first step that fails. Raises BundleInvalid for an unknown model."""
        ...

    def bring_in(self, path: Path) -> ModelCard:
        """Check and install a folder or zip. Raises BundleInvalid, StorageError."""
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
        """Return the runs of the model with these weights, by study. Raises StorageError."""
        ...
