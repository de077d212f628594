"""The window: rail, page stack, status bar; pages register here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from resources.translation import tr, use_language
from workstation.domain.access import Actor
from workstation.settings import Settings
from workstation.ui.commands import Command, CommandSet, KeySheetRow
from workstation.ui.errors_ui import CrashPage, CrashReport
from workstation.ui.icons import logo_icon
from workstation.ui.key_editor import KeyEditor
from workstation.ui.key_sheet import KeySheet
from workstation.ui.keymap import KeyRow, use_keys
from workstation.ui.monitor_check import MonitorChecking
from workstation.ui.notice import NoticeBar, Toast
from workstation.ui.page_stack import PageStack
from workstation.ui.pages.page import Page, PageSpec
from workstation.ui.settings_dialog import SettingsDialog
from workstation.ui.widgets.main_rail import MainRail, RailItem
from workstation.ui.widgets.status_bar import StatusBar, StatusFact

_SLIM_BELOW = 1440


class MainWindow(QMainWindow):
    """
    Holds the pages. ``register`` them, then ``show_page``.

    Signals: ``settings_changed(Settings)`` after the person changed them (already applied here),
    ``sign_out_requested``, ``page_shown(page_id)``, ``page_prepared(page_id)`` and ``notices_moved``
    where the bar that can be seen is another one.
    """

    settings_changed = Signal(object)
    sign_out_requested = Signal()
    page_shown = Signal(str)
    page_prepared = Signal(str)
    notices_moved = Signal()

    def __init__(self, settings: Settings, *, version: str = "") -> None:
        super().__init__()
        self._settings = settings
        self._version = version
        self._available: frozenset[str] | None = None
        self._badges: dict[str, int] = {}
        self._facts: dict[str, Callable[[], StatusFact]] = {}
        self._actor: Actor | None = None
        self._current = self._wanted = ""
        self._rail: MainRail | None = None
        self._crash: CrashPage | None = None
        self.monitors: MonitorChecking | None = None
        """Checks of this machine's monitors; None where nobody keeps them"""
        self.setWindowIcon(logo_icon())
        self.setMinimumSize(880, 480)
        self._central = QWidget()
        self._central.setObjectName("central")
        self.setCentralWidget(self._central)
        self._outer = QVBoxLayout(self._central)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._middle = QHBoxLayout()
        self._middle.setSpacing(0)
        self._outer.addLayout(self._middle, 1)
        self._stack = PageStack()
        self._stack.arrived.connect(self._page_arrived)
        self._stack.prepared.connect(self._page_prepared)
        self._stack.currentChanged.connect(self._raise_crash)
        self._middle.addWidget(self._stack, 1)
        self._status: StatusBar | None = None
        self._commands = CommandSet(self)
        self.toast = Toast(self._central)
        self._build_chrome()

    # pages

    def register(self, spec: PageSpec) -> None:
        """Add a page; it is made at its first show. Raises ValueError for an id used twice."""
        self._stack.register(spec)
        self._build_chrome()

    def set_available(self, page_ids: frozenset[str] | None) -> None:
        """Offer only these pages, by role; None offers all."""
        self._available = page_ids
        self._build_chrome()

    def page(self, page_id: str) -> Page:
        """Return a page, making it now if it was never shown; KeyError when nobody registered it."""
        return self._stack.page(page_id)

    def is_prepared(self, page_id: str) -> bool:
        """Tell whether a page is whole and speaks the language of the window."""
        return self._stack.is_ready(page_id)

    def prepare(self, page_id: str) -> None:
        """Make a page in slices of idle time; ``page_prepared`` tells when it is whole."""
        self._stack.prepare(page_id)

    def show_soon(self, page_id: str) -> None:
        """Bring a page to the front as soon as it is made, in slices of idle time."""
        if self._stack.is_ready(page_id):
            self.show_page(page_id)
        else:
            self._wanted = page_id
            self._stack.prepare(page_id)

    def show_page(self, page_id: str) -> None:
        """Bring a page to the front; the crash page stays before it until a person carries on."""
        self._wanted = ""
        page = self.page(page_id)
        before = self._stack.made(self._current)
        if before is not None and self._current != page_id:
            before.hidden()
        self._current = page_id
        self._stack.setCurrentWidget(page)
        self._fit_chrome()
        self._show_title()
        if self._rail is not None:
            self._rail.set_active(page_id)
        page.shown()
        self.page_shown.emit(page_id)

    def _show_title(self) -> None:
        spec = self._stack.spec(self._current)
        if spec is not None:
            self.setWindowTitle(tr("{page} · Lianyue", page=spec.text()))

    def _page_arrived(self, page: Page) -> None:
        page.toast.connect(self.toast.say)
        page.toast_over.connect(self.toast.take_back)
        page.go_to.connect(self.show_page)

    def _page_prepared(self, page_id: str) -> None:
        if page_id == self._wanted:
            self.show_page(page_id)
        self.page_prepared.emit(page_id)

    def _choose_page(self, page_id: str) -> None:
        """Show the page that a person asked for: asking is carrying on after a bug."""
        if self._crash is not None:
            self._crash.leave()
        self.show_soon(page_id)

    def discard_pages(self) -> None:
        """Throw away every page that was made: the next person must see nothing of the last one's."""
        if self._crash is not None:
            self._crash.leave()
        self._stack.discard()
        self._current = self._wanted = ""
        self._badges.clear()

    @property
    def current_page(self) -> str:
        """Return the id of the page in front, empty before the first."""
        return self._current

    @property
    def notices(self) -> NoticeBar | None:
        """Return the bar that can be seen: the one above the crash page, else that of the page; None before one."""
        if self._crash is not None:
            return self._crash.notices
        return self.page(self._current).notices if self._current and self.is_prepared(self._current) else None

    # facts

    def set_actor(self, actor: Actor | None) -> None:
        """Show who is signed in."""
        self._actor = actor
        self._show_actor()

    def set_badge(self, page_id: str, count: int) -> None:
        """Show a red number at a page in the rail; 0 takes it away."""
        self._badges[page_id] = count
        if self._rail is not None:
            self._rail.set_badge(page_id, count)

    def set_fact(self, key: str, fact: Callable[[], StatusFact] | None) -> None:
        """Show a fact in the status bar; called again after a language switch. None takes it away."""
        if fact is None:
            self._facts.pop(key, None)
            if self._status is not None:
                self._status.clear_fact(key)
            return
        self._facts[key] = fact
        if self._status is not None:
            self._status.show_fact(fact())

    @property
    def status(self) -> StatusBar:
        """Return the status bar."""
        if self._status is None:
            raise RuntimeError("the window is not built")
        return self._status

    @property
    def rail(self) -> MainRail:
        """Return the rail."""
        if self._rail is None:
            raise RuntimeError("the window is not built")
        return self._rail

    # settings

    def apply_settings(self, settings: Settings) -> None:
        """Take over settings; a new language and other keys rebuild every page that was made."""
        language_before = self._settings.appearance.language
        contrast_before, keys_before = self._settings.appearance.high_contrast, self._settings.keys.in_force
        self._settings = settings
        look = settings.appearance
        before = language_before, contrast_before, keys_before
        if (look.language, look.high_contrast, settings.keys.in_force) != before:
            use_language(look.language)
            use_keys(settings.keys.in_force)
            self.rebuild()

    def rebuild(self) -> None:
        """
        Make chrome and pages anew in the present language; pages hand their state over.

        The pages in slices of idle time, the one in front first; the old one stays until its successor is whole.
        """
        self._build_chrome()
        self._show_title()
        self._stack.renew()

    def open_settings(self) -> None:
        """Open the settings dialog."""
        dialog = SettingsDialog(self, self._settings, monitors=self.monitors)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self._settings_chosen)
        dialog.keys_wanted.connect(self.open_key_editor)
        dialog.offer_keys(offered=any(not row.fixed for row in self.key_rows()))
        dialog.open()

    def _settings_chosen(self, settings: Settings) -> None:
        self.settings_changed.emit(settings)
        self.apply_settings(settings)

    # crash page

    def show_crash(self, report: CrashReport) -> None:
        """
        Cover the page with the crash page; the rail and the rest stay usable.

        Nothing is decided or signed on a page that nobody sees: it is hidden, and its keys rest, until a person
        carries on. Dialogs stay: one of them may ask for work that would be lost.
        """
        if self._crash is not None:
            return  # the first id is the useful one; a bug in a paint event would repeat at once
        page = CrashPage(self._stack, report)
        page.carry_on.connect(self._crash_left)
        self._crash = page
        page.show()
        page.raise_()
        page.back.setFocus()
        QTimer.singleShot(0, self, self._hide_covered)  # the bug may lie in a paint event of what is hidden
        self.notices_moved.emit()

    def _hide_covered(self) -> None:
        page = self._stack.currentWidget()
        if self._crash is not None and page is not None:
            page.hide()

    def _raise_crash(self, _at: int) -> None:
        if self._crash is not None:
            self._crash.raise_()
            self._hide_covered()

    def _crash_left(self) -> None:
        self._crash = None
        page = self._stack.currentWidget()
        if page is not None:
            page.show()
            inner: QWidget | None = page.focusWidget()
            (page if inner is None else inner).setFocus()  # else its keys would wait for a click
        self.notices_moved.emit()

    # chrome

    def _build_chrome(self) -> None:
        for action in self.actions():
            self.removeAction(action)
            action.deleteLater()
        self._commands = CommandSet(self)
        self._build_rail()
        if self._status is not None:
            self._outer.removeWidget(self._status)
            self._status.hide()
            self._status.deleteLater()
        self._status = StatusBar()
        self._outer.addWidget(self._status)
        for fact in self._facts.values():
            self._status.show_fact(fact())
        self._show_actor()
        self._fit_chrome()

    def _build_rail(self) -> None:
        general = tr("General")
        pages: list[RailItem] = []
        for spec in self._stack.specs():
            if not spec.in_rail or (self._available is not None and spec.page_id not in self._available):
                continue
            action = self._add_global(
                f"page.{spec.page_id}", spec.text(), spec.icon, spec.key,
                partial(self._choose_page, spec.page_id), general,
            )  # fmt: skip
            pages.append(RailItem(spec.page_id, spec.icon, action))
        for command_id, text, icon, key, handler in (
            ("refresh", tr("Refresh"), "refresh", "F5", self._refresh),
            ("fullscreen", tr("Full screen"), "fullscreen", "F11", self._toggle_full_screen),
            ("keys", tr("Keys"), "keyboard", "Ctrl+/", self.open_key_sheet),
        ):
            self._add_global(command_id, text, icon, key, handler, general)
        foot = [
            RailItem("keys", "keyboard", self._commands.action("keys")),
            RailItem(
                "settings", "settings-3",
                self._add_global("settings", tr("Settings"), "settings-3", "Ctrl+,", self.open_settings, general),
            ),
            RailItem(
                "sign_out", "logout-box-r",
                self._add_global(
                    "sign_out", tr("Sign out"), "logout-box-r", "Ctrl+Shift+Q", self._sign_out, general,
                ),
            ),
        ]  # fmt: skip
        if self._rail is not None:
            self._middle.removeWidget(self._rail)
            self._rail.hide()
            self._rail.deleteLater()
        self._rail = MainRail(pages, foot)
        self._middle.insertWidget(0, self._rail)
        for page_id, count in self._badges.items():
            self._rail.set_badge(page_id, count)
        self._rail.set_active(self._current)

    def _add_global(
        self, command_id: str, text: str, icon: str, key: str, handler: Callable[[], object], area: str
    ) -> QAction:
        return self._commands.add(Command(command_id, text, icon, key, handler, area, everywhere=True))

    def _fit_chrome(self) -> None:
        if self._rail is None or self._status is None:
            return
        spec = self._stack.spec(self._current)
        bare = spec is None or spec.full_window
        self._rail.setVisible(not bare)
        self._status.setVisible(not bare)
        self._rail.set_slim(self.width() < _SLIM_BELOW or (spec is not None and spec.slim_rail))

    def _show_actor(self) -> None:
        if self._status is None:
            return
        if self._actor is None:
            self._status.clear_fact("actor")
            return
        who = " · ".join(part for part in (self._actor.display_name, self._actor.title, self._actor.site_name) if part)
        self._status.show_fact(StatusFact("actor", who, right=True))

    def _refresh(self) -> None:
        if self._current and self._crash is None:
            self.page(self._current).refresh()

    def _toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _sign_out(self) -> None:
        if self.may_leave():
            self.sign_out_requested.emit()

    def open_key_sheet(self) -> None:
        """Show every key that works here."""
        sheet = KeySheet(self, self.key_sheet(), in_steps=True)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if any(not row.fixed for row in self.key_rows()):
            change = sheet.add_left(tr("Change keys…"))
            change.clicked.connect(sheet.reject)
            change.clicked.connect(self.open_key_editor)
        sheet.open_soon()

    def open_key_editor(self) -> None:
        """Let the person give commands other keys."""
        editor = KeyEditor(self, self.key_rows(), self._settings.keys)
        editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editor.chosen.connect(lambda keys: self._settings_chosen(replace(self._settings, keys=keys)))
        editor.open_soon()

    def key_rows(self) -> list[KeyRow]:
        """Return the commands of the window and of every page that was made, each with the page it works on."""
        pages = ((type(page).__name__, page.commands.key_rows()) for page in self._stack.pages())
        of_pages = [replace(row, scope=(name, *row.scope)) for name, rows in pages for row in rows]
        return [*self._commands.key_rows(), *of_pages]

    def key_sheet(self) -> list[KeySheetRow]:
        """Return the keys of the window and of the page in front."""
        rows = self._commands.key_sheet()
        page = self._stack.made(self._current)
        if page is not None:
            rows += page.commands.key_sheet()
        return rows

    def may_leave(self) -> bool:
        """Ask every page whether work would be lost."""
        return all(page.may_close() for page in self._stack.pages())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Slim the rail in a narrow window."""
        super().resizeEvent(event)
        self._fit_chrome()

    def changeEvent(self, event: QEvent) -> None:
        """Keep the chrome right when the window is maximised."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            self._fit_chrome()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close only when no page objects."""
        if not self.may_leave():
            event.ignore()
            return
        for page in self._stack.pages():
            page.close_page()
        super().closeEvent(event)
