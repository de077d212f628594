"""The real network's heat lies on the nodule, nowhere outside the lungs, and darkens nothing."""

from __future__ import annotations

import numpy as np
import pytest

from models.engine.detector import LungNoduleDetector
from models.engine.lungs import lungs_of
from models.engine.registry import Registry
from models.engine.session import Provider
from tests.helpers.models import XS, Job, thorax
from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.heat_layer import LEAST_HEAT, HeatLayer
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from workstation.domain.errors import JobCancelled
from workstation.domain.model import OcclusionMap
from workstation.domain.volume import Volume

NODULE = (-55.0, 10.0, -12.0)


@pytest.fixture(scope="module")
def scan() -> Volume:
    return thorax(nodule_lps_mm=NODULE)


@pytest.fixture(scope="module")
def heat(scan: Volume) -> OcclusionMap:
    return LungNoduleDetector(Registry().load(XS), Provider.CPU).heat_map(scan, Job())


def test_the_network_is_hottest_at_the_nodule(heat: OcclusionMap) -> None:
    assert float(heat.drop.max()) > 0.5
    assert np.linalg.norm(np.subtract(heat.strongest, NODULE)) < 4.0  # one step of the network's grid


def test_nothing_is_drawn_outside_the_lungs(scan: Volume, heat: OcclusionMap) -> None:
    lungs = lungs_of(scan)
    assert lungs is not None

    hot = np.argwhere(heat.drop >= LEAST_HEAT)[:, ::-1].astype(np.float64)
    away_mm = lungs.distances_mm(hot @ heat.ijk_to_lps[:3, :3].T + heat.ijk_to_lps[:3, 3])

    assert len(hot) > 0
    # a mark's centre may lie its radius outside; nothing here is larger than the nodule of 14 mm
    assert float(away_mm.max()) <= 7.0


@pytest.mark.parametrize("plane", [MprPlane.AXIAL, MprPlane.CORONAL, MprPlane.SAGITTAL])
def test_every_plane_glows_red_at_the_nodule_and_is_grey_elsewhere(
    scan: Volume, heat: OcclusionMap, plane: MprPlane
) -> None:
    scene = MprScene(scan, plane, annotations=Annotations("1.2.3"), new_uid=uids())
    scene.show_point(NODULE)
    layer = HeatLayer(Volume(heat.drop, heat.ijk_to_lps, scan.frame_of_reference_uid, "1.2.4", unit=""), "Heat")
    scene.fuse(layer)

    source = scene.frame((300.0, 300.0)).at_once().source

    assert isinstance(source, SliceImage)
    assert source.plane is not None
    column, row = (round(at) for at in source.plane.pixel_of(NODULE))
    red, green, _blue = source.pixels[row, column].astype(int).tolist()
    assert red - green > 60
    grey = np.ptp(source.pixels.astype(int), axis=-1) == 0
    assert float(grey.mean()) > 0.9


def test_the_bar_runs_from_no_heat_to_full_heat(heat: OcclusionMap) -> None:
    legend = HeatLayer(Volume(heat.drop, heat.ijk_to_lps, "1.2.3", "1.2.4", unit=""), "Heat").legend()

    assert (legend.values[0], legend.values[-1]) == ("1.00", "0.00")
    faint, *_rest = legend.colours[round(255 * LEAST_HEAT)].tolist()
    assert faint > 150  # red, not black: it must not hide the tissue below


def test_a_heat_map_that_nobody_wants_any_more_is_given_up(scan: Volume) -> None:
    with pytest.raises(JobCancelled):
        LungNoduleDetector(Registry().load(XS), Provider.CPU).heat_map(scan, Job(cancel_after=1))
