"""What stands on the printed report beside the text: letterhead, code, banners, critical values, marks."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from tests.helpers.full_reports import SIGNED, TEMPLATE, worklist_row
from tests.helpers.papers import (
    ATTACHED,
    GRANTED,
    HEAD,
    PRINTER,
    REFUSED,
    critical_value,
    following,
    paper_study,
    printed,
    simple,
    squeezed,
    text_of,
    with_many_findings,
    with_pictures,
)
from workstation.dicom.sr.report_words import field_text
from workstation.domain.critical import Dismissal
from workstation.domain.errors import TemplateViolation
from workstation.domain.report import Report, ReportState, SignedAddendum
from workstation.domain.report_state import ReportKind
from workstation.domain.template import FieldType, ReportTemplate
from workstation.exchange.paper import fonts
from workstation.exchange.paper.page_frame import Frame
from workstation.exchange.paper.page_items import Page, Words
from workstation.exchange.paper.page_words import age
from workstation.exchange.paper.report_code import code_text, read_code
from workstation.exchange.paper.report_layout import FOOTER_TOP, MARGIN, SIGNATURE_TOP, WIDTH
from workstation.exchange.paper.report_pdf import laid_out
from workstation.exchange.templates.library import TemplateLibrary


def full(language: str = "zh_CN") -> Report:
    report = with_many_findings(with_pictures(simple(language), 7), 25)
    long = "双肺多发微小结节，边缘欠清，最大径约 18.2 mm × 12.8 mm。" if language == "zh_CN" else "Tiny nodules. "
    report = replace(report, values=report.values | {"other": long * 14}, recognition=GRANTED)
    return following(replace(report, critical_values=(critical_value(),)), ReportKind.CORRECTED)


def pages_of(report: Report) -> list[Page]:
    study = paper_study()
    frame = Frame(report, HEAD, "CT 检查诊断报告单", "王䶮", "5f" * 32, draft=False)
    return laid_out(frame, TEMPLATE, study, worklist_row(study))


def test_the_letterhead_of_the_hospital_heads_the_report(tmp_path: Path) -> None:
    words = text_of(printed(simple()), tmp_path, "-layout")

    for expected in (
        "省影像专科联盟远程诊断中心",
        "放射科",
        "健康路 18 号",
        "电话：0571-8888 6666",
        "仅供临床医师参考。",
    ):
        assert expected in words


def test_the_code_on_the_page_carries_report_and_digest_and_can_be_scanned() -> None:
    pdf = printed(simple(), attachments=ATTACHED)
    document = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=150 / 72).to_numpy()[..., 0]
    document.close()

    (scanned,) = zxingcpp.read_barcodes(picture)

    assert read_code(scanned.text) == ("2.25.555", hashlib.sha256(ATTACHED["manifest.json"]).hexdigest())


def test_the_code_of_a_preview_is_missing_since_nothing_is_signed() -> None:
    document = pypdfium2.PdfDocument(printed(simple(), draft=True, attachments=ATTACHED))
    picture = document[0].render(scale=150 / 72).to_numpy()[..., 0]
    document.close()

    assert zxingcpp.read_barcodes(picture) == []


@pytest.mark.parametrize("text", ["", "LIANYUE:1:2.25.5", "LIANYUE:2:2.25.5:" + "A" * 64, "https://example.org"])
def test_any_other_code_is_no_report(text: str) -> None:
    assert read_code(text) is None


def test_a_code_is_read_back_as_it_was_written() -> None:
    assert read_code(code_text("2.25.5", "ab" * 32)) == ("2.25.5", "ab" * 32)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ReportKind.CORRECTED, "更正报告　取代 {time} 由 王启明 签发的报告；原报告不再有效。"),
        (ReportKind.AMENDED, "修订报告　取代 {time} 由 王启明 签发的报告；原报告不再有效。"),
        (ReportKind.ADDENDUM, "补充报告　补充 {time} 由 王启明 签发的报告；原报告继续有效。"),
    ],
)
def test_a_report_that_follows_another_says_so_first(kind: ReportKind, expected: str, tmp_path: Path) -> None:
    words = squeezed(text_of(printed(following(simple(), kind)), tmp_path))
    time_of = (SIGNED - timedelta(days=1)).astimezone().strftime("%Y-%m-%d %H:%M")

    assert squeezed(expected.format(time=time_of)) in words
    assert "原因：方位更正：左应为右。" in words
    assert words.index("原因：") < words.index("检查技术")


def test_an_addendum_stands_before_what_it_adds_to_with_the_earlier_ones(tmp_path: Path) -> None:
    earlier = (SignedAddendum("补充一：未见胸水。", "王启明", SIGNED),)
    report = following(simple(), ReportKind.ADDENDUM, addendum="补充二：请复查。", former_addenda=earlier)
    words = squeezed(text_of(printed(report), tmp_path))

    assert words.index("补充二：请复查。") < words.index("补充一：未见胸水。") < words.index("检查技术")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ReportState.ENTERED_IN_ERROR, "本报告归属错误（患者或检查有误），不得使用。原因：选错患者"),
        (ReportState.CANCELLED, "本报告已作废。原因：选错患者"),
    ],
)
def test_a_report_that_does_not_hold_says_so_first(state: ReportState, expected: str, tmp_path: Path) -> None:
    report = replace(simple(), state=state, ended_reason="选错患者")

    assert expected in squeezed(text_of(printed(report), tmp_path))


def test_a_critical_value_is_printed_with_calls_read_back_and_both_names(tmp_path: Path) -> None:
    report = replace(simple(), critical_values=(critical_value(),))
    words = squeezed(text_of(printed(report), tmp_path))

    for expected in (
        "危急值通报急性肺栓塞：右肺动脉干充盈缺损",
        "刘医师急诊科0571-88002210，电话占线；未复述",
        "刘医师急诊科0571-88002210，电话已接通；复述：王䶮，急性肺栓塞，立即处理",
        "通报方签名：王启明省影像专科联盟远程诊断中心",
        "接收方签名：刘医师清水镇中心卫生院",
    ):
        assert expected in words
    assert "签发时尚未署名" not in words


def test_a_critical_value_without_the_signature_of_the_receiver_says_so_on_paper(tmp_path: Path) -> None:
    unsigned = replace(critical_value(), received=None)

    for language, said in (
        ("zh_CN", "签发时尚未署名：接收方"),
        ("en", "Withoutasignaturewhenthereportwassigned:thereceiver"),
    ):
        report = replace(simple(language), critical_values=(unsigned,))
        assert said in squeezed(text_of(printed(report), tmp_path))


def test_a_dismissed_critical_value_is_not_printed(tmp_path: Path) -> None:
    value = critical_value()
    fresh = replace(value, calls=(), notified=None, received=None, confirmed_at=None, state=value.state.RECOGNISED)
    dismissed = fresh.dismissed(Dismissal(value.recognised_by, SIGNED, "伪影"))

    assert "危急值" not in text_of(printed(replace(simple(), critical_values=(dismissed,))), tmp_path)


def test_the_english_report_tells_of_a_critical_value_in_english(tmp_path: Path) -> None:
    report = replace(simple("en"), critical_values=(critical_value("Acute pulmonary embolism"),))
    words = squeezed(text_of(printed(report), tmp_path))

    assert "CriticalvalueAcutepulmonaryembolismRecognised:" in words
    assert "byphone,busy;notreadback" in words
    assert "byphone,reached;readback:王䶮，急性肺栓塞，立即处理" in words


def test_the_mark_of_recognition_is_printed_with_rules_and_validity(tmp_path: Path) -> None:
    words = text_of(printed(replace(simple(), recognition=GRANTED)), tmp_path, "-layout")

    assert "互认合格" in words
    assert "HR 省内 · 至 2026-12-21" in words
    assert "互认依据：规则 alliance 1.0.0，有效期至 2026-12-21。" in words


def test_without_the_mark_every_reason_is_printed(tmp_path: Path) -> None:
    words = text_of(printed(replace(simple(), recognition=REFUSED)), tmp_path, "-layout")

    assert "互认合格" not in words
    assert "未获互认标识：图像质量未评级；已超过互认有效期。规则 alliance 1.0.0。" in words


def test_a_draft_never_carries_the_mark(tmp_path: Path) -> None:
    words = text_of(printed(replace(simple(), recognition=GRANTED), draft=True), tmp_path, "-layout")

    assert ("互认合格" in words, "互认标识：签发后生成" in words) == (False, True)


def test_every_page_names_the_patient_and_its_number(tmp_path: Path) -> None:
    pages = text_of(printed(full()), tmp_path).split("\f")[:-1]
    numbers = [re.findall(r"第(\d)/(\d)页", squeezed(page)) for page in pages]

    assert numbers == [[("1", "3")], [("2", "3")], [("3", "3")]]
    assert [page.count("王䶮") >= 1 and "QS0118793" in page for page in pages] == [True] * 3


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_words_run_into_others_or_off_the_page(language: str) -> None:
    for page in pages_of(full(language)):
        spans: dict[float, list[tuple[float, float]]] = {}
        for item in page.items:
            if isinstance(item, Words) and item.text:
                spans.setdefault(round(item.y, 1), []).append((item.x, item.x + item.style.width(item.text)))
        for row in spans.values():
            row.sort()
            assert all(left >= MARGIN - 0.1 and right <= MARGIN + WIDTH + 0.1 for left, right in row)
            assert all(before[1] <= after[0] for before, after in pairwise(row))


def test_text_ends_above_the_footer_and_on_the_last_page_above_the_signatures() -> None:
    pages = pages_of(full())
    for page in pages:
        body = [item.y for item in page.items if isinstance(item, Words) and item.y < FOOTER_TOP]
        assert max(body) < FOOTER_TOP - 2
    strip = [item.text for item in pages[-1].items if isinstance(item, Words) and SIGNATURE_TOP < item.y < FOOTER_TOP]
    assert {"书写", "审核"} <= set(strip)
    assert len(strip) <= 4  # two labels, and what an empty place says


def test_where_only_the_signatures_go_on_a_new_page_that_page_says_so() -> None:
    lengths = [
        pages_of(replace(simple(), values=simple().values | {"recommendation": "一行\n" * count}))
        for count in range(1, 40)
    ]

    assert {"（本页无正文）" in pages[-1].text for pages in lengths} == {True, False}


def test_the_head_of_the_table_is_repeated_on_the_next_page() -> None:
    pages = pages_of(with_many_findings(simple(), 60))

    assert [page.text.count("部位 / 密度") for page in pages[:2]] == [1, 1]


def test_all_the_words_come_out_of_the_pdf_as_they_went_in(tmp_path: Path) -> None:
    odd = (
        "罕见字龘䶮𠮷㐂，全角ＡＢＣ１２３，混排 Lung-RADS® 4B ≥ 15 mm³、α₁、±3 ℃、"
        "ADC 0.8×10⁻³ ㎜²、CO₂；见一大小月日门车。"
    )
    report = replace(simple(), values=simple().values | {"other": odd})
    words = squeezed(text_of(printed(report), tmp_path))

    assert squeezed(odd) in words
    assert [char for char in words if "\u2e80" <= char <= "\u2fdf"] == []  # radicals instead of characters


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("template", TemplateLibrary().all(), ids=lambda one: one.template_id)
def test_every_template_is_printed_whole_in_both_languages(
    template: ReportTemplate, language: str, tmp_path: Path
) -> None:
    values = {
        item.key: item.choices[-1].key if item.choices else "5" if item.type is FieldType.NUMBER
        else (item.normal_phrase.get(language) if item.normal_phrase else "文字 text")
        for item in template.fields if item.type is not FieldType.FINDINGS
    }  # fmt: skip
    report = replace(simple(language), template_id=template.template_id, values=values)
    words = squeezed(text_of(printed(report, template=template), tmp_path))
    said = [field_text(item, report) for item in template.fields if item.type is not FieldType.FINDINGS]

    assert [text for text in said if squeezed(text) not in words] == []
    labels = [section.label.get(language) for section in template.sections]
    assert [label for label in labels if squeezed(label) not in words] == []


def test_what_pasting_brings_along_unseen_is_left_out(tmp_path: Path) -> None:
    report = replace(simple(), values=simple().values | {"other": "\ufeff双肺\u200b清晰\t未见结节"})

    assert "双肺清晰未见结节" in squeezed(text_of(printed(report), tmp_path))


def test_a_character_that_no_font_has_is_named_wherever_it_stands() -> None:
    report = replace(simple(), values=simple().values | {"other": "𪚥"})

    with pytest.raises(TemplateViolation) as caught:
        printed(report)

    assert "U+2A6A5" in caught.value.user_text


def test_the_same_report_gives_the_same_bytes_at_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = printed(simple(), attachments=ATTACHED)
    monkeypatch.setattr("fpdf.output.datetime", None)  # whoever asks for the present time fails

    assert printed(simple(), attachments=ATTACHED) == first


def test_after_the_first_page_no_shipped_font_is_read_again_and_only_the_used_glyphs_are_written() -> None:
    """This is what keeps a page at 0.07 s of processor time instead of 0.30 (ADR 0034)."""
    printed(simple(), attachments=ATTACHED)
    read = fonts._source.cache_info().misses
    printed(full(), attachments=ATTACHED)
    small = fonts.cut_font(frozenset("肺部CT 12"), bold=False)

    assert fonts._source.cache_info().misses == read
    assert len(small) < 6000


def test_a_newborn_is_counted_in_days_and_nobody_is_born_after_the_exam() -> None:
    born = {"20261118": "3 天", "20260921": "2 个月", "20271118": "—"}
    ages = {}
    for day in born:
        patient = replace(paper_study().patient, birth_date=day)
        ages[day] = age(replace(paper_study(), patient=patient), "zh_CN")

    assert ages == born


def test_the_printer_is_the_same_for_every_site_with_one_letterhead() -> None:
    assert PRINTER.letterheads.for_site("qs") is HEAD  # type: ignore[union-attr]  # made of one letterhead above


def test_how_often_a_text_was_saved_is_not_printed_as_the_version_of_a_report(tmp_path: Path) -> None:
    printed_words = squeezed(text_of(printed(replace(simple(), revision=16)), tmp_path))
    assert "文本存档号16" in printed_words
    assert "报告版本" not in printed_words


def test_that_no_nodule_was_recorded_is_said_only_where_the_template_asks_for_nodules(tmp_path: Path) -> None:
    report = simple()
    report = replace(report, findings=replace(report.findings, findings=()))
    general = TemplateLibrary().get("general")

    assert "未记录结节" in squeezed(text_of(printed(report), tmp_path))
    assert "未记录结节" not in squeezed(text_of(printed(report, template=general), tmp_path))
