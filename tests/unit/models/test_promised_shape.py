"""A network of another stride than its manifest says would mark the wrong place: it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.manifest_values import Boxes2dOutput, Boxes2dSpec, BoxPost, FcosLevel, ImageInput
from models.engine.promised_shape import check_strides
from models.engine.registry import check_bundle, read_bundle
from models.engine.runner import ModelRunner
from models.engine.session import Provider
from tests.helpers.bundles import identity_mask, image_input, manifest, network, node, tensor, write_bundle
from tests.helpers.models import Job, copied_bundle, refused
from workstation.domain.errors import BundleInvalid
from workstation.domain.volume import Volume

FORM = "does not have the form that the manifest says"


@pytest.mark.parametrize("stride", [1, 2, 8])
def test_the_shipped_network_with_another_stride_is_refused_though_its_golden_repeats(
    tmp_path: Path, stride: int
) -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["output"]["stride"] = stride
        raw["input"]["multiple_of"] = 16

    with refused(BundleInvalid, FORM):
        check_bundle(copied_bundle(tmp_path, change))


def test_a_mask_of_a_film_at_half_size_is_refused(tmp_path: Path) -> None:
    half = node("MaxPool", ["image"], ["mask"], kernel_shape=[2, 2], strides=[2, 2])
    described = manifest(
        "mask",
        applies_to={"modality": "DX", "body_part": "CHEST"},
        input=image_input(),
        output={"name": "mask", "classes": 1, "activation": "none"},
        post={"threshold": 0.5, "min_mm2": 20, "max_marks": 5},
    )
    model = network([half], inputs={"image": 4}, outputs={"mask": 4})

    with refused(BundleInvalid, FORM):
        check_bundle(write_bundle(tmp_path / "b", model, described))


def test_a_mask_of_a_volume_at_half_size_is_refused(tmp_path: Path) -> None:
    half = node("MaxPool", ["image"], ["mask"], kernel_shape=[2, 2, 2], strides=[2, 2, 2])

    with refused(BundleInvalid, FORM):
        check_bundle(write_bundle(tmp_path / "b", network([half], outputs={"mask": 5}), identity_mask()[1]))


def test_a_network_that_is_true_only_to_the_size_of_the_trial_is_refused_at_the_patient(tmp_path: Path) -> None:
    model = network(
        [node("Resize", ["image", "", "", "size"], ["mask"])],
        constants=[tensor("size", [1, 1, 32, 32, 32])],
        outputs={"mask": 5},
    )
    folder = write_bundle(tmp_path / "b", model, identity_mask()[1])
    assert check_bundle(folder).manifest.kind == "mask"
    runner = ModelRunner(read_bundle(folder), Provider.CPU)

    with refused(BundleInvalid, "answers what its manifest does not promise"):
        runner.detect(Volume(np.zeros((48, 48, 48), np.int16), np.diag([2.0, 2.0, 2.0, 1.0]), "1.2.3", "1.2.4"), Job())


@pytest.mark.parametrize(
    ("stride", "cells", "fits"),
    [(8, (8, 13), True), (4, (8, 13), False), (16, (8, 13), False), (64, (1, 2), True), (128, (1, 1), False)],
)
def test_the_cells_of_a_film_cover_it_at_their_stride(stride: int, cells: tuple[int, int], *, fits: bool) -> None:
    level = FcosLevel("s", "d", None, stride)
    output = Boxes2dOutput(format="fcos", name="", classes=1, activation="sigmoid", levels=(level,))
    spec = Boxes2dSpec(ImageInput("image", 1, 64, 100, (0, 100), 0.0, (0.0,), (1.0,)), output, BoxPost(0.3, 9, 0.5, 9))
    heads = {"s": np.zeros((1, 1, *cells), np.float32), "d": np.zeros((1, 4, *cells), np.float32)}

    if fits:
        check_strides(spec, (1, 1, 64, 100), heads)
    else:
        with pytest.raises(ValueError, match="cells at a stride of"):
            check_strides(spec, (1, 1, 64, 100), heads)
