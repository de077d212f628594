"""Pictures as PNG, JPEG, GIF and WebP files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from resources.translation import tr
from workstation.domain.errors import StorageError
from workstation.domain.pictures import GIF_SHORTEST_MS, GIF_STEP_MS, Film, durations_ms
from workstation.storage.files import replace_file

STILL: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
MOVING: Final = {".gif": "GIF", ".webp": "WEBP"}
_QUALITY: Final = 95
_STEPS_MS: Final = {"GIF": (GIF_STEP_MS, GIF_SHORTEST_MS), "WEBP": (1, 1)}
"""What a kind counts time in, and the shortest time that programs play"""


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
        places = played_places(len(film.frames), sweeps=film.sweeps)
        first.save(
            buffer,
            kind,
            save_all=True,
            append_images=_others(film, places[1:], cancelled),
            duration=durations_ms([film.intervals_ms[n] for n in places], *_STEPS_MS[kind]),
            loop=0,
            **({"lossless": True} if kind == "WEBP" else {}),
        )
    elif kind == "JPEG":
        first.save(buffer, kind, quality=_QUALITY, subsampling=0)
    else:
        first.save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return buffer.getvalue()


def played_places(count: int, *, sweeps: bool) -> list[int]:
    """Return the places of one round of a film: files know no way back, so that it is written out, its ends once."""
    there = list(range(count))
    return there + there[-2:0:-1] if sweeps else there


def _others(film: Film, places: Sequence[int], cancelled: Callable[[], None]) -> Iterator[Image.Image]:
    for n in places:
        cancelled()
        yield Image.fromarray(film.frames[n])
