"""What a fused picture needs before it can be shown: an overlay in uptake values, and a registration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.pet import PetHeaderPort
from workstation.domain.ports import JobContext
from workstation.domain.registration import RigidRegistrar, RigidRegistration
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType, suv_scale, suv_volume
from workstation.domain.volume import Volume


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOverlay:
    """A volume to lay over another: uptake values where ``suv`` is a scale, else its own unit and the reason why."""

    volume: Volume
    suv: SuvScale | SuvRefusal | None = None


OFFERED: Final = (SuvType.BW, SuvType.LBM_JANMAHASATIAN, SuvType.BSA)
"""The normalisations a reader can choose among"""


@dataclass(frozen=True, slots=True)
class UptakeFacts:
    """What the headers of a PET series say: each uptake value or why it cannot be had, and the tracer's name."""

    by_type: Mapping[SuvType, SuvScale | SuvRefusal]
    tracer: str = ""

    @property
    def elapsed(self) -> str:
        """Return the time from injection to scan in words, empty where it is not known."""
        scales = (one for one in self.by_type.values() if isinstance(one, SuvScale))
        return next((rule.text for scale in scales for rule in scale.rules if rule.code == "elapsed"), "")


@dataclass(frozen=True, slots=True)
class PrepareOverlay:
    """Turns a PET volume into uptake values; everything else is shown in its own unit."""

    headers: PetHeaderPort

    def from_headers(self, study_instance_uid: str, series_instance_uid: str, job: JobContext) -> UptakeFacts:
        """Return what the headers alone say of a PET series, before its pixels are here. Raises JobCancelled."""
        job.raise_if_cancelled()
        try:
            pet = self.headers.acquisition(study_instance_uid, series_instance_uid)
        except WorkstationError as exc:
            return UptakeFacts(dict.fromkeys(OFFERED, _unread(exc)))
        return UptakeFacts({one: suv_scale(pet, one) for one in OFFERED}, pet.tracer)

    def __call__(
        self,
        volume: Volume,
        *,
        study_instance_uid: str,
        modality: str,
        job: JobContext,
        wanted: SuvType = SuvType.BW,
    ) -> PreparedOverlay:
        """Return the overlay; headers that cannot be had are a reason, not an error. Raises JobCancelled."""
        if modality != "PT":
            return PreparedOverlay(volume)
        job.raise_if_cancelled()
        try:
            pet = self.headers.acquisition(
                study_instance_uid, volume.series_instance_uid, largest_value=float(volume.voxels.max())
            )
        except WorkstationError as exc:
            return PreparedOverlay(volume, _unread(exc))
        job.raise_if_cancelled()
        scale = suv_scale(pet, wanted)
        if isinstance(scale, SuvRefusal):
            return PreparedOverlay(volume, scale)
        if len(scale.factors) != volume.voxels.shape[0]:
            text = tr("The PET headers do not fit the slices that are here.")
            return PreparedOverlay(volume, SuvRefusal("slices", text))
        return PreparedOverlay(suv_volume(volume, scale), scale)


def _unread(error: WorkstationError) -> SuvRefusal:
    return SuvRefusal("headers", tr("The PET headers could not be read: {reason}", reason=error.user_text))


@dataclass(frozen=True, slots=True)
class RegisterSeries:
    """Proposes how the frame of reference of one volume lies to another's; the reader decides."""

    registrar: RigidRegistrar

    def __call__(self, fixed: Volume, moving: Volume, job: JobContext) -> RigidRegistration:
        """Return the proposal. Raises NotRegistrable, JobCancelled."""
        return self.registrar.register(fixed, moving, job)
