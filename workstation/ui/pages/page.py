"""What the main window asks of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.ui.commands import Command, CommandSet
from workstation.ui.notice import Notice, NoticeAction, NoticeBar, Severity, code_of


@dataclass(frozen=True, slots=True)
class PageSpec:
    """
    How a page appears in the window.

    ``text`` is called whenever the rail is built, so that it follows the language; ``factory``
    makes the page before its first show and again after a language switch: at once, or as an iterator
    that yields the same page after every step, the first time while it is empty. Keep what must
    survive the switch in the presenter, or hand it over by ``save_state`` and ``restore_state``.
    """

    page_id: str
    text: Callable[[], str]
    icon: str
    factory: Callable[[], Page | Iterator[Page]]
    key: str = ""
    in_rail: bool = True
    slim_rail: bool = False
    full_window: bool = False
    """True for pages without rail and status bar, such as signing in."""


class Page(QWidget):
    """
    The base of every page: ``column`` takes the header first and the content below the notices.

    Signals: ``toast(text)`` for success, ``failed(error)`` for what the ladder of errors shows,
    ``go_to(page_id)`` to switch.
    """

    toast = Signal(str)
    toast_over = Signal(str)
    """What a toast said holds no longer"""
    go_to = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setMinimumSize(320, 240)  # else the widest row would keep the window from shrinking
        self.commands = CommandSet(self)
        self.print_out: Callable[[], object] = self._nothing_to_print
        """What Ctrl+P does; set by who shows a report on this page"""
        self.commands.add(
            Command("print", tr("Print the report"), "printer", "Ctrl+P", self._print, tr("General"), everywhere=True)
        )
        self.notices = NoticeBar()
        self.notices.setParent(self)  # a bar without a parent would open as a window of its own
        self.notices.hide()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)

    def add_header(self, header: QWidget) -> None:
        """Put the page header at the top with the notice bar under it."""
        self.column.addWidget(header)
        self.column.addWidget(self.notices)

    def shown(self) -> None:
        """Do what is needed when the page comes to the front."""

    def hidden(self) -> None:
        """Do what is needed when another page comes to the front."""

    def refresh(self) -> None:
        """Fetch anew (F5)."""

    def save_state(self) -> object:
        """Return what a rebuilt page needs to go on where this one stands."""
        return None

    def restore_state(self, state: object) -> None:
        """Go on where ``save_state`` stood."""

    def may_close(self) -> bool:
        """Tell whether the window may close now; ask the person when work would be lost."""
        return True

    def close_page(self) -> None:
        """Stop timers and jobs; the widget is going away, perhaps before it was whole."""

    def _print(self) -> None:
        self.print_out()

    def _nothing_to_print(self) -> None:
        self.toast.emit(tr("No report is shown here to print. F4 shows the report of the open case."))

    def show_error(self, error: WorkstationError, *, key: str = "error", severity: Severity = Severity.LOST,
                   actions: tuple[NoticeAction, ...] = ()) -> None:  # fmt: skip
        """Show an error in the notice bar: the second step of the ladder, after inline."""
        self.notices.show_notice(Notice(key, severity, error.user_text, error.hint, code_of(error), actions))
