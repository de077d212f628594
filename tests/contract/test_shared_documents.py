"""What the hub gives every site: checked before it is in force, one winner, every version kept, no other site's."""

from __future__ import annotations

import argparse
import base64
import json
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from PIL import Image

from resources.recognition_policy import shipped_recognition_policy
from resources.templates import template_paths
from tests.helpers.hub import HubBed, expect
from worklist.documents import HubDocuments
from worklist.http import HubClient
from worklist.hub.demo import DEMO_PASSWORD
from workstation.bootstrap.documents import run_documents_command
from workstation.domain.errors import IntegrityMismatch, NoLongerUpdatable, NotPermitted, Refused, TemplateViolation
from workstation.domain.shared_document import DocumentKey, DocumentKind, digest_of

People: TypeAlias = Callable[[str], HubDocuments]

CHEST = json.loads(next(path for path in template_paths() if path.stem == "ct-chest").read_text(encoding="utf-8"))
_count = iter(range(1000))


def template(template_id: str, version: str = "1.0.0", title: str = "我院胸部 CT") -> str:
    own = CHEST | {"template_id": template_id, "version": version, "title": {"zh": title, "en": "Our chest CT"}}
    return json.dumps(own, ensure_ascii=False)


def key(site: str = "", kind: DocumentKind = DocumentKind.TEMPLATE) -> DocumentKey:
    return DocumentKey(kind, f"t{next(_count)}", site)


def logo() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (20, 10), "red").save(buffer, "PNG")
    return buffer.getvalue()


def letterhead(name: str = "清水镇中心卫生院", png: bytes | None = None) -> str:
    return json.dumps(
        {
            "letterhead": {"name": {"zh": name, "en": "Qingshui"}, "logo": "logo.png"},
            "logo_png": base64.b64encode(logo() if png is None else png).decode(),
        }
    )


@pytest.fixture
def people(hub: HubBed) -> Iterator[People]:
    """Return the documents as a named person sees them, through the real client."""
    clients: list[HubClient] = []

    def as_(user: str) -> HubDocuments:
        client = HubClient(hub.url)
        client.authorise(hub.app.state.accounts.open_session(user).token)
        clients.append(client)
        return HubDocuments(client)

    yield as_
    for client in clients:
        client.close()


def test_a_template_that_the_quality_manager_publishes_reaches_the_reader_with_version_and_digest(
    people: People,
) -> None:
    where = key()
    content = template(where.name)

    put = people("quality").put(where, content, follows=None)
    seen = people("expert")
    (listed,) = [one for one in seen.all() if one.key == where]
    read = seen.read(where)

    assert (put.revision, put.version, put.sha256, put.changed_by) == (1, "1.0.0", digest_of(content), "周敏")
    assert listed == put
    assert read.content == content


