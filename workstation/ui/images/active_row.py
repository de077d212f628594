"""The list of series marks the series of the viewport that tools and keys act on."""

from __future__ import annotations

from PySide6.QtCore import QObject

from workstation.ui.images.feature import FeatureContext


class ActiveRow(QObject):
    """A prior has no row in the list of the case: while its viewport is the active one, no row is marked."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        grid = self._page.grid
        grid.activated.connect(lambda _key: self._mark())
        grid.layout_changed.connect(lambda _layout: self._mark())  # the same viewport may show another series now

    def _mark(self) -> None:
        case, scene = self._images.case, self._page.grid.active.scene
        if case is None or scene is None or not scene.series_instance_uid:
            return
        is_of_case = scene.study_instance_uid == case.session.study.study_instance_uid
        uid, number = scene.stack_key
        self._page.series.select((f"{uid}#{number}" if number else uid) if is_of_case else "")
