"""From trained weights to the ONNX file of a bundle, and back to weights to go on from."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from models.training.nets import HEADS, SIZES, Exported, HeatMapNet, convolutions

OPSET: Final = 17


def read_folded(model: bytes) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """Return ``(weight, bias)`` of every convolution of an ONNX network in its order."""
    graph = onnx.load_model_from_string(model).graph
    weights = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    return [(weights[n.input[1]], weights[n.input[2]]) for n in graph.node if n.op_type == "Conv"]


def folded(net: HeatMapNet) -> HeatMapNet:
    """Fold every batch norm into its convolution; the network is changed and computes the same."""
    net.eval()
    for conv, norm in convolutions(net):
        if isinstance(norm, nn.BatchNorm3d):
            gain = norm.weight.data / (norm.running_var + norm.eps).sqrt()
            conv.weight.data.mul_(gain[:, None, None, None, None])
            conv.bias.data.sub_(norm.running_mean).mul_(gain).add_(norm.bias.data)
            norm.weight.data.fill_(1)
            norm.bias.data.zero_()
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
    return net


def to_onnx(net: HeatMapNet, facts: dict[str, str]) -> bytes:
    """Return the network as ONNX with free z, y, x; ``facts`` become its metadata."""
    size = next(s for s in SIZES.values() if s.channels[0] == net.stem[0].out_channels)
    plain = HeatMapNet(size, norm=False)
    for (target, _), (source, _) in zip(convolutions(plain), convolutions(folded(net)), strict=True):
        target.load_state_dict(source.state_dict())
    free = {0: "b", 2: "z", 3: "y", 4: "x"}
    buffer = io.BytesIO()
    torch.onnx.export(
        Exported(plain).eval(), (torch.zeros(1, 1, 64, 64, 64),), buffer,
        input_names=["image"], output_names=list(HEADS), opset_version=OPSET, dynamo=False,
        dynamic_axes={"image": free, **{name: {k: f"{v}4" if k else v for k, v in free.items()} for name in HEADS}},
    )  # fmt: skip
    model = onnx.load_model_from_string(buffer.getvalue())
    for key, value in sorted(facts.items()):
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString()
    return written


def averaged(checkpoint: Path) -> HeatMapNet:
    """Return the network of a checkpoint with the averaged weights."""
    stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    net = HeatMapNet(SIZES[stored["options"]["size"]], norm=not stored["options"]["start"])
    net.load_state_dict(stored["ema"])
    net.eval()
    return net


def main() -> None:
    """Write a checkpoint's network as ONNX."""
    parser = argparse.ArgumentParser(prog="python -m models.training.export", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--id", required=True)
    parser.add_argument("--version", required=True)
    chosen = parser.parse_args()
    chosen.model.write_bytes(to_onnx(averaged(chosen.checkpoint), {"id": chosen.id, "version": chosen.version}))


if __name__ == "__main__":
    main()
