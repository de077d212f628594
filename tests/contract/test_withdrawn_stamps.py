"""
Nothing of a withdrawn report stays in the archive unrejected, its version with a late time stamp neither.

A real hub that judges signatures, real signatures, a real authority.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.test_late_stamps_over_hub import Delivered, adding, delivered, inbox
from tests.helpers.signing_house import Desk, House
from workstation.bootstrap.desk import way_services
from workstation.dicom.objects.stamped_version import stamped_uid, stamped_version
from workstation.dicom.sr.common import read_part10
from workstation.domain.errors import NoLongerUpdatable, Refused
from workstation.domain.report_state import WithdrawalCode
from workstation.domain.workitem import OutputReference
from workstation.services.jobs import NoJob
from workstation.services.late_stamps import StampRound
from workstation.services.report_workflow import signed_objects


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path, trust=lambda keys: keys) as house:
        yield house


def withdrawn(desk: Desk, report: Delivered) -> list[str]:
    """Withdraw the report and return which objects the note in the archive names."""
    row = desk.hub.worklist.row(report.ups)
    study = desk.hub.images.study(report.pdf.study_instance_uid)
    signed = desk.hub.reports.fetch(report.ups)
    assert signed is not None
    before = [one.sop_instance_uid for one in signed_objects(signed)]
    assert report.pdf.sop_instance_uid in before
    way_services(desk.hub, desk.storage).withdraw(
        row, study, signed, WithdrawalCode.WRONG_PATIENT, "患者错位", desk.actor
    )
    (series,) = [
        one for one in desk.hub.images.study(study.study_instance_uid).series if one.description == "Rejected reports"
    ]
    (note,) = series.instances
    content = read_part10(
        desk.hub.images.instance(study.study_instance_uid, series.series_instance_uid, note.sop_instance_uid)
    )
    (evidence,) = content.CurrentRequestedProcedureEvidenceSequence
    named = [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in content.ContentSequence
        if item.ValueType == "COMPOSITE"
    ]
    in_evidence = [
        one.ReferencedSOPInstanceUID
        for series_item in evidence.ReferencedSeriesSequence
        for one in series_item.ReferencedSOPSequence
    ]
    assert sorted(in_evidence) == sorted(named)
    assert set(before) <= set(named)
    return [uid for uid in named if uid not in before]


def test_the_note_of_a_withdrawal_names_the_version_with_the_late_stamp_too(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        house.authority.silent = False
        assert adding(desk)(NoJob()).stamped == 1

        assert withdrawn(desk, report) == [stamped_uid(report.pdf.sop_instance_uid)]


def test_a_version_that_was_stored_and_not_yet_told_of_is_named_and_never_takes_the_place_of_the_first(
    house: House,
) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        house.authority.silent = False
        (waiting,) = desk.hub.late_stamps.awaited()
        add = adding(desk)
        stored = add._made(waiting)

        assert withdrawn(desk, report) == [stored.sop_instance_uid]
        with pytest.raises(NoLongerUpdatable):
            desk.hub.late_stamps.stamped(waiting, stored)
        assert add(NoJob()) == StampRound()
    assert inbox(house).pdf_sop_instance_uid == report.pdf.sop_instance_uid


def test_after_a_withdrawal_the_archive_takes_no_stamp_and_a_workstation_under_way_gives_up(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        house.authority.silent = False
        (waiting,) = desk.hub.late_stamps.awaited()
        first = report.stored()
        late = stamped_version(first, desk.signing.carry_on(first))

        assert withdrawn(desk, report) == [stamped_uid(report.pdf.sop_instance_uid)]

        class Stale:
            """The list as it was before the withdrawal."""

            awaited = staticmethod(lambda: [waiting])
            stamped = desk.hub.late_stamps.stamped

        with pytest.raises(Refused):
            desk.hub.images.store(report.pdf.study_instance_uid, [late])
        with pytest.raises(Refused):
            report.stored(stamped_uid(report.pdf.sop_instance_uid))
        add = adding(desk, port=Stale())
        assert add(NoJob()).stamped == 0
        add.port, add._due = desk.hub.late_stamps, None
        assert add(NoJob()) == StampRound(0, ())
        assert desk.hub.late_stamps.awaited() == []
        same: list[OutputReference] = desk.hub.images.store(report.pdf.study_instance_uid, [first])
        assert [one.sop_instance_uid for one in same] == [report.pdf.sop_instance_uid]
