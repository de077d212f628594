"""Cases: one requested study each, and who may see it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from worklist.hub.errors import NotFound
from worklist.hub.tables import cases
from workstation.domain.access import Actor


def site_of_study(connection: Connection, study_instance_uid: str) -> str | None:
    """Return which site asked for a reading of the study, None when none did."""
    return connection.execute(
        select(cases.c.site_id).where(cases.c.study_instance_uid == study_instance_uid)
    ).scalar_one_or_none()


def may_see_study(connection: Connection, actor: Actor, study_instance_uid: str) -> bool:
    """Tell whether the study is known and of a site that the actor may see."""
    site_id = site_of_study(connection, study_instance_uid)
    return site_id is not None and actor.may_see_site(site_id)


def require_study(connection: Connection, actor: Actor, study_instance_uid: str) -> None:
    """
    Refuse a study that the actor may not see exactly as one that does not exist.

    Raises:
        NotFound: unknown, or of another site (HTTP 404).
    """
    if not may_see_study(connection, actor, study_instance_uid):
        raise NotFound("there is no such study")
