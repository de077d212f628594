"""The one style sheet, generated from the theme; what QSS cannot draw lies in ``paint``."""

from __future__ import annotations

import re
from string import Template
from typing import TYPE_CHECKING, Final

from resources import theme_tokens

if TYPE_CHECKING:
    from workstation.ui.theme import Theme

_SHEET: Final = """
* { outline: none; }
QWidget#page, QMainWindow, QWidget#central { background: $bg0; }
QToolTip { background: $bg2; color: $t1; border: 1px solid $line2; padding: 4px 8px; }

QLabel { background: transparent; color: $t1; }
QLabel[tone="t0"] { color: $t0; }
QLabel[tone="t2"] { color: $t2; }
QLabel[tone="t3"] { color: $t3; }
QLabel[tone="acc"] { color: $acc; }
QLabel[tone="ok"] { color: $ok; }
QLabel[tone="warn"] { color: $warn; }
QLabel[tone="bad"] { color: $bad; }
QLabel[tone="ai"] { color: $ai; }
QLabel[tone="info"] { color: $info; }
$roles

QFrame[panel="true"] { background: $bg1; border: 1px solid $line; border-radius: 6px; }
QFrame[surface="bg1"], QWidget[surface="bg1"] { background: $bg1; }
QFrame[surface="bg2"], QWidget[surface="bg2"] { background: $bg2; }
QFrame[rule="true"] { background: $line; border: none; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QDateEdit {
  background: $bg0; color: $t1; border: 1px solid $line2; border-radius: 4px; padding: 0 8px;
  selection-background-color: $sel; selection-color: $t0; placeholder-text-color: $t3; }
QLineEdit, QSpinBox, QDoubleSpinBox, QDateEdit { min-height: 30px; }
QLineEdit[tall="true"] { min-height: 38px; }
QSpinBox { padding: 0 20px 0 8px; }
QSpinBox::up-button, QSpinBox::down-button { background: transparent; border: none; width: 20px; }
QSpinBox::up-arrow, QSpinBox::down-arrow { width: 0; height: 0; }
QPlainTextEdit, QTextEdit { padding: 6px 6px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus { border-color: $acc; }
QDateEdit:focus { border-color: $acc; }
QLineEdit[state="warn"], QPlainTextEdit[state="warn"] { border-color: $warn; }
QLineEdit[state="bad"], QPlainTextEdit[state="bad"] { border-color: $bad; }
QLineEdit:disabled, QPlainTextEdit:disabled { color: $t3; }

QComboBox { background: $bg3; color: $t1; border: 1px solid $line2; border-radius: 4px; padding: 0 8px;
  min-height: 30px; }
QComboBox:hover { background: $button_hover; }
QComboBox:focus { border-color: $acc; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView { background: $bg2; color: $t1; border: 1px solid $line2; padding: 4px;
  selection-background-color: $sel; selection-color: $t0; }

QMenu { background: $bg2; color: $t1; border: 1px solid $line2; border-radius: 6px; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; min-height: 20px; }
QMenu::item:selected { background: $sel; color: $t0; }
QMenu::item:disabled { color: $t3; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 6px; }

QTableView, QListView, QTreeView { background: $bg0; color: $t1; border: none;
  selection-background-color: $sel; selection-color: $t0; gridline-color: $row_line; }
QFrame[panel="true"] QListView { background: $bg1; }
QListWidget::item { padding: 6px 12px; }
QTreeWidget::item { min-height: 28px; }
QHeaderView { background: $bg1; }
QHeaderView::section { background: $bg1; color: $t3; border: none; border-bottom: 1px solid $line;
  padding: 0 8px; font-size: 12px; }
QTableWidget QHeaderView::section { padding: 0 5px; }
QTableCornerButton::section { background: $bg1; border: none; }
QTabBar::scroller { width: 40px; }
QTabBar QToolButton { background: $bg1; border: none; }
QTabBar QToolButton:hover { background: $bg3; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line2; border-radius: 3px; margin: 2px; min-height: 32px; min-width: 32px; }
QScrollBar::handle:hover { background: $t3; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }

QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: $acc; }

QCheckBox, QRadioButton { color: $t1; spacing: 8px; min-height: 24px; background: transparent; }
QCheckBox:disabled, QRadioButton:disabled { color: $t3; }
QProgressBar { background: $line2; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $acc; border-radius: 2px; }
QDialog { background: $bg2; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
"""


def style_sheet(theme: Theme) -> str:
    """Return the sheet with every ``$token`` filled in."""
    names = {token.replace(".", "_"): token for token in ("button.hover", "row.line")}
    values = {name: theme.hex(names.get(name, name)) for name in re.findall(r"\$(\w+)", _SHEET) if name != "roles"}
    values["roles"] = "\n".join(
        f'QLabel[role="{name}"] {{ font-size: {role.px}px; font-weight: {role.weight}; }}'
        for name, role in theme_tokens.tokens().fonts.items()
    )
    return Template(_SHEET).substitute(values)
