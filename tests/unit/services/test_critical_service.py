"""Acts on critical values are on disk first, reach the hub once it answers, and hold a signature up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.helpers.cases import FixedClock, report, row
from tests.helpers.critical import AT, EXPERT, ActsInMemory, CriticalHub
from tests.helpers.fakes import FakeAudit
from workstation.dicom.critical_policy import default_policy
from workstation.domain.audit import AuditAction
from workstation.domain.critical import CallOutcome, CriticalSource, CriticalState, Dismissal
from workstation.domain.critical_board import CallReport, CriticalBoard, CriticalNotice, PendingAct, Recognition
from workstation.domain.critical_policy import CriticalSuggestion, suggested
from workstation.domain.errors import NoLongerUpdatable, NotSignable, SignInFailed, Unreachable
from workstation.domain.finding import FindingList
from workstation.domain.report import Person
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.critical_gate import (
    AskCritical,
    AskSuggestions,
    answered_for,
    open_critical,
    open_suggestions,
    require_critical,
    suggestions_dismissed,
    with_critical,
)
from workstation.services.critical_service import CriticalActs, Delivered, new_suggestions, open_of, with_pending
from workstation.storage.critical_acts import CriticalActFile
from workstation.storage.crypto import CannotOpen

ENTRY = default_policy().entries[2]
FOUND = Recognition("", "", "蛛网膜下腔出血")
SIGNER = Person("expert", "王启明", "远程诊断中心")
CALL = CallReport("", "王护士", "病房护士", "0571-1", "蛛网膜下腔出血", read_back=True, read_back_text="已知晓")


class Bed:
    """A hub, the acts that wait, and the service between them."""

    def __init__(self, pending: ActsInMemory | CriticalActFile | None = None) -> None:
        self.clock, self.audit = FixedClock(AT), FakeAudit()
        self.hub = CriticalHub(self.clock)
        self.pending = ActsInMemory() if pending is None else pending
        numbers = count(1)
        self.acts = CriticalActs(self.hub, self.pending, self.clock, lambda: f"2.25.{next(numbers)}", self.audit)

    def pass_(self, minutes: float) -> None:
        self.clock.advance(60 * minutes)


def test_a_recognition_on_a_dead_line_keeps_its_time_and_reaches_the_hub_later() -> None:
    bed = Bed()
    bed.hub.is_up = False
    act = bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    assert bed.acts.deliver("expert") == Delivered(0, 1)
    bed.pass_(3)
    value = with_pending(
        CriticalBoard(bed.clock.now()), bed.acts.waiting("expert"), actor=EXPERT, now=bed.clock.now(),
        policy=default_policy(), rows={row().study_instance_uid: row()},
    ).notices[0].value  # fmt: skip
    assert (value.recognised_at, value.entry_key) == (AT, "subarachnoid-haemorrhage")
    bed.acts.call(value, EXPERT, CALL)
    bed.pass_(9)
    assert bed.acts.deliver("expert") == Delivered(0, 2)
    bed.hub.is_up = True
    assert bed.acts.deliver("expert") == Delivered(2, 0)
    stored = bed.hub.values[act.critical_uid]
    assert (stored.recognised_at, stored.confirmed_at) == (AT, AT + timedelta(minutes=3))
    assert bed.pending.all() == ()
    assert bed.acts.deliver("expert") == Delivered(0, 0)


def test_what_the_hub_refuses_stays_with_its_reason_and_lets_the_rest_go() -> None:
    bed = Bed()
    act = bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    bed.hub.refuses = NoLongerUpdatable("It is closed")
    assert bed.acts.deliver("expert") == Delivered(0, 0, "It is closed")
    assert bed.acts.deliver("expert") == Delivered(0, 0)
    assert [one.refused for one in bed.pending.all()] == ["It is closed"]
    shown = with_pending(
        CriticalBoard(AT), bed.acts.waiting("expert"), actor=EXPERT, now=AT, policy=default_policy(),
        rows={row().study_instance_uid: row()},
    )  # fmt: skip
    assert [(one.value.critical_uid, one.refused) for one in shown.notices] == [(act.critical_uid, "It is closed")]
    bed.hub.refuses = None
    assert bed.acts.deliver("expert") == Delivered(1, 0)
    assert act.critical_uid in bed.hub.values


def test_a_refused_recognition_is_in_sight_after_a_restart_with_the_call_about_it_until_it_is_let_go() -> None:
    bed = Bed()
    act = bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    bed.hub.refuses = NoLongerUpdatable("The case was withdrawn")
    bed.acts.deliver("expert")

    def shown() -> tuple[CriticalNotice, ...]:
        return with_pending(
            CriticalBoard(AT), bed.acts.waiting("expert"), actor=EXPERT, now=AT, policy=default_policy(), rows={}
        ).notices

    (notice,) = shown()  # no worklist was fetched yet: the act itself knows whose it is
    assert (notice.patient_name, notice.value.text) == (row().patient_name, "蛛网膜下腔出血")
    assert (notice.value.state, notice.refused) == (CriticalState.RECOGNISED, "The case was withdrawn")
    bed.acts.call(notice.value, EXPERT, CALL)
    bed.acts.deliver("expert")
    assert shown()[0].value.state is CriticalState.CONFIRMED

    bed.audit.fail_with = Unreachable("the line is dead")
    with pytest.raises(Unreachable):
        bed.acts.let_go(act.critical_uid, EXPERT, "已电话通知王护士")
    assert len(bed.pending.all()) == 2
    bed.audit.fail_with = None
    with pytest.raises(ValueError, match="reason"):
        bed.acts.let_go(act.critical_uid, EXPERT, " ")
    bed.acts.let_go(act.critical_uid, EXPERT, "已电话通知王护士")
    assert (shown(), bed.pending.all()) == ((), ())
    assert [(what, outcome, detail) for what, _uid, outcome, detail in bed.audit.recorded] == [
        (
            AuditAction.CRITICAL_DISMISSED,
            4,
            f"critical value {act.critical_uid} never taken by the hub: 已电话通知王护士",
        )
    ]


def test_what_only_waits_for_the_line_is_not_let_go() -> None:
    bed = Bed()
    act = bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    bed.acts.let_go(act.critical_uid, EXPERT, "误报")
    assert bed.pending.all() == (act,)


def test_signing_asks_the_hub_what_somebody_else_recognised_meanwhile_and_silence_changes_nothing() -> None:
    bed = Bed()
    told = replace(FOUND, critical_uid="2.25.50")
    written = report()
    value = bed.hub.recognise(written.ups_instance_uid, told)
    ask = AskCritical(bed.hub, patience_s=20)

    assert ask(written).critical_values == (value,)
    called = bed.hub.call("2.25.50", CALL)
    assert ask(with_critical(written, (value,))).critical_values == (called,)
    bed.hub.is_up = False
    assert ask(with_critical(written, (value,))).critical_values == (value,)


def test_an_ended_session_keeps_every_act_for_its_owner() -> None:
    bed = Bed()
    bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    bed.hub.refuses = SignInFailed("ended")
    assert bed.acts.deliver("expert") == Delivered(0, 1)
    bed.hub.refuses = None
    assert bed.acts.deliver("somebody") == Delivered(0, 0)
    assert bed.acts.waiting("somebody") == ()
    assert len(bed.acts.waiting("expert")) == 1


def test_a_call_that_waits_is_shown_with_the_value_of_the_hub() -> None:
    bed = Bed()
    bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    bed.acts.deliver("expert")
    board = bed.hub.board()
    bed.acts.call(board.notices[0].value, EXPERT, replace(CALL, receiver=""))
    bed.acts.call(board.notices[0].value, EXPERT, replace(CALL, outcome=CallOutcome.BUSY, read_back=False))
    shown = (
        with_pending(board, bed.acts.waiting("expert"), actor=EXPERT, now=AT, policy=default_policy(), rows={})
        .notices[0]
        .value
    )
    assert ([call.outcome for call in shown.calls], shown.state) == ([CallOutcome.BUSY], CriticalState.RECOGNISED)
    lost = PendingAct("a", "expert", "2.25.77", "1.2.3", "1", AT, recognition=FOUND)
    assert (
        with_pending(CriticalBoard(AT), (lost,), actor=EXPERT, now=AT, policy=default_policy(), rows={}).notices == ()
    )


def test_acts_survive_encrypted_and_a_damaged_file_is_never_written_over(tmp_path: Path) -> None:
    path, key = tmp_path / "acts" / "critical", b"k" * 32
    bed = Bed(CriticalActFile(path, key))
    act = bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    assert "蛛网膜".encode() not in path.read_bytes()
    assert CriticalActFile(path, key).all() == (act,)
    again = CriticalActFile(path, key)
    again.put(replace(act, refused="closed"))
    again.done("unknown")
    assert [one.refused for one in again.all()] == ["closed"]
    with pytest.raises(CannotOpen):
        CriticalActFile(path, b"x" * 32).put(act)
    assert len(CriticalActFile(path, key).all()) == 1
    again.done(act.act_uid)
    assert again.all() == ()
    assert CriticalActFile(tmp_path / "none", key).all() == ()


def test_an_act_is_a_recognition_or_a_call() -> None:
    with pytest.raises(ValueError, match="a recognition or a call"):
        PendingAct("a", "u", "c", "s", "w", AT)
    with pytest.raises(ValueError, match="a recognition or a call"):
        PendingAct("a", "u", "c", "s", "w", AT, FOUND, CALL)


def test_a_suggestion_is_made_until_somebody_took_it_up_or_dismissed_it() -> None:
    bed, template = Bed(), TemplateLibrary().get("ct-head")

    def suggested() -> list[str]:
        found = new_suggestions(
            default_policy(), tuple(bed.hub.values.values()), template, {"haemorrhage": "subarachnoid"},
            FindingList("1.2.3"), "zh_CN",
        )  # fmt: skip
        return [one.text for one in found]

    assert suggested() == ["急性蛛网膜下腔出血"]
    act = bed.acts.recognise(row(), EXPERT, ENTRY, replace(FOUND, source=CriticalSource.TEMPLATE))
    bed.acts.deliver("expert")
    assert suggested() == []
    bed.hub.dismiss(act.critical_uid, "伪影")
    assert suggested() == []


def test_the_most_urgent_open_value_comes_first_and_closed_ones_not_at_all() -> None:
    bed = Bed()
    for minutes in (0, 1, 1, 1):
        bed.pass_(minutes)
        bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
        bed.acts.deliver("expert")
    first, second, third, fourth = bed.hub.values
    bed.hub.call(first, replace(CALL, call_uid="1"))
    bed.hub.dismiss(fourth, "误报")
    assert [value.critical_uid for value in open_of(tuple(bed.hub.values.values()))] == [second, third, first]


def test_an_open_critical_value_holds_the_signature_up_until_it_is_read_back_or_answered_for() -> None:
    bed = Bed()
    bed.acts.recognise(row(), EXPERT, ENTRY, FOUND)
    bed.acts.deliver("expert")
    (value,) = bed.hub.values.values()
    written = with_critical(report(), (value,))
    assert with_critical(written, (value,)) is written
    with pytest.raises(NotSignable, match=value.critical_uid):
        require_critical(written, "expert")
    answered = answered_for(written, "对方电话三次未接，已派人当面通知", by=SIGNER, at=AT)
    require_critical(answered, "expert")
    assert open_critical(answered, "senior") == (value,)  # another signer is asked again
    assert [(one.rule, one.target, one.reason) for one in answered.norm_overrides] == [
        ("critical_open", value.critical_uid, "对方电话三次未接，已派人当面通知")
    ]
    assert open_critical(with_critical(written, (bed.hub.call(value.critical_uid, CALL),)), "expert") == ()
    dismissed = value.dismissed(Dismissal(value.recognised_by, AT, "误报"))
    require_critical(with_critical(written, (dismissed,)), "expert")
    with pytest.raises(ValueError, match="reason"):
        answered_for(written, " ", by=SIGNER, at=AT)


def test_what_the_report_suggests_is_recognised_or_dismissed_by_its_signer_before_it_goes() -> None:
    bed, general = Bed(), TemplateLibrary().get("general")
    ask = AskSuggestions(bed.hub, default_policy())
    written = replace(report(), values={"impression": "急性主动脉夹层（Stanford A型）。"})
    for is_up in (True, False):  # a silent hub lets nothing through
        bed.hub.is_up = is_up
        with pytest.raises(NotSignable, match="aortic-dissection"):
            ask(written, general, "expert")
    bed.hub.is_up = True
    policy = default_policy()
    found = suggested(policy, general, written.values, FindingList("1.2.3"), "zh_CN")
    dismissed = suggestions_dismissed(written, found, "已于外院通报", by=SIGNER, at=AT)
    ask(dismissed, general, "expert")
    with pytest.raises(NotSignable):
        ask(dismissed, general, "senior")  # another signer is asked again
    assert [(one.rule, one.target, one.reason) for one in dismissed.norm_overrides] == [
        ("critical_suggested", "aortic-dissection", "已于外院通报")
    ]
    entry = policy.entry("aortic-dissection")
    assert entry is not None
    bed.acts.recognise(row(), EXPERT, entry, replace(FOUND, entry_key=entry.key))
    bed.acts.deliver("expert")
    ask(with_critical(written, tuple(bed.hub.values.values())), general, "expert")
    with pytest.raises(ValueError, match="reason"):
        suggestions_dismissed(written, found, " ", by=SIGNER, at=AT)


def test_a_dismissal_holds_for_the_words_that_it_was_given_for_and_asks_again_for_others() -> None:
    bed, general, policy = Bed(), TemplateLibrary().get("general"), default_policy()
    ask = AskSuggestions(bed.hub, policy)
    old = replace(report(), values={"impression": "主动脉夹层。"})
    found = suggested(policy, general, old.values, FindingList("1.2.3"), "zh_CN")
    dismissed = suggestions_dismissed(old, found, "老夹层，三年前已知", by=SIGNER, at=AT)
    ask(dismissed, general, "expert")
    acute = "急性Stanford A型主动脉夹层，累及冠脉，心包积血。"
    with pytest.raises(NotSignable, match="aortic-dissection"):
        ask(replace(dismissed, values={"impression": acute}), general, "expert")
    ask(replace(dismissed, values={"impression": "主动脉夹层。", "findings": "另见肾囊肿。"}), general, "expert")


def test_a_mark_of_the_ai_is_dismissed_once_whatever_the_report_says_afterwards() -> None:
    entry = default_policy().entries[0]
    mark = CriticalSuggestion(entry, entry.label.zh, CriticalSource.AI, "2.25.7")
    dismissed = suggestions_dismissed(report(), (mark,), "钙化", by=SIGNER, at=AT)
    assert open_suggestions(replace(dismissed, values={"impression": "脑内钙化灶。"}), (mark,), "expert") == ()


def test_an_urgent_suspicion_holds_the_signature_up_in_words_that_say_so_and_goes_with_one_reason() -> None:
    bed, general, policy = Bed(), TemplateLibrary().get("general"), default_policy()
    ask = AskSuggestions(bed.hub, policy)
    written = replace(report(), values={"impression": "考虑急性肺动脉栓塞可能；不除外主动脉夹层。"})
    with pytest.raises(NotSignable) as refused:
        ask(written, general, "expert")
    assert refused.value.user_text.count("Suspected: ") == 2
    found = suggested(policy, general, written.values, FindingList("1.2.3"), "zh_CN")
    ask(suggestions_dismissed(written, found, "临床已知，CTPA已预约", by=SIGNER, at=AT), general, "expert")
    for denied in ("未见肺动脉栓塞。", "除外主动脉夹层。", "肺栓塞已排除。"):
        ask(replace(written, values={"impression": denied}), general, "expert")
