"""
Tier C, second part: real nodules of which only a box is at hand, at the operating threshold.

Whole scans hide what a threshold misses; a box shows it. False marks are not counted here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import SimpleITK

from models.engine.decoders.heatmap_3d import decode
from models.engine.manifest import Manifest
from models.engine.preprocess import normalised
from models.engine.second_stage import rescored
from models.engine.session import InferenceSession
from models.training.prepare_data import read_cubes

_itk: Any = SimpleITK  # its stubs are partial
_BEFORE: Final = 30  # slices before the nodule in a box of 60, fewer behind it where the scan ends


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """One real nodule: HU ``[z, y, x]`` of 1 mm, its centre ``(z, y, x)`` in them, size, and how many outlined it."""

    name: str
    hu: npt.NDArray[np.int16]
    centre_zyx: tuple[float, float, float]
    diameter_mm: float
    readers: int


def patch_score(patch: Patch, session: InferenceSession, manifest: Manifest) -> float:
    """Return the best score of a mark within half a diameter (at least 4 mm) of the nodule, 0 without one."""
    spec, output = manifest.input, manifest.output
    names = (output.heat, output.size, output.offset)
    heat, size, offset = session.run(names, {spec.name: normalised(patch.hu, spec)[None, None]})
    found = decode(heat[0, 0], size[0, 0], offset[0], output, manifest.post)
    found = found.where(np.all(found.centre_zyx <= np.array(patch.hu.shape) - 0.5, axis=1))  # not in the padding
    score = found.score
    if manifest.post.second_stage is not None:
        score = rescored(patch.hu, found.centre_zyx, found.diameter_mm, score, manifest.post.second_stage)
    near = np.linalg.norm(found.centre_zyx - np.array(patch.centre_zyx), axis=1) <= max(4.0, patch.diameter_mm / 2)
    return float(score[near].max()) if near.any() else 0.0


def boxes(images: Path, facts: Path) -> list[Patch]:
    """Read boxes of 100 x 100 mm: slices on the last axis, 1 mm in plane, native distance in z."""
    patches = []
    with np.load(images, allow_pickle=False) as stored:
        for entry in json.loads(facts.read_text(encoding="utf-8")):
            suffix = f"{entry['PatientID']}_{entry['NoduleID']}"
            other = f"{entry['PatientID']}-nodule_{int(entry['NoduleID']):02d}_vol"
            name = next(key for key in stored if key.endswith((suffix, other)))
            volume = np.ascontiguousarray(stored[name].transpose(2, 0, 1))
            slice_mm = float(entry["spacing_xyz_mm"][2])
            at = _BEFORE if volume.shape[0] > _BEFORE else (volume.shape[0] - 1) / 2
            centre = (at * slice_mm, (volume.shape[1] - 1) / 2, (volume.shape[2] - 1) / 2)
            hu = _one_mm(volume, slice_mm)
            patches.append(Patch(suffix, hu, centre, float(entry["Diameter"]), int(entry["NumAnnotations"])))
    return patches


def cubes(data: Path, readers: dict[str, int]) -> list[Patch]:
    """Return the held-back cubes; ``readers`` says by patient how many outlined the nodule."""
    patches = []
    for cube in read_cubes(data, held_back=True):
        z, y, x = (float(axis.mean()) for axis in np.nonzero(cube.mask))
        patches.append(Patch(cube.patient, cube.hu, (z, y, x), cube.diameter_mm, readers[cube.patient]))
    return patches


def real_patches(data: Path) -> dict[str, list[Patch]]:
    """
    Return every set of boxes.

    ``unseen``: LIDC-IDRI-0055, of whom no weights have seen anything (the nodule of LIDC-IDRI-0002 has
    two readers and its centre lies outside the slices at hand). ``kept_out``: boxes and cubes that this
    project's own training left out, which weights that it started from may have seen.
    """
    test, train = data / "test", data / "train"
    unseen = boxes(test / "nodule_patches_lidc_0055.npz", test / "nodule_patches_lidc_0055.json")
    facts = json.loads((train / "nodule_cubes.json").read_text(encoding="utf-8"))
    kept_out = boxes(train / "nodule_patches.npz", train / "nodule_patches.json")
    kept_out += cubes(train, {f["patient"]: int(f["n_readers_marks"]) for f in facts})
    return {"unseen": unseen, "kept_out": kept_out}


def _one_mm(volume: npt.NDArray[np.int16], slice_mm: float) -> npt.NDArray[np.int16]:
    image = _itk.GetImageFromArray(volume)
    image.SetSpacing((1.0, 1.0, slice_mm))
    size = [volume.shape[2], volume.shape[1], int((volume.shape[0] - 1) * slice_mm) + 1]
    placed = _itk.Resample(image, size, _itk.Transform(), _itk.sitkLinear, (0.0,) * 3, (1.0,) * 3)
    hu: npt.NDArray[np.int16] = _itk.GetArrayFromImage(placed)
    return hu
