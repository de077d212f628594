"""A reader who looks first sees no object of an AI, ours or another's, and all work of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers import cases, foreign
from tests.helpers.fakes import EXPERT
from tests.helpers.reading import Case, ReadingBench, case, part_of_ct
from workstation.dicom.sr.measurement_report import detection_sr
from workstation.domain.study import Instance, Series
from workstation.exchange.paper.pdf_pages import page_pictures
from workstation.services.foreign_objects_service import ReadForeignObjects
from workstation.ui.images.foreign_objects import ForeignObjectsView
from workstation.ui.images.foreign_reading import ForeignReading
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

STUDY, CT = "1.2.3", "1.2.3.2"
OURS, OUTLINES, KEY, REPORT, BROKEN = "1.2.3.4.1", "1.2.77.8", "1.2.77.1", "1.2.77.4", "1.2.77.66"
OURS_SERIES = "1.2.3.4"


class ReadFirstBench(ReadingBench):
    """A page whose reader looks first, and whose case has objects of an AI and of people."""

    def make_page(self) -> tuple[ReadingPage, ReadingPresenter]:
        page = ReadingPage()
        reading = ForeignReading(ReadForeignObjects(self.desk_bench.images), page_pictures)
        made = ReadingPresenter(page, self.desk, self.desk_bench.jobs, open_stream=self.streams, foreign=reading)
        return page, made

    @property
    def view(self) -> ForeignObjectsView:
        return next(one for one in self.presenter.images.features if isinstance(one, ForeignObjectsView))

    def listed_series(self) -> list[str]:
        """Return the series that the list shows."""
        rows = self.page.series._rows
        return [uid for uid, row in rows.items() if not row.isHidden()]


def with_objects(made: Case) -> Case:
    series = list(made.study.series)
    for number, (uid, modality, kind, said) in enumerate(
        ((OUTLINES, "SEG", "66.4", "AI nodules"), (KEY, "KO", "88.59", "Teaching"), (REPORT, "SR", "88.11", "Report"),
         (BROKEN, "SR", "88.33", "AI says 3 nodules"))
    ):  # fmt: skip
        one = Instance(uid, f"1.2.840.10008.5.1.4.1.1.{kind}", 1)
        series.append(Series(f"{uid}.1", modality, 50 + number, said, "", (one,)))
    return replace(made, study=replace(made.study, series=tuple(series)))


def stored(ds: Dataset, uid: str) -> bytes:
    """Return an object under a UID as the study of the fakes names it."""
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = STUDY, uid.rsplit(".", 1)[0], uid
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def automatic_outlines(path: Path) -> bytes:
    """Return a real segmentation as an AI of another vendor stores it with the case."""
    ds = pydicom.dcmread(path)
    for segment in ds.SegmentSequence:
        segment.SegmentAlgorithmType, segment.SegmentAlgorithmName = "AUTOMATIC", "finder"
    return stored(ds, OUTLINES)


@pytest.fixture
def bench(qtbot: QtBot, lidc_0314: Path, shared_data: Path) -> Iterator[ReadFirstBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    use_language("en")
    images = part_of_ct(lidc_0314, 120, 180, 6)
    plane = images[4].plane
    assert plane is not None
    made = with_objects(case(images, (plane.lps_of(120.0, 246.0), 8.0)))
    bench = ReadFirstBench(made, actor=EXPERT)
    headers = foreign.sources(lidc_0314, 120, 180, 6, STUDY, CT)
    bench.desk_bench.images.files.update({
        OURS: stored(pydicom.dcmread(BytesIO(detection_sr(made.study, made.findings, at=cases.NOON))), OURS),
        OUTLINES: automatic_outlines(shared_data / "dicom-zoo/dcmqi/data/sr-example/seg.dcm"),
        KEY: foreign.key_selection(headers, 4),
        REPORT: foreign.text_report(STUDY, "右肺上叶结节"),
        BROKEN: b"nothing of DICOM",
    })  # fmt: skip
    qtbot.addWidget(bench.page)
    bench.page.resize(1872, 1052)
    bench.page.show()
    yield bench
    bench.close()
    use_language("zh_CN")


def opened(qtbot: QtBot, bench: ReadFirstBench, *, read_first: bool) -> None:
    bench.desk._read_first = lambda _actor: read_first
    bench.open(qtbot.waitUntil)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_image)
    qtbot.waitUntil(lambda: KEY in bench.view.panel.rows)


def test_before_the_reveal_no_object_of_an_ai_is_listed_counted_drawn_or_opened(
    qtbot: QtBot, bench: ReadFirstBench
) -> None:
    opened(qtbot, bench, read_first=True)
    view = bench.view

    assert {uid: row.facts.title for uid, row in view.panel.rows.items()} == {
        KEY: "Key images · For Teaching",
        REPORT: "Document · Diagnostic Imaging Report",
        BROKEN: "SR",
    }
    assert view.button.toolTip() == "3 stored objects · 1 not readable"
    assert bench.listed_series() == [CT, f"{KEY}.1", f"{REPORT}.1"]
    for uid in (OURS, OUTLINES):
        view.show_object(uid, True)
        view.read_object(uid)
    assert view.dialog is None
    assert [layer.study_instance_uid for layer in view._drawing._layers if layer.marks or layer.outlines] == []


def test_after_the_reveal_the_ais_objects_appear_without_opening_the_case_again(
    qtbot: QtBot, bench: ReadFirstBench
) -> None:
    opened(qtbot, bench, read_first=True)

    bench.page.findings.ai.gate.button.click()
    qtbot.waitUntil(lambda: not bench.session.ai_hidden)

    assert set(bench.view.panel.rows) == {OURS, OUTLINES, KEY, REPORT, BROKEN}
    assert bench.view.panel.rows[BROKEN].facts.title == "SR AI says 3 nodules"
    assert bench.view.button.toolTip() == "5 stored objects · 1 not readable"
    assert set(bench.listed_series()) == {
        CT, OURS_SERIES, f"{OUTLINES}.1", f"{KEY}.1", f"{REPORT}.1", f"{BROKEN}.1"
    }  # fmt: skip
    bench.view.read_object(OURS)
    assert bench.view.dialog is not None
    bench.view.dialog.reject()


def test_a_reader_who_sees_the_ai_at_once_has_all_objects_listed(qtbot: QtBot, bench: ReadFirstBench) -> None:
    opened(qtbot, bench, read_first=False)

    assert set(bench.view.panel.rows) == {OURS, OUTLINES, KEY, REPORT, BROKEN}
    assert len(bench.listed_series()) == 6


def test_our_own_pre_read_is_not_told_like_another_systems_and_every_title_is_read_whole(
    qtbot: QtBot, bench: ReadFirstBench
) -> None:
    opened(qtbot, bench, read_first=False)
    bench.view.button.click()
    row = bench.view.panel.rows[OURS]

    assert row.facts.title == "Own AI pre-read · Measurements"
    assert "other" not in bench.view.button.toolTip()
    assert "other" not in bench.view.panel.accessibleName().lower()
    written = [one for one in row.findChildren(QLabel) if one.text() == row.facts.title]
    assert [one.wordWrap() for one in written] == [True]
