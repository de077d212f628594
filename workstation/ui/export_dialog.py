"""Asks what shall be taken out of the images, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.buttons import SegmentedChoice
from workstation.ui.widgets.labels import label

_PICTURE: Final = "picture"
_FILM: Final = "film"
_FILE: Final = "file"
_STUDY: Final = "study"


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What the person wants."""

    moving: bool
    into_study: bool
    with_patient: bool


class ExportDialog(Dialog):
    """Shows the choices; ``choice`` returns them once it was accepted."""

    def __init__(self, parent: QWidget, *, film_refused: str, study_refused: str) -> None:
        super().__init__(parent, tr("Take a picture out"), icon="image", tone="acc")
        self.what = SegmentedChoice(((_PICTURE, tr("This picture")), (_FILM, tr("All slices as a film"))), _PICTURE)
        self.where = SegmentedChoice(
            ((_FILE, tr("Into a file")), (_STUDY, tr("Into the study (secondary capture)"))), _FILE
        )
        self.patient = QCheckBox(tr("With the patient's name and data in the picture"))
        self._group(tr("What"), self.what, film_refused)
        self._group(tr("Where"), self.where, study_refused)
        self._group(tr("Corner text"), self.patient, "")
        self._refused = {_FILM: film_refused, _STUDY: study_refused}
        self.add_hint(tr("A file leaves the protection of the workstation. Give away only what may be given away."))
        primary = self.set_primary(tr("Go on"), icon="check")
        for choice in (self.what, self.where):
            choice.chosen.connect(lambda _key: self._show_state())
        self._primary = primary

    @property
    def choice(self) -> ExportChoice:
        """Return what was chosen."""
        return ExportChoice(self.what.value() == _FILM, self.where.value() == _STUDY, self.patient.isChecked())

    def _show_state(self) -> None:
        reason = next((self._refused[key] for key in (self.what.value(), self.where.value())
                       if self._refused.get(key)), "")  # fmt: skip
        self._primary.enable(not reason, reason)

    def _group(self, caption: str, control: QWidget, note: str) -> None:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(label(caption, "caption", "t2"))
        column.addWidget(control)
        if note:
            column.addWidget(label(note, "caption", "t3", wrap=True))
        self.body.addLayout(column)
