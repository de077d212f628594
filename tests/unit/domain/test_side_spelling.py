"""A side that was typed by its sound is told, and the words of every day that look like one stay in peace."""

from __future__ import annotations

import pytest

from workstation.domain.side_spelling import SideSlip, side_slips
from workstation.domain.spelling import Misspelling, misspelt


@pytest.mark.parametrize(
    ("text", "word", "right"),
    [
        ("又肺上叶结节。", "又肺", "右肺"),
        ("有侧气胸。", "有侧", "右侧"),
        ("有侧胸腔积液。", "有侧", "右侧"),
        ("坐侧胸腔积液。", "坐侧", "左侧"),
        ("佐肺下叶", "佐肺", "左肺"),
        ("左则胸腔积液", "左则", "左侧"),
        ("右测第 5 肋骨折", "右测", "右侧"),
        ("双则肺门不大", "双则", "双侧"),
        ("有肺上叶见结节", "有肺", "右肺"),
        ("CT 见有肺下叶实变", "有肺", "右肺"),
        ("双肺气肿，有肺中叶不张", "有肺", "右肺"),
        ("幼侧基底节区出血", "幼侧", "右侧"),
        ("佑肾囊肿", "佑肾", "右肾"),
        ("又侧额叶梗死", "又侧", "右侧"),
        ("做侧肾结石", "做侧", "左侧"),
        ("坐膝关节积液", "坐膝", "左膝"),
        ("肝有叶囊肿", "有叶", "右叶"),
        ("甲状腺坐叶结节", "坐叶", "左叶"),
        ("有乳外上象限肿块", "有乳", "右乳"),
        ("又肾下极囊肿", "又肾", "右肾"),
    ],
)
def test_a_side_typed_by_its_sound_is_found_with_the_side_that_was_meant(text: str, word: str, right: str) -> None:
    assert side_slips(text) == (SideSlip(text.index(word), word, right),)
    assert misspelt(text) == (Misspelling(word, text.index(word), (right,)),)


@pytest.mark.parametrize(
    "text",
    [
        "双肺有肺气肿，有肺大疱；未见有肺内转移，又肺内见小结节。",
        "没有肺不张，只有肺底少许索条，仅有肺门影增大，还具有肺癌高危因素。",
        "未见有肺上叶结节，患者又肺栓塞，有肺上叶切除史，既往有肺下叶手术史。",
        "作肺功能检查，做肺穿刺，曾作肺上叶切除，做侧位片，有侧卧位及侧弯，又见肺结节。",
        "有侧支循环形成，有侧脑室扩大，有侧副韧带损伤，脊柱有侧凸，有侧隐窝狭窄。",
        "有肾结石，有肾上腺结节，有乳内淋巴结肿大，有乳腺癌病史，可见乳头溢液。",
        "久坐膝关节痛，坐位摄片，坐骨结节完整，年幼肺部感染，婴幼儿，佐证不足。",
        "左肾正常，右则萎缩；血压左测得 120，右则未见异常；原则上复查，检测双侧。",
        "右侧、左侧、双侧，右肺上叶，左肺下叶，肝右叶，肝叶间裂增宽。",
        "眼眶内壁骨折，上颌窦前壁骨折，眶壁骨质完整。",
        "The left lung is clear.",
        "",
    ],
)
def test_ordinary_words_that_look_like_a_side_stay_in_peace(text: str) -> None:
    assert misspelt(text) == ()


def test_several_wrong_sides_are_told_in_reading_order() -> None:
    text = "左测胸腔积液，又肺上叶结节，坐肾囊肿。"
    assert [one.word for one in side_slips(text)] == ["左测", "又肺", "坐肾"]
