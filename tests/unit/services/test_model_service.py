"""The model page: only checked models become active, shadows are seen by nobody, every change is audited."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.cases import NOON, mark
from tests.helpers.models import Job, thorax
from workstation.domain.access import Actor, Role
from workstation.domain.audit import AuditAction
from workstation.domain.errors import BundleInvalid, InputOutsideIntendedUse, JobCancelled, NotPermitted, StorageError
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.model import (
    DriftLimits,
    GateResult,
    GateStep,
    ModelCard,
    ModelChoice,
    ModelKind,
    ModelOutput,
    OcclusionMap,
    StoredRun,
    StudyFinding,
    Trust,
    marking_card,
)
from workstation.domain.model_comparison import LabelAgreement
from workstation.domain.ports import CancelToken, Detector, JobContext
from workstation.domain.volume import Volume
from workstation.services.model_service import ModelPage, compare_models, research_banner
from workstation.services.shadow_service import RunShadow
from workstation.storage.model_store import ModelChoiceFile, StoredRunFolder

ADMIN = Actor("admin", "管理员", Role.ADMIN, "s1")
READER = Actor("reader", "读片医师", Role.READER, "s1")
VOLUME = thorax(shape=(8, 8, 8))


@dataclass
class _Detector:
    name: str
    marks: tuple[Mark, ...] = ()
    fault: Exception | None = None

    @property
    def identity(self) -> AlgorithmIdentity:
        return AlgorithmIdentity(self.name, "1.0.0", self.name * 8)

    def detect(self, volume: Volume, job: JobContext) -> ModelOutput:
        job.progress(0.5)
        if self.fault is not None:
            raise self.fault
        return ModelOutput(self.identity, marks=self.marks)


@dataclass
class _Said:
    """A classifier with its answer."""

    answer: ModelOutput

    @property
    def identity(self) -> AlgorithmIdentity:
        return self.answer.algorithm

    def detect(self, volume: Volume, job: JobContext) -> ModelOutput:
        del volume
        job.progress(1.0)
        return self.answer


def _card(model_id: str, trust: Trust = Trust.RELEASE) -> ModelCard:
    return ModelCard(model_id, "1.0.0", model_id, ModelKind.HEATMAP_3D, trust, model_id * 8, "MIT", "")


@dataclass
class _Models:
    installed: dict[str, ModelCard] = field(
        default_factory=lambda: {
            "a": _card("a"),
            "b": _card("b"),
            "lab": _card("lab", Trust.RESEARCH),
            "broken": _card("broken"),
        }
    )

    def cards(self) -> tuple[ModelCard, ...]:
        return tuple(self.installed.values())

    def gates(self, model_id: str, job: CancelToken | None = None) -> tuple[GateResult, ...]:
        del job
        if model_id not in self.installed:
            raise BundleInvalid("There is no model.")
        bad = model_id == "broken"
        return (GateResult(GateStep.SCHEMA, passed=True), GateResult(GateStep.FILES, passed=not bad, text="altered"))

    def bring_in(self, path: Path, job: CancelToken | None = None) -> ModelCard:
        if job is not None:
            job.raise_if_cancelled()
        self.installed[path.name] = _card(path.name)
        return self.installed[path.name]

    def take_out(self, model_id: str, archive: Path) -> None:
        archive.write_text(model_id, encoding="utf-8")

    def remove(self, model_id: str) -> None:
        del self.installed[model_id]

    def detector(self, model_id: str) -> Detector:
        return _Detector(model_id)


@dataclass
class _Audit:
    details: list[str] = field(default_factory=list)

    def record(self, action: AuditAction, *, subject_uid: str = "", outcome: int = 0, detail: str = "") -> None:
        assert action is AuditAction.MODEL_CHANGED
        self.details.append(detail)

    def events(self, *, study_instance_uid: str = "") -> list[object]:
        return []


class _Noon:
    def now(self) -> object:
        return NOON


@pytest.fixture
def audit() -> _Audit:
    return _Audit()


@pytest.fixture
def page(tmp_path: Path, audit: _Audit) -> ModelPage:
    return ModelPage(
        models=_Models(),
        choices=ModelChoiceFile(tmp_path / "choice.json"),
        runs=StoredRunFolder(tmp_path / "runs"),
        audit=audit,  # type: ignore[arg-type]  # events() of a fake has no real events
        clock=_Noon(),  # type: ignore[arg-type]  # NOON is a datetime
    )


def test_an_activated_model_stays_active_and_comes_first(page: ModelPage, audit: _Audit) -> None:
    page.activate("b", ADMIN)

    choice = page.choice()
    assert (choice.active, choice.changed_by, choice.changed_at) == ("b", "admin", NOON)
    assert [card.model_id for card in page.cards()] == ["b", "a", "broken", "lab"]
    assert audit.details == ["active b shadow -"]


def test_a_research_model_is_never_active_but_may_be_a_shadow(page: ModelPage) -> None:
    with pytest.raises(BundleInvalid) as caught:
        page.activate("lab", ADMIN)

    assert "is for research only" in caught.value.user_text
    assert page.shadow("lab", ADMIN).shadow == "lab"
    assert page.choice().active is None


def test_a_model_that_fails_a_gate_is_neither(page: ModelPage) -> None:
    for act in (page.activate, page.shadow):
        with pytest.raises(BundleInvalid, match="altered"):
            act("broken", ADMIN)
    with pytest.raises(BundleInvalid, match="no model"):
        page.activate("unknown", ADMIN)
    assert page.choice() == ModelChoice()


def test_a_shadow_that_becomes_active_is_no_shadow_any_more(page: ModelPage) -> None:
    page.activate("a", ADMIN)
    page.shadow("b", ADMIN)

    assert page.activate("b", ADMIN).shadow is None
    with pytest.raises(BundleInvalid, match="is the active model"):
        page.shadow("b", ADMIN)
    assert page.shadow(None, ADMIN).shadow is None
    assert page.use_own(ADMIN) == replace(page.choice(), active=None, off=False)


def test_off_means_that_no_model_marks_until_one_is_chosen_again(page: ModelPage, audit: _Audit) -> None:
    page.activate("a", ADMIN)
    off = page.switch_off(ADMIN)

    assert (off.active, off.off, page.choice()) == (None, True, off)
    assert page.shadow("b", ADMIN).off
    assert not page.use_own(ADMIN).off
    page.switch_off(ADMIN)
    assert (page.activate("a", ADMIN).active, page.choice().off) == ("a", False)
    assert audit.details == [
        "active a shadow -", "active off shadow -", "active off shadow b", "active - shadow b", "active off shadow b",
        "active a shadow b",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="switched off"):
        ModelChoice(active="a", off=True)


def test_only_administrators_change_models(page: ModelPage, audit: _Audit, tmp_path: Path) -> None:
    acts: list[Callable[[], object]] = [
        lambda: page.activate("a", READER),
        lambda: page.shadow("a", READER),
        lambda: page.switch_off(READER),
        lambda: page.use_own(READER),
        lambda: page.bring_in(tmp_path / "new", READER),
        lambda: page.remove("a", READER),
    ]
    for act in acts:
        with pytest.raises(NotPermitted):
            act()
    assert audit.details == []


def test_models_come_and_go_audited_and_never_while_in_use(page: ModelPage, audit: _Audit, tmp_path: Path) -> None:
    page.bring_in(tmp_path / "new", ADMIN)
    page.activate("new", ADMIN)

    with pytest.raises(BundleInvalid, match="is in use"):
        page.remove("new", ADMIN)
    page.switch_off(ADMIN)
    page.remove("new", ADMIN)
    page.take_out("a", tmp_path / "a.zip")

    assert audit.details == [
        f"import new 1.0.0 {'new' * 8}",
        "active new shadow -",
        "active off shadow -",
        "remove new",
    ]
    assert (tmp_path / "a.zip").read_text(encoding="utf-8") == "a"
    assert [result.passed for result in page.gates("a")] == [True, True]


def test_a_damaged_choice_activates_nothing_in_silence(page: ModelPage, tmp_path: Path) -> None:
    (tmp_path / "choice.json").write_text('{"active": 7}', encoding="utf-8")

    with pytest.raises(StorageError) as caught:
        page.choice()

    assert caught.value.user_text == "The choice of the AI model cannot be read; no model is active."
    assert len(page.cards()) == 4
    assert page.activate("a", ADMIN).active == "a"
    assert page.choice().active == "a"


def test_the_products_default_comes_first_and_is_no_shadow_of_itself(page: ModelPage) -> None:
    assert isinstance(page.models, _Models)
    page.models.installed["b"] = replace(_card("b"), is_default=True)

    assert [card.model_id for card in page.cards()] == ["b", "a", "broken", "lab"]
    with pytest.raises(BundleInvalid, match="is the active model"):
        page.shadow("b", ADMIN)
    # another one that marks by choice: now the default may run beside it
    page.activate("a", ADMIN)
    assert page.shadow("b", ADMIN).shadow == "b"
    page.switch_off(ADMIN)
    assert marking_card(page.cards(), page.choice()) is None


def test_a_shadow_that_stood_in_for_the_default_does_not_read_the_same_study_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    class _Asked(_Detector):
        def detect(self, volume: Volume, job: JobContext) -> ModelOutput:
            asked.append(volume.series_instance_uid)
            return super().detect(volume, job)

    shadow = _Asked("a", (mark(0.6),))
    for uid, name in (("1.2.3", "a"), ("1.2.4", "b")):
        marked = ModelOutput(_Detector(name).identity, marks=(mark(0.6),))
        _shadow(tmp_path, shadow)(uid, VOLUME, marked, threading.Event())

    assert len(asked) == 1
    runs = StoredRunFolder(tmp_path / "runs").runs("a" * 8)
    assert {run.study_instance_uid for run in runs} == {"1.2.3", "1.2.4"}


def _shadow(tmp_path: Path, detector: Detector | None) -> RunShadow:
    return RunShadow(lambda: detector, StoredRunFolder(tmp_path / "runs"), _Noon())  # type: ignore[arg-type]  # NOON


def test_a_shadow_runs_is_stored_and_compared(page: ModelPage, tmp_path: Path) -> None:
    active = ModelOutput(_Detector("a").identity, marks=(mark(),))

    for uid in ("1.2.3", "1.2.4"):
        _shadow(tmp_path, _Detector("b", (mark(0.6),)))(uid, VOLUME, active, threading.Event())

    comparison = page.compare_stored(_card("a"), _card("b"))
    assert [case.study_instance_uid for case in comparison.cases] == ["1.2.3", "1.2.4"]
    assert comparison.agreement == 1.0
    assert (comparison.first.name, comparison.second.name) == ("a", "b")


def test_what_classifiers_say_is_kept_and_compared(page: ModelPage, tmp_path: Path) -> None:
    def said(name: str, effusion: float) -> ModelOutput:
        where = OcclusionMap(np.zeros((1, 1, 1), np.float32), np.eye(4))  # a map is for the moment, not for the files
        finding = StudyFinding("effusion", effusion, shown=effusion >= 0.5, out_of_ten=None, where=where)
        return ModelOutput(_Detector(name).identity, study_findings=(finding,))

    for uid, first, second in (("1.2.3", 0.9, 0.8), ("1.2.4", 0.7, 0.2)):
        _shadow(tmp_path, _Said(said("b", second)))(uid, VOLUME, said("a", first), threading.Event())

    comparison = page.compare_stored(_card("a"), _card("b"))
    assert comparison.labels() == (LabelAgreement("effusion", 1, 1, 0, 0),)
    assert [(uid, one.first, one.second) for uid, one in comparison.discordant()] == [("1.2.4", 0.7, 0.2)]

    at_once = compare_models(_Said(said("a", 0.9)), _Said(said("b", 0.1)), [("1.2.5", lambda: VOLUME)], Job())
    assert at_once.labels() == (LabelAgreement("effusion", 0, 1, 0, 0),)


def test_two_versions_of_the_same_weights_are_told_apart(page: ModelPage, tmp_path: Path) -> None:
    former = replace(_Detector("a").identity, version="0.9.0")

    _shadow(tmp_path, None)("1.2.3", VOLUME, ModelOutput(former, marks=(mark(0.6),)), threading.Event())
    _shadow(tmp_path, None)("1.2.3", VOLUME, ModelOutput(_Detector("a").identity), threading.Event())

    comparison = page.compare_stored(replace(_card("a"), version="0.9.0"), _card("a"))
    assert comparison.marks_per_case() == (1.0, 0.0)
    assert (comparison.first.version, comparison.second.version) == ("0.9.0", "1.0.0")


def test_a_case_is_stored_once_per_model(tmp_path: Path) -> None:
    runs = StoredRunFolder(tmp_path / "runs")
    first = StoredRun("1.2.3", _Detector("a").identity, (), NOON)

    runs.add(first)
    runs.add(replace(first, marks=(mark(),)))
    (damaged,) = list((tmp_path / "runs").iterdir())
    (damaged / "other.json").write_text("{", encoding="utf-8")

    assert [run.marks for run in runs.runs("a" * 8)] == [(mark(),)]
    assert runs.runs("b" * 8) == ()


@pytest.mark.parametrize("fault", [InputOutsideIntendedUse("no lungs"), JobCancelled()])
def test_a_shadow_that_fails_harms_nothing(tmp_path: Path, fault: Exception) -> None:
    _shadow(tmp_path, _Detector("b", fault=fault))(
        "1.2.3", VOLUME, ModelOutput(_Detector("a").identity), threading.Event()
    )

    assert StoredRunFolder(tmp_path / "runs").runs("b" * 8) == ()


def test_a_shadow_ends_with_its_worker(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()

    _shadow(tmp_path, _Detector("b", (mark(),)))("1.2.3", VOLUME, ModelOutput(_Detector("a").identity), stop)

    assert StoredRunFolder(tmp_path / "runs").runs("b" * 8) == ()


def test_nothing_in_common_is_said(page: ModelPage) -> None:
    with pytest.raises(BundleInvalid, match="no case that both models have seen"):
        page.compare_stored(_card("a"), _card("b"))


def test_two_versions_are_compared_on_the_same_cases_and_refused_ones_left_out() -> None:
    def broken() -> Volume:
        raise InputOutsideIntendedUse("5 mm slices")

    job = Job()
    comparison = compare_models(_Detector("a", (mark(),)), _Detector("b"), [("1", lambda: VOLUME), ("2", broken)], job)

    assert [case.study_instance_uid for case in comparison.cases] == ["1"]
    assert comparison.cases[0].only_first == (mark(),)
    assert job.fractions == [0.0, 0.5, 1.0]
    with pytest.raises(JobCancelled):
        compare_models(_Detector("a"), _Detector("b"), [("1", lambda: VOLUME)], Job(cancel_after=1))


def test_the_banner_stands_over_research_results_only() -> None:
    trusted = _Detector("a").identity

    assert research_banner(trusted) == ""
    assert research_banner(replace(trusted, research=True)).startswith("Research model")


def test_every_pre_read_is_kept_for_the_weekly_watch_also_without_a_shadow(page: ModelPage, tmp_path: Path) -> None:
    first = ModelOutput(_Detector("a").identity, marks=(mark(),))
    former = replace(first, algorithm=replace(first.algorithm, version="0.9.0"))

    _shadow(tmp_path, None)("1.2.3", VOLUME, first, threading.Event())
    _shadow(tmp_path, None)("1.2.4", VOLUME, former, threading.Event())

    report = page.drift(replace(_card("a"), drift_limits=DriftLimits(0.1, 3.6)))
    assert [(week.scans, week.marks_per_scan) for week in report.weeks] == [(1, 1.0)]
    assert report.limits == DriftLimits(0.1, 3.6)


def test_only_the_newest_runs_are_read_however_long_a_site_has_been_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.storage.model_store.MOST_RUNS", 2)
    folder = StoredRunFolder(tmp_path / "runs")
    for number in range(3):
        folder.add(StoredRun(f"1.2.{number}", _Detector("a").identity, (), NOON + timedelta(days=number)))
        (made,) = [path for path in (tmp_path / "runs").rglob("*.json") if path.stat().st_mtime > 1000]
        os.utime(made, (number, number))

    assert [run.study_instance_uid for run in folder.runs("a" * 8)] == ["1.2.1", "1.2.2"]
