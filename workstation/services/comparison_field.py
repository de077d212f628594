"""The field of a report that names the studies compared with."""

from __future__ import annotations

from typing import Final

from workstation.dicom.sr import report_words
from workstation.domain.template import FieldType
from workstation.services.open_report import OpenReport

COMPARISON: Final = "comparison"
"""The template field that names the studies compared with."""


class ComparisonField:
    """Names the priors that findings were followed from, unless the reader wrote something there."""

    def __init__(self, opened: OpenReport) -> None:
        self._open = opened
        self._said = ""
        self.read_anew()

    def read_anew(self) -> None:
        """Take what the findings say now as what stands there: another version was taken up."""
        self._said = self._words()

    def say(self) -> None:
        """Name the priors of the findings as they are now."""
        item = next((one for one in self._open.template.fields if one.key == COMPARISON), None)
        if item is None or item.type is not FieldType.TEXT:
            return
        report = self._open.report
        text = report.values.get(COMPARISON, "").strip()
        phrase = "" if item.normal_phrase is None else item.normal_phrase.get(report.language)
        former, self._said = self._said, self._words()
        is_ours = bool(former) and text == former
        if is_ours or (self._said and text in {"", phrase}):
            self._open.set_value(COMPARISON, self._said)

    def _words(self) -> str:
        report = self._open.report
        return report_words.compared_with(report.findings, report.language)
