"""Structures of other systems that no image can show are told, never listed as if they were drawn."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from workstation.dicom.header import header_of
from workstation.domain.structures import FilmOutline, Structure, StructureSet
from workstation.domain.study import Patient, Series, Study
from workstation.services.foreign_objects_service import ForeignObject, ObjectKind, Provenance
from workstation.ui.foreign_words import unplaced_lines

SQUARE = np.array([[0.0, 0, 5], [10, 0, 5], [10, 10, 5], [0, 10, 5]])


def study() -> Study:
    ds = Dataset()
    ds.SOPInstanceUID, ds.SOPClassUID, ds.FrameOfReferenceUID = "1.9.1", "1.2", "1.2.4"
    ds.Rows, ds.Columns = 64, 64
    return Study("1.2.3", Patient("1", "x"), series=(Series("1.2.5", "CT", instances=(header_of(ds).instance(),)),))


def told(frame: str, *structures: Structure) -> tuple[str, ...]:
    found = StructureSet("1.8", "", frame, structures)
    return unplaced_lines(
        ForeignObject("1.2.3", ObjectKind.STRUCTURES, Provenance("1.8", "RTSTRUCT"), outlines=found), study()
    )


def test_structures_of_a_frame_of_reference_that_no_image_has_are_told() -> None:
    one, other = Structure(1, "GTV", (SQUARE,)), Structure(2, "PTV", (SQUARE,), frame_of_reference_uid="1.2.4")

    assert told("1.2.4", one, other) == ()
    assert told("9.9", one, other) == ("Not drawn: 1 structure lies where no image of this study lies",)
    assert told("9.9", one, one) == ("Not drawn: 2 structures lie where no image of this study lies",)
    assert told("", one) == ("Not drawn: 1 structure lies where no image of this study lies",)


def test_segments_of_a_film_that_is_not_there_are_told() -> None:
    corners = SQUARE[:, :2]
    here, away = (
        Structure(1, "a", (), on_films=(FilmOutline(uid, None, 64, 64, corners),)) for uid in ("1.9.1", "1.7")
    )

    assert told("", here) == ()
    assert told("", away) == ("Not drawn: 1 structure lies where no image of this study lies",)


def test_an_object_without_structures_has_none_to_tell_of() -> None:
    assert unplaced_lines(ForeignObject("1.2.3", ObjectKind.DOCUMENT, Provenance("1.8", "SR")), study()) == ()
