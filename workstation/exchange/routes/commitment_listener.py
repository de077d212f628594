"""Hearing what a PACS says about the objects that it was asked to keep. *Source:* PS3.4 J.3.3."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt

from resources.translation import tr
from workstation.domain.errors import StorageError
from workstation.exchange.routes.secure_lines import SecureLines

STORAGE_COMMITMENT: Final = UID("1.2.840.10008.1.20.1")
_SUCCESS: Final = 0x0000
_PDU_BYTES: Final = 131_072
_GREETING_TIMEOUT_S: Final = 10.0

Hear: TypeAlias = Callable[[evt.Event], tuple[int, None]]


@dataclass
class CommitmentListener:
    """
    Hears the N-EVENT-REPORTs that a PACS sends on an association of its own.

    Started by the first commitment that is asked for; a port of 0 takes a free one, None hears only what comes
    back on the association of the request. With ``lines`` it hears encrypted calls only, of known callers.
    """

    port: int | None = None
    host: str = "127.0.0.1"
    ae_title: str = "LIANYUE"
    lines: SecureLines | None = None
    _heard: dict[str, Dataset] = field(default_factory=dict)
    _arrival: threading.Condition = field(default_factory=threading.Condition)
    _server: Any = None

    def start(self) -> int | None:
        """Listen, once; return the port. Raises StorageError where it is taken, NotTrusted without certificates."""
        with self._arrival:
            if self.port is None or self._server is not None:
                return self.port
            entity = AE(ae_title=self.ae_title)
            entity.maximum_pdu_size = _PDU_BYTES
            entity.acse_timeout = _GREETING_TIMEOUT_S  # somebody who calls and says nothing is not waited for longer
            entity.add_supported_context(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
            entity.add_supported_context("1.2.840.10008.1.1")
            try:
                self._server = entity.start_server(
                    (self.host, self.port),
                    block=False,
                    evt_handlers=[(evt.EVT_N_EVENT_REPORT, self.hear)],
                    ssl_context=self.lines.called() if self.lines is not None else None,
                )
            except OSError as exc:
                raise StorageError(
                    tr("The hub cannot listen for storage commitments on port {port}", port=self.port),
                    detail=type(exc).__name__,
                ) from exc
            self.port = int(self._server.server_address[1])
            return self.port

    def stop(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def hear(self, event: evt.Event) -> tuple[int, None]:
        """Keep a report for the one who waits for its transaction; others are answered and forgotten."""
        told = event.event_information
        told.EventTypeID = event.event_type
        with self._arrival:
            transaction = str(told.get("TransactionUID", ""))
            if transaction in self._heard:
                self._heard[transaction] = told
                self._arrival.notify_all()
        return _SUCCESS, None

    def expect(self, transaction: str) -> None:
        """Begin to listen for a transaction."""
        with self._arrival:
            self._heard[transaction] = Dataset()

    def forget(self, transaction: str) -> None:
        """Listen for a transaction no longer: nobody will report on it, or nobody waits for it."""
        with self._arrival:
            self._heard.pop(transaction, None)

    def wait(self, transaction: str, timeout_s: float) -> Dataset | None:
        """Return the report on a transaction, None when none came in time; either way it is over."""
        with self._arrival:
            self._arrival.wait_for(lambda: len(self._heard[transaction]) > 0, timeout_s)
            told = self._heard.pop(transaction)
        return told if len(told) else None
