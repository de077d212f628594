"""QIDO-RS: searching the index (PS3.18 10.6; matching PS3.4 C.2.2.2)."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, false, func, or_, select, true

from worklist.hub.errors import BadRequest
from worklist.hub.instance_tables import dicom_instances, dicom_series, dicom_studies
from worklist.hub.instances import fold_name, sites_visible, with_root
from worklist.hub.tables import cases
from workstation.dicom.quarantine import UID_SHAPE
from workstation.domain.access import Actor

MAX_RESULTS: Final = 5000
DEFAULT_RESULTS: Final = 1000

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,11}")
_CONTROLS: Final = ("fuzzymatching", "emptyvaluematching", "multiplevaluematching", "includefield", "limit", "offset")

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Search:
    """One search: match keys by tag, what to include besides the defaults, and the page."""

    match: Mapping[str, str] = field(default_factory=dict)
    include: frozenset[str] = frozenset()
    include_all: bool = False
    limit: int = DEFAULT_RESULTS
    offset: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results as DICOM JSON, how many more there are, and what the client must be told."""

    results: list[dict[str, Any]]
    remaining: int
    warnings: tuple[str, ...]


def parse(parameters: Sequence[tuple[str, str]]) -> Search:  # noqa: C901 - one branch for each parameter
    """
    Read query parameters.

    Raises:
        BadRequest: an unknown attribute, one given twice, or a page that is no number.
    """
    match: dict[str, str] = {}
    include: set[str] = set()
    include_all = False
    numbers = {"limit": DEFAULT_RESULTS, "offset": 0}
    warnings: list[str] = []
    for name, value in parameters:
        if name == "includefield":
            for wanted in value.split(","):
                if wanted.strip().lower() == "all":
                    include_all = True
                elif wanted.strip():
                    include.add(_tag(wanted.strip())[:8])
        elif name in numbers:
            if not (value.isascii() and value.isdigit() and len(value) < 10):
                raise BadRequest(f"{name} is no number")
            numbers[name] = int(value)
        elif name in _CONTROLS:
            if value.lower() == "true":
                warnings.append(f"The {name} parameter is not supported. Only literal matching has been performed.")
            elif value.lower() != "false":
                raise BadRequest(f"{name} is true or false")
        else:
            tag = _tag(name)
            if tag in match:
                raise BadRequest(f"{name} is given twice")
            match[tag] = value
    return Search(
        match, frozenset(include), include_all, min(numbers["limit"], MAX_RESULTS), numbers["offset"], tuple(warnings)
    )


def _tag(name: str) -> str:
    """Return a dotted path of keywords or hex tags as hex tags."""
    tags: list[str] = []
    for part in name.split("."):
        if len(part) == 8 and all(c in "0123456789abcdefABCDEF" for c in part):
            tags.append(part.upper())
            continue
        number = tag_for_keyword(part)
        if number is None:
            raise BadRequest(f"there is no attribute {part[:64]!r}")
        tags.append(f"{number:08X}")
    return ".".join(tags)


