"""Signed objects of a report that the hub never took, which lie in the archive all the same."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import IntegrityMismatch, Refused
from workstation.domain.ports import Delivery, RetrievePort, StorePort
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportState
from workstation.domain.signature import SignedArtefact
from workstation.domain.workflow_ports import WorkflowPort
from workstation.domain.workitem import OutputReference
from workstation.services.report_workflow import RejectionNotes


@dataclass(frozen=True, slots=True)
class RejectUntaken:
    """
    Say in the archive that the objects of a report which is dropped are not to be used.

    They get there when the hub changes its mind between its word and the signature's arrival, or when the line
    ends in between.
    """

    workflow: WorkflowPort
    retrieve: RetrievePort
    store: StorePort
    notes: RejectionNotes

    def __call__(self, delivery: Delivery, actor: Actor) -> None:
        """
        Store a rejection note of those that the archive holds; none of a report that was taken after all.

        Raises Unreachable, Refused, NotPermitted.
        """
        report = delivery.report
        held = tuple(map(_reference, filter(self._is_held, delivery.artefacts)))
        if not held or self._was_taken(report):
            return
        note = self.notes.rejection_note(
            self.retrieve.study(report.study_instance_uid),
            held,
            note=tr("Signed, refused by the hub and dropped by its signer: it was never a final report"),
            author=Person(actor.user_id, actor.display_name, actor.site_name),
            language=report.language,
        )
        self.store.store(report.study_instance_uid, [note])

    def _is_held(self, artefact: SignedArtefact) -> bool:
        """Whether the archive holds something under its UID, whole or not."""
        with contextlib.suppress(IntegrityMismatch):
            try:
                self.retrieve.instance(
                    artefact.study_instance_uid, artefact.series_instance_uid, artefact.sop_instance_uid
                )
            except Refused:
                return False
        return True

    def _was_taken(self, report: Report) -> bool:
        """Whether it became final though the answer was lost, and whatever followed it since."""
        history = self.workflow.versions(report.ups_instance_uid)
        return any(one.report.report_uid == report.report_uid and one.report.state in _TAKEN for one in history)


_TAKEN = frozenset({ReportState.FINAL, ReportState.ENTERED_IN_ERROR})


def _reference(artefact: SignedArtefact) -> OutputReference:
    return OutputReference(
        artefact.study_instance_uid, artefact.series_instance_uid, artefact.sop_class_uid, artefact.sop_instance_uid
    )
