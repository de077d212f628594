"""What hangs beside the series on screen where no protocol says so."""

from __future__ import annotations

from dataclasses import replace

from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.view_modifier import ViewModifier
from workstation.ui.images.cell_images import restricted
from workstation.ui.images.hung_choice import views_of

MG = "1.2.840.10008.5.1.4.1.1.1.2"


def film(number: int, side: str, view: str) -> Instance:
    return Instance(f"1.1.{number}", MG, number, rows=40, columns=30, laterality=side, view_position=view)


def test_a_reader_who_looks_at_a_spot_view_keeps_it_when_the_views_of_its_series_are_hung() -> None:
    spot = replace(film(3, "R", "CC"), view_modifiers=(ViewModifier.SPOT,))
    series = Series("1.1", "MG", 1, "", "BREAST", (film(1, "R", "CC"), film(2, "L", "CC"), spot))
    study = Study("1", Patient("1", "周丽华", "19680314", "F"), series=(series,))

    def first_images(displayed: str) -> list[str]:
        _stage, hungs = views_of(study, series, (), 1, 2, displayed=displayed)
        shown = [restricted(series, one.instances, one.stack_number) for one in hungs]
        return [one.frames[0].ref.sop_instance_uid for one in shown]

    assert first_images("1.1.3") == ["1.1.3", "1.1.2"]
    assert first_images("1.1.1") == ["1.1.1", "1.1.2"]
    assert first_images("") == ["1.1.1", "1.1.2"]
