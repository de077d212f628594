"""Reports leave the hub encrypted to whom the route names, or not at all: real PACS, an MLLP receiver over TLS."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.helpers.consignments import HL7, consigned, template_of
from tests.helpers.dispatch import dispatched, dispatcher, drain, open_route, put_route, signed_case
from tests.helpers.hub import HubBed
from tests.helpers.mllp import Receiver, running_receiver
from tests.helpers.orthanc import free_port, running_orthanc
from tests.helpers.tls import DAY, Authority, Identity, answering, hub_folder
from workstation.domain.dispatch import DispatchState, Route, RouteKind
from workstation.domain.errors import NotTrusted, Unreachable, WorkstationError
from workstation.exchange.routes.c_store import CStoreCarrier
from workstation.exchange.routes.commitment_listener import CommitmentListener
from workstation.exchange.routes.mllp import Hl7Carrier
from workstation.exchange.routes.secure_lines import KEY_PASSWORD, SecureLines
from workstation.exchange.routes.stow import StowCarrier


@dataclass(frozen=True, slots=True)
class Bed:
    """Two authorities, the hub's certificates and those of the systems that answer."""

    site: Authority
    other: Authority
    folder: Path
    hub: Identity
    his: Identity

    @property
    def lines(self) -> SecureLines:
        return SecureLines(hub_folder(self.folder / "hub", self.site.certificate, self.hub))

    @property
    def nameless(self) -> SecureLines:
        """The hub without a certificate of its own."""
        return SecureLines(hub_folder(self.folder / "nameless", self.site.certificate))

    @property
    def stranger(self) -> SecureLines:
        """The hub with a certificate that the site does not trust."""
        return SecureLines(hub_folder(self.folder / "stranger", self.site.certificate, self.other.issue("stranger")))

    def mutual(self, one: Identity | None = None) -> ssl.SSLContext:
        return answering(one or self.his, self.site.certificate)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Bed:
    folder = tmp_path_factory.mktemp("tls")
    site, other = Authority(folder / "site"), Authority(folder / "other", "another CA")
    return Bed(site, other, folder, site.issue("hub"), site.issue("his"))


def over_tls(his: Receiver) -> Route:
    return replace(HL7, address=his.address, tls=True)


def carry(lines: SecureLines, route: Route) -> str:
    return Hl7Carrier(template_of, lines).carry(consigned(), route).proof


# HL7 over TLS


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_message_arrives_encrypted_where_both_sides_show_their_certificates(bed: Bed, newest: ssl.TLSVersion) -> None:
    with running_receiver(answering(bed.his, bed.site.certificate, newest)) as his:
        proof = carry(bed.lines, over_tls(his))

        assert proof == "AA CONTROL0000000000001"
        assert "王^燕" in his.texts[0]


def bad_identities(bed: Bed) -> dict[str, Identity]:
    return {
        "wrong authority": bed.other.issue("other-his"),
        "expired": bed.site.issue("expired", since=-3 * DAY, until=-DAY),
        "not yet valid": bed.site.issue("early", since=DAY, until=2 * DAY),
        "wrong host": bed.site.issue("elsewhere", "ris.beihe.example"),
    }


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wrong authority", "127.0.0.1 shows a certificate that the hub does not trust"),
        ("expired", "The certificate of 127.0.0.1 has expired"),
        ("not yet valid", "The certificate of 127.0.0.1 is not valid yet"),
        ("wrong host", "Whoever answers at 127.0.0.1 shows the certificate of another system"),
    ],
)
def test_nothing_is_sent_to_a_system_whose_certificate_does_not_hold(bed: Bed, kind: str, words: str) -> None:
    with running_receiver(answering(bad_identities(bed)[kind])) as his:
        with pytest.raises(NotTrusted) as told:
            carry(bed.lines, over_tls(his))

        assert told.value.user_text == words
        assert told.value.hint.endswith("Nothing was sent.")
        assert his.arrived == []


