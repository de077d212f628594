"""The report on A4: what a person reads, prints and archives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from resources.font_files import report_bold, report_regular
from workstation.dicom import report_words
from workstation.dicom.report_manifest import MANIFEST_NAME
from workstation.dicom.sr_common import software_version
from workstation.domain.report import Report, ReportState
from workstation.domain.study import Study
from workstation.domain.template import IMPRESSIONS, FieldType, ReportTemplate, TemplateSection, Text
from workstation.domain.workitem import WorklistRow
from workstation.exchange.fonts import rare_characters, rare_font
from workstation.exchange.key_image_figures import HEADING, draw_figures, figure_words, figures
from workstation.exchange.pdf_text import broken_into_lines

_MARGIN: Final = 18.0
_WIDTH: Final = 210.0 - 2 * _MARGIN
_BOTTOM: Final = 30.0
_LINE: Final = 5.6
_BODY_PT: Final = 10.0
_SMALL_PT: Final = 8.5
_INK: Final = 25
_GREY: Final = 110
_COLUMNS: Final = (10.0, 74.0, 26.0, 22.0, 42.0)

_W: Final = {
    "name": Text("姓名", "Name"),
    "sex": Text("性别", "Sex"),
    "age": Text("年龄", "Age"),
    "id": Text("患者 ID", "Patient ID"),
    "accession": Text("检查号", "Accession"),
    "studied": Text("检查时间", "Study date"),
    "site": Text("申请医院", "Referring site"),
    "exam": Text("检查项目", "Examination"),
    "question": Text("临床信息", "Clinical question"),
    "years": Text("{n} 岁", "{n} y"),
    "months": Text("{n} 个月", "{n} mo"),
    "M": Text("男", "M"),
    "F": Text("女", "F"),
    "O": Text("其他", "Other"),
    "location": Text("部位 / 密度", "Location / type"),
    "diameter": Text("直径 (mm)", "Diameter (mm)"),
    "image": Text("图像", "Image"),
    "source": Text("来源", "Source"),
    "author": Text("书写：{name}", "Author: {name}"),
    "verifier": Text("审核：{name}", "Verified by: {name}"),
    "waiting": Text("待签", "pending"),
    "reported": Text("报告时间：{time}", "Reported: {time}"),
    "unsigned": Text("待签发", "not signed"),
    "version": Text("报告版本 {n}", "Report version {n}"),
    "digest": Text("摘要 SHA-256 {digest} …", "digest SHA-256 {digest} …"),
    "page": Text(
        "本报告仅对本次检查负责　第 {n} / {total} 页", "This report concerns this examination only   Page {n} / {total}"
    ),
    "watermark": Text("草稿 未签发", "DRAFT NOT SIGNED"),
    "colon": Text("：", ": "),
}


@dataclass(frozen=True, slots=True)
class ReportPdf:
    """
    Implements ReportRenderer.

    ``organisation`` heads the page. The same report gives the same bytes.
    """

    organisation: Text

    def render(
        self,
        report: Report,
        template: ReportTemplate,
        study: Study,
        row: WorklistRow,
        *,
        draft: bool,
        attachments: Mapping[str, bytes] | None = None,
    ) -> bytes:
        """
        Return a PDF with embedded fonts; ``draft`` adds the watermark.

        Raises TemplateViolation when a character has no glyph in the shipped fonts.
        """
        paper = _Paper(report, self.organisation, draft=draft, digest=_digest(attachments or {}))
        try:
            _Page(paper, template, study, row).lay_out()
            for name, content in (attachments or {}).items():
                paper.embed_file(bytes=content, basename=name, mime_type="application/json", compress=True)
            return bytes(paper.output())
        finally:
            for font in paper.fonts.values():
                if isinstance(font, TTFFont):
                    font.ttfont.close()


def _digest(attachments: Mapping[str, bytes]) -> str:
    manifest = attachments.get(MANIFEST_NAME)
    if manifest is None:
        return ""
    hexadecimal = hashlib.sha256(manifest).hexdigest()
    return " ".join(hexadecimal[start : start + 4] for start in range(0, 16, 4))


class _Paper(FPDF):
    """The sheet with what repeats on every page; it knows the report's state, not its content."""

    def __init__(self, report: Report, organisation: Text, *, draft: bool, digest: str) -> None:
        super().__init__(format="A4")
        self._report, self._draft, self._digest = report, draft, digest
        self.language = report.language
        self.organisation = organisation.get(report.language)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_BOTTOM)
        self.set_creation_date(report.signed_at or report.updated_at)
        self.set_producer(f"Lianyue {software_version()}")
        self.set_lang("zh-CN" if report.language.startswith("zh") else "en")
        self.alias_nb_pages("{total}")

    def use_fonts(self, text: str) -> None:
        """Load the fonts that the text of this report needs."""
        used = sorted({ord(char) for char in text})
        self.add_font("report", "", report_regular(), unicode_range=used)
        self.add_font("report", "B", report_bold(), unicode_range=used)
        rare = rare_characters(text)
        if rare:
            # from memory: add_font() takes files only, and a patient's characters stay off the disk
            self.fonts["rare"] = TTFFont(self, BytesIO(rare_font(rare)), "rare", "")  # type: ignore[arg-type]  # fontTools reads streams too
            self.pdf_version = "1.6"  # which this kind of font needs
            self.set_fallback_fonts(["rare"], exact_match=False)

    def words(self, key: str, **values: object) -> str:
        """Return a fixed text in the report's language."""
        return _W[key].get(self.language).format(**values)

    def header(self) -> None:
        """Draw the watermark of a draft under everything else."""
        if not self._draft:
            return
        self.set_font("report", "B", 52)
        self.set_text_color(224)
        text = self.words("watermark")
        with self.rotation(30, 105, 150):
            self.text(105 - self.get_string_width(text) / 2, 158, text)
        self.set_text_color(_INK)

    def footer(self) -> None:
        """Draw who answers for the report, its digest and the page number."""
        report = self._report
        signed = report.state is ReportState.FINAL and report.verifier is not None
        verifier = report.verifier.name if signed and report.verifier else self.words("waiting")
        time = report_words.local_time(report.signed_at) if signed else self.words("unsigned")
        left = (
            self.words("author", name=report.author.name) + "    " + self.words("verifier", name=verifier),
            self.words("reported", time=time),
        )
        version = self.words("version", n=report.revision)
        right = (
            version + (" · " + self.words("digest", digest=self._digest) if self._digest else ""),
            self.words("page", n=self.page_no(), total="{total}"),
        )
        self.set_draw_color(_GREY)
        self.line(_MARGIN, 297 - 26, _MARGIN + _WIDTH, 297 - 26)
        for index in range(2):
            self.set_xy(_MARGIN, 297 - 24 + index * _LINE)
            self.set_font("report", "", _SMALL_PT)
            self.set_text_color(_INK)
            self.cell(_WIDTH / 2, _LINE, left[index])
            self.set_text_color(_GREY)
            self.cell(_WIDTH / 2, _LINE, right[index], align="R")
        self.set_text_color(_INK)

    def fixed_texts(self) -> str:
        """Return every character that header and footer may print."""
        report = self._report
        people = report.author.name + (report.verifier.name if report.verifier else "")
        fixed = "".join(text.get(self.language) for text in _W.values())
        return self.organisation + fixed + people + "0123456789abcdef-:/· …"


