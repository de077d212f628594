"""The network's own heat as a picture to lay over the images: only where a mark could come from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.engine.manifest import OutputSpec, PostSpec
from models.engine.preprocess import Prepared
from workstation.domain.model import OcclusionMap

FloatArray = npt.NDArray[np.float32]


def heat_picture(
    heat: FloatArray, size: FloatArray, prepared: Prepared, output: OutputSpec, post: PostSpec
) -> OcclusionMap:
    """
    Return heat in [0, 1], ``[z, y, x]`` at the network's stride; 0 where a mark would be dropped.

    Outside the lungs a network answers anything: what it never learned from must not look like a finding.
    """
    spacing = float(prepared.spacing_mm)
    grid = np.diag([spacing * output.stride] * 3 + [1.0])
    grid[:3, 3] = np.asarray(prepared.origin_lps_mm) + spacing * output.centre_shift
    kept = np.zeros(heat.shape, dtype=np.float32)
    at = np.argwhere(heat >= post.min_score)
    values = tuple(at.T)
    with np.errstate(over="ignore"):  # a wild size is clipped, not reported as a warning
        diameter = np.clip(output.size_reference_mm * np.exp(size[values].astype(np.float64)), *post.diameter_mm)
    reach_mm = np.maximum(post.lung_margin_mm, diameter / 2)
    centre: npt.NDArray[np.float64] = at[:, ::-1].astype(np.float64) @ grid[:3, :3].T + grid[:3, 3]
    near = prepared.lungs.distances_mm(centre) <= reach_mm
    kept[values] = np.where(near, np.minimum(heat[values], np.float32(1)), np.float32(0))
    return OcclusionMap(kept, grid)
