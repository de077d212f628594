"""``lianyue critical policy``: what is in force is listed, a wrong file is named, an administrator replaces it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.critical_policy import shipped_policy
from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.hub import HubBed
from workstation.cli import main


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


def test_the_shipped_policy_is_listed_with_codes_and_times(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--language", "en", "critical", "policy", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "lianyue 2026.5"
    assert len(lines) == 17
    assert [line.split() for line in lines if line.startswith("aortic")] == [
        ["aortic-dissection", "RID49480", "SCT", "308546005", "5/10", "min", "Acute", "aortic", "dissection"]
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check"], "Name a policy file"),
        (["check", "missing.json"], "missing.json cannot be read"),
        (["check", "wrong.json"], "The critical value policy wrong.json is not valid"),
        (["import", "good.json"], "Name the hub"),
    ],
)
def test_what_is_missing_is_named(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.json").write_text("{}", encoding="utf-8")
    Path("good.json").write_text(shipped_policy(), encoding="utf-8")
    assert main(["--language", "en", "critical", "policy", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_an_administrator_puts_a_policy_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "county.json"
    path.write_text(shipped_policy().replace('"2026.5"', '"county-7"'), encoding="utf-8")
    monkeypatch.setenv("LIANYUE_PASSWORD", "lianyue-demo")
    with HubBed("sqlite", tmp_path / "hub") as bed:
        assert main(["--language", "en", "critical", "policy", "check", str(path)]) == 0
        assert main(["--language", "en", "critical", "policy", "import", str(path), "--hub", bed.url]) == 0
        assert main(["--language", "en", "critical", "policy", "list", "--hub", bed.url]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == ["lianyue county-7", "lianyue county-7", "lianyue county-7"]
