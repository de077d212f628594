"""
The time-stamp server is dead when a report is signed and delivered, and comes back: nothing is lost, nothing doubled.

A real hub that judges signatures, real signatures, a real authority that is silent until it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.cases import FixedClock
from tests.helpers.signing_house import Desk, House
from workstation.bootstrap.desk import late_stamps
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.dicom.objects.stamped_version import follows, stamped_uid
from workstation.domain.dispatch import Dispatch, Route, RouteKind, TimelineStep
from workstation.domain.errors import NoLongerUpdatable, NotPermitted, Unreachable
from workstation.domain.signature import SignatureLevel, SignedArtefact, Verdict, VerificationResult
from workstation.domain.site import ReturnedReport
from workstation.domain.workitem import OutputReference
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.services.jobs import NoJob
from workstation.services.late_stamps import FIRST_RETRY, LAST_RETRY, AddLateStamps, StampRound
from workstation.services.uid import SystemClock


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path, trust=lambda keys: keys) as house:
        yield house


class Killed(BaseException):
    """A process that is no more."""


@dataclass
class Delivered:
    """A report that was signed and delivered while the authority was dead."""

    desk: Desk
    pdf: SignedArtefact
    ups: str

    def stored(self, uid: str = "") -> bytes:
        pdf = self.pdf
        return self.desk.hub.images.instance(
            pdf.study_instance_uid, pdf.series_instance_uid, uid or pdf.sop_instance_uid
        )

    def verified(self, content: bytes) -> VerificationResult:
        return SignatureVerifier(self.desk.signing.demo.trust()).verify_bytes("report", content)

    def steps(self) -> list[TimelineStep]:
        return [event.step for event in self.desk.hub.dispatch.timeline(self.ups)]


def delivered(desk: Desk) -> Delivered:
    signed = desk.sign()
    outcome = desk.services.deliver(NoJob())
    assert (outcome.delivered, outcome.unstamped) == (1, 1)
    (pdf,) = (one for one in signed.artefacts if one.kind == "report_pdf")
    return Delivered(desk, pdf, signed.report.ups_instance_uid)


def adding(desk: Desk, **parts: Any) -> AddLateStamps:  # noqa: ANN401 - any part
    return replace(late_stamps(desk.hub, desk.signing), **parts)


def inbox(house: House) -> ReturnedReport:
    with house.at("technician") as sender:
        (returned,) = sender.hub.inbox.returned()
        return returned


def test_a_report_without_its_stamp_is_listed_and_told_until_the_stamp_comes(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        first = report.stored()
        (waiting,) = desk.hub.late_stamps.awaited()
        assert (waiting.pdf_sop_instance_uid, waiting.signer) == (report.pdf.sop_instance_uid, "王启明")
        assert report.verified(first).level is SignatureLevel.B
        assert TimelineStep.UNSTAMPED in report.steps()
        assert TimelineStep.STAMPED not in report.steps()

        house.authority.silent = False
        assert adding(desk)(NoJob()) == StampRound(stamped=1, waiting=())

        stamped = report.stored(stamped_uid(report.pdf.sop_instance_uid))
        assert report.stored() == first == report.pdf.payload  # what was final is what it was
        assert taken_apart(stamped).pdf.startswith(taken_apart(first).pdf)
        assert follows(stamped) == report.pdf.sop_instance_uid
        found = report.verified(stamped)
        assert (found.verdict, found.level) == (Verdict.VALID, SignatureLevel.LT)
        assert desk.hub.late_stamps.awaited() == []
        assert report.steps()[-1] is TimelineStep.STAMPED
        assert inbox(house).pdf_sop_instance_uid == stamped_uid(report.pdf.sop_instance_uid)


def test_it_is_asked_again_with_growing_pauses_for_as_long_as_it_takes(house: House) -> None:
    with house.at("expert") as desk:
        delivered(desk)
        clock = FixedClock(SystemClock().now())
        add = adding(desk, clock=clock)
        pauses = []
        for _ in range(8):
            asked = house.authority.asked
            assert len(add(NoJob()).waiting) == 1
            assert house.authority.asked > asked
            assert add._due is not None
            pauses.append(add._due - clock.now())
            add.clock = clock = FixedClock(add._due - timedelta(seconds=1))
            assert len(add(NoJob()).waiting) == 1
            assert house.authority.asked == asked + 1  # too early: nobody was asked
            add.clock = clock = FixedClock(clock.now() + timedelta(seconds=2))
        assert pauses[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
        assert pauses[-1] == LAST_RETRY
        house.authority.silent = False
        assert add(NoJob()).stamped == 1


def test_after_a_restart_and_from_another_workstation_it_goes_on(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
    house.authority.silent = False
    with house.at("expert", machine="another") as again:
        assert again.services.deliver(NoJob()).stamped == 1
        report.desk = again
        assert report.steps()[-1] is TimelineStep.STAMPED


@pytest.mark.parametrize("step", ["stamped", "stored", "told"])
def test_kill_9_at_each_step_loses_and_doubles_nothing(house: House, step: str) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        house.authority.silent = False
        _die(desk, step)

        again = adding(desk)(NoJob())

        assert (again.stamped, again.waiting) == (0 if step == "told" else 1, ())
        assert report.steps().count(TimelineStep.STAMPED) == 1
        study = desk.hub.images.study(report.pdf.study_instance_uid)
        kept = [
            one.sop_instance_uid
            for series in study.series
            for one in series.instances
            if series.series_instance_uid == report.pdf.series_instance_uid
        ]
        assert sorted(kept) == sorted([report.pdf.sop_instance_uid, stamped_uid(report.pdf.sop_instance_uid)])


def _die(desk: Desk, step: str) -> None:
    """End the process right after a step."""
    images, port = desk.hub.images, desk.hub.late_stamps

    def preserve(content: bytes) -> bytes:
        desk.signing.carry_on(content)
        raise Killed

    class Store:
        def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
            images.store(study_instance_uid, part10_files)
            raise Killed

    class Port:
        awaited = staticmethod(port.awaited)

        def stamped(self, awaited: Any, stored: OutputReference) -> None:  # noqa: ANN401 - passed on
            port.stamped(awaited, stored)
            raise Killed

    parts: dict[str, dict[str, Any]] = {
        "stamped": {"preserve": preserve},
        "stored": {"store": Store()},
        "told": {"port": Port()},
    }
    with pytest.raises(Killed):
        adding(desk, **parts[step])(NoJob())


def test_told_twice_it_is_taken_once_and_of_two_workstations_one_stamp_stands(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        (waiting,) = desk.hub.late_stamps.awaited()
        house.authority.silent = False
        adding(desk)(NoJob())
        uid = stamped_uid(report.pdf.sop_instance_uid)
        first = report.stored(uid)
        reference = replace(
            OutputReference(waiting.study_instance_uid, waiting.pdf_series_instance_uid, "", uid),
            sop_class_uid=report.pdf.sop_class_uid,
        )
        desk.hub.late_stamps.stamped(waiting, reference)

        class Late:
            """Another workstation, which read the list before the first one was done."""

            awaited = staticmethod(lambda: [waiting])
            stamped = desk.hub.late_stamps.stamped

        assert adding(desk, port=Late())(NoJob()).stamped == 1
        assert report.stored(uid) == first
        assert report.steps().count(TimelineStep.STAMPED) == 1


def test_only_the_stamped_version_of_that_report_is_taken(house: House) -> None:
    with house.at("expert") as desk:
        report = delivered(desk)
        (waiting,) = desk.hub.late_stamps.awaited()
        same = OutputReference(
            report.pdf.study_instance_uid,
            report.pdf.series_instance_uid,
            report.pdf.sop_class_uid,
            report.pdf.sop_instance_uid,
        )
        with pytest.raises(NoLongerUpdatable) as refused:
            desk.hub.late_stamps.stamped(waiting, same)
        assert refused.value.user_text == "The hub finds that the signature covers another report"
        assert len(desk.hub.late_stamps.awaited()) == 1
    with house.at("resident") as junior, pytest.raises(NotPermitted):
        junior.hub.late_stamps.awaited()


def test_a_silent_hub_is_asked_again_and_what_waits_is_still_shown(house: House) -> None:
    class Silent:
        def awaited(self) -> list[Any]:
            raise Unreachable("the hub does not answer")

    with house.at("expert") as desk:
        delivered(desk)
        add = adding(desk)
        assert len(add(NoJob()).waiting) == 1
        add.port, add._due = Silent(), None  # type: ignore[assignment]  # it never gets further
        assert len(add(NoJob()).waiting) == 1


def test_routes_that_keep_objects_carry_the_stamped_version_after_the_report(house: House) -> None:
    with house.at("admin") as admin, house.at("expert") as desk:
        with house.at("technician") as sender:
            site = sender.actor.site_id
        for kind, address in ((RouteKind.FOLDER, "drop"), (RouteKind.HL7, "127.0.0.1:9")):
            admin.hub.dispatch.put_route(Route(f"r-{kind}", site, kind, kind.value, address))
        delivered(desk)
        house.authority.silent = False
        adding(desk)(NoJob())

        sent: list[Dispatch] = sorted(admin.hub.dispatch.dispatches(), key=lambda one: one.number)

        assert [one.kind for one in sent] == [RouteKind.FOLDER, RouteKind.HL7, RouteKind.FOLDER]
        assert len({one.control_id for one in sent}) == 3
