"""Findings on films in SR objects: read from whatever outline there is, written beside the reader's decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from tests.helpers.cases import ALGORITHM, NOON, FixedClock, report
from tests.helpers.films import film_study, on_film
from tests.helpers.full_reports import dciodvfy_errors
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.sr import report_words
from workstation.dicom.sr.image_regions import place_item, read_place
from workstation.dicom.sr.measurement_report import measurement_sr
from workstation.dicom.sr.reader import read_detections
from workstation.domain.finding import Decision, Finding, FindingList, RejectReason
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.model import ImageFindings, PlanarMark, StudyFinding
from workstation.domain.report import Report

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
STUDY = film_study()
FRONT, SIDE = "1.2.3.1.1", "1.2.3.2.1"


def region(kind: str, *points: float, image: str = "1.9", **reference: Any) -> list[Dataset]:  # noqa: ANN401 - values
    """Return what another vendor might have drawn on an image."""
    referenced = Dataset()
    referenced.ReferencedSOPInstanceUID = image
    for keyword, value in reference.items():
        setattr(referenced, keyword, value)
    source = Dataset()
    source.ValueType, source.ReferencedSOPSequence = "IMAGE", [referenced]
    flat = Dataset()
    flat.ValueType, flat.GraphicType, flat.GraphicData = "SCOORD", kind, list(points)
    flat.ContentSequence = [source]
    return [flat]


@pytest.mark.parametrize(
    ("kind", "points", "box"),
    [
        ("POLYLINE", (10.5, 20.5, 30.5, 20.5, 30.5, 60.5, 10.5, 20.5), (10.0, 20.0, 30.0, 60.0)),
        ("CIRCLE", (50.5, 40.5, 53.5, 44.5), (45.0, 35.0, 55.0, 45.0)),
        # axes from (10, 20) to (50, 20) and from (30, 10) to (30, 30)
        ("ELLIPSE", (10.5, 20.5, 50.5, 20.5, 30.5, 10.5, 30.5, 30.5), (10.0, 10.0, 50.0, 30.0)),
        ("POINT", (50.5, 40.5), (42.0, 32.0, 58.0, 48.0)),
    ],
)
def test_every_outline_is_read_as_the_box_round_it(
    kind: str, points: tuple[float, ...], box: tuple[float, float, float, float]
) -> None:
    found = read_place(region(kind, *points))

    assert found == ImagePlace("1.9", None, box)


def test_a_turned_ellipse_reaches_as_far_as_its_axes_say() -> None:
    # half axes (4, 3) and (-3, 4) round (50, 50): both reach 5 along rows and columns
    found = read_place(region("ELLIPSE", 46.5, 47.5, 54.5, 53.5, 53.5, 46.5, 47.5, 54.5))

    assert found is not None
    assert found.box_px == pytest.approx((45.0, 45.0, 55.0, 55.0))


def test_the_frame_is_kept_and_a_segment_is_no_place() -> None:
    box = (1.5, 2.5, 9.5, 2.5, 9.5, 7.5)
    several = read_place(region("POLYLINE", *box, ReferencedFrameNumber=[3, 4]))
    single = read_place(region("POLYLINE", *box, ReferencedFrameNumber=2))

    assert [several and several.frame, single and single.frame] == [3, 2]
    assert read_place(region("POLYLINE", *box, ReferencedSegmentNumber=1)) is None
    assert read_place(region("POLYLINE", 1.0)) is None
    assert read_place(region("POLYLINE", float("nan"), 1.0, 2.0, 3.0)) is None


def test_a_place_is_read_as_it_was_written() -> None:
    for place in (ImagePlace("1.9", 4, (1.0, 2.0, 3.0, 4.5)), ImagePlace("1.9", 4), ImagePlace("1.9")):
        assert read_place([place_item(place, {"1.9": "1.2.840.10008.5.1.4.1.1.1.1"})]) == place
    with pytest.raises(ValueError, match="its own study"):
        place_item(ImagePlace("9.9"), {"1.9": "1.2.840.10008.5.1.4.1.1.1.1"})


def test_an_image_that_is_only_named_is_no_finding() -> None:
    """Without a region and without a score nothing is claimed of the image."""
    objects = DicomObjects(FixedClock(NOON))
    ds = dcmread(BytesIO(objects.planar_sr(STUDY, ALGORITHM, [
        ImageFindings(FRONT, (), (StudyFinding("effusion", 0.9, shown=True),))])))  # fmt: skip
    for part in ds.ContentSequence:
        for group in part.ContentSequence if part.ValueType == "CONTAINER" else ():
            if group.ValueType == "CONTAINER":
                group.ContentSequence = [item for item in group.ContentSequence if item.ValueType != "NUM"]
    written = BytesIO()
    ds.save_as(written)

    assert read_detections(written.getvalue()).findings == ()


def decided() -> Report:
    """Return a report on films: a box accepted, one rejected, an effusion accepted, one mark below the point."""
    first = on_film(1, sop=FRONT, out_of_ten=7).accepted(by="expert", at=AT)
    second = on_film(2, sop=SIDE, label="nodule").rejected(RejectReason.ARTEFACT, by="expert", at=AT, note="皮肤皱褶")
    third = on_film(3, sop=SIDE, box=None, label="effusion").accepted(by="expert", at=AT)
    faint = on_film(4, sop=FRONT, score=0.2, shown=False)
    made = report()
    found = FindingList("1.2.3", "1.2.3.1", algorithm=ALGORITHM, findings=(first, second, third, faint))
    return replace(made, findings=found)


def groups(ds: Dataset) -> list[dict[str, str]]:
    """Return session, finding, decision and region of every measurement group."""
    (container,) = [i for i in ds.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "126010"]
    told = []
    for group in container.ContentSequence:
        words = {}
        for item in group.ContentSequence:
            name = item.ConceptNameCodeSequence[0].CodeMeaning if "ConceptNameCodeSequence" in item else ""
            if item.ValueType == "CODE":
                words[name] = item.ConceptCodeSequence[0].CodeMeaning
            elif item.ValueType == "TEXT":
                words[name] = item.TextValue
            elif item.ValueType in {"SCOORD", "IMAGE", "SCOORD3D"}:
                words["where"] = item.ValueType
        told.append(words)
    return told


def test_the_final_object_keeps_what_the_model_said_beside_what_the_reader_decided(tmp_path: Path) -> None:
    data = measurement_sr(decided(), STUDY)

    told = groups(dcmread(BytesIO(data)))
    rows = [(one["Activity Session"], one["Finding"], one["where"], one["Decision of the reader"]) for one in told]
    assert rows == [
        ("AI", "mass", "SCOORD", "Accepted"),
        ("Reader", "mass", "SCOORD", "Accepted"),
        ("AI", "Nodule", "SCOORD", "Rejected"),
        ("AI", "effusion", "IMAGE", "Accepted"),
        ("Reader", "effusion", "IMAGE", "Accepted"),
        ("AI", "mass", "SCOORD", "Undecided"),
    ]
    assert (told[2]["Reason for rejection"], told[2]["Comment"]) == ("Image artifact(s)", "皮肤皱褶")
    path = tmp_path / "findings.dcm"
    path.write_bytes(data)
    assert dciodvfy_errors(path) == []


def test_films_that_a_worker_wrote_and_a_reader_left_alone_stay_where_they_were() -> None:
    objects = DicomObjects(FixedClock(NOON))
    told = [ImageFindings(FRONT, (PlanarMark((1.25, 2.5, 30.0, 40.0), 0.8, shown=True, label="mass"),))]
    found = read_detections(objects.planar_sr(STUDY, ALGORITHM, told))

    again = read_detections(measurement_of(found))

    assert [one.on_image for one in again.findings] == [ImagePlace(FRONT, box_px=(1.25, 2.5, 30.0, 40.0))]


def measurement_of(found: FindingList) -> bytes:
    """Return the reader's object, written by a device so that a reader of AI results takes it."""
    ds = dcmread(BytesIO(measurement_sr(replace(report(), findings=found), STUDY)))
    ds.ContentSequence = [i for i in ds.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue != "121005"]
    written = BytesIO()
    ds.save_as(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("views", "zh", "en"),
    [
        ((("", "PA"), ("", "LL")), "1. 肿块，PA 位（AI 提示，医师接受）。",
         "1. mass, PA view (proposed by AI, accepted)."),
        ((("R", "MLO"), ("R", "CC")), "1. 肿块，R MLO 位（AI 提示，医师接受）。",
         "1. mass, R MLO view (proposed by AI, accepted)."),
        ((("", ""), ("", "")), "1. 肿块，序列 1 图像 1（AI 提示，医师接受）。",
         "1. mass, series 1, image 1 (proposed by AI, accepted)."),
        ((("L", ""),), "1. 肿块，图像 1（AI 提示，医师接受）。", "1. mass, image 1 (proposed by AI, accepted)."),
    ],
)  # fmt: skip
def test_the_report_names_the_view_else_the_number_and_never_a_size(
    views: tuple[tuple[str, str], ...], zh: str, en: str
) -> None:
    accepted = on_film(1, sop=FRONT).accepted(by="expert", at=AT)
    found = FindingList("1.2.3", findings=(accepted,))

    assert report_words.finding_sentence(accepted, found, film_study(*views), "zh_CN") == zh
    assert report_words.finding_sentence(accepted, found, film_study(*views), "en") == en


