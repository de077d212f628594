"""The window that holds the pages: keys, languages, errors, crash page, theme."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

import workstation.ui
from resources.translation import CHINESE, ENGLISH, language, use_language
from tests.helpers.fakes_ui import EXPERT, NOW, FakeSession, FakeWorklist, evening_list
from workstation.domain.errors import JobCancelled
from workstation.domain.ports import JobContext
from workstation.services.jobs import Pool
from workstation.settings import AppearanceSettings, Settings
from workstation.ui.app import Shell, build_shell
from workstation.ui.commands import Command, CommandSet
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.errors_ui import CrashGuard, CrashPage, write_report
from workstation.ui.notice import Notice, NoticeBar, Severity
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.login_presenter import LoginPresenter
from workstation.ui.pages.page import PageSpec
from workstation.ui.pages.worklist_page import WorklistPage
from workstation.ui.pages.worklist_presenter import WorklistPresenter
from workstation.ui.paint import timer_look
from workstation.ui.theme import NOT_ALLOWED_PAIRS, Theme, contrast
from workstation.ui.widgets.status_bar import StatusFact

pytestmark = pytest.mark.gui

UI = Path(workstation.ui.__file__).parent


@pytest.fixture
def shell(qapp: QApplication, tmp_path: Path) -> Iterator[Shell]:
    assert qapp is not None
    before = language()
    built = build_shell(Settings(appearance=AppearanceSettings(language=ENGLISH)), crash_folder=tmp_path, version="1")
    presenter = WorklistPresenter(
        FakeWorklist(evening_list()), built.jobs, actor=lambda: EXPERT, transaction_uid=lambda *_: "2.25.1",
        now=lambda: NOW,
    )  # fmt: skip
    login = LoginPresenter(FakeSession(), built.jobs)
    built.window.register(
        PageSpec("login", lambda: "Sign in", "login-circle", lambda: LoginPage(login, hub="hub", version="1"),
                 in_rail=False, full_window=True)
    )  # fmt: skip
    built.window.register(PageSpec("worklist", lambda: "Worklist", "task", lambda: WorklistPage(presenter), key="F2"))
    built.window.resize(1920, 1080)
    built.window.show_page("worklist")
    built.window.show()
    yield built
    built.window.close()
    built.close()
    use_language(before)


SURFACES = ("bg0", "bg1", "bg2", "bg3", "sel")
FOREGROUNDS = ("t0", "t1", "t2", "t3")
STATES = ("acc", "ai", "ok", "warn", "bad", "info")


@pytest.mark.parametrize("high_contrast", [False, True])
def test_every_allowed_text_reads_on_its_background(*, high_contrast: bool) -> None:
    theme = Theme(high_contrast=high_contrast)
    pairs = set(product(FOREGROUNDS, SURFACES)) - NOT_ALLOWED_PAIRS
    pairs |= set(product(STATES, ("bg1", "sel")))
    pairs |= {(state, f"{state}.bg") for state in STATES if state != "acc"}
    pairs |= {("acc.text", "acc.bg"), ("acc.on", "acc"), ("on.dark", "acc.bg"), ("overlay.letter", "image.bg"),
              ("acc.on", "acc.hover"), ("acc.on", "acc.press"), ("ok", "ok.hover"), ("bad", "danger.hover"),
              ("t0", "notice.bad"), ("t1", "notice.warn"), ("t1", "notice.info"), ("paper.text", "paper")}  # fmt: skip
    too_weak = {pair for pair in pairs if contrast(theme.color(pair[0]), theme.color(pair[1])) < 4.5}
    assert too_weak == set()


def test_the_two_forbidden_pairs_are_indeed_too_weak() -> None:
    theme = Theme()
    assert all(contrast(theme.color(a), theme.color(b)) < 4.5 for a, b in NOT_ALLOWED_PAIRS)


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21.0)


def test_no_colour_is_written_outside_tokens_and_theme() -> None:
    colour = re.compile(r"""["'#]#?[0-9A-Fa-f]{6}\b|QColor\(["']""")
    stray = {
        f"{path.name}:{number}"
        for path in UI.rglob("*.py")
        if path.name != "theme.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if colour.search(line) and "#" in line
    }
    assert stray == set()


def test_every_command_has_icon_text_key_and_tooltip(shell: Shell) -> None:
    actions = [*shell.window.actions(), *shell.window.page("worklist").actions()]
    assert len(actions) >= 10
    for action in actions:
        assert not action.icon().isNull(), action.text()
        assert action.text()
        assert action.toolTip()
        assert not action.shortcut().isEmpty(), action.text()


def test_no_key_is_given_twice(shell: Shell) -> None:
    keys = [
        key.toString()
        for action in (*shell.window.actions(), *shell.window.page("worklist").actions())
        for key in action.shortcuts()
    ]
    assert sorted(keys) == sorted(set(keys))


def test_the_key_sheet_lists_the_keys_of_window_and_page(shell: Shell) -> None:
    rows = {row.key: row.text for row in shell.window.key_sheet()}
    assert rows["F2"] == "Worklist"
    assert rows["Ctrl ⇧ N"] == "Take next"


def test_switching_the_language_rebuilds_pages_and_keeps_the_selection(shell: Shell, qtbot: QtBot) -> None:
    page = shell.window.page("worklist")
    assert isinstance(page, WorklistPage)
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)
    page.table.select("2.25.3")
    shell.window.apply_settings(Settings(appearance=AppearanceSettings(language=CHINESE)))
    rebuilt = shell.window.page("worklist")
    assert isinstance(rebuilt, WorklistPage)
    assert rebuilt is not page
    row = rebuilt.table.current_row()
    assert row is not None
    assert row.ups_instance_uid == "2.25.3"
    assert language() == CHINESE


