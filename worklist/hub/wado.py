"""WADO-RS: giving instances, metadata, frames and bulk data out (PS3.18 10.4)."""

from __future__ import annotations

import base64
import io
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.filebase import DicomBytesIO
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from sqlalchemy import select

from worklist.hub.archive import Archive, InstanceKey
from worklist.hub.context import HubContext
from worklist.hub.discovery import Discovery
from worklist.hub.errors import BadRequest, NotFound
from worklist.hub.instance_tables import dicom_instances, dicom_studies
from worklist.hub.instances import InstanceIndex
from worklist.hub.media_types import (
    AS_STORED,
    DICOM,
    EXPLICIT_LITTLE_ENDIAN,
    FRAME_TYPES,
    OCTETS,
    NotAcceptable,
    Wish,
    wishes,
)
from workstation.domain.access import Actor

CHUNK: Final = 1_048_576
WHOLE_FILE: Final = 16 * 1024 * 1024
"""Up to this size a file is answered in one piece, which is several times faster than streaming it."""
_CACHED_ROWS: Final = 20_000
_LOSSY: Final = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})
_NATIVE: Final = frozenset({ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian})


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An index row without its attributes; rows never change once written."""

    key: InstanceKey
    blake3: str
    """The same file's other digest; empty for one that was stored before there were two."""
    sop_class_uid: str
    transfer_syntax_uid: str
    frames: int
    frame_bits: int
    pixel_offset: int
    pixel_length: int
    size: int
    site_id: str

    @property
    def path(self) -> str:
        """Return the resource path below the service root."""
        key = self.key
        return f"/studies/{key.study_instance_uid}/series/{key.series_instance_uid}/instances/{key.sop_instance_uid}"

    @property
    def digests(self) -> dict[str, str]:
        """Return the headers that tell what the file as stored must be; Repr-Digest is that of RFC 9530."""
        found = {"ETag": f'"sha256:{self.key.digest}"'}
        if self.blake3:
            found["Repr-Digest"] = f"blake3=:{base64.b64encode(bytes.fromhex(self.blake3)).decode('ascii')}:"
        return found


@dataclass(frozen=True, slots=True)
class Representation:
    """How the client gets instances: in which transfer syntax, and in one part or several."""

    syntax: str
    multipart: bool


