"""From the hub to the systems of a site: routes, what is carried on them, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from workstation.domain.report import Report
from workstation.domain.site import Site
from workstation.domain.template import Code

_HOST_AND_PORT: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
_URL: Final = re.compile(r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?")
_FOLDER: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AE_TITLE: Final = re.compile(r"[\x21-\x5b\x5d-\x7e]([\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
_SECRET_NAME: Final = re.compile(r"[A-Z0-9_]{1,64}")
_LAST_PORT: Final = 65_535
_LONGEST_WAIT_S: Final = 120.0
_MOST_ATTEMPTS: Final = 1000


class RouteKind(StrEnum):
    """How a site takes its reports."""

    HL7 = "hl7"
    """ORU^R01 over MLLP."""
    FHIR = "fhir"
    """A transaction to an R4 server."""
    C_STORE = "c_store"
    """The signed objects into the site's PACS."""
    STOW = "stow"
    """The signed objects into a DICOMweb archive."""
    FOLDER = "folder"
    """Files in a folder that the site collects."""


PRELIMINARY_KINDS: Final = frozenset({RouteKind.HL7, RouteKind.FHIR})
"""Where a receiver can tell what is preliminary, and what takes its place; an archive keeps all for ever."""


class Charset(StrEnum):
    """The characters that the receiver of an HL7 message reads; what it cannot hold is refused, never replaced."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"
    GBK = "gbk"


class RouteFault(StrEnum):
    """What may be wrong with a part of a route."""

    NO_IDENTIFIER = "no_identifier"
    NO_NAME = "no_name"
    NO_ADDRESS = "no_address"
    NO_AE_TITLE = "no_ae_title"
    NO_CREDENTIAL_NAME = "no_credential_name"
    USER_ALONE = "user_alone"
    NO_PRELIMINARY = "no_preliminary"
    TIMEOUT_OUT_OF_RANGE = "timeout_out_of_range"
    ATTEMPTS_OUT_OF_RANGE = "attempts_out_of_range"


_SAID: Final = {
    RouteFault.NO_IDENTIFIER: "route and site are named by letters, digits, dot, dash and underscore",
    RouteFault.NO_NAME: "a route has a name",
    RouteFault.NO_ADDRESS: "no address of this kind",
    RouteFault.NO_AE_TITLE: "an AE title has 1 to 16 characters and no backslash",
    RouteFault.NO_CREDENTIAL_NAME: "a secret is named by capitals, digits and underscore",
    RouteFault.USER_ALONE: "a user needs the name of a secret",
    RouteFault.NO_PRELIMINARY: "this kind takes no preliminary reports",
    RouteFault.ATTEMPTS_OUT_OF_RANGE: f"it is tried up to {_MOST_ATTEMPTS} times",
    RouteFault.TIMEOUT_OUT_OF_RANGE: f"the answer is awaited up to {_LONGEST_WAIT_S:.0f} s",
}


class RouteParts(Protocol):
    """What a route is made of, before it is known to be one."""

    @property
    def route_id(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def site_id(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def kind(self) -> RouteKind: ...  # noqa: D102 - as in Route
    @property
    def name(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def address(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def called_aet(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def calling_aet(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def user(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def secret_name(self) -> str: ...  # noqa: D102 - as in Route
    @property
    def preliminary(self) -> bool: ...  # noqa: D102 - as in Route
    @property
    def answer_timeout_s(self) -> float: ...  # noqa: D102 - as in Route
    @property
    def most_attempts(self) -> int: ...  # noqa: D102 - as in Route


def route_faults(one: RouteParts) -> dict[str, RouteFault]:
    """Return what keeps the parts from being a route, by the name of the part."""
    archive = one.kind is RouteKind.C_STORE
    wrong = {
        "route_id": (RouteFault.NO_IDENTIFIER, not _IDENTIFIER.fullmatch(one.route_id)),
        "site_id": (RouteFault.NO_IDENTIFIER, not _IDENTIFIER.fullmatch(one.site_id)),
        "name": (RouteFault.NO_NAME, not one.name.strip()),
        "address": (RouteFault.NO_ADDRESS, not _is_address(one.kind, one.address)),
        "called_aet": (RouteFault.NO_AE_TITLE, archive and not _AE_TITLE.fullmatch(one.called_aet)),
        "calling_aet": (RouteFault.NO_AE_TITLE, archive and not _AE_TITLE.fullmatch(one.calling_aet)),
        "user": (RouteFault.USER_ALONE, bool(one.user) and not one.secret_name),
        "secret_name": (
            RouteFault.NO_CREDENTIAL_NAME,
            bool(one.secret_name) and not _SECRET_NAME.fullmatch(one.secret_name),
        ),
        "preliminary": (RouteFault.NO_PRELIMINARY, one.preliminary and one.kind not in PRELIMINARY_KINDS),
        "answer_timeout_s": (RouteFault.TIMEOUT_OUT_OF_RANGE, not 0 < one.answer_timeout_s <= _LONGEST_WAIT_S),
        "most_attempts": (RouteFault.ATTEMPTS_OUT_OF_RANGE, not 0 <= one.most_attempts <= _MOST_ATTEMPTS),
    }
    return {where: fault for where, (fault, is_wrong) in wrong.items() if is_wrong}


@dataclass(frozen=True, slots=True)
class Route:
    """
    One way to one site; nothing leaves the hub but on an enabled route of the study's own site.

    ``address`` is host:port (HL7, C-STORE), the base URL (FHIR, STOW) or the name of a folder below the
    hub's own drop folder. ``secret_name`` names the environment variable ``LIANYUE_ROUTE_<name>`` of the
    dispatching process that holds the password of ``user`` (or a bearer token where there is no user), so
    that no password is ever stored with the route. ``addendum_as_final`` sends an addendum as F instead of C.
    ``preliminary`` also sends what a reader submitted and nobody has signed yet (HL7 and FHIR, which have a word
    for it); what is signed takes its place.
    """

    route_id: str
    site_id: str
    kind: RouteKind
    name: str
    address: str
    enabled: bool = True
    tls: bool = False
    charset: Charset = Charset.UTF_8
    receiving_application: str = ""
    receiving_facility: str = ""
    addendum_as_final: bool = False
    patient_system: str = ""
    """FHIR: the URI under which the site's own server knows Patient IDs."""
    accession_system: str = ""
    called_aet: str = ""
    calling_aet: str = "LIANYUE"
    commitment: bool = True
    """C-STORE: delivered only once the archive has committed itself to keep the objects."""
    user: str = ""
    secret_name: str = ""
    answer_timeout_s: float = 30.0
    preliminary: bool = False
    most_attempts: int = 0
    """After so many refusals that may pass a person is asked; 0 leaves it to the hub."""

    def __post_init__(self) -> None:
        for where, fault in route_faults(self).items():
            raise ValueError(f"{where} {getattr(self, where)!r}: {_SAID[fault]}")

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Return where to connect. ValueError for a route that has a URL or a folder."""
        if self.kind not in {RouteKind.HL7, RouteKind.C_STORE}:
            raise ValueError(f"{self.kind} has no port")
        host, _, port = self.address.rpartition(":")
        return host.strip("[]"), int(port)


def _is_address(kind: RouteKind, address: str) -> bool:
    if kind in {RouteKind.HL7, RouteKind.C_STORE}:
        found = _HOST_AND_PORT.fullmatch(address)
        return found is not None and 0 < int(found.group(1)) <= _LAST_PORT
    if kind is RouteKind.FOLDER:
        return _FOLDER.fullmatch(address) is not None
    return _URL.fullmatch(address) is not None


class DispatchState(StrEnum):
    """How far one report has come on one route."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Refused for good, or tried long enough: a person has to decide."""
    GIVEN_UP = "given_up"
    """A person decided that it will not be sent on this route."""
    SUPERSEDED = "superseded"
    """Had not arrived when something later took its place, or took it back."""


