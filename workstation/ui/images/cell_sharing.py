"""What cells share with the series on screen: slices, volume and progress; everything else is fetched for them."""

from __future__ import annotations

from collections.abc import Sequence

from resources.translation import tr
from workstation.ui.images.cell_images import CellStack
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.images.hung_volumes import HungVolumes
from workstation.ui.reading_words import series_facts
from workstation.ui.slice_feed import OpenStream


def stacks_of(cells: Sequence[PlacedCell]) -> list[CellStack]:
    """Return every stack that cells show or are made of, each once, those on screen first."""
    shown = [one.stack for one in cells if one.stack is not None]
    return list(dict.fromkeys([*shown, *(one.stack for cell in cells for one in cell.sources)]))


class CellSharing:
    """Knows which cells show the series on screen, in another window or in planes of their own."""

    def __init__(self, context: FeatureContext) -> None:
        self._page, self._images = context.page, context.images
        self._open_stream, self._comparing = context.open_stream, context.comparing

    def is_shared(self, stack: CellStack) -> bool:
        """Tell whether a stack is that of the series on screen."""
        shown = self._images.shown
        return shown is not None and self._is_of_the_case(stack) and stack.series.key == shown.key

    def stream_of(self, stack: CellStack) -> OpenStream:
        """Return where the slices of a stack come from."""
        if self._comparing is None or self._is_of_the_case(stack):
            return self._open_stream
        return self._comparing.open_stream

    def share(self, stacks: Sequence[CellStack], *, again: bool = False) -> list[CellStack]:
        """
        Give stacks of the series on screen what was fetched for it, and why slices failed.

        ``again`` replaces what they have.
        """
        shown = self._images.shown
        sharing = [one for one in stacks if self.is_shared(one)]
        if shown is None:
            return []
        places = {frame.ref: n for n, frame in enumerate(shown.series.frames)}
        for stack in sharing:
            stack.scene.frame_of_reference_uid = shown.scene.frame_of_reference_uid
            for n, ref in enumerate(stack.refs):
                image = shown.scene.image(places[ref]) if n not in stack.images or again else None
                if image is not None:
                    stack.put(n, image)
            _tell_failed(stack, {n: shown.failed[at] for n, ref in enumerate(stack.refs)
                                 if (at := places[ref]) in shown.failed})  # fmt: skip
        return sharing

    def lend(self, volumes: HungVolumes) -> None:
        """Let cells of the series on screen be cut from its own volume."""
        shown = self._images.shown
        for hung in volumes.held:
            if shown is not None and self.is_shared(hung.stack):
                volumes.lend(hung, shown.built, shown.refusal)
            else:
                volumes.give_back(hung)

    def tell_here(self, stack: CellStack) -> None:
        """Let the row of a series say what is here of it, also where it is not the one in front."""
        case, series, here = self._images.case, stack.series, stack.scene.arrived
        if case is None or not self._is_of_the_case(stack):
            return
        if any(one.key == series.key and one.frames == series.frames for one in case.image_series()):
            cached = tuple(n in here for n in range(len(series.frames)))
            self._page.series.show_cached(series.key, cached, series_facts(series, len(here)))

    def _is_of_the_case(self, stack: CellStack) -> bool:
        case = self._images.case
        return case is not None and stack.study.study_instance_uid == case.session.study.study_instance_uid


def _tell_failed(stack: CellStack, failed: dict[int, str]) -> None:
    stack.failed = failed
    for n, why in failed.items():
        stack.images.pop(n, None)
        stack.scene.fail(n, tr("Slice {number} cannot be shown: {why}", number=n + 1, why=why))
