"""
A report as HL7 v2.5.1 ORU^R01, and the acknowledgement of one.

The message of a document is the same bytes at every attempt: its times are those of the report, its control
id that of the dispatch. *Source:* HL7 v2.5.1 chapters 2 and 7, tables 0008, 0085, 0123, 0211.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from resources.translation import tr
from workstation.dicom.sr.size_words import size_numbers
from workstation.domain.dispatch import Charset, Consignment, Route
from workstation.domain.errors import Refused, Undeliverable
from workstation.domain.finding_size import size_of
from workstation.domain.report import Person
from workstation.domain.report_state import STATUS_CODES, ReportStatus
from workstation.domain.template import Code
from workstation.exchange.routes.partial_date import partial_date
from workstation.exchange.routes.report_body import REPORT_CODE, BodySection, ReportBody
from workstation.exchange.routes.told_patient import told_name

CHARSET_LABELS: Final = {
    Charset.UTF_8: "UNICODE UTF-8",
    Charset.GB18030: "GB 18030-2000",
    Charset.GBK: "GBK",  # table 0211 has no code for it; receivers that read nothing else expect this one
}
CRITICAL: Final = "AA"
"""OBX-8, table 0078: critically abnormal."""
_COMMUNICATED: Final = Code("73568-8", "LN", "Communication of Critical Results")
_STUDY_UID: Final = Code("110180", "DCM", "Study Instance UID")
_OBJECT_UID: Final = Code("SOP Instance UID", "L", "SOP Instance UID")
_SCHEMES: Final = {"LN": "LN", "SCT": "SCT", "DCM": "DCM"}
_SERVICES: Final = {
    "CT": "CT",
    "MR": "NMR",
    "NM": "NMS",
    "PT": "NMS",
    "US": "RUS",
    "DX": "RAD",
    "CR": "RAD",
    "MG": "RAD",
}
"""Modality to table 0074."""
_SEXES: Final = frozenset("MFO")
_ESCAPES: Final = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\n": "\\.br\\"}
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NO_NAME: Final = "^^^^^^U"
_BUSY: Final = frozenset({"206", "207"})
"""Table 0357: record locked, internal error. They may pass; everything else needs a person."""
_ACCEPTED: Final = frozenset({"AA", "CA"})


def oru_r01(consignment: Consignment, route: Route, body: ReportBody, pdf: bytes) -> bytes:
    """
    Return the message in the route's characters.

    Raises Undeliverable: the route's characters cannot hold the report, or it is in no state that is sent.
    """
    status = consignment.report.status
    codes = STATUS_CODES[status]
    if not codes.obr_25:
        raise Undeliverable(tr("A report in this state is not sent"), detail=status)
    as_final = status is ReportStatus.APPENDED and route.addendum_as_final
    result = "F" if as_final else codes.obr_25
    each = "F" if as_final else codes.obx_11
    withdrawn = status is ReportStatus.ENTERED_IN_ERROR
    segments = [
        _msh(consignment, route),
        _pid(consignment),
        f"ORC|RE|{_text(consignment.study.accession_number)}|{_filler(consignment)}",
        _obr(consignment, body, result),
        *_obx(consignment, body, b"" if withdrawn else pdf, each),
    ]
    return encoded("\r".join(segments) + "\r", route.charset)


def encoded(message: str, charset: Charset) -> bytes:
    """Return the bytes of a message. Raises Undeliverable naming the characters that they cannot hold."""
    try:
        return message.encode(charset.value)
    except UnicodeEncodeError:
        lost = sorted({char for char in message if not _holds(char, charset)})
        raise Undeliverable(
            tr("The characters {characters} do not exist in {charset}", characters=" ".join(lost[:20]),
               charset=CHARSET_LABELS[charset]),
            hint=tr("Let the site receive GB 18030 or UTF-8, and change the route."),
            detail="characters " + " ".join(f"U+{ord(char):04X}" for char in lost[:20]),
        ) from None  # fmt: skip


def _holds(char: str, charset: Charset) -> bool:
    try:
        char.encode(charset.value)
    except UnicodeEncodeError:
        return False
    return True


def _text(value: str) -> str:
    """Escape one component. Raises Undeliverable for control characters, which would break the frame."""
    plain = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if _CONTROL.search(plain):
        raise Undeliverable(tr("The report holds a control character that cannot be sent"), detail="control character")
    return plain.translate(_ESCAPES)


def _msh(consignment: Consignment, route: Route) -> str:
    organisation = _signer(consignment).organisation or "LIANYUE"
    fields = [
        "MSH", "^~\\&", "LIANYUE", _text(organisation), _text(route.receiving_application),
        _text(route.receiving_facility), _time(_sent_at(consignment)), "", "ORU^R01^ORU_R01", consignment.control_id,
        "P", "2.5.1", "", "", "", "", "CHN", CHARSET_LABELS[route.charset],
    ]  # fmt: skip
    return "|".join(fields)


def _pid(consignment: Consignment) -> str:
    patient = consignment.patient
    sex = patient.sex.strip().upper()[:1]
    fields = ["PID", "1", "", f"{_text(patient.patient_id)}^^^^PI", "", _names(consignment), "",
              "".join(partial_date(patient.birth_date)), sex if sex in _SEXES else "U"]  # fmt: skip
    return "|".join(fields)


def _names(consignment: Consignment) -> str:
    """
    Return the patient's name as XPN, each of its representations a repetition (XPN-8 A, I, P).

    A garbled one is not told; where none is left the name is said to be unspecified (table 0200, U).
    """
    found = []
    for group, kind in zip(told_name(consignment).split("="), "AIP", strict=False):
        if not group.strip("^ "):
            continue
        family, given, middle, prefix, suffix = ([*group.split("^"), "", "", "", "", ""])[:5]
        shown = "I" if kind == "A" and not group.isascii() else kind
        parts = [_text(family), _text(given), _text(middle), _text(suffix), _text(prefix), "", "L", shown]
        found.append("^".join(parts))
    return "~".join(found) or _NO_NAME


def _obr(consignment: Consignment, body: ReportBody, status: str) -> str:
    study, report = consignment.study, consignment.report
    fields = [""] * 36
    fields[0], fields[1] = "OBR", "1"
    fields[2], fields[3] = _text(study.accession_number), _filler(consignment)
    fields[4] = _coded(body.code, body.title)
    fields[7] = _time(study.studied) if study.studied else ""
    fields[22] = _time(_sent_at(consignment))
    fields[24] = _SERVICES.get(study.modality, "")
    fields[25] = status
    fields[32] = _reader(_signer(consignment))
    if report.author.user_id != _signer(consignment).user_id:
        fields[33] = _reader(report.author)
    return "|".join(fields).rstrip("|")


def _obx(consignment: Consignment, body: ReportBody, pdf: bytes, status: str) -> Iterator[str]:
    rows = _rows(consignment, body, pdf)
    signer = _signer(consignment)
    observer = f"{_text(signer.user_id)}^{_text(signer.name)}"
    at = _time(_sent_at(consignment))
    for number, row in enumerate(rows, start=1):
        fields = ["OBX", str(number), row.kind, row.code, row.sub_id, row.value, row.unit, "", row.flag, "", "",
                  status, "", "", at, "", observer]  # fmt: skip
        yield "|".join(fields)


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    code: str
    value: str
    sub_id: str = ""
    unit: str = ""
    flag: str = ""


def _rows(consignment: Consignment, body: ReportBody, pdf: bytes) -> Iterator[_Row]:
    yield _Row("ST", _coded(_STUDY_UID), _text(consignment.study.study_instance_uid))
    for number, item in enumerate(consignment.objects, start=1):
        yield _Row("ST", _coded(_OBJECT_UID), _text(item.sop_instance_uid), str(number))
    flag = CRITICAL if consignment.critical else ""
    for number, section in enumerate(body.sections, start=1):
        yield _section(section, number, flag)
    for number, critical in enumerate(consignment.critical, start=1):
        level = _coded(Code(critical.code, critical.scheme, critical.meaning))
        told = level if critical.finding is None else f"{level}^{_coded(critical.finding)}"
        yield _Row("CE", _coded(_COMMUNICATED), told, f"{number}.1", flag=CRITICAL)
        if critical.text:
            yield _Row("TX", _coded(_COMMUNICATED), _text(critical.text), f"{number}.2", flag=CRITICAL)
    for finding in consignment.report.findings.reported:
        size = size_of(finding, consignment.report.drawn.annotations)
        for one in () if size is None else size_numbers(size):  # on an image: the text tells of it, there is no size
            name = _coded(one.code) if one.wider is None else f"{_coded(one.code)}^{_coded(one.wider)}"
            yield _Row("NM", name, f"{one.value_mm:.1f}", str(finding.number), "mm^^UCUM")
    if pdf:
        yield _Row("ED", _coded(REPORT_CODE), f"LIANYUE^application^pdf^Base64^{base64.b64encode(pdf).decode()}")


def _section(section: BodySection, number: int, flag: str) -> _Row:
    return _Row(
        "TX",
        _coded(section.code, section.title or section.code.meaning),
        _text(section.text),
        str(number),
        flag=flag if section.is_conclusion else "",
    )


def _coded(code: Code, words: str = "") -> str:
    return f"{_text(code.value)}^{_text(words or code.meaning)}^{_SCHEMES.get(code.scheme, 'L')}"


def _filler(consignment: Consignment) -> str:
    """One order over all versions, so that a correction finds what it corrects."""
    return f"{consignment.report_root}^LIANYUE"


def _reader(person: Person) -> str:
    return f"{_text(person.user_id)}&{_text(person.name)}"


def _signer(consignment: Consignment) -> Person:
    return consignment.report.verifier or consignment.report.author


def _sent_at(consignment: Consignment) -> datetime:
    """The time of the document, the same at every attempt."""
    report = consignment.report
    return report.updated_at if report.ended_reason else report.signed_at or report.updated_at


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a receiver answered: MSA-1, MSA-2, and its reason in words."""

    code: str
    control_id: str
    error: str = ""
    words: str = ""


