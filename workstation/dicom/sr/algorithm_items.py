"""Which model said something: the items that name it in SR objects. *Source:* PS3.16 TID 1004, 4019; IHE AI Results."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.common import code_dataset, coded, dcm, text, uid_from, uid_reference
from workstation.domain.finding import AlgorithmIdentity


def parameters(algorithm: AlgorithmIdentity) -> dict[str, str]:
    """Return the parameters of Algorithm Identification by name."""
    found = {"sha256": algorithm.sha256, "provider": algorithm.provider, "manufacturer": algorithm.manufacturer}
    if algorithm.threshold is not None:
        found["threshold"] = repr(float(algorithm.threshold))
    if algorithm.seconds_s is not None:
        found["seconds"] = repr(float(algorithm.seconds_s))
    found["operating_points"] = ",".join(f"{name}:{score!r}" for name, score in algorithm.operating_points)
    found["outside_tested_use"] = ",".join(algorithm.doubts)
    return {name: value for name, value in found.items() if value}


def device_uid(algorithm: AlgorithmIdentity) -> str:
    """Return the Device UID that follows from the model's hash (IHE AI Results)."""
    return uid_from("model", algorithm.sha256)


def device_observer(algorithm: AlgorithmIdentity) -> list[Dataset]:
    """Return a model as the observer of a document."""
    context = "HAS OBS CONTEXT"
    return [
        coded(code.OBSERVER_TYPE, code.DEVICE, relationship=context),
        uid_reference(dcm("121012", "Device Observer UID"), device_uid(algorithm), relationship=context),
        text(dcm("121013", "Device Observer Name"), algorithm.name, relationship=context),
        text(dcm("121014", "Device Observer Manufacturer"), algorithm.manufacturer, relationship=context),
        text(dcm("121015", "Device Observer Model Name"), algorithm.version, relationship=context),
    ]


def contributing_equipment(algorithm: AlgorithmIdentity, at: datetime) -> Dataset:
    """Return a model as equipment that had a part in an object."""
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = DicomSequence([code_dataset(code.PROCESSING_EQUIPMENT)])
    item.Manufacturer = algorithm.manufacturer[:64]
    item.ManufacturerModelName = algorithm.name[:64]
    item.DeviceSerialNumber = algorithm.sha256[:64]
    item.SoftwareVersions = algorithm.version[:64]
    item.DeviceUID = device_uid(algorithm)
    item.ContributionDateTime = at.astimezone().strftime("%Y%m%d%H%M%S%z")
    item.ContributionDescription = "; ".join(f"{name}={value}" for name, value in parameters(algorithm).items())
    return item


def tracking_items(session: str, identifier: str, tracking_uid: str) -> list[Dataset]:
    """Return session, identifier and UID of a measurement group."""
    context = "HAS OBS CONTEXT"
    return [
        text(code.SESSION, session, relationship=context),
        text(code.TRACKING_ID, identifier, relationship=context),
        uid_reference(code.TRACKING_UID, tracking_uid, relationship=context),
    ]


def algorithm_items(algorithm: AlgorithmIdentity | None) -> list[Dataset]:
    """Return Algorithm Identification (TID 4019) of a group, nothing without a model."""
    if algorithm is None:
        return []
    modifier = "HAS CONCEPT MOD"
    return [
        text(code.ALGORITHM_NAME, algorithm.name, relationship=modifier),
        text(code.ALGORITHM_VERSION, algorithm.version, relationship=modifier),
        *(
            text(code.ALGORITHM_PARAMETERS, f"{name}={value}", relationship=modifier)
            for name, value in parameters(algorithm).items()
        ),
    ]
