"""
The forms of the categories: which inputs a table asks for, and the category of what was typed.

The inputs are those of the table's own dataclasses, so that a form cannot leave one out; what has no default there
has none here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Final, get_args, get_type_hints

from workstation.domain.categories import bi_rads, c_lung_rads, fleischner, lung_rads, pi_rads
from workstation.domain.categories.basis import key_of
from workstation.domain.categories.values import CategoryResult, Scheme, Unclassifiable
from workstation.domain.finding import Finding, NoduleType
from workstation.domain.finding_size import size_of

YES, NO = "yes", "no"
FINDING: Final = "finding_key"
"""Names the finding of a lesion among the inputs of a form; no table asks for it."""
_CHOICES: Final = {"prior_category": lung_rads.ORDER, "t2": tuple("12345"), "dwi": tuple("12345")}


class InputKind(StrEnum):
    """How an input is given."""

    CHOICE = "choice"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class FormInput:
    """One input; ``options`` are the keys of a choice, ``required`` ones have no default."""

    name: str
    kind: InputKind
    options: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class CategoryForm:
    """
    What one table asks for: of the examination, and of each lesion of each kind.

    ``lesions`` is empty where the table takes exactly one lesion, whose inputs are those of the examination.
    """

    scheme: Scheme
    exam: tuple[FormInput, ...]
    lesions: tuple[tuple[str, tuple[FormInput, ...]], ...]
    categories: tuple[str, ...]
    modifiers: tuple[str, ...] = ()

    def lesion(self, kind: str) -> tuple[FormInput, ...]:
        """Return the inputs of a kind of lesion; KeyError for an unknown one."""
        return dict(self.lesions)[kind]


@dataclass(frozen=True, slots=True)
class LesionInput:
    """What was typed for one lesion; ``finding`` is the key of the finding that it describes, empty for none."""

    kind: str
    values: Mapping[str, str]
    finding: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    exam: type[Any]
    lesions: tuple[tuple[str, type[Any]], ...]
    lesion_field: str
    classify: Callable[[Any], CategoryResult]
    categories: tuple[str, ...]
    modifiers: tuple[str, ...] = ()


_TABLES: Final = {
    Scheme.LUNG_RADS: _Table(
        lung_rads.LungRadsExam,
        (
            ("nodule", lung_rads.LungNodule),
            ("airway", lung_rads.AirwayNodule),
            ("cyst", lung_rads.AtypicalCyst),
        ),
        "lesions",
        lung_rads.lung_rads,
        lung_rads.CATEGORIES,
        (lung_rads.S_MODIFIER,),
    ),
    Scheme.C_LUNG_RADS: _Table(
        c_lung_rads.ChineseExam,
        (("nodule", c_lung_rads.ChineseNodule),),
        "nodules",
        c_lung_rads.c_lung_rads,
        c_lung_rads.CATEGORIES,
    ),
    Scheme.FLEISCHNER: _Table(fleischner.IncidentalNodule, (), "", fleischner.fleischner, fleischner.CATEGORIES),
    Scheme.BI_RADS: _Table(
        bi_rads.Mammogram, (("finding", bi_rads.BreastFinding),), "findings", bi_rads.bi_rads, bi_rads.CATEGORIES
    ),
    Scheme.PI_RADS: _Table(
        pi_rads.ProstateExam, (("lesion", pi_rads.ProstateLesion),), "lesions", pi_rads.pi_rads, pi_rads.CATEGORIES
    ),
}


@cache
def form_of(scheme: Scheme) -> CategoryForm:
    """Return the form of a table."""
    table = _TABLES[scheme]
    return CategoryForm(
        scheme,
        _inputs(table.exam, without=table.lesion_field),
        tuple((kind, _inputs(made)) for kind, made in table.lesions),
        table.categories,
        table.modifiers,
    )


def classify(scheme: Scheme, exam: Mapping[str, str], lesions: Sequence[LesionInput] = ()) -> CategoryResult:
    """Return the category of what was typed. Raises Unclassifiable naming the first input that is missing or wrong."""
    table = _TABLES[scheme]
    values = _values(table.exam, exam, without=table.lesion_field)
    if table.lesion_field:
        kinds = dict(table.lesions)
        values[table.lesion_field] = tuple(
            kinds[lesion.kind](**_values(kinds[lesion.kind], lesion.values)) for lesion in lesions
        )
    return table.classify(table.exam(**values))


def lesions_of(scheme: Scheme, findings: Sequence[Finding]) -> tuple[LesionInput, ...]:
    """
    Return what the accepted findings say about lesions: attenuation and size, nothing that needs a judgement.

    Only for the tables of the lung; calcified and untyped nodules come without an attenuation. The size is the mean
    of the two axes, as the tables want it: without them it is left to the reader, for a diameter by volume or of the
    network is another number (a nodule of 10 x 6 x 6 mm has a mean of 8.0 and the volume of a sphere of 7.1).
    """
    if scheme not in {Scheme.LUNG_RADS, Scheme.C_LUNG_RADS}:
        return ()
    return tuple(
        LesionInput("nodule", _of_finding(one), key_of(one)) for one in findings if one.diameter_mm is not None
    )


def former_lesions(form: CategoryForm, former: Mapping[str, str]) -> list[LesionInput]:
    """Return the lesions of an earlier answer; a kind is told by the inputs that only it has."""
    numbered: dict[str, dict[str, str]] = {}
    for name, value in former.items():
        lesion, dot, field = name.partition(".")
        if dot:
            numbered.setdefault(lesion, {})[field] = value
    found = []
    for values in numbered.values():
        finding = values.pop(FINDING, "")
        fitting = [kind for kind, inputs in form.lesions if set(values) <= {one.name for one in inputs}]
        found.append(LesionInput(fitting[0], values, finding))
    return found


def _of_finding(finding: Finding) -> dict[str, str]:
    size = size_of(finding)
    mean = None if size is None else size.mean_mm
    values = {} if mean is None else {"mean_diameter_mm": f"{mean:.1f}"}
    if finding.nodule_type in _KINDS:
        values["kind"] = _KINDS[finding.nodule_type]
    return values


_KINDS: Final = {
    NoduleType.SOLID: lung_rads.LungKind.SOLID.value,
    NoduleType.PART_SOLID: lung_rads.LungKind.PART_SOLID.value,
    NoduleType.GROUND_GLASS: lung_rads.LungKind.GROUND_GLASS.value,
}


def _inputs(made: type[Any], *, without: str = "") -> tuple[FormInput, ...]:
    hints = get_type_hints(made)
    return tuple(_input(item, hints[item.name]) for item in fields(made) if item.name != without)


def _input(item: Field[Any], hint: Any) -> FormInput:  # noqa: ANN401 - a type of the table's dataclass
    kind, may_be_empty = _plain(hint)
    required = item.default is MISSING and not may_be_empty
    if item.name in _CHOICES:
        return FormInput(item.name, InputKind.CHOICE, _CHOICES[item.name], required)
    if kind is bool:
        return FormInput(item.name, InputKind.CHOICE, (NO, YES), required)
    if issubclass(kind, StrEnum):
        return FormInput(item.name, InputKind.CHOICE, tuple(one.value for one in kind), required)
    return FormInput(item.name, InputKind.NUMBER, (), required)


def _plain(hint: Any) -> tuple[type[Any], bool]:  # noqa: ANN401 - a type of the table's dataclass
    """Return a type without its "or None", and whether it had one."""
    if not isinstance(hint, UnionType):
        return hint, False
    kinds = [one for one in get_args(hint) if one is not type(None)]
    return kinds[0], True


def _values(made: type[Any], typed: Mapping[str, str], *, without: str = "") -> dict[str, Any]:
    hints = get_type_hints(made)
    found: dict[str, Any] = {}
    for item in fields(made):
        if item.name == without:
            continue
        text = typed.get(item.name, "").strip()
        kind, may_be_empty = _plain(hints[item.name])
        if text:
            found[item.name] = _converted(item.name, kind, text)
        elif item.default is MISSING:
            if not may_be_empty:
                raise Unclassifiable(item.name)
            found[item.name] = None
    return found


def _converted(name: str, kind: type[Any], text: str) -> Any:  # noqa: ANN401 - a value of the table's dataclass
    if kind is bool:
        return text == YES
    try:
        return kind(text)
    except ValueError as exc:
        raise Unclassifiable(name) from exc
