"""What was measured at a finding, in words and units."""

from __future__ import annotations

from collections.abc import Iterable

from resources.translation import tr
from workstation.domain.finding import Lobe, MarkEvidence, NoduleType
from workstation.domain.look_alike import LookAlike
from workstation.domain.mark import GrowthLimit
from workstation.domain.nodule import Attachment
from workstation.ui.finding_words import lobe_word, millimetres, type_word

_SHOWN_PERCENTILES = (5, 50, 95)


def cubic_millimetres(value_mm3: float) -> str:
    """Return a volume with thin spaces, such as ``1 742 mm³``."""
    return f"{value_mm3:,.0f}\u2009mm³".replace(",", "\u2009")


def hounsfield(value: float) -> str:
    """Return an attenuation with a real minus sign."""
    return f"{value:.0f}".replace("-", "\u2212")


def evidence_rows(found: MarkEvidence) -> list[tuple[str, str]]:
    """Return captions and values of everything that was measured, in the order of reading."""
    rows: list[tuple[str, str]] = []
    if found.long_axis_mm is not None and found.short_axis_mm is not None:
        rows.append((tr("Axes"), f"{found.long_axis_mm:.1f} × {millimetres(found.short_axis_mm)}"))
    if found.volume_mm3 is not None:
        rows.append((tr("Volume"), cubic_millimetres(found.volume_mm3)))
    if found.is_drawn_wider:
        rows.append((tr("Outline"), tr("as readers draw it: about +1 mm")))
    if found.nodule_type is not NoduleType.UNSPECIFIED:
        rows.append((tr("Type by measurement"), type_word(found.nodule_type)))
    rows += _attenuation(found)
    rows += _solid(found)
    if found.pleura_distance_mm is not None:
        near = found.pleura_distance_mm <= 0
        rows.append((tr("Distance to the pleura"), tr("touches it") if near else millimetres(found.pleura_distance_mm)))
    touched = [word for value in found.attachments if (word := _attachment_word(value))]
    if touched:
        rows.append((tr("Touches"), ", ".join(touched)))
    if found.lobe is not Lobe.UNSPECIFIED and found.lobe_confidence is not None:
        tenths = round(10 * found.lobe_confidence)
        guess = tr("{lobe}, guessed from the position, right in about {count} of 10",
                   lobe=lobe_word(found.lobe), count=tenths)  # fmt: skip
        rows.append((tr("Lobe"), guess))
    if found.growth_limits:
        rows.append((tr("Volume over time"), tr("not compared: {why}", why=growth_limit_words(found.growth_limits))))
    if found.network_diameter_mm is not None:
        rows.append((tr("Size by the network"), millimetres(found.network_diameter_mm)))
    return rows


def _attenuation(found: MarkEvidence) -> list[tuple[str, str]]:
    rows = []
    if found.mean_hu is not None:
        spread = "" if found.standard_deviation_hu is None else f" ± {hounsfield(found.standard_deviation_hu)}"
        rows.append((tr("Mean attenuation"), f"{hounsfield(found.mean_hu)}{spread} HU"))
    shares = dict(found.percentiles_hu)
    known = [share for share in _SHOWN_PERCENTILES if share in shares]
    if known:
        values = " / ".join(hounsfield(shares[share]) for share in known)
        rows.append((tr("Percentiles {shares}", shares=" / ".join(map(str, known))), f"{values} HU"))
    return rows


def _solid(found: MarkEvidence) -> list[tuple[str, str]]:
    if found.solid_volume_mm3 is None:
        return []
    words = cubic_millimetres(found.solid_volume_mm3)
    if found.solid_long_axis_mm is not None:
        words = f"{millimetres(found.solid_long_axis_mm)} · {words}"
    if found.volume_mm3:
        words = f"{words} · {min(100.0, 100 * found.solid_volume_mm3 / found.volume_mm3):.0f} %"
    return [(tr("Solid part"), words)]


def growth_limit_words(limits: Iterable[GrowthLimit]) -> str:
    """Return why a volume is not compared over time."""
    words = {
        GrowthLimit.THICK_SLICES: tr("slices over 1.5 mm"),
        GrowthLimit.FEW_VOXELS: tr("few voxels across"),
        GrowthLimit.ATTACHED: tr("attached to pleura or vessel"),
        GrowthLimit.SUBSOLID: tr("subsolid"),
        GrowthLimit.CUT_OFF: tr("cut off at the end of the scan"),
        GrowthLimit.TOO_SMALL: tr("too small"),
    }
    return tr(", ").join(words[one] for one in limits)


def _attachment_word(value: str) -> str:
    return {Attachment.PLEURA.value: tr("pleura"), Attachment.VESSEL.value: tr("vessel")}.get(value, "")


def look_alike_line(alike: LookAlike) -> str:
    """Return a known nodule with the mean ratings of its readers."""
    nodule = alike.nodule
    return tr(
        "{patient} no. {number}: {size}, malignancy {malignancy}, texture {texture}, spiculation {spiculation} "
        "({readers} readers)",
        patient=nodule.patient_id, number=nodule.number, size=millimetres(nodule.equivalent_diameter_mm),
        malignancy=f"{nodule.malignancy:.1f}/5", texture=f"{nodule.texture:.1f}/5",
        spiculation=f"{nodule.spiculation:.1f}/5", readers=nodule.readers,
    )  # fmt: skip
