"""Boxes on radiographs, masks and classifiers, from a bundle's file to findings in the right place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.decoders.boxes_2d import decode
from models.engine.letterbox import letterboxed
from models.engine.manifest_values import Boxes2dOutput, Boxes2dSpec, BoxPost, FcosLevel, ImageInput
from models.engine.registry import check_bundle, read_bundle
from models.engine.runner import ModelRunner
from models.engine.session import Provider
from tests.helpers.bundles import (
    fixed_yolo,
    grid_input,
    identity_mask,
    image_input,
    manifest,
    mean_classifier,
    network,
    node,
    write_bundle,
)
from tests.helpers.models import Job, refused, rotation
from workstation.domain.acquisition import Acquisition
from workstation.domain.errors import BundleInvalid, InputOutsideIntendedUse, JobCancelled
from workstation.domain.model import PlanarImage
from workstation.domain.volume import Volume

IMAGE = ImageInput("image", 1, 64, 64, (0, 100), 0.0, (0.0,), (1.0,))
POST = BoxPost(min_score=0.3, top_k=100, nms_iou=0.5, max_marks=10)


def _radiograph(*, modality: str = "DX", inverted: bool = False) -> PlanarImage:
    """A black film of 200 rows x 100 columns with a white square in rows 40..59, columns 20..39."""
    pixels = np.zeros((200, 100), np.float32)
    pixels[40:60, 20:40] = 1000
    if inverted:
        pixels = 1000 - pixels
    return PlanarImage(pixels, "1.2.5", Acquisition(modality=modality), inverted, (0.5, 0.5))


def _spec(output_format: Any, **parts: Any) -> Boxes2dSpec:  # noqa: ANN401
    options = {"name": "out", "classes": 2, "activation": "none", **parts}
    return Boxes2dSpec(IMAGE, Boxes2dOutput(format=output_format, **options), POST)


def test_yolo_boxes_are_centre_and_size_with_a_score_per_class() -> None:
    rows = [
        [20, 30, 10, 20, 0.9, 0.1],
        [21, 30, 10, 20, 0.8, 0.1],
        [21, 30, 10, 20, 0.1, 0.7],
        [50, 50, 8, 8, 0.2, 0.2],
    ]
    out = np.array([rows], np.float32).transpose(0, 2, 1)

    boxes = decode({"out": out}, _spec("yolo"))

    assert boxes.corners.tolist() == [[15, 20, 25, 40], [16, 20, 26, 40]]
    assert boxes.label.tolist() == [0, 1]
    np.testing.assert_allclose(boxes.score, [0.9, 0.7])


def test_boxes_of_a_graph_with_its_own_nms_are_taken_at_their_word() -> None:
    rows = [[1, 2, 11, 12, 0.9, 1], [1, 2, 11, 13, 0.8, 1], [0, 0, 0, 0, 0, 0]]

    boxes = decode({"out": np.array([rows], np.float32)}, _spec("nms"))

    assert boxes.corners.tolist() == [[1, 2, 11, 12], [1, 2, 11, 13]]
    assert boxes.label.tolist() == [1, 1]


def test_fcos_distances_reach_from_the_middle_of_a_cell() -> None:
    scores = np.full((1, 1, 8, 8), -9, np.float32)
    scores[0, 0, 2, 3] = 0.0  # sigmoid 0.5
    distances = np.tile(np.array([1, 0.5, 2, 1], np.float32)[None, :, None, None], (1, 1, 8, 8))
    centred = np.full((1, 1, 8, 8), 9.0, np.float32)
    heads = {"s": scores, "d": distances, "c": centred}
    level = FcosLevel("s", "d", "c", 8)
    spec = _spec("fcos", name="", classes=1, activation="sigmoid", levels=(level,), normalised=True)

    boxes = decode(heads, spec)

    # the cell (row 2, column 3) lies at (28, 20); distances are multiples of 8
    assert boxes.corners.tolist() == [[20, 16, 44, 28]]
    assert boxes.score[0] == pytest.approx(np.sqrt(0.5), abs=1e-3)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_film_is_letterboxed_and_monochrome1_turned_round(*, inverted: bool) -> None:
    framed = letterboxed(_radiograph(inverted=inverted), IMAGE)

    # 200 x 100 fits 64 x 64 at 0.32: 64 rows, 32 columns, 16 filled columns on each side
    assert (framed.scale, framed.shift) == (0.32, (16.0, 0.0))
    assert framed.image[16, 26] == pytest.approx(1.0, abs=0.01)  # row 50, column 30 of the film
    assert framed.image[40, 26] == pytest.approx(0.0, abs=0.01)
    np.testing.assert_array_equal(framed.image[:, :16], 0)
    corners = framed.to_stored(np.array([[16 + 6.4, 12.8, 16 + 12.8, 19.2]]))
    np.testing.assert_allclose(corners, [[19.5, 39.5, 39.5, 59.5]], atol=1e-9)


def test_a_box_comes_back_in_pixels_of_the_film(tmp_path: Path) -> None:
    runner = ModelRunner(read_bundle(fixed_yolo(tmp_path)), Provider.CPU)

    output = runner.detect_image(_radiograph(), Job())

    (mark,) = output.planar_marks
    np.testing.assert_allclose(mark.box_px, (19.5, 39.5, 39.5, 59.5), atol=1e-4)
    assert (mark.shown, mark.label) == (True, "nodule")
    assert mark.score == pytest.approx(0.9)
    assert output.marks == ()


def test_a_film_model_refuses_other_modalities_and_volumes(tmp_path: Path) -> None:
    runner = ModelRunner(read_bundle(fixed_yolo(tmp_path)), Provider.CPU)

    with refused(InputOutsideIntendedUse, "it is not DX/CR"):
        runner.detect_image(_radiograph(modality="MG"), Job())
    with refused(InputOutsideIntendedUse, "reads single images"):
        runner.detect(_balls(np.eye(3)), Job())


def _balls(directions: Any) -> Volume:  # noqa: ANN401
    """Two balls of 900 HU in a block of -1000 HU: 20 mm round (30, -10, 12), 12 mm round (-40, 20, -10) LPS mm."""
    spacing = np.array([1.5, 1.0, 2.0])
    shape = (40, 110, 80)
    matrix = np.eye(4)
    matrix[:3, :3] = directions * spacing
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    z, y, x = np.indices(shape)
    lps = np.stack([x, y, z], -1) @ matrix[:3, :3].T + matrix[:3, 3]
    hu = np.full(shape, -1000.0)
    for centre, diameter in (((30, -10, 12), 20), ((-40, 20, -10), 12)):
        hu[((lps - np.array(centre)) ** 2).sum(-1) < (diameter / 2) ** 2] = 900
    return Volume(hu.astype(np.int16), matrix, "1.2.3", "1.2.4")


@pytest.mark.parametrize("degrees", [0, 12])
@pytest.mark.parametrize("grid", [{}, {"layout": "bcxyz", "orientation": "RAS"}], ids=["lps", "ras"])
def test_a_mask_gives_marks_and_voxels_where_the_lesions_are(
    tmp_path: Path, degrees: int, grid: dict[str, Any]
) -> None:
    model, described = identity_mask()
    described["input"] = grid_input(spacing_mm=[1.0, 1.0, 1.0], **grid)
    volume = _balls(rotation(degrees, 2))
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    output = runner.detect(volume, Job())

    centres = sorted(mark.centre_lps_mm for mark in output.marks)
    np.testing.assert_allclose(centres, [(-40, 20, -10), (30, -10, 12)], atol=0.7)
    diameters = sorted(mark.diameter_mm for mark in output.marks)
    np.testing.assert_allclose(diameters, [12, 20], atol=1.2)
    (mask,) = output.masks
    inside = volume.voxels > 400
    assert mask.voxels.shape == volume.voxels.shape
    overlap = 2 * (mask.voxels & inside).sum() / (mask.voxels.sum() + inside.sum())
    assert overlap > 0.9


def test_a_small_piece_is_no_mark(tmp_path: Path) -> None:
    model, described = identity_mask()
    described["post"] = {"threshold": 0.75, "min_ml": 2.0, "max_marks": 10}
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    # balls of 4.2 ml and 0.9 ml
    assert len(runner.detect(_balls(np.eye(3)), Job()).marks) == 1


def test_nothing_found_gives_no_mask(tmp_path: Path) -> None:
    model, described = identity_mask()
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)
    empty = Volume(np.full((8, 16, 16), -1000, np.int16), np.eye(4), "1", "2")

    output = runner.detect(empty, Job())

    assert (output.marks, output.masks) == ((), ())


def test_a_mask_on_a_film_gives_boxes_and_pixels(tmp_path: Path) -> None:
    model = network([node("Identity", ["image"], ["mask"])], inputs={"image": 4}, outputs={"mask": 4})
    described = manifest(
        "mask",
        applies_to={"modality": "DX", "body_part": "CHEST"},
        input=image_input(),
        output={"name": "mask", "classes": 1, "activation": "none"},
        post={"threshold": 0.5, "min_mm2": 20, "max_marks": 5},
    )
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    output = runner.detect_image(_radiograph(), Job())

    (mark,), (mask,) = output.planar_marks, output.masks
    np.testing.assert_allclose(mark.box_px, (19.5, 39.5, 39.5, 59.5), atol=3.2)  # a pixel of the network is 3.1
    assert mask.voxels.shape == (200, 100)
    assert mask.voxels[50, 30]
    assert not mask.voxels[100, 30]


def test_a_classifier_claims_no_place_until_an_occlusion_map_is_made(tmp_path: Path) -> None:
    model, described = mean_classifier()
    described["operating_points"][0]["score"] = 0.002
    volume = _balls(np.eye(3))
    runner = ModelRunner(check_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    (finding,) = runner.detect(volume, Job()).study_findings
    where = runner.occlusion(volume, "nodule", Job())

    assert finding.shown
    assert finding.where is None
    assert where.drop.min() >= -1e-6
    # the larger ball draws the score; cubes are 16 mm
    assert np.linalg.norm(np.subtract(where.strongest, (30, -10, 12))) < 12


def test_an_occlusion_map_is_cancelled_between_cubes(tmp_path: Path) -> None:
    model, described = mean_classifier()
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    with pytest.raises(JobCancelled):
        runner.occlusion(_balls(np.eye(3)), "nodule", Job(cancel_after=4))


def test_a_film_classifier_maps_onto_the_film(tmp_path: Path) -> None:
    model, described = mean_classifier(rank=4)
    described["applies_to"] = {"modality": "DX", "body_part": "CHEST"}
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    (finding,) = runner.detect_image(_radiograph(), Job()).study_findings
    column, row, _ = runner.occlusion(_radiograph(), "nodule", Job()).strongest

    # 20 x 20 white pixels of 200 x 100, in a square frame of twice the width
    assert finding.score == pytest.approx(400 / 40_000, abs=0.002)
    assert abs(column - 29.5) < 13
    assert abs(row - 49.5) < 13


def test_a_model_without_a_map_says_so(tmp_path: Path) -> None:
    model, described = identity_mask()
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    with refused(InputOutsideIntendedUse, "does not say where"):
        runner.occlusion(_balls(np.eye(3)), "nodule", Job())


def test_an_answer_that_is_no_number_is_refused_and_the_memory_given_back(tmp_path: Path) -> None:
    model = network([node("Log", ["image"], ["mask"])], outputs={"mask": 5})
    _, described = identity_mask()
    described["input"] = grid_input(scale=[-1, 1])
    folder = write_bundle(tmp_path / "b", model, described)
    runner = ModelRunner(read_bundle(folder), Provider.CPU)

    with refused(BundleInvalid, "answer is no number"):
        runner.detect(_balls(np.eye(3)), Job())
    assert runner._session is None
    with refused(BundleInvalid, "answer is no number"):
        check_bundle(folder)


def test_a_cancelled_run_gives_the_memory_back_and_the_next_one_works(tmp_path: Path) -> None:
    model, described = identity_mask()
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    with pytest.raises(JobCancelled):
        runner.detect(_balls(np.eye(3)), Job(cancel_after=2))
    assert runner._session is None

    assert len(runner.detect(_balls(np.eye(3)), Job()).marks) == 2
    runner.close()
    assert runner._session is None


def test_an_unsigned_model_says_research_with_every_result(tmp_path: Path) -> None:
    model, described = identity_mask()
    runner = ModelRunner(read_bundle(write_bundle(tmp_path / "b", model, described)), Provider.CPU)

    assert runner.identity.research
    assert runner.detect(_balls(np.eye(3)), Job()).research
