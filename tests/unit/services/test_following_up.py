"""What the reader's word about a prior does to a case: one tracking UID, one sentence, one undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO

import pydicom
import pytest
from pydantic import TypeAdapter

from tests.helpers.cases import NOON, READER, FixedClock, Uids, ai_finding, report, row, study, template
from workstation.dicom.sr import report_words
from workstation.dicom.sr.measurement_report import detection_sr, measurement_sr
from workstation.dicom.sr.nodule_reader import read_nodules
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.errors import DecodeError
from workstation.domain.finding import Decision, Finding, Lobe, MarkEvidence, NoduleType, RejectReason
from workstation.domain.mark import GrowthLimit
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.report import Report
from workstation.domain.template import FieldType, ReportTemplate, TemplateField, Text
from workstation.domain.workitem import Claim
from workstation.services.reading_session import OpenedCase, ReadingSession

THEN, NOW = date(2025, 12, 8), date(2026, 11, 21)  # 348 days
PLACE = (-57.0, 131.0, -520.5)


def word(prior_uid: str = "1.9.7", *, volumes: tuple[float, float] | None = (268.0, 606.0)) -> FollowUp:
    before, now = volumes or (None, None)
    return FollowUp(
        "1.9",
        NoduleObservation(prior_uid, THEN, PLACE, 8.0, before),
        NoduleObservation("2.25.1001", NOW, PLACE, 10.5, now),
        "2.25.1001",
    )


def with_comparison(made: ReportTemplate) -> ReportTemplate:
    none = Text("无可供对比的既往检查。", "No prior available for comparison.")
    field = TemplateField("comparison", FieldType.TEXT, Text("对比前片", "Comparison"), normal_phrase=none)
    return replace(made, sections=(replace(made.sections[0], fields=(field, *made.sections[0].fields)),))


def session(made: Report | None = None) -> ReadingSession:
    case = OpenedCase(
        row(), study(), with_comparison(template()), made or report(ai_finding(1), ai_finding(2)),
        Claim("2.25.8", "2.25.99"),
    )  # fmt: skip
    return ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids())


def uids(opened: ReadingSession) -> list[str]:
    return [one.tracking_uid for one in opened.findings.findings]


def compared(opened: ReadingSession) -> str:
    return opened.report.values.get("comparison", "")


def test_a_followed_mark_is_accepted_and_takes_the_priors_tracking_uid_and_undo_gives_both_back() -> None:
    opened = session()
    followed = opened.review.follow("2.25.1001", word())
    assert (followed.tracking_uid, followed.decision) == ("1.9.7", Decision.ACCEPTED)
    assert uids(opened) == ["1.9.7", "2.25.1002"]
    opened.review.undo()
    assert uids(opened) == ["2.25.1001", "2.25.1002"]
    assert opened.findings.findings[0].decision is Decision.UNDECIDED


def test_the_reader_may_change_the_pair_and_take_it_back() -> None:
    opened = session()
    opened.review.follow("2.25.1001", word())
    opened.review.follow("1.9.7", word("1.9.8"))
    assert uids(opened)[0] == "1.9.8"
    assert opened.review.part("1.9.8").tracking_uid == "2.25.1001"
    assert opened.findings.findings[0].follow_up is None
    assert opened.review.part("2.25.1001").follow_up is None


def test_one_prior_never_gives_its_tracking_uid_to_two_findings() -> None:
    opened = session()
    opened.review.follow("2.25.1001", word())
    assert opened.review.follow("2.25.1002", word()).tracking_uid == "2.25.1002"


def test_the_report_names_the_prior_where_the_reader_wrote_nothing_else() -> None:
    opened = session()
    opened.review.follow("2.25.1001", word())
    assert compared(opened) == "与 2025-12-08 的检查比较。"
    opened.review.part("1.9.7")
    assert compared(opened) == ""
    opened.review.undo()
    assert compared(opened) == "与 2025-12-08 的检查比较。"
    opened.review.undo()
    assert compared(opened) == ""
    opened.set_value("comparison", "无可供对比的既往检查。")
    opened.review.accept("2.25.1002")
    opened.review.undo()
    assert compared(opened) == "无可供对比的既往检查。"
    opened.set_value("comparison", "与外院片比较")
    opened.review.follow("2.25.1001", word())
    assert compared(opened) == "与外院片比较"


def test_a_template_without_that_field_is_left_alone() -> None:
    case = OpenedCase(row(), study(), template(), report(ai_finding(1)), Claim("2.25.8", "2.25.99"))
    opened = ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids())
    opened.review.follow("2.25.1001", word())
    assert opened.report.values == {}


GREW = (
    "与 2025-12-08 比较：直径由 8.0 mm 变为 10.5 mm（+2.5 mm），体积由 268 变为 606 立方毫米（+126 %），"
    "按体积计算倍增时间约 296 天（232 至 407 天），较前增大。"
)
STABLE = (
    "Compared with 2025-12-08: diameter 8.0 mm then, 10.5 mm now (+2.5 mm), "
    "volume 268 then, 290 cubic millimetres now (+8 %); no change beyond what measuring again may give."
)
# 348 ln 2 / (3 ln(12 / 8)) and 348 ln 2 / (3 ln(9 / 8))
BY_DIAMETER = (
    "Compared with 2025-12-08: diameter 8.0 mm then, 10.5 mm now (+2.5 mm), "
    "doubling time by diameter about 296 days (198 to 683); larger."
)
NOT_COMPARED = (
    "Compared with 2025-12-08: diameter 8.0 mm then, 10.5 mm now (+2.5 mm), volumes not compared (slices over 1.5 mm, "
    "cut off at the end of the scan), doubling time by diameter about 296 days (198 to 683); larger."
)
NOT_COMPARED_ZH = (
    "与 2025-12-08 比较：直径由 8.0 mm 变为 10.5 mm（+2.5 mm），体积不作比较（层厚大于 1.5 mm，"
    "结节被扫描范围截断），按直径计算倍增时间约 296 天（198 至 683 天），较前增大。"
)
SHRUNK = "与 2025-12-08 比较：直径由 8.0 mm 变为 10.5 mm（+2.5 mm），体积由 606 变为 268 立方毫米（-56 %），较前缩小。"


@pytest.mark.parametrize(
    ("said", "language", "sentence"),
    [
        (word(), "zh_CN", GREW),
        (word(volumes=(268.0, 290.0)), "en", STABLE),
        (word(volumes=None), "en", BY_DIAMETER),
        (word(volumes=(606.0, 268.0)), "zh_CN", SHRUNK),
    ],
)
def test_the_findings_text_says_how_a_nodule_changed(said: FollowUp, language: str, sentence: str) -> None:
    opened = session()
    opened.review.follow("2.25.1001", said)
    finding = opened.findings.findings[0]
    assert report_words.comparison_sentence(finding, language) == sentence
    assert report_words.finding_sentence(finding, opened.findings, study(), language).endswith(sentence)


@pytest.mark.parametrize(("language", "sentence"), [("en", NOT_COMPARED), ("zh_CN", NOT_COMPARED_ZH)])
def test_the_signed_text_tells_why_volumes_are_not_compared_and_no_share_of_them(language: str, sentence: str) -> None:
    said = word()
    said = replace(
        said,
        prior=replace(said.prior, growth_limits=(GrowthLimit.CUT_OFF,)),
        current=replace(said.current, growth_limits=(GrowthLimit.THICK_SLICES,)),
    )
    opened = session()
    opened.review.follow("2.25.1001", said)
    assert report_words.comparison_sentence(opened.findings.findings[0], language) == sentence


# 903 ln 2 / (3 ln(10.5 / 7.8)), and of 12.0 / 7.8 and 9.0 / 7.8; the pair has told the reason already
SERIES = (
    "larger. Sizes over time: 2024-06-01 7.8 mm; 2025-12-08 8.0 mm; 2026-11-21 10.5 mm; +2.7 mm in 903 days, "
    "doubling time by diameter about 702 days (484 to 1458)."
)
SERIES_ZH = (
    "历次直径：2024-06-01 7.8 mm；2025-12-08 8.0 mm；2026-11-21 10.5 mm；903 天内变化 +2.7 mm，"
    "按直径计算倍增时间约 702 天（484 至 1458 天）。"
)
WITHOUT_ONE = (
    "历次直径：2024-06-01 7.8 mm；2025-12-08 8.0 mm（268 立方毫米）；2026-11-21 10.5 mm（606 立方毫米）；"
    "903 天内变化 +2.7 mm，其余体积不作比较（层厚大于 1.5 mm），按直径计算倍增时间约 702 天（484 至 1458 天）。"
)
ONE_ALONE = (
    "历次直径：2024-06-01 7.8 mm；2025-12-08 8.0 mm；2026-11-21 10.5 mm；"
    "903 天内变化 +2.7 mm，体积不作比较（层厚大于 1.5 mm），按直径计算倍增时间约 702 天（484 至 1458 天）。"
)
THICK = (GrowthLimit.THICK_SLICES,)


def with_older(said: FollowUp) -> FollowUp:
    """Return a pair beside an older study on thick slices."""
    older = replace(said.prior, observed_on=date(2024, 6, 1), mean_diameter_mm=7.8, volume_mm3=500.0)
    return replace(said, others=(replace(older, growth_limits=THICK),))


def told(said: FollowUp, language: str) -> str:
    opened = session()
    opened.review.follow("2.25.1001", said)
    return report_words.comparison_sentence(opened.findings.findings[0], language)


@pytest.mark.parametrize(("language", "sentence"), [("en", SERIES), ("zh_CN", SERIES_ZH)])
def test_no_volume_is_told_over_time_that_is_not_compared(language: str, sentence: str) -> None:
    said = word()
    assert told(with_older(replace(said, prior=replace(said.prior, growth_limits=THICK))), language).endswith(sentence)


def test_a_volume_over_time_is_told_beside_others_that_it_may_be_compared_with() -> None:
    assert told(with_older(word()), "zh_CN").endswith(WITHOUT_ONE)
    typed = word()
    typed = replace(typed, current=replace(typed.current, volume_mm3=None))
    assert told(with_older(typed), "zh_CN").endswith(ONE_ALONE)


def test_a_type_that_the_reader_says_after_confirming_tells_whether_volumes_are_compared() -> None:
    said = word()
    guessed = replace(said, current=replace(said.current, growth_limits=(GrowthLimit.SUBSOLID,)))
    opened = session()
    opened.review.follow("2.25.1001", guessed)

    def words() -> str:
        return report_words.comparison_sentence(opened.findings.findings[0], "zh_CN")

    assert "体积不作比较（亚实性结节）" in words()
    uid = opened.findings.findings[0].tracking_uid
    opened.review.edit(uid, nodule_type=NoduleType.SOLID, lobe=Lobe.UNSPECIFIED)
    assert "体积由 268 变为 606" in words()
    opened.review.edit(uid, nodule_type=NoduleType.GROUND_GLASS, lobe=Lobe.UNSPECIFIED)
    assert "体积不作比较（亚实性结节）" in words()
    opened.review.edit(uid, nodule_type=NoduleType.UNSPECIFIED, lobe=Lobe.UNSPECIFIED)
    assert "体积不作比较（亚实性结节）" in words()  # the tool's guess again


WITHOUT_ALL = (
    "历次直径：2024-06-01 7.8 mm；2025-12-08 8.0 mm；2026-11-21 10.5 mm；"
    "903 天内变化 +2.7 mm，按直径计算倍增时间约 702 天（484 至 1458 天）。"
)


def test_of_a_nodule_that_the_reader_calls_ground_glass_now_no_volume_is_told_over_time() -> None:
    older = replace(word().prior, observed_on=date(2024, 6, 1), mean_diameter_mm=7.8, volume_mm3=248.0)
    opened = session(report(replace(ai_finding(1), nodule_type=NoduleType.GROUND_GLASS)))
    opened.review.follow("2.25.1001", replace(word(), others=(older,)))
    words = report_words.comparison_sentence(opened.findings.findings[0], "zh_CN")
    assert "体积不作比较（亚实性结节）" in words
    assert words.endswith(WITHOUT_ALL)
    solid = told(replace(word(), others=(older,)), "zh_CN")
    assert "2024-06-01 7.8 mm（248 立方毫米）" in solid


def untyped() -> Report:
    """Return a draft of a former version: ground glass, and a pair that knows no type."""
    followed = ai_finding(1).accepted(by="x", at=NOON).followed(word(), tracking_uid="1.9.7")
    return report(replace(followed, nodule_type=NoduleType.GROUND_GLASS))


def test_a_pair_in_a_draft_of_a_former_version_takes_the_type_that_the_reader_says() -> None:
    opened = session(untyped())
    (finding,) = opened.findings.findings
    assert "体积不作比较（亚实性结节）" in report_words.comparison_sentence(finding, "zh_CN")
    assert not opened.review.can_undo


def test_a_pair_in_the_other_version_of_a_draft_takes_the_type_as_well() -> None:
    case = OpenedCase(
        row(), study(), with_comparison(template()), report(ai_finding(1)), Claim("2.25.8", "2.25.99"),
        passed_over=untyped(),
    )  # fmt: skip
    opened = ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids())
    opened.go_on_with_other()
    (finding,) = opened.findings.findings
    assert "体积不作比较（亚实性结节）" in report_words.comparison_sentence(finding, "zh_CN")


def test_a_pair_of_a_report_that_is_only_read_stays_as_it_is() -> None:
    case = OpenedCase(row(), study(), with_comparison(template()), untyped(), None)
    opened = ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids())
    assert opened.report == untyped()


# a mark at the place of an own finding


def of_mark(size_mm: float, volume_mm3: float | None = None) -> FollowUp:
    """Return a pair in which the open case's nodule is of this size."""
    now = replace(word().current, mean_diameter_mm=size_mm, volume_mm3=volume_mm3)
    return replace(word(volumes=None), current=now)


