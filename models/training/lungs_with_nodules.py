"""
The training lungs with nodules inserted, for what is learned from a bundle's own marks there.

The rules and stages after the network (``second_stage``, ``one_lesion``) learn from what the network marks in
lungs of which it is known what lies in them: first each lung as it is, then with nodules inserted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from models.engine.manifest_values import HeatmapSpec
from models.engine.preprocess import Prepared, prepare
from models.engine.registry import Bundle
from models.evaluation.froc import Nodule
from models.evaluation.inserted import insert_round
from models.training.hosts import INPUT, UNBOUNDED, Known, distance_map, grid_of, read_volume
from models.training.insertion import noise_sigma_hu
from models.training.neither_way import NEITHER_WAY, named_in
from models.training.prepare_data import held_back_shapes, read_cubes, read_known, training_shapes
from models.training.sampling import Cube
from models.training.shapes import Shape
from models.training.sources import DEVELOPMENT, index_as_json, index_entry, refuse_leaks

AS_IT_IS = -1
"""The number of the round in which nothing is inserted."""

Wanted = Callable[[str, int], bool]


class Lungs(StrEnum):
    """Which lungs of the training collection: all, those that networks learn from, those kept out of training."""

    ALL = "all"
    TRAINING = "training"
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True)
class Plan:
    """
    How often nodules are inserted into each lung, how many at once, and the seed that makes them the same again.

    ``held_back``: nodules of the patients that training leaves out, where something is measured and nothing learned.
    ``lungs``: where they are inserted; marks in lungs that a network learned from are not like those in new ones.
    """

    rounds: int
    per_round: int
    seed: int
    held_back: bool = False
    lungs: Lungs = Lungs.ALL


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One lung of one round: what was inserted (``nodules``) and what lay there before (``known``), LPS mm."""

    patient: str
    number: int
    study: Prepared
    nodules: tuple[Nodule, ...]
    known: tuple[Nodule, ...]
    slice_mm: float


def rounds_of(
    data: Path, prepared_data: Path, plan: Plan, wanted: Wanted = lambda _patient, _number: True
) -> Iterator[Round]:
    """
    Yield every wanted round of every lung of the plan, the lung as it is first.

    ``data`` holds volumes, nodule_cubes.npz and curated.json, ``prepared_data`` the shapes of training. A round is
    the same whichever others are wanted. Raises Leak before anything is read of a patient that is off limits.
    """
    volumes = volumes_in(data, plan.lungs)
    shapes, cubes = _nodules(data, prepared_data, plan)
    refuse_leaks([path.stem for path in volumes])
    for path in volumes:
        numbers = [number for number in range(AS_IT_IS, plan.rounds) if wanted(path.stem, number)]
        if not numbers:
            continue
        volume = read_volume(path)
        study = prepare(volume, UNBOUNDED, INPUT)
        distance = distance_map(study)
        noise_hu = noise_sigma_hu(study.hu[::4].astype("float32"), distance[::4])
        known = tuple(Nodule((c[0], c[1], c[2]), mm) for c, mm, _ in read_known(data, path.stem))
        taken = tuple(
            Known(grid_of(n.centre_lps_mm, study.origin_lps_mm), n.diameter_mm, is_lesion=True) for n in known
        )
        for number in numbers:
            changed, nodules = (study, ()) if number == AS_IT_IS else insert_round(
                study, distance, shapes, cubes, known=taken, slice_mm=volume.spacing_mm[2], noise_hu=noise_hu,
                count=plan.per_round, seed=(plan.seed, *path.stem.encode(), number),
            )  # fmt: skip
            yield Round(path.stem, number, changed, nodules, known, volume.spacing_mm[2])


def _nodules(data: Path, prepared_data: Path, plan: Plan) -> tuple[list[Shape], list[Cube]]:
    cubes = read_cubes(data, held_back=plan.held_back)
    if plan.held_back:
        return held_back_shapes(prepared_data), cubes
    shapes = training_shapes(prepared_data)
    refuse_leaks([*(s.patient for s in shapes), *(c.patient for c in cubes)])
    return shapes, cubes


def volumes_in(data: Path, lungs: Lungs = Lungs.ALL) -> list[Path]:
    """Return the files of these lungs in order."""
    files = sorted((data / "volumes").glob("*.npz"))
    kept_out = lungs is Lungs.DEVELOPMENT
    return [path for path in files if lungs is Lungs.ALL or (path.stem in DEVELOPMENT) is kept_out]


def data_index(data: Path, prepared_data: Path, lungs: Lungs = Lungs.ALL) -> dict[str, Any]:
    """Return the fingerprints of everything that is learned from in these lungs. Raises Leak."""
    volumes = volumes_in(data, lungs)
    entries = [index_entry(path, data, [path.stem]) for path in volumes]
    names = [path.stem for path in volumes]
    entries += [index_entry(data / name, data, names) for name in ("lesions.json", "curated.json")]
    entries.append(index_entry(data / "nodule_cubes.npz", data, (c.patient for c in read_cubes(data, held_back=False))))
    shapes = (s.patient for s in training_shapes(prepared_data))
    entries.append(index_entry(prepared_data / "shapes.npz", prepared_data, shapes))
    if spared := named_in() & set(names):
        entries.append(index_entry(NEITHER_WAY, NEITHER_WAY.parent, spared))
    return index_as_json(entries)


def with_post(bundle: Bundle, **changed: Any) -> Bundle:  # noqa: ANN401  fields of PostSpec
    """Return the bundle with other rules after its network. TypeError for one that has no heat map."""
    spec = bundle.manifest.spec
    if not isinstance(spec, HeatmapSpec):
        raise TypeError(f"{bundle.manifest.id} has no heat map")
    return replace(bundle, manifest=replace(bundle.manifest, spec=replace(spec, post=replace(spec.post, **changed))))


def write_learned(folder: Path, post: dict[str, Any], name: str, record: dict[str, Any]) -> None:
    """Write rules into the manifest of a bundle, and what they rest on beside it as ``eval/NAME``."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["post"] |= post
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "eval").mkdir(exist_ok=True)
    (folder / "eval" / name).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
