"""Key images: outside judges accept ours, ours come back exactly, other systems' are understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import highdicom
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.sr.codedict import codes

from tests.helpers.full_reports import dciodvfy_errors, dsrdump, real_study
from tests.helpers.marked import PLACE, look
from tests.helpers.reports import drafted_report
from workstation.dicom.objects.image_objects import image_objects
from workstation.dicom.objects.key_objects import key_object_selection, read_key_objects
from workstation.domain.errors import DecodeError, HostileInput
from workstation.domain.finding import FindingList
from workstation.domain.key_image import KeyImage, KeyImageList, KeyPurpose
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Person
from workstation.domain.study import Study
from workstation.services.foreign_objects_service import read_object
from workstation.ui.foreign_words import left_out_lines

AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
READER = Person("expert", "王启明", "省影像专科联盟远程诊断中心")


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def keys(study: Study, *numbers: int, frame: int | None = None) -> KeyImageList:
    series = study.series[0]
    images = tuple(
        KeyImage(
            series.series_instance_uid, series.instances[n].sop_class_uid, series.instances[n].sop_instance_uid, frame
        )
        for n in numbers
    )
    return KeyImageList(study.study_instance_uid, images, note="右肺上叶结节\n最大层面")


def written(selection: KeyImageList, study: Study) -> bytes:
    return key_object_selection(selection, study, at=AT, author=READER, language="zh_CN")


@pytest.mark.dcmtk
@pytest.mark.parametrize(
    "purpose", [purpose for purpose in KeyPurpose if purpose is not KeyPurpose.REJECTED_FOR_QUALITY]
)
def test_the_judges_accept_our_key_images(study: Study, tmp_path: Path, purpose: KeyPurpose) -> None:
    path = tmp_path / "keys.dcm"
    path.write_bytes(written(replace(keys(study, 100, 120), purpose=purpose), study))

    assert dciodvfy_errors(path) == []
    status, shown = dsrdump(path)
    assert status == 0
    assert "右肺上叶结节" in shown


def test_ours_come_back_exactly(study: Study) -> None:
    for selection in (keys(study, 3), keys(study, 120, 100, 101), keys(study, 7, frame=2)):
        assert read_key_objects(written(selection, study)).keys == selection


def test_the_same_marks_give_the_same_bytes(study: Study) -> None:
    assert written(keys(study, 3, 4), study) == written(keys(study, 3, 4), study)
    assert written(keys(study, 3, 4), study) != written(keys(study, 4, 3), study)


def test_marking_an_image_twice_takes_the_mark_away(study: Study) -> None:
    selection = keys(study, 3, 4)
    first = selection.images[0]

    assert selection.toggled(first).images == (selection.images[1],)
    assert selection.toggled(first).toggled(first).images == (selection.images[1], first)
    assert first in selection


def test_no_image_or_another_study_is_never_written(study: Study) -> None:
    for wrong in (
        keys(study),
        replace(keys(study, 1), study_instance_uid="1.2.3"),
        replace(keys(study, 1), purpose=KeyPurpose.REJECTED_FOR_QUALITY),
    ):
        with pytest.raises(ValueError, match=r"own study|coded reason"):
            written(wrong, study)
    with pytest.raises(ValueError, match="count from 1"):
        KeyImage("1", "2", "3", 0)


def test_key_images_of_another_system_are_understood(study: Study, lidc_0314: Path) -> None:
    images = [dcmread(path) for path in sorted(lidc_0314.glob("*.dcm"))[:2]]
    foreign = highdicom.ko.KeyObjectSelectionDocument(
        evidence=images,
        content=highdicom.ko.KeyObjectSelection(
            document_title=codes.cid7010.ForSurgery, referenced_objects=images, description="biopsy route"
        ),
        series_instance_uid=highdicom.UID(),
        series_number=1,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="Somebody",
        institution_name="Elsewhere",
    )
    buffer = BytesIO()
    dcmwrite(buffer, foreign)

    found = read_key_objects(buffer.getvalue()).keys

    assert [one.sop_instance_uid for one in found.images] == [str(image.SOPInstanceUID) for image in images]
    assert {one.series_instance_uid for one in found.images} == {study.series[0].series_instance_uid}
    assert (found.title, found.note, found.purpose) == ("For Surgery", "biopsy route", KeyPurpose.OF_INTEREST)


def test_an_image_of_another_study_is_left_out(study: Study) -> None:
    ds = dcmread(BytesIO(written(keys(study, 3, 4), study)))
    stranger = Dataset()
    stranger.ReferencedSOPClassUID, stranger.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
    ds.ContentSequence[-1].ReferencedSOPSequence[0] = stranger
    buffer = BytesIO()
    dcmwrite(buffer, ds)

    read = read_key_objects(buffer.getvalue(), study)
    assert (read.keys.images, read.missing) == (keys(study, 3).images, 1)


@pytest.mark.parametrize("evidence", ["one image left out", "none"])
def test_an_image_that_the_evidence_forgets_is_found_in_the_study(study: Study, evidence: str) -> None:
    ds = dcmread(BytesIO(written(keys(study, 3, 4, 5), study)))
    if evidence == "none":
        del ds.CurrentRequestedProcedureEvidenceSequence
    else:
        del ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[1]
    buffer = BytesIO()
    dcmwrite(buffer, ds)

    read = read_key_objects(buffer.getvalue(), study)

    assert (read.keys.images, read.missing) == (keys(study, 3, 4, 5).images, 0)


def test_marked_images_that_did_not_come_are_counted_and_said(study: Study) -> None:
    (series,) = study.series
    partly = replace(study, series=(replace(series, instances=series.instances[:5]),))
    one = read_object(written(keys(study, 3, 120, 121), study), partly)

    assert one.missing_keys == 2
    assert left_out_lines(one) == ("2 marked images are not among the images of this study",)
    assert left_out_lines(read_object(written(keys(study, 3), study), study)) == ()


def test_an_image_of_a_study_that_the_evidence_names_is_not_missed_here(study: Study) -> None:
    ds = dcmread(BytesIO(written(keys(study, 3, 4), study)))
    other = Dataset()
    other.StudyInstanceUID = "1.2.3"
    other.ReferencedSeriesSequence = [Dataset()]
    other.ReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.3.4"
    stranger = Dataset()
    stranger.ReferencedSOPClassUID, stranger.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5"
    other.ReferencedSeriesSequence[0].ReferencedSOPSequence = [stranger]
    ds.CurrentRequestedProcedureEvidenceSequence.append(other)
    ds.ContentSequence[-1].ReferencedSOPSequence[0] = stranger
    buffer = BytesIO()
    dcmwrite(buffer, ds)

    read = read_key_objects(buffer.getvalue(), study)

    assert (read.keys.images, read.missing) == (keys(study, 3).images, 0)


def test_what_is_no_selection_is_refused_with_words(lidc_0314: Path) -> None:
    with pytest.raises(DecodeError, match="not a selection"):
        read_key_objects(next(iter(sorted(lidc_0314.glob("*.dcm")))).read_bytes())
    with pytest.raises(HostileInput):
        read_key_objects(b"nothing")


@pytest.mark.dcmtk
def test_a_key_image_names_the_display_under_which_it_was_seen(study: Study, tmp_path: Path) -> None:
    """Anybody who opens the selection finds window, zoom and drawings of the reader (PS3.3 table C.18.4-1)."""
    seen, unseen = look(study).image, look(study, PLACE + 1).image
    report = replace(
        drafted_report(), study_instance_uid=study.study_instance_uid,
        findings=FindingList(study.study_instance_uid), measurements=MeasurementSet(study.study_instance_uid),
        key_images=(seen, unseen), image_looks=(look(study),),
    )  # fmt: skip
    made = image_objects(report, study)
    state = dcmread(BytesIO(made["display_1.dcm"]))
    selection = dcmread(BytesIO(made["key_images.dcm"]))

    images = [item.ReferencedSOPSequence[0] for item in selection.ContentSequence if item.ValueType == "IMAGE"]
    named = [
        [str(one.ReferencedSOPInstanceUID) for one in image.get("ReferencedSOPSequence") or ()] for image in images
    ]
    assert named == [[str(state.SOPInstanceUID)], []]
    evidence = selection.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert [str(series.SeriesInstanceUID) for series in evidence] == [
        study.series[0].series_instance_uid,
        str(state.SeriesInstanceUID),
    ]
    assert read_key_objects(made["key_images.dcm"]).keys.images == (seen, unseen)
    path = tmp_path / "keys.dcm"
    path.write_bytes(made["key_images.dcm"])
    assert dciodvfy_errors(path) == []
    assert dsrdump(path)[0] == 0
