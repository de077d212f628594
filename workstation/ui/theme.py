"""
The look: design tokens become a frozen ``Theme``, a ``QPalette`` and one style sheet.

Colours and sizes are written in ``resources/themes/tokens.json`` and, for the states of single
components, in ``_STATES`` below; nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from resources import theme_tokens
from workstation.ui.fonts import load_fonts
from workstation.ui.qss import style_sheet

_STATES: Final = {  # DESIGN 4.3, 4.2, 4.11: hover, pressed and border colours of one component each
    "button.hover": "#30353A",
    "danger.hover": "#4B2023",
    "danger.press": "#2F1416",
    "ok.line": "#2C6A45",
    "ok.hover": "#1B3D29",
    "ok.press": "#102417",
    "pill.on.line": "#2B5B88",
    "card.selected": "#1B2632",
    "on.dark": "#FFFFFF",
}
_HIGH_CONTRAST: Final = {"line2": "#7A828C", "t3": theme_tokens.color("t2")}

NOT_ALLOWED_PAIRS: Final = frozenset({("t3", "bg3"), ("t3", "sel")})
"""Text and background that miss 4.5:1; use t2 there (DESIGN 3.1)."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours, sizes and fonts by token name; equal themes share their caches."""

    high_contrast: bool = False
    families: tuple[str, ...] = theme_tokens.font_families()

    def hex(self, name: str) -> str:
        """Return ``#RRGGBB`` or ``#RRGGBBAA``; KeyError for a name the design does not have."""
        if self.high_contrast and name in _HIGH_CONTRAST:
            return _HIGH_CONTRAST[name]
        return _STATES[name] if name in _STATES else theme_tokens.color(name)

    def color(self, name: str) -> QColor:
        """Return a colour for painters; do not change the returned object, it is shared."""
        return _color(self.hex(name))

    def px(self, name: str) -> int:
        """Return a size in logical pixels such as ``row``, ``space.2`` or ``radius.control``."""
        return round(theme_tokens.px(name))

    def font(self, role: str = "body", *, weight: int | None = None) -> QFont:
        """Return a font of the type scale with tabular figures; shared, copy before changing it."""
        return _font(self.families, role, weight)

    def palette(self) -> QPalette:
        """Return the palette for Fusion."""
        return _palette(self)

    def style_sheet(self) -> str:
        """Return the one generated style sheet of the application."""
        return style_sheet(self)


@cache
def _color(text: str) -> QColor:
    digits = text.removeprefix("#")  # Qt reads #RRGGBBAA as #AARRGGBB, hence by hand
    return QColor(*(int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)))


@cache
def _font(families: tuple[str, ...], role: str, weight: int | None) -> QFont:
    step = theme_tokens.font_role(role)
    font = QFont()
    font.setFamilies(list(families))
    font.setPixelSize(step.px)
    font.setWeight(QFont.Weight(weight or step.weight))
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for target, name in (
        (role.Window, "bg0"),
        (role.Base, "bg0"),
        (role.AlternateBase, "bg1"),
        (role.ToolTipBase, "bg2"),
        (role.Button, "bg3"),
        (role.WindowText, "t1"),
        (role.Text, "t1"),
        (role.ButtonText, "t1"),
        (role.ToolTipText, "t1"),
        (role.BrightText, "t0"),
        (role.PlaceholderText, "t3"),
        (role.Highlight, "sel"),
        (role.HighlightedText, "t0"),
        (role.Link, "acc"),
        (role.LinkVisited, "acc"),
    ):
        palette.setColor(target, theme.color(name))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, theme.color("t3"))
    return palette


class _Current:
    """The theme in use; Qt keeps one palette and one style sheet per process, and so do we."""

    def __init__(self) -> None:
        self.theme = Theme()


_current: Final = _Current()


def current_theme() -> Theme:
    """Return the theme in use; ask when painting, never at import."""
    return _current.theme


def apply_theme(app: QApplication, *, high_contrast: bool = False) -> Theme:
    """Load the fonts and set style, palette, font and style sheet on the application."""
    from workstation.ui.style import LianyueStyle  # noqa: PLC0415 - the style asks for the current theme

    theme = Theme(high_contrast=high_contrast, families=load_fonts())
    _current.theme = theme
    app.setStyle(LianyueStyle())
    app.setPalette(theme.palette())
    app.setFont(theme.font("body"))
    app.setStyleSheet(theme.style_sheet())
    return theme


def contrast(foreground: QColor, background: QColor) -> float:
    """
    Return the contrast ratio of two opaque colours, 1 to 21.

    Source: WCAG 2.2, relative luminance and contrast ratio.
    """

    def luminance(color: QColor) -> float:
        channels = (color.redF(), color.greenF(), color.blueF())
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(foreground), luminance(background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
