"""
Real lungs as backgrounds: prepared exactly as the product prepares a study, kept on disk.

A host is the 1 mm grid that the network sees (LPS ascending, cropped to the lungs) with the
signed distance to the closed lungs beside it, and what is known to be in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import jpeg_ls
import numpy as np
import numpy.typing as npt

from models.engine.manifest import AppliesTo, InputSpec
from models.engine.preprocess import Prepared, prepare
from models.training.insertion import noise_sigma_hu
from workstation.domain.volume import Volume

INPUT: Final = InputSpec(
    name="image", spacing_mm=1.0, clip_hu=(-1000, 400), multiple_of=16, margin_mm=10, slab=160, halo=32
)
UNBOUNDED: Final = AppliesTo(("CT",), "CHEST", min_slices=24, max_slice_mm=10, max_pixel_mm=2, min_lung_ml=300)
KnownLps = tuple[Sequence[float], float, bool]
"""Centre in LPS mm, diameter in mm, whether it is a lesion (or else unclear)."""

_DEEP: Final = 120  # distances beyond 120 mm tell nothing more and fit a signed byte


@dataclass(frozen=True, slots=True)
class Known:
    """Something in a host: a lesion (``is_lesion``) or what is neither positive nor negative; grid mm ``(z, y, x)``."""

    centre_zyx: tuple[float, float, float]
    diameter_mm: float
    is_lesion: bool


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """
    One background.

    ``hu`` int16 and ``distance_mm`` int8 (negative inside the lungs) are ``[z, y, x]`` of 1 mm;
    ``slice_mm`` is the native distance between slices, ``noise_hu`` the noise of its aerated lung.
    """

    patient: str
    hu: npt.NDArray[np.int16]
    distance_mm: npt.NDArray[np.int8]
    origin_lps_mm: npt.NDArray[np.float64]
    slice_mm: float
    noise_hu: float
    known: tuple[Known, ...]


def read_volume(path: Path) -> Volume:
    """Read one stored volume (JPEG-LS slices, HU + 1024)."""
    with np.load(path, allow_pickle=False) as stored:
        data, offsets, shape = stored["data"], stored["offsets"], tuple(int(n) for n in stored["shape"])
        matrix = stored["index_xyz_to_lps"].astype(np.float64)
    slices = [jpeg_ls.decode(data[start:stop]).reshape(shape[1:]) for start, stop in pairwise(offsets)]
    hu = (np.stack(slices).astype(np.int32) - 1024).astype(np.int16)
    return Volume(hu, matrix, "", path.stem)


def make_host(volume: Volume, patient: str, known: list[KnownLps] | None = None) -> Host:
    """Prepare a volume. Raises InputOutsideIntendedUse when there are no lungs in it."""
    ready = prepare(volume, UNBOUNDED, INPUT)
    distance = distance_map(ready)
    sigma = noise_sigma_hu(ready.hu[::4].astype(np.float32), distance[::4])
    return Host(
        patient,
        ready.hu,
        distance,
        ready.origin_lps_mm,
        volume.spacing_mm[2],
        sigma,
        _known(known, ready.origin_lps_mm),
    )


def distance_map(study: Prepared) -> npt.NDArray[np.int8]:
    """Return the signed distance to the closed lungs of every voxel ``[z, y, x]``, in whole mm up to 120."""
    depth, height, width = study.hu.shape
    y, x = np.mgrid[:height, :width]
    plane = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=-1)
    distance = np.empty(study.hu.shape, np.int8)
    for k in range(depth):
        values = study.lungs.distances_mm(study.origin_lps_mm + plane + [0, 0, k])
        distance[k] = np.clip(np.rint(values), -_DEEP, _DEEP).astype(np.int8).reshape(height, width)
    return distance


def known_of(patient: str, lesions: dict[str, Any], curated: dict[str, Any], review: dict[str, Any]) -> list[KnownLps]:
    """Return marked and promoted lesions and ignore spheres of one patient, from all who looked."""
    found = [(e["centre_lps_mm"], e["diameter_mm"], True) for e in lesions.get(patient, [])]
    for judged in (curated.get(patient, {}), review.get(patient, {})):
        found += [(e["centre_lps_mm"], e["diameter_mm"], True) for e in judged.get("promoted", [])]
        found += [(e["centre_lps_mm"], 2 * e["ignore_radius_mm"], False) for e in judged.get("ignore", [])]
    return found


def save_host(folder: Path, host: Host) -> None:
    """Write a host as plain arrays that several processes can map."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{host.patient}.hu.npy", host.hu)
    np.save(folder / f"{host.patient}.distance.npy", host.distance_mm)
    facts = {
        "origin_lps_mm": host.origin_lps_mm.tolist(),
        "slice_mm": host.slice_mm,
        "noise_hu": host.noise_hu,
    }
    (folder / f"{host.patient}.json").write_text(json.dumps(facts), encoding="utf-8")


def load_host(folder: Path, patient: str, known: list[KnownLps] | None = None) -> Host:
    """Map a host that ``save_host`` wrote; what is known in it is not stored, so that reviews take effect."""
    facts = json.loads((folder / f"{patient}.json").read_text(encoding="utf-8"))
    origin = np.array(facts["origin_lps_mm"])
    return Host(
        patient,
        np.load(folder / f"{patient}.hu.npy", mmap_mode="r"),
        np.load(folder / f"{patient}.distance.npy", mmap_mode="r"),
        origin,
        float(facts["slice_mm"]),
        float(facts["noise_hu"]),
        _known(known, origin),
    )


def grid_of(centre_lps_mm: Sequence[float], origin_lps_mm: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the grid position ``(z, y, x)`` of an LPS point."""
    x, y, z = (float(v) for v in np.asarray(centre_lps_mm) - origin_lps_mm)
    return z, y, x


def _known(known: list[KnownLps] | None, origin_lps_mm: npt.NDArray[np.float64]) -> tuple[Known, ...]:
    return tuple(Known(grid_of(centre, origin_lps_mm), mm, lesion) for centre, mm, lesion in known or [])
