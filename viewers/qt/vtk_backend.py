"""The one place that decides what paints: raster path or off-screen window, CPU or GPU ray caster."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

_SOFTWARE: Final = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software", "gdi generic", "basic render")
_MOST_THREADS: Final = 4
"""More threads would take the cores of the decoder and the detector."""


@dataclass(frozen=True, slots=True)
class Graphics:
    """What draws in an off-screen window, by its OpenGL renderer string."""

    renderer: str = ""

    @property
    def is_real_gpu(self) -> bool:
        """Tell whether a graphics card draws; an unknown renderer counts as software."""
        name = self.renderer.casefold()
        return bool(name) and not any(word in name for word in _SOFTWARE)

    @property
    def planes_on_window(self) -> bool:
        """Tell whether planes may be shown by the off-screen window; in software that is several times slower."""
        return self.is_real_gpu


def graphics_of(window: vtkRenderWindow) -> Graphics:
    """Return what draws in a VTK render window that was rendered once."""
    prefix = "OpenGL renderer string:"
    lines = str(window.ReportCapabilities()).splitlines()
    return Graphics(next((line.removeprefix(prefix).strip() for line in lines if line.startswith(prefix)), ""))


def render_threads() -> int:
    """Return how many threads a ray caster or reslicer may take."""
    return max(1, min(_MOST_THREADS, os.cpu_count() or 1))
