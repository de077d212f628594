"""The pre-read as a workitem: what a worker takes from the queue and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field

from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.workitem import Claim


@dataclass(frozen=True, slots=True)
class AiWorkitem:
    """A claimed AI workitem (code 110004): the lock and the study to pre-read."""

    claim: Claim
    study_instance_uid: str


@dataclass(frozen=True, slots=True)
class DetectionSummary:
    """
    What a finished pre-read came to; recorded on the case.

    ``finding_count`` counts the marks at or above the operating point; the stored SR also keeps
    those down to the most sensitive one. ``top_score`` is the raw score of the best of them, ``top_out_of_ten`` its
    calibrated form; both None without a mark, the latter also without a calibration.
    ``seconds`` has the keys ``fetch``, ``decode``, ``load``, ``preprocess``, ``network``,
    ``postprocess`` and ``total``.
    """

    series_instance_uid: str
    algorithm: AlgorithmIdentity
    finding_count: int
    top_score: float | None = None
    top_out_of_ten: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)
