"""What speaks for a mark: what is measured there, which known nodules look like it, where the network lights up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from workstation.domain.finding import AlgorithmIdentity, Finding, Mark, MarkEvidence
from workstation.domain.image_place import ImagePlace
from workstation.domain.look_alike import KnownNodule, LookAlike, look_alikes
from workstation.domain.model import OcclusionMap
from workstation.domain.nodule_ports import NoduleMeasurer
from workstation.domain.observation import limits_as_said
from workstation.domain.ports import JobContext
from workstation.domain.study import Study
from workstation.domain.volume import Volume


@dataclass(frozen=True, slots=True)
class Explained:
    """What was measured at a finding and the nearest known nodules, nearest first."""

    evidence: MarkEvidence
    alike: tuple[LookAlike, ...] = ()


class HeatMapper(Protocol):
    """Runs a model anew and keeps what it saw everywhere."""

    def heat(self, algorithm: AlgorithmIdentity, volume: Volume, job: JobContext) -> OcclusionMap | None:
        """
        Return the network's own heat in [0, 1], None where this machine does not have the model or it has no heat.

        Raises what a detector raises; JobCancelled.
        """
        ...

    def occlusion(
        self, algorithm: AlgorithmIdentity, volume: Volume, mark: Mark, job: JobContext
    ) -> OcclusionMap | None:
        """
        Return how much the heat at a mark falls where the volume is covered around it, in the patient.

        None and errors as ``heat``; InputOutsideIntendedUse also for a mark outside the lungs.
        """
        ...


class Occluder(Protocol):
    """Runs a classifier anew on one image or volume, part after part of it covered."""

    def occlusion(
        self, algorithm: AlgorithmIdentity, study: Study, place: ImagePlace, label: str, job: JobContext
    ) -> OcclusionMap | None:
        """
        Return how much the score of a finding falls where the image is covered, in pixels of the stored image.

        None where this machine does not have the model, or the model does not know the finding. Raises
        InputOutsideIntendedUse, also where the model promises no map, Unreachable; JobCancelled within half a second.
        """
        ...

    def occlusion_in_space(
        self, algorithm: AlgorithmIdentity, volume: Volume, label: str, job: JobContext
    ) -> OcclusionMap | None:
        """Return how much the score of a finding falls where the volume is covered, in the patient; see above."""
        ...


@dataclass(frozen=True, slots=True)
class ExplainFindings:
    """Explains one finding at a time, on demand."""

    measurer: NoduleMeasurer
    known: Callable[[], Sequence[KnownNodule]]
    heat: HeatMapper
    occluder: Occluder | None = None
    """None where no images can be fetched for it."""

    def __call__(self, volume: Volume, finding: Finding, job: JobContext) -> Explained:
        """
        Measure at a finding; what the detector stored with a mark is shown as it stored it.

        Only whether its volume is compared over time follows the type that the reader said, as everywhere.

        Raises NotANodule, JobCancelled. ValueError for a finding on an image, which has no place in a volume.
        """
        if finding.centre_lps_mm is None:
            raise ValueError("only a finding in the patient is measured in a volume")
        found = self.measurer.segment(volume, finding.centre_lps_mm, job, diameter_mm=finding.diameter_mm)
        stored = None if finding.mark is None else finding.mark.evidence
        evidence = stored if stored is not None and stored.volume_mm3 is not None else found.evidence()
        limits = limits_as_said(evidence.growth_limits, finding.nodule_type)
        return Explained(replace(evidence, growth_limits=limits), look_alikes(found, self.known()))
