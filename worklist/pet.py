"""The headers of a PET series from the hub's metadata, for uptake values without fetching the files again."""

from __future__ import annotations

from pydicom.dataset import Dataset

from worklist.dicom_json import JSON
from worklist.errors import misunderstood
from worklist.http import HubClient
from workstation.dicom.images.pet import pet_acquisition
from workstation.dicom.quiet import quiet
from workstation.domain.pet import PetAcquisition


class HubPetHeaders:
    """Implements ``PetHeaderPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def acquisition(
        self, study_instance_uid: str, series_instance_uid: str, *, largest_value: float | None = None
    ) -> PetAcquisition:
        """Return what the series' metadata say. Raises Unreachable, Refused, NotAVolume."""
        path = f"/dicom-web/studies/{study_instance_uid}/series/{series_instance_uid}/metadata"
        response = self._client.request("GET", path, headers={"Accept": JSON})
        try:
            with quiet():
                # bulk data is of no interest here, and a URI to it need not be fetched
                datasets = [Dataset.from_json(one, lambda *_: b"") for one in response.json()]
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            raise misunderstood(f"{path}: no DICOM JSON") from exc
        with quiet():
            return pet_acquisition(datasets, largest_value=largest_value)
