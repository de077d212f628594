"""From the raw score to "marks like this were true in x of 10", where a bundle measured it."""

from __future__ import annotations

import numpy as np

from models.engine.manifest import Calibration


def out_of_ten(score: float, calibration: Calibration | None) -> int | None:
    """Return how many of ten such marks were true, None without a measured calibration."""
    if calibration is None:
        return None
    return round(10 * float(np.interp(score, calibration.score, calibration.probability)))
