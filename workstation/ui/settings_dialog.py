"""The settings: language, scale, contrast, refresh."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import CHINESE, ENGLISH, tr
from workstation.domain.access import Role
from workstation.settings import SCALES, Settings
from workstation.ui.dialogs import Dialog
from workstation.ui.monitor_check import MonitorChecking, MonitorCheckWindow, monitor_name
from workstation.ui.monitor_words import last_check_words
from workstation.ui.widgets.buttons import Button, SegmentedChoice
from workstation.ui.widgets.labels import label

LANGUAGE_NAMES = ((CHINESE, "简体中文"), (ENGLISH, "English"))
"""Each language in its own words, so that nobody gets lost in a foreign one."""
_REFRESH = (15, 30, 60)


class SettingsDialog(Dialog):
    """Shows the settings and emits ``chosen(Settings)`` when the person keeps the changes."""

    chosen = Signal(object)
    keys_wanted = Signal()

    def __init__(self, parent: QWidget, settings: Settings, *, monitors: MonitorChecking | None = None) -> None:
        super().__init__(parent, tr("Settings"), icon="settings-3", tone="acc")
        self._settings = settings
        content = QWidget()
        self._groups = QVBoxLayout(content)
        self._groups.setContentsMargins(0, 0, 8, 0)
        self._groups.setSpacing(12)
        look = settings.appearance
        self.language = SegmentedChoice(LANGUAGE_NAMES, look.language)
        self.scale = SegmentedChoice([(str(s), f"{s} %") for s in SCALES], str(look.scale_percent))
        self.contrast = QCheckBox(tr("High contrast: stronger borders and brighter small text"))
        self.contrast.setChecked(look.high_contrast)
        self.refresh = SegmentedChoice([(str(s), f"{s} s") for s in _REFRESH], str(settings.worklist.refresh_s))
        self._group(tr("Language"), self.language)
        self._group(tr("Size of text and controls"), self.scale, tr("Takes effect at the next start."))
        self._group(tr("Contrast"), self.contrast)
        self._group(tr("Refresh the worklist every"), self.refresh)
        self.gpu = QCheckBox(tr("Show planes through the graphics card"))
        self.gpu.setChecked(settings.reading.planes_on_gpu)
        self._group(
            tr("Planes"), self.gpu, tr("Only where a real graphics card is found; takes effect at the next start.")
        )
        roles = settings.reading.read_first_roles
        self.residents_first = QCheckBox(tr("Residents see the AI after their own look"))
        self.residents_first.setChecked(Role.READER in roles)
        self.seniors_first = QCheckBox(tr("Seniors see the AI after their own look"))
        self.seniors_first.setChecked(Role.SENIOR in roles)
        self._group(tr("Read first, then reveal"), self.residents_first)
        self._group(
            "",
            self.seniors_first,
            tr("Holds for cases opened from now on; their worklist tells no AI result."),
        )
        self.change_keys = Button(tr("Change keys…"), "secondary", icon="keyboard")
        self.change_keys.clicked.connect(self._change_keys)
        beside = [self._column(tr("Keys"), self.change_keys)]
        if monitors is not None:
            beside.append(self._monitor_column(monitors, parent))
        self._side_by_side(*beside)  # below each other they would scroll the monitor's state out of sight
        self.add_scrolled(content)
        self.set_primary(tr("Save"), icon="check")
        self.accepted.connect(lambda: self.chosen.emit(self.values()))

    def _monitor_column(self, monitors: MonitorChecking, parent: QWidget) -> QVBoxLayout:
        name = monitor_name(parent.screen())
        self.monitor = label(last_check_words(monitors.checks.last(name)), "caption", "t3", wrap=True)
        self.check_monitor = Button(tr("Check this monitor…"), "secondary", icon="computer")
        self.check_monitor.clicked.connect(lambda: self._check_monitor(monitors))
        column = self._column(tr("Monitor"), self.check_monitor)
        column.addWidget(self.monitor)
        return column

    def offer_keys(self, *, offered: bool) -> None:
        """Let the keys be changed where there are any to change: once a page with such keys was made."""
        self.change_keys.enable(offered, tr("The keys of the images can be changed after signing in."))

    def _change_keys(self) -> None:
        self.accept()  # what was changed here is kept first
        self.keys_wanted.emit()

    def _check_monitor(self, monitors: MonitorChecking) -> None:
        # the monitor on which the dialog stands: each has its own record
        window = MonitorCheckWindow(self, self.screen(), monitors)
        window.kept.connect(lambda check: self.monitor.setText(last_check_words(check)))
        window.showFullScreen()

    def _side_by_side(self, *columns: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(32)
        for at, column in enumerate(columns):
            column.addStretch(1)
            row.addLayout(column, at)  # the first as narrow as its words
        self._groups.addLayout(row)

    def _group(self, caption: str, control: QWidget, note: str = "") -> None:
        self._groups.addLayout(self._column(caption, control, note))

    @staticmethod
    def _column(caption: str, control: QWidget, note: str = "") -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        if caption:
            column.addWidget(label(caption, "caption", "t2"))
        row = QHBoxLayout()
        row.addWidget(control)
        row.addStretch(1)
        column.addLayout(row)
        if note:
            column.addWidget(label(note, "caption", "t3"))
        return column

    def _read_first_roles(self) -> tuple[str, ...]:
        boxes = ((Role.READER, self.residents_first), (Role.SENIOR, self.seniors_first))
        others = tuple(role for role in self._settings.reading.read_first_roles if role not in {r for r, _box in boxes})
        return (*others, *(role.value for role, box in boxes if box.isChecked()))

    def values(self) -> Settings:
        """Return the settings as they stand in the dialog."""
        old = self._settings
        return replace(
            old,
            appearance=replace(
                old.appearance,
                language=self.language.value() or old.appearance.language,
                scale_percent=int(self.scale.value() or old.appearance.scale_percent),
                high_contrast=self.contrast.isChecked(),
            ),
            reading=replace(old.reading, planes_on_gpu=self.gpu.isChecked(), read_first_roles=self._read_first_roles()),
            worklist=replace(old.worklist, refresh_s=int(self.refresh.value() or old.worklist.refresh_s)),
        )
