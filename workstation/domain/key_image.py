"""Key images: which images a reader marked, and what for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class KeyPurpose(StrEnum):
    """Document titles of CID 7010 that this product writes; other titles are shown by their meaning."""

    OF_INTEREST = "113000"
    REJECTED_FOR_QUALITY = "113001"
    FOR_REFERRING_PROVIDER = "113002"
    FOR_TEACHING = "113004"
    FOR_CONFERENCE = "113005"
    FOR_PEER_REVIEW = "113008"


@dataclass(frozen=True, slots=True)
class KeyImage:
    """One marked image; ``frame`` counts from 1, None for a single-frame image."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None = None

    def __post_init__(self) -> None:
        if self.frame is not None and self.frame < 1:
            raise ValueError(f"frames count from 1, got {self.frame}")


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """A small picture of a key image as the reader saw it, for the printed report; not for diagnosis."""

    image: KeyImage
    jpeg_base64: str


@dataclass(frozen=True, slots=True)
class KeyImageList:
    """The key images of exactly one study, in the order in which they were marked."""

    study_instance_uid: str
    images: tuple[KeyImage, ...] = field(default=())
    purpose: KeyPurpose = KeyPurpose.OF_INTEREST
    note: str = ""
    title: str = ""
    """The foreign title of an object we read, empty for our own."""

    def __contains__(self, image: KeyImage) -> bool:
        return image in self.images

    def toggled(self, image: KeyImage) -> KeyImageList:
        """Return the list with the image added, or without it when it was there."""
        if image in self.images:
            return replace(self, images=tuple(one for one in self.images if one != image))
        return replace(self, images=(*self.images, image))
