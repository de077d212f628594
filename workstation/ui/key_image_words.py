"""What a key image is called."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import StudyImages


def image_words(images: StudyImages, image: KeyImage) -> str:
    """Return series and image as the viewer counts them."""
    found = images.get(image.sop_instance_uid, image.frame)
    if found is None:
        return tr("not in this study")
    return tr("Series {series}, image {image}", series=found.series_number or "–", image=found.place)
