"""Two versions of a report differ in what was drawn, marked, told and recognised too, and the words say in what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.helpers import cases
from tests.helpers.critical import AT, EXPERT, party
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.critical import LEVELS, CriticalSource, CriticalValue
from workstation.domain.key_image import KeyImage
from workstation.domain.mutual_recognition import Recognition, Refusal
from workstation.domain.report import Report
from workstation.domain.template import Text
from workstation.services.report_difference import Change, differences

CT = "1.2.840.10008.5.1.4.1.1.2"
STUDY = cases.study()
LENGTH = Annotation(
    uid="2.25.5",
    tracking_uid="2.25.6",
    kind=AnnotationKind.LENGTH,
    points_lps_mm=((-100.0, -100.0, -519.0), (-88.0, -100.0, -519.0)),
    series_instance_uid="1.2.3.2",
    measures=(Measure(MeasureName.LENGTH, 12.0, "mm"),),
    created_at=cases.NOON,
)
ARROW = replace(LENGTH, uid="2.25.7", kind=AnnotationKind.ARROW, measures=(), text="见此处")
VALUE = CriticalValue(
    "2.25.8", STUDY.study_instance_uid, "2.25.7", "", LEVELS[1], "张力性气胸", CriticalSource.READER, party(EXPERT), AT
)
GRANTED = Recognition("alliance", "1.0", "HR", Text("联盟", "alliance"), valid_until=date(2027, 2, 21))


def told(before: Report, after: Report, *, with_study: bool = True) -> dict[str, tuple[str, str]]:
    found = differences(before, after, cases.template(), STUDY if with_study else None)
    return {one.label: (one.before, one.after) for one in found if one.is_changed}


def test_what_was_drawn_moved_and_taken_away_is_told_with_its_image_and_size() -> None:
    plain = cases.report()
    drawn = replace(plain, annotations=(LENGTH, ARROW))
    moved = replace(LENGTH, points_lps_mm=((-90.0, -100.0, -519.0), (-78.0, -100.0, -519.0)))
    foreign = replace(LENGTH, uid="2.25.9", origin="1.2.3.4")

    assert told(plain, drawn) == {"Drawings": ("", "距离，长度 12.0 mm，序列 2 图像 3\n箭头，见此处，序列 2 图像 3")}
    assert told(drawn, replace(plain, annotations=(moved, ARROW)))["Drawings"][1].startswith(
        "距离，长度 12.0 mm，序列 2 图像 3，位置已改\n箭头"
    )
    assert told(drawn, replace(drawn, annotations=(LENGTH, ARROW, foreign))) == {}
    assert told(drawn, plain, with_study=False)["Drawings"] == ("距离，长度 12.0 mm\n箭头，见此处", "")


def test_key_images_are_told_by_series_and_number() -> None:
    third, other = KeyImage("1.2.3.2", CT, "1.2.3.2.3"), KeyImage("9.9", CT, "9.9.1")
    before, after = (replace(cases.report(), key_images=keys) for keys in ((third,), (third, other)))

    assert told(before, after) == {"Key images": ("序列 2 图像 3", "序列 2 图像 3\n非本次检查图像")}


def test_critical_values_and_recognition_are_told_in_the_words_of_the_report() -> None:
    plain = cases.report()
    critical = told(plain, replace(plain, critical_values=(VALUE,)))["Critical values"]
    refused = replace(GRANTED, valid_until=None, refusals=(Refusal.NO_QUALITY,))

    assert critical[0] == ""
    assert "张力性气胸" in critical[1].splitlines()[0]
    assert told(replace(plain, recognition=GRANTED), replace(plain, recognition=refused)) == {
        "Mutual recognition": (
            "互认依据：规则 alliance 1.0，有效期至 2027-02-21。", "未获互认标识：图像质量未评级。规则 alliance 1.0。"
        )
    }  # fmt: skip


def test_versions_that_are_the_same_in_all_of_this_have_no_change() -> None:
    one = replace(cases.report(), annotations=(LENGTH,), critical_values=(VALUE,), recognition=GRANTED)

    found = differences(one, replace(one), cases.template(), STUDY)
    assert {piece.change for row in found for piece in row.pieces} == {Change.SAME}