def test_of_two_who_edit_the_same_version_one_wins_and_the_other_is_told_by_whom(people: People) -> None:
    where, admin, quality = key(), people("admin"), people("quality")
    first = admin.put(where, template(where.name), follows=None)
    start = threading.Barrier(2)
    told: list[object] = []

    def publish(who: HubDocuments, title: str) -> None:
        start.wait()
        try:
            told.append(who.put(where, template(where.name, "1.1.0", title), follows=first))
        except NoLongerUpdatable as error:
            told.append(error)

    threads = [threading.Thread(target=publish, args=(who, title)) for who, title in ((admin, "甲"), (quality, "乙"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    lost = [one for one in told if isinstance(one, NoLongerUpdatable)]
    won = [one for one in told if not isinstance(one, NoLongerUpdatable)]

    assert (len(won), len(lost)) == (1, 1)
    assert lost[0].user_text in {
        "周敏 has published another version meanwhile",
        "系统管理员 has published another version meanwhile",
    }
    assert [one.revision for one in admin.history(where)] == [2, 1]


def test_every_version_that_was_in_force_can_still_be_read(people: People) -> None:
    where, admin = key(), people("admin")
    one = template(where.name, "1.0.0", "第一版")
    first = admin.put(where, one, follows=None)
    second = admin.put(where, template(where.name, "1.1.0", "第二版"), follows=first)
    admin.withdraw(second)

    assert admin.read(where, 1).content == one
    assert [(info.version, info.withdrawn) for info in admin.history(where)] == [
        ("1.1.0", True),
        ("1.1.0", False),
        ("1.0.0", False),
    ]
    assert where not in [info.key for info in admin.all()]
    with pytest.raises(Refused):
        admin.read(where)


def test_a_lost_answer_may_be_asked_for_again(people: People) -> None:
    where, admin = key(), people("admin")

    first = admin.put(where, template(where.name), follows=None)

    assert admin.put(where, template(where.name), follows=None) == first


def test_what_was_withdrawn_can_be_published_again(people: People) -> None:
    where, admin = key(), people("admin")
    gone = admin.withdraw(admin.put(where, template(where.name), follows=None))

    assert admin.withdraw(gone) == gone
    assert admin.put(where, template(where.name), follows=None).revision == 3


@pytest.mark.parametrize("user", ["expert", "technician", "trainer"])
def test_only_those_who_may_edit_templates_publish_them(people: People, user: str) -> None:
    where = key()

    with pytest.raises(NotPermitted):
        people(user).put(where, template(where.name), follows=None)


def test_letterheads_and_what_is_recognised_are_the_administrators(people: People) -> None:
    where = DocumentKey(DocumentKind.LETTERHEAD, "letterhead", "beihe")
    with pytest.raises(NotPermitted):
        people("quality").put(where, letterhead(), follows=None)

    assert people("admin").put(where, letterhead(), follows=None).revision == 1


def test_a_technician_reads_what_is_of_all_sites_and_of_the_own_one_only(people: People) -> None:
    admin = people("admin")
    everywhere, here, there = key(), key("qingshui"), key("beihe")
    for where in (everywhere, here, there):
        admin.put(where, template(where.name), follows=None)
    technician = people("technician")
    seen = {one.key for one in technician.all()}

    assert (everywhere in seen, here in seen, there in seen) == (True, True, False)
    assert technician.read(here).info.key == here
    for ask in (technician.read, technician.history):
        with pytest.raises(Refused):
            ask(there)


def refused(people: People, where: DocumentKey, content: str) -> str:
    with pytest.raises(TemplateViolation) as told:
        people("admin").put(where, content, follows=None)
    assert told.value.hint == "Nothing was published; what was in force still is."
    return told.value.user_text


def test_the_hub_judges_before_anything_is_in_force(people: People) -> None:
    where = key()
    broken = json.dumps(CHEST | {"template_id": where.name, "sections": []})

    assert "$.sections" in refused(people, where, broken)
    assert "JSONDecodeError" in refused(people, where, "{")
    assert f"not {where.name}" in refused(people, where, template("another"))


@pytest.mark.parametrize(
    "evil",
    ["<script>alert(1)</script>", "javascript:alert(1)", "<img src=x onerror=alert(1)>", "\u202eevil", "a\x07b"],
)
def test_active_content_is_refused(people: People, evil: str) -> None:
    where = key()

    assert "could act instead of being read" in refused(people, where, template(where.name, title=evil))


def test_smaller_and_larger_signs_are_no_active_content(people: People) -> None:
    where = key()

    assert people("admin").put(where, template(where.name, title="结节 <6 mm，>8 mm"), follows=None).revision == 1


@pytest.mark.parametrize("png", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n broken"])
def test_a_logo_that_is_no_picture_is_refused(people: People, png: bytes) -> None:
    refused(people, DocumentKey(DocumentKind.LETTERHEAD, "letterhead"), letterhead(png=png))


def test_a_version_is_one_content_for_ever(people: People) -> None:
    where, admin = key(), people("admin")
    first = admin.put(where, template(where.name, "1.1.0"), follows=None)
    for version in ("1.1.0", "1.0.0"):
        with pytest.raises(TemplateViolation) as told:
            admin.put(where, template(where.name, version, "另一"), follows=first)
        assert "version 1.1.0 is in force; give yours a higher one" in told.value.user_text
    policy = DocumentKey(DocumentKind.RECOGNITION_POLICY, "policy")
    raw = json.loads(shipped_recognition_policy())
    one = admin.put(policy, json.dumps(raw | {"version": "9.0.0"}), follows=None)
    two = admin.put(policy, json.dumps(raw | {"version": "8.0.0"}), follows=one)

    with pytest.raises(TemplateViolation) as again:
        admin.put(policy, json.dumps(raw | {"version": "9.0.0", "mark": "X"}), follows=two)
    assert "in force before with other words" in again.value.user_text


def test_a_shipped_template_is_published_as_it_is_or_under_a_higher_version(people: People) -> None:
    quality, where = people("quality"), DocumentKey(DocumentKind.TEMPLATE, "us-abdomen")
    path = next(path for path in template_paths() if path.stem == where.name)
    shipped = json.loads(path.read_text(encoding="utf-8"))
    reworded = shipped | {"title": {"zh": "另一", "en": "Another"}}
    for version in (shipped["version"], "0.0.9"):
        with pytest.raises(TemplateViolation) as told:
            quality.put(where, json.dumps(reworded | {"version": version}), follows=None)
        assert f"version {shipped['version']} is in force; give yours a higher one" in told.value.user_text

    first = quality.put(where, json.dumps(shipped), follows=None)
    other = quality.put(where, json.dumps(reworded | {"version": "99.0.0"}), follows=first)
    gone = quality.withdraw(other)
    with pytest.raises(TemplateViolation):
        quality.put(where, json.dumps(reworded), follows=gone)


def test_a_template_identifier_is_of_one_site_or_of_all(people: People) -> None:
    where, admin = key("qingshui"), people("admin")
    admin.put(where, template(where.name), follows=None)

    assert "belongs to another hospital" in refused(
        people, DocumentKey(DocumentKind.TEMPLATE, where.name), template(where.name)
    )
    assert "a shipped template has its identifier" in refused(
        people, DocumentKey(DocumentKind.TEMPLATE, "ct-chest", "qingshui"), template("ct-chest")
    )
    with pytest.raises(Refused):
        admin.put(DocumentKey(DocumentKind.TEMPLATE, "lost", "nowhere"), template("lost"), follows=None)


def test_a_change_that_names_no_version_before_it_is_refused(hub: HubBed) -> None:
    client: httpx.Client = hub.as_("admin")
    url = f"/api/documents/template/{(name := key().name)}"

    assert client.put(url, json={"content": template(name)}).status_code == 428
    put = client.put(url, json={"content": template(name)}, headers={"If-None-Match": "*"})
    assert (put.status_code, client.delete(url).status_code) == (200, 428)
    assert client.get(url).headers["etag"] == put.headers["etag"]
    assert client.delete(url, headers={"If-Match": '"7.0"'}).status_code == 412
    assert client.delete("/api/documents/template/never", headers={"If-Match": '"1.0"'}).status_code == 404
    assert client.get("/api/documents/template/never").status_code == 404
    assert client.get("/api/documents/template/a..b").status_code == 400
    assert client.get("/api/documents/recognition_policy/policy", params={"site": "beihe"}).status_code == 400


def test_every_change_is_in_the_audit_trail(hub: HubBed, people: People) -> None:
    where, admin = key("qingshui"), people("admin")

    admin.withdraw(admin.put(where, template(where.name), follows=None))
    events = expect(200, hub.as_("quality").get("/api/audit")).json()

    assert [one["detail"] for one in events if one["action"] == "document_changed"][-2:] == [
        f"published template qingshui {where.name} 1.0.0 r1",
        f"withdrawn template qingshui {where.name} 1.0.0 r2",
    ]


def test_what_arrives_with_other_bytes_is_not_taken(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    where, admin = key(), people("admin")
    admin.put(where, template(where.name), follows=None)
    monkeypatch.setattr("worklist.documents.digest_of", lambda content: digest_of(content + " "))

    with pytest.raises(IntegrityMismatch):
        admin.read(where)


def test_a_letterhead_is_published_listed_and_withdrawn_by_command(
    hub: HubBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIANYUE_PASSWORD", DEMO_PASSWORD)
    (tmp_path / "logo.png").write_bytes(logo())
    (tmp_path / "qs.json").write_text(
        json.dumps({"name": {"zh": "清水", "en": "Qingshui"}, "logo": "logo.png"}), encoding="utf-8"
    )

    def command(action: str, item: Path | None = None) -> list[str]:
        given = {"hub": hub.url, "user": "admin", "kind": "letterhead", "site": "qingshui"}
        assert run_documents_command(argparse.Namespace(action=action, item=item, **given)) == 0
        return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]

    assert command("publish", tmp_path / "qs.json")[0].startswith("letterhead qingshui letterhead - r1 ")
    assert any(line.startswith("letterhead qingshui letterhead - r1 ") for line in command("list"))
    assert command("withdraw", Path("letterhead"))[0].startswith("letterhead qingshui letterhead withdrawn r2 ")
    with pytest.raises(TemplateViolation, match="no such document"):
        command("withdraw", Path("letterhead"))
    with pytest.raises(TemplateViolation):
        command("publish")
    with pytest.raises(TemplateViolation):
        command("publish", tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("kind", "name", "content", "broken"),
    [
        (
            DocumentKind.PHRASES,
            "phrases",
            {"phrases": [{"abbreviation": "zc", "language": "zh_CN", "title": "正常", "text": "未见异常。"}]},
            {"phrases": [{"abbreviation": "Z C", "language": "zh_CN", "title": "正常", "text": "未见异常。"}]},
        ),
        (
            DocumentKind.SCANNER_CHARSETS,
            "charsets",
            {"rules": [{"station_name": "CT01", "charset": "GB18030"}]},
            {"rules": [{"charset": "GB18030"}]},
        ),
    ],
)
def test_phrases_and_character_sets_are_judged_and_reach_their_own_site_only(
    people: People, kind: DocumentKind, name: str, content: object, broken: object
) -> None:
    where = DocumentKey(kind, name, "qingshui")
    admin, technician = people("admin"), people("technician")

    with pytest.raises(TemplateViolation):
        admin.put(where, json.dumps(broken), follows=None)
    with pytest.raises(NotPermitted):
        people("expert").put(where, json.dumps(content), follows=None)
    put = admin.put(where, json.dumps(content), follows=None)

    assert put.revision == 1
    assert where in {one.key for one in technician.all()}
    assert json.loads(people("expert").read(where).content) == content
