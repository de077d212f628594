"""Two sites send the same SOP Instance UID at the same moment: one has it, the other learns nothing of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers.dicom_bytes import INSTANCE, SERIES, STUDY, small_image
from tests.helpers.dicomweb_hub import AS_STORED, DicomwebHub, reasons, store, stored_uids
from tests.helpers.hub_archives import file_hub

__all__ = ["file_hub"]

URL = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}"
SITES = ("tech-a", "tech-b")
NOT_AUTHORISED = 0x0124


def altered(file: bytes) -> bytes:
    """Return the instance with other pixels."""
    return file[:-1] + bytes([file[-1] ^ 1])


@pytest.mark.parametrize("same_bytes", [True, False], ids=["same bytes", "other bytes"])
def test_one_site_wins_and_the_other_learns_neither_content_nor_sameness(
    file_hub: DicomwebHub, *, same_bytes: bool
) -> None:
    files = {"tech-a": small_image(), "tech-b": small_image() if same_bytes else altered(small_image())}
    together = threading.Barrier(len(SITES))

    def send(site: str) -> tuple[list[str], list[int]]:
        client = file_hub.client(site)
        together.wait(10)
        answer = store(client, [files[site]])
        return stored_uids(answer), reasons(answer)

    with ThreadPoolExecutor(len(SITES)) as pool:
        told = dict(zip(SITES, pool.map(send, SITES), strict=True))

    winners = [site for site in SITES if told[site] == ([INSTANCE], [])]
    assert len(winners) == 1
    winner = winners[0]
    loser = next(site for site in SITES if site != winner)
    assert told[loser] == ([], [NOT_AUTHORISED])

    read = file_hub.client(winner).get(URL, headers={"Accept": AS_STORED})
    assert read.content == files[winner]
    other = file_hub.client(loser)
    assert other.get(URL, headers={"Accept": AS_STORED}).status_code == 404
    assert other.get(f"/dicom-web/instances?SOPInstanceUID={INSTANCE}").status_code == 204
    assert other.get(f"{URL}/metadata").json() == other.get(f"{URL.replace(INSTANCE, '1.2.3.4')}/metadata").json()
    again = store(other, [files[loser]])
    assert (stored_uids(again), reasons(again)) == ([], [NOT_AUTHORISED])
