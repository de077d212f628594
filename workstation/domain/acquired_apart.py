"""How far apart in time two series were acquired that lie over each other on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from workstation.domain.study import Series

_ONE_SESSION: Final = timedelta(minutes=60)
"""A PET follows its CT within minutes; after an hour bladder, bowel and often the patient lie elsewhere"""
_FORMAT: Final = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class Apart:
    """
    The time between two series.

    ``gap`` runs from the last moment of the earlier to the first of the later, 0 where they overlap;
    ``days`` are those on which each began, the series underneath first.
    """

    gap: timedelta
    days: tuple[date, date]

    @property
    def is_other_day(self) -> bool:
        """Tell whether they began on different days."""
        return self.days[0] != self.days[1]

    @property
    def is_doubtful(self) -> bool:
        """Tell whether the two may show the patient in different states: over an hour apart, or on different days."""
        return self.gap > _ONE_SESSION or self.is_other_day

    @property
    def minutes(self) -> int:
        """Return the gap in whole minutes."""
        return int(self.gap.total_seconds() // 60)


def acquired_apart(base: Series, overlay: Series) -> Apart | None:
    """
    Return how far apart two series were acquired; None where the images of one do not tell.

    Held against each other are the acquisition times of all their images (``Technique.acquired``) and no others. The
    series time of a PET may be that of a reconstruction or of the decay correction, the content time that of a
    processing, the study time is one for both; all three let series look simultaneous that were hours apart, or the
    other way round. A whole-body PET takes half an hour from bed to bed: what counts is the time between the two
    spans, not between their beginnings.
    """
    spans = [_span(one) for one in (base, overlay)]
    if spans[0] is None or spans[1] is None:
        return None
    (first, last), (begun, ended) = spans[0], spans[1]
    return Apart(max(begun - last, first - ended, timedelta()), (first.date(), begun.date()))


def _span(series: Series) -> tuple[datetime, datetime] | None:
    found = sorted(_moments(one.technique.acquired for one in series.instances))
    return (found[0], found[-1]) if found else None


def _moments(texts: Iterable[str]) -> Iterable[datetime]:
    for text in dict.fromkeys(texts):
        try:
            yield datetime.strptime(text, _FORMAT)  # noqa: DTZ007 - both are told by the clocks of one examination
        except ValueError:
            continue  # no moment, or one that no calendar has
