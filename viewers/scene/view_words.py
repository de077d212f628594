"""Side and view of a projection in words: ``R MLO``, and ``L CC spot`` for what is no full standard view."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from resources.translation import tr
from workstation.domain.study import Instance
from workstation.domain.view_modifier import ViewModifier

_WORDS: Final = MappingProxyType[ViewModifier, Callable[[], str]]({
    ViewModifier.SPOT: lambda: tr("spot"),
    ViewModifier.MAGNIFICATION: lambda: tr("magnified view"),
    ViewModifier.IMPLANT_DISPLACED: lambda: tr("implant displaced"),
    ViewModifier.CLEAVAGE: lambda: tr("cleavage"),
    ViewModifier.AXILLARY_TAIL: lambda: tr("axillary tail"),
    ViewModifier.AXILLARY_TISSUE: lambda: tr("axillary tissue"),
    ViewModifier.ROLLED_LATERAL: lambda: tr("rolled lateral"),
    ViewModifier.ROLLED_MEDIAL: lambda: tr("rolled medial"),
    ViewModifier.ROLLED_INFERIOR: lambda: tr("rolled inferior"),
    ViewModifier.ROLLED_SUPERIOR: lambda: tr("rolled superior"),
    ViewModifier.TANGENTIAL: lambda: tr("tangential"),
    ViewModifier.NIPPLE_IN_PROFILE: lambda: tr("nipple in profile"),
    ViewModifier.INFRAMAMMARY_FOLD: lambda: tr("inframammary fold"),
    ViewModifier.ANTERIOR_COMPRESSION: lambda: tr("anterior compression"),
    ViewModifier.OTHER: lambda: tr("view modifier not known"),
})  # fmt: skip


def view_name(image: Instance) -> str:
    """Return side, view and modifiers of a projection as its corner says them; empty where it names none."""
    return " ".join(
        part
        for part in (image.laterality, image.view_position, *(_WORDS[one]() for one in image.view_modifiers))
        if part
    )
