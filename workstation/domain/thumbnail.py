"""Small pictures of a case's series, to recognise what it is before it is opened; nobody reads from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """
    The middle image of a series, or one view of several in it, as the hub draws it.

    ``jpeg`` is empty where it cannot draw one; ``instances`` counts those of the series, 1 for a view.
    """

    series_instance_uid: str
    modality: str
    description: str
    instances: int
    jpeg: bytes


class ThumbnailPort(Protocol):
    """Thumbnails from the hub."""

    def thumbnails(self, study_instance_uid: str, most: int, pixels: int) -> tuple[Thumbnail, ...]:
        """
        Return pictures of at most so many series, those with most images, in the order of the study.

        Each is at most ``pixels`` a side. Raises Unreachable, Refused.
        """
        ...
