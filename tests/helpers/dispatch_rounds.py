"""
Kill -9 at every step from a signature to the receiver's acknowledgement, round after round.

One process runs the senior's outbox, a whole hub (HTTP, SQLite, archive) and its dispatcher; it recovers
what the former round left, does one more report, and is killed at the step of its round. A receiver in a process of
its own keeps, synced before it acknowledges, what arrived. What holds is judged from outside, by SQLite and
by the receiver's file. One report before the rounds is left in peace: what is imported and compiled for it, and nothing
else, is what the processes of the rounds begin with.

``make kill-rounds`` runs five hundred rounds and prints what came of them.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import os
import random
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.helpers.dispatch import ENHANCED_SR, PDF
from tests.helpers.hub import digests, new_uid, result_file, study_files
from tests.helpers.hub_reports import EXPERT, new_report
from tests.helpers.memory_disk import memory_folder
from tests.helpers.mllp import ack, control_id
from worklist.hub import report_service
from worklist.hub.archive import open_archive
from worklist.hub.consignments import Consignments
from worklist.hub.context import HubContext
from worklist.hub.dispatcher import Dispatcher
from worklist.hub.embedded import EmbeddedHub, HubSettings
from worklist.hub.report_service import ReportService
from workstation.bootstrap.adapters import Hub, connect
from workstation.domain.dispatch import Consignment, Receipt, Route, RouteKind
from workstation.domain.report import ReportState
from workstation.domain.signature import SignedArtefact
from workstation.domain.workitem import Claim
from workstation.exchange.routes.mllp import Hl7Carrier
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.claim_check import CheckClaim
from workstation.services.delivery_service import DeliverReports
from workstation.services.jobs import NoJob
from workstation.services.uid import SystemClock
from workstation.storage.drafts import DraftStore
from workstation.storage.outbox import Outbox

STEPS: Final = (
    "signed", "enqueued", "stored", "in the hub's transaction", "committed", "finalised", "confirmed",
    "leased", "built", "at the receiver", "acknowledgement lost", "carried", "recorded",
)  # fmt: skip
"""Where a round dies; at "acknowledgement lost" the line is cut instead of the process."""
KEY: Final = bytes(range(32))
LEASE: Final = timedelta(milliseconds=1)
PATIENCE_S: Final = 60.0
TEMPLATES: Final = TemplateLibrary()


@dataclass(frozen=True)
class Bed:
    """What the rounds share."""

    root: Path
    port: int

    @property
    def arrived(self) -> Path:
        return self.root / "arrived.jsonl"

    @property
    def deadly(self) -> Path:
        """Says what the receiver does with its next message: kill this process, or cut its line."""
        return self.root / "deadly"


class Round:
    """One life of the process under test."""

    def __init__(self, bed: Bed, dies_at: str) -> None:
        self.bed, self.dies_at = bed, dies_at
        self.armed = False

    def step(self, name: str) -> None:
        if self.armed and name == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def live(self, say: Callable[[str], object], *, one_more: bool) -> None:
        """Recover what is left, tell so, then sign one more report and bring it to its end."""
        self._hook_the_hub()
        hub = EmbeddedHub(HubSettings(self.bed.root / "hub", demo_users=True))
        with hub, connect(hub.url) as client:
            app: Any = hub._server.config.app  # type: ignore[union-attr]  # it runs
            client.client.authorise(app.state.accounts.open_session("expert").token)
            client.session._actor = client.session._client.ask(_ACTOR, "GET", "/api/session")
            context: HubContext = app.state.hub
            self._open_route(app)
            outbox = Outbox(self.bed.root / "outbox.sqlite", KEY)
            work = self._dispatcher(context)
            drafts = self.bed.root / "draft"
            if drafts.exists():  # the signature died before its outbox: the draft is still there
                self._sign(client, outbox, drafts)
            self._bring_home(client, outbox, work)
            say("recovered")
            if one_more:
                self._begin(app, client, drafts)
                self.armed = True
                self._sign(client, outbox, drafts)
                self._bring_home(client, outbox, work)
            outbox.close()

    def _hook_the_hub(self) -> None:
        hooked = vars(report_service)
        inside, finalise = hooked["enqueue"], ReportService.finalise

        def enqueue(*given: Any, **named: Any) -> int:  # noqa: ANN401 - as the original
            count: int = inside(*given, **named)
            self.step("in the hub's transaction")
            return count

        def finalised(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as the original
            report = finalise(*given, **named)
            self.step("committed")
            return report

        hooked["enqueue"] = enqueue
        ReportService.finalise = finalised  # type: ignore[method-assign]  # hooked in this process only

    def _open_route(self, app: Any) -> None:  # noqa: ANN401 - our FastAPI app
        from worklist.hub.dispatch_service import DispatchService  # noqa: PLC0415 - one use
        from workstation.domain.access import Actor, Role  # noqa: PLC0415 - ditto

        admin = Actor("admin", "系统管理员", Role.ADMIN, "")
        route = Route("his", "qingshui", RouteKind.HL7, "HIS", f"127.0.0.1:{self.bed.port}", answer_timeout_s=30.0)
        desk = DispatchService(app.state.hub)
        if [status.route for status in desk.routes(admin)] != [route]:
            desk.put_route(admin, route)

    def _dispatcher(self, context: HubContext) -> Dispatcher:
        carrier = Hl7Carrier(TEMPLATES.get)
        bed, round_ = self.bed, self

        class Carrier:
            def carry(self, consignment: Consignment, route: Route) -> Receipt:
                if round_.armed and round_.dies_at in {"at the receiver", "acknowledgement lost"}:
                    word = str(os.getpid()) if round_.dies_at == "at the receiver" else "cut"
                    bed.deadly.write_text(word, encoding="ascii")
                    round_.armed = round_.dies_at == "at the receiver"
                return carrier.carry(consignment, route)

        consignments = Consignments(context, open_archive(context.data_dir))
        return Dispatcher(context, consignments, {RouteKind.HL7: Carrier()}, lease=LEASE, step=self.step,
                          spread=lambda: 0.0)  # fmt: skip

    def _begin(self, app: Any, client: Hub, draft: Path) -> None:  # noqa: ANN401 - our FastAPI app
        """Send a study as the technician and claim it as the senior."""
        study = new_uid()
        files = study_files(study, 1)
        with connect(client.client.url) as sender:
            sender.client.authorise(app.state.accounts.open_session("technician").token)
            sender.client.request("POST", "/api/requests", json={"study_instance_uid": study, "priority": "LOW",
                                                                 "expected_instances": 1})  # fmt: skip
            sender.images.store(study, list(files.values()))
            answer = sender.client.request(
                "POST", f"/api/requests/{study}/complete", json={"instances": digests(files)}
            ).json()
        claim = client.worklist.claim(answer["ups_instance_uid"], new_uid())
        told = {"study": study, "ups": claim.ups_instance_uid, "lock": claim.transaction_uid, "report": new_uid()}
        part = draft.with_suffix(".part")
        part.write_text(json.dumps(told), encoding="ascii")
        part.replace(draft)

    def _sign(self, client: Hub, outbox: Outbox, draft: Path) -> None:
        told = json.loads(draft.read_text(encoding="ascii"))
        now = datetime.now(UTC)
        drafted = new_report(told["study"], told["ups"], told["report"], author=EXPERT)
        final = replace(drafted.moved(ReportState.FINAL, at=now), verifier=EXPERT, signed_at=now)
        artefacts = []
        for kind, sop_class in (("report_sr", ENHANCED_SR), ("report_pdf", PDF)):
            series = new_uid()
            uid, content = result_file(told["study"], series, sop_class)
            digest = hashlib.sha256(content).hexdigest()
            artefacts.append(SignedArtefact(kind, told["study"], series, sop_class, uid, content, digest))
        self.step("signed")
        outbox.enqueue(final, Claim(told["ups"], told["lock"]), artefacts)
        self.step("enqueued")
        draft.unlink(missing_ok=True)

    def _bring_home(self, client: Hub, outbox: Outbox, work: Dispatcher) -> None:
        store, reports, box = client.images, client.reports, outbox
        deliver = DeliverReports(
            outbox=_Stepped(box, {"confirmed": lambda: self.step("confirmed")}),
            store=_Stepped(store, {"store": lambda: self.step("stored")}),
            reports=_Stepped(reports, {"finalise": lambda: self.step("finalised")}),
            session=client.session,
            audit=client.audit,
            clock=_Ahead(),
            drafts=DraftStore(self.bed.root / "drafts", KEY, editor=lambda: "expert"),
            check_claim=CheckClaim(client.worklist),
            new_uid=new_uid,
        )
        deadline = time.monotonic() + PATIENCE_S
        while outbox.waiting():
            outcome = deliver(NoJob())
            if outcome.refused or time.monotonic() > deadline:
                raise AssertionError(f"the hub refused: {outcome}")
        while undelivered(self.bed):
            if time.monotonic() > deadline:
                raise AssertionError("the dispatcher did not come to an end")
            if not work.run_once():
                with work.context.write() as connection:  # nobody waits for a back-off here
                    connection.exec_driver_sql("UPDATE routes SET held_until = NULL, lease_until = NULL")


class _Ahead(SystemClock):
    """Every pause of the outbox is over."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=2)


