"""A report of two parts of the body says that its template asks for one of them only."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.desk import DeskBench
from workstation.exchange.templates.library import TemplateLibrary

pytestmark = pytest.mark.gui


def test_the_other_template_is_named_and_taken_with_one_press(qtbot: QtBot) -> None:
    library = TemplateLibrary()
    chest = library.get("ct-chest")
    bench = DeskBench(template=library.get("ct-abdomen"))
    bench.open(qtbot.waitUntil)
    page, _presenter = bench.page()
    session = bench.desk.session
    assert session is not None
    assert page.notices.notices() == []

    session.further_templates = (chest,)
    bench.desk.opened.emit(session)
    (notice,) = page.notices.notices()
    assert [(notice.key, action.text) for action in notice.actions] == [("further-templates", chest.title.en)]
    notice.actions[0].handler()

    assert session.template.template_id == "ct-chest"
    assert page.notices.notices() == []
    bench.close()
