"""PET headers, classic and enhanced, as the plain facts that ``workstation.domain.suv`` judges."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.coded_value import code_value
from workstation.dicom.header import Header, header_of
from workstation.dicom.images.assemble import stack_of
from workstation.dicom.images.decode import parse
from workstation.domain.errors import NotAVolume
from workstation.domain.pet import Injection, PetAcquisition, PetPatient, PetSlice
from workstation.domain.ports import JobContext
from workstation.domain.study import Series

ENHANCED_PET: Final = "1.2.840.10008.5.1.4.1.1.130"
_PHILIPS: Final = "Philips PET Private Group"
_UCUM_UNITS: Final = {
    "bq/ml": ("BQML", ""),
    "{counts}": ("CNTS", ""),
    "{suvbw}g/ml": ("GML", "BW"),
    "{suvlbm}g/ml": ("GML", "LBM"),
    "{suvlbm(james128)}g/ml": ("GML", "LBMJAMES128"),
    "{suvlbm(janma)}g/ml": ("GML", "LBMJANMA"),
    "{suvibw}g/ml": ("GML", "IBW"),
    "{suvbsa}cm2/ml": ("CM2ML", "BSA"),
}
"""Units of the real world value map and the attributes a classic image says the same with. Source: PS3.16 CID 85."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What must not differ between the slices of a series, by the keyword that a conflict is named with."""

    values: tuple[tuple[str, Any], ...]

    def conflicts(self, other: _Facts) -> list[str]:
        return [name for (name, mine), (_, theirs) in zip(self.values, other.values, strict=True) if mine != theirs]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - facts are numbers, texts and times
        return dict(self.values)[name]


def read_pet(
    source: Series | Iterable[Path], job: JobContext | None = None, *, largest_value: float | None = None
) -> PetAcquisition:
    """
    Read the headers of one PET series from files; pixels are not touched.

    ``largest_value`` is the largest voxel of the series' volume, where it is known. Raises NotAVolume for no
    image, DecodeError for a file that is no DICOM object, JobCancelled.
    """
    if isinstance(source, Series):
        paths = [Path(one.path) for one in source.instances if one.path is not None and one.rows]
    else:
        paths = list(source)
    datasets = []
    for path in paths:
        if job is not None:
            job.raise_if_cancelled()
        datasets.append(parse(path, stop_before_pixels=True))
    return pet_acquisition(datasets, largest_value=largest_value)


def pet_acquisition(datasets: Sequence[Dataset], *, largest_value: float | None = None) -> PetAcquisition:
    """Return what the headers of one series say, slices by rising position. Raises NotAVolume for no image."""
    unique: dict[str, tuple[Dataset, Header]] = {}
    for dataset in datasets:
        header = header_of(dataset)
        if header.is_image:
            unique.setdefault(header.text("SOPInstanceUID"), (dataset, header))
    if not unique:
        raise NotAVolume(tr("The series holds no images."))
    facts: list[_Facts] = []
    slices: list[PetSlice] = []
    headers: list[Header] = []
    for dataset, header in unique.values():
        facts.append(_facts(dataset))
        slices += _slices(dataset)
        headers += header.frames if len(header.frames) == len(slices) - len(headers) else [header]
    # the volume orders its slices by the same rule
    order = stack_of(headers).order if len(headers) == len(slices) else range(len(slices))
    first = facts[0]
    conflicts = dict.fromkeys(name for other in facts[1:] for name in first.conflicts(other))
    return PetAcquisition(
        slices=tuple(slices[n] for n in order),
        units=first["Units"],
        suv_type=first["SUVType"],
        corrected_image=first["CorrectedImage"],
        decay_correction=first["DecayCorrection"],
        patient=PetPatient(first["PatientWeight"], first["PatientSize"], first["PatientSex"]),
        dose=first["RadionuclideTotalDose"],
        dose_in_mbq=_is_enhanced(next(iter(unique.values()))[0]),
        half_life_s=first["RadionuclideHalfLife"],
        injection=first["RadiopharmaceuticalStartTime"],
        tracers=first["RadiopharmaceuticalInformationSequence"],
        series_start=first["SeriesTime"],
        reference=first["reference"][0],
        reference_source=first["reference"][1],
        manufacturer=first["Manufacturer"],
        philips_suv_factor=first["(7053,xx00)"],
        philips_activity_factor=first["(7053,xx09)"],
        conflicts=tuple(conflicts),
        largest_value=largest_value,
        tracer=_tracer_name(next(iter(unique.values()))[0]),
    )


