"""Nobody signs "stable" beside two measured sizes that are not, nor a comparison with a study that nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.helpers import cases
from tests.helpers.fakes import FakeAudit, FakeReports, FakeTemplates
from tests.helpers.norm import subject_of
from tests.helpers.priors import FakeArchive, FakePriors, prior, structure
from workstation.domain.errors import Unreachable
from workstation.domain.finding import Finding, Lobe
from workstation.domain.known_prior import KnownPrior
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormField, NormPrior, Role
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.report import Person, Report, ReportState
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.case_priors import to_compare
from workstation.services.jobs import NoJob
from workstation.services.norm_gate import describe_fault, faults_of
from workstation.services.prior_service import ComparePriors

SIGNER = Person("expert", "王启明", "远程诊断中心")
TEMPLATE = TemplateLibrary().get("ct-chest-nodule")
CENTRE = (-57.0, 131.0, -520.5)
SIGNED = KnownPrior("1.9.1", "20251208", "CT", "胸部 CT 平扫", is_reported=True, largest_mm=12.1)


def nodule(number: int, mm: float) -> Finding:
    found = cases.ai_finding(number).accepted(by="expert", at=cases.NOON)
    return found.edited(diameter_mm=mm, lobe=Lobe.RIGHT_UPPER, by="expert", at=cases.NOON)


def paired(before: tuple[float, float | None], now: tuple[float, float | None]) -> Finding:
    then = NoduleObservation("2.25.9", date(2025, 11, 20), CENTRE, before[0], before[1])
    this = NoduleObservation("2.25.1001", date(2026, 11, 20), CENTRE, now[0], now[1])
    pair = FollowUp("1.2.9", then, this, own_tracking_uid="2.25.1001")
    return nodule(1, now[0]).followed(pair, tracking_uid="2.25.9")


def told(*findings: Finding, priors: tuple[KnownPrior, ...] = (SIGNED,), **values: str) -> list[str]:
    report = cases.report(*findings, values={"impression": "见上。", **values})
    report = replace(report, template_id="ct-chest-nodule", language="en", known_priors=priors)
    faults = faults_of(report, TEMPLATE, cases.study(), cases.row(), signer=SIGNER)
    return [describe_fault(one, TEMPLATE) for one in faults if one.rule == "change_despite_sizes"]


def test_stable_beside_a_signed_prior_of_another_size_is_told_with_both_sizes_and_the_rule() -> None:
    assert told(nodule(1, 15.5), change="stable") == [
        (
            "Change since the prior: “Stable” is chosen, the sizes say otherwise: largest nodule 12.1 mm in the signed "
            "report of 2025-12-08, 15.5 mm now (+3.4 mm, limit 1.5 mm, Lung-RADS v2022)"
        )
    ]
    assert told(change="stable", dominant_long_mm="16.8", dominant_short_mm="14.2") != []


@pytest.mark.parametrize(
    ("now", "chosen", "doubted"),
    [
        (13.6, "stable", False),  # 1.5 mm is what measuring again may change
        (13.7, "stable", True),
        (10.5, "stable", True),
        (15.5, "growing", False),
        (10.5, "growing", True),
        (15.5, "smaller", True),
        (10.5, "smaller", False),
        (15.5, "new", False),
    ],
)
def test_a_change_is_doubted_only_beyond_the_rule_of_growth(
    now: float,
    chosen: str,
    doubted: bool,  # noqa: FBT001 - a table
) -> None:
    assert bool(told(nodule(1, now), change=chosen)) is doubted


def test_a_pair_that_the_reader_confirmed_decides_before_the_largest_of_the_prior() -> None:
    assert told(paired((14.6, None), (15.5, None)), change="stable") == []
    assert told(paired((12.1, 900.0), (13.0, 1200.0)), change="stable") == [
        (
            "Change since the prior: “Stable” is chosen, the sizes say otherwise: 12.1 mm on 2025-11-20, 13.0 mm now "
            "(+0.9 mm, volume +33%, limit 25 %, BTS 2015)"
        )
    ]


def test_where_nothing_was_measured_then_nothing_is_doubted() -> None:
    assert told(nodule(1, 15.5), priors=(replace(SIGNED, largest_mm=None),), change="stable") == []
    assert told(priors=(SIGNED,), change="stable") == []


def test_the_sizes_of_the_newest_signed_prior_are_read_before_anybody_types() -> None:
    source, archive, audit, reports = FakePriors(), FakeArchive(), FakeAudit(), FakeReports()
    source.known = [prior("1.9.2", "20260301"), prior("1.9.1", "20251208", reported=True)]
    archive.studies = {uid: structure(uid, day) for uid, day in (("1.9.1", "20251208"), ("1.9.2", "20260301"))}
    reports.stored = _signed(cases.report(nodule(1, 9.0), nodule(2, 12.1)))
    service = ComparePriors(source, archive, reports, FakeTemplates(), audit, lambda pdf: pdf.decode())
    current = structure("1.2.3", "20261121")

    known = to_compare(service.find("1.2.3.8", current, (), NoJob()), current)

    assert [(one.study_instance_uid, one.largest_mm) for one in known] == [("1.9.2", None), ("1.9.1", 12.1)]
    reports.stored = replace(reports.stored, state=ReportState.PRELIMINARY)
    assert service.find("1.2.3.8", current, (), NoJob()).largest_mm == {}


def test_a_prior_whose_report_cannot_be_had_still_is_one() -> None:
    class Cut(FakeReports):
        def fetch(self, ups_instance_uid: str) -> Report | None:
            raise Unreachable(ups_instance_uid)

    source, archive = FakePriors([prior("1.9.1", reported=True)]), FakeArchive({"1.9.1": structure("1.9.1")})
    service = ComparePriors(source, archive, Cut(), FakeTemplates(), FakeAudit(), lambda pdf: pdf.decode())

    found = service.find("1.2.3.8", structure("1.2.3", "20261121"), (), NoJob())

    assert ([one.study_instance_uid for one in found.known], found.largest_mm) == (["1.9.1"], {})


def _signed(report: Report) -> Report:
    return replace(report, state=ReportState.FINAL, signed_at=cases.NOON, verifier=SIGNER)


PRIORS = (NormPrior("2025-06-01 CT"), NormPrior("2025-12-08 CT 胸部低剂量 LDCT", is_reported=True))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("10", True),
        ("与前片比较。", True),
        ("与 2025-11-08 的检查比较。", True),
        ("与 2025-12-08 的检查比较。", False),
        ("与2025年12月8日CT比较。", False),
        ("与2025年6月CT比较。", False),
        ("20251208 LDCT", False),
        ("Compared with the study of 2025-12-08.", False),
        ("Compared with the study of 2024.", True),
        ("与外院 2024-03 胸部 CT 比较。", False),
        ("Films brought by the patient, 2024.", False),
        ("无可供对比的既往检查。", False),
        ("无", False),
        ("无。", False),
        ("—", False),
        ("无既往影像", False),
        ("无可比前片", False),
        ("首次", False),
        ("未比较。", False),
        ("None.", False),
        ("N/A", False),
        ("与前片比较无变化。", True),
        ("无明显变化。", True),
        ("No change.", True),
        ("No prior examination available for comparison.", False),
    ],
)
def test_what_was_compared_with_is_an_exam_that_is_known_or_is_asked_for(
    words: str,
    asked: bool,  # noqa: FBT001 - a table
) -> None:
    subject = subject_of("右肺上叶结节。" if max(words) >= "\u4e00" else "Right upper lobe nodule.", "")
    subject = replace(subject, fields=(*subject.fields, NormField("comparison", Role.BACKGROUND, words)), priors=PRIORS)
    found = [(one.quote, one.against) for one in norm_faults(subject) if one.rule == "unknown_comparison"]
    assert found == ([(words, "2025-06-01 CT; 2025-12-08 CT 胸部低剂量 LDCT")] if asked else [])