def test_an_image_outside_the_study_is_not_named() -> None:
    gone = on_film(1, sop="9.9").accepted(by="expert", at=AT)
    found = FindingList("1.2.3", findings=(gone,))

    assert report_words.finding_sentence(gone, found, STUDY, "en") == "1. mass (proposed by AI, accepted)."
    assert report_words.image_number(gone, found, STUDY) is None


def test_a_label_that_nobody_named_is_said_to_be_the_models_own_and_none_is_an_abnormality() -> None:
    odd = on_film(1, label="tube_tip")
    own = Finding("2.25.9", 9, None, None, Decision.ADDED, on_image=ImagePlace("1.9"))

    assert report_words.kind_words(odd, "zh_CN") == "模型自定义标签“tube tip”"
    assert report_words.kind_words(odd, "en") == "model's own label “tube tip”"
    assert (report_words.kind_words(own, "zh_CN"), report_words.kind_words(own, "en")) == ("异常", "abnormality")


def test_a_box_that_the_reader_moved_or_drew_is_written_beside_the_models_own(tmp_path: Path) -> None:
    moved = on_film(1, sop=FRONT, label="mass").boxed((1.0, 2.0, 9.0, 12.0), by="expert", at=AT)
    place = ImagePlace(SIDE, box_px=(3.0, 4.0, 7.0, 9.0))
    own = Finding("2.25.9", 2, None, None, Decision.ADDED, on_image=place, label="fracture", before_ai=True)
    unnamed = replace(own, tracking_uid="2.25.10", number=3, label="")
    data = measurement_sr(
        replace(
            report(), findings=FindingList("1.2.3", "1.2.3.1", algorithm=ALGORITHM, findings=(moved, own, unnamed))
        ),
        STUDY,
    )

    ds = dcmread(BytesIO(data))
    told = [(one["Activity Session"], one["Finding"], one["Decision of the reader"]) for one in groups(ds)]
    (container,) = [i for i in ds.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "126010"]
    assert told == [
        ("AI", "mass", "Edited"),
        ("Reader", "mass", "Edited"),
        ("Reader", "fracture", "Added"),
        ("Reader", "abnormality", "Added"),
    ]
    assert [read_place(group.ContentSequence) for group in container.ContentSequence] == [
        ImagePlace(FRONT, box_px=(10.0, 20.0, 30.0, 60.0)),
        ImagePlace(FRONT, box_px=(1.0, 2.0, 9.0, 12.0)),
        place,
        place,
    ]
    path = tmp_path / "findings.dcm"
    path.write_bytes(data)
    assert dciodvfy_errors(path) == []
    found = FindingList("1.2.3", findings=(own,))
    assert report_words.finding_sentence(own, found, STUDY, "zh_CN") == "2. 骨折，LL 位（医师新增）。"


