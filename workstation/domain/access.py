"""Who may do what. Everything not listed here is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """The roles of the alliance."""

    TECHNICIAN = "technician"
    READER = "reader"
    SENIOR = "senior"
    TRAINER = "trainer"
    QUALITY_MANAGER = "quality_manager"
    ADMIN = "admin"
    WORKER = "worker"
    """An AI worker process, not a person."""


class Permission(StrEnum):
    """The acts that the hub and the workstation check."""

    SEE_OWN_SITE = "see_own_site"
    SEE_ALLIANCE = "see_alliance"
    SEND_STUDY = "send_study"
    REQUEST_READING = "request_reading"
    ACKNOWLEDGE_REPORT = "acknowledge_report"
    CLAIM_READING = "claim_reading"
    WRITE_REPORT = "write_report"
    SUBMIT_PRELIMINARY = "submit_preliminary"
    VERIFY_REPORT = "verify_report"
    SIGN_FINAL = "sign_final"
    RUN_DETECTOR = "run_detector"
    STORE_RESULT = "store_result"
    READ_AUDIT = "read_audit"
    MANAGE_USERS = "manage_users"
    SEE_STATISTICS = "see_statistics"
    MANAGE_MODELS = "manage_models"
    NOTIFY_CRITICAL = "notify_critical"
    ACKNOWLEDGE_CRITICAL = "acknowledge_critical"
    MANAGE_CRITICAL_POLICY = "manage_critical_policy"
    ORDER_DOUBLE_READING = "order_double_reading"
    SET_REPORT_POLICY = "set_report_policy"
    MANAGE_ROUTES = "manage_routes"
    MANAGE_LETTERHEADS = "manage_letterheads"
    """Letterheads, what the alliance recognises, how scanners are read; the rest is ``SET_REPORT_POLICY``."""
    GRADE_IMAGES = "grade_images"


PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.TECHNICIAN: frozenset(
        {
            Permission.SEE_OWN_SITE,
            Permission.SEND_STUDY,
            Permission.REQUEST_READING,
            Permission.ACKNOWLEDGE_REPORT,
            Permission.ACKNOWLEDGE_CRITICAL,
            Permission.GRADE_IMAGES,
        }
    ),
    Role.READER: frozenset(
        {
            Permission.SEE_ALLIANCE,
            Permission.CLAIM_READING,
            Permission.WRITE_REPORT,
            Permission.SUBMIT_PRELIMINARY,
            Permission.NOTIFY_CRITICAL,
            Permission.STORE_RESULT,
            Permission.GRADE_IMAGES,
        }
    ),
    Role.SENIOR: frozenset(
        {
            Permission.SEE_ALLIANCE,
            Permission.CLAIM_READING,
            Permission.WRITE_REPORT,
            Permission.SUBMIT_PRELIMINARY,
            Permission.VERIFY_REPORT,
            Permission.SIGN_FINAL,
            Permission.NOTIFY_CRITICAL,
            Permission.STORE_RESULT,
            Permission.ORDER_DOUBLE_READING,
            Permission.GRADE_IMAGES,
        }
    ),
    Role.TRAINER: frozenset(),  # sees de-identified cases only; those come with the teaching issue
    Role.QUALITY_MANAGER: frozenset(
        {
            Permission.SEE_STATISTICS,
            Permission.READ_AUDIT,
            Permission.ORDER_DOUBLE_READING,
            Permission.SET_REPORT_POLICY,
        }
    ),
    Role.ADMIN: frozenset(
        {
            Permission.MANAGE_USERS,
            Permission.MANAGE_MODELS,
            Permission.MANAGE_CRITICAL_POLICY,
            Permission.MANAGE_ROUTES,
            Permission.MANAGE_LETTERHEADS,
            Permission.READ_AUDIT,
            Permission.SET_REPORT_POLICY,
            Permission.SEE_STATISTICS,
        }
    ),
    Role.WORKER: frozenset({Permission.SEE_ALLIANCE, Permission.RUN_DETECTOR, Permission.STORE_RESULT}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in account. ``site_id`` bounds what a technician sees."""

    user_id: str
    display_name: str
    role: Role
    site_id: str
    site_name: str = ""
    title: str = ""

    def may(self, permission: Permission) -> bool:
        """Tell whether the role includes the act."""
        return permission in PERMISSIONS.get(self.role, frozenset())

    def may_see_site(self, site_id: str) -> bool:
        """Tell whether studies of a site are visible: the whole alliance, or the own site only."""
        if self.may(Permission.SEE_ALLIANCE):
            return True
        return self.may(Permission.SEE_OWN_SITE) and bool(site_id) and site_id == self.site_id
