"""A reader's phrases, what their placeholders stand for, and words that follow their findings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter

from tests.helpers import cases
from tests.helpers.writing import FakePhrases, finding
from workstation.bootstrap.documents import read_ahead
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName, Statistics
from workstation.domain.errors import ReportError, TemplateViolation
from workstation.domain.finding import Lobe
from workstation.domain.norm.values import NormKind
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.phrase import Phrase, filled, placeholders
from workstation.domain.report import Person, Report
from workstation.domain.shared_document import (
    DocumentInfo,
    DocumentKey,
    DocumentKind,
    KnownDocuments,
    SharedDocument,
    digest_of,
)
from workstation.domain.text_link import LinkKind, TextLink
from workstation.domain.voi import Threshold
from workstation.exchange.templates.shared_phrases import _phrases_of, parse_shared_phrases, shared_phrases
from workstation.services.norm_gate import describe_fault, faults_of
from workstation.services.phrase_service import PhraseBook, facts_of
from workstation.services.report_links import annotation_words, finding_words, insertable, link_states

TEMPLATE = cases.template()
SIGNER = Person("expert", "王启明", "远程诊断中心")


def drawn(kind: AnnotationKind = AnnotationKind.LENGTH, *measures: Measure) -> Annotation:
    points = {AnnotationKind.LENGTH: 2, AnnotationKind.BIDIRECTIONAL: 4, AnnotationKind.PROBE: 1}.get(kind, 4)
    return Annotation(
        uid="2.25.500",
        tracking_uid="2.25.501",
        kind=kind,
        points_lps_mm=((0.0, 0.0, 0.0),) * points,
        measures=measures,
        created_at=cases.NOON,
    )


def linked(report: Report, text: str, target: str, quote: str, kind: LinkKind = LinkKind.FINDING) -> Report:
    link = TextLink("airways", kind, target, quote, text.index(quote), "2025-12-08" if kind is LinkKind.COPY else "")
    return replace(report, values={**report.values, "airways": text}, links=(link,))


def open_rules(report: Report) -> dict[str, NormKind]:
    row = cases.row()
    return {one.rule: one.kind for one in faults_of(report, TEMPLATE, cases.study(), row, signer=SIGNER)}


def test_a_finding_is_named_by_place_kind_and_size_in_the_language_of_the_report() -> None:
    assert finding_words(finding(), "zh_CN") == "右肺上叶实性结节，平均径 15.5 mm"
    assert finding_words(finding(), "en") == "15.5 mm solid nodule in the right upper lobe"
    unplaced = replace(finding(), lobe=Lobe.UNSPECIFIED)
    assert finding_words(unplaced, "zh_CN") == "实性结节，平均径 15.5 mm"
    assert finding_words(unplaced, "en") == "15.5 mm solid nodule"


def test_a_measurement_is_named_by_its_number_and_unit() -> None:
    axes = (Measure(MeasureName.LONG_AXIS, 18.2, "mm"), Measure(MeasureName.SHORT_AXIS, 12.8, "mm"))
    assert annotation_words(drawn(AnnotationKind.BIDIRECTIONAL, *axes), "zh_CN") == "18.2 mm × 12.8 mm"
    assert annotation_words(drawn(AnnotationKind.LENGTH, Measure(MeasureName.LENGTH, 23.04, "mm")), "en") == (
        "length 23.0 mm"
    )
    assert annotation_words(drawn(AnnotationKind.LENGTH, Measure(MeasureName.ANGLE, 31.5, "deg")), "zh_CN") == (
        "角度 31.5°"
    )
    assert annotation_words(drawn(AnnotationKind.LENGTH, Measure(MeasureName.RATIO, 0.523, "1")), "zh_CN") == (
        "心胸比 0.52"
    )
    assert annotation_words(drawn(AnnotationKind.LENGTH, Measure(MeasureName.VOLUME, 1742.3, "mm3")), "en") == (
        "volume 1742 mm³"
    )
    probe = replace(drawn(AnnotationKind.PROBE), statistics=Statistics(41.4, 3.0, 30.0, 50.0, 9, "HU"))
    assert annotation_words(probe, "zh_CN") == "平均值 41 HU"
    assert annotation_words(drawn(AnnotationKind.PROBE), "zh_CN") == ""


def test_a_cobb_angle_above_90_degrees_is_named_with_the_angle_between_its_lines() -> None:
    steep = drawn(AnnotationKind.COBB, Measure(MeasureName.ANGLE, 140.0, "deg"))
    assert annotation_words(steep, "zh_CN") == "角度 140.0°（两线夹角 40.0°）"
    assert annotation_words(steep, "en") == "angle 140.0° (angle between two lines 40.0°)"
    mild = drawn(AnnotationKind.COBB, Measure(MeasureName.ANGLE, 30.0, "deg"))
    assert annotation_words(mild, "en") == "angle 30.0°"
    lines = drawn(AnnotationKind.LINES, Measure(MeasureName.ANGLE, 40.0, "deg"))
    assert annotation_words(lines, "zh_CN") == "两线夹角 40.0°"


def test_a_volume_of_interest_on_a_pet_is_named_by_its_uptake() -> None:
    share, level = Threshold(0.41, relative=True), Threshold(2.5)
    uptake = (
        Measure(MeasureName.DIAMETER, 20.0, "mm"),
        Measure(MeasureName.UPTAKE_PEAK, 2.5366, "SUV"),
        Measure(MeasureName.METABOLIC_VOLUME, 0.216, "ml", share),
        Measure(MeasureName.LESION_GLYCOLYSIS, 1.728, "g", share),
        Measure(MeasureName.METABOLIC_VOLUME, 0.3, "ml", level),
    )
    ball = replace(
        drawn(AnnotationKind.LENGTH, *uptake),
        kind=AnnotationKind.SPHERE,
        statistics=Statistics(3.333, 2.0, 1.0, 8.0, 81, "SUV"),
    )
    assert annotation_words(ball, "zh_CN") == (
        "SUVmax 8.00，SUVpeak 2.54，SUVmean 3.33，MTV 0.22 ml（≥41 % 最大值），TLG 1.73 g"
    )
    assert annotation_words(ball, "en") == (
        "SUVmax 8.00, SUVpeak 2.54, SUVmean 3.33, MTV 0.22 ml (at least 41 % of the maximum), TLG 1.73 g"
    )
    by_surface = (
        Measure(MeasureName.UPTAKE_MAXIMUM, 200.0, "SUVbsa"),
        Measure(MeasureName.UPTAKE_PEAK, 150.0, "SUVbsa"),
        Measure(MeasureName.METABOLIC_VOLUME, 0.3, "ml", level),
        Measure(MeasureName.LESION_GLYCOLYSIS, 45.0, "cm2", level),
    )
    over_ct = replace(ball, measures=by_surface, statistics=Statistics(40.0, 9.0, 10.0, 80.0, 81, "HU"))
    assert annotation_words(over_ct, "en") == (
        "SUVbsa max 200.0, SUVbsa peak 150.0, MTV 0.30 ml (SUVbsa at least 2.5), TLG 45.00 cm²"
    )
    alone = replace(ball, measures=(*uptake[1:2], Measure(MeasureName.METABOLIC_VOLUME, 0.3, "ml")), statistics=None)
    assert annotation_words(alone, "zh_CN") == "SUVpeak 2.54，MTV 0.30 ml"


def test_a_volume_of_interest_is_inserted_as_a_link_that_follows_its_peak() -> None:
    ball = replace(
        drawn(AnnotationKind.LENGTH, Measure(MeasureName.UPTAKE_PEAK, 2.5, "SUV")), kind=AnnotationKind.SPHERE
    )
    report = replace(cases.report(finding()), annotations=(ball,))
    fact = insertable(report)[-1]
    assert (fact.words, fact.kind) == ("SUVpeak 2.50", LinkKind.ANNOTATION)
    words = linked(report, f"见{fact.words}。", fact.target, fact.words)
    tied = replace(words, links=tuple(replace(link, kind=LinkKind.ANNOTATION) for link in words.links))
    moved = replace(ball, measures=(Measure(MeasureName.UPTAKE_PEAK, 3.5, "SUV"),))
    (state,) = link_states(replace(tied, annotations=(moved,)))
    assert (state.is_outdated, state.now) == (True, "SUVpeak 3.50")


def test_findings_and_measurements_are_offered_and_what_others_drew_is_not() -> None:
    own = drawn(AnnotationKind.LENGTH, Measure(MeasureName.LENGTH, 23.0, "mm"))
    foreign = replace(own, uid="2.25.502", origin="1.2.9")
    report = replace(cases.report(finding()), annotations=(own, foreign, replace(own, uid="2.25.503", measures=())))
    assert [(fact.words, fact.target) for fact in insertable(report)] == [
        ("右肺上叶实性结节，平均径 15.5 mm", "2.25.1001"),
        ("长度 23.0 mm", "2.25.500"),
    ]


def test_a_changed_size_is_told_and_holds_the_signature_up_until_the_words_follow() -> None:
    words = "右肺上叶实性结节，平均径 15.5 mm"
    report = linked(cases.report(finding(14.2)), f"见{words}。", "2.25.1001", words)
    (state,) = link_states(report)
    assert (state.is_outdated, state.is_gone, state.now) == (True, False, "右肺上叶实性结节，平均径 14.2 mm")
    assert open_rules(report)["link_outdated"] is NormKind.NUMBER
    assert "link_outdated" not in open_rules(linked(cases.report(finding()), f"见{words}。", "2.25.1001", words))


def test_a_finding_that_was_taken_away_leaves_words_that_the_gate_tells_of() -> None:
    words = "右肺上叶实性结节，平均径 15.5 mm"
    report = linked(cases.report(), f"见{words}。", "2.25.1001", words)
    assert link_states(report)[0].is_gone
    assert open_rules(report)["link_gone"] is NormKind.CONCLUSION
    row = cases.row()
    faults = faults_of(report, TEMPLATE, cases.study(), row, signer=SIGNER)
    assert "Airways: “右肺上叶实性结节，平均径 15.5 mm” tells of something that is no longer in the report" in [
        describe_fault(fault, TEMPLATE) for fault in faults
    ]


def test_a_finding_that_was_matched_with_a_prior_is_still_the_same() -> None:
    own = finding()
    assert own.centre_lps_mm is not None
    then = NoduleObservation("2.25.77", date(2025, 12, 8), own.centre_lps_mm, 12.1)
    now = NoduleObservation(own.tracking_uid, date(2026, 11, 21), own.centre_lps_mm, 15.5)
    one = own.followed(FollowUp("1.2.9", then, now, own.tracking_uid), tracking_uid="2.25.77")
    words = finding_words(one, "zh_CN")
    report = linked(cases.report(one), f"见{words}。", own.tracking_uid, words)
    assert not link_states(report)[0].is_gone


def test_a_measurement_that_was_drawn_again_is_told_and_a_deleted_one_as_well() -> None:
    own = drawn(AnnotationKind.LENGTH, Measure(MeasureName.LENGTH, 23.0, "mm"))
    report = linked(cases.report(), "长度 22.0 mm。", "2.25.500", "长度 22.0 mm", LinkKind.ANNOTATION)
    assert link_states(replace(report, annotations=(own,)))[0].is_outdated
    assert link_states(report)[0].is_gone


def test_copied_words_hold_the_signature_up_until_somebody_touches_or_confirms_them() -> None:
    report = linked(cases.report(), "气管通畅。", "1.2.9", "气管通畅。", LinkKind.COPY)
    assert open_rules(report)["copied"] is NormKind.RESIDUE
    assert not link_states(report)[0].is_gone
    touched = report.with_values({"airways": "气管尚通畅。"}, at=cases.NOON)
    assert "copied" not in open_rules(touched)


def test_a_link_in_a_field_that_the_template_does_not_show_holds_nothing_up() -> None:
    report = linked(cases.report(), "气管通畅。", "1.2.9", "气管通畅。", LinkKind.COPY)
    other = replace(report, links=(replace(report.links[0], field="elsewhere"),), values={"elsewhere": "气管通畅。"})
    assert "copied" not in open_rules(other)


def test_placeholders_stand_for_study_findings_measurements_and_fields() -> None:
    own = drawn(AnnotationKind.LENGTH, Measure(MeasureName.LENGTH, 23.0, "mm"))
    values = {"technique": "低剂量平扫", "ctdi": "3.2"}
    report = replace(cases.report(finding(), values=values), annotations=(own,))
    facts = facts_of(report, TEMPLATE, cases.study(), "20251208")
    text = "{检查日期} {Examination} {既往日期} {病灶数} {最大径} {病灶1} {测量1} {technique} {CTDIvol} {别的}"
    done = filled(text, facts)
    assert done.text == (
        "2026-11-21 胸部低剂量 LDCT 2025-12-08 1 15.5 mm 右肺上叶实性结节，平均径 15.5 mm 长度 23.0 mm "
        "低剂量平扫 3.2 mGy {别的}"
    )
    assert [fact.target for _at, fact in done.tied] == ["2.25.1001", "2.25.500"]
    assert "{最大病灶}" in filled("{最大病灶}", facts_of(cases.report(), TEMPLATE, cases.study())).text


def test_an_own_phrase_takes_the_place_of_a_shipped_one_and_gives_it_back() -> None:
    book = PhraseBook(FakePhrases())
    shipped = next(one for one in book.all() if one.abbreviation == "jh" and one.language == "zh_CN")
    mine = replace(shipped, text="请结合病史。", shipped=False)
    book.keep(mine)
    book.keep(replace(mine, text="请结合病史及化验。"))
    assert [one.text for one in book.all() if one.abbreviation == "jh" and one.language == "zh_CN"] == [
        "请结合病史及化验。"
    ]
    book.drop(mine)
    assert shipped in book.all()
    assert book.own() == ()


def test_phrases_of_the_hospital_and_of_all_stand_before_shipped_ones_and_behind_own_ones() -> None:
    content = {"phrases": [{"abbreviation": "jh", "language": "zh_CN", "title": "结合", "text": "请结合我院病史。"}]}
    ours = parse_shared_phrases(json.dumps(content), "phrases", "qingshui")
    content["phrases"][0]["text"] = "请结合联盟病史。"
    shared = (*parse_shared_phrases(json.dumps(content), "phrases"), *ours)
    site = ["qingshui"]
    book = PhraseBook(FakePhrases(), lambda: shared, lambda: site[0])

    def held() -> Phrase:
        (found,) = [one for one in book.all() if one.abbreviation == "jh" and one.language == "zh_CN"]
        return found

    assert (held().text, held().is_own, held().site_id) == ("请结合我院病史。", False, "qingshui")
    site[0] = "elsewhere"
    assert (held().text, held().site_id) == ("请结合联盟病史。", "")
    book.keep(Phrase("jh", "结合", "我自己的话。", "zh_CN"))
    assert (held().text, held().is_own) == ("我自己的话。", True)
    assert [one.text for one in book.own()] == ["我自己的话。"]  # what is shared is never written among the own ones


def test_shared_phrases_of_a_newer_hub_are_passed_over_and_twice_the_same_is_refused() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    text = json.dumps({"phrases": [], "form": 9})
    key = DocumentKey(DocumentKind.PHRASES, "phrases")
    assert shared_phrases([SharedDocument(DocumentInfo(key, 1, "", digest_of(text), at, "x"), text)]) == ()
    one = {"abbreviation": "a", "language": "en", "title": "A", "text": "a"}
    with pytest.raises(TemplateViolation):
        parse_shared_phrases(json.dumps({"phrases": [one, one]}), "phrases")


def test_phrases_are_checked_in_the_job_that_fetched_them_and_not_under_a_keystroke() -> None:
    text = json.dumps({"phrases": [{"abbreviation": "ahead", "language": "en", "title": "A", "text": "Read ahead."}]})
    key = DocumentKey(DocumentKind.PHRASES, "phrases")
    info = DocumentInfo(key, 1, "", digest_of(text), datetime(2026, 11, 22, tzinfo=UTC), "x")
    fetch = read_ahead(lambda: KnownDocuments((SharedDocument(info, text),)))

    known = fetch()

    checked = _phrases_of.cache_info().misses
    assert [one.text for one in shared_phrases(known.of_kind(DocumentKind.PHRASES))] == ["Read ahead."]
    assert _phrases_of.cache_info().misses == checked


def test_a_phrase_that_names_the_patient_is_not_kept() -> None:
    store = FakePhrases()
    with pytest.raises(ReportError, match="names the patient"):
        PhraseBook(store).keep(Phrase("zlh", "", "患者周丽华。", "zh_CN"), of_patient=("周丽华", "QS0118793", ""))
    assert store.written == []


def test_every_shipped_phrase_can_be_called_in_both_languages_and_writes_into_fields_that_exist() -> None:
    from workstation.exchange.templates.library import TemplateLibrary  # noqa: PLC0415 - the real templates, once

    templates = {one.template_id: one for one in TemplateLibrary().all()}
    phrases = PhraseBook(FakePhrases()).all()
    assert {one.language for one in phrases} == {"zh_CN", "en"}
    keys = [(one.abbreviation, one.language) for one in phrases]
    assert len(set(keys)) == len(keys)
    for one in phrases:
        assert set(one.templates) <= set(templates), one.abbreviation
        for template in one.templates:
            assert {key for key, _text in one.fields} & {item.key for item in templates[template].fields} or (
                not one.fields
            )


def test_a_placeholder_that_is_left_keeps_the_report_from_being_signed() -> None:
    report = cases.report(values={**cases.complete_values(), "airways": "气管见{部位}狭窄。"})
    assert placeholders(report.values["airways"])
    assert open_rules(report)["residue"] is NormKind.RESIDUE


def test_links_come_back_with_a_draft_and_a_draft_of_former_days_has_none() -> None:
    stored = TypeAdapter(Report)
    report = linked(cases.report(finding()), "见结节。", "2.25.1001", "结节")
    raw = stored.dump_json(report)
    assert stored.validate_json(raw) == report
    former = json.loads(raw)
    del former["links"]
    assert stored.validate_python(former).links == ()
