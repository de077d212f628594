"""
Carrying a report into a folder that the site collects.

One folder for each document, under our own name: never one from a file or a patient. It is built under a
temporary name, forced to the disk and renamed, so that a collector sees all of it or nothing.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from resources.translation import tr
from workstation.domain.dispatch import Consignment, Receipt, Route
from workstation.domain.errors import DiskFull, Refused, StorageError
from workstation.exchange.routes.dispatched_objects import signed_pdf
from workstation.exchange.signing.carried_signatures import signatures_beside

MANIFEST: Final = "manifest.json"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class FolderCarrier:
    """Implements ``Carrier`` for folder routes; ``root`` is the hub's drop folder, where sites' shares are mounted."""

    root: Path

    def carry(self, consignment: Consignment, route: Route) -> Receipt:
        """
        Return once the whole folder is on the disk; the same document again is success.

        A document that was collected (and moved away) before we could note it is dropped a second time under
        the same name. Raises Refused, DiskFull, StorageError.
        """
        folder = self.root / route.address
        if not folder.is_dir():  # an unmounted share must not be filled behind its mount point
            raise Refused(
                tr("The drop folder {name} does not exist on the hub", name=route.address),
                hint=tr("Make it, or mount the site's share there."),
                detail="no folder",
            )
        files = _files(consignment)
        files[MANIFEST] = _manifest(consignment, files)
        target = folder / consignment.control_id
        try:
            if not _is_same(target, files[MANIFEST]):
                _write(folder, target, files)
        except OSError as exc:
            if exc.errno in _FULL:
                raise DiskFull(tr("The disk of the drop folder is full"), detail=str(exc.errno)) from exc
            raise StorageError(tr("The drop folder cannot be written"), detail=f"errno {exc.errno}") from exc
        return Receipt(f"{route.address}/{consignment.control_id}")


def _files(consignment: Consignment) -> dict[str, bytes]:
    files = {f"object-{number}.dcm": one.read() for number, one in enumerate(consignment.objects, start=1)}
    pdf = signed_pdf(consignment)
    return {"report.pdf": pdf, **files, **signatures_beside(pdf, files)} if pdf else files


def _manifest(consignment: Consignment, files: dict[str, bytes]) -> bytes:
    report = consignment.report
    told = {
        "control_id": consignment.control_id,
        "status": report.status.value,
        "report_uid": report.report_uid,
        "report_root": consignment.report_root,
        "study_instance_uid": report.study_instance_uid,
        "accession_number": consignment.study.accession_number,
        "patient_id": consignment.patient.patient_id,
        "patient_name": consignment.patient.name,
        "signed_at": report.signed_at.isoformat() if report.signed_at else "",
        "signer": (report.verifier or report.author).name,
        "reason": report.ended_reason or report.change_reason,
        "critical": [{"code": one.code, "scheme": one.scheme, "meaning": one.meaning} for one in consignment.critical],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _is_same(target: Path, manifest: bytes) -> bool:
    """The rename made all of the folder or nothing, so its manifest speaks for the rest."""
    known = target / MANIFEST
    return known.is_file() and known.read_bytes() == manifest


def _write(folder: Path, target: Path, files: dict[str, bytes]) -> None:
    building = folder / f".{target.name}.part"
    for leftover in (building, target):  # of a killed attempt
        if leftover.exists():
            shutil.rmtree(leftover)
    building.mkdir(mode=0o750)
    for name, content in files.items():
        with (building / name).open("xb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
    _sync(building)
    building.rename(target)
    _sync(folder)


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
