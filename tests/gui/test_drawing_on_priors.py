"""What is drawn on a prior stays with the prior and is kept with the report: words, nodules, undo, reopening."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.gui.test_drawing import drawing
from tests.gui.test_hanging import _english, make, stage_name  # noqa: F401 - fixtures
from tests.gui.test_hung_cells import BOTH, NOW, PLANES_OF_BOTH, STACKS, pictures
from tests.helpers.comparing import ComparingBench, ct_study, shipped
from tests.helpers.priors import FakeProtocols, prior
from tests.helpers.viewers import annotation, axial_stack, image
from viewers.scene.annotations import Annotations
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import Point
from workstation.domain.hanging import HangingProtocol, Stage
from workstation.domain.hanging_cells import Cell
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.ui.images import own_volume
from workstation.ui.images.annotation_table import AnnotationTable
from workstation.ui.images.own_volume import building
from workstation.ui.pages.image_menu import MenuPlace

pytestmark = pytest.mark.gui

Make = Callable[..., ComparingBench]
SEED: Point = (0.0, 0.0, 20.0)
WITHOUT_PRIOR = Stage("now twice", 1, 2, (Cell(NOW), Cell(NOW)))
SAID = "Kept with this report as evidence about the prior, not as a finding"


class Measurer:
    """Measures when it is let, in the volume that it is given."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.volumes: list[Volume] = []

    def __call__(
        self, volume: Volume, seed: Point, job: JobContext, *, author: str = "", tracking_uid: str = ""
    ) -> SimpleNamespace:
        self.go_on.wait(30)
        self.volumes.append(volume)
        found = replace(length(), uid="1.77", tracking_uid=tracking_uid or "1.78", author=author)
        return SimpleNamespace(annotation=replace(found, series_instance_uid=volume.series_instance_uid))


def length() -> Annotation:
    return annotation(AnnotationKind.LENGTH, image(), [(10.0, 10.0), (40.0, 50.0)])  # type: ignore[list-item] # pixels


def opened(qtbot: QtBot, build: Make, stages: tuple[Stage, ...]) -> ComparingBench:
    """Return a chest CT beside its prior, hung by these stages, every picture here."""
    both: HangingProtocol = replace(BOTH, stages=stages)
    bench = build(*ct_study("1.2.3", "20261121", frame="1.5"), protocols=FakeProtocols((both, *shipped())))
    bench.source.known = [prior("1.1.3")]
    bench.serve_prior(*ct_study("1.1.3", "20251208", frame="1.6"))
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: stage_name(bench) == stages[0].name)
    pictures(qtbot, bench)
    return bench


def on_prior(uid: str, slice_index: int = 3) -> Annotation:
    """Return a length on a slice of the prior."""
    return replace(
        length(), uid=uid, tracking_uid=f"{uid}.1", series_instance_uid="1.1.3.2",
        referenced_sop_instance_uid=f"1.1.3.2.{slice_index}", frame_of_reference_uid="1.6",
    )  # fmt: skip


def of_case(bench: ComparingBench) -> Annotations:
    notes = bench.presenter.images.annotations
    assert notes is not None
    return notes


def then(bench: ComparingBench) -> Scene:
    scene = bench.page.grid.frame("cell.1").scene
    assert scene is not None
    assert scene.study_instance_uid == "1.1.3"
    return scene


def test_a_nodule_of_the_prior_never_becomes_one_of_the_case_that_took_its_viewport(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (PLANES_OF_BOTH, WITHOUT_PRIOR))
    measurer = Measurer()
    bench.page.measure_nodule = measurer  # type: ignore[assignment] # what it measured is made up
    told: list[str] = []
    bench.page.toast.connect(told.append)
    before = then(bench).annotations
    bench.page.grid.nodule_wanted.emit("cell.1", SEED)
    bench.comparison.hanging.step(1)
    now = bench.page.grid.frame("cell.1").scene
    assert now is not None
    assert now.study_instance_uid == "1.2.3"

    measurer.go_on.set()
    qtbot.waitUntil(lambda: before.items != ())

    assert [one.series_instance_uid for one in before.items] == ["1.1.3.2"]
    assert of_case(bench).items == ()
    assert now.selected_annotation == ""
    assert told[-1] == "Kept on the image it was made on, which is no longer on screen"


def test_words_asked_for_on_the_prior_stay_there_when_the_case_takes_its_viewport(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (PLANES_OF_BOTH, WITHOUT_PRIOR))
    before = then(bench).annotations
    arrow = replace(length(), kind=AnnotationKind.ARROW, measures=())
    bench.page.grid.text_wanted.emit("cell.1", arrow)
    dialog = drawing(bench).dialog
    assert dialog is not None
    bench.comparison.hanging.step(1)
    dialog.field.setText("old scar")
    dialog.accept()

    assert [one.text for one in before.items] == ["old scar"]
    assert of_case(bench).items == ()


