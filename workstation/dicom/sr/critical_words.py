"""Critical values of a report in its own language, and the section 73568-8 of the SR that holds them."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.sr.common import coded, container, dcm, text
from workstation.dicom.sr.report_words import local_time
from workstation.domain.critical import (
    COMMUNICATION,
    CallMethod,
    CallOutcome,
    CallRecord,
    CriticalState,
    CriticalValue,
    Party,
)
from workstation.domain.report import Report
from workstation.domain.template import Text

_MINUTE_S: Final = 60
_METHODS: Final = {
    CallMethod.PHONE: Text("电话", "by telephone"),
    CallMethod.IN_PERSON: Text("当面", "in person"),
    CallMethod.MESSAGE: Text("消息", "by message"),
}
_OUTCOMES: Final = {
    CallOutcome.REACHED: Text("已接通", "reached"),
    CallOutcome.NO_ANSWER: Text("无人接听", "no answer"),
    CallOutcome.BUSY: Text("占线", "busy"),
    CallOutcome.WRONG_NUMBER: Text("号码错误", "wrong number"),
}
_FINDING: Final = dcm("121071", "Finding")
_WORDS: Final = {
    "finding": Text("危急所见：{text}（{level}）", "Critical finding: {text} ({level})"),
    "recognised": Text("发现：{at} {who}", "Recognised: {at}, {who}"),
    "reached": Text(
        "通报：{at} {who} {method}通知 {receiver}，内容：{content}。{read_back}",
        "Notified: {at}, {who} told {receiver} {method}: {content}. {read_back}",
    ),
    "tried": Text(
        "未通：{at} {who} {method} {receiver}，{outcome}", "Not reached: {at}, {who}, {method} {receiver}, {outcome}"
    ),
    "read_back": Text("复述确认：{text}", "Read back: {text}"),
    "no_read_back": Text("未复述", "Not read back"),
    "late": Text("（事后补报，晚 {minutes} 分钟）", " (told {minutes} min after the call)"),
    "acknowledged": Text("签收：{at} {who}，复述：{text}", "Acknowledged: {at}, {who}, read back: {text}"),
    "open": Text("签发时尚未复述确认", "Not read back when the report was signed"),
    "unsigned": Text("签发时尚未署名：{sides}", "Without a signature when the report was signed: {sides}"),
    "notifier": Text("通报方", "the notifier"),
    "receiver": Text("接收方", "the receiver"),
    "and": Text("、", " and "),
}
_LEVELS: Final = {
    "RID49480": Text("1 级", "category 1"),
    "RID49481": Text("2 级", "category 2"),
    "RID49482": Text("3 级", "category 3"),
}


def reported(report: Report) -> tuple[CriticalValue, ...]:
    """Return the critical values that belong into the report: those that were not dismissed."""
    return tuple(value for value in report.critical_values if value.state is not CriticalState.DISMISSED)


def critical_lines(value: CriticalValue, language: str) -> tuple[str, ...]:
    """Return what a report says of one critical value, the signatures that are missing last."""

    def say(key: str, **facts: str) -> str:
        return _WORDS[key].get(language).format(**facts)

    level = _LEVELS[value.level.value].get(language)
    lines = [
        say("finding", text=value.text, level=level),
        say("recognised", at=local_time(value.recognised_at), who=_who(value.recognised_by)),
        *(_call(call, language) for call in value.calls),
    ]
    if value.received is not None:
        party = value.received.party
        words = value.acknowledgement
        lines.append(say("acknowledged", at=local_time(value.received.at), who=_who(party), text=words))
    if value.is_open:
        lines.append(say("open"))
    if missing := missing_signatures(value, language):
        lines.append(missing)
    return tuple(lines)


def missing_signatures(value: CriticalValue, language: str) -> str:
    """Return who has not signed the communication, empty where both sides have."""
    signatures = (("notifier", value.notified), ("receiver", value.received))
    sides = [_WORDS[side].get(language) for side, signature in signatures if signature is None]
    return _WORDS["unsigned"].get(language).format(sides=_WORDS["and"].get(language).join(sides)) if sides else ""


def critical_section(report: Report) -> list[Dataset]:
    """
    Return the section "Communication of critical results" as content items, empty when there is nothing to tell.

    Each value gives its category of CID 7035 and, where the policy has one, the code of the diagnosis.
    """
    items: list[Dataset] = []
    for value in reported(report):
        items.append(coded(_FINDING, value.level))
        if value.finding is not None:
            items.append(coded(_FINDING, value.finding))
        items += [text(_FINDING, line) for line in critical_lines(value, report.language)]
    return [container(COMMUNICATION, items)] if items else []


def _call(call: CallRecord, language: str) -> str:
    receiver = " ".join(part for part in (call.receiver_role, call.receiver, call.number) if part.strip())
    at, who, method = local_time(call.at), _who(call.notifier), _METHODS[call.method].get(language)
    late = int(call.delay.total_seconds()) // _MINUTE_S
    at += _WORDS["late"].get(language).format(minutes=late) if late else ""
    if call.outcome is not CallOutcome.REACHED:
        outcome = _OUTCOMES[call.outcome].get(language)
        return _WORDS["tried"].get(language).format(at=at, who=who, method=method, receiver=receiver, outcome=outcome)
    key = "read_back" if call.read_back else "no_read_back"
    read_back = _WORDS[key].get(language).format(text=call.read_back_text)
    return (
        _WORDS["reached"]
        .get(language)
        .format(at=at, who=who, method=method, receiver=receiver, content=call.content, read_back=read_back)
    )


def _who(party: Party) -> str:
    return f"{party.name}（{party.organisation}）" if party.organisation else party.name
