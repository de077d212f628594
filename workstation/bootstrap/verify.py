"""``lianyue verify``: one line for each artefact, status by the worst verdict."""

from __future__ import annotations

import argparse
import sys

from resources.translation import tr
from workstation.bootstrap.adapters import verifier
from workstation.domain.signature import Verdict


def run_verify_command(options: argparse.Namespace) -> int:
    """Return 0 when every signature holds, 1 when one does not, 2 when it cannot be told."""
    check = verifier(options.trust)
    results = [check.verify(path) for path in options.files]
    for result in results:
        signer = f" · {result.signer}" if result.signer else ""
        print(f"{result.artefact}: {result.verdict} · {result.explanation}{signer}")
    verdicts = {result.verdict for result in results}
    if Verdict.UNTRUSTED in verdicts and options.trust is None:
        print(tr("Only this machine's demo CA was trusted; name another root with --trust."), file=sys.stderr)
    if verdicts & {Verdict.ALTERED, Verdict.UNTRUSTED, Verdict.UNSIGNED}:
        return 1
    return 2 if Verdict.UNKNOWN in verdicts else 0
