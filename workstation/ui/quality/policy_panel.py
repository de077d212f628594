"""The alliance's rules for signing and double reading, as ``lianyue quality rules`` has them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout

from resources.translation import tr
from workstation.domain.report_version import ReportPolicy
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.fields import NumberBox
from workstation.ui.widgets.labels import Panel, label

_MOST = 10_000


class PolicyPanel(Panel):
    """``changed(ReportPolicy)`` when a person puts other rules into force."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__(tr("Rules in force"))
        self.second = QCheckBox(tr("A report is signed by another than its author"))
        self.second.toggled.connect(lambda _on: self._ready())
        self.every = NumberBox()
        self.every.setRange(0, _MOST)
        self.every.setFixedWidth(96)
        self.every.setAccessibleName(tr("Every how many cases one is read twice"))
        self.every.valueChanged.connect(lambda _value: self._ready())
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label(tr("Read every nth case twice, n ="), "body", "t1"))
        row.addWidget(self.every)
        row.addWidget(label(tr("0: only those that somebody orders"), "caption", "t2", wrap=True), 1)
        self.body.addWidget(self.second)
        self.body.addLayout(row)
        self.body.addStretch(1)
        self.save = Button(tr("Put into force"), "secondary", small=True)
        self.save.clicked.connect(self._save)
        self.header.addWidget(self.save)
        self._policy: ReportPolicy | None = None
        self._ready()

    def show_policy(self, policy: ReportPolicy) -> None:
        """Show what is in force; what a person is changing stays."""
        if self._policy is not None and self._wanted() not in {self._policy, policy}:
            self._policy = policy
            self._ready()
            return
        self._policy = policy
        self.second.setChecked(policy.second_signer)
        self.every.setValue(policy.double_reading_every)
        self._ready()

    def _wanted(self) -> ReportPolicy:
        return ReportPolicy(self.second.isChecked(), self.every.value())

    def _ready(self) -> None:
        known = self._policy is not None
        self.second.setEnabled(known)
        self.every.setEnabled(known)
        self.save.enable(known and self._wanted() != self._policy, tr("Nothing was changed"))

    def _save(self) -> None:
        self.changed.emit(self._wanted())
