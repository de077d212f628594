"""The provider that ran is the provider that is named, and a missing one is never exchanged in silence."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.engine.openvino_network import NAME
from models.engine.protobuf import MalformedGraph
from models.engine.registry import Registry
from models.engine.session import InferenceSession, Provider, available_providers, parse_provider, usable_cores
from resources.translation import use_language
from tests.helpers.models import XS, Job, refused
from workstation.domain.errors import BundleInvalid, JobCancelled, OutOfMemory, ProviderUnavailable

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
ALL = (Provider.CPU, Provider.CUDA, Provider.OPENVINO)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


class _Network:
    def __init__(self, provider: str, fails_with: Exception | None) -> None:
        self.provider = provider
        self.fails_with = fails_with

    def get_providers(self) -> list[str]:
        return [self.provider]

    def run(self, outputs: list[str], feed: dict[str, Any], _options: object) -> list[Any]:
        if self.fails_with is not None:
            raise self.fails_with
        return [feed["image"] + 1 for _ in outputs]


class _Runtime:
    """Stands in for ONNX Runtime on machines of several kinds."""

    def __init__(self, *, cuda: str = "works", cpu: str = "works", openvino: str = "works") -> None:
        self.behaviour = {CUDA: cuda, CPU: cpu, NAME: openvino}

    def __call__(self, _model: bytes, _options: object, providers: list[tuple[str, dict[str, str]]]) -> _Network:
        wanted = providers[0][0]
        behaviour = self.behaviour.get(wanted, "works")
        if behaviour == "broken":
            raise RuntimeError("libcudart is missing")
        if behaviour == "falls back":
            return _Network(CPU, None)
        return _Network(wanted, RuntimeError("CUDA out of memory") if behaviour == "full" else None)


BOTH = (Provider.CPU, Provider.CUDA)
IMAGE = np.zeros((1, 1, 16, 16, 16), np.float32)


def test_auto_takes_cuda_where_it_works() -> None:
    session = InferenceSession.open(b"", Provider.AUTO, factory=_Runtime(), available=BOTH)

    assert Provider.CUDA is session.provider


@pytest.mark.parametrize("cuda", ["broken", "falls back"])
def test_auto_goes_on_with_the_cpu_and_says_so(cuda: str) -> None:
    session = InferenceSession.open(b"", Provider.AUTO, factory=_Runtime(cuda=cuda), available=BOTH)

    assert Provider.CPU is session.provider


@pytest.mark.parametrize(("cuda", "available"), [("works", (Provider.CPU,)), ("broken", BOTH), ("falls back", BOTH)])
def test_cuda_by_name_is_used_or_refused(cuda: str, available: tuple[Provider, ...]) -> None:
    with refused(ProviderUnavailable, "CUDA is not available on this computer"):
        InferenceSession.open(b"", Provider.CUDA, factory=_Runtime(cuda=cuda), available=available)


def test_auto_survives_a_full_graphics_card() -> None:
    session = InferenceSession.open(b"", Provider.AUTO, factory=_Runtime(cuda="full"), available=BOTH)

    (heat,) = session.run(("heat",), {"image": IMAGE})

    assert heat[0, 0, 0, 0, 0] == 1.0
    assert Provider.CPU is session.provider


def test_cuda_by_name_with_a_full_card_is_refused_in_plain_words() -> None:
    session = InferenceSession.open(b"", Provider.CUDA, factory=_Runtime(cuda="full"), available=BOTH)

    with pytest.raises(ProviderUnavailable) as caught:
        session.run(("heat",), {"image": IMAGE})
    assert caught.value.user_text == "There is not enough memory to run the detector."


def test_no_memory_on_the_cpu_is_refused_in_plain_words() -> None:
    session = InferenceSession.open(b"", Provider.AUTO, factory=_Runtime(cpu="full"), available=(Provider.CPU,))

    with pytest.raises(ProviderUnavailable):
        session.run(("heat",), {"image": IMAGE})


def test_another_fault_of_the_runtime_is_not_disguised() -> None:
    odd = _Network(CPU, RuntimeError("shape mismatch"))
    session = InferenceSession.open(b"", Provider.CPU, factory=lambda *_: odd)

    with pytest.raises(RuntimeError, match="shape mismatch"):
        session.run(("heat",), {"image": IMAGE})


def test_a_network_that_does_not_open_is_a_bad_bundle() -> None:
    with pytest.raises(BundleInvalid):
        InferenceSession.open(b"nothing", Provider.CPU)


def test_this_machine_runs_the_shipped_network_on_the_cpu() -> None:
    with InferenceSession.open(Registry().load(XS).model, Provider.CPU, threads=1) as session:
        heat, size, offset = session.run(("heat", "size", "off"), {"image": IMAGE})

    assert (heat.shape, size.shape, offset.shape) == ((1, 1, 4, 4, 4), (1, 1, 4, 4, 4), (1, 3, 4, 4, 4))
    assert Provider.CPU in available_providers()


def test_an_unknown_provider_is_refused_with_the_known_ones_named() -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        parse_provider("tpu")

    assert caught.value.hint == "Providers: auto, cpu, cuda, openvino"
    assert Provider.CUDA is parse_provider("cuda")


def test_cores_are_counted_where_the_system_has_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 6)

    assert usable_cores() == 6


@pytest.mark.parametrize(
    ("cuda", "openvino", "runs_on"),
    [
        ("works", "works", Provider.CUDA),
        ("broken", "works", Provider.OPENVINO),
        ("falls back", "broken", Provider.CPU),
    ],
)
def test_auto_takes_the_fastest_that_works(cuda: str, openvino: str, runs_on: Provider) -> None:
    runtime = _Runtime(cuda=cuda, openvino=openvino)

    assert InferenceSession.open(b"", Provider.AUTO, factory=runtime, available=ALL).provider is runs_on


def test_a_fallback_is_told() -> None:
    session = InferenceSession.open(b"", Provider.AUTO, factory=_Runtime(cuda="broken"), available=BOTH)

    assert [warning.text for warning in session.warnings] == ["CUDA did not start; the CPU is used."]


def test_an_openvino_that_does_not_start_is_told_and_the_cpu_goes_on() -> None:
    here = (Provider.CPU, Provider.OPENVINO)
    session = InferenceSession.open(b"", Provider.AUTO, factory=_Runtime(openvino="broken"), available=here)

    assert session.provider is Provider.CPU
    assert [warning.text for warning in session.warnings] == ["OPENVINO did not start; the CPU is used."]


def test_a_full_card_is_told_and_its_memory_given_back() -> None:
    opened: list[_Network] = []

    def runtime(model: bytes, options: object, providers: list[tuple[str, dict[str, str]]]) -> _Network:
        opened.append(_Runtime(cuda="full")(model, options, providers))
        return opened[-1]

    session = InferenceSession.open(b"", Provider.AUTO, factory=runtime, available=BOTH)
    card = weakref.ref(opened.pop())
    session.run(("heat",), {"image": IMAGE})
    gc.collect()

    assert [warning.text for warning in session.warnings] == ["CUDA ran out of memory; the CPU is used."]
    assert card() is None


def test_nothing_is_told_where_nothing_went_wrong() -> None:
    assert InferenceSession.open(b"", Provider.CPU, factory=_Runtime(), available=BOTH).warnings == ()


def _unreadable(_: bytes) -> bytes:
    raise MalformedGraph("truncated")


def test_the_cpu_gets_the_faster_form_and_the_model_itself_where_that_does_not_open() -> None:
    opened: list[bytes] = []

    def runtime(model: bytes, *_: object) -> _Network:
        opened.append(model)
        if model == b"broken":
            raise RuntimeError("no kernel")
        return _Network(CPU, None)

    InferenceSession.open(b"plain", Provider.CPU, factory=runtime, for_cpu=[lambda _: b"faster"])
    InferenceSession.open(b"plain", Provider.CPU, factory=runtime, for_cpu=[lambda _: b"broken"])
    InferenceSession.open(b"plain", Provider.CPU, factory=runtime, for_cpu=[_unreadable])
    InferenceSession.open(b"plain", Provider.CPU, factory=runtime, for_cpu=[_unreadable, lambda _: b"second"])

    assert opened == [b"faster", b"broken", b"plain", b"plain", b"second"]


class _Endless(_Network):
    """Runs until it is told to stop, as a slab of a large network does."""

    def __init__(self) -> None:
        super().__init__(CPU, None)
        self.stopped = threading.Event()

    def run(self, outputs: list[str], feed: dict[str, Any], _options: Any) -> list[Any]:  # noqa: ANN401  RunOptions
        while not _options.terminate:
            self.stopped.wait(0.001)
        self.stopped.set()
        raise RuntimeError("terminated")


def test_a_running_network_is_cancelled_from_outside() -> None:
    network = _Endless()
    session = InferenceSession.open(b"", Provider.CPU, factory=lambda *_: network)

    with pytest.raises(JobCancelled):
        session.run(("heat",), {"image": IMAGE}, Job(cancel_after=0))

    assert network.stopped.wait(60)


def test_the_real_runtime_stops_amid_a_network() -> None:
    large = np.zeros((1, 1, 96, 160, 160), np.float32)
    with InferenceSession.open(Registry().load(XS).model, Provider.CPU, threads=1) as session:
        with pytest.raises(JobCancelled):
            session.run(("heat",), {"image": large}, Job(cancel_after=0))

        (heat,) = session.run(("heat",), {"image": IMAGE}, Job())

    assert heat.shape == (1, 1, 4, 4, 4)


def test_watching_for_a_cancellation_changes_no_result_and_hides_no_fault() -> None:
    session = InferenceSession.open(b"", Provider.CPU, factory=_Runtime())
    odd = InferenceSession.open(b"", Provider.CPU, factory=lambda *_: _Network(CPU, RuntimeError("shape mismatch")))

    (heat,) = session.run(("heat",), {"image": IMAGE}, Job())

    assert heat[0, 0, 0, 0, 0] == 1.0
    with pytest.raises(RuntimeError, match="shape mismatch"):
        odd.run(("heat",), {"image": IMAGE}, Job())


@pytest.mark.parametrize("reached", ["run", "open"])
def test_out_of_memory_is_told_from_a_missing_provider_and_gives_the_memory_back_at_once(reached: str) -> None:
    opened: list[weakref.ref[_Network]] = []

    def runtime(*_: object) -> _Network:
        if reached == "open":
            raise MemoryError
        network = _Network(CPU, RuntimeError("bad allocation: failed to allocate memory for requested buffer"))
        opened.append(weakref.ref(network))
        return network

    caught: OutOfMemory | None = None
    try:
        session = InferenceSession.open(b"", Provider.CPU, factory=runtime)
        session.run(("heat",), {"image": IMAGE}, Job())
    except OutOfMemory as exc:
        caught = exc  # while somebody holds the error

    assert caught is not None
    assert caught.user_text == "There is not enough memory to run the detector."
    gc.collect()
    assert [network() for network in opened] == [None] * len(opened)
