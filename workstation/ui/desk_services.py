"""The use cases that a reader's desk carries out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.ports import Clock
from workstation.services.author_signing import SignPreliminary
from workstation.services.claim_check import CheckClaim
from workstation.services.delivery_service import DeliverReports
from workstation.services.report_service import RevealAi, SaveDraft, SendReportBack, SubmitPreliminary
from workstation.services.signing_service import SignReport
from workstation.services.study_service import OpenCase, ReleaseCase


@dataclass(frozen=True, slots=True)
class DeskServices:
    """The use cases the desk carries out, joined in bootstrap."""

    open_case: OpenCase
    save_draft: SaveDraft
    sign_preliminary: SignPreliminary
    submit: SubmitPreliminary
    send_back: SendReportBack
    sign: SignReport
    check_claim: CheckClaim
    deliver: DeliverReports
    release: ReleaseCase
    reveal: RevealAi
    clock: Clock
    new_uid: Callable[[], str]
