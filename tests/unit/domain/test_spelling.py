"""Anatomical terms that were typed wrongly, in both languages, and good reports that stay in peace."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from resources.anatomy_terms import chinese_mistakes, english_terms, homophones
from tests.helpers.norm import good_reports
from workstation.domain.spelling import Misspelling, distance, misspelt
from workstation.exchange.templates.library import TemplateLibrary


@pytest.mark.parametrize(
    ("text", "word", "right"),
    [
        ("双侧肺们影不大。", "肺们", "肺门"),
        ("纵膈居中，未见肿大。", "纵膈", "纵隔"),
        ("左侧肾孟扩张。", "肾孟", "肾盂"),
        ("右肺上叶见节结，边界清。", "节结", "结节"),
        ("右侧基底结区见高密度影。", "基底结", "基底节"),
        ("L4 锥体压缩。", "锥体", "椎体"),
        ("The mediastinm is central.", "mediastinm", "mediastinum"),
        ("No plueral thickening.", "plueral", "pleural"),
        ("Pnuemothroax on the left.", "Pnuemothroax", "Pneumothorax"),
    ],
)
def test_a_wrong_term_is_found_with_the_right_one(text: str, word: str, right: str) -> None:
    assert misspelt(text) == (Misspelling(word, text.index(word), (right,)),)


@pytest.mark.parametrize(
    "text",
    [
        "淋巴结长径约 12 mm，基底节结构清楚。",
        "股骨颈骨折，颅底骨质完整，未见锥体束征。",
        "Spiral CT; the medial and lateral walls, a median cleft, medical history: no fracture-dislocation.",
        "PLUERAL IN CAPITALS is an abbreviation for all we know.",
        "",
    ],
)
def test_right_words_that_look_alike_stay_in_peace(text: str) -> None:
    assert misspelt(text) == ()


def test_no_good_report_and_no_template_is_called_wrong() -> None:
    texts = [field.text for subject in good_reports().values() for field in subject.fields]
    for template in TemplateLibrary().all():
        for item in template.fields:
            texts += [item.label.zh, item.label.en]
            texts += [item.normal_phrase.zh, item.normal_phrase.en] if item.normal_phrase else []
            texts += [text for choice in item.choices for text in (choice.label.zh, choice.label.en)]
    assert len(texts) > 300
    assert [(text, misspelt(text)) for text in texts if misspelt(text)] == []


def test_every_mistake_of_the_list_is_found_and_leads_to_its_term() -> None:
    for term, mistakes in chinese_mistakes().items():
        assert misspelt(f"见{term}。") == (), term
        for wrong in mistakes:
            plain = re.sub(r"\(.*\)", "", wrong)
            assert [one.suggestions for one in misspelt(f"见{plain}。")] == [(term,)], wrong


def test_a_letter_left_out_of_a_long_term_leads_back_to_it() -> None:
    terms = [term for term in english_terms() if len(term) >= 10 and "-" not in term]
    lost = [term for term in terms if term not in [s for one in misspelt(term[:4] + term[5:]) for s in one.suggestions]]
    assert len(terms) > 60
    assert lost == []


def test_several_likely_terms_are_offered_at_most_three() -> None:
    (one,) = misspelt("the artry and arteril wall")[-1:]
    assert one.suggestions == ("arterial",)
    assert len(misspelt("vertebraa")[0].suggestions) == 3


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("pleura", "pleura", 0), ("pluera", "pleura", 1), ("plura", "pleura", 1), ("pleurra", "pleura", 1),
     ("pleuro", "pleura", 1), ("plrua", "pleura", 2), ("plrba", "pleura", 3),
     ("a", "abcdef", 3), ("zzzzzz", "pleura", 3)],
)  # fmt: skip
def test_a_mistake_is_a_letter_left_out_added_changed_or_swapped(one: str, other: str, steps: int) -> None:
    assert distance(one, other, 2) == steps


HELD_OUT = json.loads((Path(__file__).parents[2] / "golden" / "spelling" / "held_out_zh.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("part", "count", "least"),
    # written before they were tried: at first sight 46 of the 52 and 24 of the 28 were found
    [("slips", 52, 51), ("slips_later", 28, 24)],
)
def test_slips_of_the_pinyin_keyboard_that_no_list_has_are_found_by_their_sound(
    part: str, count: int, least: int
) -> None:
    found = [
        any(one.word in wrong or wrong in one.word for one in misspelt(text) if right in "".join(one.suggestions))
        for text, wrong, right in HELD_OUT[part]
    ]

    assert len(found) == count
    assert sum(found) >= least


@pytest.mark.parametrize("text", HELD_OUT["correct"] + HELD_OUT["correct_later"])
def test_a_correct_sentence_is_left_in_peace(text: str) -> None:
    assert misspelt(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("冠状动卖钙化", [("冠状动卖", ("冠状动脉",))]),  # the longest term
        ("蛛网模下腔", [("蛛网模下腔", ("蛛网膜下腔",))]),
        ("蛛罔膜夏枪出血", [("蛛罔膜", ("蛛网膜",))]),
        ("胸枪腹枪", [("胸枪", ("胸腔",)), ("腹枪", ("腹腔",))]),
        ("雄枪", []),  # both characters of a short term
        ("左移位体积", []),  # across two words that are right
        ("肾于左侧", [("肾于", ("肾盂",))]),  # of the list of mistakes
        ("肝于", []),
        ("", []),
        ("胸", []),
    ],
)
def test_only_what_sounds_like_a_term_and_belongs_to_no_other_word_is_called_wrong(
    text: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert [(one.word, one.suggestions) for one in misspelt(text)] == expected


def test_the_table_of_sounds_knows_every_term_with_a_syllable_for_each_character() -> None:
    table = homophones()

    assert set(chinese_mistakes()) <= set(table.terms)
    assert {term for term, said in table.terms.items() if len(term) != len(said)} == set()
    unheard = [
        (term, char)
        for term, said in table.terms.items()
        for char, sound in zip(term, said, strict=True)
        if sound not in table.sounds(char)
    ]
    assert unheard == []
