"""Sending a local study: only what the hub lacks travels, and only the hub's word makes it sent."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from resources.translation import tr, trn
from worklist.dicomweb import STOW_BYTES, STOW_INSTANCES, HubImages, StowAnswer, stow_failure
from worklist.errors import misunderstood
from worklist.http import HubClient, as_json
from worklist.retry import Backoff
from workstation.domain.errors import IntegrityMismatch, Refused, Unreachable
from workstation.domain.ports import JobContext
from workstation.domain.site import ReadingRequest, SendProgress
from workstation.domain.study import Study

CONNECTIONS: Final = 3
PATIENCE_S: Final = 600.0
"""How long a line may stay dead before the send gives up; sending again takes up where it stopped."""
_SLICE_S: Final = 0.25
_REQUEST: Final = TypeAdapter(ReadingRequest)


class SendConflict(IntegrityMismatch):
    """Some instances exist at the hub with other content; everything else was sent."""

    def __init__(self, instances: tuple[str, ...]) -> None:
        super().__init__(
            trn(
                "{count} image exists at the hub with the same identity but other content",
                "{count} images exist at the hub with the same identity but other content",
                len(instances),
            ),
            hint=tr(
                "Nothing was overwritten and no reading was requested. Check at the scanner which images are right."
            ),
            detail=", ".join(instances),
        )
        self.instances = instances


@dataclass(frozen=True, slots=True)
class _File:
    sop_instance_uid: str
    path: Path
    size: int
    sha256: str


class HubSender:
    """
    Implements ``SendPort``.

    Safe to interrupt at any point: every run asks the hub what it lacks and sends only that.
    ``wait`` is how a pause is spent (seconds in), replaceable in tests.
    """

    def __init__(
        self,
        client: HubClient,
        *,
        connections: int = CONNECTIONS,
        patience_s: float = PATIENCE_S,
        backoff: Callable[[], Backoff] = Backoff,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._client = client
        self._images = HubImages(client)
        self._connections = connections
        self._patience_s = patience_s
        self._backoff = backoff
        self._wait = wait or threading.Event().wait

    def send(
        self, study: Study, request: ReadingRequest, job: JobContext, on_progress: Callable[[SendProgress], None]
    ) -> str:
        """
        Send what is missing, verify, create the workitems; return the reading UPS Instance UID.

        A cancelled job raises JobCancelled and keeps what arrived. Raises SendConflict, Refused,
        StudyIncomplete, DiskFull, and Unreachable once the line was dead for ``patience_s``.
        """
        files = {file.sop_instance_uid: file for file in _digested(study, job)}
        digests = {uid: file.sha256 for uid, file in files.items()}
        request = replace(request, expected_instances=request.expected_instances or len(files))
        ledger = _Ledger(len(files), on_progress, job)
        backoff = self._backoff()
        dead_s = 0.0
        while True:
            before = ledger.stored
            try:
                return self._round(study.study_instance_uid, request, files, digests, ledger, job)
            except Unreachable:
                if ledger.stored > before:
                    backoff.reset()
                    dead_s = 0.0
                delay_s = backoff.next_delay_s()
                dead_s += delay_s
                if dead_s > self._patience_s:
                    raise
                self._pause(delay_s, ledger, job)

    def _round(
        self,
        study_uid: str,
        request: ReadingRequest,
        files: dict[str, _File],
        digests: dict[str, str],
        ledger: _Ledger,
        job: JobContext,
    ) -> str:
        self._client.request("POST", "/api/requests", json=as_json(_REQUEST, request))
        missing, conflicts = self._images.compare(study_uid, digests)
        missing -= conflicts
        ledger.begin(already_there=len(files) - len(missing) - len(conflicts), conflicts=len(conflicts))
        conflicts |= self._send_missing(study_uid, [files[uid] for uid in files if uid in missing], ledger, job)
        if conflicts:
            raise SendConflict(tuple(sorted(conflicts)))
        job.raise_if_cancelled()
        path = f"/api/requests/{study_uid}/complete"
        answer = self._client.request("POST", path, json={"instances": digests}).json()
        reading = answer.get("ups_instance_uid") if isinstance(answer, dict) else None
        if not isinstance(reading, str) or not reading:
            raise misunderstood(path)
        ledger.verified()
        return reading

    def _send_missing(self, study_uid: str, files: list[_File], ledger: _Ledger, job: JobContext) -> set[str]:
        """Send in batches over a few connections, never more queued than connections; return the conflicts."""
        conflicts: set[str] = set()
        batches = _batches(files)
        running: dict[Future[StowAnswer], list[_File]] = {}
        with ThreadPoolExecutor(max_workers=self._connections, thread_name_prefix="send") as pool:
            try:
                while True:
                    while len(running) < self._connections and (batch := next(batches, None)) is not None:
                        job.raise_if_cancelled()
                        running[pool.submit(self._send_batch, study_uid, batch)] = batch
                    if not running:
                        return conflicts
                    done, _ = wait(running, timeout=_SLICE_S, return_when=FIRST_COMPLETED)
                    job.raise_if_cancelled()
                    for future in done:
                        batch = running.pop(future)
                        conflicts |= _judge(future.result(), batch, ledger)
            finally:
                for future in running:
                    future.cancel()

    def _send_batch(self, study_uid: str, batch: list[_File]) -> StowAnswer:
        return self._images.stow(study_uid, [_unchanged(file) for file in batch])

    def _pause(self, delay_s: float, ledger: _Ledger, job: JobContext) -> None:
        ledger.waiting(delay_s)
        left = delay_s
        while left > 0:
            job.raise_if_cancelled()
            self._wait(min(_SLICE_S, left))
            left -= _SLICE_S


class _Ledger:
    """Counts for the progress display, over all rounds of one send."""

    def __init__(self, total: int, on_progress: Callable[[SendProgress], None], job: JobContext) -> None:
        self._total = total
        self._on_progress = on_progress
        self._job = job
        self._first_there: int | None = None
        self._there = 0
        self._failed = 0
        self._bytes = 0

    @property
    def stored(self) -> int:
        """Return how many instances the hub has confirmed."""
        return self._there

    def begin(self, *, already_there: int, conflicts: int) -> None:
        """Take what the hub said it holds; what it held before the first round did not travel."""
        if self._first_there is None:
            self._first_there = already_there
        self._there = already_there
        self._failed = conflicts
        self._show()

    def add(self, stored: list[_File], failed: int) -> None:
        self._there += len(stored)
        self._bytes += sum(file.size for file in stored)
        self._failed += failed
        self._show()

    def waiting(self, delay_s: float) -> None:
        """Say that the line is down."""
        self._on_progress(replace(self._progress(verified=False), waiting_s=delay_s))
        text = tr("The line is down; trying again in {seconds} s", seconds=max(1, round(delay_s)))
        self._job.progress(self._fraction(), text)

    def verified(self) -> None:
        """Say that the hub has confirmed every digest."""
        self._on_progress(self._progress(verified=True))
        self._job.progress(
            1.0,
            trn(
                "The image is verified at the hub",
                "All {total} images are verified at the hub",
                self._total,
                total=self._total,
            ),
        )

    def _show(self) -> None:
        self._on_progress(self._progress(verified=False))
        self._job.progress(
            self._fraction(),
            trn(
                "{there} of {total} image at the hub",
                "{there} of {total} images at the hub",
                self._total,
                there=self._there,
                total=self._total,
            ),
        )

    def _fraction(self) -> float:
        return self._there / self._total if self._total else 0.0

    def _progress(self, *, verified: bool) -> SendProgress:
        before = self._first_there or 0
        return SendProgress(self._total, max(0, self._there - before), before, self._failed, self._bytes, verified)


def _judge(answer: StowAnswer, batch: list[_File], ledger: _Ledger) -> set[str]:
    conflicts = set(answer.conflicts)
    stored = {reference.sop_instance_uid for reference in answer.stored}
    ledger.add([file for file in batch if file.sop_instance_uid in stored], len(answer.failed))
    others = {uid: reason for uid, reason in answer.failed.items() if uid not in conflicts}
    if others:
        raise stow_failure(StowAnswer((), others))
    return conflicts


def _digested(study: Study, job: JobContext) -> Iterator[_File]:
    """Read every file once for its SHA-256. Raises IntegrityMismatch for two contents under one UID."""
    seen: dict[str, str] = {}
    instances = [instance for series in study.series for instance in series.instances if instance.path]
    if not instances:
        raise Refused(
            tr("There is no image to send"),
            hint=tr("Choose a folder, a file or a DICOMDIR with images."),
            detail="no instance with a path",
        )
    for count, instance in enumerate(instances):
        job.progress(0.0, tr("Checking image {count} of {total}", count=count + 1, total=len(instances)))
        path = Path(instance.path or "")
        content = _read(path)
        digest = hashlib.sha256(content).hexdigest()
        former = seen.setdefault(instance.sop_instance_uid, digest)
        if former != digest:
            raise SendConflict((instance.sop_instance_uid,))
        yield _File(instance.sop_instance_uid, path, len(content), digest)


def _unchanged(file: _File) -> bytes:
    content = _read(file.path)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise IntegrityMismatch(
            tr("A file changed while it was being sent"),
            hint=tr("Wait until the scanner or the copy has finished, then send again."),
            detail=f"sha256 of {file.sop_instance_uid} changed",
        )
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise Refused(
            tr("A file of the study cannot be read any more"),
            hint=tr("Check that the disc or the network folder is still there, then send again."),
            detail=f"{type(exc).__name__} errno {exc.errno}",
        ) from exc


def _batches(files: list[_File]) -> Iterator[list[_File]]:
    batch: list[_File] = []
    size = 0
    for file in files:
        if batch and (len(batch) == STOW_INSTANCES or size + file.size > STOW_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
