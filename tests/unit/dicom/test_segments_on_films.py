"""Segments of images without a place in the patient are drawn on each frame that their source names, and no other."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from workstation.dicom.objects import segment_outlines
from workstation.dicom.objects.segment_outlines import read_segment_outlines
from workstation.domain.errors import DecodeError


def segmentation(frames: int | list[int] | str | None, frame_of_reference: str = "") -> bytes:
    """Return a SEG of rows 3 to 6 and columns 4 to 8 of an image of 16 times 16."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.3.5"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "1.2.3", "1.2.3.4", "SEG"
    if frame_of_reference:
        ds.FrameOfReferenceUID = frame_of_reference
    ds.Rows = ds.Columns = 16
    ds.NumberOfFrames = ds.SamplesPerPixel = ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = ds.PixelRepresentation = 0
    ds.PhotometricInterpretation, ds.SegmentationType = "MONOCHROME2", "BINARY"
    segment, source, derivation, identified, item = (Dataset() for _ in range(5))
    segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = 1, "Myocardium", "MANUAL"
    ds.SegmentSequence = Sequence([segment])
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3.9"
    if frames is not None:
        source.ReferencedFrameNumber = frames
    derivation.SourceImageSequence = Sequence([source])
    identified.ReferencedSegmentNumber = 1
    item.DerivationImageSequence = Sequence([derivation])
    item.SegmentIdentificationSequence = Sequence([identified])
    ds.PerFrameFunctionalGroupsSequence = Sequence([item])
    ds.SharedFunctionalGroupsSequence = Sequence([Dataset()])
    mask = np.zeros((16, 16), dtype=np.uint8)
    mask[3:7, 4:9] = 1
    ds.PixelData = np.packbits(mask.ravel(), bitorder="little").tobytes()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.parametrize("frame_of_reference", ["", "1.2.7"])
@pytest.mark.parametrize(
    ("said", "drawn"), [(None, [None]), ("", [None]), (3, [3]), ([3, 4, 5], [3, 4, 5]), ([4, 4], [4])]
)
def test_a_segment_is_drawn_on_every_frame_that_its_source_names(
    said: int | list[int] | str | None, drawn: list[int | None], frame_of_reference: str
) -> None:
    """A frame of reference without a position in it is no place: many makers write one into every object."""
    (one,) = read_segment_outlines(segmentation(said, frame_of_reference)).structures

    assert one.contours == ()
    assert [film.frame for film in one.on_films] == drawn
    for film in one.on_films:
        assert (film.sop_instance_uid, film.rows, film.columns) == ("1.2.3.9", 16, 16)
        assert (film.corners_px.min(axis=0).tolist(), film.corners_px.max(axis=0).tolist()) == ([3.5, 2.5], [8.5, 6.5])


def test_the_images_and_the_series_that_segments_were_drawn_on_are_told() -> None:
    ds, series = dcmread(BytesIO(segmentation(3))), Dataset()
    series.SeriesInstanceUID = "1.2.3.8"
    ds.ReferencedSeriesSequence = Sequence([series])
    buffer = BytesIO()
    dcmwrite(buffer, ds)

    assert read_segment_outlines(buffer.getvalue()).sources == {"1.2.3.8", "1.2.3.9"}
    assert read_segment_outlines(segmentation(3)).sources == {"1.2.3.9"}


def test_a_source_with_more_frames_than_any_film_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_outlines, "MOST_FRAMES", 4)

    with pytest.raises(DecodeError, match="too large"):
        read_segment_outlines(segmentation([1, 2, 3, 4, 5]))
