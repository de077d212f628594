"""Small lungs and shapes for the tests of training and evaluation."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.training.hosts import Host, Known
from models.training.sampling import Cube, Sources
from models.training.shapes import Shape, volume_diameter_mm

EDGE = 110


def ball(diameter_mm: float) -> npt.NDArray[np.float32]:
    """Return alpha of a ball with a soft edge of one voxel."""
    n = int(diameter_mm) + 7
    axes = np.mgrid[:n, :n, :n] - (n - 1) / 2
    depth = diameter_mm / 2 + 0.5 - np.sqrt((axes**2).sum(axis=0))
    alpha: npt.NDArray[np.float32] = np.clip(depth, 0, 1).astype(np.float32)
    return alpha


def shape(diameter_mm: float = 8.0, patient: str = "LIDC-IDRI-0100") -> Shape:
    """Return a ball as a reader would have outlined it."""
    alpha = np.rint(ball(diameter_mm) * 255).astype(np.uint8)
    return Shape(patient, alpha, volume_diameter_mm(float(alpha.sum()) / 255), 5, 6, 1, hollow=False)


def cube(diameter_mm: float = 10.0, patient: str = "LIDC-IDRI-0101") -> Cube:
    """Return a real nodule of 51 voxels an edge: a dense ball in aerated lung."""
    mask = np.zeros((51, 51, 51), bool)
    solid = ball(diameter_mm) > 0.5
    low = (51 - solid.shape[0]) // 2
    box = (slice(low, low + solid.shape[0]),) * 3
    mask[box] = solid
    return Cube(patient, np.where(mask, 40, -850).astype(np.int16), mask, diameter_mm)


def host(*known: Known, patient: str = "T-1", slice_mm: float = 1.0) -> Host:
    """Return a box of lung in soft tissue, with one vessel along x."""
    z, y, x = np.mgrid[:EDGE, :EDGE, :EDGE]
    gap = np.max(np.abs(np.stack([z, y, x]) - (EDGE - 1) / 2), axis=0) - 45
    distance = np.clip(np.rint(gap), -120, 120).astype(np.int8)
    noise = np.random.default_rng(5).normal(0, 15, gap.shape)
    hu = np.where(gap < 0, -860, 40) + noise
    hu[(np.hypot(z - 60, y - 60) < 2) & (gap < 0)] = 30
    return Host(patient, hu.astype(np.int16), distance, np.zeros(3), slice_mm, 15.0, tuple(known))


def sources(*hosts: Host) -> Sources:
    """Return what samples are made of: balls of many sizes and two cubes."""
    shapes = tuple(shape(d) for d in (3.0, 4.0, 5.0, 6.5, 8.0, 10.0, 14.0, 20.0, 28.0))
    return Sources(hosts or (host(),), shapes, (cube(), cube(16.0)))


def lidc_database(path: Path, patients: dict[int, str]) -> Path:
    """Write the tables of the readers' contours: per patient one 10 x 10 mm square over three slices of 2 mm."""
    with closing(sqlite3.connect(path)) as made:
        made.executescript(
            """
            create table scans (id integer, patient_id text, pixel_spacing float);
            create table annotations (id integer, scan_id integer, calcification integer, spiculation integer,
              texture integer, "internalStructure" integer);
            create table contours (id integer, annotation_id integer, inclusion integer, image_z_position float,
              coords text);
            create table zvals (id integer, scan_id integer, val float);
            """
        )
        for number, patient in patients.items():
            made.execute("insert into scans values (?, ?, 0.5)", (number, patient))
            made.execute("insert into annotations values (?, ?, 6, 1, 5, 1)", (number, number))
            for z in (0.0, 2.0, 4.0):
                made.execute("insert into zvals values (1, ?, ?)", (number, z))
                square = "100,100\n120,100\n120,120\n100,120"
                made.execute("insert into contours values (1, ?, 1, ?, ?)", (number, z, square))
        made.execute("insert into contours values (9, 1, 0, 2.0, ?)", ("108,108\n112,108\n112,112\n108,112",))
        made.commit()
    return path
