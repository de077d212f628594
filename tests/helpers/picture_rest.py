"""Pictures of what one walk through the window does not meet: dialogs, refusals, what came back, dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget

from resources.translation import tr
from tests.helpers.critical import EXPERT, TECHNICIAN, party
from workstation.bootstrap.desktop import GRASSROOTS, WORKLIST
from workstation.bootstrap.desktop_pages import DELIVERIES, DOCUMENTS, QUALITY, TEMPLATES
from workstation.bootstrap.loop_steps import settle, wait_until
from workstation.dicom.critical_policy import default_policy
from workstation.domain.critical import CallMethod, CallOutcome, CallRecord, CriticalSource, CriticalValue
from workstation.domain.critical_policy import recognise
from workstation.domain.dispatch import (
    Dispatch,
    DispatchState,
    Route,
    RouteKind,
    RouteStatus,
    TimelineEvent,
    TimelineStep,
)
from workstation.domain.errors import Unreachable
from workstation.domain.norm.values import NormKind
from workstation.domain.report_state import ReportKind
from workstation.domain.shared_document import DocumentKind
from workstation.domain.signature import Verdict, VerificationResult
from workstation.domain.site import ReturnedReport
from workstation.services.norm_answers import Answer
from workstation.services.outbox_service import OutboxEntry
from workstation.services.returned_report_service import receipt_fault
from workstation.ui.critical.dialogs import AcknowledgeDialog, CallDialog, ReasonDialog, RecogniseDialog
from workstation.ui.critical.panel import CriticalPanel
from workstation.ui.documents.document_words import kind_words
from workstation.ui.errors_ui import CrashReport, show_error_dialog
from workstation.ui.norm_dialog import NormDialog, ToldFault
from workstation.ui.notice import Notice, NoticeAction, Severity, in_one_line
from workstation.ui.pages.deliveries_page import DeliveriesPage
from workstation.ui.pages.document_page import DocumentPage
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.outbox_page import OutboxPage
from workstation.ui.pages.page import Page
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.template_page import TemplatePage
from workstation.ui.report.former_panel import FormerSection
from workstation.ui.report.way_dialogs import SendBackDialog
from workstation.ui.sign_dialog import SignDialog, SigningFacts
from workstation.ui.sign_in_again import SignInAgainDialog
from workstation.ui.widgets.timeline_panel import TimelinePanel

if TYPE_CHECKING:
    from tests.helpers.picture_taking import Camera

SITE: Final = "清水镇中心卫生院"
PATIENT: Final = "周丽华 · 女 · 58岁"
CASE: Final = f"{PATIENT} · QS0118793 · 胸部低剂量 LDCT · 2026-11-21"
FIRST: Final = ("login", "again", "crash")
TECHNICIANS: Final = ("returned", "acknowledge")
EXPERTS: Final = ("outbox", "notices", "error")
ADMINISTRATORS: Final = ("deliveries", "templates", "quality")
OF_A_CT: Final = ("histogram", "followup", "objects", "measurements", "export", "focus")
OF_A_REPORT: Final = ("report", "phrases", "versions", "withdraw", "critical", "sendback")


def before_anybody(camera: Camera) -> None:
    """Take the sign-in page with a refusal, the ended session and the page of a bug."""
    page = camera.desktop.page(camera.window.current_page)
    if isinstance(page, LoginPage) and camera.wants("login-refused"):
        page.user.edit.setText("expert")
        page.password.edit.setText("wrong")
        page.enter_button.click()
        settle(2500)
        camera.take("login-refused")
        page.password.edit.clear()
    camera.take_dialog("again", lambda: _open(SignInAgainDialog(camera.window, "王启明")))
    if camera.wants("crash"):
        camera.window.show_crash(CrashReport("LY-261122-0A1B2C", camera.out / "crashes" / "LY-261122-0A1B2C.txt"))
        camera.take("crash")
        camera.window._crash.leave()  # type: ignore[union-attr]  # nobody presses its button here


def of_a_technician(camera: Camera) -> None:
    """Take returned reports, whole, altered and withdrawn, with what became of them."""
    page = camera.desktop.page(GRASSROOTS)
    if not isinstance(page, GrassrootsPage):
        return
    paper = np.full((1170, 827, 3), 233, np.uint8)
    for name, verdict, said in (
        ("returned-valid", Verdict.VALID, ""),
        ("returned-altered", Verdict.ALTERED, tr("The content of the PDF was changed after it was signed")),
    ):
        result = VerificationResult("report.pdf", verdict, said, "王启明")

        def show(result: VerificationResult = result) -> None:
            reports = list(returned_reports())
            page.inbox.show_reports(reports)  # the next answer of the hub takes them away
            page.show_inbox_count(2)
            fault = receipt_fault(reports[0], result)
            refusal = "" if fault is None else in_one_line(fault.user_text, fault.hint)
            page.inbox.show_verdict(reports[0], result.verdict, refusal)
            page.show_report(PATIENT, [paper], result, "" if fault is None else fault.hint)
            page.timeline.show_events(_timeline())

        camera.take(name, before=show)
    camera.take_dialog(
        "acknowledge", lambda: _open(AcknowledgeDialog(camera.window, CASE, _critical(), TECHNICIAN.display_name))
    )


def of_an_expert(camera: Camera) -> None:
    """Take the own outbox, the notices of a page and an error that stops."""
    camera.window.show_page(DELIVERIES)
    page = camera.desktop.page(DELIVERIES)
    if isinstance(page, OutboxPage):
        settle(800)
        camera.take("outbox-empty")
        if camera.wants("outbox"):
            at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
            why = tr("Another reader is already reading this case")
            page.show_entries(
                [
                    OutboxEntry(
                        "2.25.1", "1.2.3", at, "1. 右肺上叶实性结节，建议增强 CT。", 4, why, refused=True, case=CASE
                    ),
                    OutboxEntry("2.25.2", "1.2.4", at, "未见明显异常。", 1, "", refused=False),
                ]
            )
            camera.take("outbox", before=lambda: None)
    camera.window.show_page(WORKLIST)
    _notices(camera, camera.desktop.page(WORKLIST), "notices")
    away = Unreachable(tr("The hub does not answer"), hint=tr("What is here stays usable; fetching goes on by itself."))
    camera.take_dialog("error", lambda: show_error_dialog(camera.window, away))


def of_an_administrator(camera: Camera) -> None:
    """Take the deliveries with dead letters and the editor of templates."""
    if camera.wants("deliveries"):
        camera.window.show_page(DELIVERIES)
        page = camera.desktop.page(DELIVERIES)
        settle(1000)
        camera.take("deliveries-empty")
        if isinstance(page, DeliveriesPage):
            page.show_all(_routes(), _dispatches())
            camera.take("deliveries")
    if camera.wants("quality"):
        camera.window.show_page(QUALITY)
        settle(2500)
        camera.take("quality")
    if camera.wants("shared"):
        camera.window.show_page(DOCUMENTS)
        shared = camera.desktop.page(DOCUMENTS)
        if isinstance(shared, DocumentPage):
            wait_until(lambda: shared.preview.paper.page_count == 1, "the letterhead")
            camera.take("shared-letterhead")
            kinds = [shared.editor.list.item(at).text().split("\n")[0] for at in range(shared.editor.list.count())]
            for kind, name in (
                (DocumentKind.RECOGNITION_POLICY, "policy"),
                (DocumentKind.SCANNER_CHARSETS, "charsets"),
            ):
                shared.editor.list.setCurrentRow(kinds.index(kind_words(kind)))
                settle(1500)
                camera.take(f"shared-{name}")
    if camera.wants("templates"):
        camera.window.show_page(TEMPLATES)
        editor = camera.desktop.page(TEMPLATES)
        if isinstance(editor, TemplatePage):
            wait_until(lambda: editor.editor.list.count() > 0, "the templates")
            settle(3000)
            camera.take("templates")
            section = editor.tree.topLevelItem(1)
            item = section.child(0) if section is not None else None
            if item is not None:
                editor.tree.setCurrentItem(item)
            settle(1500)
            camera.take("templates-field")
            editor.clone.click()
            settle(2500)
            camera.take("templates-copy")


def of_a_ct(camera: Camera, page: ReadingPage) -> None:
    """Take what opens beside the images of a CT."""
    page.grid.choose_layout("one")
    for name, command, ms in (
        ("histogram", "annotations.histogram", 800),
        ("measurements", "annotations.table", 800),
        ("objects", "objects.panel", 2500),
        ("followup", "follow.panel", 12000),
    ):
        if camera.wants(f"reading-ct-{name}"):
            action = page.view_commands.action(command)
            action.trigger()
            settle(ms)
            camera.take(f"reading-ct-{name}")
            action.trigger()
            settle(500)
    camera.take_dialog("export", page.view_commands.action("view.export").trigger)
    if camera.wants("reading-ct-focus"):

        def by_key() -> None:
            camera.window.activateWindow()
            page.dock.first().setFocus()
            QTest.keyClick(page.dock.first(), Qt.Key.Key_Tab)

        camera.take("reading-ct-focus", before=by_key)


def of_a_report(camera: Camera, page: ReportPage) -> None:
    """Take what lies beside a report and the dialogs that it asks with."""
    policy = default_policy()
    camera.take_dialog("critical-recognise", lambda: _open(RecogniseDialog(camera.window, CASE, policy, ())))
    camera.take_dialog("critical-call", lambda: _open(CallDialog(camera.window, CASE, SITE, _critical(called=True))))
    camera.take_dialog(
        "critical-reason",
        lambda: _open(
            ReasonDialog(
                camera.window, tr("Not a critical value"), [_critical().text], tr("Not a critical value"),
                tr("The clock stops. The record stays with the reason and your name."), is_alarm=False,
            )
        ),
    )  # fmt: skip
    answer = Answer("诊断印象：侧别“左肺上叶结节”与所见“右肺上叶结节”不符", "宋佳 2026-11-22 09:12", "与申请单一致")
    faults = (
        ToldFault(NormKind.SIDE, answer.what, "impression"),
        ToldFault(NormKind.RESIDUE, "模板残留：“____”", "technique"),
    )
    camera.take_dialog("critical-norm", lambda: _open(NormDialog(camera.window, faults, (answer,))))
    camera.take_dialog("critical-sign", lambda: _open(_sign_dialog(camera.window, answer)))
    camera.take_dialog("sendback", lambda: _open(SendBackDialog(camera.window, "宋佳")))
    camera.take_dialog("phrases", lambda: page.commands.trigger("report.manage"))
    camera.take_dialog("versions", page.way.versions.click)
    camera.take_dialog("withdraw", page.way.give_up.click)
    if camera.wants("report-critical"):
        panel = next(one for one in page.side.panels() if isinstance(one, CriticalPanel))
        value = _critical(called=True)
        session = None if camera.desktop.desk is None else camera.desktop.desk.session
        if session is not None:
            session.know_critical((value,))  # so that the checks beside the panel know what it shows
        camera.take(
            "report-critical",
            before=lambda: panel.show_values(
                [value], [], value.recognised_at + timedelta(minutes=5, seconds=42), may_act=True
            ),
        )
        camera.take(
            "report-critical-refused",
            before=lambda: panel.show_values(
                [value], [], value.recognised_at, may_act=True, refused={value.critical_uid: "该病例已撤回"}
            ),
        )
        panel.hide()
        if session is not None:
            session.know_critical(())
    if camera.wants("report-timeline"):
        line = next(one for one in page.side.panels() if isinstance(one, TimelinePanel))
        camera.take("report-timeline", before=lambda: line.show_events(_timeline()))
        line.show_events(())
    _notices(camera, page, "report-notices")
    if camera.wants("report-former"):

        def former() -> None:
            if not page.former_is_beside:
                page.toggle_former()
                settle(2000)
            page.former.show_studies(["2025-12-08 CT 胸部低剂量 LDCT", "2024-10-30 CT 胸部低剂量 LDCT"], 0)
            page.former.show_report("CT 肺结节检查报告单", "李文博 2025-12-08 18:40", _FORMER, writable=True)

        camera.take("report-former", before=former)
        if page.former_is_beside:
            page.toggle_former()


def _notices(camera: Camera, page: Page, name: str) -> None:
    if not camera.wants(name):
        return
    page.notices.show_notice(
        Notice(
            "line", Severity.LOST, tr("The hub does not answer"),
            tr("What is here stays usable; fetching goes on by itself."), Unreachable.__name__,
            (NoticeAction(tr("Try again"), lambda: None, "refresh"),),
        )
    )  # fmt: skip
    camera.desktop._show_line(camera.desktop.hub, up=False)
    camera.take(name)
    camera.desktop._show_line(camera.desktop.hub, up=True)
    page.notices.clear_notice("line")


def _sign_dialog(parent: QWidget, answer: Answer) -> SignDialog:
    line = tr("{what}. Answered for by {who}: {reason}", what=answer.what, who=answer.who, reason=answer.reason)
    facts = SigningFacts(
        f"{PATIENT} · QS0118793", "胸部低剂量 LDCT · 2026-11-21 · CT20261121-0793", f"{SITE}（SR + PDF）",
        "1. 右肺上叶实性结节，长径约 8 mm。\n2. 请结合临床。", "王启明", answered=(line,),
    )  # fmt: skip
    made = SignDialog(parent, facts)
    made.show_certificate("CN=王启明, O=省影像专科联盟远程诊断中心")
    return made


def _open(dialog: QDialog) -> None:
    if isinstance(dialog, (ReasonDialog, NormDialog, SendBackDialog)):  # as the product does before it opens one
        dialog.name_case(CASE)
    dialog.open()


def _critical(*, called: bool = False) -> CriticalValue:
    policy = default_policy()
    entry = policy.entries[0]
    at = datetime.now(UTC) - timedelta(minutes=6)
    value = recognise(
        entry, critical_uid="2.25.9", study_instance_uid="1.2.3", ups_instance_uid="1.2.4",
        text=entry.label.get("zh_CN"), source=CriticalSource.READER, by=party(EXPERT), at=at, policy=policy.name,
    )  # fmt: skip
    if not called:
        return value
    call = CallRecord(
        "2.25.10", party(EXPERT), "", "", "0571-88342210", at + timedelta(minutes=2), CallMethod.PHONE,
        CallOutcome.NO_ANSWER, value.text,
    )  # fmt: skip
    return value.called(call)


def returned_reports() -> Iterator[ReturnedReport]:
    base = ReturnedReport(
        "1.2.3", "1.2.3.1", "周丽华", "胸部低剂量 LDCT", "CT", "2026-11-22T09:40:00+00:00", "王启明",
        "1. 右肺上叶实性结节 16.8 mm，Lung-RADS 4B，建议增强 CT 及多学科会诊。2. 余双肺未见明确活动性病变。",
        "1.1", "1.2", "1.3", critical=True, report_uid="2.25.1", patient_id="QS0118793",
        studied="2026-11-21T01:10:00+00:00",
    )  # fmt: skip
    yield base
    yield replace(
        base, ups_instance_uid="1.2.3.2", patient_name="Nurlan Aibek", description="胸部正侧位 DR", modality="DX",
        critical=False, kind=ReportKind.ADDENDUM, change_reason="补充侧位片所见", report_uid="2.25.2",
        patient_id="BH0040551",
    )  # fmt: skip
    yield replace(
        base, ups_instance_uid="1.2.3.3", patient_name="黄志强", description="颅脑增强 T1+C", modality="MR",
        critical=False, acknowledged_at="2026-11-22T10:02:00+00:00", acknowledged_by="韩梅", report_uid="2.25.3",
        patient_id="QS0118744",
        summary="颅内未见异常强化。",
    )  # fmt: skip


def _timeline() -> list[TimelineEvent]:
    at = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
    steps = (
        (TimelineStep.SIGNED, "王启明", "", ""),
        (TimelineStep.STORED, "", "", ""),
        (TimelineStep.QUEUED, "", "清水镇 HIS", ""),
        (TimelineStep.FAILED, "", "清水镇 HIS", tr("The receiver does not answer")),
        (TimelineStep.DELIVERED, "", "清水镇 HIS", "AA"),
        (TimelineStep.ACKNOWLEDGED, "韩梅", "", ""),
    )
    return [
        TimelineEvent(at + timedelta(minutes=n), step, who, route, detail)
        for n, (step, who, route, detail) in enumerate(steps)
    ]


def _routes() -> list[RouteStatus]:
    first = Route("qs-his", "qingshui", RouteKind.HL7, "清水镇 HIS", "10.12.4.8:2575")
    second = Route("bh-his", "beihe", RouteKind.HL7, "北河 HIS", "10.20.1.3:2575")
    return [
        RouteStatus(first, SITE, 1, 1),
        RouteStatus(second, "北河县中医院", trouble=tr("The receiver does not answer")),
        RouteStatus(replace(first, route_id="x", name="集成平台", enabled=False), "青山县人民医院"),
    ]


def _dispatches() -> list[Dispatch]:
    at = datetime(2026, 11, 22, 9, 41, tzinfo=UTC)
    states = (
        (DispatchState.DEAD, "AE: 患者不存在 (PID-3 QS0118793)"),
        (DispatchState.WAITING, tr("The receiver does not answer")),
    )
    return [
        Dispatch(
            n, "qs-his", "清水镇 HIS", RouteKind.HL7, "qingshui", SITE, "1.2.3", f"2.25.1234567{n}", "final", f"C{n}",
            state, 3, at, at, reason, None, "",
        )
        for n, (state, reason) in enumerate(states, start=1)
    ]  # fmt: skip


_FORMER: Final = (
    FormerSection("technique", "检查方法", "低剂量 CT 平扫，层厚 1.0 mm，肺窗及纵隔窗观察。"),
    FormerSection(
        "lungs", "余肺", "右肺上叶前段见一实性结节，大小约 13.4 mm × 10.8 mm，边缘浅分叶。余双肺未见实变及间质性改变。"
    ),
    FormerSection("impression", "诊断印象", "1. 右肺上叶实性结节 12.1 mm，Lung-RADS 4A，建议 3 月复查。"),
)
