"""
What the shipped detector says with OpenVINO and on the CPU, as JSON: ``python -m tests.helpers.openvino_agreement``.

A process of its own: whoever imports OpenVINO once is taken for a machine that has it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from models.engine.detector import LungNoduleDetector
from models.engine.registry import Registry
from models.engine.session import InferenceSession, Provider, available_providers
from models.evaluation.build import golden_input
from tests.helpers.models import XS, Job, thorax


def said(provider: Provider) -> dict[str, Any]:
    """Return where it ran, what was warned of, and every mark of a thorax with one nodule."""
    found = LungNoduleDetector(Registry().load(XS), provider).detect(thorax(nodule_lps_mm=(-55.0, 10.0, -12.0)), Job())
    marks = [[*mark.centre_lps_mm, mark.diameter_mm, mark.score] for mark in found.marks]
    return {
        "provider": found.algorithm.provider,
        "notices": [warning.text for warning in found.warnings if warning.code == "provider"],
        "marks": marks,
    }


def largest_difference() -> float:
    """Return the largest difference of any output of the network for the golden crop."""
    bundle = Registry().load(XS)
    outputs = []
    for provider in (Provider.CPU, Provider.OPENVINO):
        with InferenceSession.open(bundle.model, provider, threads=2) as session:
            outputs.append(session.run(session.outputs, {bundle.manifest.input.name: golden_input()}))
    return max(float(np.abs(one - other).max()) for one, other in zip(*outputs, strict=True))


def main() -> None:
    """Print what both say."""
    json.dump(
        {
            "available": list(available_providers()),
            "cpu": said(Provider.CPU),
            "auto": said(Provider.AUTO),
            "largest_difference": largest_difference(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
