"""The parts of a report on paper, from the facts to the key images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workstation.dicom.recognition import recognition_words
from workstation.dicom.sr import report_words
from workstation.dicom.sr.critical_words import missing_signatures
from workstation.dicom.sr.size_words import cell_words
from workstation.domain.critical import CallRecord, CriticalState, CriticalValue
from workstation.domain.finding import Decision, Finding
from workstation.domain.finding_size import size_of
from workstation.domain.report import Report, ReportState
from workstation.domain.study import Study
from workstation.domain.template import IMPRESSIONS, FieldType, ReportTemplate, TemplateSection
from workstation.exchange.paper.fonts import printable
from workstation.exchange.paper.page_flow import BODY, Flow
from workstation.exchange.paper.page_items import GREY, PALE, RED, Box, Rule, Style, line_of
from workstation.exchange.paper.page_words import KINDS, METHODS, OUTCOMES, words
from workstation.exchange.paper.pdf_text import broken_into_lines
from workstation.exchange.paper.report_layout import LINE, MARGIN, WIDTH

_FACT: Final = Style(9.0)
_NOTE: Final = Style(8.5, colour=GREY)
_CELL: Final = Style(9.0)
_HEAD: Final = Style(9.0, bold=True)
_WARNING: Final = Style(9.5, colour=RED)
_TINT: Final = (253, 244, 244)
_INDENT_EM: Final = 2
_PAD: Final = 2.5
_ALERT_HEIGHT: Final = 6.2
_FACT_GAP: Final = 3.0
_TABLE_LINE: Final = 5.0
_NODULES: Final = "nodules"
"""Key of the table that asks for nodules; any other one holds whatever was marked"""


@dataclass(frozen=True, slots=True)
class Sections:
    """Lays the content of one report out, part after part."""

    flow: Flow
    report: Report
    template: ReportTemplate
    study: Study

    @property
    def language(self) -> str:
        """Return the language of the report."""
        return self.report.language

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Write who was examined, in three columns."""
        flow, colon = self.flow, words("colon", self.language)
        column = WIDTH / 3
        for start in range(0, len(facts), 3):
            cells = [
                broken_into_lines(printable(f"{label}{colon}{value}"), column - _FACT_GAP, _FACT.width)
                for label, value in facts[start : start + 3]
            ]
            for at, cell in enumerate(cells):
                for offset, line in enumerate(cell):
                    flow.put(line_of(MARGIN + at * column, flow.y + offset * LINE, LINE, line, _FACT))
            flow.gap(max(len(cell) for cell in cells) * LINE)
        flow.rule()

    def standing(self) -> None:
        """Say first what this document is to others, or that it does not hold."""
        report, language = self.report, self.language
        if report.state is ReportState.ENTERED_IN_ERROR:
            self._alert([words("in_error", language, reason=report.ended_reason)])
        elif report.state is ReportState.CANCELLED:
            self._alert([words("cancelled", language, reason=report.ended_reason)])
        if report.kind in KINDS and report.predecessors:
            before = report.predecessors[0]
            time = report_words.local_time(before.signed_at)
            said = KINDS[report.kind].get(language).format(time=time, signer=before.signer)
            self._alert([said, words("reason", language, reason=report.change_reason)])
        if report.addendum:
            self._section(words("addendum", language), [report.addendum])
        for former in report.former_addenda:
            time = report_words.local_time(former.signed_at)
            self._section(words("former", language, signer=former.signer, time=time), [former.text])

    def critical(self) -> None:
        """Write each critical value with whom it was told to, and both names under it."""
        for value in self.report.critical_values:
            if value.state is not CriticalState.DISMISSED:
                self._alert(self._critical_lines(value), title=words("critical", self.language))

    def _critical_lines(self, value: CriticalValue) -> list[str]:
        language = self.language
        found = report_words.local_time(value.recognised_at)
        lines = [value.text, words("recognised_at", language, time=found, name=value.recognised_by.name)]
        lines += [call_words(call, language) for call in value.calls]
        for key, signature in (("notified_by", value.notified), ("received_by", value.received)):
            if signature is not None:
                who = f"{signature.party.name} {signature.party.organisation}".strip()
                lines.append(words(key, language, name=who, time=report_words.local_time(signature.at)))
        missing = missing_signatures(value, language)
        return [*lines, missing] if missing else lines

    def sections(self) -> None:
        """Write every section of the template that has something to say."""
        report, language = self.report, self.language
        compared = [
            f"{finding.number}. {said}"
            for finding in report.findings.reported
            if (said := report_words.comparison_sentence(finding, language, report.drawn.annotations))
        ]
        for section in self.template.sections:
            paragraphs = self._paragraphs(section)
            tables = [item for item in section.fields if item.type is FieldType.FINDINGS]
            if tables:
                self.flow.heading(section.label.get(language), room=4 * LINE)
                self._table(of_nodules=any(item.key == _NODULES for item in tables))
                self._texts([*compared, *paragraphs])
                self.flow.paragraph(report_words.ai_statement(report.findings, language), _NOTE)
            elif paragraphs:
                self._section(section.label.get(language), paragraphs)

    def recognition(self) -> None:
        """Say by which rules the mark was given or refused."""
        given = self.report.recognition
        if given is not None:
            self.flow.gap(1.5)
            self.flow.paragraph(recognition_words(given, self.language), _NOTE)

    def _section(self, label: str, paragraphs: Sequence[str]) -> None:
        self.flow.heading(label, room=2 * LINE)
        self._texts(paragraphs)

    def _texts(self, paragraphs: Sequence[str]) -> None:
        first = _INDENT_EM * BODY.size_pt * 25.4 / 72 if self.language.startswith("zh") else 0.0
        for paragraph in paragraphs:
            self.flow.paragraph(paragraph, first=first)

    def _alert(self, texts: Sequence[str], title: str = "") -> None:
        """Write a tinted box with a bar at its left; it moves to the next page as a whole where it can."""
        flow = self.flow
        inner = WIDTH - 3 * _PAD
        lines = [line for text in texts for line in broken_into_lines(printable(text), inner, _WARNING.width)]
        height = (len(lines) + bool(title)) * LINE + 2 * _PAD - 1.0
        flow.need(min(height, 60.0))
        top, page = flow.y, flow.page
        page.items.append(Box(MARGIN, top, WIDTH, height, None, _TINT))
        page.items.append(Rule(MARGIN + 0.4, top, MARGIN + 0.4, top + height, RED, 0.8))
        flow.gap(_PAD - 0.5)
        if title:
            flow.line(title, Style(10.0, bold=True, colour=RED), left=MARGIN + 1.5 * _PAD)
        for line in lines:
            flow.line(line, _WARNING, left=MARGIN + 1.5 * _PAD)
        flow.gap(_PAD + 0.5)

    def _paragraphs(self, section: TemplateSection) -> list[str]:
        found = []
        for item in section.fields:
            if item.type is FieldType.FINDINGS:
                continue
            text = report_words.field_text(item, self.report)
            if text:
                label = item.label.get(self.language)
                single = len(section.fields) == 1 or label == section.label.get(self.language)
                found.append(text if single else f"{label}{words('colon', self.language)}{text}")
        if section.heading.value == IMPRESSIONS:
            for category in self.report.categories:
                lines = (report_words.category_sentence(category, self.language),
                         report_words.category_inputs(category, self.language))  # fmt: skip
                found += [line for line in lines if line]
        return found

    def _table(self, *, of_nodules: bool) -> None:
        """
        Write the findings as a table whose head is repeated on every page.

        That no nodule was recorded is said only where the template asks for nodules: a knee has no such table, and an
        empty list of marks says nothing of the lungs.
        """
        reported, language = self.report.findings.reported, self.language
        if not reported:
            self._texts([report_words.NO_FINDINGS.get(language)] if of_nodules else [])
            return
        volumes = [_volume(finding) for finding in reported]
        columns = _COLUMNS if any(volumes) else _WITHOUT_VOLUME
        head = ["#"] + [words(key, language) for key, _, _ in columns[1:]]
        self._row(head, columns, _HEAD)
        for finding, volume in zip(reported, volumes, strict=True):
            image = report_words.image_words(finding, self.report.findings, self.study, language)
            said = report_words.trait_words(finding, language)
            place = report_words.located_words(finding, language)
            cells = {
                "#": str(finding.number),
                "location": f"{place}{words('colon', language)}{said}" if said else place,
                "diameter": _size(finding, self.report),
                "volume": f"{volume:.0f}" if volume else "—",
                "image": image or "—",
                "source": report_words.source_words(finding, language),
            }
            self._row([cells[key] for key, _, _ in columns], columns, _CELL, head=head)
        self.flow.gap(1.2)

    def _row(
        self,
        cells: Sequence[str],
        columns: Sequence[tuple[str, float, bool]],
        style: Style,
        *,
        head: Sequence[str] = (),
    ) -> None:
        flow = self.flow
        lines = [
            broken_into_lines(cell, width - 2.0, style.width)
            for cell, (_, width, _) in zip(cells, columns, strict=True)
        ]
        height = max(map(len, lines)) * _TABLE_LINE + 1.0
        page = flow.page
        flow.need(height)
        if head and flow.page is not page:
            self._row(head, columns, _HEAD)
        x = MARGIN
        for cell, (_, width, right) in zip(lines, columns, strict=True):
            for at, line in enumerate(cell):
                top = flow.y + 0.5 + at * _TABLE_LINE
                flow.put(line_of(x + 1.0, top, _TABLE_LINE, line, style, right=x + width - 3.0 if right else None))
            x += width
        flow.gap(height)
        flow.put(Rule(MARGIN, flow.y, MARGIN + WIDTH, flow.y, PALE))


