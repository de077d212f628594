"""What a check of a monitor says, in words."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.grayscale import GrayscaleJudgement, GrayscaleLimits, MonitorCheck


def judgement_words(found: GrayscaleJudgement, limits: GrayscaleLimits | None = None) -> str:
    """Return what measured luminances say, with the limit beside each number that does not hold."""
    limits = limits or GrayscaleLimits()
    parts = [
        tr("contrast within {percent} % of the standard", percent=f"{found.contrast_error * 100:.0f}")
        if "contrast" not in found.failed
        else tr(
            "contrast off by {percent} % at step {step} (limit {limit} %)",
            percent=f"{found.contrast_error * 100:.0f}",
            step=found.worst_step + 1,
            limit=f"{limits.contrast_error * 100:.0f}",
        ),
        tr("{value} cd/m²", value=f"{found.brightest_cd_m2:.0f}")
        if "brightness" not in found.failed
        else tr("only {value} cd/m² (at least {limit})", value=f"{found.brightest_cd_m2:.0f}",
                limit=f"{limits.brightest_cd_m2:.0f}"),
        tr("ratio {value}", value=f"{found.ratio:.0f}")
        if "ratio" not in found.failed
        else tr("ratio only {value} (at least {limit})", value=f"{found.ratio:.0f}", limit=f"{limits.ratio:.0f}"),
    ]  # fmt: skip
    verdict = tr("Meets the limits") if found.passed else tr("Does not meet the limits")
    return f"{verdict}{tr(': ')}{tr(', ').join(parts)}"


def last_check_words(check: MonitorCheck | None) -> str:
    """Return when a monitor was checked, by whom, and what came of it."""
    if check is None:
        return tr("This monitor was never checked.")
    date = check.checked_at.astimezone().strftime("%Y-%m-%d %H:%M")
    result = tr("passed") if check.passed else tr("not passed")
    words = tr("Checked {date} by {name}: {result}", date=date, name=check.checked_by, result=result)
    if check.mm_per_pixel is None:
        return f"{words} · {tr('not calibrated by a ruler')}"
    return f"{words} · {tr('pixel {size} mm', size=f'{check.mm_per_pixel:.4f}')}"
