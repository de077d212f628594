"""Two versions of one case can be exchanged whole, and what is no version of it cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from pydantic import TypeAdapter

from tests.helpers import cases
from workstation.domain.key_image import KeyImage
from workstation.domain.norm.values import NormOverride
from workstation.domain.one_person import Contradiction
from workstation.domain.prior_person import PriorPerson
from workstation.domain.report import Person, Predecessor, Report, ReportKind, ReportState
from workstation.domain.report_content import _plain, content_digest, differing_fields, says_other, with_content
from workstation.domain.text_link import LinkKind, TextLink

LATER = cases.NOON + timedelta(hours=1)
MINE = cases.report(values={"impression": "右肺上叶结节", "technique": "平扫"})
STORED = replace(
    cases.report(values={"impression": "未见异常", "technique": " 平扫 "}), report_uid="2.25.9", revision=4
)
BEFORE = Predecessor("2.25.6", ReportKind.ORIGINAL, cases.NOON, "王启明", ())
KEY = KeyImage("1.2.3.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.2.1")


def test_fields_differ_by_their_words_and_not_by_blanks_around_them() -> None:
    assert differing_fields(MINE, STORED) == ("impression",)
    assert differing_fields(replace(MINE, values={}), STORED) == ("impression", "technique")


def test_a_version_with_another_decision_or_mark_says_something_else() -> None:
    assert says_other(MINE, STORED)
    assert not says_other(MINE, replace(MINE, report_uid="2.25.9", updated_at=LATER))
    assert says_other(MINE, replace(MINE, key_images=(KEY,)))


def test_the_words_of_the_other_version_come_and_the_document_stays() -> None:
    taken = with_content(STORED, MINE, at=LATER)
    assert (taken.values, taken.report_uid, taken.revision, taken.updated_at) == (MINE.values, "2.25.9", 5, LATER)
    assert not says_other(taken, MINE)


def test_a_draft_and_what_is_signed_and_stored_of_it_have_one_digest_and_other_words_another() -> None:
    draft = cases.report(cases.ai_finding(), values=cases.complete_values())
    draft = replace(draft, key_images=(KEY,), norm_overrides=(NormOverride("r", "t", "q", "why", "expert", LATER),))
    by = Person("expert", "王启明", "省影像专科联盟远程诊断中心")
    signed = replace(draft.moved(ReportState.FINAL, at=LATER), verifier=by, signed_at=LATER, revision=7)
    stored = TypeAdapter(Report).validate_json(TypeAdapter(Report).dump_json(signed))

    assert content_digest(stored) == content_digest(draft)
    assert len({content_digest(one) for one in (draft, MINE, STORED, replace(draft, key_images=()))}) == 4


def test_a_digest_knows_no_difference_between_writings_of_one_value() -> None:
    assert _plain((1, True, None, LATER.replace(tzinfo=None), LATER.date())) == [
        1.0, True, None, "2026-11-21T13:00:00", "2026-11-21",
    ]  # fmt: skip
    elsewhere = LATER.astimezone(timezone(timedelta(hours=8)))
    assert _plain(elsewhere) == _plain(LATER) == "2026-11-21T13:00:00+00:00"


def test_nobody_answers_for_words_that_came_from_the_other_version() -> None:
    override = NormOverride("residue", "impression", "____", "later", "expert", cases.NOON)
    answered = MINE.with_overrides((override,), at=LATER)
    assert with_content(STORED, answered, at=LATER).norm_overrides == ()


def test_a_signed_report_another_study_and_another_kind_of_document_take_nothing() -> None:
    final = replace(STORED, state=ReportState.FINAL)
    for report, other in (
        (final, MINE),
        (STORED, replace(MINE, kind=ReportKind.ADDENDUM, predecessors=(BEFORE,))),
        (STORED, cases.report(uid="1.2.4")),
    ):
        with pytest.raises(ValueError, match=r"immutable|one study"):
            with_content(report, other, at=LATER)


def test_where_taken_over_words_came_from_goes_with_them() -> None:
    copy = TextLink("impression", LinkKind.COPY, "1.9.1", "右肺上叶结节", 0)
    mine = replace(MINE, links=(copy,)).with_taken_over((copy,))
    taken = with_content(STORED, mine, at=LATER)
    assert (taken.carried_from, taken.still_carried) == (("1.9.1",), ("1.9.1",))
    back = with_content(taken, STORED, at=LATER)
    assert (back.carried_from, back.still_carried) == ((), ())


def test_a_word_in_one_version_does_not_cover_what_the_other_knows_to_contradict() -> None:
    name, sex = Contradiction.NAME, Contradiction.SEX
    word = PriorPerson("1.9.1", "20251208", (name,), "resident", "宋佳", cases.NOON, (name,))
    known = PriorPerson("1.9.1", "20251208", (sex,))
    for report, other in (((known,), (word,)), ((word,), (known,))):
        (one,) = with_content(
            replace(STORED, prior_persons=report), replace(MINE, prior_persons=other), at=LATER
        ).prior_persons
        assert (one.said_by, one.against, one.answered, one.is_confirmed) == ("resident", (name, sex), (name,), False)
