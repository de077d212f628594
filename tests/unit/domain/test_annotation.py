"""Annotations as values: what can exist, how they are kept, undone and stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest

from viewers.scene.annotations import Annotations
from workstation.domain.annotation import (
    POINT_COUNTS,
    Annotation,
    AnnotationHistory,
    AnnotationKind,
    AnnotationList,
    Measure,
    MeasureName,
    Statistics,
)
from workstation.domain.annotation_json import annotations_from_json, annotations_to_json, as_dict
from workstation.domain.voi import Threshold

AT = datetime(2026, 11, 22, 2, 3, 4, 567891, tzinfo=UTC)


def line(uid: str = "2.25.1", **changes: object) -> Annotation:
    given: dict[str, object] = {
        "uid": uid,
        "tracking_uid": "2.25.9",
        "kind": AnnotationKind.LENGTH,
        "points_lps_mm": ((0.0, 0.0, 0.0), (3.0, 4.0, 0.0)),
        "measures": (Measure(MeasureName.LENGTH, 5.0, "mm"),),
        "created_at": AT,
        **changes,
    }
    return Annotation(**given)  # type: ignore[arg-type]  # the dictionary holds each field's own type


def full(kind: AnnotationKind) -> Annotation:
    """Return an annotation with every field set to something that would show a loss."""
    return Annotation(
        uid=f"2.25.{len(kind)}{kind}",
        tracking_uid="2.25.77",
        kind=kind,
        points_lps_mm=tuple((0.1 + n, -1 / 3, 1e-17 * n) for n in range(POINT_COUNTS[kind][0])),
        frame_of_reference_uid="1.2.3",
        series_instance_uid="1.2.4",
        referenced_sop_instance_uid="1.2.5",
        referenced_frame=7,
        text="右上叶 “结节”\n8 mm",
        measures=(Measure(MeasureName.LONG_AXIS, 2 / 3, "mm"), Measure(MeasureName.VOLUME, 523.5987755982989, "mm3")),
        statistics=Statistics(-0.1, 2 / 7, -1024, 3071.5, 12, "HU"),
        contours_lps_mm=(((0.1, 0.2, 0.3), (1.1, 0.2, 0.3), (1.1, 1.2, 0.3)),),
        author="wang.li",
        created_at=datetime(2026, 11, 22, 10, 0, 0, 1, tzinfo=timezone(timedelta(hours=8))),
        origin="1.2.840.99",
    )


@pytest.mark.parametrize("kind", AnnotationKind)
def test_every_kind_of_annotation_comes_back_from_storage_exactly(kind: AnnotationKind) -> None:
    kept = AnnotationList("1.2.3.4", (full(kind), line()))
    assert annotations_from_json(annotations_to_json(kept)) == kept


def test_a_metabolic_volume_comes_back_with_the_bound_that_it_was_measured_by() -> None:
    bounds = (Threshold(0.41, relative=True), Threshold(2.5))
    measures = tuple(Measure(MeasureName.METABOLIC_VOLUME, 0.22, "ml", bound) for bound in bounds)
    kept = AnnotationList("1.2.3.4", (line(measures=measures),))
    assert annotations_from_json(annotations_to_json(kept)) == kept


def test_an_annotation_comes_back_on_the_stack_whose_values_it_tells() -> None:
    kept = AnnotationList("1.2.3.4", (line(stack_number=3),))
    assert annotations_from_json(annotations_to_json(kept)) == kept


def test_a_measurement_without_a_place_in_the_patient_comes_back_on_its_image() -> None:
    drawn = line(points_lps_mm=(), points_px=((1.5, 2.25), (3.0, 4.0)), referenced_sop_instance_uid="1.2.5")
    kept = AnnotationList("1.2.3.4", (drawn,))
    assert annotations_from_json(annotations_to_json(kept)) == kept


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"version": 2, "study_instance_uid": "1", "annotations": []}',
        '{"version": 1, "study_instance_uid": "1", "annotations": [{}]}',
        '{"version": 1, "study_instance_uid": "1", "annotations": [3]}',
        "not json",
    ],
)
def test_what_is_not_ours_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(ValueError, match=r"annotations|Expecting"):
        annotations_from_json(text)


def test_a_broken_point_in_storage_is_refused() -> None:
    item = as_dict(line())
    item["points_lps_mm"] = [[0, 0], [1, 1]]
    with pytest.raises(ValueError, match="unpack"):
        annotations_from_json(json.dumps({"version": 1, "study_instance_uid": "1", "annotations": [item]}))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tracking_uid": ""}, "uid and a tracking uid"),
        ({"points_lps_mm": ()}, "either in the patient"),
        ({"points_px": ((0.0, 0.0), (1.0, 1.0))}, "either in the patient"),
        ({"points_lps_mm": (), "points_px": ((0.0, 0.0), (1.0, 1.0))}, "need the image"),
        ({"points_lps_mm": ((0.0, 0.0, 0.0),)}, "cannot have 1 points"),
        ({"points_lps_mm": ((0.0, 0.0, 0.0), (float("nan"), 0.0, 0.0))}, "finite"),
        ({"contours_lps_mm": (((0.0, 0.0, float("inf")),),)}, "finite"),
        ({"referenced_frame": 0}, "count from 1"),
        ({"created_at": datetime(2026, 11, 22)}, "time zone"),  # noqa: DTZ001 - a naive time is what must be refused
        ({"kind": AnnotationKind.TEXT, "points_lps_mm": ((0.0, 0.0, 0.0),), "text": " "}, "has a text"),
    ],
)
def test_an_annotation_that_means_nothing_cannot_exist(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        line("2.25.1", **changes)


def test_a_number_that_is_none_is_no_measure_and_no_pixel_gives_no_statistics() -> None:
    with pytest.raises(ValueError, match="finite"):
        Measure(MeasureName.LENGTH, float("nan"), "mm")
    with pytest.raises(ValueError, match="at least one"):
        Statistics(0, 0, 0, 0, 0, "HU")


def test_a_measure_is_found_by_its_name() -> None:
    assert line().measure(MeasureName.LENGTH) == Measure(MeasureName.LENGTH, 5.0, "mm")
    assert line().measure(MeasureName.AREA) is None


def test_annotations_are_added_exchanged_and_removed_by_uid() -> None:
    first, second = line("2.25.1"), line("2.25.2")
    moved = line("2.25.1", points_lps_mm=((0.0, 0.0, 0.0), (6.0, 8.0, 0.0)))
    kept = AnnotationList("1.2").added(first).added(second)
    assert kept.replaced(moved).annotations == (moved, second)
    assert kept.removed("2.25.1").annotations == (second,)
    assert kept.get("2.25.2") is second


def test_an_unknown_uid_changes_nothing_and_a_taken_one_is_refused() -> None:
    kept = AnnotationList("1.2", (line("2.25.1"),))
    with pytest.raises(KeyError):
        kept.removed("2.25.5")
    with pytest.raises(KeyError):
        kept.replaced(line("2.25.5"))
    with pytest.raises(ValueError, match="share a uid"):
        kept.added(line("2.25.1"))


def test_undo_and_redo_walk_the_steps_and_stop_at_the_ends() -> None:
    empty = AnnotationList("1.2")
    one, two = empty.added(line("2.25.1")), empty.added(line("2.25.1")).added(line("2.25.2"))
    history = AnnotationHistory(empty).changed(one).changed(two)
    assert history.undone().present == one
    assert history.undone().undone().undone().present == empty
    assert history.undone().undone().redone().redone().redone().present == two


def test_a_new_step_forgets_what_was_undone_and_no_change_is_no_step() -> None:
    empty = AnnotationList("1.2")
    history = AnnotationHistory(empty).changed(empty.added(line("2.25.1"))).undone()
    other = history.changed(empty.added(line("2.25.2")))
    assert (other.redone().present, other.future) == (other.present, ())
    assert other.changed(other.present) is other


def test_numbers_that_come_late_never_stand_beside_a_drawing_that_was_moved_on_its_image_since() -> None:
    """On an image without a place in the patient both have no point in space: the pixels tell them apart."""
    on_image = partial(line, points_lps_mm=(), referenced_sop_instance_uid="1.9")
    measured, moved = on_image(points_px=((1.0, 1.0), (4.0, 5.0))), on_image(points_px=((1.0, 1.0), (9.0, 9.0)))
    late = replace(measured, measures=(Measure(MeasureName.LENGTH, 7.0, "mm"),))
    values = Statistics(1.0, 0.0, 1.0, 1.0, 1, "HU")
    history = AnnotationHistory(AnnotationList("1.2.3", (measured,))).changed(AnnotationList("1.2.3", (moved,)))

    found = history.completed(late).with_statistics(measured, values)

    assert found.present.annotations == (moved,)
    (before,) = found.past[-1].annotations
    assert (before.measures, before.statistics) == (late.measures, values)


def test_only_the_newest_steps_are_kept() -> None:
    history = AnnotationHistory(AnnotationList("1.2"), limit=2)
    for n in range(4):
        history = history.changed(history.present.added(line(f"2.25.{n}")))
    assert [len(step.annotations) for step in history.past] == [2, 3]


def test_an_undo_never_puts_an_annotation_on_the_next_patient() -> None:
    with pytest.raises(ValueError, match="another study"):
        AnnotationHistory(AnnotationList("1.2")).changed(AnnotationList("9.9", (line(),)))


def test_a_series_that_gets_its_frame_takes_every_drawing_along_and_an_undo_brings_none_back_into_the_old_one() -> None:
    notes = Annotations("1.2")
    notes.add("1.2", line("2.25.1", frame_of_reference_uid="1.7"))
    notes.add("1.2", line("2.25.2", frame_of_reference_uid="1.8"))
    saved: list[tuple[str, ...]] = []
    notes.watch(lambda value: saved.append(tuple(one.frame_of_reference_uid for one in value.annotations)))

    notes.place_in_frame("1.2", "1.7", "1.9")
    assert notes.undo()
    assert notes.redo()

    assert saved == [("1.9", "1.8"), ("1.9",), ("1.9", "1.8")]
    with pytest.raises(ValueError, match="no longer open"):
        notes.place_in_frame("9.9", "1.9", "1.7")