_COLUMNS: Final = (
    ("#", 9.0, False),
    ("location", 55.0, False),
    ("diameter", 26.0, True),
    ("volume", 27.0, True),
    ("image", 17.0, True),
    ("source", 40.0, False),
)
"""Name, width in mm, and whether figures stand at the right."""
_WITHOUT_VOLUME: Final = (
    ("#", 9.0, False),
    ("location", 68.0, False),
    ("diameter", 28.0, True),
    ("image", 20.0, True),
    ("source", 49.0, False),
)


def _size(finding: Finding, report: Report) -> str:
    size = size_of(finding, report.drawn.annotations)
    return "—" if size is None else cell_words(size, report.language)


def _volume(finding: Finding) -> float | None:
    """Return a volume that belongs to the diameter printed beside it, None where the reader changed that."""
    if finding.follow_up is not None:
        return finding.follow_up.current.volume_mm3
    accepted = finding.decision is Decision.ACCEPTED and finding.own is None
    return finding.mark.volume_mm3 if accepted and finding.mark is not None else None


def call_words(call: CallRecord, language: str) -> str:
    """Return one call in a line: when, how, by whom, to whom, and what was read back."""
    zh = language.startswith("zh")
    time = report_words.local_time(call.at)
    how = f"{METHODS[call.method].get(language)}{'' if zh else ', '}{OUTCOMES[call.outcome].get(language)}"
    to = " ".join(part for part in (call.receiver, call.receiver_role, call.number) if part)
    if zh:
        line = f"通报：{time}，{call.notifier.name} → {to}，{how}"
        return f"{line}；复述：{call.read_back_text}" if call.read_back else f"{line}；未复述"
    line = f"Told: {time}, {call.notifier.name} to {to}, {how}"
    return f"{line}; read back: {call.read_back_text}" if call.read_back else f"{line}; not read back"
