"""Differences between two documents of a case, field by field, for people to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from resources.categories import scheme_name
from resources.translation import language, tr
from workstation.dicom.sr import report_words
from workstation.domain.categories.values import Scheme
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import FieldType, ReportTemplate
from workstation.services.difference_rows import further_rows
from workstation.services.norm_answers import answer_lines

_PIECE: Final = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
"""Words and numbers stay whole; Chinese is compared sign by sign."""
_ISLAND: Final = 2
"""So few equal signs between two changes are read as part of the change"""


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text and what became of it."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field in both documents; ``before`` and ``after`` are its whole texts."""

    label: str
    before: str
    after: str
    pieces: tuple[Piece, ...]

    @property
    def is_changed(self) -> bool:
        """Tell whether the texts differ."""
        return self.before != self.after


def differences(
    before: Report, after: Report, template: ReportTemplate, study: Study | None = None
) -> tuple[FieldDifference, ...]:
    """Return the fields that either document fills, in document order, changed or not."""
    rows = [
        (tr("Reason of the change"), before.change_reason, after.change_reason),
        (tr("Addendum"), _addenda(before), _addenda(after)),
    ]
    known = set()
    for item in template.fields:
        known.add(item.key)
        if item.type is not FieldType.FINDINGS:
            old, new = report_words.field_text(item, before), report_words.field_text(item, after)
            rows.append((item.label.get(language()), old, new))
        elif study is not None:
            rows.append((item.label.get(language()), _findings(before, study), _findings(after, study)))
    rows += [
        (key, before.values.get(key, ""), after.values.get(key, ""))
        for key in sorted((before.values.keys() | after.values.keys()) - known)
    ]
    rows.append(
        (
            tr("Answered for before signing"),
            "\n".join(answer_lines(before.norm_overrides, template)),
            "\n".join(answer_lines(after.norm_overrides, template)),
        )
    )
    schemes = dict.fromkeys(one.result.scheme for report in (before, after) for one in report.categories)
    for scheme in schemes:
        rows.append((scheme_name(scheme, language()), _chosen(before, scheme), _chosen(after, scheme)))
    rows += further_rows(before, after, study)
    return tuple(FieldDifference(label, old, new, pieces(old, new)) for label, old, new in rows if old or new)


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Return the text of both with what was removed and added; SAME and REMOVED together give ``before``."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    found: list[Piece] = []
    steps = _without_islands(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    for tag, old_from, old_to, new_from, new_to in steps:
        if tag == "equal":
            found.append(Piece(Change.SAME, "".join(old[old_from:old_to])))
            continue
        if old_to > old_from:
            found.append(Piece(Change.REMOVED, "".join(old[old_from:old_to])))
        if new_to > new_from:
            found.append(Piece(Change.ADDED, "".join(new[new_from:new_to])))
    return tuple(found)


_Step = tuple[str, int, int, int, int]


def _without_islands(steps: Sequence[_Step]) -> list[_Step]:
    """Join changes that only a sign or two keeps apart: nobody can read such confetti."""
    joined: list[_Step] = []
    for number, step in enumerate(steps):
        tag, old_from, old_to, _new_from, new_to = step
        is_island = tag == "equal" and old_to - old_from <= _ISLAND and 0 < number < len(steps) - 1
        if joined and joined[-1][0] != "equal" and (tag != "equal" or is_island):
            _, first_old, _, first_new, _ = joined[-1]
            joined[-1] = ("replace", first_old, old_to, first_new, new_to)
        else:
            joined.append(step)
    return joined


def _chosen(report: Report, scheme: Scheme) -> str:
    return next((one.chosen for one in report.categories if one.result.scheme is scheme), "")


def _addenda(report: Report) -> str:
    texts = [*(one.text for one in report.former_addenda), report.addendum]
    return "\n".join(text for text in texts if text.strip())


def _findings(report: Report, study: Study) -> str:
    return "\n".join(
        report_words.finding_sentence(finding, report.findings, study, report.language, report.drawn.annotations)
        for finding in report.findings.reported
    )
