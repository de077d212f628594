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
from workstation.domain.pictures import Film
from workstation.services.export_service import SavePictures
from workstation.storage.picture_files import PictureFiles


def film(count: int) -> Film:
    frames = []
    for n in range(count):
        frame = np.zeros((20, 30, 3), dtype=np.uint8)
        frame[: n + 1] = (255, 128, 0)
        frames.append(frame)
    return Film(tuple(frames), 80.0, names_patient=False)


def save(path: Path, what: Film) -> None:
    SavePictures(PictureFiles(), FakeAudit())(path, what, "1.2.3", RecordingJob())


def test_a_png_holds_exactly_what_was_on_screen(tmp_path: Path) -> None:
    save(tmp_path / "a.png", film(1))
    with Image.open(tmp_path / "a.png") as read:
        assert np.array_equal(np.asarray(read), film(1).frames[0])


@pytest.mark.parametrize("suffix", ["jpg", "JPEG"])
def test_a_jpeg_holds_nearly_what_was_on_screen(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    save(path, Film((np.full((16, 16, 3), 120, dtype=np.uint8),), 100.0, names_patient=False))
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
    ("frames", "ms"),
    [((), 40.0), ((np.zeros((2, 2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)), 40.0),
     ((np.zeros((2, 2), np.uint8),), 40.0), ((np.zeros((2, 2, 3), np.uint8),), 0.0)],
)  # fmt: skip
def test_a_film_is_of_one_size_in_colour_and_takes_time(frames: tuple[np.ndarray, ...], ms: float) -> None:
    with pytest.raises(ValueError, match=r"film|picture"):
        Film(frames, ms, names_patient=False)
