"""Findings on films: boxes and whole-image findings as a model of radiographs makes them."""

from __future__ import annotations

from workstation.domain.finding import Decision, Finding
from workstation.domain.image_place import BoxPx, ImageMark, ImagePlace
from workstation.domain.study import Instance, Patient, Series, Study

DX = "1.2.840.10008.5.1.4.1.1.1.1"
BOX: BoxPx = (10.0, 20.0, 30.0, 60.0)


def on_film(
    number: int = 1,
    *,
    sop: str = "1.9",
    box: BoxPx | None = BOX,
    label: str = "mass",
    score: float = 0.8,
    shown: bool = True,
    out_of_ten: int | None = None,
) -> Finding:
    """Return an undecided finding on one image; ``box`` None speaks of the whole image."""
    place = ImagePlace(sop, box_px=box)
    mark = ImageMark(place, score, shown, label, out_of_ten)
    return Finding(f"2.25.{number}", number, None, None, Decision.UNDECIDED, mark, on_image=place)


def film_study(*views: tuple[str, str]) -> Study:
    """Return a study of films, one series each; a view is Image Laterality and View Position, both may be empty."""
    series = tuple(
        Series(
            f"1.2.3.{n}",
            "DX",
            n,
            "",
            "CHEST",
            (
                Instance(
                    f"1.2.3.{n}.1", DX, 1, rows=100, columns=80, laterality=side, view_position=view
                ),
            ),
        )
        for n, (side, view) in enumerate(views or (("", "PA"), ("", "LL")), start=1)
    )  # fmt: skip
    patient = Patient("BH0040551", "Nurlan^Aibek", "19770611", "M")
    return Study("1.2.3", patient, "20261121", "175500", "BH20261121", "胸部正侧位", "清水镇中心卫生院", series)
