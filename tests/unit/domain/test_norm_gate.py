"""The norm gate: seeded faults are caught as what they are, good reports pass untouched."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.helpers.norm import FOLDER, SIGNER, faults, good_reports, seeded, subject_of
from workstation.domain.norm.gate import RULES, norm_faults, open_faults
from workstation.domain.norm.values import NormFault, NormField, NormKind, NormOverride, NormSubject, Role
from workstation.domain.norm.words import read

GOOD = good_reports()
FAULTS = faults()
HELD_OUT, SIDES, HELD_OUT_FAULTS, REVIEWED, AFTER_REVIEW, SECOND, INDEPENDENT, OTHER_WORDS = (
    json.loads((FOLDER / name).read_text(encoding="utf-8"))
    for name in ("held_out_zh.json", "good_sides_zh.json", "held_out_faults_zh.json", "reviewed_zh.json",
                 "after_review_zh.json", "after_review_2_zh.json", "independent_zh.json", "other_words_zh.json")
)  # fmt: skip


def rules(subject: NormSubject) -> list[str]:
    return [fault.rule for fault in norm_faults(subject)]


def english(findings: str, impression: str, examination: str = "CT Chest", *, background: str = "") -> NormSubject:
    return replace(subject_of(findings, impression, background=background, language="en"), examination=examination)


def test_there_are_at_least_thirty_good_reports_and_thirty_faults() -> None:
    assert len(GOOD) >= 30
    assert len(FAULTS) >= 30
    assert {fault["kind"] for fault in FAULTS} == {kind.value for kind in NormKind}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_report_is_never_held_up(name: str) -> None:
    assert norm_faults(GOOD[name]) == ()


def whole(one: dict[str, str]) -> NormSubject:
    subject = subject_of(one["findings"], one["impression"])
    advice = NormField("recommendation", Role.RECOMMENDATION, one["recommendation"])
    return replace(subject, examination=one["examination"], sex=one["sex"], fields=(*subject.fields, advice))


@pytest.mark.parametrize("one", SIDES, ids=[one["impression"][:20] for one in SIDES])
def test_a_good_report_of_several_sides_places_and_amounts_is_not_held_up(one: dict[str, str]) -> None:
    assert norm_faults(whole(one)) == ()


def test_of_sixty_faults_that_no_rule_was_written_for_fifty_four_are_caught() -> None:
    # written before they were tried: 32 of the first 36 and 21 of the last 24 were caught as they should at first sight
    caught = [NormKind(one["kind"]) in {fault.kind for fault in norm_faults(whole(one))} for one in HELD_OUT_FAULTS]

    assert len(caught) == 60
    assert sum(caught) >= 54


@pytest.mark.parametrize("number", range(len(HELD_OUT)))
def test_a_good_report_that_no_rule_was_written_for_is_not_held_up_either(number: int) -> None:
    one = HELD_OUT[number]
    subject = subject_of(one["findings"], one["impression"])

    assert norm_faults(replace(subject, examination=one["examination"], sex=one["sex"])) == ()


def of_a_reviewer(one: dict[str, Any]) -> NormSubject:
    texts = (
        NormField("findings", Role.FINDINGS, one["findings"]),
        NormField("impression", Role.IMPRESSION, one["impression"]),
        NormField("history", Role.BACKGROUND, one["background"]),
        NormField("recommendation", Role.RECOMMENDATION, one["recommendation"]),
    )
    subject = replace(subject_of("", ""), fields=texts, examination=one["examination"], sex=one["sex"])
    return replace(subject, examined_on=date(2026, 11, 20), age_years=one["age"])


def sentence_of(one: dict[str, Any]) -> str:
    return f"{one['findings'][:16]}-{one['impression'][:12]}"


@pytest.mark.parametrize("one", [one for one in REVIEWED if one["is"] == "good"], ids=sentence_of)
def test_a_report_that_a_reviewer_called_good_is_not_held_up(one: dict[str, Any]) -> None:
    assert norm_faults(of_a_reviewer(one)) == ()


def test_what_a_reviewer_wrote_wrong_is_told_but_for_a_replaced_hip() -> None:
    # of these 122 the gate told 74 when they came; the words of the reviewer stand as they were written
    missed = [one["impression"] for one in REVIEWED if one["is"] == "fault" and not norm_faults(of_a_reviewer(one))]

    assert missed == ["右髋置换术后。"]


@pytest.mark.parametrize("one", AFTER_REVIEW, ids=sentence_of)
def test_sentences_written_after_the_rules_are_told_apart(one: dict[str, Any]) -> None:
    # thirty of each, written before they were tried: 28 faults were told and 2 good ones held up at first sight
    assert bool(norm_faults(of_a_reviewer(one))) == (one["is"] == "fault")


@pytest.mark.parametrize("one", INDEPENDENT, ids=sentence_of)
def test_what_an_independent_reader_found_is_told_as_what_it_is(one: dict[str, Any]) -> None:
    found = rules(of_a_reviewer({**one, "age": 50, "background": "", "recommendation": ""}))

    assert one["rule"] in found if one["rule"] else found == []


@pytest.mark.parametrize("one", OTHER_WORDS, ids=sentence_of)
def test_a_finding_under_another_name_is_no_fault_and_another_finding_under_its_name_is(one: dict[str, Any]) -> None:
    found = rules(of_a_reviewer({**one, "age": 50, "background": "", "recommendation": ""}))

    assert found == ([one["rule"]] if one["rule"] else [])


def test_of_fifteen_and_fifteen_more_one_fault_is_not_told_and_no_good_one_held_up() -> None:
    # at first sight: 13 of 15 faults were told, 1 of 15 good ones was held up; a stone seen by its echo only stays
    wrong = [one["impression"] for one in SECOND if bool(norm_faults(of_a_reviewer(one))) != (one["is"] == "fault")]

    assert len(SECOND) == 30
    assert wrong == ["胆总管未见结石。"]


@pytest.mark.parametrize(
    ("findings", "impression", "expected"),
    [
        ("右上肺动脉及左下肺动脉见充盈缺损。", "左下肺动脉栓塞。", ["missing_in_conclusion"]),
        ("右上肺动脉及左下肺动脉见充盈缺损。", "双肺动脉栓塞。", []),
        ("左侧结石及右侧血肿。", "左侧结石，右侧血肿。", []),
        ("右侧胸腔清晰，左侧气胸。", "左侧气胸。", []),
        ("子宫左侧见肿块。", "附件区占位。", []),
        ("胰头见肿块。", "十二指肠乳头癌。", []),
        ("胰头见肿块，肝内见肿块。", "胰头癌。", ["missing_in_conclusion"]),
    ],
)
def test_a_list_of_sides_is_both_and_a_single_mass_may_be_called_by_its_origin(
    findings: str, impression: str, expected: list[str]
) -> None:
    told = rules(replace(subject_of(findings, impression), sex="F"))
    assert told == expected


@pytest.mark.parametrize("fault", FAULTS, ids=[fault["fault"] for fault in FAULTS])
def test_a_seeded_fault_is_caught_as_what_it_is(fault: dict[str, str]) -> None:
    found = norm_faults(seeded(GOOD[fault["report"]], fault))

    assert NormKind(fault["kind"]) in {one.kind for one in found}


def test_a_fault_leads_to_its_field_with_the_words_of_both_sides() -> None:
    text = subject_of("右肺上叶见实性结节，直径约8mm。", "左肺上叶结节。")

    assert norm_faults(text) == (
        NormFault(NormKind.SIDE, "side_of_conclusion", "impression", "左肺上叶结节", "右肺上叶见实性结节，直径约8mm"),
    )


@pytest.mark.parametrize(
    ("findings", "impression", "expected"),
    [
        ("8 mm nodule in the right upper lobe.", "Solid nodule, left upper lobe, 8 mm.", ["side_of_conclusion"]),
        ("8 mm nodule in the right upper lobe.", "Nodule, right lower lobe.", ["lobe_of_conclusion"]),
        ("8 mm nodule in the right upper lobe.", "Nodule, right upper lobe, 8 cm.", ["unit_of_conclusion"]),
        ("8 mm nodule in the right upper lobe.", "Nodule, right upper lobe, 18 mm.", ["size_of_conclusion"]),
        ("Small right pneumothorax.", "No acute abnormality.", ["normal_despite_findings"]),
        ("Lungs are clear. No pneumothorax.", "Right pneumothorax.", ["denied_by_findings"]),
        ("Lungs are clear.", "Right pneumothorax.", ["not_in_findings"]),
        ("Aortic dissection from the arch. Small nodule.", "Nodule.", ["missing_in_conclusion"]),
        ("Fractures of the right 5th to 7th ribs.", "Fracture of the right 9th rib.", ["level_of_conclusion"]),
        ("Nodule measuring 8 in the [left/right] lung.", "Nodule.", ["no_unit", "residue"]),
        ("Nodule measuring 8 kg.", "Nodule.", ["wrong_unit"]),
        ("Status post cholecystectomy. The gallbladder is normal.", "Postoperative state.", ["absent_organ"]),
        ("Nodule in the left middle lobe.", "Nodule.", ["impossible_part"]),
        ("The uterus is normal.", "Normal.", ["organ_of_other_sex", "part_of_examination"]),
    ],
)
def test_english_reports_are_held_to_the_same_rules(findings: str, impression: str, expected: list[str]) -> None:
    assert rules(english(findings, impression)) == expected


@pytest.mark.parametrize(
    ("findings", "impression", "examination"),
    [
        (
            "8 mm solid nodule in the right upper lobe. No pleural effusion. The liver is unremarkable.",
            "Solid nodule, right upper lobe, 8 mm. Follow-up CT in 6 months.",
            "CT Chest",
        ),
        ("No acute intracranial hemorrhage, infarct or mass effect.", "No acute abnormality.", "CT Head"),
        ("Horizontal tear of the left medial meniscus.", "Left medial meniscus tear.", "MR Left knee"),
        ("Fractures of the right 5th to 7th ribs.", "Right 5th, 6th and 7th rib fractures.", "CT Chest"),
        ("Right kidney is normal. The left kidney has been removed.", "Status post nephrectomy.", "CT Abdomen"),
    ],
)
def test_good_english_reports_pass(findings: str, impression: str, examination: str) -> None:
    assert rules(english(findings, impression, examination)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"patient_name": " "}, []),
        ({"patient_id": ""}, []),
        ({"patient_name": " ", "patient_id": ""}, ["patient_missing"]),
        ({"listed_id": "P2"}, ["patient_id_differs"]),
        ({"listed_name": "Li^Si=李^四"}, ["patient_name_differs"]),
        ({"listed_name": "WANG^XIAODONG=王^小东", "listed_id": "p1"}, []),
        ({"author": ""}, ["author_missing"]),
        ({"signer": " "}, ["signer_missing"]),
    ],
)
def test_identity_and_signature(change: dict[str, str], expected: list[str]) -> None:
    assert rules(replace(subject_of("双肺清晰。", "未见异常。"), **change)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("background", "expected"),
    [
        ("患者，男，50岁。", []),
        ("患者，男，51岁。", []),
        ("患者，女，50岁。", ["sex_differs"]),
        ("患者，男，60岁。", ["age_differs"]),
        ("年龄：5岁", ["age_differs"]),
        ("姓名：王小东", []),
        ("姓名：李四", ["name_in_text_differs"]),
        ("30岁时行阑尾手术。", []),
        ("与2026-13-40片对比。", ["no_such_day"]),
        ("与2026-12-01片对比。", ["day_after_examination"]),
        ("与2026-11-01片对比。", []),
    ],
)
def test_the_patient_and_the_days_that_the_text_states(background: str, expected: list[str]) -> None:
    subject = subject_of("双肺清晰。", "未见异常。", background=background)

    assert rules(replace(subject, examined_on=date(2026, 11, 20))) == expected


def test_what_is_not_known_of_the_patient_contradicts_nothing() -> None:
    subject = subject_of("前列腺不大。", "未见异常。", background="患者，女，20岁。姓名：李四。与2030-01-01片对比。")

    assert rules(replace(subject, sex="", age_years=None, patient_name="")) == []


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ("CT值约35HU。", []),
        ("CT值约35mm。", ["wrong_unit"]),
        ("CT值约5000HU。", ["impossible_hu"]),
        ("病变大小约1..2cm。", ["broken_number"]),
        ("狭窄约120%。", ["percent_over_100"]),
        ("结节大小约12cm×11cm。", ["implausible_size"]),
        ("病变大小约45cm。", ["implausible_size"]),
        ("病变厚度约3mm×4mm。", []),
        ("右肺舌段清晰。", ["impossible_part"]),
        ("L6椎体未见异常。", ["impossible_part"]),
        ("又肺上叶清晰。", ["side_misspelt"]),
        ("有肺气肿，又肺内见小结节。", []),
        ("双肺清晰？？", ["residue"]),
        ("双肺____清晰。", ["residue"]),
        ("双肺XX清晰。", ["residue"]),
    ],
)
def test_words_that_are_wrong_by_themselves(findings: str, expected: list[str]) -> None:
    assert rules(subject_of(findings, "请结合临床。")) == expected


@pytest.mark.parametrize(
    ("findings", "background", "expected"),
    [
        ("脾脏大小正常。", "脾切除术后。", ["absent_organ"]),
        ("肝、胆、胰、脾未见异常。", "脾切除术后。", ["absent_organ"]),
        ("胃壁未见异常。", "胃大部切除术后。", []),
        ("右肾未见异常。", "左肾切除术后。", []),
        ("右肾未见异常。", "一侧肾切除术后。", []),
        ("双肾形态正常。", "左肾切除术后。", ["absent_organ"]),
        ("左肺下叶未见异常。", "左肺上叶切除术后。", []),
        ("左肺上叶未见异常。", "左肺上叶切除术后。", ["absent_organ"]),
        ("胆囊切除术后，术区未见异常。", "", []),
    ],
)
def test_only_what_was_removed_cannot_be_normal(findings: str, background: str, expected: list[str]) -> None:
    assert rules(subject_of(findings, "术后改变。", background=background)) == expected


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ("右膝未见骨折。", ["side_of_examination"]),
        ("左膝未见骨折。", []),
        ("与右膝对比，左膝间隙变窄。", []),
        ("双膝对称。", []),
    ],
)
def test_the_side_that_was_examined(findings: str, expected: list[str]) -> None:
    assert rules(replace(subject_of(findings, "请结合临床。"), examination="DX 左膝正侧位")) == expected


@pytest.mark.parametrize(
    ("examination", "expected"),
    [("CT 胸部", ["part_of_examination"]), ("PET-CT 全身", []), ("CT", []), ("CT 头颅", [])],
)
def test_the_part_that_was_examined(examination: str, expected: list[str]) -> None:
    assert rules(replace(subject_of("脑室未见扩大。", "请结合临床。"), examination=examination)) == expected
    assert rules(replace(subject_of("双肺清晰。", "建议头颅检查，脑室情况请结合MR。"), examination="CT 胸部")) == []


def test_a_size_that_was_measured_need_not_stand_in_the_findings() -> None:
    subject = subject_of("见结节。", "左肺结节，直径12 mm。")

    assert rules(replace(subject, measured_mm=(12.3,))) == []
    assert rules(replace(subject, measured_mm=(5.0,))) == ["size_of_conclusion"]


def test_a_doubt_is_neither_said_nor_denied() -> None:
    assert rules(subject_of("双肺清晰。", "气胸待排。")) == []
    assert rules(subject_of("左侧气胸可能。", "左侧气胸。")) == []
    assert rules(subject_of("未见出血，梗死及占位。", "未见异常。")) == []
    assert rules(subject_of("双肺清晰。", "建议复查排查气胸。")) == []


@pytest.mark.parametrize(
    ("findings", "impression", "expected"),
    [
        ("左侧额叶脑出血。", "未见颅内出血。", ["denied_in_conclusion"]),
        ("左侧额叶脑出血。", "左侧额叶脑出血；未见脑疝及硬膜下出血。", []),
        ("左侧额叶脑出血。", "脑出血吸收期，未见新发出血。", []),
        ("原左侧额叶血肿已吸收。", "未见出血。", []),
        ("左侧气胸。", "右侧气胸未见。左侧气胸。", []),
        ("左侧气胸，右侧未见气胸。", "左侧气胸。", []),
        ("左侧第5肋骨折。胸椎未见骨折。", "左侧第5肋骨折；胸椎未见骨折。", []),
        ("左侧第5肋骨折。", "胸椎未见骨折。", ["missing_in_conclusion"]),
        ("L1椎体压缩骨折。", "L2椎体未见骨折，L1椎体骨折。", []),
        ("左侧基底节区腔隙性梗死灶。", "腔隙性脑梗死，未见急性梗死。", []),
        ("右侧侧脑室后角积血，左侧基底节区出血。", "左侧基底节区出血破入脑室。", []),
        ("右肺肿块，肝内肿块。", "右肺占位，肝内占位。", []),
        ("右肺肿块。肝内肿块。", "右肺癌。", ["missing_in_conclusion"]),
        ("右侧气胸。双侧胸腔未见气胸。", "右侧气胸。", ["denied_in_findings"]),
        ("右侧气胸。未见张力性气胸。", "右侧气胸。", []),
        ("右肺上叶磨玻璃结节。另见一结节。", "右肺上叶实性结节。", []),
    ],
)
def test_a_severe_finding_is_neither_denied_nor_left_out(findings: str, impression: str, expected: list[str]) -> None:
    assert rules(subject_of(findings, impression)) == expected


def test_a_level_that_the_findings_count_otherwise_is_no_contradiction() -> None:
    assert rules(subject_of("所示椎体楔形变。", "L1椎体压缩骨折。")) == []


def test_the_nearest_side_before_a_word_counts() -> None:
    assert rules(subject_of("右侧气胸，左肺清晰。", "右侧气胸。")) == []
    assert rules(subject_of("右肺清晰左侧气胸。", "右侧气胸。")) == ["side_of_conclusion"]
    assert rules(subject_of("右肺清晰，左侧气胸。", "左侧气胸。")) == []


def test_a_pneumothorax_of_both_sides_is_not_concluded_by_one() -> None:
    assert rules(subject_of("右肺及双侧气胸。", "左侧气胸。")) == ["missing_in_conclusion"]


def test_a_report_without_an_impression_or_findings_is_the_business_of_the_required_fields() -> None:
    only = NormSubject("zh_CN", (NormField("findings", Role.FINDINGS, "左侧气胸。"),), author=SIGNER, signer=SIGNER)
    known = replace(only, patient_name="王", patient_id="1")

    assert rules(known) == []
    assert rules(replace(known, fields=(NormField("impression", Role.IMPRESSION, "左侧气胸。"),))) == []


@pytest.mark.parametrize(
    ("text", "entity", "expected"),
    [
        ("右侧胸腔未查见积液", "pleural_effusion", "not_seen"),
        ("右肺上叶结节，不伴胸腔积液", "pleural_effusion", "not_seen"),
        ("肋骨骨折，未伴气胸", "pneumothorax", "not_seen"),
        ("肋骨骨折未合并气胸", "pneumothorax", "not_seen"),
        ("未见明确骨折征象", "fracture", "not_seen"),
        ("未见确切骨折线影", "fracture", "not_seen"),
        ("未及明显肿块", "mass", "not_seen"),
        ("未触及肿块", "mass", "not_seen"),
        ("未探见占位", "mass", "not_seen"),
        ("未检出结节", "focal", "not_seen"),
        ("无明显骨折", "fracture", "not_seen"),
        ("否认骨折", "fracture", "not_seen"),
        ("颅内未明确显示出血", "haemorrhage", "not_seen"),
        ("已排除肺栓塞", "embolism", "not_seen"),
        ("肺栓塞可除外", "embolism", "not_seen"),
        ("骨折已排除", "fracture", "not_seen"),
        ("不除外骨折", "fracture", "doubtful"),
        ("不能排除骨折", "fracture", "doubtful"),
        ("无法除外骨折", "fracture", "doubtful"),
        ("难以除外骨折", "fracture", "doubtful"),
        ("骨折待排", "fracture", "doubtful"),
        ("未除外骨折", "fracture", "doubtful"),
        ("骨折不能除外", "fracture", "doubtful"),
        ("排除骨折", "fracture", "doubtful"),
        ("是否骨折", "fracture", "doubtful"),
        ("有无气胸", "pneumothorax", "doubtful"),
        ("骨折征象未见", "fracture", "not_seen"),
        ("气胸、胸腔积液均未见", "pneumothorax", "not_seen"),
        ("气胸、胸腔积液均未见", "pleural_effusion", "not_seen"),
        ("胸腔积液（-）", "pleural_effusion", "not_seen"),
        ("胸腔积液阴性", "pleural_effusion", "not_seen"),
        ("右肺上叶结节未见明显变化", "focal", "seen"),
        ("较前未见明显变化的右肺结节", "focal", "seen"),
        ("右肺结节较前无明显变化", "focal", "seen"),
        ("较前无明显增大的右肺结节", "focal", "seen"),
        ("右侧第5肋无移位骨折", "fracture", "seen"),
        ("右侧第5肋无明显移位性骨折", "fracture", "seen"),
        ("右肾无强化囊肿", "cyst", "seen"),
        ("胆囊内强回声后方声影，无回声囊肿", "cyst", "seen"),
        ("未见骨折但见脱位", "dislocation", "seen"),
        ("未见骨折，可见脱位", "dislocation", "seen"),
        ("未见骨折，脱位", "dislocation", "doubtful"),
        ("未见出血仅见梗死", "infarction", "seen"),
        ("未见骨折、脱位", "dislocation", "not_seen"),
        ("未见新发结节", "focal", "doubtful"),
        ("未见其他结节", "focal", "doubtful"),
        ("右侧气胸已吸收", "pneumothorax", "doubtful"),
        ("胸腔积液不明显", "pleural_effusion", "doubtful"),
        ("右侧胸腔积液较前减少", "pleural_effusion", "seen"),
        ("无明显诱因出现气胸", "pneumothorax", "seen"),
        ("未引起肠梗阻", "obstruction", "not_seen"),
        ("不支持肺栓塞", "embolism", "not_seen"),
        ("两肺未再见结节", "focal", "not_seen"),
        ("双肺未能明确显示结节", "focal", "not_seen"),
        ("左侧胸腔未见明显胸腔积液", "pleural_effusion", "not_seen"),
        ("无症状性结石", "stone", "seen"),
        ("右侧气胸完全吸收", "pneumothorax", "doubtful"),
        ("结节消失", "focal", "doubtful"),
        ("双肾结石不伴积水", "hydronephrosis", "not_seen"),
        ("双肾结石不伴积水", "stone", "seen"),
        ("Fracture cannot be excluded.", "fracture", "doubtful"),
        ("A fracture could not be excluded.", "fracture", "doubtful"),
        ("Fracture not excluded.", "fracture", "doubtful"),
        ("No new nodules.", "focal", "doubtful"),
        ("No change in the right nodule.", "focal", "seen"),
        ("Nodule is not seen.", "focal", "not_seen"),
        ("The nodule was not seen on the prior study.", "focal", "seen"),
        ("No pneumothorax.", "pneumothorax", "not_seen"),
        ("Pneumothorax has resolved.", "pneumothorax", "doubtful"),
        ("No fracture, there is a dislocation.", "dislocation", "seen"),
    ],
)
def test_a_denial_reaches_as_far_as_its_words_and_a_doubt_denies_nothing(text: str, entity: str, expected: str) -> None:
    language = "en" if text.isascii() else "zh_CN"
    named = [one for one in read(NormField("f", Role.FINDINGS, text), language).mentions if not one.indirect]
    assert {one.polarity.value for one in named if one.entity == entity} == {expected}


def test_an_override_holds_for_exactly_the_words_that_were_seen() -> None:
    found = norm_faults(subject_of("右肺上叶见结节。", "左肺上叶结节。"))
    at = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    quoted = (found[0].rule, found[0].target, found[0].quote)
    override = NormOverride(*quoted, "所见另有说明", "expert", at, against=found[0].against)

    assert open_faults(found, (override,)) == ()
    assert open_faults(norm_faults(subject_of("右肺上叶见结节。", "左肺上叶多发结节。")), (override,)) != ()
    assert open_faults(norm_faults(subject_of("右肺上叶见大结节。", "左肺上叶结节。")), (override,)) != ()
    with pytest.raises(ValueError, match="reason"):
        replace(override, reason=" ")


def test_the_text_is_read_in_the_language_it_is_written_in() -> None:
    chinese = subject_of("右肺上叶见结节。", "左肺上叶结节，考虑 IA。")

    assert rules(replace(chinese, language="en")) == ["side_of_conclusion"]
    assert rules(replace(english("Small right pneumothorax.", "Left pneumothorax."), language="zh_CN")) == [
        "side_of_conclusion"
    ]
    assert rules(subject_of("123", "456", language="en")) == []


def test_every_rule_says_what_it_is_counted_as() -> None:
    assert {kind for kind, _rule in RULES} == set(NormKind)
