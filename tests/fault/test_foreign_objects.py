"""Objects of other systems that lie, end early or never end: each is refused with a reason, quickly."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from PySide6.QtGui import QImage, QPainter

from tests.helpers import foreign
from viewers.qt.foreign_painter import paint_foreign
from viewers.qt.outlined_text import OutlinedText
from viewers.scene.applied_state import AppliedState
from viewers.scene.image import SliceImage
from viewers.scene.overlay import ForeignShape
from workstation.dicom.objects.markup_text import cda_text, html_text
from workstation.dicom.objects.presentation import presentation_state
from workstation.domain.errors import WorkstationError
from workstation.domain.frames import FrameRef
from workstation.domain.study import Patient, Study
from workstation.services.foreign_objects_service import read_object


def spoiled(path: Path, **values: object) -> bytes:
    ds = pydicom.dcmread(path)
    for name, value in values.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def test_a_cut_object_is_refused_wherever_it_is_cut(shared_data: Path) -> None:
    zoo = shared_data / "dicom-zoo"
    for name in ("dcmqi/data/sr-example/seg.dcm", "dcmqi/data/sr-example/sr.dcm"):
        whole = (zoo / name).read_bytes()
        uid = str(pydicom.dcmread(zoo / name, specific_tags=["StudyInstanceUID"]).StudyInstanceUID)
        study = Study(uid, Patient("1", "x"))
        refused = 0
        for share in range(1, 20):
            try:
                read_object(whole[: len(whole) * share // 20], study)
            except WorkstationError:
                refused += 1
        assert refused > 0


def test_a_segmentation_that_lies_about_itself_is_refused(shared_data: Path) -> None:
    path = shared_data / "dicom-zoo/dcmqi/data/sr-example/seg.dcm"
    study = Study(str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID), Patient("1", "x"))
    lies: tuple[dict[str, object], ...] = (
        {"Rows": 65535, "Columns": 65535},
        {"Rows": 0},
        {"NumberOfFrames": 40_000},
        {"SegmentSequence": []},
        {"PerFrameFunctionalGroupsSequence": []},
        {"SharedFunctionalGroupsSequence": []},
        {"PixelData": b"\0\0"},
    )

    for values in lies:
        with pytest.raises(WorkstationError):
            read_object(spoiled(path, **values), study)


def test_a_presentation_state_with_nonsense_numbers_is_refused_before_it_is_painted(lidc_0314: Path) -> None:
    headers = foreign.sources(lidc_0314, 120, 130, 5)
    study = foreign.study_of(headers)
    good = foreign.presentation(headers, 0)
    assert read_object(good, study).presentation is not None
    elsewhere = Study(study.study_instance_uid, study.patient)

    with pytest.raises(WorkstationError, match="no image of this study"):
        read_object(good, elsewhere)


def test_bombs_of_markup_end_soon_and_expand_nothing() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "lol">{entities}]><x><title>&a11;</title></x>'

    assert len(cda_text(bomb.encode())) < 20_000
    assert html_text("<div>" * 50_000 + "end") == "end"
    assert "file:" not in cda_text(b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><title>&f;</title>')


def test_deep_trees_and_empty_objects_are_survived(lidc_0314: Path) -> None:
    headers = foreign.sources(lidc_0314, 120, 125, 5)
    study = foreign.study_of(headers)
    uid = study.study_instance_uid

    with pytest.raises(WorkstationError):
        read_object(b"", study)
    with pytest.raises(WorkstationError, match="no document"):
        read_object(foreign.document(uid, "application/pdf", b""), study)
    ds = Dataset()
    ds.update(pydicom.dcmread(BytesIO(foreign.text_report(uid, "x"))))
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    with pytest.raises(WorkstationError) as refused:
        read_object(foreign._part10(ds), study)
    assert refused.value.user_text == "Objects of this kind are not shown"


def test_a_state_that_is_damaged_for_one_image_leaves_that_image_as_it_is(lidc_0314: Path) -> None:
    headers = foreign.sources(lidc_0314, 120, 125, 5)
    uid = str(headers[0].SOPInstanceUID)
    ds = pydicom.dcmread(BytesIO(foreign.presentation(headers, 0)))
    ds.SoftcopyVOILUTSequence[0].WindowWidth = -3
    pixels = np.arange(100, dtype=np.int16).reshape(10, 10)
    image = SliceImage(pixels, sop_instance_uid=uid, rescale=(1.0, -1000.0))  # the state's own
    applied = AppliedState(presentation_state(ds))

    shown = applied.image(0, image, FrameRef(uid))

    assert shown.pixels.tolist() == image.pixels.tolist()


def test_a_state_that_subtracts_a_mask_is_listed_with_the_reason_and_never_offered(lidc_0314: Path) -> None:
    headers = foreign.sources(lidc_0314, 120, 125, 5)
    ds = pydicom.dcmread(BytesIO(foreign.presentation(headers, 0)))
    mask = Dataset()
    mask.MaskOperation, mask.MaskFrameNumbers = "AVG_SUB", 1
    ds.MaskSubtractionSequence, ds.RecommendedViewingMode = [mask], "SUB"
    with pytest.raises(WorkstationError) as refused:
        read_object(foreign._part10(ds), foreign.study_of(headers))
    expected = "The presentation state subtracts a mask image, which is not done here"
    assert refused.value.user_text == expected


def test_a_line_to_the_end_of_the_world_does_not_stop_the_window(qapp: object) -> None:
    assert qapp is not None
    far = [ForeignShape(((0.0, 0.0), (10.0**power, 5.0)), lines=("K",)) for power in (2, 5, 9, 300)]
    picture = QImage(200, 100, QImage.Format.Format_RGB32)
    picture.fill(0)

    before = time.thread_time()
    with QPainter(picture) as painter:
        paint_foreign(painter, OutlinedText(), far, (200.0, 100.0))

    assert time.thread_time() - before < 2.0
    assert picture.pixelColor(50, 2).lightness() > 0
