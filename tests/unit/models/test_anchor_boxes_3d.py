"""MONAI's RetinaNet through our engine: the same boxes as MONAI makes of the same tensors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.decoders.anchor_boxes_3d import decode
from models.engine.decoders.boxes import Boxes, suppressed
from models.engine.manifest import parse_manifest
from models.engine.manifest_values import AnchorSpec
from models.engine.registry import read_bundle
from models.engine.runner import ModelRunner
from models.engine.session import InferenceSession, Provider
from tests.helpers.bundles import classes, grid_input, manifest, write_bundle
from tests.helpers.models import Job
from workstation.domain.model import Trust
from workstation.domain.volume import Volume

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "monai_retinanet.npz"
HEADS = ("cls0", "cls1", "box0", "box1")
SHAPE = (32, 40, 24)


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    with np.load(GOLDEN, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _described(**changes: object) -> dict[str, Any]:
    base = [[6, 8, 4], [8, 6, 5], [10, 10, 6]]
    return manifest(
        "anchor_boxes_3d",
        input=grid_input(
            layout="bcxyz", orientation="RAS", spacing_mm=[1.0, 1.0, 1.0], clip=[0, 1], multiple_of=[8, 8, 4], **changes
        ),
        output={
            "levels": [
                {"scores": "cls0", "boxes": "box0", "stride": [4, 4, 2], "anchors": base},
                {
                    "scores": "cls1",
                    "boxes": "box1",
                    "stride": [8, 8, 4],
                    "anchors": [[2 * side for side in row] for row in base],
                },
            ],
            "classes": 2,
            "coder": [1] * 6,
            "activation": "sigmoid",
        },
        post={"min_score": 0.3, "top_k": 200, "nms_iou": 0.22, "max_marks": 300},
        classes=classes("nodule", "node"),
    )


def _spec() -> AnchorSpec:
    import json  # noqa: PLC0415  only here

    raw = _described()
    raw["files"] = [{"path": p, "sha256": "0" * 64, "bytes": 1} for p in ("model.onnx", "CARD.md", "LICENSE")]
    spec = parse_manifest(json.dumps(raw).encode()).spec
    assert isinstance(spec, AnchorSpec)
    return spec


def test_the_same_tensors_give_monais_own_boxes(golden: dict[str, Any]) -> None:
    boxes = decode(golden, _spec(), SHAPE)

    assert len(golden["boxes"]) == 204
    np.testing.assert_array_equal(golden["labels"], boxes.label)
    np.testing.assert_allclose(boxes.score, golden["scores"], atol=1e-6)
    np.testing.assert_allclose(boxes.corners, golden["boxes"], atol=2e-5)


def test_the_exported_network_gives_monais_heads_and_boxes(golden: dict[str, Any]) -> None:
    with InferenceSession.open(golden["onnx"].tobytes(), Provider.CPU) as session:
        heads = dict(zip(HEADS, session.run(HEADS, {"image": golden["image"]}), strict=True))

    for name in HEADS:
        np.testing.assert_allclose(heads[name], golden[name], atol=2e-5)
    np.testing.assert_allclose(decode(heads, _spec(), SHAPE).corners, golden["boxes"], atol=2e-4)


def test_tensors_in_the_other_axis_order_give_the_same_boxes(golden: dict[str, Any]) -> None:
    spec = _spec()
    turned = replace(spec, input=replace(spec.input, layout="bczyx"))
    heads = {}
    for name in HEADS:
        head = golden[name].transpose(0, 1, 4, 3, 2)
        if name.startswith("box"):  # codes follow the axes of their tensor
            codes = head.reshape(1, 3, 2, 3, *head.shape[2:])[:, :, :, ::-1]
            head = codes.reshape(head.shape)
        heads[name] = head

    boxes = decode(heads, turned, SHAPE)

    order = np.lexsort(boxes.corners.T)
    expected = golden["boxes"][np.lexsort(golden["boxes"].T)]
    np.testing.assert_allclose(boxes.corners[order], expected, atol=2e-5)


def test_boxes_become_marks_in_patient_millimetres(tmp_path: Path, golden: dict[str, Any]) -> None:
    folder = write_bundle(tmp_path / "b", golden["onnx"].tobytes(), _described())
    bundle = replace(read_bundle(folder), trust=Trust.HOSPITAL)
    # index (i, j, k) of the golden image is the voxel at (i, j, k) mm right, anterior and superior of (30, 20, -5)
    voxels = np.ascontiguousarray(golden["image"][0, 0].transpose(2, 1, 0))
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0])
    matrix[:3, 3] = 30.0, 20.0, -5.0
    volume = Volume(voxels, matrix, "1.2.3", "1.2.4")

    output = ModelRunner(bundle, Provider.CPU).detect(volume, Job())

    box = golden["boxes"][0]
    centre, size = (box[:3] + box[3:]) / 2, box[3:] - box[:3]
    assert len(output.marks) == 204
    np.testing.assert_allclose(
        output.marks[0].centre_lps_mm, [30 - centre[0], 20 - centre[1], centre[2] - 5], atol=1e-3
    )
    np.testing.assert_allclose(output.marks[0].diameter_mm, np.cbrt(np.prod(size)), atol=1e-3)
    assert [mark.shown for mark in output.marks] == [bool(score >= 0.5) for score in golden["scores"]]
    assert output.marks[0].label == ("nodule", "node")[int(golden["labels"][0])]
    assert output.algorithm.provider == "cpu"
    assert not output.research


def test_slabs_join_the_levels_at_their_own_strides(tmp_path: Path, golden: dict[str, Any]) -> None:
    voxels = np.zeros((96, 40, 32), np.float32)
    voxels[36:60] = golden["image"][0, 0].transpose(2, 1, 0)
    volume = Volume(voxels, np.diag([-1.0, -1.0, 1.0, 1.0]), "1.2.3", "1.2.4")
    whole = write_bundle(tmp_path / "whole", golden["onnx"].tobytes(), _described())
    cut = write_bundle(tmp_path / "cut", golden["onnx"].tobytes(), _described(tiling={"slab": 48, "halo": 48}))

    one, parts = (ModelRunner(read_bundle(folder), Provider.CPU).detect(volume, Job()) for folder in (whole, cut))

    # the halo holds the rest of the scan, so that both see the same
    assert len(one.marks) > 50
    np.testing.assert_allclose(
        [mark.centre_lps_mm for mark in parts.marks], [mark.centre_lps_mm for mark in one.marks], atol=1e-3
    )


def test_boxes_of_other_classes_do_not_suppress_each_other() -> None:
    corners = np.array([[0, 0, 0, 4, 4, 4]] * 3, np.float32)
    boxes = Boxes(corners, np.array([0.5, 0.9, 0.7], np.float32), np.array([0, 0, 1]))

    kept = suppressed(boxes, 0.22, 10)

    assert kept.score.tolist() == pytest.approx([0.9, 0.7])
    assert kept.label.tolist() == [0, 1]


def test_an_iou_at_the_limit_keeps_both() -> None:
    # 10 x 10 boxes shifted by 5: overlap 50, union 150
    boxes = Boxes(
        np.array([[0, 0, 10, 10], [5, 0, 15, 10]], np.float32), np.array([0.9, 0.8], np.float32), np.zeros(2, np.int64)
    )

    assert len(suppressed(boxes, 0.34, 10)) == 2
    assert len(suppressed(boxes, 0.33, 10)) == 1
    assert len(suppressed(boxes, 0.34, 1)) == 1
