"""What is doubted about a series stands in red on every picture made of it: stacks beside it, planes, 3D, overlays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.gui.test_hanging import opened
from tests.helpers.comparing import ComparingBench, case_of, ct_study
from tests.helpers.prior_bench import red
from tests.helpers.priors import prior
from tests.unit.viewers.test_fusion import layer, mpr
from viewers.scene.captions import Corner
from viewers.scene.fidelity import FidelityKind
from viewers.scene.fusion import FusionLook
from viewers.scene.mpr_plane import MprPlane
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.study import DecodeWarning, Series, Study
from workstation.domain.technique import Technique
from workstation.ui.images.series_doubts import name_overlay, overlay_doubts
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
    assert red(by_key["coronal"]) == ("Character set guessed", "Lossy 12.0:1")
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


def acquired(series: Series, *at: str) -> Series:
    """Return a series whose slices were acquired at these times, the last of them more than once."""
    times = [*at, *[at[-1]] * len(series.instances)]
    slices = (
        replace(one, technique=Technique(acquired=when)) for one, when in zip(series.instances, times, strict=False)
    )
    return replace(series, instances=tuple(slices))


@pytest.mark.parametrize(
    ("pet_at", "corner", "red_line"),
    [
        ("20261121094300", "PET AC · Hot iron 50 % · 12 min apart", ()),
        ("20261121093030", "PET AC · Hot iron 50 %", ()),
        ("20261121123900", "PET AC · Hot iron 50 %", ("CT and PET 3 h 8 min apart",)),
        ("20261122093100", "PET AC · Hot iron 50 %", ("CT of 2026-11-21, PET of 2026-11-22",)),
    ],
)
def test_a_fused_pane_names_pet_strength_and_colours_and_warns_of_hours_between_ct_and_pet(
    pet_at: str, corner: str, red_line: tuple[str, ...]
) -> None:
    """The CT ran from 09:30 to 09:31 of 21 November."""
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    ct = acquired(study.series[0], "20261121093000", "20261121093100")
    pet = acquired(replace(study.series[0], modality="PT", description="PET AC"), pet_at)
    scene = mpr(MprPlane.AXIAL)
    made = layer()
    name_overlay(made, ct, pet, images.values())
    scene.fuse(made)

    lines = scene.frame((600.0, 500.0)).overlay.captions

    assert [one.text for one in lines if one.is_warning] == list(red_line)
    assert next(one.text for one in lines if one.corner is Corner.BOTTOM_RIGHT) == corner
    # where the pane is narrow, what lies over the image is told before where the slice lies
    narrow = scene.frame((400.0, 500.0)).overlay.captions
    assert corner in [one.text for one in narrow]
    assert [one.text for one in narrow if one.is_warning] == list(red_line)


def test_a_change_of_strength_or_colours_is_told_at_once() -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    made = layer()
    name_overlay(made, study.series[0], replace(study.series[0], modality="NM", description=""), images.values())
    assert made.words == "NM · Hot iron 50 %"
    made.look = FusionLook(ValueScale(0, 8), ColourMap.PET, 0.75)
    assert made.words == "NM · PET colours 75 %"
