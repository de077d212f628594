"""
The few header facts that sorting, display and sending need, from a dataset, DICOM JSON or raw bytes.

Three readers fill one ``Header``, so that a study looks the same whether it comes from files or
from WADO-RS metadata. Values stay text until asked for: a broken number costs one feature only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

from workstation.dicom.charset import decode_dataset
from workstation.dicom.frame_headers import frame_values, sequences_of
from workstation.dicom.pixel_size import is_projection
from workstation.dicom.region_code import region_by_code
from workstation.dicom.technique import technique_of
from workstation.dicom.tracer import TRACERS, tracer_values, tracers_of
from workstation.dicom.values import texts
from workstation.dicom.view_code import modifiers_by_code, view_by_code
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.study import DecodeWarning, Instance
from workstation.domain.view_modifier import ViewModifier

WANTED: Final[Mapping[int, str]] = {
    0x00080005: "SpecificCharacterSet",
    0x00080008: "ImageType",
    0x00080016: "SOPClassUID",
    0x00080018: "SOPInstanceUID",
    0x00080020: "StudyDate",
    0x00080021: "SeriesDate",
    0x00080022: "AcquisitionDate",
    0x00080023: "ContentDate",
    0x0008002A: "AcquisitionDateTime",
    0x00080030: "StudyTime",
    0x00080031: "SeriesTime",
    0x00080032: "AcquisitionTime",
    0x00080033: "ContentTime",
    0x00080050: "AccessionNumber",
    0x00080060: "Modality",
    0x00080080: "InstitutionName",
    0x00081030: "StudyDescription",
    0x0008103E: "SeriesDescription",
    0x00082142: "StartTrim",
    0x00082143: "StopTrim",
    0x00082144: "RecommendedDisplayFrameRate",
    0x00082218: "AnatomicRegionSequence",
    0x00100010: "PatientName",
    0x00100020: "PatientID",
    0x00100030: "PatientBirthDate",
    0x00100040: "PatientSex",
    0x00101010: "PatientAge",
    0x00180010: "ContrastBolusAgent",
    0x00180015: "BodyPartExamined",
    0x00180040: "CineRate",
    0x00180050: "SliceThickness",
    0x00180060: "KVP",
    0x00180080: "RepetitionTime",
    0x00180081: "EchoTime",
    0x00180082: "InversionTime",
    0x00180087: "MagneticFieldStrength",
    0x00180088: "SpacingBetweenSlices",
    0x00181030: "ProtocolName",
    0x00181060: "TriggerTime",
    0x00181063: "FrameTime",
    0x00181065: "FrameTimeVector",
    0x00181150: "ExposureTime",
    0x00181151: "XRayTubeCurrent",
    0x00181152: "Exposure",
    0x00181153: "ExposureInuAs",
    0x00181210: "ConvolutionKernel",
    0x00181244: "PreferredPlaybackSequencing",
    0x00185101: "ViewPosition",
    0x00189087: "DiffusionBValue",
    0x00189089: "DiffusionGradientOrientation",
    0x0020000D: "StudyInstanceUID",
    0x0020000E: "SeriesInstanceUID",
    0x00200011: "SeriesNumber",
    0x00200012: "AcquisitionNumber",
    0x00200013: "InstanceNumber",
    0x00200032: "ImagePositionPatient",
    0x00200037: "ImageOrientationPatient",
    0x00200052: "FrameOfReferenceUID",
    0x00200060: "Laterality",
    0x00200062: "ImageLaterality",
    0x00200100: "TemporalPositionIdentifier",
    0x00280002: "SamplesPerPixel",
    0x00280004: "PhotometricInterpretation",
    0x00280008: "NumberOfFrames",
    0x00280010: "Rows",
    0x00280011: "Columns",
    0x00280030: "PixelSpacing",
    0x00280100: "BitsAllocated",
    0x00280101: "BitsStored",
    0x00280102: "HighBit",
    0x00280103: "PixelRepresentation",
    0x00281052: "RescaleIntercept",
    0x00281053: "RescaleSlope",
    0x00281054: "RescaleType",
    0x00283000: "ModalityLUTSequence",
    0x00540022: "DetectorInformationSequence",
    0x00540220: "ViewCodeSequence",
    0x3004000C: "GridFrameOffsetVector",
    0x52009229: "SharedFunctionalGroupsSequence",
    0x52009230: "PerFrameFunctionalGroupsSequence",
}
"""Tag to keyword of everything a ``Header`` carries, ascending."""

SEQUENCES: Final = frozenset({0x00082218, 0x00283000, 0x00540022, 0x00540220, 0x52009229, 0x52009230})

_COSINE_TOLERANCE: Final = 1e-2
_FARTHEST_MM: Final = 1e6
"""A kilometre from the origin lies nobody: such a number is damaged, and sums of it are no numbers any more"""
_MODIFIERS: Final = "ViewModifierCodeSequence"
"""Under which name the modifiers of a view stand among the values"""


@dataclass(frozen=True, slots=True)
class Header:
    """
    The wanted attributes of one instance, or of one frame of it, as text values.

    View Position is what View Code Sequence names where that is known: the code is what a mammogram must have.
    Anatomic Region Sequence is the word of Body Part Examined for its code.
    """

    values: Mapping[str, tuple[str, ...]]
    transfer_syntax_uid: str = ""
    path: str | None = None
    warnings: tuple[DecodeWarning, ...] = ()
    frames: tuple[Header, ...] = field(default=())
    """One header per frame when functional groups describe the frames."""

    def text(self, keyword: str) -> str:
        """Return the first value, empty when absent."""
        values = self.values.get(keyword, ())
        return values[0].strip() if values else ""

    def whole(self, keyword: str) -> str:
        """Return all values with the backslash between them: the first of two identifiers is somebody else's."""
        return "\\".join(value.strip() for value in self.values.get(keyword, ()))

    def integer(self, keyword: str, default: int = 0) -> int:
        """Return the first value as a whole number, ``default`` when absent or broken."""
        found = self.optional_integer(keyword)
        return default if found is None else found

    def optional_integer(self, keyword: str) -> int | None:
        """Return the first value as a whole number, None when absent or broken."""
        number = self.number(keyword)
        return None if number is None else int(number)

    def number(self, keyword: str) -> float | None:
        """Return the first value as a finite number, None when absent or broken."""
        numbers = _finite(self.values.get(keyword, ())[:1])
        return numbers[0] if numbers else None

    def numbers(self, keyword: str, count: int) -> tuple[float, ...] | None:
        """Return exactly ``count`` finite numbers, else None."""
        values = self.values.get(keyword, ())
        return _finite(values) if len(values) == count else None

    @property
    def position(self) -> Point | None:
        """Return Image Position (Patient) in LPS millimetres, None where no patient can lie."""
        found = self.numbers("ImagePositionPatient", 3)
        if found is None or max(abs(one) for one in found) > _FARTHEST_MM:
            return None
        return found[0], found[1], found[2]

    @property
    def axes(self) -> tuple[Point, Point] | None:
        """Return the unit directions of growing column and row index, None unless they are orthogonal."""
        cosines = self.numbers("ImageOrientationPatient", 6)
        return None if cosines is None else _axes(cosines)

    @property
    def spacing_mm(self) -> tuple[float, float] | None:
        """Return (between columns, between rows); the tag stores rows first (PS3.3 10.7.1.3)."""
        found = self.numbers("PixelSpacing", 2)
        if found is None or not 0 < min(found) <= max(found) <= _FARTHEST_MM:
            return None
        return found[1], found[0]

    @property
    def plane(self) -> ImagePlane | None:
        """Return where the image lies, None without complete and valid geometry and for a projection."""
        if is_projection(self.text("Modality"), self.text("SOPClassUID")):
            return None
        position, axes, spacing = self.position, self.axes, self.spacing_mm
        if position is None or axes is None or spacing is None:
            return None
        return ImagePlane(position, axes[0], axes[1], spacing)

    @property
    def is_image(self) -> bool:
        """Return whether the instance has pixels to show."""
        return self.integer("Rows") > 0 and self.integer("Columns") > 0

    def instance(self) -> Instance:
        """Return the domain's view of this instance."""
        first = self.frames[0] if self.frames else self
        return Instance(
            sop_instance_uid=self.text("SOPInstanceUID"),
            sop_class_uid=self.text("SOPClassUID"),
            instance_number=self.optional_integer("InstanceNumber"),
            transfer_syntax_uid=self.transfer_syntax_uid,
            rows=self.integer("Rows"),
            columns=self.integer("Columns"),
            number_of_frames=max(1, self.integer("NumberOfFrames", 1)),
            plane=first.plane,
            path=self.path,
            laterality=self._laterality(first),
            view_position=self.text("ViewPosition").upper(),
            view_modifiers=tuple(ViewModifier(one) for one in self.values.get(_MODIFIERS, ())),
            technique=technique_of(self, first),
            image_type=tuple(value.strip().upper() for value in self.values.get("ImageType", ())),
            frame_of_reference_uid=self.text("FrameOfReferenceUID"),
        )

    def _laterality(self, first: Header) -> str:
        """Return the side; an object of many frames says it of the frames, with U for what has no sides."""
        of_frames = first.text("FrameLaterality").upper().removeprefix("U")
        return (self.text("ImageLaterality") or of_frames or self.text("Laterality")).upper()[:1]


