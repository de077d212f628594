"""
Running a network behind one door: provider choice, threads, cancelling and giving memory back.

``auto`` takes the fastest that really works: CUDA, then OpenVINO, then the CPU; where one fails, a
notice says so. A provider asked for by name is used or refused, never exchanged in silence.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import onnxruntime

from models.engine import openvino_network
from resources.translation import tr
from workstation.domain.errors import BundleInvalid, JobCancelled, OutOfMemory, ProviderUnavailable
from workstation.domain.ports import CancelToken
from workstation.domain.study import DecodeWarning

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
    Provider.OPENVINO: openvino_network.NAME,
}
_FASTEST_FIRST: Final = (Provider.CUDA, Provider.OPENVINO)
_ASK_EVERY_S: Final = 0.05  # how often a running network looks whether it was cancelled
_WAIT_FOR_END_S: Final = 0.2  # then the result is left to itself
_OPTIONS: Final[dict[Provider, dict[str, str]]] = {
    Provider.CPU: {},
    Provider.CUDA: {"arena_extend_strategy": "kSameAsRequested"},
    Provider.OPENVINO: {},
}
_SILENT: Final = 4  # ONNX Runtime's FATAL: what goes wrong arrives as an exception

Rewrite = Callable[[bytes], bytes]
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
    """Return what is installed here; whether it works shows only on opening."""
    built_in = set(onnxruntime.get_available_providers())
    if openvino_network.installed():
        built_in.add(openvino_network.NAME)
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
    CPU once and goes on; ``provider`` always names where the last run happened, ``notice`` says
    why it is not the fastest one installed.
    """

    def __init__(
        self, model: bytes, requested: Provider, threads: int, factory: Factory, for_cpu: Sequence[Rewrite] = ()
    ) -> None:
        self._model = model
        self._for_cpu = for_cpu
        self._requested = requested
        self._threads = threads
        self._factory = factory
        self._session: Any = None
        self.provider = requested
        self.notice = ""

    @classmethod
    def open(
        cls,
        model: bytes,
        requested: Provider = Provider.AUTO,
        *,
        threads: int | None = None,
        factory: Factory | None = None,
        available: tuple[Provider, ...] | None = None,
        for_cpu: Sequence[Rewrite] = (),
    ) -> Self:
        """
        Open verified model bytes; ``for_cpu`` turn them into forms that a CPU computes faster, the fastest first.

        Raises:
            ProviderUnavailable: the provider asked for is not here or does not start.
            BundleInvalid: not even the CPU provider can open the network.
            OutOfMemory: it does not fit into memory.
        """
        session = cls(model, requested, threads or usable_cores(), factory or _create, for_cpu)
        session._start(available_providers() if available is None else available)
        return session

    @property
    def warnings(self) -> tuple[DecodeWarning, ...]:
        """Return the notice, if there is one, for the result of a run."""
        return (DecodeWarning("provider", self.notice),) if self.notice else ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the network's inputs."""
        return tuple(entry.name for entry in self._session.get_inputs())

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the network's outputs."""
        return tuple(entry.name for entry in self._session.get_outputs())

    def run(
        self, outputs: tuple[str, ...], feed: Mapping[str, FloatArray], job: CancelToken | None = None
    ) -> tuple[FloatArray, ...]:
        """
        Run once; returns the named outputs.

        Raises OutOfMemory, with the network's memory given back, and JobCancelled soon after ``job`` was
        cancelled: the network is told to stop and no longer waited for.
        """
        try:
            return tuple(self._run(outputs, feed, job))
        except Exception as exc:  # ONNX Runtime's exception types share no public base
            if not _is_out_of_memory(exc):
                raise
        # behind the handler: the frames of the exception hold the network, and with it the memory
        self._survive_out_of_memory()
        return self.run(outputs, feed, job)

    def _run(
        self, outputs: tuple[str, ...], feed: Mapping[str, FloatArray], job: CancelToken | None
    ) -> list[FloatArray]:
        options = onnxruntime.RunOptions()
        options.log_severity_level = _SILENT
        if job is None:
            whole: list[FloatArray] = self._session.run(list(outputs), dict(feed), options)
            return whole
        run = _Run(self._session, list(outputs), dict(feed), options)
        while not run.ended.wait(_ASK_EVERY_S):
            try:
                job.raise_if_cancelled()
            except JobCancelled:
                options.terminate = True
                run.ended.wait(_WAIT_FOR_END_S)
                raise
        return run.result()

    def close(self) -> None:
        """Give the memory back."""
        self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _start(self, available: tuple[Provider, ...]) -> None:
        if self._requested is Provider.AUTO:
            for provider in _FASTEST_FIRST:
                if provider in available and self._try(provider):
                    return
                if provider in available:
                    self.notice = tr("{provider} did not start; the CPU is used.", provider=provider.value.upper())
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
        self.provider = Provider.CPU
        if any(self._opened_rewritten(rewrite) for rewrite in self._for_cpu):
            return
        try:
            self._session = self._factory(self._model, _session_options(self._threads), _wanted(Provider.CPU))
        except Exception as exc:
            if _is_out_of_memory(exc):
                raise _no_memory(Provider.CPU) from None
            raise BundleInvalid(tr("The network cannot be opened."), detail=str(exc)[:300]) from exc

    def _opened_rewritten(self, rewrite: Rewrite) -> bool:
        """Open a faster form; what cannot be opened so is opened in the next one, at last as it was delivered."""
        try:
            faster = rewrite(self._model)
            self._session = self._factory(faster, _session_options(self._threads), _wanted(Provider.CPU))
        except Exception as exc:  # noqa: BLE001  ONNX Runtime's exception types share no public base
            _log.info("a faster form of the network does not open: %s", type(exc).__name__)
            return False
        return True

    def _survive_out_of_memory(self) -> None:
        self.close()
        if self._requested is not Provider.AUTO or self.provider is Provider.CPU:
            raise _no_memory(self.provider)
        _log.info("%s ran out of memory; going on with the CPU", self.provider)
        self.notice = tr("{provider} ran out of memory; the CPU is used.", provider=self.provider.value.upper())
        self._open_on_cpu()


