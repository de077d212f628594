"""Uptake values from the hub's metadata are those from the files."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.helpers.loopback_hub import Answer, LoopbackHub
from tests.helpers.pet import pet_header
from worklist.http import HubClient
from worklist.pet import HubPetHeaders
from workstation.dicom.images.pet import pet_acquisition
from workstation.domain.errors import NotAVolume, Refused


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub(lambda _: Answer(404)) as made:
        yield made


@pytest.fixture
def headers(hub: LoopbackHub) -> Iterator[HubPetHeaders]:
    with HubClient(hub.url) as client:
        yield HubPetHeaders(client)


def answer(text: str) -> Answer:
    return Answer(200, text.encode(), {"Content-Type": "application/dicom+json"})


def test_metadata_say_what_the_files_say(hub: LoopbackHub, headers: HubPetHeaders) -> None:
    files = [pet_header(n, RadiopharmaceuticalStartDateTime="20260301090000") for n in range(3)]
    files[0].private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20260301095500")
    for one in files[1:]:
        one.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20260301095500")
    hub.script = lambda _: answer(json.dumps([one.to_json_dict() for one in files]))

    found = headers.acquisition("1.2", "2.25.7", largest_value=7.0)

    assert found == pet_acquisition(files, largest_value=7.0)
    assert found.reference is not None


@pytest.mark.parametrize("text", ["<html>", "{}", '["a"]', '[{"00080018": 5}]'])
def test_an_answer_that_is_no_metadata_is_refused(hub: LoopbackHub, headers: HubPetHeaders, text: str) -> None:
    hub.script = lambda _: answer(text)

    with pytest.raises((Refused, NotAVolume)):
        headers.acquisition("1.2", "2.25.7")
