"""What a fused picture needs before it can be shown: an overlay in uptake values, and a registration."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class PrepareOverlay:
    """Turns a PET volume into uptake values; everything else is shown in its own unit."""

    headers: PetHeaderPort

    def from_headers(self, study_instance_uid: str, series_instance_uid: str, job: JobContext) -> SuvScale | SuvRefusal:
        """Return what the headers alone say of a PET series, before its pixels are here. Raises JobCancelled."""
        job.raise_if_cancelled()
        try:
            pet = self.headers.acquisition(study_instance_uid, series_instance_uid)
        except WorkstationError as exc:
            return _unread(exc)
        return suv_scale(pet)

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
