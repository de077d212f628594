"""What a card says of a nodule over time: growth, stability, shrinking, doubt, and what is not told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from resources.translation import use_language
from workstation.domain.finding import NoduleType
from workstation.domain.follow_up import Compared, PairState, SeenNodule, StudyDay
from workstation.domain.mark import GrowthLimit
from workstation.domain.nodule_history import StudyNodules
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.ui.follow_up_words import follow_up_facts, undecided_words, volume_words
from workstation.ui.timeline_words import study_words

NOW, THEN = date(2026, 7, 1), date(2026, 1, 1)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def pair(before: tuple[float, float | None], now: tuple[float, float | None]) -> Compared:
    seen = SeenNodule("x", (0, 0, 0), now[0], number=3, volume_mm3=now[1], nodule_type=NoduleType.SOLID)
    said = FollowUp(
        "1.9",
        NoduleObservation("a", THEN, (0, 0, 0), before[0], before[1]),
        NoduleObservation("x", NOW, (0, 0, 0), now[0], now[1]),
        "x",
    )
    return Compared(seen, seen, PairState.PROPOSED, said, 2.0)


def lines(line: Compared) -> list[tuple[str, str]]:
    return list(follow_up_facts(line).lines)


def test_volumes_too_small_for_growth_are_not_compared_and_the_card_says_so() -> None:
    said = [words for words, _ in lines(pair((5.0, 100.0), (5.2, 150.0)))]
    assert said[:2] == ["Stable within the error of measuring · +0.2\u2009mm", "Too small for volume growth"]
    assert not any("+50" in words for words in said)


def test_volumes_with_a_known_weakness_are_not_compared_and_the_card_says_which() -> None:
    line = pair((12.3, 905.0), (13.0, 1566.0))
    said = line.follow_up
    assert said is not None
    weak = replace(said, prior=replace(said.prior, growth_limits=(GrowthLimit.CUT_OFF,)))
    told = [words for words, _ in lines(replace(line, follow_up=weak))]
    assert told[:2] == [
        "Stable within the error of measuring · +0.7\u2009mm",
        "Volumes not compared: cut off at the end of the scan",
    ]
    assert not any("73" in words for words in told)


def test_a_weak_volume_is_named_on_the_card_also_where_the_other_was_not_measured() -> None:
    line = pair((10.0, None), (10.0, 268.0))
    said = line.follow_up
    assert said is not None
    weak = replace(said, current=replace(said.current, growth_limits=(GrowthLimit.CUT_OFF,)))
    told = [words for words, _ in lines(replace(line, follow_up=weak))]
    assert told[1] == "Volumes not compared: cut off at the end of the scan"


def test_the_card_calls_a_nodule_subsolid_where_a_person_did_and_not_where_a_person_called_it_solid() -> None:
    line = pair((10.0, 524.0), (10.9, 678.0))
    said = line.follow_up
    assert said is not None
    glass = replace(said, current=replace(said.current, nodule_type=NoduleType.GROUND_GLASS))
    assert lines(replace(line, follow_up=glass))[1][0] == "Volumes not compared: subsolid"
    guess = (GrowthLimit.SUBSOLID,)
    solid = replace(said, current=replace(said.current, nodule_type=NoduleType.SOLID, growth_limits=guess))
    assert lines(replace(line, follow_up=solid))[1][0] == "Volume 524 → 678\u2009mm³ · +29 %"


def test_what_may_be_stable_says_only_how_long_doubling_takes_at_least() -> None:
    # 181 ln 2 / ln(1.2 x 1.25)
    assert lines(pair((8.0, 300.0), (8.2, 360.0)))[:3] == [
        ("Stable within the error of measuring · +0.2\u2009mm", "t1"),
        ("Volume 300 → 360\u2009mm³ · +20 %", "t1"),
        ("Doubling time over 309 d", "t1"),
    ]


def test_what_shrank_has_no_doubling_time() -> None:
    told = lines(pair((10.0, 520.0), (8.0, 260.0)))
    assert told[0] == ("Shrunk · \u22122.0\u2009mm", "ok")
    assert not any("Doubling" in words for words, _tone in told)


def test_without_both_volumes_the_diameters_speak_and_it_says_so() -> None:
    told = [words for words, _tone in lines(pair((5.0, None), (9.0, 380.0)))]
    assert told[1] == "Volume not measured in both"
    assert told[2].startswith("Doubling time 71 d")
    assert told[3] == "Lung-RADS by size 2 → 4B"


def test_a_doubtful_pair_and_a_confirmed_one_are_told_apart() -> None:
    doubtful = follow_up_facts(replace(pair((8.0, None), (8.0, None)), ambiguous=True))
    assert (doubtful.chip.text, doubtful.chip.dashed, doubtful.lines[-1][1]) == ("Doubtful pair", True, "warn")
    kept = follow_up_facts(replace(pair((8.0, None), (8.0, None)), state=PairState.CONFIRMED))
    assert (kept.chip.text, kept.number) == ("Confirmed", "3")
    assert not any("apart" in words for words, _tone in kept.lines)


def test_what_stands_alone_says_why() -> None:
    seen = SeenNodule("a", (0, 0, 0), 8.0, volume_mm3=1268.0)
    assert lines(Compared(None, seen, PairState.ONLY_PRIOR)) == [
        ("Volume 1\u2009268\u2009mm³", "t1"),
        ("Not found in the case: look there", "warn"),
    ]
    unplaced = Compared(None, seen, PairState.ONLY_PRIOR, is_placed=False)
    assert follow_up_facts(unplaced).chip.text == "Not compared yet"
    assert lines(unplaced)[-1] == ("In the prior, which is not aligned: its place here is unknown", "t2")
    assert not any("Not found" in words for words, _ in lines(unplaced))
    later = Compared(seen, seen, PairState.PROPOSED)
    assert follow_up_facts(later).title == "8.0\u2009mm"
    assert lines(later)[-1] == ("The prior is the later one: no growth is told", "warn")
    assert volume_words(SeenNodule("a", (0, 0, 0), 8.0)) == ""


def test_a_prior_with_marks_that_nobody_decided_never_looks_clean() -> None:
    small, large = (SeenNodule(str(size), (0, 0, 0), size, size) for size in (4.2, 16.5))
    assert undecided_words([large]) == "1 AI mark not decided yet, 16.5\u2009mm"
    assert undecided_words([small, large]) == "2 AI marks not decided yet, the largest 16.5\u2009mm"
    assert undecided_words([]) == ""
    assert study_words(StudyNodules(StudyDay("1.9", THEN))) == "2026-01-01 · no nodule confirmed"
    assert study_words(StudyNodules(StudyDay("1.9", THEN), (large,))) == "2026-01-01 · nodules: 1"
