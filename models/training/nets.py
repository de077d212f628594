"""
The detector's network: an anchor-free three-dimensional heat map at stride 4.

Stem (stride 2), three stages (strides 4, 8, 16) of residual blocks, a pyramid back to stride 4 and
one head with five channels: heat logit, ln(diameter / 8 mm), offset (z, y, x) in strides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

STRIDE: Final = 4
HEADS: Final = ("heat", "size", "off")
_PRIOR: Final = 0.01  # heat of an untrained network, so that the first steps are not all about the background


@dataclass(frozen=True, slots=True)
class Size:
    """Channels of stem and stages, channels of the pyramid, residual blocks of the three stages."""

    channels: tuple[int, int, int, int]
    pyramid: int
    blocks: tuple[int, int, int]


SIZES: Final = {
    "xs": Size((16, 32, 64, 96), 32, (2, 2, 1)),
    "s": Size((24, 48, 96, 128), 48, (2, 2, 1)),
}


def _conv(before: int, after: int, *, norm: bool, stride: int = 1, relu: bool = True) -> nn.Sequential:
    """Return convolution, norm or nothing, rectifier or nothing: always three places."""
    return nn.Sequential(
        nn.Conv3d(before, after, 3, stride, 1),
        nn.BatchNorm3d(after) if norm else nn.Identity(),
        nn.ReLU(inplace=True) if relu else nn.Identity(),
    )


class Residual(nn.Module):
    """Two convolutions and a way past them."""

    def __init__(self, channels: int, *, norm: bool) -> None:
        super().__init__()
        self.first = _conv(channels, channels, norm=norm)
        self.second = _conv(channels, channels, norm=norm, relu=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``[b, c, z, y, x]`` of the same shape."""
        return nn.functional.relu(x + self.second(self.first(x)))


class HeatMapNet(nn.Module):
    """
    ``[b, 1, z, y, x]``, edges multiples of 16, values 0..1 -> raw ``[b, 5, z / 4, y / 4, x / 4]``.

    Without ``norm`` it goes on from weights whose batch norm was folded in: a third less time a
    step on a CPU.
    """

    def __init__(self, size: Size, *, norm: bool) -> None:
        super().__init__()
        stem, *stages = size.channels
        width = size.pyramid
        self.stem = _conv(1, stem, norm=norm, stride=2)
        before = [stem, *stages[:-1]]
        self.stages = nn.ModuleList(
            nn.Sequential(_conv(a, b, norm=norm, stride=2), *(Residual(b, norm=norm) for _ in range(blocks)))
            for a, b, blocks in zip(before, stages, size.blocks, strict=True)
        )
        self.lateral = nn.ModuleList(nn.Conv3d(channels, width, 1) for channels in stages)
        self.smooth = nn.ModuleList([_conv(width, width, norm=norm), _conv(width, width, norm=norm)])
        self.head = _conv(width, width, norm=norm)
        self.out = nn.Conv3d(width, 5, 1)
        nn.init.constant_(self.out.bias[:1], float(np.log(_PRIOR / (1 - _PRIOR))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the five raw channels."""
        fine = self.stages[0](self.stem(x))
        middle = self.stages[1](fine)
        coarse = self.stages[2](middle)
        up = self.smooth[0](self.lateral[1](middle) + _twice(self.lateral[2](coarse)))
        up = self.smooth[1](self.lateral[0](fine) + _twice(up))
        return self.out(self.head(up))


class Exported(nn.Module):
    """The network with its heads named and activated, as the bundle's manifest describes them."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return heat 0..1, size and offset."""
        raw = self.net(x)
        return raw[:, :1].sigmoid(), raw[:, 1:2], raw[:, 2:5].tanh()


def _twice(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.interpolate(x, scale_factor=2, mode="nearest")


def convolutions(net: HeatMapNet) -> list[tuple[nn.Conv3d, nn.Module | None]]:
    """Return every convolution with the norm behind it, in the order in which the graph runs them."""
    pairs: list[tuple[nn.Conv3d, nn.Module | None]] = [(net.stem[0], net.stem[1])]
    for stage in net.stages:
        pairs.append((stage[0][0], stage[0][1]))
        for block in stage[1:]:
            pairs += [(block.first[0], block.first[1]), (block.second[0], block.second[1])]
    pairs += [(net.lateral[1], None), (net.lateral[2], None), (net.smooth[0][0], net.smooth[0][1])]
    pairs += [(net.lateral[0], None), (net.smooth[1][0], net.smooth[1][1]), (net.head[0], net.head[1])]
    return [*pairs, (net.out, None)]


def load_folded(net: HeatMapNet, folded: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]) -> None:
    """
    Take convolutions whose batch norm was folded in, ``(weight, bias)`` in the graph's order.

    Raises ValueError when the network has norms of its own or other shapes.
    """
    for (conv, norm), (weight, bias) in zip(convolutions(net), folded, strict=True):
        if isinstance(norm, nn.BatchNorm3d) or tuple(conv.weight.shape) != weight.shape:
            raise ValueError(f"a convolution of {weight.shape} does not fit {tuple(conv.weight.shape)}")
        with torch.no_grad():
            conv.weight.copy_(torch.from_numpy(weight.copy()))
            conv.bias.copy_(torch.from_numpy(bias.copy()))
