"""What laying one series over another works with, joined in bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.services.fusion_service import PrepareOverlay, RegisterSeries


@dataclass(frozen=True, slots=True, eq=False)
class Fusing:
    """One hub's PET headers and the registration of this machine."""

    prepare: PrepareOverlay
    register: RegisterSeries
