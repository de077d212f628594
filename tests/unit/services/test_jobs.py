"""Background jobs: one result, no flood, silence after cancelling."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from workstation.domain.errors import JobCancelled, Unreachable
from workstation.domain.ports import JobContext
from workstation.services.jobs import JobRunner, NoJob, Pool


def never(_value: object) -> None:
    raise AssertionError("this callback must stay silent")


@pytest.fixture
def runner() -> Iterator[JobRunner]:
    jobs = JobRunner()
    yield jobs
    jobs.close()


def test_a_value_arrives_once(runner: JobRunner) -> None:
    arrived: list[int] = []
    done = threading.Event()

    def take(value: int) -> None:
        arrived.append(value)
        done.set()

    handle = runner.submit(Pool.CPU, lambda _job: 42, on_success=take)

    assert handle.result(5) == 42
    assert done.wait(5)
    assert arrived == [42]


def test_an_error_goes_to_its_handler_and_not_to_success(runner: JobRunner) -> None:
    errors: list[Exception] = []
    done = threading.Event()

    def fail(_job: JobContext) -> int:
        raise Unreachable("hub down")

    def take(error: Exception) -> None:
        errors.append(error)
        done.set()

    runner.submit(Pool.IO, fail, on_success=never, on_error=take)

    assert done.wait(5)
    assert [type(e) for e in errors] == [Unreachable]


def test_an_unhandled_error_is_raised_where_results_are_delivered() -> None:
    posted: list[Callable[[], None]] = []
    ready = threading.Event()

    def post(callback: Callable[[], None]) -> None:
        posted.append(callback)
        ready.set()

    jobs = JobRunner(post)
    jobs.submit(Pool.CPU, lambda _job: 1 / 0)

    assert ready.wait(5)
    with pytest.raises(ZeroDivisionError):
        posted[0]()
    jobs.close()


def test_progress_is_throttled_but_the_end_is_always_told(runner: JobRunner) -> None:
    """10 000 reports within a few milliseconds must not reach the screen 10 000 times."""
    told: list[float] = []

    def work(job: JobContext) -> None:
        for n in range(10_000):
            job.progress(n / 10_000)
        job.progress(1.0, "done")

    runner.submit(Pool.CPU, work, on_progress=lambda fraction, _text: told.append(fraction)).result(10)

    assert told[-1] == 1.0
    assert len(told) < 1000


def test_a_cancelled_job_stays_silent(runner: JobRunner) -> None:
    started = threading.Event()
    stopped = threading.Event()

    def work(job: JobContext) -> None:
        started.set()
        try:
            while True:
                job.progress(0.5)
        except JobCancelled:
            stopped.set()
            raise

    handle = runner.submit(Pool.CPU, work, on_success=never, on_error=never)
    assert started.wait(5)
    handle.cancel()

    assert stopped.wait(5)
    assert handle.cancelled


@pytest.mark.parametrize("end", ["a value", "cancelled", "an error", "an error with a cause"])
def test_what_stood_on_the_screen_ends_where_results_are_delivered_and_never_in_a_pool(end: str) -> None:
    """A page that is closed while its job runs would else end in the job's thread, with timers that belong here."""
    posted: queue.Queue[Callable[[], None]] = queue.Queue()
    under_way, go_on, delivered = threading.Event(), threading.Event(), threading.Event()

    def post(callback: Callable[[], None]) -> None:
        posted.put(callback)
        delivered.wait(10)  # the pool's thread, which still holds the job's end, is the slower one

    jobs, ended = JobRunner(post), []

    class Page:
        def work(self, job: JobContext) -> int:
            under_way.set()
            go_on.wait(10)
            job.raise_if_cancelled()
            if end == "an error":
                raise Unreachable("the line ended")
            if end == "an error with a cause":
                self.fetch()
            return 1

        def fetch(self) -> None:
            try:
                raise OSError("the line ended")  # noqa: TRY301  the frame of the cause holds the page too
            except OSError as exc:
                raise Unreachable("no hub") from exc

        def take(self, _value: object) -> None:
            """Nothing to do."""

        def __del__(self) -> None:
            ended.append(threading.current_thread())

    page = Page()
    handle = jobs.submit(Pool.CPU, page.work, on_success=page.take, on_error=page.take)
    assert under_way.wait(10)
    if end == "cancelled":
        handle.cancel()
    del page, handle
    go_on.set()
    posted.get(timeout=10)()
    delivered.set()
    jobs.close()

    assert ended == [threading.current_thread()]


def test_an_error_still_tells_through_which_lines_it_came(runner: JobRunner) -> None:
    def ask_the_hub(_job: JobContext) -> None:
        raise Unreachable("the line ended")

    with pytest.raises(Unreachable) as raised:
        runner.submit(Pool.IO, ask_the_hub, on_error=lambda _error: None).result(10)

    assert [one.name for one in raised.traceback][-1] == "ask_the_hub"


def test_foreground_work_runs_with_the_same_interface() -> None:
    job = NoJob()

    job.raise_if_cancelled()
    job.progress(0.5, "half")


def test_a_handle_that_never_started_has_no_result(runner: JobRunner) -> None:
    handle = runner.submit(Pool.DB, lambda _job: 1)
    handle.result(5)
    handle.future = None

    with pytest.raises(RuntimeError):
        handle.result()


def test_what_a_closing_window_still_asks_for_is_dropped_without_an_error() -> None:
    jobs = JobRunner()
    jobs.close()

    handle = jobs.submit(Pool.IO, lambda _job: 1, on_success=never)

    assert handle.future is not None
    assert handle.future.cancelled()
