"""Findings on films: the reader's own boxes, boxes of models that are moved, and what they are called."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from resources.translation import tr
from workstation.domain.image_place import BoxPx, ImagePlace
from workstation.services.reading_session import ReadingSession
from workstation.ui.pages.image_presenter import ImagePresenter
from workstation.ui.pages.reading_page import ReadingPage


class FilmFindings(QObject):
    """
    Joins the boxes on the images to the session.

    ``writable`` returns the session where this reader may write and says why not where they may not.
    """

    def __init__(
        self,
        page: ReadingPage,
        images: ImagePresenter,
        writable: Callable[[], ReadingSession | None],
    ) -> None:
        super().__init__(page)
        self._page = page
        self._images = images
        self._writable = writable
        page.grid.box_requested.connect(self.add)
        page.grid.box_moved.connect(self.move)
        page.findings.name_requested.connect(self.name)

    def add(self, place: ImagePlace) -> None:
        """Add a finding of the reader's own, a box chosen so that it can be drawn to size, and ask what it is."""
        session = self._writable()
        if session is None:
            return
        finding = session.review.add_on_image(place)
        self._page.findings.select(finding.tracking_uid)
        self._images.show_findings(session.displayed, selected=finding.tracking_uid)
        self._page.findings.start_editing(finding.tracking_uid)
        if place.box_px is not None:
            self._page.toast.emit(tr("Drag the corners of the box to its size, its rim to its place"))
        else:
            self._page.toast.emit(tr("Say what it is; no place is marked"))

    def move(self, tracking_uid: str, box_px: BoxPx) -> None:
        """Keep a box where the reader dragged it."""
        session = self._writable()
        if session is not None:
            session.review.move_box(tracking_uid, box_px)
        else:
            self._page.grid.refresh()  # back to where it lies

    def name(self, tracking_uid: str, label: str) -> None:
        """Call a finding by the reader's word; its own word again is no act."""
        session = self._writable()
        if session is not None and session.findings.get(tracking_uid).called != label:
            session.review.name(tracking_uid, label)
