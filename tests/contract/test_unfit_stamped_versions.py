"""
Nothing unfit takes the place of a report's stamped version, where no other workstation could ever mend it.

A real hub that judges signatures, real signatures, real authorities.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.test_late_stamps_over_hub import adding, delivered
from tests.helpers.signing_house import House
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.dicom.objects.stamped_version import stamped_uid, stamped_version
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
