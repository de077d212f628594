"""Hostile files: refused with a reason, in bounded memory and time, and never by name or by decoding."""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.dicom_bytes import (
    DEFLATED,
    IMPLICIT,
    JPEG_BASELINE,
    RLE,
    UNDEFINED,
    deflate_bomb,
    deflated,
    element,
    encapsulated,
    identity,
    image,
    item,
    part10,
    sequence_end,
    small_image,
)
from workstation.dicom.quarantine import Quarantine, inspect_part10
from workstation.domain.errors import DecodeError, HostileInput, UnsupportedTransferSyntax

pytestmark = pytest.mark.fault

_CHILD = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from workstation.dicom.quarantine import inspect_part10
from workstation.domain.errors import DecodeError
told = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    before = resource.getrusage(resource.RUSAGE_SELF)
    try:
        inspect_part10(path)
        verdict, reason = "accepted", ""
    except DecodeError as exc:
        verdict, reason = type(exc).__name__, exc.detail
    after = resource.getrusage(resource.RUSAGE_SELF)
    told[path.name] = {
        "verdict": verdict,
        "reason": reason,
        "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "grown_mb": (after.ru_maxrss - before.ru_maxrss) / 1024,
    }
print(json.dumps(told))
"""


def nested(depth: int, *, defined: bool = False) -> bytes:
    """Return sequences inside each other; with defined lengths every level counts all below it."""
    if not defined:
        opening = element(0x00081140, "SQ", b"", length=UNDEFINED) + item(b"", length=UNDEFINED)
        return opening * depth
    content = b""
    for _ in range(depth):
        content = element(0x00081140, "SQ", item(content))
    return content


def body_with(extra: bytes) -> bytes:
    return part10(identity() + extra)


def many_elements(count: int) -> bytes:
    elements = b"".join(element(0x00110000 | (0x1000 + n % 0xE000), "LO", "x") for n in range(count))
    return part10(identity() + element(0x00110010, "LO", "OWNER") + elements)


def many_items(count: int) -> bytes:
    return part10(identity() + element(0x00081140, "SQ", item(element(0x00081150, "UI", "1.2")) * count))


ATTACKS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "deflate bomb": (
        lambda: part10(deflate_bomb(1600), syntax=DEFLATED),
        "HostileInput",
        "inflates beyond 134217728 bytes",
    ),
    "deflated rubbish": (lambda: part10(b"\xff" * 400, syntax=DEFLATED), "DecodeError", "deflated data set"),
    "deflated and cut": (
        lambda: part10(deflated(identity() + image())[:-20], syntax=DEFLATED),
        "DecodeError",
        "the deflated data set ends early",
    ),
    "5 000 nested sequences": (lambda: body_with(nested(5_000)), "HostileInput", "sequences deeper than 64"),
    "100 000 nested sequences": (lambda: body_with(nested(100_000)), "HostileInput", "sequences deeper than 64"),
    "nested sequences of defined length": (
        lambda: body_with(nested(1_000, defined=True)),
        "HostileInput",
        "sequences deeper than 64",
    ),
    "65535 x 65535 pixels": (
        lambda: part10(identity() + image(65535, 65535, pixels=element(0x7FE00010, "OW", bytes(64)))),
        "HostileInput",
        "frames of 65535 x 65535 pixels",
    ),
    "65535 x 65535 compressed pixels of 8 bits": (
        lambda: part10(identity() + image(65535, 65535, bits=8, pixels=encapsulated(bytes(64))), syntax=JPEG_BASELINE),
        "HostileInput",
        "frames of 65535 x 65535 pixels",
    ),
    "2^31 - 1 frames": (
        lambda: part10(identity() + image(frames="2147483647")),
        "HostileInput",
        "Number of Frames is 2147483647",
    ),
    "negative frames": (lambda: part10(identity() + image(frames="-4")), "HostileInput", "Number of Frames is -4"),
    "frames in words": (lambda: part10(identity() + image(frames="many")), "HostileInput", "is no number"),
    "RLE segment bomb": (
        lambda: part10(identity() + image(16, 16, bits=8, pixels=encapsulated(bytes(4_000_000))), syntax=RLE),
        "HostileInput",
        "RLE segments larger than the image",
    ),
    "pixel data of 4 GB in a small file": (
        lambda: part10(identity() + image(pixels=element(0x7FE00010, "OW", bytes(8), length=0xFFFFFFF0))),
        "HostileInput",
        "claims 4294967280 bytes",
    ),
    "pixel data shorter than the image": (
        lambda: part10(identity() + image(512, 512, pixels=element(0x7FE00010, "OW", bytes(1000)))),
        "HostileInput",
        "pixel data of 1000 bytes where 524288 are due",
    ),
    "pixels without a size": (
        lambda: part10(identity() + element(0x7FE00010, "OW", bytes(8))),
        "HostileInput",
        "pixel data without Rows",
    ),
    "item of 2^31 - 1 bytes": (
        lambda: body_with(element(0x00081140, "SQ", b"", length=UNDEFINED) + item(b"", length=2**31 - 1)),
        "HostileInput",
        "claims 2147483647 bytes",
    ),
    "sequence without an end": (
        lambda: body_with(element(0x00081140, "SQ", b"", length=UNDEFINED) + item(element(0x00081150, "UI", "1.2"))),
        "HostileInput",
        "claims",
    ),
    "element where an item was due": (
        lambda: body_with(element(0x00081140, "SQ", element(0x00081150, "UI", "1.2"))),
        "DecodeError",
        "where a sequence item was due",
    ),
    "stray delimiter": (lambda: body_with(sequence_end()), "DecodeError", "stray delimiter"),
    "garbage": (lambda: bytes(range(256)) * 40, "DecodeError", "no DICM prefix"),
    "garbage behind the prefix": (lambda: bytes(128) + b"DICM" + bytes(range(255, 0, -1)) * 9, "DecodeError", ""),
    "empty file": (lambda: b"", "DecodeError", "the file is empty"),
    "prefix only": (lambda: bytes(128) + b"DICM", "DecodeError", "Transfer Syntax UID is missing"),
    "pickle": (lambda: pickle.dumps({"rows": 512}), "DecodeError", "no DICM prefix"),
    "Windows program in the preamble": (
        lambda: part10(identity() + image(), preamble=b"MZ\x90\x00".ljust(128, b"\x00")),
        "HostileInput",
        "the preamble is not empty",
    ),
    "plain letters of a Windows program": (
        lambda: part10(identity() + image(), preamble=b"MZ".ljust(128, b"\x00")),
        "HostileInput",
        "the preamble is not empty",
    ),
    "shell script in the preamble": (
        lambda: part10(identity() + image(), preamble=b"#!/bin/sh\nrm -rf ~\n".ljust(128, b"\x00")),
        "HostileInput",
        "the preamble is not empty",
    ),
    "path as UID": (
        lambda: part10(identity(instance="../../../../etc/passwd") + image(), instance="../../../../etc/passwd"),
        "HostileInput",
        "SOP Instance UID is no UID",
    ),
    "path as study": (
        lambda: part10(identity(study="..\\windows") + image()),
        "HostileInput",
        "Study Instance UID is no UID",
    ),
    "UID of 66 digits": (
        lambda: part10(identity(series="1." + "2" * 64) + image()),
        "HostileInput",
        "Series Instance UID is no UID",
    ),
    "20 000 private elements": (
        lambda: many_elements(20_000),
        "HostileInput",
        "more than 10000 elements in one data set",
    ),
    "400 000 sequence items": (lambda: many_items(400_000), "HostileInput", "more than 300000 elements"),
    "explicit data labelled implicit": (
        lambda: part10(identity() + image(), syntax=IMPLICIT),
        "HostileInput",
        "claims",
    ),
    "native pixels labelled JPEG": (
        lambda: part10(identity() + image(), syntax=JPEG_BASELINE),
        "HostileInput",
        "the transfer syntax does not fit the pixel data",
    ),
    "compressed pixels labelled native": (
        lambda: part10(identity() + image(pixels=encapsulated(b"\xff\xd8\xff\xd9"))),
        "HostileInput",
        "the transfer syntax does not fit the pixel data",
    ),
    "frames without fragments": (
        lambda: part10(identity() + image(frames="3", pixels=encapsulated(b"\xff\xd8")), syntax=JPEG_BASELINE),
        "HostileInput",
        "1 filled fragments for 3 frames",
    ),
    "fragments of no bytes": (
        lambda: part10(identity() + image(pixels=encapsulated(b"", b"")), syntax=JPEG_BASELINE),
        "HostileInput",
        "0 filled fragments for 1 frames",
    ),
    "overlapping offset table": (
        lambda: part10(
            identity() + image(frames="2", pixels=encapsulated(b"\xff\xd8", b"\xff\xd8", table=(0, 0))),
            syntax=JPEG_BASELINE,
        ),
        "HostileInput",
        "the basic offset table does not fit",
    ),
    "offset table into nowhere": (
        lambda: part10(
            identity() + image(frames="2", pixels=encapsulated(b"\xff\xd8", b"\xff\xd8", table=(0, 9999))),
            syntax=JPEG_BASELINE,
        ),
        "HostileInput",
        "the basic offset table does not fit",
    ),
    "another instance in the header": (
        lambda: part10(identity() + image(), instance="1.2.3.99"),
        "HostileInput",
        "Media Storage SOP Instance UID differs",
    ),
    "no SOP class": (
        lambda: part10(identity().replace(element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2"), b"") + image()),
        "DecodeError",
        "SOP Class UID is missing",
    ),
    "undefined standard transfer syntax": (
        lambda: part10(identity() + image(), syntax="1.2.840.10008.1.2.4.999"),
        "UnsupportedTransferSyntax",
        "transfer syntax 1.2.840.10008.1.2.4.999",
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return what a child with 2 GiB of address space said about every attack; one that dies says nothing."""
    folder = tmp_path_factory.mktemp("attacks")
    for number, (make, _, _) in enumerate(ATTACKS.values()):
        (folder / f"{number:03}").write_bytes(make())
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(folder)], capture_output=True, text=True, timeout=120, check=True
    )
    answers: dict[str, dict[str, Any]] = json.loads(child.stdout)
    return {attack: answers[f"{number:03}"] for number, attack in enumerate(ATTACKS)}


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_a_hostile_file_is_refused_with_its_reason_in_bounded_time_and_memory(
    attack: str, told: dict[str, dict[str, Any]]
) -> None:
    _, verdict, reason = ATTACKS[attack]
    answer = told[attack]
    assert (answer["verdict"], reason in answer["reason"]) == (verdict, True), answer
    assert answer["seconds"] < 10.0  # REPORTING 4.3 F14; coverage tracing in the child makes it three times slower
    assert answer["grown_mb"] < 300


