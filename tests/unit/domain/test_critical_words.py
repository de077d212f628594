"""Plain words of an impression suggest a critical value where they say that it is there now."""

from __future__ import annotations

import pytest

from workstation.dicom.critical_policy import default_policy
from workstation.domain.critical import CriticalSource
from workstation.domain.critical_policy import suggested
from workstation.domain.critical_words import Told, told_in
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
        ("急性脑梗死（左侧额顶叶）。", ["acute-infarction"]),
        ("脑干梗死，急性期。", ["acute-infarction"]),
        ("左侧额叶急性期脑梗死。", ["acute-infarction"]),
        ("右侧小脑半球急性梗死。", ["acute-infarction"]),
        ("蛛网膜下隙出血。", ["subarachnoid-haemorrhage"]),
        ("硬脑膜下血肿，急性。", ["extra-axial-haematoma"]),
        ("脑内多发出血。", ["intracerebral-haemorrhage"]),
        ("左侧丘脑血肿。", ["intracerebral-haemorrhage"]),
        ("右侧小脑半球血肿，四脑室受压。", ["intracerebral-haemorrhage"]),
        ("肺动脉主干骑跨血栓。", ["pulmonary-embolism"]),
        ("肺动脉主干充盈缺损，考虑栓塞。", ["pulmonary-embolism"]),
        ("颈髓损伤。", ["cord-compression"]),
        ("血气胸，右肺压缩约60%。", ["massive-effusion"]),
        ("右侧气胸，肺压缩约85%。", ["tension-pneumothorax"]),
        ("右侧气胸，右肺压缩约80-90%。", ["tension-pneumothorax"]),
        ("右侧液气胸，大量。", ["tension-pneumothorax"]),
        ("左侧气胸，大量，左肺压缩。", ["tension-pneumothorax"]),
        ("右侧胸腔积液，大量。", ["massive-effusion"]),
        ("右侧胸腔积液（大量）。", ["massive-effusion"]),
        ("左侧液气胸（大量），左肺受压。", ["tension-pneumothorax"]),
        ("右侧胸腔积液(大量)。", ["massive-effusion"]),
        ("右侧气胸(大量)，左肺受压。", ["tension-pneumothorax"]),
        ("胸腔积液 大量", ["massive-effusion"]),
        ("右侧胸腔积液，量大。", ["massive-effusion"]),
        ("右侧气胸:大量。", ["tension-pneumothorax"]),
        ("右侧气胸：大量。", ["tension-pneumothorax"]),
        ("右侧气胸，大量伴纵隔左移。", ["tension-pneumothorax"]),
        ("急性脑梗死(急性期)。", ["acute-infarction"]),
        ("右侧胸腔积液(少量)。", []),
        ("右侧胸腔积液 少量，大量腹水。", []),
        ("右侧胸腔积液，腹腔大量积液。", []),
        ("未见气胸 大量。", []),
        ("右侧气胸，未见大量。", []),
        ("右侧液气胸，少量。", []),
        ("右侧少量气胸，大量胸腔积液。", ["massive-effusion"]),
        ("未见气胸，大量。", []),
        ("基底节区微出血灶。", []),
        ("双侧丘脑、脑干多发微出血灶。", []),
        ("小脑多发微小出血灶。", []),
        ("基底节区出血，伴脑内多发微出血灶。", ["intracerebral-haemorrhage"]),
        ("右侧气胸，肺压缩约7%。", []),
        ("右侧气胸，肺压缩约40%。", []),
        ("右侧气胸，肺压缩约8.5%。", []),
        ("亚急性脑梗死。", []),
        ("急性心肌梗死病史。", []),
        ("左侧基底节区腔隙性脑梗死。", []),
        ("肺动脉未见充盈缺损。", []),
        ("脑出血后遗改变。", []),
        ("脾破裂修补术后改变。", []),
        ("动脉瘤夹闭术后破裂出血。", ["ruptured-aneurysm"]),
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
    assert told(impression) == [(key, False) for key in expected]


