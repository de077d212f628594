"""Rights, workitem states, audit chain and study facts."""

from __future__ import annotations

from dataclasses import replace

from tests.helpers.cases import study
from workstation.domain.access import PERMISSIONS, Actor, Permission, Role
from workstation.domain.audit import GENESIS, AuditAction, AuditEvent, first_broken
from workstation.domain.errors import AlreadyClaimed, WorklistError, WorkstationError
from workstation.domain.study import Series
from workstation.domain.workitem import ALLOWED_TRANSITIONS


def test_a_scheduled_workitem_is_never_cancelled_directly() -> None:
    """PS3.4 CC.1.1: SCHEDULED goes to IN PROGRESS only; final states end there."""
    assert {str(k): {str(v) for v in vs} for k, vs in ALLOWED_TRANSITIONS.items()} == {
        "SCHEDULED": {"IN PROGRESS"},
        "IN PROGRESS": {"COMPLETED", "CANCELED"},
        "COMPLETED": set(),
        "CANCELED": set(),
    }


def test_every_role_is_listed_and_only_seniors_sign() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert [role for role in Role if Permission.SIGN_FINAL in PERMISSIONS[role]] == [Role.SENIOR]


def test_a_technician_sees_the_own_site_only() -> None:
    technician = Actor("technician", "韩梅", Role.TECHNICIAN, "qingshui")

    assert technician.may_see_site("qingshui")
    assert not technician.may_see_site("beihe")
    assert not replace(technician, site_id="").may_see_site("")


def test_readers_see_the_alliance_and_administrators_see_no_study() -> None:
    assert Actor("resident", "宋佳", Role.READER, "centre").may_see_site("qingshui")
    assert not Actor("admin", "管理员", Role.ADMIN, "centre").may_see_site("centre")


def chain(count: int) -> list[AuditEvent]:
    events: list[AuditEvent] = []
    previous = GENESIS
    for number in range(1, count + 1):
        event = AuditEvent(
            number,
            f"2026-11-21T12:00:{number:02}Z",
            "expert",
            "senior",
            AuditAction.STUDY_VIEWED,
            0,
            "1.2.3",
            "",
            previous,
        ).sealed()
        previous = event.digest
        events.append(event)
    return events


def test_a_whole_chain_is_whole() -> None:
    assert first_broken(chain(5)) is None


def test_editing_deleting_or_swapping_a_record_is_seen() -> None:
    events = chain(5)

    assert first_broken([*events[:2], replace(events[2], user_id="somebody"), *events[3:]]) == 3
    assert first_broken([*events[:2], *events[3:]]) == 4
    assert first_broken([events[0], events[2], events[1], *events[3:]]) == 3
    assert first_broken([replace(events[0], previous="1" * 64), *events[1:]]) == 1


def test_a_renumbered_record_is_seen_even_when_resealed() -> None:
    events = chain(3)

    assert first_broken([*events[:2], replace(events[2], sequence=9).sealed()]) == 9


def test_errors_carry_a_text_and_a_next_step() -> None:
    error = AlreadyClaimed("李文博正在阅片", hint="可只读打开", detail="2.25.8")

    assert isinstance(error, WorklistError)
    assert (error.user_text, error.hint, str(error)) == ("李文博正在阅片", "可只读打开", "2.25.8")
    assert str(WorkstationError("only text")) == "only text"


def test_a_study_counts_its_instances_and_modalities() -> None:
    ct = study(5)
    both = replace(ct, series=(*ct.series, Series("1.2.3.9", "SR"), Series("1.2.3.10", "CT")))

    assert (both.instance_count, both.modalities) == (5, ("CT", "SR"))
