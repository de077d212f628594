"""What the hub answers when it says no: an HTTP status, a stable code and an English sentence."""

from __future__ import annotations


class HubError(Exception):
    """
    A refusal with its HTTP form; clients translate the code, never the sentence.

    ``extra`` joins the JSON body (``holder``, ``missing`` …); ``headers`` join the response.
    """

    status = 400
    code = "bad_request"

    def __init__(self, message: str, *, headers: dict[str, str] | None = None, **extra: object) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}
        self.extra = extra

    def body(self) -> dict[str, object]:
        """Return the JSON body."""
        return {"error": self.code, "message": self.message, **self.extra}


class BadRequest(HubError):
    """The request itself is wrong."""


class NotSignedIn(HubError):
    """No session, an ended one, or a wrong password."""

    status = 401
    code = "sign_in_failed"


class TooManyFailures(HubError):
    """Too many wrong passwords in a row."""

    status = 429
    code = "sign_in_failed"


class NotFound(HubError):
    """There is no such thing, or it belongs to a site that the actor may not see."""

    status = 404
    code = "not_found"


class StaleRevision(HubError):
    """Somebody stored a newer revision meanwhile."""

    status = 409
    code = "stale_revision"


class PreconditionFailed(HubError):
    """Another version was stored since the one that the change follows (RFC 9110, 15.5.13)."""

    status = 412
    code = "stale_document"


class PreconditionRequired(HubError):
    """A change has to name the version that it follows (RFC 6585, 3)."""

    status = 428


class InvalidDocument(HubError):
    """The judge of its kind refused a document."""

    code = "document_invalid"


class Integrity(HubError):
    """Bytes differ from those promised or stored."""

    status = 409
    code = "integrity_mismatch"


class Incomplete(HubError):
    """Instances are missing."""

    status = 409
    code = "study_incomplete"


class NoLongerUpdatable(HubError):
    """The case or workitem is in another state than the request needs."""

    status = 409
    code = "no_longer_updatable"


class Superseded(HubError):
    """Another document took the place of the one that this would follow."""

    status = 409
    code = "superseded"


class CriticalOpen(HubError):
    """Critical values that nobody has read back and the signer does not answer for; ``open`` names them."""

    status = 409
    code = "critical_open"


class SignatureRefused(HubError):
    """What was sent as signed is not, or not by who sends it; ``fault`` names why."""

    status = 409
    code = "signature_refused"


class SecondSigner(HubError):
    """The alliance wants another person than the author to sign."""

    status = 403
    code = "second_signer"


class NotIndependent(HubError):
    """The case is read twice, and this person is one of its readers already."""

    status = 403
    code = "not_independent"


class AlreadyClaimed(HubError):
    """Another reader holds the lock; ``holder`` is the display name."""

    status = 409
    code = "already_claimed"


class WrongTransaction(HubError):
    """The Transaction UID is not the one that locks the workitem."""

    status = 400
    code = "wrong_transaction"
