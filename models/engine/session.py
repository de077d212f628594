"""
ONNX Runtime behind one door: provider choice, threads, and giving memory back.

``auto`` takes CUDA where it really works and the CPU otherwise; a provider asked for by name is
used or refused, never exchanged in silence.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import onnxruntime

from resources.translation import tr
from workstation.domain.errors import BundleInvalid, ProviderUnavailable

FloatArray = npt.NDArray[np.float32]
_log = logging.getLogger(__name__)


class Provider(StrEnum):
    """What a caller may ask for."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    OPENVINO = "openvino"


_RUNTIME_NAMES: Final = {
    Provider.CPU: "CPUExecutionProvider",
    Provider.CUDA: "CUDAExecutionProvider",
    Provider.OPENVINO: "OpenVINOExecutionProvider",
}
_OPTIONS: Final[dict[Provider, dict[str, str]]] = {
    Provider.CPU: {},
    Provider.CUDA: {"arena_extend_strategy": "kSameAsRequested"},
    Provider.OPENVINO: {"device_type": "CPU", "precision": "FP32"},  # else it may use bf16: 8e-4 error
}
_SILENT: Final = 4  # ONNX Runtime's FATAL: what goes wrong arrives as an exception

Factory = Callable[[bytes, Any, list[tuple[str, dict[str, str]]]], Any]


def parse_provider(name: str) -> Provider:
    """Return the provider of this name. Raises ProviderUnavailable."""
    try:
        return Provider(name)
    except ValueError as exc:
        raise ProviderUnavailable(
            tr("There is no provider “{name}”.", name=name),
            hint=tr("Providers: {names}", names=", ".join(Provider)),
        ) from exc


def available_providers() -> tuple[Provider, ...]:
    """Return what this ONNX Runtime was built with; whether it works shows only on opening."""
    built_in = set(onnxruntime.get_available_providers())
    return tuple(provider for provider, name in _RUNTIME_NAMES.items() if name in built_in)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        return os.cpu_count() or 1


class InferenceSession:
    """
    A network that is open on one provider.

    After an out-of-memory failure on an accelerator chosen by ``auto`` the session moves to the
    CPU once and goes on; ``provider`` always names where the last run happened.
    """

    def __init__(self, model: bytes, requested: Provider, threads: int, factory: Factory) -> None:
        self._model = model
        self._requested = requested
        self._threads = threads
        self._factory = factory
        self._session: Any = None
        self.provider = requested

    @classmethod
    def open(
        cls,
        model: bytes,
        requested: Provider = Provider.AUTO,
        *,
        threads: int | None = None,
        factory: Factory | None = None,
        available: tuple[Provider, ...] | None = None,
    ) -> Self:
        """
        Open verified model bytes.

        Raises:
            ProviderUnavailable: the provider asked for is not here or does not start.
            BundleInvalid: not even the CPU provider can open the network.
        """
        session = cls(model, requested, threads or usable_cores(), factory or _create)
        session._start(available_providers() if available is None else available)
        return session

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the network's inputs."""
        return tuple(entry.name for entry in self._session.get_inputs())

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the network's outputs."""
        return tuple(entry.name for entry in self._session.get_outputs())

    def run(self, outputs: tuple[str, ...], feed: Mapping[str, FloatArray]) -> tuple[FloatArray, ...]:
        """Run once; returns the named outputs. Raises ProviderUnavailable when memory runs out."""
        try:
            result = self._session.run(list(outputs), dict(feed))
        except Exception as exc:  # ONNX Runtime's exception types share no public base
            if not _is_out_of_memory(exc):
                raise
            self._survive_out_of_memory(exc)
            return self.run(outputs, feed)
        return tuple(result)

    def close(self) -> None:
        """Give the memory back."""
        self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _start(self, available: tuple[Provider, ...]) -> None:
        if self._requested is Provider.AUTO:
            if Provider.CUDA in available and self._try(Provider.CUDA):
                return
            self._open_on_cpu()
        elif self._requested is Provider.CPU:
            self._open_on_cpu()
        elif self._requested not in available or not self._try(self._requested):
            raise ProviderUnavailable(
                tr("{provider} is not available on this computer.", provider=self._requested.value.upper()),
                hint=tr("Choose “auto” or “cpu”."),
            )

    def _try(self, provider: Provider) -> bool:
        try:
            session = self._factory(self._model, _session_options(self._threads), _wanted(provider))
        except Exception as exc:  # noqa: BLE001  driver and library faults come in every type
            _log.info("%s did not start: %s", provider, type(exc).__name__)
            return False
        if session.get_providers()[0] != _RUNTIME_NAMES[provider]:  # ONNX Runtime fell back in silence
            return False
        self._session, self.provider = session, provider
        return True

    def _open_on_cpu(self) -> None:
        try:
            self._session = self._factory(self._model, _session_options(self._threads), _wanted(Provider.CPU))
        except Exception as exc:
            raise BundleInvalid(tr("The network cannot be opened."), detail=str(exc)[:300]) from exc
        self.provider = Provider.CPU

    def _survive_out_of_memory(self, exc: Exception) -> None:
        self.close()
        if self._requested is not Provider.AUTO or self.provider is Provider.CPU:
            raise ProviderUnavailable(
                tr("There is not enough memory to run the detector."),
                hint=tr("Close other programs and try again."),
                detail=f"{self.provider}: out of memory",
            ) from exc
        _log.info("%s ran out of memory; going on with the CPU", self.provider)
        self._open_on_cpu()


# ONNX Runtime ships no types
def _create(model: bytes, options: Any, providers: list[tuple[str, dict[str, str]]]) -> Any:  # noqa: ANN401
    return onnxruntime.InferenceSession(model, options, providers=providers)


def _session_options(threads: int) -> Any:  # noqa: ANN401
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    options.enable_mem_pattern = False  # slabs differ in size; a pattern per shape would be kept for each
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave idle cores to the screen
    return options


def _wanted(provider: Provider) -> list[tuple[str, dict[str, str]]]:
    chosen = [(_RUNTIME_NAMES[provider], _OPTIONS[provider])]
    if provider is not Provider.CPU:
        chosen.append((_RUNTIME_NAMES[Provider.CPU], {}))
    return chosen


def _is_out_of_memory(exc: Exception) -> bool:
    text = str(exc).lower()
    return isinstance(exc, MemoryError) or "out of memory" in text or "failed to allocate" in text
