"""What of a template its MRRT document does not say, named for whoever writes one."""

from __future__ import annotations

from collections.abc import Callable

from resources.categories import scheme_name
from resources.translation import language as tongue
from resources.translation import tr
from workstation.domain.categories.values import Scheme
from workstation.domain.template import FieldType, ReportTemplate, TemplateField


def mrrt_losses(template: ReportTemplate, language: str) -> tuple[str, ...]:
    """Return one sentence part for each kind of thing that is lost, with the fields that lose it."""
    lost = [tr("the Chinese words") if not language.startswith("zh") else tr("the English words")]
    for words, loses in _KINDS:
        fields = [item.label.get(tongue()) for item in template.fields if loses(item)]
        if fields:
            lost.append(f"{words()}: {tr(', ').join(fields)}")
    if template.categories:
        names = tr(", ").join(scheme_name(Scheme(one), tongue()) for one in template.categories)
        lost.append(tr("the categories {names}", names=names))
    return tuple(lost)


def _phrase_of_one_line(item: TemplateField) -> bool:
    return item.type is FieldType.TEXT and item.normal_phrase is not None and not item.multiline


_KINDS: tuple[tuple[Callable[[], str], Callable[[TemplateField], bool]], ...] = (
    (lambda: tr("when a field becomes required"), lambda item: item.required_if is not None),
    (lambda: tr("critical values"), lambda item: item.critical is not None),
    (lambda: tr("options that rule out other fields"), lambda item: any(one.denies for one in item.choices)),
    (lambda: tr("normal phrases of single lines"), _phrase_of_one_line),
    (lambda: tr("for other readers, that questions are asked for each finding"), lambda item: bool(item.each)),
)