def test_a_pair_of_a_mark_that_takes_in_the_readers_finding_has_the_readers_size_and_type() -> None:
    mine = replace(own(), diameter_mm=14.0, nodule_type=NoduleType.GROUND_GLASS)
    opened = session(report(ai_finding(1), mine))
    followed = opened.review.follow("2.25.1001", of_mark(16.1, 2185.0))
    pair = followed.follow_up
    assert pair is not None
    assert (followed.diameter_mm, pair.current.mean_diameter_mm, pair.current.volume_mm3) == (14.0, 14.0, None)
    assert pair.current.nodule_type is NoduleType.GROUND_GLASS
    sentence = report_words.finding_sentence(followed, opened.findings, study(), "en")
    assert "14.0 mm" in sentence
    assert "8.0 mm then, 14.0 mm now (+6.0 mm)" in sentence
    assert "16.1" not in sentence


def test_the_axes_of_a_mark_that_takes_in_the_readers_finding_give_way_to_the_readers_size() -> None:
    first = ai_finding(1)
    assert first.mark is not None
    first = replace(first, original=replace(first.mark, evidence=MarkEvidence(long_axis_mm=18.0, short_axis_mm=14.4)))
    opened = session(report(first, replace(own(), diameter_mm=14.0)))
    pair = opened.review.follow("2.25.1001", of_mark(16.2)).follow_up
    assert pair is not None
    assert pair.current.mean_diameter_mm == 14.0


