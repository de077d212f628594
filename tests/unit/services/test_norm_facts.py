"""What the gate is told beside the texts: coded nodules, known priors and what calls an examination the first one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.norm import subject_of
from tests.unit.services.test_category_age import lung_rads, nodule
from tests.unit.services.test_unchanged_claim import followed
from workstation.dicom.sr.report_words import compared_with, field_text
from workstation.domain.finding import Decision, Finding, Lobe, NoduleType
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.known_prior import KnownPrior
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormField, NormNodule, Role
from workstation.domain.report import Person
from workstation.domain.template import Code, Text
from workstation.domain.trait import Trait
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.norm_facts import firsts_of, nodules_of, priors_of, purpose_of
from workstation.services.norm_gate import describe_fault, faults_of

SIGNER = Person("expert", "王启明", "远程诊断中心")
TEMPLATE = TemplateLibrary().get("ct-chest-nodule")
PRIOR = KnownPrior("1.9", "20251208", "CT", "胸部低剂量 LDCT", is_reported=True)


def placed(number: int, lobe: Lobe, kind: NoduleType, mm: float = 8.0) -> Finding:
    found = cases.ai_finding(number).accepted(by="expert", at=cases.NOON)
    return found.edited(diameter_mm=mm, nodule_type=kind, lobe=lobe, by="expert", at=cases.NOON)


def told(report_language: str, *findings: Finding, **values: str) -> list[str]:
    report = cases.report(*findings, values=values)
    report = replace(report, template_id="ct-chest-nodule", language=report_language, known_priors=(PRIOR,))
    faults = faults_of(report, TEMPLATE, cases.study(), cases.row(), signer=SIGNER)
    return [describe_fault(one, TEMPLATE) for one in faults]


def test_the_table_is_told_with_side_lobe_density_and_every_size() -> None:
    film = ImageMark(ImagePlace("1.2.3", 1, (1.0, 1.0, 9.0, 9.0)), 0.9, shown=True, label="nodule")
    on_film = Finding("2.25.9", 9, None, None, Decision.ACCEPTED, film, on_image=film.place)
    report = cases.report(
        placed(1, Lobe.LEFT_UPPER, NoduleType.GROUND_GLASS), placed(2, Lobe.UNSPECIFIED, NoduleType.CALCIFIED), on_film
    )
    assert list(nodules_of(report, TEMPLATE)) == [
        NormNodule("nodules", "2.25.1001", "1 号", "1 号 左肺上叶 磨玻璃结节", "left", "upper", "ground_glass", (8.0,)),
        NormNodule("nodules", "2.25.1002", "2 号", "2 号 肺叶未注明 钙化结节", "", "", "", (8.0,)),
    ]
    without = replace(cases.template(), sections=())
    assert list(nodules_of(report, without)) == []


def test_what_was_compared_already_is_a_prior_too() -> None:
    report = cases.report(followed(6.0, 6.5))
    assert [(one.words, one.is_reported) for one in priors_of(report)] == [("2025-11-20", True)]
    same = replace(PRIOR, study_instance_uid="1.2.9", study_date="20251120", is_reported=False)
    known = replace(report, known_priors=(same,))
    assert [(one.words, one.is_reported) for one in priors_of(known)] == [("2025-11-20 CT 胸部低剂量 LDCT", False)]
    without_a_day = replace(report, known_priors=(replace(same, study_date=""),))
    assert [one.words for one in priors_of(without_a_day)] == ["CT 胸部低剂量 LDCT", "2025-11-20"]
    assert list(priors_of(cases.report(cases.ai_finding(1).accepted(by="x", at=cases.NOON)))) == []


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_sentence_that_the_report_writes_itself_is_never_questioned(language: str) -> None:
    found = followed(6.0, 6.5)
    assert found.follow_up is not None
    older = replace(found.follow_up.prior, observed_on=date(2024, 3, 1))
    told = replace(found.follow_up, others=(replace(older, observed_on=date(2023, 2, 3)),))
    also = replace(told, prior_study_instance_uid="1.2.8", prior=older, others=())
    report = replace(cases.report(replace(found, follow_up=told, also=(also,))), language=language)
    words = compared_with(report.findings, language)
    known = tuple(priors_of(replace(report, known_priors=(PRIOR,))))
    subject = replace(subject_of("", "", language=language), priors=known)
    subject = replace(subject, fields=(*subject.fields, NormField("comparison", Role.BACKGROUND, words)))

    assert [one.words[:10] for one in known] == ["2025-12-08", "2025-11-20", "2024-03-01", "2023-02-03"]
    assert all(day in words for day in ("2025-11-20", "2024-03-01", "2023-02-03"))
    assert [one.quote for one in norm_faults(subject) if one.rule == "unknown_comparison"] == []


def test_first_is_found_in_a_field_in_a_finding_and_in_the_input_of_a_category() -> None:
    baseline = Trait("change", "baseline", Text("较前", "Change"), Text("首次", "Baseline"), Code("1", "2", "3"))
    stable = replace(baseline, option="stable", value=Text("稳定", "Stable"))
    first = replace(nodule(1, 7.0), traits=(baseline,))
    report = cases.report(first, replace(nodule(2, 5.0), traits=(stable,)), values={"change": "baseline"})
    report = replace(report, categories=(lung_rads(nodule(1, 7.0)),))
    assert [(one.field, one.quote) for one in firsts_of(report, TEMPLATE)] == [
        ("change", "与前片比较：首次"),
        ("2.25.1", "1 号 较前：首次"),
        ("category:lung-rads", "病灶 1 变化 首次检查"),
    ]
    compared = replace(report, language="en", findings=cases.report().findings, values={"change": "stable"})
    assert list(firsts_of(replace(compared, categories=()), TEMPLATE)) == []


def test_each_new_fault_says_what_to_do_next() -> None:
    use_language(ENGLISH)
    nodules = (placed(1, Lobe.RIGHT_UPPER, NoduleType.SOLID), placed(2, Lobe.UNSPECIFIED, NoduleType.UNSPECIFIED, 5.0))
    said = told("en", *nodules, change="baseline", impression="Left lower lobe nodule, 5 mm.")
    assert "Nodule No. 2 has no lobe in the table, the text says “Left lower lobe nodule”: fill it in" in said
    assert (
        "Change since the prior: “Change since the prior: Baseline” although an earlier exam is there: "
        "2025-12-08 CT 胸部低剂量 LDCT. Compare with it, or say why not"
    ) in told("en", change="baseline", impression="Nodule.") + said
    assert "A low-dose chest CT with a nodule and no category: choose Lung-RADS or the table that holds" in said
    use_language(CHINESE)
    said = told("zh_CN", nodules[0], pleura="", impression="右肺上叶磨玻璃结节。", other="左肺下叶结节。")
    assert any("密度" in one for one in said)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh_CN", "首次（另有既往检查：2025-12-08 CT 胸部低剂量 LDCT）"),
        ("en", "Baseline (earlier exams exist: 2025-12-08 CT 胸部低剂量 LDCT)"),
    ],
)
def test_the_paper_never_says_first_on_its_own_beside_a_known_prior(language: str, words: str) -> None:
    report = replace(cases.report(values={"change": "baseline"}), language=language)
    item = TEMPLATE.field("change")
    assert field_text(item, report) == words.partition("（" if language == "zh_CN" else " (")[0]
    assert field_text(item, replace(report, known_priors=(PRIOR,))) == words
    unknown_day = replace(PRIOR, study_date="", description="")
    assert field_text(item, replace(report, known_priors=(unknown_day,))).count("CT") == 1


def test_a_screening_that_the_reader_chose_asks_for_lung_rads_whatever_the_exam_is_called() -> None:
    (item,) = [one for one in TEMPLATE.fields if any(choice.key == "screening" for choice in one.choices)]
    use_language(ENGLISH)
    chosen = cases.report(values={item.key: "screening", "impression": "No nodule."})
    other = next(one.key for one in item.choices if one.key != "screening")

    assert list(purpose_of(chosen, TEMPLATE)) == ["筛查"]
    assert list(purpose_of(replace(chosen, values={item.key: other}), TEMPLATE)) == []
    asked = "A screening CT without a Lung-RADS category: choose it"
    assert asked in told("en", **chosen.values)
    assert asked not in told("en", **{item.key: other, "impression": "No nodule."})
