"""The model page: what is installed, which model is active, what a shadow would have said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from resources.translation import tr
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import BundleInvalid, NotPermitted, StorageError, WorkstationError
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import (
    GateResult,
    ModelCard,
    ModelChoice,
    StoredRun,
    marking_card,
)
from workstation.domain.model_comparison import (
    CaseComparison,
    ModelComparison,
    compare_marks,
    compare_runs,
    said_by_both,
)
from workstation.domain.model_drift import DriftReport, drift_report
from workstation.domain.model_ports import ModelChoicePort, ModelPort, StoredRunPort
from workstation.domain.ports import AuditPort, CancelToken, Clock, Detector, JobContext
from workstation.domain.volume import Volume
from workstation.services.shadow_service import said_by

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelPage:
    """All acts of the model page. Acts that change something need ``MANAGE_MODELS`` and are audited first."""

    models: ModelPort
    choices: ModelChoicePort
    runs: StoredRunPort
    audit: AuditPort
    clock: Clock

    def cards(self) -> tuple[ModelCard, ...]:
        """Return every installed model, the one that marks first, then by name."""
        cards = self.models.cards()
        marking = marking_card(cards, self._current())
        return tuple(sorted(cards, key=lambda card: (card is not marking, card.model_id)))

    def choice(self) -> ModelChoice:
        """Return which models are active and in the shadow."""
        return self.choices.load()

    def gates(self, model_id: str, job: CancelToken | None = None) -> tuple[GateResult, ...]:
        """Run the gates of one model, for the page. Raises JobCancelled."""
        return self.models.gates(model_id, job)

    def activate(self, model_id: str, actor: Actor) -> ModelChoice:
        """
        Make a model the one whose marks readers see.

        Raises NotPermitted; BundleInvalid when a gate fails or the model is for research only.
        """
        _require(actor)
        self._require_gates(model_id)
        card = next((card for card in self.models.cards() if card.model_id == model_id), None)
        if card is None or card.research:
            raise BundleInvalid(
                tr("“{model}” is for research only: nobody trusted here signed it.", model=model_id),
                hint=tr("Run it in shadow mode, or trust the key of its supplier."),
            )
        choice = self._current()
        return self._save(
            replace(choice, off=False, active=model_id, shadow=None if choice.shadow == model_id else choice.shadow),
            actor,
        )

    def shadow(self, model_id: str | None, actor: Actor) -> ModelChoice:
        """
        Let a model run beside the active one, shown to nobody; None ends it.

        A research model may be a shadow. Raises NotPermitted; BundleInvalid when a gate fails or
        the model is the one that marks.
        """
        _require(actor)
        choice = self._current()
        if model_id is not None:
            self._require_gates(model_id)
            marking = marking_card(self.models.cards(), choice)
            if marking is not None and model_id == marking.model_id:
                raise BundleInvalid(
                    tr("“{model}” is the active model.", model=model_id),
                    hint=tr("Choose another model for shadow mode."),
                )
        return self._save(replace(choice, shadow=model_id), actor)

    def use_own(self, actor: Actor) -> ModelChoice:
        """Let the product's own model mark. Raises NotPermitted."""
        _require(actor)
        return self._save(replace(self._current(), active=None, off=False), actor)

    def switch_off(self, actor: Actor) -> ModelChoice:
        """Let no model mark anything, the product's own neither; a shadow of films goes on. Raises NotPermitted."""
        _require(actor)
        return self._save(replace(self._current(), active=None, off=True), actor)

    def bring_in(self, path: Path, actor: Actor, job: CancelToken | None = None) -> ModelCard:
        """Install a bundle. Raises NotPermitted, BundleInvalid, StorageError, JobCancelled."""
        _require(actor)
        card = self.models.bring_in(path, job)
        self.audit.record(AuditAction.MODEL_CHANGED, detail=f"import {card.model_id} {card.version} {card.sha256}")
        return card

    def take_out(self, model_id: str, archive: Path) -> None:
        """Write a bundle as a zip. Raises BundleInvalid, StorageError."""
        self.models.take_out(model_id, archive)

    def remove(self, model_id: str, actor: Actor) -> None:
        """Remove an installed model that is not in use. Raises NotPermitted, BundleInvalid."""
        _require(actor)
        choice = self._current()
        if model_id in {choice.active, choice.shadow}:
            raise BundleInvalid(tr("“{model}” is in use.", model=model_id), hint=tr("Choose another model first."))
        self.audit.record(AuditAction.MODEL_CHANGED, detail=f"remove {model_id}")
        self.models.remove(model_id)

    def drift(self, card: ModelCard) -> DriftReport:
        """Return what this version of a model marked here, week by week. Raises StorageError."""
        return drift_report(self._runs_of(card), card.drift_limits)

    def compare_stored(self, first: ModelCard, second: ModelCard) -> ModelComparison:
        """
        Compare two models on the studies that both have seen, by place and by what they say of a whole study.

        Raises BundleInvalid when there is no such study.
        """
        left, right = self._by_study(first), self._by_study(second)
        common = [uid for uid in left if uid in right]
        if not common:
            raise BundleInvalid(
                tr("There is no case that both models have seen."),
                hint=tr("Let one of them run in shadow mode for some days, then compare."),
            )
        cases = tuple(compare_runs(left[uid], right[uid]) for uid in common)
        return ModelComparison(left[common[0]].algorithm, right[common[0]].algorithm, cases)

    def _runs_of(self, card: ModelCard) -> list[StoredRun]:
        """Return the runs of one version: versions may share their weights."""
        return [run for run in self.runs.runs(card.sha256) if run.algorithm.version == card.version]

    def _by_study(self, card: ModelCard) -> dict[str, StoredRun]:
        return {run.study_instance_uid: run for run in self._runs_of(card)}

    def _require_gates(self, model_id: str) -> None:
        failed = [result for result in self.models.gates(model_id) if not result.passed]
        if failed:
            raise BundleInvalid(
                tr("“{model}” cannot be used: {reason}", model=model_id, reason=failed[0].text),
                hint=tr("Install the model again from a trusted source."),
            )

    def _current(self) -> ModelChoice:
        """Return the choice to change; a file that cannot be read is replaced by the next choice."""
        try:
            return self.choices.load()
        except StorageError as exc:
            _log.info("the choice of the model cannot be read: %s", exc)
            return ModelChoice()

    def _save(self, choice: ModelChoice, actor: Actor) -> ModelChoice:
        stored = replace(choice, changed_by=actor.user_id, changed_at=self.clock.now())
        self.audit.record(
            AuditAction.MODEL_CHANGED,
            detail=f"active {'off' if stored.off else stored.active or '-'} shadow {stored.shadow or '-'}",
        )
        self.choices.save(stored)
        return stored


