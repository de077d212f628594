"""The pages of the window: made in slices of idle time or at once, made anew in another language, thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget
from shiboken6 import isValid

from workstation.ui.pages.page import Page, PageSpec
from workstation.ui.stepwise import Stepwise

_POLISHED_AT_ONCE: Final = 10


@dataclass(slots=True, eq=False)
class _Slot:
    spec: PageSpec
    page: Page | None = None
    is_old: bool = False
    """Whether the page speaks another language than the window"""
    making: Stepwise | None = None
    coming: Page | None = None
    """The page that is being made, or the old one on its way out: nobody sees it"""


class PageStack(QStackedWidget):
    """
    Holds the pages that were made and makes the others.

    An old page stays, in front if it was, until its successor is whole: no moment without a page.
    """

    prepared = Signal(str)
    """The page with this id is whole: it was made in slices, or somebody could not wait."""
    arrived = Signal(object)
    """A new ``Page``, before its first show"""

    def __init__(self) -> None:
        super().__init__()
        self._slots: dict[str, _Slot] = {}

    def register(self, spec: PageSpec) -> None:
        """Add a page that can be made. Raises ValueError for an id used twice."""
        if spec.page_id in self._slots:
            raise ValueError(f"page {spec.page_id!r} exists")
        self._slots[spec.page_id] = _Slot(spec)

    def specs(self) -> list[PageSpec]:
        """Return how every page appears, in the order of their registration."""
        return [slot.spec for slot in self._slots.values()]

    def spec(self, page_id: str) -> PageSpec | None:
        """Return how a page appears, None for an id that nobody registered."""
        slot = self._slots.get(page_id)
        return slot.spec if slot is not None else None

    def pages(self) -> list[Page]:
        """Return every page that was made."""
        return [slot.page for slot in self._slots.values() if slot.page is not None]

    def made(self, page_id: str) -> Page | None:
        """Return a page as it stands, None when it was never made."""
        slot = self._slots.get(page_id)
        return slot.page if slot is not None else None

    def is_ready(self, page_id: str) -> bool:
        """Tell whether a page can be shown without making it. KeyError when nobody registered it."""
        slot = self._slots[page_id]
        return slot.page is not None and not slot.is_old

    def page(self, page_id: str) -> Page:
        """Return a page, making it now if need be. KeyError when nobody registered it."""
        slot = self._slots[page_id]
        if slot.page is None or slot.is_old:
            making = slot.making or self._begin(slot)
            making.finish()
        if slot.page is None:
            raise RuntimeError(f"page {page_id!r} could not be made")
        return slot.page

    def prepare(self, page_id: str) -> None:
        """Make a page in slices of idle time, unless it is there; ``prepared`` tells when it is."""
        slot = self._slots[page_id]
        if slot.making is None and (slot.page is None or slot.is_old):
            self._begin(slot).start()

    def renew(self) -> None:
        """Make every page anew that was made or is being made, in slices: the one in front first."""
        for slot in self._slots.values():
            slot.is_old = slot.is_old or slot.page is not None or slot.making is not None
            self._drop_coming(slot)
            if slot.is_old:
                self._begin(slot)
        self._go_on()

    def discard(self) -> None:
        """Throw every page away: the next person must see nothing of the last one's."""
        for slot in self._slots.values():
            self._drop_coming(slot)
            self._drop(slot)
            slot.is_old = False

    # inside

    def _begin(self, slot: _Slot) -> Stepwise:
        slot.making = making = Stepwise(self._make(slot), self)
        return making

    def _make(self, slot: _Slot) -> Iterator[None]:
        try:
            yield from self._parts(slot)
        except Exception:
            slot.making = None
            self._drop_coming(slot)
            raise
        if slot.coming is not None:
            yield from self._take(slot, slot.coming)

    def _parts(self, slot: _Slot) -> Iterator[None]:
        made = slot.spec.factory()
        for page in (made,) if isinstance(made, Page) else made:
            if slot.coming is None:
                page.hide()
                page.setParent(self)  # while it is empty: later, every part would be styled twice
                slot.coming = page
            yield
        # else the first show would style every part at once
        parts = slot.coming.findChildren(QWidget) if slot.coming is not None else []
        for at, part in enumerate(parts, start=1):
            if isValid(part):  # a page that is served already may drop parts between two steps
                part.ensurePolished()
            if at % _POLISHED_AT_ONCE == 0:
                yield
        yield

    def _take(self, slot: _Slot, page: Page) -> Iterator[None]:
        """Put a page that is whole where the old one stood."""
        self.arrived.emit(page)
        before = slot.page
        if before is not None:
            page.restore_state(before.save_state())
            yield
        slot.page, slot.coming, slot.is_old = page, before, False
        self.addWidget(page)
        if before is not None:
            if self.currentWidget() is before:
                self.setCurrentWidget(page)
                page.shown()
            yield
            before.close_page()
            self.removeWidget(before)
            before.deleteLater()
        slot.coming = slot.making = None
        self.prepared.emit(slot.spec.page_id)
        self._go_on()

    def _go_on(self) -> None:
        """Make the next of the pages that wait to be made anew: one after the other, so that none is late."""
        waiting = [slot.making for slot in self._slots.values() if slot.is_old and slot.making is not None]
        front = [slot.making for slot in self._slots.values() if slot.page is self.currentWidget() and slot.is_old]
        for making in (*front, *waiting):
            if making is not None:
                making.start()
                return

    def _drop_coming(self, slot: _Slot) -> None:
        if slot.making is not None:
            slot.making.stop()
            slot.making = None
        if slot.coming is not None:
            slot.coming.close_page()
            slot.coming.deleteLater()
            slot.coming = None

    def _drop(self, slot: _Slot) -> None:
        if slot.page is not None:
            slot.page.close_page()
            self.removeWidget(slot.page)
            slot.page.deleteLater()
            slot.page = None
