"""Fusion of one person's desk."""

from __future__ import annotations

from workstation.bootstrap.adapters import Hub
from workstation.bootstrap.comparing import LateRegistrar
from workstation.services.fusion_service import PrepareOverlay, RegisterSeries
from workstation.ui.images.fusing import Fusing


def fusing(hub: Hub) -> Fusing:
    """Join what laying a PET over a CT needs."""
    return Fusing(PrepareOverlay(hub.pet), RegisterSeries(LateRegistrar()))
