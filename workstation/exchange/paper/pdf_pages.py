"""Pages of a PDF as pictures for the screen, and its words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2

from resources.translation import tr
from workstation.domain.errors import DecodeError


def page_pictures(pdf: bytes, width_px: int) -> list[npt.NDArray[np.uint8]]:
    """
    Return every page as ``(height, width, 3)`` RGB, ``width_px`` wide.

    Scripts, links and forms in the file are never executed. Raises DecodeError for a broken file.
    """
    try:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return [_picture(document[number], width_px) for number in range(len(document))]
        finally:
            document.close()
    except pypdfium2.PdfiumError as exc:
        raise DecodeError(
            tr("The PDF cannot be shown"), hint=tr("Check the file with lianyue verify."), detail=str(exc)
        ) from exc


def pdf_words(pdf: bytes) -> str:
    """Return the text of every page, empty for a scanned one. Raises DecodeError for a broken file."""
    try:
        document = pypdfium2.PdfDocument(pdf)
        try:
            pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
        finally:
            document.close()
    except pypdfium2.PdfiumError as exc:
        raise DecodeError(tr("The PDF cannot be read"), detail=str(exc)) from exc
    return "\n\n".join(page.replace("\r\n", "\n").strip() for page in pages).strip()


def _picture(page: Any, width_px: int) -> npt.NDArray[np.uint8]:  # noqa: ANN401 - pypdfium2 ships no types for pages
    bitmap = page.render(scale=width_px / page.get_width(), rev_byteorder=True, may_draw_forms=False)
    picture: npt.NDArray[np.uint8] = np.ascontiguousarray(bitmap.to_numpy()[..., :3])
    return picture
