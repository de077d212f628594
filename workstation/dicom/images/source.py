"""
Finding studies in a folder, a file or a DICOMDIR.

Everything found is told: files that are not DICOM are counted, damaged ones are counted and left out,
repeated and mixed ones give warnings. Nothing in a folder makes the scan fail but the lack of images.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import pydicom
from pydicom.dataset import Dataset

from resources.translation import tr, trn
from workstation.dicom.header import Header, header_of
from workstation.dicom.images.assemble import studies_of
from workstation.dicom.images.decode import parse
from workstation.dicom.images.fast_reader import EXPLICIT, IMPLICIT, FastFile, read_fast
from workstation.dicom.quiet import quiet
from workstation.domain.errors import DecodeError
from workstation.domain.ports import JobContext
from workstation.domain.study import DecodeWarning, Study

_DICOMDIR_CLASS: Final = "1.2.840.10008.1.3.10"
_BATCH: Final = 64
_PROBE: Final = 8
_SLOW_SECONDS: Final = 0.005
NATIVE: Final = frozenset({IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2"})
S = TypeVar("S")
T = TypeVar("T")
WORKERS: Final = max(2, min(8, os.cpu_count() or 2))


@dataclass(frozen=True, slots=True)
class _File:
    """What became of one file: a header, or the reason why there is none."""

    header: Header | None = None
    damaged: bool = False
    unreadable: bool = False
    directory: bool = False


@dataclass(slots=True)
class _LeftOut:
    """Counts of what was passed over, for the remarks."""

    not_dicom: int = 0
    damaged: int = 0
    missing: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Studies found, and how many files were no DICOM, damaged, closed to us, or named by a DICOMDIR and missing."""

    studies: tuple[Study, ...]
    not_dicom: int = 0
    damaged: int = 0
    missing: int = 0
    unreadable: int = 0
    """Files and folders that this account may not open, or that a drive did not give"""


def scan(path: Path, job: JobContext | None = None, *, assumed: str | None = None) -> list[Study]:
    """
    Return the studies below a folder, in one file or named by a DICOMDIR, newest first.

    ``assumed`` is the character set setting of the source. Raises DecodeError when there is no DICOM
    object at all, JobCancelled.
    """
    return list(scan_report(path, job, assumed=assumed).studies)


def scan_report(path: Path, job: JobContext | None = None, *, assumed: str | None = None) -> ScanResult:
    """Scan like ``scan`` and also count what was left out."""
    _check_path(path)
    files, left_out = _candidates(path)
    headers: list[Header] = []
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="scan") as pool:
        for done, found in enumerate(alone_or_together(lambda one: _read(one, assumed), files, pool)):
            if job is not None and done % _BATCH == 0:
                job.raise_if_cancelled()
                job.progress(
                    done / len(files),
                    trn("{done} of {total} file", "{done} of {total} files", len(files), done=done, total=len(files)),
                )
            if found.header is not None:
                headers.append(found.header)
            else:
                left_out.damaged += found.damaged
                left_out.unreadable += found.unreadable
                left_out.not_dicom += not (found.damaged or found.unreadable or found.directory)
    studies = studies_of(headers)
    if not studies:
        raise _nothing_found(path, left_out)
    remarks = _remarks(studies, left_out)
    told = tuple(replace(study, warnings=(*study.warnings, *remarks)) for study in studies)
    if job is not None:
        job.progress(1.0)
    return ScanResult(told, left_out.not_dicom, left_out.damaged, left_out.missing, left_out.unreadable)


def _check_path(path: Path) -> None:
    try:
        there = path.exists()
    except OSError as exc:
        raise DecodeError(
            tr("{path} cannot be opened.", path=path),
            hint=tr("Ask for the right to read it, or copy the images to this computer first."),
            detail=f"{type(exc).__name__} errno {exc.errno}",
        ) from exc
    if not there:
        raise DecodeError(tr("{path} does not exist.", path=path), hint=tr("Check the folder or file name."))


def alone_or_together(act: Callable[[S], T], items: Sequence[S], pool: ThreadPoolExecutor) -> Iterator[T]:
    """
    Apply ``act`` to files in order: one by one from a fast disk, in the pool from a slow one.

    Measured: on cached files two threads take 2.7 times as long as one, because each short read hands the
    interpreter lock over; on a network drive the waits overlap. The first files tell which it is.
    """
    start = time.perf_counter()
    for one in items[:_PROBE]:
        yield act(one)
    rest = items[_PROBE:]
    slow = rest and (time.perf_counter() - start) / _PROBE > _SLOW_SECONDS
    yield from pool.map(act, rest) if slow else map(act, rest)


def read_file_header(source: Path | bytes, *, assumed: str | None = None) -> tuple[Header, FastFile | None]:
    """
    Return the header of one file (or of its bytes), by the fast way where possible.

    Raises DecodeError for what is no DICOM object or is cut off.
    """
    try:
        fast = read_fast(source, assumed=assumed)
    except OSError as exc:
        raise DecodeError(tr("The file cannot be read."), detail=type(exc).__name__) from exc
    if fast is not None:
        if fast.truncated:
            raise DecodeError(tr("The pixel data are damaged or cut off."), detail="truncated")
        return fast.header, fast
    path = None if isinstance(source, bytes) else str(source)
    header = header_of(parse(source, stop_before_pixels=True), path=path, assumed=assumed)
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if _smaller_than_its_pixels(size, header):
        raise DecodeError(tr("The pixel data are damaged or cut off."), detail="truncated")
    return header, None


