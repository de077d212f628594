"""
``lianyue bench open``: from opening a case to its first image and to its whole series, over a hub.

The hub runs in a process of its own, as it does in an alliance; client and hub share this
machine's cores, so absolute times are upper bounds. The ratios compare the series with the same bytes fetched
in the same run over as many connections by a program that looks at none of them: from a server of plain files,
from the hub itself, and from the plain server with the SHA-256 of each file that no slice is shown without.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from resources.translation import tr
from worklist.dicomweb import HubImages
from worklist.http import SESSION_PATH, HubClient
from worklist.retrieve import CONNECTIONS, SeriesRetriever
from worklist.session import HubSession
from worklist.upload import HubSender
from workstation.dicom.images.decode import decode_frame
from workstation.dicom.images.phantom import make_phantom_study
from workstation.dicom.images.source import scan
from workstation.domain.errors import StorageError
from workstation.domain.site import ReadingRequest
from workstation.domain.study import Series, Study

RUNS: Final = 9
SLICES: Final = 275
_PATIENCE_S: Final = 300.0
_HUB: Final = (
    "import sys; from pathlib import Path; from worklist.hub.server import run_hub; "
    "from worklist.hub.settings import HubSettings; "
    "run_hub(HubSettings(Path(sys.argv[1]), demo_users=True), port=0)"
)
_RAW: Final = (
    "import sys; from functools import partial; from http.server import SimpleHTTPRequestHandler as H, "
    "ThreadingHTTPServer as S; H.protocol_version = 'HTTP/1.1'; H.log_message = lambda *a: None; "
    "H.disable_nagle_algorithm = True; s = S(('127.0.0.1', 0), partial(H, directory=sys.argv[1])); "
    "print(f'http://127.0.0.1:{s.server_address[1]}', flush=True); s.serve_forever()"
)


class _Sending:
    """A job that nobody watches."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Report progress to nobody."""

    def raise_if_cancelled(self) -> None:
        """Go on."""


Decode = Callable[[bytes], object]
_Address = tuple[str, Sequence[str], Mapping[str, str]]
"""Host and port, paths, headers."""


@dataclass(frozen=True, slots=True)
class _Opened:
    first_s: float
    metadata_s: float
    series_s: float


@dataclass(frozen=True, slots=True)
class _Round:
    """What was measured one after another: a neighbour that keeps the machine busy stretches all of it."""

    opened: _Opened
    raw_s: float
    hub_s: float
    checked_s: float


def run(series_dir: Path | None = None, *, decode: Decode = decode_frame) -> dict[str, Any]:
    """
    Measure opening one case over a hub; the largest series of ``series_dir``, or a phantom of 275 slices.

    Returns ``figures`` (``first_image_ms``, ``metadata_ms``, ``series_ms``, ``raw_http_ms``, ``hub_http_ms``,
    ``checked_http_ms``, ``send_ms``, ``slices``, ``megabytes``; medians of nine rounds) and ``ratios``
    (``series_over_raw_http``, ``series_over_hub_http``, ``series_over_checked_http``).
    """
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        if series_dir is None:
            series_dir = base / "phantom"
            make_phantom_study(series_dir, slices=SLICES, slice_spacing_mm=1.0)
        study, series = _largest(series_dir)
        size = sum(Path(instance.path or "").stat().st_size for instance in series.instances)
        with _server(_HUB, base / "hub") as url, HubClient(url) as client:
            HubSession(client).sign_in("technician", "lianyue-demo")
            started = time.perf_counter()
            request = ReadingRequest(study.study_instance_uid)
            HubSender(client).send(study, request, _Sending(), lambda _: None)
            sent_s = time.perf_counter() - started
            with _plain_server(base / "raw", series) as plain:
                hub = _at_hub(url, study, series)
                rounds = [
                    _Round(
                        _open(url, study.study_instance_uid, series, decode),
                        _fetched(plain, check=False),
                        _fetched(hub, check=False),
                        _fetched(plain, check=True),
                    )
                    for _ in range(RUNS)
                ]
    return {
        "figures": {
            "slices": len(series.instances),
            "megabytes": round(size / 1e6, 1),
            "first_image_ms": _median_ms(one.opened.first_s for one in rounds),
            "metadata_ms": _median_ms(one.opened.metadata_s for one in rounds),
            "series_ms": _median_ms(one.opened.series_s for one in rounds),
            "raw_http_ms": _median_ms(one.raw_s for one in rounds),
            "hub_http_ms": _median_ms(one.hub_s for one in rounds),
            "checked_http_ms": _median_ms(one.checked_s for one in rounds),
            "send_ms": round(1000 * sent_s, 1),
        },
        "ratios": {
            "series_over_raw_http": _median_ratio((one.opened.series_s, one.raw_s) for one in rounds),
            "series_over_hub_http": _median_ratio((one.opened.series_s, one.hub_s) for one in rounds),
            "series_over_checked_http": _median_ratio((one.opened.series_s, one.checked_s) for one in rounds),
        },
    }


