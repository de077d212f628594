"""Joins the model page to its services; every act runs in a job and the list is read anew after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import BundleInvalid
from workstation.domain.model import GateResult, ModelCard, ModelChoice, marking_card
from workstation.domain.model_comparison import ModelComparison
from workstation.domain.model_drift import DriftReport
from workstation.services.jobs import JobHandle, JobRunner
from workstation.services.model_service import ModelPage
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.page_jobs import PageJobs
from workstation.ui.pages.model_page import ModelsPage

T = TypeVar("T")

_IMPORT: Final = "model-import"


class ModelPresenter(QObject):
    """One page, one signed-in person; ``services`` is called in jobs, so that loading it costs no frame."""

    def __init__(self, page: ModelsPage, services: Callable[[], ModelPage], jobs: JobRunner, actor: Actor) -> None:
        super().__init__(page)
        self._page = page
        self._services = services
        self._jobs = PageJobs(page, jobs, "models")
        self._actor = actor
        self.dialog: ConfirmDialog | None = None
        self._checking: JobHandle[Any] | None = None
        self._importing: JobHandle[Any] | None = None
        page.chosen.connect(self._check)
        page.refresh_requested.connect(self.refresh)
        page.activate_requested.connect(
            lambda uid: self._act(lambda s: s.activate(uid, actor), tr("The model is in use from the next study on"))
        )
        page.shadow_requested.connect(
            lambda uid: self._act(lambda s: s.shadow(uid or None, actor), tr("Shadow changed"))
        )
        page.own_requested.connect(
            lambda: self._act(lambda s: s.use_own(actor), tr("The built-in model is in use again"))
        )
        page.off_requested.connect(
            lambda: self._act(lambda s: s.switch_off(actor), tr("No model marks from the next study on"))
        )
        page.import_requested.connect(self._bring_in)
        page.export_requested.connect(
            lambda uid, path: self._act(lambda s: s.take_out(uid, path), tr("The model is written"))
        )
        page.remove_requested.connect(self._ask_remove)
        page.compare_requested.connect(self._compare)
        page.going_away.connect(self._leave)
        self.refresh()

    def refresh(self) -> None:
        """Read what is installed and how it is used."""

        def work(services: ModelPage) -> tuple[tuple[ModelCard, ...], ModelChoice]:
            return services.cards(), services.choice()

        self._run(work, lambda found: self._page.show_models(*found))

    def _check(self, model_id: str) -> None:
        def arrived(results: tuple[GateResult, ...]) -> None:
            if self._page.current == model_id:
                self._page.show_gates(results)

        self._stop(self._checking)  # a trial run may take a minute, and nobody looks at that model any more
        self._checking = self._jobs.run_long(lambda job: self._services().gates(model_id, job), arrived)
        self._watch(model_id)

    def _bring_in(self, path: Path) -> None:
        """Check and install in a job: a trial run takes up to a minute, so that it can be cancelled."""
        notices = self._page.notices

        def cancel() -> None:
            self._stop(self._importing)
            notices.clear_notice(_IMPORT)

        def installed(_card: ModelCard) -> None:
            self._page.toast.emit(tr("The model is installed"))
            self.refresh()

        cancel()
        notices.show_notice(
            Notice(_IMPORT, Severity.NEWS, tr("Checking the model…"), tr("It is tried out before it is installed."),
                   actions=(NoticeAction(tr("Cancel"), cancel),))
        )  # fmt: skip
        self._importing = self._jobs.run_long(
            lambda job: self._services().bring_in(path, self._actor, job),
            installed,
            ended=lambda: notices.clear_notice(_IMPORT),
        )

    def _leave(self) -> None:
        self._stop(self._checking)
        self._stop(self._importing)

    @staticmethod
    def _stop(job: JobHandle[Any] | None) -> None:
        if job is not None:
            job.cancel()

    def _watch(self, model_id: str) -> None:
        card = self._page.card(model_id)
        if card is None or card.fault:
            return

        def arrived(report: DriftReport) -> None:
            if self._page.current == model_id:
                self._page.show_drift(report)

        self._run(lambda services: services.drift(card), arrived)

    def _compare(self, model_id: str) -> None:
        def work(services: ModelPage) -> ModelComparison:
            cards = {card.model_id: card for card in services.cards()}
            marking = marking_card(cards.values(), services.choice())
            if marking is None or model_id not in cards:
                raise BundleInvalid(tr("There is no active model to compare with."))
            return services.compare_stored(marking, cards[model_id])

        self._run(work, self._page.show_comparison)

    def _ask_remove(self, model_id: str) -> None:
        self.dialog = ConfirmDialog(
            self._page,
            tr("Remove this model?"),
            tr("“{model}” is deleted from this machine. Results that it made stay.", model=model_id),
            tr("Remove"),
        )
        self.dialog.accepted.connect(
            lambda: self._act(lambda s: s.remove(model_id, self._actor), tr("The model is removed"))
        )
        self.dialog.open()

    def _act(self, act: Callable[[ModelPage], object], done: str) -> None:
        def finished(_value: object) -> None:
            self._page.toast.emit(done)
            self.refresh()

        self._run(act, finished)

    def _run(self, work: Callable[[ModelPage], T], done: Callable[[T], None]) -> None:
        self._jobs.run(lambda: work(self._services()), done)
