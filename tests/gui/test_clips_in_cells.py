"""Clips beside each other are fetched beside each other: a long one, which never ends, holds up no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.helpers.priors import structure
from tests.helpers.reading import FakeStream, Streams, series_of
from viewers.scene.annotations import Annotations
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene, slots_of
from workstation.domain.errors import Refused
from workstation.domain.frames import Cine, FrameRef, ImageStack, StackFrame
from workstation.domain.hanging import Hung
from workstation.domain.hanging_cells import Cell
from workstation.domain.study import Series
from workstation.services.uid import new_uid
from workstation.ui.images.cell_images import CellLoading, CellStack

pytestmark = pytest.mark.gui

IMAGE = SliceImage(np.zeros((4, 4), dtype=np.int16))
FRAMES = 3


def clip(uid: str) -> tuple[CellStack, Streams]:
    """Return a cell with a clip, and the streams it is fetched through."""
    series = series_of((IMAGE,) * FRAMES, uid)
    frames = tuple(StackFrame(FrameRef(one.sop_instance_uid)) for one in series.instances)
    series = replace(series, stacks=(ImageStack(frames, cine=Cine((40.0,) * FRAMES)),))
    scene = StackScene(slots_of(series), annotations=Annotations("1.9.3"), new_uid=new_uid, cine=series.cine)
    streams = Streams({one.sop_instance_uid: IMAGE for one in series.instances})
    return CellStack(structure("1.9.3"), series, scene, Hung(Cell(), series=series)), streams


def still(uid: str) -> tuple[CellStack, Streams]:
    series: Series = series_of((IMAGE,) * FRAMES, uid)
    scene = StackScene(slots_of(series), annotations=Annotations("1.9.3"), new_uid=new_uid)
    streams = Streams({one.sop_instance_uid: IMAGE for one in series.instances})
    return CellStack(structure("1.9.3"), series, scene, Hung(Cell(), series=series)), streams


def test_every_clip_and_the_first_stack_are_fetched_at_once_and_follow_their_own_place(qtbot: QtBot) -> None:
    holder = QObject()
    loading = CellLoading(holder)
    slices, one, other = still("1.2.1"), clip("1.2.2"), clip("1.2.3")
    loading.show([slices, one, other])
    made: list[FakeStream] = [streams.last for _stack, streams in (slices, one, other)]
    assert [stream.started for stream in made] == [True, True, True]

    made[2].deliver(0, 1, 2)
    qtbot.waitUntil(lambda: len(other[0].scene.arrived) == FRAMES)
    assert (len(one[0].scene.arrived), len(slices[0].scene.arrived)) == (0, 0)
    other[0].scene.scroll_to(2)
    loading.focus(other[0])
    assert (made[1].focused, made[2].focused) == ([0], [0, 2])

    made[1].on_failed(1, Refused("There is no such image."))
    qtbot.waitUntil(lambda: 1 in one[0].failed)
    loading.close()
    assert [stream.cancelled for stream in made] == [True, True, True]
