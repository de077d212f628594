"""Asks for whom a template is published, and says what it puts out of force."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.shared_document import EVERY_SITE, DocumentInfo
from workstation.services.template_service import Standing
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import label


class PublishDialog(Dialog):
    """Publishing is for all sites until somebody chooses one; where a template belongs already it stays."""

    def __init__(self, parent: QWidget | None, title: str, standing: Standing) -> None:
        super().__init__(parent, tr("Publish “{title}” {version}", title=title, version=standing.version),
                         icon="send-plane", tone="bad" if standing.overtaken else "acc")  # fmt: skip
        self.confirmed: Callable[[str], object] = lambda _site_id: None
        self.body.addWidget(label(tr("For which hospitals?"), "caption", "t2"))
        self.site = ChoiceBox()
        self.site.setAccessibleName(tr("For which hospitals?"))
        self.site.addItem(tr("All hospitals of the alliance"), EVERY_SITE)
        for one in standing.sites:
            self.site.addItem(one.name, one.site_id)
        self.body.addWidget(self.site)
        now = standing.now
        self.told = label(_words(now, overtaken=standing.overtaken), "body", "bad" if standing.overtaken else "t1",
                          wrap=True)  # fmt: skip
        self.body.addWidget(self.told)
        if now is not None:
            self.site.setCurrentIndex(max(0, self.site.findData(now.key.site_id)))
            self.site.setEnabled(False)
        self.add_hint(tr("Workstations take it over at their next sign-in. Reports keep the version of their writing."))
        self.set_primary(tr("Publish"), icon="send-plane", danger=standing.overtaken)

    def accept(self) -> None:
        """Close and publish."""
        super().accept()
        self.confirmed(str(self.site.currentData()))


def _words(now: DocumentInfo | None, *, overtaken: bool) -> str:
    if now is None:
        return tr("The hub has no version of it yet.")
    at = now.changed_at.astimezone().strftime("%Y-%m-%d %H:%M")
    said = tr("In force: version {version} by {name}, {at}.", version=now.version, name=now.changed_by, at=at)
    if not overtaken:
        return said
    return (
        said
        + " "
        + tr("It was published after this draft was begun. Yours puts it out of force; it stays in the history.")
    )
