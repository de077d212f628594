"""A signed report that was delivered without a time stamp, until its stamp comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workstation.domain.workitem import OutputReference


@dataclass(frozen=True, slots=True)
class AwaitedStamp:
    """What the hub has of it; times are UTC."""

    study_instance_uid: str
    report_uid: str
    pdf_series_instance_uid: str
    pdf_sop_instance_uid: str
    signer: str
    signed_at: datetime
    words: str = ""
    """The beginning of its conclusion, to know it by"""


class LateStampPort(Protocol):
    """What waits for its stamp, and telling that it came."""

    def awaited(self) -> list[AwaitedStamp]:
        """Return what waits, the longest first; nothing from a hub that does not know. Raises Unreachable."""
        ...

    def stamped(self, awaited: AwaitedStamp, stored: OutputReference) -> None:
        """
        Tell that the stamped version is stored; the same again is success.

        Raises NoLongerUpdatable where the hub does not find it to be that.
        """
        ...
