"""Thumbnails of a study's series over WADO-RS: the hub draws them, a picture is a few kilobytes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from worklist.dicom_json import Attributes, number, text
from worklist.dicomweb import HubImages
from worklist.http import HubClient
from workstation.domain.errors import Refused
from workstation.domain.side import PROJECTIONS
from workstation.domain.study import Instance
from workstation.domain.thumbnail import Thumbnail

_NOT_PICTURES: Final = frozenset({"SR", "DOC", "PR", "KO", "SEG", "RTSTRUCT", "REG", "FID"})
_SOP, _SOP_CLASS, _IMAGE_NUMBER = "00080018", "00080016", "00200013"
_MODALITY, _DESCRIPTION, _SERIES, _NUMBER, _INSTANCES = "00080060", "0008103E", "0020000E", "00200011", "00201209"


@dataclass(frozen=True, slots=True)
class HubThumbnails:
    """Implements ``ThumbnailPort``."""

    client: HubClient
    images: HubImages

    def thumbnails(self, study_instance_uid: str, most: int, pixels: int) -> tuple[Thumbnail, ...]:
        """
        Return pictures of the series with most images; where there are few series, one of each view of a film series.

        Raises Unreachable, Refused.
        """
        found = self.images.search_series(study_instance_uid)
        shown = [one for one in found if text(one, _MODALITY) not in _NOT_PICTURES]
        chosen = sorted(shown, key=lambda one: -number(one, _INSTANCES))[:most]
        chosen.sort(key=lambda one: number(one, _NUMBER))
        spare, pictures = most - len(chosen), list[Thumbnail]()
        for one in chosen:
            views = self._views(study_instance_uid, one, spare + 1) if spare else []
            spare -= max(0, len(views) - 1)
            pictures += [
                self._of(study_instance_uid, one, pixels, view, (at, len(views))) for at, view in enumerate(views, 1)
            ] or [self._of(study_instance_uid, one, pixels)]
        return tuple(pictures)

    def _views(self, study: str, series: Attributes, most: int) -> list[str]:
        """Return the SOP Instance UIDs of a film series with several images to look at; nothing for any other."""
        if text(series, _MODALITY) not in PROJECTIONS or number(series, _INSTANCES) < 2:
            return []
        found = sorted(
            self.images.search_instances(study, text(series, _SERIES)), key=lambda one: number(one, _IMAGE_NUMBER)
        )
        images = [Instance(text(one, _SOP), text(one, _SOP_CLASS), None) for one in found]
        views = [one.sop_instance_uid for one in images if not one.is_for_processing][:most]
        return views if len(views) > 1 else []

    def _of(
        self, study: str, series: Attributes, pixels: int, view: str = "", place: tuple[int, int] = (0, 0)
    ) -> Thumbnail:
        """Return the picture of a series, or of one ``view`` of it with its place among those that are shown."""
        uid = text(series, _SERIES)
        jpeg = b""
        with contextlib.suppress(Refused):  # one series that cannot be drawn costs its own picture only
            path = f"/dicom-web/studies/{study}/series/{uid}{f'/instances/{view}' if view else ''}/thumbnail"
            size = {"viewport": f"{pixels},{pixels}"}
            jpeg = self.client.request("GET", path, query=size, headers={"Accept": "image/jpeg"}).content
        words, modality = text(series, _DESCRIPTION), text(series, _MODALITY)
        if view:
            return Thumbnail(uid, modality, f"{words} {place[0]}/{place[1]}".lstrip(), 1, jpeg)
        return Thumbnail(uid, modality, words, number(series, _INSTANCES), jpeg)
