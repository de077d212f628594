"""
Codecs that let other Python threads run while they decode, and do it at the library's full speed.

pyjpegls is as fast but holds the interpreter's lock; GDCM lets it go but takes 2.6 times as long for
JPEG-LS. Whatever is unusual is refused with ValueError and takes the careful way of ``decode``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_JPEG_LS: Final = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"})
_JPEG_2000: Final = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
_HTJ2K: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203))
FAST: Final = _JPEG_LS | _JPEG_2000 | _HTJ2K
"""Transfer syntaxes that ``decode_words`` reads."""


def decode_words(encoded: bytes, syntax: str, shape: tuple[int, int], *, is_signed: bool) -> npt.NDArray[Any]:
    """
    Return the 16-bit grey values ``[row, column]`` of one frame, as bit patterns (uint16 or int16).

    Raises ValueError for another shape, depth or sign than expected, RuntimeError from the library.
    """
    # a padding byte behind the end marker is no part of the stream
    words = _decoder(syntax)(encoded)
    if words.shape != shape or words.dtype.itemsize != 2:
        raise ValueError(f"decoded to {words.dtype} {words.shape}")
    # a JPEG 2000 stream says itself whether it is signed; where the header says otherwise, care is needed
    if syntax not in _JPEG_LS and (words.dtype == np.int16) is not is_signed:
        raise ValueError("header and stream differ in sign")
    return words


def _decoder(syntax: str) -> Callable[[bytes], npt.NDArray[Any]]:
    import imagecodecs  # noqa: PLC0415 - needed by compressed series only

    if syntax in _JPEG_LS:
        return imagecodecs.jpegls_decode
    return imagecodecs.htj2k_decode if syntax in _HTJ2K else imagecodecs.jpeg2k_decode