def test_a_pair_that_tells_an_outline_or_a_mark_as_the_reader_measured_it_keeps_size_and_volume() -> None:
    outline = session(report(ai_finding(1), replace(own(), diameter_mm=14.0)))
    pair = outline.review.follow("2.25.1001", of_mark(13.2, 1204.0)).follow_up
    assert pair is not None
    assert (pair.current.mean_diameter_mm, pair.current.volume_mm3) == (13.2, 1204.0)
    same = session(report(ai_finding(1), replace(own(), diameter_mm=16.1)))
    pair = same.review.follow("2.25.1001", of_mark(16.1, 2185.0)).follow_up
    assert pair is not None
    assert (pair.current.mean_diameter_mm, pair.current.volume_mm3) == (16.1, 2185.0)


def own(number: int = 3, *, before_ai: bool | None = True) -> Finding:
    return Finding(
        "2.25.7", number, PLACE, 15.0, Decision.ADDED, decided_by=READER.user_id, decided_at=NOON, before_ai=before_ai,
        nodule_type=NoduleType.SOLID,
    )  # fmt: skip


def test_a_mark_accepted_where_the_reader_had_found_the_same_counts_once() -> None:
    opened = session(report(ai_finding(1), own()))
    accepted = opened.review.accept("2.25.1001")
    assert uids(opened) == ["2.25.1001"]
    assert (accepted.diameter_mm, accepted.nodule_type, accepted.before_ai) == (15.0, NoduleType.SOLID, True)
    assert accepted.own is not None
    assert (accepted.own.tracking_uid, accepted.own.number, accepted.original) == ("2.25.7", 3, ai_finding(1).original)
    assert report_words.source_words(accepted, "zh_CN") == "医师发现，AI 亦提示"
    statement = report_words.ai_statement(opened.findings, "zh_CN")
    assert "1 处提示，医师接受 0、修改 1、驳回 0、新增 0" in statement
    opened.review.undo()
    assert uids(opened) == ["2.25.1001", "2.25.7"]


