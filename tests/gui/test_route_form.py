"""A route is made in a form: what is wrong is said where it is wrong, and a test tells before any report goes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.test_deliveries_page import SITE, FakeDispatch, filled, opened
from tests.helpers.consignments import HL7
from workstation.domain.dispatch import Charset, Route, RouteKind, RouteVerdict
from workstation.domain.site import Site
from workstation.services.jobs import JobRunner
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.deliveries_page import DeliveriesPage
from workstation.ui.pages.deliveries_presenter import DeliveriesPresenter
from workstation.ui.routes.route_dialog import RouteDialog
from workstation.ui.routes.route_form import RouteForm
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

SITES = [Site("qingshui", SITE), Site("beihe", "北河县中医院")]


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> None:
    """Paint Chinese names in the shipped fonts."""
    apply_theme(qapp)


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    runner, _main = runner_on_main_thread()
    yield runner
    runner.close()


def form(qtbot: QtBot, route: Route | None = None) -> RouteForm:
    made = RouteForm(SITES, route)
    qtbot.addWidget(made)
    made.show()
    if route is None:
        choose_site(made)
    return made


def choose_site(made: RouteForm) -> None:
    made.site.setCurrentIndex(made.site.findData("qingshui"))


def fill(made: RouteForm, **values: str) -> None:
    for name, text in values.items():
        made.texts[name].edit.setText(text)
        made.texts[name].edit.textEdited.emit(text)


def choose(made: RouteForm, kind: RouteKind) -> None:
    made.kind.setCurrentIndex(made.kind.findData(kind.value))


def asked(qtbot: QtBot, page: DeliveriesPage, presenter: DeliveriesPresenter) -> RouteDialog:
    page.new_route.click()
    qtbot.waitUntil(lambda: presenter.form is not None)
    assert presenter.form is not None
    choose_site(presenter.form.form)
    return presenter.form


def test_no_hospital_is_chosen_by_itself(qtbot: QtBot) -> None:
    made = RouteForm(SITES)
    qtbot.addWidget(made)
    fill(made, name="HIS", address="his.local:2575", route_id="his")

    assert made.value() is None
    assert made.hospital.message.text() == "Choose the hospital"
    choose_site(made)
    assert made.value() is not None
    assert made.hospital.message.text() == ""


def test_a_route_that_is_filled_in_is_the_route_that_is_saved(qtbot: QtBot) -> None:
    made = form(qtbot)
    fill(made, name="清水 HIS", address="his.local:2575", receiving_application="HIS")
    made.charset.setCurrentIndex(made.charset.findData("gb18030"))
    made.flags["preliminary"].setChecked(True)
    made.attempts.setValue(5)

    assert made.value() == Route(
        "qingshui-hl7", "qingshui", RouteKind.HL7, "清水 HIS", "his.local:2575", charset=Charset.GB18030,
        receiving_application="HIS", preliminary=True, most_attempts=5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "shown", "hidden"),
    [
        (RouteKind.HL7, {"receiving_application"}, {"called_aet", "user", "patient_system"}),
        (RouteKind.FHIR, {"patient_system", "user", "secret_name"}, {"called_aet", "receiving_application"}),
        (RouteKind.C_STORE, {"called_aet", "calling_aet"}, {"user", "receiving_application"}),
        (RouteKind.STOW, {"user", "secret_name"}, {"patient_system", "called_aet"}),
        (RouteKind.FOLDER, {"address"}, {"user", "called_aet", "receiving_application"}),
    ],
)
def test_each_kind_asks_for_what_it_needs_and_nothing_else(
    qtbot: QtBot, kind: RouteKind, shown: set[str], hidden: set[str]
) -> None:
    made = form(qtbot)
    choose(made, kind)

    assert {name for name in shown if not made.texts[name].isVisible()} == set()
    assert {name for name in hidden if made.texts[name].isVisible()} == set()
    assert made.flags["preliminary"].isVisible() == (kind in {RouteKind.HL7, RouteKind.FHIR})
    assert made.flags["tls"].isVisible() == (kind in {RouteKind.HL7, RouteKind.C_STORE})


def test_what_another_kind_would_need_is_not_carried_over(qtbot: QtBot) -> None:
    made = form(qtbot)
    fill(made, name="PACS", receiving_application="HIS")
    made.flags["preliminary"].setChecked(True)
    choose(made, RouteKind.FOLDER)
    fill(made, address="qingshui-reports")

    found = made.value()

    assert found is not None
    assert (found.kind, found.receiving_application, found.preliminary) == (RouteKind.FOLDER, "", False)


@pytest.mark.parametrize(
    ("kind", "values", "where", "words"),
    [
        (RouteKind.HL7, {"address": "his"}, "address", "Write it like this: his.hospital.local:2575"),
        (RouteKind.FHIR, {"address": "his:1"}, "address", "Write it like this: https://fhir.hospital.local/r4"),
        (RouteKind.HL7, {"name": " "}, "name", "Give it a name that people recognise"),
        (RouteKind.HL7, {"route_id": "a b"}, "route_id", "Letters, digits, dot, dash and underscore, up to 64"),
        (RouteKind.C_STORE, {"called_aet": ""}, "called_aet", "1 to 16 letters and digits, as the PACS knows it"),
        (RouteKind.FHIR, {"user": "his"}, "user", "A user needs a password: name it beside"),
        (RouteKind.STOW, {"secret_name": "geheim"}, "secret_name", "Capitals, digits and underscore only"),
    ],
)
def test_what_is_wrong_is_said_below_its_field(
    qtbot: QtBot, kind: RouteKind, values: dict[str, str], where: str, words: str
) -> None:
    made = form(qtbot)
    choose(made, kind)
    fill(made, **values)

    assert made.texts[where].message() == words
    assert made.value() is None


def test_nothing_is_reproached_before_somebody_typed(qtbot: QtBot) -> None:
    made = form(qtbot)

    assert {field.message() for field in made.texts.values()} == {""}
    assert made.value() is None
    assert made.texts["name"].message() == "Give it a name that people recognise"


def test_a_known_route_keeps_its_hospital_kind_and_identifier(qtbot: QtBot) -> None:
    known = replace(HL7, charset=Charset.GBK, tls=True, site_id="elsewhere", most_attempts=3)
    made = form(qtbot, known)

    assert made.value() == known
    assert not made.site.isEnabled()
    assert not made.kind.isEnabled()
    assert made.texts["route_id"].edit.isReadOnly()


def test_a_password_has_no_place_in_the_form(qtbot: QtBot) -> None:
    made = form(qtbot)
    choose(made, RouteKind.FHIR)
    fill(made, secret_name="QINGSHUI_FHIR")

    assert made.secret_note.text() == (
        "The password itself is never typed or shown here: "
        "the hub's administrator sets it as LIANYUE_ROUTE_QINGSHUI_FHIR."
    )


def test_a_new_route_is_saved_and_listed(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    page, presenter = opened(qtbot, jobs, hub)
    dialog = asked(qtbot, page, presenter)
    fill(dialog.form, name="HIS", address="his.local:2575")

    dialog.save.click()

    qtbot.waitUntil(lambda: presenter.form is None)
    assert [one.route_id for one in hub.saved] == ["qingshui-hl7"]


def test_a_form_with_faults_is_not_sent(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    dialog = asked(qtbot, *opened(qtbot, jobs, hub))

    dialog.save.click()
    dialog.check.click()

    assert dialog.verdict.text() == "Correct what is marked first"
    assert hub.acts == []


def test_a_new_route_never_writes_over_another(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    dialog = asked(qtbot, *opened(qtbot, jobs, hub))
    fill(dialog.form, name="HIS", address="his.local:2575", route_id=HL7.route_id)

    dialog.save.click()

    assert dialog.verdict.text() == f"There is a route {HL7.route_id} already\nGive it another identifier."
    assert hub.saved == []
    assert dialog.save.isEnabled()


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (RouteVerdict(works=True, words="It answers"), "It answers"),
        (RouteVerdict(works=False, words="It is silent", hint="Look there"), "It is silent\nLook there"),
    ],
)
def test_a_test_says_in_words_what_the_receiver_answered(
    qtbot: QtBot, jobs: JobRunner, verdict: RouteVerdict, words: str
) -> None:
    hub = filled()
    hub.verdict = verdict
    dialog = asked(qtbot, *opened(qtbot, jobs, hub))
    fill(dialog.form, name="HIS", address="his.local:2575")

    dialog.check.click()

    qtbot.waitUntil(lambda: dialog.verdict.text() == words)
    assert hub.acts == ["check his.local:2575"]
    assert (hub.saved, dialog.check.isEnabled()) == ([], True)
    fill(dialog.form, address="his.local:2576")
    assert dialog.verdict.text() == ""


def test_a_hub_that_is_away_loses_nothing_that_was_typed(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    page, presenter = opened(qtbot, jobs, hub)
    dialog = asked(qtbot, page, presenter)
    fill(dialog.form, name="HIS", address="his.local:2575")
    hub.away = True

    dialog.save.click()

    qtbot.waitUntil(lambda: dialog.verdict.text() == "The hub does not answer")
    assert dialog.form.texts["name"].text() == "HIS"
    assert presenter.form is dialog


def test_a_listed_route_opens_in_its_form(qtbot: QtBot, jobs: JobRunner) -> None:
    page, presenter = opened(qtbot, jobs, filled())

    page.edit_route.click()
    page.edit_route.click()

    qtbot.waitUntil(lambda: presenter.form is not None)
    assert presenter.form is not None
    assert presenter.form.form.texts["route_id"].text() == "qs-his"


def test_without_a_route_there_is_nothing_to_edit(qtbot: QtBot, jobs: JobRunner) -> None:
    page, presenter = opened(qtbot, jobs, FakeDispatch())
    page.show_all((), ())

    page._edit()

    assert presenter.form is None
    assert not page.edit_route.isEnabled()
