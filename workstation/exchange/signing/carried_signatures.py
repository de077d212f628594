"""The detached signatures that travel inside a signed PDF, put beside the files they belong to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from workstation.dicom.objects.report_manifest import MANIFEST_NAME
from workstation.exchange.signing.pdf_signature import attached_files


def signatures_beside(pdf: bytes, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """
    Return ``NAME.p7s`` for each of ``files`` that the PDF carries a signature of, found by its digest.

    Empty for a PDF that carries none or cannot be read: what it is worth, a verifier tells.
    """
    try:
        attached = attached_files(PdfFileReader(BytesIO(pdf)))
        digests: dict[str, str] = json.loads(attached[MANIFEST_NAME])["objects"]
    except (PdfError, ValueError, KeyError, TypeError):
        return {}
    known = {digest: f"{name}.p7s" for name, digest in digests.items()}
    named = {name: known.get(hashlib.sha256(content).hexdigest(), "") for name, content in files.items()}
    return {f"{name}.p7s": attached[signature] for name, signature in named.items() if signature in attached}
