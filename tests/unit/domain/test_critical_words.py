"""Plain words of an impression suggest a critical value where they say that it is there now."""

from __future__ import annotations

import pytest

from workstation.dicom.critical_policy import default_policy
from workstation.domain.critical import CriticalSource
from workstation.domain.critical_policy import suggested
from workstation.domain.critical_words import said_in
from workstation.domain.finding import FindingList
from workstation.exchange.templates.library import TemplateLibrary


@pytest.mark.parametrize(
    ("impression", "expected"),
    [
        ("左侧基底节区脑出血破入脑室。", ["intracerebral-haemorrhage"]),
        ("主动脉夹层（Stanford A型）。", ["aortic-dissection"]),
        ("右肺动脉栓塞。", ["pulmonary-embolism"]),
        ("上消化道穿孔。", ["perforation"]),
        ("脾破裂，腹腔积血。", ["organ-rupture"]),
        ("右侧大量胸腔积液。", ["massive-effusion"]),
        ("脑出血较前增多。", ["intracerebral-haemorrhage"]),
        ("右侧桥脑急性脑梗死。", ["acute-infarction"]),
        ("动脉瘤破裂伴蛛网膜下腔出血。", ["subarachnoid-haemorrhage", "ruptured-aneurysm"]),
        ("Acute aortic dissection, type A.", ["aortic-dissection"]),
        ("颅内未见出血。", []),
        ("未见主动脉夹层。", []),
        ("肺动脉栓塞待排，建议CTPA。", []),
        ("建议排查肺栓塞。", []),
        ("右侧慢性硬膜下血肿。", []),
        ("脑出血较前吸收。", []),
        ("胃癌术后，腹腔少许游离气体（术后）。", []),
        ("腔隙性脑梗死。", []),
        ("双侧少量胸腔积液。", []),
        ("鼓膜穿孔。", []),
        ("No pulmonary embolism.", []),
    ],
)
def test_an_impression_suggests_what_it_says_is_there_now(impression: str, expected: list[str]) -> None:
    assert [entry.key for entry in default_policy().entries if said_in(impression, entry.words)] == expected


def test_words_count_in_the_general_template_too_and_a_form_comes_first() -> None:
    general, head = TemplateLibrary().get("general"), TemplateLibrary().get("ct-head")
    words = {"impression": "左侧额叶脑出血。"}

    (found,) = suggested(default_policy(), general, words, FindingList("1.2.3"), "zh_CN")
    assert (found.text, found.source, found.target) == ("急性脑出血", CriticalSource.TEMPLATE, "impression")
    both = suggested(
        default_policy(), head, {**words, "haemorrhage": "intraparenchymal"}, FindingList("1.2.3"), "zh_CN"
    )
    assert [one.target for one in both] == ["haemorrhage"]
