"""Debian's Orthanc as a child process: free ports, its own folder, authentication on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_PATIENCE_S = 60
"""A deletion or a shutdown takes many seconds on a machine that runs other tests too."""
_STARTS = 3
_USER, _PASSWORD = "archive", "loopback-only"  # a throw-away account


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running server."""

    http_port: int
    dicom_port: int

    @property
    def rest(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def dicomweb_url(self) -> str:
        return f"http://{_USER}:{_PASSWORD}@127.0.0.1:{self.http_port}/dicom-web"

    @property
    def auth(self) -> tuple[str, str]:
        return _USER, _PASSWORD

    def storescu(self, *files: Path) -> None:
        """Send files with DCMTK, as a modality would; ``+``-options propose the stored transfer syntaxes."""
        subprocess.run(
            ["storescu", "-R", "-xt", "-aet", "STORESCU", "-aec", "ORTHANC", "127.0.0.1", str(self.dicom_port)]
            + [str(file) for file in files],
            check=True,
            capture_output=True,
            timeout=60,
            env=os.environ | {"TCP_NODELAY": "1"},
        )

    def instances(self) -> set[str]:
        """Return the SOP Instance UIDs that the server holds."""
        with httpx.Client(auth=self.auth, timeout=_PATIENCE_S) as client:
            found = client.get(f"{self.rest}/instances?expand").json()
        return {entry["MainDicomTags"]["SOPInstanceUID"] for entry in found}

    def clear(self) -> None:
        """Delete every patient."""
        with httpx.Client(auth=self.auth, timeout=_PATIENCE_S) as client:
            for patient in client.get(f"{self.rest}/patients").json():
                client.delete(f"{self.rest}/patients/{patient}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def two_free_ports() -> tuple[int, int]:
    """Return two different ports: both are held until both are known."""
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        return int(first.getsockname()[1]), int(second.getsockname()[1])


class PortTaken(AssertionError):
    """Orthanc ended while it started: somebody else took a port between the choice and the start."""


@contextmanager
def running_orthanc(
    folder: Path, modalities: Mapping[str, object] | None = None, **settings: object
) -> Iterator[Orthanc]:
    """Start Orthanc, wait until it answers, stop it with SIGTERM and wait for its end; it knows further modalities."""
    for attempt in range(_STARTS):
        server = Orthanc(*two_free_ports())
        child = _started(folder, server, modalities or {}, settings)
        try:
            _wait_until_ready(server, child)
            break
        except PortTaken:
            if attempt == _STARTS - 1:
                raise
        except BaseException:
            child.kill()
            child.wait(timeout=_PATIENCE_S)
            raise
    try:
        yield server
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=_PATIENCE_S)


def _started(
    folder: Path, server: Orthanc, modalities: Mapping[str, object], settings: Mapping[str, object]
) -> subprocess.Popen[bytes]:
    configuration = folder / "orthanc.json"
    configuration.write_text(
        json.dumps(
            {
                "Name": "test archive",
                "StorageDirectory": str(folder / "storage"),
                "IndexDirectory": str(folder / "storage"),
                "Plugins": [str(_PLUGIN)],
                "HttpPort": server.http_port,
                "DicomPort": server.dicom_port,
                "DicomAet": "ORTHANC",
                "DicomCheckCalledAet": True,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": True,
                "RegisteredUsers": {_USER: _PASSWORD},
                "DicomAlwaysAllowStore": False,
                "DicomAlwaysAllowFind": False,
                "DicomAlwaysAllowGet": False,
                "DicomAlwaysAllowMove": False,
                "DicomModalities": {
                    "scu": {"AET": "STORESCU", "Host": "127.0.0.1", "Port": 1, "AllowStore": True, "AllowEcho": True},
                    **modalities,
                },
                "DefaultEncoding": "Utf8",
                "HttpCompressionEnabled": False,
                "SyncStorageArea": False,
                "SaveJobs": False,
                **settings,
            }
        ),
        encoding="utf-8",
    )
    log = folder / "orthanc.log"
    return subprocess.Popen(
        ["/usr/sbin/Orthanc", str(configuration), f"--logfile={log}"],
        env=os.environ | {"TCP_NODELAY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_until_ready(server: Orthanc, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    with httpx.Client(auth=server.auth, timeout=_PATIENCE_S) as client:
        while time.monotonic() < deadline:
            if child.poll() is not None:
                raise PortTaken(f"Orthanc ended with {child.returncode}")
            try:
                if client.get(f"{server.rest}/system").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)  # polls an outside process; the deadline above decides
    raise AssertionError("Orthanc did not start")
