"""What the hub's refusals mean to the person at the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx

from resources.translation import tr, trn
from workstation.domain.errors import (
    AlreadyClaimed,
    CriticalOpen,
    DiskFull,
    IntegrityMismatch,
    NoLongerUpdatable,
    NotPermitted,
    Refused,
    SignInFailed,
    StudyIncomplete,
    TemplateViolation,
    Unreachable,
    WorkstationError,
    WrongTransaction,
)

Body = Mapping[str, Any]
_MINUTE_S: Final = 60


def unreachable(url: str, exc: Exception) -> Unreachable:
    """Return what to say when no usable answer came back."""
    return Unreachable(
        tr("The hub at {url} does not answer", url=url),
        hint=tr(
            "Images already loaded and your drafts stay usable. Check the network line; it is tried again by itself."
        ),
        detail=f"{type(exc).__name__} while talking to the hub",
    )


def misunderstood(detail: str) -> Refused:
    """Return what to say when the answer does not have the agreed form."""
    return Refused(
        tr("The hub sent an answer that this workstation does not understand"),
        hint=tr("Hub and workstation may be of different versions. Tell your administrator."),
        detail=detail,
    )


def refusal(response: httpx.Response, *, doing: str) -> WorkstationError:
    """
    Translate an HTTP error answer into the error a person is shown.

    ``doing`` names the request for the log, without query values (those may hold names).
    """
    body = _body(response)
    code = str(body.get("error", "")) or _code_of_warning(response)
    detail = f"{doing}: HTTP {response.status_code} {code} {body.get('dimse_status', '')}".rstrip()
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:  # the hub gives it the code of a wrong password
        return _too_many(response.headers.get("retry-after", ""), detail)
    make = _BY_CODE.get(code) or _BY_STATUS.get(response.status_code)
    if make is not None:
        return make(body, detail)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _broken(body, detail)
    return _bad_request(body, detail)


def is_unknown_address(response: httpx.Response) -> bool:
    """Tell whether a hub does not know an address at all: what it does not know there it says by a code of its own."""
    missing = response.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
    return missing and not _body(response).get("error")


def is_lost_race(response: httpx.Response) -> bool:
    """
    Tell whether a refused claim means that somebody else was faster.

    Standard and existing servers answer 400 or 409, with C301, C302 or C300; only a refusal
    that our hub calls a bad request is no race.  Source: PS3.4 CC.2.1.2, PS3.18 11.7.3.
    """
    races = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}
    return response.status_code in races and _body(response).get("error") != "bad_request"


def dimse_status(response: httpx.Response) -> str:
    """Return the DIMSE code (``C301``) that a UPS refusal carries, empty without one."""
    body = _body(response)
    for key in ("dimse_status", "dimse", "status", "code"):
        value = body.get(key)
        if isinstance(value, int):
            return f"{value:04X}"
        if isinstance(value, str) and len(value.removeprefix("0x")) == 4:
            return value.removeprefix("0x").upper()
    return ""


def _body(response: httpx.Response) -> Body:
    try:
        parsed = response.json()
    except ValueError:
        return {}
    if isinstance(parsed, list) and parsed and isinstance(parsed[0], dict):
        parsed = parsed[0]
    if isinstance(parsed, dict) and isinstance(parsed.get("detail"), dict):
        parsed = parsed["detail"]
    return parsed if isinstance(parsed, dict) else {}


def _code_of_warning(response: httpx.Response) -> str:
    """Peers other than our hub tell the reason in the Warning header only (PS3.18 11.7.3)."""
    warning = response.headers.get("warning", "").lower()
    if "transaction uid is" in warning:
        return "wrong_transaction"
    if "inconsistent with the state" in warning:
        return "no_longer_updatable"
    return ""


def _sign_in_failed(_body: Body, detail: str) -> WorkstationError:
    return SignInFailed(
        tr("Your session at the hub has ended"),
        hint=tr("Sign in again; drafts and open images are kept."),
        detail=detail,
    )


def _too_many(retry_after: str, detail: str) -> WorkstationError:
    seconds = int(retry_after) if retry_after.isdecimal() else 0
    if seconds > _MINUTE_S:
        minutes = -(-seconds // _MINUTE_S)
        text = trn(
            "Too many failed attempts to sign in; try again in {count} minute",
            "Too many failed attempts to sign in; try again in {count} minutes",
            minutes,
        )
    elif seconds:
        text = trn(
            "Too many failed attempts to sign in; try again in {count} second",
            "Too many failed attempts to sign in; try again in {count} seconds",
            seconds,
        )
    else:
        text = tr("Too many failed attempts to sign in; wait a few minutes")
    return SignInFailed(text, hint=tr("Your administrator can reset the password."), detail=detail)


def _not_permitted(_body: Body, detail: str) -> WorkstationError:
    return NotPermitted(
        tr("Your role does not include this act"),
        hint=tr("Ask your administrator if you need it."),
        detail=detail,
    )


def _not_found(_body: Body, detail: str) -> WorkstationError:
    return Refused(
        tr("The hub does not know this case or image"),
        hint=tr("It may have been withdrawn. Refresh the worklist."),
        detail=detail,
    )


def _already_claimed(body: Body, detail: str) -> WorkstationError:
    return already_claimed(str(body.get("holder", "")), detail=detail)


def already_claimed(holder: str, *, detail: str = "") -> AlreadyClaimed:
    """Return what the loser of a claim is told; ``holder`` is a display name or empty."""
    text = (
        tr("{holder} is already reading this case", holder=holder)
        if holder
        else tr("Another reader is already reading this case")
    )
    return AlreadyClaimed(
        text,
        hint=tr(
            "Choose another case, or ask for it to be released; a senior can take it back in the menu of the list."
        ),
        detail=detail,
    )


def _wrong_transaction(_body: Body, detail: str) -> WorkstationError:
    return WrongTransaction(
        tr("This case is no longer locked for you"),
        hint=tr("Your text is kept as a draft. Refresh the worklist to see who holds the case."),
        detail=detail,
    )


def _no_longer_updatable(body: Body, detail: str) -> WorkstationError:
    if begun_as := str(body.get("begun_as", ""))[:20]:
        return NoLongerUpdatable(
            tr("This report was begun as something else than what it says it is"),
            hint=tr("Cancel it and begin again from the signed report; your draft is kept."),
            detail=f"{detail}, begun as {begun_as}",
        )
    return NoLongerUpdatable(
        tr("This case has moved on and takes no more changes of this kind"),
        hint=tr("Refresh the worklist and open the case again; your draft is kept."),
        detail=detail,
    )


def _stale_revision(_body: Body, detail: str) -> WorkstationError:
    return NoLongerUpdatable(
        tr("Someone stored a newer version of this report"),
        hint=tr("Open the newer version and compare it with your draft, which is kept."),
        detail=detail,
    )


def _stale_document(body: Body, detail: str) -> WorkstationError:
    return NoLongerUpdatable(
        tr("{name} has published another version meanwhile", name=body.get("changed_by") or tr("Somebody")),
        hint=tr("Your draft is kept. Look at the version of the hub before you publish yours over it."),
        detail=detail,
    )


def _document_invalid(body: Body, detail: str) -> WorkstationError:
    what = str(body.get("what", ""))
    reasons = {
        "active_content": tr("“{what}” could act instead of being read", what=what),
        "other_scope": tr("its identifier belongs to another hospital, or to all of them; give it another one"),
        "shipped": tr("a shipped template has its identifier; a template for one hospital needs another one"),
        "in_use": tr("version {what} is in force; give yours a higher one", what=what),
        "was_in_force": tr("version {what} was in force before with other words; give it another version", what=what),
    }
    reason = reasons.get(str(body.get("reason", "")), str(body.get("message", "")))
    return TemplateViolation(
        tr("The hub did not accept the document: {reason}", reason=reason),
        hint=tr("Nothing was published; what was in force still is."),
        detail=detail,
    )


def _superseded(_body: Body, detail: str) -> WorkstationError:
    return NoLongerUpdatable(
        tr("Somebody else has changed this report after it was signed, and was faster"),
        hint=tr("Your text is kept as a draft. Open the case again and compare it with what holds now."),
        detail=detail,
    )


def _signature_refused(body: Body, detail: str) -> WorkstationError:
    fault = str(body.get("fault", ""))
    told = {
        "unsigned": tr("The hub finds no signature on this report"),
        "altered": tr("The hub finds that this report was changed after it was signed"),
        "untrusted": tr("The hub does not trust the certificate of this signature, or it was not valid then"),
        "other_signer": tr("The hub finds the signature of another person than the one who is signed in"),
        "other_report": tr("The hub finds that the signature covers another report"),
        "other_object": tr("The hub finds an object of the report that is not the one that was signed"),
    }
    return NoLongerUpdatable(
        told.get(fault, tr("The hub cannot read the signature of this report")),
        hint=tr("Its text is a draft again: sign it anew. If it is refused again, tell your administrator."),
        detail=f"{detail} {fault[:20]}",
    )


def _critical_open(body: Body, detail: str) -> WorkstationError:
    names = body.get("open")
    told = [str(name) for name in names] if isinstance(names, list) else []
    return CriticalOpen(
        tr("Critical values without a read-back: {names}", names="; ".join(told) or "—"),
        hint=tr("Call the receiver (F8); the signed report goes out by itself after the read-back."),
        detail=detail,
    )


def _second_signer(_body: Body, detail: str) -> WorkstationError:
    return NotPermitted(
        tr("The rules of this alliance want a second doctor to sign: you wrote this report"),
        hint=tr("Submit it for review."),
        detail=detail,
    )


def _not_independent(_body: Body, detail: str) -> WorkstationError:
    return NotPermitted(
        tr("This case is read twice, and you have read it already"),
        hint=tr("Another reader has to read it without knowing your report."),
        detail=detail,
    )


def _integrity(_body: Body, detail: str) -> WorkstationError:
    return IntegrityMismatch(
        tr("The hub already holds an image with the same identity but other content"),
        hint=tr("Nothing was overwritten. Check at the scanner which images are right and tell your administrator."),
        detail=detail,
    )


def _incomplete(body: Body, detail: str) -> WorkstationError:
    missing = body.get("missing")
    count = len(missing) if isinstance(missing, list) else 0
    return StudyIncomplete(
        trn(
            "The hub still lacks {count} image of this study", "The hub still lacks {count} images of this study", count
        ),
        hint=tr("Send the study again; only the missing images travel."),
        detail=detail,
    )


def _bad_request(body: Body, detail: str) -> WorkstationError:
    return Refused(
        tr("The hub refused the request"),
        hint=tr("Tell your administrator what you were doing and when."),
        detail=f"{detail} {body.get('message', '')}".rstrip(),
    )


def _disk_full(_body: Body, detail: str) -> WorkstationError:
    return DiskFull(
        tr("The hub's disk is full"),
        hint=tr("What was stored before is intact. Tell your administrator; sending resumes by itself afterwards."),
        detail=detail,
    )


def _down(_body: Body, detail: str) -> WorkstationError:
    return Unreachable(
        tr("The hub is not ready"),
        hint=tr("It may be starting. Your drafts stay on this machine; it is tried again by itself."),
        detail=detail,
    )


def _broken(_body: Body, detail: str) -> WorkstationError:
    return Refused(
        tr("The hub had a problem of its own"),
        hint=tr("Try again; if it happens again, tell your administrator the time."),
        detail=detail,
    )


_BY_CODE: Final[dict[str, Callable[[Body, str], WorkstationError]]] = {
    "sign_in_failed": _sign_in_failed,
    "not_permitted": _not_permitted,
    "not_found": _not_found,
    "already_claimed": _already_claimed,
    "wrong_transaction": _wrong_transaction,
    "no_longer_updatable": _no_longer_updatable,
    "stale_revision": _stale_revision,
    "stale_document": _stale_document,
    "document_invalid": _document_invalid,
    "superseded": _superseded,
    "critical_open": _critical_open,
    "second_signer": _second_signer,
    "signature_refused": _signature_refused,
    "not_independent": _not_independent,
    "integrity_mismatch": _integrity,
    "study_incomplete": _incomplete,
    "bad_request": _bad_request,
    "disk_full": _disk_full,
}
_BY_STATUS: Final[dict[int, Callable[[Body, str], WorkstationError]]] = {
    HTTPStatus.UNAUTHORIZED: _sign_in_failed,
    HTTPStatus.FORBIDDEN: _not_permitted,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.GONE: _not_found,
    HTTPStatus.CONFLICT: _no_longer_updatable,
    HTTPStatus.BAD_GATEWAY: _down,
    HTTPStatus.SERVICE_UNAVAILABLE: _down,
    HTTPStatus.GATEWAY_TIMEOUT: _down,
    HTTPStatus.INSUFFICIENT_STORAGE: _disk_full,
}
