"""Images, volumes and scenes for the tests of the viewers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt

from viewers.scene.annotations import Annotations
from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.dicom.images.decode import decode_frame, read_dataset
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, Mark, RejectReason
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

STUDY = "1.2.3"
FRAME_OF_REFERENCE = "1.2.3.4"
SERIES = "1.2.3.5"


def uids() -> Callable[[], str]:
    """Return a source of predictable UIDs: 2.25.1, 2.25.2 and so on."""
    numbers = count(1)
    return lambda: f"2.25.{next(numbers)}"


def axial_plane(z: float = 0.0, spacing: tuple[float, float] = (1.0, 1.0)) -> ImagePlane:
    """Return a standard axial plane whose first pixel centre lies at (0, 0, z)."""
    return ImagePlane((0.0, 0.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), spacing)


def image(
    pixels: npt.NDArray[np.generic] | None = None, plane: ImagePlane | None = None, *, uid: str = "1.9"
) -> SliceImage:
    """Return an image in the test frame of reference; a 100 x 80 (columns x rows) ramp by default."""
    if pixels is None:
        pixels = np.tile(np.arange(100, dtype=np.int16), (80, 1))
    return SliceImage(pixels, plane, sop_instance_uid=uid, frame_of_reference_uid=FRAME_OF_REFERENCE, unit="HU")


def stack(images: list[SliceImage], *, study: str = STUDY) -> StackScene:
    """Return a stack with all images arrived, showing the middle one."""
    scene = StackScene(
        [StackSlot(i.sop_instance_uid, plane=i.plane) for i in images],
        annotations=Annotations(study),
        new_uid=uids(),
        frame_of_reference_uid=FRAME_OF_REFERENCE,
        series_instance_uid=SERIES,
    )
    for index, item in enumerate(images):
        scene.put(index, item)
    return scene


def axial_stack(slices: int = 5, step_mm: float = 2.0) -> StackScene:
    """Return a stack of ramps at z = 0, step, 2 step ..."""
    return stack([image(plane=axial_plane(n * step_mm), uid=f"1.9.{n}") for n in range(slices)])


def volume(shape: tuple[int, int, int] = (20, 30, 40), affine: npt.NDArray[np.float64] | None = None) -> Volume:
    """Return a volume ``[z, y, x]`` of 5 x - 3 y + 7 z; 1 mm voxels from the origin by default."""
    depth, rows, columns = shape
    z, y, x = np.ogrid[:depth, :rows, :columns]
    voxels: npt.NDArray[np.int16] = (5 * x - 3 * y + 7 * z).astype(np.int16)
    return Volume(voxels, np.eye(4) if affine is None else affine, FRAME_OF_REFERENCE, SERIES)


def finding(
    number: int = 1,
    centre: Point = (50.0, 40.0, 4.0),
    diameter_mm: float = 8.0,
    decision: Decision = Decision.UNDECIDED,
) -> Finding:
    """Return a finding; AI ones have an original of the same place and size."""
    added = decision is Decision.ADDED
    return Finding(
        tracking_uid=f"2.25.900{number}",
        number=number,
        centre_lps_mm=centre,
        diameter_mm=diameter_mm,
        decision=decision,
        original=None if added else Mark(centre, diameter_mm, score=0.9, shown=True),
        reject_reason=RejectReason.VESSEL if decision is Decision.REJECTED else None,
    )


def findings(*items: Finding, study: str = STUDY, frame_of_reference: str = FRAME_OF_REFERENCE) -> FindingList:
    """Return a list of findings of the test study."""
    return FindingList(study, SERIES, frame_of_reference, AlgorithmIdentity("NodDet", "1", "0" * 64), items)


@cache
def real_ct(folder: Path) -> tuple[SliceImage, ...]:
    """Return the decoded slices of a CT series sorted along the normal; decodes once per run."""
    images = []
    for path in sorted(folder.glob("*.dcm")):
        dataset = read_dataset(path)
        right, down = (
            [float(v) for v in dataset.ImageOrientationPatient[:3]],
            [float(v) for v in dataset.ImageOrientationPatient[3:]],
        )
        origin = [float(v) for v in dataset.ImagePositionPatient]
        rows, columns = (float(v) for v in dataset.PixelSpacing)
        plane = ImagePlane(
            (origin[0], origin[1], origin[2]),
            (right[0], right[1], right[2]),
            (down[0], down[1], down[2]),
            (columns, rows),
        )
        images.append(
            slice_image(
                decode_frame(dataset),
                plane=plane,
                sop_instance_uid=str(dataset.SOPInstanceUID),
                frame_of_reference_uid=str(dataset.FrameOfReferenceUID),
            )
        )
    return tuple(sorted(images, key=lambda item: item.plane.distance_mm((0, 0, 0)) if item.plane else 0, reverse=True))


def volume_of(images: tuple[SliceImage, ...]) -> Volume:
    """Return sorted slices as a volume; they must be regular."""
    first, second = images[0].plane, images[1].plane
    assert first is not None
    assert second is not None
    matrix = np.eye(4)
    matrix[:3, 0] = np.multiply(first.right, first.spacing_mm[0])
    matrix[:3, 1] = np.multiply(first.down, first.spacing_mm[1])
    matrix[:3, 2] = np.subtract(second.origin, first.origin)
    matrix[:3, 3] = first.origin
    return Volume(np.stack([item.pixels for item in images]), matrix, images[0].frame_of_reference_uid, SERIES)


def annotation(
    kind: AnnotationKind, picture: SliceImage, points: Sequence[Point], *, uid: str = "2.25.1", text: str = ""
) -> Annotation:
    """Return an annotation drawn on a picture, with its numbers."""
    return annotate(
        kind,
        picture,
        points,
        uid=uid,
        tracking_uid=uid,
        author="r",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        text=text,
    )


def measure_of(drawn: Annotation) -> float:
    """Return the first number of an annotation."""
    return drawn.measures[0].value
