"""
A house that wants no time stamps (level B-B) is told of none that is missing.

A real hub that judges signatures, real signatures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.signing_house import House
from workstation.bootstrap.desk import desk_services
from workstation.domain.dispatch import TimelineStep
from workstation.domain.signature import SignatureLevel
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.services.jobs import NoJob


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path, trust=lambda keys: keys) as house:
        yield house


def test_where_no_stamp_is_wanted_none_is_missing(house: House) -> None:
    store = DemoKeyStore(house.folder / "pki", level=SignatureLevel.B, authority=house.authority)
    settings = replace(house.signing.settings, level="B-B")
    house.signing = replace(house.signing, settings=settings, demo=store, keys=store)
    with house.at("expert") as desk:
        signed = desk.sign()
        assert not signed.pdf.awaits_time_stamp

        outcome = desk_services(desk.hub, desk.storage, desk.signing).deliver(NoJob())

        assert (outcome.delivered, outcome.unstamped, outcome.held) == (1, 0, 0)
        assert desk.hub.late_stamps.awaited() == []
        steps = [event.step for event in desk.hub.dispatch.timeline(signed.report.ups_instance_uid)]
        assert TimelineStep.STORED in steps
        assert TimelineStep.UNSTAMPED not in steps
    assert house.authority.asked == 0
