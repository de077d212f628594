"""UPS refusals: HTTP status, DIMSE status in the body, and the Warning texts of PS3.18 chapter 11."""

from __future__ import annotations

from typing import Final

from worklist.hub.errors import HubError

SERVICE: Final = "lianyue"
UID_MISSING: Final = "The Transaction UID is missing."
UID_INCORRECT: Final = "The Transaction UID is incorrect."
INCONSISTENT: Final = "The submitted request is inconsistent with the state of the UPS Instance."
ALREADY_COMPLETED: Final = "The UPS is already in the requested state of COMPLETED."
ALREADY_CANCELED: Final = "The UPS is already in the requested state of CANCELED."
CREATED_MODIFIED: Final = "The Workitem was created with modifications."
UPDATED_MODIFIED: Final = "The Workitem was updated with modifications."
OPTIONAL_UNSUPPORTED: Final = "Requested optional Attributes are not supported."
NOT_FUZZY: Final = "The fuzzymatching parameter is not supported. Only literal matching has been performed."


def warning_header(*texts: str) -> dict[str, str]:
    """Return the Warning header for some texts, nothing for none."""
    shown = [text for text in texts if text]
    return {"Warning": ", ".join(f"299 {SERVICE}: {text}" for text in shown)} if shown else {}


class UpsRefused(HubError):
    """A UPS request that fails; ``dimse_status`` is the code that a DIMSE peer would get."""

    def __init__(
        self, dimse_status: str, message: str, *, status: int = 409, code: str = "", warning: str = "", **extra: object
    ) -> None:
        super().__init__(message, headers=warning_header(warning), dimse_status=dimse_status, **extra)
        self.status = status
        self.code = code or {400: "bad_request", 404: "not_found"}.get(status, "no_longer_updatable")
        self.dimse_status = dimse_status


def unknown_workitem() -> UpsRefused:
    """C307: no such workitem, or one that the actor may not see."""
    return UpsRefused("C307", "there is no such workitem", status=404)


def invalid(message: str, dimse_status: str = "0106") -> UpsRefused:
    """0106 invalid value, 0120 missing attribute, 0121 missing value, C309 wrong initial state."""
    return UpsRefused(dimse_status, message, status=400)


def wrong_transaction(transaction_uid: str) -> UpsRefused:
    """C301: the Transaction UID is missing or is not the lock."""
    warning = UID_INCORRECT if transaction_uid else UID_MISSING
    return UpsRefused("C301", warning, status=400, code="wrong_transaction", warning=warning)


def already_claimed(dimse_status: str, holder: str) -> UpsRefused:
    """C301 or C302 on a claim: the workitem is in progress."""
    warning = UID_INCORRECT if dimse_status == "C301" else INCONSISTENT
    return UpsRefused(dimse_status, "already in progress", code="already_claimed", warning=warning, holder=holder)


def inconsistent(dimse_status: str, message: str) -> UpsRefused:
    """C300, C303, C304, C310, C311, C312: the state does not allow the request."""
    return UpsRefused(dimse_status, message, warning=INCONSISTENT)
