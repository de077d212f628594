"""What every command shares: language, log, one clear line on bad input."""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import sys
from collections.abc import Callable

import keyring
import keyring.errors

from resources.translation import tr, use_language
from workstation.domain.errors import SignInFailed, WorkstationError


def guarded(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; a ``WorkstationError`` becomes one line with its next step and status 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if options.language:
        use_language(options.language)
    try:
        return command(options)
    except WorkstationError as error:
        line = f"lianyue: {error.user_text}"
        print(f"{line} · {error.hint}" if error.hint else line, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def password_for(user: str, hub_url: str) -> str:
    """Return the password: from LIANYUE_PASSWORD, else the keyring, else a prompt."""
    given = os.environ.get("LIANYUE_PASSWORD")
    if given:
        return given
    try:
        stored = keyring.get_password(f"lianyue {hub_url}", user)
    except keyring.errors.KeyringError:
        stored = None  # no usable keyring on this machine: ask
    if stored:
        return stored
    if not sys.stdin.isatty():
        raise SignInFailed(
            tr("No password for {user}", user=user), hint=tr("Set LIANYUE_PASSWORD or start from a terminal.")
        )
    return getpass.getpass(tr("Password of {user}: ", user=user))
