"""
Whom a model is for: what its manifest refuses is refused, what it warns of is warned of.

Limits of the grid (slices, spacing, modality) always refuse; age, contrast medium, kernel, body
part and phantoms do what the manifest says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from models.engine.manifest_values import Action, AgeRule, AppliesTo, Rule
from resources.translation import tr
from workstation.domain.acquisition import Acquisition
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

_TOLERANCE_MM: Final = 0.01
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
    return check_acquisition(volume.acquisition, applies_to)


def check_acquisition(facts: Acquisition, applies_to: AppliesTo) -> tuple[DecodeWarning, ...]:
    """Apply the rules on patient and exposure; see ``check_intended_use``."""
    doubts = [(action, code, text) for action, code, text in _doubts(facts, applies_to) if action is not Action.RUN]
    for action, code, text in doubts:
        if action is Action.REFUSE:
            raise InputOutsideIntendedUse(
                tr("The model refuses this series: {reason}.", reason=text),
                hint=tr("Read it without AI, or choose a model that was made for it."),
                detail=code,
            )
    return tuple(
        DecodeWarning(code, tr("Outside what the model was tested on: {reason}.", reason=text))
        for _, code, text in doubts
    )


def _check_modality(volume: Volume, applies_to: AppliesTo) -> None:
    stated = volume.acquisition.modality or ("CT" if volume.unit == "HU" else "")
    # a CT whose values are no Hounsfield units is none for a network
    if stated in applies_to.modality and (stated != "CT" or volume.unit == "HU"):
        return
    if applies_to.modality == ("CT",):
        raise InputOutsideIntendedUse(tr("The detector refuses this series: it is not a CT."))
    raise InputOutsideIntendedUse(
        tr("The model refuses this series: it is not {modalities}.", modalities="/".join(applies_to.modality))
    )


def _check_grid(volume: Volume, applies_to: AppliesTo) -> None:
    slices = volume.voxels.shape[0]
    if slices < applies_to.min_slices:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: {count} slices, at least {least} are needed.",
                count=slices,
                least=applies_to.min_slices,
            )
        )
    x_mm, y_mm, z_mm = volume.spacing_mm
    if z_mm > applies_to.max_slice_mm + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: slices are {spacing} mm apart, at most {limit} mm are allowed.",
                spacing=f"{z_mm:.1f}",
                limit=f"{applies_to.max_slice_mm:g}",
            )
        )
    if max(x_mm, y_mm) > applies_to.max_pixel_mm + _TOLERANCE_MM:
        raise InputOutsideIntendedUse(
            tr(
                "The detector refuses this series: pixels of {spacing} mm are too large.",
                spacing=f"{max(x_mm, y_mm):.2f}",
            )
        )


def _doubts(facts: Acquisition, applies_to: AppliesTo) -> Iterator[tuple[Action, str, str]]:
    if facts.phantom:
        yield applies_to.phantom, "phantom", tr("the object is a phantom")
    if applies_to.age_years is not None:
        yield _age(facts.age_years, applies_to.age_years)
    if applies_to.contrast is not None:
        yield _contrast(facts.contrast, applies_to.contrast)
    if applies_to.kernels is not None:
        yield _listed(facts.kernel, applies_to.kernels, "kernel", tr("the kernel {value}", value=facts.kernel))
    if applies_to.body_parts is not None:
        part = tr("the body part {value}", value=facts.body_part)
        yield _listed(facts.body_part, applies_to.body_parts, "body_part", part)


def _age(age: float | None, rule: AgeRule) -> tuple[Action, str, str]:
    if age is None:
        return rule.unknown, "age", tr("the age of the patient is unknown")
    if rule.min <= age <= rule.max:
        return Action.RUN, "age", ""
    text = tr(
        "the patient is {age} years old, it is for {low} to {high} years",
        age=int(age),
        low=f"{rule.min:g}",
        high=f"{rule.max:g}",
    )
    return rule.otherwise, "age", text


def _contrast(contrast: bool | None, rule: Rule) -> tuple[Action, str, str]:  # noqa: FBT001  a fact, not a switch
    if contrast is None:
        return rule.unknown, "contrast", tr("it is unknown whether contrast medium was given")
    if (ENHANCED if contrast else PLAIN) in rule.accepted:
        return Action.RUN, "contrast", ""
    text = tr("contrast medium was given") if contrast else tr("no contrast medium was given")
    return rule.otherwise, "contrast", text


def _listed(value: str, rule: Rule, code: str, name: str) -> tuple[Action, str, str]:
    """An accepted word may stand anywhere in the value: kernels and body parts have many spellings."""
    if not value.strip():
        return rule.unknown, code, tr("kernel or body part is not stated")
    if any(word.upper() in value.upper() for word in rule.accepted):
        return Action.RUN, code, ""
    return rule.otherwise, code, name
