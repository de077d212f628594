"""Where the shipped fonts lie (see ``resources/fonts/README.md``)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "fonts"

LATIN_FAMILY: Final = "Lianyue Sans"
"""Inter under a name of its own: a system's font called Inter must not be taken for the shipped one."""
CHINESE_FAMILY: Final = "Lianyue Sans SC"
"""Noto Sans CJK SC under a name of its own."""


def interface_fonts() -> tuple[Path, ...]:
    """Return the font files that the interface loads; families LATIN_FAMILY and CHINESE_FAMILY."""
    names = ("Inter-Regular", "Inter-Medium", "Inter-SemiBold", "Inter-Bold", "NotoSansSC-Regular")
    return (*(_FOLDER / f"{name}.ttf" for name in names), report_bold())


def report_regular() -> Path:
    """Return the everyday characters (GB 2312) for embedding in PDF."""
    return _FOLDER / "report" / "NotoSansSC-Common.ttf"


def report_bold() -> Path:
    """Return the bold everyday characters for embedding in PDF."""
    return _FOLDER / "NotoSansSC-Bold.ttf"


def report_rare() -> Path:
    """Return the whole character set for embedding in PDF."""
    return _FOLDER / "NotoSansSC-Regular.ttf"


def report_signs() -> tuple[Path, ...]:
    """Return signs that the others lack, for embedding in PDF: squared units, superscripts and subscripts."""
    return _FOLDER / "report" / "NotoSansSC-Signs.ttf", _FOLDER / "report" / "Inter-Signs.ttf"
