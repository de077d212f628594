"""Settings survive updates, damage and a site's policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.domain.errors import DiskFull
from workstation.settings import (
    AppearanceSettings,
    ConnectionSettings,
    ReadingSettings,
    Settings,
    WorklistSettings,
    default_path,
    load,
    policy_path,
    save,
)

CHANGED = Settings(
    AppearanceSettings("en", 150, high_contrast=True),
    ConnectionSettings("https://hub.example", "王启明"),
    WorklistSettings(15, preview_open=False, hidden_columns=("arrived", "priors"), column_widths=("patient=180",)),
    ReadingSettings(45, planes_on_gpu=True),
)


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    save(CHANGED, tmp_path / "deep" / "settings.toml")
    loaded = load(tmp_path / "deep" / "settings.toml")
    assert loaded.settings == CHANGED
    assert loaded.doubts == ()


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path / "none.toml").settings == Settings()


def test_a_broken_file_is_set_aside_and_the_workstation_starts(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"\xff\xfe[[[")
    loaded = load(file)
    assert loaded.settings == Settings()
    assert loaded.doubts == ("unreadable:settings.toml",)
    assert (tmp_path / "settings.broken.toml").read_bytes() == b"\xff\xfe[[["


def test_a_broken_file_in_a_folder_that_takes_no_copy_does_not_keep_the_workstation_from_starting(
    tmp_path: Path,
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[[[")
    (tmp_path / "settings.broken.toml").mkdir()
    (tmp_path / "settings.broken.toml" / "settings.toml").mkdir()

    loaded = load(file)

    assert loaded.settings == Settings()
    assert loaded.doubts == ("unreadable:settings.toml", "not_set_aside:settings.toml")


def test_an_old_file_is_migrated_with_a_backup(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('language = "en"\nscale = 1.25\n', encoding="utf-8")
    loaded = load(file)
    assert loaded.settings.appearance == AppearanceSettings("en", 125)
    assert (tmp_path / "settings.v1.toml").exists()


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("[appearance]\nscale_percent = 137", "invalid:appearance.scale_percent"),
        ('[appearance]\nscale_percent = "big"', "invalid:appearance.scale_percent"),
        ('[appearance]\nlanguage = "xx"', "invalid:appearance.language"),
        ("[worklist]\nrefresh_s = 3600", "invalid:worklist.refresh_s"),
    ],
)
def test_an_impossible_value_falls_back_and_is_named(tmp_path: Path, line: str, doubt: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"version = 2\n{line}\n", encoding="utf-8")
    loaded = load(file)
    assert loaded.settings == Settings()
    assert loaded.doubts == (doubt,)


def test_a_newer_file_is_read_as_far_as_known(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('version = 99\n[appearance]\nlanguage = "en"\n[worklist]\nother = 1\n', encoding="utf-8")
    loaded = load(file)
    assert loaded.settings.appearance.language == "en"
    assert loaded.doubts == ("newer_version",)


def test_the_policy_of_the_site_wins(tmp_path: Path) -> None:
    save(CHANGED, tmp_path / "settings.toml")
    (tmp_path / "policy.toml").write_text('connection = {hub_url = "https://site"}\nappearance = 1\n', encoding="utf-8")
    loaded = load(tmp_path / "settings.toml", tmp_path / "policy.toml")
    assert loaded.settings.connection == ConnectionSettings("https://site", "王启明")


def test_a_refused_write_keeps_the_old_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskFull):
        save(CHANGED, tmp_path / "file" / "settings.toml")


def test_settings_lie_in_the_folders_of_the_system() -> None:
    assert default_path().name == "settings.toml"
    assert policy_path().name == "policy.toml"
