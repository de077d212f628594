"""Starting a hub: the schema, several hubs on one database, and doors that stay shut."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic.command
import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from tests.contract.conftest import BEDS
from worklist.hub.accounts import AccountService
from worklist.hub.audit import HubAudit
from worklist.hub.context import HubContext, SystemClock
from worklist.hub.database import open_database, schema_revision
from worklist.hub.demo import seed_demo
from worklist.hub.embedded import EmbeddedHub
from worklist.hub.instance_tables import dicom_studies
from worklist.hub.metadata import metadata
from worklist.hub.server import is_loopback, listen, run_hub
from worklist.hub.settings import HubSettings
from workstation.domain.errors import NewerSchema, StorageError, WorkstationError


@pytest.fixture(params=BEDS)
def database(request: pytest.FixtureRequest) -> str | None:
    """Return the URL of an empty database, None for SQLite in the data folder."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres").new_database()
        return url
    return None


@pytest.fixture
def engine(tmp_path: Path, database: str | None) -> Iterator[Engine]:
    """Return a migrated database."""
    opened = open_database(tmp_path, database)
    yield opened
    opened.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        assert dicom_studies.metadata is metadata
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_again_changes_nothing(engine: Engine, tmp_path: Path, database: str | None) -> None:
    with engine.connect() as connection:
        before = schema_revision(connection)

    again = open_database(tmp_path, database)

    with again.connect() as connection:
        assert schema_revision(connection) == before == "0016"
    again.dispose()


def test_reports_of_before_the_history_become_its_first_versions(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(alembic.command, "upgrade", lambda config, _head: upgrade(config, "0003"))
        former = open_database(tmp_path, database)
    with former.begin() as connection:
        connection.execute(text("INSERT INTO sites (site_id, name) VALUES ('a', 'A')"))
        connection.execute(text(_CASE))
        for uid, state in (("2.25.1", "returned"), ("2.25.2", "final")):
            connection.execute(text(_REPORT), {"uid": uid, "state": state, "at": f"2026-03-0{uid[-1]} 09:00:00"})
    former.dispose()

    engine = open_database(tmp_path, database)

    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT number, report_uid, step, state, kind, document FROM report_versions ORDER BY number")
        )
        assert [tuple(row) for row in rows] == [
            (1, "2.25.1", "returned", "returned", "original", "{}"),
            (2, "2.25.2", "signed", "final", "original", "{}"),
        ]
        assert connection.execute(text("SELECT DISTINCT kind, superseded_by FROM reports")).all() == [("original", "")]
    engine.dispose()


