"""What publishing would change is shown before it happens, and what somebody else changed before it is lost."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QTableWidget, QTableWidgetItem, QWidget

from resources.translation import tr
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.labels import label

Change = tuple[str, str, str]
_WIDTH, _ROWS_PX = 720, 260


class PublishDocumentDialog(Dialog):
    """Says what goes out of force (``standing``) and shows every difference to it."""

    def __init__(self, parent: QWidget | None, title: str, standing: str, changed: Sequence[Change]) -> None:
        super().__init__(parent, tr("Publish “{title}”", title=title), icon="send-plane", tone="acc", width=_WIDTH)
        self.body.addWidget(label(standing, "body", "t1", wrap=True))
        self.table = _table(changed, tr("Yours"), tr("In force"))
        self.body.addWidget(self.table)
        self.add_hint(
            tr("It holds for new reports once workstations fetch it. What is signed or under way stays as it is.")
        )
        self.set_primary(tr("Publish"), icon="send-plane")


class OvertakenDialog(Dialog):
    """Somebody else published meanwhile: theirs is shown beside the draft; nothing was overwritten."""

    def __init__(self, parent: QWidget | None, said: str, standing: str, changed: Sequence[Change]) -> None:
        super().__init__(parent, said, icon="error-warning", tone="bad", width=_WIDTH)
        self.body.addWidget(label(standing, "body", "t1", wrap=True))
        self.table = _table(changed, tr("Yours"), tr("Theirs"))
        self.body.addWidget(self.table)
        self.add_hint(tr("Nothing was overwritten. Keep yours to go on over theirs, or take theirs and lose yours."))
        self.take_theirs = self.add_left(tr("Take theirs"))
        self.set_primary(tr("Keep my draft"))


def _table(changed: Sequence[Change], mine: str, theirs: str) -> QTableWidget:
    table = QTableWidget(len(changed), 3)
    table.setHorizontalHeaderLabels([tr("Place in the document"), mine, theirs])
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.verticalHeader().hide()
    table.horizontalHeader().setStretchLastSection(True)
    table.setAccessibleName(tr("Differences"))
    table.setMaximumHeight(_ROWS_PX)
    for row, parts in enumerate(changed):
        for column, text in enumerate(parts):
            item = QTableWidgetItem(text or "—")
            item.setToolTip(text)
            table.setItem(row, column, item)
    table.resizeColumnsToContents()
    for column in range(2):
        table.setColumnWidth(column, min(table.columnWidth(column), _WIDTH // 3))
    return table
