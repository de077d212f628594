"""The hospital's letterhead as data: each site's own, checked, and never in the way of a report."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from workstation.domain.errors import TemplateViolation
from workstation.exchange.paper.letterheads import LetterheadFolder, load_letterhead

NAME = {"zh": "清水镇中心卫生院", "en": "Qingshui Township Hospital"}


def write(folder: Path, name: str, **more: object) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"name": NAME, **more}), encoding="utf-8")
    return path


def test_a_site_has_its_own_letterhead_and_the_others_that_of_all(tmp_path: Path) -> None:
    write(tmp_path, "qs", phone="0571-1234")
    write(tmp_path, "default", phone="0571-9999")
    heads = LetterheadFolder(tmp_path)

    assert [heads.for_site(site).phone for site in ("qs", "elsewhere", "qs")] == ["0571-1234", "0571-9999", "0571-1234"]


def test_without_any_the_reading_centre_heads_the_report() -> None:
    assert LetterheadFolder().for_site("qs").name.zh == "省影像专科联盟远程诊断中心"


def test_a_site_s_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "secret")
    own = tmp_path / "letterheads"
    own.mkdir()

    assert LetterheadFolder(own).for_site("../secret").name.zh == "省影像专科联盟远程诊断中心"


def test_a_broken_letterhead_is_named_and_keeps_nobody_from_reporting(tmp_path: Path) -> None:
    write(tmp_path, "qs", phone="call me")
    heads = LetterheadFolder(tmp_path)

    assert heads.for_site("qs").name.zh == "省影像专科联盟远程诊断中心"
    assert len(heads.broken) == 1
    assert "qs.json" in heads.broken[0]


def test_a_transparent_logo_is_laid_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (40, 20), (0, 0, 0, 0)).save(tmp_path / "logo.png")
    head = load_letterhead(write(tmp_path, "qs", logo="logo.png"))

    with Image.open(BytesIO(head.logo_png)) as opened:
        assert (opened.mode, opened.size, opened.getpixel((5, 5))) == ("RGB", (40, 20), (255, 255, 255))


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(40), bytes(600 * 1024)],
    ids=["empty", "a GIF", "a damaged PNG", "too large"],
)
def test_a_logo_that_is_no_small_png_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "logo.png").write_bytes(content)

    with pytest.raises(TemplateViolation):
        load_letterhead(write(tmp_path, "qs", logo="logo.png"))


def test_a_logo_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    Image.new("L", (3000, 2000)).save(tmp_path / "logo.png")

    with pytest.raises(TemplateViolation):
        load_letterhead(write(tmp_path, "qs", logo="logo.png"))


def test_a_logo_that_is_missing_or_elsewhere_is_refused(tmp_path: Path) -> None:
    for logo in ("none.png", "../logo.png"):
        with pytest.raises(TemplateViolation):
            load_letterhead(write(tmp_path, "qs", logo=logo))
