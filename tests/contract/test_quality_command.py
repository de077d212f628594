"""``lianyue quality`` against a running hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from tests.helpers.hub import HubBed, new_uid
from tests.helpers.hub_reports import NOW, RESIDENT, new_report
from worklist.hub.report_rows import REPORT
from worklist.hub.workflow_tables import blind_reads, double_readings
from workstation import cli
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Scheme

Run = Callable[..., int]
AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubBed]:
    with HubBed("sqlite", tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def run(bed: HubBed, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LIANYUE_PASSWORD", "lianyue-demo")
    return lambda *words: cli.main(["--language", "en", "quality", *words, "--hub", bed.url])


def concluded(bed: HubBed, categories: tuple[str, str]) -> None:
    """Put two readings of a case that are in already."""
    sent = bed.send()
    with bed.context.write() as connection:
        state = "agreed" if len(set(categories)) == 1 else "decided"
        connection.execute(
            insert(double_readings).values(study_instance_uid=sent.study, state=state, ordered_at=AT, concluded_at=AT)
        )
        for slot, category in enumerate(categories, 1):
            result = CategoryResult(Scheme.LUNG_RADS, "v2022", category, "rule", "management")
            assigned = AssignedCategory(result, category, "", "", "resident", NOW)
            report = new_report(sent.study, sent.ups, new_uid(), author=RESIDENT).with_category(assigned, at=NOW)
            connection.execute(
                insert(blind_reads).values(
                    study_instance_uid=sent.study,
                    slot=slot,
                    ups_instance_uid=new_uid(),
                    reader_id=f"reader{slot}",
                    reader_name="",
                    submitted_at=AT,
                    document=REPORT.dump_json(report).decode(),
                )
            )


def test_the_agreement_is_told_with_kappa(bed: HubBed, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for categories in (("2", "2"), ("2", "2"), ("3", "3"), ("4A", "3"), ("4A", "4A"), ("3", "2")):
        concluded(bed, categories)

    status = run("agreement")

    # by hand: same 4 of 6, by chance 12/36; kappa 0.5; SE sqrt((4/6 * 2/6) / (6 * (2/3)^2)) = 0.2887
    assert capsys.readouterr().out.splitlines() == [
        "double readings 6 agreed 4 arbitrated 2 without a category in common 0",
        "lung-rads: n 6 observed 0.667 kappa 0.500 (SE 0.289)",
    ]
    assert status == 0


def test_the_rules_are_told_and_changed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    statuses = [run("rules"), run("rules", "--second-signer", "--double-reading-every", "20"), run("rules")]

    assert statuses == [0, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "second signer not required",
        "double reading by hand only",
        *["second signer required", "double reading every 20. case"] * 2,
    ]
    assert run("rules", "--no-second-signer", "--double-reading-every", "0") == 0


def test_a_number_that_is_none_is_refused_in_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "--double-reading-every", "-3") == 2
    assert "Every nth case is a number from 0 to 10000" in capsys.readouterr().err
    assert run("agreement", "--user", "resident") == 2