def test_the_rail_is_slim_in_a_narrow_window_and_absent_at_sign_in(shell: Shell) -> None:
    assert shell.window.rail.width() == 64
    shell.window.resize(1366, 768)
    assert shell.window.rail.width() == 48
    shell.window.show_page("login")
    assert not shell.window.rail.isVisible()


def test_a_fact_that_is_not_known_is_not_shown(shell: Shell) -> None:
    shell.window.set_fact("hub", lambda: StatusFact("hub", "38 ms"))
    assert shell.window.status.fact("hub") == "38 ms"
    shell.window.set_fact("hub", None)
    assert shell.window.status.fact("hub") == ""


def test_a_bug_shows_its_id_and_the_window_stays_up(
    shell: Shell, qtbot: QtBot, tmp_path: Path, allow_warnings: None
) -> None:
    try:
        raise ValueError("张建国")  # noqa: TRY301 - a bug whose message holds a name
    except ValueError as error:
        report = shell.crash_guard.caught(type(error), error, error.__traceback__)
    assert report is not None
    page = shell.window.findChild(CrashPage)
    assert page is not None
    assert page.isVisible()
    said = [line.text() for line in page.findChildren(QLabel)]
    assert not [line for line in said if "report" in line.casefold()]  # here a report is a patient's
    assert any(report.crash_id in line for line in said)
    written = (tmp_path / f"{report.crash_id}.txt").read_text(encoding="utf-8")
    assert "builtins.ValueError" in written
    assert "张建国" not in written
    page.back.click()
    assert not page.isVisible()
    assert shell.window.isVisible()


def test_after_a_bug_no_other_page_slides_over_its_message_until_a_person_asks_for_one(
    shell: Shell, allow_warnings: None
) -> None:
    def in_front() -> QWidget | None:
        assert page is not None
        stack = page.parentWidget()
        assert stack is not None
        found = stack.childAt(stack.rect().center())
        while found is not None and found.parentWidget() is not stack:
            found = found.parentWidget()
        return found

    error = ValueError()
    shell.crash_guard.caught(type(error), error, None)
    page = shell.window.findChild(CrashPage)
    assert page is not None
    shell.window.show_page("login")
    assert in_front() is page
    shell.window._commands.action("page.worklist").trigger()
    assert not page.isVisible()
    assert in_front() is shell.window.page("worklist")


def test_the_message_of_a_bug_goes_with_the_person_it_was_shown_to(shell: Shell, allow_warnings: None) -> None:
    error = ValueError()
    shell.crash_guard.caught(type(error), error, None)
    page = shell.window.findChild(CrashPage)
    assert page is not None
    shell.window.discard_pages()
    assert not page.isVisible()
    shell.window.show_page("login")
    assert shell.window.page("login").isVisible()


