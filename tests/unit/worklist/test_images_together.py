"""Several images of one answer are each as whole and as right as one that comes alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import pytest
from blake3 import blake3

from tests.helpers.loopback_hub import Answer, LoopbackHub
from tests.helpers.part10 import SERIES_UID, ct_slice, sop_uid
from tests.helpers.reports import STUDY_UID
from tests.unit.worklist.test_retrieve import Archive, Screen, retriever
from worklist.dicomweb import HubImages
from worklist.http import HubClient
from worklist.portion import LONGEST_S, MOST, Portion
from workstation.domain.errors import IntegrityMismatch, Refused, Unreachable

FILES = {sop_uid(n): ct_slice(n, study_uid=STUDY_UID) for n in (1, 2, 3)}
UIDS = list(FILES)


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub(lambda _: Answer(404)) as made:
        yield made


@pytest.fixture
def images(hub: LoopbackHub) -> Iterator[HubImages]:
    with HubClient(hub.url) as client:
        client.authorise("a token")
        yield HubImages(client)


def part(uid: str, *, size: int | None = None, digest: str | None = None, content: bytes | None = None) -> bytes:
    file = FILES[uid] if content is None else content
    promised = f"blake3:{blake3(file).hexdigest()}" if digest is None else digest
    return f"{uid} {len(file) if size is None else size} {promised}\n".encode() + file


def asked(images: HubImages) -> list[tuple[str, bytes | IntegrityMismatch]]:
    return list(images.instances(STUDY_UID, SERIES_UID, UIDS))


def test_each_image_comes_with_its_own_uid_over_one_connection(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: Answer(200, b"".join(map(part, reversed(UIDS))))

    assert asked(images) == list(reversed(FILES.items()))
    assert dict(asked(images)) == FILES
    request = hub.asked[0]
    assert request.path == f"/api/studies/{STUDY_UID}/series/{SERIES_UID}/images"
    assert request.parameters == {"instances": ",".join(UIDS)}
    assert request.headers["authorization"] == "Bearer a token"


def test_an_image_may_be_promised_by_its_sha256(hub: LoopbackHub, images: HubImages) -> None:
    hub.script = lambda _: Answer(200, part(UIDS[0], digest=f"sha256:{hashlib.sha256(FILES[UIDS[0]]).hexdigest()}"))

    assert asked(images) == [(UIDS[0], FILES[UIDS[0]])]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(part(UIDS[1], digest="blake3:" + "0" * 64), id="other bytes than promised"),
        pytest.param(part(UIDS[1], digest="sha256:" + "0" * 64), id="other bytes than its SHA-256"),
        pytest.param(part(UIDS[1], digest="crc:00"), id="a digest that nobody knows"),
        pytest.param(part(UIDS[1], digest="blake3:"), id="an empty digest"),
        pytest.param(part(UIDS[1], digest=""), id="no digest"),
        pytest.param(part(UIDS[1], content=FILES[UIDS[2]]), id="another image"),
    ],
)
def test_a_damaged_image_does_not_touch_its_neighbours(hub: LoopbackHub, images: HubImages, bad: bytes) -> None:
    hub.script = lambda _: Answer(200, part(UIDS[0]) + bad + part(UIDS[2]))

    first, second, third = asked(images)

    assert (first, third) == ((UIDS[0], FILES[UIDS[0]]), (UIDS[2], FILES[UIDS[2]]))
    assert second[0] == UIDS[1]
    assert isinstance(second[1], IntegrityMismatch)


@pytest.mark.parametrize("answer", [Answer(200, part(UIDS[0]) + part(UIDS[1], size=10**6))])
def test_an_answer_that_ends_early_is_a_dead_line_behind_what_came_whole(
    hub: LoopbackHub, images: HubImages, answer: Answer
) -> None:
    hub.script = lambda _: answer
    came = images.instances(STUDY_UID, SERIES_UID, UIDS)

    assert next(came) == (UIDS[0], FILES[UIDS[0]])
    with pytest.raises(Unreachable):
        next(came)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(404), id="a hub that knows no such thing"),
        pytest.param(Answer(200, b"<html>"), id="something else"),
        pytest.param(Answer(200, b"1.2.3 many blake3:00\n"), id="no size"),
        pytest.param(Answer(200, part(UIDS[0]).replace(UIDS[0].encode(), b"1.2.3", 1)), id="not asked for"),
        pytest.param(Answer(200, part(UIDS[0]) * 2), id="one twice"),
    ],
)
def test_an_answer_of_another_form_is_refused(hub: LoopbackHub, images: HubImages, answer: Answer) -> None:
    hub.script = lambda _: answer

    with pytest.raises(Refused):
        asked(images)


def test_a_hub_that_is_gone_gives_none() -> None:
    with LoopbackHub(lambda _: Answer(404)) as hub:
        url = hub.url
    with HubClient(url) as client, pytest.raises(Unreachable):
        asked(HubImages(client))


class Many(Archive):
    """Gives what ``given`` makes of several slices; counts how many were asked for together."""

    def __init__(self, given: Sequence[object] = ()) -> None:
        super().__init__()
        self.faults = list(given)
        self.together: list[list[int]] = []

    def instances(
        self, _study: str, _series: str, uids: Sequence[str]
    ) -> Iterator[tuple[str, bytes | IntegrityMismatch]]:
        indices = [int(uid.rsplit(".", 1)[-1]) for uid in uids]
        self.together.append(indices)
        for uid, index in zip(uids, indices, strict=True):
            fault = self.faults.pop(0) if self.faults else None
            if isinstance(fault, IntegrityMismatch):
                yield uid, fault
            elif isinstance(fault, Exception):
                raise fault
            elif fault != "left out":
                yield uid, str(index).encode()


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([], id="none"),
        pytest.param([IntegrityMismatch("cut")], id="a damaged slice"),
        pytest.param([None, Unreachable("gone")], id="a line that breaks midway"),
        pytest.param([None, Refused("no")], id="a refusal midway"),
        pytest.param([Refused("no")], id="a refusal"),
        pytest.param([None, "left out"], id="a slice left out"),
        pytest.param(["left out"] * 8, id="all left out"),
        pytest.param([Refused("no")] * 9, id="a hub that gives one by one only"),
    ],
)
def test_every_slice_is_here_once_whatever_becomes_of_those_together(faults: list[object]) -> None:
    archive, screen = Many(faults), Screen()
    fetch = retriever(archive, screen, 40, connections=1)
    fetch.start()

    assert fetch.wait(30)
    assert fetch.complete
    assert screen.slices == {n: n for n in range(40)}
    assert max(map(len, archive.together)) > 1


def test_the_order_of_the_first_look_holds_for_slices_together() -> None:
    archive, screen = Many(), Screen()
    fetch = retriever(archive, screen, 10, connections=1)
    fetch.start()

    assert fetch.wait(30)
    assert screen.order == [5, 0, 9, 4, 8, 1, 2, 3, 6, 7]


def test_a_slice_that_stays_damaged_among_others_is_told_once() -> None:
    class Damaged(Many):
        def instance(self, study: str, series: str, uid: str) -> bytes:
            if uid.endswith(".5"):
                raise IntegrityMismatch("cut")
            return super().instance(study, series, uid)

        def instances(
            self, study: str, series: str, uids: Sequence[str]
        ) -> Iterator[tuple[str, bytes | IntegrityMismatch]]:
            for uid, file in super().instances(study, series, uids):
                yield uid, IntegrityMismatch("cut") if uid.endswith(".5") else file

    archive, screen = Damaged(), Screen()
    fetch = retriever(archive, screen, 10, connections=1)
    fetch.start()

    assert fetch.wait(30)
    assert fetch.failed == {5}
    assert sorted(screen.slices) == [0, 1, 2, 3, 4, 6, 7, 8, 9]


def test_a_cancelled_series_asks_for_nothing_more() -> None:
    archive, screen = Many(), Screen()
    fetch = retriever(archive, screen, 40, connections=1)
    shown = screen.show

    def show_one(index: int, decoded: int) -> None:
        shown(index, decoded)
        fetch.cancel()

    screen.show = show_one  # type: ignore[method-assign]  # the test's own collector
    fetch = retriever(archive, screen, 40, connections=1)
    fetch.start()

    assert fetch.wait(30)
    assert screen.order == [20]
    assert archive.asked == []


def test_a_slow_line_carries_single_slices_and_a_quick_one_many() -> None:
    portion = Portion()
    for _ in range(9):
        portion.came(LONGEST_S / 10)
    assert portion.size == MOST == 4
    portion.came(LONGEST_S * 0.7)
    assert portion.size == 4
    for _ in range(9):
        portion.came(LONGEST_S * 2)
    assert portion.size == 1