class _Stepped:
    """Another object, with something done after some of its methods."""

    def __init__(self, inner: object, after: dict[str, Callable[[], object]]) -> None:
        self._inner, self._after = inner, after

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a proxy
        method = getattr(self._inner, name)
        if name not in self._after:
            return method

        def called(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - a proxy
            answer = method(*given, **named)
            self._after[name]()
            return answer

        return called


def receive(bed: Bed, listener: socket.socket) -> None:
    """Keep what arrives, synced, then acknowledge it; or do to the sender what ``deadly`` says, and not."""
    log = os.open(bed.arrived, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    while True:
        line, _peer = listener.accept()
        with line, contextlib.suppress(OSError):
            seen = b""
            while b"\x1c\r" not in seen:
                part = line.recv(65_536)
                if not part:
                    break
                seen += part
            if b"\x1c\r" not in seen:
                continue
            message = seen[1 : seen.index(b"\x1c\r")]
            known = control_id(message)
            kept = {"id": known, "digest": hashlib.sha256(message).hexdigest()}
            os.write(log, json.dumps(kept).encode() + b"\n")
            os.fsync(log)
            word = bed.deadly.read_text(encoding="ascii") if bed.deadly.exists() else ""
            if word:
                bed.deadly.unlink()
                if word != "cut":
                    os.kill(int(word), signal.SIGKILL)
                continue
            line.sendall(b"\x0b" + ack("AA", known).encode() + b"\x1c\r")


def undelivered(bed: Bed) -> int:
    with contextlib.closing(sqlite3.connect(bed.root / "hub" / "hub.sqlite3")) as database:
        (count,) = database.execute("SELECT count(*) FROM dispatches WHERE state <> 'delivered'").fetchone()
    return int(count)


@dataclass(frozen=True)
class Verdict:
    """What the rounds came to; all but the first three and the last must be 0."""

    reports: int
    killed: int
    arrivals: int
    lost: int
    doubled: int
    altered: int
    unproven: int
    steps: dict[str, int]


def judge(bed: Bed, killed: Counter[str]) -> Verdict:
    """Compare, from outside, what was signed with what the hub and the receiver hold."""
    arrivals = [json.loads(line) for line in bed.arrived.read_text(encoding="ascii").splitlines()]
    with contextlib.closing(sqlite3.connect(bed.root / "hub" / "hub.sqlite3")) as database:
        final = {uid for (uid,) in database.execute("SELECT report_uid FROM reports WHERE state = 'final'")}
        sent = list(database.execute("SELECT report_uid, control_id, state FROM dispatches"))
        (whole,) = database.execute("PRAGMA integrity_check").fetchone()
        cases = database.execute("SELECT count(*) FROM cases").fetchone()[0]
    with contextlib.closing(sqlite3.connect(bed.root / "outbox.sqlite")) as database:
        signed = {uid for (uid,) in database.execute("SELECT report_uid FROM delivery")}
    assert whole == "ok"
    assert len(signed) == cases
    unique = Counter(one["id"] for one in {(one["id"], one["digest"]): one for one in arrivals}.values())
    by_report = Counter(uid for uid, _control, _state in sent)
    return Verdict(
        reports=len(signed),
        killed=sum(killed.values()),
        arrivals=len(arrivals),
        lost=len(signed - final) + sum(control not in unique for _uid, control, _state in sent),
        doubled=sum(count - 1 for count in by_report.values()) + len(unique.keys() - {row[1] for row in sent}),
        altered=sum(count - 1 for count in unique.values()),
        unproven=sum(state != "delivered" for _uid, _control, state in sent) + len(final - set(by_report)),
        steps=dict(killed),
    )


def run(rounds: int, root: Path, *, seed: int = 4) -> Verdict:
    """Run the rounds, every step equally often in an order of chance, and judge."""
    listener = socket.create_server(("127.0.0.1", 0))
    bed = Bed(root, listener.getsockname()[1])
    receiver = _forked(lambda: receive(bed, listener))
    killed: Counter[str] = Counter()
    try:
        _prepare(bed)
        chance = random.Random(seed)
        order: list[str] = []
        while len(order) < rounds:
            order += chance.sample(STEPS, len(STEPS))
        for number, dies_at in enumerate(order[:rounds], 1):
            if number % 100 == 0:
                print(f"{number} of {rounds}", file=sys.stderr, flush=True)  # noqa: T201 - somebody waits for it
            status = _lived(bed, dies_at, one_more=True)
            died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            if died is (dies_at == "acknowledgement lost") or (not died and status):
                raise AssertionError(f"{dies_at}: the process ended with {status}")
            killed[dies_at] += 1
        if _lived(bed, "", one_more=False):
            raise AssertionError("the last recovery failed")
        return judge(bed, killed)
    finally:
        os.kill(receiver, signal.SIGKILL)
        os.waitpid(receiver, 0)
        listener.close()


def _prepare(bed: Bed) -> None:
    """Make once what every life would make anew: imports, schemas, queries. Connections are each life's own."""
    import worklist.hub.app  # noqa: PLC0415 - its imports are heavy, and only the rounds need them here

    TEMPLATES.all()
    app = worklist.hub.app.create_hub(HubSettings(bed.root / "hub", demo_users=True))
    worklist.hub.app.create_hub = lambda *_given, **_named: app
    begin = app.router.lifespan_context
    app.router.lifespan_context = _idle  # the threads of a hub begin once, in the life that has them
    Round(bed, "").live(lambda _word: None, one_more=True)
    app.router.lifespan_context = begin
    app.state.hub.engine.dispose()
    if threading.active_count() > 1:
        raise AssertionError(f"{threading.enumerate()} would not live on in the processes of the rounds")
    gc.collect()
    gc.freeze()


@contextlib.asynccontextmanager
async def _idle(_app: object) -> AsyncIterator[None]:
    yield


def _lived(bed: Bed, dies_at: str, *, one_more: bool) -> int:
    child = _forked(lambda: Round(bed, dies_at).live(lambda _word: None, one_more=one_more))
    return os.waitpid(child, 0)[1]


def _forked(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - told by the exit status, and on standard error
        import traceback  # noqa: PLC0415 - of a child that fails

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _actor_adapter() -> Any:  # noqa: ANN401 - pydantic's adapter
    from pydantic import TypeAdapter  # noqa: PLC0415 - one use

    from workstation.domain.access import Actor  # noqa: PLC0415 - ditto

    return TypeAdapter(Actor)


_ACTOR: Final = _actor_adapter()


def main(arguments: Sequence[str]) -> int:
    """Print the verdict; 0 only when nothing was lost or doubled."""
    rounds = int(arguments[0]) if arguments else len(STEPS)
    started = time.monotonic()
    with memory_folder() as folder:
        verdict = run(rounds, folder)
    told = {**verdict.__dict__, "seconds": round(time.monotonic() - started, 1)}
    print(json.dumps(told))  # noqa: T201 - the command's output
    return int(any((verdict.lost, verdict.doubled, verdict.altered, verdict.unproven)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
