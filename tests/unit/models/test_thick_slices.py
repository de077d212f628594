"""What thick slices cost is counted nodule by nodule, on volumes as such slices would give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.engine.preprocess import Prepared
from models.engine.registry import BUNDLES
from models.evaluation.froc import Nodule
from models.training import thick_slices
from models.training.lungs_with_nodules import Plan, Round, Wanted
from models.training.thick_slices import Counts, compared, counted, lines, thickened
from tests.helpers.models import Job, thorax
from workstation.domain.finding import Mark


def test_a_thick_slice_is_the_mean_of_its_voxels_and_between_two_lies_the_line_between_them() -> None:
    hu = np.repeat(np.array([0, 0, 0, 0, 100, 0, 0, 0, 0, 0], np.int16), 4).reshape(10, 2, 2)

    thick = thickened(hu, 5)

    # means 20 and 0 at the slices' middles, voxels 2 and 7
    assert thick[:, 0, 0].tolist() == [20, 20, 20, 16, 12, 8, 4, 0, 0, 0]
    assert thick.dtype == np.int16
    with pytest.raises(ValueError, match="too short"):
        thickened(hu[:9], 5)


def test_nodules_are_counted_by_size_and_marks_at_known_lesions_not_at_all() -> None:
    def mark(x: float, score: float) -> Mark:
        return Mark((x, 0.0, 0.0), 8.0, score, shown=True, label="nodule")

    into: Counts = {"small": [0, 0], "larger": [0, 0], "false": [0, 0]}
    marks = [mark(0, 0.9), mark(50, 0.4), mark(100, 0.9), mark(150, 0.9), mark(200, 0.1)]
    nodules = [Nodule((1.0, 0.0, 0.0), 5.0), Nodule((52.0, 0.0, 0.0), 10.0), Nodule((300.0, 0.0, 0.0), 10.0)]

    counted(marks, nodules, [Nodule((106.0, 0.0, 0.0), 6.0)], 0.5, into)

    assert into == {"small": [1, 1], "larger": [0, 2], "false": [1, 1]}


def test_slices_that_are_thick_already_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from models.engine.manifest_values import HeatmapSpec  # noqa: PLC0415  for the one study
    from models.engine.preprocess import prepare  # noqa: PLC0415  for the one study
    from models.engine.registry import read_bundle  # noqa: PLC0415  for the one study

    manifest = read_bundle(BUNDLES / "lung-nodule-xs").manifest
    assert isinstance(manifest.spec, HeatmapSpec)
    nodule = (-55.0, 10.0, -12.0)
    study: Prepared = prepare(thorax(nodule_lps_mm=nodule), manifest.applies_to, manifest.input, Job())

    def rounds(_data: Path, _prepared: Path, _plan: Plan, wanted: Wanted) -> list[Round]:
        assert not wanted("P", -1)
        return [Round("P", 0, study, (Nodule(nodule, 10.0),), (), slice_mm) for slice_mm in (1.0, 8.0)]

    monkeypatch.setattr(thick_slices, "rounds_of", rounds)

    found = list(lines(compared(BUNDLES / "lung-nodule-xs", tmp_path, tmp_path)))

    assert [(row["point"], row["slices"]) for row in found[:2]] == [("sensitive", "thin"), ("sensitive", "thick")]
    assert {row["from_6_mm"][1] for row in found} == {1}
