"""The phrases that a reader is offered, and what their placeholders stand for in the open case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from resources.phrases import shipped_phrases
from resources.translation import tr
from workstation.domain.errors import ReportError
from workstation.domain.finding_size import size_of
from workstation.domain.phrase import Fact, Phrase
from workstation.domain.phrase_ports import PhrasePort
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import FieldType, ReportTemplate, Text
from workstation.domain.told_fields import day_words
from workstation.services.report_links import finding_words, insertable

_LANGUAGES = ("zh_CN", "en")
_SHORTEST_SECRET = 2


@dataclass(slots=True)
class PhraseBook:
    """
    Own phrases first, then those of the site, of all sites, and the shipped ones.

    Of one abbreviation and language the first holds. ``shared`` gives what the hub gives, ``site_id`` the site of the
    open case.
    """

    store: PhrasePort
    shared: Callable[[], Sequence[Phrase]] = tuple
    site_id: Callable[[], str] = str
    _own: tuple[Phrase, ...] | None = field(default=None, repr=False)

    def all(self) -> tuple[Phrase, ...]:
        """Return every phrase for the open case. Raises StorageError where the own ones cannot be read."""
        shared = [one for one in self.shared() if one.site_id in {"", self.site_id()}]
        shared.sort(key=lambda one: not one.site_id)
        found: dict[tuple[str, str], Phrase] = {}
        for one in (*self.own(), *shared, *_shipped()):
            found.setdefault((one.abbreviation, one.language[:2]), one)
        return tuple(found.values())

    def own(self) -> tuple[Phrase, ...]:
        """Return the reader's own phrases. Raises StorageError."""
        if self._own is None:
            self._own = tuple(self.store.load())
        return self._own

    def keep(self, phrase: Phrase, *, of_patient: Sequence[str] = ()) -> None:
        """
        Keep a phrase in the place of the own one of its abbreviation and language.

        ``of_patient`` are name and numbers of the open case, which a phrase must not hold. Raises ReportError for
        one that does, DiskFull, StorageError.
        """
        words = " ".join((phrase.title, phrase.text, *(text for _key, text in phrase.fields))).casefold()
        for secret in of_patient:
            if len(secret.strip()) >= _SHORTEST_SECRET and secret.strip().casefold() in words:
                raise ReportError(
                    tr("This phrase names the patient of the open case"),
                    hint=tr("Put a placeholder such as {place} where it stands.", place="{…}"),
                )
        self._write((phrase, *(one for one in self.own() if not _is_same(one, phrase))))

    def drop(self, phrase: Phrase) -> None:
        """Delete an own phrase; the shared or shipped one that it replaced is there again. Raises StorageError."""
        self._write(tuple(one for one in self.own() if not _is_same(one, phrase)))

    def _write(self, phrases: tuple[Phrase, ...]) -> None:
        self.store.save(phrases)
        self._own = phrases


def _is_same(one: Phrase, other: Phrase) -> bool:
    return (one.abbreviation, one.language[:2]) == (other.abbreviation, other.language[:2])


def _shipped() -> tuple[Phrase, ...]:
    return tuple(
        Phrase(
            raw["abbreviation"],
            raw[language[:2]]["title"],
            raw[language[:2]]["text"],
            language,
            tuple(raw["templates"]),
            tuple((key, texts[language[:2]]) for key, texts in raw.get("fields", {}).items()),
            shipped=True,
        )
        for language in _LANGUAGES
        for raw in shipped_phrases()
    )


def facts_of(report: Report, template: ReportTemplate, study: Study, prior_date: str = "") -> dict[str, Fact]:
    """
    Return what placeholders stand for, by their names in small letters: in Chinese, in English and as field keys.

    Findings and measurements come as links. What is not known is left out, so that its placeholder stays.
    """
    words = report.language
    findings = sorted(report.findings.reported, key=lambda one: one.number)
    told: dict[Text, Fact] = {
        Text("检查日期", "study date"): Fact(day_words(study.study_date)),
        Text("检查项目", "examination"): Fact(study.description),
        Text("既往日期", "prior date"): Fact(day_words(prior_date)),
        Text("病灶数", "finding count"): Fact(str(len(findings)) if findings else ""),
    }
    lines = report.drawn.annotations
    sized = [(size.mm, one) for one in findings if (size := size_of(one, lines)) is not None]
    if sized:
        size_mm, largest = max(sized, key=lambda pair: pair[0])
        told[Text("最大病灶", "largest finding")] = Fact(finding_words(largest, words, lines), largest.tracking_uid)
        told[Text("最大径", "largest size")] = Fact(f"{size_mm:.1f} mm")
    for at, one in enumerate(findings, start=1):
        told[Text(f"病灶{at}", f"finding {at}")] = Fact(finding_words(one, words, lines), one.tracking_uid)
    drawn = [fact for fact in insertable(report) if fact.kind != Fact("").kind]
    for at, fact in enumerate(drawn, start=1):
        told[Text(f"测量{at}", f"measurement {at}")] = fact
    facts = {name.casefold(): fact for texts, fact in told.items() for name in (texts.zh, texts.en)}
    for item in template.fields:
        value = report.values.get(item.key, "").strip()
        if item.type is FieldType.FINDINGS or not value:
            continue
        shown = next((choice.label.get(words) for choice in item.choices if choice.key == value), value)
        fact = Fact(f"{shown} {item.unit_words}".strip())
        for name in (item.key, item.label.zh, item.label.en):
            facts.setdefault(name.casefold(), fact)
    return {name: fact for name, fact in facts.items() if fact.words}
