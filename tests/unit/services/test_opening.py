"""Opening a case: one winner, no lost draft, no lost AI finding."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tests.helpers import cases, fakes
from tests.helpers.cases import ALGORITHM, NOON, FixedClock, Uids, ai_finding, report, row
from tests.helpers.pet import pet_header
from workstation.dicom.header import header_of
from workstation.dicom.images.assemble import studies_of
from workstation.domain.audit import AuditAction
from workstation.domain.errors import AlreadyClaimed
from workstation.domain.finding import Decision, Finding, FindingList
from workstation.domain.report import ReportState
from workstation.domain.template import FieldType, ReportTemplate, TemplateField, Text
from workstation.domain.workitem import Claim, ReadingState, WorklistRow
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.study_service import OpenCase, ReleaseCase
from workstation.services.uid import transaction_uid

AI = FindingList("1.2.3", "1.2.3.2", "1.2.3.9", ALGORITHM, (ai_finding(1), ai_finding(2)))


@dataclass
class Bench:
    """One reader's surroundings."""

    worklist: fakes.FakeWorklist = field(default_factory=lambda: fakes.FakeWorklist(row()))
    reports: fakes.FakeReports = field(default_factory=fakes.FakeReports)
    drafts: fakes.FakeDrafts = field(default_factory=fakes.FakeDrafts)
    findings: fakes.FakeFindings = field(default_factory=lambda: fakes.FakeFindings(AI))
    audit: fakes.FakeAudit = field(default_factory=fakes.FakeAudit)
    templates: fakes.FakeTemplates = field(default_factory=fakes.FakeTemplates)

    def open_case(self) -> OpenCase:
        return OpenCase(
            worklist=self.worklist,
            retrieve=fakes.FakeImages(),
            finding_source=self.findings,
            reports=self.reports,
            drafts=self.drafts,
            templates=self.templates,
            audit=self.audit,
            clock=FixedClock(),
            new_uid=Uids(),
            transaction_uid=lambda user, ups: transaction_uid(b"secret", user, ups),
        )


def template_with_question() -> ReportTemplate:
    plain = cases.template()
    question = TemplateField("clinical_question", FieldType.TEXT, Text("临床诊断与检查目的", "Clinical question"))
    first = replace(plain.sections[0], fields=(question, *plain.sections[0].fields))
    return replace(plain, sections=(first, *plain.sections[1:]))


def test_opening_claims_and_starts_a_draft_with_undecided_ai_findings() -> None:
    bench = Bench()
    opened = bench.open_case()(row(), fakes.RESIDENT)

    assert opened.claim == bench.worklist.claims[0]
    assert [f.decision for f in opened.report.findings.findings] == [Decision.UNDECIDED] * 2
    assert (opened.report.state, opened.report.author.name) == (ReportState.DRAFTED, "宋佳")
    assert bench.audit.actions == [AuditAction.STUDY_VIEWED]


def test_a_report_begins_with_the_question_of_the_request() -> None:
    bench = Bench(templates=fakes.FakeTemplates((template_with_question(),)))
    opened = bench.open_case()(replace(row(), clinical_question=" 结节有无增大？ "), fakes.RESIDENT)

    assert opened.report.values == {"clinical_question": "结节有无增大？"}


def test_a_question_that_the_reader_cleared_or_rewrote_stays_as_the_reader_left_it() -> None:
    bench = Bench(templates=fakes.FakeTemplates((template_with_question(),)))
    asked = replace(row(), clinical_question="结节有无增大？")
    for own in ("", "肺结节随访，吸烟 30 年。"):
        kept = report(values={"clinical_question": own})
        bench.drafts.kept["1.2.3", "resident"] = replace(kept, author=replace(kept.author, user_id="resident"))
        assert bench.open_case()(asked, fakes.RESIDENT).report.values == {"clinical_question": own}


def test_a_template_without_that_field_takes_no_question() -> None:
    opened = Bench().open_case()(replace(row(), clinical_question="结节有无增大？"), fakes.RESIDENT)

    assert opened.report.values == {}


def test_the_loser_of_a_race_opens_nothing() -> None:
    bench = Bench()
    bench.worklist.held_by = "李文博"

    with pytest.raises(AlreadyClaimed, match="李文博"):
        bench.open_case()(row(), fakes.RESIDENT)
    assert bench.audit.actions == []


def test_a_case_held_by_another_is_opened_for_reading_only() -> None:
    bench = Bench()
    opened = bench.open_case()(row(), fakes.RESIDENT, read_only=True)

    assert opened.claim is None
    assert bench.worklist.claims == []


def test_the_own_claim_is_taken_up_again_after_a_crash() -> None:
    """The hub never tells a Transaction UID; the same reader on the same machine derives the same one."""
    bench = Bench()
    first = bench.open_case()(row(), fakes.RESIDENT)
    again = bench.open_case()(row(ReadingState.READING, reader_id="resident"), fakes.RESIDENT)

    assert again.claim == first.claim
    assert len(bench.worklist.claims) == 1


