"""Save PDF… and Print… on the report page and on the technician's page, with the dialogs of the system answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QSizeF, Qt
from PySide6.QtGui import QPageSize
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.desk import DeskBench
from tests.helpers.fakes import FakeAudit
from tests.helpers.grassroots import GrassrootsBench, returned_report
from tests.helpers.papers import paper_study, printed, simple, squeezed, with_many_findings
from workstation.domain.audit import AuditAction
from workstation.domain.errors import DiskFull, NotPrinted, Unreachable
from workstation.domain.report import Report, ReportState
from workstation.domain.report_state import WithdrawalCode
from workstation.domain.signature import Verdict, VerificationResult
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import WorklistRow
from workstation.exchange.paper.pdf_pages import page_count, page_picture, page_pictures, pdf_words
from workstation.services.paper_service import TakePaperOut
from workstation.services.returned_report_service import OpenReturnedReport
from workstation.storage.files import replace_file
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.inbox_paper import InboxPaper
from workstation.ui.pages.page import Page
from workstation.ui.paper_out import PaperOut, PaperServices
from workstation.ui.paper_printing import print_pages
from workstation.ui.report.paper import ReportPaper, ReportPapers

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@cache
def signed_pdf() -> bytes:
    return printed(with_many_findings(simple(), 30))


@cache
def draft_pdf() -> bytes:
    return printed(simple(), draft=True)


@dataclass
class Writer:
    """Replaces files for real unless the disk is said to be full."""

    fail_with: DiskFull | None = None

    def __call__(self, path: Path, content: bytes) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        replace_file(path, content)


@dataclass
class Outside:
    """The world around a page: audit, disk, and what the person answers in the dialogs of the system."""

    folder: Path
    audit: FakeAudit = field(default_factory=FakeAudit)
    disk: Writer = field(default_factory=Writer)
    names: list[str] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)

    @property
    def services(self) -> PaperServices:
        return PaperServices(TakePaperOut(self.audit, self.disk), page_count, page_picture)

    def answer(self, page: Page, out: PaperOut) -> None:
        page.toast.connect(self.toasts.append)
        out.choose_file, out.choose_printer = self._file, self._printer

    def _file(self, name: str, kinds: str) -> str:
        assert kinds == "PDF (*.pdf)"
        self.names.append(name)
        return str(self.folder / name)

    def _printer(self, name: str, pages: int) -> QPrinter:
        self.names.append(f"{name} {pages}")
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(self.folder / "printed.pdf"))
        printer.setFullPage(True)
        printer.setResolution(120)
        return printer


class Station:
    def __init__(self, qtbot: QtBot, outside: Outside) -> None:
        self.qtbot, self.outside = qtbot, outside
        self.bench = GrassrootsBench()
        opens = OpenReturnedReport(self.bench.retrieve, self.bench.verifier, lambda _part10: signed_pdf())
        self.bench.services = replace(self.bench.services, paper=outside.services, open_returned=opens)
        self.page, self.presenter = self.bench.page()
        self.page.resize(1856, 1052)
        self.page.show()
        self.paper = self.page.findChild(InboxPaper)
        assert isinstance(self.paper, InboxPaper)
        self.out = self.paper.out
        outside.answer(self.page, self.out)

    def receive(self, superseded_by: str = "") -> None:
        report = replace(returned_report(), accession_number="CT7", studied="2026-11-21T04:00:00+00:00")
        report = replace(report, superseded_by=superseded_by)
        self.bench.inbox.reports = {report.ups_instance_uid: report}
        self.presenter.refresh()
        self.qtbot.waitUntil(lambda: report.ups_instance_uid in self.presenter._returned)
        self.presenter.open_report(report.ups_instance_uid)
        self.qtbot.waitUntil(lambda: self.page.paper.page_count > 0)

    def idle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.out._busy)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return Outside(tmp_path)


@pytest.fixture
def station(qtbot: QtBot, outside: Outside) -> Iterator[Station]:
    made = Station(qtbot, outside)
    yield made
    made.bench.close()


def pages(pdf: bytes) -> list[npt.NDArray[np.uint8]]:
    return page_pictures(pdf, 300)


def ink(page: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return how dark each square of 12 pixels is."""
    squares = page[:420].reshape(35, 12, 25, 12, 3)
    dark: npt.NDArray[np.float64] = squares.mean(axis=(1, 3, 4)).ravel()
    return dark


