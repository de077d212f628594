"""What is minimised: Gaussian focal loss on heat logits, L1 on size and offset near centres."""

from __future__ import annotations

from typing import Final

import torch
from torch.nn import functional

ALPHA: Final = 2.0
BETA: Final = 4.0
_SIZE_WEIGHT: Final = 0.5
_OFFSET_WEIGHT: Final = 0.5


def detection_loss(raw: torch.Tensor, target: dict[str, torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
    """
    Return the loss of ``raw [b, 5, z, y, x]`` and its parts.

    *Source:* Law and Deng, CornerNet, 2018, equation 1, with sigmoid in the logarithm's domain.
    """
    logit = raw[:, 0].float()
    heat, judged = target["heat"], target["judged"]
    chance = logit.sigmoid()
    centre = (heat >= 1).float()
    found = -functional.logsigmoid(logit) * (1 - chance) ** ALPHA * centre
    quiet = -functional.logsigmoid(-logit) * chance**ALPHA * (1 - heat) ** BETA * (1 - centre)
    heat_loss = ((found + quiet) * judged).sum() / centre.sum().clamp(min=1)
    near = target["near"]
    weight = near.sum().clamp(min=1)
    size_loss = ((raw[:, 1].float() - target["size"]).abs() * near).sum() / weight
    offset_loss = ((raw[:, 2:5].float().tanh() - target["offset"]).abs() * near[:, None]).sum() / weight
    loss = heat_loss + _SIZE_WEIGHT * size_loss + _OFFSET_WEIGHT * offset_loss
    parts = {
        "heat": float(heat_loss.detach()),
        "size": float(size_loss.detach()),
        "offset": float(offset_loss.detach()),
    }
    return loss, parts
