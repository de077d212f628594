"""What hanging and comparing with priors work with, joined in bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.hanging_ports import HangingProtocolPort
from workstation.domain.registration import RigidRegistrar
from workstation.services.prior_service import ComparePriors, PrefetchedImages
from workstation.ui.slice_feed import OpenStream


@dataclass(frozen=True, slots=True, eq=False)
class Comparing:
    """One person's protocols and one hub's priors; ``open_stream`` takes what was fetched ahead from memory."""

    protocols: HangingProtocolPort
    priors: ComparePriors
    ahead: PrefetchedImages
    open_stream: OpenStream
    registrar: RigidRegistrar
