"""What an alliance brings of its own for the printed report: letterheads and the policy of mutual recognition."""

from __future__ import annotations

from pathlib import Path

from workstation.dicom.recognition import policy_in_force
from workstation.domain.mutual_recognition import RecognitionPolicy
from workstation.exchange.letterheads import LetterheadFolder
from workstation.storage.data_dir import default_data_dir


def site_letterheads(data_dir: Path | None = None) -> LetterheadFolder:
    """Return the letterheads in ``letterheads`` of the data folder, which need not exist."""
    return LetterheadFolder((data_dir or default_data_dir()) / "letterheads")


def recognition_policy(data_dir: Path | None = None) -> RecognitionPolicy:
    """Return ``recognition.json`` of the data folder, else the shipped policy. Raises TemplateViolation."""
    return policy_in_force((data_dir or default_data_dir()) / "recognition.json")
