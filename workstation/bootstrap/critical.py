"""Critical values of the workstation, and ``lianyue critical``: the policy of the hub from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resources.translation import language, tr
from workstation.domain.access import Actor, Permission
from workstation.domain.errors import CriticalPolicyInvalid

if TYPE_CHECKING:  # loaded by the sign-in job, after the window is up
    from workstation.bootstrap.adapters import Hub, LocalStorage
    from workstation.domain.critical_policy import CriticalPolicy
    from workstation.ui.app import Shell
    from workstation.ui.case_desk import CaseDesk
    from workstation.ui.critical.alarm import CriticalAlarm
    from workstation.ui.critical.desk import CriticalDesk
    from workstation.ui.pages.reading_page import ReadingPage
    from workstation.ui.pages.report_page import ReportPage


class CriticalValues:
    """What of critical values belongs to the person signed in; nothing before somebody is."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.desk: CriticalDesk | None = None
        self.alarm: CriticalAlarm | None = None

    def enter(self, hub: Hub, storage: LocalStorage, actor: Callable[[], Actor | None]) -> None:
        """Begin to watch for a person whose role has to do with critical values."""
        person = actor()
        roles = (Permission.NOTIFY_CRITICAL, Permission.ACKNOWLEDGE_CRITICAL)
        if person is None or not any(person.may(permission) for permission in roles):
            return
        from workstation.dicom.critical_policy import default_policy
        from workstation.services.critical_service import CriticalActs
        from workstation.services.uid import SystemClock, new_uid
        from workstation.ui.critical.alarm import CriticalAlarm
        from workstation.ui.critical.desk import CriticalDesk

        acts = CriticalActs(hub.critical, storage.critical, SystemClock(), new_uid, hub.audit)
        self.desk = CriticalDesk(acts, self._shell.jobs, actor, default_policy=default_policy())
        self.alarm = CriticalAlarm(self._shell.window, self.desk)
        self.desk.start()

    def leave(self) -> None:
        """Stop watching; what is on disk goes to the hub when its owner signs in again."""
        alarm, desk = self.alarm, self.desk
        self.alarm = self.desk = None
        if desk is not None:
            desk.stop()
        if alarm is not None:
            alarm.stop()
        if desk is not None:
            desk.deleteLater()

    def report_page(self, page: ReportPage, desk: CaseDesk) -> Callable[[Callable[[], None]], bool]:
        """Put the panel on the report page; return what holds a signature up."""
        from workstation.ui.critical.case import CriticalCase
        from workstation.ui.critical.panel import CriticalPanel
        from workstation.ui.report.side_column import SidePlace

        if self.desk is None:
            raise RuntimeError("the report page is offered after signing in only")
        panel = CriticalPanel()
        page.side.put(SidePlace.CRITICAL, panel)
        case = CriticalCase(page, desk, self.desk, panel)
        page.critical_requested.connect(case.act)
        return case.hold_up

    def reading_page(self, page: ReadingPage, desk: CaseDesk) -> None:
        """Let F8 work beside the images."""
        from workstation.ui.critical.case import CriticalCase

        if self.desk is not None:
            case = CriticalCase(page, desk, self.desk)
            page.footer.critical.clicked.connect(case.act)
            page.footer.offer_critical(offered=self.desk.may_notify)


def run_critical_command(options: argparse.Namespace) -> int:
    """List the policy in force, check a file, or put it in force at the hub (administrators)."""
    from workstation.dicom.critical_policy import default_policy, parse_policy

    if options.action == "check":
        policy = parse_policy(_text(options.file), Path(options.file or "").name)
    elif options.action == "list" and options.hub is None:
        policy = default_policy()
    else:
        from workstation.bootstrap.adapters import connect
        from workstation.bootstrap.console import password_for

        content = _text(options.file) if options.action == "import" else ""
        if content:
            parse_policy(content, Path(options.file).name)  # told here with its place, before anybody signs in
        if options.hub is None:
            raise CriticalPolicyInvalid(tr("Name the hub"), hint="lianyue critical policy import FILE --hub URL")
        with connect(options.hub) as hub:
            hub.session.sign_in(options.user, password_for(options.user, options.hub))
            policy = hub.critical.replace_policy(content) if content else hub.critical.policy()
            hub.session.sign_out()
    _print(policy, whole=options.action == "list")
    return 0


def _text(path: str | None) -> str:
    if not path:
        raise CriticalPolicyInvalid(tr("Name a policy file"), hint="lianyue critical policy check|import FILE")
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise CriticalPolicyInvalid(tr("{path} cannot be read", path=path), detail=type(exc).__name__) from exc


def _print(policy: CriticalPolicy, *, whole: bool) -> None:
    print(f"{policy.policy_id} {policy.version}")
    for entry in policy.entries if whole else ():
        code = f"{entry.finding.scheme} {entry.finding.value}" if entry.finding else "-"
        minutes = f"{entry.remind_after_s // 60}/{entry.escalate_after_s // 60} min"
        print(f"{entry.key:28} {entry.level.value} {code:16} {minutes:10} {entry.label.get(language())}")
