"""The report templates that the site may edit: shipped ones to start from, its own ones with their history."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from resources.templates import template_paths
from resources.translation import tr
from workstation.bootstrap.templates import own_folder
from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import DocumentKind, KnownDocuments, SharedDocument
from workstation.domain.template import ReportTemplate
from workstation.domain.template_draft import Draft, TemplateEntry, TemplateProblem, is_newer
from workstation.exchange.templates.library import TemplateLibrary, parse_template
from workstation.exchange.templates.mrrt import mrrt_to_json
from workstation.exchange.templates.mrrt_each import sources_of
from workstation.exchange.templates.mrrt_export import export_mrrt
from workstation.exchange.templates.mrrt_losses import mrrt_losses
from workstation.exchange.templates.problems import require_usable, template_problems
from workstation.exchange.templates.shared_library import SharedTemplates
from workstation.storage.data_dir import private_dir
from workstation.storage.files import remove_files, replace_file

_HTML: Final = frozenset({".html", ".htm", ".xhtml"})
_LARGEST: Final = 4 << 20
_HISTORY: Final = "versions"
_BEGUN: Final = "begun-from"


@dataclass(frozen=True, slots=True)
class SiteTemplates:
    """
    Implements ``TemplateStorePort``: shipped templates, those that the hub gives, and drafts of this machine.

    Drafts are one file each in a folder of this machine, the newest of them in the list.
    """

    data_dir: Path
    shared: Callable[[], KnownDocuments] = KnownDocuments
    """What the hub gives now, as this machine knows it"""

    @property
    def folder(self) -> Path:
        """Return where the site's own templates lie."""
        return own_folder(self.data_dir)

    def entries(self) -> tuple[TemplateEntry, ...]:
        """Return every template in use."""
        given = {one.info.key.name: one.info.version for one in self.shared().of_kind(DocumentKind.TEMPLATE)}
        base = SharedTemplates(self.shared().of_kind(DocumentKind.TEMPLATE), TemplateLibrary())
        drafts = {one.template_id: one for one in TemplateLibrary([], own=self.folder).all()}
        others = (one for one in base.all() if one.template_id not in drafts)
        return tuple(
            TemplateEntry(
                one.template_id, one.version, one.title, one.template_id in drafts, given.get(one.template_id, "")
            )
            for one in (*drafts.values(), *others)
        )

    def load(self, template_id: str) -> Draft:
        """Return one template as JSON: this machine's draft, else the hub's, else the shipped. TemplateViolation."""
        own = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        given = self._given(template_id)
        texts = itertools.chain(
            ((path.read_bytes(), path.name) for path in own),
            [(given.content.encode(), template_id)] if given is not None else [],
            ((path.read_bytes(), path.name) for path in template_paths()),
        )
        for content, name in texts:
            draft = _json(content, name)
            if draft.get("template_id") == template_id:
                return draft
        raise TemplateViolation(tr("Report template {name} is not installed", name=template_id))

    def _given(self, template_id: str) -> SharedDocument | None:
        shared = self.shared().of_kind(DocumentKind.TEMPLATE)
        return next((one for one in shared if one.info.key.name == template_id), None)

    def begun_from(self, template_id: str) -> int:
        """Return the revision of the hub that this machine's draft was begun from, 0 where there was none."""
        return int(self._begun().get(template_id, 0))

    def published(self, template_id: str) -> None:
        """Let the shared version stand where this machine's draft stood; the draft goes into the history."""
        path = self.folder / f"{template_id}.json"
        if path.is_file():
            self._into_history(path)
            remove_files(path)
        self._note_begun({name: number for name, number in self._begun().items() if name != template_id})

    def _into_history(self, path: Path) -> None:
        content = path.read_bytes()
        version = _json(content, path.name).get("version", "0")
        replace_file(private_dir(self.folder / _HISTORY) / f"{path.stem}-{version}.json", content)

    def _begun(self) -> dict[str, int]:
        try:
            found = json.loads((self.folder / _HISTORY / _BEGUN).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _note_begun(self, begun: dict[str, int]) -> None:
        replace_file(private_dir(private_dir(self.folder) / _HISTORY) / _BEGUN, json.dumps(begun).encode())

    def problems(self, draft: Draft) -> Sequence[TemplateProblem]:
        """Return everything that keeps a draft from being a template."""
        return template_problems(draft)

    def parse(self, draft: Draft) -> ReportTemplate:
        """Return the draft as a template. Raises TemplateViolation."""
        return parse_template(json.dumps(draft), str(draft.get("template_id", "")))

    def save(self, draft: Draft) -> None:
        """Keep a new version of the site's own; what it follows goes into the history."""
        template = self.parse(draft)
        require_usable(draft, template.template_id)
        known = next((one for one in self.entries() if one.template_id == template.template_id), None)
        taken = [version for version in (known.version, known.shared) if version] if known is not None else []
        for version in taken:
            if is_newer(template.version, version):
                continue
            raise TemplateViolation(
                tr("Version {version} is in use already", version=version),
                hint=tr("Give the template a higher version; reports name the one that they were written with."),
            )
        path = private_dir(self.folder) / f"{template.template_id}.json"
        if path.is_file():
            self._into_history(path)
        else:  # what the hub has later than this, the draft does not know of
            given = self._given(template.template_id)
            self._note_begun({**self._begun(), template.template_id: given.info.revision if given is not None else 0})
        replace_file(path, _text(draft).encode())

    def read(self, path: Path) -> Draft:
        """Return the template of a JSON or MRRT file. Raises TemplateViolation."""
        try:
            with path.open("rb") as file:
                raw = file.read(_LARGEST + 1)
        except OSError as exc:
            raise TemplateViolation(
                tr("{path} cannot be read", path=path), detail=f"{path.name} {type(exc).__name__} errno {exc.errno}"
            ) from exc
        if len(raw) > _LARGEST:
            raise TemplateViolation(tr("{path} is too large for a report template", path=path.name))
        content = mrrt_to_json(raw, path.name).encode() if path.suffix.lower() in _HTML else raw
        parse_template(content.decode("utf-8", errors="replace"), path.name)
        return _json(content, path.name)

    def write(self, draft: Draft, path: Path, language: str) -> tuple[str, ...]:
        """Write a valid draft as MRRT or JSON by the ending of the file; returns what the file does not say."""
        template = self.parse(draft)
        if path.suffix.lower() not in _HTML:
            replace_file(path, _text(draft).encode())
            return ()
        replace_file(path, export_mrrt(template, language, sources_of(draft)).encode())
        return mrrt_losses(template, language)


def _json(raw: bytes, name: str) -> Draft:
    try:
        draft = json.loads(raw.decode())
    except (ValueError, RecursionError) as exc:
        raise TemplateViolation(
            tr("Report template {name} is not valid", name=name), detail=type(exc).__name__
        ) from exc
    return draft if isinstance(draft, dict) else {}


def _text(draft: Draft) -> str:
    return json.dumps(draft, ensure_ascii=False, indent=2) + "\n"