def test_reports_that_waited_for_their_stamps_before_are_found_by_the_names_of_their_stamped_versions(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(alembic.command, "upgrade", lambda config, _head: upgrade(config, "0013"))
        former = open_database(tmp_path, database)
    with former.begin() as connection:
        connection.execute(text("INSERT INTO sites (site_id, name) VALUES ('a', 'A')"))
        connection.execute(text(_CASE))
        for uid, stamped in (("2.25.11", ""), ("2.25.12", "2.25.99")):
            connection.execute(text(_WAITING), {"uid": uid, "stamped": stamped})
    former.dispose()

    engine = open_database(tmp_path, database)

    with engine.connect() as connection:
        query = "SELECT pdf_sop_instance_uid, stamped_sop_instance_uid FROM late_stamps ORDER BY 1"
        assert [tuple(row) for row in connection.execute(text(query))] == [
            ("2.25.11", "2.25.20312562921753923443968678280999338123"),
            ("2.25.12", "2.25.99"),
        ]
    engine.dispose()


@pytest.mark.parametrize(("submitted", "state"), [(0, "SCHEDULED"), (0, "IN PROGRESS"), (1, "SCHEDULED")])
def test_double_readings_under_way_get_the_places_that_they_took(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch, submitted: int, state: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(alembic.command, "upgrade", lambda config, _head: upgrade(config, "0007"))
        former = open_database(tmp_path, database)
    held = state == "IN PROGRESS"
    with former.begin() as connection:
        connection.execute(text("INSERT INTO sites (site_id, name) VALUES ('a', 'A')"))
        connection.execute(text(_CASE))
        connection.execute(
            text(
                "INSERT INTO workitems (ups_instance_uid, study_instance_uid, workitem_code, state, priority, "
                "priority_rank, start, modified, holder_id, holder_name, dataset) VALUES ('1.3', '1.2', '110005', "
                ":state, 'LOW', 2, '', '2026-03-01 09:00:00', :who, :who, '{}')"
            ),
            {"state": state, "who": "expert" if held else ""},
        )
        connection.execute(text("UPDATE cases SET reader_id = :who, reader_name = :who"), {"who": "expert" * held})
        connection.execute(
            text(
                "INSERT INTO double_readings (study_instance_uid, state, ordered_at) "
                "VALUES ('1.2', 'reading', '2026-03-01 09:00:00')"
            )
        )
        if submitted:
            connection.execute(
                text(
                    "INSERT INTO blind_reads (study_instance_uid, slot, ups_instance_uid, reader_id, reader_name, "
                    "submitted_at, document) VALUES ('1.2', 1, '1.9', 'resident', 'R', '2026-03-01 09:00:00', '{}')"
                )
            )
    former.dispose()

    engine = open_database(tmp_path, database)

    with engine.connect() as connection:
        query = "SELECT slot, ups_instance_uid, state, reader_id FROM blind_slots ORDER BY slot"
        found = [tuple(row) for row in connection.execute(text(query))]
        told = connection.execute(text("SELECT reader_id, reader_name, revision FROM cases")).all()
    first = [(1, "1.9", "submitted", "resident")] if submitted else []
    assert found == [*first, (submitted + 1, "1.3", "reading" if held else "free", "expert" if held else "")]
    assert told == [("", "", 1 + held)]
    engine.dispose()


_CASE = (
    "INSERT INTO cases (study_instance_uid, site_id, requested_by, priority, stat_rank, due, arrived, changed, "
    "clinical_question, images_expected, images_received, state, critical, ups_instance_uid, workitem_code, "
    "ai_state, revision) VALUES ('1.2', 'a', 't', 'LOW', 1, '2026-03-01 09:00:00', '2026-03-01 09:00:00', "
    "'2026-03-01 09:00:00', '', 0, 0, 'final', false, '1.3', '110005', 'done', 1)"
)
_WAITING = (
    "INSERT INTO late_stamps (pdf_sop_instance_uid, pdf_series_instance_uid, study_instance_uid, report_uid, "
    "signer_id, signer_name, signed_at, since, stamped_sop_instance_uid) VALUES (:uid, '2.25.2', '1.2', '2.25.3', "
    "'expert', 'E', '2026-03-01 09:00:00', '2026-03-01 09:00:00', :stamped)"
)
_REPORT = (
    "INSERT INTO reports (report_uid, study_instance_uid, ups_instance_uid, state, revision, author_id, updated_at, "
    "document) VALUES (:uid, '1.2', '1.3', :state, 1, 'resident', :at, '{}')"
)


def test_ids_that_were_cut_are_whole_again_after_the_update(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(alembic.command, "upgrade", lambda config, _head: upgrade(config, "0014"))
        former = open_database(tmp_path, database)
    with former.begin() as connection:
        connection.execute(text("INSERT INTO sites (site_id, name) VALUES ('a', 'A')"))
        for uid, last, header in (("1.1", "8", ""), ("1.2", "9", ',"00100021":{"vr":"LO","Value":["市一院"]}')):
            whole = "7" * 64 + last
            told = {"uid": uid, "ups": f"{uid}.5", "cut": "7" * 64, "whole": whole}
            attributes = f'{{"00100020":{{"vr":"LO","Value":["{whole}"]}}{header}}}'
            connection.execute(text(_LONG_STUDY), {**told, "attributes": attributes})
            connection.execute(text(_CUT_CASE), told)
            connection.execute(text(_CUT_ITEM), told)
    former.dispose()

    engine = open_database(tmp_path, database)

    with engine.connect() as connection:
        query = "SELECT patient_id, issuer_of_patient_id, sex, prior_count FROM cases ORDER BY study_instance_uid"
        assert [tuple(row) for row in connection.execute(text(query))] == [
            ("7" * 64 + "8", "", "M", 0),
            ("7" * 64 + "9", "市一院", "M", 0),
        ]
        query = "SELECT patient_id, dataset FROM workitems ORDER BY ups_instance_uid"
        ids, datasets = zip(*connection.execute(text(query)), strict=True)
        assert ids == ("7" * 64 + "8", "7" * 64 + "9")
        assert all(whole in dataset for whole, dataset in zip(ids, datasets, strict=True))
        assert "市一院" in datasets[1]
    engine.dispose()


_LONG_STUDY = (
    "INSERT INTO dicom_studies (study_instance_uid, site_id, patient_id, sex, attributes, stored_at) "
    "VALUES (:uid, 'a', :whole, 'MALE', :attributes, '2026-03-01 09:00:00')"
)
_CUT_CASE = (
    "INSERT INTO cases (study_instance_uid, site_id, requested_by, priority, stat_rank, due, arrived, changed, "
    "clinical_question, images_expected, images_received, state, critical, ups_instance_uid, workitem_code, "
    "ai_state, revision, patient_id, sex, prior_count) VALUES (:uid, 'a', 't', 'LOW', 1, '2026-03-01 09:00:00', "
    "'2026-03-01 09:00:00', '2026-03-01 09:00:00', '', 0, 0, 'ready', false, :ups, '110005', 'done', 1, :cut, "
    "'MALE', 1)"
)
_CUT_ITEM = (
    "INSERT INTO workitems (ups_instance_uid, study_instance_uid, workitem_code, state, priority, priority_rank, "
    "start, modified, patient_id, dataset) VALUES (:ups, :uid, '110005', 'SCHEDULED', 'LOW', 2, '', "
    "'2026-03-01 09:00:00', :cut, '{}')"
)


def test_what_a_case_tells_of_the_person_follows_from_the_whole_ids_after_the_update(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case whose ID was whole all along does not count a stranger any more, who is found by the own ID only."""
    whole, people = "7" * 64, ("周丽华", "周丽华", "赵铁柱")
    with monkeypatch.context() as patch:
        patch.setattr(alembic.command, "upgrade", lambda config, _head: upgrade(config, "0014"))
        former = open_database(tmp_path, database)
    with former.begin() as connection:
        connection.execute(text("INSERT INTO sites (site_id, name) VALUES ('a', 'A')"))
        for n, (last, name) in enumerate(zip(("", "", "", "8"), (*people, "赵铁柱"), strict=True)):
            told = {"uid": f"1.{n}", "ups": f"1.{n}.5", "cut": whole, "whole": whole + last}
            attributes = f'{{"00100020":{{"vr":"LO","Value":["{whole}{last}"]}}}}'
            connection.execute(text(_LONG_STUDY), {**told, "attributes": attributes})
            connection.execute(text(_CUT_CASE), told)
            seen = {"uid": f"1.{n}", "name": name, "text": whole}
            named = "UPDATE cases SET patient_name = :name, search_text = :text WHERE study_instance_uid = :uid"
            connection.execute(text(named), seen)
    former.dispose()

    engine = open_database(tmp_path, database)

    with engine.connect() as connection:
        query = "SELECT prior_count, search_text FROM cases ORDER BY study_instance_uid"
        counts, texts = zip(*connection.execute(text(query)), strict=True)
    assert counts == (0, 1, 0, 0)
    assert [f"{whole}8" in one for one in texts] == [False, False, False, True]
    assert all(whole in one and name in one for one, name in zip(texts, (*people, "赵铁柱"), strict=True))
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    engine: Engine, tmp_path: Path, database: str | None
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(NewerSchema):
        open_database(tmp_path, database)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


def test_hubs_that_start_at_once_make_one_schema_and_one_set_of_people(tmp_path: Path, database: str | None) -> None:
    def start(_number: int) -> str:
        opened = open_database(tmp_path, database)
        clock = SystemClock()
        seed_demo(AccountService(HubContext(opened, clock, HubAudit(opened, clock), tmp_path)))
        with opened.connect() as connection:
            people = connection.execute(text("SELECT count(*) FROM accounts")).scalar_one()
            revision = schema_revision(connection)
        opened.dispose()
        return f"{revision} {people}"

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == ["0016 8"] * 4


def test_sqlite_is_set_up_not_to_lose_what_was_confirmed(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    with engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS]
    engine.dispose()

    assert found == list(PRAGMAS.values())


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}


@pytest.mark.parametrize("url", ["mysql://host/name", "no url", "oracle://secret:password@host/x"])
def test_a_database_of_another_kind_is_refused_without_telling_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(StorageError) as caught:
        open_database(tmp_path, url)

    assert "password" not in caught.value.detail


def test_demo_users_stay_on_this_machine(tmp_path: Path) -> None:
    with pytest.raises(WorkstationError, match="demo users beyond loopback"):
        run_hub(HubSettings(tmp_path, demo_users=True), host="0.0.0.0", port=0)  # noqa: S104 - must be refused

    assert not list(tmp_path.iterdir())


def test_a_taken_port_is_said_so() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(WorkstationError):
        listen("127.0.0.1", taken.getsockname()[1])


def test_answers_do_not_wait_for_delayed_acknowledgements() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()) as client:
        accepted, _address = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert client.family == socket.AF_INET


def test_loopback_is_told_from_the_world() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1", "hub.example")] == [  # noqa: S104 - only compared
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_new_hub_has_one_account_and_tells_its_password_once(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    clock = SystemClock()
    accounts = AccountService(HubContext(engine, clock, HubAudit(engine, clock), tmp_path))

    password = accounts.ensure_first_admin()

    assert password is not None
    assert accounts.sign_in("admin", password).actor.role == "admin"
    assert accounts.ensure_first_admin() is None
    engine.dispose()


def test_a_stopped_hub_is_gone_and_stopping_twice_is_harmless(tmp_path: Path) -> None:
    hub = EmbeddedHub(HubSettings(tmp_path))
    url = hub.start()
    port = int(url.rpartition(":")[2])

    hub.stop()
    hub.stop()

    with pytest.raises(RuntimeError):
        _ = hub.url
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port), timeout=2):
        pass