ALLOWED_DISPATCH_TRANSITIONS: Final = {
    DispatchState.WAITING: frozenset({DispatchState.DELIVERED, DispatchState.DEAD, DispatchState.SUPERSEDED}),
    DispatchState.DEAD: frozenset({DispatchState.WAITING, DispatchState.GIVEN_UP, DispatchState.SUPERSEDED}),
    DispatchState.DELIVERED: frozenset[DispatchState](),
    DispatchState.GIVEN_UP: frozenset[DispatchState](),
    DispatchState.SUPERSEDED: frozenset({DispatchState.DELIVERED}),  # it was under way, and arrived
}


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One report on one route, as the administrator sees it: nothing in it names the patient."""

    number: int
    route_id: str
    route_name: str
    kind: RouteKind
    site_id: str
    site_name: str
    study_instance_uid: str
    report_uid: str
    report_state: str
    control_id: str
    state: DispatchState
    attempts: int
    queued_at: datetime
    due_at: datetime
    reason: str = ""
    """Why the last attempt failed, in words; empty after success."""
    delivered_at: datetime | None = None
    proof: str = ""
    """What the receiver answered."""
    modality: str = ""
    studied: datetime | None = None
    """The study, by what a site finds it by and what names nobody"""
    beneath: str = ""
    """What lies beneath a PET in the same study, CT or MR"""

    def may_become(self, state: DispatchState) -> bool:
        """Tell whether the table allows the step."""
        return state in ALLOWED_DISPATCH_TRANSITIONS[self.state]


@dataclass(frozen=True, slots=True)
class RouteStatus:
    """A route, and how it does: what waits on it, what is dead, and since when its receiver is away."""

    route: Route
    site_name: str
    waiting: int = 0
    dead: int = 0
    delivered: int = 0
    trouble: str = ""
    """What the last attempt at the whole route came to, empty while it works."""
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver's answer that proves a delivery; never a patient's name."""

    proof: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    When a failed delivery is tried again, and when a person is asked.

    ``most_attempts`` counts refusals that may pass; a receiver that cannot be reached at all is waited
    for until ``patience`` is over, because a cut line over a weekend is nobody's decision. A certificate that is not
    trusted mends itself seldom: ``trust_patience`` is shorter, so that a person hears of it the same day.
    """

    first_s: float = 2.0
    last_s: float = 60.0
    most_attempts: int = 12
    patience: timedelta = timedelta(days=7)
    trust_patience: timedelta = timedelta(hours=1)

    def delay(self, attempts: int, spread: float) -> timedelta:
        """Return the pause after the n-th failed attempt (from 1); ``spread`` in [0, 1) is the jitter."""
        whole = min(self.last_s, self.first_s * 2.0 ** min(attempts - 1, 32))
        return timedelta(seconds=whole * (0.5 + 0.5 * spread))


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Whom the study shows, as stored with the images; ``name`` is a DICOM person name, ``birth_date`` YYYYMMDD."""

    patient_id: str
    name: str
    sex: str = ""
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class StudiedInstance:
    """One image that the report is about."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class StudiedSeries:
    """One series that the report is about."""

    series_instance_uid: str
    modality: str
    instances: tuple[StudiedInstance, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """The examination, as stored with the images."""

    study_instance_uid: str
    accession_number: str = ""
    modality: str = ""
    description: str = ""
    studied: datetime | None = None
    series: tuple[StudiedSeries, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedObject:
    """One stored object of the report; ``read`` fetches its Part 10 bytes when they are needed."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    read: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CriticalFlag:
    """
    A critical value that the report states: its level (CID 7035) and when the receiver was told, if he was.

    ``critical_uid`` tells it from others of its level; ``text`` is what was called through, ``finding`` its code.
    """

    code: str
    scheme: str
    meaning: str
    communicated_at: datetime | None = None
    critical_uid: str = ""
    text: str = ""
    finding: Code | None = None