class WadoService:
    """Finds what the actor may see and brings it into the wanted form."""

    def __init__(self, context: HubContext, archive: Archive, discovery: Discovery) -> None:
        self._context = context
        self._archive = archive
        self._discovery = discovery
        self._index = InstanceIndex(context)
        self._rows: OrderedDict[str, StoredInstance] = OrderedDict()
        self._lock = threading.Lock()

    def instance(self, actor: Actor, study: str, series: str, sop_instance: str) -> StoredInstance:
        """Return one instance. Raises NotFound, also for a study of another site."""
        found = self._cached(sop_instance) or self._one(sop_instance)
        if found is None:
            with self._context.read() as connection:
                hidden = self._index.owner(connection, study) is not None and not self._index.may_see(
                    connection, actor, study
                )
            if not hidden:
                self._discovery.refresh(study)
                found = self._one(sop_instance)
        if found is None or (found.key.study_instance_uid, found.key.series_instance_uid) != (study, series):
            raise NotFound("there is no such study, series or instance")
        self._require(actor, study, found.site_id)
        return found

    def known(self, study: str, series: str, sop_instance: str) -> StoredInstance | None:
        """Return an instance that was asked for a while ago, None where the index must be asked."""
        found = self._cached(sop_instance)
        if found is None or (found.key.study_instance_uid, found.key.series_instance_uid) != (study, series):
            return None
        return found

    def instances(self, actor: Actor, study: str, series: str = "") -> list[StoredInstance]:
        """Return the instances of a study or series in order of series and number. Raises NotFound."""
        self._discovery.refresh(study)
        self._require(actor, study)
        query = (
            select(*_COLUMNS)
            .join(dicom_studies, dicom_studies.c.study_instance_uid == dicom_instances.c.study_instance_uid)
            .where(dicom_instances.c.study_instance_uid == study)
            .order_by(*_ORDER)
        )
        if series:
            query = query.where(dicom_instances.c.series_instance_uid == series)
        with self._context.read() as connection:
            found = [_stored(row) for row in connection.execute(query)]
        if not found:
            raise NotFound("there is no such study, series or instance")
        return found

    def attributes(self, actor: Actor, study: str, series: str = "", sop_instance: str = "") -> list[str]:
        """Return the attributes of instances as stored JSON texts, in order. Raises NotFound."""
        self._discovery.refresh(study)
        self._require(actor, study)
        query = select(dicom_instances.c.attributes).where(dicom_instances.c.study_instance_uid == study)
        if series:
            query = query.where(dicom_instances.c.series_instance_uid == series)
        if sop_instance:
            query = query.where(dicom_instances.c.sop_instance_uid == sop_instance)
        with self._context.read() as connection:
            found = list(connection.execute(query.order_by(*_ORDER)).scalars())
        if not found:
            raise NotFound("there is no such study, series or instance")
        return found

    def stored_path(self, stored: StoredInstance) -> Path | None:
        """Return the file where this machine has it."""
        return self._archive.path(stored.key)

    def stored_bytes(self, stored: StoredInstance) -> bytes:
        """Return the file as stored."""
        return self._archive.read(stored.key)

    def part10(self, stored: StoredInstance, syntax: str) -> bytes:
        """Return the file in a transfer syntax. Raises NotAcceptable where no decoder reads the pixels."""
        data = self._archive.read(stored.key)
        if syntax in {AS_STORED, stored.transfer_syntax_uid}:
            return data
        return transcoded(data)

    def dataset(self, stored: StoredInstance) -> Dataset:
        """Return the whole dataset, pixels unread where the file is on this machine."""
        path = self._archive.path(stored.key)
        if path is not None:
            return pydicom.dcmread(path, defer_size=65_536)
        return pydicom.dcmread(DicomBytesIO(self._archive.read(stored.key)))

    def frames(self, stored: StoredInstance, numbers: list[int], *, as_stored: bool) -> Iterator[bytes]:
        """Yield frames, numbered from 1: as stored, or uncompressed little endian."""
        if as_stored and UID(stored.transfer_syntax_uid).is_compressed:
            yield from self._compressed_frames(stored, numbers)
            return
        native = stored.transfer_syntax_uid in _NATIVE and stored.pixel_length > 0
        if native and stored.frame_bits % 8 == 0 and stored.transfer_syntax_uid != ExplicitVRBigEndian:
            length = stored.frame_bits // 8
            if length * stored.frames <= stored.pixel_length:  # not so for YBR_FULL_422
                for number in numbers:
                    yield self._slice(stored, stored.pixel_offset + (number - 1) * length, length)
                return
        dataset = self.dataset(stored)
        for number in numbers:
            frame = decoded_frame(dataset, number - 1, raw=True)
            if dataset.get("BitsAllocated") == 1:
                yield np.packbits(frame.astype(bool), axis=None, bitorder="little").tobytes()
            else:
                yield np.ascontiguousarray(frame).astype(frame.dtype.newbyteorder("<"), copy=False).tobytes()

    def _compressed_frames(self, stored: StoredInstance, numbers: list[int]) -> Iterator[bytes]:
        wanted = set(numbers)
        held: dict[int, bytes] = {}
        dataset = self.dataset(stored)
        for number, frame in enumerate(generate_frames(dataset.PixelData, number_of_frames=stored.frames), start=1):
            if number in wanted:
                held[number] = frame
            if number >= max(wanted):
                break
        yield from (held[number] for number in numbers)

    def _slice(self, stored: StoredInstance, offset: int, length: int) -> bytes:
        path = self._archive.path(stored.key)
        if path is None:
            return self._archive.read(stored.key)[offset : offset + length]
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def _cached(self, sop_instance: str) -> StoredInstance | None:
        with self._lock:
            return self._rows.get(sop_instance)

    def _one(self, sop_instance: str) -> StoredInstance | None:
        """Look an instance up, and the others of its series with it: they are asked for next."""
        series = select(_TABLE.series_instance_uid).where(_TABLE.sop_instance_uid == sop_instance).scalar_subquery()
        query = (
            select(*_COLUMNS)
            .join(dicom_studies, dicom_studies.c.study_instance_uid == dicom_instances.c.study_instance_uid)
            .where(_TABLE.series_instance_uid == series)
        )
        with self._context.read() as connection:
            found = {row.sop_instance_uid: _stored(row) for row in connection.execute(query)}
        with self._lock:
            self._rows |= found
            while len(self._rows) > _CACHED_ROWS:
                self._rows.popitem(last=False)
        return found.get(sop_instance)

    def _require(self, actor: Actor, study: str, site_id: str = "") -> None:
        if site_id:
            if not actor.may_see_site(site_id):
                raise NotFound("there is no such study, series or instance")
            return
        with self._context.read() as connection:
            if not self._index.may_see(connection, actor, study):
                raise NotFound("there is no such study, series or instance")


