"""How an image was acquired, as far as a model's intended use depends on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acquisition:
    """
    What the header says about the exposure and the patient; empty or None = it says nothing.

    ``age_years`` is the age at the examination. ``contrast`` tells whether an agent was given.
    ``phantom`` is true where name, protocol or description call the object a phantom. ``slice_mm`` is how thick one
    slice is (Slice Thickness, PS3.3 C.7.6.2), which is not how far apart slices lie.
    """

    modality: str = ""
    body_part: str = ""
    age_years: float | None = None
    contrast: bool | None = None
    kernel: str = ""
    phantom: bool = False
    slice_mm: float | None = None
