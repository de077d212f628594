"""A stack that is never here whole gets no planes, and says so instead of promising them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PySide6.QtCore import QObject

from resources.translation import use_language
from tests.helpers.hung import JobsByHand
from tests.helpers.reading import series_of
from viewers.scene.annotations import Annotations
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.domain.errors import WorkstationError
from workstation.services.uid import new_uid
from workstation.ui.images import shown_series
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.images.volume_building import VolumeBuilding

IMAGE = SliceImage(np.zeros((4, 4), dtype=np.int16))
SAID = "Too many frames to be held at once: they make no volume"


def shown_of(frames: int, *, on_demand: bool, here: Sequence[int]) -> ShownSeries:
    slots = [StackSlot("1.9", frame) for frame in range(frames)]
    scene = StackScene(slots, annotations=Annotations("1.2.3"), new_uid=new_uid, on_demand=on_demand)
    for index in here:
        scene.put(index, IMAGE)
    return ShownSeries(series_of((IMAGE,), "1.2.3"), scene, ())


@pytest.mark.parametrize(
    ("frames", "on_demand", "refusal"), [(4, True, SAID), (3, True, ""), (4, False, "")], ids=["large", "fits", "files"]
)
def test_more_frames_than_are_held_are_refused_planes_in_words_from_the_first_frame_on(
    monkeypatch: pytest.MonkeyPatch, *, frames: int, on_demand: bool, refusal: str
) -> None:
    use_language("en")
    monkeypatch.setattr(shown_series, "frames_kept", lambda _size: 3)
    parent, jobs, told = QObject(), JobsByHand(), list[WorkstationError]()
    building = VolumeBuilding(parent, jobs)  # type: ignore[arg-type] # a fake
    building.refused.connect(lambda _shown, error: told.append(error))
    shown = shown_of(frames, on_demand=on_demand, here=[0])

    building.refuse_early(shown)
    building.refuse_early(shown)
    building.start(shown)

    assert shown.refusal == refusal
    assert [(one.user_text, bool(one.hint)) for one in told] == ([(SAID, True)] if refusal else [])
    assert jobs.waiting == []
    parent.deleteLater()


def test_nothing_is_said_before_the_first_frame_tells_the_size() -> None:
    shown = shown_of(4, on_demand=True, here=[])
    VolumeBuilding(QObject(), JobsByHand()).refuse_early(shown)  # type: ignore[arg-type] # a fake
    assert shown.refusal == ""