def test_a_box_that_both_found_is_written_as_such_and_without_a_size(tmp_path: Path) -> None:
    own = Finding("2.25.9", 2, None, None, Decision.ADDED, on_image=ImagePlace(FRONT, box_px=(8.0, 18.0, 33.0, 64.0)))
    both = on_film(1, sop=FRONT, label="mass").confirming(own, by="expert", at=AT)
    found = FindingList("1.2.3", "1.2.3.1", algorithm=ALGORITHM, findings=(both,))
    data = measurement_sr(replace(report(), findings=found), STUDY)

    (_, reader) = groups(dcmread(BytesIO(data)))
    assert (reader["Finding"], reader["Found by the reader before the mark was accepted"]) == ("mass", "Yes")
    assert "Diameter as the reader found it" not in reader
    path = tmp_path / "findings.dcm"
    path.write_bytes(data)
    assert dciodvfy_errors(path) == []
    assert (
        report_words.finding_sentence(both, found, STUDY, "en")
        == "1. mass, PA view (found by the reader, confirmed by AI)."
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (ImagePlace(SIDE), "2. emphysema, LL view (added by the reader)."),
        (ImagePlace.whole_series("1.2.3.1"), "2. emphysema, series 1 as a whole (added by the reader)."),
    ],
)
def test_what_a_reader_says_of_a_whole_film_or_series_is_written_without_a_place(
    place: ImagePlace, words: str, tmp_path: Path
) -> None:
    own = Finding("2.25.9", 2, None, None, Decision.ADDED, on_image=place, label="emphysema")
    found = FindingList("1.2.3", "1.2.3.1", findings=(own,))
    data = measurement_sr(replace(report(), findings=found), STUDY)

    (told,) = groups(dcmread(BytesIO(data)))
    assert told["Decision of the reader"] == "Added"
    path = tmp_path / "findings.dcm"
    path.write_bytes(data)
    assert dciodvfy_errors(path) == []
    assert report_words.finding_sentence(own, found, STUDY, "en") == words


