"""Priors in memory: what a hub knows of a person, structures and files of several studies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.hanging import HangingProtocol, PriorRelation, PriorStudy
from workstation.domain.study import Instance, Patient, Series, Study


def prior(
    uid: str,
    date: str = "20251208",
    modality: str = "CT",
    relation: PriorRelation = PriorRelation.SAME_PATIENT,
    *,
    reported: bool = False,
    description: str = "胸部 CT 平扫",
) -> PriorStudy:
    return PriorStudy(uid, f"{uid}.8", date, modality, description, "清水镇中心卫生院", relation, reported)


def structure(
    uid: str,
    date: str = "20251208",
    modality: str = "CT",
    body_part: str = "CHEST",
    images: int = 3,
    patient: Patient | None = None,
) -> Study:
    instances = tuple(
        Instance(f"{uid}.2.{n}", "1.2.840.10008.5.1.4.1.1.2", n, rows=4, columns=4) for n in range(images)
    )
    series = Series(f"{uid}.2", modality, 2, "1.0 mm", body_part, instances)
    who = patient or Patient("QS0118793", "周丽华", "19680314", "F")
    return Study(uid, who, date, "", "", "", "清水镇中心卫生院", (series,))


@dataclass
class FakePriors:
    """A ``PriorPort``."""

    known: list[PriorStudy] = field(default_factory=list)
    fail_with: WorkstationError | None = None
    asked: list[str] = field(default_factory=list)

    def priors(self, ups_instance_uid: str) -> Sequence[PriorStudy]:
        self.asked.append(ups_instance_uid)
        if self.fail_with is not None:
            raise self.fail_with
        return list(self.known)


@dataclass
class FakeArchive:
    """A ``RetrievePort`` over several studies; ``dead`` breaks the line, ``fetched`` are the instances asked for."""

    studies: dict[str, Study] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    dead: bool = False
    on_fetch: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def study(self, study_instance_uid: str) -> Study:
        if self.dead:
            raise Unreachable("线路中断")
        return self.studies[study_instance_uid]

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        del study_instance_uid, series_instance_uid
        if self.dead:
            raise Unreachable("线路中断")
        with self.lock:
            self.fetched.append(sop_instance_uid)
        self.on_fetch()
        return self.files.get(sop_instance_uid, b"x" * 100)


@dataclass
class FakeProtocols:
    """A ``HangingProtocolPort``: shipped ones and the reader's own."""

    shipped: tuple[HangingProtocol, ...] = ()
    own: dict[str, HangingProtocol] = field(default_factory=dict)
    broken_files: tuple[str, ...] = ()
    fail_with: WorkstationError | None = None

    def all(self) -> Sequence[HangingProtocol]:
        return (*self.own.values(), *(one for one in self.shipped if one.protocol_id not in self.own))

    def broken(self) -> Sequence[str]:
        return self.broken_files

    def is_own(self, protocol_id: str) -> bool:
        return protocol_id in self.own

    def save(self, protocol: HangingProtocol) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.own[protocol.protocol_id] = protocol

    def remove(self, protocol_id: str) -> None:
        self.own.pop(protocol_id, None)
