"""Returned reports of the own site: whose and which each is, two lines of it, its state, the acknowledge button."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.theme_tokens import font_role
from resources.translation import tr, trn
from workstation.domain.report_state import ReportKind
from workstation.domain.signature import Verdict
from workstation.domain.site import ReturnedReport
from workstation.ui import paint
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.report.way_words import kind_words, withdrawal_words
from workstation.ui.theme import current_theme
from workstation.ui.verdict_words import verdict_chip
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, EmptyState, Panel, label
from workstation.ui.widgets.worklist_words import modality_word

_SHOWN_AT_ONCE: Final = 50
_SUMMARY_LINES: Final = 2
_NOT_WHAT_WAS_SIGNED: Final = frozenset({Verdict.ALTERED, Verdict.UNSIGNED})
_DOUBTED: Final = frozenset({Verdict.ALTERED, Verdict.UNSIGNED, Verdict.UNTRUSTED})
_MADE_AT_ONCE: Final = 6  # an entry takes milliseconds; the window must not stand still for forty


class InboxPanel(Panel):
    """
    ``chosen(ups)`` opens a report beside the list; ``acknowledge_requested(ups)`` confirms its receipt.

    Entries are updated in place: focus, selection and scroll position stay. Reports that wait are
    always listed; of the older ones the newest, and more on request.
    """

    chosen = Signal(str)
    acknowledge_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__(tr("Returned reports"))
        self._count = ChipLabel("", "neutral")
        self.header.insertWidget(1, self._count)
        self.body.setContentsMargins(0, 0, 0, 0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._older = Button("", "ghost", small=True)
        self._older.clicked.connect(self._show_older)
        self._column.addWidget(self._older, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(1)
        self._area.setWidget(inner)
        self._empty = EmptyState(tr("No report yet"), tr("Signed reports come back here by themselves."))
        self.body.addWidget(self._empty)
        self.body.addWidget(self._area, 1)
        self._items: dict[str, InboxItem] = {}
        self._reports: tuple[ReturnedReport, ...] = ()
        self._limit = _SHOWN_AT_ONCE
        self._chosen = ""
        self._checked: dict[str, tuple[Verdict, str]] = {}
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.setInterval(0)
        self._more.timeout.connect(self._go_on)
        self.show_reports(())

    def show_reports(self, reports: Sequence[ReturnedReport]) -> None:
        """Show these reports, those that wait for their receipt first."""
        self._reports = tuple(sorted(reports, key=lambda report: bool(report.acknowledged_at)))
        waiting = sum(not report.acknowledged_at for report in reports)
        if waiting:
            self._count.show_chip(tr("{count} to acknowledge", count=waiting), "bad", "inbox")
        else:
            self._count.show_chip(tr("All acknowledged") if reports else tr("None"), "neutral")
        self._empty.setVisible(not reports)
        self._area.setVisible(bool(reports))
        self._arrange(max(waiting, self._limit))

    def show_verdict(self, report: ReturnedReport, verdict: Verdict, refusal: str = "") -> None:
        """Say in the row what the check of a signature found; ``refusal`` is why its receipt cannot be confirmed."""
        self._checked[report.pdf_sop_instance_uid] = verdict, refusal
        if self.has(report.ups_instance_uid):
            self._items[report.ups_instance_uid].show_verdict(verdict, refusal)

    def has(self, ups_instance_uid: str) -> bool:
        """Tell whether a report is listed."""
        return ups_instance_uid in self._items

    def item(self, ups_instance_uid: str) -> InboxItem:
        """Return one entry; KeyError when it is not there."""
        return self._items[ups_instance_uid]

    def listed(self) -> list[str]:
        """Return the UPS Instance UIDs from top to bottom."""
        return sorted(self._items, key=lambda uid: self._column.indexOf(self._items[uid]))

    def _arrange(self, limit: int) -> None:
        shown = self._reports[:limit]
        wanted = {report.ups_instance_uid for report in shown}
        for uid in [uid for uid in self._items if uid not in wanted]:
            item = self._items.pop(uid)
            self._column.removeWidget(item)
            item.hide()
            item.deleteLater()
        place = made = 0
        for report in shown:
            known = self._items.get(report.ups_instance_uid)
            if known is None:
                if made == _MADE_AT_ONCE:
                    continue
                known = self._make(report)
                self._column.insertWidget(place, known)
                made += 1
            else:
                known.show_report(report)
                if self._column.indexOf(known) != place:
                    self._column.insertWidget(place, known)
            place += 1
        if place < len(shown):
            self._more.start()
        older = len(self._reports) - len(shown)
        self._older.setVisible(older > 0)
        self._older.set_text(trn("Show {count} older report", "Show {count} older reports", older))

    def _make(self, report: ReturnedReport) -> InboxItem:
        item = InboxItem(report)
        item.mark(chosen=report.ups_instance_uid == self._chosen)
        if report.pdf_sop_instance_uid in self._checked:
            item.show_verdict(*self._checked[report.pdf_sop_instance_uid])
        item.pressed.connect(self._choose)
        item.acknowledge_requested.connect(self.acknowledge_requested)
        self._items[report.ups_instance_uid] = item
        return item

    def _go_on(self) -> None:
        waiting = sum(not report.acknowledged_at for report in self._reports)
        self._arrange(max(waiting, self._limit))

    def _show_older(self) -> None:
        self._limit = len(self._reports)
        self._arrange(self._limit)

    def _choose(self, ups_instance_uid: str) -> None:
        self._chosen = ups_instance_uid
        for uid, item in self._items.items():
            item.mark(chosen=uid == ups_instance_uid)
        self.chosen.emit(ups_instance_uid)


class InboxItem(QFrame):
    """One returned report; click, Enter or Space open it."""

    pressed = Signal(str)
    acknowledge_requested = Signal(str)

    def __init__(self, report: ReturnedReport) -> None:
        super().__init__()
        self._report: ReturnedReport | None = None
        self._doubt: Verdict | None = None
        self._refusal = ""
        self._chosen = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        column = QVBoxLayout(self)
        column.setContentsMargins(15, 8, 12, 12)
        column.setSpacing(4)
        top = QHBoxLayout()
        top.setSpacing(8)
        self._who = label("", "body", "t0")
        self._what = ElidedLabel("", "body", "t2")
        self.signed = label("", "caption", "t2")
        top.addWidget(self._who)
        top.addWidget(self._what, 1)
        top.addWidget(self.signed)
        column.addLayout(top)
        self.which = ElidedLabel("", "caption", "t2")
        column.addWidget(self.which)
        self._summary = _TwoLines()
        column.addWidget(self._summary)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        self._state = ChipLabel("", "neutral")
        self._receipt = ElidedLabel("", "caption", "t2")
        bottom.addWidget(self._state)
        self._standing = ChipLabel("", "neutral")
        bottom.addWidget(self._standing)
        self._critical = ChipLabel(tr("Critical value"), "bad", "alarm-warning")
        bottom.addWidget(self._critical)
        bottom.addWidget(self._receipt, 1)
        self.acknowledge = Button(tr("Acknowledge"), "primary", icon="check", small=True)
        self.acknowledge.clicked.connect(self._acknowledge)
        bottom.addWidget(self.acknowledge)
        column.addLayout(bottom)
        self.show_report(report)

    def show_report(self, report: ReturnedReport) -> None:
        """Show what the hub says about this report now."""
        if report == self._report:
            return
        if self._report is not None and self._report.pdf_sop_instance_uid != report.pdf_sop_instance_uid:
            self._doubt, self._refusal = None, ""  # another object was looked at
        self._report = report
        waiting = not report.acknowledged_at
        who = name_or_placeholder(report.patient_name)
        self._who.setText(paint.elided(who, 140))
        self._who.setToolTip(who)
        self._what.show_text(f"{modality_word(report)} · {report.description}")
        when = _clock(report.signed_at)  # with who signed it: beside the buttons below there is no room for a name
        self.signed.setText(tr("{name}, {time}", name=report.signer, time=when) if report.signer else when)
        self.signed.setToolTip(tr("Signed by {name}", name=report.signer) if report.signer else "")
        which = which_study(report)
        self.which.show_text(which)
        self.which.setVisible(bool(which))
        self._summary.show_text(_summary(report, self._doubt))
        standing = _standing(report)
        self._standing.setVisible(standing is not None)
        if standing is not None:
            self._standing.show_chip(*standing)
        self._critical.setVisible(report.critical)
        if waiting:
            self._state.show_chip(tr("To acknowledge"), "acc", "inbox")
            self._receipt.show_text("")
        else:
            self._state.show_chip(tr("Acknowledged"), "ok", "check-double")
        if self._doubt is not None:  # nothing else of it may look as if all were well
            self._state.show_chip(*verdict_chip(self._doubt))
        if not waiting:
            receipt = tr("{name}, {time}", name=report.acknowledged_by, time=_clock(report.acknowledged_at))
            self._receipt.show_text(receipt if report.acknowledged_by else _clock(report.acknowledged_at))
        self.acknowledge.setVisible(waiting)
        self.acknowledge.enable(waiting and not self._refusal, self._refusal)
        urgent = self._critical.text() if report.critical else ""
        name = " · ".join(word for word in (urgent, self._state.text(), self.standing_word()) if word)
        case = " · ".join(part for part in (f"{who} {report.description}", which) if part)
        self.setAccessibleName(f"{case} · {name}")
        self.update()

    def state_word(self) -> str:
        """Return the word on the state chip."""
        return self._state.text()

    def summary(self) -> str:
        """Return what the row says of the report's content."""
        return self._summary.accessibleName()

    def standing_word(self) -> str:
        """Return what the report is to others, empty for a plain one that holds."""
        return "" if self._report is None or _standing(self._report) is None else self._standing.text()

    def mark(self, *, chosen: bool) -> None:
        """Show whether this report is the one beside the list."""
        self._chosen = chosen
        self.update()

    def show_verdict(self, verdict: Verdict, refusal: str = "") -> None:
        """Say what the check of the signature found; with a ``refusal`` the receipt cannot be confirmed."""
        self._doubt = verdict if verdict in _DOUBTED else None
        self._refusal = refusal
        report, self._report = self._report, None
        if report is not None:
            self.show_report(report)

    def release(self) -> None:
        """Let the receipt be confirmed again: the last try did not reach the hub."""
        self.acknowledge.enable(not self._refusal, self._refusal)

    def _acknowledge(self) -> None:
        if self._report is not None:
            self.acknowledge.enable(False, tr("The receipt is on its way"))
            self.acknowledge_requested.emit(self._report.ups_instance_uid)

    def _press(self) -> None:
        if self._report is not None:
            self.pressed.emit(self._report.ups_instance_uid)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the report."""
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._press()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the report with Enter or Space."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._press()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Bring the entry into view and show the ring."""
        super().focusInEvent(event)
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(self, 0, 0)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the ring."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface, the edge of a report that waits, and the ring."""
        theme = current_theme()
        painter = QPainter(self)
        surface = "sel" if self._chosen else "bg2" if self.underMouse() else "bg1"
        painter.fillRect(self.rect(), theme.color(surface))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))
        if self._report is not None and not self._report.acknowledged_at:
            tone = "bad" if self._report.critical or self._doubt is not None else "acc"
            painter.fillRect(0, 0, 3, self.height() - 1, theme.color(tone))
        if self.hasFocus() and self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
            painter.setPen(QPen(theme.color("acc"), theme.px("stroke.focus")))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))


