"""What is measured on a prior names the images that it was measured on, and nothing of it is lost or made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.comparing import ct_study
from tests.helpers.viewers import annotation, image
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList
from workstation.domain.prior_measurements import PriorMeasurements, fewer, measured_on, with_prior

PRIOR = ct_study("1.1.3", "20251208", frame="1.6", slices=3)[0]


def length(uid: str, *, sop: str = "1.1.3.2.1", series: str = "1.1.3.2") -> Annotation:
    drawn = annotation(AnnotationKind.LENGTH, image(), [(10.0, 10.0), (40.0, 50.0)])  # type: ignore[list-item] # pixels
    return replace(
        drawn, uid=uid, tracking_uid=f"{uid}.1", referenced_sop_instance_uid=sop, series_instance_uid=series,
        points_lps_mm=((0.0, 0.0, 5.0), (3.0, 4.0, 5.0)), points_px=(), frame_of_reference_uid="1.6",
    )  # fmt: skip


def measured(*drawn: Annotation) -> PriorMeasurements | None:
    return measured_on(PRIOR, AnnotationList("1.1.3", drawn))


def test_only_what_was_measured_is_named_and_a_whole_series_where_no_image_is() -> None:
    one, whole = measured(length("2.1")), measured(length("2.2", sop=""))
    assert one is not None
    assert whole is not None
    assert [part.sop_instance_uids for part in one.measured] == [("1.1.3.2.1",)]
    assert [part.sop_instance_uids for part in whole.measured] == [("1.1.3.2.0", "1.1.3.2.1", "1.1.3.2.2")]
    assert (one.study_date, one.modality, one.cited.study_instance_uid) == ("20251208", "CT", "1.1.3")


def test_what_lies_on_no_image_of_the_prior_is_not_said_to_be_measured_on_it() -> None:
    both = measured(length("2.1"), length("2.2", sop="9.9"), length("2.3", sop="", series="9.8"))
    assert both is not None
    assert [one.uid for one in both.annotations] == ["2.1"]
    assert measured(length("2.2", sop="9.9")) is None
    assert measured() is None
    with pytest.raises(ValueError, match="another study"):
        measured_on(PRIOR, AnnotationList("1.1.4"))


def test_drawings_of_a_prior_that_is_not_on_screen_are_taken_away_one_by_one() -> None:
    known = measured(length("2.1"), length("2.2"))
    assert known is not None
    left = fewer(known, AnnotationList("1.1.3", (length("2.2"),)))
    assert left is not None
    assert ([one.uid for one in left.annotations], left.measured) == (["2.2"], known.measured)
    assert fewer(known, AnnotationList("1.1.3")) is None
    with pytest.raises(ValueError, match="on which images"):
        replace(known, annotations=())


def test_each_prior_has_its_own_and_the_last_word_counts() -> None:
    known = measured(length("2.1"))
    assert known is not None
    other = replace(known, study_instance_uid="1.1.4")
    assert with_prior((known, other), "1.1.3", None) == (other,)
    assert with_prior((known, other), "1.1.3", known) == (other, known)
