"""How something new joins the images of the reading page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workstation.services.jobs import JobRunner
    from workstation.ui.images.comparing import Comparing
    from workstation.ui.images.foreign_reading import ForeignReading
    from workstation.ui.images.fusing import Fusing
    from workstation.ui.pages.image_presenter import ImagePresenter
    from workstation.ui.pages.reading_page import ReadingPage
    from workstation.ui.slice_feed import OpenStream


@dataclass(frozen=True, slots=True, eq=False)
class FeatureContext:
    """
    What a feature works with.

    A feature is a ``QObject`` whose parent is the page. It listens to the signals of ``images``,
    keeps no state of a case beyond ``case_closed``, and adds its commands, menu entries and
    tilings to ``page``. It is made once for each page, before any case is shown.
    """

    page: ReadingPage
    images: ImagePresenter
    jobs: JobRunner
    open_stream: OpenStream
    comparing: Comparing | None = None
    """Protocols and priors; None where nobody offers them."""
    fusing: Fusing | None = None
    """Uptake values and registration; None where nobody offers them."""
    foreign: ForeignReading | None = None
    """Other systems' objects; None where nobody offers them."""