def _standing(report: ReturnedReport) -> tuple[str, str, str] | None:
    """Return word, look and icon of the chip that says whether a report holds and what it follows."""
    if report.withdrawn_code is not None:
        return tr("Withdrawn"), "bad", "error-warning"
    if report.superseded_by:
        return tr("Superseded"), "neutral", "history"
    if report.kind is ReportKind.ORIGINAL:
        return None
    return kind_words(report.kind), "warn", "file-edit"


def which_study(report: ReturnedReport) -> str:
    """
    Return which study a report is of: patient ID, else accession number, and the day of the exam on this machine.

    One patient's studies of one name, and two patients of one name, are told apart by nothing else.
    """
    day = datetime.fromisoformat(report.studied).astimezone().strftime("%Y-%m-%d") if report.studied else ""
    return " · ".join(part for part in (report.patient_id or report.accession_number, day) if part)


def _summary(report: ReturnedReport, doubt: Verdict | None) -> str:
    if report.withdrawn_code is not None:
        why = f"{withdrawal_words(report.withdrawn_code)} · {report.withdrawn_reason}"
        return tr("Nothing of this report holds: {reason}", reason=why)
    if doubt in _NOT_WHAT_WAS_SIGNED:  # the list has these words from elsewhere: nobody signed them as they stand
        return tr("Content not verified: do not act on it.")
    said = report.summary or tr("Open the report to read it.")
    return tr("Content not verified: {words}", words=said) if doubt is not None and report.summary else said