def instance_representation(accept: str, stored: list[StoredInstance], *, single: bool) -> Representation:
    """
    Choose the form of instances (PS3.18 8.7.3.4: Explicit VR Little Endian unless asked otherwise).

    Raises:
        NotAcceptable: no media range can be met.
    """
    for wish in wishes(accept):
        if wish.media_type not in {DICOM, "*/*", "application/*"}:
            continue
        multipart = wish.multipart or wish.media_type != DICOM or not single
        if not wish.multipart and wish.media_type == DICOM and not single:
            continue  # several instances never fit one part
        syntax = wish.syntax or EXPLICIT_LITTLE_ENDIAN
        if syntax == AS_STORED:
            return Representation(AS_STORED, multipart)
        if syntax == EXPLICIT_LITTLE_ENDIAN or all(s.transfer_syntax_uid == syntax for s in stored):
            return Representation(syntax, multipart)
    raise NotAcceptable(
        'only multipart/related; type="application/dicom" or application/dicom,'
        " in Explicit VR Little Endian or as stored (transfer-syntax=*)"
    )


def syntax_given(stored: StoredInstance, representation: Representation, *, asked: bool) -> str:
    """Return the transfer syntax an instance goes out in; lossy pixels are not unpacked unless asked."""
    if representation.syntax == AS_STORED or (stored.transfer_syntax_uid in _LOSSY and not asked):
        return stored.transfer_syntax_uid
    return representation.syntax


def frame_representation(accept: str, stored: StoredInstance, count: int) -> tuple[str, bool, bool]:
    """Return media type, multipart and as-stored for frames. Raises NotAcceptable."""
    own = FRAME_TYPES.get(stored.transfer_syntax_uid)
    for wish in wishes(accept):
        as_stored = wish.syntax == AS_STORED or (wish.syntax == stored.transfer_syntax_uid and own is not None)
        if wish.media_type in {OCTETS, "*/*", "application/*"}:
            if wish.syntax and not as_stored and wish.syntax != EXPLICIT_LITTLE_ENDIAN:
                continue
            single = wish.media_type == OCTETS and not wish.multipart
            if single and count > 1:
                continue
            return OCTETS, not single, as_stored
        if own is not None and _is_own(wish, own, stored) and (wish.multipart or count == 1):
            return own, wish.multipart, True
    raise NotAcceptable(f"only {OCTETS}{f' or {own}' if own else ''} can be given")


def _is_own(wish: Wish, own: str, stored: StoredInstance) -> bool:
    return wish.media_type in {own, "image/*"} and wish.syntax in {"", AS_STORED, stored.transfer_syntax_uid}


