"""A network that answers no numbers for a patient is refused aloud, whatever its kind: never "nothing found"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.detector import LungNoduleDetector
from models.engine.registry import BUNDLES, check_bundle
from models.engine.runner import ModelRunner
from models.engine.session import Provider
from tests.helpers.bundles import (
    grid_input,
    identity_mask,
    image_input,
    manifest,
    mean_classifier,
    network,
    node,
    tensor,
    write_bundle,
)
from tests.helpers.models import XS, Job, refused, thorax
from workstation.domain.acquisition import Acquisition
from workstation.domain.errors import BundleInvalid
from workstation.domain.model import PlanarImage
from workstation.domain.volume import Volume

NO_NUMBER = "answer is no number"
ZERO = tensor("zero", np.zeros(1))
# 0 where the input is 0, as in the trial run; no number wherever a patient is brighter
LOST = [node("Sub", ["zero", "image"], ["minus"]), node("Sqrt", ["minus"], ["lost"])]


def _film() -> PlanarImage:
    pixels = np.zeros((64, 64), np.float32)
    pixels[20:30, 20:30] = 1000
    return PlanarImage(pixels, "1.2.5", Acquisition(modality="DX"), False, (0.5, 0.5))


def _block() -> Volume:
    hu = np.full((24, 48, 48), -1000, np.int16)
    hu[8:16, 8:16, 8:16] = 500
    return Volume(hu, np.diag([2.0, 2.0, 2.0, 1.0]), "1.2.3", "1.2.4")


def _heat(bad: str) -> tuple[bytes, dict[str, Any]]:
    raw = json.loads((BUNDLES / XS / "manifest.json").read_text(encoding="utf-8"))
    described = {**raw, "id": "test-heat", "source": {"training": "none", "data": [{"name": "NONE", "licence": "MIT"}]}}
    described.update(signature=None, calibration=None)
    described["post"] = {key: raw["post"][key] for key in raw["post"] if key not in {"second_stage", "one_lesion_hu"}}
    pooled = node("AveragePool", ["image"], ["pooled"], kernel_shape=[4, 4, 4], strides=[4, 4, 4])
    heads = {"heat": "pooled", "size": "still", "axis": "still", bad: "gone"}
    nodes = [
        pooled,
        node("Mul", ["pooled", "zero"], ["still"]),
        node("Sub", ["zero", "pooled"], ["minus"]),
        node("Sqrt", ["minus"], ["gone"]),
        node("Identity", [heads["heat"]], ["heat"]),
        node("Identity", [heads["size"]], ["size"]),
        node("Concat", [heads["axis"]] * 3, ["off"], axis=1),
    ]
    return network(nodes, constants=[ZERO], outputs={"heat": 5, "size": 5, "off": 5}), described


@pytest.mark.parametrize("head", ["heat", "size", "axis"])
def test_a_heat_map_of_no_numbers_is_not_a_lung_without_nodules(tmp_path: Path, head: str) -> None:
    bundle = check_bundle(write_bundle(tmp_path / "b", *_heat(head)))

    with refused(BundleInvalid, NO_NUMBER):
        LungNoduleDetector(bundle, Provider.CPU).detect(thorax(nodule_lps_mm=(-60, 0, 0)), Job())


@pytest.mark.parametrize("head", ["heat", "size"])
def test_no_occlusion_map_is_made_of_what_are_no_numbers(tmp_path: Path, head: str) -> None:
    bundle = check_bundle(write_bundle(tmp_path / "b", *_heat(head)))

    with refused(BundleInvalid, NO_NUMBER):
        LungNoduleDetector(bundle, Provider.CPU).occlusion(
            thorax(nodule_lps_mm=(-60, 0, 0)), (-60.0, 0.0, 0.0), 14.0, Job()
        )


def test_the_same_heat_map_of_numbers_is_read(tmp_path: Path) -> None:
    bundle = check_bundle(write_bundle(tmp_path / "b", *_heat("none")))

    assert LungNoduleDetector(bundle, Provider.CPU).detect(thorax(nodule_lps_mm=(-60, 0, 0)), Job()).marks


def test_a_heat_map_of_another_stride_at_the_patient_than_in_the_trial_is_refused(tmp_path: Path) -> None:
    model, described = _heat("none")
    shrunk = [
        node("Resize", ["image", "", "", "wanted"], ["pooled"]),
        node("Mul", ["pooled", "zero"], ["size"]),
        node("Identity", ["pooled"], ["heat"]),
        node("Concat", ["size"] * 3, ["off"], axis=1),
    ]
    model = network(
        shrunk, constants=[ZERO, tensor("wanted", [1, 1, 8, 8, 8])], outputs={"heat": 5, "size": 5, "off": 5}
    )
    bundle = check_bundle(write_bundle(tmp_path / "b", model, described))

    with refused(BundleInvalid, "answers what its manifest does not promise"):
        LungNoduleDetector(bundle, Provider.CPU).detect(thorax(), Job())


def _mask() -> tuple[bytes, dict[str, Any]]:
    return network([*LOST, node("Identity", ["lost"], ["mask"])], constants=[ZERO], outputs={"mask": 5}), (
        identity_mask()[1]
    )


def _classifier() -> tuple[bytes, dict[str, Any]]:
    nodes = [
        *LOST,
        node("ReduceMean", ["lost"], ["score"], axes=[1, 2, 3, 4], keepdims=0),
        node("Unsqueeze", ["score", "one"], ["out"]),
    ]
    return network(nodes, constants=[ZERO, tensor("one", [1])], outputs={"out": 2}), mean_classifier()[1]


def _anchors() -> tuple[bytes, dict[str, Any]]:
    described = manifest(
        "anchor_boxes_3d",
        input=grid_input(),
        output={
            "classes": 1, "activation": "none", "coder": [1, 1, 1, 1, 1, 1],
            "levels": [{"scores": "s", "boxes": "b", "stride": [4, 4, 4], "anchors": [[8, 8, 8]]}],
        },
        post={"min_score": 0.1, "top_k": 10, "nms_iou": 0.3, "max_marks": 5},
    )  # fmt: skip
    nodes = [
        node("AveragePool", ["image"], ["s"], kernel_shape=[4, 4, 4], strides=[4, 4, 4]),
        node("Sub", ["zero", "s"], ["minus"]),
        node("Sqrt", ["minus"], ["lost"]),
        node("Concat", ["lost"] * 6, ["b"], axis=1),
    ]
    return network(nodes, constants=[ZERO], outputs={"s": 5, "b": 5}), described


@pytest.mark.parametrize("made", [_mask, _classifier, _anchors], ids=["mask", "classifier", "anchor_boxes_3d"])
def test_a_model_of_volumes_that_answers_no_numbers_is_refused(tmp_path: Path, made: Any) -> None:  # noqa: ANN401
    bundle = check_bundle(write_bundle(tmp_path / "b", *made()))

    with refused(BundleInvalid, NO_NUMBER):
        ModelRunner(bundle, Provider.CPU).detect(_block(), Job())


def test_boxes_on_a_film_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    box = tensor("box", np.array([[[20.0], [16.0], [6.4], [6.4], [0.9]]]))
    nodes = [*LOST, node("ReduceMean", ["lost"], ["top"], keepdims=0), node("Add", ["box", "top"], ["out"])]
    model = network(nodes, constants=[ZERO, box], inputs={"image": 4}, outputs={"out": 3})
    described = manifest(
        "boxes_2d",
        applies_to={"modality": "DX", "body_part": "CHEST"},
        input=image_input(),
        output={"format": "yolo", "name": "out", "classes": 1, "activation": "none"},
        post={"min_score": 0.3, "top_k": 10, "nms_iou": 0.5, "max_marks": 5},
    )
    bundle = check_bundle(write_bundle(tmp_path / "b", model, described))

    with refused(BundleInvalid, NO_NUMBER):
        ModelRunner(bundle, Provider.CPU).detect_image(_film(), Job())


def test_a_class_number_below_the_first_names_no_class(tmp_path: Path) -> None:
    rows = tensor("rows", np.array([[[10.0, 10, 20, 20, 0.9, -1], [30, 30, 40, 40, 0.8, 0]]]))
    nodes = [node("ReduceMax", ["image"], ["top"], keepdims=0), node("Ceil", ["top"], ["one"])]
    nodes.append(node("Mul", ["rows", "one"], ["out"]))
    model = network(nodes, constants=[rows], inputs={"image": 4}, outputs={"out": 3})
    described = manifest(
        "boxes_2d",
        applies_to={"modality": "DX", "body_part": "CHEST"},
        input=image_input(),
        output={"format": "nms", "name": "out", "classes": 1, "activation": "none"},
        post={"min_score": 0.3, "top_k": 10, "nms_iou": 0.5, "max_marks": 5},
    )
    bundle = check_bundle(write_bundle(tmp_path / "b", model, described))

    (mark,) = ModelRunner(bundle, Provider.CPU).detect_image(_film(), Job()).planar_marks

    assert mark.score == pytest.approx(0.8)
