"""What the card of a prior, and the red words beside its images, say of it to the reader of the open case."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.hanging import PriorRelation, PriorStudy, day_of
from workstation.domain.prior_person import PriorPerson
from workstation.domain.study import Study
from workstation.services.reading_session import ReadingSession
from workstation.ui.images.hung_stage import doubt_of, is_later
from workstation.ui.images.prior_words import detail_words, standing_words
from workstation.ui.person_words import why_doubtful, words_by_word
from workstation.ui.widgets.prior_strip import PriorFacts
from workstation.ui.widgets.worklist_words import modality_word


def facts_of(prior: PriorStudy, current: Study, session: ReadingSession, *, is_shown: bool) -> PriorFacts:
    """Return what the card of a prior says."""
    doubtful = prior.relation is PriorRelation.POSSIBLY_SAME
    relation, said = tr("possibly the same") if doubtful else tr("same patient"), ""
    word = session.persons.word_on(prior.study_instance_uid) if session.persons.may_be_shown(prior) else None
    if doubtful and word is not None:
        who = _other_reader(word, session)
        relation = tr("confirmed by {who}", who=who) if who else tr("confirmed by you")
        at = "" if word.said_at is None else word.said_at.astimezone().strftime("%Y-%m-%d %H:%M")
        said = tr("Same person, {who} said {time}", who=word.said_by_name, time=at)
    return PriorFacts(
        uid=prior.study_instance_uid,
        date=date_words(prior.study_date),
        modality=modality_word(prior),
        description=prior.description,
        site=prior.site_name,
        relation=relation,
        said=said,
        doubtful=doubtful,
        confirmed=doubtful and word is not None,
        why=why_doubtful(prior, current.patient),
        reported=prior.reported,
        standing=standing_words(prior),
        detail=detail_words(prior, with_marks=not session.ai_hidden),
        is_shown=is_shown,
        is_later=is_later(prior.study_date, current.study_date),
    )


def red_words(study: Study, prior: PriorStudy | None, current: Study, session: ReadingSession | None) -> str:
    """Return what is said in red of the person of a prior whose images (``study``) are on screen, empty for nothing."""
    by_word = ""
    if prior is not None and session is not None and prior.relation is PriorRelation.POSSIBLY_SAME:
        word = session.persons.word_on(prior.study_instance_uid)
        if word is not None and session.persons.may_be_shown(prior):
            by_word = words_by_word(prior, current.patient, _other_reader(word, session))
    return doubt_of(study, current, by_word)


def date_words(text: str) -> str:
    """Return the day of a study as it is shown."""
    day = day_of(text)
    return day.isoformat() if day is not None else tr("no date")


def _other_reader(word: PriorPerson, session: ReadingSession) -> str:
    """Return who else gave a word, empty where it was the one who reads now."""
    return "" if word.said_by == session.reader.user_id else word.said_by_name or word.said_by