def _smaller_than_its_pixels(size: int, header: Header) -> bool:
    if header.transfer_syntax_uid not in NATIVE:
        return False
    bits = header.integer("Rows") * header.integer("Columns") * header.integer("BitsAllocated")
    bits *= max(1, header.integer("SamplesPerPixel", 1)) * max(1, header.integer("NumberOfFrames", 1))
    # subsampled colour (YBR_FULL_422) stores two thirds
    return size < bits // 8 * 2 // 3


def _candidates(path: Path) -> tuple[list[Path], _LeftOut]:
    left_out = _LeftOut()
    if path.is_file():
        directory = _dicomdir(path)
        if directory is None:
            return [path], left_out
        found, left_out.missing = _referenced(path, directory)
        return found, left_out
    closed: list[OSError] = []
    found = []
    for folder, folders, names in os.walk(path, onerror=closed.append):
        folders.sort()
        found += [Path(folder, name) for name in sorted(names)]
    left_out.unreadable = len(closed)
    for file in found:
        if file.name.upper() == "DICOMDIR" and (directory := _dicomdir(file)) is not None:
            left_out.missing += _referenced(file, directory)[1]
    return found, left_out


def _dicomdir(path: Path) -> Dataset | None:
    try:
        with quiet():
            dataset = pydicom.dcmread(path)
    except Exception:  # noqa: BLE001 - a parser fed arbitrary bytes raises anything; then it is no DICOMDIR
        return None
    return dataset if str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) == _DICOMDIR_CLASS else None


def _referenced(path: Path, directory: Dataset) -> tuple[list[Path], int]:
    """Return the files a DICOMDIR names and how many of them are not there; none outside its folder."""
    root = path.parent.resolve()
    found, missing = [], 0
    for record in directory.get("DirectoryRecordSequence") or []:
        parts = record.get("ReferencedFileID")
        if not parts:
            continue
        names = [parts] if isinstance(parts, str) else [str(part) for part in parts]
        target = _existing(root, names)
        if target is None:
            missing += 1
        else:
            found.append(target)
    return found, missing


def _existing(root: Path, names: Iterable[str]) -> Path | None:
    names = list(names)
    # media copied by other systems come with lower-case names
    for variant in (names, [name.lower() for name in names]):
        target = root.joinpath(*variant).resolve()
        if target.is_relative_to(root) and target.is_file():
            return target
    return None


def _read(path: Path, assumed: str | None) -> _File:
    try:
        header, _ = read_file_header(path, assumed=assumed)
    except DecodeError:
        return _why_not(path)
    if header.text("SOPClassUID") == _DICOMDIR_CLASS or path.name.upper() == "DICOMDIR":
        return _File(directory=True)
    uids = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    return _File(header) if all(header.text(uid) for uid in uids) else _File(damaged=True)


def _why_not(path: Path) -> _File:
    try:
        with path.open("rb") as file:
            return _File(damaged=file.read(132)[128:] == b"DICM")
    except OSError:
        return _File(unreadable=True)


def _nothing_found(path: Path, left_out: _LeftOut) -> DecodeError:
    if left_out.unreadable:
        hint = trn(
            "{count} file or folder cannot be opened. Ask for the right to read it, or copy the images here first.",
            "{count} files or folders cannot be opened. Ask for the right to read them, or copy the images here first.",
            left_out.unreadable,
        )
    elif left_out.damaged:
        hint = trn(
            "{count} DICOM file is damaged or cut off. Copy it again from the source.",
            "{count} DICOM files are damaged or cut off. Copy them again from the source.",
            left_out.damaged,
        )
    elif left_out.missing:
        hint = trn(
            "The DICOMDIR names {count} image that is not here. Insert the whole disc, or copy it with its folders.",
            "The DICOMDIR names {count} images that are not here. Insert the whole disc, or copy it with its folders.",
            left_out.missing,
        )
    else:
        hint = tr("Choose the folder that holds the exported images, or the DICOMDIR file of a disc.")
    return DecodeError(
        tr("No DICOM images found in {path}.", path=path),
        hint=hint,
        detail=f"{left_out.not_dicom} other files, {left_out.damaged} damaged, {left_out.missing} missing, "
        f"{left_out.unreadable} unreadable",
    )


def _remarks(studies: list[Study], left_out: _LeftOut) -> list[DecodeWarning]:
    found = []
    if left_out.damaged:
        text = trn(
            "{count} file is damaged or cut off and was left out.",
            "{count} files are damaged or cut off and were left out.",
            left_out.damaged,
        )
        found.append(DecodeWarning("damaged", text))
    if left_out.unreadable:
        text = trn(
            "{count} file or folder cannot be opened and was left out.",
            "{count} files or folders cannot be opened and were left out.",
            left_out.unreadable,
        )
        found.append(DecodeWarning("unreadable", text))
    if left_out.missing:
        text = trn(
            "{count} image named by the DICOMDIR is missing.",
            "{count} images named by the DICOMDIR are missing.",
            left_out.missing,
        )
        found.append(DecodeWarning("missing", text))
    if left_out.not_dicom:
        text = trn(
            "{count} file is not DICOM and was skipped.",
            "{count} files are not DICOM and were skipped.",
            left_out.not_dicom,
        )
        found.append(DecodeWarning("not_dicom", text))
    patients = len({study.patient.patient_id for study in studies})
    if patients > 1:
        text = tr(
            "{studies} studies of {patients} patients lie together here.", studies=len(studies), patients=patients
        )
        found.append(DecodeWarning("mixed_study", text))
    elif len(studies) > 1:
        found.append(DecodeWarning("mixed_study", tr("{studies} studies lie together here.", studies=len(studies))))
    return found
