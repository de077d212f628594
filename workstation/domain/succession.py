"""What may follow a signed report: addendum, correction, amendment, each a document of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from workstation.domain.report import Person, Predecessor, Report, SignedAddendum
from workstation.domain.report_state import ReportKind, ReportState
from workstation.domain.workitem import OutputReference

SUCCESSOR_KINDS: Final = (ReportKind.ADDENDUM, ReportKind.CORRECTED, ReportKind.AMENDED)


def successor(
    signed: Report,
    kind: ReportKind,
    *,
    reason: str,
    objects: tuple[OutputReference, ...],
    report_uid: str,
    ups_instance_uid: str,
    author: Person,
    at: datetime,
) -> Report:
    """
    Return the draft that follows a signed report; ``objects`` are the SR and PDF of the signed one.

    It names what its content comes from: the signed document and, where that is an addendum, all that
    stands together with it. What somebody answered for to sign that is not inherited.

    ValueError for what is not signed, for an original, and without a reason.
    """
    if signed.state is not ReportState.FINAL or signed.verifier is None or signed.signed_at is None:
        raise ValueError("only a signed report is followed by another")
    if kind is ReportKind.ORIGINAL or not reason.strip():
        raise ValueError("a successor says what it is and why it is written")
    before = Predecessor(signed.report_uid, signed.kind, signed.signed_at, signed.verifier.name, objects)
    is_addendum = signed.kind is ReportKind.ADDENDUM
    own = (SignedAddendum(signed.addendum, signed.verifier.name, signed.signed_at),) if is_addendum else ()
    return replace(
        signed,
        report_uid=report_uid,
        ups_instance_uid=ups_instance_uid,
        state=ReportState.DRAFTED,
        revision=0,
        author=author,
        verifier=None,
        signed_at=None,
        updated_at=at,
        kind=kind,
        predecessors=(before, *(signed.predecessors if is_addendum else ())),
        change_reason=reason.strip(),
        author_signature=None,
        norm_overrides=(),
        norm_found=(),
        addendum="",
        former_addenda=(*signed.former_addenda, *own),
        return_reason="",
        return_codes=(),
    )


def same_content(addendum: Report, signed: Report) -> bool:
    """Tell whether an addendum repeats the content of what it adds to, as it must."""
    parts: tuple[Callable[[Report], object], ...] = (
        lambda one: one.values,
        lambda one: one.findings.reported,
        lambda one: one.categories,
        lambda one: (one.measurements, one.annotations, one.key_images),
        lambda one: (one.template_id, one.template_version, one.language),
    )
    return all(part(addendum) == part(signed) for part in parts)
