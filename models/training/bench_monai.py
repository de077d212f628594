"""
Our network and MONAI's lung nodule RetinaNet in one run: the same image, the same cores, the same runtime.

MONAI's network is that of its bundle ``lung_nodule_ct_detection`` (ResNet-50, pyramid of 256
channels, three anchors), built by MONAI itself with random weights: how long it takes does not
depend on them. Needs the extra ``train``: ``python -m models.training.bench_monai``.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from monai.apps.detection.networks.retinanet_network import RetinaNet
from monai.networks.blocks.feature_pyramid_network import FeaturePyramidNetwork, LastLevelMaxPool
from monai.networks.nets import resnet50

from models.engine.registry import BUNDLES, Registry
from models.engine.session import InferenceSession, Provider

_CUBE: Final = (80, 192, 192)  # z, y, x: multiples of what either network asks for
_MONAI_VOXEL_MM3: Final = 0.703125 * 0.703125 * 1.25


class _Pyramid(torch.nn.Module):
    """MONAI's ``resnet_fpn_feature_extractor`` of the layers 1 and 2, which itself needs torchvision."""

    out_channels = 256

    def __init__(self) -> None:
        super().__init__()
        self.trunk = resnet50(spatial_dims=3, n_input_channels=1, conv1_t_stride=(2, 2, 1), conv1_t_size=(7, 7, 7))
        self.trunk.layer3 = self.trunk.layer4 = self.trunk.fc = torch.nn.Identity()
        self.pyramid = FeaturePyramidNetwork(3, [256, 512], self.out_channels, LastLevelMaxPool(3))

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        trunk = self.trunk
        first = trunk.layer1(trunk.maxpool(trunk.act(trunk.bn1(trunk.conv1(image)))))
        return list(self.pyramid(OrderedDict(a=first, b=trunk.layer2(first))).values())


class _Heads(torch.nn.Module):
    """The network's heads as a flat tuple, which is what ONNX can hold."""

    def __init__(self, network: RetinaNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.network(image))


def monai_network() -> tuple[bytes, int]:
    """Return MONAI's network as ONNX and the number of its parameters."""
    network = RetinaNet(3, 1, 3, _Pyramid(), size_divisible=(16, 16, 8), use_list_output=True).eval()
    z, y, x = (n // 2 for n in _CUBE)
    stream = io.BytesIO()
    torch.onnx.export(
        _Heads(network),
        (torch.zeros(1, 1, x, y, z),),
        stream,
        input_names=["image"],
        dynamic_axes={"image": {2: "x", 3: "y", 4: "z"}},
        opset_version=17,
        dynamo=False,
    )
    return stream.getvalue(), sum(p.numel() for p in network.parameters())


def seconds(run: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the best wall and processor seconds of some runs, a first one left out."""
    walls, cores = [], []
    for _ in range(repeats):
        wall, core = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        cores.append(time.process_time() - core)
    return min(walls), min(cores)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print seconds and ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="default: the best that ships")
    parser.add_argument("--bundles", type=Path, default=BUNDLES, help="folder with the model's own")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args(arguments)

    bundle = Registry((chosen.bundles,)).load(chosen.model)
    image: npt.NDArray[np.float32] = np.random.default_rng(0).random((1, 1, *_CUBE), np.float32)
    turned = np.ascontiguousarray(image.transpose(0, 1, 4, 3, 2))  # MONAI's order is x, y, z
    theirs, parameters = monai_network()

    with InferenceSession.open(bundle.model, Provider.CPU, threads=chosen.threads) as session:
        names, spec = session.outputs, bundle.manifest.input
        ours = seconds(lambda: session.run(names, {spec.name: image}), 3 * chosen.repeats)
    with InferenceSession.open(theirs, Provider.CPU, threads=chosen.threads) as session:
        names = session.outputs
        monai = seconds(lambda: session.run(names, {"image": turned}), chosen.repeats)
    per_voxel = monai[1] / ours[1]
    sys.stdout.write(
        json.dumps(
            {
                "model": bundle.manifest.id,
                "voxels": int(image.size),
                "threads": chosen.threads,
                "monai_parameters": parameters,
                "ours_s": {"wall": round(ours[0], 3), "processor": round(ours[1], 3)},
                "monai_s": {"wall": round(monai[0], 3), "processor": round(monai[1], 3)},
                "ratio_same_voxels": {"wall": round(monai[0] / ours[0], 1), "processor": round(per_voxel, 1)},
                # either on its own grid: ours 1 mm, MONAI's 0.7 x 0.7 x 1.25 mm
                "ratio_same_body": round(per_voxel / _MONAI_VOXEL_MM3, 1),
            },
            indent=1,
        )
        + "\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
