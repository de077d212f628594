"""Tells on the report page that parts of the body were examined which the template does not ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject

from resources.translation import language, tr
from workstation.domain.template import ReportTemplate
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.pages.page import Page

_KEY: Final = "further-templates"
_MOST: Final = 2


class FurtherTemplates(QObject):
    """Belongs to one report page: of a chest and an abdomen in one examination none is forgotten."""

    def __init__(self, page: Page, desk: CaseDesk, use: Callable[[ReportTemplate], None]) -> None:
        super().__init__(page)
        self._page = page
        self._use = use
        desk.opened.connect(self._show)
        desk.closed.connect(self._clear)
        if desk.session is not None:
            self._show(desk.session)

    def _show(self, session: ReadingSession) -> None:
        others = session.further_templates
        if not others or session.content_locked:
            self._clear()
            return
        title = session.template.title.get(language())
        fact = tr("The examination names more parts than “{template}” asks for.", template=title)
        hint = tr("Describe them in this report too, or take the other template:")
        actions = tuple(NoticeAction(one.title.get(language()), partial(self._take, one)) for one in others[:_MOST])
        self._page.notices.show_notice(Notice(_KEY, Severity.NEWS, fact, hint, actions=actions))

    def _take(self, template: ReportTemplate) -> None:
        self._clear()
        self._use(template)

    def _clear(self) -> None:
        self._page.notices.clear_notice(_KEY)
