"""Frontal and lateral radiograph in one series stand side by side, each in a viewport of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.gui.test_hanging import _english, make, opened, scenes, stage_name  # noqa: F401 - fixtures
from tests.helpers.comparing import ZHOU, ComparingBench
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene
from workstation.domain.pixel_size import PixelSize
from workstation.domain.study import Instance, Series, Study

pytestmark = pytest.mark.gui

_DX = "1.2.840.10008.5.1.4.1.1.1.1"


def test_both_views_of_one_series_are_on_screen_when_the_case_opens(
    qtbot: QtBot,
    make: Callable[..., ComparingBench],  # noqa: F811 - a fixture
) -> None:
    taken = [Instance(f"1.2.3.2.{n}", _DX, n + 1, rows=140, columns=182, view_position=view)
             for n, view in enumerate(("PA", "LL"))]  # fmt: skip
    pixels = np.random.default_rng(3).integers(0, 4000, (140, 182)).astype(np.int16)
    images = {one.sop_instance_uid: SliceImage(pixels, None, one.sop_instance_uid, pixel_size=PixelSize((0.2, 0.2)))
              for one in taken}  # fmt: skip
    series = Series("1.2.3.2", "DX", 1, "胸部正侧位", "CHEST", tuple(taken))
    bench = make(Study("1.2.3", ZHOU, "20261121", "080000", "", "胸部正侧位 DR", "清水镇中心卫生院", (series,)), images)
    opened(qtbot, bench)

    shown = [one for one in scenes(bench) if isinstance(one, StackScene)]
    assert stage_name(bench) == "1 + 2"
    assert [[slot.view_name for slot in one.slots] for one in shown] == [["PA"], ["LL"]]
