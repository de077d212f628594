"""Where a prior stands that nobody has signed a report of: who has it, and what of an AI is undecided there."""

from __future__ import annotations

from resources.translation import tr, trn
from workstation.domain.hanging import PriorStudy
from workstation.domain.workitem import ReadingState


def standing_words(prior: PriorStudy) -> str:
    """Return what has become of a study without a signed report, in the words of the worklist."""
    return {
        ReadingState.READING: tr("Reading"),
        ReadingState.PRELIMINARY: tr("Preliminary"),
        ReadingState.RETURNED: tr("Returned"),
    }.get(prior.state, tr("not reported"))


def detail_words(prior: PriorStudy, *, with_marks: bool) -> str:
    """
    Return who has it, and how many marks of an AI nobody has decided there.

    Without ``with_marks`` nothing of an AI is told: the reader has not seen its marks in this case yet.
    """
    count = prior.undecided_marks if with_marks else 0
    marks = trn("{count} AI mark undecided", "{count} AI marks undecided", count) if count else ""
    return " · ".join(word for word in (prior.reader, marks) if word)
