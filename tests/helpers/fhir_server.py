"""A FHIR R4 server for one thing only: transactions with conditional create and update, judged by fhir.resources."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from fhir.resources.R4B.bundle import Bundle

Resource = dict[str, Any]


@dataclass
class FhirServer:
    """What it holds by ``Type/id``; ``answers`` are given instead, one after the other."""

    port: int = 0
    version: str = "4.0.1"
    held: dict[str, Resource] = field(default_factory=dict)
    bundles: list[Resource] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    answers: list[tuple[int, Resource]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/r4"

    def of(self, kind: str) -> list[Resource]:
        return [resource for place, resource in self.held.items() if place.startswith(f"{kind}/")]

    def take(self, bundle: Resource) -> Resource:
        """Carry a transaction out: all of it, conditional by identifier, references resolved."""
        Bundle.model_validate(bundle)
        places: dict[str, tuple[str, bool]] = {}
        for entry in bundle["entry"]:
            places[entry["fullUrl"]] = self._place(entry)
        told = json.dumps(bundle, ensure_ascii=False)
        for full_url, (place, _write) in places.items():
            told = told.replace(f'"{full_url}"', f'"{place}"')
        answers = []
        for entry, given in zip(json.loads(told)["entry"], bundle["entry"], strict=True):
            place, write = places[given["fullUrl"]]
            status = "201 Created" if place not in self.held else "200 OK"
            if write:
                self.held[place] = entry["resource"]
            answers.append({"response": {"status": status, "location": f"{place}/_history/1"}})
        self.bundles.append(bundle)
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def _place(self, entry: Resource) -> tuple[str, bool]:
        request, kind = entry["request"], entry["resource"]["resourceType"]
        if request["method"] == "POST":
            known = self._search(kind, request["ifNoneExist"])
            return (known, False) if known else (f"{kind}/{len(self.held) + id(entry)}", True)
        path, _, query = request["url"].partition("?")
        if not query:
            return path, True
        return self._search(kind, query) or f"{kind}/{len(self.held) + id(entry)}", True

    def _search(self, kind: str, query: str) -> str:
        system, _, value = parse_qs(query)["identifier"][0].partition("|")
        found = [
            place
            for place, resource in self.held.items()
            if place.startswith(f"{kind}/")
            and {"system": system, "value": value}.items()
            in [{key: one[key] for key in ("system", "value")}.items() for one in resource.get("identifier", ())]
        ]
        assert len(found) <= 1
        return found[0] if found else ""


@contextmanager
def running_fhir_server() -> Iterator[FhirServer]:
    """Serve on a free loopback port."""
    served = FhirServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {"resourceType": "CapabilityStatement", "fhirVersion": served.version}
            self._answer(*((200, told) if self.path == "/r4/metadata" else (404, {})))

        def do_POST(self) -> None:
            assert self.path == "/r4/"
            assert self.headers["Content-Type"] == "application/fhir+json"
            served.authorizations.append(self.headers.get("Authorization", ""))
            bundle = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, told = served.answers.pop(0) if served.answers else (200, served.take(bundle))
            self._answer(status, told)

        def _answer(self, status: int, told: Resource) -> None:
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_given: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield served
        server.shutdown()
        thread.join(10)
