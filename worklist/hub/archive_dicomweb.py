"""
Images kept in an external DICOMweb server (Orthanc, dcm4chee, a cloud); the index stays with the hub.

Learned the hard way with Orthanc 1.10: it does not percent-decode QIDO values, crashes when asked for
JPEG-LS, and slows down with many instances in one POST. So this client sends only UIDs and plain
characters in queries, always asks for the stored transfer syntax, and stores one instance at a time.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from resources.translation import tr
from worklist.hub.archive import InstanceKey
from worklist.hub.multipart import MultipartError, MultipartReader, new_boundary, parse_content_type, written
from workstation.domain.errors import IntegrityMismatch, Refused, StorageError, Unreachable

_CONNECTIONS: Final = 16
_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
_AS_STORED: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_PLAIN_VALUE: Final = re.compile(r"[A-Za-z0-9.*?_-]{1,64}")
"""What may stand in a query without percent-encoding."""
_SEARCHED: Final = {
    "0020000D": "StudyInstanceUID",
    "00080020": "StudyDate",
    "00080050": "AccessionNumber",
    "00100020": "PatientID",
}
_PAGE: Final = 1000
_MAX_FILE: Final = 2 * 1024**3
_SOP_INSTANCE: Final = "00080018"
_SERIES: Final = "0020000E"
_STUDY: Final = "0020000D"
_COUNT: Final = "00201208"


def _service_root(url: str) -> httpx.URL:
    """Return the address of a DICOMweb service. Raises StorageError: it is none that HTTP reaches."""
    with contextlib.suppress(httpx.InvalidURL):
        parsed = httpx.URL(url)
        if parsed.scheme in {"http", "https"} and parsed.host:
            return parsed
    raise StorageError(
        tr("{url} is not the address of a DICOMweb archive", url=url.rpartition("@")[2]),  # never the password
        hint=tr("Give a URL of the form https://host/dicom-web, or none to keep the images in the data folder."),
        detail="archive url",
    )


class _Collect:
    """Keeps the parts of an answer."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._pieces: list[bytes] = []

    def begin(self, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - the sink's signature
        self._pieces = []

    def write(self, data: bytes | memoryview) -> None:
        self._pieces.append(bytes(data))

    def end(self) -> None:
        self.parts.append(b"".join(self._pieces))


class DicomwebArchive:
    """
    The archive behind a DICOMweb service root, such as ``http://user:password@host:8042/dicom-web``.

    ``put`` reads the instance back and compares it, so that only what really arrived whole is ever
    registered.
    """

    def __init__(self, url: str, data_dir: Path) -> None:
        parsed = _service_root(url)
        root = parsed.copy_with(username=None, password=None)
        self._root = str(root).rstrip("/")
        self._incoming = data_dir / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        transport = httpx.HTTPTransport(
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            retries=1,
        )
        auth = (parsed.username, parsed.password) if parsed.username else None
        self._client = httpx.Client(auth=auth, transport=transport, timeout=_TIMEOUT)

    def check(self) -> None:
        """Ask whether a DICOMweb service answers there. Raises StorageError with what to do."""
        try:
            self._search("/studies", "limit=1")
        except Unreachable as exc:
            raise StorageError(
                tr("The archive {url} does not answer.", url=self._root),
                hint=tr("Start the archive or correct its address, then start the hub again."),
                detail=exc.detail,
            ) from exc
        except Refused as exc:
            raise StorageError(
                tr("The archive {url} does not let the hub search it.", url=self._root),
                hint=tr("Check the path of its DICOMweb service, user name and password."),
                detail=exc.detail,
            ) from exc

    @property
    def incoming(self) -> Path:
        """Return the folder for files on their way in."""
        return self._incoming

    @property
    def description(self) -> str:
        """Return the service root without its password."""
        return self._root

    def put(self, source: Path, key: InstanceKey) -> None:
        """Store one instance and read it back. Raises Unreachable, Refused, IntegrityMismatch."""
        boundary = new_boundary()
        body = b"".join(written([({"Content-Type": "application/dicom"}, [source.read_bytes()])], boundary))
        answer = self._send(
            "POST",
            f"/studies/{key.study_instance_uid}",
            content=body,
            headers={
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
                "Accept": "application/dicom+json",
            },
        )
        if answer.status_code not in {200, 202}:
            raise _refused(answer)
        self.read(key)
        source.unlink(missing_ok=True)

    def path(self, key: InstanceKey) -> Path | None:  # noqa: ARG002 - the protocol's
        """Return None: nothing lies on this machine."""
        return None

    def read(self, key: InstanceKey) -> bytes:
        """Return the file as stored, compared with its digest. Raises Unreachable, Refused, IntegrityMismatch."""
        answer = self._send(
            "GET",
            f"/studies/{key.study_instance_uid}/series/{key.series_instance_uid}/instances/{key.sop_instance_uid}",
            headers={"Accept": _AS_STORED},
        )
        if answer.status_code != 200:
            raise _refused(answer)
        data = _only_part(answer)
        if key.digest and hashlib.sha256(data).hexdigest() != key.digest:
            raise IntegrityMismatch(
                tr("The archive holds other bytes than the hub knows."),
                detail=f"archive: other bytes of {key.sop_instance_uid}",
            )
        return data

    def listing(self, study_instance_uid: str, known: int) -> list[InstanceKey] | None:
        """Return what the archive has of a study, None when it has as many instances as the index knows."""
        studies = self._search("/studies", f"StudyInstanceUID={study_instance_uid}&includefield={_COUNT}")
        if not studies or _value(studies[0], _COUNT) == str(known):
            return None
        keys: list[InstanceKey] = []
        while True:
            page = self._search(f"/studies/{study_instance_uid}/instances", f"limit={_PAGE}&offset={len(keys)}")
            keys += [
                InstanceKey(study_instance_uid, _value(found, _SERIES), _value(found, _SOP_INSTANCE)) for found in page
            ]
            if len(page) < _PAGE:
                return keys

    def studies(self, match: Mapping[str, str]) -> list[str]:
        """Return the studies that the archive finds by UID, date, accession number or Patient ID."""
        wanted = [
            f"{name}={match[tag]}"
            for tag, name in _SEARCHED.items()
            if match.get(tag) and _PLAIN_VALUE.fullmatch(match[tag])
        ]
        if not wanted:
            return []
        return [_value(found, _STUDY) for found in self._search("/studies", "&".join([*wanted, "limit=100"]))]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _search(self, path: str, query: str) -> list[dict[str, Any]]:
        answer = self._send("GET", f"{path}?{query}", headers={"Accept": "application/dicom+json"})
        if answer.status_code == 204:
            return []
        if answer.status_code != 200:
            raise _refused(answer)
        try:
            found = answer.json()
        except ValueError as exc:
            raise Refused(tr("The archive gave an answer that is not DICOM."), detail="QIDO-RS: no JSON") from exc
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []

    def _send(
        self, method: str, target: str, *, headers: dict[str, str], content: bytes | None = None
    ) -> httpx.Response:
        try:
            return self._client.request(method, self._root + target, headers=headers, content=content)
        except httpx.HTTPError as exc:
            raise Unreachable(
                tr("The archive does not answer."),
                hint=tr("What was stored before is intact."),
                detail=type(exc).__name__,
            ) from exc


def _only_part(answer: httpx.Response) -> bytes:
    """Return the instance, whether the server wrapped it or not."""
    media_type, parameters = parse_content_type(answer.headers.get("content-type", ""))
    if media_type == "application/dicom":
        return answer.content
    collected = _Collect()
    try:
        reader = MultipartReader(
            parameters.get("boundary", ""), collected, max_part=_MAX_FILE, max_total=_MAX_FILE + 65_536
        )
        reader.feed(answer.content)
        reader.finish()
    except MultipartError as exc:
        raise Refused(tr("The archive gave an answer that is not DICOM."), detail=f"WADO-RS: {exc}") from exc
    if len(collected.parts) != 1:
        raise Refused(
            tr("The archive gave an answer that is not DICOM."), detail=f"WADO-RS: {len(collected.parts)} parts"
        )
    return collected.parts[0]


def _value(attributes: dict[str, Any], tag: str) -> str:
    values = attributes.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _refused(answer: httpx.Response) -> Refused:
    return Refused(tr("The archive refused."), detail=f"HTTP {answer.status_code}")