def header_of(dataset: Dataset, *, path: str | None = None, assumed: str | None = None) -> Header:
    """Read a header from a dataset; its text is decoded in place first."""
    doubts = decode_dataset(dataset, assumed=assumed)
    values = {
        keyword: texts(dataset.get(keyword))
        for tag, keyword in WANTED.items()
        if keyword in dataset and tag not in SEQUENCES
    }
    if dataset.get("ModalityLUTSequence"):
        values["ModalityLUTSequence"] = ("present",)
    _name_codes(values, dataset)
    _name_tracer(values, dataset)
    meta = getattr(dataset, "file_meta", None)
    syntax = str(meta.get("TransferSyntaxUID", "")) if meta else str(dataset.get("AvailableTransferSyntaxUID", ""))
    frames = _frames(values, dataset)
    return Header(values, syntax, path, tuple(doubts), frames)


def header_from_json(metadata: Mapping[str, Any]) -> Header:
    """Read a header from one instance of WADO-RS metadata. Source: PS3.18 Annex F."""
    values: dict[str, tuple[str, ...]] = {}
    for tag, keyword in WANTED.items():
        element = metadata.get(f"{tag:08X}")
        if element is None or tag in SEQUENCES:
            continue
        values[keyword] = json_texts(element)
    if metadata.get("00283000", {}).get("Value"):
        values["ModalityLUTSequence"] = ("present",)
    syntax = metadata.get("00083002") or metadata.get("00020010") or {}
    syntaxes = syntax.get("Value") or [""]
    sequences = sequences_of(metadata)
    _name_codes(values, sequences)
    _name_tracer(values, tracers_of(metadata))
    return Header(values, str(syntaxes[0]), None, (), _frames(values, sequences))


