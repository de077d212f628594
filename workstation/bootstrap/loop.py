"""
The headless loop: every step of the reading loop through the real window, hub, worker and model.

Each step does what a person would do and then checks its outcome from the outside, at the hub.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from resources.translation import language, tr
from workstation.bootstrap.adapters import Hub, connect, verifier
from workstation.bootstrap.demo import PASSWORD, DemoHouse
from workstation.bootstrap.desktop import Desktop
from workstation.bootstrap.desktop_pages import GRASSROOTS, LOGIN, READING, REPORT, WORKLIST
from workstation.bootstrap.loop_steps import CheckFailed, Steps, check, quiet_platform, screenshot, settle, wait_until
from workstation.domain.audit import GENESIS, AuditAction, AuditEvent, first_broken
from workstation.domain.errors import AlreadyClaimed, WorkstationError
from workstation.domain.finding import Lobe, NoduleType, RejectReason
from workstation.domain.report import ReportState
from workstation.domain.signature import Verdict
from workstation.domain.workitem import (
    AiState,
    Priority,
    ReadingState,
    WorkitemCode,
    WorklistQuery,
    WorklistRow,
    WorklistTab,
)
from workstation.services.reading_session import ReadingSession
from workstation.services.signing_service import SignedReport
from workstation.services.uid import new_uid
from workstation.settings import AppearanceSettings, ConnectionSettings, Settings
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.worklist_page import WorklistPage
from workstation.ui.widgets.send_panel import SendState
from workstation.ui.widgets.tiling import Layout

SIZE: Final = (1920, 1080)
QUESTION: Final = "右上肺结节随访，结节有无增大？"
_ACTS: Final = (
    AuditAction.LOGIN,
    AuditAction.STUDY_REGISTERED,
    AuditAction.INSTANCES_STORED,
    AuditAction.WORKITEM_CREATED,
    AuditAction.WORKITEM_CLAIMED,
    AuditAction.DETECTION_STORED,
    AuditAction.STUDY_VIEWED,
    AuditAction.FINDING_DECIDED,
    AuditAction.SIGNATURE_FAILED,
    AuditAction.REPORT_SIGNED,
    AuditAction.WORKITEM_COMPLETED,
    AuditAction.REPORT_ACKNOWLEDGED,
)


def run_loop(house: DemoHouse, study: Path, out: Path) -> bool:
    """Drive the loop; returns whether every step's check held. Artefacts are left in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    quiet_platform()
    settings = Settings(AppearanceSettings(language=language()), ConnectionSettings(hub_url=house.hub_url))
    desktop = Desktop(house.hub_url, data_dir=house.local_data, settings=settings, settings_path=None)
    desktop.shell.window.resize(*SIZE)
    desktop.shell.window.show()
    steps = Steps(out)
    try:
        _Loop(house, desktop, steps, study, out).run()
        steps.write(finished=True)
    except (CheckFailed, WorkstationError) as error:
        print(f"lianyue demo: {error}", flush=True)
    finally:
        desktop.close()
    return bool(json.loads((out / "loop.json").read_text(encoding="utf-8"))["ok"])