def _tracer_name(dataset: Dataset) -> str:
    """Return the radiopharmaceutical by its code, else by its text, else the nuclide alone."""
    tracers = dataset.get("RadiopharmaceuticalInformationSequence") or []
    if not tracers:
        return ""
    codes = [(tracers[0].get(name) or [Dataset()])[0] for name in ("RadiopharmaceuticalCodeSequence",
             "RadionuclideCodeSequence")]  # fmt: skip
    named, nuclide = (_plain(code.get("CodeMeaning")) for code in codes)
    # codes write superscripts between carets
    return (named or _plain(tracers[0].get("Radiopharmaceutical")) or nuclide).replace("^", "")


def _facts(dataset: Dataset) -> _Facts:
    tracers = dataset.get("RadiopharmaceuticalInformationSequence") or []
    tracer = tracers[0] if tracers else Dataset()
    enhanced = _is_enhanced(dataset)
    units, suv_type = _mapped_units(dataset) if enhanced else (_text(dataset, "Units"), _text(dataset, "SUVType"))
    return _Facts(
        (
            ("Units", units),
            ("SUVType", suv_type),
            ("CorrectedImage", _enhanced_corrections(dataset) if enhanced else _texts(dataset, "CorrectedImage")),
            ("DecayCorrection", _enhanced_decay(dataset) if enhanced else _text(dataset, "DecayCorrection")),
            ("PatientWeight", _number(dataset, "PatientWeight")),
            ("PatientSize", _number(dataset, "PatientSize")),
            ("PatientSex", _text(dataset, "PatientSex")),
            ("RadionuclideTotalDose", _number(tracer, "RadionuclideTotalDose")),
            ("RadionuclideHalfLife", _number(tracer, "RadionuclideHalfLife")),
            ("RadiopharmaceuticalStartTime", _injection(dataset, tracer)),
            ("RadiopharmaceuticalInformationSequence", len(tracers)),
            ("SeriesTime", _joined(dataset, "SeriesDate", "SeriesTime")),
            ("reference", _reference(dataset)),
            ("Manufacturer", _text(dataset, "Manufacturer")),
            ("(7053,xx00)", _float(_private(dataset, 0x7053, _PHILIPS, 0x00))),
            ("(7053,xx09)", _float(_private(dataset, 0x7053, _PHILIPS, 0x09))),
        )
    )


def _slices(dataset: Dataset) -> list[PetSlice]:
    uid = _text(dataset, "SOPInstanceUID")
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if not frames:
        acquired = _joined(dataset, "AcquisitionDate", "AcquisitionTime") or _moment(dataset, "AcquisitionDateTime")
        return [
            PetSlice(
                acquired,
                _seconds(dataset, "FrameReferenceTime"),
                _seconds(dataset, "ActualFrameDuration"),
                _number(dataset, "DecayFactor"),
                uid,
            )
        ]
    found = []
    for number, groups in enumerate(frames):
        content = (groups.get("FrameContentSequence") or [Dataset()])[0]
        acquired = _moment(content, "FrameAcquisitionDateTime", dataset)
        duration = _seconds(content, "FrameAcquisitionDuration")
        found.append(PetSlice(acquired, None, duration, None, uid, number))
    return found


def _reference(dataset: Dataset) -> tuple[datetime | None, str]:
    """Return a decay reference time that the object names outright, with its source."""
    if _is_enhanced(dataset):
        return _moment(dataset, "DecayCorrectionDateTime"), "Decay Correction DateTime"
    for group, creator, element, source in (
        (0x0071, "SIEMENS MED PT", 0x22, "Siemens (0071,xx22)"),
        (0x0009, "GEMS_PETD_01", 0x0D, "GE (0009,xx0D)"),
    ):
        found = _parsed_moment(_plain(_private(dataset, group, creator, element)), dataset)
        if found is not None:
            return found, source
    return None, ""


def _injection(dataset: Dataset, tracer: Dataset) -> Injection:
    at = _moment(tracer, "RadiopharmaceuticalStartDateTime", dataset)
    if at is not None:
        return Injection(at=at)
    return Injection(time_only=_time(_text(tracer, "RadiopharmaceuticalStartTime")))


def _is_enhanced(dataset: Dataset) -> bool:
    return _text(dataset, "SOPClassUID") == ENHANCED_PET


def _enhanced_corrections(dataset: Dataset) -> tuple[str, ...]:
    found = []
    if _text(dataset, "AttenuationCorrected") == "YES":
        found.append("ATTN")
    if _text(dataset, "DecayCorrected") == "YES":
        found.append("DECY")
    return tuple(found)


def _enhanced_decay(dataset: Dataset) -> str:
    """Return START where a reference time is named; without one there is nothing to compute with."""
    corrected = _text(dataset, "DecayCorrected")
    if corrected == "YES":
        return "START" if _moment(dataset, "DecayCorrectionDateTime") is not None else ""
    return "NONE" if corrected == "NO" else ""