def research_banner(algorithm: AlgorithmIdentity) -> str:
    """Return the sentence that stands over results of a research model; empty for others."""
    if not algorithm.research:
        return ""
    return tr("Research model, signed by nobody trusted here: not for diagnosis, never in a report")


def _require(actor: Actor) -> None:
    if not actor.may(Permission.MANAGE_MODELS):
        raise NotPermitted(tr("Only administrators change models"), hint=tr("Ask your administrator."))


def compare_models(
    first: Detector, second: Detector, cases: Iterable[tuple[str, Callable[[], Volume]]], job: JobContext
) -> ModelComparison:
    """
    Run two models on the same volumes and compare their marks and what they say of the whole study.

    ``cases`` gives study UID and a way to load the volume; a case that either model refuses is
    left out. Raises JobCancelled.
    """
    listed = list(cases)
    compared: list[CaseComparison] = []
    algorithms = [first.identity, second.identity]
    for number, (uid, load) in enumerate(listed):
        job.progress(number / max(1, len(listed)))
        try:
            volume = load()
            results = [first.detect(volume, _Quiet(job)), second.detect(volume, _Quiet(job))]
        except WorkstationError as exc:
            _log.info("a case is left out of the comparison: %s", exc)
            continue
        algorithms = [result.algorithm for result in results]
        said = said_by_both(said_by(results[0]), said_by(results[1]))
        compared.append(replace(compare_marks(uid, results[0].marks, results[1].marks), said=said))
    job.progress(1.0)
    return ModelComparison(algorithms[0], algorithms[1], tuple(compared))


class _Quiet:
    """A job that can be cancelled while its progress is counted by cases."""

    def __init__(self, job: JobContext) -> None:
        self._job = job

    def raise_if_cancelled(self) -> None:
        self._job.raise_if_cancelled()

    def progress(self, fraction: float, text: str = "") -> None:  # noqa: ARG002  cases are counted, not slabs
        self._job.raise_if_cancelled()
