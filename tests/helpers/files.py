"""Images of a folder as the hub would give them."""

from __future__ import annotations

from pathlib import Path

from workstation.dicom.images.source import scan
from workstation.domain.errors import Refused
from workstation.domain.study import Study


class FolderImages:
    """A ``RetrievePort`` over files."""

    def __init__(self, folder: Path) -> None:
        self.studies = scan(folder)
        self.asked: list[str] = []
        self._paths = {
            one.sop_instance_uid: Path(one.path or "")
            for study in self.studies
            for series in study.series
            for one in series.instances
        }

    def study(self, study_instance_uid: str) -> Study:
        return next(one for one in self.studies if one.study_instance_uid == study_instance_uid)

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        self.asked.append(sop_instance_uid)
        if sop_instance_uid not in self._paths:
            raise Refused("There is no such image.")
        return self._paths[sop_instance_uid].read_bytes()
