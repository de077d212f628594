"""What former reports tell of nodules, read study by study: documents only, replaced and rejected ones left out."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import UID

from tests.helpers import cases
from tests.helpers.fakes import FakeAudit, FakeReports, FakeTemplates
from tests.helpers.follow_up import SR_CLASS
from tests.helpers.priors import FakeArchive, FakePriors, prior, structure
from workstation.dicom.objects.rejection_note import rejection_note
from workstation.dicom.sr.common import part10, read_part10
from workstation.dicom.sr.measurement_report import measurement_sr
from workstation.domain.errors import Refused, Unreachable
from workstation.domain.finding import NoduleType
from workstation.domain.report import Person
from workstation.domain.study import Instance, Series, Study
from workstation.domain.workitem import OutputReference
from workstation.services.jobs import NoJob
from workstation.services.nodule_records import NoduleRecords
from workstation.services.prior_service import ComparePriors

KOS = "1.2.840.10008.5.1.4.1.1.88.59"
CURRENT = structure("1.2.3", "20261121")


class Records:
    """Earlier studies of one person and the documents stored with them."""

    def __init__(self) -> None:
        self.archive, self.source, self.audit = FakeArchive(), FakePriors(), FakeAudit()
        self.service = ComparePriors(
            self.source, self.archive, FakeReports(), FakeTemplates(), self.audit, lambda _pdf: ""
        )

    def study(self, uid: str, date: str, *documents: bytes) -> None:
        """Store a study; what a document is named by its own UID."""
        listed: list[Instance] = []
        for one in documents:
            ds = read_part10(one) if one[128:132] == b"DICM" else None
            name = f"{uid}.9.{len(listed)}" if ds is None else str(ds.SOPInstanceUID)
            kind = SR_CLASS if ds is None else str(ds.SOPClassUID)
            self.archive.files[name] = one
            listed.append(Instance(name, kind, len(listed) + 1))
        plain = structure(uid, date)
        series = Series(f"{uid}.9", "SR", 9, instances=tuple(listed))
        self.archive.studies[uid] = replace(plain, series=(*plain.series, series)) if listed else plain
        self.source.known.append(prior(uid, date))

    def read(self) -> NoduleRecords:
        return self.service.nodules(self.source.known, CURRENT, NoJob())


def report_of(uid: str, date: str, mm: float, *, tracking: str = "2.25.7", later_s: int = 0) -> bytes:
    """Return the measurements of a signed report of one solid nodule."""
    found = replace(cases.ai_finding(1), tracking_uid=tracking, diameter_mm=mm, nodule_type=NoduleType.SOLID)
    made = cases.report(found.edited(by="x", at=cases.NOON, diameter_mm=mm), uid=uid)
    at = cases.NOON + timedelta(seconds=later_s)
    named = f"{uid}.{later_s}.{tracking.rsplit('.', 1)[1]}"
    return measurement_sr(replace(made, report_uid=named, updated_at=at), study_of(uid, date))


def study_of(uid: str, date: str) -> Study:
    return structure(uid, date)


def told(found: NoduleRecords) -> list[tuple[str, list[float]]]:
    return [(one.day.on.isoformat(), [nodule.size_mm for nodule in one.nodules]) for one in found.studies]


def test_every_earlier_study_with_nodules_is_told_oldest_first_without_fetching_an_image() -> None:
    records = Records()
    records.study("1.9.1", "20251208", report_of("1.9.1", "20251208", 8.0))
    records.study("1.9.2", "20240301", report_of("1.9.2", "20240301", 6.0))
    records.study("1.9.3", "20250301")
    records.study("1.9.4", "20270101", report_of("1.9.4", "20270101", 20.0))
    records.study("1.9.5", "", report_of("1.9.5", "", 20.0))

    assert told(records.read()) == [("2024-03-01", [6.0]), ("2025-12-08", [8.0])]
    assert len(records.archive.fetched) == 2
    seen = [subject for _action, subject, *_rest in records.audit.recorded]
    assert sorted(seen) == ["1.9.1", "1.9.2"]


def test_of_our_own_reports_of_a_study_the_last_replaces_the_others_and_those_of_others_stay() -> None:
    records = Records()
    foreign = dcmread(io.BytesIO(report_of("1.9.1", "20251208", 5.0, tracking="2.25.8")))
    foreign.Manufacturer = "Elsewhere"
    corrected = report_of("1.9.1", "20251208", 8.4, later_s=60)
    records.study("1.9.1", "20251208", corrected, report_of("1.9.1", "20251208", 8.0), part10(foreign))

    assert told(records.read()) == [("2025-12-08", [5.0, 8.4])]


@pytest.mark.parametrize("fault", ["damaged", "damaged inside", "cut short", "refused", "too many"])
def test_a_study_whose_newest_report_cannot_be_read_is_unread_and_not_told_by_an_older_one(fault: str) -> None:
    records = Records()
    newer = report_of("1.9.1", "20251208", 14.0, later_s=60)
    if fault == "damaged":
        newer = b"damaged"
    elif fault == "damaged inside":
        ds = read_part10(newer)
        ds.ValueType = "CONTAINED"
        newer = part10(ds)
    elif fault == "cut short":
        newer = newer[: len(newer) * 9 // 10]
    more = [b""] * 50 if fault == "too many" else []
    records.study("1.9.1", "20251208", report_of("1.9.1", "20251208", 8.0), newer, *more)
    records.study("1.9.2", "20240301", report_of("1.9.2", "20240301", 6.0))
    whole = records.archive.instance

    def without_the_newer(study: str, series: str, instance: str) -> bytes:
        found = whole(study, series, instance)
        if fault == "refused" and found is newer:
            raise Refused("没有")
        return found

    records.archive.instance = without_the_newer  # type: ignore[assignment, method-assign]  # one document is refused
    found = records.read()

    assert (told(found), found.unread) == ([("2024-03-01", [6.0])], ("2025-12-08",))


def test_what_is_no_structured_report_hides_no_study() -> None:
    records = Records()
    other = dcmread(io.BytesIO(report_of("1.9.1", "20251208", 5.0, tracking="2.25.9")))
    other.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    del other.ValueType
    records.study("1.9.1", "20251208", report_of("1.9.1", "20251208", 8.0), part10(other))
    series = records.archive.studies["1.9.1"].series[-1]
    unnamed = replace(series, instances=tuple(replace(one, sop_class_uid="") for one in series.instances))
    records.archive.studies["1.9.1"] = replace(structure("1.9.1", "20251208"), series=(unnamed,))

    assert told(records.read()) == [("2025-12-08", [8.0])]


def test_a_nodule_that_the_corrected_report_no_longer_has_is_gone() -> None:
    records = Records()
    empty = measurement_sr(
        replace(cases.report(uid="1.9.1"), report_uid="2.25.1", updated_at=cases.NOON + timedelta(seconds=60)),
        study_of("1.9.1", "20251208"),
    )
    records.study("1.9.1", "20251208", report_of("1.9.1", "20251208", 8.0), empty)

    assert records.read() == NoduleRecords()


def test_a_report_that_was_signed_for_the_wrong_person_tells_nothing() -> None:
    records = Records()
    wrong = report_of("1.9.1", "20251208", 8.0)
    ds = read_part10(wrong)
    named = OutputReference("1.9.1", str(ds.SeriesInstanceUID), str(ds.SOPClassUID), str(ds.SOPInstanceUID))
    note = rejection_note(
        study_of("1.9.1", "20251208"), (named,), note="患者错误", author=Person("x", "X", "Y"), language="zh",
        at=cases.NOON,
    )  # fmt: skip
    of_interest = dcmread(io.BytesIO(note))
    of_interest.ConceptNameCodeSequence[0].CodeValue = "113000"
    of_interest.SOPInstanceUID = "1.2.3.4"
    kept = io.BytesIO()
    dcmwrite(kept, of_interest)
    records.study("1.9.1", "20251208", wrong, note)
    records.study("1.9.2", "20240301", report_of("1.9.2", "20240301", 6.0), kept.getvalue())

    assert told(records.read()) == [("2024-03-01", [6.0])]


def test_a_study_that_cannot_be_had_is_named_and_a_dead_line_is_an_error() -> None:
    records = Records()
    records.study("1.9.1", "20251208", report_of("1.9.1", "20251208", 8.0))
    records.study("1.9.2", "20240301", report_of("1.9.2", "20240301", 6.0))
    whole = records.archive.study

    def without_one(uid: str) -> Study:
        if uid == "1.9.2":
            raise Refused("没有")
        return whole(uid)

    records.archive.study = without_one  # type: ignore[assignment, method-assign]  # one study is refused
    assert (told(records.read()), records.read().unread) == ([("2025-12-08", [8.0])], ("2024-03-01",))
    records.archive.dead = True
    with pytest.raises(Unreachable):
        records.read()