@lru_cache(maxsize=256)
def _axes(cosines: tuple[float, ...]) -> tuple[Point, Point] | None:
    """Return unit directions of six cosines; the slices of a series share theirs."""
    right, down = np.array(cosines[:3]), np.array(cosines[3:])
    lengths = np.linalg.norm(right), np.linalg.norm(down)
    if max(abs(length - 1) for length in lengths) > _COSINE_TOLERANCE or abs(right @ down) > _COSINE_TOLERANCE:
        return None
    first, second = (right / lengths[0]).tolist(), (down / lengths[1]).tolist()
    return (first[0], first[1], first[2]), (second[0], second[1], second[2])


def plane_of(dataset: Dataset) -> ImagePlane | None:
    """Return the plane of a dataset (its first frame's), None without complete geometry."""
    return header_of(dataset).instance().plane


def instance_from_json(metadata: Mapping[str, Any]) -> Instance:
    """Return the instance that one WADO-RS metadata object describes."""
    return header_from_json(metadata).instance()


def _name_codes(values: dict[str, tuple[str, ...]], dataset: Dataset) -> None:
    view, region = view_by_code(dataset), region_by_code(dataset)
    if view:
        values["ViewPosition"] = (view,)
    modifiers = modifiers_by_code(dataset) if values.get("Modality") == ("MG",) else ()
    if modifiers:
        values[_MODIFIERS] = tuple(one.value for one in modifiers)
    if region:
        values["AnatomicRegionSequence"] = (region,)


def _name_tracer(values: dict[str, tuple[str, ...]], dataset: Dataset) -> None:
    found = tracer_values(dataset)
    if found is not None:
        values[TRACERS] = found


def _frames(values: Mapping[str, tuple[str, ...]], dataset: Dataset) -> tuple[Header, ...]:
    return tuple(Header(one) for one in frame_values(values, dataset))


def json_texts(element: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values of one element of DICOM JSON."""
    return tuple(_json_text(value) for value in element.get("Value", ()))


def _json_text(value: Any) -> str:  # noqa: ANN401 - pydicom values have no static type
    if isinstance(value, Mapping):
        groups = [str(value.get(key, "")) for key in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    return "" if value is None else str(value)


@lru_cache(maxsize=4096)
def _finite(values: tuple[str, ...]) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(value) for value in values)
    except ValueError:
        return None
    return numbers if all(math.isfinite(number) for number in numbers) else None
