"""A key store that signs further with SM2, made from keys that were found once."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from tests.helpers.scratch import scratch_folder
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.sm2_check import Sm2Checked, Sm2Trust, check_sm2
from workstation.exchange.signing.sm2_form import SUFFIX

PIN = "246810"
CONTENT = b'{"format": 2}'


@cache
def issued() -> Path:
    """Return a folder of keys that was made once: RSA keys are slow to find."""
    folder = scratch_folder("sm2") / "pki"
    DemoKeyStore(folder).issue("wangqiming", "王启明", "省医", PIN)
    return folder


class Sm2Bench:
    """A key store that signs further, and its clock."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(issued(), folder)
        self.folder = folder
        self.ahead = timedelta(0)
        self.store = DemoKeyStore(folder, self.now, sm2=True)
        self.container = self.sign()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def sign(self, pin: str = PIN) -> bytes:
        return self.store.unlock("wangqiming", pin).sign_further(CONTENT)[SUFFIX]

    @property
    def trust(self) -> Sm2Trust:
        found = self.store.trust().sm2
        assert found is not None
        return found

    def check(self, container: bytes, content: bytes = CONTENT, **given: timedelta) -> Sm2Checked:
        return check_sm2(content, container, self.trust, datetime.now(UTC) + given.get("later", timedelta(0)))
