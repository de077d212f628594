"""The model page: only administrators change models, and every answer of a gate is said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from resources.translation import tr, use_language
from tests.helpers.cases import NOON, FixedClock, mark
from tests.helpers.fakes import EXPERT, FakeAudit
from tests.unit.services.test_model_service import ADMIN, _card, _Models
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import (
    CurvePoint,
    DriftLimits,
    FrocCurve,
    GateResult,
    ModelCard,
    ModelChoice,
    StoredRun,
    Trust,
)
from workstation.domain.model_drift import drift_report
from workstation.domain.ports import CancelToken
from workstation.services.jobs import JobRunner
from workstation.services.model_service import ModelPage
from workstation.storage.model_store import ModelChoiceFile, StoredRunFolder
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.model_page import ModelsPage
from workstation.ui.pages.model_presenter import ModelPresenter
from workstation.ui.widgets.drift_plot import DriftPlot
from workstation.ui.widgets.froc_plot import FrocPlot

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    runner, _main = runner_on_main_thread()
    yield runner
    runner.close()


class _Bench:
    def __init__(self, qtbot: QtBot, folder: Path, jobs: JobRunner, actor: Actor) -> None:
        self.models, self.audit = _Models(), FakeAudit()
        self.runs = StoredRunFolder(folder / "runs")
        self.services = ModelPage(
            self.models, ModelChoiceFile(folder / "choice.json"), self.runs, self.audit, FixedClock()
        )
        self.page = ModelsPage(may_change=actor is ADMIN, machine="ct-worker")
        qtbot.addWidget(self.page)
        self.page.show()
        self.presenter = ModelPresenter(self.page, lambda: self.services, jobs, actor)
        qtbot.waitUntil(lambda: self.page.list.count() == 4)

    def choose(self, model_id: str) -> None:
        for at in range(self.page.list.count()):
            if self.page.list.item(at).text().startswith(f"{model_id} "):
                self.page.list.setCurrentRow(at)


def test_a_model_is_used_only_after_its_checks_and_the_change_is_audited(
    qtbot: QtBot, tmp_path: Path, jobs: JobRunner
) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    bench.choose("broken")
    qtbot.waitUntil(lambda: "✕ Files as described · altered" in bench.page.gates.text())
    bench.page.activate.click()
    qtbot.waitUntil(lambda: bool(bench.page.notices.notices()))
    assert bench.services.choice().active is None

    bench.choose("b")
    bench.page.activate.click()
    qtbot.waitUntil(lambda: bench.page.list.item(0).text() == "b  1.0.0\nIn use · signed by the makers")
    assert bench.audit.actions == [AuditAction.MODEL_CHANGED]
    bench.choose("lab")
    bench.page.shadow.click()
    qtbot.waitUntil(lambda: bench.services.choice().shadow == "lab")


def test_ai_is_switched_off_for_this_machine_and_the_page_says_so(
    qtbot: QtBot, tmp_path: Path, jobs: JobRunner
) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    page = bench.page
    assert page.holds_for.text() == "Holds for the AI worker of this machine (ct-worker), from its next study on."
    bench.choose("b")
    page.activate.click()
    qtbot.waitUntil(lambda: "In use" in page.list.item(0).text())

    page.off.click()
    qtbot.waitUntil(lambda: page.none_chosen.text() == "AI is switched off: no model marks anything.")
    assert (bench.services.choice().off, bench.services.choice().active) == (True, None)
    assert "In use" not in page.list.item(0).text()

    page.off.click()
    qtbot.waitUntil(lambda: page.none_chosen.text() == "No model is chosen; the built-in model is in use.")
    assert not bench.services.choice().off


def test_where_nobody_chose_the_page_names_the_own_model_that_marks_and_why_not_the_better_one(
    qtbot: QtBot, tmp_path: Path, jobs: JobRunner
) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    page, installed = bench.page, bench.models.installed
    installed["a"] = replace(installed["a"], is_default=True)
    installed["broken"] = replace(installed["broken"], fault="altered", passed_over="altered")
    for name in ("a", "b"):
        bench.runs.add(StoredRun("1.2.3", AlgorithmIdentity(name, "1.0.0", _card(name).sha256), (mark(0.9),), NOON))
    page.refresh()

    qtbot.waitUntil(lambda: "In use" in page.list.item(0).text())
    assert page.list.item(0).text() == "a  1.0.0\nIn use · signed by the makers"
    assert page.none_chosen.text() == (
        "No model is chosen; the built-in “a 1.0.0” is in use.\nThe better “broken” cannot run here: altered"
    )
    bench.choose("a")
    assert [b.isHidden() for b in (page.activate, page.shadow, page.compare, page.remove)] == [False, True, True, True]
    bench.choose("b")
    assert [b.isHidden() for b in (page.activate, page.shadow, page.compare, page.remove)] == [False] * 4
    page.compare.click()  # with the default, too: how a new one differs from what marks now
    qtbot.waitUntil(lambda: bool(page.compared.text()))
    assert page.compared.text() == "1 cases: 1.0 marks a case against 1.0; 1 marks in common (100%)"

    bench.choose("a")
    page.activate.click()  # chosen by somebody it stays, whatever ships later
    qtbot.waitUntil(lambda: bench.services.choice().active == "a")


def test_a_senior_reads_the_cards_and_changes_nothing(qtbot: QtBot, tmp_path: Path, jobs: JobRunner) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, EXPERT)
    page = bench.page
    assert [b.isEnabled() for b in (page.bring_in, page.off, page.activate, page.shadow, page.remove)] == [False] * 5
    assert page.said[0] == "a 1.0.0"
    assert page.said[3] == "SHA-256 aaaaaaaa"


def test_two_models_are_compared_on_the_cases_that_both_saw(qtbot: QtBot, tmp_path: Path, jobs: JobRunner) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    for name in ("a", "b"):
        algorithm = AlgorithmIdentity(name, "1.0.0", _card(name).sha256)
        bench.runs.add(StoredRun("1.2.3", algorithm, (mark(0.9),), NOON))
    bench.services.activate("a", ADMIN)
    bench.presenter.refresh()
    qtbot.waitUntil(lambda: "In use" in bench.page.list.item(0).text())
    bench.choose("b")
    bench.page.compare.click()
    qtbot.waitUntil(lambda: bool(bench.page.compared.text()))
    assert bench.page.compared.text() == "1 cases: 1.0 marks a case against 1.0; 1 marks in common (100%)"


def test_a_model_is_imported_and_removed_after_a_question(qtbot: QtBot, tmp_path: Path, jobs: JobRunner) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    bench.page.import_requested.emit(tmp_path / "new")
    qtbot.waitUntil(lambda: bench.page.list.count() == 5)
    bench.choose("new")
    bench.page.remove.click()
    dialog = bench.presenter.dialog
    assert dialog is not None
    dialog.accept()
    qtbot.waitUntil(lambda: bench.page.list.count() == 4)


class _Endless(_Models):
    """Tries a model for as long as somebody waits."""

    asked = 0
    ended = 0

    def bring_in(self, path: Path, job: CancelToken | None = None) -> ModelCard:
        del path
        self._wait(job)
        raise AssertionError("nobody waited")

    def gates(self, model_id: str, job: CancelToken | None = None) -> tuple[GateResult, ...]:
        if model_id == "lab":
            self._wait(job)
        return super().gates(model_id, job)

    def _wait(self, job: CancelToken | None) -> None:
        assert job is not None
        self.asked += 1
        try:
            for _ in range(1000):  # five seconds, so that a failure does not wait for ever
                job.raise_if_cancelled()
                time.sleep(0.005)
        finally:
            self.ended += 1


def test_an_import_whose_trial_run_lasts_is_cancelled_on_the_page(
    qtbot: QtBot, tmp_path: Path, jobs: JobRunner
) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    models = _Endless()
    bench.services = replace(bench.services, models=models)
    bench.page.import_requested.emit(tmp_path / "new")
    qtbot.waitUntil(lambda: models.asked == 1)
    (notice,) = bench.page.notices.notices()
    assert notice.fact == "Checking the model…"

    notice.actions[0].handler()

    qtbot.waitUntil(lambda: models.ended == 1)
    assert bench.page.notices.notices() == []
    assert bench.page.list.count() == 4


def test_closing_the_page_waits_for_no_trial_run(qtbot: QtBot, tmp_path: Path, jobs: JobRunner) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    models = _Endless()
    bench.services = replace(bench.services, models=models)
    bench.page.import_requested.emit(tmp_path / "new")
    bench.choose("lab")
    qtbot.waitUntil(lambda: models.asked == 2)

    bench.page.close_page()

    qtbot.waitUntil(lambda: models.ended == 2)


def test_the_check_of_a_model_ends_when_another_one_is_looked_at(qtbot: QtBot, tmp_path: Path, jobs: JobRunner) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, ADMIN)
    models = _Endless()
    bench.services = replace(bench.services, models=models)
    bench.choose("lab")
    qtbot.waitUntil(lambda: models.asked == 1)

    bench.choose("a")

    qtbot.waitUntil(lambda: models.ended == 1)
    qtbot.waitUntil(lambda: "✓" in bench.page.gates.text())


def test_the_curve_of_a_model_is_shown_with_what_it_was_measured_on(qtbot: QtBot) -> None:
    page = ModelsPage(may_change=False)
    qtbot.addWidget(page)
    curve = FrocCurve(((0.125, 0.5), (1.0, 0.8), (8.0, 0.9)), 30, 175)
    page.show_models([replace(_card("a", Trust.RELEASE), froc=curve)], ModelChoice())
    page.list.setCurrentRow(0)
    assert "175 nodules in 30 scans" in page.said
    (plot,) = page.findChildren(FrocPlot)
    assert plot.accessibleName() == "0.50 at 0.125, 0.80 at 1, 0.90 at 8"
    assert not plot.grab().isNull()


def test_runs_are_not_taken_for_patients_and_the_band_says_what_it_does_not_cover(qtbot: QtBot) -> None:
    page = ModelsPage(may_change=False)
    qtbot.addWidget(page)
    bare = FrocCurve(((0.125, 0.5), (8.0, 0.9)), 30, 175, 3)
    banded = replace(bare, band=((0.4, 0.6), (0.85, 0.95)))
    page.show_models([replace(_card("a", Trust.RELEASE), froc=banded)], ModelChoice())

    assert "175 nodules in 30 runs; all runs are made of 3 patients" in page.said
    assert "Band: 95 % interval over runs, not over patients" in page.said
    (plot,) = page.findChildren(FrocPlot)
    assert plot.accessibleName() == "0.50 at 0.125 (0.40–0.60), 0.90 at 8 (0.85–0.95)"
    with_band, without = FrocPlot(banded), FrocPlot(bare)
    for one in (with_band, without):
        qtbot.addWidget(one)
        one.resize(460, 236)
    # half way between both points the curve is at 0.70 and the band reaches from 0.625 to 0.775
    inside = (40 + (460 - 60) // 2, 26 + round((236 - 70) * (1 - 0.66)))
    assert with_band.grab().toImage().pixelColor(*inside) != without.grab().toImage().pixelColor(*inside)


def test_the_curve_rings_the_default_point_where_the_evaluation_says_what_it_reached(qtbot: QtBot) -> None:
    page = ModelsPage(may_change=False)
    qtbot.addWidget(page)
    bare = FrocCurve(((0.125, 0.5), (8.0, 0.9)), 30, 175)
    # one false mark a scan lies half way between 0.125 and 8 on an axis of doublings
    pointed = replace(bare, at=CurvePoint("balanced", 1.0, 0.6))
    page.show_models([replace(_card("a", Trust.RELEASE), froc=pointed)], ModelChoice())

    assert "Ring: the default point “Balanced”, sensitivity 0.60 at 1.00 false marks a scan" in page.said
    with_point, without = FrocPlot(pointed), FrocPlot(bare)
    for one in (with_point, without):
        qtbot.addWidget(one)
        one.resize(460, 236)
    on_the_ring = (40 + (460 - 60) // 2 + 7, 26 + round((236 - 70) * (1 - 0.6)))
    assert with_point.grab().toImage().pixelColor(*on_the_ring) != without.grab().toImage().pixelColor(*on_the_ring)


def test_what_marks_without_having_been_chosen_is_not_offered_as_if_it_did_not(qtbot: QtBot) -> None:
    page = ModelsPage(may_change=True)
    qtbot.addWidget(page)
    cards = [replace(_card("a", Trust.SHIPPED), is_default=True), _card("b", Trust.RELEASE)]
    page.show_models(cards, ModelChoice())
    page.list.setCurrentRow(0)
    assert page.activate.text() == "Keep in use"
    page.list.setCurrentRow(1)
    assert page.activate.text() == "Use on this machine"


def test_the_name_beside_findings_and_every_digit_of_the_digest_stand_on_the_page(qtbot: QtBot) -> None:
    page = ModelsPage(may_change=False)
    qtbot.addWidget(page)
    digest = "0123456789abcdef" * 4
    card = replace(_card("lung-nodule-xs", Trust.SHIPPED), title="Lung nodule detector, extra small", sha256=digest)
    page.show_models([card], ModelChoice())

    first, second = page.list.item(0).text().splitlines()
    assert first == "lung-nodule-xs  1.0.0"
    assert second.startswith("Lung nodule detector, extra small · ")
    assert page.said[:2] == ["lung-nodule-xs 1.0.0", "Lung nodule detector, extra small"]
    page.show_models([replace(card, is_default=True)], ModelChoice())
    assert page.none_chosen.text() == "No model is chosen; the built-in “lung-nodule-xs 1.0.0” is in use."
    assert "SHA-256 " + " ".join(("01234567", "89abcdef") * 4) in page.said


def test_whom_a_model_is_not_for_stands_in_the_language_of_the_page_before_its_figures(qtbot: QtBot) -> None:
    page = ModelsPage(may_change=False)
    qtbot.addWidget(page)
    own = "# a 1.0.0\n\nNot for children."
    card = replace(
        _card("a", Trust.RELEASE), intended_use="供复核参考", contraindications=("不适用于儿童",), card=own,
        figures=(("set", "0.8"),),
    )  # fmt: skip
    page.show_models([card], ModelChoice())
    page.list.setCurrentRow(0)
    said = page.said
    assert said.index("供复核参考") < said.index("· 不适用于儿童") < said.index("Measured")
    assert said[said.index(own) - 1] == "The model's own card, in the words of its maker"


def test_a_card_that_its_maker_gave_in_english_only_says_so_in_a_chinese_window(qtbot: QtBot) -> None:
    use_language("zh_CN")
    page = ModelsPage(may_change=False)
    qtbot.addWidget(page)
    english, chinese = "# a 1.0.0\n\nNot for children.", "# a 1.0.0\n\n不适用于儿童。"
    for own, said in ((english, True), (chinese, False)):
        page.show_models([replace(_card("a", Trust.RELEASE), card=own)], ModelChoice())
        before = page.said[page.said.index(own) - 1]
        plain = tr("The model's own card, in the words of its maker")
        assert (before != plain) is said
        assert before.startswith(plain)


def _weeks(bench: _Bench, last: tuple[float, ...]) -> None:
    who = AlgorithmIdentity("b", "1.0.0", "b" * 8)
    for number in range(60):
        week = number // 12
        marks = tuple(mark(score) for score in ((0.95,) if week < 4 else last))
        at = NOON - timedelta(weeks=4 - week)
        bench.runs.add(StoredRun(f"1.2.{number}", who, marks, at))
    old = replace(who, version="0.9.0")
    bench.runs.add(StoredRun("1.2.999", old, (mark(),) * 50, NOON))  # another version with the same weights


def _words(page: ModelsPage) -> list[str]:
    return [one.text() for one in page.findChildren(QLabel)]


def test_marks_of_this_site_are_shown_week_by_week_and_judged(qtbot: QtBot, tmp_path: Path, jobs: JobRunner) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, EXPERT)
    bench.models.installed["b"] = replace(bench.models.installed["b"], drift_limits=DriftLimits(0.1, 3.6))
    _weeks(bench, (0.5, 0.5, 0.6, 0.6, 0.6))
    bench.page.refresh()
    qtbot.waitUntil(lambda: bench.page.card("b") is not None and bench.page.card("b").drift_limits is not None)  # type: ignore[union-attr]  # just asked
    bench.choose("b")
    qtbot.waitUntil(lambda: bool(bench.page.findChildren(DriftPlot)))

    (plot,) = bench.page.findChildren(DriftPlot)
    assert [week.marks_per_scan for week in plot.weeks] == [1.0, 1.0, 1.0, 1.0, 5.0]
    assert plot.accessibleName().splitlines()[-1] == (
        "Week from 2026-11-16: 12 scans, 5.0 marks a scan · median score 0.60 · outside what was measured"
    )
    assert "Not as measured: look at recent cases before relying on it" in _words(bench.page)
    assert any(words.startswith("Shift of scores against the first weeks (PSI): ") for words in _words(bench.page))
    picture = plot.grab().toImage()
    assert picture.pixelColor(plot.width() - 40, 30) != picture.pixelColor(1, 1)  # the high bar reaches up there


def test_a_model_that_marks_as_measured_or_has_marked_nothing_yet_says_so(
    qtbot: QtBot, tmp_path: Path, jobs: JobRunner
) -> None:
    bench = _Bench(qtbot, tmp_path, jobs, EXPERT)
    bench.choose("a")
    qtbot.waitUntil(
        lambda: "This machine keeps no run of this version: they lie where the model runs." in _words(bench.page)
    )

    usual = drift_report([StoredRun("1.2.3", AlgorithmIdentity("a", "1.0.0", "a"), (), NOON)], DriftLimits(0.0, 2.0))
    bench.page.show_drift(usual)
    assert "As measured" in _words(bench.page)
    bench.page.show_drift(replace(usual, limits=None))
    assert "The evaluation states no limits." in _words(bench.page)
    assert not bench.page.findChildren(DriftPlot)[-1].grab().isNull()
