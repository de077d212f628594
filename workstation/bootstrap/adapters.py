"""Adapters joined to ports: one hub session, one person's local storage, one verifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from worklist.audit import HubAudit
from worklist.critical import HubCritical
from worklist.detection_queue import HubDetectionQueue
from worklist.dicomweb import HubImages
from worklist.dispatch import HubDispatch
from worklist.documents import HubDocuments
from worklist.http import HubClient
from worklist.inbox import HubInbox
from worklist.late_stamps import HubLateStamps
from worklist.pet import HubPetHeaders
from worklist.priors import HubPriors
from worklist.quality import HubQuality
from worklist.recognised import HubRecognised
from worklist.repeats import HubRepeats
from worklist.reports import HubReports
from worklist.session import HubSession
from worklist.upload import HubSender
from worklist.ups_rs import HubWorklist
from worklist.workflow import HubWorkflow
from workstation.services.detection_service import DetectStudy, ImageShadow, ModelsInUse, Shadow, Stop, run_worker
from workstation.services.shared_documents import DocumentsInUse
from workstation.services.uid import SystemClock
from workstation.storage.critical_acts import CriticalActFile
from workstation.storage.data_dir import private_dir
from workstation.storage.drafts import DraftStore
from workstation.storage.hanging_protocols import HangingLibrary
from workstation.storage.keys import Keyring, KeyStore, system_keyring
from workstation.storage.outbox import Outbox
from workstation.storage.phrases import PhraseFile
from workstation.storage.withdrawn_texts import WithdrawnTextStore

if TYPE_CHECKING:
    from workstation.exchange.signing.verify import SignatureVerifier


@dataclass(frozen=True, slots=True)
class Hub:
    """Every client of one hub, sharing connections and session."""

    client: HubClient
    session: HubSession
    worklist: HubWorklist
    images: HubImages
    reports: HubReports
    workflow: HubWorkflow
    inbox: HubInbox
    late_stamps: HubLateStamps
    recognised: HubRecognised
    repeats: HubRepeats
    quality: HubQuality
    dispatch: HubDispatch
    documents: HubDocuments
    audit: HubAudit
    critical: HubCritical
    sender: HubSender
    queue: HubDetectionQueue
    priors: HubPriors
    pet: HubPetHeaders

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()


def connect(url: str) -> Hub:
    """Return the clients of a hub; nothing is sent before somebody signs in."""
    client = HubClient(url)
    return Hub(
        client=client,
        session=HubSession(client),
        worklist=HubWorklist(client),
        images=HubImages(client),
        reports=HubReports(client),
        workflow=HubWorkflow(client),
        inbox=HubInbox(client),
        late_stamps=HubLateStamps(client),
        recognised=HubRecognised(client),
        repeats=HubRepeats(client),
        quality=HubQuality(client),
        dispatch=HubDispatch(client),
        documents=HubDocuments(client),
        audit=HubAudit(client),
        critical=HubCritical(client),
        sender=HubSender(client),
        queue=HubDetectionQueue(client),
        priors=HubPriors(client),
        pet=HubPetHeaders(client),
    )


@dataclass(frozen=True, slots=True)
class LocalStorage:
    """What one person's sign-in opens on this machine; ``secret`` never leaves it."""

    secret: bytes
    drafts: DraftStore
    outbox: Outbox
    hanging: HangingLibrary
    phrases: PhraseFile
    critical: CriticalActFile
    withdrawn: WithdrawnTextStore
    documents: DocumentsInUse = field(default_factory=DocumentsInUse)
    """What the hub gives to all sites and new reports begin with"""

    def close(self) -> None:
        """Close the database."""
        self.outbox.close()


def open_storage(
    data_dir: Path, user_id: str, password: str, *, keyring: Keyring | str | None = "system"
) -> LocalStorage:
    """
    Unlock the drafts and the outbox of one person.

    The key lies in the system's keyring; where there is none, it is wrapped with a key derived from
    the password of the sign-in (Argon2id), so that nobody types a second one. Raises Locked.
    """
    folder = private_dir(data_dir / "users" / user_id)
    chosen = system_keyring() if isinstance(keyring, str) else keyring
    key = KeyStore(folder, keyring=chosen).unlock(password)
    return LocalStorage(
        secret=key,
        drafts=DraftStore(folder / "drafts", key, editor=lambda: user_id),
        outbox=Outbox(folder / "outbox.sqlite", key),
        hanging=HangingLibrary(folder / "hanging"),
        phrases=PhraseFile(folder / "phrases.json"),
        critical=CriticalActFile(folder / "critical", key),
        withdrawn=WithdrawnTextStore(folder / "drafts", key),
    )


def detection_worker(
    hub: Hub,
    in_use: Callable[[], ModelsInUse],
    *,
    poll_s: float = 2.0,
    shadow: Shadow | None = None,
    image_shadow: ImageShadow | None = None,
) -> Callable[[Stop], None]:
    """
    Return the loop of an AI worker.

    ``in_use`` gives the models for each workitem; ``shadow`` looks at every volume after its pre-read, ``image_shadow``
    at the films.
    """
    from workstation.dicom.images.volumes import InstanceVolumes
    from workstation.dicom.objects.report_objects import DicomObjects

    def loop(stop: Stop) -> None:
        work = DetectStudy(
            queue=hub.queue,
            retrieve=hub.images,
            store=hub.images,
            volumes=InstanceVolumes(),
            in_use=in_use,
            objects=DicomObjects(SystemClock()),
            stop=stop,
            shadow=shadow,
            image_shadow=image_shadow,
        )
        run_worker(work, stop, poll_s=poll_s)

    return loop


def verifier(trust: Path | None, data_dir: Path | None = None) -> SignatureVerifier:
    """Return a verifier that trusts the given root, else this machine's demo CA (nobody before it was made)."""
    from workstation.exchange.signing.pades import Trust
    from workstation.exchange.signing.verify import SignatureVerifier
    from workstation.storage.data_dir import default_data_dir

    if trust is not None:
        return SignatureVerifier(Trust.from_root(trust))
    folder = (data_dir or default_data_dir()) / "pki"
    return SignatureVerifier(Trust.from_folder(folder) if (folder / "root.pem").exists() else Trust(()))
