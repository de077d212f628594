"""What a report cites of other studies, in the sign dialog: being asked for, known, or not to be had."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from resources.translation import tr, trn
from workstation.ui.icons import icon_pixmap
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import icon_label, label, set_tone

_ICON_PX = 16
_TEXT_WIDTH = 480


class CitedBox(QFrame):
    """Hidden until something is cited; ``holds_up`` says why nothing may be signed yet, empty once it may."""

    changed = Signal()
    again = Signal()
    without = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.holds_up = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._icon = icon_label("information", "t2", _ICON_PX)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self.said = label("", "body", "t2", wrap=True)
        row.addWidget(self.said)
        row.addStretch(1)
        column.addLayout(row)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(_ICON_PX + 8, 0, 0, 0)
        buttons.setSpacing(8)
        self.try_again = Button(tr("Try again"), icon="refresh", small=True)
        self.try_again.clicked.connect(self.again)
        self.sign_without = Button(tr("Sign without"), icon="close", small=True)
        self.sign_without.clicked.connect(self.without)
        for button in (self.try_again, self.sign_without):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.hide()

    def show_looking(self) -> None:
        """Say that the hub is being asked."""
        said = tr("Asking the centre which images of other studies this report cites…")
        self._show(said, "t2", "timer", holds_up=said)

    def show_known(self, studies: int) -> None:
        """Say how many studies are named as evidence."""
        if not studies:
            self._show(tr("The centre holds nothing of the studies that this report cites"), "t2", "information")
            return
        said = trn("Names the images of {count} other study", "Names the images of {count} other studies", studies)
        self._show(said, "t2", "check")

    def show_unknown(self, reason: str) -> None:
        """Say that nobody could tell, and what a signature now would lack."""
        said = tr(
            "{reason}: nobody can tell which images of other studies this report cites. Signed now, its structured "
            "report does not name them; the words of the comparison stay.",
            reason=reason,
        )
        held = tr("Try again, or choose to sign without the cited images")
        self._show(said, "warn", "error-warning", holds_up=held, ask=True, may_go=True)

    def show_without(self) -> None:
        """Say that the signer chose to sign without."""
        self._show(tr("Is signed without naming the cited images of other studies"), "warn", "error-warning", ask=True)

    def _show(
        self, said: str, tone: str, icon: str, *, holds_up: str = "", ask: bool = False, may_go: bool = False
    ) -> None:
        self.holds_up = holds_up
        self.said.setText(said)
        set_tone(self.said, tone)
        self.said.setFixedWidth(_TEXT_WIDTH)  # a wrapped text tells its height only for a known width
        self.said.setFixedHeight(self.said.heightForWidth(_TEXT_WIDTH))
        self._icon.setPixmap(icon_pixmap(icon, tone, _ICON_PX, 2.0))
        self.try_again.setVisible(ask)
        self.sign_without.setVisible(may_go)
        self.show()
        self.changed.emit()
