"""The tags that say which side of the patient an image shows."""

from __future__ import annotations

from typing import Any, Final

from pydicom.dataset import Dataset

from workstation.domain.side import SideTags

_DESCRIPTIONS: Final = ("SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription")


def side_tags(dataset: Dataset) -> SideTags:
    """Return what a dataset, whose text is decoded, says about sides."""
    return SideTags(
        modality=_text(dataset.get("Modality")),
        orientation=_texts(dataset.get("PatientOrientation")),
        laterality=_text(dataset.get("Laterality")),
        image_laterality=_text(dataset.get("ImageLaterality")),
        body_part=_text(dataset.get("BodyPartExamined")),
        anatomical_type=_text(dataset.get("AnatomicalOrientationType")),
        descriptions=tuple(text for name in _DESCRIPTIONS if (text := _text(dataset.get(name)))),
    )


def _text(value: Any) -> str:  # noqa: ANN401 - pydicom values have no static type
    return "" if value is None else str(value).strip()


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - pydicom values have no static type
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(value.split("\\"))
    return tuple(str(one) for one in value)
