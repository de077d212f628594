"""Ports for the frames of long objects, implemented by ``worklist``, joined in bootstrap."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


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
