"""Finding the parts of a report among its signed objects."""

from __future__ import annotations

from resources.translation import tr
from workstation.dicom.objects.document_text import encapsulated_document
from workstation.dicom.objects.encapsulated import ENCAPSULATED_PDF, taken_apart
from workstation.domain.dispatch import Consignment
from workstation.domain.errors import DecodeError, Undeliverable


def signed_pdf(consignment: Consignment) -> bytes:
    """Return the signed PDF as it lies in its DICOM object, empty where a report has none. Raises Undeliverable."""
    found = next((one for one in consignment.objects if one.sop_class_uid == ENCAPSULATED_PDF), None)
    if found is None:
        return b""
    content = found.read()
    try:
        return taken_apart(content).pdf  # without the padding byte, so that its signature still covers all of it
    except ValueError:
        pass
    try:
        return encapsulated_document(content)
    except DecodeError as exc:
        raise Undeliverable(tr("The stored PDF of the report cannot be read"), detail=exc.detail) from exc
