"""What is said of a report's signature, on its page and in its row."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.signature import Verdict


def verdict_chip(verdict: Verdict) -> tuple[str, str, str]:
    """Return word, look and icon of the chip that tells a verdict."""
    return {
        Verdict.VALID: (tr("Signature valid"), "ok", "shield-check"),
        Verdict.ALTERED: (tr("Report was altered"), "bad", "close"),
        Verdict.UNTRUSTED: (tr("Signer not trusted"), "bad", "close"),
        Verdict.UNSIGNED: (tr("Not signed"), "bad", "close"),
        Verdict.UNKNOWN: (tr("Signature cannot be checked"), "warn", "question"),
    }[verdict]
