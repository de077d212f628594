"""Overlay colours are the standard's, entry for entry."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_palette_files

from workstation.domain.colour_map import SUV_SCALES, ColourMap, ValueScale, colour_table, legend_values


@pytest.mark.parametrize(("colour_map", "name"), [(ColourMap.HOT_IRON, "hotiron"), (ColourMap.PET, "pet")])
def test_every_entry_of_the_standard_palettes_is_reproduced(colour_map: ColourMap, name: str) -> None:
    """The palette objects of the standard, as pydicom ships them."""
    palette = pydicom.dcmread(get_palette_files(f"{name}.dcm")[0])
    channels = [palette[f"{one}PaletteColorLookupTableData"].value for one in ("Red", "Green", "Blue")]
    expected = np.stack([np.frombuffer(channel, np.uint8) for channel in channels], axis=1)

    assert np.array_equal(expected, colour_table(colour_map))


def test_inverse_grey_runs_from_white_to_black() -> None:
    table = colour_table(ColourMap.INVERSE_GRAY)

    assert table[[0, 100, 255]].tolist() == [[255] * 3, [155] * 3, [0] * 3]


def test_tables_cannot_be_changed_by_those_who_share_them() -> None:
    with pytest.raises(ValueError, match="read-only"):
        colour_table(ColourMap.PET)[0] = 1


def test_values_take_the_colour_of_their_place_between_the_ends() -> None:
    scale = ValueScale(0.0, 5.0)
    values = np.array([-1.0, 0.0, 2.5, 5.0, 40.0], dtype=np.float32)

    assert scale.positions(values).tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (0.0, float("inf"))])
def test_a_scale_that_does_not_rise_is_no_scale(ends: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="rises"):
        ValueScale(*ends)


def test_the_legend_writes_the_scale_from_top_to_bottom() -> None:
    assert legend_values(ValueScale(0.0, 10.0)) == (10.0, 7.5, 5.0, 2.5, 0.0)
    assert [one.high for one in SUV_SCALES] == [3.0, 5.0, 7.0, 8.0, 10.0, 15.0]


def test_every_map_has_a_name() -> None:
    assert len({one.full_name for one in ColourMap}) == 3
