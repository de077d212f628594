"""AI results of other systems stand in the panel of the findings, with whose they are, and are no findings of ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.sequence import Sequence
from pytestqt.qtbot import QtBot

from tests.gui.test_foreign_objects import ForeignBench, bench, objects, slices, take
from tests.helpers import foreign
from workstation.domain.finding import Decision
from workstation.domain.study import Instance, Series
from workstation.services.foreign_objects_service import ForeignObjects, read_object

__all__ = ["bench", "objects", "slices"]
pytestmark = pytest.mark.gui

STUDY = "1.2.3"
RESULT = "1.2.77.9"


def contributing(model: str, version: str, purpose: str) -> Dataset:
    one, code = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = purpose, "DCM", "Purpose"
    one.PurposeOfReferenceCodeSequence = Sequence([code])
    one.Manufacturer, one.ManufacturerModelName, one.SoftwareVersions = "Acme Imaging", model, version
    return one


def result_of_ai(bench: ForeignBench, at: int) -> ForeignObjects:
    return ForeignObjects(STUDY, (read_object(stored_result(bench, at), bench.desk_bench.images.the_study),))


def stored_result(bench: ForeignBench, at: int) -> bytes:
    """Return a measurement report by a device: one length on the image, two algorithms and the scanner."""
    plain = foreign.length_on_image(
        STUDY, bench.stack.slots[at].sop_instance_uid, [200.5, 300.5, 240.5, 300.5], uid=RESULT
    )
    ds = dcmread(DicomBytesIO(plain))
    ds.Manufacturer, ds.ManufacturerModelName = "Acme Imaging", "Result Server"
    ds.ContentDate, ds.ContentTime = "20261121", "181500"
    ds.ContributingEquipmentSequence = Sequence(
        [
            contributing("LungCAD", "2.1", "109102"),
            contributing("Scanner 7", "VB20", "109101"),
        ]
    )
    for item in foreign_algorithm("NoduleNet", "0.9"):
        ds.ContentSequence.append(item)
    return foreign.saved(ds)


def foreign_algorithm(name: str, version: str) -> list[Dataset]:
    items = []
    for code, meaning, words in (("111001", "Algorithm Name", name), ("111003", "Algorithm Version", version)):
        item, concept = Dataset(), Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = code, "DCM", meaning
        item.RelationshipType, item.ValueType, item.TextValue = "HAS CONCEPT MOD", "TEXT", words
        item.ConceptNameCodeSequence = Sequence([concept])
        items.append(item)
    return items


def test_another_makers_ai_result_stands_below_the_findings_with_maker_algorithms_and_time(bench: ForeignBench) -> None:
    panel = bench.page.findings
    assert panel.others.isHidden()

    take(bench, result_of_ai(bench, 10))

    assert not panel.others.isHidden()
    assert list(panel.others.list.rows) == [RESULT]  # not the key images, documents and structures of people
    facts = panel.others.list.rows[RESULT].facts
    assert facts.title == "Measurements · Imaging Measurement Report"
    assert facts.source[-3:] == ("Acme Imaging · Result Server", "NoduleNet 0.9 · LungCAD 2.1", "2026-11-21 18:15")
    assert facts.shown  # drawn at once: nobody shall miss it


def test_it_is_no_finding_of_ours_and_stops_no_signature(bench: ForeignBench) -> None:
    before = [one.tracking_uid for one in bench.session.findings.findings]
    blockers = list(bench.session.blockers)

    take(bench, result_of_ai(bench, 10))

    assert [one.tracking_uid for one in bench.session.findings.findings] == before
    assert list(bench.session.blockers) == blockers
    assert all(one.decision is Decision.UNDECIDED for one in bench.session.findings.findings)


def test_its_image_is_one_press_away_and_its_marks_are_then_drawn(bench: ForeignBench, qtbot: QtBot) -> None:
    take(bench, result_of_ai(bench, 10))
    row = bench.page.findings.others.list.rows[RESULT]
    assert [button.text() for button in row.jumps] == ["Series 2, image 11"]
    row.eye.click()
    assert not row.eye.isChecked()
    bench.stack.scroll_to(3)

    row.jumps[0].click()

    qtbot.waitUntil(lambda: bench.stack.index == 10)
    assert bench.page.findings.others.list.rows[RESULT].eye.isChecked()
    assert bench.view.panel.rows[RESULT].eye.isChecked()


def test_where_it_lies_is_found_while_it_is_read_and_not_in_the_window(bench: ForeignBench, qtbot: QtBot) -> None:
    images = bench.desk_bench.images
    images.files[RESULT] = stored_result(bench, 10)
    report = Series(f"{RESULT}.1", "SR", 60, "", "", (Instance(RESULT, "1.2.840.10008.5.1.4.1.1.88.33", 1),))
    study = replace(images.the_study, series=(*images.the_study.series, report))

    bench.view._read(study)
    qtbot.waitUntil(lambda: RESULT in bench.page.findings.others.list.rows)

    row = bench.page.findings.others.list.rows[RESULT]
    assert [button.text() for button in row.jumps] == ["Series 2, image 11"]


def test_it_leaves_with_its_case(bench: ForeignBench) -> None:
    take(bench, result_of_ai(bench, 10))
    bench.view._closed()
    assert bench.page.findings.others.isHidden()