@pytest.mark.parametrize("attack", ["deflate bomb", "100 000 nested sequences", "400 000 sequence items"])
def test_bytes_in_memory_are_judged_like_a_file(attack: str) -> None:
    make, verdict, _ = ATTACKS[attack]
    with pytest.raises(DecodeError) as refused:
        inspect_part10(make())
    assert type(refused.value).__name__ == verdict
    assert refused.value.user_text
    assert refused.value.hint


def test_a_private_transfer_syntax_is_kept_as_it_is() -> None:
    file = part10(identity() + image(), syntax="1.2.3.4.5.6")
    assert inspect_part10(file).transfer_syntax_uid == "1.2.3.4.5.6"


def test_a_good_file_passes_and_tells_where_its_pixels_lie() -> None:
    file = small_image()
    seen = inspect_part10(file)
    assert (seen.rows, seen.columns, seen.frames, seen.bits_allocated) == (2, 2, 1, 16)
    assert file[seen.pixel_offset : seen.pixel_offset + seen.pixel_length] == bytes(range(8))
    assert seen.patient_id == b"P1"


@pytest.mark.parametrize(
    "preamble", [b"AcmeExport 1.2".ljust(128, b"\x00"), (b"II*\x00" + struct.pack("<L", 5000)).ljust(128, b"\x00")]
)
def test_an_exporters_name_or_a_tiff_header_in_the_preamble_does_no_harm(preamble: bytes) -> None:
    assert inspect_part10(part10(identity() + image(), preamble=preamble)).sop_instance_uid == "1.2.3.10.1.1"


def test_every_real_study_passes(shared_data: Path) -> None:
    folders = ("ct-chest-lungdx-A0001", "mr-brain-pgbm-001", "pet-qin-hn-0024", "dicom-zoo/nema-wg04/J2K")
    files = [path for folder in folders for path in (shared_data / folder).rglob("*") if path.is_file()]
    refused = {}
    for path in files:
        try:
            inspect_part10(path)
        except (HostileInput, UnsupportedTransferSyntax) as exc:
            refused[path.name] = exc.detail
    assert refused == {}
    assert len(files) > 380


def test_quarantine_keeps_bytes_and_reason_under_a_name_of_its_own(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine")
    digest = "ab" * 32
    kept = quarantine.keep(b"evil", digest, reason="no DICM prefix", actor="tech", sop_instance_uid="../../x")
    quarantine.keep(b"evil", digest, reason="no DICM prefix", actor="tech")
    assert kept == tmp_path / "quarantine" / f"{digest}.bin"
    assert kept.read_bytes() == b"evil"
    assert sorted(path.name for path in (tmp_path / "quarantine").iterdir()) == [f"{digest}.bin", f"{digest}.json"]
    assert quarantine.reasons() == {digest: "no DICM prefix"}
