"""The hub takes a signed report only when its signature holds; what it refuses is told in words and stays a draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.signing_house import Desk, House
from workstation.domain.report import ReportState
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.services.jobs import NoJob


def own(keys: Path) -> Path:
    return keys


def told(desk: Desk) -> list[str]:
    with_details = desk.hub.client.request("GET", "/api/audit").json()
    return [one["detail"] for one in with_details if one["action"] in {"report_signed", "signature_failed"}]


def damage(desk: Desk) -> None:
    """Flip one bit in the middle of the PDF, as a disk or somebody with the file may."""
    (waiting,) = desk.storage.outbox.pending()
    (pdf,) = (one for one in waiting.artefacts if one.kind == "report_pdf")
    half = len(pdf.payload) // 2
    payload = pdf.payload[:half] + bytes([pdf.payload[half] ^ 1]) + pdf.payload[half + 1 :]
    desk.storage.outbox.replace(waiting.report.report_uid, replace(pdf, payload=payload))


@pytest.mark.parametrize(
    ("trust", "words"), [(own, "signature and chain checked"), (lambda _keys: None, "its chain is not known")]
)
def test_a_good_report_is_taken_and_the_audit_trail_says_what_was_checked(
    tmp_path: Path, trust: Callable[[Path], Path | None], words: str
) -> None:
    with House(tmp_path, trust=trust) as house, house.at("expert") as desk:
        desk.sign()
        outcome = desk.services.deliver(NoJob())
        assert (outcome.delivered, outcome.refused) == (1, 0)
        with house.at("quality") as quality:
            assert [one for one in told(quality) if words in one]


def test_a_damaged_report_is_refused_in_words_and_its_text_is_a_draft_again(tmp_path: Path) -> None:
    with House(tmp_path, trust=own) as house, house.at("expert") as desk:
        signed = desk.sign()
        damage(desk)

        outcome = desk.services.deliver(NoJob())

        assert (outcome.delivered, outcome.refused) == (0, 1)
        assert outcome.reason == "The hub finds that this report was changed after it was signed"
        draft = desk.storage.drafts.load(signed.report.study_instance_uid, "expert")
        assert draft is not None
        assert (draft.state, draft.values) == (ReportState.DRAFTED, signed.report.values)
        assert desk.hub.reports.fetch(signed.report.ups_instance_uid) is None
        with house.at("quality") as quality:
            assert [one for one in told(quality) if one.endswith("altered")]


def test_a_signature_of_an_authority_that_the_hub_does_not_know_is_refused(tmp_path: Path) -> None:
    def foreign(_keys: Path) -> Path:
        other = DemoKeyStore(tmp_path / "other")
        other.ensure_signer("x", "某人", "某院", "246810")
        return tmp_path / "other"

    with House(tmp_path / "house", trust=foreign) as house, house.at("expert") as desk:
        desk.sign()

        outcome = desk.services.deliver(NoJob())

        assert outcome.refused == 1
        assert outcome.reason == ("The hub does not trust the certificate of this signature, or it was not valid then")
