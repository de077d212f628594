"""Who a prior is of: what speaks against its being the case's patient, and who said that it is all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workstation.domain.hanging import PriorRelation, PriorStudy
from workstation.domain.one_person import Contradiction

Word = tuple[Contradiction, ...] | None
"""What a reader answered for who said that a prior is of the same person; None where nobody did"""


@dataclass(frozen=True, slots=True)
class PriorPerson:
    """
    A prior whose person is, or was, a question; kept with the report, so that who verifies it sees who answered.

    ``against`` is what contradicts as far as is known now, ``answered`` what the reader was shown who gave their word.
    Times are UTC.
    """

    study_instance_uid: str
    study_date: str
    """``YYYYMMDD`` or empty."""
    against: tuple[Contradiction, ...] = ()
    said_by: str = ""
    """User ID, empty for nobody"""
    said_by_name: str = ""
    said_at: datetime | None = None
    answered: tuple[Contradiction, ...] = ()

    @property
    def word(self) -> Word:
        """Return what somebody answered for, None where nobody gave their word."""
        return None if self.said_at is None else self.answered

    @property
    def is_confirmed(self) -> bool:
        """Tell whether the word that was given covers everything that is known to contradict."""
        return self.word is not None and set(self.against) <= set(self.answered)


def is_answered(prior: PriorStudy, word: Word) -> bool:
    """
    Tell whether a prior may be shown: certainly the same person, or the reader's ``word`` covers what contradicts.

    Who answered for another Patient ID has not answered for another name.
    """
    is_certain = prior.relation is PriorRelation.SAME_PATIENT
    return is_certain or (word is not None and set(prior.against) <= set(word))


def asked_about(prior: PriorStudy) -> tuple[Contradiction, ...]:
    """Return what a reader is shown who is asked about a prior; a hub too old to tell finds others by their ID only."""
    return (Contradiction.PATIENT_ID,) if prior.patient is None and not prior.against else prior.against