def test_nothing_is_sent_to_a_system_whose_certificate_was_revoked(bed: Bed, tmp_path: Path) -> None:
    folder = hub_folder(tmp_path, bed.site.certificate, bed.hub)
    (folder / "revoked.pem").write_bytes(bed.site.revoke(bed.his))

    with running_receiver(answering(bed.his)) as his:
        with pytest.raises(NotTrusted) as told:
            carry(SecureLines(folder), over_tls(his))

        assert told.value.user_text == "The certificate of 127.0.0.1 has been revoked"
        assert his.arrived == []


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_site_that_does_not_know_the_hub_says_so(bed: Bed, newest: ssl.TLSVersion) -> None:
    with running_receiver(answering(bed.his, bed.site.certificate, newest)) as his:
        told = [failure(lines, over_tls(his)) for lines in (bed.nameless, bed.stranger)]

        assert his.arrived == []
    assert {type(one) for one in told} == {NotTrusted}
    assert {one.user_text for one in told} == {"127.0.0.1 does not accept the hub's certificate"}


def failure(lines: SecureLines, route: Route) -> WorkstationError:
    with pytest.raises(WorkstationError) as told:
        carry(lines, route)
    return told.value


@contextmanager
def answers_with(words: bytes) -> Iterator[int]:
    """Somebody who does not speak TLS: answers the greeting with these words and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard: list[bytes] = []

        def once() -> None:
            line, _caller = server.accept()
            with line:
                heard.append(line.recv(65_536))
                line.sendall(words)

        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join(10)
    assert b"MSH" not in heard[0]
    assert heard[0][:1] == b"\x16"  # a TLS handshake record, nothing else


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NotTrusted, "127.0.0.1 does not speak TLS on this port"),
        (b"\x15\x03\x03\x00\x02\x02\x50", NotTrusted, "127.0.0.1 breaks off the TLS greeting"),  # internal_error
        (b"", Unreachable, "127.0.0.1 breaks off the TLS greeting"),  # as a system does that is being started
    ],
)
def test_a_system_that_does_not_take_the_greeting_gets_no_report(
    bed: Bed, words: bytes, kind: type[WorkstationError], told: str
) -> None:
    with answers_with(words) as port:
        found = failure(bed.lines, replace(HL7, address=f"127.0.0.1:{port}", tls=True))

    assert (type(found), found.user_text) == (kind, told)


def test_a_plain_receiver_that_waits_in_silence_gets_no_report(bed: Bed) -> None:
    with running_receiver() as his:
        found = failure(bed.lines, replace(over_tls(his), answer_timeout_s=0.5))

        assert his.arrived == []
    assert type(found) is Unreachable
    assert found.user_text == "127.0.0.1 does not answer the TLS greeting; it may expect plain text"


def test_outdated_encryption_is_refused(bed: Bed) -> None:
    old = answering(bed.his)
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("AES128-SHA:AES128-SHA256:ECDHE-ECDSA-AES128-SHA")  # no forward secrecy, or CBC with SHA-1

    with running_receiver(old) as his:
        found = failure(bed.lines, over_tls(his))

        assert his.arrived == []
    assert type(found) is NotTrusted


def test_a_route_may_have_certificates_of_its_own_and_a_locked_key(
    bed: Bed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hub_folder(tmp_path, bed.other.certificate)
    hub_folder(folder / "qs-his", bed.site.certificate, bed.site.issue("locked", password="opens"))

    with running_receiver(bed.mutual()) as his:
        locked = failure(SecureLines(folder), over_tls(his))
        monkeypatch.setenv(KEY_PASSWORD, "opens")
        proof = carry(SecureLines(folder), over_tls(his))

    assert (type(locked), locked.user_text) == (NotTrusted, "The hub's own TLS files cannot be used")
    assert proof == "AA CONTROL0000000000001"


def test_a_certificate_without_its_key_sends_nothing(bed: Bed, tmp_path: Path) -> None:
    folder = hub_folder(tmp_path, bed.site.certificate, bed.hub)
    (folder / "own.key").unlink()

    with running_receiver(bed.mutual()) as his:
        assert failure(SecureLines(folder), over_tls(his)).detail == "FileNotFoundError own.key"
        assert his.arrived == []


# through the hub to the page


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubBed]:
    with HubBed("sqlite", tmp_path_factory.mktemp("hub")) as made:
        yield made


def test_a_certificate_that_does_not_hold_becomes_a_dead_letter_in_words_and_is_sent_when_mended(
    bed: Bed, hub: HubBed
) -> None:
    carriers = {RouteKind.HL7: Hl7Carrier(template_of, bed.lines)}
    with running_receiver(answering(bed.site.issue("expired-his", since=-3 * DAY, until=-DAY))) as his:
        route = open_route(hub, "his-tls", address=his.address, tls=True)
        signed_case(hub)
        work = dispatcher(hub, carriers)
        drain(work)
        (waiting,) = dispatched(hub, route.route_id)
        hub.clock.ahead += timedelta(hours=1, minutes=1)
        drain(work)
        (dead,) = dispatched(hub, route.route_id)
        assert his.arrived == []

    words = "The certificate of 127.0.0.1 has expired Ask the site for a new one. Nothing was sent."
    assert (waiting.state, waiting.reason) == (DispatchState.WAITING, words)
    assert (dead.state, dead.reason) == (DispatchState.DEAD, words)

    with running_receiver(bed.mutual()) as his:
        put_route(hub, replace(route, address=his.address))
        hub.as_("admin").post(f"/api/dispatches/{dead.number}/retry")
        hub.clock.ahead += timedelta(minutes=2)
        drain(work)
        (sent,) = dispatched(hub, route.route_id)

        assert sent.state is DispatchState.DELIVERED
        assert len(his.arrived) == 1


# C-STORE over TLS


@contextmanager
def storescp(folder: Path, *options: str) -> Iterator[int]:
    """Run DCMTK's storage SCP on a free port until the end of the context."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    program = shutil.which("storescp")
    assert program is not None
    child = subprocess.Popen(
        [program, *options, "-aet", "ORTHANC", "-od", str(folder), "+B", str(port)],
        env=os.environ | {"TCP_NODELAY": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until_listening(port, child)
        yield port
    finally:
        child.terminate()
        child.wait(20)


def _until_listening(port: int, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert child.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)  # polls an outside process; the deadline above decides
        else:
            return
    raise AssertionError("storescp did not start")


def pacs(port: int) -> Route:
    return replace(
        HL7, kind=RouteKind.C_STORE, address=f"127.0.0.1:{port}", called_aet="ORTHANC", tls=True, commitment=False,
        answer_timeout_s=20.0,
    )  # fmt: skip


def encrypted(one: Identity, trusted: Path) -> tuple[str, ...]:
    return ("+tls", str(one.key), str(one.certificate), "+cf", str(trusted), "--profile-bcp195-nd")


def stored(folder: Path) -> dict[str, str]:
    found = [dcmread(path) for path in folder.iterdir()]
    return {one.SOPInstanceUID: str(one).split("-----\n")[-1] for one in found}


def wanted(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "wanted"
    folder.mkdir()
    for one in consigned().objects:
        (folder / one.sop_instance_uid).write_bytes(one.read())
    return stored(folder)


def store(lines: SecureLines, route: Route) -> str:
    return CStoreCarrier(CommitmentListener(), lines).carry(consigned(), route).proof


def test_dcmtk_stores_every_object_over_tls_with_both_certificates_shown(bed: Bed, tmp_path: Path) -> None:
    with storescp(tmp_path / "pacs", *encrypted(bed.his, bed.site.certificate)) as port:
        assert "3" in store(bed.lines, pacs(port))

    assert stored(tmp_path / "pacs") == wanted(tmp_path)


def test_dcmtk_stores_nothing_of_a_hub_that_it_does_not_know(bed: Bed, tmp_path: Path) -> None:
    with storescp(tmp_path / "pacs", *encrypted(bed.his, bed.site.certificate)) as port:
        for lines in (bed.nameless, bed.stranger):
            with pytest.raises(NotTrusted, match="ALERT") as told:
                store(lines, pacs(port))
            assert told.value.user_text == "127.0.0.1 does not accept the hub's certificate"

    assert list((tmp_path / "pacs").iterdir()) == []


@pytest.mark.parametrize("kind", ["wrong authority", "expired", "wrong host"])
def test_dcmtk_with_a_certificate_that_does_not_hold_gets_nothing(bed: Bed, tmp_path: Path, kind: str) -> None:
    bad = bad_identities(bed)[kind]
    with (
        storescp(tmp_path / "pacs", *encrypted(bad, bed.site.certificate)) as port,
        pytest.raises(NotTrusted, match=r"X\.509"),
    ):
        store(bed.lines, pacs(port))

    assert list((tmp_path / "pacs").iterdir()) == []


def test_dcmtk_in_plain_text_gets_nothing(bed: Bed, tmp_path: Path) -> None:
    with storescp(tmp_path / "pacs") as port, pytest.raises(Unreachable) as told:
        store(bed.lines, pacs(port))

    assert "It may expect plain text" in told.value.hint
    assert "Nothing was sent" in told.value.hint
    assert list((tmp_path / "pacs").iterdir()) == []


@pytest.mark.orthanc
def test_a_pacs_commits_itself_over_tls_on_a_call_of_its_own(bed: Bed, tmp_path: Path) -> None:
    listener = CommitmentListener(0, lines=bed.lines)
    port = listener.start()
    known = {
        "AET": "LIANYUE", "Host": "127.0.0.1", "Port": port, "AllowEcho": True, "AllowStore": True,
        "AllowStorageCommitment": True, "UseDicomTls": True,
    }  # fmt: skip
    settings = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(bed.his.certificate),
        "DicomTlsPrivateKey": str(bed.his.key),
        "DicomTlsTrustedCertificates": str(bed.site.certificate),
        "DicomTlsRemoteCertificateRequired": True,
    }
    try:
        with running_orthanc(tmp_path, {"lianyue": known}, **settings) as server:
            carrier = CStoreCarrier(CommitmentListener(), bed.lines, listener)
            proof = carrier.carry(consigned(), replace(pacs(server.dicom_port), commitment=True)).proof
            held = server.instances()
    finally:
        listener.stop()

    assert proof == "3 objects stored and committed"
    assert held == {one.sop_instance_uid for one in consigned().objects}


def first_byte(line: socket.socket) -> bytes:
    try:
        return line.recv(1)
    except ConnectionResetError:
        return b""


def test_a_caller_without_a_certificate_or_without_words_does_not_hold_up_commitments(bed: Bed) -> None:
    listener = CommitmentListener(0, lines=bed.lines)
    port = listener.start()
    assert port is not None
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            plain.sendall(b"\x01\x00\x00\x00\x00\x04....")
            assert first_byte(plain) in {b"", b"\x15"}  # the end or an alert of TLS, never an A-ASSOCIATE-AC
        with socket.create_connection(("127.0.0.1", port), 5) as known:
            line = bed.lines.calling(HL7).wrap_socket(known, server_hostname="127.0.0.1")
            assert line.version() in {"TLSv1.2", "TLSv1.3"}
            line.close()
    finally:
        listener.stop()


def test_a_hub_without_certificates_hears_no_encrypted_commitments(tmp_path: Path) -> None:
    with pytest.raises(NotTrusted):
        CommitmentListener(0, lines=SecureLines(tmp_path)).start()


# HTTPS


def test_an_archive_whose_certificate_does_not_hold_gets_nothing(bed: Bed) -> None:
    with running_receiver(answering(bad_identities(bed)["wrong authority"])) as archive:
        route = replace(HL7, kind=RouteKind.STOW, address=f"https://{archive.address}/dicom-web")
        with pytest.raises(NotTrusted) as told:
            StowCarrier(bed.lines).carry(consigned(), route)

    assert told.value.user_text == "127.0.0.1 shows a certificate that the hub does not trust"
    assert archive.arrived == []
