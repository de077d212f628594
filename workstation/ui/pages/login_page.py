"""The sign-in page (design 08): picture, form, language; errors at their field."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import language, tr
from workstation.domain.access import Actor
from workstation.domain.errors import WorkstationError
from workstation.ui.pages.login_presenter import LoginPresenter
from workstation.ui.pages.page import Page
from workstation.ui.settings_dialog import LANGUAGE_NAMES
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, SegmentedChoice
from workstation.ui.widgets.fields import TextField
from workstation.ui.widgets.labels import Logo, icon_label, label
from workstation.ui.widgets.login_picture import LoginPicture

_FORM_WIDTH = 640
_PICTURE_FROM = 1280


class LoginPage(Page):
    """
    Signals: ``signed_in(Actor)`` and ``language_chosen(str)``.

    ``hub`` says in words where one signs in; ``demo_accounts`` lists the accounts of a demo, none
    otherwise.
    """

    signed_in = Signal(object)
    language_chosen = Signal(str)

    def __init__(self, presenter: LoginPresenter, *, hub: str, version: str, last_user: str = "",
                 demo_accounts: Sequence[str] = ()) -> None:  # fmt: skip
        super().__init__()
        self.presenter = presenter
        row = QHBoxLayout()
        row.setSpacing(0)
        self.picture = LoginPicture(version)
        self.picture.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        row.addWidget(self.picture, 1)
        self._side = _Side()
        side = QHBoxLayout(self._side)
        side.setContentsMargins(24, 0, 24, 0)
        side.addStretch(1)
        side.addWidget(self._form(hub, version, last_user, demo_accounts))
        side.addStretch(1)
        row.addWidget(self._side)
        self.column.addLayout(row)
        presenter.attach(self)

    def _form(self, hub: str, version: str, last_user: str, demo_accounts: Sequence[str]) -> QWidget:
        form = QWidget()
        form.setFixedWidth(480)
        column = QVBoxLayout(form)
        self._column = column
        column.setContentsMargins(0, 72, 0, 72)
        column.setSpacing(12)
        self._small_logo = Logo(48)
        column.addWidget(self._small_logo)
        self._heading = label(tr("Sign in"), "title", "t0")
        column.addWidget(self._heading)
        column.addWidget(label("\n".join(hub.rsplit(" · ", 1)), "body", "t2", wrap=True))
        column.addSpacing(20)
        self.user = TextField(tr("User name"))
        self.user.edit.setText(last_user)
        self.password = TextField(tr("Password"), secret=True)
        for field in (self.user, self.password):
            field.edit.setProperty("tall", "true")
            field.submitted.connect(self._submit)
            column.addWidget(field)
        self.enter_button = Button(tr("Sign in"), "primary", icon="login-circle", key="Enter")
        self.enter_button.setFixedHeight(40)
        self.enter_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.enter_button.clicked.connect(self._submit)
        column.addSpacing(4)
        column.addWidget(self.enter_button)
        self._problem = _Problem()
        column.addWidget(self._problem)
        foot = QHBoxLayout()
        foot.addWidget(label(tr("Language"), "caption", "t3"))
        foot.addStretch(1)
        self.language = SegmentedChoice(LANGUAGE_NAMES, language())
        self.language.chosen.connect(self.language_chosen)
        foot.addWidget(self.language)
        column.addSpacing(8)
        column.addLayout(foot)
        if demo_accounts:
            column.addSpacing(8)
            names = tr("Demonstration accounts: {names}", names="\n".join(("", *demo_accounts)))
            column.addWidget(label(names, "caption", "t3"))
        column.addStretch(1)
        self._version = label(
            tr("Version {version} · for qualified medical staff only", version=version), "caption", "t3"
        )
        column.addWidget(self._version)
        note = QHBoxLayout()
        note.setSpacing(8)
        note.addWidget(icon_label("information", "t3", 14))
        note.addWidget(
            label(tr("Signing in, failures and signing out are written to the audit chain."), "caption", "t3"), 1
        )
        column.addLayout(note)
        return form

    def _submit(self) -> None:
        self._problem.show_problem("", "")
        self.user.say("")
        self.password.say("")
        self.presenter.sign_in(self.user.text(), self.password.text())

    # what the presenter asks

    def show_busy(self, busy: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Lock the form while the hub is asked; the window stays alive."""
        for field in (self.user, self.password):
            field.edit.setReadOnly(busy)
        self.enter_button.enable(not busy, tr("Asking the hub…"))
        self.enter_button.set_text(tr("Signing in…") if busy else tr("Sign in"))
        self.enter_button.setFixedHeight(40)

    def say_at_user(self, message: str) -> None:
        """Show a sentence at the user name."""
        self.user.say(message)
        self.user.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def say_at_password(self, message: str) -> None:
        """Show a sentence at the password and select it for the next try."""
        self.password.say(message)
        self.password.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.password.edit.selectAll()

    def show_problem(self, error: WorkstationError) -> None:
        """Show what happened and what to do; the typed words stay."""
        self._problem.show_problem(error.user_text, error.hint)

    def problem(self) -> str:
        """Return the sentence of the problem shown, empty when there is none."""
        return self._problem.text()

    def enter(self, actor: Actor) -> None:
        """Go on; the password does not stay in the field."""
        self.password.edit.clear()
        self.signed_in.emit(actor)

    # Page

    def shown(self) -> None:
        """Put the cursor where it is needed first."""
        target = self.password if self.user.text() else self.user
        target.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def save_state(self) -> object:
        """Keep the user name over a language switch; never the password."""
        return self.user.text()

    def restore_state(self, state: object) -> None:
        """Put the user name back."""
        self.user.edit.setText(str(state or ""))

    def close_page(self) -> None:
        """Let the presenter go."""
        self.presenter.detach(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the picture in a narrow window."""
        super().resizeEvent(event)
        wide = self.width() >= _PICTURE_FROM
        self.picture.setVisible(wide)
        self._version.setVisible(not wide)
        low = self.height() < 640
        self._small_logo.setVisible(not wide and not low)
        self._column.setContentsMargins(0, 24 if low else 72, 0, 16 if low else 72)
        if wide:
            self._side.setFixedWidth(min(_FORM_WIDTH, max(528, self.width() // 3)))
        else:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(16_777_215)


class _Side(QWidget):
    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg1"))
        painter.fillRect(0, 0, 1, self.height(), theme.color("line"))


class _Problem(QFrame):
    """A red block: the fact and the next step."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(15, 10, 12, 10)
        row.setSpacing(8)
        row.addWidget(icon_label("error-warning", "bad", 18), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        self._fact = label("", "body", "t0", wrap=True)
        self._hint = label("", "body", "t1", wrap=True)
        words.addWidget(self._fact)
        words.addWidget(self._hint)
        row.addLayout(words, 1)
        self.hide()

    def show_problem(self, fact: str, hint: str) -> None:
        self._fact.setText(fact)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleName(f"{fact} {hint}".strip())
        self.setVisible(bool(fact))

    def text(self) -> str:
        return "" if self.isHidden() else self._fact.text()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("notice.bad"))
        painter.fillRect(0, 0, 3, self.height(), theme.color("bad"))
