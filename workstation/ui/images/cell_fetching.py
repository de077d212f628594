"""Fetches what cells show beside the series on screen, says what failed, and tries again when told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from resources.translation import tr, trn
from workstation.ui.images.cell_images import CellLoading
from workstation.ui.images.cell_sharing import CellSharing, stacks_of
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.notice import Notice, NoticeAction, NoticeBar, Severity

_NOTICE: Final = "cell slices"


class CellFetching:
    """The series on screen is not its business: what fails there is said there."""

    def __init__(
        self, loading: CellLoading, sharing: CellSharing, notices: NoticeBar, retry: Callable[[], None]
    ) -> None:
        self._loading, self._sharing, self._notices, self._retry = loading, sharing, notices, retry

    def begin(self, cells: Sequence[PlacedCell]) -> None:
        """Fetch what cells miss, what failed before too."""
        self._notices.clear_notice(_NOTICE)
        sharing = self._sharing
        alone = [one for one in stacks_of(cells) if not sharing.is_shared(one)]
        for stack in alone:
            stack.failed.clear()
        self._loading.show([(one, sharing.stream_of(one)) for one in alone])

    def stop(self) -> None:
        """Fetch nothing more: the cells are not on screen."""
        self._notices.clear_notice(_NOTICE)
        self._loading.show([])

    def say_failed(self, cells: Sequence[PlacedCell]) -> None:
        """Say how many slices beside the series on screen failed, and offer to try again."""
        count = sum(len(one.failed) for one in stacks_of(cells) if not self._sharing.is_shared(one))
        if not count:
            return
        fact = trn(
            "{count} slice of the images beside could not be fetched",
            "{count} slices of the images beside could not be fetched",
            count,
        )
        more = tr("All other slices can be read; three planes need every slice.")
        again = NoticeAction(tr("Try again"), self._retry, "refresh")
        self._notices.show_notice(Notice(_NOTICE, Severity.LOST, fact, more, actions=(again,)))
