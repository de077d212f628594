"""The patient's name as it may leave the house: as it was written, or not at all."""

from __future__ import annotations

from resources.translation import tr
from workstation.dicom.garbled import readable_name
from workstation.domain.dispatch import Consignment
from workstation.domain.errors import Undeliverable


def told_name(consignment: Consignment) -> str:
    """
    Return the DICOM person name without its garbled groups, empty where none is left: the Patient ID then tells whose.

    A name in wrong characters would overwrite the right one at the site. Raises Undeliverable where neither name nor
    Patient ID says whose report it is.
    """
    patient = consignment.patient
    found = readable_name(patient.name)
    if not found and patient.name.strip("^= ") and not patient.patient_id.strip():
        raise Undeliverable(
            tr("The patient's name arrived in unreadable characters, and there is no Patient ID"),
            hint=tr("Ask the site to correct the character set of its scanner, and hand the report over on paper."),
            detail="name garbled, no Patient ID",
        )
    return found