def test_accepting_again_or_elsewhere_takes_nothing_in() -> None:
    far = replace(own(), centre_lps_mm=(0.0, 0.0, -520.5))
    opened = session(report(ai_finding(1), far))
    opened.review.accept("2.25.1001")
    opened.review.accept("2.25.1001")
    assert uids(opened) == ["2.25.1001", "2.25.7"]
    again = session(report(ai_finding(1), own()))
    again.review.accept("2.25.1001")
    again.review.reject("2.25.1001", RejectReason.VESSEL)
    assert report_words.source_words(again.findings.findings[0], "zh_CN") == "AI 提示，医师驳回"
    assert again.review.accept("2.25.1001").own is not None


def test_the_sr_keeps_both_origins() -> None:
    opened = session(report(ai_finding(1), own()))
    opened.review.accept("2.25.1001")
    text = str(read_dataset(measurement_sr(opened.report, study())))
    assert "Found by the reader before the mark was accepted" in text
    assert "Diameter as the reader found it" in text


def read_dataset(part10: bytes) -> pydicom.FileDataset:
    return pydicom.dcmread(BytesIO(part10))


# the nodules of a report as the next study finds them


def outlined(uid: str, centre: tuple[float, float, float]) -> Annotation:
    x, y, z = centre
    return Annotation(
        uid=uid, tracking_uid=uid, kind=AnnotationKind.NODULE,
        points_lps_mm=((x - 6, y, z), (x + 6, y, z), (x, y - 4, z), (x, y + 4, z)), frame_of_reference_uid="1.2.3.9",
        measures=(Measure(MeasureName.LONG_AXIS, 12.0, "mm"), Measure(MeasureName.SHORT_AXIS, 8.0, "mm"),
                  Measure(MeasureName.VOLUME, 480.0, "mm3"), Measure(MeasureName.EQUIVALENT_DIAMETER, 9.7, "mm")),
        created_at=NOON,
    )  # fmt: skip


