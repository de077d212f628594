"""
The process in which a stranger's network is opened and run for the first time; ``trial`` starts and ends it.

It takes no more memory than it is given, writes no file, and ends when its standard input closes. Its only answer is
one line of JSON, then the arrays.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from models.engine.session import InferenceSession, Provider
from workstation.domain.errors import BundleInvalid, OutOfMemory

MOST_ANSWER_BYTES: Final = 256 * 1024 * 1024
NO_MEMORY: Final = 12
"""How the child ends where there was no memory left even to say so"""


def main() -> None:  # pragma: no cover - runs in the child
    """Answer one request on standard input and end."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    request = json.loads(sys.stdin.buffer.readline())
    model = sys.stdin.buffer.read(request["model"])
    floats = np.frombuffer(sys.stdin.buffer.read(4 * int(np.prod(request["shape"]))), np.float32)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _bounded(request["room"])
    try:
        answer(model, request, floats.reshape(request["shape"]), answers)
        answers.flush()
    except MemoryError:
        os._exit(NO_MEMORY)
    os._exit(0)  # nothing is left to be tidied, and a network may hold on


def answer(model: bytes, request: dict[str, Any], image: npt.NDArray[np.float32], answers: BinaryIO) -> None:
    """Open the network, run it once and write what it gave: names, then types, shapes and arrays, or a fault."""
    head: dict[str, Any] = {"fault": "", "detail": ""}
    arrays: list[npt.NDArray[Any]] = []
    try:
        with InferenceSession.open(model, Provider.CPU, threads=1) as session:
            head["inputs"], head["outputs"] = session.inputs, session.outputs
            if session.inputs == (request["input"],) and set(request["names"]) <= set(session.outputs):
                head["fault"] = "run"  # if it raises from here on
                given = session.run(tuple(request["names"]), {request["input"]: image})
                arrays = [np.ascontiguousarray(one) for one in given]
                head["fault"] = ""
    except (OutOfMemory, MemoryError):
        head["fault"] = "memory"
    except BundleInvalid as exc:
        head.update(fault="open", detail=exc.detail)
    except Exception as exc:  # noqa: BLE001  ONNX Runtime's exception types share no public base
        head.update(fault="run" if "inputs" in head else "open", detail=str(exc)[:300])
    if any(one.dtype.kind not in "fiub" for one in arrays) or sum(one.nbytes for one in arrays) > MOST_ANSWER_BYTES:
        head.update(fault="form", detail=str([(one.dtype.str, one.shape) for one in arrays])[:300])
        arrays = []
    head["bytes"] = sum(one.nbytes for one in arrays)
    head["arrays"] = [(one.dtype.str, one.shape) for one in arrays]
    answers.write(json.dumps(head).encode() + b"\n")
    answers.writelines(one.tobytes() for one in arrays)


def _bounded(room: int) -> None:  # pragma: no cover - would bound the tests
    """Let this process take ``room`` more bytes of address space, and write no file (Linux)."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415  only there

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent() -> None:  # pragma: no cover - runs in the child
    sys.stdin.buffer.read()
    os._exit(1)