@pytest.mark.parametrize(
    ("impression", "expected"),
    [
        ("考虑急性肺动脉栓塞可能。", "pulmonary-embolism"),
        ("肺栓塞可能性大。", "pulmonary-embolism"),
        ("肺栓塞可能，待排除。", "pulmonary-embolism"),
        ("肺栓塞可能待排除。", "pulmonary-embolism"),
        ("不除外主动脉夹层。", "aortic-dissection"),
        ("主动脉夹层不能完全排除，建议CTA检查。", "aortic-dissection"),
        ("无法除外主动脉夹层。", "aortic-dissection"),
        ("未能除外主动脉夹层。", "aortic-dissection"),
        ("疑似硬膜下血肿。", "extra-axial-haematoma"),
        ("怀疑动脉瘤破裂可能。", "ruptured-aneurysm"),
        ("未见脑出血，蛛网膜下腔出血不除外。", "subarachnoid-haemorrhage"),
        ("警惕绞窄性肠梗阻，请结合临床。", "strangulated-obstruction"),
        ("结合病史考虑急性肺栓塞可能。", "pulmonary-embolism"),
        ("可能小脑出血。", "intracerebral-haemorrhage"),
        ("主动脉夹层累及左肾动脉可能。", "aortic-dissection"),
        ("硬膜下血肿？", "extra-axial-haematoma"),
        ("Possible pulmonary embolism.", "pulmonary-embolism"),
        ("Findings suspicious for aortic dissection.", "aortic-dissection"),
        ("Aortic dissection cannot be excluded.", "aortic-dissection"),
    ],
)
def test_an_urgent_suspicion_suggests_too_and_is_told_as_suspected(impression: str, expected: str) -> None:
    assert told(impression) == [(expected, True)]


@pytest.mark.parametrize(
    "impression",
    [
        "未见主动脉夹层可能征象。",
        "除外主动脉夹层。",
        "主动脉夹层已排除。",
        "排除肺栓塞可能。",
        "建议CTA除外主动脉夹层可能。",
        "肺栓塞可能性小。",
        "主动脉夹层可能性不大。",
        "小脑出血可能性极小。",
        "主动脉夹层可能不大。",
        "不太可能为主动脉夹层。",
        "不考虑肺栓塞可能。",
        "是否肺栓塞可能。",
        "陈旧性硬膜下血肿可能。",
        "可能为术后腹腔游离气体。",
        "脑出血吸收期可能。",
        "未见新发脑出血。",
        "动脉瘤未破裂可能。",
        "Rule out pulmonary embolism.",
        "Pulmonary embolism excluded.",
        "Pulmonary embolism is unlikely.",
        "Possible chronic subdural hematoma.",
    ],
)
def test_what_is_denied_excluded_asked_improbable_or_old_is_no_suspicion(impression: str) -> None:
    assert told(impression) == []


def test_what_is_said_once_and_suspected_once_counts_as_said() -> None:
    phrases = ("主动脉…夹层",)
    assert told_in("升主动脉可疑夹层。降主动脉夹层。", phrases) == Told("主动脉夹层")
    assert told_in("升主动脉可疑夹层。", phrases) == Told("主动脉可疑夹层", suspected=True)


def told(impression: str) -> list[tuple[str, bool]]:
    found = [(entry.key, told_in(impression, entry.words)) for entry in default_policy().entries]
    return [(key, how.suspected) for key, how in found if how is not None]


def test_words_count_in_the_general_template_too_and_a_form_comes_first() -> None:
    general, head = TemplateLibrary().get("general"), TemplateLibrary().get("ct-head")
    words = {"impression": "左侧额叶脑出血。"}

    (found,) = suggested(default_policy(), general, words, FindingList("1.2.3"), "zh_CN")
    assert (found.text, found.source, found.target) == ("急性脑出血", CriticalSource.TEMPLATE, "impression")
    both = suggested(
        default_policy(), head, {**words, "haemorrhage": "intraparenchymal"}, FindingList("1.2.3"), "zh_CN"
    )
    assert [one.target for one in both] == ["haemorrhage"]