def frame_numbers(text: str, stored: StoredInstance) -> list[int]:
    """Read a frame list. Raises BadRequest, NotFound."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError as exc:
        raise BadRequest("frames are a list of numbers") from exc
    if not numbers or len(numbers) > 10_000 or min(numbers) < 1:
        raise BadRequest("frames are numbered from 1")
    if not stored.frame_bits or max(numbers) > stored.frames:
        raise NotFound("there is no such frame")
    return numbers


def decoded_frame(
    dataset: Dataset, index: int, *, raw: bool = False
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Return one decoded frame; colour as RGB unless ``raw``. Raises NotAcceptable."""
    try:
        if raw and UID(dataset.file_meta.TransferSyntaxUID).is_compressed:
            return get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(dataset, index=index)[0]
        return pixel_array(dataset, index=index, raw=raw)
    except Exception as exc:  # decoders raise whatever they like, on hostile pixels above all
        raise NotAcceptable(f"the pixels cannot be decoded: {type(exc).__name__}") from exc


def transcoded(data: bytes) -> bytes:
    """Return a Part 10 file in Explicit VR Little Endian. Raises NotAcceptable."""
    dataset = pydicom.dcmread(DicomBytesIO(data))
    try:
        if UID(dataset.file_meta.TransferSyntaxUID).is_compressed and "PixelData" in dataset:
            dataset.decompress(generate_instance_uid=False)
        if dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian and "PixelData" in dataset:
            frame = np.frombuffer(dataset.PixelData, dtype=f">u{max(1, dataset.BitsAllocated // 8)}")
            dataset.PixelData = frame.astype(frame.dtype.newbyteorder("<")).tobytes()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        out = io.BytesIO()
        pydicom.dcmwrite(out, dataset, implicit_vr=False, little_endian=True, enforce_file_format=True)
    except NotAcceptable:
        raise
    except Exception as exc:  # decoders raise whatever they like, on hostile pixels above all
        raise NotAcceptable(f"the pixels cannot be decoded: {type(exc).__name__}") from exc
    return out.getvalue()


def bulk_value(dataset: Dataset, path: str) -> bytes:
    """Return the value a BulkDataURI names: ``tag`` or ``tag/item/tag``. Raises NotFound."""
    parts = path.split("/")
    item = dataset
    try:
        for tag, number in zip(parts[:-1:2], parts[1::2], strict=True):
            item = item[int(tag, 16)].value[int(number)]
        value = item[int(parts[-1], 16)].value
    except (KeyError, ValueError, IndexError, TypeError) as exc:
        raise NotFound("there is no such value") from exc
    if isinstance(value, bytes):
        return value
    raise NotFound("the value is not binary")


def _stored(row: object) -> StoredInstance:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's public name for it
    return StoredInstance(
        key=InstanceKey(
            values["study_instance_uid"], values["series_instance_uid"], values["sop_instance_uid"], values["digest"]
        ),
        blake3=values["blake3"],
        sop_class_uid=values["sop_class_uid"],
        transfer_syntax_uid=values["transfer_syntax_uid"],
        frames=values["frames"],
        frame_bits=values["frame_bits"],
        pixel_offset=values["pixel_offset"],
        pixel_length=values["pixel_length"],
        size=values["size"],
        site_id=values["site_id"],
    )


_TABLE: Final = dicom_instances.c
_ORDER: Final = (_TABLE.series_instance_uid, _TABLE.instance_number, _TABLE.sop_instance_uid)
_COLUMNS: Final = (
    _TABLE.study_instance_uid,
    _TABLE.series_instance_uid,
    _TABLE.sop_instance_uid,
    _TABLE.digest,
    _TABLE.blake3,
    _TABLE.sop_class_uid,
    _TABLE.transfer_syntax_uid,
    _TABLE.frames,
    _TABLE.frame_bits,
    _TABLE.pixel_offset,
    _TABLE.pixel_length,
    _TABLE.size,
    dicom_studies.c.site_id,
)
