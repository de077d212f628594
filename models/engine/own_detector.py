"""
The product's own detectors as one: the best that runs here marks; where that is not the best, the result says so.

ADR 0062. What a model refuses is refused, and what was cancelled is cancelled: neither is asked of a smaller one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol, cast

from models.engine.memory import most_memory_mb
from models.engine.registry import Bundle, Registry
from resources.translation import tr
from workstation.domain.errors import BundleInvalid, OutOfMemory
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.outside_use import doubt
from workstation.domain.ports import DetectionResult, Detector, JobContext
from workstation.domain.progress import RisingJob
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

_log = logging.getLogger(__name__)
_SMALLER: Final = "smaller_model"
_DAMAGED: Final = doubt(_SMALLER, "damaged")
_MEMORY: Final = doubt(_SMALLER, "memory")

Memory = Callable[[], int | None]
"""Returns the megabytes that this machine has, None where it does not tell."""


class MakeDetector(Protocol):
    """Opens a bundle; replaced in tests."""

    def __call__(self, bundle: Bundle, provider: str) -> Detector:
        """Return a detector on the provider of this name."""
        ...


class OwnDetector:
    """
    Implements ``workstation.domain.ports.Detector`` for one thread.

    A model that fails a gate, or whose network does not open, is passed over for good; one that runs out of memory
    for the study at hand, so that the next, smaller study is marked by the best again. One that needs more memory
    than the machine has is not begun: the system would end the whole program. ``tell`` is called with each notice.
    """

    def __init__(
        self,
        registry: Registry,
        provider: str,
        make_detector: MakeDetector,
        *,
        tell: Callable[[str], None] = _log.info,
        memory_mb: Memory = most_memory_mb,
        names: tuple[str, ...] | None = None,
    ) -> None:
        """Open the first of ``names`` (None: all own models) that can run. Raises BundleInvalid, OutOfMemory."""
        self._registry = registry
        self._provider = provider
        self._make_detector = make_detector
        self._tell = tell
        self._memory_mb = memory_mb
        self._name, *rest = names or registry.own or (registry.default,)
        self._rest = tuple(rest)
        self._notice: DecodeWarning | None = None
        self._detector: Detector
        """The model's own, or the one of the smaller models where there is a notice"""
        try:
            self._detector = self._opened()
        except (BundleInvalid, OutOfMemory) as exc:
            self._detector, self._notice = self._smaller(exc)

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return the model that marks where nothing goes wrong."""
        return self._detector.identity

    def close(self) -> None:
        """Give the network's memory back where there is any."""
        close = getattr(self._detector, "close", None)
        if close is not None:
            close()

    def detect(self, volume: Volume, job: JobContext) -> DetectionResult:
        """
        Mark; name, warnings and doubts of the result are those of the model that did.

        Raises InputOutsideIntendedUse, JobCancelled and ProviderUnavailable at once; OutOfMemory and BundleInvalid
        where no own model can run.
        """
        rising = RisingJob(job)
        failure: BundleInvalid | OutOfMemory
        try:
            return _told(self._detector.detect(volume, rising), self._notice)
        except (BundleInvalid, OutOfMemory) as exc:
            if self._notice is not None or not self._rest:
                raise
            failure = exc.with_traceback(None)  # its frames hold what filled the memory
        self.close()
        smaller, notice = self._smaller(failure)
        if isinstance(failure, BundleInvalid):  # it will not open for the next study either
            self._detector, self._notice = smaller, notice
            return _told(smaller.detect(volume, rising), notice)
        try:
            return _told(smaller.detect(volume, rising), notice)
        finally:
            smaller.close()

    def _opened(self) -> Detector:
        bundle = self._registry.load(self._name)
        short = shortage(bundle.manifest.peak_mb, self._memory_mb())
        if self._rest and short:
            raise OutOfMemory(short)
        return self._make_detector(bundle, self._provider)

    def _smaller(self, why: BundleInvalid | OutOfMemory) -> tuple[OwnDetector, DecodeWarning]:
        """Open what is smaller and tell it. Raises ``why`` where nothing smaller is whole."""
        if not self._rest:
            raise why
        try:
            smaller = OwnDetector(
                self._registry, self._provider, self._make_detector,
                tell=self._tell, memory_mb=self._memory_mb, names=self._rest,
            )  # fmt: skip
        except BundleInvalid as exc:
            _log.info("no smaller model either: %s", exc)
            raise why from None
        notice = DecodeWarning(
            _MEMORY if isinstance(why, OutOfMemory) else _DAMAGED,
            tr("“{model}” could not run, the smaller “{other}” marks instead: {reason}",
               model=self._name, other=smaller.identity.name, reason=why.user_text),
        )  # fmt: skip
        self._tell(notice.text)
        return smaller, notice


def shortage(needed_mb: int, has_mb: int | None) -> str:
    """Say that a model needs more memory than the machine has; nothing where it does not or nobody knows."""
    if has_mb is None or needed_mb <= has_mb:
        return ""
    return tr("It needs {needed} MB of memory, this machine has {has} MB.", needed=needed_mb, has=has_mb)


def default_model(own: Sequence[str], needed_mb: Mapping[str, int], has_mb: int | None) -> str | None:
    """
    Return which of the own models, the best first, marks where nobody chose; None where none is whole.

    ``needed_mb`` has the memory of each that is whole.
    """
    whole = [name for name in own if name in needed_mb]
    fitting = [name for name in whole if not shortage(needed_mb[name], has_mb)]
    return next(iter((*fitting, *whole[-1:])), None)


def _told(found: DetectionResult, notice: DecodeWarning | None) -> DetectionResult:
    if notice is None:
        return found
    algorithm = replace(found.algorithm, doubts=(*found.algorithm.doubts, notice.code))
    result: Any = found  # the port does not ask for warnings; the results of our detectors are dataclasses with them
    return cast(DetectionResult, replace(result, algorithm=algorithm, warnings=(*result.warnings, notice)))
