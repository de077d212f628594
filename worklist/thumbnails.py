"""Thumbnails of a study's series over WADO-RS: the hub draws them, a picture is a few kilobytes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from worklist.dicom_json import Attributes, number, text
from worklist.dicomweb import HubImages
from worklist.http import HubClient
from workstation.domain.errors import Refused
from workstation.domain.thumbnail import Thumbnail

_NOT_PICTURES: Final = frozenset({"SR", "DOC", "PR", "KO", "SEG", "RTSTRUCT", "REG", "FID"})
_MODALITY, _DESCRIPTION, _SERIES, _NUMBER, _INSTANCES = "00080060", "0008103E", "0020000E", "00200011", "00201209"


@dataclass(frozen=True, slots=True)
class HubThumbnails:
    """Implements ``ThumbnailPort``."""

    client: HubClient
    images: HubImages

    def thumbnails(self, study_instance_uid: str, most: int, pixels: int) -> tuple[Thumbnail, ...]:
        """Return pictures of the series with most images. Raises Unreachable, Refused."""
        found = self.images.search_series(study_instance_uid)
        shown = [one for one in found if text(one, _MODALITY) not in _NOT_PICTURES]
        chosen = sorted(shown, key=lambda one: -number(one, _INSTANCES))[:most]
        chosen.sort(key=lambda one: number(one, _NUMBER))
        return tuple(self._of(study_instance_uid, one, pixels) for one in chosen)

    def _of(self, study: str, series: Attributes, pixels: int) -> Thumbnail:
        uid = text(series, _SERIES)
        jpeg = b""
        with contextlib.suppress(Refused):  # one series that cannot be drawn costs its own picture only
            path = f"/dicom-web/studies/{study}/series/{uid}/thumbnail"
            size = {"viewport": f"{pixels},{pixels}"}
            jpeg = self.client.request("GET", path, query=size, headers={"Accept": "image/jpeg"}).content
        words = text(series, _DESCRIPTION)
        return Thumbnail(uid, text(series, _MODALITY), words, number(series, _INSTANCES), jpeg)
