"""
The product's own detectors on real patients that no training run saw.

Expected places: readers' outlines (LIDC-IDRI-0314) and the consensus of nine segmentations
(QIN-LSC-0028); expected sizes, scores and false marks: what each model's own card says, read from the evaluation that
lies in its bundle and of which the card is printed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.detector import DetectionOutcome, LungNoduleDetector
from models.engine.preprocess import normalised, prepare
from models.engine.registry import Bundle, Registry
from models.engine.session import InferenceSession, Provider
from models.engine.tiling import FloatArray, run_tiled
from models.evaluation.patches import patch_score, real_patches
from tests.helpers.models import XS, Job, S, compressed_volume
from workstation.dicom.images.volumes import load_volume
from workstation.domain.finding import Mark
from workstation.domain.volume import Volume

pytestmark = pytest.mark.accuracy


@dataclass(frozen=True)
class Card:
    """What the card of a model says of these patients; sizes in mm, false marks and finds at the default point."""

    lidc_mm: float
    lidc_score: float
    lidc_false_marks: int
    normal_false_marks: int
    qin_mm: float
    qin_false_marks: int
    lidc_0055_found: int


def card_of(bundle: Bundle) -> Card:
    said: dict[str, Any] = json.loads((bundle.folder / "eval" / "evaluation.json").read_text("utf-8"))
    point = bundle.manifest.default_operating_point
    scans = {one["id"]: one for one in said["tier_c"]["per_scan"]}
    (lidc,), (qin,) = (scans[name]["nodules"] for name in ("LIDC-IDRI-0314", "QIN-LSC-0028"))
    false_marks = {name: one["false_marks"][point] for name, one in scans.items()}
    (unseen,) = (one for one in said["patches"] if one["set"].startswith("LIDC-IDRI-0055") and one["readers"] == ">= 3")
    assert said["operating_points"][point]["score"] == bundle.manifest.threshold
    return Card(
        lidc_mm=lidc["diameter_mm"],
        lidc_score=lidc["score"],
        lidc_false_marks=false_marks["LIDC-IDRI-0314"],
        normal_false_marks=false_marks["COVIDMD-normal001"],
        qin_mm=qin["diameter_mm"],
        qin_false_marks=false_marks["QIN-LSC-0028"],
        lidc_0055_found=unseen["found"][point],
    )


@pytest.fixture(scope="module", params=sorted({S, XS}))
def model_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bundle(model_id: str) -> Bundle:
    return Registry().load(model_id)


@pytest.fixture(scope="module")
def card(bundle: Bundle) -> Card:
    return card_of(bundle)


@pytest.fixture(scope="module")
def detector(bundle: Bundle) -> LungNoduleDetector:
    return LungNoduleDetector(bundle, Provider.CPU)


@pytest.fixture(scope="module")
def lidc(lidc_0314: Path) -> Volume:
    return load_volume(sorted(lidc_0314.glob("*.dcm")))


@pytest.fixture(scope="module")
def lidc_result(detector: LungNoduleDetector, lidc: Volume) -> DetectionOutcome:
    return detector.detect(lidc, Job())


def test_every_model_that_ships_is_judged_here() -> None:
    assert {S, XS} == set(Registry().own)


def _shown(marks: tuple[Mark, ...]) -> list[Mark]:
    return [mark for mark in marks if mark.shown]


def test_lidc_0314_first_mark_lies_within_2_mm_of_the_readers_nodule(lidc_result: DetectionOutcome) -> None:
    first = lidc_result.marks[0]

    assert np.linalg.norm(np.subtract(first.centre_lps_mm, (-57.0, 131.0, -520.5))) < 2.0


def test_lidc_0314_first_mark_has_the_cards_size_and_score(lidc_result: DetectionOutcome, card: Card) -> None:
    first = lidc_result.marks[0]

    # 0.14 is the log-SD of sizes on the card of the small model
    assert abs(np.log(first.diameter_mm / card.lidc_mm)) < 0.14
    assert first.score == pytest.approx(card.lidc_score, abs=0.005)
    assert first.out_of_ten == 9


def test_lidc_0314_has_no_false_mark_at_the_operating_point(lidc_result: DetectionOutcome, card: Card) -> None:
    assert [lidc_result.marks[0]] == _shown(lidc_result.marks)
    assert card.lidc_false_marks == 0


def test_lidc_0314_turned_upside_down_gives_the_same_place(detector: LungNoduleDetector, lidc: Volume) -> None:
    matrix = lidc.ijk_to_lps.copy()
    matrix[:3, 3] += matrix[:3, 2] * (lidc.voxels.shape[0] - 1)
    matrix[:3, 2] *= -1
    turned = Volume(lidc.voxels[::-1], matrix, lidc.frame_of_reference_uid, lidc.series_instance_uid)

    first = detector.detect(turned, Job()).marks[0]

    assert np.linalg.norm(np.subtract(first.centre_lps_mm, (-57.0, 131.0, -520.5))) < 2.0


def test_qin_lsc_0028_first_mark_is_the_consensus_lesion(
    detector: LungNoduleDetector, card: Card, shared_data: Path
) -> None:
    volume = compressed_volume(shared_data / "test" / "volumes" / "QIN-LSC-0028.npz")

    first, *others = detector.detect(volume, Job()).marks

    assert np.linalg.norm(np.subtract(first.centre_lps_mm, (96.77, -172.49, 306.27))) < card.qin_mm / 2
    assert abs(np.log(first.diameter_mm / card.qin_mm)) < 0.19
    assert first.shown
    assert len([mark for mark in others if mark.shown]) <= card.qin_false_marks


def test_a_scan_labelled_normal_has_no_more_false_marks_than_the_card_says(
    detector: LungNoduleDetector, card: Card, shared_data: Path
) -> None:
    volume = compressed_volume(shared_data / "test" / "volumes" / "COVIDMD-normal001.npz")

    assert len(_shown(detector.detect(volume, Job()).marks)) <= card.normal_false_marks


def test_lidc_0055_as_many_nodules_of_three_readers_are_found_at_the_default_point_as_the_card_says(
    bundle: Bundle, card: Card, shared_data: Path
) -> None:
    patches = [p for p in real_patches(shared_data)["unseen"] if p.readers >= 3]

    with InferenceSession.open(bundle.model, Provider.CPU) as session:
        scores = [patch_score(patch, session, bundle.manifest) for patch in patches]

    assert len(scores) == 3
    assert len([score for score in scores if score >= bundle.manifest.threshold]) == card.lidc_0055_found


def test_slabs_move_no_relevant_score_of_the_real_network_by_a_hundredth(bundle: Bundle, lidc: Volume) -> None:
    spec, output = bundle.manifest.input, bundle.manifest.output
    image = normalised(prepare(lidc, bundle.manifest.applies_to, spec).hu, spec)

    with InferenceSession.open(bundle.model, Provider.CPU) as session:

        def infer(slab: FloatArray) -> tuple[FloatArray, ...]:
            return session.run((output.heat,), {spec.name: slab})

        (whole,) = infer(image[None, None])
        (tiled,) = run_tiled(image, infer, slab=spec.slab, halo=spec.halo, stride=output.stride, job=Job())

    relevant = np.maximum(whole, tiled) > 0.2
    assert relevant.sum() > 10
    assert float(np.abs(whole - tiled)[relevant].max()) < 0.01
