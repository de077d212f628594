"""A study is found by what it holds: papers are beside a study without images, projections tell side and view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.gui.test_objects_read_first import REPORT, STUDY, ReadFirstBench
from tests.helpers import foreign
from tests.helpers.comparing import ct_study, mammogram_study
from tests.helpers.reading import case, part_of_ct
from workstation.domain.study import Instance, Series
from workstation.ui.reading_words import series_facts
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

_LEFT = {("L", "CC"): ("A", "R"), ("L", "MLO"): ("A", "F")}


def test_the_papers_of_a_study_without_images_lie_open_beside_it(
    qtbot: QtBot, qapp: QApplication, lidc_0314: Path
) -> None:
    apply_theme(qapp)
    made = case(part_of_ct(lidc_0314, 120, 132, 6))
    paper = Series(f"{REPORT}.1", "SR", 1, "Report", "", (Instance(REPORT, "1.2.840.10008.5.1.4.1.1.88.11", 1),))
    bench = ReadFirstBench(replace(made, study=replace(made.study, series=(paper,))))
    bench.desk_bench.images.files[REPORT] = foreign.text_report(STUDY, "右肺上叶结节")
    qtbot.addWidget(bench.page)
    bench.page.resize(1366, 768)
    bench.page.show()
    bench.open(qtbot.waitUntil)

    qtbot.waitUntil(lambda: REPORT in bench.view.panel.rows)
    assert bench.view.panel.isVisible()
    assert not bench.view.panel.rows[REPORT].read.isHidden()
    bench.close()


def test_a_series_of_a_mammogram_says_side_and_view() -> None:
    use_language(ENGLISH)
    apart, _images = mammogram_study("1.2.3", "20261121", _LEFT)
    together, _images = mammogram_study("1.2.3", "20261121", _LEFT, one_series=True)
    slices, _images = ct_study("1.2.4", "20261121", frame="1.5")

    assert [series_facts(one, 0) for one in apart.series] == ["MG · L CC · 1 image", "MG · L MLO · 1 image"]
    assert [series_facts(one, 0) for one in together.series] == ["MG · L CC, L MLO · 2 images"]
    assert [series_facts(one, 0) for one in slices.series] == ["CT · 12 slices"]
    use_language(CHINESE)
