"""What was answered for the findings of a mammogram, as the lesions that the form of BI-RADS begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from workstation.domain.categories.basis import key_of
from workstation.domain.categories.bi_rads import BreastSide, Descriptor
from workstation.domain.finding import Finding
from workstation.domain.finding_traits import traits_of
from workstation.domain.study import Study
from workstation.services.category_forms import LesionInput

_KINDS: Final = {
    "intramammary_lymph_node": Descriptor.INTRAMAMMARY_NODE,
    "architectural_distortion": Descriptor.ARCHITECTURAL_DISTORTION,
    "focal_asymmetry": Descriptor.FOCAL_ASYMMETRY,
}
_MARGINS: Final = {
    "circumscribed": Descriptor.CIRCUMSCRIBED_MASS,
    "obscured": Descriptor.PARTLY_CIRCUMSCRIBED_MASS,
    "microlobulated": Descriptor.INDISTINCT_MASS,
    "indistinct": Descriptor.INDISTINCT_MASS,
    "spiculated": Descriptor.SPICULATED_MASS,
}
_CALCIFICATIONS: Final = {
    "benign": Descriptor.BENIGN_CALCIFICATION,
    "amorphous": Descriptor.AMORPHOUS_CALCIFICATION,
    "coarse": Descriptor.COARSE_HETEROGENEOUS_CALCIFICATION,
    "fine_pleomorphic": Descriptor.FINE_PLEOMORPHIC_CALCIFICATION,
    "fine_linear": Descriptor.FINE_LINEAR_CALCIFICATION,
}
_SIDES: Final = {"R": BreastSide.RIGHT, "L": BreastSide.LEFT}


def breast_lesions(findings: Sequence[Finding], study: Study) -> tuple[LesionInput, ...]:
    """
    Return a lesion for each finding on a film whose kind is known: its side from the image, its descriptor.

    What the answers leave open is left to the form, which asks for it.
    """
    described = (one for one in findings if "kind" in traits_of(one))
    return tuple(LesionInput("finding", _values(one, study), key_of(one)) for one in described)


def _values(finding: Finding, study: Study) -> dict[str, str]:
    descriptor, side = _descriptor(traits_of(finding)), _side(finding, study)
    found = {"side": side, "descriptor": descriptor}
    return {name: value.value for name, value in found.items() if value is not None}


def _descriptor(said: Mapping[str, str]) -> Descriptor | None:
    kind = said.get("kind", "")
    if kind == "mass":
        return _mass(said)
    return _KINDS.get(kind) or _CALCIFICATIONS.get(said.get("morphology", ""))


def _mass(said: Mapping[str, str]) -> Descriptor | None:
    """Return the descriptor of a mass by what is most suspicious in it; None where the answers do not fit one."""
    found = _MARGINS.get(said.get("margin", ""))
    if found is Descriptor.SPICULATED_MASS:
        return found
    if said.get("shape") == "irregular":
        return None if found in {None, Descriptor.CIRCUMSCRIBED_MASS} else Descriptor.IRREGULAR_INDISTINCT_MASS
    if said.get("density") == "fat" and found in {None, Descriptor.CIRCUMSCRIBED_MASS}:
        return Descriptor.FAT_CONTAINING
    return found


def _side(finding: Finding, study: Study) -> BreastSide | None:
    place = finding.on_image
    if place is None:
        return None
    of_image = (i.laterality for s in study.series for i in s.instances if i.sop_instance_uid == place.sop_instance_uid)
    return _SIDES.get(next(of_image, ""))
