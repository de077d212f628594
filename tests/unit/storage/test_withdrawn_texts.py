"""A withdrawn text waits on the disk of one person, encrypted, until it is used or refused."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.helpers import cases
from workstation.domain.report import Person
from workstation.domain.report_state import ReportState, WithdrawalCode
from workstation.domain.withdrawn import Withdrawn
from workstation.storage.drafts import DraftStore
from workstation.storage.withdrawn_texts import WithdrawnTextStore

KEY = bytes(range(32))


def withdrawn(uid: str = "2.25.7", *, minutes: int = 0, impression: str = "右肺上叶结节。") -> Withdrawn:
    at = cases.NOON + timedelta(minutes=minutes)
    start = replace(cases.report(values={"impression": impression}), report_uid=uid)
    signer = Person("expert", "王启明", "远程诊断中心")
    final = replace(start.moved(ReportState.FINAL, at=at), verifier=signer, signed_at=at)
    ended = final.moved(ReportState.ENTERED_IN_ERROR, at=at, reason="患者有误")
    return Withdrawn(ended, cases.study(), WithdrawalCode.WRONG_PATIENT)


def test_what_waits_comes_back_after_a_restart_newest_first_with_the_patient_and_without_the_images(
    tmp_path: Path,
) -> None:
    WithdrawnTextStore(tmp_path, KEY).keep(withdrawn("2.25.7"))
    WithdrawnTextStore(tmp_path, KEY).keep(withdrawn("2.25.8", minutes=5))
    found = WithdrawnTextStore(tmp_path, KEY).all()

    assert [one.report.report_uid for one in found.texts] == ["2.25.8", "2.25.7"]
    assert found.texts[1] == withdrawn("2.25.7").without_images()
    assert (found.texts[0].study.patient, found.texts[0].study.series) == (cases.study().patient, ())
    assert found.unreadable == 0


def test_what_was_used_or_refused_is_gone_and_the_drafts_beside_it_stay(tmp_path: Path) -> None:
    store, drafts = WithdrawnTextStore(tmp_path, KEY), DraftStore(tmp_path, KEY)
    drafts.save(cases.report())
    store.keep(withdrawn())
    store.drop("2.25.7")
    store.drop("2.25.99")
    assert store.all().texts == ()
    assert drafts.load("1.2.3", cases.report().author.user_id) == cases.report()
    assert [path.suffix for path in tmp_path.iterdir()] == [".draft"]


def test_neither_words_nor_patient_nor_report_can_be_read_off_the_disk(tmp_path: Path) -> None:
    WithdrawnTextStore(tmp_path, KEY).keep(withdrawn())
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".withdrawn"
    assert "2.25.7" not in path.name
    content = path.read_bytes()
    assert all(word.encode() not in content for word in ("右肺", "QS0118793", cases.study().patient.name))


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "renamed", "other key"])
def test_a_damaged_text_costs_that_text_only_and_is_told_once(tmp_path: Path, damage: str) -> None:
    store = WithdrawnTextStore(tmp_path, KEY)
    store.keep(withdrawn())
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    if damage == "flip":
        path.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    elif damage == "renamed":  # the text of one report under the name of another
        path.rename(path.with_name("0" * 64 + ".withdrawn"))
    elif damage == "other key":
        path.unlink()
        WithdrawnTextStore(tmp_path, bytes(32)).keep(withdrawn())
    else:
        path.write_bytes(content[:50] if damage == "cut" else b"")
    store.keep(withdrawn("2.25.8"))

    found = store.all()
    assert ([one.report.report_uid for one in found.texts], found.unreadable) == (["2.25.8"], 1)
    assert store.all().unreadable == 0
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".damaged", ".withdrawn"]


def test_what_a_newer_version_wrote_is_told_and_left_alone(tmp_path: Path) -> None:
    store = WithdrawnTextStore(tmp_path, KEY)
    store.keep(withdrawn())
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"LY\x02" + path.read_bytes()[3:])
    assert (store.all().unreadable, store.all().unreadable) == (1, 1)


@pytest.mark.fault
def test_a_text_that_was_kept_outlives_the_death_of_its_program(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        WithdrawnTextStore(tmp_path, KEY).keep(withdrawn())
        os.write(write_end, b"kept")
        while True:
            WithdrawnTextStore(tmp_path, KEY).keep(withdrawn(impression="左肺" * 5000))
    os.close(write_end)
    with os.fdopen(read_end, "rb", buffering=0) as pipe:
        assert pipe.read(4) == b"kept"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    (found,) = WithdrawnTextStore(tmp_path, KEY).all().texts
    assert found.report.values["impression"] in {"右肺上叶结节。", "左肺" * 5000}
