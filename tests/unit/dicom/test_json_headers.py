"""A header read from what sets an instance apart is the one read by itself, whatever differs."""

from __future__ import annotations

from typing import Any

import pytest

from workstation.dicom.header import header_from_json
from workstation.dicom.json_headers import headers_from_json

FIRST: dict[str, Any] = {
    "00080008": {"vr": "CS", "Value": ["ORIGINAL", "PRIMARY"]},
    "00080018": {"vr": "UI", "Value": ["1.2.3.1"]},
    "00083002": {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^San", "Ideographic": "张^三"}]},
    "00185101": {"vr": "CS", "Value": ["AP"]},
    "00200013": {"vr": "IS", "Value": [1]},
    "00200032": {"vr": "DS", "Value": [0.0, 0.0, -12.5]},
    "00280008": {"vr": "IS", "Value": [1]},
    "00540220": {"vr": "SQ"},
    "7FE00010": {"vr": "OW", "BulkDataURI": "http://hub/1"},
}
CODE = {"00080100": {"vr": "SH", "Value": ["399162004"]}, "00080102": {"vr": "SH", "Value": ["SCT"]}}


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"00080018": {"vr": "UI", "Value": ["1.2.3.2"]}, "00200032": {"vr": "DS", "Value": [0.0, 0.0, -10.0]}},
        {"00200013": {"vr": "IS"}},
        {"00100010": {"vr": "PN", "Value": [{"Ideographic": "李^四"}]}},
        {"7FE00010": {"vr": "OW", "BulkDataURI": "http://hub/2"}},
        {"00083002": {"vr": "UI", "Value": ["1.2.840.10008.1.2.4.70"]}},
        {"00185101": {"vr": "CS", "Value": ["LL"]}},
        {"00540220": {"vr": "SQ", "Value": [CODE]}},
        {"00280008": {"vr": "IS", "Value": [2]}, "3004000C": {"vr": "DS", "Value": [0.0, 2.0]}},
        {"00280008": {"vr": "IS", "Value": [2]}},
        {"00180050": {"vr": "DS", "Value": [2.5]}},
        {"00283000": {"vr": "SQ", "Value": [{}]}},
    ],
)
def test_the_second_header_is_the_same_as_alone(own: dict[str, Any]) -> None:
    second = FIRST | own
    without = {tag: element for tag, element in second.items() if tag != "00200013"}

    expected = [header_from_json(one) for one in (FIRST, second, FIRST, without, second)]

    assert headers_from_json([FIRST, second, FIRST, without, second]) == expected


def test_frames_are_never_taken_from_another_object() -> None:
    grid = FIRST | {
        "00200037": {"vr": "DS", "Value": [1, 0, 0, 0, 1, 0]},
        "00280008": {"vr": "IS", "Value": [2]},
        "3004000C": {"vr": "DS", "Value": [0.0, 2.0]},
    }
    moved = grid | {"00200032": {"vr": "DS", "Value": [0.0, 0.0, 50.0]}}

    second = headers_from_json([grid, moved])[1]

    assert [frame.position for frame in second.frames] == [(0.0, 0.0, 50.0), (0.0, 0.0, 52.0)]
