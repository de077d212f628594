"""A finding on a film lies on its image and nowhere in the patient, and is decided like any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter

from tests.helpers.films import on_film
from workstation.domain.critical_policy import AiRule
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, Mark, RejectReason
from workstation.domain.follow_up import nodules_of
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.rejection import MarkedKind, reasons_for

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PLACE = ImagePlace("1.9")
NODULE = Finding(
    "2.25.50", 5, (1.0, 2.0, 3.0), 6.0, Decision.UNDECIDED, Mark((1.0, 2.0, 3.0), 6.0, 0.7, shown=True)
)  # fmt: skip
OWN = Finding("2.25.60", 6, (1.0, 2.0, 4.0), 6.0, Decision.ADDED)


@pytest.mark.parametrize(
    ("frame", "box"),
    [(0, None), (None, (3.0, 2.0, 3.0, 9.0)), (None, (1.0, 9.0, 3.0, 2.0)), (None, (float("nan"), 0.0, 3.0, 2.0))],
)
def test_a_box_without_a_size_and_a_frame_that_is_none_are_no_place(
    frame: int | None, box: tuple[float, float, float, float] | None
) -> None:
    with pytest.raises(ValueError, match=r"frames count from 1|width and a height"):
        ImagePlace("1.9", frame, box)
    with pytest.raises(ValueError, match="names the image"):
        ImagePlace("")


def test_a_place_is_on_its_own_image_and_frame_alone() -> None:
    assert PLACE.is_on("1.9", None)
    assert PLACE.is_on("1.9", 1)
    assert not PLACE.is_on("1.8", None)
    assert not ImagePlace("1.9", 2).is_on("1.9", 1)


def test_a_score_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="score"):
        ImageMark(PLACE, 1.2, shown=True, label="mass")


def test_nobody_can_give_a_finding_on_a_film_a_place_in_the_patient() -> None:
    mark = ImageMark(PLACE, 0.5, shown=True, label="mass")
    with pytest.raises(ValueError, match="in the patient with a size"):
        Finding("1", 1, (0.0, 0.0, 0.0), 5.0, Decision.UNDECIDED, mark, on_image=PLACE)
    with pytest.raises(ValueError, match="in the patient with a size"):
        Finding("1", 1, None, 5.0, Decision.UNDECIDED, mark, on_image=PLACE)
    with pytest.raises(ValueError, match="in the patient with a size"):
        Finding("1", 1, None, None, Decision.ADDED)
    with pytest.raises(ValueError, match="where its mark does"):
        Finding("1", 1, (0.0, 0.0, 0.0), 5.0, Decision.UNDECIDED, mark)
    with pytest.raises(ValueError, match="no size, type or lobe"):
        on_film().edited(by="x", at=AT, diameter_mm=5.0)
    seen = NoduleObservation("1", date(2026, 1, 1), (0.0, 0.0, 0.0), 5.0)
    with pytest.raises(ValueError, match="followed up"):
        on_film().followed(FollowUp("1.2", seen, seen, "1"), tracking_uid="1")


def test_a_box_is_accepted_and_rejected_like_any_mark_and_its_original_is_kept() -> None:
    box = on_film()

    accepted = box.accepted(by="expert", at=AT)
    rejected = accepted.rejected(RejectReason.ARTEFACT, by="expert", at=AT)

    assert (accepted.decision, accepted.counts, rejected.counts) == (Decision.ACCEPTED, True, False)
    assert box.original == accepted.original == rejected.original
    assert box.mark is None
    assert NODULE.mark is NODULE.original


def test_boxes_wait_for_a_decision_at_their_operating_point() -> None:
    model = AlgorithmIdentity("films", "1", "ab", operating_points=(("sensitive", 0.2), ("specific", 0.9)))
    found = FindingList("1.2.3", algorithm=model, findings=(on_film(1), on_film(2, score=0.3, shown=False)))

    assert [one.number for one in found.undecided] == [1]
    assert [one.number for one in found.at_point("sensitive").undecided] == [1, 2]
    assert [one.number for one in found.at_point("specific").undecided] == []
    assert replace(found, read_first=True).displayed().findings == ()


def test_what_lies_on_images_and_what_in_the_patient_is_told_apart() -> None:
    film = on_film()
    found = FindingList("1.2.3", findings=(film, NODULE, OWN))

    assert (found.on_images, found.in_space) == ((film,), (NODULE, OWN))
    assert [one.tracking_uid for one in nodules_of(found)] == ["2.25.50", "2.25.60"]
    assert found.own_at(NODULE) == OWN
    assert found.own_at(film) is None


def test_a_mark_in_the_patient_confirms_no_finding_on_a_film() -> None:
    drawn = Finding("2.25.7", 7, None, None, Decision.ADDED, on_image=PLACE)

    assert FindingList("1.2.3", findings=(drawn,)).own_at(NODULE) is None
    with pytest.raises(ValueError, match="does not confirm"):
        NODULE.confirming(drawn, by="x", at=AT)
    with pytest.raises(ValueError, match="does not confirm"):
        on_film().confirming(OWN, by="x", at=AT)


BOX = (10.0, 20.0, 30.0, 60.0)


@pytest.mark.parametrize(
    ("box", "own_box", "word", "is_one"),
    [
        (BOX, (8.0, 16.0, 34.0, 66.0), "", True),
        (BOX, (8.0, 16.0, 34.0, 66.0), "abnormality", True),  # the reader left open what it is
        (BOX, (8.0, 16.0, 34.0, 66.0), "Mass", True),
        (BOX, (8.0, 16.0, 34.0, 66.0), "fracture", False),  # called something else: two findings at one place
        (BOX, (31.0, 20.0, 50.0, 60.0), "", False),
        (BOX, None, "mass", False),  # of the whole film
        (None, None, "mass", True),
        (None, None, "effusion", False),
        (None, None, "", False),
    ],
)
def test_a_box_and_the_readers_own_at_one_place_are_one_finding(
    box: tuple[float, ...] | None, own_box: tuple[float, float, float, float] | None, word: str, *, is_one: bool
) -> None:
    mark = on_film(1, sop="1.9", box=box, label="mass")  # type: ignore[arg-type]  # four numbers
    own = Finding("2.25.7", 7, None, None, Decision.ADDED, on_image=ImagePlace("1.9", None, own_box), label=word)
    elsewhere = replace(own, tracking_uid="2.25.8", on_image=ImagePlace("1.8", None, own_box))

    assert FindingList("1.2.3", findings=(mark, own)).own_at(mark) == (own if is_one else None)
    assert FindingList("1.2.3", findings=(mark, elsewhere)).own_at(mark) is None


def test_a_confirmed_box_is_the_readers_in_place_and_name_and_keeps_what_the_model_said() -> None:
    mark = on_film(1, sop="1.9", box=BOX, label="nodule")
    own = Finding(
        "2.25.7", 7, None, None, Decision.ADDED, on_image=ImagePlace("1.9", None, (9.0, 19.0, 31.0, 61.0)),
        label="nodule", before_ai=True, decided_by="expert", decided_at=AT,
    )  # fmt: skip

    both = mark.confirming(own, by="expert", at=AT)

    assert (both.on_image, both.called, both.decision) == (own.on_image, "nodule", Decision.EDITED)
    assert (both.original, both.before_ai) == (mark.original, True)
    assert both.own is not None
    assert (both.own.number, both.own.on_image, both.own.label, both.own.diameter_mm) == (
        7,
        own.on_image,
        "nodule",
        None,
    )
    assert TypeAdapter(Finding).validate_json(TypeAdapter(Finding).dump_json(both)) == both


def test_what_the_reader_left_unnamed_keeps_the_models_word_and_an_equal_place_is_no_change() -> None:
    mark = on_film(1, sop="1.9", box=BOX, label="nodule")
    own = Finding("2.25.7", 7, None, None, Decision.ADDED, on_image=ImagePlace("1.9", None, BOX), label="abnormality")

    both = mark.confirming(own, by="expert", at=AT)

    assert (both.called, both.decision) == ("nodule", Decision.ACCEPTED)


def test_a_film_fires_a_critical_value_that_asks_for_no_size() -> None:
    air = on_film(label="pneumothorax", out_of_ten=8)

    assert AiRule("pneumothorax", 7).fires(air)
    assert not AiRule("pneumothorax", 9).fires(air)
    assert not AiRule("pneumothorax", 7, diameter_mm=4.0).fires(air)


def test_a_draft_with_boxes_comes_back_as_it_was_stored() -> None:
    stored = TypeAdapter(FindingList)
    found = FindingList("1.2.3", findings=(on_film(1), on_film(2, box=None), NODULE, OWN))

    assert stored.validate_json(stored.dump_json(found)) == found


def test_a_reader_moves_a_box_and_the_models_own_is_kept() -> None:
    moved = on_film(label="mass").boxed((11.0, 22.0, 35.0, 60.0), by="expert", at=AT)

    assert (moved.decision, moved.counts) == (Decision.EDITED, True)
    assert moved.on_image == ImagePlace("1.9", None, (11.0, 22.0, 35.0, 60.0))
    assert isinstance(moved.original, ImageMark)
    assert moved.original.place.box_px == (10.0, 20.0, 30.0, 60.0)
    assert moved.called == "mass"


def test_a_reader_names_what_lies_on_a_film_and_nobody_moves_what_has_no_box() -> None:
    own = Finding("2.25.7", 7, None, None, Decision.ADDED, on_image=ImagePlace("1.9", None, (1.0, 1.0, 5.0, 5.0)))

    named = own.named("fracture", by="expert", at=AT)

    assert (named.called, named.decision, named.decided_by) == ("fracture", Decision.ADDED, "expert")
    assert on_film(label="mass").named("nodule", by="expert", at=AT).called == "nodule"
    assert on_film(box=None).named("mass", by="x", at=AT).decision is Decision.EDITED
    with pytest.raises(ValueError, match="only a box"):
        on_film(box=None).boxed((1.0, 1.0, 5.0, 5.0), by="x", at=AT)
    with pytest.raises(ValueError, match="only a box"):
        NODULE.boxed((1.0, 1.0, 5.0, 5.0), by="x", at=AT)
    with pytest.raises(ValueError, match="on an image is named"):
        NODULE.named("mass", by="x", at=AT)


def test_a_whole_series_is_on_no_image_and_has_neither_frame_nor_box() -> None:
    series = ImagePlace.whole_series("1.2.3.1")

    assert not series.is_on("", None)
    assert not series.is_on("1.9", None)
    for sop, of_series in (("1.9", "1.2"), ("", "")):
        with pytest.raises(ValueError, match="whole series the series"):
            ImagePlace(sop, series_instance_uid=of_series)
    with pytest.raises(ValueError, match="neither a frame nor a box"):
        series.with_box((1.0, 1.0, 5.0, 5.0))
    with pytest.raises(ValueError, match="neither a frame nor a box"):
        ImagePlace("", 1, None, "1.2.3.1")


def test_reasons_of_a_rejection_fit_what_was_marked() -> None:
    haemorrhage = replace(
        NODULE, original=Mark((1.0, 2.0, 3.0), 6.0, 0.7, shown=True, label="intracranial_haemorrhage")
    )

    assert NODULE.kind() is OWN.kind() is MarkedKind.LUNG_NODULE
    assert haemorrhage.kind("CT") is MarkedKind.IN_VOLUME
    assert (on_film().kind("DX"), on_film().kind("MG")) == (MarkedKind.FILM, MarkedKind.MAMMOGRAM)
    assert on_film(box=None).kind("DX") is MarkedKind.WHOLE
    for kind in MarkedKind:
        offered = reasons_for([kind])
        assert len(offered) == len(set(offered)) == 6
        assert offered[-1] is RejectReason.OTHER
    assert RejectReason.OUTSIDE_LUNG not in reasons_for([MarkedKind.FILM])
    assert RejectReason.VESSEL not in reasons_for([MarkedKind.WHOLE])


def test_several_kinds_together_are_rejected_for_what_fits_them_all() -> None:
    assert reasons_for([]) == reasons_for([MarkedKind.LUNG_NODULE])
    assert reasons_for([MarkedKind.FILM, MarkedKind.WHOLE, MarkedKind.FILM]) == (
        RejectReason.OLD_CHANGE,
        RejectReason.ARTEFACT,
        RejectReason.OTHER,
    )
