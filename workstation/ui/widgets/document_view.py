"""A text in Markdown, laid out in the colours of the theme: the card of a model, which strangers may have written."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.ui.theme import current_theme

_READ = QTextDocument.MarkdownFeature(
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub.value | QTextDocument.MarkdownFeature.MarkdownNoHTML.value
)


class _Words(QTextDocument):
    """Loads nothing that a text names: neither files nor addresses."""

    def loadResource(self, _kind: int, _name: object) -> None:
        """Return nothing."""


class DocumentView(QWidget):
    """Shows headings, lists and tables; links are words, pictures are left out."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self._document = _Words(self)
        self._document.setDocumentMargin(0)
        self._document.setDefaultFont(current_theme().font("body"))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)  # a digest is one word of 64
        self._document.setDefaultTextOption(option)
        self._document.setMarkdown(markdown, _READ)
        self._set_headings()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self._document.toPlainText())

    def _set_headings(self) -> None:
        """Give headings the sizes of the product and paragraphs some air."""
        theme = current_theme()
        cursor = QTextCursor(self._document)
        block = self._document.begin()
        while block.isValid():
            level = block.blockFormat().headingLevel()
            shape = block.blockFormat()
            shape.setTopMargin(theme.px("space.3") if level else theme.px("space.1"))
            cursor.setPosition(block.position())
            cursor.setBlockFormat(shape)
            if level:
                words = QTextCharFormat()
                words.setFont(theme.font("h1" if level == 1 else "h2"))
                cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                cursor.setCharFormat(words)
            block = block.next()

    def hasHeightForWidth(self) -> bool:
        """Tell that lines are broken at the width there is."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the text at a width."""
        self._document.setTextWidth(width)
        return round(self._document.size().height()) + 1

    def sizeHint(self) -> QSize:
        """Return a width to read at and the height it takes."""
        return QSize(480, self.heightForWidth(480))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the text."""
        theme = current_theme()
        self._document.setTextWidth(self.width())
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = self.palette()
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Link, QPalette.ColorRole.PlaceholderText):
            palette.setColor(role, theme.color("t1"))
        context.palette = palette
        context.clip = self.rect().toRectF()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        self._document.documentLayout().draw(painter, context)
        painter.end()
