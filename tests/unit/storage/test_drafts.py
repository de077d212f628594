"""Drafts: encrypted, found again, never mixed up."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.reports import STUDY_UID, drafted_report
from workstation.domain.errors import Locked, NewerSchema, StorageError
from workstation.storage.crypto import CannotOpen, seal, unseal
from workstation.storage.data_dir import default_data_dir, private_dir
from workstation.storage.drafts import DraftStore

KEY = bytes(range(32))


def test_a_draft_comes_back_as_it_was(tmp_path: Path) -> None:
    report = drafted_report("双肺未见明确结节 🫁")
    DraftStore(tmp_path, KEY).save(report)

    assert report == DraftStore(tmp_path, KEY).load(STUDY_UID, "resident")


def test_the_newest_draft_wins(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    for text in ("一", "二", "三"):
        store.save(drafted_report(text))

    loaded = store.load(STUDY_UID, "resident")

    assert loaded is not None
    assert loaded.values["findings"] == "三"


def test_there_is_no_draft_of_another_study_or_user(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report())

    assert store.load("1.2.3", "resident") is None
    assert store.load(STUDY_UID, "expert") is None


def test_a_senior_keeps_a_draft_of_his_own_on_a_juniors_report(tmp_path: Path) -> None:
    signed_in = "resident"
    store = DraftStore(tmp_path, KEY, editor=lambda: signed_in)
    store.save(drafted_report("初写"))
    signed_in = "expert"
    store.save(drafted_report("审核修改"))

    junior, senior = store.load(STUDY_UID, "resident"), store.load(STUDY_UID, "expert")

    assert (junior and junior.values["findings"], senior and senior.values["findings"]) == ("初写", "审核修改")


def test_neither_text_nor_names_nor_uids_lie_readable_on_the_disk(tmp_path: Path) -> None:
    DraftStore(tmp_path, KEY).save(drafted_report("右肺上叶结节"))
    on_disk = b"".join(str(p).encode() + p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())

    for word in ("右肺上叶结节", "李明", STUDY_UID, "resident", "general"):
        assert word.encode() not in on_disk


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "drafts"
    DraftStore(folder, KEY).save(drafted_report())

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_another_key_does_not_find_the_draft(tmp_path: Path) -> None:
    DraftStore(tmp_path, KEY).save(drafted_report())

    assert DraftStore(tmp_path, bytes(32)).load(STUDY_UID, "resident") is None


def test_a_damaged_draft_gives_the_version_before(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report("前一版"))
    store.save(drafted_report("最新版"))
    (newest,) = tmp_path.glob("*.draft")
    newest.write_bytes(newest.read_bytes()[:-1])

    loaded = store.load(STUDY_UID, "resident")

    assert loaded is not None
    assert loaded.values["findings"] == "前一版"


def test_when_every_version_is_damaged_it_is_told(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report())
    (newest,) = tmp_path.glob("*.draft")
    newest.write_bytes(b"LY\x01" + bytes(40))

    with pytest.raises(Locked):
        store.load(STUDY_UID, "resident")


def test_a_draft_of_another_form_is_told_and_not_deleted(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report())
    (newest,) = tmp_path.glob("*.draft")
    newest.write_bytes(seal(KEY, b'{"values": {}}', newest.stem.encode()))

    with pytest.raises(CannotOpen):
        store.load(STUDY_UID, "resident")

    assert newest.exists()


def test_a_draft_of_a_newer_version_is_told(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report())
    (newest,) = tmp_path.glob("*.draft")
    newest.write_bytes(b"LY\x02" + bytes(40))

    with pytest.raises(NewerSchema):
        store.load(STUDY_UID, "resident")


def test_a_draft_moved_to_another_study_does_not_open(tmp_path: Path) -> None:
    """Somebody who swaps files on the disk must not put one patient's text into another's report."""
    other = "1.2.826.0.1.3680043.10.1.2"
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report())
    (first,) = tmp_path.glob("*.draft")
    store.save(drafted_report("另一位患者", study_uid=other))
    (second,) = set(tmp_path.glob("*.draft")) - {first}
    second.write_bytes(first.read_bytes())

    with pytest.raises(CannotOpen):
        store.load(other, "resident")


def test_discarding_leaves_nothing(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report("一"))
    store.save(drafted_report("二"))

    store.discard(STUDY_UID, "resident")
    store.discard(STUDY_UID, "resident")

    assert store.load(STUDY_UID, "resident") is None
    assert list(tmp_path.iterdir()) == []


def test_a_draft_that_is_set_aside_makes_room_and_stays_readable(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts", b"k" * 32)
    mine = drafted_report()
    user = mine.author.user_id
    assert store.asides(STUDY_UID, user) == ()
    store.set_aside(STUDY_UID, user)  # nothing is there: nothing happens
    store.save(mine)

    store.set_aside(STUDY_UID, user)
    other = replace(mine, report_uid="2.25.9")
    store.save(other)
    store.discard(STUDY_UID, user)

    assert store.asides(STUDY_UID, user) == (mine,)
    assert store.load(STUDY_UID, user) is None


def test_no_earlier_version_of_a_draft_that_was_set_aside_comes_back(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts", b"k" * 32)
    first = drafted_report()
    user = first.author.user_id
    store.save(first)
    newest = replace(first, report_uid="2.25.9")
    store.save(newest)

    store.set_aside(STUDY_UID, user)

    assert store.load(STUDY_UID, user) is None
    assert store.asides(STUDY_UID, user) == (newest,)


def test_a_text_that_is_set_aside_never_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts", b"k" * 32)
    mine = drafted_report()
    user = mine.author.user_id
    kept = [replace(mine, report_uid=f"2.25.{number}") for number in range(11)]
    for one in kept:
        store.save(one)
        store.set_aside(STUDY_UID, user)

    assert store.asides(STUDY_UID, user) == tuple(kept[-9:])  # the oldest of very many goes


def test_what_the_disk_refuses_of_a_draft_aside_is_told(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts", b"k" * 32)
    mine = drafted_report()
    store.save(mine)
    (newest,) = (tmp_path / "drafts").glob("*.draft")
    for ending in (".aside", *(f".aside{number}" for number in range(1, 9))):
        newest.with_suffix(ending).mkdir()
        (newest.with_suffix(ending) / "x").touch()

    with pytest.raises(StorageError):
        store.set_aside(STUDY_UID, mine.author.user_id)
    with pytest.raises(StorageError):
        store.asides(STUDY_UID, mine.author.user_id)
    assert store.load(STUDY_UID, mine.author.user_id) == mine


def test_between_the_two_renames_the_former_version_is_found(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report("前一版"))
    (newest,) = tmp_path.glob("*.draft")
    newest.rename(newest.with_suffix(".former"))

    loaded = store.load(STUDY_UID, "resident")

    assert loaded is not None
    assert loaded.values["findings"] == "前一版"


def test_a_vanished_folder_is_a_storage_error_and_not_a_traceback(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts", KEY)
    (tmp_path / "drafts").rmdir()

    with pytest.raises(StorageError):
        store.save(drafted_report())


def test_a_folder_in_the_place_of_a_draft_is_a_storage_error(tmp_path: Path) -> None:
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report())
    (newest,) = tmp_path.glob("*.draft")
    newest.unlink()
    newest.mkdir()

    with pytest.raises(StorageError):
        store.load(STUDY_UID, "resident")
    with pytest.raises(StorageError):
        store.discard(STUDY_UID, "resident")


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(StorageError):
        private_dir(tmp_path / "data")


def test_the_data_folder_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert "Lianyue" in default_data_dir().name


def test_sealed_bytes_open_only_in_their_context() -> None:
    sealed = seal(KEY, b"text", b"here")

    assert unseal(KEY, sealed, b"here") == b"text"
    with pytest.raises(CannotOpen):
        unseal(KEY, sealed, b"there")


def test_every_changed_byte_is_noticed() -> None:
    sealed = seal(KEY, b"text", b"here")
    opened = 0
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        try:
            unseal(KEY, bytes(changed), b"here")
            opened += 1
        except (CannotOpen, NewerSchema):
            pass

    assert opened == 0


def test_an_edited_draft_keeps_its_revision(tmp_path: Path) -> None:
    report = replace(drafted_report(), revision=7)
    DraftStore(tmp_path, KEY).save(report)

    loaded = DraftStore(tmp_path, KEY).load(STUDY_UID, "resident")

    assert loaded is not None
    assert loaded.revision == 7
