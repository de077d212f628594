"""What speaks against two studies being of one person, in words."""

from __future__ import annotations

from collections.abc import Collection

from resources.translation import tr
from workstation.domain.hanging import PriorRelation, PriorStudy
from workstation.domain.one_person import Contradiction
from workstation.domain.study import Patient


def against_words(against: Collection[Contradiction]) -> str:
    """Return everything that two studies say otherwise of their patient; empty where nothing is."""
    words = {
        Contradiction.NAME: tr("name"),
        Contradiction.BIRTH_DATE: tr("birth date"),
        Contradiction.SEX: tr("sex"),
    }
    what = tr(", ").join(word for one, word in words.items() if one in against)
    if Contradiction.PATIENT_ID not in against:
        return tr("same ID, other {what}", what=what) if what else ""
    return tr("other ID, other {what}", what=what) if what else tr("another Patient ID")


def id_words(prior: PriorStudy, patient: Patient) -> str:
    """
    Return why the Patient ID does not prove that a prior is of the case's ``patient``, where nothing contradicts.

    Empty where the hub is too old to tell.
    """
    if prior.patient is None or prior.issuers is None:
        return ""
    if not prior.patient.patient_id.strip() or not patient.patient_id.strip():
        return tr("Patient ID missing")
    here, there = prior.issuers
    if here and there and here != there:
        return tr("issuers differ ({here} / {there})", here=here, there=there)
    return tr("same ID of another site") if here == there else tr("same ID, issuer not stated")


def why_doubtful(prior: PriorStudy, patient: Patient) -> str:
    """Return why a prior may be another person's than the case's ``patient``; empty where it is certain."""
    if prior.relation is PriorRelation.SAME_PATIENT:
        return ""
    return against_words(prior.against) or id_words(prior, patient)


def words_by_word(prior: PriorStudy, patient: Patient, who: str = "") -> str:
    """
    Return what stands in red beside a prior that a reader said is of the same person.

    ``who`` is another reader's name, empty for the one who sees it.
    """
    why = why_doubtful(prior, patient)
    if who:
        return tr("{why}: same person by the word of {who}", why=why or tr("The Patient ID does not prove it"), who=who)
    if prior.against == (Contradiction.PATIENT_ID,):
        return tr("Another Patient ID: same person by your word")
    return tr("{why}: same person by your word", why=why or tr("The Patient ID does not prove it"))