def _mapped_units(dataset: Dataset) -> tuple[str, str]:
    """
    Return unit and SUV type of an enhanced image; empty unless its real world values are its modality values.

    A map with another slope than the pixel value transformation would need other numbers than the volume holds.
    """
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or [Dataset()]
    units: set[tuple[str, str]] = set()
    for frame in frames:
        maps = frame.get("RealWorldValueMappingSequence") or shared.get("RealWorldValueMappingSequence") or []
        rescale = frame.get("PixelValueTransformationSequence") or shared.get("PixelValueTransformationSequence") or []
        if len(maps) != 1 or len(rescale) != 1:
            return "", ""
        own = _number(maps[0], "RealWorldValueSlope"), _number(maps[0], "RealWorldValueIntercept")
        if own != (_number(rescale[0], "RescaleSlope"), _number(rescale[0], "RescaleIntercept")):
            return "", ""
        code = (maps[0].get("MeasurementUnitsCodeSequence") or [Dataset()])[0]
        value = code_value(code)
        units.add(_UCUM_UNITS.get(value.lower(), (value, "")))
    return units.pop() if len(units) == 1 else ("", "")


# single values --------------------------------------------------------------------------------


def _private(dataset: Dataset, group: int, creator: str, element: int) -> Any:  # noqa: ANN401 - pydicom values have no static type
    """Return a private value by its block's creator, which an implicit file may hold as raw bytes."""
    for block in range(0x10, 0x100):
        if (group, block) in dataset and _plain(dataset[group, block].value) == creator:
            tag = (group, block << 8 | element)
            return dataset[tag].value if tag in dataset else None
    return None


def _plain(value: Any) -> str:  # noqa: ANN401 - pydicom values have no static type
    if isinstance(value, bytes):
        return value.decode("ascii", "replace").strip("\0 ")
    return "" if value is None else str(value).strip("\0 ")


def _text(dataset: Dataset, keyword: str) -> str:
    return _plain(dataset.get(keyword)).upper() if keyword != "Manufacturer" else _plain(dataset.get(keyword))


def _texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    value = dataset.get(keyword)
    if value is None or isinstance(value, str):
        return tuple(part.strip() for part in _plain(value).upper().split("\\") if part.strip())
    return tuple(_plain(one).upper() for one in value)


def _number(dataset: Dataset, keyword: str) -> float | None:
    return _float(dataset.get(keyword))


def _float(value: Any) -> float | None:  # noqa: ANN401 - pydicom values have no static type
    try:
        number = float(_plain(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds(dataset: Dataset, keyword: str) -> float | None:
    milliseconds = _number(dataset, keyword)
    return None if milliseconds is None else milliseconds / 1000.0


def _joined(dataset: Dataset, date_keyword: str, time_keyword: str) -> datetime | None:
    day, clock = _date(_text(dataset, date_keyword)), _time(_text(dataset, time_keyword))
    return None if day is None or clock is None else datetime.combine(day, clock)


def _moment(dataset: Dataset, keyword: str, root: Dataset | None = None) -> datetime | None:
    return _parsed_moment(_plain(dataset.get(keyword)), root if root is not None else dataset)


def _parsed_moment(text: str, root: Dataset) -> datetime | None:
    """
    Return a DT as local time of the object; at least the minute must be given.

    An offset counts where Timezone Offset From UTC (0008,0201) tells what the object's other times mean.
    """
    matched = re.fullmatch(r"(\d{8})(\d{4}(?:\d{2}(?:\.\d{1,6})?)?)([+-]\d{4})?", text)
    if matched is None:
        return None
    day, clock = _date(matched[1]), _time(matched[2])
    if day is None or clock is None:
        return None
    found = datetime.combine(day, clock)
    own, home = _zone(matched[3] or ""), _zone(_plain(root.get("TimezoneOffsetFromUTC")))
    if own is None or home is None:
        return found
    return found.replace(tzinfo=own).astimezone(home).replace(tzinfo=None)


def _zone(text: str) -> timezone | None:
    matched = re.fullmatch(r"([+-])(\d{2})(\d{2})", text)
    if matched is None or int(matched[2]) > 14:
        return None
    offset = timedelta(hours=int(matched[2]), minutes=int(matched[3]))
    return timezone(-offset if matched[1] == "-" else offset)


def _date(text: str) -> date | None:
    matched = re.fullmatch(r"(\d{4})[.]?(\d{2})[.]?(\d{2})", text)
    try:
        return (
            None if matched is None else datetime(int(matched[1]), int(matched[2]), int(matched[3]), tzinfo=UTC).date()
        )
    except ValueError:
        return None


def _time(text: str) -> time | None:
    matched = re.fullmatch(r"(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?", text)
    if matched is None:
        return None
    try:
        return time(int(matched[1]), int(matched[2]), int(matched[3] or 0), int((matched[4] or "").ljust(6, "0")))
    except ValueError:
        return None
