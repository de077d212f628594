"""One click, one nodule: implements ``workstation.domain.nodule_ports.NoduleMeasurer``."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.engine.lungs import LungMask, lungs_of
from models.engine.nodule import content, shape, surroundings
from models.engine.nodule.region import Region, find_region
from models.engine.nodule.sampling import Cube, cut_cube
from resources.translation import tr
from workstation.domain.errors import NotANodule
from workstation.domain.finding import NoduleType
from workstation.domain.geometry import Point
from workstation.domain.nodule import NoduleMeasurement, equivalent_diameter_mm
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume

_HALF_MM: Final = 25.0
_STEP_MM: Final = 0.8
_LARGE_HALF_MM: Final = 55.0
_LARGE_STEP_MM: Final = 1.6
_LEAST_AXIS_MM: Final = 1.5
_MARGIN: Final = 5
_LEAST_MM3: Final = 8.0  # 2.5 mm across: below that nothing is measured
_MOST_DIAMETER_MM: Final = 80.0


class NoduleSegmenter:
    """Segments nodules of CT volumes by classical means: no weights, the same answer every time."""

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        """
        Measure the nodule at a patient point; a rough size chooses the first grid.

        Raises NotANodule: not a CT, no lung here, wall, vessel, or nothing to outline. JobCancelled.
        """
        if volume.unit != "HU":
            raise NotANodule(tr("Nodules can be outlined on CT only."), hint=tr("Measure by hand."))
        job.raise_if_cancelled()
        cube, region = _found(volume, seed_lps_mm, diameter_mm)
        job.progress(0.5)
        lungs = lungs_of(volume, job)
        job.progress(0.8)
        return _measured(volume, seed_lps_mm, cube, region, lungs)


def _found(volume: Volume, seed: Point, diameter_mm: float | None) -> tuple[Cube, Region]:
    """Return the region on the fine grid, on the coarse one where it does not fit; a known size decides at once."""
    if diameter_mm is None or diameter_mm <= _HALF_MM:
        cube = cut_cube(volume, seed, _HALF_MM, _STEP_MM)
        try:
            region = find_region(volume, cube)
        except NotANodule:
            # a large tumour may fill the small cube; the wall of a normal chest fails in both
            if diameter_mm is not None:
                raise
        else:
            if not _at_rim(region):
                return cube, _sound(region, cube)
    cube = cut_cube(volume, seed, _LARGE_HALF_MM, _LARGE_STEP_MM)
    return cube, _sound(find_region(volume, cube), cube)


def _at_rim(region: Region) -> bool:
    where = np.argwhere(region.mask)
    return bool(where.min() <= 1 or where.max() >= region.mask.shape[0] - 2)


def _sound(region: Region, cube: Cube) -> Region:
    volume_mm3 = float(region.mask.sum()) * cube.step_mm**3
    if volume_mm3 < _LEAST_MM3:
        raise NotANodule(tr("What lies here is too small to measure."), hint=tr("Measure by hand."))
    if equivalent_diameter_mm(volume_mm3) > _MOST_DIAMETER_MM or _at_rim(region):
        raise NotANodule(
            tr("The outline runs out into the tissue around it."), hint=tr("Measure by hand: long and short axis.")
        )
    return region


def _measured(volume: Volume, seed: Point, cube: Cube, region: Region, lungs: LungMask | None) -> NoduleMeasurement:
    pleura_mm = surroundings.pleura_distance_mm(region, cube, lungs)
    cut_off = surroundings.is_cut_off(region.mask, cube)
    region, box = region.part(_MARGIN)
    cube = cube.part(box)
    mask, contours = shape.outlined(region.mask, cube, volume)
    axial = shape.axial_axes(region.mask, cube, volume, contours)
    if axial is None or axial[0].short.length_mm < _LEAST_AXIS_MM:
        raise NotANodule(tr("What lies here is too small to measure."), hint=tr("Measure by hand."))
    volume_mm3 = float(region.mask.sum()) * cube.step_mm**3
    middle = cube.lps_of(np.argwhere(region.mask)).mean(axis=0)
    centre = (float(middle[0]), float(middle[1]), float(middle[2]))
    hollow = content.cavity(region, cube)
    kind = content.nodule_type(region, cube, hollow)
    attached = surroundings.attachments(region, cube, pleura_mm)
    return NoduleMeasurement(
        seed_lps_mm=seed,
        centre_lps_mm=centre,
        mask=mask,
        contours=contours,
        axial=axial[0],
        axial_slice_index=axial[1],
        extent=shape.spatial_axes(region.mask, cube),
        volume_mm3=volume_mm3,
        hounsfield=content.hounsfield(region, cube),
        nodule_type=kind,
        boundary_hu=region.boundary_hu,
        solid=None if kind is NoduleType.CALCIFIED or hollow.any() else content.solid_part(region, cube),
        cavity_mm3=float(hollow.sum()) * cube.step_mm**3,
        calcified_mm3=content.calcium_mm3(region, cube),
        attachments=attached,
        pleura_distance_mm=pleura_mm,
        lobe=surroundings.guess_lobe(centre, lungs),
        growth_limits=surroundings.growth_limits(
            volume,
            kind=kind,
            attached=attached,
            cut_off=cut_off,
            diameter_mm=equivalent_diameter_mm(volume_mm3),
        ),
    )
