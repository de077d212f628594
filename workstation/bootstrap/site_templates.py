"""The report templates that the site may edit: shipped ones to start from, its own ones with their history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from resources.templates import template_paths
from resources.translation import tr
from workstation.bootstrap.templates import own_folder
from workstation.domain.errors import TemplateViolation
from workstation.domain.template import ReportTemplate
from workstation.domain.template_draft import Draft, TemplateEntry, TemplateProblem, is_newer
from workstation.exchange.templates.library import TemplateLibrary, parse_template
from workstation.exchange.templates.mrrt import export_mrrt, mrrt_to_json
from workstation.exchange.templates.problems import template_problems
from workstation.storage.data_dir import private_dir
from workstation.storage.files import replace_file

_HTML: Final = frozenset({".html", ".htm", ".xhtml"})
_LARGEST: Final = 4 << 20
_HISTORY: Final = "versions"


@dataclass(frozen=True, slots=True)
class SiteTemplates:
    """Implements ``TemplateStorePort`` over the shipped folder and that of the site, which holds one file each."""

    data_dir: Path

    @property
    def folder(self) -> Path:
        """Return where the site's own templates lie."""
        return own_folder(self.data_dir)

    def entries(self) -> tuple[TemplateEntry, ...]:
        """Return every template in use."""
        library = TemplateLibrary(own=self.folder)
        own = {path.stem for path in self.folder.glob("*.json")} if self.folder.is_dir() else set()
        return tuple(
            TemplateEntry(one.template_id, one.version, one.title, one.template_id in own) for one in library.all()
        )

    def load(self, template_id: str) -> Draft:
        """Return one template as JSON, the site's own before the shipped one. Raises TemplateViolation."""
        own = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        for path in (*own, *template_paths()):
            draft = _json(path.read_bytes(), path.name)
            if draft.get("template_id") == template_id:
                return draft
        raise TemplateViolation(tr("Report template {name} is not installed", name=template_id))

    def problems(self, draft: Draft) -> Sequence[TemplateProblem]:
        """Return everything that keeps a draft from being a template."""
        return template_problems(draft)

    def parse(self, draft: Draft) -> ReportTemplate:
        """Return the draft as a template. Raises TemplateViolation."""
        return parse_template(json.dumps(draft), str(draft.get("template_id", "")))

    def save(self, draft: Draft) -> None:
        """Keep a new version of the site's own; what it follows goes into the history."""
        template = self.parse(draft)
        known = next((one for one in self.entries() if one.template_id == template.template_id), None)
        if known is not None and not is_newer(template.version, known.version):
            raise TemplateViolation(
                tr("Version {version} is in use already", version=known.version),
                hint=tr("Give the template a higher version; reports name the one that they were written with."),
            )
        path = private_dir(self.folder) / f"{template.template_id}.json"
        if path.is_file() and known is not None:
            history = private_dir(self.folder / _HISTORY)
            replace_file(history / f"{template.template_id}-{known.version}.json", path.read_bytes())
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

    def write(self, draft: Draft, path: Path, language: str) -> None:
        """Write a valid draft as MRRT or JSON by the ending of the file."""
        template = self.parse(draft)
        is_mrrt = path.suffix.lower() in _HTML
        replace_file(path, (export_mrrt(template, language) if is_mrrt else _text(draft)).encode())


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