def test_the_next_study_finds_every_nodule_that_a_person_stood_behind_once() -> None:
    measured = MarkEvidence(long_axis_mm=18.0, short_axis_mm=14.0, volume_mm3=2100.0)
    first = ai_finding(1)
    assert first.mark is not None
    first = replace(first, original=replace(first.mark, evidence=measured))
    away = (20.0, 30.0, -500.0)
    second = replace(ai_finding(2), centre_lps_mm=away).rejected(RejectReason.VESSEL, by="x", at=NOON)
    third = replace(own(), centre_lps_mm=away)
    made = report(first.accepted(by="x", at=NOON), second, third)
    drawn = (outlined("2.25.80", (21.0, 30.0, -500.0)), outlined("2.25.81", (90.0, 0.0, -500.0)))
    found = read_nodules(measurement_sr(replace(made, annotations=drawn), study()))
    assert [(one.tracking_uid, one.size_mm, one.volume_mm3, one.nodule_type) for one in found] == [
        ("2.25.1001", 16.0, 2100.0, NoduleType.UNSPECIFIED),
        ("2.25.7", 10.0, 480.0, NoduleType.SOLID),
        ("2.25.81", 10.0, 480.0, NoduleType.UNSPECIFIED),
    ]
    assert {one.frame_of_reference_uid for one in found} == {"1.2.3.9"}
    assert found[0].centre_lps_mm == PLACE


