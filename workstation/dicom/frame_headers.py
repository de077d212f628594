"""
One header per frame of a multi-frame object: from functional groups, or from the rule its kind has.

Dose grids and reconstructed nuclear medicine say where their frames lie without functional groups.
Sources: PS3.3 C.7.6.16 (functional groups), C.8.8.3.2 (Grid Frame Offset Vector), C.8.4.15 (NM reconstruction).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

from workstation.dicom.values import texts

Values = Mapping[str, tuple[str, ...]]

MAX_FRAMES: Final = 100_000
"""No object is made of more; a header that claims more is not believed, its images are refused when they are read"""

GROUP_ITEMS: Final = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness"),
    "PixelValueTransformationSequence": ("RescaleIntercept", "RescaleSlope", "RescaleType"),
    "FrameContentSequence": ("StackID", "InStackPositionNumber", "TemporalPositionIndex"),
    "MREchoSequence": ("EffectiveEchoTime",),
    "MRTimingAndRelatedParametersSequence": ("RepetitionTime",),
    "CTXRayDetailsSequence": ("KVP",),
    "CTExposureSequence": ("ExposureInmAs",),
    "MRImageFrameTypeSequence": ("FrameType", "ComplexImageComponent"),
    "CTImageFrameTypeSequence": ("FrameType",),
    "MRMetaboliteMapSequence": ("MetaboliteMapDescription",),
    "MRDiffusionSequence": ("DiffusionBValue",),
    "CardiacSynchronizationSequence": ("NominalCardiacTriggerDelayTime",),
    "FrameAnatomySequence": ("FrameLaterality",),
    "TemporalPositionSequence": ("TemporalPositionTimeOffset",),
}
"""What a frame's header takes from its functional groups."""


def frame_values(values: Values, dataset: Dataset) -> tuple[Values, ...]:
    """
    Return the values of each frame; empty when nothing tells the frames apart.

    ``dataset`` holds the sequences (functional groups, detectors); per-frame values win over shared ones.
    """
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    common = dict(values)
    if shared:
        common.update(_group_values(shared[0]))
    if per_frame:
        return tuple({**common, **_group_values(item)} for item in per_frame)
    positions = _dose_positions(values) or _nm_positions(values, dataset)
    if positions:
        axes = {} if "ImageOrientationPatient" in values else _nm_axes(dataset)
        return tuple({**common, **axes, "ImagePositionPatient": one} for one in positions)
    return ()


def _group_values(groups: Dataset) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for sequence, keywords in GROUP_ITEMS.items():
        for item in (groups.get(sequence) or [])[:1]:
            found.update({keyword: texts(item.get(keyword)) for keyword in keywords if keyword in item})
            for direction in (item.get("DiffusionGradientDirectionSequence") or [])[:1]:
                found["DiffusionGradientOrientation"] = texts(direction.get("DiffusionGradientOrientation"))
    return found


def _dose_positions(values: Values) -> list[tuple[str, ...]]:
    offsets, count = _numbers(values, "GridFrameOffsetVector"), _count(values)
    origin, normal = _numbers(values, "ImagePositionPatient"), _normal(values.get("ImageOrientationPatient", ()))
    if len(origin) != 3 or normal is None or count < 2 or len(offsets) != count:
        return []
    if offsets[0] != 0:
        # then they are coordinates along the patient's axis, not distances from the first plane
        offsets = [offset - offsets[0] for offset in offsets]
    return [_along(origin, normal, offset) for offset in offsets]


def _nm_positions(values: Values, dataset: Dataset) -> list[tuple[str, ...]]:
    if "RECON TOMO" not in values.get("ImageType", ()) or not 2 <= _count(values) <= MAX_FRAMES:
        return []
    detector = _detector(dataset)
    origin = _floats(texts(detector.get("ImagePositionPatient")))
    normal = _normal(texts(detector.get("ImageOrientationPatient")))
    step = _numbers(values, "SpacingBetweenSlices")
    if len(origin) != 3 or normal is None or len(step) != 1 or step[0] == 0:
        return []
    # the distance may be negative: then the slices go against the normal
    return [_along(origin, normal, n * step[0]) for n in range(_count(values))]


def _nm_axes(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    return {"ImageOrientationPatient": texts(_detector(dataset).get("ImageOrientationPatient"))}


def _detector(dataset: Dataset) -> Dataset:
    items = dataset.get("DetectorInformationSequence") or []
    return items[0] if len(items) else Dataset()


def _along(origin: list[float], normal: tuple[float, float, float], distance: float) -> tuple[str, ...]:
    return tuple(repr(start + distance * part) for start, part in zip(origin, normal, strict=True))


def _normal(cosines: tuple[str, ...]) -> tuple[float, float, float] | None:
    found = _floats(cosines)
    if len(found) != 6:
        return None
    x, y, z = np.cross(found[:3], found[3:]).tolist()
    return x, y, z


def _count(values: Values) -> int:
    found = _numbers(values, "NumberOfFrames")
    return int(found[0]) if len(found) == 1 else 1


def _numbers(values: Values, keyword: str) -> list[float]:
    return _floats(values.get(keyword, ()))


def _floats(found: tuple[str, ...]) -> list[float]:
    try:
        numbers = [float(one) for one in found]
    except ValueError:
        return []
    return numbers if all(math.isfinite(one) for one in numbers) else []


def sequences_of(metadata: Mapping[str, Any]) -> Dataset:
    """Return the sequences that describe frames, view and region from one instance of DICOM JSON metadata."""
    known = ("00082218", "00540022", "00540220", "52009229", "52009230")
    wanted = {key: metadata[key] for key in known if key in metadata}
    # a bulk data URI among the functional groups is of no interest here
    return Dataset.from_json(wanted, lambda *_: b"") if wanted else Dataset()
