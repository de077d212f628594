"""What seven readers of the pictures stumbled over in lists, cards and dialogs of the pages (ADR 0037)."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextLayout, QTextOption
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.fakes_ui import case
from workstation.domain.dispatch import TimelineEvent, TimelineStep
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.norm.values import NormKind
from workstation.domain.phrase import Phrase
from workstation.domain.shared_document import DocumentInfo, DocumentKey, DocumentKind
from workstation.services.site_documents import DocumentEntry
from workstation.ui.document_dialog import DocumentDialog
from workstation.ui.documents.document_words import entry_words, standing_words
from workstation.ui.norm_dialog import NormDialog, ToldFault
from workstation.ui.paint import metrics
from workstation.ui.patient_words import case_words, isolated, name_or_placeholder
from workstation.ui.quality.cards import unbroken
from workstation.ui.report.phrase_dialog import PhraseDialog
from workstation.ui.theme import apply_theme
from workstation.ui.two_identifiers import name_and_id
from workstation.ui.widgets.fields import TextLine
from workstation.ui.widgets.finding_panel import FindingPanel
from workstation.ui.widgets.labels import ChipLabel, label
from workstation.ui.widgets.paper_view import PaperView
from workstation.ui.widgets.timeline_panel import TimelinePanel
from workstation.ui.widgets.worklist_model import WorklistModel

pytestmark = pytest.mark.gui

ARABIC = "محمد عبد الله"
HEBREW = "דוד כהן"


@pytest.mark.parametrize("name", [ARABIC, HEBREW])
def test_a_name_written_from_right_to_left_turns_nothing_round_that_stands_beside_it(
    qtbot: QtBot, qapp: QApplication, name: str
) -> None:
    apply_theme(qapp)
    row = case(1, patient_name=name, patient_id="0118793")
    for line in (case_words(row), name_and_id(row)):
        assert name in line
        # the name first, digits behind it: read from the left edge, as every other line
        assert _left_of(line, name) < _left_of(line, "0118793")
        assert _ink_begins(qtbot, line) < 100
    # what the isolation is for: the bare line is turned round by both of Qt's rules
    bare = f"{name} · 0118793"
    assert _ink_begins(qtbot, bare) > 300
    assert _left_of(bare, name) > _left_of(bare, "0118793")
    use_language(ENGLISH)
    model = WorklistModel()
    model.joined = True
    model.merge([row], mark_new=False)
    assert isolated(name) in str(model.data(model.index(0, 4)))


def test_other_names_stay_letter_for_letter() -> None:
    for name in ("周丽华", "Nurlan Aibek", "Yamada Tarō", "Müller-O'Brien"):
        assert name_or_placeholder(name) == name


def _ink_begins(qtbot: QtBot, line: str) -> int:
    """Return the first column that is written on in a label of 800 px."""
    shown = label(line)
    qtbot.addWidget(shown)
    shown.resize(800, 24)
    picture = shown.grab().toImage()
    ground = picture.pixelColor(400, 0)
    return next(x for x in range(800) for y in range(24) if picture.pixelColor(x, y) != ground)


def _left_of(line: str, part: str) -> float:
    """Return where a part of a line begins on paper whose reading direction is from the left."""
    layout = QTextLayout(line)
    option = QTextOption()
    option.setTextDirection(Qt.LayoutDirection.LeftToRight)
    layout.setTextOption(option)
    layout.beginLayout()
    made = layout.createLine()
    made.setLineWidth(10_000)
    layout.endLayout()
    at = line.index(part)
    ends = [made.cursorToX(at + step) for step in range(len(part) + 1)]
    return min(float(one[0]) for one in ends)  # type: ignore[index]  # PySide types a pair as a number


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Critical values notified within 10 minutes (indicator 4)", "(indicator\u00a04)"),
        ("危急值 10 分钟内通报完成率（指标 4）", "（指标\u00a04）"),
        ("Reports returned to their author", "Reports returned to their author"),
    ],
)
def test_no_tile_of_quality_breaks_within_the_number_of_its_indicator(title: str, kept: str) -> None:
    said = unbroken(title).replace("\u2060", "")
    assert kept in said
    assert said.replace("\u00a0", " ") == title
    layout = QTextLayout(unbroken(title))
    narrowest = metrics("caption").horizontalAdvance(kept) + 2
    layout.setFont(label("", "caption").font())
    layout.beginLayout()
    lines = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(narrowest, 90))
        lines.append(unbroken(title)[line.textStart() : line.textStart() + line.textLength()].replace("\u2060", ""))
    layout.endLayout()
    if kept != title:
        assert any(kept in one for one in lines), lines


def test_the_version_that_holds_is_read_behind_the_longest_name_of_a_hospital(qapp: QApplication) -> None:
    apply_theme(qapp)
    use_language(ENGLISH)
    key = DocumentKey(DocumentKind.LETTERHEAD, "letterhead", "centre")
    entry = DocumentEntry(key, "省影像专科联盟远程诊断中心第一附属医院", None)
    room = 214
    second = entry_words(entry, room).split("\n")[1]
    assert second.endswith("… · none yet")
    assert metrics().horizontalAdvance(second) <= room + 1


def test_nothing_ships_for_character_sets_and_nothing_is_said_to() -> None:
    use_language(ENGLISH)
    none: DocumentInfo | None = None
    said = {kind: standing_words(none, kind) for kind in DocumentKind}
    assert said[DocumentKind.SCANNER_CHARSETS] == "No rule yet: images are read by the character set that they name."
    assert said[DocumentKind.LETTERHEAD] == "The hub has none yet; what ships holds."


def test_the_kind_of_a_fault_stands_on_the_line_of_its_words(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    faults = [
        ToldFault(NormKind.SIDE, "诊断印象：侧别“左肺上叶结节”与所见“右肺上叶结节”不符", "impression"),
        ToldFault(NormKind.RESIDUE, "模板残留"),
    ]
    dialog = NormDialog(None, faults)
    qtbot.addWidget(dialog)
    dialog.show()
    chips = dialog.findChildren(ChipLabel)
    words = [_with_text(dialog, fault.sentence) for fault in faults]
    for chip, text in zip(chips, words, strict=True):
        assert abs(_middle(dialog, chip) - _middle(dialog, text)) <= 1
    assert abs(_middle(dialog, dialog.locates[0]) - _middle(dialog, words[0])) <= 1


def _with_text(dialog: QWidget, text: str) -> QWidget:
    return next(one for one in dialog.findChildren(type(label(""))) if one.text() == text)


def _middle(dialog: QWidget, widget: QWidget) -> float:
    return widget.mapTo(dialog, QPoint(0, 0)).y() + widget.height() / 2


def test_the_list_of_phrases_does_not_roll_sideways(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    use_language(ENGLISH)
    dialog = PhraseDialog(None, language="en", template=("ct-chest", "CT Chest"))
    qtbot.addWidget(dialog)
    title = "Nodule, follow-up after three months by low-dose CT of the chest"
    dialog.show_phrases([Phrase("nf", title, "Follow-up.", "en", shipped=True)])
    dialog.show()
    assert dialog.list.horizontalScrollBar().maximum() == 0 or not dialog.list.horizontalScrollBar().isVisible()
    assert dialog.list.visualItemRect(dialog.list.item(0)).height() > 2 * metrics().lineSpacing()  # in two lines


def test_a_line_of_text_that_is_cut_ends_in_dots_until_somebody_writes(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    room = QWidget()
    qtbot.addWidget(room)
    long, short = TextLine("Category 1 (minutes)", room), TextLine("cat1", room)
    for at, line in enumerate((long, short)):
        line.setGeometry(0, 40 * at, 96, 32)
    room.resize(200, 100)
    room.show()
    assert (long.is_cut, short.is_cut) == (True, False)
    cut = long.grab().toImage()
    long.setText("Category 1 (days)")
    assert long.is_cut
    # of both, only what fits before the dots is painted: the same words
    assert long.grab().toImage() == cut
    long.setText("Category 1")
    assert long.grab().toImage() != cut


def test_a_document_in_another_language_says_so(qtbot: QtBot) -> None:
    def warns(tongue: str, text: str) -> bool:
        use_language(tongue)
        dialog = DocumentDialog(None, "SR", ("Kodiak",), text=text, pages=False)
        qtbot.addWidget(dialog)
        told = [one.text() for one in dialog.findChildren(type(label(""))) if one.property("tone") == "warn"]
        return bool(told)

    assert warns(CHINESE, "Findings: nodule 6 mm")
    assert not warns(CHINESE, "所见：结节 6 mm")
    assert not warns(CHINESE, "12 / 34")
    assert warns(ENGLISH, "所见：结节 6 mm")
    assert not warns(ENGLISH, "Findings: nodule 6 mm")


def test_the_heading_of_what_became_of_a_report_stays_above_what_rolls(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    use_language(ENGLISH)
    panel = TimelinePanel()
    qtbot.addWidget(panel)
    at = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
    events = [
        TimelineEvent(at, TimelineStep.FAILED, "", "清水镇 HIS", "The receiver does not answer") for _ in range(12)
    ]
    panel.show_events(events)
    panel.resize(300, panel.height())
    panel.show()
    qtbot.waitUntil(lambda: panel.verticalScrollBar().value() == panel.verticalScrollBar().maximum() > 0)
    head = next(one for one in panel.findChildren(type(label(""))) if one.text() == "What became of the report")
    assert head.visibleRegion().boundingRect().height() == head.height() >= metrics("caption").height()
    assert head.geometry().bottom() < panel.viewport().geometry().top()


@pytest.mark.parametrize("tongue", [CHINESE, ENGLISH])
def test_first_and_last_of_the_digest_are_read_below_the_findings(
    qtbot: QtBot, qapp: QApplication, tongue: str
) -> None:
    apply_theme(qapp)
    use_language(tongue)
    panel = FindingPanel()
    qtbot.addWidget(panel)
    panel.resize(400, 400)  # DESIGN 4.13
    panel.show_origin(
        AlgorithmIdentity("lung-nodule-s", "1.0.0", f"59f4{'0' * 58}23", threshold=0.59, provider="cpu", seconds_s=12.3)
    )
    panel.show()
    assert panel.origin_text().endswith("sha 59f4…23")
    told = next(one for one in panel.findChildren(type(label(""))) if "59f4" in one.text())
    qtbot.waitUntil(lambda: told.height() >= told.heightForWidth(told.width()) > 0)
    layout = QTextLayout(told.text(), told.font())
    layout.beginLayout()
    ends = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(told.width())
        ends.append(told.text()[line.textStart() : line.textStart() + line.textLength()])
    layout.endLayout()
    assert all(end.endswith("· ") for end in ends[:-1]), ends


def test_a_page_grows_with_its_new_picture_and_is_not_blurred_before(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    paper = PaperView(redrawn=True)
    qtbot.addWidget(paper)
    paper.resize(300, 400)
    paper.show()
    page = np.full((376, 266, 3), 255, np.uint8)
    paper.show_pages([page])
    inner = paper.widget()
    assert inner is not None
    narrow = inner.minimumHeight()

    paper.resize(700, 400)
    assert inner.minimumHeight() == narrow  # the sharp picture stays as it is
    paper.show_pages([page])
    assert inner.minimumHeight() > 2 * narrow
    paper.resize(300, 400)
    assert inner.sizeHint().width() <= 300  # shrunk at once: never wider than its room
