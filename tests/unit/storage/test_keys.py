"""The key to local data: never in the clear, never replaced while data needs it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import keyring.backend
import keyring.backends.fail
import keyring.errors
import pytest

from workstation.domain.errors import Locked, NewerSchema
from workstation.storage.keys import KeyStore, system_keyring


class MemoryKeyring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise keyring.errors.KeyringLocked("locked")
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.is_locked:
            raise keyring.errors.KeyringLocked("locked")
        self.secrets[service, username] = password


def test_the_same_passphrase_opens_the_same_key(tmp_path: Path) -> None:
    made = KeyStore(tmp_path, keyring=None).unlock("correct horse")

    assert len(made) == 32
    assert made == KeyStore(tmp_path, keyring=None).unlock("correct horse")


@pytest.mark.parametrize("wrong", ["", "Correct horse", "correct horse "])
def test_a_wrong_passphrase_is_locked_out(tmp_path: Path, wrong: str) -> None:
    KeyStore(tmp_path, keyring=None).unlock("correct horse")

    with pytest.raises(Locked) as caught:
        KeyStore(tmp_path, keyring=None).unlock(wrong)

    assert caught.value.user_text
    assert caught.value.hint


def test_without_keyring_no_key_is_made_without_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(Locked):
        KeyStore(tmp_path, keyring=None).unlock()

    assert list(tmp_path.iterdir()) == []


def test_the_key_is_nowhere_on_the_disk(tmp_path: Path) -> None:
    key = KeyStore(tmp_path, keyring=None).unlock("correct horse")
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    for form in (key, base64.b64encode(key), key.hex().encode()):
        assert form not in on_disk


def test_a_keyring_keeps_the_key_and_asks_for_no_passphrase(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    store = KeyStore(tmp_path, keyring=ring)

    assert not store.needs_passphrase
    assert store.unlock() == KeyStore(tmp_path, keyring=ring).unlock()
    assert len(ring.secrets) == 1


def test_two_data_folders_have_two_keys(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert KeyStore(tmp_path / "a", keyring=ring).unlock() != KeyStore(tmp_path / "b", keyring=ring).unlock()


@pytest.mark.parametrize("loss", ["entry gone", "no keyring any more", "locked", "another key"])
def test_a_lost_keyring_entry_locks_and_makes_no_new_key(tmp_path: Path, loss: str) -> None:
    ring = MemoryKeyring()
    KeyStore(tmp_path, keyring=ring).unlock()
    before = (tmp_path / "key.json").read_bytes()
    if loss == "entry gone":
        ring.secrets.clear()
    elif loss == "locked":
        ring.is_locked = True
    elif loss == "another key":
        ring.secrets = dict.fromkeys(ring.secrets, "QUJD" * 11)

    with pytest.raises(Locked):
        KeyStore(tmp_path, keyring=None if loss == "no keyring any more" else ring).unlock()

    assert before == (tmp_path / "key.json").read_bytes()


def test_a_locked_keyring_makes_no_key(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    ring.is_locked = True

    with pytest.raises(Locked):
        KeyStore(tmp_path, keyring=ring).unlock()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", ["drafts/abc.draft", "outbox.sqlite"])
def test_no_new_key_is_made_over_data_of_a_lost_one(tmp_path: Path, left: str) -> None:
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_bytes(b"sealed")

    with pytest.raises(Locked):
        KeyStore(tmp_path, keyring=None).unlock("correct horse")


def test_changing_the_passphrase_keeps_the_key(tmp_path: Path) -> None:
    store = KeyStore(tmp_path, keyring=None)
    key = store.unlock("old one")

    store.change_passphrase("old one", "new one")

    assert key == store.unlock("new one")
    with pytest.raises(Locked):
        store.unlock("old one")


def test_changing_the_passphrase_needs_the_old_one(tmp_path: Path) -> None:
    store = KeyStore(tmp_path, keyring=None)
    key = store.unlock("old one")

    with pytest.raises(Locked):
        store.change_passphrase("guess", "new one")

    assert key == store.unlock("old one")


def test_there_is_no_passphrase_to_change_where_a_keyring_is_used(tmp_path: Path) -> None:
    store = KeyStore(tmp_path, keyring=MemoryKeyring())
    store.unlock()

    with pytest.raises(Locked):
        store.change_passphrase("", "new one")


def test_a_newer_key_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(json.dumps({"schema": 2, "where": "elsewhere"}))

    with pytest.raises(NewerSchema):
        KeyStore(tmp_path, keyring=None).unlock("correct horse")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"schema": "1"}',
        b'{"schema": 1, "where": "passphrase"}',
        b'{"schema": 1, "where": "passphrase", "time_cost": 1, "memory_kib": 64, "lanes": 1, "salt": "?"}',
    ],
)
def test_a_damaged_key_file_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.json").write_bytes(content)

    with pytest.raises(Locked):
        KeyStore(tmp_path, keyring=None).unlock("correct horse")

    assert content == (tmp_path / "key.json").read_bytes()


def test_only_keyrings_that_protect_their_secrets_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)

    assert system_keyring() is None


def test_the_first_real_keyring_of_a_chain_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class SecretService:
        pass

    SecretService.__module__ = "keyring.backends.SecretService"
    real: object = SecretService()

    class Chain:
        backends = (object(), real)

    monkeypatch.setattr(keyring, "get_keyring", Chain)

    assert real is system_keyring()
