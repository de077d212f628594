"""Pictures as files that other programs read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.fakes import FakeAudit
from tests.helpers.jobs import RecordingJob
from workstation.domain.errors import DiskFull, JobCancelled, StorageError
from workstation.domain.pictures import Film, gif_slowdown
from workstation.services.export_service import SavePictures
from workstation.storage.picture_files import PictureFiles


def film(count: int) -> Film:
    frames = []
    for n in range(count):
        frame = np.zeros((20, 30, 3), dtype=np.uint8)
        frame[: n + 1] = (255, 128, 0)
        frames.append(frame)
    return Film(tuple(frames), (80.0,) * count, names_patient=False)


def save(path: Path, what: Film) -> None:
    SavePictures(PictureFiles(), FakeAudit())(path, what, "1.2.3", RecordingJob())


def test_a_png_holds_exactly_what_was_on_screen(tmp_path: Path) -> None:
    save(tmp_path / "a.png", film(1))
    with Image.open(tmp_path / "a.png") as read:
        assert np.array_equal(np.asarray(read), film(1).frames[0])


@pytest.mark.parametrize("suffix", ["jpg", "JPEG"])
def test_a_jpeg_holds_nearly_what_was_on_screen(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    save(path, Film((np.full((16, 16, 3), 120, dtype=np.uint8),), (), names_patient=False))
    with Image.open(path) as read:
        assert read.format == "JPEG"
        assert np.asarray(read).min() >= 118


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_a_film_has_every_frame_at_its_speed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    save(path, film(6))
    with Image.open(path) as read:
        assert getattr(read, "n_frames", 1) == 6
        for n in range(6):
            read.seek(n)
            read.load()
            assert read.info["duration"] == 80
            assert np.asarray(read.convert("RGB"))[n].min(axis=0).tolist() == [255, 128, 0]


def test_a_kind_that_cannot_hold_it_is_refused_with_those_that_can(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        save(tmp_path / "a.png", film(2))
    assert refused.value.hint == "Use one of .gif, .webp."
    with pytest.raises(StorageError):
        save(tmp_path / "a", film(1))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"before")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        save(path, film(1))
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]


def test_a_cancelled_export_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(b"before")
    job = RecordingJob()
    job.cancelled.set()
    with pytest.raises(JobCancelled):
        PictureFiles().write(path, film(5), job.raise_if_cancelled)
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize(
    ("frames", "intervals_ms"),
    [((), ()), ((np.zeros((2, 2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)), (40.0, 40.0)),
     ((np.zeros((2, 2), np.uint8),), ()), ((np.zeros((2, 2, 3), np.uint8),) * 2, (40.0, 0.0)),
     ((np.zeros((2, 2, 3), np.uint8),) * 2, (40.0,))],
)  # fmt: skip
def test_a_film_is_of_one_size_in_colour_and_takes_time(
    frames: tuple[np.ndarray, ...], intervals_ms: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=r"film|picture"):
        Film(frames, intervals_ms, names_patient=False)


@pytest.mark.parametrize(
    ("per_second", "hundredths"),
    [(30.0, [3, 4, 3, 3, 4, 3]), (15.0, [7, 6, 7, 7, 6, 7]), (7.5, [13, 14, 13, 13, 14, 13]), (60.0, [2] * 6)],
)
def test_a_gif_takes_as_long_as_its_clip_in_hundredths_of_a_second_that_programs_play(
    tmp_path: Path, per_second: float, hundredths: list[int]
) -> None:
    """GIF89a counts 1/100 s; a delay of 1 is played as 10, so that 60 pictures a second take 50 to the second."""
    path = tmp_path / "a.gif"
    save(path, Film(film(6).frames, (1000 / per_second,) * 6, names_patient=False))
    assert delays(path) == hundredths


def test_each_picture_of_a_film_stands_as_long_as_its_vector_says_and_a_sweep_is_written_there_and_back(
    tmp_path: Path,
) -> None:
    what = Film(film(4).frames, (100.0, 50.0, 200.0, 30.0), names_patient=False, sweeps=True)
    save(tmp_path / "a.gif", what)
    assert delays(tmp_path / "a.gif") == [10, 5, 20, 3, 20, 5]
    save(tmp_path / "a.webp", what)
    with Image.open(tmp_path / "a.webp") as read:
        filled = []
        for n in range(getattr(read, "n_frames", 1)):
            read.seek(n)
            read.load()
            filled.append((int((np.asarray(read.convert("RGB"))[:, 0, 0] == 255).sum()), read.info["duration"]))
    assert filled == [(1, 100), (2, 50), (3, 200), (4, 30), (3, 200), (2, 50)]


def delays(path: Path) -> list[int]:
    """Return what the Graphic Control Extensions of a GIF say: 21 F9 04, flags, delay in 1/100 s."""
    content = path.read_bytes()
    found, at = [], content.find(b"\x21\xf9\x04")
    while at >= 0:
        found.append(int.from_bytes(content[at + 4 : at + 6], "little"))
        at = content.find(b"\x21\xf9\x04", at + 8)
    return found


@pytest.mark.parametrize(
    ("per_second", "times"), [(7.5, 1.0), (30.0, 1.0), (49.0, 1.0), (50.0, 1.0), (60.0, 1.2), (100.0, 2.0)]
)
@pytest.mark.parametrize("count", [18, 19])
def test_how_much_longer_a_gif_takes_is_known_before_it_is_written(
    tmp_path: Path, per_second: float, times: float, count: int
) -> None:
    """What is told is what the file then takes; at most 50 pictures are played in a second, none is left out."""
    interval_ms = 1000 / per_second
    assert gif_slowdown((interval_ms,) * count) == pytest.approx(times)
    path = tmp_path / "a.gif"
    save(path, Film(film(count).frames, (interval_ms,) * count, names_patient=False))
    assert len(delays(path)) == count
    assert sum(delays(path)) * 10 == pytest.approx(times * count * interval_ms, abs=10)


def test_a_still_takes_no_longer() -> None:
    assert gif_slowdown(()) == 1.0
