"""What a label of a model means: its code in a public scheme and its words, as the model's manifest says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workstation.domain.template import Code


@dataclass(frozen=True, slots=True)
class FindingMeaning:
    """
    The meaning of one label.

    ``code`` carries the English words; ``zh`` is empty where nobody gave Chinese ones.
    """

    code: Code
    zh: str = ""

    def get(self, language: str) -> str:
        """Return the words in a language, empty where nobody gave any."""
        return self.zh if language.startswith("zh") else self.code.meaning


@dataclass(frozen=True, slots=True)
class NamedClass:
    """A label of a model, as it stands on its marks, with its meaning."""

    label: str
    meaning: FindingMeaning


def meaning_of(label: str, classes: Iterable[NamedClass]) -> FindingMeaning | None:
    """Return what a label means, None where the model does not say."""
    return next((one.meaning for one in classes if one.label == label), None)
