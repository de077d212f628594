"""The hash-chained audit trail. Audit is not logging."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

GENESIS: Final = "0" * 64


class AuditAction(StrEnum):
    """What is recorded; each maps to an audit event of PS3.15 A.5.3."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    NOT_PERMITTED = "not_permitted"
    STUDY_REGISTERED = "study_registered"
    INSTANCES_STORED = "instances_stored"
    INSTANCE_QUARANTINED = "instance_quarantined"
    INSTANCE_CONFLICT = "instance_conflict"
    STUDY_VIEWED = "study_viewed"
    PRIOR_CONFIRMED = "prior_confirmed"
    """A reader said that a study under another Patient ID shows the same person."""
    WORKITEM_CREATED = "workitem_created"
    WORKITEM_CLAIMED = "workitem_claimed"
    WORKITEM_RELEASED = "workitem_released"
    WORKITEM_COMPLETED = "workitem_completed"
    WORKITEM_CANCELED = "workitem_canceled"
    DETECTION_STORED = "detection_stored"
    FINDING_DECIDED = "finding_decided"
    AI_REVEALED = "ai_revealed"
    """A reader who reads first has looked and is shown the AI."""
    REPORT_SUBMITTED = "report_submitted"
    REPORT_RETURNED = "report_returned"
    REPORT_SIGNED = "report_signed"
    REPORT_DELIVERED = "report_delivered"
    REPORT_ACKNOWLEDGED = "report_acknowledged"
    REPORT_SAVED = "report_saved"
    """A report's PDF was saved to a file: it left the protection of the workstation."""
    REPORT_PRINTED = "report_printed"
    PICTURES_SAVED = "pictures_saved"
    """Pictures or a film of a study were saved to a file."""
    REPORT_REVISED = "report_revised"
    """Somebody began what follows a signed report."""
    REPORT_STAMPED = "report_stamped"
    """The time stamp of a signed report came later and was stored with a further object."""
    REPORT_CANCELLED = "report_cancelled"
    REPORT_WITHDRAWN = "report_withdrawn"
    """A signed report was declared to be of the wrong patient or study."""
    REPORT_TEXT_CARRIED = "report_text_carried"
    """The text of a report of the wrong patient or study was taken over into a draft of the right one."""
    DOUBLE_READING_ORDERED = "double_reading_ordered"
    DOUBLE_READING_COMPARED = "double_reading_compared"
    POLICY_CHANGED = "policy_changed"
    SIGNATURE_FAILED = "signature_failed"
    USER_CHANGED = "user_changed"
    MODEL_CHANGED = "model_changed"
    TEMPLATE_CHANGED = "template_changed"
    DOCUMENT_CHANGED = "document_changed"
    """A template, letterhead or policy that the hub gives to sites was published or withdrawn."""
    ROUTE_CHANGED = "route_changed"
    ROUTE_CHECKED = "route_checked"
    """Somebody let the hub ask the receiver of a route."""
    DISPATCH_DELIVERED = "dispatch_delivered"
    """A system of the site has taken a report, on one of its routes."""
    DISPATCH_DEAD = "dispatch_dead"
    DISPATCH_SENT_AGAIN = "dispatch_sent_again"
    DISPATCH_GIVEN_UP = "dispatch_given_up"
    DELIVERY_DROPPED = "delivery_dropped"
    """A signer let go of a signed report that the hub refused, after its text was a draft again."""
    CRITICAL_RECOGNISED = "critical_recognised"
    CRITICAL_CALLED = "critical_called"
    CRITICAL_ACKNOWLEDGED = "critical_acknowledged"
    CRITICAL_REMINDED = "critical_reminded"
    CRITICAL_ESCALATED = "critical_escalated"
    CRITICAL_CLOSED = "critical_closed"
    CRITICAL_DISMISSED = "critical_dismissed"
    CRITICAL_POLICY_CHANGED = "critical_policy_changed"
    CRITICAL_OVERRIDDEN = "critical_overridden"
    """A signer answers, with a reason, for a critical value that nobody has read back yet."""
    NORM_OVERRIDDEN = "norm_overridden"
    """A signer answers for a fault that the norm gate found, with a reason."""
    IMAGES_GRADED = "images_graded"
    EXAM_REPEATED = "exam_repeated"
    """An exam was sent though a recognised result of it exists, with the exception that was claimed."""
    QUALITY_SEEN = "quality_seen"
    QUALITY_EXPORTED = "quality_exported"
    """Figures of quality were saved to a file."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """
    One record of the chain.

    ``at`` is ISO 8601 UTC; ``subject_uid`` a study, workitem or SOP Instance UID, never a name;
    ``outcome`` 0 success, 4 minor, 8 serious failure (PS3.15 A.5.2). ``digest`` covers every
    other field including ``previous``, so that an edit, a deletion or a swap breaks the chain.
    """

    sequence: int
    at: str
    user_id: str
    role: str
    action: AuditAction
    outcome: int
    subject_uid: str
    detail: str
    previous: str
    digest: str = ""

    def sealed(self) -> AuditEvent:
        """Return the event with its digest computed."""
        fields = asdict(self)
        fields["digest"] = self.expected_digest()
        return AuditEvent(**fields)

    def expected_digest(self) -> str:
        """Return the SHA-256 of the canonical JSON of all fields but the digest."""
        fields = asdict(self)
        del fields["digest"]
        return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def first_broken(events: Iterable[AuditEvent], *, anchor: str = GENESIS) -> int | None:
    """Return the sequence number of the first record that breaks the chain, None when it is whole."""
    previous = anchor
    expected = None
    for event in events:
        out_of_order = expected is not None and event.sequence != expected
        if out_of_order or event.previous != previous or event.digest != event.expected_digest():
            return event.sequence
        previous = event.digest
        expected = event.sequence + 1
    return None