def studies(connection: Connection, actor: Actor, search: Search, root: str) -> Found:
    """Return the studies the actor may see that match."""
    columns = _STUDY_KEYS
    conditions, warnings = _conditions(connection, search, columns)
    for tag in ("00080061", "00080060"):
        if search.match.get(tag):
            modality = _any_value(connection, dicom_series.c.modality, search.match[tag], "CS")
            conditions.append(
                dicom_studies.c.study_instance_uid.in_(select(dicom_series.c.study_instance_uid).where(modality))
            )
    query = select(dicom_studies).where(*conditions, _visible(actor), _has_instances())
    rows, total = _page(
        connection, query, search, (dicom_studies.c.study_date.desc(), dicom_studies.c.study_instance_uid)
    )
    related = _related(connection, [row.study_instance_uid for row in rows])
    results = []
    for row in rows:
        modalities, series, instances, sop_classes = related[row.study_instance_uid]
        stored = json.loads(row.attributes)
        result = _chosen(stored, _STUDY_RETURN, search)
        result["0020000D"] = {"vr": "UI", "Value": [row.study_instance_uid]}
        result["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
        result["00080061"] = {"vr": "CS", "Value": modalities} if modalities else {"vr": "CS"}
        result["00081190"] = {"vr": "UR", "Value": [f"{root}/studies/{row.study_instance_uid}"]}
        result["00201206"] = {"vr": "IS", "Value": [series]}
        result["00201208"] = {"vr": "IS", "Value": [instances]}
        if search.include_all or "00080062" in search.include:
            result["00080062"] = {"vr": "UI", "Value": sop_classes}
        results.append(dict(sorted(result.items())))
    return Found(results, max(0, total - search.offset - len(rows)), search.warnings + warnings)


def series(connection: Connection, actor: Actor, search: Search, root: str, *, study: str = "") -> Found:
    """Return matching series, of one study or of all."""
    conditions, warnings = _conditions(connection, search, _STUDY_KEYS | _SERIES_KEYS)
    if study:
        conditions.append(dicom_series.c.study_instance_uid == study)
    query = (
        select(dicom_series, dicom_studies.c.attributes.label("study_attributes"))
        .join(dicom_studies, dicom_studies.c.study_instance_uid == dicom_series.c.study_instance_uid)
        .where(*conditions, _visible(actor))
    )
    rows, total = _page(
        connection,
        query,
        search,
        (dicom_series.c.study_instance_uid, dicom_series.c.series_number, dicom_series.c.series_instance_uid),
    )
    counts = _counts(connection, dicom_instances.c.series_instance_uid, [r.series_instance_uid for r in rows])
    results = []
    for row in rows:
        stored = json.loads(row.attributes)
        if not study:
            stored = json.loads(row.study_attributes) | stored
        result = _chosen(stored, _SERIES_RETURN if study else _STUDY_RETURN | _SERIES_RETURN, search)
        result["0020000D"] = {"vr": "UI", "Value": [row.study_instance_uid]}
        result["0020000E"] = {"vr": "UI", "Value": [row.series_instance_uid]}
        url = f"{root}/studies/{row.study_instance_uid}/series/{row.series_instance_uid}"
        result["00081190"] = {"vr": "UR", "Value": [url]}
        result["00201209"] = {"vr": "IS", "Value": [counts.get(row.series_instance_uid, 0)]}
        results.append(dict(sorted(result.items())))
    return Found(results, max(0, total - search.offset - len(rows)), search.warnings + warnings)


def instances(
    connection: Connection, actor: Actor, search: Search, root: str, *, study: str = "", series: str = ""
) -> Found:
    """Return matching instances, of one series, one study, or all."""
    conditions, warnings = _conditions(connection, search, _STUDY_KEYS | _SERIES_KEYS | _INSTANCE_KEYS)
    if study:
        conditions.append(dicom_instances.c.study_instance_uid == study)
    if series:
        conditions.append(dicom_instances.c.series_instance_uid == series)
    query = (
        select(dicom_instances)
        .join(dicom_series, dicom_series.c.series_instance_uid == dicom_instances.c.series_instance_uid)
        .join(dicom_studies, dicom_studies.c.study_instance_uid == dicom_instances.c.study_instance_uid)
        .where(*conditions, _visible(actor))
    )
    order = (
        dicom_instances.c.series_instance_uid,
        dicom_instances.c.instance_number,
        dicom_instances.c.sop_instance_uid,
    )
    rows, total = _page(connection, query, search, order)
    wanted = _INSTANCE_RETURN
    if not study:
        wanted = wanted | _STUDY_RETURN
    if not series:
        wanted = wanted | _SERIES_RETURN
    results = []
    for row in rows:
        result = _chosen(json.loads(with_root(row.attributes, root)), wanted, search)
        result["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
        url = (
            f"{root}/studies/{row.study_instance_uid}/series/{row.series_instance_uid}/instances/{row.sop_instance_uid}"
        )
        result["00081190"] = {"vr": "UR", "Value": [url]}
        result["00083002"] = {"vr": "UI", "Value": [row.transfer_syntax_uid]}
        results.append(dict(sorted(result.items())))
    return Found(results, max(0, total - search.offset - len(rows)), search.warnings + warnings)


def _visible(actor: Actor) -> Condition:
    """Filter on the owner: whoever stored the study, else the site that asked for its reading."""
    site_id = sites_visible(actor)
    if site_id is None:
        return true()
    if not site_id:
        return false()
    asked = select(cases.c.study_instance_uid).where(cases.c.site_id == site_id)
    return or_(
        dicom_studies.c.site_id == site_id,
        and_(dicom_studies.c.site_id == "", dicom_studies.c.study_instance_uid.in_(asked)),
    )


def _has_instances() -> Condition:
    return (
        select(dicom_instances.c.sop_instance_uid)
        .where(dicom_instances.c.study_instance_uid == dicom_studies.c.study_instance_uid)
        .exists()
    )


def _page(
    connection: Connection, query: Select[Any], search: Search, order: Sequence[Any]
) -> tuple[Sequence[Row[Any]], int]:
    """Return one page in a stable order, and how many match in all."""
    rows = connection.execute(query.order_by(*order).limit(search.limit).offset(search.offset)).all()
    if len(rows) < search.limit and (rows or not search.offset):
        return rows, search.offset + len(rows)
    return rows, int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def _related(connection: Connection, uids: list[str]) -> dict[str, tuple[list[str], int, int, list[str]]]:
    modalities: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    query = select(dicom_series.c.study_instance_uid, dicom_series.c.modality).where(
        dicom_series.c.study_instance_uid.in_(uids)
    )
    for row in connection.execute(query):
        counts[row.study_instance_uid] += 1
        if row.modality:
            modalities[row.study_instance_uid].add(row.modality)
    instances: dict[str, int] = defaultdict(int)
    classes: dict[str, set[str]] = defaultdict(set)
    counted = (
        select(dicom_instances.c.study_instance_uid, dicom_instances.c.sop_class_uid, func.count().label("instances"))
        .where(dicom_instances.c.study_instance_uid.in_(uids))
        .group_by(dicom_instances.c.study_instance_uid, dicom_instances.c.sop_class_uid)
    )
    for row in connection.execute(counted):
        instances[row.study_instance_uid] += row.instances
        classes[row.study_instance_uid].add(row.sop_class_uid)
    return {uid: (sorted(modalities[uid]), counts[uid], instances[uid], sorted(classes[uid])) for uid in uids}


def _counts(connection: Connection, column: ColumnElement[str], uids: list[str]) -> dict[str, int]:
    query = select(column, func.count()).where(column.in_(uids)).group_by(column)
    return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def _chosen(stored: dict[str, Any], default: frozenset[str], search: Search) -> dict[str, Any]:
    """Return the attributes a result shows: the defaults (empty where absent), match keys and includes."""
    if search.include_all:
        return stored
    wanted = default | search.include | {tag[:8] for tag in search.match}
    result = {tag: stored[tag] for tag in wanted if tag in stored}
    for tag in default - result.keys():
        result[tag] = {"vr": dictionary_VR(int(tag, 16))}
    return result


def _conditions(
    connection: Connection, search: Search, keys: Mapping[str, ColumnElement[Any]]
) -> tuple[list[Condition], tuple[str, ...]]:
    """Turn match keys into SQL; what this level cannot match is told and ignored (PS3.18 8.3.4.1)."""
    conditions: list[Condition] = []
    warnings: list[str] = []
    match = dict(search.match)
    for date, time in (("00080020", "00080030"), ("00400244", "00400245")):
        if date in keys and "-" in match.get(date, "") and "-" in match.get(time, ""):
            conditions.append(_date_and_time(keys[date], keys[time], match.pop(date), match.pop(time)))
    for tag, value in match.items():
        if tag in {"00080061", "00080060"} and tag not in keys:
            continue
        if tag not in keys:
            name = keyword_for_tag(int(tag[:8], 16)) or tag
            warnings.append(f"The {name} attribute is not supported for matching at this level and was ignored.")
            continue
        if not value:
            continue  # universal matching
        conditions.append(_any_value(connection, keys[tag], value, dictionary_VR(int(tag[-8:], 16))))
    return conditions, tuple(warnings)


def _any_value(connection: Connection, column: ColumnElement[Any], value: str, vr: str) -> Condition:
    if vr == "UI":
        uids = [uid.strip() for uid in value.replace("\\", ",").split(",")]
        if not all(UID_SHAPE.fullmatch(uid) for uid in uids):
            raise BadRequest("a UID has a wrong form")
        return column.in_(uids)
    if vr in {"DA", "TM"}:
        return _range(column, value)
    if vr == "IS":
        if not _INTEGER.fullmatch(value):
            raise BadRequest(f"{value[:12]!r} is no number")
        return column == int(value)
    if vr == "PN":
        return _person_name(connection, value, referring=column is dicom_studies.c.referring_physician)
    return _wildcard(connection, column, value)


def _person_name(connection: Connection, value: str, *, referring: bool) -> Condition:
    """Match without regard to case; a value without ``=`` matches any of the three groups."""
    if referring:
        return _wildcard(connection, dicom_studies.c.referring_folded, value.casefold())
    columns = (dicom_studies.c.name_alphabetic, dicom_studies.c.name_ideographic, dicom_studies.c.name_phonetic)
    groups = value.split("=")
    if len(groups) == 1:
        return or_(*(_wildcard(connection, column, fold_name(value)) for column in columns))
    return and_(
        *(
            _wildcard(connection, column, fold_name(group))
            for column, group in zip(columns, groups, strict=False)
            if group
        )
    )


def _wildcard(connection: Connection, column: ColumnElement[Any], value: str) -> Condition:
    """Match ``*`` and ``?`` case-sensitively; SQLite's LIKE ignores case, its GLOB does not."""
    if "*" not in value and "?" not in value:
        return column == value
    if connection.dialect.name == "sqlite":
        return column.op("GLOB", is_comparison=True)(value.replace("[", "[[]"))
    escaped = value.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("*", "%").replace("?", "_")
    return column.like(escaped, escape="!")


def _digits(value: str) -> str:
    """Return a date or time limit without the separators old clients send."""
    text = value.strip().replace(":", "")
    if not text.isascii() or not text.replace(".", "").isdigit():
        raise BadRequest(f"{value[:26]!r} is no date or time")
    return text


def _range(column: ColumnElement[Any], value: str) -> Condition:
    """Match one value or an inclusive range; a shorter limit stands for all it begins."""
    if "-" not in value:
        text = _digits(value)
        return column == text if len(text) >= 8 else column.startswith(text, autoescape=True)
    low, _, high = value.partition("-")
    conditions: list[Condition] = [column != ""]
    if low.strip():
        conditions.append(column >= _digits(low))
    if high.strip():
        conditions.append(column <= _digits(high) + "~")
    if len(conditions) == 1:
        raise BadRequest("a range needs a limit")
    return and_(*conditions)


def _date_and_time(date: ColumnElement[Any], time: ColumnElement[Any], dates: str, times: str) -> Condition:
    """Match a date range and a time range as one range of moments (PS3.4 C.2.2.2.5)."""
    first_day, _, last_day = dates.partition("-")
    first_time, _, last_time = times.partition("-")
    moment = date.concat(time)
    conditions: list[Condition] = [date != ""]
    if first_day.strip():
        conditions.append(moment >= _digits(first_day) + (_digits(first_time) if first_time.strip() else ""))
    if last_day.strip():
        conditions.append(moment <= _digits(last_day) + (_digits(last_time) if last_time.strip() else "") + "~")
    return and_(*conditions)


_STUDY_KEYS: Final[dict[str, ColumnElement[Any]]] = {
    "0020000D": dicom_studies.c.study_instance_uid,
    "00080020": dicom_studies.c.study_date,
    "00080030": dicom_studies.c.study_time,
    "00080050": dicom_studies.c.accession_number,
    "00080080": dicom_studies.c.institution,
    "00080090": dicom_studies.c.referring_physician,
    "00081030": dicom_studies.c.description,
    "00100010": dicom_studies.c.patient_name,
    "00100020": dicom_studies.c.patient_id,
    "00100030": dicom_studies.c.birth_date,
    "00100040": dicom_studies.c.sex,
    "00200010": dicom_studies.c.study_id,
}
_SERIES_KEYS: Final[dict[str, ColumnElement[Any]]] = {
    "0020000E": dicom_series.c.series_instance_uid,
    "00080060": dicom_series.c.modality,
    "0008103E": dicom_series.c.description,
    "00180015": dicom_series.c.body_part,
    "00200011": dicom_series.c.series_number,
    "00400244": dicom_series.c.pps_start_date,
    "00400245": dicom_series.c.pps_start_time,
    "00400275.00400009": dicom_series.c.scheduled_step_id,
    "00400275.00401001": dicom_series.c.requested_procedure_id,
}
_INSTANCE_KEYS: Final[dict[str, ColumnElement[Any]]] = {
    "00080016": dicom_instances.c.sop_class_uid,
    "00080018": dicom_instances.c.sop_instance_uid,
    "00200013": dicom_instances.c.instance_number,
}
_STUDY_RETURN: Final = frozenset(
    [
        "00080020",
        "00080030",
        "00080050",
        "00080090",
        "00081030",
        "00100010",
        "00100020",
        "00100030",
        "00100040",
        "0020000D",
        "00200010",
    ]
)
_SERIES_RETURN: Final = frozenset(["00080060", "0008103E", "0020000E", "00200011", "00400244", "00400245", "00400275"])
_INSTANCE_RETURN: Final = frozenset(
    ["00080016", "00080018", "0020000D", "0020000E", "00200013", "00280008", "00280010", "00280011", "00280100"]
)
