"""
Measure bundles on real patients: ``python -m models.evaluation.measure --data DIR --out DIR BUNDLE...``.

Tier B inserts held-back shapes and cubes into lungs that the weights have not seen; tier C reads real
nodules of the same patients. Every bundle sees the same images in the same run. ``--lungs`` are the test patients,
of whom nobody learned, or the development lungs, for bundles whose data index leaves them out.
What is written are cases with marks, which ``lianyue evaluate`` judges.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.engine.detector import LungNoduleDetector
from models.engine.preprocess import prepare
from models.engine.registry import Bundle, read_bundle
from models.engine.session import Provider
from models.evaluation.cases import Reference, cases_as_json
from models.evaluation.froc import Nodule, Outline, Scored
from models.evaluation.inserted import insert_round
from models.evaluation.readers import Finding, findings_of
from models.evaluation.unseen import judged_on
from models.training.hosts import INPUT, UNBOUNDED, Known, distance_map, grid_of, read_volume
from models.training.insertion import noise_sigma_hu
from models.training.prepare_data import read_cubes, read_known
from models.training.shapes import load_shapes
from models.training.sources import DEVELOPMENT, is_held_back
from workstation.dicom.images.volumes import load_volume
from workstation.domain.finding import Mark
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume

ROUNDS: Final = 16
PER_ROUND: Final = 6
_LEAST_READERS: Final = 3


@dataclass(frozen=True, slots=True)
class Lung:
    """One unseen patient: the study, its real nodules, and findings that are neither right nor wrong."""

    id: str
    volume: Volume
    nodules: tuple[Nodule, ...]
    excluded: tuple[Nodule, ...]


class Quiet:
    """A job that nobody watches."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Say nothing."""

    def raise_if_cancelled(self) -> None:
        """Go on."""


def unseen_lungs(data: Path) -> list[Lung]:
    """Return the whole scans of the test patients, which no weights have seen."""
    lesions = json.loads((data / "test" / "lesions.json").read_text(encoding="utf-8"))
    readers = json.loads((data / "annotations" / "lidc-readers.json").read_text(encoding="utf-8"))
    slices = sorted((data / "ct-chest-lidc-0314").glob("*.dcm"))
    volume = load_volume(slices)
    findings = findings_of(readers["LIDC-IDRI-0314"], volume)
    lungs = [
        Lung(
            "LIDC-IDRI-0314",
            volume,
            tuple(_nodule(f) for f in findings if f.readers >= _LEAST_READERS),
            tuple(_nodule(f) for f in findings if f.readers < _LEAST_READERS),
        )
    ]
    for path in sorted((data / "test" / "volumes").glob("*.npz")):
        marked = tuple(
            Nodule(tuple(e["centre_lps_mm"]), e["diameter_mm"]) for e in lesions.get(path.stem, [])
        )  # fmt: skip
        lungs.append(Lung(path.stem, read_volume(path), marked, ()))
    return lungs


def development_lungs(data: Path) -> list[Lung]:
    """
    Return the training collection's lungs that were kept out of this project's own training.

    Nobody outlined their nodules: lesions that were plain to the eye are nodules, what was unclear is excluded, as is
    what ``models.training.neither_way`` lists, and marks elsewhere may be true.
    """
    lungs = []
    for name in sorted(DEVELOPMENT):
        known = [(Nodule((c[0], c[1], c[2]), mm), lesion) for c, mm, lesion in read_known(data / "train", name)]
        plain = tuple(nodule for nodule, lesion in known if lesion)
        unclear = tuple(nodule for nodule, lesion in known if not lesion)
        lungs.append(Lung(name, read_volume(data / "train" / "volumes" / f"{name}.npz"), plain, unclear))
    return lungs


SPLITS: Final = ("test", "development")
"""Whose lungs are measured; the files of either are named by it."""