class _Run:
    """One run in a thread of its own, so that somebody can watch for a cancellation meanwhile."""

    def __init__(self, session: Any, outputs: list[str], feed: dict[str, FloatArray], options: Any) -> None:  # noqa: ANN401  ONNX Runtime ships no types
        self.ended = threading.Event()
        self._result: list[FloatArray] = []
        self._fault: Exception | None = None
        # daemon: a network that does not listen must not keep the program from ending
        threading.Thread(target=self._work, args=(session, outputs, feed, options), daemon=True).start()

    def result(self) -> list[FloatArray]:
        """Return the outputs of a run that ended; raises what the run raised."""
        if self._fault is not None:
            raise self._fault
        return self._result

    def _work(self, session: Any, outputs: list[str], feed: dict[str, FloatArray], options: Any) -> None:  # noqa: ANN401  ditto
        try:
            self._result = session.run(outputs, feed, options)
        except Exception as exc:  # noqa: BLE001  handed to the caller's thread
            self._fault = exc
        finally:
            self.ended.set()


# ONNX Runtime ships no types
def _create(model: bytes, options: Any, providers: list[tuple[str, dict[str, str]]]) -> Any:  # noqa: ANN401
    if providers[0][0] == openvino_network.NAME:
        return openvino_network.OpenVinoNetwork(model, threads=options.intra_op_num_threads)
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


def _no_memory(provider: Provider) -> OutOfMemory:
    return OutOfMemory(
        tr("There is not enough memory to run the detector."),
        hint=tr("Close other programs and try again."),
        detail=f"{provider}: out of memory",
    )


def _is_out_of_memory(exc: Exception) -> bool:
    text = str(exc).lower()
    return isinstance(exc, MemoryError) or "out of memory" in text or "failed to allocate" in text
