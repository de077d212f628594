"""A draft of this machine is given to the hospitals by one button, and never over what nobody looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.fakes import FakeAudit
from tests.unit.storage.test_shared_documents import Clock, FakeHub
from workstation.bootstrap.site_templates import SiteTemplates
from workstation.domain.errors import NoLongerUpdatable
from workstation.domain.shared_document import DocumentInfo, DocumentKey, DocumentKind
from workstation.services.shared_documents import DocumentsAtHand, FetchDocuments
from workstation.services.template_service import EditTemplates, PublishTemplate
from workstation.storage.shared_documents import DocumentCache
from workstation.ui.document_words import documents_fact
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.template_page import TemplatePage
from workstation.ui.pages.template_presenter import TemplatePresenter
from workstation.ui.templates.publish_dialog import PublishDialog

pytestmark = pytest.mark.gui
HEAD = DocumentKey(DocumentKind.TEMPLATE, "ct-head", "")


class Desk:
    """The page of a quality manager, with a hub in memory."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot, self.hub = qtbot, FakeHub()
        fetch = FetchDocuments(self.hub, DocumentCache(folder / "cache"), Clock())
        self.store = SiteTemplates(folder, fetch.cache.load)
        self.jobs, self._main = runner_on_main_thread()
        self.page = TemplatePage()
        self.presenter = TemplatePresenter(
            self.page, EditTemplates(self.store, FakeAudit()), self.jobs, PublishTemplate(self.hub, self.store, fetch)
        )
        qtbot.addWidget(self.page)
        self.page.show()
        self.shows("ct-head")

    def shows(self, template_id: str) -> None:
        self.qtbot.waitUntil(lambda: bool(self.presenter.draft))
        self.presenter.choose(template_id)
        self.qtbot.waitUntil(lambda: self.presenter.draft.get("template_id") == template_id)

    def draft(self, title: str) -> None:
        """Change the title and save a version of this machine."""
        self.presenter._edit(("title", "en"), title)
        self.qtbot.waitUntil(self.page.save.isEnabled)
        self.page.save.click()
        self.qtbot.waitUntil(self.page.publish.isEnabled)

    def asked(self) -> PublishDialog:
        self.page.publish.click()
        self.qtbot.waitUntil(lambda: isinstance(self.presenter.dialog, PublishDialog))
        dialog = self.presenter.dialog
        assert isinstance(dialog, PublishDialog)
        return dialog

    def close(self) -> None:
        self._main.close()
        self.jobs.close()


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(qtbot, tmp_path)
    yield made
    made.close()


def test_only_a_saved_draft_of_this_machine_can_be_published(desk: Desk) -> None:
    assert not desk.page.publish.isEnabled()
    desk.presenter.publish()
    desk.presenter._edit(("title", "en"), "Ours")
    desk.qtbot.waitUntil(desk.page.save.isEnabled)
    assert desk.page.publish.toolTip() == "Save the version first"
    desk.presenter.publish()

    assert desk.presenter.dialog is None


def test_a_published_draft_is_what_the_hub_gives_from_then_on(desk: Desk) -> None:
    desk.draft("Head of the alliance")
    assert desk.page.state_words() == "Draft of this machine"
    dialog = desk.asked()
    assert dialog.told.text() == "The hub has no version of it yet."
    assert [dialog.site.itemText(at) for at in range(dialog.site.count())] == [
        "All hospitals of the alliance", "清水镇中心卫生院",
    ]  # fmt: skip

    dialog.accept()
    desk.qtbot.waitUntil(lambda: desk.page.state_words() == "Saved")

    (given,) = desk.hub.held
    assert (given.info.key, '"en": "Head of the alliance"' in given.content) == (HEAD, True)
    entry = next(one for one in desk.store.entries() if one.template_id == "ct-head")
    assert (entry.own, entry.shared) == (False, "1.0.0")


def test_a_version_that_came_meanwhile_is_shown_before_it_is_put_out_of_force(desk: Desk) -> None:
    desk.draft("Mine")
    desk.hub.put(HEAD, "{}", follows=None)

    dialog = desk.asked()

    assert "In force: version 1.0.0 by 周敏" in dialog.told.text()
    assert "published after this draft was begun" in dialog.told.text()
    assert not dialog.site.isEnabled()
    dialog.reject()
    assert [one.content for one in desk.hub.held] == ["{}"]


def test_who_was_too_slow_keeps_the_draft_and_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.draft("Mine")
    dialog = desk.asked()

    def faster(*_given: object, **_named: object) -> DocumentInfo:
        raise NoLongerUpdatable("周敏 has published another version meanwhile")

    monkeypatch.setattr(desk.hub, "put", faster)
    dialog.accept()

    desk.qtbot.waitUntil(lambda: bool(desk.page.notices.notices()))
    assert next(one for one in desk.store.entries() if one.template_id == "ct-head").own
    assert desk.page.publish.isEnabled()


def test_the_status_line_says_from_when_the_templates_are(desk: Desk) -> None:
    never = documents_fact(DocumentsAtHand(is_late=True))
    desk.draft("Ours")
    desk.asked().accept()
    desk.qtbot.waitUntil(lambda: desk.page.state_words() == "Saved")
    kept = documents_fact(DocumentsAtHand(DocumentCache(desk.store.data_dir / "cache").load(), NoLongerUpdatable("x")))

    assert never.text == "Templates and letterheads: this machine's own only"
    assert kept.text.startswith("Templates and letterheads as of 03-05 ")
    assert "Reports can be written and signed." in kept.tooltip