def inserted_cases(
    lung: Lung, data: Path, prepared_data: Path, detectors: dict[str, LungNoduleDetector], rounds: int, job: JobContext
) -> dict[str, list[Reference]]:
    """Return tier B of one lung, by bundle: what was there before is excluded, what was inserted must be found."""
    study = prepare(lung.volume, UNBOUNDED, INPUT)
    distance = distance_map(study)
    noise_hu = noise_sigma_hu(study.hu[::4].astype(np.float32), distance[::4])
    shapes = [s for s in load_shapes(prepared_data / "shapes.npz") if is_held_back(s.patient)]
    cubes = read_cubes(data / "train", held_back=True)
    known = tuple(
        Known(grid_of(n.centre_lps_mm, study.origin_lps_mm), n.diameter_mm, is_lesion=True)
        for n in lung.nodules + lung.excluded
    )
    cases: dict[str, list[Reference]] = {name: [] for name in detectors}
    for number in range(rounds):
        changed, nodules = insert_round(
            study, distance, shapes, cubes, known=known, slice_mm=lung.volume.spacing_mm[2], noise_hu=noise_hu,
            count=PER_ROUND, seed=(*lung.id.encode(), number),
        )  # fmt: skip
        for name, detector in detectors.items():
            marks = scored_marks(detector.detect_prepared(changed, job))
            case = Reference(f"{lung.id}#{number}", nodules, lung.nodules + lung.excluded, None, marks)
            cases[name].append(case)
    return cases


def real_cases(lung: Lung, detectors: dict[str, LungNoduleDetector], job: JobContext) -> dict[str, Reference]:
    """Return tier C of one whole scan, by bundle."""
    return {
        name: Reference(lung.id, lung.nodules, lung.excluded, None, scored_marks(d.detect(lung.volume, job).marks))
        for name, d in detectors.items()
    }


def scored_marks(marks: tuple[Mark, ...]) -> tuple[Scored, ...]:
    """Return marks as the evaluation reads them."""
    return tuple(Scored(m.centre_lps_mm, m.score, m.diameter_mm) for m in marks)


def _nodule(finding: Finding) -> Nodule:
    outlines = tuple(Outline(z, points, finding.slice_mm / 2) for z, points in finding.outlines)
    return Nodule(finding.centre_lps_mm, finding.diameter_mm, outlines=outlines)


def main(arguments: list[str] | None = None) -> None:
    """Measure the bundles named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluation.measure", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, default=Path(".train"), help="where training keeps its shapes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--lungs", choices=SPLITS, default="test")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("bundles", type=Path, nargs="+")
    chosen = parser.parse_args(arguments)
    job = Quiet()
    bundles = {folder.name: read_bundle(folder) for folder in chosen.bundles}
    lungs = unseen_lungs(chosen.data) if chosen.lungs == "test" else development_lungs(chosen.data)
    judges = {lung.id: {name: judged_on(bundle, lung.id) for name, bundle in bundles.items()} for lung in lungs}
    tiers: dict[str, dict[str, list[Reference]]] = {name: {"b": [], "c": []} for name in bundles}
    for lung in lungs:
        detectors = _opened(judges[lung.id], chosen.threads)
        for name, cases in inserted_cases(lung, chosen.data, chosen.prepared, detectors, chosen.rounds, job).items():
            tiers[name]["b"] += cases
        for name, case in real_cases(lung, detectors, job).items():
            tiers[name]["c"].append(case)
        for detector in detectors.values():
            detector.close()
        sys.stderr.write(f"{lung.id}\n")
    for name, tier in tiers.items():
        for letter, cases in tier.items():
            folder = chosen.out / name
            folder.mkdir(parents=True, exist_ok=True)
            if cases:
                _write(folder / f"tier-{letter}-{chosen.lungs}.json", cases_as_json(cases))


def _opened(bundles: dict[str, Bundle], threads: int) -> dict[str, LungNoduleDetector]:
    return {name: LungNoduleDetector(bundle, Provider.CPU, threads=threads) for name, bundle in bundles.items()}


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
