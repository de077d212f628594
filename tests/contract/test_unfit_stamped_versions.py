"""
Nothing unfit takes the place of a report's stamped version, where no other workstation could ever mend it.

A real hub that judges signatures, real signatures, real authorities.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PosixPath

import pytest

from tests.contract.test_hub_checks_signatures import told
from tests.contract.test_late_stamps_over_hub import Delivered, adding, delivered
from tests.helpers.cases import report as a_report
from tests.helpers.fakes import EXPERT
from tests.helpers.signing_house import House
from worklist.hub.archive import FileArchive
from worklist.hub.audit import HubAudit
from worklist.hub.context import HubContext, SystemClock
from worklist.hub.database import open_database
from worklist.hub.errors import SignatureRefused
from worklist.hub.signed_check import SignedCheck
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.dicom.objects.stamped_version import stamped_uid, stamped_version
from workstation.dicom.sr.common import part10, read_part10
from workstation.domain.errors import Refused
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import Trust, add_time_stamp
from workstation.services.jobs import NoJob
from workstation.services.late_stamps import StampRound


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path, trust=lambda keys: keys) as house:
        yield house


def test_a_stamp_of_an_authority_that_the_hub_does_not_trust_is_not_stored_and_another_workstation_mends_it(
    house: House,
) -> None:
    elsewhere = DemoKeyStore(house.folder / "elsewhere")
    elsewhere.ensure_signer("expert", "王启明", "别处", "another pin 1")
    own, other = house.signing.demo.trust(), elsewhere.trust()
    both = Trust(own.roots + other.roots, own.intermediates + other.intermediates, own.crls + other.crls)

    def stamped_elsewhere(content: bytes) -> bytes:
        return add_time_stamp(taken_apart(content).pdf, both, elsewhere.time_authority()).content

    with house.at("expert") as desk:
        report = delivered(desk)
        wrong = adding(desk, preserve=stamped_elsewhere)

        assert len(wrong(NoJob()).waiting) == 1
        with pytest.raises(Refused):
            desk.hub.images.store(
                report.pdf.study_instance_uid, [stamped_version(report.stored(), stamped_elsewhere(report.stored()))]
            )
        with pytest.raises(Refused):
            report.stored(stamped_uid(report.pdf.sop_instance_uid))
        house.authority.silent = False
        assert adding(desk)(NoJob()) == StampRound(stamped=1, waiting=())
        assert report.stored(stamped_uid(report.pdf.sop_instance_uid))


def test_an_object_without_a_stamp_does_not_take_the_place_of_the_stamped_version(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        first = report.stored()
        bare = stamped_version(first, taken_apart(first).pdf)

        with pytest.raises(Refused):
            desk.hub.images.store(report.pdf.study_instance_uid, [bare])
        house.authority.silent = False
        assert adding(desk)(NoJob()).stamped == 1


def in_its_place(report: Delivered, **changes: str) -> bytes:
    """Return the report's PDF under the name of its stamped version, changed as told."""
    ds = read_part10(report.stored())
    ds.SOPInstanceUID = stamped_uid(report.pdf.sop_instance_uid)
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return part10(ds)


def test_an_object_of_another_class_does_not_take_the_name_of_the_stamped_version(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        other = in_its_place(report, SOPClassUID="1.2.840.10008.5.1.4.1.1.104.2")

        with pytest.raises(Refused):
            desk.hub.images.store(report.pdf.study_instance_uid, [other])
        house.authority.silent = False
        assert adding(desk)(NoJob()).stamped == 1


def test_an_object_of_another_study_does_not_take_the_name_of_the_stamped_version(house: House) -> None:
    with house.at("expert") as desk, house.at("technician") as sender:
        report = delivered(desk)
        other = in_its_place(report, StudyInstanceUID="2.25.777", SeriesInstanceUID="2.25.778")

        with pytest.raises(Refused):
            sender.hub.images.store("2.25.777", [other])
        house.authority.silent = False
        assert adding(desk)(NoJob()).stamped == 1


def test_what_is_refused_in_its_place_stands_in_the_audit_trail(house: House) -> None:
    with house.at("expert") as desk, house.at("quality") as quality:
        report = delivered(desk)
        first = report.stored()
        bare = stamped_version(first, taken_apart(first).pdf)
        before = told(quality)

        with pytest.raises(Refused):
            desk.hub.images.store(report.pdf.study_instance_uid, [bare])

        (refusal,) = told(quality)[len(before) :]
        assert refusal.endswith("this is not the stamped version of that report")


def test_what_is_larger_than_the_hub_judges_is_refused_unread(tmp_path: Path) -> None:
    class Unread(PosixPath):
        def read_bytes(self) -> bytes:
            raise AssertionError("read into memory")

    large = Unread(tmp_path / "large")
    with large.open("wb") as file:
        file.truncate(64_000_001)
    engine, clock = open_database(tmp_path), SystemClock()
    context = HubContext(engine, clock, HubAudit(engine, clock), tmp_path)
    check = SignedCheck(context, FileArchive(tmp_path), lambda *_asked: pytest.fail("judged"))

    with pytest.raises(SignatureRefused):
        check.judged_file(EXPERT, EXPERT, a_report(), large)

    with context.read() as connection:
        assert [event.detail for event in context.audit.events(connection)] == ["report 2.25.7: unreadable"]
    engine.dispose()