def read_acknowledgement(answer: bytes, charset: Charset) -> Acknowledgement:
    """Read an ACK leniently in its delimiters and characters. Raises Refused for what is none."""
    text = answer.decode(charset.value, errors="replace")
    segments = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
    head = next((line for line in segments if line.startswith("MSH")), "")
    if len(head) < 8:
        raise Refused(tr("The receiver answered with something that is no acknowledgement"), detail="no MSH")
    separator, component = head[3], head[4]
    parts = {line[:3]: line.split(separator) for line in segments}
    msa = [*parts.get("MSA", []), "", "", "", ""]
    if not msa[1]:
        raise Refused(tr("The receiver answered with something that is no acknowledgement"), detail="no MSA")
    err = [*parts.get("ERR", []), *[""] * 9]
    words = " ".join(part for part in (msa[3].strip(), err[8].strip() or err[7].strip()) if part)
    return Acknowledgement(msa[1].strip().upper(), msa[2].strip(), err[3].split(component)[0].strip(), words)


def require_accepted(found: Acknowledgement, consignment: Consignment) -> None:
    """
    Return for AA; what the receiver says is told without the patient in it.

    Raises:
        Undeliverable: AE, or AR for a reason that will not pass. Refused: it may pass, or another message is meant.
    """
    if found.control_id != consignment.control_id:
        raise Refused(tr("The receiver acknowledged another message"), detail="MSA-2 differs")
    if found.code in _ACCEPTED:
        return
    words = told_without_patient(found.words, consignment) or tr("no reason given")
    detail = f"{found.code} {found.error}".strip()
    passing = found.error in _BUSY or (found.code in {"AR", "CR"} and not found.error)
    kind = Refused if passing else Undeliverable
    raise kind(tr("The receiver refused the report ({code}): {reason}", code=detail, reason=words), detail=detail)


def told_without_patient(words: str, consignment: Consignment) -> str:
    """Return what a receiver said with the patient's names and numbers blotted out: administrators read it."""
    patient, study = consignment.patient, consignment.study
    names = {part for part in re.split(r"[\^=\s]+", patient.name) if part}
    whole = {patient.name, patient.name.replace("^", " "), patient.name.replace("^", "")}
    joined = {group.replace("^", "") for group in patient.name.split("=")}
    hidden = {*names, *whole, *joined, patient.patient_id, study.accession_number, patient.birth_date}
    for text in sorted((one for one in hidden if one.strip()), key=len, reverse=True):
        words = words.replace(text, "…")
    return words[:500]