class _Page:
    """Lays the content of one report out on the paper."""

    def __init__(self, paper: _Paper, template: ReportTemplate, study: Study, row: WorklistRow) -> None:
        self.paper, self.template, self.study, self.row = paper, template, study, row
        self.report = paper._report  # noqa: SLF001 - the two classes are one unit
        self.language = paper.language

    def lay_out(self) -> None:
        paper = self.paper
        title = self.template.title.get(self.language)
        facts = self._facts()
        sections = [(section, self._paragraphs(section)) for section in self.template.sections]
        rows = self._table_rows()
        statement = report_words.ai_statement(self.report.findings, self.language)
        compared = self._comparisons()
        everything = [paper.fixed_texts(), title, statement, *compared, *(text for fact in facts for text in fact)]
        for section, paragraphs in sections:
            everything += [section.label.get(self.language), *paragraphs]
        everything += [cell for cells in rows for cell in cells] + [report_words.NO_FINDINGS.get(self.language)]
        shown = figures(self.report, self.study)
        everything.append(figure_words(shown, self.language))
        paper.use_fonts("".join(everything))
        paper.set_title(title)
        paper.add_page()
        self._letterhead(title)
        self._fact_block(facts)
        for section, paragraphs in sections:
            has_table = any(item.type is FieldType.FINDINGS for item in section.fields)
            if paragraphs or has_table:
                about = [*compared, *paragraphs] if has_table else paragraphs
                self._section(section, about, rows if has_table else [], statement if has_table else "")
        if shown:
            self._heading(HEADING.get(self.language), room=8 * _LINE)
            draw_figures(paper, shown, self.language, left_mm=_MARGIN, width_mm=_WIDTH)

    def _letterhead(self, title: str) -> None:
        self._text(self.paper.organisation, size=16, bold=True, height=9)
        self._text(title, size=11.5, height=7)
        self._rule()

    def _facts(self) -> list[tuple[str, str]]:
        words, study, row = self.paper.words, self.study, self.row
        patient = study.patient
        studied = "-".join((study.study_date[:4], study.study_date[4:6], study.study_date[6:8])).strip("-")
        clock = f" {study.study_time[:2]}:{study.study_time[2:4]}" if len(study.study_time) >= 4 else ""
        facts = [
            (words("name"), shown_name(patient.name)),
            (words("sex"), words(patient.sex) if patient.sex in {"M", "F", "O"} else "—"),
            (words("age"), self._age()),
            (words("id"), patient.patient_id or "—"),
            (words("accession"), study.accession_number or "—"),
            (words("studied"), studied + clock or "—"),
            (words("site"), row.site_name or study.institution or "—"),
            (words("exam"), row.description or study.description or "—"),
        ]
        if row.clinical_question:
            facts.append((words("question"), row.clinical_question))
        return facts

    def _age(self) -> str:
        """Return the age on the day of the study, in months below two years."""
        try:
            born = _day(self.study.patient.birth_date)
            then = _day(self.study.study_date)
        except ValueError:
            return "—"
        months = (then.year - born.year) * 12 + then.month - born.month - (then.day < born.day)
        return self.paper.words("months", n=months) if months < 24 else self.paper.words("years", n=months // 12)

    def _fact_block(self, facts: list[tuple[str, str]]) -> None:
        paper = self.paper
        colon = paper.words("colon")
        column = _WIDTH / 3
        for start in range(0, len(facts), 3):
            paper.set_font("report", "", _SMALL_PT + 0.5)
            lines = [
                broken_into_lines(f"{label}{colon}{value}", column - 3, paper.get_string_width)
                for label, value in facts[start : start + 3]
            ]
            top = paper.get_y()
            for index, cell in enumerate(lines):
                for offset, line in enumerate(cell):
                    paper.set_xy(_MARGIN + index * column, top + offset * _LINE)
                    paper.cell(column, _LINE, line)
            paper.set_xy(_MARGIN, top + max(len(cell) for cell in lines) * _LINE)
        self._rule()

    def _paragraphs(self, section: TemplateSection) -> list[str]:
        found = []
        for item in section.fields:
            if item.type is FieldType.FINDINGS:
                continue
            text = report_words.field_text(item, self.report)
            if text:
                label = item.label.get(self.language)
                single = len(section.fields) == 1 or label == section.label.get(self.language)
                found.append(text if single else f"{label}{self.paper.words('colon')}{text}")
        if section.heading.value == IMPRESSIONS:
            for category in self.report.categories:
                lines = (report_words.category_sentence(category, self.language),
                         report_words.category_inputs(category, self.language))  # fmt: skip
                found += [line for line in lines if line]
        return found

    def _comparisons(self) -> list[str]:
        return [
            f"{finding.number}. {said}"
            for finding in self.report.findings.reported
            if (said := report_words.comparison_sentence(finding, self.language))
        ]

    def _table_rows(self) -> list[tuple[str, ...]]:
        words, findings = self.paper.words, self.report.findings
        if not findings.reported:
            return []
        rows: list[tuple[str, ...]] = [("#", words("location"), words("diameter"), words("image"), words("source"))]
        for finding in findings.reported:
            lobe = report_words.LOBES[finding.lobe].get(self.language)
            kind = report_words.NODULE_TYPES[finding.nodule_type].get(self.language)
            image = report_words.image_number(finding, findings, self.study)
            source = report_words.source_words(finding, self.language)
            number = "—" if image is None else str(image)
            rows.append((str(finding.number), f"{lobe} {kind}", f"{finding.diameter_mm:.1f}", number, source))
        return rows

    def _section(
        self, section: TemplateSection, paragraphs: list[str], rows: list[tuple[str, ...]], statement: str
    ) -> None:
        self._heading(section.label.get(self.language), room=3 * _LINE)
        if statement:
            self._table(rows)
        for paragraph in paragraphs:
            self._paragraph(paragraph)
        if statement:
            self._paragraph(statement, size=_SMALL_PT, grey=_GREY)

    def _heading(self, text: str, *, room: float) -> None:
        """Write a heading; where less than ``room`` mm are left below, on the next page, never alone at the foot."""
        paper = self.paper
        if paper.will_page_break(room):
            paper.add_page()
        paper.ln(1.5)
        self._text(text, size=10.5, bold=True, height=6.5)

    def _table(self, rows: list[tuple[str, ...]]) -> None:
        paper = self.paper
        if not rows:
            self._paragraph(report_words.NO_FINDINGS.get(self.language))
            return
        for index, cells in enumerate(rows):
            size = _SMALL_PT + 0.5
            if paper.will_page_break(_LINE + 1):
                paper.add_page()
            paper.set_font("report", "B" if index == 0 else "", size)
            paper.set_draw_color(200)
            for width, text, align in zip(_COLUMNS, cells, "LLRRL", strict=True):
                fitted = broken_into_lines(text, width - 2, paper.get_string_width)
                if len(fitted) > 1:
                    paper.set_font_size(size * (width - 2.5) / paper.get_string_width(text))
                pad = "  " if align == "L" and width == _COLUMNS[-1] else ""
                paper.cell(width, _LINE + 0.8, pad + text, border="B", align=align)
                paper.set_font_size(size)
            paper.ln()
        paper.ln(1)

    def _paragraph(self, text: str, *, size: float = _BODY_PT, grey: int = _INK) -> None:
        paper = self.paper
        paper.set_font("report", "", size)
        paper.set_text_color(grey)
        for line in broken_into_lines(text, _WIDTH - 4, paper.get_string_width):
            paper.set_x(_MARGIN + 4)
            paper.cell(_WIDTH - 4, _LINE, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        paper.set_text_color(_INK)

    def _text(self, text: str, *, size: float, height: float, bold: bool = False) -> None:
        paper = self.paper
        paper.set_font("report", "B" if bold else "", size)
        for line in broken_into_lines(text, _WIDTH, paper.get_string_width):
            paper.cell(_WIDTH, height, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _rule(self) -> None:
        paper = self.paper
        paper.set_draw_color(_INK)
        paper.line(_MARGIN, paper.get_y() + 1.5, _MARGIN + _WIDTH, paper.get_y() + 1.5)
        paper.ln(3.5)


def shown_name(name: str) -> str:
    """
    Return a DICOM person name as people write it: the ideographic group if there is one.

    "Wang^XiaoDong=王^小东" becomes "王小东", "Smith^John" "Smith John".
    """
    groups = name.split("=")
    ideographic = groups[1] if len(groups) > 1 else ""
    if ideographic.strip("^ "):
        return ideographic.replace("^", "").strip()
    alphabetic = " ".join(part for part in groups[0].split("^") if part)
    plain = alphabetic if alphabetic.isascii() else alphabetic.replace(" ", "")
    return plain or "—"


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a calendar day has no zone
