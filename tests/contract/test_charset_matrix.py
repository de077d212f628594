"""
Fault F18: names and texts in every character set that hospitals send, from the file to the signed papers.

At the end stand the same characters as at the beginning, or an explicit refusal; never a question mark.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.helpers.charsets import MISLABELLED, SOURCES, Source, written
from tests.helpers.full_reports import OBJECTS, TEMPLATE, worklist_row
from tests.helpers.papers import PRINTER, printed, simple, squeezed, text_of
from workstation.dicom.images.source import scan
from workstation.domain.errors import TemplateViolation
from workstation.domain.finding import FindingList
from workstation.domain.measurement import MeasurementSet
from workstation.domain.study import Study
from workstation.domain.workitem import WorklistRow
from workstation.exchange.paper.page_words import shown_name


def scanned(source: Source, folder: Path) -> Study:
    """Write one small image as the source would and load it as the workstation does."""
    folder.mkdir(exist_ok=True)
    (folder / "one.dcm").write_bytes(written(source))
    (study,) = scan(folder, assumed=source.assumed)
    return study


def row_of(study: Study) -> WorklistRow:
    return replace(worklist_row(study), site_name=study.institution, description=study.description)


def papers(study: Study, folder: Path) -> tuple[str, str, str]:
    """Return patient's name and description out of the SR, and the squeezed words of the PDF."""
    uid = study.study_instance_uid
    bare = {"findings": FindingList(uid), "measurements": MeasurementSet(uid)}
    report = replace(simple(), study_instance_uid=uid, **bare)  # type: ignore[arg-type]  # fields by name
    row = row_of(study)
    sr = dcmread(BytesIO(OBJECTS.enhanced_sr(report, TEMPLATE, study, row)))
    page = PRINTER.render(report, TEMPLATE, study, row, draft=False)
    return str(sr.PatientName), str(sr.StudyDescription), squeezed(text_of(page, folder))


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_characters_stand_in_study_sr_and_pdf(name: str, tmp_path: Path) -> None:
    source = SOURCES[name]
    study = scanned(source, tmp_path / "in")
    patient, exam, words = papers(study, tmp_path)

    assert (study.patient.name, study.institution) == (shown_name(source.name), source.site)
    assert (patient, exam) == (source.name, source.exam)
    assert f"姓名：{squeezed(shown_name(source.name))}性别" in words
    assert f"申请医院：{squeezed(source.site)}检查项目：{squeezed(source.exam)}" in words
    assert "?" not in patient + exam + words


@pytest.mark.parametrize("name", MISLABELLED)
def test_a_wrong_label_is_doubted_aloud_and_nothing_becomes_a_question_mark(name: str, tmp_path: Path) -> None:
    """What was sent cannot be known: the reader is told, and the papers show what the screen shows or are refused."""
    study = scanned(MISLABELLED[name], tmp_path / "in")
    warned = {warning.code for warning in (*study.warnings, *(one for s in study.series for one in s.warnings))}
    try:
        patient, _, words = papers(study, tmp_path)
    except TemplateViolation as exc:
        patient, words = study.patient.dicom_name, exc.user_text

    assert "charset" in warned
    assert patient == study.patient.dicom_name
    assert "?" not in words


@pytest.mark.parametrize("text", ["𪚥", "\U000e0100", "\ue000"])
def test_a_character_that_cannot_be_printed_is_refused_by_its_number(text: str) -> None:
    with pytest.raises(TemplateViolation) as caught:
        printed(replace(simple(), values=simple().values | {"other": f"所见{text}"}))

    assert f"U+{ord(text):04X}" in caught.value.user_text
