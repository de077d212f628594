"""What a series shows is read from tags and from Chinese or English words; contradictions are told, not decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workstation.domain.anatomy import Anatomy, BodyRegion, anatomy_of, regions_in
from workstation.domain.study import Instance, Patient, Series, Study

R = BodyRegion


def study(description: str = "") -> Study:
    return Study("1.2", Patient("P1", "周丽华"), description=description)


def series(body_part: str = "", description: str = "", *, region: str = "", sides: str = "") -> Series:
    images = tuple(Instance(f"1.2.{n}", "1.2.840", n, rows=8, laterality=side) for n, side in enumerate(sides))
    return Series("1.2.3", "CT", 1, description, body_part, images, anatomic_region=region)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # Body Part Examined, PS3.16 Annex L
        ("CHEST", {R.CHEST}),
        ("HEAD", {R.HEAD}),
        ("HEADNECK", {R.HEAD, R.NECK}),
        ("CHESTABDPELVIS", {R.CHEST, R.ABDOMEN, R.PELVIS}),
        ("NECKCHESTABDOMEN", {R.NECK, R.CHEST, R.ABDOMEN}),
        ("CSPINE", {R.CERVICAL_SPINE}),
        ("CTSPINE", {R.CERVICAL_SPINE, R.THORACIC_SPINE}),
        ("LSSPINE", {R.LUMBAR_SPINE, R.PELVIS}),
        ("SSPINE", {R.PELVIS}),
        ("HEART", {R.CHEST}),
        ("EXTREMITY", set()),
        # Chinese
        ("胸部CT平扫", {R.CHEST}),
        ("肺窗 1.0 mm", {R.CHEST}),
        ("头颅CT平扫", {R.HEAD}),
        ("头CT", {R.HEAD}),
        ("颅脑MR", {R.HEAD}),
        ("头颈CTA", {R.HEAD, R.NECK}),
        ("颈椎MR", {R.CERVICAL_SPINE}),
        ("胸椎正侧位", {R.THORACIC_SPINE}),
        ("腰椎间盘", {R.LUMBAR_SPINE}),
        ("全腹增强", {R.ABDOMEN, R.PELVIS}),
        ("胸腹部CT平扫", {R.CHEST, R.ABDOMEN}),
        ("胸部+上腹部", {R.CHEST, R.ABDOMEN}),
        ("冠状动脉CTA", {R.CHEST}),
        ("主动脉CTA", {R.CHEST, R.ABDOMEN}),
        ("右股骨头坏死", {R.HIP}),
        ("股骨颈骨折", {R.HIP}),
        ("宫颈MR", {R.PELVIS}),
        ("左膝关节MR", {R.KNEE}),
        ("手术后复查", set()),
        ("左手正位", {R.HAND}),
        ("乳腺钼靶", {R.BREAST}),
        # English
        ("Chest w/o contrast", {R.CHEST}),
        ("CT HEAD ROUTINE", {R.HEAD}),
        ("HEAD FIRST SUPINE", set()),
        ("Femoral head", {R.HIP}),
        ("Thoracic spine", {R.THORACIC_SPINE}),
        ("ABDOMEN/PELVIS", {R.ABDOMEN, R.PELVIS}),
        ("Axial T2", set()),
        ("DEFAULT PROTOCOL", set()),
    ],
)
def test_a_part_of_the_body_is_known_by_its_words(words: str, expected: set[BodyRegion]) -> None:
    assert expected == regions_in(words)


def test_a_whole_body_is_every_part_of_it() -> None:
    assert regions_in("全身PET-CT") == regions_in("WHOLEBODY") == frozenset(BodyRegion)
    assert Anatomy(frozenset(BodyRegion)).words == "whole body"


def test_the_tag_counts_before_the_descriptions() -> None:
    assert Anatomy(frozenset({R.CHEST})) == anatomy_of(study("胸部CT"), series("CHEST", "1.0 mm"))
    assert Anatomy(frozenset({R.CHEST})) == anatomy_of(study("胸部CT"), series(region="CHEST"))
    assert Anatomy(frozenset({R.CHEST})) == anatomy_of(study("头颅+胸部CT"), series("", "肺窗"))


def test_a_tag_that_words_contradict_makes_nothing_certain() -> None:
    found = anatomy_of(study("头颅CT平扫"), series("CHEST", "1.0 mm"))
    assert Anatomy(frozenset({R.CHEST, R.HEAD}), is_certain=False) == found
    assert found.words == "head, chest (its labels disagree)"


def test_a_study_of_two_distant_parts_does_not_say_which_one_a_series_shows() -> None:
    assert not anatomy_of(study("头颅+盆腔CT"), series()).is_certain
    assert anatomy_of(study("胸部+上腹部CT"), series()).is_certain


def test_what_nothing_names_is_not_stated() -> None:
    found = anatomy_of(study(), series("", "1.0 mm"))
    assert (found.regions, found.words) == (frozenset(), "not stated")


@pytest.mark.parametrize(
    ("description", "sides", "expected"),
    [
        ("膝关节", "L", "left knee"),
        ("膝关节", "B", "knee"),
        ("左膝关节", "", "left knee"),
        ("右膝关节", "", "right knee"),
        ("KNEE LT", "", "left knee"),
        ("双膝关节", "", "knee"),
        ("膝关节", "", "knee"),
    ],
)
def test_sides_are_told_of_what_a_person_has_two_of(description: str, sides: str, expected: str) -> None:
    assert expected == anatomy_of(study(), series("KNEE", description, sides=sides)).words


def test_a_side_in_the_words_for_a_chest_is_no_side_of_the_chest() -> None:
    assert anatomy_of(study("左肺结节"), series("CHEST")).sides == frozenset()


def test_every_region_is_called_something_of_its_own() -> None:
    assert len({one.words for one in BodyRegion}) == len(BodyRegion)


def test_a_mammogram_shows_a_breast_whatever_its_labels_leave_out() -> None:
    unlabelled = replace(series("", "4 views", sides="L"), modality="MG")
    assert anatomy_of(study(), unlabelled) == Anatomy(frozenset({R.BREAST}), sides=frozenset("L"))
    assert anatomy_of(study(), replace(unlabelled, modality="PX")) == Anatomy(frozenset({R.HEAD}))
