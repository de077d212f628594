"""
The dry run: a network must open, take what its manifest says, and repeat what it was shipped with.

``golden.npz`` in a bundle holds ``input`` (the tensor as the network reads it) and
``output_NAME`` for each output; without it a small empty input must give finite numbers.
"""

from __future__ import annotations

import io
import zipfile
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.decoders import anchor_boxes_3d, boxes_2d, classifier, heatmap_3d, mask
from models.engine.manifest import Manifest
from models.engine.manifest_values import (
    AnchorSpec,
    Boxes2dSpec,
    GridInput,
    HeatmapSpec,
    ImageInput,
    KindSpec,
    MaskSpec,
)
from models.engine.promised_shape import check_strides
from models.engine.session import InferenceSession, Provider
from models.engine.trial import contradiction, tried
from resources.translation import tr
from workstation.domain.ports import CancelToken

GOLDEN_NAME: Final = "golden.npz"
_MAX_UNPACKED: Final = 64 * 1024 * 1024
_TOLERANCE: Final = 2e-3  # absolute: another processor rounds differently
_LEAST_SIDE: Final = 32

FloatArray = npt.NDArray[np.float32]


def needed_outputs(spec: KindSpec) -> tuple[str, ...]:
    """Return the names of the outputs that the decoder reads."""
    if isinstance(spec, HeatmapSpec):
        return spec.output.heat, spec.output.size, spec.output.offset
    if isinstance(spec, AnchorSpec):
        return tuple(name for level in spec.output.levels for name in (level.scores, level.boxes))
    if isinstance(spec, Boxes2dSpec) and spec.output.format == "fcos":
        names = [(level.scores, level.distances, level.centreness) for level in spec.output.levels]
        return tuple(name for level in names for name in level if name is not None)
    return (spec.output.name,)


def make_golden(model: bytes, manifest: Manifest, tensor: FloatArray) -> bytes:
    """Return the bytes of ``golden.npz`` for a tensor as the network reads it."""
    names = needed_outputs(manifest.spec)
    with InferenceSession.open(model, Provider.CPU) as session:
        outputs = session.run(names, {manifest.spec.input.name: tensor})
    packed = io.BytesIO()
    arrays = {f"output_{name}": value for name, value in zip(names, outputs, strict=True)}
    np.savez_compressed(packed, input=tensor, **arrays)  # type: ignore[arg-type]  # its stub takes no mapping of arrays
    return packed.getvalue()


def dry_run(model: bytes, manifest: Manifest, golden: bytes | None, job: CancelToken | None = None) -> None:
    """
    Run the network once in a bounded process of its own.

    Raises BundleInvalid with what is wrong, JobCancelled.
    """
    names = needed_outputs(manifest.spec)
    arrays = _arrays(golden) if golden is not None else {"input": _empty(manifest.spec)}
    outputs = tried(model, manifest.spec.input.name, names, arrays["input"], job)
    _check_decodes(manifest.spec, arrays["input"].shape, dict(zip(names, outputs, strict=True)))
    for name, value in zip(names, outputs, strict=True):
        if not np.all(np.isfinite(value)):
            raise contradiction(tr("The network's answer is no number."), name)
        if golden is not None:
            _check_repeats(value, arrays.get(f"output_{name}"), name)


def _check_repeats(value: FloatArray, expected: FloatArray | None, name: str) -> None:
    # asked the other way round: what is no number is near to nothing
    # and in floats: masks of truths cannot be subtracted, and bytes wrap
    if (
        expected is None
        or expected.shape != value.shape
        or not np.all(np.abs(np.subtract(expected, value, dtype=np.float64)) <= _TOLERANCE)
    ):
        raise contradiction(tr("The network does not repeat the result that it was shipped with."), name)
    if not value.size:
        raise contradiction(tr("The network answers nothing to the trial input that it was shipped with."), name)


def _check_decodes(spec: KindSpec, given: tuple[int, ...], heads: dict[str, FloatArray]) -> None:
    """Decode once, so that shapes that do not fit the manifest show now and not at the first patient."""
    try:
        check_strides(spec, given, heads)
        if isinstance(spec, HeatmapSpec):
            heat, size, offset = (heads[name] for name in needed_outputs(spec))
            heatmap_3d.decode(heat[0, 0], size[0, 0], offset[0], spec.output, spec.post)
        elif isinstance(spec, AnchorSpec):
            anchor_boxes_3d.decode(heads, spec, (_LEAST_SIDE,) * 3)
        elif isinstance(spec, Boxes2dSpec):
            boxes_2d.decode(heads, spec)
        elif isinstance(spec, MaskSpec):
            mask.check_head(heads[spec.output.name], spec.output, 2 if isinstance(spec.input, ImageInput) else 3)
        else:
            classifier.class_scores(heads[spec.output.name], spec.output)
    except (ValueError, IndexError) as exc:
        raise contradiction(
            tr("The network's answer does not have the form that the manifest says."), str(exc)
        ) from exc


def _empty(spec: KindSpec) -> FloatArray:
    entry = spec.input
    if isinstance(entry, ImageInput):
        return np.zeros((1, entry.channels, entry.height, entry.width), np.float32)
    if isinstance(entry, GridInput):
        x, y, z = (_rounded_up(multiple) for multiple in entry.multiple_of)
        shape = (z, y, x) if entry.layout == "bczyx" else (x, y, z)
        return np.full((1, 1, *shape), entry.scale[0], np.float32)
    return np.zeros((1, 1, *[_rounded_up(entry.multiple_of)] * 3), np.float32)


def _rounded_up(multiple: int) -> int:
    return -(-_LEAST_SIDE // multiple) * multiple


def _arrays(golden: bytes) -> dict[str, FloatArray]:
    """Read ``golden.npz``: no pickles, and no more than 64 MB however small it looks."""
    arrays: dict[str, FloatArray] = {}
    fault = "no input"
    try:
        with zipfile.ZipFile(io.BytesIO(golden)) as packed:
            small = sum(entry.file_size for entry in packed.infolist()) <= _MAX_UNPACKED
        if small:
            with np.load(io.BytesIO(golden), allow_pickle=False) as stored:
                arrays = {name: np.asarray(stored[name], np.float32) for name in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, MemoryError) as exc:
        fault = str(exc)[:300]
    if "input" not in arrays:
        raise contradiction(tr("The trial input of the model cannot be read."), fault)
    return arrays
