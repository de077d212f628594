"""A send that is interrupted anywhere takes up where it stopped; nothing travels twice without need."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.faulty_proxy import FaultyProxy
from tests.helpers.jobs import RecordingJob
from tests.helpers.loopback_hub import Answer, Asked, LoopbackHub
from tests.helpers.part10 import SERIES_UID, ct_slice, sop_uid
from tests.helpers.receiving_hub import ReceivingHub
from tests.helpers.reports import STUDY_UID
from worklist.dicomweb import HubImages
from worklist.http import HubClient
from worklist.multipart import encode
from worklist.retrieve import SeriesRetriever
from worklist.retry import Backoff
from worklist.session import HubSession
from worklist.upload import HubSender
from workstation.domain.errors import JobCancelled
from workstation.domain.site import ReadingRequest, SendProgress
from workstation.domain.study import Instance, Patient, Series, Study

COUNT = 40
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    folder = tmp_path / "disc"
    folder.mkdir()
    instances = []
    for number in range(1, COUNT + 1):
        path = folder / f"{number}.dcm"
        path.write_bytes(ct_slice(number, study_uid=STUDY_UID, value=number, size=64))
        instances.append(Instance(sop_uid(number), "1.2.840.10008.5.1.4.1.1.2", number, path=str(path)))
    return Study(STUDY_UID, Patient("P0001", "张三"), series=(Series(SERIES_UID, "CT", 2, instances=tuple(instances)),))


def quickly() -> Backoff:
    return Backoff(first_s=0.01, longest_s=0.05)


def send(client: HubClient, study: Study, job: RecordingJob, progress: list[SendProgress]) -> str:
    sender = HubSender(client, backoff=quickly)
    return sender.send(study, ReadingRequest(STUDY_UID), job, progress.append)


@pytest.mark.fault
@pytest.mark.parametrize("cut", [0, 1, 200, 5_000, 40_000, 100_000, 200_000, 300_000])
def test_a_line_cut_on_the_way_up_is_taken_up_again(study: Study, cut: int) -> None:
    """The study has about 370 kB; the line is reset after the given number of bytes."""
    receiving = ReceivingHub()
    progress: list[SendProgress] = []
    with LoopbackHub(receiving) as hub, FaultyProxy(hub.address) as line, HubClient(line.url) as client:
        line.cut_after(cut)
        send(client, study, RecordingJob(), progress)
        cuts = line.cuts

    assert cuts == 1
    assert receiving.stored == digests(study)
    assert (progress[-1].verified, progress[-1].failed) == (True, 0)


@pytest.mark.fault
@pytest.mark.parametrize("cut", [0, 1, 150, 400, 900, 1_500])
def test_an_answer_lost_on_the_way_down_is_asked_for_again(study: Study, cut: int) -> None:
    receiving = ReceivingHub()
    progress: list[SendProgress] = []
    with LoopbackHub(receiving) as hub, FaultyProxy(hub.address) as line, HubClient(line.url) as client:
        line.cut_answers_after(cut)
        send(client, study, RecordingJob(), progress)
        cuts = line.cuts

    assert cuts == 1
    assert receiving.stored == digests(study)
    assert progress[-1].verified


@pytest.mark.fault
def test_a_line_that_breaks_again_and_again_still_gets_the_study_through(study: Study) -> None:
    receiving = ReceivingHub()
    progress: list[SendProgress] = []
    with LoopbackHub(receiving) as hub, FaultyProxy(hub.address) as line, HubClient(line.url) as client:
        keep_cutting = threading.Event()

        def cutter() -> None:
            while not keep_cutting.wait(0.01):
                if line._left["sent"] is None:
                    line.cut_after(120_000)

        thread = threading.Thread(target=cutter)
        thread.start()
        send(client, study, RecordingJob(), progress)
        keep_cutting.set()
        thread.join()
        cuts = line.cuts

    assert cuts >= 2
    assert receiving.stored == digests(study)


@pytest.mark.fault
def test_after_a_cancelled_send_only_the_rest_travels(study: Study) -> None:
    receiving = ReceivingHub()
    progress: list[SendProgress] = []
    job = RecordingJob()
    with LoopbackHub(receiving) as hub, HubClient(hub.url) as client:

        class Stopping(list[SendProgress]):
            def append(self, told: SendProgress) -> None:
                if told.sent >= 10:
                    job.cancelled.set()

        with pytest.raises(JobCancelled):
            send(client, study, job, Stopping())
        arrived = set(receiving.stored)
        receiving.travelled.clear()
        send(client, study, RecordingJob(), progress)

    assert 10 <= len(arrived) < COUNT
    assert set(receiving.travelled) == set(digests(study)) - arrived
    assert progress[-1].already_there == len(arrived)


@pytest.mark.fault
def test_a_retrieval_over_a_line_that_breaks_fetches_only_what_is_missing(study: Study) -> None:
    """The line is cut in the middle of several images; each image is shown once, byte for byte."""
    receiving = ReceivingHub()
    with LoopbackHub(receiving) as hub:
        with HubClient(hub.url) as direct:
            send(direct, study, RecordingJob(), [])
        files = {i.sop_instance_uid: Path(i.path or "").read_bytes() for i in study.series[0].instances}
        serving = _Serving(files)
        hub.script = serving
        with FaultyProxy(hub.address) as line, HubClient(line.url) as client:
            shown: dict[int, bytes] = {}

            def show(index: int, part10: bytes) -> None:
                assert index not in shown
                shown[index] = part10
                if len(shown) in {5, 15, 30}:
                    line.cut_answers_after(2_000)

            fetch = SeriesRetriever(HubImages(client), STUDY_UID, study.series[0], show, decode=bytes, backoff=quickly)
            fetch.start()
            assert fetch.wait(60)
            cuts = line.cuts

    assert cuts == 3
    assert [shown[n] for n in range(COUNT)] == [files[sop_uid(n)] for n in range(1, COUNT + 1)]
    assert len(serving.asked) <= COUNT + 3 * 2 * 3  # a cut costs what was under way on three connections, twice


def digests(study: Study) -> dict[str, str]:
    return {
        instance.sop_instance_uid: hashlib.sha256(Path(instance.path or "").read_bytes()).hexdigest()
        for instance in study.series[0].instances
    }


class _Serving:
    """Answers WADO-RS instance requests from a dictionary."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self.asked: list[str] = []

    def __call__(self, asked: Asked) -> Answer:
        uid = asked.path.rsplit("/", 1)[-1]
        if uid not in self._files:
            return Answer(404)  # several in one answer: each is asked for by itself then
        self.asked.append(uid)
        content, content_type = encode([self._files[uid]], "application/dicom")
        etag = f'"sha256:{hashlib.sha256(self._files[uid]).hexdigest()}"'
        return Answer(200, content, {"Content-Type": content_type, "ETag": etag})


