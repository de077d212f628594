"""The AI worker's queue: workitems of code 110004 over UPS-RS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from pydantic import TypeAdapter
from pydicom.uid import generate_uid

from worklist.dicom_json import Attributes, code_item, element, items, text
from worklist.errors import is_lost_race, refusal
from worklist.http import HubClient
from worklist.ups_rs import STATE, Workitems, performed_step, utc_time
from workstation.domain.detection import AiWorkitem, DetectionSummary
from workstation.domain.workitem import Claim, OutputReference, Priority, ProcedureStepState, WorkitemCode

_SUMMARY: Final = TypeAdapter(DetectionSummary)
_PROGRESS: Final = "00741002"
_LOOK_AT: Final = "20"
_URGENCY: Final = {Priority.HIGH.value: 0, Priority.MEDIUM.value: 1, Priority.LOW.value: 2}


def _new_uid() -> str:
    return str(generate_uid(prefix=None))


class HubDetectionQueue:
    """Implements ``DetectionQueuePort``; any number of workers may share one queue."""

    def __init__(self, client: HubClient, *, new_uid: Callable[[], str] = _new_uid) -> None:
        self._client = client
        self._workitems = Workitems(client)
        self._new_uid = new_uid

    def claim_next(self) -> AiWorkitem | None:
        """Lock the most urgent waiting workitem, None when none waits. Raises Unreachable, Refused."""
        waiting = self._workitems.search(
            **{
                "ScheduledWorkitemCodeSequence.CodeValue": WorkitemCode.COMPUTER_AIDED_DETECTION.value,
                "ProcedureStepState": ProcedureStepState.SCHEDULED.value,
                "limit": _LOOK_AT,
            }
        )
        for workitem in sorted(waiting, key=lambda found: _URGENCY.get(text(found, "00741200"), len(_URGENCY))):
            ups, study = text(workitem, "00080018"), _study(workitem)
            if ups and study and (transaction := self._try_claim(ups)):
                return AiWorkitem(Claim(ups, transaction), study)
        return None

    def progress(self, item: AiWorkitem, fraction: float, text: str = "") -> None:
        """Report progress in [0, 1] and renew the lease. Raises WrongTransaction, Unreachable."""
        told = {"00741004": element("DS", f"{100 * min(1.0, max(0.0, fraction)):.0f}")}
        if text:
            told["00741006"] = element("ST", text[:1024])
        self._update(item, {_PROGRESS: element("SQ", told)})

    def complete(self, item: AiWorkitem, outputs: Sequence[OutputReference], summary: DetectionSummary) -> None:
        """Record the summary and finish the workitem; already completed by the same lock is success."""
        workitem = self._workitems.retrieve(item.claim.ups_instance_uid)
        if text(workitem, STATE) == ProcedureStepState.IN_PROGRESS:
            performed = performed_step(workitem, outputs, ended=datetime.now(UTC))
            performed["00741212"] = element(
                "SQ",
                {
                    "0040A040": element("CS", "TEXT"),
                    "0040A043": element("SQ", code_item("DETECTION_SUMMARY", "99LIANYUE", "Detection summary")),
                    "0040A160": element("UT", _SUMMARY.dump_json(summary).decode()),
                },
            )
            self._update(item, {"00741216": element("SQ", performed)})
        self._move(item, ProcedureStepState.COMPLETED)

    def fail(self, item: AiWorkitem, reason: str) -> None:
        """Cancel the workitem with a reason; the case becomes AI_FAILED and can still be read."""
        stopped = {
            "00404052": element("DT", utc_time(datetime.now(UTC))),
            "00741238": element("LT", reason),
            "0074100E": element("SQ", code_item("110513", "DCM", "Discontinued for unspecified reason")),
        }
        self._update(item, {_PROGRESS: element("SQ", stopped)})
        self._move(item, ProcedureStepState.CANCELED)

    def release(self, item: AiWorkitem) -> None:
        """Give the workitem back unfinished: it is scheduled anew for the next worker."""
        self._client.request(
            "POST",
            f"/api/worklist/{item.claim.ups_instance_uid}/release",
            json={"transaction_uid": item.claim.transaction_uid},
        )

    def _try_claim(self, ups_instance_uid: str) -> str:
        """Return the Transaction UID of a won claim, empty when another worker was faster."""
        transaction = self._new_uid()
        response = self._workitems.change_state(ups_instance_uid, transaction, ProcedureStepState.IN_PROGRESS)
        if not response.is_error:
            return transaction
        if is_lost_race(response) or response.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return ""  # taken or withdrawn since the search
        raise refusal(response, doing="AI claim")

    def _update(self, item: AiWorkitem, attributes: Attributes) -> None:
        self._workitems.update(item.claim.ups_instance_uid, item.claim.transaction_uid, attributes)

    def _move(self, item: AiWorkitem, state: ProcedureStepState) -> None:
        self._workitems.move(item.claim.ups_instance_uid, item.claim.transaction_uid, state)


def _study(workitem: Attributes) -> str:
    """Return the study a workitem asks to work on: its own attribute, its request's, or its input's."""
    for source in (workitem, *items(workitem, "0040A370"), *items(workitem, "00404021")):
        if uid := text(source, "0020000D"):
            return uid
    return ""
