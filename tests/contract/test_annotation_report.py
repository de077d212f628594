"""Annotations as TID 1500: judges accept them, ours come back exactly, others' are drawn where they were made."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.sr._concepts_dict import concepts
from pydicom.sr.codedict import codes

from tests.helpers.full_reports import dciodvfy_errors, dsrdump, real_study
from workstation.dicom.sr.annotation_codes import AS_DRAWN
from workstation.dicom.sr.annotation_reader import read_annotations
from workstation.dicom.sr.annotation_report import annotation_sr
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList, Measure, MeasureName, Statistics
from workstation.domain.errors import DecodeError, HostileInput
from workstation.domain.pixel_size import SpacingBasis
from workstation.domain.report import Person
from workstation.domain.study import Study
from workstation.domain.voi import Threshold

AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
DRAWN = datetime(2026, 3, 5, 16, 59, 58, 123456, tzinfo=timezone(timedelta(hours=8)))
READER = Person("expert", "王启明", "省影像专科联盟远程诊断中心")
FRAME = "1.2.826.0.1.3680043.10.1.9"
K = AnnotationKind
M = MeasureName
STATISTICS = Statistics(-621.53125, 87.25, -1003.0, 41.0, 317, "HU")
THIRD = 1 / 3
SOLIDS = {K.SPHERE, K.NODULE}
"""What has no drawing on an image without a place."""


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


A, B, C, D = (-56.9, 131.0, -520.2), (-41.4, 131.0 + THIRD, -520.2), (-50.1, 120.0, -520.2), (-50.1, 138.7, -520.2)
AREA = (Measure(M.AREA, 187.125, "mm2"), Measure(M.PERIMETER, 51.0 + THIRD, "mm"))
AXES = (Measure(M.LONG_AXIS, 18.7, "mm"), Measure(M.SHORT_AXIS, 15.5, "mm"))
ANGLE = (Measure(M.ANGLE, 35.1234567890123, "deg"),)
BALL = (Measure(M.DIAMETER, 31.0, "mm"), Measure(M.VOLUME, 15599.5, "mm3"))
HEART = (Measure(M.HEART_WIDTH, 13.1, "mm"), Measure(M.CHEST_WIDTH, 27.2, "mm"), Measure(M.RATIO, 0.48, "1"))
SOLID = (Measure(M.SOLID_VOLUME, 88.0, "mm3"), Measure(M.EQUIVALENT_DIAMETER, 15.36, "mm"))
OUTLINES = tuple(tuple((x, y, z) for x, y, _ in (A, B, C)) for z in (-520.2, -519.2))
UPTAKE = (
    Measure(M.UPTAKE_PEAK, 2.0 + THIRD, "SUV"),
    Measure(M.METABOLIC_VOLUME, 0.216, "ml", Threshold(0.41, relative=True)),
    Measure(M.LESION_GLYCOLYSIS, 1.728, "g", Threshold(0.41, relative=True)),
    Measure(M.METABOLIC_VOLUME, 0.1 + THIRD, "ml", Threshold(2.5)),
    Measure(M.LESION_GLYCOLYSIS, 5.0 + THIRD, "g", Threshold(2.5)),
)
"""What a sphere drawn on a PET keeps beside its statistics."""
OVERLAID = (Measure(M.UPTAKE_MAXIMUM, 8.0 + THIRD, "SUV"), Measure(M.UPTAKE_MEAN, 3.0 + THIRD, "SUV"), *UPTAKE)
"""What a sphere drawn on a CT keeps of the PET over it."""
POINTS = {
    K.LENGTH: (A, B),
    K.BIDIRECTIONAL: (A, B, C, D),
    K.ANGLE: (A, B, C),
    K.COBB: (A, B, C, D),
    K.LINES: (A, B, C, D),
    K.ELLIPSE: (A, (A[0] + 4, A[1], A[2]), (A[0], A[1] + 9 + THIRD, A[2])),
    K.RECTANGLE: (A, B, C, D),
    K.FREEHAND: (A, B, C, D, (-48.0, 125.0, -520.2)),
    K.ARROW: (A, B),
    K.TEXT: (A,),
    K.PROBE: (A,),
    K.SPHERE: (A, B),
    K.CARDIOTHORACIC: (A, B, C, D),
    K.NODULE: (A, B, C, D),
}
MEASURES = {
    K.LENGTH: (Measure(M.LENGTH, 15.503583, "mm"),),
    K.BIDIRECTIONAL: AXES,
    K.ANGLE: ANGLE,
    K.COBB: ANGLE,
    K.LINES: ANGLE,
    K.ELLIPSE: AREA,
    K.RECTANGLE: AREA,
    K.FREEHAND: AREA,
    K.PROBE: (Measure(M.VALUE, -612.0, "HU"),),
    K.SPHERE: BALL,
    K.CARDIOTHORACIC: HEART,
    K.NODULE: (*AXES, *SOLID),
}
STATISTICS_OF = {
    K.ELLIPSE: STATISTICS,
    K.RECTANGLE: replace(STATISTICS, unit="SUV"),
    K.FREEHAND: STATISTICS,
    K.SPHERE: STATISTICS,
}
TEXTS = {K.ARROW: "右肺上叶尖段\n磨玻璃结节", K.TEXT: "术后改变"}


def drawn(kind: AnnotationKind, study: Study) -> Annotation:
    series = study.series[0]
    return Annotation(
        uid=f"1.2.826.0.1.3680043.10.7.{list(K).index(kind) + 1}",
        tracking_uid=f"1.2.826.0.1.3680043.10.8.{list(K).index(kind) + 1}",
        kind=kind,
        points_lps_mm=POINTS[kind],
        frame_of_reference_uid=FRAME,
        series_instance_uid=series.series_instance_uid,
        referenced_sop_instance_uid=series.instances[120].sop_instance_uid,
        text=TEXTS.get(kind, ""),
        measures=MEASURES.get(kind, ()),
        statistics=STATISTICS_OF.get(kind),
        contours_lps_mm=OUTLINES if kind is K.NODULE else (),
        author="王启明",
        created_at=DRAWN,
    )


def every_kind(study: Study) -> tuple[Annotation, ...]:
    return tuple(drawn(kind, study) for kind in K)


def flat(annotation: Annotation, study: Study) -> Annotation:
    """The same annotation on an image that has no place in the patient."""
    return replace(
        annotation,
        uid=annotation.uid + ".2",
        points_lps_mm=(),
        contours_lps_mm=(),
        points_px=tuple((200.0 + x, 100.25 + y) for x, y, _ in annotation.points_lps_mm),
        frame_of_reference_uid="",
        referenced_sop_instance_uid=study.series[0].instances[7].sop_instance_uid,
        referenced_frame=2,
        basis=SpacingBasis.DETECTOR,
    )


def written(annotations: tuple[Annotation, ...], study: Study) -> bytes:
    return annotation_sr(
        AnnotationList(study.study_instance_uid, annotations), study, at=AT, author=READER, language="zh_CN"
    )


def rewritten(data: bytes, change: object) -> bytes:
    ds = dcmread(BytesIO(data))
    assert callable(change)
    change(ds)
    buffer = BytesIO()
    dcmwrite(buffer, ds)
    return buffer.getvalue()


@pytest.mark.dcmtk
def test_the_judges_accept_every_kind_of_annotation(study: Study, tmp_path: Path) -> None:
    every = every_kind(study)
    # the images have one frame each, so that none may be named
    every += (replace(on_pet(study), uid="1.2.7", tracking_uid="1.2.8"), on_fused_ct(study))
    on_images = tuple(replace(flat(one, study), referenced_frame=None) for one in every if one.kind not in SOLIDS)
    path = tmp_path / "annotations.dcm"
    path.write_bytes(written(every + on_images, study))

    assert dciodvfy_errors(path) == []
    status, shown = dsrdump(path)
    assert status == 0
    assert "右肺上叶尖段" in shown


@pytest.mark.dcmtk
def test_what_is_drawn_on_images_without_a_frame_of_reference_opens_anywhere(study: Study, tmp_path: Path) -> None:
    unnamed = replace(drawn(K.LENGTH, study), frame_of_reference_uid="")
    path = tmp_path / "annotations.dcm"
    path.write_bytes(written((unnamed,), study))

    assert dciodvfy_errors(path) == []
    assert dsrdump(path)[0] == 0
    assert read_annotations(path.read_bytes()).annotations == (unnamed,)


def test_the_long_axis_is_inferred_from_the_longer_line_whichever_was_drawn_first(study: Study) -> None:
    crossed = drawn(K.BIDIRECTIONAL, study)  # the second line is the longer one
    ds = dcmread(BytesIO(written((crossed,), study)))

    numbers = [one for one in ds.ContentSequence[-1].ContentSequence[0].ContentSequence if one.ValueType == "NUM"]
    (long,) = [one for one in numbers if one.ConceptNameCodeSequence[0].CodeValue == "103339001"]
    assert [float(value) for value in long.ContentSequence[0].GraphicData] == pytest.approx([*C, *D], abs=1e-3)


@pytest.mark.parametrize("kind", list(K))
def test_ours_come_back_to_the_last_bit(study: Study, kind: AnnotationKind) -> None:
    annotation = drawn(kind, study)
    both = (annotation, flat(annotation, study)) if kind not in SOLIDS else (annotation,)

    assert read_annotations(written(both, study)) == AnnotationList(study.study_instance_uid, both)


def on_pet(study: Study) -> Annotation:
    ball = drawn(K.SPHERE, study)
    return replace(ball, measures=(*BALL, *UPTAKE), statistics=replace(STATISTICS, unit="SUV", minimum=0.5))


def on_fused_ct(study: Study) -> Annotation:
    return replace(drawn(K.SPHERE, study), uid="1.2.9", tracking_uid="1.2.10", measures=(*BALL, *OVERLAID))


def test_peak_metabolic_volume_and_glycolysis_come_back_to_the_last_bit(study: Study) -> None:
    both = (on_pet(study), on_fused_ct(study))

    assert read_annotations(written(both, study)) == AnnotationList(study.study_instance_uid, both)


def test_peak_metabolic_volume_and_glycolysis_are_told_in_the_codes_of_the_standard(study: Study) -> None:
    """CID 7466 (126032, 126033), 7464 (126031) and 7469 (126401) with the units of CID 85."""
    ds = dcmread(BytesIO(written((on_pet(study),), study)))
    numbers = [one for one in ds.ContentSequence[-1].ContentSequence[0].ContentSequence if one.ValueType == "NUM"]
    told = []
    for item in numbers:
        (value,) = item.MeasuredValueSequence
        how = [one.ConceptCodeSequence[0].CodeValue for one in item.get("ContentSequence", ())]
        name, unit = item.ConceptNameCodeSequence[0], value.MeasurementUnitsCodeSequence[0]
        told.append((name.CodeValue, unit.CodeValue, *how))
        assert (unit.CodingSchemeDesignator, name.CodingSchemeDesignator) in {
            ("UCUM", "DCM"), ("UCUM", "SCT"), ("UCUM", "99LIANYUE")
        }  # fmt: skip
    assert told == [
        ("81827009", "mm"),
        ("118565006", "mm3"),
        ("126401", "g/ml{SUVbw}", "126031"),
        ("126032", "ml", "TH_41_PCT_MAX"),
        ("126033", "g", "TH_41_PCT_MAX"),
        ("126032", "ml", "TH_2.5"),
        ("126033", "g", "TH_2.5"),
        ("126401", "g/ml{SUVbw}", "373098007"),
        ("126401", "g/ml{SUVbw}", "386136009"),
        ("126401", "g/ml{SUVbw}", "255605001"),
        ("126401", "g/ml{SUVbw}", "56851009"),
        ("PIXEL_COUNT", "1"),
    ]
    dictionary: dict[str, Any] = concepts["DCM"]
    meanings = {value: meaning for entry in dictionary.values() for value, (meaning, _groups) in entry.items()}
    assert [meanings[value] for value in ("126401", "126031", "126032", "126033")] == [
        "SUVbw", "Peak Value Within ROI", "Metabolic Volume", "Total Lesion Glycolysis",
    ]  # fmt: skip
    assert {
        item.ConceptNameCodeSequence[0].CodeMeaning
        for item in numbers
        if item.ConceptNameCodeSequence[0].CodeValue.startswith("1260")
    } == {"Metabolic Volume", "Total Lesion Glycolysis"}


def without_the_highest(study: Study) -> Annotation:
    """Return a sphere whose peak could not be taken round its highest voxel."""
    ball = on_pet(study)
    peak, *others = UPTAKE
    return replace(ball, measures=(*BALL, replace(peak, without_maximum=True), *others))


def test_a_peak_without_the_highest_voxel_is_no_coded_peak_and_comes_back_as_such(study: Study) -> None:
    data = written((without_the_highest(study),), study)

    assert "126031" not in codes_in(data)
    assert "126031" in codes_in(written((on_pet(study),), study))
    assert read_annotations(data).annotations == (without_the_highest(study),)


def test_a_peak_without_the_highest_voxel_that_former_versions_coded_still_comes_back_as_such(study: Study) -> None:
    def mark(ds: highdicom.sr.Comprehensive3DSR) -> None:
        (stored,) = [
            one for one in ds.ContentSequence[-1].ContentSequence[0].ContentSequence
            if one.ConceptNameCodeSequence[0].CodeValue == "AS_DRAWN"
        ]  # fmt: skip
        said = json.loads(stored.TextValue)
        next(one for one in said["measures"] if one["name"] == "uptake_peak")["without_maximum"] = True
        stored.TextValue = json.dumps(said)

    data = rewritten(written((on_pet(study),), study), mark)

    assert read_annotations(data).annotations == (without_the_highest(study),)


def codes_in(data: bytes) -> set[str]:
    return {str(one.value) for one in dcmread(BytesIO(data)).iterall() if one.keyword == "CodeValue"}


def test_a_metabolic_volume_that_somebody_changed_is_read_as_it_now_is(study: Study) -> None:
    def change(ds: highdicom.sr.Comprehensive3DSR) -> None:
        for item in ds.ContentSequence[-1].ContentSequence[0].ContentSequence:
            if item.ConceptNameCodeSequence[0].CodeValue == "126032":
                item.MeasuredValueSequence[0].FloatingPointValue = 99.0
                item.MeasuredValueSequence[0].NumericValue = "99"

    (found,) = read_annotations(rewritten(written((on_pet(study),), study), change)).annotations

    assert found.origin != ""
    assert found.measure(M.METABOLIC_VOLUME) == Measure(M.METABOLIC_VOLUME, 99.0, "ml", Threshold(0.41, relative=True))
    assert found.measure(M.UPTAKE_PEAK) == UPTAKE[0]
    assert found.statistics == on_pet(study).statistics


def test_a_length_on_a_film_says_in_the_standards_words_that_it_holds_at_the_detector(study: Study) -> None:
    ds = dcmread(BytesIO(written((flat(drawn(K.LENGTH, study), study),), study)))
    (line,) = [one for one in ds.ContentSequence[-1].ContentSequence[0].ContentSequence if one.ValueType == "NUM"]
    how = line.ContentSequence[0]
    assert (how.RelationshipType, how.ValueType) == ("HAS CONCEPT MOD", "CODE")
    assert how.ConceptNameCodeSequence[0].CodeValue == "370129005"
    assert how.ConceptCodeSequence[0].CodeMeaning == "Distances at the plane of the detector"


def test_the_same_annotations_give_the_same_bytes(study: Study) -> None:
    assert written(every_kind(study), study) == written(every_kind(study), study)


def test_a_line_that_somebody_moved_is_shown_where_it_now_is(study: Study) -> None:
    length = drawn(K.LENGTH, study)

    def move(ds: highdicom.sr.Comprehensive3DSR) -> None:
        group = ds.ContentSequence[-1].ContentSequence[0]
        (line,) = [item for item in group.ContentSequence if item.ValueType == "NUM"]
        line.ContentSequence[0].GraphicData = [0.0, 0.0, 0.0, 10.0, 0.0, 0.0]

    (found,) = read_annotations(rewritten(written((length,), study), move)).annotations

    assert found.points_lps_mm == ((0.0, 0.0, 0.0), (10.0, 0.0, 0.0))
    assert found.origin != ""


@pytest.mark.parametrize("content", ["", "{}", "[" * 9999, json.dumps({"kind": "length"})])
def test_a_spoiled_copy_of_ours_falls_back_to_the_standard_items(study: Study, content: str) -> None:
    length = drawn(K.LENGTH, study)

    def spoil(ds: highdicom.sr.Comprehensive3DSR) -> None:
        for item in ds.ContentSequence[-1].ContentSequence[0].ContentSequence:
            if item.ConceptNameCodeSequence[0].CodeValue == AS_DRAWN.value:
                item.TextValue = content

    (found,) = read_annotations(rewritten(written((length,), study), spoil)).annotations

    assert found.kind is K.LENGTH
    assert found.tracking_uid == length.tracking_uid
    assert found.measures == length.measures
    assert np.abs(np.subtract(found.points_lps_mm, length.points_lps_mm)).max() < 1e-4
    assert (found.author, found.created_at) == (length.author, length.created_at)


def foreign(lidc: Path, region: object, measurement: highdicom.sr.Measurement) -> bytes:
    """A measurement report as highdicom users write it."""
    image = dcmread(min(lidc.glob("*.dcm")))
    group = highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=highdicom.sr.TrackingIdentifier(uid="1.2.3.4.5", identifier="Lesion 1"),
        referenced_region=region,  # type: ignore[arg-type] # highdicom ships no types
        measurements=[measurement],
    )
    content = highdicom.sr.MeasurementReport(
        observation_context=highdicom.sr.ObservationContext(
            observer_person_context=highdicom.sr.ObserverContext(
                observer_type=codes.DCM.Person,
                observer_identifying_attributes=highdicom.sr.PersonObserverIdentifyingAttributes(name="Doe^Jane"),
            )
        ),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )
    document = highdicom.sr.Comprehensive3DSR(
        evidence=[image],
        content=content[0],
        series_number=1,
        series_instance_uid=highdicom.UID(),
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="Somebody",
    )
    buffer = BytesIO()
    dcmwrite(buffer, document)
    return buffer.getvalue()


def test_an_outline_of_another_system_is_drawn_on_its_image(lidc_0314: Path) -> None:
    image = dcmread(min(lidc_0314.glob("*.dcm")))
    corners = np.array([[10.5, 20.5], [30.5, 20.5], [30.5, 40.5], [10.5, 40.5], [10.5, 20.5]])
    region = highdicom.sr.ImageRegion(
        graphic_type=highdicom.sr.GraphicTypeValues.POLYLINE,
        graphic_data=corners,
        source_image=highdicom.sr.SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID),
    )
    area = highdicom.sr.Measurement(name=codes.SCT.Area, value=4.0, unit=codes.UCUM.SquareCentimeter)

    (found,) = read_annotations(foreign(lidc_0314, region, area)).annotations

    assert found.kind is K.FREEHAND
    assert found.points_px == ((10.0, 20.0), (30.0, 20.0), (30.0, 40.0), (10.0, 40.0))
    assert found.referenced_sop_instance_uid == str(image.SOPInstanceUID)
    assert found.measures == (Measure(M.AREA, 400.0, "mm2"),)
    assert (found.tracking_uid, found.author) == ("1.2.3.4.5", "Doe^Jane")


def test_a_region_in_space_of_another_system_is_drawn_in_the_patient(lidc_0314: Path) -> None:
    region = highdicom.sr.ImageRegion3D(
        graphic_type=highdicom.sr.GraphicTypeValues3D.ELLIPSE,
        graphic_data=np.array([[-10.0, 0, 5], [10, 0, 5], [0, -4, 5], [0, 4, 5]]),
        frame_of_reference_uid=FRAME,
    )
    axis = highdicom.sr.Measurement(name=codes.SCT.LongAxis, value=20.0, unit=codes.UCUM.Millimeter)

    (found,) = read_annotations(foreign(lidc_0314, region, axis)).annotations

    assert found.kind is K.ELLIPSE
    assert found.points_lps_mm == ((0.0, 0.0, 5.0), (10.0, 0.0, 5.0), (0.0, 4.0, 5.0))
    assert found.measure(M.LONG_AXIS) == Measure(M.LONG_AXIS, 20.0, "mm")


def test_every_report_of_the_zoo_is_read_or_refused_with_words(shared_data: Path) -> None:
    read, refused = 0, 0
    for path in sorted((shared_data / "dicom-zoo").rglob("*")):
        if not path.is_file():
            continue
        try:
            read_annotations(path.read_bytes())
            read += 1
        except DecodeError:
            refused += 1

    assert read >= 1
    assert refused > 100


def test_what_belongs_to_another_study_is_never_written(study: Study) -> None:
    length = every_kind(study)[0]
    with pytest.raises(ValueError, match="own study"):
        written((), study)
    with pytest.raises(ValueError, match="own study"):
        annotation_sr(AnnotationList("1.2.3", (length,)), study, at=AT, author=READER, language="en")
    with pytest.raises(ValueError, match="own study"):
        written((replace(length, referenced_sop_instance_uid="1.2.3"),), study)


def test_what_is_no_report_is_refused_with_words(lidc_0314: Path) -> None:
    with pytest.raises(DecodeError, match="structured report"):
        read_annotations(min(lidc_0314.glob("*.dcm")).read_bytes())
    with pytest.raises(HostileInput):
        read_annotations(b"nothing")


@pytest.mark.filterwarnings("ignore:The value for the data element .0070,0022. exceeds:UserWarning")
def test_an_outline_of_an_old_draft_that_is_longer_than_64_kb_comes_back_exactly_and_is_drawn(study: Study) -> None:
    """Explicit VR then holds its coordinates as bytes of unknown VR (PS3.5 6.2.2): 5600 points of 12 bytes."""
    turn = np.linspace(0, 6, 5600)
    ring = tuple(zip((40 * np.cos(turn)).tolist(), (40 * np.sin(turn)).tolist(), [-520.2] * 5600, strict=True))
    long = replace(drawn(K.FREEHAND, study), points_lps_mm=ring)
    mine = AnnotationList(study.study_instance_uid, (long,))
    stored = annotation_sr(mine, study, at=AT, author=READER, language="en")
    assert read_annotations(stored) == mine

    ds = dcmread(BytesIO(stored))
    (groups,) = [one for one in ds.ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == "126010"]
    group = groups.ContentSequence[0]
    group.ContentSequence = [
        one for one in group.ContentSequence if one.ConceptNameCodeSequence[0].get("CodeValue") != AS_DRAWN.value
    ]
    buffer = BytesIO()
    dcmwrite(buffer, ds)
    (foreign,) = read_annotations(buffer.getvalue()).annotations
    assert foreign.points_lps_mm == pytest.approx(np.array(ring), abs=1e-3)
