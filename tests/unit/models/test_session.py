"""The provider that ran is the provider that is named, and a missing one is never exchanged in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.engine.registry import Registry
from models.engine.session import InferenceSession, Provider, available_providers, parse_provider, usable_cores
from resources.translation import use_language
from tests.helpers.models import refused
from workstation.domain.errors import BundleInvalid, ProviderUnavailable

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


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

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        if self.fails_with is not None:
            raise self.fails_with
        return [feed["image"] + 1 for _ in outputs]


class _Runtime:
    """Stands in for ONNX Runtime on machines of several kinds."""

    def __init__(self, *, cuda: str = "works", cpu: str = "works") -> None:
        self.behaviour = {CUDA: cuda, CPU: cpu}

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
    with InferenceSession.open(Registry().load().model, Provider.CPU, threads=1) as session:
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
