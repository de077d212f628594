"""``lianyue templates``, and the library of report templates: shipped ones and those of the site."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from resources.templates import template_paths
from resources.translation import language, tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import DocumentKind, KnownDocuments
from workstation.domain.template import ReportTemplate
from workstation.exchange.templates.library import TemplateLibrary, parse_template
from workstation.exchange.templates.live_library import LiveTemplates
from workstation.exchange.templates.mrrt import mrrt_to_json
from workstation.exchange.templates.mrrt_each import sources_of
from workstation.exchange.templates.mrrt_export import export_mrrt
from workstation.exchange.templates.mrrt_losses import mrrt_losses
from workstation.exchange.templates.problems import require_usable
from workstation.exchange.templates.shared_library import SharedTemplates
from workstation.services.shared_documents import DocumentsInUse
from workstation.storage.data_dir import default_data_dir, private_dir
from workstation.storage.files import replace_file

_HTML: Final = frozenset({".html", ".htm", ".xhtml"})


def own_folder(data_dir: Path | None = None) -> Path:
    """Return where the site's own templates lie; it need not exist."""
    return (data_dir or default_data_dir()) / "report-templates"


def template_library(data_dir: Path | None = None) -> TemplateLibrary:
    """Return the templates of this machine."""
    return TemplateLibrary(own=own_folder(data_dir))


def templates_at_hand(known: KnownDocuments, data_dir: Path | None = None) -> SharedTemplates:
    """Return the hub's templates, and those of this machine besides."""
    return SharedTemplates(known.of_kind(DocumentKind.TEMPLATE), template_library(data_dir))


def live_templates(in_use: DocumentsInUse, data_dir: Path | None = None) -> LiveTemplates:
    """Return the templates of the documents in use, and those of this machine besides."""
    library = template_library(data_dir)
    return LiveTemplates(lambda: in_use.known, lambda: in_use.former, lambda: library)


def run_templates_command(options: argparse.Namespace) -> int:
    """List, check, import (JSON or MRRT) and export (JSON or MRRT by the ending) report templates."""
    library = template_library()
    if options.action == "list":
        for template in library.all():
            modalities = " ".join(template.modalities) or "-"
            print(f"{template.template_id:20} {template.version:8} {modalities:8} {template.title.get(language())}")
        for sentence in library.broken:
            print(sentence)
        return 0
    if not options.template:
        raise TemplateViolation(tr("Name a template"), hint="lianyue templates check|import FILE, export ID --out FILE")
    if options.action == "export":
        return _export(library.get(options.template), options.out)
    template, content = _read(Path(options.template))
    if options.action == "import":
        path = private_dir(own_folder()) / f"{template.template_id}.json"
        replace_file(path, content.encode())
    print(f"{template.template_id} {template.version}")
    return 0


def _read(path: Path) -> tuple[ReportTemplate, str]:
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise TemplateViolation(
            tr("{path} cannot be read", path=path), detail=f"{path.name} {type(exc).__name__} errno {exc.errno}"
        ) from exc
    is_mrrt = path.suffix.lower() in _HTML
    content = mrrt_to_json(raw, path.name) if is_mrrt else raw.decode("utf-8", errors="replace")
    template = parse_template(content, path.name)
    require_usable(json.loads(content), path.name)
    return template, content


def _export(template: ReportTemplate, out: Path | None) -> int:
    path = out or Path(f"{template.template_id}.html")
    is_mrrt = path.suffix.lower() in _HTML
    if is_mrrt:
        content = export_mrrt(template, language(), sources_of(json.loads(_json(template.template_id))))
        lost = mrrt_losses(template, language())
    else:
        content, lost = _json(template.template_id), ()
    replace_file(path, content.encode())
    print(path)
    for one in lost:
        print(tr("MRRT does not say: {what}", what=one))
    return 0


def _json(template_id: str) -> str:
    """Return the file that a template was loaded from, the site's own before the shipped one."""
    own = sorted(own_folder().glob("*.json")) if own_folder().is_dir() else []
    texts = (path.read_text(encoding="utf-8") for path in (*own, *template_paths()))
    return next(text for text in texts if f'"{template_id}"' in text and json.loads(text)["template_id"] == template_id)
