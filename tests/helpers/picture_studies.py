"""Studies of every kind of image for the screenshot matrix: real ones under invented names, the rest made from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from fpdf import FPDF
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    generate_uid,
)

from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.phantom import ct_slice_dataset

_MG_VIEWS = (("R", "CC", ("P", "L")), ("L", "CC", ("A", "R")), ("R", "MLO", ("P", "F")), ("L", "MLO", ("A", "F")))


@dataclass(frozen=True, slots=True)
class Invented:
    """Who a study is said to be of; every study of one person shares the Patient ID."""

    name: str
    patient_id: str
    sex: str
    birth_date: str
    description: str
    institution: str = "清水镇中心卫生院"
    study_date: str = "20261121"
    body_part: str = ""


ZHOU = Invented("Zhou^Lihua=周丽华", "QS0118793", "F", "19680314", "胸部低剂量 LDCT", body_part="CHEST")
ZHOU_BEFORE = Invented(
    "Zhou^Lihua=周丽华", "QS0118793", "F", "19680314", "胸部低剂量 LDCT", study_date="20251208", body_part="CHEST"
)
HUANG = Invented("Huang^Zhiqiang=黄志强", "QS0118744", "M", "19740105", "颅脑增强 T1+C · 头痛", body_part="HEAD")
ZHAO = Invented("Zhao^Xiaomei=赵晓梅", "XH0077310", "F", "19800220", "双乳 X 线 CC+MLO · 筛查", body_part="BREAST")
AIBEK = Invented("Nurlan^Aibek", "BH0040551", "M", "19770611", "胸部正侧位 DR · 发热咳嗽", body_part="CHEST")
HE = Invented("He^Meiling=何美玲", "BH0040544", "F", "19710707", "腹部超声", body_part="ABDOMEN")
JIANG = Invented("Jiang^Wenbin=蒋文斌", "HX0031911", "M", "19620930", "头颈 PET-CT · 分期", body_part="HEADNECK")
SUN = Invented("Sun^Haoran=孙浩然", "BH0040549", "M", "20020101", "外院报告（仅文件）")


def write_studies(data: Path, out: Path) -> list[Path]:
    """Write one folder for each study below ``out`` and return them, the prior before its study."""
    lidc = sorted((data / "ct-chest-lidc-0314").glob("*.dcm"))
    folders = [
        _renamed(lidc[80:180], out / "ct-before", ZHOU_BEFORE),
        _renamed(lidc, out / "ct", ZHOU),
        _renamed(sorted((data / "mr-brain-pgbm-001").glob("*.dcm")), out / "mr", HUANG),
        _mammograms(data, out / "mg"),
        _radiographs(lidc, out / "dx"),
        _renamed(_clip(data), out / "us", HE),
        _pet_and_ct(data, out / "pt"),
        _documents(data, out / "documents"),
    ]
    for folder in folders:
        if not any(folder.iterdir()):
            raise FileNotFoundError(f"nothing was found to make {folder.name} of")
    return folders


def _renamed(paths: list[Path], out: Path, who: Invented) -> Path:
    """Write copies that keep their geometry and pixels under new UIDs and an invented person."""
    out.mkdir(parents=True)
    for n, path in enumerate(paths):
        dataset = pydicom.dcmread(path)
        _say_who(dataset, who)
        for tag in ("SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID"):
            if tag in dataset:
                setattr(dataset, tag, generate_uid(entropy_srcs=[who.study_date, who.name, str(dataset[tag].value)]))
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(out / f"{n:04}.dcm", enforce_file_format=True)
    return out


def _say_who(dataset: Dataset, who: Invented) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = who.name, who.patient_id
    dataset.PatientSex, dataset.PatientBirthDate = who.sex, who.birth_date
    dataset.PatientAge = ""
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study", who.study_date, who.name])
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = who.study_date
    dataset.StudyTime = "175500"
    dataset.StudyID, dataset.ReferringPhysicianName = "1", ""
    dataset.AccessionNumber = f"{who.patient_id}{who.study_date[2:]}"
    dataset.StudyDescription, dataset.InstitutionName = who.description, who.institution
    if who.body_part:
        dataset.BodyPartExamined = who.body_part


def _clip(data: Path) -> list[Path]:
    return [data / "dicom-zoo/chafey/testImages/encapsulated/multi-frame/IM00001.implicit_little_endian.dcm"]


def _mammograms(data: Path, out: Path) -> Path:
    """Write four views that differ: one MLO is real, the rest are made from it."""
    out.mkdir(parents=True)
    source = (data / "dicom-zoo/nema-wg04/JPLY/MG1_JPLY").read_bytes()
    real = decode_for_display(source).pixels[::2, ::2].astype(np.uint16)
    is_wall_right = float(real[:, -200:].mean()) > float(real[:, :200].mean())
    rows, columns = real.shape
    oblique = (real if is_wall_right else real[:, ::-1])[rows // 50 : -rows // 50].copy()
    oblique[: rows // 7, : columns // 4] = np.median(oblique[:, : columns // 8])  # the film's own letters
    for n, (side, view, orientation) in enumerate(_MG_VIEWS):
        pixels = oblique if view == "MLO" else _from_above(oblique)
        if side == "L":
            pixels = _another_breast(pixels)[:, ::-1]  # its wall lies where A does not point to
        dataset = _image(pixels, DigitalMammographyXRayImageStorageForPresentation, "MG", ZHAO, n, bits=12)
        dataset.ImageLaterality, dataset.ViewPosition = side, view
        dataset.PatientOrientation = list(orientation)
        dataset.SeriesDescription = f"{side} {view}"
        dataset.ImagerPixelSpacing = [0.1, 0.1]
        dataset.PresentationIntentType = "FOR PRESENTATION"
        dataset.save_as(out / f"{n}.dcm", enforce_file_format=True)
    return out


def _from_above(oblique: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Return something like the CC view: the half below the nipple and its mirror image, which has no muscle."""
    nipple = int(0.69 * len(oblique))  # of this film
    lower = oblique[nipple:]
    return np.concatenate([lower[::-1], _another_breast(lower)])