def test_a_size_that_the_reader_changed_is_not_given_the_models_volume() -> None:
    measured = MarkEvidence(long_axis_mm=18.0, short_axis_mm=14.0, volume_mm3=2100.0)
    first = ai_finding(1)
    assert first.mark is not None
    first = replace(first, original=replace(first.mark, evidence=measured))
    made = report(first.edited(by="x", at=NOON, diameter_mm=12.0))
    (found,) = read_nodules(measurement_sr(made, study()))
    assert (found.size_mm, found.volume_mm3) == (12.0, None)


def test_what_only_a_device_said_and_what_is_no_report_give_no_nodules() -> None:
    assert read_nodules(detection_sr(study(), report(ai_finding(1)).findings, at=NOON)) == ()
    assert read_nodules(measurement_sr(report(), study())) == ()
    with pytest.raises(DecodeError):
        read_nodules(b"DICM")


def test_a_draft_keeps_the_pair_and_both_origins() -> None:
    opened = session(report(ai_finding(1), own()))
    opened.review.follow("2.25.1001", word())
    stored = TypeAdapter(Report)
    assert stored.validate_json(stored.dump_json(opened.report)) == opened.report
    assert opened.findings.findings[0].own is not None


def test_the_tracking_uid_lives_on_into_the_next_report() -> None:
    opened = session()
    opened.review.follow("2.25.1001", word())
    (found,) = read_nodules(measurement_sr(opened.report, study()))
    assert found.tracking_uid == "1.9.7"


def earlier_word(prior_uid: str = "1.9.7") -> FollowUp:
    """Return the reader's word for a study of 2024, in which the nodule may have borne another tracking UID."""
    before = replace(word(prior_uid).prior, observed_on=date(2024, 3, 1), mean_diameter_mm=6.0, volume_mm3=113.0)
    return replace(word(), prior_study_instance_uid="1.8", prior=before)


def test_words_about_several_studies_stay_and_the_first_tracking_uid_with_them() -> None:
    opened = session()
    opened.review.follow("2.25.1001", word("1.9.7"))
    followed = opened.review.follow("1.9.7", earlier_word("1.8.1"))

    assert (followed.tracking_uid, [one.prior_study_instance_uid for one in followed.confirmed]) == (
        "1.9.7", ["1.9", "1.8"]
    )  # fmt: skip
    assert opened.review.part("1.9.7", "1.9").tracking_uid == "1.8.1"
    assert opened.review.part("1.8.1", "1.8").tracking_uid == "2.25.1001"


def test_a_tracking_uid_that_another_finding_bears_is_not_taken_when_a_word_is_taken_back() -> None:
    opened = session()
    opened.review.follow("2.25.1001", word("1.9.7"))
    opened.review.follow("1.9.7", earlier_word("1.8.1"))
    opened.review.follow("2.25.1002", earlier_word("1.8.1"))

    assert uids(opened) == ["1.9.7", "1.8.1"]
    assert opened.review.part("1.9.7", "1.9").tracking_uid == "2.25.1001"


def test_words_of_several_studies_and_sizes_for_the_report_come_back_from_a_draft() -> None:
    opened = session()
    opened.review.follow("2.25.1001", replace(word(), others=(earlier_word().prior,)))
    opened.review.follow("1.9.7", earlier_word())
    stored = TypeAdapter(Report)

    assert stored.validate_json(stored.dump_json(opened.report)).findings == opened.findings