def of_series(number: int, label: str, score: float, *, shown: bool = True) -> Finding:
    """Return what a classifier said of the first series."""
    place = ImagePlace.whole_series("1.2.3.1")
    mark = ImageMark(place, score, shown, label, 8)
    return Finding(f"2.25.{number}", number, None, None, Decision.UNDECIDED, mark, on_image=place)


def test_what_a_classifier_said_of_a_series_comes_back_from_the_result_and_is_in_the_final_object(
    tmp_path: Path,
) -> None:
    said = (of_series(1, "pneumonia", 0.9), of_series(2, "emphysema", 0.1, shown=False))
    found = FindingList("1.2.3", "1.2.3.1", algorithm=ALGORITHM, findings=said)
    objects = DicomObjects(FixedClock(NOON))

    result = objects.detection_sr(STUDY, found)

    again = read_detections(result)
    assert again.findings == said
    assert (again.series_instance_uid, again.frame_of_reference_uid) == ("1.2.3.1", "")
    decided = replace(found, findings=(said[0].accepted(by="expert", at=AT), said[1]))
    final = measurement_sr(replace(report(), findings=decided), STUDY)
    told = groups(dcmread(BytesIO(final)))
    assert [(one["Activity Session"], one["Finding"]) for one in told] == [
        ("AI", "pneumonia"), ("Reader", "pneumonia"), ("AI", "emphysema"),
    ]  # fmt: skip
    for name, data in (("result", result), ("final", final)):
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(data)
        assert dciodvfy_errors(path) == []


def test_the_report_says_that_a_finding_speaks_of_a_whole_series() -> None:
    pneumonia = of_series(1, "pneumonia", 0.9).accepted(by="expert", at=AT)
    found = FindingList("1.2.3", "1.2.3.1", findings=(pneumonia,))

    sentences = [report_words.finding_sentence(pneumonia, found, STUDY, language) for language in ("zh_CN", "en")]
    assert sentences == [
        "1. 肺炎，序列 1 整体（AI 提示，医师接受）。",
        "1. pneumonia, series 1 as a whole (proposed by AI, accepted).",
    ]
    assert report_words.image_words(pneumonia, found, film_study(("L", "")), "en") == "whole series"
