"""Hanging, priors, their alignment and follow-up: one feature, because each asks the other what is on screen."""

from __future__ import annotations

from PySide6.QtCore import QObject

from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.follow_up import FollowUpView
from workstation.ui.images.fused_cell_bar import FusedCellBar
from workstation.ui.images.hanging import Hanging
from workstation.ui.images.hanging_capture import HangingCapture
from workstation.ui.images.prior_alignment import PriorAlignment
from workstation.ui.images.priors import Priors


class Comparison(QObject):
    """Makes them in the order in which they need each other."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self.hanging = Hanging(context)
        self.fused_bar = FusedCellBar(context, self.hanging.fused)
        self.hanging.changed.connect(self.fused_bar.follow)
        self.alignment = PriorAlignment(context, self.hanging)
        self.priors = Priors(context, self.hanging, self.alignment)
        self.follow_up = FollowUpView(context, self.hanging, self.alignment, self.priors)
        self.capture = HangingCapture(context, self.hanging)
