"""
A time stamp that comes after a correction changes nothing that the sender reads.

A real hub that judges signatures, real signatures, a real authority.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.contract.test_late_stamps_over_hub import Delivered, adding, delivered
from tests.contract.test_loop_over_orthanc import PASSWORD
from tests.helpers.signing_house import Desk, House
from workstation.bootstrap.desk import way_services
from workstation.dicom.objects.stamped_version import stamped_uid
from workstation.domain.dispatch import Route, RouteKind, TimelineStep
from workstation.domain.report_state import ReportKind, ReportStatus
from workstation.services.jobs import NoJob


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path, trust=lambda keys: keys) as house:
        yield house


def corrected(desk: Desk, report: Delivered) -> str:
    """Correct a delivered report, deliver the correction, and return its UID."""
    signed = desk.hub.reports.fetch(report.ups)
    assert signed is not None
    row = desk.hub.worklist.row(report.ups)
    begun = way_services(desk.hub, desk.storage).start(row, signed, ReportKind.CORRECTED, "左右写反", desk.actor)
    case = desk.services.open_case(begun, desk.actor)
    assert case.claim is not None
    written = case.report.with_values({**case.report.values, "impression": "未见异常。"}, at=datetime.now(UTC))
    desk.services.sign(
        written,
        template=case.template,
        study=case.study,
        row=case.row,
        claim=case.claim,
        actor=desk.actor,
        pin=PASSWORD,
    )
    assert desk.services.deliver(NoJob()).delivered == 1
    return written.report_uid


def test_a_report_that_was_corrected_meanwhile_is_stamped_and_never_sent_after_its_correction(house: House) -> None:
    with house.at("admin") as admin, house.at("expert") as desk:
        with house.at("technician") as sender:
            site = sender.actor.site_id
        admin.hub.dispatch.put_route(Route("r-f", site, RouteKind.FOLDER, "f", "drop"))
        report = delivered(desk)
        first = desk.hub.reports.fetch(report.ups)
        correction = corrected(desk, report)
        house.authority.silent = False
        # the correction has its own stamp to get, which is sent after it
        assert adding(desk)(NoJob()).waiting == ()

        sent = sorted(admin.hub.dispatch.dispatches(), key=lambda one: one.number)

        assert first is not None
        assert [(one.report_uid, one.report_state) for one in sent] == [
            (first.report_uid, ReportStatus.FINAL),
            (correction, ReportStatus.CORRECTED),
            (correction, ReportStatus.CORRECTED),
        ]
        assert desk.hub.late_stamps.awaited() == []
        assert report.steps().count(TimelineStep.STAMPED) == 2
        assert report.stored(stamped_uid(report.pdf.sop_instance_uid))
    with house.at("technician") as sender:
        shown = {one.report_uid: one for one in sender.hub.inbox.returned()}
        assert stamped_uid(report.pdf.sop_instance_uid) in {one.pdf_sop_instance_uid for one in shown.values()}
