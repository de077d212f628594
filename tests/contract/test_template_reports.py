"""Reports of every template with their categories before the judges, and the words they need in the fonts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from resources.templates import template_paths
from tests.helpers.full_reports import (
    OBJECTS,
    SIGNED,
    dciodvfy_errors,
    dsrdump,
    final_report,
    real_study,
    worklist_row,
)
from tests.helpers.signed_reports import RENDERER
from workstation.domain.categories.bi_rads import (
    BreastFinding,
    BreastSide,
    Density,
    Descriptor,
    Mammogram,
    Purpose,
    bi_rads,
)
from workstation.domain.categories.lung_rads import Change, LungKind, LungNodule, LungRadsExam, lung_rads
from workstation.domain.categories.pi_rads import Contrast, ProstateExam, ProstateLesion, Zone, pi_rads
from workstation.domain.categories.values import AssignedCategory, CategoryResult
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import FieldType, ReportTemplate
from workstation.exchange.paper.fonts import require_printable
from workstation.exchange.templates.library import TemplateLibrary

LIBRARY = TemplateLibrary()
NODULE = LungNodule(kind=LungKind.SOLID, change=Change.BASELINE, mean_diameter_mm=9.0, suspicious=False)
MASS = BreastFinding(side=BreastSide.LEFT, descriptor=Descriptor.SPICULATED_MASS)
LESION = ProstateLesion(zone=Zone.PERIPHERAL, t2=4, dwi=4, contrast=Contrast.NEGATIVE)
RESULTS = (
    lung_rads(LungRadsExam(lesions=(NODULE,), incomplete=None, other_significant=True)),
    bi_rads(Mammogram(purpose=Purpose.DIAGNOSTIC, density=Density.C, needs_more=False, findings=(MASS,))),
    pi_rads(ProstateExam(lesions=(LESION,))),
)


def assigned(result: CategoryResult) -> AssignedCategory:
    return AssignedCategory(result, result.label, "依据文字", "处理文字。", "expert", SIGNED)


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def filled(template: ReportTemplate, study: Study) -> Report:
    values = {}
    for item in template.fields:
        if item.type is FieldType.FINDINGS:
            continue
        phrase = "" if item.normal_phrase is None else item.normal_phrase.zh
        values[item.key] = (
            item.choices[-1].key if item.choices else "5" if item.type is FieldType.NUMBER else phrase or "文字"
        )
    return replace(
        final_report(study),
        template_id=template.template_id,
        values=values,
        categories=tuple(assigned(result) for result in RESULTS),
    )


@pytest.mark.dcmtk
@pytest.mark.parametrize("template", LIBRARY.all(), ids=lambda one: one.template_id)
def test_the_judges_take_the_report_of_every_template(template: ReportTemplate, study: Study, tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(OBJECTS.enhanced_sr(filled(template, study), template, study, worklist_row(study)))
    status, printed = dsrdump(path)

    assert dciodvfy_errors(path) == []
    assert (status, [line for line in printed.splitlines() if line.startswith("E:")]) == (0, [])


def test_category_rule_inputs_and_version_stand_in_the_sr_with_their_code(study: Study, tmp_path: Path) -> None:
    template = LIBRARY.get("ct-chest-nodule")
    path = tmp_path / "report.dcm"
    path.write_bytes(OBJECTS.enhanced_sr(filled(template, study), template, study, worklist_row(study)))
    (impression,) = (
        item for item in dcmread(path).ContentSequence
        if item.ValueType == "CONTAINER" and item.ConceptNameCodeSequence[0].CodeValue == "19005-8"
    )  # fmt: skip
    texts = [item.TextValue for item in impression.ContentSequence if item.ValueType == "TEXT"]
    codes = [item.ConceptCodeSequence[0].CodeValue for item in impression.ContentSequence if item.ValueType == "CODE"]

    assert "Lung-RADS v2022：4A S。依据：依据文字。处理：处理文字。" in texts
    assert (
        "分类输入：病灶 1 密度 实性；病灶 1 变化 首次检查；病灶 1 平均径 (mm) 9；病灶 1 其他可疑征象 否；"
        "病灶 1 胸膜旁光滑结节 否；肺外重要所见（S） 是。"
    ) in texts
    assert codes == ["397145000", "RID50292"]


def test_a_category_that_the_reader_changed_says_why_on_the_page(study: Study, tmp_path: Path) -> None:
    template = LIBRARY.get("ct-chest")
    changed = replace(assigned(RESULTS[0]), chosen="4B", reason="边缘毛刺")
    report = replace(filled(template, study), categories=(changed,))
    pdf = RENDERER.render(report, template, study, worklist_row(study), draft=False)
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf)

    from tests.unit.exchange.test_report_pdf import text_of  # noqa: PLC0415 - one way to read a page

    words = "".join(text_of(pdf, tmp_path).split())
    assert "Lung-RADSv2022：4B。依据：依据文字。处理：处理文字。（按表为4A，医师改判：边缘毛刺）" in words
    assert "分类输入：病灶1密度实性" in words


def test_the_fonts_of_the_report_hold_every_word_of_templates_and_categories() -> None:
    texts = [path.read_text(encoding="utf-8") for path in template_paths()]
    folder = template_paths()[0].parents[1]
    texts += [(folder / name).read_text(encoding="utf-8") for name in ("category_rules.json", "category_inputs.json")]

    require_printable("".join(json.dumps(json.loads(text), ensure_ascii=False) for text in texts))


@pytest.mark.dcmtk
def test_a_number_of_a_template_is_read_back_exactly_with_its_ucum_unit(study: Study, tmp_path: Path) -> None:
    template = LIBRARY.get("ct-chest-nodule")
    values = {"dlp": "123.45", "ctdivol": "3.2", "dominant_long_mm": "12.5", "solid_part_mm": "0.7", "impression": "x"}
    report = replace(filled(template, study), values=values)
    path = tmp_path / "report.dcm"
    path.write_bytes(OBJECTS.enhanced_sr(report, template, study, worklist_row(study)))
    found = {}
    for section in dcmread(path).ContentSequence:
        for item in section.get("ContentSequence") or ():
            for inner in item.get("ContentSequence") or ():
                if inner.ValueType == "NUM":
                    (measured,) = inner.MeasuredValueSequence
                    unit = measured.MeasurementUnitsCodeSequence[0]
                    found[item.TextValue] = (
                        inner.RelationshipType,
                        inner.ConceptNameCodeSequence[0].CodeValue,
                        str(measured.NumericValue),
                        measured.FloatingPointValue,
                        (unit.CodeValue, unit.CodingSchemeDesignator),
                    )

    inferred = "INFERRED FROM"
    assert found.pop("实性成分平均径：0.7 mm")[2:] == ("0.7", 0.7, ("mm", "UCUM"))
    assert found == {
        "CTDIvol：3.2 mGy": (inferred, "113830", "3.2", 3.2, ("mGy", "UCUM")),
        "剂量长度乘积：123.45 mGy·cm": (inferred, "113838", "123.45", 123.45, ("mGy.cm", "UCUM")),
        "长径：12.5 mm": (inferred, "103339001", "12.5", 12.5, ("mm", "UCUM")),
    }
    assert dciodvfy_errors(path) == []
    status, printed = dsrdump(path)
    assert (status, [line for line in printed.splitlines() if line.startswith("E:")]) == (0, [])
    assert "123.45" in printed
