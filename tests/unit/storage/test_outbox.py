"""The outbox: whole or not at all, once and not twice."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.helpers.reports import NOON, STUDY_UID, drafted_report
from workstation.domain.errors import DiskFull, Locked, NewerSchema, StorageError
from workstation.domain.signature import SignedArtefact
from workstation.domain.workitem import Claim
from workstation.storage.crypto import CannotOpen
from workstation.storage.outbox import Outbox

KEY = bytes(range(32))
CLAIM = Claim("1.2.3", "1.2.3.4")


def artefacts(report_number: int = 1) -> tuple[SignedArtefact, ...]:
    payloads = {"report_sr": b"SR of Zhang^San", "report_pdf": b"%PDF-1.7" + bytes(5000), "measurement_sr": b"M"}
    return tuple(
        SignedArtefact(
            kind=kind,
            study_instance_uid=STUDY_UID,
            series_instance_uid=f"1.2.9.{n}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.88.22",
            sop_instance_uid=f"1.2.8.{report_number}.{n}",
            payload=payload,
            sha256=hashlib.sha256(payload).hexdigest(),
        )
        for n, (kind, payload) in enumerate(payloads.items())
    )


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox.sqlite", KEY, now=lambda: NOON)
    yield box
    box.close()


def test_what_was_signed_comes_out_as_it_went_in(outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())

    (delivery,) = outbox.pending()

    assert drafted_report() == delivery.report
    assert delivery.claim == CLAIM
    assert artefacts() == delivery.artefacts
    assert (delivery.attempts, delivery.retry_at) == (0, NOON)


def test_an_object_is_replaced_by_its_stamped_form_until_it_is_delivered(outbox: Outbox) -> None:
    report = drafted_report()
    outbox.enqueue(report, CLAIM, artefacts())
    stamped = replace(artefacts()[1], payload=b"%PDF-1.7 stamped", awaits_time_stamp=False)

    outbox.replace(report.report_uid, stamped)
    outbox.replace(report.report_uid, replace(stamped, kind="another"))
    (delivery,) = outbox.pending()
    assert delivery.artefacts == (artefacts()[0], stamped, artefacts()[2])

    outbox.confirmed(report.report_uid)
    outbox.replace(report.report_uid, stamped)
    assert outbox.pending() == []


def test_the_same_report_twice_is_delivered_once(outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    outbox.enqueue(drafted_report(), CLAIM, artefacts())

    assert len(outbox.pending()) == 1
    assert len(outbox.pending()[0].artefacts) == 3


def test_a_confirmed_report_is_never_sent_again(outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    outbox.confirmed(drafted_report().report_uid)
    outbox.enqueue(drafted_report(), CLAIM, artefacts())

    assert outbox.pending() == []
    assert outbox.waiting() == 0


def test_reports_leave_oldest_first(outbox: Outbox) -> None:
    for number in (3, 1, 2):
        outbox.enqueue(drafted_report(number=number), CLAIM, artefacts(number))

    assert [d.report.report_uid.rsplit(".", 1)[-1] for d in outbox.pending()] == ["3", "1", "2"]
    assert [a.sop_instance_uid for a in outbox.pending()[1].artefacts] == ["1.2.8.1.0", "1.2.8.1.1", "1.2.8.1.2"]
    assert outbox.waiting() == 3


def test_a_failed_attempt_is_counted_and_waits(outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    later = NOON + timedelta(seconds=40)

    outbox.failed(drafted_report().report_uid, "中心没有应答", retry_at=later)

    (delivery,) = outbox.pending()
    assert (1, later, "中心没有应答") == (delivery.attempts, delivery.retry_at, delivery.reason)


def test_that_the_centre_said_no_is_remembered_when_the_line_dies_later(outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    uid = drafted_report().report_uid
    told = []
    for refused in (False, True, False):
        outbox.failed(uid, "…", retry_at=NOON, refused=refused)
        told.append(outbox.pending()[0].refused)

    assert told == [False, True, True]


def test_what_waits_in_an_outbox_of_the_first_schema_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    box = Outbox(path, KEY, now=lambda: NOON)
    box.enqueue(drafted_report(), CLAIM, artefacts())
    box.close()
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE delivery DROP COLUMN refused")
        database.execute("PRAGMA user_version = 1")
    database.close()

    box = Outbox(path, KEY)
    (delivery,) = box.pending()
    assert (drafted_report(), artefacts(), False) == (delivery.report, delivery.artefacts, delivery.refused)
    box.close()


def test_a_late_failure_does_not_undo_a_confirmation(outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    outbox.confirmed(drafted_report().report_uid)
    outbox.failed(drafted_report().report_uid, "late", retry_at=NOON)

    assert outbox.pending() == []


def test_nothing_identifying_lies_readable_on_the_disk(tmp_path: Path, outbox: Outbox) -> None:
    outbox.enqueue(drafted_report("右肺上叶结节"), CLAIM, artefacts())
    outbox.failed(drafted_report().report_uid, "给张三的原因", retry_at=NOON)
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    for word in ("右肺上叶结节", "李明", "Zhang^San", "%PDF-1.7", "张三", STUDY_UID, "1.2.8.1.0"):
        assert word.encode() not in on_disk


def test_payloads_are_gone_once_the_hub_has_them(tmp_path: Path, outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    outbox.confirmed(drafted_report().report_uid)

    with sqlite3.connect(tmp_path / "outbox.sqlite") as database:
        left = database.execute("SELECT (SELECT count(*) FROM artefact), report, claim FROM delivery").fetchone()
    database.close()
    assert left == (0, None, None)


def test_an_outbox_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 3")
    database.close()
    before = path.read_bytes()

    with pytest.raises(NewerSchema):
        Outbox(path, KEY)

    assert before == path.read_bytes()


def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(b"not a database, but somebody's file" * 50)

    with pytest.raises(StorageError):
        Outbox(path, KEY)

    assert path.read_bytes().startswith(b"not a database")


@pytest.mark.usefixtures("allow_warnings")
def test_another_key_opens_nothing_and_deletes_nothing(tmp_path: Path, outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    other = Outbox(tmp_path / "outbox.sqlite", bytes(32))

    with pytest.raises(CannotOpen):
        other.pending()

    other.close()
    assert len(outbox.pending()) == 1


@pytest.mark.usefixtures("allow_warnings")
def test_a_row_swapped_between_reports_does_not_open_and_does_not_hold_up_the_others(
    tmp_path: Path, outbox: Outbox
) -> None:
    outbox.enqueue(drafted_report(number=1), CLAIM, artefacts(1))
    outbox.enqueue(drafted_report(number=2), CLAIM, artefacts(2))
    database = sqlite3.connect(tmp_path / "outbox.sqlite")
    database.execute("UPDATE delivery SET report = (SELECT report FROM delivery WHERE number = 1) WHERE number = 2")
    database.commit()
    database.close()

    assert [delivery.report.report_uid for delivery in outbox.pending()] == [drafted_report(number=1).report_uid]
    assert outbox.waiting() == 2


@pytest.mark.usefixtures("allow_warnings")
def test_a_damaged_object_does_not_hold_up_the_other_reports(tmp_path: Path, outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(number=1), CLAIM, artefacts(1))
    outbox.enqueue(drafted_report(number=2), CLAIM, artefacts(2))
    database = sqlite3.connect(tmp_path / "outbox.sqlite")
    database.execute("UPDATE artefact SET payload = x'00' WHERE report_uid = ?", (drafted_report().report_uid,))
    database.commit()
    database.close()

    assert [delivery.artefacts for delivery in outbox.pending()] == [artefacts(2)]


@pytest.mark.usefixtures("allow_warnings")
def test_an_entry_of_another_form_is_told(tmp_path: Path, outbox: Outbox) -> None:
    outbox.enqueue(drafted_report(), CLAIM, artefacts())
    uid = drafted_report().report_uid
    database = sqlite3.connect(tmp_path / "outbox.sqlite")
    database.execute("UPDATE delivery SET claim = ?", (outbox._seal(b"[]", uid, "claim"),))
    database.commit()
    database.close()

    with pytest.raises(CannotOpen):
        outbox.pending()


def test_an_outbox_held_by_another_process_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outbox: Outbox
) -> None:
    monkeypatch.setattr("workstation.storage.outbox.BUSY_TIMEOUT_S", 0.05)
    impatient = Outbox(tmp_path / "outbox.sqlite", KEY)
    holder = sqlite3.connect(tmp_path / "outbox.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(Locked):
        impatient.enqueue(drafted_report(), CLAIM, artefacts())

    holder.execute("ROLLBACK")
    holder.close()
    impatient.close()
    assert outbox.pending() == []


def test_a_full_disk_keeps_what_was_there_and_says_so(outbox: Outbox) -> None:
    """SQLite's own page limit gives the very error of a full disk: SQLITE_FULL."""
    outbox.enqueue(drafted_report(number=1), CLAIM, artefacts(1))
    (pages,) = outbox._database.execute("PRAGMA page_count").fetchone()
    outbox._database.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(DiskFull):
        outbox.enqueue(drafted_report(number=2), CLAIM, artefacts(2))

    outbox._database.execute("PRAGMA max_page_count = 1000000")
    assert len(outbox.pending()) == 1
    outbox.enqueue(drafted_report(number=2), CLAIM, artefacts(2))
    assert len(outbox.pending()) == 2


def test_threads_may_sign_at_the_same_time(outbox: Outbox) -> None:
    threads = [
        threading.Thread(target=outbox.enqueue, args=(drafted_report(number=n), CLAIM, artefacts(n)))
        for n in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outbox.pending()) == 8


def test_two_processes_may_open_a_fresh_outbox_at_once(tmp_path: Path) -> None:
    boxes: list[Outbox] = []
    start = threading.Barrier(4)

    def open_it() -> None:
        start.wait()
        boxes.append(Outbox(tmp_path / "fresh.sqlite", KEY))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [box.pending() for box in boxes] == [[], [], [], []]
    for box in boxes:
        box.close()
