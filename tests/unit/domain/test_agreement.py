"""Cohen's kappa against published values, and when two readings agree."""

from __future__ import annotations

import math

import pytest

from tests.helpers.cases import NOON, report
from workstation.domain.agreement import Agreement, cohen_kappa
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Scheme
from workstation.domain.double_reading import conclusion, ratings, readings_agree
from workstation.domain.report import Report
from workstation.domain.report_version import CaseRules, DoubleReadingState, ReportPolicy


def table(yes_yes: int, yes_no: int, no_yes: int, no_no: int) -> list[tuple[str, str]]:
    return [("yes", "yes")] * yes_yes + [("yes", "no")] * yes_no + [("no", "yes")] * no_yes + [("no", "no")] * no_no


@pytest.mark.parametrize(
    ("counts", "observed", "expected", "kappa"),
    [
        # Wikipedia, "Cohen's kappa", the grant proposals and the two tables of equal agreement
        ((20, 5, 10, 15), 0.7, 0.5, 0.4),
        ((45, 15, 25, 15), 0.6, 0.54, 0.1304),
        ((25, 35, 5, 35), 0.6, 0.46, 0.2593),
        # by hand: all agree, (5*5 + 5*5) / 100 by chance; all disagree, the same by chance
        ((5, 0, 0, 5), 1.0, 0.5, 1.0),
        ((0, 5, 5, 0), 0.0, 0.5, -1.0),
    ],
)
def test_kappa_of_published_tables(
    counts: tuple[int, int, int, int], observed: float, expected: float, kappa: float
) -> None:
    found = cohen_kappa(table(*counts))

    assert found.cases == sum(counts)
    assert found.observed == pytest.approx(observed, abs=1e-12)
    assert found.expected == pytest.approx(expected, abs=1e-12)
    assert found.kappa == pytest.approx(kappa, abs=5e-5)


def test_the_standard_error_by_hand() -> None:
    # 50 cases, p_o 0.7, p_e 0.5: sqrt(0.7 * 0.3 / (50 * 0.25)) = sqrt(0.0168)
    assert cohen_kappa(table(20, 5, 10, 15)).standard_error == pytest.approx(math.sqrt(0.0168), abs=1e-12)


def test_three_categories_by_hand() -> None:
    pairs = [("2", "2"), ("2", "2"), ("3", "3"), ("4A", "3"), ("4A", "4A"), ("3", "2")]
    # same 4 of 6; by chance (2*3 + 2*2 + 2*1) / 36 = 12/36; kappa = (2/3 - 1/3) / (2/3)
    assert cohen_kappa(pairs).kappa == pytest.approx(0.5, abs=1e-12)


def test_where_both_always_say_the_same_word_chance_explains_all_and_kappa_says_nothing() -> None:
    assert cohen_kappa([("2", "2")] * 3) == Agreement(3, 1.0, 1.0, None, None)
    with pytest.raises(ValueError, match="at least one case"):
        cohen_kappa([])


def rated(category: str, impression: str = "") -> Report:
    result = CategoryResult(Scheme.LUNG_RADS, "v2022", category, "rule", "management")
    plain = report(values={"impression": impression})
    return plain.with_category(AssignedCategory(result, category, "", "", "expert", NOON), at=NOON)


def test_categories_decide_whether_two_readings_agree_and_only_without_any_the_words_do() -> None:
    assert readings_agree(rated("3", "甲"), rated("3", "乙"))
    assert not readings_agree(rated("3", "甲"), rated("4A", "甲"))
    assert not readings_agree(rated("3", "甲"), report(values={"impression": "甲"}))
    assert readings_agree(report(values={"impression": "ＣＴ 正常"}), report(values={"conclusion": "ct正常"}))
    assert not readings_agree(report(values={"impression": "甲"}), report(values={"impression": "乙"}))
    assert not readings_agree(report(values={}), report(values={}))
    assert (ratings(rated("4A")), conclusion(report(values={"diagnosis": " 肺炎 "}))) == ({"lung-rads": "4A"}, "肺炎")


def test_what_the_rules_allow_before_anybody_types_a_pin() -> None:
    own = report()
    author = own.author.user_id

    assert CaseRules().may_sign(own, author)
    assert not CaseRules(second_signer=True).may_sign(own, author)
    assert CaseRules(second_signer=True).may_sign(own, "expert")
    assert not CaseRules(double_reading=DoubleReadingState.READING).may_sign(own, "expert")
    assert CaseRules(double_reading=DoubleReadingState.ARBITRATION).may_sign(own, "expert")
    assert ReportPolicy(double_reading_every=20).double_reading_every == 20
    with pytest.raises(ValueError, match="0 to 10000"):
        ReportPolicy(double_reading_every=-1)
