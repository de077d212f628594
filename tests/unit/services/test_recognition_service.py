"""Recognition as the desk and the sender ask for it, and the policy as data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from resources.recognition_policy import shipped_recognition_policy
from resources.translation import use_language
from tests.helpers.cases import FixedClock
from tests.helpers.full_reports import TEMPLATE, worklist_row
from tests.helpers.papers import paper_study, simple
from workstation.dicom.recognition import parse_recognition_policy, policy_in_force, recognition_words
from workstation.domain.errors import TemplateViolation
from workstation.domain.mutual_recognition import (
    ExamFacts,
    RecognisedResult,
    RecognitionPolicy,
    Refusal,
    RepeatException,
    recognise,
)
from workstation.domain.report import ReportState
from workstation.services.recognition_service import (
    FindRepeats,
    RecogniseReport,
    TellRepeats,
    exception_words,
    repeat_notice,
)

CLOCK = FixedClock(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))
RULE = RecogniseReport(policy_in_force(), CLOCK)
ROW = worklist_row(paper_study())


def test_a_signed_chest_ct_that_the_reader_calls_diagnostic_carries_the_mark() -> None:
    given = RULE(simple(), TEMPLATE, paper_study(), ROW)

    assert (given.granted, given.item, given.valid_until) == (True, "ct-chest", date(2026, 12, 21))
    assert recognition_words(given, "zh_CN") == "互认依据：规则 alliance-imaging 1.1.0，有效期至 2026-12-21。"


def test_a_draft_is_refused_and_foreseen() -> None:
    draft = replace(simple(), state=ReportState.DRAFTED, verifier=None, signed_at=None)

    assert RULE(draft, TEMPLATE, paper_study(), ROW).refusals == (Refusal.NOT_SIGNED,)
    assert RULE(draft, TEMPLATE, paper_study(), ROW, foreseen=True).granted


@pytest.mark.parametrize(("grade", "granted"), [("甲", True), ("乙", True), ("丙", False), ("A", True), ("C", False)])
def test_the_image_grade_of_the_technician_counts(grade: str, granted: bool) -> None:  # noqa: FBT001 - a table
    assert RULE(simple(), TEMPLATE, paper_study(), replace(ROW, quality_grade=grade)).granted is granted


def test_a_limited_exam_is_refused_in_words() -> None:
    limited = replace(simple(), values=simple().values | {"image_quality": "limited"})
    use_language("en")

    assert RULE.sentence(limited, TEMPLATE, paper_study(), ROW) == (
        "Not mutually recognised: the image quality does not suffice. Rules CT of the chest (alliance) 1.1.0."
    )


def test_on_the_screen_the_rule_has_its_name_in_the_readers_language_and_no_key() -> None:
    use_language("zh_CN")
    assert RULE.sentence(simple(), TEMPLATE, paper_study(), ROW) == (
        "互认依据：规则 胸部 CT（联盟内） 1.1.0，有效期至 2026-12-21。"
    )
    unlisted = RULE.sentence(simple(), TEMPLATE, paper_study(), replace(ROW, modality="US"))
    assert unlisted == "未获互认标识：检查项目不在互认目录内。规则 联盟内 1.1.0。"


def test_without_a_word_on_the_images_or_a_date_nothing_is_recognised() -> None:
    silent = replace(simple(), values=simple().values | {"image_quality": ""})
    undated = replace(paper_study(), study_date="")

    assert RULE(silent, TEMPLATE, undated, ROW).refusals == (Refusal.NO_QUALITY, Refusal.NO_DATE)


def test_a_template_without_that_question_says_nothing_of_the_images() -> None:
    bare = replace(TEMPLATE, sections=TEMPLATE.sections[-1:])

    assert RULE(simple(), bare, paper_study(), ROW).refusals == (Refusal.NO_QUALITY,)


def test_the_sender_is_told_of_the_newest_recognised_result() -> None:
    given = RULE(simple(), TEMPLATE, paper_study(), ROW)
    known = RecognisedResult("2.25.1", "CT", "胸部平扫", date(2026, 11, 21), "清水镇中心卫生院", given)
    find = FindRepeats(policy_in_force(), CLOCK)
    use_language("en")

    assert repeat_notice(find("CT", "CT 胸部", [known])) == (
        "A recognised result exists: 胸部平扫, 2026-11-21, 清水镇中心卫生院, valid until 2026-12-21"
    )
    assert repeat_notice(find("MR", "脑", [known])) == ""


def test_a_technician_is_told_before_sending_and_why_it_may_be_repeated_all_the_same() -> None:
    given = RULE(simple(), TEMPLATE, paper_study(), ROW)
    known = RecognisedResult("2.25.88", "CT", "胸部平扫", date(2026, 11, 21), "县医院", given)
    own = replace(known, study_instance_uid=paper_study().study_instance_uid)
    find = FindRepeats(policy_in_force(), CLOCK)
    use_language("en")

    said, reasons = TellRepeats(lambda _patient: [own, known], find)(paper_study())

    assert (said.startswith("A recognised result exists: 胸部平扫"), "Emergency" in reasons) == (True, True)
    assert TellRepeats(lambda _patient: [own], find)(paper_study()) == ("", "")  # a study does not repeat itself


@pytest.mark.parametrize(
    ("modality", "description", "item"),
    [
        ("CT", "胸部平扫", "ct-chest"),
        ("CT", "CHEST ABD PELVIS", "ct-chest"),
        ("CT", "腹部平扫", "ct-abdomen"),
        ("DX", "胸部正侧位", "dx-chest"),
        ("MR", "颅脑平扫", "mr-brain"),
        ("CT", "头颅平扫", "ct-head"),
        ("CT", "胸椎 CT 平扫", ""),
        ("DX", "胸椎正侧位", ""),
        ("DX", "胸骨侧位", ""),
        ("CT", "骨盆平扫", ""),
        ("CT", "肺动脉 CT", ""),
        ("CT", "胸腹主动脉", ""),
        ("CT", "Chest C+", ""),
        ("CT", "脑血管CT", ""),
        ("MR", "脑血管成像 TOF", ""),
    ],
)
def test_no_spine_bone_or_vessel_exam_carries_the_mark_of_the_organ_beside_it(
    modality: str, description: str, item: str
) -> None:
    facts = ExamFacts(modality, description, date(2026, 11, 20), is_signed_final=True, grade="A")

    assert recognise(facts, policy_in_force(), today=date(2026, 11, 21)).item == item


def test_every_exception_has_words_of_its_own() -> None:
    assert len({exception_words(one) for one in RepeatException}) == 6


def test_an_alliance_brings_its_own_policy(tmp_path: Path) -> None:
    own = tmp_path / "recognition.json"
    raw = json.loads(shipped_recognition_policy()) | {"version": "2.0.0", "mark": "QHR"}
    own.write_text(json.dumps(raw), encoding="utf-8")
    policy = policy_in_force(own)

    assert (policy.version, policy.mark) == ("2.0.0", "QHR")
    assert policy_in_force(tmp_path / "none.json").version == "1.1.0"


def broken() -> dict[str, str]:
    raw = json.loads(shipped_recognition_policy())
    return {
        "no JSON": "{",
        "no items": json.dumps(raw | {"items": []}),
        "an unknown grade": json.dumps(raw | {"grades": ["Z"]}),
        "an item twice": json.dumps(raw | {"items": raw["items"][:1] * 2}),
        "a word too many": json.dumps(raw | {"surprise": 1}),
    }


@pytest.mark.parametrize("fault", broken())
def test_a_broken_policy_is_refused_by_name(fault: str) -> None:
    with pytest.raises(TemplateViolation) as caught:
        parse_recognition_policy(broken()[fault], "own.json")

    assert "own.json" in caught.value.user_text


def test_a_policy_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "recognition.json"
    own.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(TemplateViolation):
        policy_in_force(own)


def test_the_shipped_policy_names_every_item_once_in_both_languages() -> None:
    policy: RecognitionPolicy = policy_in_force()

    assert len({item.key for item in policy.items}) == len(policy.items) == 7
    assert all(item.label.zh and item.label.en for item in policy.items)