@dataclass(frozen=True, slots=True)
class FormerReport:
    """A version of a report that may have reached the site before; ``template`` as in the consignment."""

    report: Report
    critical: tuple[CriticalFlag, ...] = ()
    template: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Consignment:
    """
    Everything that one route needs to carry one report.

    ``control_id`` is the same at every attempt, and ``report_root`` the same for every later version of the
    report: receivers know a repetition by the one and a correction by the other.
    """

    control_id: str
    report: Report
    report_root: str
    site_name: str
    patient: PatientFacts
    study: StudyFacts
    objects: tuple[SignedObject, ...]
    critical: tuple[CriticalFlag, ...] = ()
    template: str = field(default="", repr=False)
    """The shared template that the report was written with, as JSON text, where the hub has it"""
    former: tuple[FormerReport, ...] = ()
    """The versions that may have arrived on this route before, oldest first"""


class Carrier(Protocol):
    """Brings a report to a site in one way; safe from any thread, and to be repeated after any failure."""

    def carry(self, consignment: Consignment, route: Route) -> Receipt:
        """
        Return only with the receiver's own proof.

        Raises:
            Undeliverable: it will never be taken as it is (a person has to decide).
            Unreachable: the receiver does not answer; NotTrusted where no line comes about that both trust.
            SourceError, StorageError: it may work later.
        """
        ...


