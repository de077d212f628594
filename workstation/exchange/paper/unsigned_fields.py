"""What stands in a signature field of a signed page that nobody signs there: the truth, instead of nothing."""

from __future__ import annotations

from typing import Final

from workstation.dicom.sr.report_words import local_time
from workstation.domain.report import Report
from workstation.domain.signature import SignatureRole
from workstation.domain.template import Text

_NOT_VERIFIED: Final = Text("初步报告，尚未审核签名", "Preliminary: not yet verified")
_SAME: Final = Text("书写与审核为同一医师，见审核签名", "Same physician, see the verifier's signature")
_BEFORE: Final = Text("{name} {time} 签名于初步报告", "{name} signed the preliminary report, {time}")
_NEVER: Final = Text("{name}（未作数字签名）", "{name} (not digitally signed)")


def unsigned_words(report: Report, role: SignatureRole) -> str:
    """Return what the page says in a field that stays empty, "" where a signature will fill it."""
    language, verifier, signed = report.language, report.verifier, report.author_signature
    if role is SignatureRole.VERIFIER:
        return "" if verifier is not None else _NOT_VERIFIED.get(language)
    if verifier is None:
        return ""
    if verifier.user_id == report.author.user_id:
        return _SAME.get(language)
    if signed is None or signed.user_id != report.author.user_id:
        return _NEVER.get(language).format(name=report.author.name)
    return _BEFORE.get(language).format(name=signed.name, time=local_time(signed.signed_at))
