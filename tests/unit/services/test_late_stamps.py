"""Late time stamps: who asks, who does not, and what a workstation leaves to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.helpers.cases import NOON, FixedClock
from tests.helpers.fakes import EXPERT, RESIDENT
from workstation.dicom.objects.stamped_version import stamped_uid
from workstation.domain.access import Actor
from workstation.domain.errors import (
    IntegrityMismatch,
    NotPermitted,
    Refused,
    SignatureInvalid,
    TimeStampUnavailable,
    WorkstationError,
)
from workstation.domain.late_stamp import AwaitedStamp
from workstation.domain.workitem import OutputReference
from workstation.services.jobs import NoJob
from workstation.services.late_stamps import UNSTAMPABLE, AddLateStamps, StampedVersions, StampRound

ONE = AwaitedStamp("1.2.3", "1.2.3.1", "1.2.3.2", "1.2.3.4", "王启明", NOON)
TWO = AwaitedStamp("1.2.4", "1.2.4.1", "1.2.4.2", "1.2.4.4", "李文博", NOON)


@dataclass
class Hub:
    """The hub's list, its archive and its session in one; ``there`` are stamped versions that somebody stored."""

    actor: Actor | None = EXPERT
    waiting: list[AwaitedStamp] = field(default_factory=lambda: [ONE, TWO])
    there: set[str] = field(default_factory=set)
    asked: int = 0
    told: list[str] = field(default_factory=list)
    refuses: WorkstationError | None = None

    def awaited(self) -> list[AwaitedStamp]:
        self.asked += 1
        if self.refuses is not None:
            raise self.refuses
        return [one for one in self.waiting if one.pdf_sop_instance_uid not in self.told]

    def stamped(self, awaited: AwaitedStamp, stored: OutputReference) -> None:
        assert stored.sop_instance_uid == stamped_uid(awaited.pdf_sop_instance_uid)
        self.told.append(awaited.pdf_sop_instance_uid)

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        del study_instance_uid, series_instance_uid
        if sop_instance_uid in {one.pdf_sop_instance_uid for one in (ONE, TWO, *self.waiting)} | self.there:
            return sop_instance_uid.encode()
        raise Refused("The hub does not know this case or image")


class NoShop:
    """Nothing is stored in these tests: what was made is told by what was asked."""

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        raise AssertionError((study_instance_uid, len(part10_files)))

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        raise AssertionError((study_instance_uid, digests))


@dataclass
class Bench:
    hub: Hub = field(default_factory=Hub)
    error: Callable[[bytes], WorkstationError] = lambda _content: TimeStampUnavailable("no answer")
    preserved: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add = AddLateStamps(
            self.hub,
            self.hub,  # type: ignore[arg-type]
            NoShop(),
            self.hub,  # type: ignore[arg-type]
            self.preserve,
            FixedClock(NOON),
            lambda _many: 0,
        )

    def preserve(self, content: bytes) -> bytes:
        self.preserved.append(content)
        raise self.error(content)

    def round(self, after: timedelta = timedelta(0)) -> StampRound:
        self.add.clock = FixedClock(NOON + after)
        return self.add(NoJob())


@pytest.mark.parametrize("actor", [None, RESIDENT])
def test_who_may_not_sign_asks_neither_hub_nor_authority(actor: Actor | None) -> None:
    bench = Bench(Hub(actor=actor))

    assert bench.round() == StampRound()
    assert (bench.hub.asked, bench.preserved) == (0, [])


def test_a_silent_authority_is_asked_once_a_round_and_not_for_every_report() -> None:
    bench = Bench()

    assert bench.round().waiting == (ONE, TWO)
    assert len(bench.preserved) == 1


def test_what_this_workstation_cannot_vouch_for_holds_up_nothing_and_is_tried_again_hours_later() -> None:
    bench = Bench(error=lambda _content: SignatureInvalid("the signer is not known here"))
    first, second = ONE.pdf_sop_instance_uid.encode(), TWO.pdf_sop_instance_uid.encode()

    assert bench.round().waiting == (ONE, TWO)
    assert bench.preserved == [first, second]
    bench.round(timedelta(hours=1))
    assert bench.preserved == [first, second]
    bench.round(UNSTAMPABLE + timedelta(minutes=1))
    assert bench.preserved == [first, second, first, second]


def test_what_somebody_stored_and_could_not_tell_of_is_told_without_asking_the_authority() -> None:
    bench = Bench(Hub(there={stamped_uid(ONE.pdf_sop_instance_uid), stamped_uid(TWO.pdf_sop_instance_uid)}))

    assert bench.round() == StampRound(stamped=2, waiting=())
    assert bench.preserved == []


