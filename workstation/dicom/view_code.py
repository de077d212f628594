"""
The projection that View Code Sequence (0054,0220) names, as the short word of View Position.

Mammograms must name their view by code (type 1), and their View Position may be absent.
*Source:* PS3.16 CID 4014, CID 4010 and the tangential views of CID 4015, with the words of the ACR for breast views;
PS3.3 C.8.11.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from workstation.dicom.coded_value import code_value
from workstation.dicom.values import texts
from workstation.domain.view_modifier import ViewModifier

_VIEWS: Final = (
    # SNOMED CT, its former SNOMED RT code, view
    ("399162004", "R-10242", "CC"),
    ("399368009", "R-10226", "MLO"),
    ("399260004", "R-10224", "ML"),
    ("399352003", "R-10228", "LM"),
    ("399099002", "R-10230", "LMO"),
    ("399196006", "R-10244", "FB"),
    ("399188001", "R-102D0", "SIO"),
    ("441555000", "R-40AAA", "ISO"),
    ("399265009", "R-102CF", "XCC"),
    ("399192008", "R-1024A", "XCCL"),
    ("399101009", "R-1024B", "XCCM"),
    ("399110001", "R-102C2", "TAN"),
    ("399011000", "R-102D1", "AT"),
    ("399161006", "R-102D2", "CV"),
    ("272479007", "R-40888", "PA"),
    ("399348003", "R-10206", "AP"),
    ("399173006", "R-10236", "LL"),
    ("399198007", "R-10232", "RL"),
)
VIEW_OF_CODE: Final[Mapping[tuple[str, str], str]] = {
    **{("SCT", concept): view for concept, _, view in _VIEWS},
    **{("SRT", former): view for _, former, view in _VIEWS},
}
"""View by scheme (``SCT``, ``SRT``) and code value."""

_MODIFIERS: Final = (
    # SNOMED CT, its former SNOMED RT code, modifier
    ("399055006", "R-102D7", ViewModifier.SPOT),
    ("399163009", "R-102D6", ViewModifier.MAGNIFICATION),
    ("399209000", "R-102D5", ViewModifier.IMPLANT_DISPLACED),
    ("399161006", "R-102D2", ViewModifier.CLEAVAGE),
    ("399011000", "R-102D1", ViewModifier.AXILLARY_TAIL),
    ("442580003", "R-40AB2", ViewModifier.AXILLARY_TISSUE),
    ("399197002", "R-102D3", ViewModifier.ROLLED_LATERAL),
    ("399226006", "R-102D4", ViewModifier.ROLLED_MEDIAL),
    ("414493004", "R-102CA", ViewModifier.ROLLED_INFERIOR),
    ("415670009", "R-102C9", ViewModifier.ROLLED_SUPERIOR),
    ("399110001", "R-102C2", ViewModifier.TANGENTIAL),
    ("442581004", "R-40AB3", ViewModifier.NIPPLE_IN_PROFILE),
    ("442593008", "R-40ABE", ViewModifier.INFRAMAMMARY_FOLD),
    ("441752004", "P2-00161", ViewModifier.ANTERIOR_COMPRESSION),
)
MODIFIER_OF_CODE: Final[Mapping[tuple[str, str], ViewModifier]] = {
    **{("SCT", concept): modifier for concept, _, modifier in _MODIFIERS},
    **{("SRT", former): modifier for _, former, modifier in _MODIFIERS},
}
"""Modifier by scheme (``SCT``, ``SRT``) and code value. *Source:* PS3.16 CID 4015."""

_SCHEMES: Final = {"SCT": "SCT", "SRT": "SRT", "SNM3": "SRT", "99SDM": "SRT"}
"""How SNOMED CT and SNOMED RT were called over the years (PS3.16 table 8-1)"""

_GROUPS: Final = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


def view_by_code(dataset: Dataset) -> str:
    """
    Return the view that an image names by code: ``CC``, ``MLO`` …; empty when it names none that is known.

    Looked for in the image, then in the functional groups that all frames share, then in those of the first frame.
    """
    return next((view for one in places_of_codes(dataset) if (view := _view(one))), "")


def modifiers_by_code(dataset: Dataset) -> tuple[ViewModifier, ...]:
    """
    Return how a mammogram differs from the full view that it names, each modifier once; empty for the full view.

    They stand in the view's own item (PS3.3 C.8.11.7); older objects hold them beside it. A code that is not known
    counts as ``OTHER``: what says that it is modified must not pass for the full view.
    """
    for place in places_of_codes(dataset):
        views = place.get("ViewCodeSequence")
        holders = [*views, place] if isinstance(views, Sequence) else [place]
        codes = [one for holder in holders for one in _items(holder, "ViewModifierCodeSequence")]
        if codes:
            found = (MODIFIER_OF_CODE.get(code_of(one), ViewModifier.OTHER) for one in codes)
            return tuple(dict.fromkeys(found))
    return ()


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence that say something."""
    found = dataset.get(keyword)
    return [one for one in found if len(one)] if isinstance(found, Sequence) else []


def places_of_codes(dataset: Dataset) -> Iterable[Dataset]:
    """Return where an image may name something: itself, then the functional groups of all, then of the first frame."""
    groups = [item for name in _GROUPS for item in (dataset.get(name) or [])[:1]]
    yield dataset
    for group in groups:
        yield group
        # the macro that holds it differs between the kinds of object
        yield from (element.value[0] for element in group if isinstance(element.value, Sequence) and element.value)


def _view(dataset: Dataset) -> str:
    items = dataset.get("ViewCodeSequence")
    if not isinstance(items, Sequence):
        return ""
    return next((view for item in items if (view := VIEW_OF_CODE.get(code_of(item), ""))), "")


def code_of(item: Dataset) -> tuple[str, str]:
    """Return scheme (``SCT``, ``SRT``, else empty) and value of a coded entry."""
    scheme, value = _first(item.get("CodingSchemeDesignator")), code_value(item)
    return _SCHEMES.get(scheme.upper(), ""), value


def _first(value: Any) -> str:  # noqa: ANN401 - pydicom values have no static type
    found = texts(value)
    return found[0].strip() if found else ""
