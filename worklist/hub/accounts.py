"""Accounts and sessions: Argon2id passwords, bearer tokens, and a slow-down after wrong passwords."""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, func, insert, select, update

from worklist.hub.auth import actor_of_token, authorize, token_digest
from worklist.hub.context import HubContext
from worklist.hub.database import insert_once, one_at_a_time
from worklist.hub.errors import BadRequest, NotSignedIn, TooManyFailures
from worklist.hub.tables import accounts, sessions, sign_in_failures, sites
from workstation.domain.access import Actor, Permission, Role
from workstation.domain.audit import AuditAction
from workstation.domain.site import Site

SESSION_LIFE: Final = timedelta(hours=12)  # one shift; a longer one signs in again
FREE_FAILURES: Final = 5
LONGEST_WAIT: Final = timedelta(minutes=15)
MINIMUM_PASSWORD: Final = 10

MAXIMUM_PASSWORD: Final = 1024
_LONGEST_NAME: Final = 64
"""Of a name that stands in DICOM objects (PS3.5 6.2, PN)"""
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]{1,200}")
_SEED_LOCK: Final = 0x4C59_5345

# one hash takes 64 MiB: two at a time keep a burst of sign-ins from taking all memory
_hashing: Final = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An open session; the token is told once and never stored."""

    token: str
    expires_at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to create; ``site_id`` bounds what a technician sees."""

    user_id: str
    password: str
    display_name: str
    role: Role
    site_id: str = ""
    title: str = ""


