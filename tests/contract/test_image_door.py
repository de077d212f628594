"""The short way out gives the very answer of the route, and only what the route would give."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from blake3 import blake3
from sqlalchemy import update
from starlette.types import Receive, Scope, Send

from tests.helpers.dicom_bytes import INSTANCE, SERIES, STUDY, small_image
from tests.helpers.dicomweb_hub import AS_STORED, DicomwebHub, dicomweb_hub, store
from worklist.hub.image_door import ImageDoor
from worklist.hub.instance_tables import dicom_instances

OTHER = "1.2.3.10.1.2"
SERIES_URL = f"/dicom-web/studies/{STUDY}/series/{SERIES}"
URL = f"{SERIES_URL}/instances/{INSTANCE}"
READER = {"Authorization": "Bearer token of reader", "Accept": AS_STORED}
OWNER = {"Authorization": "Bearer token of tech-a", "Accept": AS_STORED}
STRANGER = {"Authorization": "Bearer token of tech-b", "Accept": AS_STORED}


class Door:
    """The door with nobody behind it: what it does not answer itself gets 418."""

    def __init__(self, hub: DicomwebHub) -> None:
        self._door = ImageDoor(_nobody, hub.context, hub.app.state.wado)

    def ask(self, url: str, headers: dict[str, str]) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._door), base_url="http://hub") as client:
                return await client.get(url, headers=headers)

        return asyncio.run(asked())

    def answers(self, url: str, headers: dict[str, str]) -> bool:
        return self.ask(url, headers).status_code != 418


async def _nobody(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _stopped() -> float:
    """Keep sessions fresh however slow the machine is."""
    return 0.0


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomwebHub]:
    """Return a hub that knows two images of a series and three people, as after the first image was shown."""
    with dicomweb_hub(tmp_path_factory.mktemp("door"), monotonic=_stopped) as made:
        assert store(made.client("tech-a"), [small_image(), small_image(instance=OTHER)]).status_code == 200
        for user in ("reader", "tech-b", "tech-a"):
            made.client(user).get(URL, headers={"Accept": AS_STORED})
        yield made


def test_an_image_leaves_by_the_door_as_it_leaves_by_the_route(hub: DicomwebHub) -> None:
    client = hub.client("reader")
    by_route = client.get(URL, headers={"Accept": f"{AS_STORED}, */*;q=0"})  # no wish that the door knows
    by_door = client.get(URL, headers={"Accept": AS_STORED})

    assert by_door.content == by_route.content == small_image()
    assert _said(by_door) == _said(by_route)
    assert Door(hub).answers(URL, READER)


def _said(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


def test_the_other_images_of_a_series_are_known_with_its_first(hub: DicomwebHub) -> None:
    answer = Door(hub).ask(f"{SERIES_URL}/instances/{OTHER}", OWNER)

    assert (answer.status_code, answer.content) == (200, small_image(instance=OTHER))


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        pytest.param(URL, STRANGER, id="another site"),
        pytest.param(URL, {"Accept": AS_STORED}, id="nobody"),
        pytest.param(URL, READER | {"Authorization": "Bearer guessed"}, id="an unknown session"),
        pytest.param(URL, READER | {"Authorization": "Basic token of reader"}, id="another scheme"),
        pytest.param(URL, READER | {"Accept": "application/dicom"}, id="another form"),
        pytest.param(URL, READER | {"If-None-Match": '"x"'}, id="only what is new"),
        pytest.param(f"{URL}?accept=image/png", READER, id="a wish in the query"),
        pytest.param(f"{SERIES_URL}/instances/1.2.3.77", READER, id="an unknown image"),
        pytest.param(f"/dicom-web/studies/1.2.3/series/{SERIES}/instances/{INSTANCE}", READER, id="another study"),
        pytest.param(f"{URL}/metadata", READER, id="another resource"),
    ],
)
def test_everything_else_is_the_routes(hub: DicomwebHub, url: str, headers: dict[str, str]) -> None:
    assert not Door(hub).answers(url, headers)


def test_another_site_learns_nothing_at_the_door(hub: DicomwebHub) -> None:
    assert hub.client("tech-b").get(URL, headers={"Accept": AS_STORED}).status_code == 404


def test_nobody_passes_after_signing_out(tmp_path: Path) -> None:
    with dicomweb_hub(tmp_path, monotonic=_stopped) as hub:
        assert store(hub.client("tech-a"), [small_image()]).status_code == 200
        hub.client("reader").get(URL, headers={"Accept": AS_STORED})
        door = Door(hub)
        assert door.answers(URL, READER)
        hub.context.sessions.forget()
        assert not door.answers(URL, READER)


def test_a_file_that_is_gone_is_told_by_the_route(tmp_path: Path) -> None:
    with dicomweb_hub(tmp_path, monotonic=_stopped) as hub:
        assert store(hub.client("tech-a"), [small_image()]).status_code == 200
        reader = hub.client("reader")
        assert reader.get(URL, headers={"Accept": AS_STORED}).status_code == 200
        for file in (tmp_path / "objects").rglob("*.dcm"):
            file.unlink()
        assert reader.get(URL, headers={"Accept": AS_STORED}).status_code == 503


TOGETHER = f"/api/studies/{STUDY}/series/{SERIES}/images?instances="


def _parts(answer: httpx.Response) -> list[tuple[str, str, bytes]]:
    found, content = [], answer.content
    while content:
        head, _, rest = content.partition(b"\n")
        uid, size, digest = head.decode().split(" ")
        found.append((uid, digest, rest[: int(size)]))
        content = rest[int(size) :]
    return found


def test_several_images_leave_in_one_answer_in_the_order_asked_for(hub: DicomwebHub) -> None:
    answer = Door(hub).ask(f"{TOGETHER}{OTHER},{INSTANCE}", OWNER)

    first, second = small_image(instance=OTHER), small_image()
    assert _parts(answer) == [
        (OTHER, f"blake3:{blake3(first).hexdigest()}", first),
        (INSTANCE, f"blake3:{blake3(second).hexdigest()}", second),
    ]


def test_what_cannot_leave_with_the_others_is_left_out(hub: DicomwebHub) -> None:
    assert [uid for uid, *_ in _parts(Door(hub).ask(f"{TOGETHER}1.2.3.77,{INSTANCE}", READER))] == [INSTANCE]
    assert Door(hub).ask(f"{TOGETHER}{INSTANCE}", STRANGER).content == b""


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        pytest.param(TOGETHER + INSTANCE, {}, id="nobody"),
        pytest.param(TOGETHER + INSTANCE, {"Authorization": "Bearer guessed"}, id="an unknown session"),
        pytest.param(TOGETHER, READER, id="no image"),
        pytest.param(TOGETHER + ",".join(["1.2"] * 33), READER, id="too many"),
        pytest.param(TOGETHER + "../x", READER, id="no UID"),
    ],
)
def test_nobody_else_gets_several_images(hub: DicomwebHub, url: str, headers: dict[str, str]) -> None:
    assert not Door(hub).answers(url, headers)


def test_an_image_of_former_days_leaves_with_its_sha256(tmp_path: Path) -> None:
    with dicomweb_hub(tmp_path, monotonic=_stopped) as hub:
        assert store(hub.client("tech-a"), [small_image()]).status_code == 200
        with hub.context.write() as connection:
            connection.execute(update(dicom_instances).values(blake3=""))
        client = hub.client("reader")
        alone = client.get(URL, headers={"Accept": AS_STORED})
        (together,) = _parts(client.get(TOGETHER + INSTANCE))

    digest = hashlib.sha256(small_image()).hexdigest()
    assert (alone.headers["etag"], alone.headers.get("repr-digest")) == (f'"sha256:{digest}"', None)
    assert together[1] == f"sha256:{digest}"


def test_a_lost_file_leaves_the_others_alone(tmp_path: Path) -> None:
    with dicomweb_hub(tmp_path, monotonic=_stopped) as hub:
        assert store(hub.client("tech-a"), [small_image(), small_image(instance=OTHER)]).status_code == 200
        lost = hashlib.sha256(small_image()).hexdigest()
        next((tmp_path / "objects").rglob(f"{lost}.dcm")).unlink()
        reader = hub.client("reader")
        reader.get(f"{SERIES_URL}/instances/{OTHER}", headers={"Accept": AS_STORED})
        came = _parts(reader.get(f"{TOGETHER}{INSTANCE},{OTHER}"))

    assert [uid for uid, *_ in came] == [OTHER]
