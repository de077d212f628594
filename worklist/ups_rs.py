"""The reading worklist: claims and completions over UPS-RS, the list itself over the hub's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import httpx
from pydantic import TypeAdapter

from worklist.dicom_json import JSON, Attributes, code_item, element, items, text
from worklist.errors import already_claimed, dimse_status, is_lost_race, misunderstood, refusal
from worklist.http import HubClient
from workstation.domain.errors import AlreadyClaimed, WorkstationError
from workstation.domain.workitem import (
    Claim,
    OutputReference,
    ProcedureStepState,
    WorkitemCode,
    WorklistPage,
    WorklistQuery,
    WorklistRow,
)

TRANSACTION_UID: Final = "00081195"
STATE: Final = "00741000"
_MODIFIED: Final = "00404010"
_WORKITEM_CODE: Final = "00404018"
_ALREADY_HELD: Final = "C302"
"""PS3.4 Table CC.1.1-2: a claim that repeats the recorded Transaction UID gets C302, another one C301."""

_PAGE: Final = TypeAdapter(WorklistPage)
_ROW: Final = TypeAdapter(WorklistRow)
_MEANINGS: Final = {
    WorkitemCode.COMPUTER_AIDED_DETECTION: "Computer Aided Detection",
    WorkitemCode.INTERPRETATION: "Interpretation",
    WorkitemCode.REPORT_VERIFICATION: "Report Verification",
}
_STATION: Final = code_item("LIANYUE", "99LIANYUE", "Lianyue workstation")


class Workitems:
    """UPS-RS transactions of PS3.18 chapter 11 as plain calls; shared by readers and AI workers."""

    def __init__(self, client: HubClient) -> None:
        self.client = client

    def retrieve(self, ups_instance_uid: str) -> Attributes:
        """Return the workitem's attributes. Raises Refused when there is none."""
        path = _path(ups_instance_uid)
        return _first(self.client.request("GET", path, headers={"Accept": JSON}))

    def search(self, **match: str) -> list[Attributes]:
        """Return workitems that match; keys are keywords or ``limit`` and ``offset``."""
        response = self.client.request("GET", "/dicom-web/workitems", query=match, headers={"Accept": JSON})
        if response.status_code == HTTPStatus.NO_CONTENT or not response.content:
            return []
        found = response.json()
        if not isinstance(found, list):
            raise misunderstood("UPS-RS search answered no array")
        return found

    def update(self, ups_instance_uid: str, transaction_uid: str, attributes: Attributes) -> None:
        """Set attributes of a workitem under its lock."""
        self.client.request("POST", _path(ups_instance_uid), query=transaction_uid, json=[attributes], headers=_HEADERS)

    def change_state(self, ups_instance_uid: str, transaction_uid: str, state: ProcedureStepState) -> httpx.Response:
        """Ask for a state; the answer may be a refusal, which is the caller's to judge."""
        body = [{TRANSACTION_UID: element("UI", transaction_uid), STATE: element("CS", state.value)}]
        return self.client.raw("PUT", f"{_path(ups_instance_uid)}/state", json=body, headers=_HEADERS)

    def move(self, ups_instance_uid: str, transaction_uid: str, state: ProcedureStepState) -> None:
        """Ask for a state and raise when it is refused; being there already under this lock is success."""
        response = self.change_state(ups_instance_uid, transaction_uid, state)
        if response.is_error:
            raise refusal(response, doing=f"workitem to {state}")

    def finish(self, ups_instance_uid: str, transaction_uid: str, outputs: Sequence[OutputReference]) -> None:
        """Record what was performed and complete the workitem; may be repeated after a lost answer."""
        workitem = self.retrieve(ups_instance_uid)
        if text(workitem, STATE) == ProcedureStepState.IN_PROGRESS:
            performed = performed_step(workitem, outputs, ended=datetime.now(UTC))
            self.update(ups_instance_uid, transaction_uid, {"00741216": element("SQ", performed)})
        self.move(ups_instance_uid, transaction_uid, ProcedureStepState.COMPLETED)


