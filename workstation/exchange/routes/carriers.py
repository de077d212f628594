"""Every way in which a report can leave the hub."""

from __future__ import annotations

from pathlib import Path

from workstation.domain.dispatch import Carriers, RouteKind
from workstation.exchange.routes.c_store import CStoreCarrier
from workstation.exchange.routes.commitment_listener import CommitmentListener
from workstation.exchange.routes.fhir_carrier import FhirCarrier
from workstation.exchange.routes.folder_drop import FolderCarrier
from workstation.exchange.routes.mllp import Hl7Carrier
from workstation.exchange.routes.report_body import TemplateOf
from workstation.exchange.routes.secure_lines import SecureLines
from workstation.exchange.routes.stow import StowCarrier


def carriers(
    template_of: TemplateOf,
    drop_folder: Path,
    listener: CommitmentListener,
    lines: SecureLines,
    secure_listener: CommitmentListener | None = None,
) -> Carriers:
    """Return a carrier for each kind of route."""
    return {
        RouteKind.HL7: Hl7Carrier(template_of, lines),
        RouteKind.FHIR: FhirCarrier(template_of, lines),
        RouteKind.C_STORE: CStoreCarrier(listener, lines, secure_listener),
        RouteKind.STOW: StowCarrier(lines),
        RouteKind.FOLDER: FolderCarrier(drop_folder),
    }
