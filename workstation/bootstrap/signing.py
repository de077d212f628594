"""Whose keys sign on this machine, as the settings say: a token, or the demonstration's files."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from workstation.domain.errors import SignatureInvalid
from workstation.domain.ports import SignerPort
from workstation.domain.signature import SignatureLevel, SignedPdf
from workstation.domain.signed_judging import ReportJudge
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import Trust, add_time_stamp
from workstation.exchange.signing.time_stamps import RemoteTimeAuthority, TimeAuthority
from workstation.exchange.signing.token_keys import TokenKeys
from workstation.settings import SigningSettings
from workstation.storage.data_dir import private_dir


@dataclass(frozen=True, slots=True)
class Signing:
    """The signing keys of this machine and what belongs to them."""

    settings: SigningSettings
    demo: DemoKeyStore
    keys: SignerPort

    @property
    def trusted(self) -> Path | None:
        """Return the folder of whom this site trusts, None for the demonstration's authority."""
        return Path(self.settings.trust_folder) if self.settings.trust_folder else None

    def trust(self) -> Trust:
        """Return whom signatures made here are believed by. Raises SignatureInvalid."""
        return self.demo.trust() if self.trusted is None else Trust.from_root(self.trusted)

    def add_time_stamp(self, pdf: bytes) -> SignedPdf:
        """Return a PDF with the stamp that it lacked. Raises TimeStampUnavailable, SignatureInvalid."""
        return add_time_stamp(pdf, self.trust(), self.demo.time_authority())

    def carry_on(self, signed: bytes) -> bytes:
        """
        Return the PDF in a signed object with a time stamp, once all in it holds by whom this machine trusts.

        Raises TimeStampUnavailable, SignatureInvalid.
        """
        from workstation.exchange.signing.preserving import preserve
        from workstation.exchange.signing.verify import SignatureVerifier

        return preserve("report.pdf.dcm", signed, SignatureVerifier(self.trust()), self.demo.time_authority())

    @property
    def wants_time_stamps(self) -> bool:
        """Tell whether the policy asks for time stamps at all."""
        return self.settings.level != SignatureLevel.B

    @property
    def hold(self) -> timedelta:
        """Return how long a report waits for its time stamp; where none is wanted, not at all."""
        return timedelta(minutes=self.settings.hold_minutes if self.wants_time_stamps else 0)


def signing(settings: SigningSettings, data_dir: Path) -> Signing:
    """Return the keys that the settings name."""
    level = SignatureLevel(settings.level)
    authority: TimeAuthority | None = RemoteTimeAuthority(settings.time_stamp_url) if settings.time_stamp_url else None
    demo = DemoKeyStore(private_dir(data_dir / "pki"), level=level, authority=authority, sm2=settings.sm2)
    made = Signing(settings, demo, demo)
    if not settings.token_module:
        return made
    token = TokenKeys(settings.token_module, settings.token_label, made.trust, demo.time_authority, level)
    return replace(made, keys=token)


def hub_signatures(trust: Path | None) -> ReportJudge:
    """
    Return who judges signed reports at a hub, by a root certificate or a key store's folder.

    Without one only what was signed is judged, not who signed. Lists of revoked certificates are read anew each
    time; what was read last counts while they cannot be read. Raises SignatureInvalid where there is no certificate.
    """
    from workstation.exchange.signing.report_judge import SignedReportJudge

    if trust is None:
        return SignedReportJudge(lambda: None)
    known = [Trust.from_root(trust)]  # a wrong path is told when the hub starts, not to the first who signs

    def newest() -> Trust:
        with contextlib.suppress(SignatureInvalid):
            known[0] = Trust.from_root(trust)
        return known[0]

    return SignedReportJudge(newest)
