"""Strength, colours and scale of the fused cell that is active, by key: the bar of the overlay, for cells."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from resources.translation import tr
from viewers.scene.fusion import FusedLayer, FusionLook
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.fused_cells import FusedCells
from workstation.ui.images.fusion import Fusion
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.reading_words import series_title
from workstation.ui.widgets.fusion_bar import FusionBar


class FusedCellBar(QObject):
    """Opens with the key of the overlay while a fused cell is active, and follows the reader from cell to cell."""

    def __init__(self, context: FeatureContext, fused: FusedCells) -> None:
        super().__init__(context.page)
        self._page, self._fused = context.page, fused
        self._is_open = False
        self.bar = FusionBar(is_of_cell=True)
        self.bar.setParent(self._page)
        self._page.column.insertWidget(self._page.column.count() - 1, self.bar)
        self.bar.overlays.setEnabled(False)  # which series lies there is the protocol's
        self.bar.look_changed.connect(self._paint)
        self.bar.acted.connect(self._part)
        self.bar.closed.connect(self.close)
        self.bar.left.connect(self._to_the_images)
        self._page.grid.activated.connect(lambda _key: self.follow())
        for one in context.images.features:
            if isinstance(one, Fusion):
                one.takes_key = self.toggle

    def toggle(self) -> bool:
        """Open the bar of the active fused cell, or close it; False where no fused cell is active."""
        if self._active is None:
            return False
        if self._is_open:
            self.close()
        else:
            self._is_open = True
            self.follow()
            self.bar.alpha.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def close(self) -> None:
        """Put the bar away; what lies over the cell stays."""
        had_keys = any(one.hasFocus() for one in self.bar.findChildren(QWidget))
        self._is_open = False
        self.bar.hide()
        if had_keys:
            self._to_the_images()

    def follow(self) -> None:
        """Show the look of the cell that is active now, nothing where none is."""
        found = self._active if self._is_open else None
        self.bar.setVisible(found is not None)
        if found is None:
            return
        cell, layer = found
        overlay = cell.overlay
        title = series_title(overlay.stack.series) if overlay is not None else ""
        self.bar.show_overlays([(cell.key, title)], cell.key)
        self.bar.show_look(layer.look, is_suv=layer.is_suv)
        words = " · ".join(layer.warnings)
        if words:
            self.bar.say(words, tone="warn", act=tr("Part again") if self._fused.is_registered(cell) else "")
        else:
            self.bar.say(f"{layer.label} · {tr('same frame of reference')}" if layer.label else "")

    @property
    def _active(self) -> tuple[PlacedCell, FusedLayer] | None:
        grid = self._page.grid
        key = next((key for key, frame in grid.frames.items() if frame is grid.active), "")
        return self._fused.cell_at(key)

    def _paint(self, look: FusionLook) -> None:
        found = self._active
        if found is not None:
            self._fused.paint(found[1], look)

    def _part(self) -> None:
        found = self._active
        if found is not None:
            self._fused.part(found[0])
            self.follow()

    def _to_the_images(self) -> None:
        self._page.grid.active.setFocus(Qt.FocusReason.ShortcutFocusReason)