HUB = """
import sys
from pathlib import Path
from worklist.hub.server import run_hub
from worklist.hub.settings import HubSettings
run_hub(HubSettings(Path(sys.argv[1]), demo_users=True), port=int(sys.argv[2]))
"""


class KillableHub:
    """The real hub in a process of its own, which dies by kill -9 and starts again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HUB, str(self._folder), str(self.port)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline().strip()
        assert first.startswith("http://127.0.0.1:"), first
        self.port = int(first.rsplit(":", 1)[-1])

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate()
            self._process = None


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[KillableHub]:
    hub = KillableHub(tmp_path / "hub")
    yield hub
    hub.kill()


@pytest.mark.fault
def test_a_hub_killed_while_receiving_ends_with_the_whole_study(killable: KillableHub, study: Study) -> None:
    """Two kills at different points; afterwards the hub itself confirms every digest."""
    progress: list[SendProgress] = []
    client = HubClient(f"http://127.0.0.1:{killable.port}")
    HubSession(client).sign_in("technician", "lianyue-demo")
    kills: list[int] = []
    due = threading.Event()

    class Watching(list[SendProgress]):
        def append(self, told: SendProgress) -> None:
            progress.append(told)
            if len(kills) < 2 and told.sent >= 10 * (len(kills) + 1) and not due.is_set():
                due.set()

    def killer() -> None:
        for _ in range(2):
            assert due.wait(60)
            killable.kill()
            kills.append(len(progress))
            killable.start()
            due.clear()

    thread = threading.Thread(target=killer)
    thread.start()
    ups = send(client, study, RecordingJob(), Watching())
    thread.join(60)

    assert len(kills) == 2
    assert ups
    assert progress[-1].verified
    assert HubImages(client).compare(STUDY_UID, digests(study)) == (set(), set())
    client.close()
