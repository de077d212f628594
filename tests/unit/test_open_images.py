"""What was fetched for a cell is taken over into its series without looking through the series again for each slice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from tests.helpers.comparing import ct_study
from viewers.scene.stack_scene import StackScene
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.ui.images import open_images
from workstation.ui.images.open_images import OpenImages


def test_opening_a_series_of_which_all_slices_are_lent_looks_through_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    study, images = ct_study("1.2.3", "20261121", frame="1.5", slices=300)
    case = OpenedCase(cases.row(), study, cases.template(), cases.report(uid=study.study_instance_uid), None)
    opened = OpenImages(ReadingSession(case, cases.READER, clock=cases.FixedClock(), new_uid=cases.Uids()))
    by_slice = {n: replace(images[one.sop_instance_uid]) for n, one in enumerate(study.series[0].instances)}
    opened.lent = lambda _series: by_slice
    looked: list[int] = []

    class Counting(StackScene):
        @property
        def arrived(self) -> frozenset[int]:
            looked.append(len(super().arrived))
            return super().arrived

    monkeypatch.setattr(open_images, "StackScene", Counting)
    shown = opened.open("1.2.3.2")

    assert shown is not None
    assert [n for n in range(300) if shown.scene.image(n) is None] == []
    assert looked == [0]
