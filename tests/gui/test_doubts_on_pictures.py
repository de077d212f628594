"""What is doubted about a series stands in red on every picture made of it: stacks beside it, planes, 3D, overlays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.gui.test_hanging import opened
from tests.gui.test_priors import red
from tests.helpers.comparing import ComparingBench, case_of, ct_study
from tests.helpers.priors import prior
from viewers.scene.fidelity import FidelityKind
from workstation.domain.study import DecodeWarning, Study
from workstation.ui.images.series_doubts import overlay_doubts
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

GUESSED = DecodeWarning("charset", "The character set was guessed.")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def without_slice_6(study: Study) -> Study:
    series = study.series[0]
    rest = tuple(one for n, one in enumerate(series.instances) if n != 6)
    return replace(study, series=(replace(series, instances=rest),))


def test_a_prior_says_its_gap_and_planes_say_the_worst_loss_of_their_slices(qtbot: QtBot) -> None:
    """The current CT is lossy (8:1, one slice 12:1) and its letters were guessed; a slice of the prior is missing."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    lossy = {uid: replace(one, lossy_ratio=12.0 if uid == "1.2.3.2.2" else 8.0) for uid, one in images.items()}
    bench = ComparingBench(case_of(replace(study, warnings=(GUESSED,)), lossy))
    qtbot.addWidget(bench.page)
    bench.page.resize(1872, 1052)
    bench.page.show()
    older, older_images = ct_study("1.9.1", "20251208", frame="1.6")
    bench.source.known.append(prior("1.9.1"))
    bench.serve_prior(without_slice_6(older), older_images)
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: any(one.study_instance_uid == "1.9.1" for one in bench.page.grid.scenes))
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: "volume" in bench.page.grid.scenes_by_key)
    by_key = bench.page.grid.scenes_by_key

    assert red(by_key["stack"]) == ("Character set guessed", "Lossy 8.0:1")
    assert red(next(one for one in by_key.values() if one.study_instance_uid == "1.9.1")) == ("Slices missing",)
    assert red(by_key["axial"]) == ("Character set guessed", "Lossy 12.0:1")
    assert red(by_key["coronal"]) == ("Character set guessed", "Lossy 12.0:1", "MPR interpolated")
    assert red(by_key["volume"]) == ("Character set guessed", "Lossy 12.0:1")
    told = {key: bench.page.grid.frame(key).header.fidelity for key in ("stack", "axial", "coronal", "sagittal")}
    assert {key: (one.kind, one.ratio) for key, one in told.items()} == {
        "stack": (FidelityKind.LOSSY_FINAL, 8.0),
        "axial": (FidelityKind.LOSSY_FINAL, 12.0),
        "coronal": (FidelityKind.LOSSY_FINAL, 12.0),
        "sagittal": (FidelityKind.LOSSY_FINAL, 12.0),
    }
    bench.close()


def test_an_overlay_says_that_its_own_slices_are_lossy_and_incomplete() -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    series = without_slice_6(study).series[0]
    lossy = [replace(one, lossy_ratio=0.0) for one in images.values()]
    assert overlay_doubts(series, lossy) == ("Overlay: Slices missing", "Overlay: Lossy")
    assert overlay_doubts(study.series[0], images.values()) == ()
