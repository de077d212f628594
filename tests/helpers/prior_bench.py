"""A CT on the reading page with priors that the hub knows, in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.gui.test_hanging import opened, scenes
from tests.helpers.comparing import ZHOU, ComparingBench, case_of, ct_study
from tests.helpers.priors import prior
from viewers.scene.scene import Scene
from workstation.domain.hanging import PriorRelation
from workstation.domain.study import Patient
from workstation.ui.theme import apply_theme


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[ComparingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ComparingBench(case_of(*ct_study("1.2.3", "20261121", frame="1.5")))
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    yield made
    made.close()


def with_prior(
    bench: ComparingBench,
    *,
    frame: str = "1.6",
    first_mm: float = 0.0,
    patient: Patient = ZHOU,
    relation: PriorRelation = PriorRelation.SAME_PATIENT,
    reported: bool = False,
) -> ComparingBench:
    study, images = ct_study("1.9.1", "20251208", frame=frame, first_mm=first_mm, patient=patient)
    bench.source.known.append(prior("1.9.1", relation=relation, reported=reported))
    bench.serve_prior(study, images)
    return bench


def beside(qtbot: QtBot, bench: ComparingBench) -> tuple[Scene, Scene]:
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: len(scenes(bench)) == 2)
    bench.deliver_everything(qtbot.waitUntil)
    first, second = scenes(bench)
    return first, second


def red(scene: Scene) -> tuple[str, ...]:
    return tuple(line.text for line in scene.frame((600, 600)).overlay.captions if line.is_warning)
