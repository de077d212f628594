"""What the reading page asks about models, joined to what lies on this machine."""

from __future__ import annotations

from pathlib import Path

from workstation.domain.model import ModelCard
from workstation.services.reading_ai import ReadingAi
from workstation.storage.tallies import TallyFolder


class LateCards:
    """Loads what reads models when a card is asked for, in the job that asks."""

    def cards(self) -> tuple[ModelCard, ...]:
        """Return every installed model."""
        from workstation.bootstrap.models import installed_models

        return installed_models().cards()


def reading_ai(data_dir: Path) -> ReadingAi:
    """Join cards and counts of this machine."""
    return ReadingAi(LateCards(), TallyFolder(data_dir / "model-tallies"))
