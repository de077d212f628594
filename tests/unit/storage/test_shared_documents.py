"""What a machine keeps of the hub's documents is whole or not there, and nobody waits for the hub to work."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workstation.domain.errors import DiskFull, StorageError, Unreachable
from workstation.domain.shared_document import (
    DocumentInfo,
    DocumentKey,
    DocumentKind,
    KnownDocuments,
    SharedDocument,
    active_part,
    digest_of,
)
from workstation.domain.site import Site
from workstation.services.shared_documents import FetchDocuments, documents_at_sign_in
from workstation.storage.shared_documents import DocumentCache, cache_folder

AT = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return AT


def document(name: str, content: str = "{}", revision: int = 1, site: str = "") -> SharedDocument:
    key = DocumentKey(DocumentKind.TEMPLATE, name, site)
    return SharedDocument(DocumentInfo(key, revision, "1.0.0", digest_of(content), AT, "周敏"), content)


@dataclass
class FakeHub:
    """A hub in memory that counts what is fetched."""

    held: list[SharedDocument] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    trouble: Exception | None = None
    answers: threading.Event = field(default_factory=threading.Event)
    slow: bool = False

    def all(self) -> list[DocumentInfo]:
        if self.slow:
            self.answers.wait(30)
        if self.trouble is not None:
            raise self.trouble
        return [one.info for one in self.held]

    def read(self, key: DocumentKey, revision: int = 0) -> SharedDocument:
        self.fetched.append(f"{key.name} {revision}")
        return next(one for one in self.held if one.info.key == key)

    def history(self, key: DocumentKey) -> list[DocumentInfo]:
        return [one.info for one in self.held if one.info.key == key]

    def put(self, key: DocumentKey, content: str, *, follows: DocumentInfo | None) -> DocumentInfo:
        made = document(key.name, content, 1 if follows is None else follows.revision + 1, key.site_id)
        self.held = [*(one for one in self.held if one.info.key != key), made]
        return made.info

    def sites(self) -> list[Site]:
        return [Site("qingshui", "清水镇中心卫生院")]

    def withdraw(self, info: DocumentInfo) -> DocumentInfo:
        self.held = [one for one in self.held if one.info.key != info.key]
        return info


@pytest.fixture
def cache(tmp_path: Path) -> DocumentCache:
    return DocumentCache(tmp_path / "documents")


def fetch(hub: FakeHub, cache: DocumentCache) -> FetchDocuments:
    return FetchDocuments(hub, cache, Clock())


def test_only_what_changed_is_fetched_and_what_is_gone_goes(cache: DocumentCache) -> None:
    hub = FakeHub([document("a"), document("b", "{1}"), document("c")])
    fetch(hub, cache)()
    hub.held = [document("a"), document("b", "{2}", revision=2)]
    hub.fetched.clear()

    known = fetch(hub, cache)()

    assert hub.fetched == ["b 2"]
    assert known == cache.load() == KnownDocuments(tuple(hub.held), AT)
    assert sorted(path.name for path in cache.folder.iterdir()) == sorted(
        [f"{digest_of('{}')}.json", f"{digest_of('{2}')}.json", "index.json"]
    )


def test_a_damaged_copy_counts_as_not_there_and_is_fetched_again(cache: DocumentCache) -> None:
    hub = FakeHub([document("a", "{1}"), document("b", "{2}")])
    fetch(hub, cache)()
    (cache.folder / f"{digest_of('{1}')}.json").write_text("{0}", encoding="utf-8")
    assert [one.info.key.name for one in cache.load().documents] == ["b"]
    hub.fetched.clear()

    fetch(hub, cache)()

    assert hub.fetched == ["a 1"]
    assert [one.content for one in cache.load().documents] == ["{1}", "{2}"]


@pytest.mark.parametrize(
    "index",
    ["", "{", "[]", '{"form": 2}', '{"form": 1, "documents": [{"kind": "template"}], "fetched_at": ""}'],
)
def test_an_index_that_cannot_be_read_is_no_reason_to_stop(cache: DocumentCache, index: str) -> None:
    cache.folder.mkdir()
    (cache.folder / "index.json").write_text(index, encoding="utf-8")

    assert cache.load() == KnownDocuments()


def test_an_index_never_leads_out_of_its_folder(cache: DocumentCache) -> None:
    cache.keep(KnownDocuments((document("a"),), AT))
    index = json.loads((cache.folder / "index.json").read_text(encoding="utf-8"))
    index["documents"][0]["sha256"] = "../../secret"
    (cache.folder / "index.json").write_text(json.dumps(index), encoding="utf-8")

    assert cache.load() == KnownDocuments()


def test_a_disk_that_refuses_is_told(cache: DocumentCache) -> None:
    (cache.folder / "index.json").mkdir(parents=True)

    with pytest.raises(StorageError):
        cache.load()


def test_two_hubs_share_nothing_on_one_machine(tmp_path: Path) -> None:
    assert cache_folder(tmp_path, "https://one.example") != cache_folder(tmp_path, "https://two.example")


def test_a_hub_that_is_away_leaves_what_was_kept_and_says_from_when(cache: DocumentCache) -> None:
    hub = FakeHub([document("a")])
    fetch(hub, cache)()
    hub.trouble = Unreachable("away")

    at_hand = documents_at_sign_in(fetch(hub, cache), 10.0)

    assert at_hand.is_stale
    assert at_hand.known.fetched_at == AT
    assert [one.info.key.name for one in at_hand.known.documents] == ["a"]


def test_what_the_hub_says_in_time_is_used_at_once(cache: DocumentCache) -> None:
    at_hand = documents_at_sign_in(fetch(FakeHub([document("a")]), cache), 30.0)

    assert not at_hand.is_stale
    assert at_hand.known.find(DocumentKey(DocumentKind.TEMPLATE, "a")) == document("a")
    assert at_hand.known.of_kind(DocumentKind.LETTERHEAD) == ()


def test_nobody_waits_for_a_slow_hub_and_its_answer_is_kept_for_next_time(cache: DocumentCache) -> None:
    hub = FakeHub([document("a")], slow=True)

    at_hand = documents_at_sign_in(fetch(hub, cache), 0.0)
    hub.answers.set()
    for thread in threading.enumerate():
        if thread.name == "documents":
            thread.join(30)

    assert (at_hand.is_late, at_hand.known) == (True, KnownDocuments())
    assert [one.info.key.name for one in cache.load().documents] == ["a"]


def test_a_full_disk_keeps_nobody_from_signing_in(cache: DocumentCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise DiskFull("full")

    monkeypatch.setattr("workstation.storage.shared_documents.replace_file", full)
    at_hand = documents_at_sign_in(fetch(FakeHub([document("a")]), cache), 30.0)

    assert isinstance(at_hand.trouble, DiskFull)
    assert at_hand.known == KnownDocuments()


def test_a_folder_that_cannot_be_read_either_is_as_if_it_were_empty(cache: DocumentCache) -> None:
    (cache.folder / "index.json").mkdir(parents=True)

    at_hand = documents_at_sign_in(fetch(FakeHub(trouble=Unreachable("away")), cache), 30.0)

    assert (at_hand.is_stale, at_hand.known) == (True, KnownDocuments())


@pytest.mark.parametrize(("kind", "name", "site"), [("template", "a/b", ""), ("template", "", ""),
                                                    ("recognition_policy", "policy", "beihe")])  # fmt: skip
def test_a_document_has_a_name_that_is_one_and_a_policy_no_site(kind: str, name: str, site: str) -> None:
    with pytest.raises(ValueError, match=r"named by|whole alliance"):
        DocumentKey(DocumentKind(kind), name, site)


def test_a_content_that_is_not_what_was_promised_makes_no_document() -> None:
    with pytest.raises(ValueError, match="does not have its digest"):
        SharedDocument(document("a").info, "{ }")


def test_the_tag_names_revision_and_content() -> None:
    assert document("a", revision=3).info.tag == f'"3.{digest_of("{}")}"'


def test_active_content_is_found_wherever_it_lies() -> None:
    assert active_part({"a": [1, None, {"b": "plain <6 mm"}]}) == ""
    assert active_part({"a": [{"<script>": 1}]}) == "<script>"
    assert active_part(["x", "JavaScript:go()"]) == "JavaScript:go()"
    assert active_part(["< / script >", "< script"]) == "< script"


def test_a_long_text_that_almost_acts_is_judged_in_a_time_that_grows_with_its_length_alone() -> None:
    """With two repeats over the same blanks this would take hours, not a moment."""
    blanks = " " * 1_000_000
    for almost in ("<", "</", "<" * 1000, "onload", "javascript", "data:"):
        assert active_part([f"{almost}{blanks}x"]) == ""
