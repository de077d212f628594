"""Every finding is reached, decided, measured anew or added by the reader's own hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.reading import ReadingBench
from tests.helpers.reading_page import decisions, measure, opened, place, press, two_marks
from viewers.scene.image import SliceImage
from viewers.scene.slice_view import SliceView
from workstation.domain.finding import Decision, FindingList, Lobe, NoduleType, RejectReason
from workstation.domain.geometry import Point
from workstation.domain.workitem import AiState, AiSummary
from workstation.ui.widgets.finding_editor import FindingEditor
from workstation.ui.widgets.tiling import STACK, Layout

pytestmark = pytest.mark.gui


def test_a_jump_brings_the_slice_of_the_finding_to_every_view(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    uids = opened(qtbot, bench)
    bench.page.jump_to(uids[1])
    grid = bench.page.grid
    assert grid.stack is not None
    assert grid.stack.index == 15
    target = place(slices, 370, 300, 15)
    for key in grid.visible_keys():
        frame = grid.frames[key]
        assert frame.scene is not None
        view = frame.scene.view(frame.canvas.viewport)
        assert view is not None
        assert is_well_in_view(view, target)
        assert [m.tracking_uid for m in frame.scene.marks(view) if m.selected] == [uids[1]]
    assert bench.page.findings.selected == uids[1]


def is_well_in_view(view: SliceView, lps_mm: Point) -> bool:
    """Tell whether a point lies an eighth of the viewport or more off every edge."""
    (x, y), (width, height) = view.viewport_of(lps_mm), view.viewport
    return width / 8 <= x <= width * 7 / 8 and height / 8 <= y <= height * 7 / 8


def test_a_mark_that_is_in_view_already_moves_no_picture(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    scenes = bench.page.grid.scenes
    before = [scene.state.camera for scene in scenes]
    bench.page.jump_to(uids[1])
    assert [scene.state.camera for scene in scenes] == before


def test_a_mark_off_the_screen_is_brought_to_the_middle(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    uids = opened(qtbot, bench)
    frame = bench.page.grid.frame(STACK)
    assert frame.scene is not None
    frame.scene.set_camera(frame.scene.state.camera.panned(-3000, 0))
    bench.page.jump_to(uids[1])
    view = frame.scene.view(frame.canvas.viewport)
    assert view is not None
    width, height = view.viewport
    assert view.viewport_of(place(slices, 370, 300, 15)) == pytest.approx((width / 2, height / 2), abs=0.5)


def test_a_jump_before_the_planes_are_painted_brings_them_too(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    bench.open(qtbot.waitUntil)
    bench.presenter.images.volume_built.connect(lambda: bench.page.jump_to("1.2.3.7.2"))
    bench.streams.last.deliver_all()
    qtbot.waitUntil(lambda: bench.page.findings.selected == "1.2.3.7.2")
    grid = bench.page.grid
    qtbot.waitUntil(lambda: all(grid.frames[key].isVisible() for key in grid.visible_keys()))
    for key in ("axial", "coronal", "sagittal"):
        frame = grid.frames[key]
        view = frame.scene.view(frame.canvas.viewport) if frame.scene else None
        assert view is not None
        assert is_well_in_view(view, place(slices, 370, 300, 15))


def test_a_jump_to_a_missing_slice_is_finished_when_it_arrives(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    bench.open(qtbot.waitUntil)
    bench.streams.last.deliver(10)
    qtbot.waitUntil(bench.page.has_image)
    frame = bench.page.grid.frames[STACK]
    assert frame.scene is not None
    frame.scene.set_camera(frame.scene.state.camera.panned(-3000, 0))
    bench.page.jump_to("1.2.3.7.2")
    assert not bench.page.has_image()
    assert bench.streams.last.focused[-1] == 15
    bench.streams.last.deliver(15)
    qtbot.waitUntil(bench.page.has_image)
    view = frame.scene.view(frame.canvas.viewport)
    assert view is not None
    width, height = frame.canvas.viewport
    assert view.viewport_of(place(slices, 370, 300, 15)) == pytest.approx((width / 2, height / 2), abs=0.5)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_whole_list_is_decided_by_keys_alone(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    press(bench, Qt.Key.Key_N)
    assert bench.page.findings.selected == uids[0]
    press(bench, Qt.Key.Key_Return)
    assert bench.page.findings.selected == uids[1]  # the next that waits
    press(bench, Qt.Key.Key_Backspace)
    menu = bench.page.findings.menu
    assert menu is not None
    QTest.keyClick(menu, Qt.Key.Key_4)
    assert decisions(bench) == [Decision.ACCEPTED, Decision.REJECTED]
    assert bench.session.findings.findings[1].reject_reason is RejectReason.ARTEFACT
    assert bench.page.findings.selected == uids[1]  # none waits: one stays
    press(bench, Qt.Key.Key_N, held=Qt.KeyboardModifier.ShiftModifier)
    assert bench.page.findings.selected == uids[0]


def test_who_changes_a_former_decision_stays_with_that_finding(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    bench.page.findings.reject_requested.emit(uids[0], RejectReason.VESSEL)
    assert bench.page.findings.selected == uids[1]
    bench.page.jump_to(uids[0])
    press(bench, Qt.Key.Key_Return)
    assert (bench.page.findings.selected, decisions(bench)[0]) == (uids[0], Decision.ACCEPTED)


def test_a_mark_accepted_at_an_own_finding_becomes_one_finding_and_says_so(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    mark = bench.session.findings.get(uids[0])
    bench.page.measured_add_requested.emit(mark.centre_lps_mm, 12.0)
    said: list[str] = []
    bench.page.toast.connect(said.append)
    bench.page.findings.accept_requested.emit(uids[0])
    assert [one.tracking_uid for one in bench.session.findings.findings] == uids
    assert "Found by the reader, confirmed by the AI" in bench.page.findings.card(uids[0]).lines()
    assert said == ["One finding with your own 3; its size is yours"]


def test_a_decision_is_on_the_image_at_once(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    bench.page.jump_to(uids[0])
    frame = bench.page.grid.frames[STACK]

    def labels() -> list[str]:
        assert frame.scene is not None
        view = frame.scene.view(frame.canvas.viewport)
        assert view is not None
        return [mark.label for mark in frame.scene.marks(view)]

    assert labels() == ["? 1 · 15.5 mm"]
    bench.page.findings.accept_requested.emit(uids[0])
    bench.page.jump_to(uids[0])
    assert labels() == ["✓ 1 · 15.5 mm"]
    bench.page.findings.reject_requested.emit(uids[0], RejectReason.VESSEL)
    assert labels() == []
    bench.page.view_commands.trigger("findings.rejected")
    assert labels() == ["✕ 1 · 15.5 mm"]
    press(bench, Qt.Key.Key_G)
    assert labels() == []


def test_editing_keeps_the_words_of_the_model_beside_those_of_the_reader(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    card = bench.page.findings.card(uids[0])
    QTest.mouseClick(card.edit, Qt.MouseButton.LeftButton)
    assert isinstance(card.editor, FindingEditor)
    card.editor.diameter.setText("14,2")
    card.editor.nodule_type.setCurrentIndex(list(NoduleType).index(NoduleType.SOLID))
    card.editor.lobe.setCurrentIndex(list(Lobe).index(Lobe.RIGHT_UPPER))
    QTest.keyClick(card.editor.diameter, Qt.Key.Key_Return)
    finding = bench.session.findings.get(uids[0])
    assert (finding.diameter_mm, finding.nodule_type, finding.lobe) == (14.2, NoduleType.SOLID, Lobe.RIGHT_UPPER)
    assert (finding.decision, finding.mark.diameter_mm if finding.mark else 0) == (Decision.EDITED, 15.5)
    assert card.lines() == ["Mean diameter 14.2\u2009mm", "AI measured 15.5\u2009mm"]


def test_a_size_that_is_none_is_not_kept(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    card = bench.page.findings.card(uids[0])
    card.start_editing()
    editor = card.editor
    assert isinstance(editor, FindingEditor)
    editor.diameter.setText("big")
    QTest.keyClick(editor.diameter, Qt.Key.Key_Return)
    assert card.editor is editor
    assert decisions(bench)[0] is Decision.UNDECIDED
    QTest.keyClick(editor.diameter, Qt.Key.Key_Escape)
    assert card.editor is None


def test_undo_and_redo_follow_the_order_of_the_hand(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    bench.page.findings.accept_requested.emit(uids[0])
    measure(bench, "2.25.55")
    press(bench, Qt.Key.Key_Z, held=Qt.KeyboardModifier.ControlModifier)
    assert (decisions(bench)[0], bench.session.report.annotations) == (Decision.ACCEPTED, ())
    press(bench, Qt.Key.Key_Z, held=Qt.KeyboardModifier.ControlModifier)
    assert decisions(bench)[0] is Decision.UNDECIDED
    press(bench, Qt.Key.Key_Y, held=Qt.KeyboardModifier.ControlModifier)
    press(bench, Qt.Key.Key_Y, held=Qt.KeyboardModifier.ControlModifier)
    assert decisions(bench)[0] is Decision.ACCEPTED
    assert [m.uid for m in bench.session.report.annotations] == ["2.25.55"]


def test_an_own_finding_is_put_where_the_reader_clicks(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    bench.page.choose_layout(Layout.ONE)
    press(bench, Qt.Key.Key_Insert)
    canvas = bench.page.grid.frames[STACK].canvas
    at = QPoint(canvas.width() // 2 + 40, canvas.height() // 2 - 30)
    expected = bench.page.grid.point_at(STACK, at.x(), at.y())
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    added = bench.session.findings.findings[-1]
    assert (added.decision, added.diameter_mm, added.number) == (Decision.ADDED, 6.0, 3)
    assert added.centre_lps_mm == pytest.approx(expected)
    assert bench.page.findings.card(added.tracking_uid).editor is not None
    assert bench.page.findings.selected == added.tracking_uid


def test_an_own_finding_without_any_ai_result_is_drawn_and_kept_in_its_frame(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    plain = two_marks(slices)
    plain.findings = FindingList("1.2.3")
    plain.row = replace(plain.row, ai=AiSummary(AiState.FAILED))
    opened(qtbot, bench, plain)
    assert bench.page.findings.message_text() == (
        "The AI pre-read failed. Read without it; the worklist can start it again."
    )
    point = place(slices, 200, 260, 9)
    bench.page.add_requested.emit(point)
    assert bench.session.findings.frame_of_reference_uid == slices[0].frame_of_reference_uid
    assert bench.session.findings.series_instance_uid == "1.2.3.2"
    bench.page.jump_to(bench.session.findings.findings[0].tracking_uid)
    frame = bench.page.grid.frames[STACK]
    assert frame.scene is not None
    view = frame.scene.view(frame.canvas.viewport)
    assert view is not None
    assert [mark.label for mark in frame.scene.marks(view)] == ["＋ 1 · 6.0 mm"]


def test_the_footer_names_the_model_and_no_percentage_is_shown(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    assert bench.page.findings.origin_text() == "lung-nodule-xs 0.1.0 · threshold 0.41 · CPU 9.8\u2009s · sha 3f9a…c2"
    words = [word for card in bench.page.findings.cards for word in card.lines()]
    assert words == ["Diameter, about 15.5\u2009mm", "Diameter, about 6.4\u2009mm"]
    assert len(uids) == 2


def test_calibrated_odds_are_said_as_x_of_ten(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    one = two_marks(slices)
    first = one.findings.findings[0]
    assert first.original is not None
    calibrated = replace(first, original=replace(first.original, out_of_ten=9))
    one.findings = one.findings.replaced(calibrated)
    uids = opened(qtbot, bench, one)
    assert bench.page.findings.card(uids[0]).lines()[-1] == "True in about 9 of 10"
