"""Categories, overrides and templates of a report: kept with it, and never in a final one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from tests.helpers.cases import NOON, complete_values, report, template
from workstation.domain.categories.lung_rads import Change, LungKind, LungNodule, LungRadsExam, lung_rads
from workstation.domain.categories.pi_rads import ProstateExam, pi_rads
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Scheme
from workstation.domain.norm.values import NormOverride
from workstation.domain.report import CATEGORY_TARGET, Blocker, BlockerKind, Report, ReportState, signing_blockers

LATER = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NODULE = LungNodule(kind=LungKind.SOLID, change=Change.BASELINE, mean_diameter_mm=9.0, suspicious=False)
LUNG = lung_rads(LungRadsExam(lesions=(NODULE,), incomplete=None, other_significant=False))
OVERRIDE = NormOverride("residue", "impression", "____", "later", "expert", NOON)


def assigned(result: CategoryResult, chosen: str = "", reason: str = "") -> AssignedCategory:
    return AssignedCategory(result, chosen or result.label, "rule", "management", "expert", NOON, reason)


def test_a_report_has_one_category_of_each_scheme() -> None:
    first = (
        report()
        .with_category(assigned(LUNG), at=LATER)
        .with_category(assigned(pi_rads(ProstateExam(lesions=()))), at=LATER)
    )
    changed = first.with_category(assigned(LUNG, "4B", "spiculated"), at=LATER)

    assert [(one.result.scheme, one.chosen) for one in changed.categories] == [
        (Scheme.PI_RADS, "1"),
        (Scheme.LUNG_RADS, "4B"),
    ]
    assert [one.chosen for one in changed.without_category(Scheme.LUNG_RADS, at=LATER).categories] == ["1"]
    assert changed.updated_at == LATER


def test_overrides_add_up_and_another_template_keeps_every_value() -> None:
    one = report(values=complete_values()).with_overrides((OVERRIDE,), at=LATER)
    other = replace(template(), template_id="general", version="2.0.0")
    moved = one.with_overrides((replace(OVERRIDE, quote="XX"),), at=LATER).with_template(other, at=LATER)

    assert [override.quote for override in moved.norm_overrides] == ["____", "XX"]
    assert (moved.template_id, moved.template_version, moved.values) == ("general", "2.0.0", complete_values())


def test_a_final_report_takes_neither_category_nor_override_nor_template() -> None:
    final = report().moved(ReportState.FINAL, at=NOON)

    acts: tuple[Callable[[], Report], ...] = (
        lambda: final.with_category(assigned(LUNG), at=LATER),
        lambda: final.without_category(Scheme.LUNG_RADS, at=LATER),
        lambda: final.with_overrides((OVERRIDE,), at=LATER),
        lambda: final.with_template(template(), at=LATER),
    )
    for act in acts:
        with pytest.raises(ValueError, match="immutable"):
            act()


def test_a_template_that_needs_a_category_is_not_signed_without_one() -> None:
    needing = replace(template(), categories=("lung-rads",), category_required=True)
    without = report(values=complete_values())

    assert signing_blockers(without, needing) == (Blocker(BlockerKind.NO_CATEGORY, CATEGORY_TARGET),)
    assert signing_blockers(without.with_category(assigned(LUNG), at=LATER), needing) == ()


def test_category_and_override_survive_the_draft_on_disk() -> None:
    stored = TypeAdapter(Report)
    kept = report().with_category(assigned(LUNG, "4B", "spiculated"), at=LATER).with_overrides((OVERRIDE,), at=LATER)

    assert stored.validate_json(stored.dump_json(kept)) == kept
    former = stored.dump_python(report(), mode="json")
    del former["categories"], former["norm_overrides"]
    assert stored.validate_python(former) == report()
