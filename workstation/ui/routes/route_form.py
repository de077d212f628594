"""The form of one route: what its kind needs is shown, what is wrong is said below its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.dispatch import PRELIMINARY_KINDS, Charset, Route, RouteFault, RouteKind, route_faults
from workstation.domain.site import Site
from workstation.ui.dispatch_words import kind_words
from workstation.ui.routes.route_words import address_caption, address_example, charset_words, fault_words
from workstation.ui.widgets.fields import ChoiceBox, NumberBox, TextField, read_only
from workstation.ui.widgets.labels import label

_HTTP: Final = frozenset({RouteKind.FHIR, RouteKind.STOW})
_SOCKET: Final = frozenset({RouteKind.HL7, RouteKind.C_STORE})
_FIELDS: Final = {
    "address": frozenset(RouteKind),
    "charset": frozenset({RouteKind.HL7}),
    "receiving_application": frozenset({RouteKind.HL7}),
    "receiving_facility": frozenset({RouteKind.HL7}),
    "patient_system": frozenset({RouteKind.FHIR}),
    "accession_system": frozenset({RouteKind.FHIR}),
    "called_aet": frozenset({RouteKind.C_STORE}),
    "calling_aet": frozenset({RouteKind.C_STORE}),
    "user": _HTTP,
    "secret_name": _HTTP,
    "tls": _SOCKET,
    "commitment": frozenset({RouteKind.C_STORE}),
    "addendum_as_final": frozenset({RouteKind.HL7}),
    "preliminary": PRELIMINARY_KINDS,
}
"""Which kinds a part is for; parts that are not named are for every kind"""


class _Labelled(QWidget):
    """A caption over a control and a message below it, with the look of ``TextField``."""

    def __init__(self, caption: str, control: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        control.setAccessibleName(caption)
        column.addWidget(label(caption, "caption", "t3"))
        column.addWidget(control)
        self.message = label("", "caption", "bad", wrap=True)
        self.message.setVisible(False)
        column.addWidget(self.message)
        column.addStretch(1)

    def say(self, words: str) -> None:
        """Show a sentence below the control; empty takes it away."""
        self.message.setText(words)
        self.message.setVisible(bool(words))


class RouteForm(QWidget):
    """Edits one route; ``value`` is the route, None while something is wrong."""

    edited = Signal()
    kind_chosen = Signal(object)
    """``RouteKind``"""

    def __init__(self, sites: Sequence[Site], route: Route | None = None) -> None:
        super().__init__()
        self._route = route
        self._touched: set[str] = set() if route is None else {"*"}
        self._id_is_ours = route is None
        self.site, self.kind, self.charset = ChoiceBox(), ChoiceBox(), ChoiceBox()
        if route is None:  # none is chosen by itself: a route carries patients' reports to somebody
            self.site.addItem(tr("Choose the hospital…"), "")
        for one in sites:
            self.site.addItem(one.name, one.site_id)
        for kind in RouteKind:
            self.kind.addItem(kind_words(kind), kind.value)
        for charset in Charset:
            self.charset.addItem(charset_words(charset), charset.value)
        self.texts = {
            "name": TextField(tr("Name"), placeholder=tr("HIS of the hospital")),
            "route_id": TextField(tr("Identifier")),
            "address": TextField(tr("Address")),
            "receiving_application": TextField(tr("Receiving application (MSH-5)")),
            "receiving_facility": TextField(tr("Receiving facility (MSH-6)")),
            "patient_system": TextField(tr("System of Patient IDs (URI)")),
            "accession_system": TextField(tr("System of accession numbers (URI)")),
            "called_aet": TextField(tr("AE title of the PACS")),
            "calling_aet": TextField(tr("AE title of the hub")),
            "user": TextField(tr("User")),
            "secret_name": TextField(tr("Name of the password at the hub"), placeholder="QINGSHUI_FHIR"),
        }
        self.timeout, self.attempts = NumberBox(), NumberBox()
        self.timeout.setRange(1, 120)
        self.timeout.setSuffix(" s")
        self.attempts.setRange(0, 1000)
        self.attempts.setSpecialValueText(tr("as the hub does (12)"))
        self.flags = {
            "enabled": QCheckBox(tr("On: signed reports are sent")),
            "tls": QCheckBox(tr("Encrypted (TLS)")),
            "commitment": QCheckBox(tr("Delivered only after storage commitment")),
            "addendum_as_final": QCheckBox(tr("Send an addendum as final (F) instead of corrected (C)")),
            "preliminary": QCheckBox(tr("Preliminary reports too; the signed one takes their place")),
        }
        self.secret_note = label("", "caption", "t3", wrap=True)
        self._parts: dict[str, QWidget] = {}
        self._lay_out()
        self._show(route)
        self._wire()
        self._kind_changed()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.hospital = _Labelled(tr("Hospital"), self.site)
        boxes: dict[str, QWidget] = {
            "site_id": self.hospital,
            "kind": _Labelled(tr("Kind"), self.kind),
            "charset": _Labelled(tr("Characters"), self.charset),
            "answer_timeout_s": _Labelled(tr("Wait for an answer"), self.timeout),
            "most_attempts": _Labelled(tr("Attempts until a person is asked"), self.attempts),
        }
        self._parts = {**boxes, **self.texts, **self.flags, "secret_note": self.secret_note}
        rows = (
            ("site_id", "kind"), ("name", "route_id"), ("address",), ("called_aet", "calling_aet"),
            ("receiving_application", "receiving_facility"), ("patient_system", "accession_system"),
            ("user", "secret_name"), ("secret_note",), ("answer_timeout_s", "most_attempts"), ("charset", ""),
            ("tls", "commitment"), ("preliminary",), ("addendum_as_final",), ("enabled",),
        )  # fmt: skip
        for at, names in enumerate(rows):
            for column, name in enumerate(filter(None, names)):
                grid.addWidget(self._parts[name], at, column, 1, 1 if len(names) > 1 else 2)
        grid.setRowStretch(len(rows), 1)

    def _show(self, route: Route | None) -> None:
        if route is None:
            self.texts["calling_aet"].edit.setText("LIANYUE")
            self.timeout.setValue(30)
            self.flags["enabled"].setChecked(True)
            self.flags["commitment"].setChecked(True)
            return
        for name, field in self.texts.items():
            field.edit.setText(str(getattr(route, name)))
        for name, flag in self.flags.items():
            flag.setChecked(bool(getattr(route, name)))
        if self.site.findData(route.site_id) < 0:
            self.site.addItem(route.site_id, route.site_id)
        self.site.setCurrentIndex(self.site.findData(route.site_id))
        self.kind.setCurrentIndex(self.kind.findData(route.kind.value))
        self.charset.setCurrentIndex(self.charset.findData(route.charset.value))
        self.timeout.setValue(max(1, round(route.answer_timeout_s)))
        self.attempts.setValue(route.most_attempts)
        for box in (self.site, self.kind):
            box.setEnabled(False)
            box.setToolTip(tr("A route keeps its hospital and its kind; make another one instead"))
        read_only(self.texts["route_id"].edit)

    def _wire(self) -> None:
        for name, field in self.texts.items():
            field.edit.textEdited.connect(lambda _text, name=name: self._edited(name))
        self.site.currentIndexChanged.connect(lambda _at: self._edited("site_id"))
        self.kind.currentIndexChanged.connect(lambda _at: self._kind_changed())
        self.charset.currentIndexChanged.connect(lambda _at: self._edited("charset"))
        for box in (self.timeout, self.attempts):
            box.valueChanged.connect(lambda _value: self._edited("answer_timeout_s"))
        for flag in self.flags.values():
            flag.toggled.connect(lambda _on: self._edited("enabled"))

    # values

    @property
    def chosen_kind(self) -> RouteKind:
        """Return the kind of the route."""
        return RouteKind(str(self.kind.currentData()))

    def _values(self) -> dict[str, Any]:
        """Return every part; what another kind needs is left as it is by default."""
        kind = self.chosen_kind
        values: dict[str, Any] = {
            "site_id": str(self.site.currentData() or ""),
            "kind": kind,
            "charset": Charset(str(self.charset.currentData())),
            "answer_timeout_s": float(self.timeout.value()),
            "most_attempts": self.attempts.value(),
            **{name: field.text().strip() for name, field in self.texts.items()},
            **{name: flag.isChecked() for name, flag in self.flags.items()},
        }
        plain = {"calling_aet": "LIANYUE", "commitment": True, "charset": Charset.UTF_8}
        for name, kinds in _FIELDS.items():
            if kind not in kinds:
                values[name] = plain.get(name, "" if name in self.texts else False)
        return values

    def faults(self) -> Mapping[str, RouteFault]:
        """Return what is wrong, by the name of the part."""
        return route_faults(SimpleNamespace(**self._values()))

    def value(self) -> Route | None:
        """Return the route, None while something is wrong; then everything that is wrong is said."""
        self._touched.add("*")
        self._say()
        return None if self.faults() else Route(**self._values())

    # reacting

    def _kind_changed(self) -> None:
        kind = self.chosen_kind
        for name, kinds in _FIELDS.items():
            self._parts[name].setVisible(kind in kinds)
        self.secret_note.setVisible(kind in _HTTP)
        self.texts["address"].edit.setPlaceholderText(address_example(kind))
        self.texts["address"].edit.setToolTip(address_caption(kind))
        self._edited("kind")
        self.kind_chosen.emit(kind)

    def _edited(self, name: str) -> None:
        self._touched.add(name)
        if name == "route_id":
            self._id_is_ours = False
        if self._id_is_ours and self.site.currentData():
            self.texts["route_id"].edit.setText(f"{self.site.currentData()}-{self.chosen_kind.value}")
        secret = self.texts["secret_name"].text().strip()
        self.secret_note.setText(
            tr(
                "The password itself is never typed or shown here: the hub's administrator sets it as {name}.",
                name=f"LIANYUE_ROUTE_{secret or '…'}",
            )
        )
        self._say()
        self.edited.emit()

    def _say(self) -> None:
        faults, kind = self.faults(), self.chosen_kind
        lost = faults.get("site_id") if {"site_id", "*"} & self._touched else None
        self.hospital.say(fault_words("site_id", lost, kind) if lost is not None else "")
        for name, field in self.texts.items():
            fault = faults.get(name) if {name, "*"} & self._touched else None
            words = fault_words(name, fault, kind) if fault is not None else ""
            if field.message() != words:
                field.say(words)
