"""Readers change and capture hanging protocols; what ships is never lost and what is broken is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from tests.gui.test_hanging import VIEWS, _english, make, opened, press, scenes, stage_name  # noqa: F401 - fixtures
from tests.helpers.comparing import ComparingBench, ct_study, mammogram_study
from tests.helpers.priors import FakeProtocols
from tests.unit.domain.test_hanging import series, study
from viewers.scene.note_scene import NoteScene
from viewers.scene.scene import Scene
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.errors import DiskFull
from workstation.domain.hanging import HangingProtocol, choose_protocol
from workstation.domain.hanging_cells import CellOverlay, CellView, ChestWall, ImageSelector
from workstation.storage.hanging_protocols import HangingLibrary
from workstation.ui.hanging_editor import HangingEditor
from workstation.ui.images.hanging_capture import NameDialog
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

Make = Callable[..., ComparingBench]


@pytest.fixture
def library(tmp_path: Path) -> HangingLibrary:
    return HangingLibrary(tmp_path / "hanging")


def editor(qtbot: QtBot, library: HangingLibrary, chosen: str = "ct-chest") -> HangingEditor:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = HangingEditor(None, library, chosen)
    qtbot.addWidget(made)
    return made


def found(library: HangingLibrary, protocol_id: str) -> HangingProtocol:
    return next(one for one in library.all() if one.protocol_id == protocol_id)


def test_a_renamed_shipped_protocol_becomes_ones_own_and_can_be_taken_back(
    qtbot: QtBot, library: HangingLibrary
) -> None:
    dialog = editor(qtbot, library)
    assert (dialog.form.name.text(), dialog.delete.isEnabled()) == ("Chest CT", False)
    dialog.form.name.setText("Lungs first")
    dialog.form.edited.emit()
    assert dialog.message.text() == "Not saved yet"
    dialog.save.click()
    assert found(library, "ct-chest").title == {"zh_CN": "Lungs first", "en": "Lungs first"}
    assert (dialog.message.text(), dialog.delete.isEnabled()) == ("Saved", True)
    dialog.delete.click()
    assert found(library, "ct-chest").title["en"] == "Chest CT"


def test_matching_and_cells_are_edited_in_the_form(qtbot: QtBot, library: HangingLibrary) -> None:
    dialog = editor(qtbot, library)
    form = dialog.form
    form.modalities.setText("ct, PT，ct")
    form.max_days.setValue(365)
    form.needs_prior.setChecked(True)
    form.rows.setValue(1)
    assert form.table.rowCount() == 2
    prior, shown, wall = form.table.item(1, 4), form.table.cellWidget(1, 6), form.table.cellWidget(1, 8)
    assert prior is not None
    prior.setText("1")
    for box, value in ((shown, "coronal"), (wall, "right")):
        assert isinstance(box, QComboBox)
        box.setCurrentIndex(box.findData(value))
    dialog.save.click()
    saved = found(library, "ct-chest")
    match, stage = saved.match, saved.stages[0]
    assert (match.modalities, match.max_prior_days, match.needs_prior) == (("CT", "PT"), 365, True)
    assert (stage.rows, stage.columns, stage.cells[1].selector.prior) == (1, 2, 1)
    assert (stage.cells[1].view, stage.cells[1].chest_wall) == (CellView.CORONAL, ChestWall.RIGHT)
    assert stage.cells[0].window_preset == 2
    assert stage.cells[1].mip_mm == 10  # what the form does not show is kept


def test_what_the_editor_shows_unchanged_is_saved_as_it_was_for_every_shipped_protocol(
    qtbot: QtBot, library: HangingLibrary
) -> None:
    dialog = editor(qtbot, library)
    for protocol in library.all():
        dialog.form.show_protocol(protocol)
        assert dialog.form.value() == protocol


def test_a_pet_ct_never_hangs_as_a_chest_ct_after_that_one_was_saved_in_the_editor(
    qtbot: QtBot, library: HangingLibrary
) -> None:
    """A layout of CT alone would leave the PET out without a word."""
    dialog = editor(qtbot, library)
    dialog.form.priority.setValue(50)
    dialog.save.click()
    saved = found(library, "ct-chest")
    assert (saved.priority, saved.match.without_modalities) == (50, ("PT",))
    chest, pet = series("1.1", "CT", body_part="CHEST"), series("1.2", "PT")
    chosen = [choose_protocol(library.all(), study("1", *one)) for one in ((chest,), (chest, pet))]
    assert [one.protocol_id for one in chosen if one is not None] == ["ct-chest", "pet-ct"]


def test_a_protocol_that_is_made_to_ask_for_pet_no_longer_rules_it_out(qtbot: QtBot, library: HangingLibrary) -> None:
    dialog = editor(qtbot, library)
    dialog.form.modalities.setText("CT, PT")
    assert dialog.form.value().match.without_modalities == ()


def test_a_prior_of_the_same_day_and_a_series_name_that_ends_in_a_blank_survive_the_editor(
    qtbot: QtBot, library: HangingLibrary
) -> None:
    dialog = editor(qtbot, library)
    shipped = found(library, "ct-chest")
    cell = replace(shipped.stages[0].cells[0], selector=ImageSelector(description="lung\\ "))
    stage = replace(shipped.stages[0], rows=1, columns=1, cells=(cell,))
    asked = replace(shipped, match=replace(shipped.match, max_prior_days=0), stages=(stage,))
    dialog.form.show_protocol(asked)
    assert dialog.form.value() == asked


def test_a_cell_names_the_clip_of_a_series_behind_a_dot(qtbot: QtBot, library: HangingLibrary) -> None:
    dialog = editor(qtbot, library)
    which = dialog.form.table.item(0, 5)
    assert which is not None
    assert which.text() == "1"
    which.setText("2.3")
    dialog.save.click()
    wanted = found(library, "ct-chest").stages[0].cells[0].selector
    assert (wanted.occurrence, wanted.stack) == (1, 2)
    dialog.form.show_protocol(found(library, "ct-chest"))
    again = dialog.form.table.item(0, 5)
    assert again is not None
    assert again.text() == "2.3"


def test_a_cell_names_the_image_of_a_series_behind_a_slash(qtbot: QtBot, library: HangingLibrary) -> None:
    dialog = editor(qtbot, library)
    which = dialog.form.table.item(0, 5)
    assert which is not None
    which.setText("1/2")
    dialog.save.click()
    wanted = found(library, "ct-chest").stages[0].cells[0].selector
    assert (wanted.occurrence, wanted.stack, wanted.image) == (0, None, 1)
    dialog.form.show_protocol(found(library, "ct-chest"))
    again = dialog.form.table.item(0, 5)
    assert again is not None
    assert again.text() == "1/2"


def test_an_overlay_is_edited_cell_by_cell_and_never_lies_over_a_volume(qtbot: QtBot, library: HangingLibrary) -> None:
    dialog = editor(qtbot, library, "pet-ct")
    form, row = dialog.form, dialog.form.overlay
    assert (row.caption.text(), row.which.currentText()) == ("Overlay of cell 1", "no overlay")
    form.table.setCurrentCell(2, 0)
    assert (row.caption.text(), row.which.currentText(), row.scale.currentText()) == (
        "Overlay of cell 3", "PT", "SUV 0\u20135"
    )  # fmt: skip
    for box, text in ((row.colours, "PET colours"), (row.scale, "SUV 0\u201310")):
        box.setCurrentIndex(box.findText(text))
        box.activated.emit(box.currentIndex())
    row.strength.setValue(70)
    form.table.setCurrentCell(3, 0)
    row.which.setCurrentIndex(row.which.findData("PT"))
    row.which.activated.emit(row.which.currentIndex())  # over the MIP: shown as a plane from then on
    dialog.save.click()
    cells = found(library, "pet-ct").stages[0].cells
    assert cells[2].overlay == CellOverlay(ImageSelector(("PT",)), ColourMap.PET, 0.7, ValueScale(0, 10))
    assert (cells[3].view, cells[3].overlay) == (CellView.AXIAL, CellOverlay(ImageSelector(("PT",))))

    shown = form.table.cellWidget(2, 6)
    assert isinstance(shown, QComboBox)
    shown.setCurrentIndex(shown.findData("volume"))
    dialog.save.click()
    assert dialog.message.text() == "Cell 3: an overlay lies over a stack or a plane, not over MIP or 3D"
    form.table.setCurrentCell(2, 0)
    row.which.setCurrentIndex(0)
    row.which.activated.emit(0)
    dialog.save.click()
    assert found(library, "pet-ct").stages[0].cells[2].overlay is None


@pytest.mark.parametrize(("column", "text"), [
        (4, "first"), (4, "-1"), (3, "("), (3, "a{99999999999999999999}"), (5, "9" * 5000),
    ],
)  # fmt: skip
def test_a_cell_that_makes_no_sense_is_told_and_nothing_is_saved(
    qtbot: QtBot, library: HangingLibrary, column: int, text: str
) -> None:
    dialog = editor(qtbot, library)
    item = dialog.form.table.item(0, column)
    assert item is not None
    item.setText(text)
    dialog.save.click()
    assert dialog.message.text() == ("Cell 1: prior and number are whole numbers, the description a search pattern")
    assert not library.is_own("ct-chest")


@pytest.mark.parametrize("text", ["(a+)+$", "(" * 3000 + ")" * 3000, ".*.*.*.*x"])
def test_a_search_that_could_halt_the_window_is_refused_in_words(
    qtbot: QtBot, library: HangingLibrary, text: str
) -> None:
    dialog = editor(qtbot, library)
    item = dialog.form.table.item(0, 3)
    assert item is not None
    item.setText(text)
    dialog.save.click()
    assert dialog.message.text() == (
        "Cell 1: the search pattern would take too long; use words, and .* three times at most"
    )
    assert not library.is_own("ct-chest")


def test_a_protocol_is_preferred_over_its_neighbour(qtbot: QtBot, library: HangingLibrary) -> None:
    dialog = editor(qtbot, library)
    before = dialog.list.currentRow()
    dialog.up.click()
    assert dialog.list.currentRow() < before
    assert found(library, "ct-chest").priority == 1


def test_a_full_disk_is_told_and_the_form_keeps_what_was_typed(qtbot: QtBot) -> None:
    protocols = FakeProtocols(fail_with=DiskFull("The disk is full."))
    library = HangingLibrary(Path("nowhere"))
    protocols.shipped = tuple(library.all())
    dialog = HangingEditor(None, protocols, "ct-chest")
    qtbot.addWidget(dialog)
    dialog.form.name.setText("Mine")
    dialog.save.click()
    assert (dialog.message.text(), dialog.form.name.text()) == ("The disk is full.", "Mine")


def test_a_broken_file_of_ones_own_is_named_in_the_editor(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{", encoding="utf-8")
    dialog = editor(qtbot, HangingLibrary(tmp_path))
    assert dialog.message.text() == "Hanging protocol mine.json is not valid"


# capturing


def pictures(bench: ComparingBench) -> list[Scene]:
    return [one for one in scenes(bench) if not isinstance(one, NoteScene)]


def test_a_captured_layout_hangs_the_next_study_of_its_kind_the_same_way(qtbot: QtBot, make: Make) -> None:  # noqa: F811
    study, images = ct_study("1.2.3", "20261121", frame="1.5")
    other, more = ct_study("1.2.4", "20261121", frame="1.5", description="纵隔窗")
    bench = opened(qtbot, make(replace(study, series=(*study.series, *other.series)), images | more))
    press(bench, Qt.Key.Key_2, Qt.KeyboardModifier.ShiftModifier)
    # a window goes to what hangs by then: wait for the second picture, not for its place alone
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: [one.series_instance_uid for one in pictures(bench)] == ["1.2.3.2", "1.2.4.2"])
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: all(bench.page.grid.links.is_linked(one) for one in scenes(bench)))
    press(bench, Qt.Key.Key_4)
    assert [one.window.width for one in scenes(bench)] == [2000, 2000]
    bench.comparison.capture.capture()
    dialog = bench.comparison.capture.dialog
    assert isinstance(dialog, NameDialog)
    dialog.field.edit.setText("Bone beside soft")
    dialog.accept()
    saved = next(iter(bench.protocols.own.values()))
    assert saved.title == {"zh_CN": "Bone beside soft", "en": "Bone beside soft"}
    assert (saved.match.modalities, saved.match.body_parts) == (("CT",), ("CHEST",))
    assert [cell.window_preset for cell in saved.stages[0].cells] == [4, 4]

    again = opened(qtbot, make(replace(study, series=(*study.series, *other.series)), images | more,
                               protocols=bench.protocols))  # fmt: skip
    assert stage_name(again) == "Bone beside soft"
    again.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: [one.series_instance_uid for one in pictures(again)] == ["1.2.3.2", "1.2.4.2"])
    qtbot.waitUntil(lambda: [one.window.width for one in scenes(again)] == [2000, 2000])


def test_a_captured_mammographic_stage_keeps_sides_views_and_scale(qtbot: QtBot, make: Make) -> None:  # noqa: F811
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", dict(VIEWS))))
    stage = bench.comparison.capture.stage("CC")
    assert stage is not None
    assert [(c.selector.laterality, c.selector.view_position, c.chest_wall) for c in stage.cells] == [
        ("R", "CC", ChestWall.RIGHT),
        ("L", "CC", ChestWall.LEFT),
    ]
    assert stage.same_scale


def captured_in(bench: ComparingBench, name: str) -> str:
    """Capture the layout on screen under a name; return what the reader is told."""
    told: list[str] = []
    bench.page.toast.connect(told.append)
    bench.comparison.capture.capture()
    dialog = bench.comparison.capture.dialog
    assert isinstance(dialog, NameDialog)
    dialog.field.edit.setText(name)
    dialog.accept()
    return told[-1]


def test_a_captured_mammographic_layout_hangs_by_itself_as_its_reader_is_told(qtbot: QtBot, make: Make) -> None:  # noqa: F811
    taken = mammogram_study("1.2.3", "20261121", dict(VIEWS))
    bench = opened(qtbot, make(*taken))
    assert captured_in(bench, "Mine") == "Mine is saved and hangs for studies like this one"
    again = opened(qtbot, make(*taken, protocols=bench.protocols))
    assert [one.name for one in again.comparison.hanging.stages] == ["Mine"]


def test_a_layout_captured_beside_a_prior_is_said_to_hang_where_there_is_one(qtbot: QtBot, make: Make) -> None:  # noqa: F811
    taken, images = mammogram_study("1.2.3", "20261121", dict(VIEWS))
    bench = opened(qtbot, make(taken, images))
    older = replace(taken, study_instance_uid="1.2.2", study_date="20251121")
    bench.comparison.hanging.set_priors((older,), and_hang=False)
    assert captured_in(bench, "Mine") == "Mine is saved and hangs for studies like this one that have a prior"


def test_no_captured_layout_promises_to_hang_where_another_is_preferred(qtbot: QtBot, make: Make) -> None:  # noqa: F811
    bench = opened(qtbot, make(*mammogram_study("1.2.3", "20261121", dict(VIEWS))))
    four = next(one for one in bench.protocols.shipped if one.protocol_id == "mg-four-views")
    match = replace(four.match, body_parts=("BREAST",))
    bench.protocols.own["first"] = replace(
        four, protocol_id="first", match=match, priority=1000, title={"zh_CN": "先", "en": "Top"}
    )
    assert captured_in(bench, "Mine") == (
        "Mine is saved, but Top hangs for studies like this one: prefer yours under Hanging protocols"
    )
