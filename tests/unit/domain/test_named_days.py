"""A day that the reader names is read however it is written, and an exam that nobody knows is asked for by its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.helpers.norm import subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.named_days import days_without_year, named_days
from workstation.domain.norm.values import NormField, NormPrior, Role

PRIORS = (NormPrior("2025-06-01 CT"), NormPrior("2025-12-08 CT 胸部低剂量 LDCT", is_reported=True))


@pytest.mark.parametrize(
    ("words", "readings"),
    [
        ("2025-03-12", {(2025, 3, 12)}),
        ("2025年3月12日", {(2025, 3, 12)}),
        ("２０２５年３月", {(2025, 3, 0)}),
        ("20250312", {(2025, 3, 12)}),
        ("12 March 2025", {(2025, 3, 12)}),
        ("12th of March, 2025", {(2025, 3, 12)}),
        ("March 12, 2025", {(2025, 3, 12)}),
        ("12-Mar-2025", {(2025, 3, 12)}),
        ("2025-Mar-12", {(2025, 3, 12)}),
        ("Sept. 2025", {(2025, 9, 0)}),
        ("12.03.2025", {(2025, 3, 12), (2025, 12, 3)}),
        ("31.12.2025", {(2025, 12, 31)}),
        ("03/12/2025", {(2025, 3, 12), (2025, 12, 3)}),
        ("11/2025", {(2025, 11, 0)}),
        ("二〇二五年三月", {(2025, 3, 0)}),
        ("二零二五年十二月三十一日", {(2025, 12, 31)}),
        ("二〇二五年十月廿八日", {(2025, 10, 28)}),
        ("2025年十月二十日", {(2025, 10, 20)}),
        ("12.03.25", {(2025, 3, 12), (2025, 12, 3), (2012, 3, 25)}),
        ("25年12月8日", {(2025, 12, 8)}),
        ("13/13/2025", set()),
        ("2025–12–08", {(2025, 12, 8)}),
        ("2025。12。8", {(2025, 12, 8)}),
        ("2025\u3000年\u300012\u3000月", {(2025, 12, 0)}),
        ("8-Dec-25", {(2025, 12, 8)}),
        ("Dec-25", {(2025, 12, 0)}),
        ("2025-May", {(2025, 5, 0)}),
        ("2025 May 3", {(2025, 5, 3)}),
        ("2025年12月8-9日", {(2025, 12, 8)}),
        ("2025年12月1.25mm", {(2025, 12, 0)}),
        ("2025年12月64排", {(2025, 12, 0)}),
        ("2025年12月5mm结节", {(2025, 12, 0)}),
        ("2025年12月5×6mm结节", {(2025, 12, 0)}),
        ("2025年12月\n1. 右肺", {(2025, 12, 0)}),
        ("2025年12月1. 右肺", {(2025, 12, 0)}),
    ],
)
def test_a_day_is_read_however_it_is_written(words: str, readings: set[tuple[int, int, int]]) -> None:
    (one,) = named_days(f"与 {words} CT")
    assert one.readings == readings


@pytest.mark.parametrize("words", ["2019年手术史", "大小 12.3 mm", "3 mm 12/25", "maybe 2025", "近三年三月", ""])
def test_what_names_no_day_is_read_as_none(words: str) -> None:
    assert named_days(words) == ()


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("与12月8日CT比较", {(12, 8)}),
        ("与十二月八日CT比较", {(12, 8)}),
        ("与去年12月CT比较", {(12, 0)}),
        ("与去年12月8日CT比较", {(12, 8)}),
        ("CT 12/8", {(12, 8), (8, 12)}),
        ("CT of December 8th", {(12, 8)}),
        ("CT of 8 Dec", {(12, 8)}),
        ("2024年12月8日", set()),
        ("Im 45/46", set()),
        ("12/8 mm", set()),
        ("C3 Dec 8mm", set()),
    ],
)
def test_a_day_without_its_year_is_read_only_where_no_year_is_said(words: str, days: set[tuple[int, int]]) -> None:
    assert days_without_year(words) == days


def asked(words: str) -> list[str]:
    """Return what is asked about a comparison, on an exam of 21 November 2026."""
    subject = subject_of("右肺上叶结节。" if max(words) >= "\u4e00" else "Right upper lobe nodule.", "")
    field = NormField("comparison", Role.BACKGROUND, words)
    subject = replace(subject, fields=(*subject.fields, field), priors=PRIORS, examined_on=date(2026, 11, 21))
    return [one.quote for one in norm_faults(subject) if one.rule == "unknown_comparison"]


@pytest.mark.parametrize(
    "words",
    [
        "Compared with the CT of 8 December 2025.",
        "Compared with the CT of 08.12.2025.",
        "Compared with the CT of 12/08/2025.",
        "Compared with CT 08.12.25.",
        "与二〇二五年十二月CT比较。",
        "与二〇二五年六月一日、2025-12-08 CT比较。",
        "2019年手术史。与2025-12-08 CT比较。",
        "2019年3月12日术后，与2025-12-08 CT比较。",
        "既往2019年3月行右肺上叶切除术，与2025-12-08 CT比较，无变化。",
        "2019年3月12日患者离岗，与2025-12-08 CT比较。",
        "Compared with CT of December 8, 2025 and after surgery on 3 May 2019.",
        "Lobectomy in March 2019. Compared with 2025-12-08.",
        "本次 2026-11-21 与 2025-12-08 比较。",
        "与本院2025年12月CT（检查号20251234）比较。",
        "Compared with CT 2025-12-08 (accession 20250312).",
        "Compared with CT 2025-12-08 (Acc. 20251113).",
        "Stable since 2024, may represent granuloma; compared with 2025-12-08.",
        "与2025-12-08 CT比较，肝S8病灶消融（2025-10-01）后较前缩小。",
        "与2025-12-08 CT比较，较2025-10-01用药前缩小。",
        "与2025-12-08 CT比较，TACE（2025-09-15）后碘油沉积较前减少。",
        "与2025-12-08 CT比较，COVID-19感染（2025-09-01）后纤维化较前吸收。",
        "与2025-12-08 CT比较，2025-09-01引流管拔除后气胸较前减少。",
        "与2025-12-08 CT比较，2019年5次介入后改变较前相仿。",
        "Compared to 12/08/2025, decreased since start of osimertinib in 10/2025.",
        "Compared with 12/08/2025. New since chemo 10/2025.",
        "Comparison 12/08/2025: post ablation 10/01/2025, decreased since prior.",
        "Compared with prior of 12/08/2025; stent placed 09/15/2025 unchanged from prior.",
        "Compared with 12/08/2025; prior infection 09/2025 resolved.",
        "Prior CT 12/08/2025; prior MI in March 2019.",
        "与2025-12-08 CT对比（报告日期2025-12-09）。",
        "与2025-12-08 PET/CT比较（2025-12-10报告）。",
        "Compared with 12/08/2025 (report dated 12/09/2025).",
        "与2025-12-08 CT比较；建议2027年5月复查对比。",
        "Comparison: CT 12/08/2025. Next CT 05/2027.",
        "与12月8日CT比较，无变化。",
        "CT chest 12/8",
        "与12月8日CT比较，2019-03-12术后。",
        "Comparison: 8-Dec-25 CT chest.",
        "与2025–12–08 CT比较。",
        "与2025年12月1.25mm薄层CT比较。",
        "较2025年12月5mm结节增大至6mm。",
        "对比2025-12-08 CT：2025-10新冠后改变较前吸收。",
        "Compared with 12/08/2025: PICC placement 10/2025 since prior.",
        "Compared with 12/08/2025. Stable since 03/2024.",
        "Compared with 2025-12-08; defect 10/2025 as before, earlier noted.",
    ],
)
def test_a_known_exam_is_found_and_days_of_other_things_are_not_asked_for(words: str) -> None:
    assert asked(words) == []


@pytest.mark.parametrize(
    ("words", "quotes"),
    [
        ("Compared with the CT of 12 March 2025.", ["Compared with the CT of 12 March 2025."]),
        ("与二〇二五年三月CT比较。", ["与二〇二五年三月CT比较。"]),
        ("与2025-12-08、2025-11-08 CT比较。", ["2025-11-08"]),
        ("与2025-12-08及二〇二四年三月CT对比。", ["二〇二四年三月"]),
        ("2025-12-08 CT；2025-11-08 CT；2025-11-08 CT", ["2025-11-08"]),
        ("Compared with CT of December 8, 2025 and March 12, 2025.", ["March 12, 2025"]),
        ("Compared with 2025-12-08, 2025-11-08 and 2024-01-05.", ["2025-11-08", "2024-01-05"]),
        ("与12月9日CT比较。", ["与12月9日CT比较。"]),
        ("与2024年12月8日CT比较。", ["与2024年12月8日CT比较。"]),
        ("Compared with CT of 2025-03-12, image 12/8.", ["2025-03-12"]),
        ("2025-11-08 CT（检查号20251208）比较。", ["2025-11-08 CT（检查号20251208）比较。"]),
        ("与2025-12-08、2025-11-08术前CT比较。", ["2025-11-08"]),
        ("对比2025-12-08（放疗前）及2026-03-01（放疗后）CT", ["2026-03-01"]),
        ("与2025-12-08 CT及2026-03-01复查CT", ["2026-03-01"]),
        ("Compared with 12/08/2025 and preoperative CT of 03/01/2026.", ["03/01/2026"]),
        ("Compared with 12/08/2025, unchanged since the CT of 03/2024.", ["03/2024"]),
        ("Compared with 12/08/2025, prior of 03/2024.", ["03/2024"]),
        ("与2025-12-08 CT，2026-03-01胸部CT示结节较前增大", ["2026-03-01"]),
        ("与2025-12-08术后、2019-03-12 CT比较，右肺术后改变。", ["2019-03-12"]),
    ],
)
def test_each_exam_that_nobody_knows_is_asked_for_beside_a_known_one(words: str, quotes: list[str]) -> None:
    assert asked(words) == quotes
