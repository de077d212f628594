"""What speaks against two studies being of one person, in words."""

from __future__ import annotations

from collections.abc import Collection

from resources.translation import tr
from workstation.domain.one_person import Contradiction


def why_doubtful(against: Collection[Contradiction]) -> str:
    """Return why a study with the same Patient ID may be another person's; empty where the ID is not the same."""
    if not against or Contradiction.PATIENT_ID in against:
        return ""
    words = {
        Contradiction.NAME: tr("name"),
        Contradiction.BIRTH_DATE: tr("birth date"),
        Contradiction.SEX: tr("sex"),
    }
    return tr("same ID, other {what}", what=tr(", ").join(word for one, word in words.items() if one in against))
