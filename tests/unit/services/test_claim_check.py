"""A signature is not made for a case that went to somebody else, and a silent hub does not stop it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import pytest

from tests.helpers import cases, fakes
from workstation.domain.errors import AlreadyClaimed, NoLongerUpdatable, Unreachable
from workstation.domain.workitem import Claim, ReadingState, WorklistRow
from workstation.services.claim_check import CheckClaim

MINE = replace(cases.row(ReadingState.READING), reader_id="expert", reader_name="王启明")
CLAIM = Claim(MINE.ups_instance_uid, "2.25.99")


@dataclass
class Away(fakes.FakeWorklist):
    def row(self, ups_instance_uid: str) -> WorklistRow:
        raise Unreachable(ups_instance_uid)


@dataclass
class Slow(fakes.FakeWorklist):
    def row(self, ups_instance_uid: str) -> WorklistRow:
        threading.Event().wait(5)
        return super().row(ups_instance_uid)


@pytest.mark.parametrize(
    "row", [MINE, replace(MINE, state=ReadingState.FINAL), replace(MINE, state=ReadingState.ACKNOWLEDGED)]
)
def test_the_own_case_and_one_that_is_signed_already_pass(row: WorklistRow) -> None:
    CheckClaim(fakes.FakeWorklist(row))(CLAIM, "expert")


def test_the_new_holder_is_named_with_what_becomes_of_the_text() -> None:
    other = replace(MINE, reader_id="resident", reader_name="宋佳")
    with pytest.raises(AlreadyClaimed) as lost:
        CheckClaim(fakes.FakeWorklist(other))(CLAIM, "expert")
    assert lost.value.user_text == "宋佳 is reading this case now; it is not yours any more"
    assert lost.value.hint.startswith("Your text is kept as a draft on this machine.")


@pytest.mark.parametrize("state", [ReadingState.READY, ReadingState.CANCELLED, ReadingState.PRELIMINARY])
def test_a_case_that_is_back_on_the_list_or_withdrawn_is_not_held(state: ReadingState) -> None:
    with pytest.raises(NoLongerUpdatable):
        CheckClaim(fakes.FakeWorklist(replace(MINE, state=state)))(CLAIM, "expert")


def test_a_hub_that_does_not_answer_does_not_stop_a_signature() -> None:
    CheckClaim(Away(MINE))(CLAIM, "expert")


def test_a_slow_line_does_not_keep_the_signer_waiting() -> None:
    CheckClaim(Slow(replace(MINE, reader_id="resident")), patience_s=0.01)(CLAIM, "expert")
