"""What one viewport does is seen in those linked with it, and the slice it leads to is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.viewers import axial_stack
from viewers.qt.viewport import ViewportFrame
from viewers.scene.link_group import LinkGroup
from workstation.domain.registration import Registrations

pytestmark = pytest.mark.gui


def pair(qtbot: QtBot, links: LinkGroup) -> tuple[ViewportFrame, ViewportFrame]:
    frames = ViewportFrame(), ViewportFrame()
    for frame in frames:
        qtbot.addWidget(frame)
        frame.resize(300, 300)
        frame.set_scene(axial_stack(), links)
        frame.show()
    return frames


def test_the_slice_a_link_leads_to_is_asked_for_once(qtbot: QtBot) -> None:
    """The stack that follows must fetch its pixels as if its reader had scrolled."""
    one, other = pair(qtbot, LinkGroup())
    asked: list[int] = []
    other.scrolled.connect(asked.append)

    one.scroll_to(4)
    one.show_point((1.0, 2.0, 8.0))

    assert (other.scene.index if other.scene is not None else None, asked) == (4, [4])


def test_dragging_the_zoom_zooms_linked_viewports_to_the_same_scale(qtbot: QtBot) -> None:
    one, other = pair(qtbot, LinkGroup())

    QTest.mousePress(one.canvas, Qt.MouseButton.RightButton, pos=QPoint(150, 150))
    QTest.mouseMove(one.canvas, QPoint(150, 100))
    QTest.mouseRelease(one.canvas, Qt.MouseButton.RightButton, pos=QPoint(150, 100))

    assert one.scene is not None
    assert other.scene is not None
    assert one.scene.state.camera.zoom != 1.0
    assert other.scene.state.camera.zoom == pytest.approx(one.scene.state.camera.zoom)


def test_a_manual_offset_stays_with_the_viewport_when_its_series_changes(qtbot: QtBot) -> None:
    links = LinkGroup(Registrations())
    one, other = pair(qtbot, links)
    assert one.scene is not None
    assert other.scene is not None
    one.scene.scroll_to(1)
    other.scene.scroll_to(2)
    assert links.align(one.scene, other.scene)

    other.set_scene(axial_stack(), links)
    one.scroll_to(3)

    assert other.scene is not None
    assert other.scene.index == 4
    assert np.isfinite(other.scene.state.camera.zoom)
