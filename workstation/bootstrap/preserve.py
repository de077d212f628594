"""``lianyue preserve``: archive time stamps for reports that must be kept longer than their certificates last."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resources.translation import tr
from workstation import settings as settings_file
from workstation.bootstrap.adapters import verifier
from workstation.bootstrap.console import complain
from workstation.bootstrap.signing import signing
from workstation.domain.errors import SignatureInvalid, StorageError
from workstation.exchange.signing.preserving import preserve
from workstation.exchange.signing.time_stamps import TimeAuthority
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.storage.data_dir import default_data_dir
from workstation.storage.files import replace_file


def run_preserve_command(options: argparse.Namespace) -> int:
    """
    Return 0 when every report has its copy, 1 when one could not be preserved; the files named stay untouched.

    Raises StorageError, TimeStampUnavailable: without a folder or a time-stamp server nothing else would go better.
    """
    loaded = settings_file.load(settings_file.default_path(), settings_file.policy_path())
    keys = signing(loaded.settings.signing, default_data_dir())
    check = verifier(options.trust or keys.trusted)
    authority = keys.demo.time_authority()
    refused = 0
    for file in options.files:
        try:
            copy = _preserve(file, options.out, check, authority)
        except SignatureInvalid as error:
            complain(error)
            refused += 1
            continue
        print(tr("{file}: stamped copy {copy}", file=file.name, copy=copy), flush=True)
    if refused:
        print(tr("Without a stamped copy: {count} of {all}", count=refused, all=len(options.files)), file=sys.stderr)
    return 1 if refused else 0


def _preserve(file: Path, out: Path, check: SignatureVerifier, authority: TimeAuthority) -> Path:
    copy = out / f"{file.stem}.pdf"
    if copy.exists():
        raise StorageError(
            tr("{file} exists already and was not touched", file=copy), hint=tr("Name another folder with --out.")
        )
    stamped = preserve(file.name, file.read_bytes(), check, authority)
    out.mkdir(parents=True, exist_ok=True)
    replace_file(copy, stamped)
    return copy