def _median_ms(seconds: Iterable[float]) -> float:
    return round(1000 * statistics.median(seconds), 1)


def _median_ratio(pairs: Iterable[tuple[float, float]]) -> float:
    return round(statistics.median(one / other for one, other in pairs), 2)


def _largest(folder: Path) -> tuple[Study, Series]:
    """Return a study of one series only, and that series."""
    study, series = max(
        ((study, series) for study in scan(folder) for series in study.series), key=lambda one: len(one[1].instances)
    )
    alone = Study(study.study_instance_uid, study.patient, study.study_date, study.study_time, series=(series,))
    return alone, series


def _open(url: str, study_instance_uid: str, wanted: Series, decode: Decode) -> _Opened:
    """Open the case as a workstation does that just signed in, every slice decoded."""
    with HubClient(url) as client:
        HubSession(client).sign_in("expert", "lianyue-demo")
        images = HubImages(client)
        first: list[float] = []
        started = time.perf_counter()

        def show(_index: int, _frame: object) -> None:
            first.append(time.perf_counter() - started)

        study = images.study(study_instance_uid)
        metadata_s = time.perf_counter() - started
        series = next(s for s in study.series if s.series_instance_uid == wanted.series_instance_uid)
        fetch = SeriesRetriever(images, study_instance_uid, series, show, decode=decode)
        fetch.start()
        fetch.wait(_PATIENCE_S)
        series_s = time.perf_counter() - started
        if not fetch.complete:
            raise StorageError(tr("The benchmark did not get the whole series"), detail=f"{sorted(fetch.failed)[:5]}")
    return _Opened(min(first), metadata_s, series_s)


def _at_hub(url: str, study: Study, series: Series) -> _Address:
    """Return where the hub gives the same files, as it gives them to a workstation that just signed in."""
    with HubClient(url) as client:
        token = client.raw("POST", SESSION_PATH, json={"user": "expert", "password": "lianyue-demo"}).json()["token"]
    base = f"/dicom-web/studies/{study.study_instance_uid}/series/{series.series_instance_uid}/instances/"
    paths = [base + instance.sop_instance_uid for instance in series.instances]
    headers = {"Accept": "application/dicom; transfer-syntax=*", "Authorization": f"Bearer {token}"}
    return url.removeprefix("http://"), paths, headers


@contextmanager
def _plain_server(folder: Path, series: Series) -> Iterator[_Address]:
    """Serve the same files as files."""
    folder.mkdir()
    for number, instance in enumerate(series.instances):
        (folder / str(number)).write_bytes(Path(instance.path or "").read_bytes())
    with _server(_RAW, folder) as url:
        yield url.removeprefix("http://"), [f"/{number}" for number in range(len(series.instances))], {}


def _fetched(address: _Address, *, check: bool) -> float:
    """Fetch everything with the number of connections that a series has; return the seconds."""
    host, paths, headers = address

    def fetch(share: Sequence[str]) -> None:
        connection = http.client.HTTPConnection(host)
        for path in share:
            connection.request("GET", path, headers=dict(headers))
            content = connection.getresponse().read()
            if check:
                hashlib.sha256(content).digest()
        connection.close()

    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(fetch, [paths[n::CONNECTIONS] for n in range(CONNECTIONS)]))
    return time.perf_counter() - started


@contextmanager
def _server(program: str, folder: Path) -> Iterator[str]:
    """Run a server in a process of its own; it prints its address first."""
    process = subprocess.Popen(  # noqa: S603  (this interpreter with our own program)
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        url = process.stdout.readline().strip() if process.stdout is not None else ""
        if not url.startswith("http://"):
            raise StorageError(tr("The benchmark's server did not start"), detail=url)
        yield url
    finally:
        process.terminate()
        process.communicate()
