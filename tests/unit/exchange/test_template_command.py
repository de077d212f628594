"""``lianyue templates``: a site brings its own, takes ours along, and a bad file keeps nobody from reporting."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from resources.translation import CHINESE, ENGLISH, use_language
from workstation.bootstrap import templates
from workstation.domain.errors import TemplateViolation
from workstation.exchange.templates.library import TemplateLibrary
from workstation.exchange.templates.mrrt_export import export_mrrt


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(templates, "default_data_dir", lambda: tmp_path / "data")
    return tmp_path


def run(action: str, template: str | Path = "", out: Path | None = None) -> int:
    return templates.run_templates_command(argparse.Namespace(action=action, template=str(template), out=out))


def test_an_mrrt_template_of_the_site_replaces_the_shipped_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = export_mrrt(TemplateLibrary().get("ct-head"), "zh_CN").replace("CT 颅脑检查诊断报告单", "我院颅脑 CT 报告")
    (folder / "head.html").write_text(own, encoding="utf-8")

    assert run("check", folder / "head.html") == 0
    assert templates.template_library().get("ct-head").title.zh == "CT 颅脑检查诊断报告单"
    assert run("import", folder / "head.html") == 0
    assert templates.template_library().get("ct-head").title.zh == "我院颅脑 CT 报告"
    assert len(templates.template_library().all()) == len(TemplateLibrary().all())
    assert run("list") == 0
    assert "我院颅脑 CT 报告" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["html", "json"])
def test_a_template_is_exported_in_either_form_and_comes_back(folder: Path, ending: str) -> None:
    use_language(ENGLISH)
    try:
        assert run("export", "ct-chest", folder / f"out.{ending}") == 0
    finally:
        use_language(CHINESE)

    assert run("import", folder / f"out.{ending}") == 0
    assert templates.template_library().get("ct-chest").field("impression").required


def test_a_broken_file_of_the_site_is_named_and_the_others_still_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = folder / "data" / "report-templates"
    own.mkdir(parents=True)
    (own / "bad.json").write_text("{", encoding="utf-8")

    assert run("list") == 0
    assert "bad.json" in capsys.readouterr().out
    assert templates.template_library().for_study("CT", "胸部").template_id == "ct-chest"


def test_what_cannot_be_read_or_is_not_named_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(TemplateViolation):
        run("check")
    with pytest.raises(TemplateViolation, match=r"none\.json"):
        run("import", folder / "none.json")
    with pytest.raises(TemplateViolation, match="hip-mr"):
        run("export", "hip-mr")


def test_a_code_that_no_dictionary_has_is_named_before_the_template_is_used(folder: Path) -> None:
    text = export_mrrt(TemplateLibrary().get("ct-head"), "en").replace('value="272519000"', 'value="272519001"')
    (folder / "head.html").write_text(text, encoding="utf-8")

    for action in ("check", "import"):
        with pytest.raises(TemplateViolation) as caught:
            run(action, folder / "head.html")
        assert "272519001 (SCT)" in caught.value.hint
    assert not (folder / "data").exists()
