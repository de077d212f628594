# ruff: noqa: INP001 - a script beside its products, not a package
"""
Make the shipped fonts from Debian's packages fonts-inter and fonts-noto-cjk.

Run ``python resources/fonts/build_fonts.py`` once after either package changed; the results are
committed. Noto Sans CJK SC is cut to what Chinese names and reports need and loses its layout
tables and its CFF subroutines. All outlines become quadratic (TrueType): Qt draws cubic ones (CFF)
heavier than designed, by FreeType's stem darkening, and a report copies quadratic glyphs as they
are, which makes it five times faster.

The interface's fonts have family names of their own, since Qt may otherwise take a system's CFF
font of the same name. Building twice gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.scaleUpem import scale_upem

HERE: Final = Path(__file__).parent
INTER: Final = Path("/usr/share/fonts/opentype/inter")
NOTO: Final = Path("/usr/share/fonts/opentype/noto")
LATIN_FAMILY: Final = "Lianyue Sans"  # also in resources/font_files.py, which this script does not import
CHINESE_FAMILY: Final = "Lianyue Sans SC"
_FAMILY_NAMES: Final = {1, 4, 16}  # family, full name, typographic family
UNITS_PER_EM: Final = 1000  # of Noto Sans CJK
SC_FACE: Final = 2  # the collections hold JP, KR, SC, TC, HK and their mono faces, in this order

LATIN: Final = [*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x370, 0x400), *range(0x2000, 0x2070)]
SYMBOLS: Final = [*range(0x2070, 0x20D0), *range(0x2100, 0x2400), *range(0x2460, 0x2500), *range(0x25A0, 0x2700)]
CJK_SIGNS: Final = [*range(0x3000, 0x3040), *range(0xFE10, 0xFE70), *range(0xFF00, 0xFFF0)]
SQUARED: Final = [*range(0x3200, 0x3400)]
SMALL: Final = [*range(0x2070, 0x20A0), 0x2300, 0x2611, 0x2713, 0x2717]
IDEOGRAPHS: Final = [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x323B0)]


def gb2312() -> list[int]:
    """Return the code points of GB 2312-80, the everyday characters."""
    found = []
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def cut(source: Path, target: Path, characters: list[int], *, face: int = -1, features: tuple[str, ...] = ()) -> None:
    """Write the subset of one face."""
    font = TTFont(source, fontNumber=face, lazy=True, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = list(features)
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]  # with copyright and licence
    options.notdef_outline = True
    if not features:
        options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.save(target)
    sys.stdout.write(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB, {len(font.getGlyphOrder())} glyphs\n")


def rename(font: TTFont, family: str) -> None:
    """Give a font another family name; copyright, licence and PostScript name stay."""
    former = font["name"].getBestFamilyName()
    for record in font["name"].names:
        if record.nameID in _FAMILY_NAMES:
            record.string = str(record).replace(former, family)


def make_quadratic(path: Path, family: str = "") -> None:
    """Replace cubic outlines by quadratic ones that deviate by at most a thousandth of the em."""
    font = TTFont(path, recalcTimestamp=False)
    if family:
        rename(font, family)
    order = font.getGlyphOrder()
    outlines = font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"] = newTable("loca")
    table = font["glyf"] = newTable("glyf")
    table.glyphOrder = order
    table.glyphs = glyphs
    del font["CFF "]
    table.compile(font)
    post = font["post"]
    post.formatType = 3.0  # nobody needs glyph names
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in ("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements"):
        setattr(maxp, field, 0)
    maxp.maxZones = 1
    maxp.maxSizeOfInstructions = maxp.maxComponentElements = 0
    maxp.maxComponentDepth = 0
    for name, glyph in glyphs.items():
        glyph.recalcBounds(table)
        width, _ = font["hmtx"].metrics[name]
        font["hmtx"].metrics[name] = (width, getattr(glyph, "xMin", 0) if glyph.numberOfContours else 0)
    font.sfntVersion = "\x00\x01\x00\x00"
    font.save(path)
    sys.stdout.write(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB with quadratic outlines\n")


def scale(path: Path, units_per_em: int) -> None:
    """Give a font the grid of the others, so that a report can take glyphs from each."""
    font = TTFont(path, recalcTimestamp=False)
    scale_upem(font, units_per_em)
    font.save(path)


def main() -> None:
    """Build every font file."""
    for weight in ("Regular", "Medium", "SemiBold", "Bold"):
        # Latin, Cyrillic and Greek interface text; tabular figures for tables and timers
        characters = [*LATIN, *range(0x400, 0x500), *SYMBOLS]
        features = ("kern", "tnum", "calt", "ccmp", "locl", "mark", "case")
        target = HERE / f"Inter-{weight}.ttf"
        cut(INTER / f"Inter-{weight}.otf", target, characters, features=features)
        make_quadratic(target, LATIN_FAMILY)
    everything = LATIN + SYMBOLS + CJK_SIGNS + IDEOGRAPHS
    # reports embed from the last two; the 28 000 glyphs of the first are opened for rare characters only
    common = LATIN + SYMBOLS + gb2312()
    for weight, name, characters, family in (
        ("Regular", "NotoSansSC-Regular.ttf", everything, CHINESE_FAMILY),
        ("Bold", "NotoSansSC-Bold.ttf", common, CHINESE_FAMILY),
        ("Regular", "report/NotoSansSC-Common.ttf", common, ""),
    ):
        cut(NOTO / f"NotoSansCJK-{weight}.ttc", HERE / name, characters, face=SC_FACE)
        make_quadratic(HERE / name, family)
    # pasted text brings squared units (㎜, ㎡) and superscripts (10⁻³ mm²/s), which the common fonts lack
    signs = HERE / "report" / "NotoSansSC-Signs.ttf"
    cut(NOTO / "NotoSansCJK-Regular.ttc", signs, SQUARED, face=SC_FACE)
    make_quadratic(signs)
    small = HERE / "report" / "Inter-Signs.ttf"
    cut(INTER / "Inter-Regular.otf", small, SMALL)
    make_quadratic(small)
    scale(small, UNITS_PER_EM)


if __name__ == "__main__":
    main()
