"""Templates and letterheads of the hub stand before those of the machine, each hospital's own before all others."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from resources.recognition_policy import shipped_recognition_policy
from resources.templates import template_paths
from workstation.bootstrap.documents import hub_judges
from workstation.bootstrap.letterheads import recognition_policy, site_letterheads
from workstation.bootstrap.site_templates import SiteTemplates
from workstation.bootstrap.templates import templates_at_hand
from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import (
    DocumentInfo,
    DocumentKey,
    DocumentKind,
    JudgedDocument,
    KnownDocuments,
    SharedDocument,
    digest_of,
)
from workstation.exchange.paper.letterheads import packed_letterhead, unpacked_letterhead

AT = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)
HEAD = json.loads(next(path for path in template_paths() if path.stem == "ct-head").read_text(encoding="utf-8"))


def known(*documents: SharedDocument) -> KnownDocuments:
    return KnownDocuments(documents, AT)


def shared(kind: DocumentKind, name: str, content: str, site: str = "", version: str = "9.0.0") -> SharedDocument:
    info = DocumentInfo(DocumentKey(kind, name, site), 4, version, digest_of(content), AT, "周敏")
    return SharedDocument(info, content)


def head(
    template_id: str = "ct-head", title: str = "联盟头颅", site: str = "", version: str = "9.0.0"
) -> SharedDocument:
    raw = HEAD | {"template_id": template_id, "version": version, "title": {"zh": title, "en": "Head"}}
    return shared(DocumentKind.TEMPLATE, template_id, json.dumps(raw), site, version)


def letterhead(name: str, site: str = "") -> SharedDocument:
    content = json.dumps({"letterhead": {"name": {"zh": name, "en": "X"}}, "logo_png": ""})
    return shared(DocumentKind.LETTERHEAD, "letterhead", content, site)


def test_the_hubs_template_stands_before_the_shipped_one_and_others_stay(tmp_path: Path) -> None:
    library = templates_at_hand(known(head()), tmp_path)

    assert library.get("ct-head").title.zh == "联盟头颅"
    assert library.for_study("CT", "头颅平扫").version == "9.0.0"
    assert library.get("ct-chest").template_id == "ct-chest"
    assert library.for_study("XX", "").template_id == "general"


def test_a_hospitals_own_template_is_for_its_own_studies_only(tmp_path: Path) -> None:
    library = templates_at_hand(known(head(), head("qs-head", "清水头颅", "qingshui")), tmp_path)

    assert library.for_study("CT", "头颅平扫", "qingshui").title.zh == "清水头颅"
    assert library.for_study("CT", "头颅平扫", "beihe").title.zh == "联盟头颅"
    assert {"qs-head", "ct-head"} <= {one.template_id for one in library.all()}


def test_a_reader_is_offered_the_templates_of_the_studys_hospital_and_of_no_other(tmp_path: Path) -> None:
    own, anothers = head("ct-head", "清水头颅", "qingshui"), head("bh-head", "北河", "beihe")
    library = templates_at_hand(known(head(), own, anothers), tmp_path)

    offered = {one.template_id: one.title.zh for one in library.of_site("qingshui")}
    assert (offered["ct-head"], "bh-head" in offered, "ct-chest" in offered) == ("清水头颅", False, True)
    assert [one.title.zh for one in library.of_site("beihe") if one.template_id == "ct-head"] == ["联盟头颅"]


def test_a_template_of_a_newer_hub_keeps_nobody_from_reporting(tmp_path: Path) -> None:
    library = templates_at_hand(known(shared(DocumentKind.TEMPLATE, "ct-head", "{}")), tmp_path)

    assert library.get("ct-head").version == HEAD["version"]
    assert library.broken == ("Report template ct-head is not valid",)
    with pytest.raises(TemplateViolation):
        library.get("lost")


def test_a_hospitals_letterhead_heads_its_reports_else_that_of_all_else_this_machines(tmp_path: Path) -> None:
    heads = site_letterheads(known(letterhead("清水", "qingshui"), letterhead("联盟")), tmp_path)
    only_here = site_letterheads(known(letterhead("清水", "qingshui")), tmp_path)

    assert [heads.for_site(site).name.zh for site in ("qingshui", "beihe", "qingshui")] == ["清水", "联盟", "清水"]
    assert only_here.for_site("beihe").name.zh == "省影像专科联盟远程诊断中心"


def test_a_broken_letterhead_of_the_hub_is_named_and_another_heads_the_report(tmp_path: Path) -> None:
    broken = shared(DocumentKind.LETTERHEAD, "letterhead", '{"letterhead": {}}', "qingshui")

    assert site_letterheads(known(broken, letterhead("联盟")), tmp_path).for_site("qingshui").name.zh == "联盟"


def test_a_letterhead_travels_with_its_logo(tmp_path: Path) -> None:
    Image.new("RGB", (20, 10), "red").save(tmp_path / "logo.png")
    raw = {"name": {"zh": "清水", "en": "Qingshui"}, "logo": "logo.png"}
    (tmp_path / "qs.json").write_text(json.dumps(raw), encoding="utf-8")

    packed = packed_letterhead(tmp_path / "qs.json")

    assert base64.b64decode(json.loads(packed)["logo_png"]) == (tmp_path / "logo.png").read_bytes()
    assert unpacked_letterhead(packed, "qs").logo_png.startswith(b"\x89PNG")
    assert hub_judges()[DocumentKind.LETTERHEAD](packed) == JudgedDocument("letterhead", "")
    (tmp_path / "logo.png").write_bytes(b"GIF89a")
    with pytest.raises(TemplateViolation):
        packed_letterhead(tmp_path / "qs.json")


def test_the_hubs_policy_of_recognition_holds_and_a_broken_one_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, allow_warnings: None
) -> None:
    raw = json.dumps(json.loads(shipped_recognition_policy()) | {"version": "7.0.0"})
    good = shared(DocumentKind.RECOGNITION_POLICY, "policy", raw)
    bad = shared(DocumentKind.RECOGNITION_POLICY, "policy", "{}")

    assert recognition_policy(known(good), tmp_path).version == "7.0.0"
    assert recognition_policy(known(bad), tmp_path).version == json.loads(shipped_recognition_policy())["version"]
    assert "the shipped policy holds" in caplog.text


def test_a_draft_of_this_machine_is_told_from_what_the_hub_gives(tmp_path: Path) -> None:
    given = known(head(version="9.0.0"))
    store = SiteTemplates(tmp_path, lambda: given)
    entry = next(one for one in store.entries() if one.template_id == "ct-head")
    assert (entry.own, entry.shared, entry.version) == (False, "9.0.0", "9.0.0")
    assert store.load("ct-head")["title"]["zh"] == "联盟头颅"
    with pytest.raises(TemplateViolation, match="in use already"):
        store.save(store.load("ct-head") | {"version": "8.0.0"})

    store.save(store.load("ct-head") | {"version": "9.1.0"})

    entry = next(one for one in store.entries() if one.template_id == "ct-head")
    assert (entry.own, entry.shared, entry.version) == (True, "9.0.0", "9.1.0")
    assert (store.begun_from("ct-head"), store.begun_from("ct-chest")) == (4, 0)


def test_a_published_draft_becomes_history_and_the_hubs_version_stands(tmp_path: Path) -> None:
    given = known(head(version="9.0.0"))
    store = SiteTemplates(tmp_path, lambda: given)
    store.save(store.load("ct-head") | {"version": "9.1.0"})

    store.published("ct-head")
    store.published("never-drafted")

    assert store.load("ct-head")["version"] == "9.0.0"
    assert (store.folder / "versions" / "ct-head-9.1.0.json").is_file()
    assert store.begun_from("ct-head") == 0


def test_a_note_of_beginnings_that_is_damaged_counts_as_none(tmp_path: Path) -> None:
    store = SiteTemplates(tmp_path)
    (store.folder / "versions").mkdir(parents=True)
    (store.folder / "versions" / "begun-from").write_text("[]", encoding="utf-8")

    assert store.begun_from("ct-head") == 0
