"""Every feature of the images, in the order in which they hear of a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject

from workstation.ui.images.active_row import ActiveRow
from workstation.ui.images.annotation_table import AnnotationTable
from workstation.ui.images.cine import CinePlayback
from workstation.ui.images.comparison import Comparison
from workstation.ui.images.drawing import Drawing
from workstation.ui.images.export import Export
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.foreign_objects import ForeignObjectsView
from workstation.ui.images.fusion import Fusion
from workstation.ui.images.histogram import HistogramView
from workstation.ui.images.key_images import KeyImages
from workstation.ui.images.mpr_planes import MprPlanes
from workstation.ui.images.pet_uptake import PetUptake
from workstation.ui.images.real_size import RealSize
from workstation.ui.images.series_keys import SeriesKeys
from workstation.ui.images.thumbnails import Thumbnails
from workstation.ui.images.volume_views import VolumeViews

FEATURES: Final[tuple[Callable[[FeatureContext], QObject], ...]] = (
    MprPlanes,
    SeriesKeys,
    CinePlayback,
    VolumeViews,
    PetUptake,
    Fusion,
    RealSize,
    Export,
    Comparison,
    ForeignObjectsView,
    Drawing,
    AnnotationTable,
    KeyImages,
    HistogramView,
    Thumbnails,
    ActiveRow,
)
