"""The reader's own findings of one case lie in one space: millimetres of two spaces are never mixed."""

from __future__ import annotations

import pytest

from workstation.domain.errors import NotPermitted
from workstation.domain.finding import FindingList
from workstation.domain.finding_decisions import placed_in

EMPTY = FindingList("1.2.3")


def test_a_list_without_a_place_takes_it_from_the_first_finding_of_the_readers_own() -> None:
    placed = placed_in(EMPTY, frame_of_reference_uid="1.2.9", series_instance_uid="1.2.4")

    assert (placed.frame_of_reference_uid, placed.series_instance_uid) == ("1.2.9", "1.2.4")
    again = placed_in(placed, frame_of_reference_uid="1.2.9", series_instance_uid="1.2.5")
    assert again.series_instance_uid == "1.2.4"


def test_a_point_of_another_frame_of_reference_is_refused_and_says_where_to_go() -> None:
    placed = placed_in(EMPTY, frame_of_reference_uid="1.2.9", series_instance_uid="1.2.4")

    with pytest.raises(NotPermitted, match="another frame of reference") as refused:
        placed_in(placed, frame_of_reference_uid="1.2.8", series_instance_uid="1.2.4")
    assert refused.value.hint == "Add the finding on the series of the AI marks."
