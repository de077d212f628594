"""The way of one case as steps for the state line: what is done, by whom, when."""

from __future__ import annotations

from datetime import datetime

from resources.translation import tr
from workstation.domain.report import ReportState
from workstation.domain.workitem import AiState, ReadingState, WorklistRow
from workstation.services.reading_session import ReadingSession
from workstation.ui.widgets.state_line import Step, StepState


def steps(session: ReadingSession) -> list[Step]:
    """Return received, pre-read, claimed, reading, review, signed, receipt; a return is one step more."""
    row, report = session.row, session.report
    signed = report.state is ReportState.FINAL
    submitted = report.state is ReportState.PRELIMINARY or signed
    reader = row.reader_name or (session.reader.name if session.claim is not None else "")
    claimed = session.claim is not None or bool(row.reader_id) or submitted
    result = [
        Step(tr("Received"), StepState.DONE, _facts(_clock(row.arrived), _images(row))),
        _ai(row, is_hidden=session.ai_hidden),
        Step(tr("Claimed"), StepState.DONE if claimed else StepState.TODO, reader),
    ]
    writing = StepState.DONE if submitted else StepState.NOW if claimed else StepState.TODO
    if report.state is ReportState.RETURNED:
        result.append(Step(tr("Returned"), StepState.RETURNED, report.return_reason))
        writing = StepState.NOW
    author = report.author.name if claimed else ""
    time = _clock(report.updated_at) if submitted and not signed else ""
    result.append(Step(tr("Reading"), writing, _facts(time, author)))
    verifier = report.verifier.name if report.verifier is not None else ""
    review = StepState.DONE if signed else StepState.NOW if submitted else StepState.TODO
    result.append(Step(tr("Review"), review, verifier if signed else ""))
    at = _clock(report.signed_at) if report.signed_at is not None else ""
    result.append(Step(tr("Signed"), StepState.DONE if signed else StepState.TODO, _facts(at, verifier)))
    received = row.state is ReadingState.ACKNOWLEDGED
    receipt = StepState.DONE if received else StepState.NOW if signed else StepState.TODO
    result.append(Step(tr("Receipt"), receipt, row.site_name if signed else ""))
    return result


def _ai(row: WorklistRow, *, is_hidden: bool) -> Step:
    count = "" if is_hidden else tr("AI marks: {count}", count=row.ai.finding_count)
    state, note = {
        AiState.NOT_APPLICABLE: (StepState.DONE, tr("not applicable")),
        AiState.QUEUED: (StepState.NOW, tr("waiting")),
        AiState.RUNNING: (StepState.NOW, f"{row.ai.progress:.0%}"),
        AiState.FAILED: (StepState.RETURNED, tr("failed, read without AI")),
        AiState.DONE: (StepState.DONE, count),
    }[row.ai.state]
    return Step(tr("AI pre-read"), state, note)


def _images(row: WorklistRow) -> str:
    return f"{row.images_received}/{row.images_expected}" if row.images_expected else str(row.images_received)


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M")


def _facts(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
