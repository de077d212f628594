"""Joins retrieval, decoding and the viewers' slice images: what the reading page streams from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from pydicom.dataset import Dataset

from viewers.scene.decoded import slice_image
from viewers.scene.image import SliceImage
from worklist.retrieve import SeriesRetriever
from workstation.bootstrap.alike_decoder import AlikeDecoder
from workstation.bootstrap.decode_pool import DecodePool
from workstation.bootstrap.frame_stream import FrameStream
from workstation.dicom.burned_in import burned_in
from workstation.dicom.header import plane_of
from workstation.dicom.images.decode import decode_frame, read_dataset
from workstation.dicom.loss import loss_of
from workstation.dicom.pixel_size import aspect_of, calibrated_regions, pixel_size_of
from workstation.dicom.quiet import quiet
from workstation.dicom.side import side_tags
from workstation.domain.pixel_size import PixelSize
from workstation.domain.ports import RetrievePort
from workstation.domain.side import patient_orientation, side_doubts
from workstation.domain.study import Series, Study

OnSlice = Callable[[int, SliceImage], None]
OnFailed = Callable[[int, Exception], None]
OnLine = Callable[[bool], None]
Stream = SeriesRetriever[SliceImage] | FrameStream
OpenStream = Callable[[Study, Series, OnSlice, OnFailed, OnLine], Stream]


def open_stream(images: RetrievePort) -> OpenStream:
    """
    Return the factory of slice streams over one hub; a stream calls back from its worker threads.

    Slices are decoded in child processes that all streams of this process share, but for plain ones whose
    header repeats an earlier one's.
    """
    decode = _shared_decoder()

    def open_one(study: Study, series: Series, on_slice: OnSlice, on_failed: OnFailed, on_line: OnLine) -> Stream:
        if series.stacks:
            return FrameStream(images, study.study_instance_uid, series, on_slice, on_failed, on_line, decode=decode)
        return SeriesRetriever(
            images,
            study.study_instance_uid,
            series,
            on_slice,
            decode=decode,
            on_failed=on_failed,
            on_line=on_line,
        )

    return open_one


@cache
def _shared_decoder() -> AlikeDecoder:
    return AlikeDecoder(DecodePool(decode_for_display))


def decode_for_display(part10: bytes) -> SliceImage:
    """Decode the first frame of an instance with what display and measurement need. Raises DecodeError."""
    with quiet():
        return _for_display(read_dataset(part10))


def _for_display(dataset: Dataset) -> SliceImage:
    frame = decode_frame(dataset)
    plane = plane_of(dataset)
    tags, loss = side_tags(dataset), loss_of(dataset)
    return slice_image(
        frame,
        plane=plane,
        sop_instance_uid=str(dataset.get("SOPInstanceUID", "")),
        frame_of_reference_uid=str(dataset.get("FrameOfReferenceUID", "")),
        aspect=aspect_of(dataset),
        patient_orientation=patient_orientation(tags.orientation, tags.anatomical_type),
        side_doubts=side_doubts(tags) if plane is None else (),
        lossy_ratio=None if loss is None else loss.ratio,
        lossy_method="" if loss is None else loss.method,
        pixel_size=PixelSize(plane.spacing_mm) if plane is not None else pixel_size_of(dataset),
        calibrated=calibrated_regions(dataset) if plane is None else (),
        burned_in=burned_in(dataset, has_plane=plane is not None),
    )
