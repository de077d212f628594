"""Joins what helps one write to the open case: phrases, links to findings, marks in the texts, spelling, speech."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import language, tr
from workstation.domain.errors import WorkstationError
from workstation.domain.norm.values import NormFault
from workstation.domain.phrase import Fact, Phrase, filled
from workstation.domain.report import Report
from workstation.domain.spelling import Misspelling, misspelt
from workstation.domain.template import FieldType
from workstation.domain.text_link import LinkKind, TextLink
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.norm_gate import describe_fault
from workstation.services.phrase_service import facts_of
from workstation.services.reading_session import ReadingSession
from workstation.services.report_links import LinkState, insertable, link_states
from workstation.ui.case_desk import CaseDesk
from workstation.ui.keymap import shown_key
from workstation.ui.notice import in_one_line
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_tools import ReportTools
from workstation.ui.report.aids import WritingAids
from workstation.ui.report.choice_popup import ChoicePopup, ChoiceRow
from workstation.ui.report.phrase_dialog import PhraseDialog
from workstation.ui.report.phrase_typing import PhraseTyping
from workstation.ui.report.report_text import MarkKind, ReportText, TextMark

_PAUSE_MS: Final = 400
_LINKS: Final = frozenset({MarkKind.LINK, MarkKind.OUTDATED})
Spelled = dict[str, tuple[Misspelling, ...]]


class ReportWriting(QObject):
    """Belongs to one report page."""

    image_asked = Signal(object)
    """``TextLink`` that somebody wants to see on the images"""

    def __init__(
        self, page: ReportPage, desk: CaseDesk, jobs: JobRunner, tools: ReportTools, aids: WritingAids | None
    ) -> None:
        super().__init__(page)
        self._page, self._desk, self._jobs, self._tools, self._aids = page, desk, jobs, tools, aids
        self._states: dict[tuple[str, int], LinkState] = {}
        self._spelled: Spelled = {}
        self._looking: JobHandle[Spelled] | None = None
        self._last: ReportText | None = None
        self.dialog: PhraseDialog | None = None
        self.prior_date = ""
        """The study date of the former report that lies beside, for phrases"""
        self.typing = PhraseTyping(ChoicePopup(page), self._offered)
        self.typing.picked.connect(self._insert_phrase)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._look_at_spelling)
        page.form.text_made.connect(self._watch)
        for text in page.form.texts().values():
            self._watch(text)
        page.closing.connect(self.stop)
        page.phrases_requested.connect(self.ask_phrase)
        page.manage_requested.connect(self.manage_phrases)
        page.insert_requested.connect(self.ask_insert)
        page.jump_requested.connect(self.jump)
        page.renew_requested.connect(self.renew)
        page.spelling_requested.connect(self.spell)
        page.confirm_requested.connect(self.confirm_copied)
        tools.faults_changed.connect(self.show_marks)
        desk.changed.connect(self._changed)
        desk.opened.connect(self._opened)
        desk.closed.connect(self.stop)
        if desk.session is not None:
            self._opened(desk.session)

    def _opened(self, _session: ReadingSession) -> None:
        self._spelled = {}
        self.typing.close()
        self._changed(None)

    def _changed(self, _change: object) -> None:
        self.show_marks()
        if self._session() is not None:
            self._pause.start()

    def stop(self) -> None:
        """Look no more, and forget what was found."""
        self._pause.stop()
        self.typing.close()
        if self.dialog is not None:
            self.dialog.reject()
        self._spelled, self._last = {}, None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _session(self) -> ReadingSession | None:
        session = self._desk.session
        return None if session is None or session.read_only else session

    def _watch(self, text: ReportText) -> None:
        self.typing.watch(text)
        text.mark_chosen.connect(lambda mark: self._follow(text, mark))
        text.cursorPositionChanged.connect(lambda: self._been_in(text))
        text.destroyed.connect(self._forget_last)

    def _been_in(self, text: ReportText) -> None:
        if self._page.focusWidget() is text:
            self._last = text

    def _forget_last(self) -> None:
        self._last = None

    def field_in_use(self) -> tuple[str, ReportText] | None:
        """Return the field of running text that the reader is in, or was in last."""
        focus = self._page.focusWidget()
        texts = self._page.form.texts()
        found = next(((key, text) for key, text in texts.items() if text is focus), None)
        return found or next(((key, text) for key, text in texts.items() if text is self._last), None)

    def put(self, words: str) -> bool:
        """Put words at the cursor of the field in use, as speech does; False where there is none to write in."""
        session, field = self._session(), self.field_in_use()
        if session is None or field is None:
            return False
        field[1].insert(words)
        return True

    # phrases

    def _offered(self) -> Sequence[Phrase]:
        session = self._session()
        if session is None or self._aids is None:
            return ()
        try:
            phrases = self._aids.phrases.all()
        except WorkstationError as error:
            self._page.show_error(error, key="phrases")
            return ()
        return [one for one in phrases if one.fits(session.template.template_id, session.report.language)]

    def ask_phrase(self) -> None:
        """Show every phrase at the cursor."""
        field = self.field_in_use()
        if self._session() is None or self._aids is None:
            return
        if field is None:
            self._page.toast.emit(tr("Put the cursor into a text first"))
            return
        field[1].setFocus()
        field[1].insert(";")

    def manage_phrases(self) -> None:
        """Show the reader's phrases to be written and deleted; words that are chosen begin a new one."""
        session, field = self._session(), self.field_in_use()
        if session is None or self._aids is None or self.dialog is not None:
            return
        book, template, row = self._aids.phrases, session.template, session.row
        try:
            phrases = book.all()
        except WorkstationError as error:
            self._page.show_error(error, key="phrases")
            return
        patient = session.study.patient
        secrets = (patient.name, patient.patient_id, row.patient_name, row.patient_id, row.accession_number)
        title = template.title.get(language())
        self.dialog = dialog = PhraseDialog(
            self._page, language=session.report.language, template=(template.template_id, title)
        )

        def act(work: Callable[[], None], current: Phrase | None, said: str) -> None:
            try:
                work()
            except WorkstationError as error:
                dialog.say(in_one_line(error.user_text, error.hint), tone="bad")
                return
            dialog.show_phrases(book.all(), current)
            dialog.say(said)

        dialog.keep_asked.connect(
            lambda phrase: act(lambda: book.keep(phrase, of_patient=secrets), phrase, tr("The phrase is kept"))
        )
        dialog.drop_asked.connect(lambda phrase: act(lambda: book.drop(phrase), None, tr("The phrase is deleted")))
        dialog.finished.connect(lambda _result: self._dialog_gone())
        dialog.show_phrases(phrases)
        chosen = "" if field is None else field[1].textCursor().selectedText().replace("\u2029", "\n")
        if chosen:
            dialog.begin_with(chosen)
        dialog.open()

    def _dialog_gone(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _insert_phrase(self, text: ReportText, phrase: Phrase, typed: int) -> None:
        session = self._session()
        key = next((key for key, one in self._page.form.texts().items() if one is text), None)
        if session is None or key is None:
            return
        facts = facts_of(session.report, session.template, session.study, self.prior_date)
        words = filled(phrase.text, facts)
        begin = text.insert(words.text, instead_of=typed)
        self._tie(session, key, [(begin + at, fact) for at, fact in words.tied])
        for other, more in phrase.fields:
            self._write_into(session, other, filled(more, facts).text)
        gap = words.first
        if gap is not None:
            text.choose(begin + gap.start, begin + gap.end)

    def _write_into(self, session: ReadingSession, key: str, words: str) -> None:
        item = next((one for one in session.template.fields if one.key == key), None)
        if item is None or item.type is FieldType.FINDINGS:
            return
        there = session.report.values.get(key, "").rstrip()
        if item.type is not FieldType.TEXT or not there:
            session.set_value(key, there or words)
        elif words not in there:
            session.set_value(key, f"{there}\n{words}")

    def _tie(self, session: ReadingSession, key: str, tied: Sequence[tuple[int, Fact]]) -> None:
        session.tie([TextLink(key, fact.kind, fact.target, fact.words, at) for at, fact in tied])

    # links

    def ask_insert(self) -> None:
        """Offer findings and measurements to be inserted at the cursor."""
        session, field = self._session(), self.field_in_use()
        if session is None:
            return
        if field is None:
            self._page.toast.emit(tr("Put the cursor into a text first"))
            return
        key, text = field
        facts = insertable(session.report)
        if not facts:
            self._page.toast.emit(tr("There is no accepted finding and no measurement yet"))
            return

        def take(fact: object) -> None:
            if isinstance(fact, Fact) and self._desk.session is session:
                self._tie(session, key, [(text.insert(fact.words), fact)])

        text.setFocus()
        self.typing.offer(text, [ChoiceRow(fact.words, _kind_word(fact), fact) for fact in facts], take)

    def _follow(self, text: ReportText, mark: TextMark) -> None:
        del text
        state = next((one for one in self._states.values() if one.link.target == mark.target), None)
        if state is not None:
            self.image_asked.emit(state.link)

    def jump(self) -> None:
        """Show what the words at the cursor tell of on the images."""
        field = self.field_in_use()
        mark = None if field is None else field[1].mark_at_cursor(_LINKS)
        if field is None or mark is None:
            self._page.toast.emit(tr("There is no link at the cursor"))
        else:
            self._follow(field[1], mark)

    def renew(self) -> None:
        """Let the words at the cursor say what was measured since, else every link of the report that is outdated."""
        session, field = self._session(), self.field_in_use()
        if session is None:
            return
        outdated = [one for one in link_states(session.report) if one.is_outdated]
        mark = None if field is None else field[1].mark_at_cursor(frozenset({MarkKind.OUTDATED}))
        if field is not None and mark is not None:
            outdated = [one for one in outdated if (one.link.field, one.link.at) == (field[0], mark.start)]
        for state in outdated:
            session.renew(state.link, state.now)
        if not outdated:
            self._page.toast.emit(tr("Every link is up to date"))

    def confirm_copied(self) -> None:
        """Keep that the reader answers for what was copied into the field at the cursor."""
        session, field = self._session(), self.field_in_use()
        if session is not None and field is not None:
            session.confirm_copied(field[0])

    # spelling

    def _look_at_spelling(self) -> None:
        session = self._session()
        if session is None:
            return
        if self._looking is not None:
            self._looking.cancel()
        report, keys = session.report, tuple(self._page.form.texts())

        def show(found: Spelled) -> None:
            if self._desk.session is session:
                self._spelled = found
                self.show_marks()

        self._looking = self._jobs.submit(Pool.CPU, lambda _job: _spelled(report, keys), on_success=show)

    def spell(self) -> None:
        """Offer the right words for the one at the cursor, else go to the next one in the report."""
        session, field = self._session(), self.field_in_use()
        if session is None:
            return
        if field is not None and self._offer_spelling(*field):
            return
        texts = self._page.form.texts()
        order = list(texts)
        start = order.index(field[0]) if field is not None else 0
        for key in (*order[start + 1 :], *order[: start + 1]):
            mark = next((one for one in texts[key].marks() if one.kind is MarkKind.SPELLING), None)
            if mark is not None:
                self._page.locate(key)
                texts[key].choose(mark.start, mark.end)
                self._offer_spelling(key, texts[key])
                return
        self._page.toast.emit(tr("No misspelt term"))

    def _offer_spelling(self, key: str, text: ReportText) -> bool:
        mark = text.mark_at_cursor(frozenset({MarkKind.SPELLING}))
        words = text.toPlainText()[mark.start : mark.end] if mark is not None else ""
        found = next((one for one in self._spelled.get(key, ()) if one.word == words), None)
        if mark is None or found is None:
            return False

        def take(right: object) -> None:
            text.choose(mark.start, mark.end)
            text.insert(str(right))

        if len(found.suggestions) == 1:
            take(found.suggestions[0])
        else:
            self.typing.offer(text, [ChoiceRow(one, "", one) for one in found.suggestions], take)
        return True

    # marks

    def show_marks(self) -> None:
        """Show what is known of the words of every text."""
        session = self._desk.session
        if session is None:
            return
        marks: dict[str, list[TextMark]] = {}
        self._states = {(one.link.field, one.link.at): one for one in link_states(session.report)}
        for state in self._states.values():
            marks.setdefault(state.link.field, []).append(_link_mark(state))
        for fault in self._tools.open_faults():
            mark = _fault_mark(fault, session)
            if mark is not None:
                marks.setdefault(fault.target, []).append(mark)
        for key, found in self._spelled.items() if not session.read_only else ():
            value = session.report.values.get(key, "")
            for one in found:
                if value.startswith(one.word, one.start):
                    tip = tr(
                        "Did you mean {words}? ({key})",
                        words=" / ".join(one.suggestions),
                        key=shown_key("report.spelling", "Ctrl+."),
                    )
                    marks.setdefault(key, []).append(TextMark(MarkKind.SPELLING, one.start, len(one.word), tip))
        self._page.form.show_marks(marks)


def _spelled(report: Report, keys: Sequence[str]) -> Spelled:
    found = {key: misspelt(report.values.get(key, "")) for key in keys}
    return {key: words for key, words in found.items() if words}


def _link_mark(state: LinkState) -> TextMark:
    link = state.link
    if link.kind is LinkKind.COPY:
        kind, tip = (
            MarkKind.COPIED,
            tr(
                "Copied from {date}: change it, or confirm it with {key}",
                date=link.source,
                key=shown_key("report.confirm", "Ctrl+D"),
            ),
        )
    elif state.is_gone:
        kind, tip = MarkKind.GONE, tr("What this tells of is no longer in the report")
    elif state.is_outdated:
        kind, tip = (
            MarkKind.OUTDATED,
            tr("Measured anew: {now} ({key} takes it over)", now=state.now, key=shown_key("report.renew", "Ctrl+U")),
        )
    else:
        kind, tip = MarkKind.LINK, tr("Click or {key} shows it on the images", key=shown_key("report.jump", "Ctrl+J"))
    target = "" if kind in {MarkKind.COPIED, MarkKind.GONE} else link.target
    return TextMark(kind, link.at, len(link.quote), tip, target)


def _fault_mark(fault: NormFault, session: ReadingSession) -> TextMark | None:
    text = session.report.values.get(fault.target, "")
    at = text.find(fault.quote) if fault.quote else -1
    if at < 0 or fault.rule in {"link_gone", "link_outdated", "copied"}:
        return None
    return TextMark(MarkKind.FAULT, at, len(fault.quote), describe_fault(fault, session.template))


def _kind_word(fact: Fact) -> str:
    return tr("Measurement") if fact.kind is LinkKind.ANNOTATION else tr("Finding")
