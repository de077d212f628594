"""A patient whose ID no document can hold is told as the case opens and before any PIN; the draft stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from resources.translation import use_language
from tests.helpers import fakes
from tests.helpers.cases import NOON, FixedClock, ai_finding, complete_values, report, row, study, template
from workstation.dicom.images.assemble import study_from_json
from workstation.domain.errors import NotSignable
from workstation.domain.finding import RejectReason
from workstation.domain.report import Blocker, BlockerKind
from workstation.domain.workitem import Claim
from workstation.services.report_service import describe_blocker, open_blockers
from workstation.services.signing_service import SignReport


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


DECIDED = report(ai_finding().rejected(RejectReason.VESSEL, by="expert", at=NOON), values=complete_values())
TWO_IDS = replace(study(), patient=study_from_json([{
    "00080018": {"vr": "UI", "Value": ["1.2.3.4.1"]},
    "0020000D": {"vr": "UI", "Value": ["1.2.3.4"]},
    "0020000E": {"vr": "UI", "Value": ["1.2.3.4.5"]},
    "00100020": {"vr": "LO", "Value": ["P1", "P2"]},
}]).patient)  # fmt: skip
"""As an archive tells of images with two IDs in one field"""


def test_the_list_beside_the_form_says_it_as_the_case_opens() -> None:
    assert open_blockers(DECIDED, template(), study()) == ()
    (blocker,) = open_blockers(DECIDED, template(), TWO_IDS)
    assert blocker == Blocker(BlockerKind.UNSTORABLE_PATIENT, "")
    assert "patient ID" in describe_blocker(blocker, DECIDED, template())


def test_a_senior_is_told_before_the_pin_is_used_and_the_draft_stays() -> None:
    objects, drafts, outbox, audit = fakes.FakeObjects(), fakes.FakeDrafts(), fakes.FakeOutbox(), fakes.FakeAudit()
    signing = SignReport(
        objects, objects, fakes.FakeSigner(), outbox, drafts, audit, FixedClock(), critical=lambda r: r
    )

    with pytest.raises(NotSignable, match="patient ID") as refused:
        signing(DECIDED, template=template(), study=TWO_IDS, row=row(), claim=Claim("2.25.8", "2.25.99"),
                actor=fakes.EXPERT, pin="0000")  # fmt: skip

    assert "draft" in refused.value.hint
    assert (drafts.discarded, outbox.waiting, audit.actions) == ([], [], [])