def _another_breast(pixels: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Return the picture with its tissue moved about by a few per cent, as no two breasts are alike; edges stay."""
    rows, columns = pixels.shape
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    u, v = down / rows, across / columns
    moved_down = down + 0.035 * rows * np.sin(np.pi * u) * np.sin(2 * np.pi * v + 1)
    moved_across = across + 0.05 * columns * np.sin(2 * np.pi * u + 0.6) * np.sin(np.pi * v)
    at = np.clip(np.rint(moved_down), 0, rows - 1).astype(int), np.clip(np.rint(moved_across), 0, columns - 1)
    moved: npt.NDArray[np.uint16] = pixels[at[0], at[1].astype(int)]
    return moved


def _radiographs(slices: list[Path], out: Path) -> Path:
    """Write a frontal and a lateral radiograph: what a CT looks like with its depth added up."""
    out.mkdir(parents=True)
    read = [pydicom.dcmread(path) for path in slices]
    read.sort(key=lambda one: -float(one.ImagePositionPatient[2]))
    volume = np.stack([one.pixel_array[::2, ::2] * one.RescaleSlope + one.RescaleIntercept for one in read])
    density = np.clip(volume + 1000, 0, 2500)
    for n, (axis, view, orientation) in enumerate(((1, "PA", ("L", "F")), (2, "LL", ("P", "F")))):
        through = density.sum(axis=axis).astype(np.float32)
        drawn = np.log1p(through / through.mean())
        pixels = np.rint(drawn / drawn.max() * 4000).astype(np.uint16)
        rows = np.linspace(0, pixels.shape[0] - 1, 1400).astype(int)
        columns = np.linspace(0, pixels.shape[1] - 1, 1820).astype(int)
        dataset = _image(pixels[np.ix_(rows, columns)], DigitalXRayImageStorageForPresentation, "DX", AIBEK, n, bits=12)
        dataset.ViewPosition, dataset.PatientOrientation = view, list(orientation)
        dataset.SeriesDescription = "胸部正位" if view == "PA" else "胸部侧位"
        dataset.ImagerPixelSpacing = [0.2, 0.2]
        dataset.PresentationIntentType = "FOR PRESENTATION"
        dataset.save_as(out / f"{n}.dcm", enforce_file_format=True)
    return out


def _image(
    pixels: npt.NDArray[np.uint16], sop_class: UID, modality: str, who: Invented, number: int, *, bits: int
) -> FileDataset:
    dataset = _object(sop_class, modality, who, number)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, bits, bits - 1, 0
    dataset.PixelData = np.ascontiguousarray(pixels).astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.WindowCenter, dataset.WindowWidth = f"{2 ** (bits - 1)}", f"{2**bits}"
    return dataset


def _object(sop_class: UID, modality: str, who: Invented, number: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = sop_class, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["instance", who.name, modality, str(number)])
    dataset = FileDataset("", Dataset(), preamble=bytes(128), file_meta=meta)
    _say_who(dataset, who)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = modality, number + 1, 1
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", who.name, modality, str(number)])
    dataset.Manufacturer = "Lianyue"
    return dataset


def _pet_and_ct(data: Path, out: Path) -> Path:
    """Write real PET slices of head and neck and a CT of the same body, made from where the tracer went."""
    heads = sorted(_positions(data / "pet-qin-hn-0024"))[-110:]
    _renamed([path for _z, path in heads], out, JIANG)
    for n in range(len(heads)):
        one = pydicom.dcmread(out / f"{n:04}.dcm")
        left, back, up = (float(value) for value in one.ImagePositionPatient)
        pixels = _ct_of(one.pixel_array.astype(np.float32) * float(one.RescaleSlope))
        dataset = ct_slice_dataset(
            n, pixels, position=(left, back, up), pixel_mm=float(one.PixelSpacing[0]), slice_mm=3.375,
            frame_of_reference_uid=one.FrameOfReferenceUID, series_uid=generate_uid(entropy_srcs=["partner"]),
            instance_uid=generate_uid(entropy_srcs=["partner", str(n)]),
        )  # fmt: skip
        _say_who(dataset, JIANG)
        dataset.InstanceNumber = one.InstanceNumber  # both scanned the same way, so that one place has one number
        dataset.SeriesDescription = "CT 衰减校正"
        dataset.save_as(out / f"ct-{n:03}.dcm", enforce_file_format=True)
    return out


def _ct_of(uptake: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """Return HU of a slice whose activity (Bq/ml) is given: air outside, skin, soft tissue, brighter where taken up."""
    kernel = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16
    smooth = uptake
    for axis in (0, 1):
        smooth = np.apply_along_axis(np.convolve, axis, smooth, kernel, "same")
    inside = 1 / (1 + np.exp(-(smooth - 700) / 90))
    tissue = -60 + 110 * np.clip(smooth / 4000, 0, 1)
    return np.rint(-1000 + inside * (tissue + 1000)).astype(np.int16)


def _positions(folder: Path) -> Iterator[tuple[float, Path]]:
    for path in folder.glob("0*.dcm"):
        header = pydicom.dcmread(path, specific_tags=["ImagePositionPatient"])
        yield float(header.ImagePositionPatient[2]), path


def _documents(data: Path, out: Path) -> Path:
    """Write a study of papers alone: another system's SR and a PDF."""
    _renamed([data / "dicom-zoo/highdicom/data/test_files/sr_document.dcm"], out, SUN)
    page = FPDF()
    page.add_page()
    page.set_font("helvetica", size=24)
    page.cell(text="Report of another hospital")
    written = BytesIO()
    page.output(written)
    pdf = written.getvalue()
    dataset = _object(EncapsulatedPDFStorage, "DOC", SUN, 7)
    dataset.SeriesDescription, dataset.DocumentTitle = "外院报告", "外院报告"
    dataset.BurnedInAnnotation, dataset.MIMETypeOfEncapsulatedDocument = "YES", "application/pdf"
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    dataset.EncapsulatedDocumentLength = len(pdf)
    dataset.save_as(out / "report.dcm", enforce_file_format=True)
    return out