def test_no_key_decides_on_a_page_that_the_message_of_a_bug_covers_until_the_person_carries_on(
    shell: Shell, qtbot: QtBot, allow_warnings: None
) -> None:
    signed: list[str] = []
    shell.window.show_page("worklist")
    covered = shell.window.page("worklist")
    covered.commands.add(
        Command("sign", "Sign", "quill-pen", "Ctrl+Return", lambda: signed.append("c"), everywhere=True)
    )
    covered.commands.add(Command("accept", "Accept", "check", "Return", lambda: signed.append("r")))
    covered.setFocus()
    error = ValueError()
    shell.crash_guard.caught(type(error), error, None)
    page = shell.window.findChild(CrashPage)
    assert page is not None
    qtbot.waitUntil(lambda: not covered.isVisible())
    for held in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier):
        QTest.keyClick(shell.window, Qt.Key.Key_Return, held)
    shell.window.show_page("login")
    shell.window.show_page("worklist")  # a page that comes of itself is covered too
    QTest.keyClick(shell.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert signed == []
    page.back.click()
    assert covered.isVisible()
    QTest.keyClick(shell.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(shell.window, Qt.Key.Key_Return)
    assert signed == ["c", "r"]


def test_an_error_of_a_job_is_handed_over_on_the_main_thread(shell: Shell, qtbot: QtBot) -> None:
    kinds: list[type[Exception]] = []

    def fail(_job: JobContext) -> None:
        raise KeyError("x")

    shell.jobs.submit(Pool.CPU, fail, on_error=lambda error: kinds.append(type(error)))
    qtbot.waitUntil(lambda: kinds == [KeyError])


def test_a_cancelled_job_is_no_bug(tmp_path: Path) -> None:
    guard = CrashGuard(tmp_path, "1")
    assert guard.caught(JobCancelled, JobCancelled(), None) is None
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_does_not_hide_a_bug(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert write_report(blocked / "below", ValueError, None, "1").file is None


def test_results_of_jobs_arrive_on_the_main_thread_in_order(shell: Shell, qtbot: QtBot) -> None:
    seen: list[tuple[int, bool]] = []
    main = threading.current_thread()

    def took(number: int) -> None:
        seen.append((number, threading.current_thread() is main))

    for n in range(50):
        shell.jobs.submit(Pool.DB, partial(_given, n), on_success=took)
    qtbot.waitUntil(lambda: len(seen) == 50)
    assert seen == [(n, True) for n in range(50)]


def _given(number: int, _job: JobContext) -> int:
    return number


def test_the_worst_notice_comes_first_and_only_two_are_shown(qtbot: QtBot, shell: Shell) -> None:
    assert shell is not None
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.show_notice(Notice("a", Severity.NEWS, "news"))
    bar.show_notice(Notice("b", Severity.DEGRADED, "degraded"))
    bar.show_notice(Notice("c", Severity.LOST, "lost"))
    assert [notice.fact for notice in bar.notices()] == ["lost", "degraded", "news"]
    assert bar._column.count() == 2
    bar.clear_notice("c")
    assert bar.notices()[0].fact == "degraded"


def test_enter_accepts_and_escape_cancels_a_dialog(qtbot: QtBot, shell: Shell) -> None:
    for key, expected in ((Qt.Key.Key_Return, 1), (Qt.Key.Key_Escape, 0)):
        dialog = ConfirmDialog(shell.window, "Fact", "Text", "Do it", hint="Hint")
        qtbot.addWidget(dialog)
        dialog.open()
        QTest.keyClick(dialog, key)
        assert dialog.result() == expected


def test_enter_does_not_press_a_destructive_button(qtbot: QtBot, shell: Shell) -> None:
    dialog = ConfirmDialog(shell.window, "Fact", "Text", "Delete", danger=True)
    qtbot.addWidget(dialog)
    dialog.open()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.result() == 0


def test_a_letter_key_stays_silent_while_text_is_typed(qtbot: QtBot, shell: Shell) -> None:
    assert shell is not None
    owner = QWidget()
    field = QLineEdit(owner)
    qtbot.addWidget(owner)
    fired: list[str] = []
    commands = CommandSet(owner)
    commands.add(Command("w", "Window", "contrast-2", "W", lambda: fired.append("w")))
    owner.show()
    owner.activateWindow()
    field.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is field)
    commands.trigger("w")
    assert fired == []
    field.clearFocus()
    commands.trigger("w")
    assert fired == ["w"]


@pytest.mark.parametrize(
    ("left_s", "text", "tone", "fraction"),
    [
        (3600, "01:00:00", "t1", 0.5),
        (1800, "00:30:00", "t1", 0.25),
        (1799, "00:29:59", "warn", 0.25),
        (0, "00:00:00", "warn", 0.0),
        (-1, "+00:00:01", "bad", 1.0),
    ],
)
def test_a_timer_turns_amber_below_a_quarter_and_red_when_overdue(
    left_s: int, text: str, tone: str, fraction: float
) -> None:
    look = timer_look(left_s, 7200)
    assert (look.text, look.tone) == (text, tone)
    assert look.fraction == pytest.approx(fraction, abs=2e-4)


class _Sender(QObject):
    sent = Signal(object)
    queued = Signal(int)


def test_a_hundred_thousand_signals_arrive(qtbot: QtBot) -> None:
    """The pinned PySide6 holds a shift's worth of signals (ADR 0002); 6.12.0 aborts after a few hundred."""
    sender, count, queued = _Sender(), [0], [0]

    def took(_value: object) -> None:
        count[0] += 1

    def took_later(_value: int) -> None:
        queued[0] += 1

    sender.sent.connect(took)
    sender.queued.connect(took_later, Qt.ConnectionType.QueuedConnection)
    payload = {"shared": True}
    for n in range(100_000):
        sender.sent.emit(payload)
        if n % 10 == 0:
            sender.queued.emit(n)
    qtbot.waitUntil(lambda: queued[0] == 10_000)
    assert count[0] == 100_000


def test_page_actions_are_found_by_their_key(shell: Shell) -> None:
    search = [a for a in shell.window.page("worklist").actions() if a.shortcut() == QKeySequence("Ctrl+K")]
    assert [action.text() for action in search] == ["Search"]
