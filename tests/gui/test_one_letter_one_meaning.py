"""A letter means one thing on the whole reading page, whichever part of it has the keyboard."""

from __future__ import annotations

from collections import defaultdict

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.follow_up import FollowUpBench
from workstation.ui.keymap import portable

pytestmark = pytest.mark.gui

SAME_MEANING = {"findings.next": "next", "follow.next": "next", "findings.previous": "back", "follow.previous": "back"}
"""The nodules of the follow-up are the findings: to go on means the same in both lists"""


def test_no_letter_has_two_meanings_on_the_reading_page(qtbot: QtBot) -> None:
    use_language("en")
    bench = FollowUpBench()
    qtbot.addWidget(bench.page)
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for row in bench.page.commands.key_rows() + bench.page.view_commands.key_rows():
        for key in row.keys({}):
            if portable(key).removeprefix("Alt+").removeprefix("Shift+").isalpha():
                meanings[key].add(SAME_MEANING.get(row.command_id, row.command_id))
    single = {key for key in meanings if len(key) == 1}

    assert single >= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")  # the registry was read whole
    assert {"Alt+P", "Alt+M", "Shift+A"} <= set(meanings)
    letters = {key: told for key, told in meanings.items() if len(key.rpartition("+")[2]) == 1}
    assert {key: told for key, told in letters.items() if len(told) > 1} == {}
    bench.close()


def test_the_angle_and_the_alignment_of_a_prior_have_keys_of_their_own(qtbot: QtBot) -> None:
    bench = FollowUpBench()
    qtbot.addWidget(bench.page)
    keys = {row.command_id: row.delivered for row in bench.page.view_commands.key_rows()}
    assert (keys["tool.angle"], keys["follow.align"]) == ("A", "Alt+P")
    bench.close()