def test_a_measurement_on_a_prior_is_said_to_be_evidence_and_undo_takes_it_back(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    told: list[str] = []
    bench.page.toast.connect(told.append)
    grid, notes = bench.page.grid, then(bench).annotations
    mine = replace(length(), uid="1.90", tracking_uid="1.91")
    grid.frame("stack").keep(mine)
    assert told == []
    grid.activate("cell.1")
    grid.frame("cell.1").keep(length())
    grid.frame("cell.1").keep(replace(length(), uid="1.92", tracking_uid="1.93"))
    assert told == [SAID]

    for _ in range(2):
        bench.page.undo_requested.emit()
    assert (notes.items, of_case(bench).items) == ((), (mine,))
    bench.page.redo_requested.emit()
    assert [one.uid for one in notes.items] == [length().uid]
    grid.activate("stack")
    bench.page.undo_requested.emit()
    assert ([one.uid for one in notes.items], of_case(bench).items) == ([length().uid], ())
    bench.page.redo_requested.emit()
    assert of_case(bench).items == (mine,)


def test_undo_in_a_viewport_of_the_prior_takes_back_nothing_that_was_measured_on_todays_images(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    told: list[str] = []
    grid, notes = bench.page.grid, then(bench).annotations
    mine = replace(length(), uid="1.90", tracking_uid="1.91")
    grid.frame("stack").keep(mine)
    grid.activate("cell.1")
    bench.page.toast.connect(told.append)

    bench.page.undo_requested.emit()
    assert of_case(bench).items == (mine,)
    bench.page.redo_requested.emit()
    assert told == ["Nothing to undo on this study. Activate a viewport of the study that was measured last."]
    grid.frame("cell.1").keep(length())
    grid.activate("stack")
    bench.page.undo_requested.emit()
    assert (of_case(bench).items, notes.items) == ((), (length(),))
    bench.page.undo_requested.emit()
    assert notes.items == (length(),)
    assert told[-1].startswith("Nothing to undo on this study.")
    grid.activate("cell.1")
    bench.page.redo_requested.emit()
    assert of_case(bench).items == ()
    assert told[-1] == "Nothing to redo on this study. Activate a viewport of the study that was measured last."


def test_a_decision_made_beside_the_prior_is_undone_before_what_was_measured_there_earlier(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    assert bench.desk.session is not None
    session, notes = bench.desk.session, then(bench).annotations
    bench.page.grid.activate("cell.1")
    bench.page.grid.frame("cell.1").keep(length())
    bench.page.add_requested.emit(SEED)

    def state() -> tuple[int, int]:
        return len(session.findings.findings), len(notes.items)

    assert state() == (1, 1)
    bench.page.undo_requested.emit()
    assert state() == (0, 1)
    bench.page.undo_requested.emit()
    assert state() == (0, 0)
    bench.page.redo_requested.emit()
    bench.page.redo_requested.emit()
    assert state() == (1, 1)


def test_in_a_case_that_has_become_read_only_a_decision_is_not_undone_from_the_prior_and_stays_to_be_undone_later(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    assert bench.desk.session is not None
    session, notes, claim = bench.desk.session, then(bench).annotations, bench.desk.session.claim
    told: list[str] = []
    bench.page.add_requested.emit(SEED)
    bench.page.grid.activate("cell.1")
    bench.page.toast.connect(told.append)
    session._open.claim = None

    bench.page.undo_requested.emit()
    assert len(session.findings.findings) == 1
    assert told == ["The case was opened read-only."]
    bench.page.grid.frame("cell.1").keep(length())
    bench.page.undo_requested.emit()
    assert notes.items == ()  # what lies on the prior is no part of the report

    session._open.claim = claim
    bench.page.undo_requested.emit()
    assert not session.findings.findings


def test_what_no_step_is_kept_of_is_said_and_the_act_before_it_is_undone_next(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    assert bench.desk.session is not None
    session, told = bench.desk.session, list[str]()
    bench.page.grid.frame("stack").keep(length())
    bench.page.add_requested.emit(SEED)
    bench.page.toast.connect(told.append)
    session.review.begin_anew()  # the steps of the decisions are gone

    bench.page.undo_requested.emit()
    assert told == ["This step is too far back and cannot be undone any more."]
    bench.page.undo_requested.emit()
    assert (len(session.findings.findings), of_case(bench).items) == (1, ())


def test_the_key_that_walks_the_areas_comes_to_the_earlier_exams_and_goes_on(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    page = opened(qtbot, make, (STACKS,)).page
    start = page.dock.first()
    start.setFocus()
    qtbot.waitUntil(start.hasFocus)
    page.next_area()
    card = QApplication.focusWidget()
    assert card is not None
    assert page.priors.isAncestorOf(card)
    page.next_area()
    series = page.series.first()
    assert series is not None
    assert series.hasFocus()


def test_the_words_of_an_arrow_on_a_prior_can_be_changed_and_its_nodule_is_no_finding_of_today(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    scene = then(bench)
    scene.annotations.add("1.1.3", replace(length(), kind=AnnotationKind.ARROW, measures=(), text="scar"))
    scene.selected_annotation = length().uid
    menu = QMenu()
    qtbot.addWidget(menu)
    for entries in bench.page.image_menu.entries:
        entries(menu, MenuPlace("cell.1", 0.0, 0.0, SEED))
    names = {one.objectName(): one for one in menu.actions()}
    assert "menu.nodule.finding" not in names
    names["menu.words"].trigger()
    dialog = drawing(bench).dialog
    assert dialog is not None
    assert dialog.field.text() == "scar"
    dialog.field.setText("scar, unchanged")
    dialog.accept()
    assert [one.text for one in scene.annotations.items] == ["scar, unchanged"]


def test_what_is_measured_on_a_prior_goes_with_the_report_returns_with_it_and_is_no_finding(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    grid, session = bench.page.grid, bench.desk.session
    assert session is not None
    before = session.report
    grid.activate("cell.1")
    grid.frame("cell.1").keep(on_prior("1.92"))
    grid.frame("cell.1").keep(on_prior("1.93", 5))

    (kept,) = session.report.prior_measurements
    assert (kept.study_instance_uid, kept.study_date, kept.modality) == ("1.1.3", "20251208", "CT")
    assert [one.uid for one in kept.annotations] == ["1.92", "1.93"]
    assert [uid for part in kept.measured for uid in part.sop_instance_uids] == ["1.1.3.2.3", "1.1.3.2.5"]
    assert (session.report.annotations, session.report.findings) == ((), before.findings)
    assert (session.report.values, session.report.key_images) == (before.values, ())
    bench.page.undo_requested.emit()
    assert [one.uid for one in session.report.prior_measurements[0].annotations] == ["1.92"]

    bench.presenter.images.show(session)
    qtbot.waitUntil(lambda: stage_name(bench) == STACKS.name)
    assert [one.uid for one in then(bench).annotations.items] == ["1.92"]
    assert of_case(bench).items == ()


def test_the_table_tells_measurements_of_a_prior_by_its_day_and_takes_them_away(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    session = bench.desk.session
    assert session is not None
    bench.page.grid.frame("stack").keep(replace(length(), uid="1.90", tracking_uid="1.91"))
    bench.page.grid.frame("cell.1").keep(on_prior("1.92"))
    table = next(one for one in bench.presenter.images.features if isinstance(one, AnnotationTable))
    place = table.panel.table.item(1, 2)
    assert place is not None
    assert place.text() == "Prior 2025-12-08"
    table.jump("1.92")
    assert then(bench).selected_annotation == "1.92"
    assert then(bench).index == 3
    table.panel.words_asked.emit("1.92")
    dialog = drawing(bench).dialog
    assert dialog is not None
    dialog.field.setText("old scar")
    dialog.accept()
    assert [one.text for one in session.report.prior_measurements[0].annotations] == ["old scar"]
    table.delete("1.92")
    assert session.report.prior_measurements == ()
    assert [one.uid for one in session.report.annotations] == ["1.90"]


def test_a_nodule_is_measured_in_the_stack_of_a_prior_and_the_volume_serves_the_sphere(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    measurer = Measurer()
    measurer.go_on.set()
    bench.page.measure_nodule = measurer  # type: ignore[assignment] # what it measured is made up
    scene = then(bench)
    assert isinstance(scene, StackScene)
    qtbot.waitUntil(lambda: len(scene.arrived) == scene.count)
    for _ in range(2):
        scene.annotations.open_study("1.1.3")
        bench.page.grid.nodule_wanted.emit("cell.1", SEED)
        qtbot.waitUntil(lambda: scene.annotations.items != ())

    first, second = measurer.volumes
    assert first is second is scene.measured_volume
    assert (first.series_instance_uid, first.voxels.shape[0]) == ("1.1.3.2", scene.count)
    assert of_case(bench).items == ()


def test_a_second_view_of_the_series_on_screen_is_measured_in_its_volume(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (WITHOUT_PRIOR, STACKS))
    shown, second = bench.presenter.images.shown, bench.page.grid.frame("cell.1").scene
    assert shown is not None
    assert shown.built is not None
    assert isinstance(second, StackScene)
    assert second.measured_volume is shown.built.volume


def test_where_no_volume_can_be_had_the_tool_says_what_to_do(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = opened(qtbot, make, (STACKS,))
    bench.page.measure_nodule = Measurer()  # type: ignore[assignment] # it is never let
    scene = then(bench)
    assert isinstance(scene, StackScene)
    qtbot.waitUntil(lambda: len(scene.arrived) == scene.count)
    scene.modality = "PT"
    bench.page.grid.nodule_wanted.emit("cell.1", SEED)
    refused = next(one for one in bench.page.notices.notices() if one.key == "nodule")
    assert refused.fact == "A nodule cannot be measured in this view."
    scene.modality = "CT"
    scene.drop(0)
    bench.page.grid.nodule_wanted.emit("cell.1", SEED)
    refused = next(one for one in bench.page.notices.notices() if one.key == "nodule")
    assert refused.fact == "The nodule is measured once all slices are here."


def test_a_stack_is_made_a_volume_when_it_is_whole_and_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, single, part = axial_stack(5), axial_stack(1), axial_stack(5)
    part.drop(3)
    assert [building(one) is not None for one in (whole, single, part)] == [True, False, False]
    monkeypatch.setattr(own_volume, "MOST_BYTES", 1000)
    assert building(whole) is None
