"""What the hub gives anew holds for new reports without signing in again, and never for one that is open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from resources.recognition_policy import shipped_recognition_policy
from resources.templates import template_paths
from tests.helpers.shared_documents import FakeHubDocuments
from workstation.bootstrap.letterheads import LiveLetterheads, live_policy
from workstation.bootstrap.templates import live_templates
from workstation.domain.errors import Unreachable
from workstation.domain.shared_document import DocumentInfo, DocumentKey, DocumentKind, KnownDocuments
from workstation.services.shared_documents import DocumentsInUse
from workstation.ui.document_watch import DocumentWatch
from workstation.ui.document_words import taken_words, waiting_fact
from workstation.ui.jobs_qt import runner_on_main_thread

pytestmark = pytest.mark.gui

HEAD = DocumentKey(DocumentKind.LETTERHEAD, "letterhead")
POLICY = DocumentKey(DocumentKind.RECOGNITION_POLICY, "policy")
CHEST = DocumentKey(DocumentKind.TEMPLATE, "ct-chest")
SHIPPED = json.loads(next(path for path in template_paths() if path.stem == "ct-chest").read_text(encoding="utf-8"))


def chest(version: str, title: str) -> str:
    return json.dumps(SHIPPED | {"version": version, "title": {"zh": title, "en": title}})


def letterhead(name: str) -> str:
    return json.dumps({"letterhead": {"name": {"zh": name, "en": name}}, "logo_png": ""})


class Watching:
    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot, self.hub, self.in_use = qtbot, FakeHubDocuments(), DocumentsInUse()
        self.free = True
        self.waiting: list[tuple[DocumentInfo, ...]] = []
        self.taken: list[tuple[DocumentInfo, ...]] = []
        self.jobs, self._main = runner_on_main_thread()
        self.watch = DocumentWatch(
            self.jobs, self._fetch, self.in_use, lambda: self.free, waiting=self.waiting.append, taken=self.taken.append
        )

    def _fetch(self) -> KnownDocuments:
        found = tuple(self.hub.read(info.key, info.revision) for info in self.hub.all())
        return KnownDocuments(found, datetime(2026, 11, 22, tzinfo=UTC))

    def ask(self) -> None:
        self.watch.ask()
        self.qtbot.waitUntil(lambda: self.watch._asking is None)

    def close(self) -> None:
        self.watch.stop()
        self._main.close()
        self.jobs.close()


@pytest.fixture
def watching(qtbot: QtBot) -> Iterator[Watching]:
    made = Watching(qtbot)
    yield made
    made.close()


def test_while_no_report_is_open_newer_ones_hold_from_now_on(watching: Watching, tmp_path: Path) -> None:
    templates, heads = live_templates(watching.in_use, tmp_path), LiveLetterheads(watching.in_use, tmp_path)
    policy = live_policy(watching.in_use, tmp_path)
    assert templates.get("ct-chest").version == SHIPPED["version"]
    watching.hub.put(CHEST, chest("9.0.0", "Our chest"), follows=None, version="9.0.0")
    watching.hub.put(HEAD, letterhead("Ours"), follows=None)
    own = json.loads(shipped_recognition_policy()) | {"version": "2.0.0"}
    watching.hub.put(POLICY, json.dumps(own), follows=None, version="2.0.0")
    watching.ask()
    assert [len(one) for one in watching.taken] == [3]
    assert taken_words(watching.taken[0]).startswith("New from the hub, for new reports: Report template 9.0.0")
    assert templates.get("ct-chest").title.en == "Our chest"
    assert templates.for_study("CT", "Chest CT").version == "9.0.0"
    assert heads.for_site("qingshui").name.en == "Ours"
    assert policy().version == "2.0.0"


def test_an_open_report_keeps_what_it_began_with_and_the_reader_is_told_that_newer_ones_wait(
    watching: Watching, tmp_path: Path
) -> None:
    templates = live_templates(watching.in_use, tmp_path)
    watching.free = False
    watching.hub.put(CHEST, chest("9.0.0", "Our chest"), follows=None, version="9.0.0")
    watching.ask()
    assert templates.get("ct-chest").version == SHIPPED["version"]
    assert waiting_fact(watching.waiting[0]).text == "Newer documents of the hub wait"
    assert watching.taken == []
    watching.free = True
    watching.qtbot.waitUntil(lambda: bool(watching.taken))
    assert templates.get("ct-chest").version == "9.0.0"


def test_a_draft_goes_on_in_the_version_that_it_was_begun_with(watching: Watching, tmp_path: Path) -> None:
    templates = live_templates(watching.in_use, tmp_path)
    first = watching.hub.put(CHEST, chest("9.0.0", "First"), follows=None, version="9.0.0")
    watching.ask()
    watching.hub.put(CHEST, chest("9.1.0", "Second"), follows=first, version="9.1.0")
    watching.ask()
    begun = templates.begun_with("ct-chest", "9.0.0")
    assert begun is not None
    assert begun.title.en == "First"
    for version, wanted in ((SHIPPED["version"], SHIPPED["version"]), ("7.0.0", "9.1.0")):
        found = templates.begun_with("ct-chest", version)
        assert found is not None
        assert found.version == wanted
    assert templates.begun_with("hip-mr", "1.0.0") is None


def test_a_report_of_one_site_never_goes_on_in_the_template_of_another(watching: Watching, tmp_path: Path) -> None:
    templates = live_templates(watching.in_use, tmp_path)
    ours, theirs = replace(CHEST, site_id="qingshui"), replace(CHEST, site_id="elsewhere")
    watching.hub.put(theirs, chest("9.0.1", "Theirs"), follows=None, version="9.0.1")
    first = watching.hub.put(ours, chest("9.0.1", "Ours"), follows=None, version="9.0.1")
    watching.ask()
    watching.hub.put(ours, chest("9.0.2", "Ours anew"), follows=first, version="9.0.2")
    watching.ask()
    for version, site, wanted in (
        ("9.0.1", "qingshui", "Ours"),
        ("9.0.2", "qingshui", "Ours anew"),
        ("9.0.1", "elsewhere", "Theirs"),
        ("9.0.2", "elsewhere", "Theirs"),
    ):
        begun = templates.begun_with("ct-chest", version, site)
        assert begun is not None
        assert begun.title.en == wanted


def test_a_site_without_a_template_of_its_own_goes_on_in_the_alliances(watching: Watching, tmp_path: Path) -> None:
    templates = live_templates(watching.in_use, tmp_path)
    first = watching.hub.put(CHEST, chest("9.0.1", "For all"), follows=None, version="9.0.1")
    watching.hub.put(replace(CHEST, site_id="elsewhere"), chest("9.0.2", "Theirs"), follows=None, version="9.0.2")
    watching.ask()
    watching.hub.put(CHEST, chest("9.0.3", "For all anew"), follows=first, version="9.0.3")
    watching.ask()
    for version, wanted in (("9.0.1", "For all"), ("9.0.2", "For all anew")):
        begun = templates.begun_with("ct-chest", version, "qingshui")
        assert begun is not None
        assert begun.title.en == wanted


def test_a_template_that_one_site_replaces_stays_as_it_is_for_the_others(watching: Watching, tmp_path: Path) -> None:
    templates = live_templates(watching.in_use, tmp_path)
    watching.hub.put(replace(CHEST, site_id="elsewhere"), chest("9.0.1", "Theirs"), follows=None, version="9.0.1")
    watching.ask()
    assert templates.for_study("CT", "胸部 chest", "elsewhere").title.en == "Theirs"
    shipped = templates.for_study("CT", "胸部 chest", "qingshui")
    assert (shipped.template_id, shipped.version) == ("ct-chest", SHIPPED["version"])


def test_a_silent_hub_changes_nothing_and_the_newest_are_not_told_as_news(watching: Watching) -> None:
    watching.hub.trouble = Unreachable("The hub does not answer")
    watching.ask()
    assert (watching.waiting, watching.taken) == ([], [])
    watching.hub.trouble = None
    watching.ask()
    assert watching.taken == [()]


def test_what_was_withdrawn_holds_no_longer(watching: Watching, tmp_path: Path) -> None:
    heads = LiveLetterheads(watching.in_use, tmp_path)
    info = watching.hub.put(HEAD, letterhead("Ours"), follows=None)
    watching.ask()
    watching.hub.withdraw(info)
    watching.ask()
    assert heads.for_site("qingshui").name.en != "Ours"
    assert watching.in_use.newer(replace(watching.in_use.known)) == ()
