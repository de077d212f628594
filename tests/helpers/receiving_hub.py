"""The receiving end of a send as a test dictates it: real STOW-RS bodies, a dictionary for a disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from io import BytesIO

import pydicom

from tests.helpers.loopback_hub import Answer, Asked
from worklist.multipart import decode


class ReceivingHub:
    """
    A script for ``LoopbackHub`` that keeps what it is sent.

    ``stored`` maps SOP Instance UID to sha256; ``refuse`` maps an UID to the failure reason that
    STOW-RS gives for it; ``before`` may answer instead.
    """

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.refuse: dict[str, int] = {}
        self.travelled: list[str] = []
        self.forgets: set[str] = set()
        self.posts: list[int] = []
        self.requested: list[dict[str, object]] = []
        self.before: Callable[[Asked], Answer | None] = lambda _: None
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        instead = self.before(asked)
        if instead is not None:
            return instead
        if asked.path == "/api/requests":
            self.requested.append(asked.json)
            return Answer(201, {"study_instance_uid": asked.json["study_instance_uid"]})
        if asked.path.endswith("/missing"):
            return self._compare(asked)
        if asked.path.endswith("/complete"):
            missing = sorted(set(asked.json["instances"]) - set(self.stored))
            if missing:
                return Answer(409, {"error": "study_incomplete", "message": "", "missing": missing})
            return Answer(200, {"ups_instance_uid": "1.2.3.9", "ai_ups_instance_uid": None})
        return self._store(asked)

    def _compare(self, asked: Asked) -> Answer:
        told = asked.json["instances"]
        missing = [uid for uid in told if uid not in self.stored]
        conflicts = [uid for uid, digest in told.items() if self.stored.get(uid, digest) != digest]
        return Answer(200, {"missing": missing, "conflicts": conflicts})

    def _store(self, asked: Asked) -> Answer:
        good, bad = [], []
        parts = decode(asked.body, asked.headers["content-type"])
        with self._lock:
            self.posts.append(len(parts))
            for part in parts:
                uid = str(pydicom.dcmread(BytesIO(part.body), stop_before_pixels=True).SOPInstanceUID)
                self.travelled.append(uid)
                digest = hashlib.sha256(part.body).hexdigest()
                reason = self.refuse.get(uid, 0x0110 if self.stored.get(uid, digest) != digest else 0)
                if reason:
                    bad.append(_item(uid, reason))
                    continue
                if uid not in self.forgets:
                    good.append(_item(uid))
                self.stored[uid] = digest
        answer: dict[str, object] = {}
        if good:
            answer["00081199"] = {"vr": "SQ", "Value": good}
        if bad:
            answer["00081198"] = {"vr": "SQ", "Value": bad}
        return Answer(200 if not bad else 202 if good else 409, answer, {"Content-Type": "application/dicom+json"})


def _item(uid: str, reason: int | None = None) -> dict[str, object]:
    item: dict[str, object] = {"00081155": {"vr": "UI", "Value": [uid]}}
    if reason is not None:
        item["00081197"] = {"vr": "US", "Value": [reason]}
    return item
