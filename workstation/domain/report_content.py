"""What a reader put into a report, apart from whose document it is: two versions of one case can be exchanged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum

from workstation.domain.one_person import Contradiction
from workstation.domain.prior_person import PriorPerson
from workstation.domain.report import Report
from workstation.domain.report_state import ReportState

_DIGESTED = (
    "study_instance_uid", "template_id", "template_version", "language", "kind", "values", "addendum", "findings",
    "measurements", "annotations", "categories", "key_images", "prior_measurements",
)  # fmt: skip
"""What a reader puts into a report; state, people, times and what the signature adds are no content"""


def content_digest(report: Report) -> str:
    """
    Return the SHA-256, in hexadecimal, of what a reader put into a report.

    A draft and the report that is signed from it have the same one, here and after storing. It is not the digest on
    the paper: that one covers every signed object with its times, and exists only once they are made.
    """
    content = {name: _plain(getattr(report, name)) for name in _DIGESTED}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Return a value as JSON writes it, the same before and after it was stored."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(_single(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return _single(value)


def _single(value: object) -> object:
    """Return one value: whole numbers as others, times in UTC."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value if value is None or isinstance(value, bool) else str(value)


def differing_fields(one: Report, other: Report) -> tuple[str, ...]:
    """Return the keys of the template fields whose texts differ, in the order of ``one`` and then of ``other``."""
    keys = dict.fromkeys((*one.values, *other.values))
    return tuple(key for key in keys if one.values.get(key, "").strip() != other.values.get(key, "").strip())


def says_other(one: Report, other: Report) -> bool:
    """Tell whether anything that a reader wrote, decided, measured or marked differs."""
    decided = [tuple((f.decision, f.diameter_mm, f.lobe) for f in report.findings.findings) for report in (one, other)]
    drawn = [report.drawn.annotations for report in (one, other)]
    marked = [(report.key_images, report.categories, report.prior_measurements) for report in (one, other)]
    return bool(differing_fields(one, other)) or any(first != second for first, second in (decided, drawn, marked))


def _persons(report: Report, other: Report) -> tuple[PriorPerson, ...]:
    """
    Return the persons of priors of both versions; where only one of them has somebody's word, that one.

    What contradicts is what either of them knew: a word does not cover what was learnt after it was given.
    """
    both = sorted((*other.prior_persons, *report.prior_persons), key=lambda one: one.word is not None)
    known = {
        uid: {each for one in both if one.study_instance_uid == uid for each in one.against}
        for uid in (one.study_instance_uid for one in both)
    }
    taken = {one.study_instance_uid: one for one in both}
    return tuple(
        replace(one, against=tuple(each for each in Contradiction if each in known[uid])) for uid, one in taken.items()
    )


def with_content(report: Report, other: Report, *, at: datetime) -> Report:
    """
    Return the report with everything that the reader put into ``other``; state, authors and UIDs stay its own.

    What somebody answered for before the norm gate goes with neither: it was given for the other words.
    ValueError for another study, another kind of document or a final report.
    """
    if report.state is ReportState.FINAL:
        raise ValueError("a final report is immutable")
    if (other.study_instance_uid, other.kind) != (report.study_instance_uid, report.kind):
        raise ValueError("both versions must be of one study and one kind")
    return replace(
        report,
        values=dict(other.values),
        findings=other.findings,
        measurements=other.measurements,
        annotations=other.annotations,
        categories=other.categories,
        norm_overrides=(),
        norm_found=other.norm_found,
        key_images=other.key_images,
        image_looks=other.image_looks,
        key_pictures=other.key_pictures,
        prior_measurements=other.prior_measurements,
        known_priors=report.known_priors or other.known_priors,
        prior_persons=_persons(report, other),
        links=other.links,
        carried_from=other.carried_from,
        carried_words=other.carried_words,
        addendum=other.addendum,
        updated_at=at,
        revision=report.revision + 1,
    )
