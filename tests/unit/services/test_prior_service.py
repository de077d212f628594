"""Priors are found after a claim, fetched ahead within bounds, and opened only where it is the same person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from resources.hanging import hanging_paths
from tests.helpers import cases
from tests.helpers.fakes import FakeAudit, FakeReports, FakeTemplates
from tests.helpers.priors import FakeArchive, FakePriors, prior, structure
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.domain.audit import AuditAction
from workstation.domain.errors import JobCancelled, NotPermitted, Unreachable
from workstation.domain.hanging import PriorRelation
from workstation.domain.known_prior import KnownPrior
from workstation.domain.one_person import Contradiction
from workstation.domain.report import Person, Predecessor, ReportKind, ReportState
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.template import Text
from workstation.exchange.paper.pdf_pages import pdf_words
from workstation.exchange.paper.report_pdf import ReportPdf
from workstation.services.case_priors import CasePriors, to_compare
from workstation.services.jobs import NoJob
from workstation.services.prior_service import ComparePriors, PrefetchedImages
from workstation.storage.hanging_protocols import load_protocol

PROTOCOLS = tuple(load_protocol(path) for path in hanging_paths())
CURRENT = structure("1.2.3", "20261121")
ELSEWHERE = PriorRelation.POSSIBLY_SAME


@dataclass
class Looking:
    """A ``RetrievePort`` that remembers whose structure was asked for."""

    inner: FakeArchive
    looked: list[str]

    def study(self, study_instance_uid: str) -> Study:
        self.looked.append(study_instance_uid)
        return self.inner.study(study_instance_uid)

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        return self.inner.instance(study_instance_uid, series_instance_uid, sop_instance_uid)


class Bench:
    def __init__(self, *known: tuple[str, dict[str, str]]) -> None:
        self.source = FakePriors()
        self.archive = FakeArchive()
        self.audit = FakeAudit()
        self.reports = FakeReports()
        self.service = ComparePriors(
            self.source, self.archive, self.reports, FakeTemplates(), self.audit, lambda pdf: pdf.decode()
        )
        for uid, facts in known:
            body = facts.pop("body_part", "CHEST")
            relation = PriorRelation(facts.pop("relation", "same_patient"))
            self.source.known.append(prior(uid, facts.get("date", "20251208"), facts.get("modality", "CT"), relation))
            self.archive.studies[uid] = structure(uid, facts.get("date", "20251208"), facts.get("modality", "CT"), body)

    def uids(self) -> list[str]:
        found = self.service.find("1.2.3.8", CURRENT, PROTOCOLS, NoJob())
        return [one.study_instance_uid for one in found.ready]


def test_the_two_newest_studies_of_the_same_part_and_kind_may_hang_beside_the_case() -> None:
    bench = Bench(
        ("1.9.1", {"date": "20260601", "modality": "DX"}),
        ("1.9.2", {"date": "20260501", "body_part": "HEAD"}),
        ("1.9.3", {"date": "20251208"}),
        ("1.9.4", {"date": "20241030"}),
    )
    assert bench.uids() == ["1.9.3", "1.9.4"]


def test_a_recent_pet_ct_hangs_beside_a_ct_before_older_cts() -> None:
    bench = Bench(*((f"1.9.{n}", {"date": f"2020010{n}"}) for n in range(1, 9)))
    bench.source.known.insert(0, replace(prior("1.9.9", "20260901", "PT"), beneath="CT"))
    petct = structure("1.9.9", "20260901")
    bench.archive.studies["1.9.9"] = replace(
        petct, series=(*petct.series, replace(petct.series[0], series_instance_uid="1.9.9.3", modality="PT"))
    )

    assert bench.uids() == ["1.9.9", "1.9.1"]


def test_nothing_of_what_is_only_possibly_the_same_person_is_touched_without_a_question() -> None:
    bench = Bench(("1.9.1", {"relation": "possibly_same"}))
    found = bench.service.find("1.2.3.8", CURRENT, PROTOCOLS, NoJob())
    assert ([one.study_instance_uid for one in found.known], found.ready, found.ahead) == (["1.9.1"], (), ())
    assert bench.audit.actions == []


STRANGER = Patient("QS0118793", "赵铁柱", "19420101", "M")


def test_a_stranger_with_the_same_id_never_hangs_is_never_compared_and_no_report_of_his_is_fetched() -> None:
    bench = Bench(("1.9.1", {}))
    bench.source.known[0] = replace(bench.source.known[0], reported=True)
    bench.archive.studies["1.9.1"] = structure("1.9.1", patient=STRANGER)  # the hub did not know, its images tell
    asked: list[str] = []
    bench.reports.fetch = asked.append  # type: ignore[assignment,method-assign]  # whoever asks has gone too far

    found = bench.service.find("1.2.3.8", CURRENT, PROTOCOLS, NoJob())

    assert [(one.relation, [why.value for why in one.against]) for one in found.known] == [
        (ELSEWHERE, ["name", "birth_date", "sex"])
    ]
    assert (found.ready, found.ahead, dict(found.largest_mm), to_compare(found, CURRENT)) == ((), (), {}, ())
    assert (asked, bench.audit.actions) == ([], [])
    with pytest.raises(NotPermitted):
        bench.service.open(found.known[0], CURRENT)


def test_whom_the_hub_tells_as_another_one_than_the_images_of_the_case_is_not_even_looked_at() -> None:
    bench = Bench(("1.9.1", {}))
    bench.source.known[0] = replace(bench.source.known[0], patient=STRANGER, reported=True)
    looked: list[str] = []
    bench.service = replace(bench.service, retrieve=Looking(bench.archive, looked))

    found = bench.service.find("1.2.3.8", CURRENT, PROTOCOLS, NoJob())
    (former,) = bench.service.earlier("1.2.3.8", CURRENT)

    assert (found.ready, looked, former.relation) == ((), [], ELSEWHERE)
    with pytest.raises(NotPermitted):
        bench.service.report(former, CURRENT, "zh_CN")


def test_nodules_on_record_of_a_stranger_with_the_same_id_are_never_read_until_the_reader_says_who_it_is() -> None:
    bench = Bench(("1.9.1", {}))
    bench.archive.studies["1.9.1"] = structure("1.9.1", patient=STRANGER)
    document = Instance("9.1", "1.2.840.10008.5.1.4.1.1.88.33", 1)
    series = (Series("1.9.1.9", "SR", 9, "", "", (document,)),)
    bench.archive.studies["1.9.1"] = replace(bench.archive.studies["1.9.1"], series=series)

    unasked = bench.service.nodules(bench.source.known, CURRENT, NoJob())
    assert (unasked.studies, unasked.unread, bench.archive.fetched, bench.audit.actions) == ((), (), [], [])
    words = {"1.9.1": (Contradiction.NAME, Contradiction.BIRTH_DATE, Contradiction.SEX)}
    confirmed = bench.service.nodules(bench.source.known, CURRENT, NoJob(), words)
    assert confirmed.unread == ("2025-12-08",)  # x is no document, but read
    less = bench.service.nodules(bench.source.known, CURRENT, NoJob(), {"1.9.1": (Contradiction.NAME,)})
    assert less.unread == ()  # who answered for another name has not answered for another birth date


def test_whom_the_reader_confirmed_is_compared_like_any_other_prior() -> None:
    known = CasePriors((prior("1.9.5", relation=ELSEWHERE), prior("1.9.6", relation=ELSEWHERE)))
    assert [one.study_instance_uid for one in to_compare(known, CURRENT, {"1.9.6"})] == ["1.9.6"]


def test_a_confirmed_prior_without_a_part_in_its_name_is_compared_once_its_images_show_the_same_part() -> None:
    known, said = CasePriors((prior("1.9.5", relation=ELSEWHERE, description="CT 平扫"),)), {"1.9.5"}
    assert to_compare(known, CURRENT, said) == ()
    chest, head = structure("1.9.5"), structure("1.9.5", body_part="HEAD")
    assert [one.study_instance_uid for one in to_compare(known, CURRENT, said, {"1.9.5": chest})] == ["1.9.5"]
    assert to_compare(known, CURRENT, said, {"1.9.5": head}) == ()
    assert to_compare(known, CURRENT, (), {"1.9.5": chest}) == ()


def test_a_later_study_never_hangs_as_a_prior() -> None:
    assert Bench(("1.9.1", {"date": "20261201"})).uids() == []


def test_what_hangs_beside_the_case_is_recorded_as_seen() -> None:
    bench = Bench(("1.9.3", {}))
    bench.uids()
    assert bench.audit.recorded == [(AuditAction.STUDY_VIEWED, "1.9.3", 0, "prior")]


def test_a_line_that_breaks_between_list_and_structures_keeps_the_list() -> None:
    bench = Bench(("1.9.3", {}))
    bench.archive.dead = True
    found = bench.service.find("1.2.3.8", CURRENT, PROTOCOLS, NoJob())
    assert ([one.study_instance_uid for one in found.known], found.ready) == (["1.9.3"], ())
    assert isinstance(found.failure, Unreachable)


def test_another_patient_id_opens_only_on_the_readers_word_and_both_are_recorded() -> None:
    bench = Bench(("1.9.1", {"relation": "possibly_same"}))
    one = bench.source.known[0]
    with pytest.raises(NotPermitted):
        bench.service.open(one, CURRENT)
    assert bench.audit.actions == []
    bench.service.confirm(one)
    assert bench.service.open(one, CURRENT, ()).study_instance_uid == "1.9.1"
    bench.service.report(one, CURRENT, "zh_CN", ())  # reading on is no second answer
    assert bench.audit.actions == [AuditAction.PRIOR_CONFIRMED, AuditAction.STUDY_VIEWED, AuditAction.STUDY_VIEWED]


def test_a_prior_is_not_shown_when_its_opening_cannot_be_recorded() -> None:
    bench = Bench(("1.9.1", {}))
    bench.audit.fail_with = Unreachable("线路中断")
    with pytest.raises(Unreachable):
        bench.service.open(bench.source.known[0], CURRENT)


def test_the_signed_report_of_a_prior_is_read_as_text() -> None:
    bench = Bench(("1.9.1", {}))
    signed = replace(
        cases.report(values=cases.complete_values()),
        state=ReportState.FINAL,
        signed_at=cases.NOON,
        verifier=Person("expert", "王启明", "中心"),
    )
    bench.reports.stored = signed
    found = bench.service.report(bench.source.known[0], CURRENT, "zh_CN")
    assert found is not None
    assert found.title == "胸部 CT"
    assert found.lines == (("检查技术", "低剂量平扫，层厚 1.0 mm"), ("诊断印象", "右肺实性结节，建议增强 CT。"))
    assert found.signed.startswith("王启明 · 2026-11-2")


def test_what_a_signed_report_says_beside_its_fields_is_read_with_it_and_its_addendum_comes_first() -> None:
    bench = Bench(("1.9.1", {}))
    bench.service = replace(bench.service, templates=FakeTemplates((cases.sectioned_template(),)))
    accepted = cases.ai_finding().accepted(by="expert", at=cases.NOON)
    values = cases.complete_values() | {"recommendation": "建议3个月复查", "left_out_since": "肝右叶低密度影"}
    before = Predecessor("2.25.6", ReportKind.ORIGINAL, cases.NOON, "王启明", ())
    bench.reports.stored = replace(
        cases.report(accepted, values=values), state=ReportState.FINAL, signed_at=cases.NOON,
        kind=ReportKind.ADDENDUM, predecessors=(before,), change_reason="补充", addendum="补充：肝转移",
    )  # fmt: skip
    found = bench.service.report(bench.source.known[0], CURRENT, "zh_CN")
    assert found is not None
    assert [caption for caption, _text in found.lines] == [
        "补充报告", "版本", "检查技术", "肺结节", "诊断印象", "建议", "left_out_since",
    ]  # fmt: skip
    texts = dict(found.lines)
    assert texts["补充报告"] == "补充：肝转移"
    assert "16.1" in texts["肺结节"]
    assert texts["left_out_since"] == "肝右叶低密度影"
    assert found.impression == "补充：肝转移\n右肺实性结节，建议增强 CT。"
    assert found.keys == ("", "", "technique", "", "impression", "recommendation", "")


def test_an_unsigned_report_of_a_prior_is_nobodys_result_yet() -> None:
    bench = Bench(("1.9.1", {}))
    bench.reports.stored = cases.report(values=cases.complete_values())
    assert bench.service.report(bench.source.known[0], CURRENT, "zh_CN") is None


# fetching ahead


def test_images_fetched_ahead_come_from_memory_even_when_the_line_is_dead() -> None:
    archive = FakeArchive(files={"1.9.1.2.0": b"first"})
    images = PrefetchedImages(archive)
    assert images.fetch_ahead([structure("1.9.1")], NoJob(), lambda: True) is True
    assert archive.fetched == ["1.9.1.2.0", "1.9.1.2.1", "1.9.1.2.2"]
    archive.dead = True
    assert images.instance("1.9.1", "1.9.1.2", "1.9.1.2.0") == b"first"
    with pytest.raises(Unreachable):
        images.instance("1.9.1", "1.9.1.2", "1.9.1.2.9")


def test_of_images_asked_for_together_only_those_not_fetched_ahead_go_over_the_line() -> None:
    class Many(FakeArchive):
        def instances(self, study: str, series: str, uids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
            yield from ((uid, self.instance(study, series, uid)) for uid in uids)

    for archive, expected in ((Many(), {"1.9.1.2.0": 100, "1.9.1.2.1": 100}), (FakeArchive(), {"1.9.1.2.0": 100})):
        images = PrefetchedImages(archive, maximum_bytes=150)
        images.fetch_ahead([structure("1.9.1")], NoJob(), lambda: True)
        del archive.fetched[:]
        came = images.instances("1.9.1", "1.9.1.2", ["1.9.1.2.0", "1.9.1.2.1"])
        assert {uid: len(file) for uid, file in came if isinstance(file, bytes)} == expected
        assert archive.fetched == [uid for uid in expected if uid != "1.9.1.2.0"]


def test_fetching_ahead_stops_at_its_bound_of_memory() -> None:
    archive = FakeArchive()
    images = PrefetchedImages(archive, maximum_bytes=250)
    assert images.fetch_ahead([structure("1.9.1", images=9)], NoJob(), lambda: True) is True
    assert images.held_bytes == 200
    images.forget()
    assert images.held_bytes == 0


def test_fetching_ahead_gives_way_to_the_images_on_screen_and_goes_on_where_it_was() -> None:
    archive = FakeArchive()
    images = PrefetchedImages(archive)
    allowed = iter((True, False))
    assert images.fetch_ahead([structure("1.9.1")], NoJob(), lambda: next(allowed)) is False
    assert archive.fetched == ["1.9.1.2.0"]
    assert images.fetch_ahead([structure("1.9.1")], NoJob(), lambda: True) is True
    assert archive.fetched == ["1.9.1.2.0", "1.9.1.2.1", "1.9.1.2.2"]


def test_a_closed_case_stops_fetching_ahead_at_the_next_image() -> None:
    class Cancelled(NoJob):
        def raise_if_cancelled(self) -> None:
            raise JobCancelled

    archive = FakeArchive()
    with pytest.raises(JobCancelled):
        PrefetchedImages(archive).fetch_ahead([structure("1.9.1")], Cancelled(), lambda: True)
    assert archive.fetched == []


def test_reports_that_came_as_objects_are_read_as_text() -> None:
    signed = replace(
        cases.report(values=cases.complete_values(), uid="1.9.1"), state=ReportState.FINAL, signed_at=cases.NOON,
        verifier=Person("expert", "王启明", "中心"),
    )  # fmt: skip
    study, row, objects = cases.study(uid="1.9.1"), cases.row(), DicomObjects(cases.FixedClock())
    pdf = ReportPdf(Text("中心", "Centre")).render(signed, cases.template(), study, row, draft=False)
    bench = Bench(("1.9.1", {}))
    bench.service = replace(bench.service, pdf_text=pdf_words)
    documents = tuple(
        Series(uid, kind, 9, kind, "", (Instance(uid, "1.2", 1),)) for uid, kind in (("9.1", "SR"), ("9.2", "DOC"))
    )
    bench.archive.studies["1.9.1"] = replace(study, series=documents)
    bench.archive.files["9.1"] = objects.enhanced_sr(signed, cases.template(), study, row)
    bench.archive.files["9.2"] = objects.encapsulated_pdf(signed, study, pdf)
    found = bench.service.report(bench.source.known[0], CURRENT, "zh_CN")
    assert found is not None
    assert [caption for caption, _text in found.lines] == ["SR", "DOC"]
    assert all("右肺实性结节" in text for _caption, text in found.lines)
    bench.archive.files["9.1"] = bench.archive.files["9.2"] = b"no DICOM at all"
    assert bench.service.report(bench.source.known[0], CURRENT, "zh_CN") is None


def test_objects_that_nobody_signed_or_that_were_replaced_are_no_report_of_a_prior() -> None:
    written = cases.report(
        cases.ai_finding().accepted(by="expert", at=cases.NOON), values=cases.complete_values(), uid="1.9.1"
    )
    verifier = Person("expert", "王启明", "中心")
    signed = replace(written, state=ReportState.FINAL, signed_at=cases.NOON, verifier=verifier)
    corrected = replace(
        signed, report_uid="2.25.9", signed_at=cases.NOON + timedelta(days=1), values={"impression": "未见结节。"}
    )
    study, row, objects = cases.study(uid="1.9.1"), cases.row(), DicomObjects(cases.FixedClock())
    bench = Bench(("1.9.1", {}))
    made = {
        "9.1": objects.enhanced_sr(replace(written, state=ReportState.PRELIMINARY), cases.template(), study, row),
        "9.2": objects.enhanced_sr(signed, cases.template(), study, row),
        "9.3": objects.enhanced_sr(corrected, cases.template(), study, row),
        "9.4": objects.measurement_sr(corrected, study),
    }
    bench.archive.studies["1.9.1"] = replace(
        study, series=tuple(Series(uid, "SR", 9, uid, "", (Instance(uid, "1.2", 1),)) for uid in made)
    )
    bench.archive.files |= made
    found = bench.service.report(bench.source.known[0], CURRENT, "zh_CN")
    assert found is not None
    assert [caption for caption, _text in found.lines] == ["9.3"]
    assert "未见结节。" in found.text


def test_a_study_of_another_part_kind_time_or_person_is_nothing_to_compare_with() -> None:
    dated = replace(CURRENT, study_date="20261121")
    known = (
        prior("1.9.1", reported=True),
        prior("1.9.2", description="头颅 CT 平扫"),
        prior("1.9.3", modality="DX"),
        prior("1.9.4", "20270101"),
        prior("1.9.5", relation=ELSEWHERE),
        prior("1.9.6", description=""),
        prior("1.9.7", "20261121"),  # of the same day: nobody knows which was first
        prior("1.9.8", ""),
    )
    assert to_compare(CasePriors(known), dated) == (
        KnownPrior("1.9.1", "20251208", "CT", "胸部 CT 平扫", is_reported=True),
    )
    hung = CasePriors(known, ready=(structure("1.9.6"), structure("1.9.7"), structure("1.9.8")))
    assert [one.study_instance_uid for one in to_compare(hung, dated)] == ["1.9.1", "1.9.6"]
