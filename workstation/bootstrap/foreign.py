"""Other systems' objects on one person's desk."""

from __future__ import annotations

from workstation.bootstrap.adapters import Hub
from workstation.exchange.paper.pdf_pages import page_pictures
from workstation.services.foreign_objects_service import ReadForeignObjects
from workstation.ui.images.foreign_reading import ForeignReading


def foreign_reading(hub: Hub) -> ForeignReading:
    """Join what showing other systems' objects needs."""
    return ForeignReading(ReadForeignObjects(hub.images), page_pictures)
