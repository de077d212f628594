"""Hanging protocols and priors of one person's desk."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.bootstrap.adapters import Hub, LocalStorage
from workstation.bootstrap.image_stream import open_stream
from workstation.bootstrap.templates import live_templates
from workstation.domain.ports import JobContext
from workstation.domain.registration import RigidRegistration
from workstation.domain.volume import Volume
from workstation.exchange.paper.pdf_pages import pdf_words
from workstation.services.prior_service import ComparePriors, PrefetchedImages
from workstation.ui.images.comparing import Comparing


@dataclass(frozen=True, slots=True)
class LateRegistrar:
    """Implements ``RigidRegistrar``; the registration toolkit takes its time to load, so only who needs it does."""

    def register(self, fixed: Volume, moving: Volume, job: JobContext) -> RigidRegistration:
        """Return a proposal that lays the moving image over the fixed one."""
        from models.registration import RigidRegistrationBySimpleItk

        return RigidRegistrationBySimpleItk().register(fixed, moving, job)


def comparing(hub: Hub, storage: LocalStorage) -> Comparing:
    """Join what hanging and comparing with priors need."""
    ahead = PrefetchedImages(hub.images)
    return Comparing(
        protocols=storage.hanging,
        priors=ComparePriors(
            hub.priors, hub.images, hub.reports, live_templates(storage.documents), hub.audit, pdf_words
        ),
        ahead=ahead,
        open_stream=open_stream(ahead),
        registrar=LateRegistrar(),
    )
