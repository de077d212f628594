"""Sending: what the hub lacks travels, and sent means that the hub has confirmed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.jobs import RecordingJob
from tests.helpers.loopback_hub import Answer, Asked, LoopbackHub
from tests.helpers.part10 import SERIES_UID, ct_slice, sop_uid
from tests.helpers.receiving_hub import ReceivingHub
from tests.helpers.reports import STUDY_UID
from worklist.http import HubClient
from worklist.retry import Backoff
from worklist.upload import HubSender, SendConflict
from workstation.domain.errors import DiskFull, IntegrityMismatch, JobCancelled, Refused, StudyIncomplete, Unreachable
from workstation.domain.site import ReadingRequest, SendProgress
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.workitem import Priority

REQUEST = ReadingRequest(STUDY_UID, Priority.HIGH, "咯血三天")


def local_study(folder: Path, count: int) -> Study:
    """Write a study of ``count`` slices and return it as the reader of local files would."""
    instances = []
    for number in range(1, count + 1):
        path = folder / f"{number:04}.dcm"
        path.write_bytes(ct_slice(number, study_uid=STUDY_UID))
        instances.append(Instance(sop_uid(number), "1.2.840.10008.5.1.4.1.1.2", number, path=str(path)))
    return Study(STUDY_UID, Patient("P0001", "张三"), series=(Series(SERIES_UID, "CT", 2, instances=tuple(instances)),))


class Bench:
    """A receiving hub, a sender and what the sender told."""

    def __init__(self) -> None:
        self.receiving = ReceivingHub()
        self.hub = LoopbackHub(self.receiving)
        self.client = HubClient(self.hub.url)
        self.job = RecordingJob()
        self.progress: list[SendProgress] = []
        self.waited: list[float] = []

    def send(self, study: Study, *, patience_s: float = 60.0) -> str:
        sender = HubSender(
            self.client,
            patience_s=patience_s,
            backoff=lambda: Backoff(first_s=2.0),
            wait=self.waited.append,
        )
        return sender.send(study, REQUEST, self.job, self.progress.append)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    with made.hub, made.client:
        yield made


def test_a_whole_study_is_sent_verified_and_its_reading_requested(tmp_path: Path, bench: Bench) -> None:
    assert bench.send(local_study(tmp_path, 25)) == "1.2.3.9"

    assert sorted(bench.receiving.travelled) == sorted(sop_uid(n) for n in range(1, 26))
    assert max(bench.receiving.posts) <= 10
    size = len(ct_slice(1, study_uid=STUDY_UID))
    last = bench.progress[-1]
    assert (last.total, last.sent, last.already_there, last.failed, last.verified) == (25, 25, 0, 0, True)
    assert abs(last.bytes_sent - 25 * size) <= 100  # numbers of one to two digits
    assert bench.receiving.requested == [
        {
            "study_instance_uid": STUDY_UID,
            "priority": "HIGH",
            "clinical_question": "咯血三天",
            "expected_instances": 25,
            "repeat": None,
        }
    ]
    assert bench.job.told[-1][0] == 1.0


def test_verified_is_said_only_after_the_hub_confirmed_every_image(tmp_path: Path, bench: Bench) -> None:
    confirmed: list[bool] = []

    def watch(asked: Asked) -> Answer | None:
        if asked.path.endswith("/complete"):
            confirmed.append(any(told.verified for told in bench.progress))
        return None

    bench.receiving.before = watch
    bench.send(local_study(tmp_path, 3))

    assert confirmed == [False]
    assert [told.verified for told in bench.progress][-1] is True
    assert sum(told.verified for told in bench.progress) == 1


def test_only_missing_images_travel(tmp_path: Path, bench: Bench) -> None:
    study = local_study(tmp_path, 12)
    bench.send(study)
    for number in (3, 7):
        del bench.receiving.stored[sop_uid(number)]
    bench.receiving.travelled.clear()

    bench.send(study)

    assert sorted(bench.receiving.travelled) == sorted([sop_uid(3), sop_uid(7)])
    last = bench.progress[-1]
    assert (last.sent, last.already_there) == (2, 10)


def test_sending_twice_changes_nothing(tmp_path: Path, bench: Bench) -> None:
    study = local_study(tmp_path, 3)

    assert bench.send(study) == bench.send(study)
    assert len(bench.receiving.travelled) == 3


def test_an_image_that_the_hub_holds_with_other_content_is_reported_and_the_rest_is_sent(
    tmp_path: Path, bench: Bench
) -> None:
    bench.receiving.stored[sop_uid(2)] = "0" * 64

    with pytest.raises(SendConflict) as caught:
        bench.send(local_study(tmp_path, 3))

    assert caught.value.instances == (sop_uid(2),)
    assert isinstance(caught.value, IntegrityMismatch)
    assert set(bench.receiving.travelled) == {sop_uid(1), sop_uid(3)}
    assert bench.receiving.stored[sop_uid(2)] == "0" * 64
    assert bench.progress[-1].failed == 1
    assert not any(told.verified for told in bench.progress)


def test_a_conflict_that_arises_while_sending_is_reported_per_image(tmp_path: Path, bench: Bench) -> None:
    def another_sender(asked: Asked) -> Answer | None:
        if asked.path.endswith("/missing") and not bench.receiving.travelled:
            answer = bench.receiving._compare(asked)
            bench.receiving.stored[sop_uid(2)] = "0" * 64
            return answer
        return None

    bench.receiving.before = another_sender
    with pytest.raises(SendConflict) as caught:
        bench.send(local_study(tmp_path, 3))

    assert caught.value.instances == (sop_uid(2),)


def test_a_broken_file_stops_the_send_with_its_reason(tmp_path: Path, bench: Bench) -> None:
    bench.receiving.refuse[sop_uid(2)] = 0xC000

    with pytest.raises(Refused) as caught:
        bench.send(local_study(tmp_path, 3))

    assert sop_uid(2) in caught.value.detail
    assert "C000" in caught.value.detail


def test_a_full_disk_at_the_hub_is_said(tmp_path: Path, bench: Bench) -> None:
    bench.receiving.refuse = {sop_uid(n): 0xA700 for n in (1, 2, 3)}

    with pytest.raises(DiskFull):
        bench.send(local_study(tmp_path, 3))


def test_an_image_the_answer_does_not_mention_is_not_sent(tmp_path: Path, bench: Bench) -> None:
    bench.receiving.forgets.add(sop_uid(3))

    with pytest.raises(Refused):
        bench.send(local_study(tmp_path, 3))

    assert not any(told.verified for told in bench.progress)


def test_the_hubs_count_has_the_last_word(tmp_path: Path, bench: Bench) -> None:
    def lose_one(asked: Asked) -> Answer | None:
        if asked.path.endswith("/complete"):
            bench.receiving.stored.pop(sop_uid(2), None)
        return None

    bench.receiving.before = lose_one
    with pytest.raises(StudyIncomplete):
        bench.send(local_study(tmp_path, 3))

    assert not any(told.verified for told in bench.progress)


def test_a_line_that_comes_back_is_taken_up_again(tmp_path: Path, bench: Bench) -> None:
    refusals = iter([503, 503])

    def flaky(asked: Asked) -> Answer | None:
        status = next(refusals, None) if asked.path.startswith("/dicom-web") else None
        return Answer(status) if status else None

    bench.receiving.before = flaky
    bench.send(local_study(tmp_path, 35))

    assert sorted(bench.receiving.stored) == sorted(sop_uid(n) for n in range(1, 36))
    assert bench.progress[-1].verified
    assert bench.progress[-1].sent == 35
    assert sum(bench.waited) >= 1.0


def test_a_line_that_stays_dead_ends_the_send_with_the_reason(tmp_path: Path, bench: Bench) -> None:
    bench.receiving.before = lambda _: Answer(503)

    with pytest.raises(Unreachable):
        bench.send(local_study(tmp_path, 3), patience_s=10)

    assert 0 < sum(bench.waited) <= 10.5


def test_cancelling_keeps_what_arrived_and_requests_nothing(tmp_path: Path, bench: Bench) -> None:
    study = local_study(tmp_path, 120)

    def cancel(_: Asked) -> Answer | None:
        if len(bench.receiving.travelled) >= 10:
            bench.job.cancelled.set()
        return None

    bench.receiving.before = cancel
    with pytest.raises(JobCancelled):
        bench.send(study)

    arrived = set(bench.receiving.stored)
    # Batches of 10 on 3 connections: 3 may arrive before the first is answered, 3 more before the cancel is seen.
    assert 10 <= len(arrived) <= 60
    assert not any(asked.path.endswith("/complete") for asked in bench.hub.asked)
    bench.receiving.before = lambda _: None
    bench.job = RecordingJob()
    bench.receiving.travelled.clear()
    bench.send(study)
    assert set(bench.receiving.travelled) == {sop_uid(n) for n in range(1, 121)} - arrived


def test_cancelling_while_the_line_is_dead_does_not_wait_for_it(tmp_path: Path, bench: Bench) -> None:
    def cancel(_: Asked) -> Answer | None:
        bench.job.cancelled.set()
        return Answer(503)

    bench.receiving.before = cancel
    with pytest.raises(JobCancelled):
        bench.send(local_study(tmp_path, 3))

    assert bench.waited == []


def test_a_file_that_changes_meanwhile_is_not_sent(tmp_path: Path, bench: Bench) -> None:
    study = local_study(tmp_path, 3)

    def change(asked: Asked) -> Answer | None:
        if asked.path.endswith("/missing"):
            (tmp_path / "0002.dcm").write_bytes(ct_slice(2, study_uid=STUDY_UID, value=9))
        return None

    bench.receiving.before = change
    with pytest.raises(IntegrityMismatch):
        bench.send(study)

    assert bench.receiving.stored == {}


def test_a_disc_that_was_taken_out_is_told(tmp_path: Path, bench: Bench) -> None:
    study = local_study(tmp_path, 3)
    (tmp_path / "0002.dcm").unlink()

    with pytest.raises(Refused) as caught:
        bench.send(study)

    assert "FileNotFoundError" in caught.value.detail


def test_a_study_without_images_is_not_sent(bench: Bench) -> None:
    with pytest.raises(Refused):
        bench.send(Study(STUDY_UID, Patient("P0001", "张三")))

    assert bench.hub.asked == []


def test_two_contents_under_one_uid_are_refused_before_anything_travels(tmp_path: Path, bench: Bench) -> None:
    (tmp_path / "a").mkdir()
    study = local_study(tmp_path, 2)
    twin = tmp_path / "a" / "twin.dcm"
    twin.write_bytes(ct_slice(2, study_uid=STUDY_UID, value=9))
    series = study.series[0]
    doubled = Series(SERIES_UID, "CT", instances=(*series.instances, Instance(sop_uid(2), "1.2", 2, path=str(twin))))

    with pytest.raises(SendConflict):
        bench.send(Study(STUDY_UID, study.patient, series=(doubled,)))

    assert bench.hub.asked == []


def test_an_answer_without_a_workitem_is_not_taken_for_success(tmp_path: Path, bench: Bench) -> None:
    def broken(asked: Asked) -> Answer | None:
        return Answer(200, {}) if asked.path.endswith("/complete") else None

    bench.receiving.before = broken
    with pytest.raises(Refused):
        bench.send(local_study(tmp_path, 1))

    assert not any(told.verified for told in bench.progress)
