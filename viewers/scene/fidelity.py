"""How true the pixels on screen are, and the chip that says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resources.theme_tokens import px
from resources.translation import tr
from viewers.scene.viewtext import lossy_text


class FidelityKind(StrEnum):
    """States of the pixels on screen."""

    NEVER_LOSSY = "never_lossy"
    PARTIAL = "partial"
    """Slices of the stack are missing, or the one on screen came early and is not checked yet"""
    IMPROVING = "improving"
    """A coarse picture, until a finer one is made"""
    LOSSY_FINAL = "lossy_final"
    COMPLETE = "complete"
    INTERPOLATED = "interpolated"
    ORIGINAL = "original"
    """A plane of a volume that is one of its images"""
    REFORMATTED = "reformatted"
    """A plane of a volume across its images, each pixel of which is one voxel"""
    EMPTY = "empty"
    """A rendering of a volume in which nothing is seen: black for want of bones, not for want of data"""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """
    Fidelity of the displayed pixels.

    ``percent`` is how much has arrived while PARTIAL, ``ratio`` and ``method`` the compression
    of LOSSY_FINAL, ``completed_ms`` the clock at which COMPLETE was reached.
    """

    kind: FidelityKind = FidelityKind.NEVER_LOSSY
    percent: int = 0
    ratio: float | None = None
    method: str = ""
    completed_ms: float = 0.0

    def followed_by(self, now: Fidelity, now_ms: float) -> Fidelity:
        """Return what is shown next: what was partial or coarse and is no longer so is told to be complete."""
        if now.kind is not FidelityKind.NEVER_LOSSY:
            return now
        if self.kind in {FidelityKind.PARTIAL, FidelityKind.IMPROVING}:
            return Fidelity(FidelityKind.COMPLETE, completed_ms=now_ms)
        return self if self.kind is FidelityKind.COMPLETE else now


@dataclass(frozen=True, slots=True)
class FidelityChip:
    """Words and theme tokens of the chip in the header strip."""

    text: str
    token: str
    background_token: str


def chip(fidelity: Fidelity, now_ms: float) -> FidelityChip | None:
    """Return the chip, None where there is nothing to say; "Full" goes after one second."""
    said = {
        FidelityKind.IMPROVING: (tr("Preview quality"), "warn"),
        FidelityKind.EMPTY: (tr("Nothing visible here"), "warn"),
        FidelityKind.INTERPOLATED: (tr("Interpolated"), "info"),
        FidelityKind.ORIGINAL: (tr("Original slice"), "ok"),
        FidelityKind.REFORMATTED: (tr("Reformatted"), "info"),
    }.get(fidelity.kind)
    if said is not None:
        return FidelityChip(said[0], said[1], f"{said[1]}.bg")
    if fidelity.kind is FidelityKind.PARTIAL:
        return FidelityChip(tr("Partial · {percent} %", percent=fidelity.percent), "warn", "warn.bg")
    if fidelity.kind is FidelityKind.LOSSY_FINAL:
        return FidelityChip(lossy_text(fidelity.ratio or 0.0, fidelity.method), "bad", "bad.bg")
    just_done = now_ms - fidelity.completed_ms < px("motion.fidelity_full_chip_ms")
    if fidelity.kind is FidelityKind.COMPLETE and just_done:
        return FidelityChip(tr("Full"), "ok", "ok.bg")
    return None
