"""Pictures as PNG, JPEG, GIF and WebP files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from resources.translation import tr
from workstation.domain.errors import StorageError
from workstation.domain.pictures import Film
from workstation.storage.files import replace_file

STILL: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
MOVING: Final = {".gif": "GIF", ".webp": "WEBP"}
_QUALITY: Final = 95


class PictureFiles:
    """Implements ``PictureFilePort``."""

    def write(self, path: Path, film: Film, cancelled: Callable[[], None]) -> None:
        """Write the kind of file that the suffix names. Raises DiskFull, StorageError, JobCancelled."""
        kinds = MOVING if film.is_moving else {**STILL, ".webp": "WEBP"}
        kind = kinds.get(path.suffix.lower())
        if kind is None:
            text = tr("Files of the kind {suffix} are not written.", suffix=path.suffix or "?")
            raise StorageError(text, hint=tr("Use one of {suffixes}.", suffixes=", ".join(kinds)))
        content = _encoded(film, kind, cancelled)
        cancelled()
        replace_file(path, content)


def _encoded(film: Film, kind: str, cancelled: Callable[[], None]) -> bytes:
    buffer = BytesIO()
    first = Image.fromarray(film.frames[0])
    if film.is_moving:
        first.save(
            buffer,
            kind,
            save_all=True,
            append_images=_others(film, cancelled),
            duration=max(1, round(film.ms_per_frame)),
            loop=0,
            **({"lossless": True} if kind == "WEBP" else {}),
        )
    elif kind == "JPEG":
        first.save(buffer, kind, quality=_QUALITY, subsampling=0)
    else:
        first.save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return buffer.getvalue()


def _others(film: Film, cancelled: Callable[[], None]) -> Iterator[Image.Image]:
    for frame in film.frames[1:]:
        cancelled()
        yield Image.fromarray(frame)
