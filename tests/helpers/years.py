"""An authority as the years go by."""

from __future__ import annotations

import logging
import shutil
from datetime import datetime
from io import BytesIO
from pathlib import Path

from asn1crypto import crl, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore

from tests.helpers.signed_reports import keys
from workstation.domain.signature import VerificationResult
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.verify import SignatureVerifier


class Years:
    """The same authority as time goes on, on a copy of its keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(shutil.copytree(keys()[1], folder / "authority"))

    def at(self, when: datetime) -> DemoKeyStore:
        return DemoKeyStore(self.folder, now=lambda: when)

    def verify(self, content: bytes, when: datetime, trust: Trust | None = None) -> VerificationResult:
        verifier = SignatureVerifier(trust or self.at(when).trust(), now=lambda: when)
        return verifier.verify_bytes("report.pdf", content)

    def pyhanko(self, content: bytes, known: datetime, moment: datetime) -> bool:
        """Return pyHanko's own bottom line for a moment, by what lies inside and the lists known at another time."""
        trust = self.at(known).trust()
        reader = PdfFileReader(BytesIO(content))
        roots = [x509.Certificate.load(one) for one in trust.roots]
        lists = [crl.CertificateList.load(one) for one in trust.crls]
        told = {"trust_roots": roots, "crls": lists, "moment": moment, "revocation_mode": "require"}
        context = DocumentSecurityStore.read_dss(reader).as_validation_context({**told, "retroactive_revinfo": True})
        logging.disable(logging.ERROR)  # it logs each doubt
        try:
            return bool(validate_pdf_signature(reader.embedded_signatures[0], context).bottom_line)
        finally:
            logging.disable(logging.NOTSET)