RouteChecks: TypeAlias = Mapping[RouteKind, Callable[[Route], str]]
"""Ask a receiver whether it would take reports, and send none; the answer in words, or an error as of a carrier."""


@dataclass(frozen=True, slots=True)
class RouteVerdict:
    """What a check of a route came to, in the words of the hub."""

    works: bool
    words: str
    hint: str = ""


Carriers: TypeAlias = Mapping[RouteKind, Carrier]


class DispatchPort(Protocol):
    """The administrator's side of the dispatch. Every method may raise NotPermitted, Unreachable, Refused."""

    def routes(self) -> list[RouteStatus]:
        """Return every route with what stands on it."""
        ...

    def put_route(self, route: Route) -> Route:
        """Make or change a route."""
        ...

    def check_route(self, route: Route) -> RouteVerdict:
        """Let the hub ask the receiver of a route, saved or not; no report is sent."""
        ...

    def sites(self) -> list[Site]:
        """Return the sites that a route may lead to."""
        ...

    def dispatches(self) -> list[Dispatch]:
        """Return what was put on routes: what needs a person first."""
        ...

    def send_again(self, number: int) -> Dispatch:
        """Try a dead one anew. Raises NoLongerUpdatable."""
        ...

    def give_up(self, number: int, reason: str) -> Dispatch:
        """Let go of a dead one. Raises NoLongerUpdatable."""
        ...


class TimelinePort(Protocol):
    """What became of a report."""

    def timeline(self, ups_instance_uid: str) -> list[TimelineEvent]:
        """Return what happened to the reports of a case, oldest first. Raises Unreachable, Refused."""
        ...


class TimelineStep(StrEnum):
    """What happened to a report after its signature."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    SIGNED = "signed"
    STORED = "stored"
    QUEUED = "queued"
    FAILED = "failed"
    DELIVERED = "delivered"
    DEAD = "dead"
    SENT_AGAIN = "sent_again"
    GIVEN_UP = "given_up"
    SUPERSEDED = "superseded"
    ACKNOWLEDGED = "acknowledged"
    UNSTAMPED = "unstamped"
    """Taken without a time stamp: the authority was silent."""
    STAMPED = "stamped"
    CRITICAL_RECOGNISED = "critical_recognised"
    CRITICAL_TRIED = "critical_tried"
    """Somebody called and reached nobody."""
    CRITICAL_CALLED = "critical_called"
    CRITICAL_READ_BACK = "critical_read_back"
    CRITICAL_ACKNOWLEDGED = "critical_acknowledged"
    CRITICAL_REMINDED = "critical_reminded"
    CRITICAL_ESCALATED = "critical_escalated"
    CRITICAL_CLOSED = "critical_closed"
    CRITICAL_DISMISSED = "critical_dismissed"


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """
    One line of a report's time-line; ``who`` is a person's name, ``route`` a route's.

    For a critical value ``route`` is the receiver of a call, and ``detail`` what was found or why it ended.
    """

    at: datetime
    step: TimelineStep
    who: str = ""
    route: str = ""
    detail: str = ""
