"""
Pages of a PDF on a printer.

Runs in a job: a ``QPrinter`` may be painted on from any one thread. Qt keeps the interpreter to itself while it
takes a picture in, 0.3 s of processor time for a whole page, so that a page goes in strips. They are cut between
the lines of the text: a PDF printer's page is shown smaller than it was drawn, and a letter cut there loses a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPrintSupport import QPrinter

from resources.translation import tr
from workstation.domain.errors import NotPrinted

DrawPage = Callable[[bytes, int, int], npt.NDArray[np.uint8]]
"""From PDF, page from 0 and width in pixels to ``(height, width, 3)`` RGB"""
_DPI: Final = 300
_STRIP: Final = 96
"""Most lines of a picture taken in at once"""
_WHITE: Final = 255
_INK: Final = 160
"""What is darker is text or drawing; a watermark is paler"""
_OVERLAP: Final = 2


def print_pages(printer: QPrinter, pdf: bytes, count: int, draw: DrawPage) -> None:
    """Print the pages that the person chose. Raises NotPrinted, DecodeError."""
    pages = _chosen(printer, count)
    painter = QPainter()
    if not painter.begin(printer):
        raise _not_printed("begin")
    try:
        painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
        for at, page in enumerate(pages):
            if at:
                _next_sheet(printer)
            _put(painter, printer, draw, pdf, page)
    except BaseException:
        printer.abort()
        raise
    finally:
        painter.end()
    if printer.printerState() in {QPrinter.PrinterState.Error, QPrinter.PrinterState.Aborted}:
        raise _not_printed(printer.printerState().name)


def _next_sheet(printer: QPrinter) -> None:
    if not printer.newPage():
        raise _not_printed("newPage")


def _chosen(printer: QPrinter, count: int) -> list[int]:
    first, last = 0, count
    if printer.printRange() is QPrinter.PrintRange.PageRange:
        first, last = max(printer.fromPage() - 1, 0), min(printer.toPage() or count, count)
    copies = 1 if printer.supportsMultipleCopies() else printer.copyCount()
    return list(range(first, last)) * copies


def _put(painter: QPainter, printer: QPrinter, draw: DrawPage, pdf: bytes, page: int) -> None:
    """Put a page onto the sheet as large as it fits: each of its pixels on a whole number of the printer's."""
    sheet = printer.paperRect(QPrinter.Unit.DevicePixel)
    fold = max(1, -(-printer.resolution() // _DPI))
    picture = draw(pdf, page, int(sheet.width()) // fold)
    if picture.shape[0] * fold > sheet.height():  # a sheet wider than the page
        picture = draw(pdf, page, int(picture.shape[1] * sheet.height() / (picture.shape[0] * fold)))
    height, width = picture.shape[:2]
    left, top = (int(sheet.width()) - width * fold) // 2, (int(sheet.height()) - height * fold) // 2
    for first, last in _strips(picture):
        # a little of the next strip too: no seam on screens that smooth edges
        strip = np.ascontiguousarray(picture[first : min(last + _OVERLAP, height)])
        if strip.min() == _WHITE:
            continue
        lines = strip.shape[0]
        image = QImage(strip.data, width, lines, strip.strides[0], QImage.Format.Format_RGB888)
        painter.drawImage(QRect(left, top + first * fold, width * fold, lines * fold), image)


def _strips(picture: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """Yield first line and the line after the last; only what has no line without ink in it is cut anywhere."""
    height = picture.shape[0]
    free = np.flatnonzero(picture.min(axis=(1, 2)) >= _INK)
    first = 0
    while first < height:
        last = min(first + _STRIP, height)
        if last < height:
            at = np.searchsorted(free, last, side="right") - 1
            if at >= 0 and free[at] > first:
                last = int(free[at])
        yield first, last
        first = last


def _not_printed(detail: str) -> NotPrinted:
    return NotPrinted(
        tr("The printer did not take the report"),
        hint=tr("See whether it is switched on and has paper, or choose another printer. The report itself is safe."),
        detail=detail,
    )
