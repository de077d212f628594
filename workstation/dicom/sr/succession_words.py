"""How a document says what it is to the one before it, in the language of the report."""

from __future__ import annotations

from typing import Final

from workstation.dicom.sr.report_words import local_time
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind
from workstation.domain.template import Text

_KINDS: Final = {
    ReportKind.ADDENDUM: Text(
        "本补充报告补充 {signer} 于 {time} 签发的报告，原报告仍然有效。",
        "This addendum adds to the report signed by {signer} at {time}, which goes on to hold.",
    ),
    ReportKind.CORRECTED: Text(
        "本更正报告替代 {signer} 于 {time} 签发的报告。",
        "This corrected report replaces the report signed by {signer} at {time}.",
    ),
    ReportKind.AMENDED: Text(
        "本修订报告替代 {signer} 于 {time} 签发的报告。",
        "This amended report replaces the report signed by {signer} at {time}.",
    ),
}
_REASON: Final = Text("原因：{reason}", "Reason: {reason}")
_FORMER: Final = Text("此前的补充（{signer}，{time}）：{text}", "Earlier addendum ({signer}, {time}): {text}")


def succession_lines(report: Report) -> tuple[str, ...]:
    """Return what the document follows, why, and the addenda that go on to hold; nothing for an original."""
    before = report.predecessor
    if before is None:
        return ()
    language = report.language
    said = _KINDS[report.kind].get(language).format(signer=before.signer, time=local_time(before.signed_at))
    former = (
        _FORMER.get(language).format(signer=one.signer, time=local_time(one.signed_at), text=one.text)
        for one in report.former_addenda
    )
    return (said, _REASON.get(language).format(reason=report.change_reason), *former)