class _TwoLines(QWidget):
    """A summary cut after two lines; the tooltip has it whole."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.setFixedHeight(_line_px() * _SUMMARY_LINES)

    def show_text(self, text: str) -> None:
        self._text = "\n".join(line.strip() for line in text.splitlines() if line.strip())
        self.setAccessibleName(self._text)
        self.setToolTip(self._text)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        height = _line_px()
        for at, line in enumerate(two_lines(self._text, self.width())):
            paint.text(painter, QRectF(0, at * height, self.width(), height), line,
                       align=Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)  # fmt: skip


def _line_px() -> int:
    """Return the height of a line: Chinese reaches further down than the metrics of the first font say."""
    return font_role("body").line


def two_lines(text: str, width: int) -> tuple[str, str]:
    """Return a text on two lines of a width in pixels: broken where its writer broke it, the rest cut."""
    head, _newline, rest = text.partition("\n")
    fits = _that_fits(head, width)
    if fits < len(head):
        rest = f"{head[fits:].lstrip()} {rest}".rstrip()
        head = head[:fits]
    return head.rstrip(), paint.elided(" ".join(rest.split()), width)


def _that_fits(text: str, width: int) -> int:
    """Return how many characters fit, cut at a space where there is one near the end."""
    metrics = paint.metrics("body")
    fits = len(text)
    while fits > 1 and metrics.horizontalAdvance(text[:fits]) > width:
        fits -= 1
    if fits < len(text):
        space = text.rfind(" ", 0, fits + 1)
        if space > fits * 0.7:
            return space
    return fits


def _clock(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%m-%d %H:%M")
    except ValueError:
        return text
