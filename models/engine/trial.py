"""
A trial run in a process of its own: bounded in memory and time, and ended at once when nobody waits for it.

What a network asks for while it is opened (constants folded) or run cannot be told from its graph: Range, Pad, Resize
or a product of two vectors make gigabytes of a few bytes, and neither opening nor one operator can be told to stop.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from models.engine.trial_child import MOST_ANSWER_BYTES, NO_MEMORY
from resources.translation import tr
from workstation.domain.errors import BundleInvalid
from workstation.domain.ports import CancelToken

FloatArray = npt.NDArray[np.float32]

SECONDS: Final = 60.0
ROOM_BYTES: Final = 1536 * 1024 * 1024
"""What a trial may take besides the network's weights, of which opening makes up to three copies"""
_COPIES: Final = 3
_ASK_EVERY_S: Final = 0.05
_END_S: Final = 2.0
"""How long a child that has said all may take to end"""
_ENDED_BY_THE_SYSTEM: Final = -9  # SIGKILL: what Linux sends where memory runs out
_PROGRAM: Final = "from models.engine.trial_child import main; main()"
_MOST_HEAD_BYTES: Final = 1 << 20


def tried(
    model: bytes, input_name: str, names: tuple[str, ...], image: FloatArray, job: CancelToken | None = None
) -> tuple[FloatArray, ...]:
    """
    Return what the network answers on the CPU.

    Raises BundleInvalid with what is wrong, also when it takes more memory or time than a trial has, and JobCancelled,
    both within a tenth of a second.
    """
    room = ROOM_BYTES + _COPIES * len(model)
    request = {"model": len(model), "input": input_name, "names": names, "shape": image.shape, "room": room}
    whole = json.dumps(request).encode() + b"\n" + model + np.ascontiguousarray(image, np.float32).tobytes()
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and our own program
        [sys.executable, "-P", "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    talk = _Talk(child, whole)
    try:
        _waited(talk, job)
        status = _status(child, job)
    finally:
        child.kill()
        child.wait()
        talk.close()
    head, data = talk.said(status)
    _check(head, input_name, names, room)
    return _arrays(head, data)


class _Talk:
    """Asks and listens in two threads, so that neither side waits for the other; closing ends both."""

    def __init__(self, child: subprocess.Popen[bytes], request: bytes) -> None:
        if child.stdin is None or child.stdout is None:
            raise AssertionError("pipes were asked for")
        self._asking, self._answering = child.stdin, child.stdout
        self._answer = b""
        self.ended = threading.Event()
        self._threads = (
            threading.Thread(target=self._ask, args=(child.stdin, request), daemon=True),
            threading.Thread(target=self._listen, args=(child.stdout,), daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Wait for both threads; the child has ended, so that they end."""
        for thread in self._threads:
            thread.join()
        for pipe in (self._asking, self._answering):
            try:
                pipe.close()
            except OSError:
                continue  # what was left to be said to one who has ended

    def said(self, status: int | None) -> tuple[dict[str, Any], bytes]:
        """
        Return the first line and what follows; a fault where the child ended before it had said all.

        ``status`` is that with which it ended by itself: it tells whether memory was wanting.
        """
        line, _, data = self._answer.partition(b"\n")
        try:
            head = json.loads(line)
        except ValueError:
            head = {}
        if "bytes" in head and len(data) == head["bytes"]:
            return head, data
        if status in {NO_MEMORY, _ENDED_BY_THE_SYSTEM}:
            return {"fault": "memory"}, b""
        return {"fault": "ended", "status": "–" if status is None else status}, b""

    @staticmethod
    def _ask(pipe: BinaryIO, request: bytes) -> None:
        try:
            pipe.write(request)
            pipe.flush()  # and left open: closing it ends the child
        except OSError:
            return  # the child ended first; its answer tells

    def _listen(self, pipe: BinaryIO) -> None:
        self._answer = pipe.read(MOST_ANSWER_BYTES + _MOST_HEAD_BYTES)
        self.ended.set()


def _waited(talk: _Talk, job: CancelToken | None) -> None:
    end = time.monotonic() + SECONDS
    while not talk.ended.wait(_ASK_EVERY_S):
        if job is not None:
            job.raise_if_cancelled()
        if time.monotonic() > end:
            raise contradiction(tr("The network does not finish a small trial run."), f"{SECONDS:g} s")


def _status(child: subprocess.Popen[bytes], job: CancelToken | None) -> int | None:
    """Return how a child ended that said all it will say, None where it goes on without a word; raises JobCancelled."""
    end = time.monotonic() + _END_S
    while time.monotonic() < end:
        try:
            return child.wait(_ASK_EVERY_S)
        except subprocess.TimeoutExpired:
            if job is not None:
                job.raise_if_cancelled()
    return None


def _check(head: dict[str, Any], input_name: str, names: tuple[str, ...], room: int) -> None:
    detail = str(head.get("detail", ""))
    if head["fault"] == "memory":
        limit = room // 2**20
        text = tr(
            "The network needs more memory for a small trial run than the {limit} MB that it is given.", limit=limit
        )
        raise contradiction(text, detail)
    if head["fault"] == "ended":
        text = tr("The small trial run of the network ended unexpectedly (code {code}).", code=head["status"])
        raise contradiction(text, detail)
    if head["fault"] == "open" or "inputs" not in head:
        raise contradiction(tr("The network cannot be opened."), detail)
    if head["inputs"] != [input_name]:
        raise contradiction(tr("The network's inputs are not those of the manifest."), str(head["inputs"]))
    if not set(names) <= set(head["outputs"]):
        raise contradiction(tr("The network's outputs are not those of the manifest."), str(head["outputs"]))
    if head["fault"] == "run":
        raise contradiction(tr("The network does not take the input of the manifest."), detail)
    if head["fault"]:
        raise contradiction(tr("The network's answer does not have the form that the manifest says."), detail)


def _arrays(head: dict[str, Any], data: bytes) -> tuple[FloatArray, ...]:
    found: list[FloatArray] = []
    at = 0
    for kind, shape in head["arrays"]:
        array: FloatArray = np.ndarray(tuple(shape), np.dtype(kind), data, at)
        found.append(array)
        at += array.nbytes
    return tuple(found)


def contradiction(text: str, detail: str) -> BundleInvalid:
    """Return the fault of a bundle whose network is not what its manifest says."""
    return BundleInvalid(text, hint=tr("Ask the supplier of the model for a repaired bundle."), detail=detail)
