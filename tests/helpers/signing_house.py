"""A hub that judges signatures, two seniors with keys, and a time-stamp authority that is silent until it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Self

from tests.contract.test_loop_over_orthanc import PASSWORD, completed
from worklist.hub.embedded import EmbeddedHub, HubSettings
from workstation.bootstrap.adapters import Hub, LocalStorage, connect, open_storage
from workstation.bootstrap.desk import desk_services
from workstation.bootstrap.signing import Signing, hub_signatures, signing
from workstation.dicom.images.phantom import make_phantom_study
from workstation.dicom.images.source import scan
from workstation.domain.access import Actor
from workstation.domain.site import ReadingRequest
from workstation.domain.workitem import WorklistQuery, WorklistTab
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.time_stamps import TimeAuthority, unavailable
from workstation.services.jobs import NoJob
from workstation.services.signing_service import SignedReport
from workstation.settings import SigningSettings
from workstation.ui.desk_services import DeskServices


class Moody:
    """A time authority that answers when it likes."""

    def __init__(self, inner: TimeAuthority) -> None:
        self.inner, self.silent = inner, True
        self.asked = 0

    def answer(self, request: bytes) -> bytes:
        self.asked += 1
        if self.silent:
            raise unavailable("out for lunch")
        return self.inner.answer(request)


@dataclass
class Desk:
    """A senior at a workstation of one's own."""

    hub: Hub
    actor: Actor
    storage: LocalStorage
    services: DeskServices
    signing: Signing

    def sign(self) -> SignedReport:
        """Read, write and sign the one case of the hub; nothing is delivered yet."""
        (row,) = self.hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL)).rows
        case = self.services.open_case(row, self.actor)
        assert case.claim is not None
        written = completed(case.report, case.template)
        return self.services.sign(
            written,
            template=case.template,
            study=case.study,
            row=case.row,
            claim=case.claim,
            actor=self.actor,
            pin=PASSWORD,
        )


class House:
    """``trust`` names whom the hub believes, by the folder of the keys; ``hold`` how long a stamp is waited for."""

    def __init__(self, folder: Path, *, trust: Callable[[Path], Path | None], hold: timedelta = timedelta(0)) -> None:
        self.folder, self.hold = folder, hold
        first = signing(replace(SigningSettings(), hold_minutes=int(hold.total_seconds() // 60)), folder)
        for user, name in (("expert", "王启明"), ("resident", "宋佳")):
            first.demo.ensure_signer(user, name, "省影像专科联盟远程诊断中心", PASSWORD)
        self.authority = Moody(first.demo.time_authority())
        store = DemoKeyStore(folder / "pki", authority=self.authority)
        self.signing = replace(first, demo=store, keys=store)
        judge = hub_signatures(trust(folder / "pki"))
        self._hub = EmbeddedHub(HubSettings(folder / "hub", demo_users=True), signatures=judge)

    def __enter__(self) -> Self:
        self._hub.start()
        make_phantom_study(self.folder / "ct", slices=4, size=64, nodules=1)
        with connect(self.url) as hub:
            hub.session.sign_in("technician", PASSWORD)
            (study,) = scan(self.folder / "ct", NoJob())
            hub.sender.send(study, ReadingRequest(study.study_instance_uid), NoJob(), lambda _progress: None)
        return self

    def __exit__(self, *_error: object) -> None:
        self._hub.stop()

    @property
    def url(self) -> str:
        return self._hub.url

    @contextmanager
    def at(self, user: str, *, machine: str = "") -> Iterator[Desk]:
        """Sit down at a workstation; ``machine`` names another than the person's own."""
        with connect(self.url) as hub:
            actor = hub.session.sign_in(user, PASSWORD)
            storage = open_storage(self.folder / (machine or f"ws-{user}"), user, PASSWORD, keyring=None)
            try:
                yield Desk(hub, actor, storage, desk_services(hub, storage, self.signing), self.signing)
            finally:
                storage.close()