class AccountService:
    """Sign people in and out and keep their accounts."""

    def __init__(self, context: HubContext) -> None:
        self._context = context
        self._hasher = PasswordHasher()
        self._unknown_user_hash = ""

    def sign_in(self, user: str, password: str) -> SignedIn:
        """
        Open a session.

        Raises:
            TooManyFailures: too many wrong passwords in a row; ``Retry-After`` tells the wait.
            NotSignedIn: no such account or a wrong password; the answer does not tell which.
        """
        user = user if len(user) <= _LONGEST_NAME else ""  # cut, it would be somebody else
        self._require_patience(user)
        with self._context.read() as connection:
            row = connection.execute(select(accounts).where(accounts.c.user_id == user)).first()
        matches = self._verify(row.password_hash if row is not None else self._decoy(), password)
        if row is None or not matches or not row.enabled:
            self._count_failure(user)
            raise NotSignedIn("user name or password is wrong")
        signed_in = self.open_session(user)
        if self._hasher.check_needs_rehash(row.password_hash):
            renewed = self._hash(password)
            with self._context.write() as connection:
                connection.execute(update(accounts).where(accounts.c.user_id == user).values(password_hash=renewed))
        return signed_in

    def open_session(self, user_id: str) -> SignedIn:
        """Open a session for an account whose password has been checked."""
        token = secrets.token_urlsafe(32)
        now = self._context.clock.now()
        expires_at = now + SESSION_LIFE
        with self._context.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(delete(sign_in_failures).where(sign_in_failures.c.user_id == user_id))
            connection.execute(
                insert(sessions).values(
                    token_sha256=token_digest(token), user_id=user_id, created_at=now, expires_at=expires_at
                )
            )
        actor = actor_of_token(self._context, token)
        if actor is None:
            raise NotSignedIn("the account is disabled")
        self._context.audit.record(None, actor, AuditAction.LOGIN)
        return SignedIn(token, expires_at, actor)

    def sign_out(self, actor: Actor, token: str) -> None:
        """End one session."""
        with self._context.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_sha256 == token_digest(token)))
            self._context.audit.record(connection, actor, AuditAction.LOGOUT)
        self._context.sessions.forget()

    def create(self, actor: Actor, account: NewAccount) -> None:
        """Create an account. Raises NotPermitted, BadRequest."""
        authorize(actor, Permission.MANAGE_USERS, self._context)
        if len(account.password) < MINIMUM_PASSWORD:
            raise BadRequest(f"a password has at least {MINIMUM_PASSWORD} characters")
        if account.role is Role.TECHNICIAN and not account.site_id:
            raise BadRequest("a technician belongs to a site")
        if len(account.user_id) > 64 or not all(map(_NAME.fullmatch, (account.user_id, account.display_name))):
            raise BadRequest("an account has a user name and a name to show")
        if len(account.display_name) > _LONGEST_NAME or "\\" in account.display_name:
            raise BadRequest(f"a name to show has at most {_LONGEST_NAME} characters and no backslash")
        if len(account.title) > 100 or len(account.site_id) > 64 or len(account.password) > MAXIMUM_PASSWORD:
            raise BadRequest("title, site or password is too long")
        hashed = self._hash(account.password)
        with self._context.write() as connection:
            if _exists(connection, account.user_id):
                raise BadRequest("there is already such a user")
            if (
                account.site_id
                and not connection.execute(select(sites.c.site_id).where(sites.c.site_id == account.site_id)).first()
            ):
                raise BadRequest("there is no such site")
            _insert(connection, account, hashed)
            self._context.audit.record(connection, actor, AuditAction.USER_CHANGED, detail=f"created {account.user_id}")

    def sites(self, actor: Actor) -> list[Site]:
        """Return every site by name, for those who arrange something for sites. Raises NotPermitted."""
        if not any(actor.may(permission) for permission in (Permission.MANAGE_USERS, Permission.MANAGE_ROUTES)):
            authorize(actor, Permission.SET_REPORT_POLICY, self._context)
        with self._context.read() as connection:
            found = connection.execute(select(sites.c.site_id, sites.c.name).order_by(sites.c.name, sites.c.site_id))
            return [Site(row.site_id, row.name) for row in found]

    def create_site(self, actor: Actor, site: Site) -> None:
        """Create a site, or rename it. Raises NotPermitted."""
        authorize(actor, Permission.MANAGE_USERS, self._context)
        if not _NAME.fullmatch(site.site_id) or len(site.site_id) > 64 or not _NAME.fullmatch(site.name):
            raise BadRequest("a site has an id and a name")
        with self._context.write() as connection:
            _put_site(connection, site)
            self._context.audit.record(connection, actor, AuditAction.USER_CHANGED, detail=f"site {site.site_id}")
        self._context.sessions.forget()

    def seed(self, seeded_sites: tuple[Site, ...], seeded: tuple[NewAccount, ...]) -> None:
        """Create sites and accounts that do not exist yet, without an actor: only for start-up."""
        with self._context.read() as connection:
            known = set(connection.execute(select(accounts.c.user_id)).scalars())
        absent = [account for account in seeded if account.user_id not in known]
        hashes = {password: self._hash(password) for password in {account.password for account in absent}}
        with self._context.write() as connection:
            one_at_a_time(connection, _SEED_LOCK)
            for site in seeded_sites:
                _put_site(connection, site)
            created = [account for account in absent if not _exists(connection, account.user_id)]
            for account in created:
                _insert(connection, account, hashes[account.password])
            if created:
                detail = "created " + " ".join(account.user_id for account in created)
                self._context.audit.record(connection, None, AuditAction.USER_CHANGED, detail=detail)

    def ensure_first_admin(self) -> str | None:
        """Create the account ``admin`` on a hub without any; return its password, None when there were accounts."""
        with self._context.read() as connection:
            if connection.execute(select(func.count()).select_from(accounts)).scalar_one():
                return None
        password = secrets.token_urlsafe(12)
        self.seed((), (NewAccount("admin", password, "admin", Role.ADMIN),))
        return password

    def _require_patience(self, user: str) -> None:
        with self._context.read() as connection:
            row = connection.execute(select(sign_in_failures).where(sign_in_failures.c.user_id == user)).first()
        if row is None or row.failures < FREE_FAILURES:
            return
        wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(row.failures - FREE_FAILURES + 1, 12)))
        left = (row.last_at + wait - self._context.clock.now()).total_seconds()
        if left > 0:
            raise TooManyFailures("too many failed attempts", headers={"Retry-After": str(int(left) + 1)})

    def _count_failure(self, user: str) -> None:
        now = self._context.clock.now()
        with self._context.write() as connection:
            connection.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at < now - timedelta(days=1)))
            counted = connection.execute(
                update(sign_in_failures)
                .where(sign_in_failures.c.user_id == user)
                .values(failures=sign_in_failures.c.failures + 1, last_at=now)
            )
            if not counted.rowcount:
                insert_once(connection, sign_in_failures, {"user_id": user, "failures": 1, "last_at": now})
            # the name typed may be a password by mistake: only a known account is recorded
            detail = user if _exists(connection, user) else "unknown user"
            self._context.audit.record(connection, None, AuditAction.LOGIN_FAILED, outcome=4, detail=detail)

    def _decoy(self) -> str:
        if not self._unknown_user_hash:
            self._unknown_user_hash = self._hash(secrets.token_urlsafe(16))
        return self._unknown_user_hash

    def _hash(self, password: str) -> str:
        with _hashing:
            return self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> bool:
        with _hashing:
            try:
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False


def _exists(connection: Connection, user_id: str) -> bool:
    return connection.execute(select(accounts.c.user_id).where(accounts.c.user_id == user_id)).first() is not None


def _insert(connection: Connection, account: NewAccount, hashed: str) -> None:
    connection.execute(
        insert(accounts).values(
            user_id=account.user_id,
            password_hash=hashed,
            display_name=account.display_name,
            title=account.title,
            role=account.role.value,
            site_id=account.site_id or None,
            enabled=True,
        )
    )


def _put_site(connection: Connection, site: Site) -> None:
    renamed = connection.execute(update(sites).where(sites.c.site_id == site.site_id).values(name=site.name))
    if not renamed.rowcount:
        insert_once(connection, sites, {"site_id": site.site_id, "name": site.name})