def utc_time(moment: datetime) -> str:
    """Return a DT value in UTC with its offset: without one it would mean the time of the place (PS3.5 6.2)."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def performed_step(workitem: Attributes, outputs: Sequence[OutputReference], *, ended: datetime) -> dict[str, Any]:
    """
    Return the UPS Performed Procedure item that the COMPLETED state needs.

    The start is the workitem's last modification, which is the claim (every N-SET of this
    product comes right before the end).  Source: PS3.4 Table CC.2.5-3.
    """
    end = utc_time(ended)
    codes = items(workitem, _WORKITEM_CODE)
    code = text(codes[0], "00080100") if codes else WorkitemCode.INTERPRETATION.value
    meaning = text(codes[0], "00080104") if codes else _MEANINGS[WorkitemCode.INTERPRETATION]
    return {
        "00404028": element("SQ", _STATION),
        "00404050": element("DT", text(workitem, _MODIFIED) or end),
        "00404051": element("DT", end),
        "00404019": element("SQ", code_item(code, "DCM", meaning)),
        "00404033": element("SQ", *(_output(reference) for reference in outputs)),
    }


def _output(reference: OutputReference) -> dict[str, Any]:
    return {
        "0040E020": element("CS", "DICOM"),
        "0020000D": element("UI", reference.study_instance_uid),
        "0020000E": element("UI", reference.series_instance_uid),
        "00081199": element(
            "SQ",
            {
                "00081150": element("UI", reference.sop_class_uid),
                "00081155": element("UI", reference.sop_instance_uid),
            },
        ),
        "0040E025": element("SQ", {"00081190": element("UR", f"/dicom-web/studies/{reference.study_instance_uid}")}),
    }


class HubWorklist:
    """Implements ``WorklistPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._workitems = Workitems(client)

    def query(self, query: WorklistQuery) -> WorklistPage:
        """Return one page of cases. Raises Unreachable, Refused."""
        wanted: dict[str, str | int | bool] = {
            "tab": query.tab.value,
            "text": query.text,
            "modality": query.modality,
            "site_id": query.site_id,
            "today_only": query.today_only,
            "with_ai_findings": query.with_ai_findings,
            "offset": query.offset,
            "limit": query.limit,
        }
        return self._client.ask(
            _PAGE,
            "GET",
            "/api/worklist",
            query={key: _flag(value) for key, value in wanted.items() if value},
        )

    def row(self, ups_instance_uid: str) -> WorklistRow:
        """Return one case. Raises Unreachable, Refused."""
        return self._client.ask(_ROW, "GET", f"/api/worklist/{ups_instance_uid}")

    def claim(self, ups_instance_uid: str, transaction_uid: str) -> Claim:
        """Lock a workitem: SCHEDULED to IN PROGRESS. Raises AlreadyClaimed (its text names the holder)."""
        response = self._workitems.change_state(ups_instance_uid, transaction_uid, ProcedureStepState.IN_PROGRESS)
        if not response.is_error:
            return Claim(ups_instance_uid, transaction_uid)
        if not is_lost_race(response):
            raise refusal(response, doing="claim")
        if dimse_status(response) == _ALREADY_HELD and self._is_mine(ups_instance_uid):
            # the lock is ours: the answer to a former claim was lost, or the case is opened again
            return Claim(ups_instance_uid, transaction_uid)
        raise self._lost(ups_instance_uid, response)

    def release(self, claim: Claim) -> None:
        """Give a claimed reading back: the workitem is cancelled and scheduled anew. Raises WrongTransaction."""
        self._client.request(
            "POST",
            f"/api/worklist/{claim.ups_instance_uid}/release",
            json={"transaction_uid": claim.transaction_uid},
        )

    def free(self, ups_instance_uid: str, reason: str) -> None:
        """Take a case from a machine that does not give it back. Raises NotPermitted, NoLongerUpdatable."""
        self._client.request("POST", f"/api/worklist/{ups_instance_uid}/free", json={"reason": reason})

    def complete(self, claim: Claim, outputs: Sequence[OutputReference]) -> None:
        """Finish a workitem with its outputs; already completed by the same lock is success."""
        self._workitems.finish(claim.ups_instance_uid, claim.transaction_uid, outputs)

    def _is_mine(self, ups_instance_uid: str) -> bool:
        try:
            me = self._client.request("GET", "/api/session").json()
            return bool(me["user_id"]) and self.row(ups_instance_uid).reader_id == me["user_id"]
        except (WorkstationError, ValueError, KeyError, TypeError):
            return False

    def _lost(self, ups_instance_uid: str, response: httpx.Response) -> AlreadyClaimed:
        told = refusal(response, doing="claim")
        if isinstance(told, AlreadyClaimed) and response.json().get("holder"):
            return told
        try:
            holder = self.row(ups_instance_uid).reader_name
        except WorkstationError:
            holder = ""
        return already_claimed(holder, detail=told.detail)


_HEADERS: Final = {"Content-Type": JSON, "Accept": JSON}


def _path(ups_instance_uid: str) -> str:
    return f"/dicom-web/workitems/{ups_instance_uid}"


def _flag(value: str | int | bool) -> str | int:  # noqa: FBT001  (a query value, not a switch)
    return ("true" if value else "false") if isinstance(value, bool) else value


def _first(response: httpx.Response) -> Attributes:
    try:
        body = response.json()
    except ValueError as exc:
        raise misunderstood("UPS-RS answered no JSON") from exc
    found = body[0] if isinstance(body, list) and body else body
    if not isinstance(found, dict):
        raise misunderstood("UPS-RS answered no dataset")
    return found
