"""A reader's own phrases on disk."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from workstation.domain.errors import DiskFull, StorageError
from workstation.domain.phrase import Phrase
from workstation.storage.phrases import PhraseFile

OWN = Phrase("zc", "正常", "未见异常。", "zh_CN", ("ct-chest",), (("impression", "未见异常。"),))


def test_phrases_come_back_as_they_were_kept(tmp_path: Path) -> None:
    file = PhraseFile(tmp_path / "phrases" / "phrases.json")
    assert file.load() == ()
    file.save((OWN,))
    assert PhraseFile(file.path).load() == (OWN,)
    assert json.loads(file.path.read_text(encoding="utf-8"))["version"] == 1


def test_a_full_disk_keeps_the_phrases_that_were_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = PhraseFile(tmp_path / "phrases.json")
    file.save((OWN,))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        file.save(())
    assert file.load() == (OWN,)


def one(abbreviation: str, title: str) -> bytes:
    fields = f'"abbreviation": "{abbreviation}", "title": {title}, "text": "x", "language": "en"'
    return f'{{"version": 1, "phrases": [{{{fields}, "templates": [], "fields": {{}}}}]}}'.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"version": 2, "phrases": []}',
        b'{"version": 1}',
        b'{"version": 1, "phrases": [{"abbreviation": "zc"}]}',
        one("zc", "1"),
        one("Z C", '""'),
    ],
)
def test_a_damaged_file_is_told_and_never_written_over(tmp_path: Path, content: bytes) -> None:
    file = PhraseFile(tmp_path / "phrases.json")
    file.path.write_bytes(content)
    with pytest.raises(StorageError) as refused:
        file.save((OWN,))
    assert refused.value.hint
    assert file.path.read_bytes() == content


def test_a_disk_that_does_not_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "phrases.json").mkdir()
    with pytest.raises(StorageError):
        PhraseFile(tmp_path / "phrases.json").load()
