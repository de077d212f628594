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
    """
    Shows the choices; ``choice`` returns them once it was accepted.

    ``burned_in`` tells whether the pixels themselves carry the patient's name, None where nobody knows: a picture
    without corner text may still name the patient then, and the dialog says so. ``gif_slowdown`` is how many times as
    long as the clip a GIF of it takes.
    """

    def __init__(
        self,
        parent: QWidget,
        *,
        film_refused: str,
        study_refused: str,
        burned_in: bool | None,
        gif_slowdown: float = 1.0,
    ) -> None:
        super().__init__(parent, tr("Export image"), icon="image", tone="acc")
        self.what = SegmentedChoice(((_PICTURE, tr("This picture")), (_FILM, tr("All slices as a video"))), _PICTURE)
        self.where = SegmentedChoice(
            ((_FILE, tr("Into a file")), (_STUDY, tr("Into the study (secondary capture)"))), _FILE
        )
        self.patient = QCheckBox(tr("With the patient's name and data in the picture"))
        self._group(tr("What"), self.what, film_refused)
        self._group(tr("Where"), self.where, study_refused)
        others = tr("Without them, words that other systems wrote on the image are left out too; your own stay.")
        self._group(tr("Corner text"), self.patient, others)
        self.burned_in = label(_burned_in_words(burned_in), "body", "bad" if burned_in else "warn", wrap=True)
        self.burned_in.setVisible(burned_in is not False)
        self.body.addWidget(self.burned_in)
        self.patient.toggled.connect(lambda on: self.burned_in.setVisible(burned_in is not False and not on))
        self.slower = label(slower_words(gif_slowdown), "body", "warn", wrap=True)
        self.slower.hide()
        self.body.addWidget(self.slower)
        self._refused = {_FILM: film_refused, _STUDY: study_refused}
        self.add_hint(tr("A file leaves the protection of the workstation. Export only what may leave the hospital."))
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
        self.slower.setVisible(bool(self.slower.text()) and self.choice.moving and not self.choice.into_study)

    def _group(self, caption: str, control: QWidget, note: str) -> None:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(label(caption, "caption", "t2"))
        column.addWidget(control)
        if note:
            column.addWidget(label(note, "caption", "t3", wrap=True))
        self.body.addLayout(column)


def slower_words(gif_slowdown: float) -> str:
    """Return that a GIF cannot play a clip as fast as it is, empty where it can."""
    if gif_slowdown <= 1:
        return ""
    return tr(
        "A GIF plays at most 50 pictures a second: this clip takes {factor} times as long in it. WebP keeps the time.",
        factor=f"{gif_slowdown:.2f}".rstrip("0").rstrip("."),
    )


def _burned_in_words(burned_in: bool | None) -> str:  # noqa: FBT001 - what an image says of itself
    if burned_in is False:
        return ""
    if burned_in:
        return tr("The image itself carries the patient's name: it stays in the picture without the corner text too.")
    return tr("The image may carry the patient's name in its pixels. Look at the picture before it goes out.")
