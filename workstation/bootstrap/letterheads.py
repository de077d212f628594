"""What an alliance brings of its own for the printed report: letterheads and the policy of mutual recognition."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from workstation.dicom.recognition import policy_in_force
from workstation.domain.errors import TemplateViolation
from workstation.domain.mutual_recognition import RecognitionPolicy
from workstation.exchange.paper.letterheads import LetterheadFolder
from workstation.storage.data_dir import default_data_dir

_LOG: Final = logging.getLogger(__name__)


def site_letterheads(data_dir: Path | None = None) -> LetterheadFolder:
    """Return the letterheads in ``letterheads`` of the data folder, which need not exist."""
    return LetterheadFolder((data_dir or default_data_dir()) / "letterheads")


def recognition_policy(data_dir: Path | None = None) -> RecognitionPolicy:
    """Return ``recognition.json`` of the data folder, else the shipped policy; a broken one keeps nobody from work."""
    try:
        return policy_in_force((data_dir or default_data_dir()) / "recognition.json")
    except TemplateViolation as exc:
        # reports print the policy they were judged by, so nobody takes this for the own one
        _LOG.warning("%s; the shipped policy holds", exc.detail)
        return policy_in_force()
