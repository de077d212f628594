"""Pictures of the series that nobody opened yet: drawn small by the hub, fetched one by one after the first slice."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.study import Series
from workstation.services.jobs import JobHandle, Pool
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.shown_series import ShownSeries

_PX: Final = 56


class Thumbnails(QObject):
    """What the reader looks at comes first; where no picture comes, the row keeps its icon."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._jobs = context.page, context.jobs
        self._case: OpenImages | None = None
        self._waiting: list[Series] = []
        self._fetching: JobHandle[QImage] | None = None
        context.images.case_opened.connect(self._opened)
        context.images.case_closed.connect(self._closed)
        context.images.slices_arrived.connect(self._begin)

    def _opened(self, case: OpenImages) -> None:
        self._closed()
        self._case, self._waiting = case, list(case.image_series())

    def _closed(self) -> None:
        self._case, self._waiting = None, []
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None

    def _begin(self, _shown: ShownSeries) -> None:
        if self._fetching is None:
            self._next()

    def _pick(self) -> Series | None:
        while self._waiting and self._has_picture(self._waiting[0]):
            self._waiting.pop(0)
        return self._waiting.pop(0) if self._waiting else None

    def _next(self) -> None:
        fetch, case = self._page.fetch_picture, self._case
        self._fetching = None
        series = self._pick()
        if fetch is None or case is None or series is None:
            return
        study, pixels = case.session.study.study_instance_uid, round(_PX * self._page.devicePixelRatioF())
        middle = series.frames[len(series.frames) // 2].ref

        def work(_job: JobContext) -> QImage:
            sop, frame = middle.sop_instance_uid, middle.frame_number
            return QImage.fromData(fetch(study, series.series_instance_uid, sop, frame, pixels))

        def arrived(picture: QImage) -> None:
            if case is not self._case:
                return
            if not picture.isNull() and not self._has_picture(series):
                picture.setDevicePixelRatio(max(picture.width(), picture.height()) / _PX)
                self._page.series.show_thumbnail(series.key, picture)
            self._next()

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isinstance(error, Unreachable):  # told where it matters; the next slice that arrives begins anew
                self._waiting.insert(0, series)
                self._fetching = None
            elif case is self._case:
                self._next()

        self._fetching = self._jobs.submit(Pool.IO, work, on_success=arrived, on_error=failed)

    def _has_picture(self, series: Series) -> bool:
        return self._page.series.row(series.key).has_thumbnail
