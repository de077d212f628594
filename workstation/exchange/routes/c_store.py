"""
Carrying the signed objects into a site's PACS: C-STORE, then storage commitment.

Storing the same object again is harmless for a PACS, so everything is sent anew after any failure; delivered
it is only once the PACS has said that it will keep every object. *Source:* PS3.4 B.2.3 (status), J.3.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any, Final

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association
from pynetdicom.pdu import A_ASSOCIATE_RJ, P_DATA_TF
from pynetdicom.presentation import PresentationContext

from resources.translation import tr
from workstation.domain.dispatch import Consignment, Receipt, Route
from workstation.domain.errors import Refused, Undeliverable, Unreachable
from workstation.exchange.routes.commitment_listener import STORAGE_COMMITMENT, CommitmentListener, Hear
from workstation.exchange.routes.secure_lines import SecureLines, greet

_INSTANCE: Final = UID("1.2.840.10008.1.20.1.1")
"""The well-known Storage Commitment Push Model SOP Instance."""
_SUCCESS: Final = 0x0000
_WARNINGS: Final = frozenset({0xB000, 0xB006, 0xB007})
"""Stored, though the PACS coerced or did not like something."""
_DUPLICATE: Final = 0x0111
_NO_SPACE: Final = frozenset(range(0xA700, 0xA800))
_ALL_KEPT: Final = 1
_PDU_BYTES: Final = 131_072
_CONNECT_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class CStoreCarrier:
    """
    Implements ``Carrier`` for C-STORE routes.

    Commitments for routes with TLS are heard by ``secure_listener``, where there is one.
    """

    listener: CommitmentListener
    lines: SecureLines = field(default_factory=SecureLines)
    secure_listener: CommitmentListener | None = None

    def carry(self, consignment: Consignment, route: Route) -> Receipt:
        """Return once the PACS has stored, and where asked committed to, every object. Raises as ``Carrier``."""
        objects = _objects(consignment)
        listener = self.secure_listener if route.tls and self.secure_listener is not None else self.listener
        if route.commitment:
            listener.start()
        with associated(route, _contexts(route, objects), self.lines, listener.hear) as line:
            for content in objects:
                _store(line, content)
            if not route.commitment:
                return Receipt(tr("{count} objects stored", count=len(objects)))
            transaction = str(generate_uid(prefix=None))
            listener.expect(transaction)
            try:
                _ask_commitment(line, transaction, objects)
            except BaseException:
                listener.forget(transaction)
                raise
            told = listener.wait(transaction, route.answer_timeout_s)
        return _committed(told, objects)


def _objects(consignment: Consignment) -> list[Dataset]:
    if not consignment.objects:
        raise Undeliverable(tr("The report has no DICOM objects to store"), detail="no objects")
    return [dcmread(BytesIO(one.read())) for one in consignment.objects]


def _contexts(route: Route, objects: Sequence[Dataset]) -> list[PresentationContext]:
    contexts = [
        build_context(sop_class, syntax)
        for sop_class, syntax in sorted({(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in objects})
    ]
    if route.commitment:
        contexts.append(build_context(STORAGE_COMMITMENT, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
    return contexts


@contextlib.contextmanager
def associated(
    route: Route, contexts: Sequence[PresentationContext], lines: SecureLines, hear: Hear | None = None
) -> Iterator[Association]:
    """Hold an association with the PACS of a route. Raises NotTrusted, Unreachable, Refused."""
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)  # it logs what it sends; failures are told here
    entity = AE(ae_title=route.calling_aet)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = route.answer_timeout_s
    entity.connection_timeout = min(_CONNECT_TIMEOUT_S, route.answer_timeout_s)
    received: list[type] = []
    handlers: list[Any] = [
        (evt.EVT_CONN_OPEN, _without_delay),
        (evt.EVT_PDU_RECV, lambda event: received.append(type(event.pdu))),
    ]
    answered = threading.Event()
    answered.set()
    if hear is not None:
        handlers += [
            (evt.EVT_N_EVENT_REPORT, partial(_hear, hear, answered)),
            (evt.EVT_PDU_SENT, lambda event: answered.set() if isinstance(event.pdu, P_DATA_TF) else None),
        ]
    host, port = route.host_and_port
    _knock(route, lines, entity.connection_timeout)
    line = entity.associate(
        host,
        port,
        contexts=list(contexts),
        ae_title=route.called_aet,
        max_pdu=_PDU_BYTES,
        evt_handlers=handlers,
        tls_args=(lines.calling(route), host) if route.tls else None,
    )
    if not line.is_established:
        # pynetdicom now and then calls a line aborted that was refused and closed in one go
        raise _no_association(route, is_refused=line.is_rejected or A_ASSOCIATE_RJ in received)
    try:
        yield line
    finally:
        if line.is_established:
            answered.wait(route.answer_timeout_s)  # a release that overtakes the answer to a report ends in a timeout
            line.release()


def _hear(hear: Hear, answered: threading.Event, event: evt.Event) -> tuple[int, None]:
    answered.clear()
    return hear(event)


def _knock(route: Route, lines: SecureLines, timeout_s: float) -> None:
    """Find out at once that nobody listens, or who; pynetdicom would leave its socket open and tell no reason."""
    try:
        greet(route, lines, timeout_s)
    except OSError as exc:
        raise _away(type(exc).__name__) from exc


def _no_association(route: Route, *, is_refused: bool) -> Unreachable | Refused:
    if is_refused:
        return Refused(
            tr("The PACS refused the association"),
            hint=tr("It may not know {calling}, or not be {called}: compare the AE titles with the site.",
                    calling=route.calling_aet, called=route.called_aet),
            detail="association rejected",
        )  # fmt: skip
    return _away("no association")


def _without_delay(event: evt.Event) -> None:
    """Small answers would otherwise wait 40 ms each."""
    line = event.assoc.dul.socket
    if line is not None and line.socket is not None:
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _store(line: Association, content: Dataset) -> None:
    try:
        answer = line.send_c_store(content)
    except ValueError as exc:  # no accepted presentation context
        raise Undeliverable(
            tr("The PACS does not take objects of this kind"),
            hint=tr("Ask the site to accept structured reports and encapsulated PDF."),
            detail=f"SOP class {content.SOPClassUID}",
        ) from exc
    except RuntimeError as exc:  # the association ended between two objects
        raise _cut() from exc
    if "Status" not in answer:
        raise _cut()
    status = int(answer.Status)
    if status in {_SUCCESS, _DUPLICATE} or status in _WARNINGS:
        return
    kind = Refused if status in _NO_SPACE or status == 0x0122 else Undeliverable
    raise kind(
        tr("The PACS refused an object (status {status})", status=f"{status:04X}"), detail=f"C-STORE {status:04X}"
    )


def _ask_commitment(line: Association, transaction: str, objects: Sequence[Dataset]) -> None:
    asked = Dataset()
    asked.TransactionUID = transaction
    asked.ReferencedSOPSequence = [_reference(one) for one in objects]
    try:
        answer, _reply = line.send_n_action(asked, 1, STORAGE_COMMITMENT, _INSTANCE)
    except ValueError as exc:
        raise Undeliverable(
            tr("The PACS offers no storage commitment"),
            hint=tr("Switch storage commitment off for this route, or on at the PACS."),
            detail="no presentation context",
        ) from exc
    except RuntimeError as exc:
        raise _cut() from exc
    if "Status" not in answer:
        raise _cut()
    if int(answer.Status) != _SUCCESS:
        raise Refused(
            tr("The PACS refused to commit itself (status {status})", status=f"{int(answer.Status):04X}"),
            detail=f"N-ACTION {int(answer.Status):04X}",
        )


def _committed(told: Dataset | None, objects: Sequence[Dataset]) -> Receipt:
    if told is None:
        raise Refused(
            tr("The PACS did not say whether it keeps the objects"),
            hint=tr("It must know the hub's address and port for storage commitment."),
            detail="no N-EVENT-REPORT",
        )
    kept = {str(one.ReferencedSOPInstanceUID) for one in told.get("ReferencedSOPSequence", ())}
    lost = [one for one in objects if str(one.SOPInstanceUID) not in kept]
    if lost or int(told.EventTypeID) != _ALL_KEPT:
        reasons = {f"{int(one.get('FailureReason', 0)):04X}" for one in told.get("FailedSOPSequence", ())}
        raise Refused(
            tr("The PACS does not keep {count} of the objects", count=len(lost)),
            detail=f"failed {' '.join(sorted(reasons))}",
        )
    return Receipt(tr("{count} objects stored and committed", count=len(objects)))


def _reference(content: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = content.SOPClassUID
    item.ReferencedSOPInstanceUID = content.SOPInstanceUID
    return item


def _away(detail: str) -> Unreachable:
    return Unreachable(tr("The receiver does not answer"), hint=tr("It is tried again until it does."), detail=detail)


def _cut() -> Unreachable:
    return Unreachable(tr("The line to the PACS was cut"), detail="association lost")
