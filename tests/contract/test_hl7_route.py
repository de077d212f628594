"""A report as HL7 message at a real MLLP receiver: the same Unicode at the end, or an explicit refusal."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hl7apy.validation import Validator

from tests.helpers.consignments import HL7, PDF_BYTES, WANG, consigned, small_study, template_of
from tests.helpers.full_reports import SIGNED, final_report
from tests.helpers.mllp import Receiver, ack, running_receiver
from workstation.domain.dispatch import Charset, Consignment, CriticalFlag, Route
from workstation.domain.errors import Refused, Undeliverable, Unreachable
from workstation.domain.report import Predecessor, Report, ReportKind, ReportState
from workstation.domain.study import Patient
from workstation.domain.template import Code
from workstation.exchange.routes.mllp import Hl7Carrier

CARRIER = Hl7Carrier(template_of)
EVERYDAY = "右肺上叶 5 mm 磨玻璃结节（GGN），CT 值约 −520 HU；建议 6～12 个月复查。"
RARE = "患者王䶮、𠮷田，㐂字"
NASTY = "A|B^C~D&E\\F 第一行\n第二行 \\.br\\ \\X41\\"


@pytest.fixture(scope="module")
def his() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def route(his: Receiver) -> Route:
    his.arrived.clear()
    his.answers.clear()
    return replace(HL7, address=his.address, receiving_application="HIS", receiving_facility="QSZX")


def saying(text: str, **changes: object) -> Report:
    report = final_report(small_study())
    return replace(report, values={**report.values, "impression": text}, **changes)  # type: ignore[arg-type]  # by name


def segments(message: str, name: str) -> list[list[str]]:
    return [line.split("|") for line in message.split("\r") if line.startswith(name)]


def unescaped(value: str) -> str:
    """Undo HL7 escapes as chapter 2.7 says, independently of the writer."""
    plain = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n"}
    parts = value.split("\\")
    return "".join(part if place % 2 == 0 else plain[part] for place, part in enumerate(parts))


def texts(message: str) -> str:
    return "\n".join(unescaped(fields[5]) for fields in segments(message, "OBX") if fields[2] == "TX")


def test_the_message_is_valid_by_an_outside_parser(his: Receiver, route: Route) -> None:
    receipt = CARRIER.carry(consigned(), route)

    (message,) = his.texts
    parsed = parse_message(message, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
    assert Validator.validate(parsed) is True
    assert receipt.proof == "AA CONTROL0000000000001"
    assert parsed.msh.msh_9.to_er7() == "ORU^R01^ORU_R01"
    assert parsed.msh.msh_12.to_er7() == "2.5.1"


def test_it_names_patient_order_study_signer_and_the_signed_objects(his: Receiver, route: Route) -> None:
    CARRIER.carry(consigned(), route)

    (message,) = his.texts
    (pid,), (obr,) = segments(message, "PID"), segments(message, "OBR")
    assert (pid[3], pid[5], pid[7], pid[8]) == (
        "QS0118793^^^^PI", "Wang^Yan^^^^^L^A~王^燕^^^^^L^I", "19680314", "F",
    )  # fmt: skip
    assert (obr[2], obr[3], obr[22], obr[25]) == ("A2026112101", "2.25.555^LIANYUE", "20261121114207+0000", "F")
    assert (obr[32], obr[33]) == ("wangqiming&王启明", "songjia&宋佳")
    values = {fields[5] for fields in segments(message, "OBX")}
    assert {one.sop_instance_uid for one in consigned().objects} <= values
    assert "2.25.9000" in values


def test_the_signed_pdf_arrives_byte_for_byte(his: Receiver, route: Route) -> None:
    CARRIER.carry(consigned(), route)

    (embedded,) = [fields[5] for fields in segments(his.texts[0], "OBX") if fields[2] == "ED"]
    assert base64.b64decode(embedded.split("^")[4]) == PDF_BYTES
    assert embedded.split("^")[1:4] == ["application", "pdf", "Base64"]


DIAMETER = "81827009^Diameter^SCT"


def test_findings_travel_as_numbers_with_their_unit(his: Receiver, route: Route) -> None:
    CARRIER.carry(consigned(), route)

    numbers = [
        (fields[3], fields[4], fields[5], fields[6]) for fields in segments(his.texts[0], "OBX") if fields[2] == "NM"
    ]
    assert numbers == [
        ("103339001^Long axis^SCT", "1", "21.9", "mm^^UCUM"),
        ("103340004^Short axis^SCT", "1", "14.3", "mm^^UCUM"),
        (f"MEAN_DIAMETER^Mean of long and short axis^L^{DIAMETER}", "1", "18.1", "mm^^UCUM"),
        (f"EQUIV_DIAMETER^Diameter of a sphere of the same volume^L^{DIAMETER}", "1", "15.5", "mm^^UCUM"),
        (f"MEAN_DIAMETER^Mean of long and short axis^L^{DIAMETER}", "2", "6.1", "mm^^UCUM"),
        (f"MEAN_DIAMETER^Mean of long and short axis^L^{DIAMETER}", "4", "3.8", "mm^^UCUM"),
    ]


@pytest.mark.parametrize(
    ("charset", "text"), list(itertools.product(Charset, [EVERYDAY, RARE, NASTY, "Müller, Jörg; 2 µm"]))
)
def test_every_character_arrives_as_it_was_or_the_report_is_refused(
    his: Receiver, route: Route, charset: Charset, text: str
) -> None:
    consignment = consigned(saying(text))
    fits = charset is not Charset.GBK or text in {EVERYDAY.replace("−", "-"), NASTY}

    if not fits:
        with pytest.raises(Undeliverable, match="U\\+"):
            CARRIER.carry(consignment, replace(route, charset=charset))
        assert his.arrived == []
        return
    CARRIER.carry(consignment, replace(route, charset=charset))
    assert text in texts(his.texts[0])
    assert "?" not in his.texts[0]
    label = {"utf-8": "UNICODE UTF-8", "gb18030": "GB 18030-2000", "gbk": "GBK"}[charset]
    assert segments(his.texts[0], "MSH")[0][17] == label


def test_a_name_that_gbk_does_not_know_is_refused_by_name(route: Route) -> None:
    patient = Patient("P1", "Wang^Yan=王^䶮", "19680314", "F")

    with pytest.raises(Undeliverable) as told:
        CARRIER.carry(consigned(patient=patient), replace(route, charset=Charset.GBK))

    assert "䶮" in told.value.user_text
    assert "U+4DAE" in told.value.detail


def test_sending_twice_sends_the_same_bytes_under_the_same_control_id(his: Receiver, route: Route) -> None:
    CARRIER.carry(consigned(), route)
    CARRIER.carry(consigned(), route)

    first, second = his.arrived
    assert first == second


def following(kind: ReportKind, **changes: object) -> Report:
    before = Predecessor("2.25.555", ReportKind.ORIGINAL, SIGNED, "王启明", ())
    return saying("见补充", kind=kind, predecessors=(before,), change_reason="漏报", report_uid="2.25.557", **changes)


def states(message: str) -> tuple[str, set[str]]:
    return segments(message, "OBR")[0][25], {fields[11] for fields in segments(message, "OBX")}


def test_a_correction_names_the_order_that_it_corrects_and_an_addendum_says_so(his: Receiver, route: Route) -> None:
    addendum = following(ReportKind.ADDENDUM, addendum="补充：左侧少量胸腔积液。")
    CARRIER.carry(consigned(following(ReportKind.CORRECTED)), route)
    CARRIER.carry(consigned(addendum), route)
    CARRIER.carry(consigned(addendum), replace(route, addendum_as_final=True))

    corrected, added, as_final = his.texts
    assert states(corrected) == states(added) == ("C", {"C"})
    assert states(as_final) == ("F", {"F"})
    assert segments(corrected, "OBR")[0][3] == "2.25.555^LIANYUE"
    assert "补充：左侧少量胸腔积液。" in texts(added)


def test_a_report_of_the_wrong_patient_is_taken_back_without_its_pdf(his: Receiver, route: Route) -> None:
    final = final_report(small_study())
    wrong = final.moved(ReportState.ENTERED_IN_ERROR, at=SIGNED, reason="患者信息错误")

    CARRIER.carry(consigned(wrong), route)

    (message,) = his.texts
    assert states(message) == ("X", {"W"})
    assert "患者信息错误" in texts(message)
    assert [fields for fields in segments(message, "OBX") if fields[2] == "ED"] == []


def test_a_draft_is_never_sent(route: Route) -> None:
    draft = replace(final_report(small_study()), state=ReportState.DRAFTED, verifier=None, signed_at=None)

    with pytest.raises(Undeliverable):
        CARRIER.carry(consigned(draft), route)


def test_a_critical_value_is_flagged_where_the_receiver_looks(his: Receiver, route: Route) -> None:
    flag = CriticalFlag("RID49480", "RADLEX", "ACR Category 1 Actionable Finding")

    CARRIER.carry(replace(consigned(), critical=(flag,)), route)

    flagged = [fields for fields in segments(his.texts[0], "OBX") if fields[8] == "AA"]
    assert [fields[3].split("^")[0] for fields in flagged] == ["19005-8", "73568-8"]


def test_two_critical_values_of_one_level_are_two_and_each_says_what_was_found(his: Receiver, route: Route) -> None:
    level = ("RID49480", "RADLEX", "ACR Category 1 Actionable Finding")
    embolism = CriticalFlag(
        *level, critical_uid="2.25.1", text="肺动脉栓塞", finding=Code("59282003", "SCT", "Pulmonary embolism")
    )
    air = CriticalFlag(*level, critical_uid="2.25.2", text="张力性气胸")

    CARRIER.carry(replace(consigned(), critical=(embolism, air)), route)

    told = [fields[2:6] for fields in segments(his.texts[0], "OBX") if fields[3].startswith("73568-8")]
    assert [(kind, sub) for kind, _code, sub, _value in told] == [
        ("CE", "1.1"), ("TX", "1.2"), ("CE", "2.1"), ("TX", "2.2"),
    ]  # fmt: skip
    assert [value for kind, _code, _sub, value in told if kind == "TX"] == ["肺动脉栓塞", "张力性气胸"]
    assert told[0][3].split("^")[3:5] == ["59282003", "Pulmonary embolism"]


@pytest.mark.parametrize(
    ("code", "error", "expected"),
    [("AE", "", Undeliverable), ("AE", "204", Undeliverable), ("AR", "", Refused), ("AR", "200", Undeliverable),
     ("AE", "207", Refused), ("AE", "206", Refused)],
)  # fmt: skip
def test_a_refusal_that_may_pass_is_told_from_one_that_will_not(
    his: Receiver, route: Route, code: str, error: str, expected: type[Exception]
) -> None:
    his.answers.append(lambda known: ack(code, known, "no such order", error))

    with pytest.raises(expected) as told:
        CARRIER.carry(consigned(), route)

    assert "no such order" in str(getattr(told.value, "user_text", ""))


def test_what_a_receiver_says_is_told_without_the_patient(his: Receiver, route: Route) -> None:
    his.answers.append(lambda known: ack("AE", known, "患者王燕 (Wang Yan, QS0118793) 不存在 A2026112101"))

    with pytest.raises(Undeliverable) as told:
        CARRIER.carry(consigned(), route)

    assert "患者" in told.value.user_text
    for secret in (*WANG.name.replace("=", "^").split("^")[:2], "王燕", "QS0118793", "A2026112101"):
        assert secret not in told.value.user_text


@pytest.mark.parametrize("answer", ["", "HELLO", "MSH|^~\\&|HIS\r", ack("AA", "SOMEBODY-ELSES")])
def test_an_answer_that_acknowledges_something_else_is_no_receipt(his: Receiver, route: Route, answer: str) -> None:
    his.answers.append(lambda _known: answer)

    with pytest.raises(Refused):
        CARRIER.carry(consigned(), route)


def test_a_line_cut_before_the_acknowledgement_is_no_receipt(his: Receiver, route: Route) -> None:
    his.answers.append(lambda _known: None)

    with pytest.raises(Unreachable):
        CARRIER.carry(consigned(), route)


def test_a_receiver_that_never_answers_is_left_in_time(his: Receiver, route: Route) -> None:
    import socket  # noqa: PLC0415 - a listener that accepts and says nothing

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable):
            CARRIER.carry(consigned(), replace(route, address=address, answer_timeout_s=0.2))


def test_a_control_character_is_refused_before_it_breaks_the_frame(his: Receiver, route: Route) -> None:
    with pytest.raises(Undeliverable):
        CARRIER.carry(consigned(saying("结\x1c\x0d节")), route)

    assert his.arrived == []


def test_a_report_whose_template_is_not_installed_is_sent_in_the_words_of_its_signed_sr(
    his: Receiver, route: Route
) -> None:
    own = replace(final_report(small_study()), template_id="a-template-of-the-site")

    CARRIER.carry(consigned(own), route)

    assert "右肺上叶实性结节，Lung-RADS 4B" in texts(his.texts[0])


def test_without_template_and_without_sr_nothing_is_guessed(his: Receiver, route: Route) -> None:
    own = replace(final_report(small_study()), template_id="a-template-of-the-site")
    bare: Consignment = replace(consigned(own), objects=())

    with pytest.raises(Undeliverable):
        CARRIER.carry(bare, route)

    assert his.arrived == []
