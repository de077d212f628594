"""Patient, study, series and instance as this product passes them around."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from workstation.domain.frames import Cine, FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.technique import UNKNOWN, Technique
from workstation.domain.view_modifier import ViewModifier


@dataclass(frozen=True, slots=True)
class DecodeWarning:
    """A doubt about input that costs a feature, never the image; shown to the reader."""

    code: str
    """Stable English identifier: ``gap``, ``tilt``, ``duplicate``, ``mixed_orientation``, ``spacing``, ``charset`` …"""
    text: str
    """Translated sentence for the reader."""


@dataclass(frozen=True, slots=True)
class Patient:
    """
    Who the images belong to. ``birth_date`` is ``YYYYMMDD`` or empty.

    ``name`` is as people read it; ``recorded_name`` as the images carry it, with all its groups, which is what
    objects of the same study must repeat. It is no part of who the patient is.
    """

    patient_id: str
    name: str
    birth_date: str = ""
    sex: str = ""
    recorded_name: str = field(default="", compare=False)

    @property
    def dicom_name(self) -> str:
        """Return the Patient's Name (0010,0010) of new objects of the study."""
        return self.recorded_name or self.name


_FOR_PROCESSING: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1.1.1",
        "1.2.840.10008.5.1.4.1.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.1.3.1",
        "1.2.840.10008.5.1.4.1.1.13.1.5",
    }
)
"""Digital X-Ray, Mammography, Intra-Oral X-Ray and Breast Projection X-Ray Image Storage, For Processing (PS3.4 B.5)"""


@dataclass(frozen=True, slots=True)
class Instance:
    """
    One SOP Instance and what display and transfer need to know of it.

    ``path`` is set for files on this machine; ``plane`` is None without usable geometry.
    """

    sop_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    transfer_syntax_uid: str = ""
    rows: int = 0
    columns: int = 0
    number_of_frames: int = 1
    plane: ImagePlane | None = None
    path: str | None = None
    laterality: str = ""
    """``L``, ``R``, ``B`` or empty: Image (0020,0062), Frame (0020,9072), else series Laterality (0020,0060)."""
    view_position: str = ""
    """What View Code Sequence (0054,0220) names, else View Position (0018,5101): ``CC``, ``MLO``, ``PA``, ``LL`` …"""
    view_modifiers: tuple[ViewModifier, ...] = ()
    """What View Modifier Code Sequence (0054,0222) says of a mammogram: spot, magnified …; empty for the full view"""
    technique: Technique = UNKNOWN
    image_type: tuple[str, ...] = ()
    """Image Type (0008,0008): whether the pixels are original, the image primary, and what vendors say of it"""
    frame_of_reference_uid: str = ""

    @property
    def is_for_processing(self) -> bool:
        """Tell whether these are raw values of a detector, made to be computed with and not to be looked at."""
        return self.sop_class_uid in _FOR_PROCESSING


@dataclass(frozen=True, slots=True)
class Series:
    """
    A series; ``instances`` in display order (position along the normal where there is one).

    ``stacks`` is set where objects of several frames make the order; a reader sees each stack as a
    series of its own (``split``), told apart by ``stack_number``.
    """

    series_instance_uid: str
    modality: str
    series_number: int | None = None
    description: str = ""
    body_part: str = ""
    instances: tuple[Instance, ...] = ()
    warnings: tuple[DecodeWarning, ...] = ()
    stacks: tuple[ImageStack, ...] = ()
    stack_number: int = 0
    anatomic_region: str = ""
    """The defined term of Body Part Examined for what Anatomic Region Sequence (0008,2218) names; empty if unknown."""
    _frames: tuple[StackFrame, ...] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def frames(self) -> tuple[StackFrame, ...]:
        """Return every frame in display order, stack after stack."""
        frames = self._frames  # made once: everything that shows a series asks for them again and again
        if frames is None:
            if self.stacks:
                frames = tuple(frame for stack in self.stacks for frame in stack.frames)
            else:
                frames = tuple(StackFrame(FrameRef(one.sop_instance_uid), one.plane) for one in self.instances)
            object.__setattr__(self, "_frames", frames)
        return frames

    @property
    def key(self) -> str:
        """Return what tells this stack from every other of the study; the UID for the first of a series."""
        return f"{self.series_instance_uid}#{self.stack_number}" if self.stack_number else self.series_instance_uid

    @property
    def cine(self) -> Cine | None:
        """Return how it plays where its frames follow each other in time."""
        return next((stack.cine for stack in self.stacks if stack.cine is not None), None)

    def split(self) -> tuple[Series, ...]:
        """
        Return one series per stack, each with the instances its frames come from; itself without stacks.

        A stack of single images is a series like any other: it comes image by image, not frame by frame.
        """
        if not self.stacks:
            return (self,)
        return tuple(self._part(stack, number) for number, stack in enumerate(self.stacks))

    def _part(self, stack: ImageStack, number: int) -> Series:
        known = {one.sop_instance_uid: one for one in self.instances}
        uids = dict.fromkeys(frame.ref.sop_instance_uid for frame in stack.frames)
        instances = tuple(known[uid] for uid in uids)
        is_single = len(stack.frames) == len(instances) and all(one.number_of_frames == 1 for one in instances)
        return replace(
            self,
            description=f"{self.description} {stack.label}".strip(),
            instances=instances,
            stacks=() if is_single and stack.cine is None else (stack,),
            stack_number=number,
        )


@dataclass(frozen=True, slots=True)
class Study:
    """A study with its series. ``study_date`` is ``YYYYMMDD``, ``study_time`` ``HHMMSS`` or empty."""

    study_instance_uid: str
    patient: Patient
    study_date: str = ""
    study_time: str = ""
    accession_number: str = ""
    description: str = ""
    institution: str = ""
    series: tuple[Series, ...] = ()
    warnings: tuple[DecodeWarning, ...] = field(default=())
    also_of: tuple[Patient, ...] = ()
    """Everybody else whom its objects name: written otherwise, or another person with whom the study is shared"""

    @property
    def modalities(self) -> tuple[str, ...]:
        """Return the distinct modalities in series order."""
        return tuple(dict.fromkeys(series.modality for series in self.series if series.modality))

    @property
    def instance_count(self) -> int:
        """Return the number of instances over all series."""
        return sum(len(series.instances) for series in self.series)

    def slice_number(self, series_instance_uid: str, lps_mm: Point) -> int | None:
        """
        Return the 1-based place, in display order, of the slice nearest to a patient point.

        The number that viewers, report and SR all show; None without geometry or for an unknown series.
        """
        for series in self.series:
            if series.series_instance_uid == series_instance_uid:
                stacks = series.stacks or (ImageStack(series.frames),)
                nearest = [found for stack in stacks if (found := stack.nearest(lps_mm)) is not None]
                # a scout beside the slices cuts through everything: the first stack through the point counts
                through = (place for place, away_mm, gap_mm in nearest if away_mm <= gap_mm)
                return next(through, min(nearest, key=lambda one: one[1])[0]) if nearest else None
        return None
