"""What the list beside the form says before a signature: what is open, each with its place, and what is in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from resources.translation import tr
from workstation.domain.critical import CriticalValue
from workstation.domain.report import BlockerKind
from workstation.services.critical_gate import open_critical
from workstation.services.reading_session import ReadingSession
from workstation.services.report_service import describe_blocker

CRITICAL_TARGET: Final = "critical-value"
"""The place of a critical value that waits for its call: no field, the dialog of the call."""
_AI: Final = frozenset({BlockerKind.UNDECIDED_FINDING, BlockerKind.AI_NOT_SEEN})


@dataclass(frozen=True, slots=True)
class Checks:
    """``blocking`` are (place, sentence) rows, ``messages`` what stands below which field."""

    blocking: tuple[tuple[str, str], ...]
    passed: tuple[str, ...]
    messages: dict[str, str]
    missing: str
    """What disables the signature altogether, empty where nothing does"""


def checks_of(session: ReadingSession, faults: Sequence[tuple[str, str]], signer_id: str, *, looking: bool) -> Checks:
    """
    Return what stands in the list; ``faults`` are those of the norm gate, ``looking`` while it has yet to look.

    A critical value that nobody has read back stands here too, also beside a report that is closed and after its signer
    has answered for signing without: the clock runs on, and the list must not look as if all were well.
    """
    report, template = session.report, session.template
    blockers = session.blockers
    sentences = [(one, describe_blocker(one, report, template)) for one in blockers]
    calls = [(CRITICAL_TARGET, _waits(session, one, signer_id)) for one in session.critical if one.is_open]
    passed = []
    if not any(one.kind in _AI for one in blockers):
        passed.append(tr("Every AI mark is decided"))
    if not any(one.kind not in _AI for one in blockers):
        passed.append(tr("Every required field is filled"))
    if not faults and not looking and not session.read_only:
        passed.append(tr("The norm check finds nothing"))
    if session.critical and not calls:
        passed.append(tr("No critical value waits for its call"))
    out_of_range = {one.target: text for one, text in sentences if one.kind is BlockerKind.OUT_OF_RANGE}
    return Checks(
        blocking=(*((one.target, text) for one, text in sentences), *calls, *faults),
        passed=tuple(passed),
        messages=out_of_range | {target.partition("\n")[0]: text for target, text in reversed(faults)},
        missing=sentences[0][1] if sentences else "",
    )


def _waits(session: ReadingSession, value: CriticalValue, signer_id: str) -> str:
    asked = value in open_critical(session.report, signer_id)
    if asked or session.read_only:
        return tr("A critical value waits for its call: {finding}", finding=value.text)
    return tr("Not read back yet, you answer for signing without: {finding}", finding=value.text)
