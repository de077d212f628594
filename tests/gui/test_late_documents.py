"""What the hub answers late never lands in another hospital's document, and takes no word that was typed since."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.hung import Handle, JobsByHand
from tests.helpers.shared_documents import FakeHubDocuments
from workstation.bootstrap.shared_page import document_trials
from workstation.domain.access import Actor, Role
from workstation.domain.shared_document import DocumentKey, DocumentKind
from workstation.exchange.site_documents import blank_document, document_problems
from workstation.services.jobs import JobRunner
from workstation.services.site_documents import DocumentEntry, EditDocuments
from workstation.ui.dialogs import Dialog
from workstation.ui.documents.publish_dialogs import OvertakenDialog, PublishDocumentDialog
from workstation.ui.pages.document_page import DocumentPage
from workstation.ui.pages.document_presenter import DocumentPresenter

pytestmark = pytest.mark.gui

ALL = DocumentKey(DocumentKind.PHRASES, "phrases")
POLICY = DocumentKey(DocumentKind.RECOGNITION_POLICY, "policy")
OURS = DocumentKey(DocumentKind.PHRASES, "phrases", "qingshui")


def phrases(text: str) -> dict[str, Any]:
    return {"phrases": [{"abbreviation": "zc", "language": "zh_CN", "title": text, "text": text}]}


class Desk:
    """The page, whose jobs come back when the test says so."""

    def __init__(self, qtbot: QtBot) -> None:
        self.hub, self.jobs, self.page = FakeHubDocuments(), JobsByHand(), DocumentPage()
        qtbot.addWidget(self.page)
        actor = Actor("admin", "系统管理员", Role.ADMIN, "")
        service = EditDocuments(self.hub, blank_document, document_problems, lambda: None)
        self.presenter = DocumentPresenter(
            self.page, service, document_trials(), cast("JobRunner", self.jobs), lambda: actor
        )
        self.toasts: list[str] = []
        self.page.toast.connect(self.toasts.append)
        self.jobs.run()

    def entry(self, key: DocumentKey) -> DocumentEntry:
        items = [
            cast("DocumentEntry", self.page.editor.list.item(at).data(0x0100))
            for at in range(self.page.editor.list.count())
        ]
        return next(one for one in items if one.key == key)

    def open(self, key: DocumentKey) -> None:
        self.presenter.choose(self.entry(key))
        self.jobs.run()

    def write(self, text: str) -> None:
        presenter = self.presenter
        if not presenter.draft.get("phrases"):
            presenter._add()
        for place in ("abbreviation", "title", "text"):
            presenter._edit(("phrases", 0, place), "zc" if place == "abbreviation" else text)
        presenter._check()
        self.jobs.run()

    def asked(self) -> Dialog:
        assert self.presenter.dialog is not None
        return self.presenter.dialog

    def go_on_to(self, key: DocumentKey) -> None:
        """Lose the draft knowingly."""
        self.presenter.choose(self.entry(key))
        self.asked().accept()

    def held_back(self) -> Handle:
        return self.jobs.waiting.pop()

    def late(self, handle: Handle) -> None:
        self.jobs.waiting.append(handle)
        self.jobs.run()

    @property
    def at(self) -> tuple[DocumentKey, DocumentKey]:
        assert self.presenter.entry is not None
        assert self.presenter.document is not None
        return self.presenter.entry.key, self.presenter.document.key

    @property
    def listed(self) -> DocumentKey:
        return cast("DocumentEntry", self.page.editor.list.currentItem().data(0x0100)).key


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def published_late(desk: Desk) -> Handle:
    """Publish for all hospitals over a slow line and go on to one hospital's."""
    desk.open(ALL)
    desk.write("For all")
    desk.presenter.publish()
    desk.asked().accept()
    publishing = desk.held_back()
    desk.go_on_to(OURS)
    return publishing


def test_a_late_yes_to_publishing_does_not_join_one_hospitals_words_to_all_hospitals(desk: Desk) -> None:
    publishing = published_late(desk)
    desk.jobs.run()
    desk.late(publishing)
    assert desk.toasts == ["Revision 1 is published"]
    assert desk.at == (OURS, OURS)
    assert not desk.presenter.is_changed
    assert desk.presenter.draft == {"phrases": []}
    assert json.loads(desk.hub.versions[ALL][0].content)["phrases"][0]["text"] == "For all"
    assert desk.listed == OURS


