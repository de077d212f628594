"""Documents that every site shares: read by all who work with them, changed by few, never forgotten."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, select

from resources.templates import template_paths
from worklist.hub.auth import authorize
from worklist.hub.context import HubContext
from worklist.hub.database import one_at_a_time
from worklist.hub.document_tables import documents
from worklist.hub.errors import BadRequest, InvalidDocument, NotFound, PreconditionFailed, PreconditionRequired
from worklist.hub.shipped_templates import require_newer_than_shipped
from worklist.hub.tables import sites
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted, TemplateViolation
from workstation.domain.shared_document import (
    EVERY_SITE,
    DocumentInfo,
    DocumentKey,
    DocumentKind,
    JudgedDocument,
    Judges,
    SharedDocument,
    active_part,
    digest_of,
)
from workstation.domain.template_draft import is_newer

EDITS: Final = {
    DocumentKind.TEMPLATE: Permission.SET_REPORT_POLICY,
    DocumentKind.LETTERHEAD: Permission.MANAGE_LETTERHEADS,
    DocumentKind.RECOGNITION_POLICY: Permission.MANAGE_LETTERHEADS,
    DocumentKind.PHRASES: Permission.SET_REPORT_POLICY,
    DocumentKind.SCANNER_CHARSETS: Permission.MANAGE_LETTERHEADS,
}
"""Who may change what; templates as on the page where they are written."""
LONGEST: Final = 2_000_000
_WRITERS: Final = 0x4C59_444F


class DocumentService:
    """``judges`` say what a document is; a kind without one cannot be changed here."""

    def __init__(self, context: HubContext, judges: Judges) -> None:
        self._context = context
        self._judges = judges

    def all(self, actor: Actor) -> list[DocumentInfo]:
        """Return the newest version of all that holds and that the actor may see. Raises NotPermitted."""
        scope = self._scope(actor)
        query = _newest().where(scope, documents.c.withdrawn == 0)
        with self._context.read() as connection:
            found = connection.execute(query.order_by(documents.c.kind, documents.c.site_id, documents.c.name))
            return [_info(row) for row in found]

    def read(self, actor: Actor, key: DocumentKey, revision: int = 0) -> SharedDocument:
        """Return one version, the newest for 0. Raises NotPermitted, NotFound (also for another site's)."""
        scope = self._scope(actor)
        with self._context.read() as connection:
            row = _row(connection, key, scope, revision)
        if row is None or (row.withdrawn and not revision):
            raise NotFound("there is no such document")
        return SharedDocument(_info(row), row.content)

    def history(self, actor: Actor, key: DocumentKey) -> list[DocumentInfo]:
        """Return every version, newest first. Raises as ``read``."""
        query = (
            select(documents)
            .where(_is(key), self._scope(actor))
            .order_by(documents.c.revision.desc())
        )  # fmt: skip
        with self._context.read() as connection:
            found = [_info(row) for row in connection.execute(query)]
        if not found:
            raise NotFound("there is no such document")
        return found

    def put(self, actor: Actor, key: DocumentKey, content: str, follows: str | None) -> DocumentInfo:
        """
        Make a content the newest version; ``follows`` is the tag of the version before, None where there is none.

        The same content again is answered as the first time, so that a lost answer does no harm.

        Raises:
            PreconditionRequired: ``follows`` is empty. PreconditionFailed: another version came meanwhile.
            InvalidDocument: it is not what it should be.
        """
        authorize(actor, EDITS[key.kind], self._context)
        judged = self._judged(key, content)
        digest = digest_of(content)
        with self._context.write() as connection:
            one_at_a_time(connection, _WRITERS)
            before = _row(connection, key)
            holds = before is not None and not before.withdrawn
            if holds and before is not None and before.sha256 == digest:
                return _info(before)
            _require(before, follows)
            self._require_place(connection, key)
            _require_version(connection, key, judged, before if holds else None, digest)
            if key.kind is DocumentKind.TEMPLATE and not holds:
                require_newer_than_shipped(key.name, judged.version, content)
            after = self._added(connection, actor, key, before, version=judged.version, content=content)
            self._context.audit.record(
                connection, actor, AuditAction.DOCUMENT_CHANGED, detail=f"published {_named(after)}"
            )
        return after

    def withdraw(self, actor: Actor, key: DocumentKey, follows: str) -> DocumentInfo:
        """Let a document hold no longer. Raises NotFound, PreconditionFailed."""
        authorize(actor, EDITS[key.kind], self._context)
        with self._context.write() as connection:
            one_at_a_time(connection, _WRITERS)
            before = _row(connection, key)
            if before is None:
                raise NotFound("there is no such document")
            if before.withdrawn:
                return _info(before)
            _require(before, follows)
            after = self._added(connection, actor, key, before, version=before.version, content="", withdrawn=True)
            self._context.audit.record(
                connection, actor, AuditAction.DOCUMENT_CHANGED, detail=f"withdrawn {_named(after)}"
            )
        return after

    def _scope(self, actor: Actor) -> ColumnElement[bool]:
        """Return what the actor may see: all, or the alliance's and the own site's. Raises NotPermitted."""
        if actor.may(Permission.SEE_ALLIANCE) or any(actor.may(permission) for permission in EDITS.values()):
            return documents.c.kind != ""
        authorize(actor, Permission.SEE_OWN_SITE, self._context)
        if not actor.site_id:
            raise NotPermitted("a technician belongs to a site", detail="no site")
        return documents.c.site_id.in_((EVERY_SITE, actor.site_id))

    def _judged(self, key: DocumentKey, content: str) -> JudgedDocument:
        if len(content) > LONGEST:
            raise BadRequest("the document is too long")
        if key.kind not in self._judges:
            raise BadRequest("this hub cannot judge documents of this kind")
        try:
            judged = self._judges[key.kind](content)
            acting = active_part(json.loads(content))
        except TemplateViolation as exc:
            raise InvalidDocument(exc.detail or exc.user_text) from exc
        except (ValueError, RecursionError) as exc:
            raise InvalidDocument(f"no JSON: {type(exc).__name__}") from exc
        if acting:
            raise InvalidDocument(f"active content: {acting[:60]}", reason="active_content", what=acting[:60])
        if judged.name != key.name or len(judged.version) > 64:
            raise InvalidDocument(f"the document calls itself {judged.name[:64]}, not {key.name}")
        return judged

    def _require_place(self, connection: Connection, key: DocumentKey) -> None:
        """A template is one site's or everybody's: its identifier alone says which one a report was written with."""
        known = select(sites.c.site_id).where(sites.c.site_id == key.site_id)
        if key.site_id and connection.execute(known).first() is None:
            raise NotFound("there is no such site")
        if key.kind is not DocumentKind.TEMPLATE:
            return
        elsewhere = select(documents.c.number).where(
            documents.c.kind == key.kind.value, documents.c.name == key.name, documents.c.site_id != key.site_id
        )
        if connection.execute(elsewhere.limit(1)).first() is not None:
            raise InvalidDocument(f"{key.name} belongs to another site or to all of them", reason="other_scope")
        if key.site_id and key.name in {path.stem for path in template_paths()}:
            raise InvalidDocument(f"{key.name} is a shipped template", reason="shipped")

    def _added(
        self,
        connection: Connection,
        actor: Actor,
        key: DocumentKey,
        before: Row[Any] | None,
        *,
        version: str,
        content: str,
        withdrawn: bool = False,
    ) -> DocumentInfo:
        revision = 1 if before is None else before.revision + 1
        now = self._context.clock.now()
        connection.execute(
            insert(documents).values(
                kind=key.kind.value,
                site_id=key.site_id,
                name=key.name,
                revision=revision,
                version=version,
                sha256=digest_of(content),
                content=content,
                withdrawn=int(withdrawn),
                changed_at=now,
                changed_by=actor.user_id,
                changed_by_name=actor.display_name[:200],
            )
        )
        return DocumentInfo(key, revision, version, digest_of(content), now, actor.display_name[:200], withdrawn)


def template_written_with(connection: Connection, template_id: str, version: str) -> str:
    """Return the shared template of a report in the very version that it was written with, empty where none is."""
    query = (
        select(documents.c.content)
        .where(
            documents.c.kind == DocumentKind.TEMPLATE.value,
            documents.c.name == template_id,
            documents.c.version == version,
            documents.c.withdrawn == 0,
        )
        .order_by(documents.c.number.desc())
        .limit(1)
    )
    return str(connection.execute(query).scalar_one_or_none() or "")


def _is(key: DocumentKey) -> ColumnElement[bool]:
    return and_(
        documents.c.kind == key.kind.value, documents.c.name == key.name, documents.c.site_id == key.site_id
    )  # fmt: skip


def _newest() -> Select[Any]:
    last = (
        select(documents.c.kind, documents.c.site_id, documents.c.name, func.max(documents.c.revision).label("last"))
        .group_by(documents.c.kind, documents.c.site_id, documents.c.name)
        .subquery()
    )
    same = and_(
        documents.c.kind == last.c.kind,
        documents.c.site_id == last.c.site_id,
        documents.c.name == last.c.name,
        documents.c.revision == last.c.last,
    )
    return select(documents).join(last, same)


def _row(
    connection: Connection, key: DocumentKey, scope: ColumnElement[bool] | None = None, revision: int = 0
) -> Row[Any] | None:
    query = select(documents).where(_is(key)).order_by(documents.c.revision.desc()).limit(1)
    if scope is not None:
        query = query.where(scope)
    if revision:
        query = query.where(documents.c.revision == revision)
    return connection.execute(query).first()


def _info(row: Row[Any]) -> DocumentInfo:
    return DocumentInfo(
        DocumentKey(DocumentKind(row.kind), row.name, row.site_id),
        row.revision,
        row.version,
        row.sha256,
        row.changed_at,
        row.changed_by_name,
        bool(row.withdrawn),
    )


def _require(before: Row[Any] | None, follows: str | None) -> None:
    """Let a change pass that knows what it changes; what was withdrawn may be followed as if it were not there."""
    if follows == "":
        raise PreconditionRequired("name the version that the change follows (If-Match), or If-None-Match: *")
    tag = None if before is None else _info(before).tag
    if follows == tag or (follows is None and before is not None and before.withdrawn):
        return
    raise PreconditionFailed(
        "another version was stored meanwhile",
        revision=0 if before is None else before.revision,
        changed_by="" if before is None else before.changed_by_name,
    )


def _require_version(
    connection: Connection, key: DocumentKey, judged: JudgedDocument, before: Row[Any] | None, digest: str
) -> None:
    """Reports name the version that they were made with, so one version is one content for ever."""
    if not judged.version:
        return
    if key.kind is DocumentKind.TEMPLATE and before is not None and not is_newer(judged.version, before.version):
        raise InvalidDocument(f"version {before.version} is in use", reason="in_use", what=before.version)
    other = select(documents.c.number).where(
        _is(key), documents.c.version == judged.version, documents.c.withdrawn == 0, documents.c.sha256 != digest
    )
    if connection.execute(other.limit(1)).first() is not None:
        raise InvalidDocument(
            f"version {judged.version} was in force before with other words", reason="was_in_force", what=judged.version
        )


def _named(info: DocumentInfo) -> str:
    return f"{info.key.kind} {info.key.site_id or '*'} {info.key.name} {info.version} r{info.revision}"