class _Loop:
    def __init__(self, house: DemoHouse, desktop: Desktop, steps: Steps, study: Path, out: Path) -> None:
        self.house, self.desktop, self.steps, self.study, self.out = house, desktop, steps, study, out
        self.window = desktop.shell.window
        self.study_uid = ""
        self.ups = ""

    def run(self) -> None:
        screenshot(self.window, self.out / "login.png")
        self._sign_in("technician")
        self._send()
        self._preread()
        self._request()
        self.desktop.sign_out()
        self._sign_in("expert")
        self._claim()
        session = self._open()
        self._review(session)
        self._report(session)
        signed = self._sign()
        self._return(signed)
        self.desktop.sign_out()
        self._sign_in("technician")
        self._acknowledge()
        self._audit()

    # people

    def _sign_in(self, user: str) -> None:
        page = self.desktop.page(LOGIN)
        check(isinstance(page, LoginPage), "the sign-in page is shown")
        if isinstance(page, LoginPage):
            page.user.edit.setText(user)
            page.password.edit.setText(PASSWORD)
            page.enter_button.click()
        wait_until(lambda: self.desktop.actor is not None and self.window.current_page != LOGIN, f"{user} to enter")

    def _row(self, hub: Hub | None = None) -> WorklistRow | None:
        page = (hub or self.desktop.hub).worklist.query(WorklistQuery(tab=WorklistTab.ALL, limit=100))
        return next((row for row in page.rows if row.study_instance_uid == self.study_uid), None)

    def _known_row(self) -> WorklistRow:
        row = self._row()
        if row is None:
            raise CheckFailed("the case is on the worklist")
        return row

    # steps

    def _send(self) -> None:
        with self.steps.step("send") as detail:
            page = self._grassroots()
            page.send.zone.dropped.emit([str(self.study)])
            queue = self.desktop.send_queue
            wait_until(lambda: queue.items, "the study to be found")
            self.study_uid = max(queue.items, key=lambda item: item.total).study_instance_uid
            page.send.question.setText(QUESTION)
            page.send.choose_priority(Priority.MEDIUM)
            page.send.row(self.study_uid).send.click()
            ended = {SendState.VERIFIED, SendState.FAILED}
            wait_until(lambda: queue.item(self.study_uid).state in ended, "the study to be sent", seconds=300)
            sent = queue.item(self.study_uid)
            check(sent.state is SendState.VERIFIED, f"the hub verified the study: {sent.message}")
            stored = self.desktop.hub.images.study(self.study_uid)
            images = sum(len(s.instances) for s in stored.series if s.modality == "CT")
            check(images == sent.total, f"{images} of {sent.total} images are at the hub")
            detail |= {"study_instance_uid": self.study_uid, "images": images}

    def _preread(self) -> None:
        with self.steps.step("preread") as detail:
            finished = {AiState.DONE, AiState.FAILED, AiState.NOT_APPLICABLE}
            wait_until(
                lambda: (row := self._row()) is not None and row.ai.state in finished, "the pre-read", seconds=300
            )
            row = self._known_row()
            check(row.ai.state is AiState.DONE, f"the detector finished: {row.ai.state}")
            srs = [s for s in self.desktop.hub.images.study(self.study_uid).series if s.modality == "SR"]
            check(len(srs) == 1, "one measurement SR of the detector is stored")
            detail |= {"findings": row.ai.finding_count, "sr_series": srs[0].series_instance_uid}

    def _request(self) -> None:
        with self.steps.step("request") as detail:
            row = self._known_row()
            self.ups = row.ups_instance_uid
            check(row.workitem_code is WorkitemCode.INTERPRETATION, "a reading workitem was created")
            check(row.state is ReadingState.READY, f"the case waits for its reader: {row.state}")
            check(row.priority is Priority.MEDIUM, "with the priority that was asked for")
            check(row.clinical_question == QUESTION, "with the clinical question")
            check(row.site_id == "qingshui", "and the requesting site")
            detail |= {"ups_instance_uid": self.ups, "due": row.due.isoformat(), "site": row.site_id}

    def _claim(self) -> None:
        with self.steps.step("claim") as detail:
            page = self.desktop.page(WORKLIST)
            check(isinstance(page, WorklistPage), "the worklist is shown")
            if isinstance(page, WorklistPage):
                wait_until(lambda: page.model.rowCount() > 0, "the case to appear on the worklist")
                page.table.selectRow(0)
                screenshot(self.window, self.out / "worklist.png")
                page.preview.open_clicked.emit()
            wait_until(
                lambda: self.desktop.desk is not None and self.desktop.desk.session is not None, "the case to open"
            )
            row = self._known_row()
            check(row.state is ReadingState.READING and row.reader_id == "expert", "the expert holds the case")
            with connect(self.house.hub_url) as other:
                other.session.sign_in("resident", PASSWORD)
                try:
                    other.worklist.claim(self.ups, new_uid())
                except AlreadyClaimed as lost:
                    check("王启明" in lost.user_text, "the loser is told who holds the case")
                else:
                    raise CheckFailed("a second claim is refused")
            detail |= {"ups_instance_uid": self.ups, "reader": row.reader_id}

    def _open(self) -> ReadingSession:
        with self.steps.step("open") as detail:
            desk = self.desktop.desk
            session = desk.session if desk is not None else None
            if session is None:
                raise CheckFailed("the case is open")
            page = self._reading()
            wait_until(page.has_image, "the first image")
            wait_until(page.is_complete, "the whole series", seconds=180)
            wait_until(page.has_volume, "the three planes", seconds=60)
            page.grid.choose_layout(Layout.MPR)  # the key of the reader who wants planes beside the stack
            check(session.findings.algorithm is not None, "the marks of the detector are on the images")
            detail |= {"slices": page.slice_count, "marks": len(session.findings.findings)}
        return session

    def _review(self, session: ReadingSession) -> None:
        with self.steps.step("review") as detail:
            page = self._reading()
            originals = [finding.original for finding in session.findings.findings]
            for number, finding in enumerate(session.findings.visible):
                page.jump_to(finding.tracking_uid)
                settle(50)
                if number == 0:
                    page.findings.edit_requested.emit(
                        finding.tracking_uid, finding.diameter_mm, NoduleType.SOLID, Lobe.RIGHT_UPPER
                    )
                else:
                    page.findings.reject_requested.emit(finding.tracking_uid, RejectReason.VESSEL)
            check(not session.findings.undecided, "every mark is decided")
            kept = [finding.original for finding in session.findings.findings]
            check(kept == originals, "what the detector said is kept beside what the reader decided")
            if session.findings.findings:
                page.jump_to(session.findings.findings[0].tracking_uid)
            self._mark_image(session)
            screenshot(self.window, self.out / "reading.png")
            detail |= {f.tracking_uid: str(f.decision) for f in session.findings.findings}

    def _mark_image(self, session: ReadingSession) -> None:
        """Mark the image on screen as key image, as key K does."""
        page = self._reading()
        page.grid.choose_layout(Layout.ONE)
        page.view_commands.action("view.key_image").trigger()
        wait_until(lambda: session.report.image_looks, "how the key image is seen to be kept")
        check(len(session.report.key_images) == 1, "one image is marked")

    def _report(self, session: ReadingSession) -> None:
        with self.steps.step("report") as detail:
            self.window.show_page(REPORT)
            page = self._report_page()
            page.fill_normal.click()
            texts = _TEXTS | _sizes_of_the_first(session)
            for item in session.template.fields:  # a field may be required by what was said in one before it
                if item.is_required(session.report.values) and not session.report.values.get(item.key, "").strip():
                    text = texts.get(item.key) or (item.choices[0].key if item.choices else "未见明显异常。")
                    session.set_value(item.key, text)
            session.set_value("impression", _TEXTS["impression"])
            wait_until(lambda: page.paper.page_count > 0, "the preview")
            settle(1500)
            check(not session.blockers, f"nothing blocks the signature: {session.blockers}")
            saved = self.desktop.session.storage.drafts.load(self.study_uid, "expert")
            check(saved is not None and saved.values == session.report.values, "the draft is safe on disk")
            screenshot(self.window, self.out / "report.png")
            detail |= {"template": session.template.template_id, "fields": len(session.report.values)}

    def _sign(self) -> SignedReport:
        with self.steps.step("sign") as detail:
            desk = self.desktop.desk
            if desk is None:
                raise CheckFailed("somebody is signed in")
            results: list[SignedReport] = []
            desk.signed.connect(results.append)
            page = self._report_page()
            page.sign.click()
            dialog = self.desktop.sign_dialog
            if dialog is None:
                raise CheckFailed("the sign dialog opens")
            dialog.confirm.setChecked(True)
            dialog.pin.edit.setText("wrong-pin")
            wait_until(dialog.primary_button.isEnabled, "the certificate to be found", seconds=30)
            dialog.primary_button.click()
            wait_until(dialog.pin.message, "the wrong PIN to be refused", seconds=30)
            dialog.pin.edit.setText(PASSWORD)
            screenshot(self.window, self.out / "sign.png")
            dialog.primary_button.click()
            wait_until(lambda: results, "the signature", seconds=60)
            signed = results[0]
            names = {"report_sr": "report.dcm", "measurement_sr": "findings.dcm", "report_pdf": "report.pdf.dcm"}
            for artefact in signed.artefacts:
                name = names.get(artefact.kind, f"{artefact.kind}.dcm")
                (self.out / name).write_bytes(artefact.payload)
                (self.out / f"{name}.p7s").write_bytes(base64.b64decode(artefact.cms))
                detail[artefact.kind] = artefact.sop_instance_uid
            (self.out / "report.pdf").write_bytes(signed.pdf.content)
            check(signed.report.state is ReportState.FINAL, "the report is final")
            judge = verifier(self._leave_trust())
            on_images = ("key_images.dcm", "display_1.dcm")
            for name in ("report.pdf", "report.dcm", "findings.dcm", "report.pdf.dcm", *on_images):
                result = judge.verify(self.out / name)
                check(result.verdict is Verdict.VALID, f"{name} verifies: {result.verdict} {result.explanation}")
        return signed

    def _leave_trust(self) -> Path:
        """Copy what a verifier needs beside the artefacts: the demo's own CA ends with its temporary folder."""
        folder = self.out / "trust"
        folder.mkdir(exist_ok=True)
        for name in ("root.pem", "root.crl", "issuing.pem", "issuing.crl"):
            (folder / name).write_bytes((self.house.local_data / "pki" / name).read_bytes())
        return folder

    def _return(self, signed: SignedReport) -> None:
        with self.steps.step("return") as detail:
            outbox = self.desktop.session.storage.outbox
            wait_until(lambda: not outbox.pending(), "the report to reach the hub")
            row = self._known_row()
            check(row.state is ReadingState.FINAL, f"the case is signed: {row.state}")
            for artefact in signed.artefacts:
                stored = self.desktop.hub.images.instance(
                    artefact.study_instance_uid, artefact.series_instance_uid, artefact.sop_instance_uid
                )
                check(
                    hashlib.sha256(stored).hexdigest() == artefact.sha256,
                    f"{artefact.kind} is at the hub, byte for byte",
                )
            detail |= {"ups_instance_uid": row.ups_instance_uid, "objects": len(signed.artefacts)}

    def _acknowledge(self) -> None:
        with self.steps.step("acknowledge") as detail:
            page = self._grassroots()
            wait_until(lambda: page.inbox.has(self.ups), "the report to come back")
            page.inbox.item(self.ups).pressed.emit(self.ups)
            wait_until(lambda: page.paper.page_count > 0, "the report to be shown", seconds=60)
            detail["verdict"] = page.verdict_text()
            check(
                page.verdict_text() == tr("Signature valid"),
                f"the sender sees a valid signature: {page.verdict_text()}",
            )
            screenshot(self.window, self.out / "inbox-before.png")
            page.inbox.item(self.ups).acknowledge.click()
            wait_until(lambda: self._known_row().state is ReadingState.ACKNOWLEDGED, "the receipt")
            settle(1000)
            screenshot(self.window, self.out / "inbox.png")

    def _audit(self) -> None:
        with connect(self.house.hub_url) as hub:
            hub.session.sign_in("admin", PASSWORD)
            events: list[AuditEvent] = hub.audit.events()
        lines = [json.dumps(asdict(event), ensure_ascii=False) for event in events]
        (self.out / "audit.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        check(events and events[0].previous == GENESIS, "the audit trail begins at its beginning")
        check(first_broken(events) is None, "the audit chain is whole")
        absent = set(_ACTS) - {event.action for event in events}
        check(not absent, f"every step is audited: {sorted(absent)} missing")

    # pages

    def _grassroots(self) -> GrassrootsPage:
        page = self.desktop.page(GRASSROOTS)
        if not isinstance(page, GrassrootsPage):
            raise CheckFailed("the technician's page is shown")
        return page

    def _reading(self) -> ReadingPage:
        page = self.desktop.page(READING)
        if not isinstance(page, ReadingPage):
            raise CheckFailed("the reading page is shown")
        return page

    def _report_page(self) -> ReportPage:
        page = self.desktop.page(REPORT)
        if not isinstance(page, ReportPage):
            raise CheckFailed("the report page is shown")
        return page


def _sizes_of_the_first(session: ReadingSession) -> dict[str, str]:
    """Return the axes of the first finding that goes into the report, as measured, in mm."""
    finding = next(one for one in session.findings.in_space if one.counts)
    mark = finding.mark
    long_mm = (mark.long_axis_mm if mark is not None else None) or finding.diameter_mm
    short_mm = (mark.short_axis_mm if mark is not None else None) or finding.diameter_mm
    return {"dominant_long_mm": f"{long_mm:.1f}", "dominant_short_mm": f"{short_mm:.1f}"}


_TEXTS: Final[dict[str, str]] = {
    "dominant_type": "solid",
    "technique": "胸部低剂量平扫，层厚 1.0 mm，肺窗与纵隔窗。",
    "impression": "1. 右肺上叶实性结节，Lung-RADS 4B，建议增强 CT 及多学科会诊。\n2. 余双肺未见明确活动性病变。",
}