def test_a_late_no_to_publishing_is_told_and_does_not_compare_another_hospitals_words(desk: Desk) -> None:
    publishing = published_late(desk)
    desk.jobs.run()
    desk.hub.put(ALL, json.dumps(phrases("Theirs")), follows=None)
    desk.late(publishing)
    assert desk.presenter.dialog is None
    assert desk.page.notices.notices()[0].fact == "系统管理员 has published another version meanwhile"
    assert desk.at == (OURS, OURS)


def test_what_is_said_of_an_overtaken_draft_is_not_done_to_the_document_opened_since(desk: Desk) -> None:
    publishing = published_late(desk)
    opening = desk.held_back()
    desk.hub.put(ALL, json.dumps(phrases("Theirs")), follows=None)
    desk.late(publishing)
    dialog = desk.asked()
    assert isinstance(dialog, OvertakenDialog)
    desk.late(opening)
    assert desk.at == (OURS, OURS)
    dialog.accept()
    assert desk.at == (OURS, OURS)
    assert desk.presenter.draft == {"phrases": []}


def test_a_late_withdrawal_leaves_the_words_of_the_document_opened_since(desk: Desk) -> None:
    desk.hub.put(ALL, json.dumps(phrases("Theirs")), follows=None)
    desk.presenter.refresh()
    desk.jobs.run()
    desk.open(ALL)
    desk.presenter.withdraw()
    desk.asked().accept()
    withdrawing = desk.held_back()
    desk.open(OURS)
    desk.write("Ours")
    desk.late(withdrawing)
    assert desk.hub.versions[ALL][-1].info.withdrawn
    assert desk.presenter.draft["phrases"][0]["text"] == "Ours"


def test_a_withdrawn_document_is_gone_although_it_was_opened_anew_meanwhile(desk: Desk) -> None:
    desk.hub.put(ALL, json.dumps(phrases("Theirs")), follows=None)
    desk.presenter.refresh()
    desk.jobs.run()
    desk.open(ALL)
    desk.presenter.withdraw()
    desk.asked().accept()
    withdrawing = desk.held_back()
    desk.open(ALL)
    desk.late(withdrawing)
    assert desk.page.state_words() == "As shipped"
    assert desk.presenter.draft == {"phrases": []}


def test_a_question_about_a_document_names_whose_it_is(desk: Desk) -> None:
    desk.open(OURS)
    desk.write("Ours")
    desk.presenter.publish()
    dialog = desk.asked()
    assert isinstance(dialog, PublishDocumentDialog)
    assert dialog.windowTitle() == "Publish “Shared phrases · 清水镇中心卫生院”"


def test_words_typed_while_another_document_is_on_its_way_stay(desk: Desk) -> None:
    desk.open(ALL)
    desk.presenter.choose(desk.entry(OURS))
    opening = desk.held_back()
    desk.write("Typed meanwhile")
    desk.late(opening)
    assert desk.at == (ALL, ALL)
    assert desk.presenter.draft["phrases"][0]["text"] == "Typed meanwhile"
    assert desk.listed == ALL


def test_of_two_documents_asked_for_the_last_one_is_shown_whichever_comes_first(desk: Desk) -> None:
    desk.presenter.choose(desk.entry(OURS))
    first = desk.held_back()
    desk.open(ALL)
    desk.late(first)
    assert desk.at == (ALL, ALL)


def test_asking_for_the_list_anew_does_not_call_back_a_document_on_its_way(desk: Desk) -> None:
    desk.open(ALL)
    desk.presenter.refresh()
    listing = desk.held_back()
    desk.presenter.choose(desk.entry(OURS))
    opening = desk.held_back()
    desk.late(listing)
    desk.late(opening)
    assert desk.at == (OURS, OURS)
    assert desk.listed == OURS


def test_an_examination_tried_on_rules_that_are_just_being_changed_is_answered_in_words(desk: Desk) -> None:
    desk.open(POLICY)
    presenter = desk.presenter
    presenter._edit(("items", 0, "valid_days"), 0)  # no rule; the check of it has not begun
    desk.page.preview.description.setText("胸部 CT")
    desk.jobs.run()
    assert desk.page.preview.answer.text() == "Correct what the checks say first"
    presenter.undo()
    desk.jobs.run()
    assert "nobody graded the images. Rules alliance-imaging 1.1.0." in desk.page.preview.answer.text()
