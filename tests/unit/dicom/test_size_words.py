"""A nodule's size in the report: both axes, and what the one number is; the SR says the same in codes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from tests.helpers import cases
from workstation.dicom.sr.report_words import finding_sentence, located_words
from workstation.dicom.sr.size_words import (
    cell_words,
    inserted_words,
    kind_of_number,
    mark_size_item,
    reader_size_items,
    size_numbers,
    size_words,
)
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.finding import Decision, Finding, Lobe, MarkEvidence, NoduleType
from workstation.domain.finding_size import FindingSize, SizeKind
from workstation.domain.image_place import ImageMark, ImagePlace

AXES = FindingSize(8.0, SizeKind.AXES, 10.0, 6.0, 7.1, 188.0)
DRAWN = FindingSize(8.0, SizeKind.AXES, 10.0, 6.0)
VOLUME = FindingSize(7.1, SizeKind.VOLUME, by_volume_mm=7.1, volume_mm3=188.0)
NETWORK = FindingSize(7.1, SizeKind.NETWORK)
READER = FindingSize(9.0, SizeKind.READER)
MARK = replace(
    cases.mark(),
    diameter_mm=7.1,
    evidence=MarkEvidence(long_axis_mm=10.0, short_axis_mm=6.0, volume_mm3=188.0),
)
ACCEPTED = replace(cases.ai_finding(), original=MARK, diameter_mm=7.1).accepted(by="x", at=cases.NOON)
OWN = Finding("2.25.9", 3, MARK.centre_lps_mm, 8.0, Decision.ADDED)
LINES = Annotation(
    uid="2.25.5",
    tracking_uid="2.25.6",
    kind=AnnotationKind.BIDIRECTIONAL,
    points_lps_mm=((-62.0, 131.0, -520.5), (-52.0, 131.0, -520.5), (-57.0, 128.0, -520.5), (-57.0, 134.0, -520.5)),
    measures=(Measure(MeasureName.LONG_AXIS, 10.0, "mm"), Measure(MeasureName.SHORT_AXIS, 6.0, "mm")),
    created_at=cases.NOON,
)


@pytest.mark.parametrize(
    ("size", "zh", "en"),
    [
        (
            AXES,
            "长径 × 短径 10.0 × 6.0 mm，平均径 8.0 mm，等体积直径 7.1 mm",
            "long × short axis 10.0 × 6.0 mm, mean 8.0 mm, 7.1 mm by volume",
        ),
        (DRAWN, "长径 × 短径 10.0 × 6.0 mm，平均径 8.0 mm", "long × short axis 10.0 × 6.0 mm, mean 8.0 mm"),
        (VOLUME, "等体积直径 7.1 mm", "diameter by volume 7.1 mm"),
        (
            replace(VOLUME, is_drawn_wider=True),
            "等体积直径 7.1 mm（轮廓按阅片者习惯，约大 1 mm）",
            "diameter by volume 7.1 mm (outline as readers draw: about +1 mm)",
        ),
        (NETWORK, "AI 估计直径约 7.1 mm，未分割", "diameter about 7.1 mm by AI, not segmented"),
        (READER, "平均径 9.0 mm", "mean diameter 9.0 mm"),
    ],
)
def test_a_sentence_says_both_axes_and_what_the_number_is(size: FindingSize, zh: str, en: str) -> None:
    assert (size_words(size, "zh_CN"), size_words(size, "en")) == (zh, en)


def test_the_table_of_the_pdf_has_both_axes_and_says_what_one_number_is() -> None:
    assert [cell_words(one, "zh_CN") for one in (AXES, VOLUME, NETWORK, READER)] == [
        "10.0 × 6.0\n平均 8.0",
        "按体积 7.1",
        "AI 约 7.1",
        "平均 9.0",
    ]


def test_what_is_inserted_into_a_text_says_it_too() -> None:
    assert [inserted_words(one, "zh_CN") for one in (AXES, VOLUME, NETWORK, READER)] == [
        "10.0 × 6.0 mm（平均径 8.0 mm）",
        "等体积直径 7.1 mm",
        "直径约 7.1 mm",
        "平均径 9.0 mm",
    ]


@pytest.mark.parametrize(
    ("value_mm", "size", "expected"),
    [
        (8.0, AXES, "平均径"),
        (7.1, AXES, "等体积直径"),
        (7.1, VOLUME, "等体积直径"),
        (9.0, READER, "平均径"),
        (5.0, AXES, "直径"),
        (5.0, None, "直径"),
        (8.0, FindingSize(8.0, SizeKind.AXES, 8.0, 8.0, 8.0, 268.0), "平均径"),
    ],
)
def test_a_number_of_a_comparison_is_called_what_it_is(
    value_mm: float, size: FindingSize | None, expected: str
) -> None:
    assert kind_of_number(value_mm, size, "zh_CN") == expected


def test_every_number_travels_under_the_code_that_says_what_it_is() -> None:
    assert [[(one.code.value, one.value_mm) for one in size_numbers(size)] for size in (AXES, VOLUME, NETWORK)] == [
        [("103339001", 10.0), ("103340004", 6.0), ("MEAN_DIAMETER", 8.0), ("EQUIV_DIAMETER", 7.1)],
        [("EQUIV_DIAMETER", 7.1)],
        [("NET_DIAMETER", 7.1)],
    ]


def told(item: Dataset) -> tuple[str, float, list[str]]:
    said = [str(one.ConceptCodeSequence[0].CodeValue) for one in item.get("ContentSequence", ())]
    return (
        str(item.ConceptNameCodeSequence[0].CodeValue), float(item.MeasuredValueSequence[0].NumericValue), said
    )  # fmt: skip


def test_the_sr_says_how_each_diameter_came_about() -> None:
    assert [told(one) for one in reader_size_items(ACCEPTED, ())] == [
        ("81827009", 7.1, ["SPHERE"]),
        ("103339001", 10.0, []),
        ("103340004", 6.0, []),
        ("81827009", 8.0, ["373098007"]),
    ]
    assert [told(one) for one in reader_size_items(OWN, (LINES,))] == [
        ("81827009", 8.0, ["373098007"]),
        ("103339001", 10.0, []),
        ("103340004", 6.0, []),
    ]
    assert [told(one) for one in reader_size_items(OWN, ())] == [("81827009", 8.0, ["373098007"])]
    assert told(mark_size_item(MARK)) == ("81827009", 7.1, ["SPHERE"])
    assert told(mark_size_item(replace(MARK, evidence=None))) == ("81827009", 7.1, ["NETWORK"])


def test_a_finding_made_of_two_drawn_axes_is_told_with_them() -> None:
    study, words = cases.study(), "3. 肺叶未注明结节，长径 × 短径 10.0 × 6.0 mm，平均径 8.0 mm"
    report = cases.report(OWN)

    assert finding_sentence(OWN, report.findings, study, "zh_CN", (LINES,)).startswith(words)


def test_a_film_has_no_size_to_write() -> None:
    place = ImagePlace("1.2.3", 1, (1.0, 1.0, 9.0, 9.0))
    film = Finding(
        "2.25.8", 4, None, None, Decision.ACCEPTED, ImageMark(place, 0.9, shown=True, label="mass"), on_image=place
    )

    with pytest.raises(ValueError, match="no size"):
        list(reader_size_items(film, ()))


def test_the_table_of_the_paper_says_place_and_kind_in_the_order_of_its_language() -> None:
    nowhere = replace(OWN, lobe=Lobe.UNSPECIFIED, nodule_type=NoduleType.SOLID)
    upper = replace(nowhere, lobe=Lobe.RIGHT_UPPER)
    assert located_words(nowhere, "en") == "solid nodule, lobe not stated"
    assert located_words(upper, "en") == "right upper lobe solid nodule"
    assert located_words(nowhere, "zh_CN") == "肺叶未注明 实性结节"
