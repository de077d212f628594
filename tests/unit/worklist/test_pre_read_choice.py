"""Which studies are queued for a pre-read: a chest CT always, films where the site has a model for them."""

from __future__ import annotations

import pytest

from worklist.hub.case_workitems import InputInstance, is_film


def _of(*modalities: str) -> tuple[InputInstance, ...]:
    return tuple(InputInstance("1.2", "1.3", f"1.4.{n}", one) for n, one in enumerate(modalities))


@pytest.mark.parametrize(
    ("modalities", "films", "queued"),
    [
        (("DX", "DX"), ("DX", "CR"), True),
        (("MG", "SR"), ("MG",), True),
        (("DX",), ("MG",), False),
        (("DX",), (), False),
        (("CT", "DX"), ("DX",), False),
        ((), ("DX",), False),
    ],
)
def test_films_are_queued_where_the_worker_has_a_model_for_them(
    modalities: tuple[str, ...], films: tuple[str, ...], *, queued: bool
) -> None:
    assert is_film(_of(*modalities), films) is queued
