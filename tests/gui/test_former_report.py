"""The previous report of the patient beside the one being written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench
from tests.helpers.fakes import FakeAudit, FakeReports, FakeTemplates
from tests.helpers.priors import FakeArchive, FakePriors, prior, structure
from tests.helpers.writing import FakePhrases
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted, Unreachable
from workstation.domain.finding import Finding
from workstation.domain.hanging import PriorRelation
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.one_person import Contradiction
from workstation.domain.report import ReportState
from workstation.domain.study import Patient
from workstation.services.norm_facts import doubted_of
from workstation.services.phrase_service import PhraseBook
from workstation.services.prior_service import ComparePriors
from workstation.ui.prior_dialogs import SamePersonDialog
from workstation.ui.report.aids import WritingAids
from workstation.ui.report.report_text import MarkKind
from workstation.ui.report.side_column import SidePlace
from workstation.ui.widgets.labels import Panel

pytestmark = pytest.mark.gui
VALUES = {
    "technique": "平扫",
    "airways": "气管通畅。右侧胸腔少量积液，厚约 8.5 mm；胸膜不厚。",
    "impression": "右侧少量积液。",
}


class Former:
    def __init__(self, qtbot: QtBot, relation: PriorRelation = PriorRelation.SAME_PATIENT, width: int = 1856,
                 findings: tuple[Finding, ...] = ()) -> None:  # fmt: skip
        self.qtbot, self.bench = qtbot, DeskBench(findings=findings)
        self.audit, self.source, self.reports = FakeAudit(), FakePriors(), FakeReports()
        self.source.known = [prior("1.9.3", relation=relation, reported=True), prior("1.9.4", "20241030")]
        signed = replace(cases.report(values=VALUES, uid="1.9.3"), state=ReportState.FINAL, signed_at=cases.NOON)
        self.reports.stored = signed
        templates = FakeTemplates((cases.template(),))
        self.archive = archive = FakeArchive({"1.9.3": structure("1.9.3")})
        self.priors = ComparePriors(self.source, archive, self.reports, templates, self.audit, lambda _pdf: "")
        use_language(CHINESE)
        self.bench.open(qtbot.waitUntil)
        use_language(ENGLISH)
        aids = WritingAids(PhraseBook(FakePhrases()), self.priors)
        self.page, self.presenter = self.bench.page(aids=aids)
        self.page.resize(width, 720)
        self.page.show()
        assert self.bench.desk.session is not None
        self.session = self.bench.desk.session

    def ask(self) -> None:
        self.page.commands.trigger("report.former")

    def says(self, words: str) -> None:
        self.qtbot.waitUntil(lambda: any(words in one for one in self.page.former.words()))

    def copy(self, caption: str) -> None:
        at = self.page.former.words()[::2].index(caption)
        self.page.former.copies[at].click()


@pytest.fixture
def former(qtbot: QtBot) -> Iterator[Former]:
    made = Former(qtbot)
    yield made
    made.bench.close()


def test_nothing_is_asked_before_somebody_wants_it_and_reading_it_is_recorded(former: Former) -> None:
    assert former.source.asked == []
    former.ask()
    former.says("气管通畅")
    assert former.page.former.isVisible()
    assert not former.page.paper.isVisible()
    assert former.audit.recorded == [(AuditAction.STUDY_VIEWED, "1.9.3", 0, "prior report")]
    former.ask()
    assert former.page.paper.isVisible()


def test_a_copied_section_is_marked_sentence_by_sentence_until_each_is_touched(former: Former) -> None:
    former.ask()
    former.says("气管通畅")
    former.session.set_value("airways", "气管及主支气管通畅。")
    former.copy("气道")
    assert former.session.report.values["airways"] == VALUES["airways"]
    assert [(link.quote, link.source) for link in former.session.report.links] == [
        ("气管通畅。", "2025-12-08"),
        ("右侧胸腔少量积液，厚约 8.5 mm；", "2025-12-08"),
        ("胸膜不厚。", "2025-12-08"),
    ]
    former.session.set_value("airways", VALUES["airways"].replace("8.5", "12"))
    assert [link.quote for link in former.session.report.links] == ["气管通畅。", "胸膜不厚。"]


def test_what_was_written_is_kept_and_the_copy_comes_behind_it(former: Former) -> None:
    former.ask()
    former.says("气管通畅")
    former.session.set_value("impression", "左肺结节。")
    former.copy("诊断印象")
    assert former.session.report.values["impression"] == "左肺结节。\n右侧少量积液。"
    text = former.page.form.texts()["impression"]
    assert [(mark.kind, mark.start) for mark in text.marks()] == [(MarkKind.COPIED, 6)]


def test_no_change_since_is_written_with_its_date_where_the_cursor_is(former: Former) -> None:
    former.ask()
    former.says("气管通畅")
    former.page.former.unchanged.click()
    assert former.session.report.values.get("impression", "") == ""
    former.page.form.texts()["impression"].setFocus()
    former.page.former.unchanged.click()
    assert former.session.report.values["impression"] == "与 2025-12-08 检查比较，未见明显变化。"


def test_no_change_since_a_study_that_is_doubted_afterwards_holds_the_signature_up_while_it_stands(
    former: Former,
) -> None:
    former.ask()
    former.says("气管通畅")
    former.page.form.texts()["impression"].setFocus()
    former.page.former.unchanged.click()
    report = former.session.report
    assert (report.links, report.carried_from) == ((), ("1.9.3",))  # the reader's own words: nothing to confirm
    assert list(doubted_of(report)) == []

    there = replace(former.source.known[0], relation=PriorRelation.POSSIBLY_SAME, against=(Contradiction.SEX,))
    former.session.persons.hear([there])
    assert [one.quote for one in doubted_of(former.session.report)] == ["2025-12-08"]
    former.session.set_value("impression", "左肺结节。")
    assert list(doubted_of(former.session.report)) == []


def test_no_change_is_not_written_over_measured_growth_before_somebody_has_read_it(qtbot: QtBot) -> None:
    former = Former(qtbot, findings=(cases.ai_finding(1).accepted(by="expert", at=cases.NOON),))
    centre = (-57.0, 131.0, -520.5)
    before = NoduleObservation("2.25.9", date(2025, 12, 8), centre, 12.0)
    now = NoduleObservation("2.25.1001", date(2026, 11, 21), centre, 16.1)
    former.session.review.follow("2.25.1001", FollowUp("1.9.3", before, now, own_tracking_uid="2.25.1001"))
    former.ask()
    former.says("气管通畅")
    former.page.form.texts()["impression"].setFocus()
    former.page.former.unchanged.click()
    asks = former.presenter.former.contradicted
    assert asks is not None
    assert "· 1号 12.0 → 16.1 mm 增大" in [one.text() for one in asks.findChildren(QLabel)]
    assert former.session.report.values.get("impression", "") == ""

    asks.reject()
    assert former.session.report.values.get("impression", "") == ""
    former.page.former.unchanged.click()
    again = former.presenter.former.contradicted
    assert again is not None
    again.accept()
    assert former.session.report.values["impression"] == "与 2025-12-08 检查比较，未见明显变化。"
    former.bench.close()


def test_in_a_narrow_window_both_reports_stand_side_by_side(qtbot: QtBot) -> None:
    former = Former(qtbot, width=1318)
    former.ask()
    former.says("气管通畅")
    assert former.page.form.isVisible()
    assert former.page.former.isVisible()
    assert not former.page.side.isVisible()
    former.copy("诊断印象")
    assert former.page.former.isVisible()
    former.ask()
    assert former.page.side.isVisible()
    former.bench.close()


def test_who_may_be_another_person_is_asked_about_when_picked_and_never_by_itself(qtbot: QtBot) -> None:
    former = Former(qtbot, PriorRelation.POSSIBLY_SAME)
    former.ask()
    former.says("Confirm first")
    assert not any(one.isVisible() for one in former.page.findChildren(SamePersonDialog))
    former.page.former.ask.click()
    dialog = former.presenter.former.dialog
    assert dialog is not None
    assert former.audit.recorded == []
    dialog.accept()
    former.says("气管通畅")
    assert former.audit.actions == [AuditAction.PRIOR_CONFIRMED, AuditAction.STUDY_VIEWED]
    assert former.session.persons.confirmed == {"1.9.3"}
    former.presenter.former.pick(0)  # reading it again is no second answer
    qtbot.waitUntil(lambda: former.audit.actions[2:] == [AuditAction.STUDY_VIEWED])
    former.says("气管通畅")
    with pytest.raises(NotPermitted):
        former.priors.report(former.source.known[0], former.session.study, "en")
    former.bench.close()


def test_who_was_confirmed_beside_the_images_is_read_here_without_a_second_question(qtbot: QtBot) -> None:
    former = Former(qtbot, PriorRelation.POSSIBLY_SAME)
    former.ask()
    former.says("Confirm first")
    former.session.confirm_person(former.source.known[0])  # what the images' page does
    assert former.page.former.studies.itemText(0).endswith("confirmed")
    former.page.former.ask.click()
    former.says("气管通畅")
    assert former.audit.actions == [AuditAction.STUDY_VIEWED]
    former.bench.close()


def test_the_newest_report_of_certainly_the_same_person_is_shown_before_a_newer_doubtful_one(qtbot: QtBot) -> None:
    former = Former(qtbot)
    doubtful = prior("1.9.7", "20260601", relation=PriorRelation.POSSIBLY_SAME, reported=True)
    former.source.known.insert(0, doubtful)
    former.ask()
    former.says("气管通畅")
    studies = former.page.former.studies
    assert (former.presenter.former.dialog, studies.currentIndex()) == (None, 1)
    assert studies.itemText(0).endswith("possibly the same")

    studies.setCurrentIndex(0)
    former.presenter.former.pick(0)
    dialog = former.presenter.former.dialog
    assert dialog is not None
    dialog.reject()
    assert studies.currentIndex() == 1
    assert any("气管通畅" in one for one in former.page.former.words())
    assert AuditAction.PRIOR_CONFIRMED not in former.audit.actions
    former.bench.close()


def test_the_clock_of_a_critical_value_is_seen_beside_the_previous_report_on_a_small_monitor(qtbot: QtBot) -> None:
    former = Former(qtbot)
    critical = Panel("Critical value")
    critical.hide()
    former.page.side.put(SidePlace.CRITICAL, critical)
    former.page.resize(1302, 680)
    former.ask()
    qtbot.waitUntil(lambda: former.page.former.isVisible() and not former.page.side.isVisible())
    critical.show()  # it is found while the previous report is read
    assert former.page.side.isVisible()
    assert critical.isVisible()
    assert former.page.former.width() >= 400
    critical.hide()
    assert not former.page.side.isVisible()
    former.bench.close()


def test_a_strangers_report_under_the_same_id_is_neither_shown_nor_copied_though_the_hub_calls_him_the_same(
    qtbot: QtBot,
) -> None:
    former = Former(qtbot)
    stranger = Patient("QS0118793", "赵铁柱", "19420101", "M")
    former.archive.studies["1.9.3"] = structure("1.9.3", patient=stranger)
    former.ask()
    former.says("Confirm first")
    assert (former.page.former.copies, former.audit.recorded) == ([], [])
    former.page.former.ask.click()
    dialog = former.presenter.former.dialog
    assert dialog is not None
    words = [one.text() for one in dialog.findChildren(QLabel)]
    assert any("same ID, other name, birth date, sex" in one for one in words)
    dialog.reject()
    former.says("Confirm first")
    former.bench.close()


def test_no_normal_phrase_denies_the_prior_that_was_confirmed_on_this_page(qtbot: QtBot) -> None:
    former = Former(qtbot, PriorRelation.POSSIBLY_SAME)
    assert former.session.row.prior_count == 0
    former.ask()
    former.says("Confirm first")
    former.page.former.ask.click()
    dialog = former.presenter.former.dialog
    assert dialog is not None
    dialog.accept()
    former.says("气管通畅")
    assert former.session.has_priors
    assert [one.study_instance_uid for one in former.session.report.known_priors] == ["1.9.3"]
    former.bench.close()


def test_a_hub_that_does_not_answer_costs_the_previous_report_only_and_may_be_asked_again(former: Former) -> None:
    former.source.fail_with = Unreachable("The hub does not answer", hint="Later")
    former.ask()
    former.says("The hub does not answer")
    former.source.fail_with = None
    former.ask()
    former.ask()
    former.says("气管通畅")


def test_without_an_earlier_report_the_panel_says_so(former: Former) -> None:
    former.source.known = []
    former.ask()
    former.says("no earlier report")


def test_an_unsigned_earlier_report_is_not_shown(former: Former) -> None:
    former.reports.stored = None
    former.ask()
    former.says("no signed report")


def test_the_next_case_shows_nothing_of_the_one_before(former: Former) -> None:
    former.ask()
    former.says("气管通畅")
    former.bench.desk.close()
    assert former.page.former.words() == [""]
    assert former.presenter.writing.prior_date == ""
