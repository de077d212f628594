"""Ports for frames of long objects and for many images at once, implemented by ``worklist``, joined in bootstrap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from workstation.domain.errors import IntegrityMismatch


@runtime_checkable
class EarlyFrames(Protocol):
    """Gives one frame of a multi-frame object before the object is whole."""

    def frame(
        self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str, frame_number: int
    ) -> bytes | None:
        """
        Return one frame (from 1) as a Part 10 object of its own, None where only the whole object tells how it looks.

        Not checked by a digest: to be looked at until the whole object is here. Raises Unreachable, Refused.
        """
        ...


@runtime_checkable
class Together(Protocol):
    """Gives several instances of a series in one answer, which costs less than as many answers."""

    def instances(
        self, study_instance_uid: str, series_instance_uid: str, sop_instance_uids: Sequence[str]
    ) -> Iterator[tuple[str, bytes | IntegrityMismatch]]:
        """
        Yield SOP Instance UID and Part 10 file, or what is wrong with it, as they come and each at most once.

        One that does not come must be asked for by itself. Raises Unreachable, Refused, also midway.
        """
        ...
