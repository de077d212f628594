"""The fixed words of the printed report, in both languages, and how facts are written on it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from workstation.dicom.charset import display_name
from workstation.domain.critical import CallMethod, CallOutcome
from workstation.domain.report_state import ReportKind
from workstation.domain.study import Study
from workstation.domain.template import Text
from workstation.domain.workitem import WorklistRow

_W: Final = {
    "name": Text("姓名", "Name"),
    "sex": Text("性别", "Sex"),
    "age": Text("年龄", "Age"),
    "id": Text("患者 ID", "Patient ID"),
    "accession": Text("检查号", "Accession"),
    "studied": Text("检查时间", "Study date"),
    "site": Text("申请医院", "Referring site"),
    "exam": Text("检查项目", "Examination"),
    "question": Text("临床信息", "Clinical question"),
    "years": Text("{n} 岁", "{n} y"),
    "months": Text("{n} 个月", "{n} mo"),
    "days": Text("{n} 天", "{n} d"),
    "M": Text("男", "M"),
    "F": Text("女", "F"),
    "O": Text("其他", "Other"),
    "location": Text("部位 / 密度", "Location / type"),
    "diameter": Text("长径 × 短径 (mm)", "Long × short (mm)"),
    "volume": Text("体积 (mm³)", "Volume (mm³)"),
    "image": Text("图像", "Image"),
    "source": Text("来源", "Source"),
    "author": Text("书写：{name}", "Author: {name}"),
    "verifier": Text("审核：{name}", "Verified by: {name}"),
    "author_stamp": Text("书写", "Author"),
    "verifier_stamp": Text("审核", "Verifier"),
    "signs_here": Text("{name}（签发时签名）", "{name} (signs when issued)"),
    "waiting": Text("待签", "pending"),
    "reported": Text("报告时间：{time}", "Reported: {time}"),
    "unsigned": Text("待签发", "not signed"),
    "saved": Text("文本存档号 {n}", "Saved text no. {n}"),
    "digest": Text("摘要 SHA-256 {digest} …", "digest SHA-256 {digest} …"),
    "page": Text("第 {n} / {total} 页", "Page {n} / {total}"),
    "scope": Text("本报告仅对本次检查负责", "This report concerns this examination only"),
    "watermark": Text("草稿 未签发", "DRAFT NOT SIGNED"),
    "colon": Text("：", ": "),
    "phone": Text("电话：{phone}", "Tel. {phone}"),
    "nothing": Text("（本页无正文）", "(No text on this page)"),
    "addendum": Text("补充内容", "Addendum"),
    "former": Text("此前的补充（{signer}，{time}）", "Earlier addendum ({signer}, {time})"),
    "reason": Text("原因：{reason}", "Reason: {reason}"),
    "cancelled": Text("本报告已作废。原因：{reason}", "This report was cancelled. Reason: {reason}"),
    "in_error": Text(
        "本报告归属错误（患者或检查有误），不得使用。原因：{reason}",
        "This report belongs to the wrong patient or study and must not be used. Reason: {reason}",
    ),
    "critical": Text("危急值通报", "Critical value"),
    "recognised_at": Text("发现：{time}，{name}", "Recognised: {time}, {name}"),
    "notified_by": Text("通报方签名：{name}，{time}", "Signed by the notifier: {name}, {time}"),
    "received_by": Text("接收方签名：{name}，{time}", "Signed by the receiver: {name}, {time}"),
    "mark_pending": Text("互认标识：签发后生成", "Mutual recognition: set when signed"),
    "mark_granted": Text("互认合格", "Mutually recognised"),
    "mark_until": Text("{mark} {scope} · 至 {date}", "{mark} {scope} · until {date}"),
    "mark_refused": Text("未获互认标识", "Not mutually recognised"),
}

KINDS: Final = {
    ReportKind.ADDENDUM: Text(
        "补充报告　补充 {time} 由 {signer} 签发的报告；原报告继续有效。",
        "ADDENDUM to the report signed by {signer} on {time}, which still holds.",
    ),
    ReportKind.CORRECTED: Text(
        "更正报告　取代 {time} 由 {signer} 签发的报告；原报告不再有效。",
        "CORRECTED REPORT, replaces the report signed by {signer} on {time}, which no longer holds.",
    ),
    ReportKind.AMENDED: Text(
        "修订报告　取代 {time} 由 {signer} 签发的报告；原报告不再有效。",
        "AMENDED REPORT, replaces the report signed by {signer} on {time}, which no longer holds.",
    ),
}
METHODS: Final = {
    CallMethod.PHONE: Text("电话", "by phone"),
    CallMethod.IN_PERSON: Text("当面", "in person"),
    CallMethod.MESSAGE: Text("消息", "by message"),
}
OUTCOMES: Final = {
    CallOutcome.REACHED: Text("已接通", "reached"),
    CallOutcome.NO_ANSWER: Text("无人接听", "no answer"),
    CallOutcome.BUSY: Text("占线", "busy"),
    CallOutcome.WRONG_NUMBER: Text("号码有误", "wrong number"),
}


def words(key: str, language: str, **values: object) -> str:
    """Return a fixed text in a language."""
    return _W[key].get(language).format(**values)


def shown_name(name: str) -> str:
    """
    Return a DICOM person name as people write it: the ideographic group if there is one.

    "Wang^XiaoDong=王^小东" becomes "王小东", "Smith^John" "Smith John".
    """
    return display_name(name) or "—"


def facts(study: Study, row: WorklistRow, language: str) -> list[tuple[str, str]]:
    """Return what heads every report: who, what, when and for whom, as label and value."""
    patient = study.patient
    found = [
        ("name", shown_name(patient.name)),
        ("sex", words(patient.sex, language) if patient.sex in {"M", "F", "O"} else "—"),
        ("age", age(study, language)),
        ("id", patient.patient_id or "—"),
        ("accession", study.accession_number or "—"),
        ("studied", studied(study)),
        ("site", row.site_name or study.institution or "—"),
        ("exam", row.description or study.description or "—"),
    ]
    if row.clinical_question:
        found.append(("question", row.clinical_question))
    return [(words(key, language), value) for key, value in found]


def studied(study: Study) -> str:
    """Return the time of the exam to the minute, a dash where nothing is known."""
    day = "-".join((study.study_date[:4], study.study_date[4:6], study.study_date[6:8])).strip("-")
    clock = f" {study.study_time[:2]}:{study.study_time[2:4]}" if len(study.study_time) >= 4 else ""
    return day + clock or "—"


def age(study: Study, language: str) -> str:
    """Return the age on the day of the study, in days in the first month and in months below two years."""
    try:
        born = _day(study.patient.birth_date)
        then = _day(study.study_date)
    except ValueError:
        return "—"
    months = (then.year - born.year) * 12 + then.month - born.month - (then.day < born.day)
    if born > then:
        return "—"
    if months == 0:
        return words("days", language, n=(then - born).days)
    return words("months", language, n=months) if months < 24 else words("years", language, n=months // 12)


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a calendar day has no zone
