"""Making and changing a route: a form, a test that sends no report, and the hub's own word on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.dispatch import Route, RouteKind, RouteVerdict
from workstation.domain.errors import WorkstationError
from workstation.domain.site import Site
from workstation.ui.dialogs import AROUND, Dialog
from workstation.ui.routes.route_form import RouteForm
from workstation.ui.routes.route_words import check_caption
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import label, set_tone

_WIDTH = 720


class RouteDialog(Dialog):
    """Stays open until the hub has taken the route; what it says stands above the buttons."""

    def __init__(self, parent: QWidget | None, sites: Sequence[Site], route: Route | None = None) -> None:
        title = tr("Route “{name}”", name=route.name) if route is not None else tr("New route")
        super().__init__(parent, title, icon="route", tone="acc", width=_WIDTH)
        self.save_wanted: Callable[[Route], object] = lambda _route: None
        self.check_wanted: Callable[[Route], object] = lambda _route: None
        self._asked: Route | None = None
        self.form = RouteForm(sites, route)
        self._area = self.scroll_area(self.form)
        self.verdict = label("", "body", "t1", wrap=True)
        self.verdict.setVisible(False)
        self.body.addWidget(self.verdict)
        self.check = Button(tr("Test this route"), "secondary", icon="links")
        self._left.addWidget(self.check)
        self.check.clicked.connect(self._check)
        self.save = self.set_primary(tr("Save"), icon="check")
        self.form.edited.connect(self._changed)
        self.form.kind_chosen.connect(self._refit)
        self._refit(self.form.chosen_kind)
        self.form.texts["name"].edit.setFocus()

    def accept(self) -> None:
        """Hand the route over; the dialog closes when the hub has it."""
        route = self.form.value()
        if route is None:
            self._say(tr("Correct what is marked first"), "", "bad")
            return
        self.save.enable(enabled=False, reason=tr("The hub is asked"))
        self.save_wanted(route)

    def saved(self) -> None:
        """Close: the hub has the route."""
        super().accept()

    def failed(self, error: WorkstationError) -> None:
        """Say why the hub did not do it; nothing that was typed is lost."""
        self._ready()
        self._say(error.user_text, error.hint, "bad")

    def checked(self, verdict: RouteVerdict) -> None:
        """Show what came of the test, unless the form was changed meanwhile."""
        self._ready()
        if self._asked is not None:
            self._say(verdict.words, verdict.hint, "ok" if verdict.works else "bad")

    def _check(self) -> None:
        route = self.form.value()
        if route is None:
            self._say(tr("Correct what is marked first"), "", "bad")
            return
        self._asked = route
        self.check.enable(enabled=False, reason=tr("The hub is asking the receiver"))
        self._say(tr("The hub is asking the receiver…"), "", "t2")
        self.check_wanted(route)

    def _ready(self) -> None:
        for button in (self.save, self.check):
            button.enable(enabled=True)
        self.check.setToolTip(check_caption(self.form.chosen_kind))

    def _changed(self) -> None:
        self._asked = None
        self._say("", "", "t1")

    def _refit(self, kind: RouteKind) -> None:
        self.check.setToolTip(check_caption(kind))
        self._fit()

    def _fit(self) -> None:
        """Take no more height than the window has, with what is said below the form."""
        layout = self.form.layout()
        if layout is not None:
            layout.activate()
        self.fit_scrolled(self._area)
        if self._window is not None and not self.verdict.isHidden():
            said = self.verdict.heightForWidth(_WIDTH - 48) + self.body.spacing()
            room = self._window.height() - AROUND - said
            self._area.setFixedHeight(max(120, min(self._area.maximumHeight(), room)))
        self.stand_in_the_middle()

    def _say(self, words: str, hint: str, tone: str) -> None:
        self.verdict.setText("\n".join(part for part in (words, hint) if part))
        self.verdict.setVisible(bool(words))
        set_tone(self.verdict, tone)
        self._fit()