def test_the_transaction_uid_differs_between_users_workitems_and_machines() -> None:
    uids = {
        transaction_uid(secret, user, ups)
        for secret in (b"a", b"b")
        for user in ("expert", "resident")
        for ups in ("2.25.1", "2.25.2")
    }

    assert len(uids) == 8
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)


def test_a_draft_is_restored_and_a_newer_report_of_the_hub_wins() -> None:
    bench = Bench()
    draft = report(ai_finding(), values={"impression": "draft"})
    bench.drafts.save(draft)
    assert bench.open_case()(row(), fakes.RESIDENT).report.values == {"impression": "draft"}

    later = replace(draft, values={"impression": "hub"}, updated_at=FixedClock(NOON).now().replace(hour=13))
    bench.reports.stored = replace(later, state=ReportState.PRELIMINARY)
    assert bench.open_case()(row(), fakes.RESIDENT).report.values == {"impression": "hub"}


def test_a_final_report_is_never_hidden_by_an_old_draft() -> None:
    bench = Bench()
    bench.drafts.save(replace(report(), updated_at=NOON.replace(hour=20)))
    bench.reports.stored = replace(report(), state=ReportState.FINAL)

    assert bench.open_case()(row(), fakes.RESIDENT).report.state is ReportState.FINAL


def test_ai_findings_that_come_late_join_the_draft_and_own_findings_are_renumbered() -> None:
    bench = Bench()
    own = Finding("2.25.5", 1, (0.0, 0.0, 0.0), 3.8, Decision.ADDED)
    draft = report(values={"impression": "x"})
    bench.drafts.save(replace(draft, findings=replace(draft.findings, findings=(own,))))
    opened = bench.open_case()(row(), fakes.RESIDENT)

    assert [(f.number, f.decision) for f in opened.report.findings.findings] == [
        (1, Decision.UNDECIDED),
        (2, Decision.UNDECIDED),
        (3, Decision.ADDED),
    ]
    bench.findings.result = FindingList("1.2.3")
    assert len(bench.open_case()(row(), fakes.RESIDENT).report.findings.findings) == 1


def test_a_report_keeps_the_template_it_was_begun_with() -> None:
    bench = Bench()
    general = replace(bench.templates.templates[0], template_id="general", title=Text("通用", "General"))
    bench.templates.templates = (bench.templates.templates[0], general)
    bench.drafts.save(replace(report(ai_finding()), template_id="general"))

    assert bench.open_case()(row(), fakes.RESIDENT).template.template_id == "general"


@dataclass
class SitesTemplates(fakes.FakeTemplates):
    """Remembers for which site a former version was asked for."""

    sites: list[str] = field(default_factory=list)

    def begun_with(self, template_id: str, version: str, site_id: str = "") -> ReportTemplate | None:
        self.sites.append(site_id)
        return super().begun_with(template_id, version, site_id)


def test_the_template_of_a_report_is_looked_for_at_its_own_site() -> None:
    templates = SitesTemplates()
    bench = Bench(templates=templates)
    bench.drafts.save(replace(report(ai_finding()), template_version="0.0.1"))

    bench.open_case()(replace(row(), site_id="qingshui"), fakes.RESIDENT)

    assert templates.sites == ["qingshui"]


def test_a_released_case_goes_back_to_the_list() -> None:
    worklist = fakes.FakeWorklist(row())
    claim = Claim("2.25.8", "2.25.99")
    ReleaseCase(worklist)(claim)

    assert worklist.released == [claim]


@dataclass
class TwoPlaces(fakes.FakeWorklist):
    """A case that is read twice: somebody has just taken the place that was offered."""

    def row(self, ups_instance_uid: str) -> WorklistRow:
        del ups_instance_uid
        return replace(self.current, ups_instance_uid="2.25.2")

    def claim(self, ups_instance_uid: str, transaction_uid: str) -> Claim:
        if ups_instance_uid != "2.25.2":
            raise AlreadyClaimed("somebody was faster")
        return super().claim(ups_instance_uid, transaction_uid)


def test_who_loses_one_of_two_blind_readings_takes_the_other() -> None:
    bench = Bench(worklist=TwoPlaces(row()))

    opened = bench.open_case()(row(), fakes.RESIDENT)

    assert opened.claim == Claim("2.25.2", transaction_uid(b"secret", "resident", "2.25.2"))
    assert opened.report.ups_instance_uid == "2.25.2"


def test_a_new_pet_report_opens_with_the_tracer_that_the_images_name() -> None:
    header = pet_header(StudyInstanceUID="1.2.3", Modality="PT")
    header.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical = "18F-FDG"
    bench = Bench()
    bench.templates.templates = (TemplateLibrary().get("petct"),)
    open_case = replace(bench.open_case(), retrieve=fakes.FakeImages(studies_of([header_of(header)])[0]))

    assert open_case(row(), fakes.RESIDENT).report.values == {"tracer": "fdg"}
