"""Pages of a PDF as pictures for the screen and the printer, and its words."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pypdfium2

from resources.translation import tr
from workstation.domain.errors import DecodeError

_PDFIUM: Final = threading.Lock()
"""PDFium allows one call at a time in a process; pages are drawn in jobs of several threads."""


def page_pictures(pdf: bytes, width_px: int) -> list[npt.NDArray[np.uint8]]:
    """
    Return every page as ``(height, width, 3)`` RGB, ``width_px`` wide.

    Signatures show their stamps; scripts and links are never executed. Raises DecodeError for a broken file.
    """
    return list(each_page(pdf, width_px))


def each_page(pdf: bytes, width_px: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the pages one by one as ``page_pictures`` returns them. Raises DecodeError for a broken file."""
    for number in range(page_count(pdf)):
        yield page_picture(pdf, number, width_px)


def page_count(pdf: bytes) -> int:
    """Return how many pages there are. Raises DecodeError for a broken file."""
    with _opened(pdf) as document:
        return len(document)


def page_picture(pdf: bytes, number: int, width_px: int) -> npt.NDArray[np.uint8]:
    """Return a page, counted from 0, as ``page_pictures`` does. Raises DecodeError for a broken file."""
    with _opened(pdf) as document:
        return _picture(document[number], width_px)


def pdf_words(pdf: bytes) -> str:
    """Return the text of every page, empty for a scanned one. Raises DecodeError for a broken file."""
    try:
        with _PDFIUM, contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
            pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    except pypdfium2.PdfiumError as exc:
        raise DecodeError(tr("The PDF cannot be read"), detail=str(exc)) from exc
    return "\n\n".join(page.replace("\r\n", "\n").strip() for page in pages).strip()


@contextlib.contextmanager
def _opened(pdf: bytes) -> Iterator[Any]:
    try:
        with _PDFIUM, contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
            document.init_forms()  # the stamp of a signature is a field; this build of PDFium knows no scripts
            yield document
    except pypdfium2.PdfiumError as exc:
        raise DecodeError(
            tr("The PDF cannot be shown"), hint=tr("Check the file with lianyue verify."), detail=str(exc)
        ) from exc


def _picture(page: Any, width_px: int) -> npt.NDArray[np.uint8]:  # noqa: ANN401 - pypdfium2 ships no types for pages
    bitmap = page.render(scale=width_px / page.get_width(), rev_byteorder=True)
    picture: npt.NDArray[np.uint8] = np.ascontiguousarray(bitmap.to_numpy()[..., :3])
    return picture
