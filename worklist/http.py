"""The one HTTP connection pool of a session at the hub, and how its failures are told."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from resources.translation import tr
from worklist.errors import misunderstood, refusal, unreachable
from worklist.image_line import Fetched, ImageLine, LineClosedError
from workstation.domain.errors import Refused

T = TypeVar("T")

CONNECTIONS: Final = 8
_LONGEST_LINE: Final = 512
SESSION_PATH: Final = "/api/session"
TIMEOUT: Final = httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=30.0)
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
QueryValue = str | int | bool


class HubClient:
    """
    A keep-alive pool of connections to one hub, safe to use from any worker thread.

    TCP_NODELAY is set on every socket: without it small answers wait 40 ms for a delayed
    acknowledgement. Proxy settings of the environment are not followed, because patient
    data goes to the configured address and nowhere else.
    """

    def __init__(self, url: str, *, timeout: httpx.Timeout = TIMEOUT, verify: ssl.SSLContext | bool = True) -> None:
        self.url = _address(url)
        self._token = ""
        self.session_ended: Callable[[], object] = lambda: None
        """Called, on any thread, each time the hub no longer knows the session of a request."""
        self.line_changed: Callable[[bool], object] = lambda _up: None
        """Called, on any thread, when the hub stops answering (False) and when it answers again (True)"""
        self._line_up = True
        tls = httpx.create_ssl_context(verify, trust_env=False) if self.url.startswith("https:") else None
        self._images = ImageLine(self.url, timeout=timeout, tls=tls)
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout,
            trust_env=False,
            transport=httpx.HTTPTransport(
                verify=verify if tls is None else tls,
                trust_env=False,
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
                socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; the client cannot be used afterwards."""
        self._http.close()
        self._images.close()

    def authorise(self, token: str) -> None:
        """Use a bearer token from now on; an empty one signs requests with nobody's name."""
        self._token = token

    @property
    def authorised(self) -> bool:
        """Tell whether a bearer token is in use."""
        return bool(self._token)

    def raw(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | str | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """
        Send one request and return the whole answer, whatever its status. Raises Unreachable.

        An idempotent request is repeated once when a kept-alive connection turns out dead;
        anything more patient is the caller's decision (``worklist.retry``).
        """
        sent = dict(headers or {})
        token = self._token
        if token:
            sent["Authorization"] = f"Bearer {token}"
        params = query if query is None or isinstance(query, str) else httpx.QueryParams(dict(query))
        url = path if not isinstance(params, str) else f"{path}?{params}"
        attempts = 2 if method in _IDEMPOTENT else 1
        while True:
            attempts -= 1
            try:
                response = self._http.request(
                    method,
                    url,
                    params=None if isinstance(params, str) else params,
                    json=json,
                    content=content,
                    headers=sent,
                )
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as exc:
                if not attempts:
                    self._note_line(up=False)
                    raise unreachable(self.url, exc) from exc
            except httpx.TransportError as exc:
                self._note_line(up=False)
                raise unreachable(self.url, exc) from exc
            except RuntimeError as exc:  # httpx says so when a thread outlives the session's client
                if not self._http.is_closed:
                    raise
                raise unreachable(self.url, exc) from exc
            else:
                self._note_line(up=True)
                self._look_at(response, token)
                return response

    def _note_line(self, *, up: bool) -> None:
        if up is not self._line_up:
            self._line_up = up
            self.line_changed(up)

    def _look_at(self, response: httpx.Response, token: str) -> None:
        is_signing = response.request.url.path == SESSION_PATH
        if response.status_code == HTTPStatus.UNAUTHORIZED and token and token == self._token and not is_signing:
            self.session_ended()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | str | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request; every refusal is raised as the ``WorkstationError`` it means."""
        response = self.raw(method, path, query=query, json=json, content=content, headers=headers)
        if response.is_error:
            raise refusal(response, doing=f"{method} {path}")
        return response

    def fetch(self, path: str, *, headers: Mapping[str, str]) -> Fetched:
        """
        Get something large in one piece, by a connection of its own; refusals and failures are those of ``request``.

        It is asked for once more when a kept-alive connection turns out dead.
        """
        sent = dict(headers)
        token = self._token
        if token:
            sent["Authorization"] = f"Bearer {token}"
        found = self._fetched(path, sent)
        self._note_line(up=True)
        if found.status >= HTTPStatus.BAD_REQUEST:
            asked = httpx.Request("GET", self.url + path)
            response = httpx.Response(found.status, headers=dict(found.headers), content=found.content, request=asked)
            self._look_at(response, token)
            raise refusal(response, doing=f"GET {path}")
        return found

    def _fetched(self, path: str, headers: Mapping[str, str]) -> Fetched:
        again = True
        while True:
            try:
                return self._images.get(path, headers)
            except (OSError, HTTPException) as exc:
                # what cannot be reached, or does not answer in time, is not asked again at once
                if not again or isinstance(exc, (ConnectionRefusedError, LineClosedError, TimeoutError)):
                    self._note_line(up=False)
                    raise unreachable(self.url, exc) from exc
                again = False

    def fetch_parts(self, path: str) -> Iterator[tuple[str, bytes]]:
        """
        Get an answer of lines ``… SIZE …``, each with SIZE bytes behind it; yield them as they come.

        Raises Unreachable, Refused for any other status than 200 and for lines that are none.
        """
        token = self._token
        try:
            with self._images.opened(path, {"Authorization": f"Bearer {token}"} if token else {}) as answer:
                if answer.status != HTTPStatus.OK:
                    raise misunderstood(f"GET {path.partition('?')[0]}: HTTP {answer.status}")
                while head := answer.readline(_LONGEST_LINE):
                    line = head.decode("latin-1")
                    size = _size(line)
                    if size is None:
                        raise misunderstood(f"GET {path.partition('?')[0]}: no line of an image")
                    yield line, _exactly(answer, size)
        except (OSError, HTTPException) as exc:
            self._note_line(up=False)
            raise unreachable(self.url, exc) from exc
        self._note_line(up=True)

    def ask(
        self,
        answer: TypeAdapter[T],
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        json: object = None,
    ) -> T:
        """Send one request and return the answer as a domain value."""
        return understood(answer, self.request(method, path, query=query, json=json))


def _exactly(answer: HTTPResponse, size: int) -> bytes:
    content = answer.read(size)
    if len(content) != size:
        raise HTTPException("the answer ended early")
    return content


def _size(line: str) -> int | None:
    words = line.split()
    return int(words[1]) if line.endswith("\n") and len(words) > 1 and words[1].isdecimal() else None


def _address(url: str) -> str:
    with contextlib.suppress(httpx.InvalidURL):
        parsed = httpx.URL(url)
        if parsed.scheme in {"http", "https"} and parsed.host:
            return url.rstrip("/")
    raise Refused(
        tr("{url} is not the address of a hub", url=url),
        hint=tr("Give it in the form https://hub.example."),
        detail="hub address",
    )


def understood(answer: TypeAdapter[T], response: httpx.Response) -> T:
    """Read a JSON answer as a domain value. Raises Refused when it has another form."""
    try:
        return answer.validate_json(response.content)
    except ValidationError as exc:
        # the values themselves stay out of the log: they may hold a name
        where = ", ".join(".".join(map(str, error["loc"])) for error in exc.errors()[:5])
        raise misunderstood(f"{response.request.url.path}: unexpected form at {where or 'top level'}") from exc


def as_json(kind: TypeAdapter[T], value: T) -> Any:  # noqa: ANN401  (plain JSON)
    """Return a domain value as plain JSON data."""
    return kind.dump_python(value, mode="json")
