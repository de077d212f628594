"""Which uptake value a PET is told in: one choice for the whole case, in a menu and by a key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType
from workstation.services.fusion_service import OFFERED
from workstation.ui.commands import Command
from workstation.ui.pages.reading_page import ReadingPage

Said = Mapping[SuvType, SuvScale | SuvRefusal]


class SuvChoice(QObject):
    """Body weight first; what the data of the PET on screen do not allow is refused with the reason."""

    changed = Signal()

    def __init__(self, page: ReadingPage) -> None:
        super().__init__(page)
        self._page = page
        self.wanted = SuvType.BW
        self._said: Said = {}
        self.menu = QMenu(tr("Uptake value"), page.header.menu)
        self.menu.aboutToShow.connect(self.fill)
        for menu in (page.header.presets.menu, page.header.menu):
            menu.addMenu(self.menu)
        page.view_commands.of_images(
            Command("view.uptake", tr("Next uptake value of a PET"), "scales-3", "Shift+S", self.following,
                    tr("Images"))
        )  # fmt: skip
        self.offer({})

    def forget(self) -> None:
        """Begin the next case with body weight."""
        self.wanted = SuvType.BW
        self.offer({})

    def offer(self, said: Said) -> None:
        """Take what the headers of the PET on screen allow; empty while they are not known, and without a PET."""
        self._said = said
        self.menu.menuAction().setVisible(bool(said))

    def choose(self, wanted: SuvType) -> None:
        """Tell every PET of the case in this value; where it is refused it stays as it was, and the reason is said."""
        found = self._said.get(wanted)
        if isinstance(found, SuvRefusal) and not found.needs_pixels:
            self._page.toast.emit(_refused(wanted, found))
        elif wanted is not self.wanted:
            self.wanted = wanted
            self.changed.emit()

    def following(self) -> None:
        """Choose the next value that is to be had."""
        if not self._said:
            self._page.toast.emit(tr("There is no PET on screen."))
            return
        at = OFFERED.index(self.wanted)
        order = (*OFFERED[at + 1 :], *OFFERED[:at])
        allowed = next((one for one in order if isinstance(self._said.get(one), SuvScale)), order[0])
        self.choose(allowed)

    def fill(self) -> None:
        """Offer the values, those that are refused with the reason."""
        self.menu.clear()
        for one in OFFERED:
            found = self._said.get(one)
            refused = isinstance(found, SuvRefusal) and not found.needs_pixels
            entry = self.menu.addAction(f"{one.label} · {one.full_name}")
            entry.setCheckable(True)
            entry.setChecked(one is self.wanted)
            entry.triggered.connect(partial(self.choose, one))
            entry.setEnabled(bool(self._said) and not refused)
            if isinstance(found, SuvRefusal) and refused:
                entry.setText(_refused(one, found))


def _refused(wanted: SuvType, found: SuvRefusal) -> str:
    return tr("No {label}: {reason}", label=wanted.label, reason=found.text)
