"""What helps a reader write, joined in bootstrap; a page without it offers none of it."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.dictation import DictationPort
from workstation.services.phrase_service import PhraseBook
from workstation.services.prior_service import ComparePriors


@dataclass(frozen=True, slots=True, eq=False)
class WritingAids:
    """One person's phrases, the priors of one hub, and a recogniser of speech where there is one."""

    phrases: PhraseBook
    priors: ComparePriors | None = None
    dictation: DictationPort | None = None
