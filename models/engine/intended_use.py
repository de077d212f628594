"""
Whom a model is for: what its manifest refuses is refused, what it warns of is warned of.

Limits of the grid (slices, spacing, gaps, modality) always refuse; age, contrast medium, kernel, body
part and phantoms do what the manifest says. Gaps that a CT leaves between its slices are a doubt where they are
small and refused where half of the patient or more was not scanned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from models.engine.manifest_values import Action, AgeRule, AppliesTo, Rule
from resources.translation import tr
from workstation.domain.acquisition import Acquisition
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.outside_use import doubt, doubt_words
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

_TOLERANCE_MM: Final = 0.01
_LEAST_SEEN: Final = 0.5
"""The share of the patient that slices must show: 1 mm of every 3 gave five false marks, all 3 gave none (ADR 0057)"""
_ALL_SEEN: Final = 0.95
"""Headers round: slices of 0.625 mm are written as 0.6"""
ENHANCED: Final = "enhanced"
PLAIN: Final = "none"


def check_intended_use(volume: Volume, applies_to: AppliesTo) -> tuple[DecodeWarning, ...]:
    """
    Return the warnings that the manifest asks for.

    Raises:
        InputOutsideIntendedUse: the model was not made for this series; the text says why.
    """
    _check_modality(volume, applies_to)
    _check_grid(volume, applies_to)
    return _gaps(volume) + check_acquisition(volume.acquisition, applies_to)


def check_acquisition(facts: Acquisition, applies_to: AppliesTo) -> tuple[DecodeWarning, ...]:
    """Apply the rules on patient and exposure; see ``check_intended_use``."""
    doubts = [(action, code, text) for action, code, text in _doubts(facts, applies_to) if action is not Action.RUN]
    for action, code, text in doubts:
        if action is Action.REFUSE:
            raise InputOutsideIntendedUse(
                tr("The model refuses this series: {reason}.", reason=text),
                hint=_without_ai(),
                detail=code,
            )
    return tuple(_warning(code, text) for _, code, text in doubts)


def _check_modality(volume: Volume, applies_to: AppliesTo) -> None:
    stated = volume.acquisition.modality or ("CT" if volume.unit == "HU" else "")
    # a CT whose values are no Hounsfield units is none for a network
    if stated in applies_to.modality and (stated != "CT" or volume.unit == "HU"):
        return
    if applies_to.modality == ("CT",):
        raise InputOutsideIntendedUse(tr("The detector refuses this series: it is not a CT."), hint=_without_ai())
    raise InputOutsideIntendedUse(
        tr("The model refuses this series: it is not {modalities}.", modalities="/".join(applies_to.modality)),
        hint=_without_ai(),
    )


def _check_grid(volume: Volume, applies_to: AppliesTo) -> None:
    slices = volume.voxels.shape[0]
    if slices < applies_to.min_slices:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: {count} slices, at least {least} are needed.",
                count=slices,
                least=applies_to.min_slices,
            ),
            hint=tr("Give the detector the whole chest, or read it without AI."),
        )
    x_mm, y_mm, z_mm = volume.spacing_mm
    if z_mm > applies_to.max_slice_mm + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: slices are {spacing} mm apart, at most {limit} mm are allowed.",
                spacing=f"{z_mm:.1f}",
                limit=f"{applies_to.max_slice_mm:g}",
            ),
            hint=tr(
                "Have the thin slices of the same scan sent ({limit} mm or less), or read it without AI.",
                limit=f"{applies_to.max_slice_mm:g}",
            ),
        )
    thick_mm = volume.acquisition.slice_mm
    if thick_mm is not None and thick_mm > applies_to.max_slice_mm + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: slices are {thickness} mm thick, at most {limit} mm are allowed.",
                thickness=f"{thick_mm:g}",
                limit=f"{applies_to.max_slice_mm:g}",
            ),
            hint=tr(
                "Have the thin slices of the same scan sent ({limit} mm or less), or read it without AI.",
                limit=f"{applies_to.max_slice_mm:g}",
            ),
        )
    if max(x_mm, y_mm) > applies_to.max_pixel_mm + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: pixels of {spacing} mm are too large.",
                spacing=f"{max(x_mm, y_mm):.2f}",
            ),
            hint=_without_ai(),
        )


def _gaps(volume: Volume) -> tuple[DecodeWarning, ...]:
    """Refuse or doubt a CT whose slices are thinner than they lie apart; MR leaves gaps as a rule, PET none."""
    thick_mm, apart_mm = volume.acquisition.slice_mm, volume.spacing_mm[2]
    if thick_mm is None or volume.unit != "HU" or thick_mm >= apart_mm * _ALL_SEEN:
        return ()
    if thick_mm <= apart_mm * _LEAST_SEEN + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: slices are {thickness} mm thick and {spacing} mm apart, "
                "what lies between them was not scanned.",
                thickness=f"{thick_mm:g}",
                spacing=f"{apart_mm:.1f}",
            ),
            hint=tr(
                "Have the whole series of the same scan sent, without gaps between its slices, or read without AI."
            ),
            detail="gap_mm",
        )
    code = doubt("gap_mm", f"{apart_mm - thick_mm:.1f}")
    return (_warning(code, doubt_words(code)),)


def _warning(code: str, text: str) -> DecodeWarning:
    return DecodeWarning(code, tr("Outside what the model was tested on: {reason}.", reason=text))


def _without_ai() -> str:
    return tr("Read it without AI, or choose a model that was made for it.")


def _doubts(facts: Acquisition, applies_to: AppliesTo) -> Iterator[tuple[Action, str, str]]:
    """Yield what the manifest says of each fact, the code of the doubt and its words."""
    if facts.phantom:
        yield applies_to.phantom, "phantom", doubt_words("phantom")
    if applies_to.age_years is not None:
        yield _age(facts.age_years, applies_to.age_years)
    for action, code in _judged(facts, applies_to):
        yield action, code, doubt_words(code)


def _judged(facts: Acquisition, applies_to: AppliesTo) -> Iterator[tuple[Action, str]]:
    if applies_to.contrast is not None:
        yield _contrast(facts.contrast, applies_to.contrast)
    if applies_to.kernels is not None:
        yield _listed(facts.kernel, applies_to.kernels, "kernel")
    if applies_to.body_parts is not None:
        yield _listed(facts.body_part, applies_to.body_parts, "body_part")


def _age(age: float | None, rule: AgeRule) -> tuple[Action, str, str]:
    if age is None:
        return rule.unknown, "age", doubt_words("age")
    code = doubt("age", str(int(age)))
    if rule.min <= age <= rule.max:
        return Action.RUN, code, ""
    text = tr(
        "the patient is {age} years old, it is for {low} to {high} years",
        age=int(age),
        low=f"{rule.min:g}",
        high=f"{rule.max:g}",
    )
    return rule.otherwise, code, text


def _contrast(contrast: bool | None, rule: Rule) -> tuple[Action, str]:  # noqa: FBT001  a fact, not a switch
    if contrast is None:
        return rule.unknown, doubt("contrast", "unknown")
    action = Action.RUN if (ENHANCED if contrast else PLAIN) in rule.accepted else rule.otherwise
    return action, "contrast" if contrast else doubt("contrast", "none")


def _listed(value: str, rule: Rule, name: str) -> tuple[Action, str]:
    """An accepted word may stand anywhere in the value: kernels and body parts have many spellings."""
    if not value.strip():
        return rule.unknown, name
    fits = any(word.upper() in value.upper() for word in rule.accepted)
    return Action.RUN if fits else rule.otherwise, doubt(name, value)
