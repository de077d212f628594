"""The first run of a stranger's network is bounded in memory and time, and ends when nobody waits for it."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest

from models.engine import trial
from models.engine.registry import check_bundle
from models.engine.session import InferenceSession
from models.engine.trial_child import answer
from tests.helpers.bundles import identity_mask, network, node, tensor, write_bundle
from tests.helpers.models import field, refused
from workstation.domain.errors import BundleInvalid, JobCancelled

SIDE = 28_000  # squared and of 4 bytes: 3 GB
TAIL = (node("ReduceSum", ["big"], ["sum"], keepdims=0), node("Add", ["image", "sum"], ["mask"]))
ONE = tensor("a", np.ones(1))
RANGE = (
    node("Range", ["first", "last", "step"], ["big"]),
    [tensor("first", np.float32(0)), tensor("last", np.float32(8e8)), tensor("step", np.float32(1))],
)
COLUMN, ROW = tensor("a", np.ones((SIDE, 1))), tensor("b", np.ones((1, SIDE)))


def _bundle(folder: Path, model: bytes) -> Path:
    return write_bundle(folder / "b", model, identity_mask()[1])


@pytest.mark.parametrize(
    ("made", "constants"),
    [
        RANGE,
        (node("Pad", ["a", "more"], ["big"]), [ONE, tensor("more", [0, 800_000_000])]),
        (
            node("Resize", ["a", "", "", "size"], ["big"]),
            [tensor("a", np.ones((1, 1, 1, 1))), tensor("size", [1, 1, SIDE, SIDE])],
        ),
        (
            node("OneHot", ["at", "depth", "values"], ["big"]),
            [tensor("at", [0]), tensor("depth", [800_000_000]), tensor("values", np.zeros(2))],
        ),
        (
            node("ConvTranspose", ["a", "b"], ["big"], strides=[27_000, 27_000], output_padding=[26_000, 26_000]),
            [tensor("a", np.ones((1, 1, 1, 1))), tensor("b", np.ones((1, 1, 1, 1)))],
        ),
        (node("MatMul", ["a", "b"], ["big"]), [COLUMN, ROW]),
        (node("Mul", ["a", "b"], ["big"]), [COLUMN, ROW]),
    ],
    ids=["Range", "Pad", "Resize", "OneHot", "ConvTranspose", "MatMul", "column times row"],
)
def test_a_network_that_makes_3_gb_of_a_few_bytes_is_refused(
    tmp_path: Path, made: bytes, constants: list[bytes]
) -> None:
    model = network([made, *TAIL], constants=constants, outputs={"mask": 5})

    with refused(BundleInvalid, "more memory for a small trial run than the 1536 MB"):
        check_bundle(_bundle(tmp_path, model))


def _endless() -> bytes:
    value = field(1, b"v") + field(2, field(1, field(1, 1)))
    truth = field(2, field(1, field(1, 9) + field(2, b"")))
    body = b"".join(
        [
            field(1, node("Identity", ["go"], ["on"])),
            field(1, node("Identity", ["x"], ["v"])),
            field(2, b"body"),
            field(11, field(1, b"n") + field(2, field(1, field(1, 7) + field(2, b"")))),
            field(11, field(1, b"go") + truth),
            field(11, field(1, b"x") + field(2, field(1, field(1, 1)))),
            field(12, field(1, b"on") + truth),
            field(12, value),
        ]
    )
    loop = node("Loop", ["times", "", "image"], ["mask"]) + field(5, field(1, b"body") + field(6, body) + field(20, 5))
    times = field(2, 7) + field(8, b"times") + field(9, (2**62).to_bytes(8, "little"))
    return network([loop], constants=[times], outputs={"mask": 5})


def test_a_network_without_an_end_is_refused_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "SECONDS", 1.5)

    with refused(BundleInvalid, "does not finish a small trial run"):
        check_bundle(_bundle(tmp_path, _endless()))


class _GivenUp:
    """Wants the result for a second."""

    def __init__(self) -> None:
        self.end = time.monotonic() + 1.0

    def raise_if_cancelled(self) -> None:
        if time.monotonic() > self.end:
            raise JobCancelled


def test_a_trial_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    with pytest.raises(JobCancelled):
        check_bundle(_bundle(tmp_path, _endless()), job=_GivenUp())


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os.kill(os.getpid(), 9)", "more memory"),  # what the system does where memory runs out
        ("os._exit(12)", "more memory"),  # the child itself found none
        ("os.abort()", "ended unexpectedly (code -6)"),
        ("import no_such_module", "ended unexpectedly (code 1)"),
        ("print('{\"bytes\": 9}')", "ended unexpectedly (code 0)"),
    ],
)
def test_a_child_that_ended_before_it_had_said_all_is_told_as_too_little_memory_only_where_that_is_known(
    monkeypatch: pytest.MonkeyPatch, end: str, told: str
) -> None:
    monkeypatch.setattr(trial, "_PROGRAM", f"import os, sys; sys.stdin.buffer.readline(); {end}")

    with refused(BundleInvalid, told):
        trial.tried(b"x", "image", ("mask",), np.zeros((1, 1), np.float32))


def test_a_child_that_falls_silent_and_goes_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_END_S", 0.1)
    monkeypatch.setattr(trial, "_PROGRAM", "import os, time; os.close(1); time.sleep(60)")

    with refused(BundleInvalid, "ended unexpectedly"):
        trial.tried(b"x", "image", ("mask",), np.zeros((1, 1), np.float32))


class _Cancelled:
    """Is wanted by nobody."""

    def raise_if_cancelled(self) -> None:
        raise JobCancelled


def test_a_trial_that_nobody_waits_for_ends_although_its_child_fell_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_END_S", 30.0)
    monkeypatch.setattr(trial, "_waited", lambda talk, _job: talk.ended.wait())
    monkeypatch.setattr(trial, "_PROGRAM", "import os, time; os.close(1); time.sleep(60)")
    started = time.monotonic()

    with pytest.raises(JobCancelled):
        trial.tried(b"x", "image", ("mask",), np.zeros((1, 1), np.float32), _Cancelled())

    assert time.monotonic() - started < 15


def test_a_network_that_cannot_be_opened_for_an_unknown_reason_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_given: object, **_options: object) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(InferenceSession, "open", broken)
    head, _data = _said(identity_mask()[0])

    with refused(BundleInvalid, "cannot be opened"):
        trial._check(head, "image", ("mask",), 0)


def _said(model: bytes, **changes: object) -> tuple[dict[str, object], bytes]:
    told = io.BytesIO()
    request = {"input": "image", "names": ["mask"], **changes}
    answer(model, request, np.full((1, 1, 2, 2, 2), 0.5, np.float32), told)
    line, _, data = told.getvalue().partition(b"\n")
    return json.loads(line), data


def test_the_child_answers_with_what_the_network_gave() -> None:
    head, data = _said(identity_mask()[0])

    assert (head["fault"], head["inputs"], head["outputs"]) == ("", ["image"], ["mask"])
    assert head["arrays"] == [["<f4", [1, 1, 2, 2, 2]]]
    assert data == np.full(8, 0.5, "<f4").tobytes()


@pytest.mark.parametrize(
    ("model", "changes", "fault"),
    [
        (b"no network", {}, "open"),
        (identity_mask()[0], {"names": ["other"]}, ""),
        (identity_mask()[0], {"input": "other"}, ""),
        (network([node("MatMul", ["image", "a"], ["mask"])], constants=[ONE], outputs={"mask": 5}), {}, "run"),
    ],
)  # fmt: skip
def test_the_child_says_what_went_wrong_and_gives_no_arrays(
    model: bytes, changes: dict[str, object], fault: str
) -> None:
    head, data = _said(model, **changes)

    assert (head["fault"], head["arrays"], data) == (fault, [], b"")
