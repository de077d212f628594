"""The masks of a model are stored with its marks, which never wait for them; a mark keeps its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from resources.translation import use_language
from tests.helpers.cases import ALGORITHM, mark
from tests.helpers.detection import ANEW, ITEM, SR, STUDY, Bench, Detector, Hub, Objects, Result, seg
from workstation.domain.errors import NotAVolume, Refused, WrongTransaction
from workstation.domain.model import ModelOutput, SegmentMask
from workstation.domain.outside_use import outside_use_words
from workstation.domain.ports import JobContext
from workstation.domain.study import Instance, Series
from workstation.domain.volume import Volume
from workstation.services.detection_findings import findings_of


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@dataclass
class _Outliner(Detector):
    """A model that gives a mask with its marks."""

    def detect(self, volume: Volume, job: JobContext) -> ModelOutput:  # type: ignore[override]  # another kind of result
        found = super().detect(volume, job)
        mask = SegmentMask("nodule", np.ones(volume.voxels.shape, np.bool_))
        return ModelOutput(ALGORITHM, marks=found.marks, masks=(mask,), seconds=found.seconds)


def test_the_masks_of_a_model_are_stored_with_its_marks_through_the_same_door() -> None:
    bench = Bench(detector=_Outliner())

    assert bench.work()

    assert bench.hub.stored == [b"SEG", b"SR"]
    ((findings, masks, files),) = bench.objects.outlined
    assert (findings, [mask.label for mask in masks], files) == (bench.objects.made[0], ["nodule"], 40)
    assert findings.algorithm is not None
    assert findings.algorithm.doubts == ()
    assert len(bench.hub.completed) == 1


@pytest.mark.parametrize("fault", ["cannot be made", "refused by the hub"])
def test_masks_that_cannot_be_stored_cost_no_mark_and_the_reader_is_told(fault: str) -> None:
    made = NotAVolume("other images") if fault == "cannot be made" else None
    bench = Bench(detector=_Outliner(), objects=Objects(fault=made))
    if made is None:
        bench.hub.faults["store"] = [Refused("no segmentations here")]

    assert bench.work()

    assert bench.hub.stored == [b"SR"]
    (told,) = bench.objects.made
    assert len(told.findings) == 2
    assert told.algorithm is not None
    assert outside_use_words(told.algorithm.doubts) == (
        "The outlines of the AI marks could not be stored with the study; the marks themselves are complete."
    )
    assert [told.algorithm for _item, _outputs, told in bench.hub.completed] == [told.algorithm]
    assert bench.hub.failed == []


def test_where_one_of_two_kinds_is_refused_the_other_is_kept_and_the_reader_is_not_told_that_none_is() -> None:
    bench = Bench(detector=_Outliner(), objects=Objects(segmentations=(b"SEG", b"SEG 2")))
    bench.hub.refused = b"SEG"

    assert bench.work()

    assert bench.hub.stored == [b"SEG 2", b"SR"]
    ((_item, outputs, summary),) = bench.hub.completed
    assert outputs == (SR, seg(b"SEG 2"))
    assert bench.objects.made[0].algorithm == summary.algorithm
    assert outside_use_words(summary.algorithm.doubts) == (
        "The outlines of some AI marks could not be stored with the study; the marks themselves are complete."
    )


def test_after_a_workers_death_the_next_one_gives_the_same_marks_the_same_names_and_stores_no_segments_twice() -> None:
    dead, later = (Bench(hub=Hub(waiting=[item]), detector=_Outliner()) for item in (ITEM, ANEW))
    dead.hub.faults["complete"] = [WrongTransaction("dead")]
    dead.work()
    assert dead.hub.stored == [b"SEG", b"SR"]
    left = Series("1.2.3.8", "SEG", 9, "", "", (Instance("1.2.3.8.3", "1.2.840.10008.5.1.4.1.1.66.4", 1),))
    later.hub.study_ = later.objects.about = replace(STUDY, series=(*STUDY.series, left))

    assert later.work()

    assert later.hub.stored == [b"SR"]
    assert later.hub.completed[0][1] == (SR, seg(b"SEG"))
    assert later.hub.completed[0][2].algorithm.doubts == ()
    names, again = (
        [one.tracking_uid for one in bench.objects.made[0].findings] for bench in (dead, later)
    )  # fmt: skip
    assert names == again
    assert len(set(names)) == 2


def test_marks_of_another_place_model_or_series_are_other_findings() -> None:
    marks, moved = (mark(0.7), mark(0.7)), (mark(0.7, (60.0, 100.0, -500.0)),)
    series, volume = STUDY.series[0], Volume(np.zeros((40, 4, 4), np.int16), np.eye(4), "1.9", "1.2.3.2")
    other = replace(ALGORITHM, sha256="cd" * 32)
    lists = [
        findings_of(STUDY, series, volume, Result(marks)),
        findings_of(STUDY, series, volume, Result(moved)),
        findings_of(STUDY, series, volume, Result(marks, other)),
        findings_of(STUDY, replace(series, series_instance_uid="1.2.3.4"), volume, Result(marks)),
    ]

    assert len({one.tracking_uid for found in lists for one in found.findings}) == 7