def test_a_stored_version_of_another_workstation_is_found_in_the_next_round() -> None:
    bench = Bench(Hub(waiting=[ONE]), error=lambda _content: IntegrityMismatch("stored with other bytes"))

    assert bench.round() == StampRound(0, (ONE,))
    bench.hub.there.add(stamped_uid(ONE.pdf_sop_instance_uid))
    assert bench.round(timedelta(minutes=2)).stamped == 1


def test_a_report_that_is_damaged_in_the_archive_is_not_fetched_again_at_every_look() -> None:
    bench = Bench(Hub(waiting=[ONE]), error=lambda _content: IntegrityMismatch("other bytes than their digest"))

    for minutes in range(0, 300, 2):
        assert bench.round(timedelta(minutes=minutes)) == StampRound(0, (ONE,))
    assert len(bench.preserved) == 2
    bench.round(UNSTAMPABLE + timedelta(minutes=5))
    assert len(bench.preserved) == 3


def test_a_role_that_was_taken_away_meanwhile_shows_nothing_any_more() -> None:
    bench = Bench()
    bench.round()
    bench.hub.refuses = NotPermitted("sign_final")

    assert bench.round(timedelta(minutes=2)) == StampRound()


def test_a_clock_that_was_set_back_waits_for_nothing() -> None:
    bench = Bench()
    bench.round()
    asked = bench.hub.asked

    bench.round(timedelta(days=-2))

    assert bench.hub.asked == asked + 1


def many(count: int) -> list[AwaitedStamp]:
    return [AwaitedStamp("1.2.5", "1.2.5.1", f"1.2.5.{n}", f"1.2.5.4.{n}", "王启明", NOON) for n in range(count)]


def test_a_new_report_waits_for_a_few_stamps_only_and_the_rest_of_the_list_follows_at_once() -> None:
    waiting = many(8)
    bench = Bench(Hub(waiting=waiting, there={stamped_uid(one.pdf_sop_instance_uid) for one in waiting}))

    rounds = [bench.round() for _ in range(4)]

    assert [one.stamped for one in rounds] == [3, 3, 2, 0]
    assert [len(one.waiting) for one in rounds] == [5, 2, 0, 0]
    assert bench.hub.asked == 3  # nothing is left: the next look comes later


def test_reports_that_cannot_be_stamped_hold_up_no_other_and_end_the_rounds() -> None:
    bench = Bench(Hub(waiting=many(8)), error=lambda _content: SignatureInvalid("the signer is not known here"))

    for _ in range(6):
        assert len(bench.round().waiting) == 8

    assert sorted(bench.preserved) == sorted(one.pdf_sop_instance_uid.encode() for one in many(8))


def test_a_silent_authority_is_not_asked_again_at_once_however_many_wait() -> None:
    bench = Bench(Hub(waiting=many(8)))

    bench.round()
    bench.round()

    assert len(bench.preserved) == 1


def test_two_workstations_begin_at_different_places_of_the_same_list() -> None:
    waiting = many(8)
    hub = Hub(waiting=waiting, there={stamped_uid(one.pdf_sop_instance_uid) for one in waiting})
    bench = Bench(hub)
    bench.add.first = lambda many: many - 2

    assert bench.round().stamped == 3
    assert hub.told == [waiting[place].pdf_sop_instance_uid for place in (6, 7, 0)]


def signed_pdf(one: AwaitedStamp, sop_class: str = "1.2.840.10008.5.1.4.1.1.104.1") -> OutputReference:
    return OutputReference(one.study_instance_uid, one.pdf_series_instance_uid, sop_class, one.pdf_sop_instance_uid)


def named(hub: Hub, *signed: OutputReference) -> list[str]:
    return [one.sop_instance_uid for one in StampedVersions(hub, hub)(signed)]  # type: ignore[arg-type]  # it asks no more


def test_a_note_of_rejection_is_told_of_versions_that_are_stored_and_of_those_that_may_be_at_any_moment() -> None:
    stored, awaited = signed_pdf(ONE), signed_pdf(TWO)
    structured = signed_pdf(TWO, "1.2.840.10008.5.1.4.1.1.88.22")
    hub = Hub(waiting=[TWO], there={stamped_uid(ONE.pdf_sop_instance_uid)})

    assert named(hub, stored, awaited, structured) == [
        stamped_uid(ONE.pdf_sop_instance_uid),
        stamped_uid(TWO.pdf_sop_instance_uid),
    ]
    assert named(Hub(waiting=[]), stored, structured) == []


def test_a_version_that_is_damaged_in_the_archive_is_rejected_like_a_whole_one() -> None:
    class Damaged(Hub):
        def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
            raise IntegrityMismatch(f"{study_instance_uid} {series_instance_uid} {sop_instance_uid}")

    assert named(Damaged(waiting=[]), signed_pdf(ONE)) == [stamped_uid(ONE.pdf_sop_instance_uid)]
