"""The series of the open study: what is here of each, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme
from workstation.ui.widgets.labels import ElidedLabel, label
from workstation.ui.widgets.side_panel import paint_ground, rolling, stacked, take_away

_THUMB: Final = 56
_ROW: Final = 68
_BAR: Final = 4


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """One row. ``facts`` is its second line; ``cached`` says slice by slice what is here."""

    series_uid: str
    title: str
    facts: str
    is_image: bool
    cached: tuple[bool, ...] = ()
    warnings: tuple[str, ...] = ()
    short: str = ""


class SeriesPanel(QWidget):
    """232 px of rows with names, or 72 px of thumbnails."""

    chosen = Signal(str)
    compact_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        theme = current_theme()
        self._rows: dict[str, SeriesRow] = {}
        self._shown = ""
        self._compact = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 1, 0)
        outer.setSpacing(0)
        self._study = _StudyLine()
        self._body, self._column = stacked()
        scroll = rolling(self._body)
        self._warnings = QWidget()
        self._warning_column = QVBoxLayout(self._warnings)
        self._warning_column.setContentsMargins(12, 8, 12, 8)
        self._warning_column.setSpacing(4)
        self._foot = QWidget()
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(12, 8, 12, 10)
        foot.setSpacing(4)
        self.progress = _TotalProgress()
        self._order = ElidedLabel("", "caption", "t3")
        foot.addWidget(self.progress)
        foot.addWidget(self._order)
        outer.addWidget(self._study)
        outer.addWidget(scroll, 1)
        outer.addWidget(self._warnings)
        self._below = QVBoxLayout()
        self._below.setContentsMargins(4, 0, 4, 0)
        outer.addLayout(self._below)
        outer.addWidget(self._foot)
        self.setFixedWidth(theme.px("series.panel"))
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._take_rows_away()
        self._study.show_line("", "")
        self._shown = ""
        self.show_warnings(())
        self.show_total(0, 0, 0)

    def show_study(self, title: str, note: str, rows: Sequence[SeriesFacts]) -> None:
        """Show a study's rows."""
        self._take_rows_away()
        self._study.show_line(title, note)
        for at, facts in enumerate(rows):
            row = SeriesRow(facts, compact=self._compact)
            row.pressed.connect(self.chosen)
            self._rows[facts.series_uid] = row
            self._column.insertWidget(at, row)

    def _take_rows_away(self) -> None:
        for row in self._rows.values():
            take_away(row)
        self._rows = {}

    def row(self, series_uid: str) -> SeriesRow:
        """Return one row; KeyError when the study has no such series."""
        return self._rows[series_uid]

    def first(self) -> SeriesRow | None:
        """Return the row that the keyboard enters at."""
        shown = self._rows.get(self._shown)
        return shown or next((row for row in self._rows.values() if not row.isHidden()), None)

    def withhold(self, series_uids: Collection[str]) -> None:
        """Keep the rows of these series from the reader, and show all others."""
        for uid, row in self._rows.items():
            row.setHidden(uid in series_uids)

    def select(self, series_uid: str) -> None:
        """Mark the series on screen."""
        self._shown = series_uid
        for uid, row in self._rows.items():
            row.set_selected(selected=uid == series_uid)

    def show_cached(self, series_uid: str, cached: tuple[bool, ...], facts: str) -> None:
        """Show what is here of a series."""
        row = self._rows.get(series_uid)
        if row is not None:
            row.show_facts(replace(row.facts, cached=cached, facts=facts))

    def show_thumbnail(self, series_uid: str, picture: QImage) -> None:
        """Show the picture of a series."""
        row = self._rows.get(series_uid)
        if row is not None:
            row.show_thumbnail(picture)

    def show_keys(self, series_uid: str, count: int) -> None:
        """Show how many key images a series has."""
        row = self._rows.get(series_uid)
        if row is not None:
            row.show_keys(count)

    def show_warnings(self, sentences: Sequence[str]) -> None:
        """Say in red what is doubtful about the series on screen."""
        while (item := self._warning_column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for sentence in sentences:
            line = label(sentence, "caption", "bad", wrap=True)
            self._warning_column.addWidget(line)
        self._warnings.setProperty("said", "\n".join(sentences))
        self._warnings.setVisible(bool(sentences) and not self._compact)

    def warnings_text(self) -> str:
        """Return the red sentences."""
        return str(self._warnings.property("said") or "")

    def add_below(self, widget: QWidget) -> None:
        """Put something of the study as a whole below its series."""
        self._below.addWidget(widget)

    def show_total(self, here: int, failed: int, count: int) -> None:
        """Show how much of the series on screen is here."""
        self.progress.show_progress(here, failed, count)
        self._order.show_text(
            tr("Middle, first and last first, then around the slice you look at") if here < count else ""
        )
        self._foot.setVisible(count > 0 and not self._compact)

    def set_compact(self, *, compact: bool) -> None:
        """Show thumbnails only."""
        if compact == self._compact:
            return
        self._compact = compact
        theme = current_theme()
        self.setFixedWidth(theme.px("series.panel.compact" if compact else "series.panel"))
        self._study.setVisible(not compact)
        self._foot.setVisible(not compact and self.progress.count > 0)
        self._warnings.setVisible(not compact and bool(self.warnings_text()))
        for row in self._rows.values():
            row.set_compact(compact=compact)
        self.compact_changed.emit(compact)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the surface and the hairline towards the images."""
        paint_ground(self, is_left=True)


class SeriesRow(QWidget):
    """Thumbnail, name, facts and the cached-slice bar of one series."""

    pressed = Signal(str)

    def __init__(self, facts: SeriesFacts, *, compact: bool) -> None:
        super().__init__()
        self.facts = facts
        self._picture: QImage | None = None
        self._selected = False
        self._compact = compact
        self.keys = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if facts.is_image else Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.show_facts(facts)

    def show_facts(self, facts: SeriesFacts) -> None:
        """Replace what the row says."""
        self.facts = facts
        keys = trn("{count} key image", "{count} key images", self.keys) if self.keys else ""
        self.setAccessibleName(f"{facts.title} {facts.facts} {keys}".rstrip())
        self.setToolTip("\n".join(part for part in (facts.title, facts.facts, *facts.warnings, keys) if part))
        self.update()

    def show_keys(self, count: int) -> None:
        """Show a star with the number of key images; nothing for none."""
        self.keys = count
        self.show_facts(self.facts)

    def show_thumbnail(self, picture: QImage) -> None:
        """Show a picture, at most 56 px on its longer side at the screen's ratio."""
        self._picture = picture
        self.update()

    @property
    def has_thumbnail(self) -> bool:
        """Tell whether a picture is shown."""
        return self._picture is not None

    def title_within(self, width: int) -> str:
        """Return the name cut in its middle: two results of one kind differ in the last letters of their model."""
        return paint.metrics("body").elidedText(self.facts.title, Qt.TextElideMode.ElideMiddle, max(width, 0))

    def set_selected(self, *, selected: bool) -> None:
        """Mark the row as the one on screen."""
        self._selected = selected
        self.update()

    def set_compact(self, *, compact: bool) -> None:
        """Show the thumbnail only."""
        self._compact = compact
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the row's size."""
        return QSize(72, 84) if self._compact else QSize(232, _ROW)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for the series."""
        if event.button() is Qt.MouseButton.LeftButton and self.facts.is_image:
            self.pressed.emit(self.facts.series_uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask for the series with Enter or Space."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Space} and self.facts.is_image:
            self.pressed.emit(self.facts.series_uid)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the row."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._selected:
            painter.fillRect(self.rect(), theme.color("sel"))
        elif self.facts.is_image and self.underMouse():
            painter.fillRect(self.rect(), theme.color("bg2"))
        if self._compact:
            self._paint_thumbnail(painter, QRectF(7, 4, _THUMB, _THUMB))
            self._paint_bar(painter, QRectF(7, 62, _THUMB, 3))
            words = paint.elided(self.facts.short, 66, "caption")
            paint.text(painter, QRectF(2, 66, 66, 16), words, role="caption", tone="t1" if self._selected else "t2",
                       align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
        else:
            self._paint_thumbnail(painter, QRectF(10, 6, _THUMB, _THUMB))
            width = self.width() - 76 - 11
            paint.text(painter, QRectF(76, 7, width, 20), self.title_within(width), tone="t0")
            tone = "bad" if self.facts.warnings else "t2"
            shift = 0
            if self.facts.warnings:
                paint_icon(painter, QRectF(76, 29, 13, 13), "error-warning", theme.color("bad"))
                shift = 17
            words = paint.elided(self.facts.facts, width - shift, "caption")
            paint.text(painter, QRectF(76 + shift, 27, width, 18), words, role="caption", tone=tone)
            if self.facts.is_image:
                self._paint_bar(painter, QRectF(76, 53, width, _BAR))
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), theme.color("acc"))
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), theme.color("acc"))

    def _paint_thumbnail(self, painter: QPainter, box: QRectF) -> None:
        theme = current_theme()
        painter.fillRect(box, theme.color("image.bg"))
        if self._picture is not None:
            size = self._picture.deviceIndependentSize()
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(box.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, self._picture)
        else:
            name = "image" if self.facts.is_image else "file-list-3"
            paint_icon(painter, QRectF(box.center().x() - 10, box.center().y() - 10, 20, 20), name, theme.color("t3"))
        painter.setPen(theme.color("acc" if self._selected else "line2"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        if self.keys:
            self._paint_keys(painter, box)

    def _paint_keys(self, painter: QPainter, box: QRectF) -> None:
        """Paint star and number in the upper right corner of the thumbnail."""
        theme = current_theme()
        words = str(self.keys)
        width = paint.metrics("caption").horizontalAdvance(words) + 20
        badge = QRectF(box.right() - width - 1, box.top() + 1, width, 16)
        painter.fillRect(badge, theme.color("scrim"))
        paint_icon(
            painter, QRectF(badge.left() + 2, badge.top() + 2, 12, 12), "star-fill", theme.color("overlay.letter")
        )
        paint.text(painter, badge.adjusted(16, 0, 0, 0), words, role="caption", tone="t0")

    def _paint_bar(self, painter: QPainter, box: QRectF) -> None:
        """Fill each pixel column by the share of its slices that is here."""
        theme = current_theme()
        painter.fillRect(box, theme.color("line2"))
        cached = self.facts.cached
        if not cached:
            return
        if all(cached):
            painter.fillRect(box, theme.color("acc"))
            return
        columns, tone = int(box.width()), theme.color("acc")
        for column in range(columns):
            first = column * len(cached) // columns
            last = max(first + 1, (column + 1) * len(cached) // columns)
            if all(cached[first:last]):
                painter.fillRect(QRectF(box.left() + column, box.top(), 1, box.height()), tone)


class _StudyLine(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(28)
        self._title, self._note = "", ""

    def show_line(self, title: str, note: str) -> None:
        self._title, self._note = title, note
        self.setAccessibleName(f"{title} {note}")
        self.setToolTip(title)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg2"))
        note = paint.metrics("caption").horizontalAdvance(self._note)
        room = self.width() - 24
        fits = paint.metrics("body", 600).horizontalAdvance(self._title) + 8 + note <= room
        room -= note + 8 if note and fits else 0
        words = paint.elided(self._title, room)
        paint.text(painter, QRectF(12, 0, room + 4, 28), words, tone="t0", weight=600)
        if not fits:
            return  # which day it was says more than that it is the case at hand
        paint.text(painter, QRectF(self.width() - 12 - note, 0, note + 4, 28), self._note, role="caption", tone="t2")


class _TotalProgress(QWidget):
    """Cloud, words, numbers and a bar for the series on screen."""

    def __init__(self) -> None:
        super().__init__()
        self.here = self.failed = self.count = 0
        self.setFixedHeight(30)

    def show_progress(self, here: int, failed: int, count: int) -> None:
        """Replace the numbers."""
        self.here, self.failed, self.count = here, failed, count
        self.setAccessibleName(f"{here} / {count}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        done = self.here >= self.count
        paint_icon(painter, QRectF(0, 3, 16, 16), "checkbox-circle" if done else "download-cloud-2",
                   theme.color("ok" if done else "t2"))  # fmt: skip
        words = tr("Series complete") if done else tr("Fetching slices")
        if self.failed:
            words = trn("{count} slice failed", "{count} slices failed", self.failed)
        paint.text(painter, QRectF(22, 1, self.width() - 90, 20), words, tone="bad" if self.failed else "t1")
        numbers = f"{self.here} / {self.count}"
        paint.text(painter, QRectF(self.width() - 90, 1, 90, 20), numbers, tone="t1",
                   align=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip
        if self.count:
            paint.progress(painter, QRectF(0, 25, self.width(), 4), self.here / self.count, "ok" if done else "acc")
