"""Key images and how a reader saw them, as values that a report carries."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from tests.helpers.cases import NOON, report
from workstation.domain.image_look import DisplayTable, ImageLook, ShutterKind, ShutterOutline
from workstation.domain.key_image import KeyImage, KeyImageList
from workstation.domain.report import Report, ReportState

FIRST = KeyImage("1.2.3.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.2.1")
SECOND = KeyImage("1.2.3.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.2.2", 7)
LOOK = ImageLook(
    image=FIRST,
    window_centre=-600.1234567890123,
    window_width=1500.1,
    slope=1.0,
    intercept=-1024.0,
    unit="HU",
    zoom=1.7320508075688772,
    pan=(0.1, -33.3),
    viewport=(800.0, 777.0),
    shutter=(ShutterOutline(ShutterKind.RECTANGULAR, (1, 512, 1, 500)),),
)


def test_the_key_images_of_a_report_are_those_of_its_own_study() -> None:
    marked = report().with_keys(KeyImageList("1.2.3", (FIRST,)), at=NOON)

    assert marked.keys == KeyImageList("1.2.3", (FIRST,))
    assert marked.updated_at == NOON
    with pytest.raises(ValueError, match="study"):
        report().with_keys(KeyImageList("9.9", (FIRST,)), at=NOON)
    with pytest.raises(ValueError, match="immutable"):
        replace(report(), state=ReportState.FINAL).with_keys(KeyImageList("1.2.3", (FIRST,)), at=NOON)


def test_a_draft_gives_marks_and_looks_back_to_the_last_bit_and_a_former_draft_has_none() -> None:
    stored = TypeAdapter(Report)
    kept = replace(report(), key_images=(FIRST, SECOND), image_looks=(LOOK,))
    former = stored.dump_python(report(), mode="json")
    del former["key_images"], former["image_looks"]

    assert stored.validate_json(stored.dump_json(kept)) == kept
    assert stored.validate_python(former).key_images == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_centre": float("nan")},
        {"window_width": 0.0},
        {"zoom": 0.0},
        {"viewport": (0.0, 10.0)},
        {"pixel_size": (1.0, -1.0)},
        {"pan": (float("inf"), 0.0)},
        {"is_colour": True, "inverse": True},
    ],
)
def test_a_look_that_cannot_be_shown_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"look|size|colours"):
        replace(LOOK, **wrong)


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        (ShutterKind.RECTANGULAR, (1, 2, 3)),
        (ShutterKind.CIRCULAR, (1, 2)),
        (ShutterKind.POLYGONAL, (1, 1, 2, 2)),
        (ShutterKind.POLYGONAL, (1, 1, 2, 2, 3, 3, 4)),
    ],
)
def test_a_shutter_has_the_numbers_of_its_shape(kind: ShutterKind, numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shutter"):
        ShutterOutline(kind, numbers)


TABLE = DisplayTable.of(-1000, 16, np.array([0, 7, 65535, 3], dtype=np.uint16))


def test_the_tables_of_a_look_come_back_from_a_draft() -> None:
    seen = replace(LOOK, voi_table=TABLE, modality_table=DisplayTable.of(0, 8, np.arange(256, dtype=np.uint16)))
    kept = replace(report(), image_looks=(seen,))
    (again,) = TypeAdapter(Report).validate_json(TypeAdapter(Report).dump_json(kept)).image_looks

    assert again == seen
    assert again.voi_table is not None
    assert again.voi_table.entries.tolist() == [0, 7, 65535, 3]


@pytest.mark.parametrize(
    "wrong",
    [
        {"bits": 17},
        {"bits": 0},
        {"first": 65536},
        {"packed": "AAAA"},
        {"packed": "not base64"},
        {"packed": base64.b64encode(zlib.compress(b"")).decode()},
        {"packed": base64.b64encode(zlib.compress(b"odd")).decode()},
        {"packed": base64.b64encode(zlib.compress(bytes(1 << 24))).decode()},
    ],
)
def test_a_damaged_table_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"table|base64|Base64|padding"):
        replace(TABLE, **wrong)
