"""What hanging and comparing with priors need from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workstation.domain.hanging import HangingProtocol, PriorStudy


class HangingProtocolPort(Protocol):
    """The protocols that ship and those that were captured or edited on this machine."""

    def all(self) -> Sequence[HangingProtocol]:
        """Return every usable protocol, own ones first; a broken own file is left out and told by ``broken``."""
        ...

    def broken(self) -> Sequence[str]:
        """Return a sentence for each own file that could not be used."""
        ...

    def save(self, protocol: HangingProtocol) -> None:
        """Store an own protocol; one of the same id is replaced. Raises DiskFull, StorageError."""
        ...

    def is_own(self, protocol_id: str) -> bool:
        """Tell whether a protocol is the reader's own and may be deleted."""
        ...

    def remove(self, protocol_id: str) -> None:
        """Delete an own protocol; a shipped one of the same id applies again. Raises StorageError."""
        ...


class PriorPort(Protocol):
    """Where earlier studies of a person are found."""

    def priors(self, ups_instance_uid: str) -> Sequence[PriorStudy]:
        """Return other studies of the same person, newest first. Raises Unreachable, Refused."""
        ...
