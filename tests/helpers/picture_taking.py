"""Takes the pictures of the matrix in one language at one scale, as a person would go through the window."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from resources.translation import use_language
from tests.helpers import picture_rest
from viewers.qt.header_strip import HeaderStrip
from workstation.bootstrap.demo import ACCOUNTS, PASSWORD
from workstation.bootstrap.desktop import GRASSROOTS, LOGIN, MODELS, READING, REPORT, WORKLIST, Desktop
from workstation.bootstrap.loop_steps import CheckFailed, quiet_platform, screenshot, settle, wait_until
from workstation.dicom.sr.report_words import prior_words
from workstation.domain.finding import Lobe
from workstation.domain.finding_size import size_of
from workstation.domain.template import TemplateField
from workstation.domain.workitem import WorklistQuery, WorklistRow, WorklistTab
from workstation.services.comparison_field import COMPARISON
from workstation.services.reading_session import ReadingSession
from workstation.settings import AppearanceSettings, ConnectionSettings, Settings
from workstation.ui.images.volume_views import VOLUME
from workstation.ui.monitor_check import MonitorCheckWindow
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.model_page import ModelsPage
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.worklist_page import WorklistPage
from workstation.ui.widgets.page_header import CountTabs
from workstation.ui.widgets.tiling import Layout

SIZES: Final = {
    "1": ((1920, 1080), (1366, 768)),
    "1.25": ((1536, 864),),
    "1.5": ((1280, 720),),
    "2": ((1280, 720),),
}
"""Window sizes in logical pixels by scale: 1280x720 at 150 % is a full screen of 1920x1080, at 200 % of 2560x1440."""
HIGH_CONTRAST: Final = "LIANYUE_PICTURES_HIGH_CONTRAST"
"""Set in the environment where the pictures shall be taken in high contrast"""
_CASES: Final = (
    ("ct", "周丽华", ("hung", "stage2", "stage3", "one", "1x2", "2x2", "mpr", "mpr3d", "volume", "prior")),
    ("ct-alone", "周丽华", ("hung", "stage2", "stage3")),
    ("mr", "黄志强", ("hung", "one", "2x2", "mpr", "mpr3d")),
    ("mg", "赵晓梅", ("hung", "stage2", "one", "2x2")),
    ("dx", "Aibek", ("hung", "one", "1x2")),
    ("us", "何美玲", ("hung", "2x2")),
    ("pt", "蒋文斌", ("hung", "stage2", "fusion", "one", "mpr", "mpr3d")),
    ("documents", "孙浩然", ("hung",)),
)
_BESIDE_A_CT: Final = ["editor", "norm", "sign", *picture_rest.OF_A_CT, *picture_rest.OF_A_REPORT]
_WORDS: Final = {
    "dominant_type": "solid",
    "technique": "胸部低剂量平扫，层厚 1.0 mm，肺窗与纵隔窗。",
    "change": "stable",
    "impression": "1. 右肺上叶实性结节，Lung-RADS 4B，建议增强 CT 及多学科会诊。\n2. 余双肺未见明确活动性病变。",
}
_LAYOUT_NAMES: Final = {"one": Layout.ONE, "mpr": Layout.MPR, "mpr3d": "mpr3d", "volume": VOLUME}
_COMMANDS: Final = {"1x2": "layout.1x2", "2x2": "layout.2x2", "prior": "priors.toggle", "fusion": "view.fusion"}

_FUSED_CELLS: Final = {("pt", "hung"): 1, ("pt", "stage2"): 3, ("pt", "fusion"): 1}
"""How many cells of a layout have the PET laid over them"""


class Camera:
    """One window on one hub; ``only`` names the beginnings of the pictures that are wanted."""

    def __init__(self, hub_url: str, house: Path, out: Path, language: str, scale: str, only: tuple[str, ...]) -> None:
        use_language(language)
        quiet_platform()
        self.out, self.language, self.scale, self.only = out, language, scale, only
        self.contrast = HIGH_CONTRAST in os.environ
        look = AppearanceSettings(language=language, high_contrast=self.contrast)
        settings = Settings(look, ConnectionSettings(hub_url=hub_url))
        self.studies = house / "studies"
        self.desktop = Desktop(
            hub_url, data_dir=house / "workstation", settings=settings, settings_path=None,
            demo_accounts=[f"{name} / {PASSWORD}" for name in ACCOUNTS[:3]],
        )  # fmt: skip
        self.window = self.desktop.shell.window

    def run(self) -> None:
        """Go through every page and leave the pictures in the folder."""
        self.window.resize(*SIZES[self.scale][0])
        self.window.show()
        self.window.activateWindow()  # where the keyboard is shows in an active window only
        try:
            self.take("login")
            if self.wants(*picture_rest.FIRST):
                picture_rest.before_anybody(self)
            if self.wants("grassroots", *picture_rest.TECHNICIANS):
                self._technician()
            if self.wants("worklist", "focus", "settings", "monitor", "keys", "editor", "norm", "sign", "models",
                          *picture_rest.EXPERTS, *picture_rest.OF_A_REPORT, *picture_rest.OF_A_CT,
                          *(f"reading-{kind}" for kind, _name, _layouts in _CASES)):  # fmt: skip
                self._expert()
            if self.wants("models", *picture_rest.ADMINISTRATORS):
                self._administrator()
        finally:
            self.desktop.close()

    # pictures

    def wants(self, *names: str) -> bool:
        """Tell whether a picture of these beginnings is wanted."""
        return any(name.startswith(one) or one.startswith(name) for name in names for one in self.only)

    def take(self, name: str, *, before: Callable[[], object] = lambda: None) -> None:
        """Take one picture at every window size of this scale."""
        if not self.wants(name):
            return
        for size in SIZES[self.scale]:
            self.window.resize(*size)
            settle(400)
            before()
            self._save(name, size)
        self.window.resize(*SIZES[self.scale][0])

    def _save(self, name: str, size: tuple[int, int]) -> None:
        # a resized rendering is coarse, and tells for a second that it is full again: pictures show what stays
        strips = self.window.findChildren(HeaderStrip)
        wait_until(lambda: not any(one.isVisible() and one.is_passing for one in strips), f"{name} to become full")
        file = f"{name}.{self.language}.{size[0]}x{size[1]}.{self.scale}{'.contrast' * self.contrast}.png"
        screenshot(self.window, self.out / file)
        sys.stdout.write(f"{file}\n")
        sys.stdout.flush()

    def take_dialog(self, name: str, show: Callable[[], object]) -> None:
        """Take a picture with the dialog that ``show`` opens, and close it."""
        if not self.wants(name):
            return
        for size in SIZES[self.scale]:
            self.window.resize(*size)
            settle()
            show()
            settle()
            self._save(name, size)
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QDialog):
                dialog.reject()
            settle()
        self.window.resize(*SIZES[self.scale][0])

    # people

    def _sign_in(self, user: str) -> None:
        page = self.desktop.page(LOGIN)
        if isinstance(page, LoginPage):
            page.user.edit.setText(user)
            page.password.edit.setText(PASSWORD)
            page.enter_button.click()
        wait_until(lambda: self.desktop.actor is not None and self.window.current_page != LOGIN, f"{user} to enter")
        settle()

    def _technician(self) -> None:
        self._sign_in("technician")
        page = self.desktop.page(GRASSROOTS)
        settle(1500)
        self.take("grassroots-empty")
        if isinstance(page, GrassrootsPage):
            page.send.zone.dropped.emit([str(self.studies / "mg"), str(self.studies / "dx"), str(self.studies / "mr")])
            wait_until(lambda: len(self.desktop.send_queue.items) > 2, "the studies to be found")
            self.take("grassroots-found")
            for key in _keys(page.tabs):
                self.take(f"grassroots-tab-{key}", before=partial(page.tabs.pick, key))
        if self.wants(*picture_rest.TECHNICIANS):
            picture_rest.of_a_technician(self)
        self.desktop.sign_out()

    def _expert(self) -> None:
        self._sign_in("expert")
        page = self.desktop.page(WORKLIST)
        if isinstance(page, WorklistPage):
            page.tabs.pick(WorklistTab.ALL)  # in a house that was kept every case may be under Mine
            wait_until(lambda: page.model.rowCount() > 0, "the worklist")
            page.table.selectRow(0)
            self.take("worklist")
            if self.wants("focus"):
                self._focus()
            for key in _keys(page.tabs):
                page.tabs.pick(key)
                settle(800)
                self.take(f"worklist-tab-{key}")
        self.window.show_page(READING)
        self.take("reading-nothing")
        self.window.show_page(REPORT)
        self.take("report-nothing")
        self.take_dialog("settings", self.window.open_settings)
        self.take_dialog("keys", self.window.open_key_sheet)
        if self.wants("monitor"):
            self._monitor()
        if self.wants(*picture_rest.EXPERTS):
            picture_rest.of_an_expert(self)
        if self.wants("models"):
            self._models()
            self.take("models-senior")
        rows = self.desktop.hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL, limit=100)).rows
        for kind, name, layouts in _CASES:
            pictures = [f"reading-{kind}-{layout}" for layout in layouts]
            pictures += _BESIDE_A_CT if kind == "ct" else []
            if self.wants(*pictures):
                mine = sorted((one for one in rows if name in one.patient_name), key=lambda one: one.images_received)
                row = mine[0 if kind == "ct-alone" else -1]  # the older of two studies has no prior
                try:
                    self._case(kind, row, layouts)
                except CheckFailed:  # what stands in the way is seen; the other cases are still taken
                    self._save(f"trouble-{kind}", SIZES[self.scale][0])
                    traceback.print_exc()
        self.desktop.sign_out()

    def _focus(self) -> None:
        """Go through the first controls by Tab, as somebody without a mouse does."""
        self.window.activateWindow()  # off screen, the dialogs before did not give the keys back
        self.window.setFocus()
        for number in range(1, 9):
            QTest.keyClick(QApplication.focusWidget() or self.window, Qt.Key.Key_Tab)
            self.take(f"focus-{number}")

    def _monitor(self) -> None:
        checks = self.window.monitors
        if checks is None:
            return
        monitor = MonitorCheckWindow(self.window, self.window.screen(), checks)
        for width, height in SIZES[self.scale]:
            monitor.resize(width, height)
            monitor.show()
            screenshot(monitor, self.out / f"monitor.{self.language}.{width}x{height}.{self.scale}.png")
        monitor.close()
        monitor.deleteLater()

    def _administrator(self) -> None:
        self._sign_in("admin")
        if self.wants("models"):
            self._models()
            self.take("models-admin")
        picture_rest.of_an_administrator(self)
        self.desktop.sign_out()

    def _models(self) -> None:
        self.window.show_page(MODELS)
        page = self.desktop.page(MODELS)
        if isinstance(page, ModelsPage):
            wait_until(page.gates.text, "the models")

    # cases

    def _case(self, kind: str, row: WorklistRow, layouts: Iterable[str]) -> None:
        self.desktop.open_case(row, read_only=False)
        desk = self.desktop.desk
        wait_until(lambda: desk is not None and desk.session is not None, f"{kind} to open")
        page = self.desktop.page(READING)
        if not isinstance(page, ReadingPage):
            raise TypeError("the reading page is not there")
        if kind == "documents":
            settle(2000)
        else:
            wait_until(page.is_complete, f"{kind} to load", seconds=240)
        if kind in {"ct", "ct-alone", "mr", "pt"}:
            wait_until(page.has_volume, f"the planes of {kind}", seconds=120)
        settle(2500)
        for layout in layouts:
            if self.wants(f"reading-{kind}-{layout}"):
                self._lay_out(page, kind, layout)
                self.take(f"reading-{kind}-{layout}")
        if kind == "ct":
            self._more_of_a_ct(page)

    def _lay_out(self, page: ReadingPage, kind: str, layout: str) -> None:
        if layout == "hung":
            self._until_fused(page, kind, layout)
            settle(1500)
            return
        if layout in _LAYOUT_NAMES:
            page.grid.choose_layout(_LAYOUT_NAMES[layout])
        elif layout in _COMMANDS:
            page.view_commands.action(_COMMANDS[layout]).trigger()
        else:
            page.view_commands.action("hanging.next").trigger()
        self._until_fused(page, kind, layout)
        settle(4000 if layout in {"mpr3d", "volume", "fusion"} else 1500)

    @staticmethod
    def _until_fused(page: ReadingPage, kind: str, layout: str) -> None:
        """Wait until the PET lies over every cell that has it here: it comes after the images under it."""
        wanted = _FUSED_CELLS.get((kind, layout), 0)
        if wanted:
            wait_until(lambda: _fused_cells(page) >= wanted, f"the overlay of {layout}", seconds=120)

    def _more_of_a_ct(self, page: ReadingPage) -> None:
        session = self.desktop.desk.session if self.desktop.desk is not None else None
        if self.wants("editor"):
            self.take_dialog("editor", page.view_commands.action("hanging.edit").trigger)
        if self.wants("reading-ct", *picture_rest.OF_A_CT):
            picture_rest.of_a_ct(self, page)
        if not self.wants("norm", "sign", *picture_rest.OF_A_REPORT) or session is None:
            return
        for finding in session.findings.visible:
            session.review.accept(finding.tracking_uid)
        for finding in session.findings.visible[:1]:  # what the impression tells of it stands in the table, too
            session.review.edit(finding.tracking_uid, lobe=Lobe.RIGHT_UPPER)
        self.window.show_page(REPORT)
        settle(2000)
        self.take("report")
        report = self.desktop.page(REPORT)
        if not isinstance(report, ReportPage):
            raise TypeError("the report page is not there")
        report.fill_normal.click()
        _fill(session)
        settle(2500)
        self.take_dialog("norm", report.sign.click)
        for key, words in _WORDS.items():
            session.set_value(key, words)
        size = next((size_of(one) for one in session.findings.visible), None)
        if size is not None:
            session.set_value("dominant_long_mm", f"{size.long_axis_mm or size.mm:.1f}")
            session.set_value("dominant_short_mm", f"{size.short_axis_mm or size.mm:.1f}")
        _fill(session)
        settle(2500)
        self.take("report-filled")
        picture_rest.of_a_report(self, report)
        self.take_dialog("sign", report.sign.click)


def _fused_cells(page: ReadingPage) -> int:
    scenes = page.grid.scenes_by_key
    return sum(scenes[key].fused is not None for key in page.grid.visible_keys() if key in scenes)


def _fill(session: ReadingSession) -> None:
    """Fill what is still required; a field may be required by what was said in one after it."""
    for _ in range(2):
        for item in session.template.fields:
            if item.is_required(session.report.values) and not session.report.values.get(item.key, "").strip():
                session.set_value(item.key, item.choices[0].key if item.choices else _typed(item, session))


def _typed(item: TemplateField, session: ReadingSession) -> str:
    """Return what a reader might type: which prior was compared with or that there is none, a number elsewhere."""
    if item.key != COMPARISON or item.normal_phrase is None:
        return "10"
    priors = session.report.known_priors
    return prior_words(priors[0]) if priors else item.normal_phrase.get(session.report.language)


def _keys(tabs: CountTabs) -> list[str]:
    return [str(tabs.tabData(at)) for at in range(tabs.count())]


if __name__ == "__main__":
    _url, _house, _out, _language, _scale, *_only = sys.argv[1:]
    Camera(_url, Path(_house), Path(_out), _language, _scale, tuple(_only)).run()