def said(outside: Outside) -> list[tuple[AuditAction, str, int, str]]:
    return [
        (action, uid, outcome, detail.split(" sha256:")[0]) for action, uid, outcome, detail in outside.audit.recorded
    ]


def test_a_technician_saves_the_signed_pdf_as_it_was_signed(station: Station, outside: Outside) -> None:
    station.receive()
    station.out.save.click()
    path = outside.folder / "CT7_20261121_report.pdf"
    station.qtbot.waitUntil(lambda: outside.toasts == ["Saved as CT7_20261121_report.pdf"])

    assert path.read_bytes() == signed_pdf()
    assert outside.names == ["CT7_20261121_report.pdf"]
    assert "病人" not in path.name
    assert said(outside) == [(AuditAction.REPORT_SAVED, "2.25.9001", 0, "signed")]


def test_ctrl_p_prints_every_page_of_the_returned_report(station: Station, outside: Outside) -> None:
    station.receive()
    station.page.activateWindow()
    QTest.keyClick(station.page, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    station.qtbot.waitUntil(lambda: len(outside.toasts) == 1)

    assert outside.toasts == ["CT7_20261121_report was given to the printer"]
    assert outside.names == ["CT7_20261121_report 2"]
    assert said(outside) == [(AuditAction.REPORT_PRINTED, "2.25.9001", 0, "signed")]
    paper = (outside.folder / "printed.pdf").read_bytes()
    assert page_count(paper) == 2
    likeness = [[np.corrcoef(ink(there), ink(here))[0, 1] for here in pages(signed_pdf())] for there in pages(paper)]
    assert min(np.diag(likeness)) > 0.9  # each page in its place
    assert max(likeness[0][1], likeness[1][0]) < 0.5


def test_nothing_is_given_out_whose_signature_does_not_hold(station: Station, outside: Outside) -> None:
    station.bench.verifier.result = VerificationResult("report.pdf.dcm", Verdict.ALTERED, "Altered.")
    station.receive()
    reason = "The signature of this report cannot be confirmed: it is neither saved nor printed"
    assert not station.out.save.isEnabled()
    assert station.out.save.toolTip() == reason
    station.page.commands.trigger("print")
    assert outside.toasts == [reason]
    assert outside.names == []


def test_a_report_that_is_withdrawn_while_it_is_shown_is_not_given_out(station: Station) -> None:
    station.receive()
    assert station.out.save.isEnabled()
    withdrawn = returned_report(withdrawn_code=WithdrawalCode.WRONG_PATIENT, withdrawn_reason="x")
    station.bench.inbox.reports = {withdrawn.ups_instance_uid: withdrawn}
    station.presenter.refresh()
    station.qtbot.waitUntil(lambda: not station.out.save.isEnabled())
    assert station.out.print.toolTip() == "This report was withdrawn: nothing of it holds, and it is not given out."


def test_a_superseded_report_leaves_only_after_a_question(station: Station, outside: Outside) -> None:
    station.receive(superseded_by="2.25.77")
    station.out.save.click()
    dialog = station.page.findChild(ConfirmDialog)
    assert isinstance(dialog, ConfirmDialog)
    assert outside.names == []
    dialog.accept()
    station.qtbot.waitUntil(lambda: len(outside.toasts) == 1)
    assert outside.names == ["CT7_20261121_report.pdf"]


def test_a_full_disk_is_told_with_the_next_step_and_can_be_tried_again(station: Station, outside: Outside) -> None:
    station.receive()
    outside.disk.fail_with = DiskFull("full")
    station.out.save.click()
    station.qtbot.waitUntil(lambda: any(one.key == "paper" for one in station.page.notices.notices()))
    (notice,) = (one for one in station.page.notices.notices() if one.key == "paper")
    assert notice.fact == "The PDF was not saved: this disk is full"
    assert notice.still_works == "Free some space or choose another disk. The report itself is safe."
    assert list(outside.folder.iterdir()) == []

    outside.disk.fail_with = None
    notice.actions[0].handler()
    station.qtbot.waitUntil(lambda: len(outside.toasts) == 1)
    assert [one.name for one in outside.folder.iterdir()] == ["CT7_20261121_report.pdf"]
    assert not any(one.key == "paper" for one in station.page.notices.notices())


def test_without_the_line_to_the_centre_nothing_leaves_and_the_reason_is_told(
    station: Station, outside: Outside
) -> None:
    station.receive()
    outside.audit.fail_with = Unreachable("The hub does not answer.")
    station.out.save.click()
    station.qtbot.waitUntil(lambda: any(one.key == "paper" for one in station.page.notices.notices()))
    (notice,) = (one for one in station.page.notices.notices() if one.key == "paper")
    assert "recorded at the centre first" in notice.still_works
    assert list(outside.folder.iterdir()) == []


def test_a_changed_mind_does_nothing(station: Station, outside: Outside) -> None:
    station.receive()
    station.out.choose_file = lambda _name, _kinds: ""
    station.out.choose_printer = lambda _name, _pages: None
    station.out.save.click()
    station.idle()
    station.out.print.click()
    station.idle()
    assert outside.audit.recorded == []


def test_where_no_report_is_shown_ctrl_p_says_so(qtbot: QtBot, station: Station, outside: Outside) -> None:
    page = Page()
    qtbot.addWidget(page)
    page.toast.connect(outside.toasts.append)
    page.commands.trigger("print")
    station.page.commands.trigger("print")
    assert outside.toasts == [
        "No report is shown here to print. F4 shows the report of the open case.",
        "No report is shown here to print or save.",
    ]
    assert not station.out.print.isEnabled()
    assert ("Ctrl P", "Print the report") in [(row.key, row.text) for row in page.commands.key_sheet()]


def test_the_dialog_of_the_system_adds_the_ending_before_it_asks_whether_a_file_is_to_be_replaced(
    station: Station, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers = iter((QFileDialog.DialogCode.Accepted, QFileDialog.DialogCode.Rejected))
    asked: list[tuple[str, bool, bool]] = []

    def answer(dialog: QFileDialog) -> QFileDialog.DialogCode:
        keeps = dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
        asked.append((dialog.defaultSuffix(), dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave, keeps))
        return next(answers)

    monkeypatch.setattr(QFileDialog, "exec", answer)
    monkeypatch.chdir(tmp_path)
    assert Path(station.out._ask_for_file("CT7_report.pdf", "PDF (*.pdf)")).name == "CT7_report.pdf"
    assert station.out._ask_for_file("CT7_report.pdf", "PDF (*.pdf)") == ""
    assert asked == [("pdf", True, False)] * 2


def test_the_print_dialog_offers_the_pages_on_a_whole_a4_sheet_without_the_patients_name(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter((QPrintDialog.DialogCode.Accepted, QPrintDialog.DialogCode.Rejected))
    offered: list[tuple[int, int]] = []

    def answer(dialog: QPrintDialog) -> QPrintDialog.DialogCode:
        offered.append((dialog.minPage(), dialog.maxPage()))
        return next(answers)

    monkeypatch.setattr(QPrintDialog, "exec", answer)
    printer = station.out._ask_for_printer("CT7_report", 3)
    assert printer is not None
    assert (printer.docName(), printer.fullPage(), printer.pageLayout().pageSize().name()) == ("CT7_report", True, "A4")
    assert station.out._ask_for_printer("CT7_report", 1) is None
    assert offered == [(1, 3), (1, 1)]


def test_only_the_chosen_pages_are_printed_and_fit_a_sheet_of_another_shape(outside: Outside) -> None:
    printer = outside._printer("", 2)
    printer.setPageSize(QPageSize(QSizeF(200, 150), QPageSize.Unit.Millimeter))
    printer.setPrintRange(QPrinter.PrintRange.PageRange)
    printer.setFromTo(2, 2)
    print_pages(printer, signed_pdf(), 2, page_picture)

    (page,) = pages((outside.folder / "printed.pdf").read_bytes())
    dark = np.flatnonzero(page.min(axis=(0, 2)) < 128)
    # 150 mm high, an A4 page is 106 mm wide and stands in the middle: between 47 and 153 of the 200 mm
    assert 300 * 47 / 200 < dark.min() < dark.max() < 300 * 153 / 200


@pytest.mark.qt_log_ignore("QPainter::begin.*Returned false")
def test_a_printer_that_takes_nothing_is_told_with_the_next_step(outside: Outside) -> None:
    printer = outside._printer("", 2)
    printer.setOutputFileName(str(outside.folder / "gone" / "printed.pdf"))
    with pytest.raises(NotPrinted) as told:
        print_pages(printer, signed_pdf(), 2, page_picture)
    assert told.value.user_text == "The printer did not take the report"
    assert "paper" in told.value.hint


@dataclass
class Desk:
    bench: DeskBench
    paper: ReportPaper


@pytest.fixture
def desk(qtbot: QtBot, outside: Outside) -> Iterator[Desk]:
    bench = DeskBench()
    page, _presenter = bench.page()
    page.resize(1856, 1052)
    page.show()

    def draft(report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> bytes:
        del template, study, row
        assert report.signed_at is None
        return draft_pdf()

    papers = ReportPapers(lambda _report: signed_pdf(), draft)
    paper = ReportPaper(page, bench.desk, bench.jobs, papers, outside.services)
    outside.answer(page, paper.out)
    bench.images.the_study = replace(paper_study(), study_instance_uid="1.2.3")
    assert not paper.out.save.isEnabled()
    yield Desk(bench, paper)
    bench.close()


def test_an_unsigned_report_leaves_with_not_signed_on_its_page_and_in_its_name(
    qtbot: QtBot, desk: Desk, outside: Outside
) -> None:
    desk.bench.open(qtbot.waitUntil)
    desk.paper.out.save.click()
    qtbot.waitUntil(lambda: len(outside.toasts) == 1)

    (path,) = outside.folder.iterdir()
    assert path.name == "CT20261121-0793_20261121_report-NOT-SIGNED.pdf"
    assert "草稿未签发" in squeezed(pdf_words(path.read_bytes()))
    assert said(outside) == [(AuditAction.REPORT_SAVED, "1.2.3", 0, "not signed")]


def test_a_signed_report_leaves_the_readers_page_as_it_was_signed(qtbot: QtBot, desk: Desk, outside: Outside) -> None:
    desk.bench.open(qtbot.waitUntil)
    session = desk.bench.desk.session
    assert session is not None
    desk.bench.reports.stored = replace(session.report, state=ReportState.FINAL)
    desk.bench.open(qtbot.waitUntil, read_only=True)
    qtbot.waitUntil(lambda: _is_final(desk.bench))
    desk.paper.out.save.click()
    qtbot.waitUntil(lambda: len(outside.toasts) == 1)
    assert (outside.folder / "CT20261121-0793_20261121_report.pdf").read_bytes() == signed_pdf()


def test_a_case_that_was_changed_meanwhile_never_gets_the_former_ones_paper(
    qtbot: QtBot, desk: Desk, outside: Outside
) -> None:
    desk.bench.open(qtbot.waitUntil)
    desk.paper.out.save.click()
    desk.bench.desk.close()
    qtbot.waitUntil(lambda: not desk.paper.out._busy)
    assert (outside.names, outside.audit.recorded) == ([], [])


def _is_final(bench: DeskBench) -> bool:
    session = bench.desk.session
    return session is not None and session.report.state is ReportState.FINAL
