"""A layout that a reader captured hangs for studies like that one, before all that ships, and for no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.domain.test_hanging import image, mammogram, series, study
from workstation.domain.hanging import HangingProtocol, Stage, captured, choose_protocol, comparable
from workstation.domain.hanging_cells import Cell
from workstation.domain.study import Study
from workstation.domain.view_modifier import ViewModifier
from workstation.storage.hanging_protocols import HangingLibrary

ONE = Stage("mine", 1, 1, (Cell(),))


def of(*kinds: tuple[str, str], description: str = "") -> Study:
    parts = [series(f"1.{n}", kind, body_part=part) for n, (kind, part) in enumerate(kinds)]
    return study("1", *parts, description=description)


def views(modality: str, *taken: tuple[str, str], part: str = "CHEST") -> Study:
    images = [image(f"1.{side}{view}", side=side, view=view) for side, view in taken]
    return study("1", series("1.1", modality, *images, body_part=part))


def before(one: Study) -> Study:
    return replace(one, study_instance_uid="0", study_date="20250101")


CT, PET_CT = of(("CT", "CHEST")), of(("CT", "CHEST"), ("PT", "CHEST"))
FOUR = mammogram("1")
RIGHT = views("MG", ("R", "CC"), ("R", "MLO"), part="BREAST")
BOTH_CC = views("MG", ("R", "CC"), ("L", "CC"), part="BREAST")
CHEST_PA, CHEST_TWO = views("DX", ("", "PA")), views("DX", ("", "PA"), ("", "LL"))
KINDS = {
    "ct": CT,
    "pet-ct": PET_CT,
    "mammogram": FOUR,
    "tagged mammogram": views("MG", *((side, view) for side in "RL" for view in ("CC", "MLO")), part="BREAST"),
    "one breast": RIGHT,
    "cc only": BOTH_CC,
    "chest pa": CHEST_PA,
    "chest in two": CHEST_TWO,
    "brain": of(("MR", "BRAIN")),
    "part in words": of(("CT", ""), description="胸部平扫"),
    "no part": of(("CT", "")),
    "abdomen in words": of(("CT", ""), description="ABDOMEN_ROUTINE"),
    "arm in words": of(("CT", ""), description="ARM"),
    "head and chest in words": of(("CT", ""), description="头颅+胸部平扫"),
    "part in another tag": study("1", replace(series("1.0", "CT"), anatomic_region="HEART")),
    "film": views("DX", ("", "")),
    "two films": views("DX", ("", ""), ("", "")),
    "film beside a named view": views("DX", ("", "PA"), ("", "")),
    "ultrasound": of(("US", "")),
    "photograph": of(("OT", "")),
    "angiogram": of(("XA", "HEART")),
}


def capture(library: HangingLibrary, seen: Study, *priors: Study, name: str = "own") -> HangingProtocol:
    own = captured(name, {"zh_CN": "我的", "en": "Mine"}, seen, [ONE], priors=priors,
                   usual=choose_protocol(library.all(), seen, priors))  # fmt: skip
    library.save(own)
    return own


def hangs(library: HangingLibrary, seen: Study, *priors: Study) -> str:
    chosen = choose_protocol(library.all(), seen, priors)
    return "" if chosen is None else chosen.protocol_id


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("has_prior", [False, True])
def test_a_captured_layout_hangs_by_itself_for_the_next_study_of_its_kind(
    tmp_path: Path, kind: str, has_prior: bool  # noqa: FBT001 - a table's column
) -> None:  # fmt: skip
    library, seen = HangingLibrary(tmp_path), KINDS[kind]
    priors = (before(seen),) if has_prior else ()
    capture(library, seen, *priors)
    assert hangs(library, seen, *priors) == "own"


@pytest.mark.parametrize(
    ("kind", "other", "usual"),
    [
        ("ct", "pet-ct", "pet-ct"),
        ("pet-ct", "ct", "ct-chest"),
        ("one breast", "mammogram", "mg-four-views"),
        ("cc only", "mammogram", "mg-four-views"),
        ("mammogram", "one breast", "general"),
        ("chest pa", "chest in two", "chest-radiograph"),
        ("chest in two", "chest pa", "chest-radiograph"),
        ("part in words", "no part", "general"),
        ("ct", "brain", "mr-brain"),
        ("no part", "ct", "ct-chest"),
        ("no part", "part in words", "ct-chest"),
        ("no part", "abdomen in words", "general"),
        ("no part", "part in another tag", "general"),
        ("head and chest in words", "part in words", "ct-chest"),
        ("film", "two films", "chest-radiograph"),
        ("two films", "film", "chest-radiograph"),
        ("film", "chest pa", "chest-radiograph"),
        ("film", "chest in two", "chest-radiograph"),
        ("chest pa", "film beside a named view", "chest-radiograph"),
        ("film beside a named view", "chest pa", "chest-radiograph"),
    ],
)
def test_a_captured_layout_never_takes_a_study_that_holds_more_or_less(
    tmp_path: Path, kind: str, other: str, usual: str
) -> None:
    """A layout made for less would leave images out without a word."""
    library = HangingLibrary(tmp_path)
    capture(library, KINDS[kind])
    assert hangs(library, KINDS[other]) == usual


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("mammogram", "mg-with-prior"),
        ("tagged mammogram", "mg-with-prior"),
        ("ct", "ct-chest-with-prior"),
        ("chest pa", "chest-radiograph-with-prior"),
        ("brain", "own"),  # no protocol shows a prior of it as well as its four sequences
        ("photograph", "general-with-prior"),
    ],
)
def test_a_layout_captured_without_a_prior_leaves_studies_with_one_to_the_protocol_that_shows_it(
    tmp_path: Path, kind: str, shown: str
) -> None:
    library, seen = HangingLibrary(tmp_path), KINDS[kind]
    capture(library, seen)
    assert (hangs(library, seen), hangs(library, seen, before(seen))) == ("own", shown)


def test_a_layout_captured_beside_a_prior_waits_for_one(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    capture(library, CT, before(CT))
    assert (hangs(library, CT), hangs(library, CT, before(CT))) == ("ct-chest", "own")


@pytest.mark.parametrize("names", [("own-a", "own-b"), ("own-b", "own-a")])
def test_the_layout_captured_last_hangs(tmp_path: Path, names: tuple[str, str]) -> None:
    library = HangingLibrary(tmp_path)
    for name in names:
        capture(library, CT, name=name)
    assert hangs(library, CT) == names[1]


def test_reports_screens_and_spot_views_change_nothing_about_the_kind_of_a_study(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    capture(library, FOUR)
    spot = replace(image("1.9", side="R", view="XCCL"), view_modifiers=(ViewModifier.SPOT,))
    more = (series("1.7", "SR"), series("1.8", "OT"), series("1.9", "MG", spot))
    assert hangs(library, replace(FOUR, series=(*FOUR.series, *more))) == "own"
    extra = series("1.9", "MG", image("1.9", side="R", view="XCCL"))
    assert hangs(library, replace(FOUR, series=(*FOUR.series, extra))) == "mg-four-views"


def test_a_layout_of_mammograms_takes_those_whose_part_is_tagged_since_they_show_nothing_else(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    capture(library, FOUR)
    assert FOUR.series[0].body_part == ""
    assert hangs(library, KINDS["tagged mammogram"]) == "own"


def test_raw_values_beside_a_film_are_no_second_film(tmp_path: Path) -> None:
    library, film = HangingLibrary(tmp_path), KINDS["film"]
    capture(library, film)
    raw = replace(image("1.9"), sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1.1")  # digital X-ray, for processing
    assert raw.is_for_processing
    assert hangs(library, replace(film, series=(*film.series, series("1.9", "DX", raw)))) == "own"


def test_a_layout_of_two_parts_is_not_for_one_of_them(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    capture(library, of(("CT", "CHEST"), ("CT", "ABDOMEN")))
    assert hangs(library, CT) == "ct-chest"


def test_a_protocol_of_ones_own_that_asks_for_a_side_gives_way_to_what_is_captured_later(tmp_path: Path) -> None:
    library, knee = HangingLibrary(tmp_path), views("DX", ("R", "AP"), part="KNEE")
    asks = replace(captured("own-1", {"zh_CN": "一", "en": "1"}, knee, [ONE]), priority=3)
    library.save(replace(asks, match=replace(asks.match, lateralities=("R",))))
    capture(library, knee)
    assert hangs(library, knee) == "own"


def test_a_captured_layout_of_a_ct_still_takes_the_ct_of_a_pet_ct_as_its_prior(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    capture(library, CT)
    assert comparable(library.all(), CT, (before(PET_CT),)) == (before(PET_CT),)
