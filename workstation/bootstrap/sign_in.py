"""Signing in: the session, the person's storage, and the parts of the desk warmed up in the same job."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workstation.domain.access import Actor
from workstation.domain.errors import SignInFailed
from workstation.domain.template import Text

ORGANISATION: Final = Text("省影像专科联盟远程诊断中心", "Provincial Imaging Alliance Remote Diagnostic Centre")
LOADED_AT_SIGN_IN: Final = tuple(
    f"workstation.{module}"
    for module in (
        "bootstrap.comparing",
        "bootstrap.desk",
        "bootstrap.foreign",
        "bootstrap.fusing",
        "bootstrap.image_stream",
        "bootstrap.nodules",
        "bootstrap.reading_ai",
        "dicom.images.source",
        "services.critical_service",
        "ui.case_desk",
        "ui.critical.alarm",
        "ui.critical.case",
        "ui.critical.panel",
        "ui.pages.grassroots_presenter",
        "ui.pages.reading_presenter",
        "ui.pages.report_presenter",
        "ui.pages.worklist_page",
    )
)
"""What takes seconds to load: signatures, PDF, viewers and decoders come while the person signs in."""

if TYPE_CHECKING:
    from workstation.bootstrap.adapters import Hub, LocalStorage
    from workstation.services.shared_documents import DocumentsAtHand


class UnlockingSession:
    """
    Implements ``SessionPort``: signing in also opens the person's storage on this machine.

    Both happen in the one job of the sign-in page, so that the password is never kept.
    """

    def __init__(self, hub: Callable[[], Hub], data_dir: Path) -> None:
        self._find_hub = hub
        self._data_dir = data_dir
        self._storage: LocalStorage | None = None
        self._actor: Actor | None = None
        self.at_hand: DocumentsAtHand | None = None
        """The hub's documents, and whether they are those of now"""

    def sign_in(self, user: str, password: str) -> Actor:
        """Open session and storage. Raises SignInFailed, Unreachable, Locked."""
        from workstation.bootstrap.adapters import open_storage
        from workstation.bootstrap.documents import documents_at_hand
        from workstation.services.shared_documents import DocumentsInUse

        hub = self._find_hub()
        actor = hub.session.sign_in(user, password)
        self._actor = actor
        try:
            storage = open_storage(self._data_dir, actor.user_id, password)
            self.at_hand = documents_at_hand(hub, self._data_dir)
            self._storage = replace(storage, documents=DocumentsInUse(self.at_hand.known))
        except Exception:
            self.sign_out()
            raise
        for module in LOADED_AT_SIGN_IN:
            importlib.import_module(module)
        from workstation.dicom.critical_policy import default_policy

        default_policy()  # read and checked here, where nobody waits for the window
        return actor

    def sign_out(self) -> None:
        """End the session and close the storage."""
        if self._actor is not None:
            self._find_hub().session.sign_out()
        self.forget()

    def forget(self) -> None:
        """Close the storage on this machine, at once; the session at the hub is left to the caller."""
        self._actor = None
        if self._storage is not None:
            self._storage.close()
            self._storage = None

    @property
    def actor(self) -> Actor | None:
        """Return who is signed in."""
        return self._actor

    @property
    def storage(self) -> LocalStorage:
        """Return the open storage; SignInFailed when nobody is signed in."""
        if self._storage is None:
            raise SignInFailed("nobody is signed in")
        return self._storage
