"""A person's keys: kept, carried to another machine, and never two acts on one key."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.translation import use_language
from workstation.keys import KeyProfile, KeySettings, profile_from_json, profile_to_json
from workstation.settings import Settings, load, save
from workstation.ui.keymap import KeyRow, clashes, key_of, refusal, use_keys

ROWS = (
    KeyRow("page.worklist", "General", "Worklist", "F2", fixed=True),
    KeyRow("tool.window", "Images", "Window", "W"),
    KeyRow("view.invert", "Images", "Invert", "V"),
    KeyRow("findings.redo", "Findings", "Redo", "Ctrl+Y", ("Ctrl+Shift+Z",)),
)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def test_a_profile_survives_the_settings_file(tmp_path: Path) -> None:
    keys = KeySettings().keep(KeyProfile("王主任", {"tool.window": "F9", "view.invert": ""}))
    save(Settings(keys=keys), tmp_path / "settings.toml")
    found = load(tmp_path / "settings.toml")
    assert (found.settings.keys, found.doubts) == (keys, ())
    assert found.settings.keys.in_force == {"tool.window": "F9", "view.invert": ""}


def test_a_broken_profile_in_the_settings_costs_the_profiles_only(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('version = 2\n[keys]\nprofiles = ["{"]\n[worklist]\nrefresh_s = 15\n', encoding="utf-8")
    found = load(path)
    assert (found.settings.keys, found.settings.worklist.refresh_s) == (KeySettings(), 15)
    assert found.doubts == ("invalid:keys.profiles",)


HEAD = '"format": "lianyue-keys-1"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name"),
        ("[]", "no profile of keys"),
        ('{"format": "other", "name": "a", "keys": {}}', "no profile of keys"),
        ("{" + HEAD + ', "name": "a"}', "all of them texts"),
        ("{" + HEAD + ', "name": "a", "keys": {"b": 1}}', "all of them texts"),
        ("{" + HEAD + ', "name": " ", "keys": {}}', "a name of 1 to 40"),
        ("{" + HEAD + ', "name": "a", "keys": {' + ",".join(f'"{n}": "W"' for n in range(501)) + "}}", "too many"),
    ],
)
def test_what_is_no_profile_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        profile_from_json(text)


def test_a_profile_comes_back_as_it_went() -> None:
    mine = KeyProfile("mine", {}).with_key("tool.window", "F9").with_key("view.invert", "W").without("view.invert")
    assert profile_from_json(profile_to_json(mine)) == mine


def test_deleting_the_profile_in_force_brings_the_delivered_keys_back() -> None:
    keys = KeySettings().keep(KeyProfile("a", {"x": "A"})).keep(KeyProfile("b", {"x": "B"}))
    assert keys.in_force == {"x": "B"}
    assert keys.without("a").chosen == "b"
    assert (keys.without("b").chosen, dict(keys.without("b").in_force)) == ("", {})
    with pytest.raises(ValueError, match="one name"):
        KeySettings("a", (profile_to_json(KeyProfile("a")), profile_to_json(KeyProfile("a"))))


@pytest.mark.parametrize(
    ("key", "changed", "words"),
    [
        ("V", {}, "V already is “Invert”. Give that another key first."),
        ("V", {"view.invert": "F9"}, ""),
        ("F9", {"view.invert": "F9"}, "F9 already is “Invert”. Give that another key first."),
        ("Ctrl+Shift+Z", {}, "Ctrl ⇧ Z already is “Redo”. Give that another key first."),
        ("F2", {"page.worklist": "F9"}, "F2 is “Worklist” on every page and stays that."),
        ("Tab", {}, "Tab goes from viewport to viewport and stays that."),
        ("W", {}, ""),
        ("Alt+W", {"view.invert": ""}, ""),
    ],
)
def test_a_key_that_is_taken_is_refused_in_words(key: str, changed: dict[str, str], words: str) -> None:
    assert refusal(key, "tool.window", ROWS, changed) == words


def test_a_profile_from_a_file_says_which_of_its_keys_cannot_be() -> None:
    wrong = clashes(ROWS, {"tool.window": "F2", "view.invert": "F9", "unknown": "F2", "findings.redo": ""})
    assert wrong == {"tool.window": "F2 is “Worklist” on every page and stays that."}


def test_what_nobody_changed_keeps_its_key() -> None:
    use_keys({"tool.window": "F9", "view.invert": ""})
    assert [key_of(one, "Q") for one in ("tool.window", "view.invert", "view.fit")] == ["F9", "", "Q"]
    use_keys({})
    assert key_of("tool.window", "W") == "W"


PAGES = (
    KeyRow("page.worklist", "General", "Worklist", "F2", fixed=True),
    KeyRow("worklist.claim", "Worklist", "Claim", "Ctrl+L", scope=("list",), among_text=True),
    KeyRow("report.renew", "Report", "Take over", "Ctrl+U", scope=("report",), among_text=True),
    KeyRow("reading.save", "Images", "Save the draft", "Ctrl+S", scope=("reading",), among_text=True),
    KeyRow("tool.angle", "Images", "Angle", "A", scope=("reading", "images")),
    KeyRow("follow.align", "Follow-up", "Align", "Alt+P", scope=("reading", "follow-up")),
)
TEXT = "Text is written on this page: its keys are F1 to F12 or go with Ctrl or Alt."


@pytest.mark.parametrize(
    ("key", "command_id", "words"),
    [
        ("Ctrl+U", "worklist.claim", ""),  # on the page of the report it goes on meaning something else
        ("F2", "worklist.claim", "F2 is “Worklist” on every page and stays that."),
        ("Ctrl+S", "tool.angle", "Ctrl S already is “Save the draft”. Give that another key first."),
        ("A", "tool.angle", ""),  # the panel has it while the panel has the keyboard
        ("Backspace", "follow.align", ""),
        ("Backspace", "worklist.claim", TEXT),
        ("J", "report.renew", TEXT),
        ("Shift+Return", "report.renew", TEXT),
        ("Alt+J", "report.renew", ""),
        ("F12", "report.renew", ""),
        ("", "report.renew", ""),
    ],
)
def test_one_key_means_one_thing_in_one_place_and_writes_where_text_is_written(
    key: str, command_id: str, words: str
) -> None:
    assert (refusal(key, command_id, PAGES, {}) if key else "") == words
