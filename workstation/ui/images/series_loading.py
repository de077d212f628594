"""Fetches the slices of the series on screen and says how far it is and what failed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from resources.translation import tr, trn
from viewers.scene.image import SliceImage
from workstation.domain.errors import WorkstationError
from workstation.domain.study import Study
from workstation.ui.images.clip_shares import ClipShares
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.reading_words import series_facts
from workstation.ui.slice_feed import OpenStream, SliceFeed

_NAMED_FAILURES = 8


class SeriesLoading(QObject):
    """One series at a time; every signal carries the ``ShownSeries`` first, on the main thread."""

    arrived = Signal(object, object)
    """``list[tuple[int, SliceImage]]``, already in the stack"""
    failed = Signal(object)
    settled = Signal(object)
    """Every slice is here or has failed."""

    def __init__(self, page: ReadingPage, open_stream: OpenStream, shares: ClipShares | None = None) -> None:
        super().__init__(page)
        self._shares = shares or ClipShares()
        self._page = page
        self._open_stream = open_stream
        self._study: Study | None = None
        self._shown: ShownSeries | None = None
        self._feed = SliceFeed(self)
        self._feed.arrived.connect(self._arrived)
        self._feed.failed.connect(self._failed)
        self._feed.line_changed.connect(self._line)
        self._feed.settled.connect(self._settled)
        page.grid.scrolled.connect(self._feed.focus)
        page.retry_requested.connect(self.retry)

    def start(self, study: Study, shown: ShownSeries) -> None:
        """Fetch what is missing of a series; whatever ran before is dropped."""
        self.close()
        self._study, self._shown = study, shown
        for key in ("slices", "line"):
            self._page.notices.clear_notice(key)
        self.show_progress()
        missing = shown.missing
        if missing:
            self._feed.start(study, shown.series, missing, self._open_stream)
            self._feed.focus(shown.scene.index)
        if shown.scene.is_on_demand and shown.scene.cine is not None:
            self._shares.join(shown.scene, self._feed)
        if not missing:
            self._settled()

    def close(self) -> None:
        """Stop; nothing that is still under way arrives."""
        self._feed.close()
        if self._shown is not None:
            self._shares.leave(self._shown.scene)
        self._study = self._shown = None

    def focus(self, index: int) -> None:
        """Fetch around a slice next."""
        self._feed.focus(index)

    def retry(self) -> None:
        """Fetch again what failed."""
        if self._shown is not None and self._study is not None:
            self._shown.failed.clear()
            self.start(self._study, self._shown)

    def show_progress(self) -> None:
        """Say how much of the series is here."""
        shown = self._shown
        if shown is not None:
            here = len(shown.scene.arrived)
            self._page.show_loading(here, len(shown.failed), shown.scene.count)
            self._page.series.show_cached(shown.key, shown.cached, series_facts(shown.series, here))

    def _arrived(self, batch: list[tuple[int, SliceImage]]) -> None:
        shown = self._shown
        if shown is None:
            return
        for index, image in batch:
            shown.scene.put(index, image)
            shown.failed.pop(index, None)
        self._shares.learn(shown.scene)
        self.arrived.emit(shown, batch)
        self.show_progress()

    def _failed(self, failures: list[tuple[int, Exception]]) -> None:
        shown = self._shown
        if shown is None:
            return
        for index, error in failures:
            if not isinstance(error, WorkstationError):
                raise error
            shown.failed[index] = error.user_text
            why = f"{error.user_text} {error.hint}".rstrip()
            shown.scene.fail(index, tr("Slice {number} cannot be shown: {why}", number=index + 1, why=why))
        self.failed.emit(shown)
        self.show_progress()
        numbers = ", ".join(str(index + 1) for index in sorted(shown.failed)[:_NAMED_FAILURES])
        if len(shown.failed) > _NAMED_FAILURES:
            numbers += " …"
        self._page.notices.show_notice(
            Notice(
                "slices",
                Severity.LOST,
                trn(
                    "{count} slice could not be fetched: {numbers}",
                    "{count} slices could not be fetched: {numbers}",
                    len(shown.failed),
                    numbers=numbers,
                ),
                tr("All other slices can be read; three planes need every slice."),
                actions=(NoticeAction(tr("Try again"), self.retry, "refresh"),),
            )
        )

    def _line(self, up: bool) -> None:  # noqa: FBT001 - a signal's argument
        if up:
            self._page.notices.clear_notice("line")
            return
        self._page.notices.show_notice(
            Notice(
                "line",
                Severity.DEGRADED,
                tr("The line to the hub is down"),
                tr("What is here stays usable; fetching goes on by itself."),
            )
        )

    def _settled(self) -> None:
        if self._shown is not None:
            self.settled.emit(self._shown)
