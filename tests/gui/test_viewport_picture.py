"""The real study in four viewports, kept as a picture for a person to look at and checked where a machine can."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, use_language
from tests.helpers.viewers import STUDY, finding, findings, real_ct, stack, uids, volume_of
from viewers.qt.viewport import ViewportFrame
from viewers.scene.captions import StudyCaptions
from viewers.scene.link_group import LinkGroup
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.presets import CT_PRESETS
from viewers.scene.scene import Scene
from workstation.domain.finding import Decision

pytestmark = [pytest.mark.gui, pytest.mark.accuracy]
NODULE = (-57.0, 131.0, -520.5)


@pytest.mark.parametrize(("width", "height"), [(1237, 843), (926, 672)])
def test_all_views_of_lidc_0314_meet_at_the_nodule(
    qtbot: QtBot, tmp_path: Path, lidc_0314: Path, width: int, height: int
) -> None:
    use_language(CHINESE)
    images = real_ct(lidc_0314)
    volume, links = volume_of(images), LinkGroup()
    captions = StudyCaptions("LIDC-IDRI-0314", study_description="CHEST", patient_id="LIDC-IDRI-0314")
    axial = stack(list(images))
    axial.frame_of_reference_uid = volume.frame_of_reference_uid
    scenes: list[Scene] = [axial]
    scenes += [MprScene(volume, plane, annotations=axial.annotations, new_uid=uids()) for plane in list(MprPlane)[1:]]
    marks = findings(
        finding(1, NODULE, 15.5, Decision.ACCEPTED),
        finding(2, (60.0, 120.0, -520.5), 6.4),
        frame_of_reference=volume.frame_of_reference_uid,
    )
    host = QWidget()
    qtbot.addWidget(host)
    grid = QGridLayout(host)
    grid.setContentsMargins(0, 0, 0, 0)
    frames = []
    for number, scene in enumerate(scenes):
        scene.captions, scene.findings = captions, marks
        frame = ViewportFrame(parent=host)
        frame.set_scene(scene, links)
        grid.addWidget(frame, number // 2, number % 2)
        frames.append(frame)
    host.resize(width, height)
    host.show()
    frames[0].set_window(CT_PRESETS["2"].window)
    frames[0].show_point(NODULE)
    QApplication.processEvents()
    host.grab().save(str(tmp_path / f"viewports_{width}x{height}.png"))

    assert len(images) == 275
    for scene, frame in zip(scenes, frames, strict=True):
        view = scene.view(frame.canvas.viewport)
        assert view is not None
        x, y = view.viewport_of(NODULE)
        # a solid nodule is bright in the lung window, whichever plane cuts it
        level = frame.canvas.grab().toImage().pixelColor(round(x), round(y)).lightness()
        assert level > 150
        accepted = next(m for m in scene.marks(view) if m.tracking_uid == "2.25.9001")
        assert (accepted.x, accepted.y) == pytest.approx((x, y))
    value = axial.value_at(frames[0].canvas.viewport, *_at(axial, frames[0]))
    assert value is not None
    assert -100 < value[0] < 150
    assert value[1] == "HU"
    assert axial.study_instance_uid == STUDY


def _at(scene: Scene, frame: ViewportFrame) -> tuple[float, float]:
    view = scene.view(frame.canvas.viewport)
    assert view is not None
    return view.viewport_of(NODULE)
