"""What every command shares: language, log, one clear line on bad input."""

from __future__ import annotations

import argparse
import errno
import getpass
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import keyring
import keyring.errors

from resources.translation import tr, use_language
from workstation.domain.errors import SignInFailed, StorageError, Unreachable, WorkstationError


def guarded(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; a ``WorkstationError`` becomes one line with its next step and status 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if options.language:
        use_language(options.language)
    try:
        return command(options)
    except WorkstationError as error:
        complain(error)
        return 2
    except BrokenPipeError:  # the reader of our output left, as head(1) does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        reason = tr("The disk is full.") if error.errno == errno.ENOSPC else error.strerror or type(error).__name__
        print(f"lianyue: {': '.join(filter(None, (str(error.filename or ''), reason)))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def complain(error: WorkstationError) -> None:
    """Print what happened and the next step, as one line."""
    hint = error.hint
    if isinstance(error, Unreachable):  # its own hint is for somebody at the reading desk
        hint = tr("Check the address and that the hub runs, then run the command again: it goes on where it stopped.")
    line = f"lianyue: {error.user_text}"
    print(f"{line} · {hint}" if hint else line, file=sys.stderr, flush=True)


def check_writable(file: Path | None) -> None:
    """Refuse a result file that cannot be written before long work begins. Raises StorageError."""
    if file is None or (file.parent.is_dir() and not file.is_dir() and os.access(file.parent, os.W_OK)):
        return
    raise StorageError(tr("{file} cannot be written", file=file), hint=tr("Name a file in a folder that exists."))


def write_text(file: Path, text: str) -> None:
    """Write a result file. Raises StorageError."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise StorageError(
            tr("{file} cannot be written", file=file), hint=exc.strerror or "", detail=type(exc).__name__
        ) from exc


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
