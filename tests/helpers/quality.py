"""Figures of quality, and a hub that tells them from memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from workstation.domain.critical_clock import NotificationShare
from workstation.domain.errors import Unreachable
from workstation.domain.image_quality import GivenGrade, GradeReason, ImageGrade, ImageGrading
from workstation.domain.mutual_recognition import RepeatException
from workstation.domain.quality import (
    Choice,
    DoubleReadingFigures,
    GradeCount,
    GradeFigures,
    GradeReasonCount,
    NormFigures,
    OverrideReason,
    QualityFigures,
    QualityQuery,
    RadsRate,
    RatedPair,
    RepeatCount,
    ReturnCount,
    RuleFigures,
    SchemeFigures,
    Share,
    TurnaroundFigures,
)
from workstation.domain.report_state import ReturnCode
from workstation.domain.report_version import DoubleReadingState
from workstation.domain.workitem import Priority

AT = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
QUERY = QualityQuery(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
_RATINGS = [("2", "2")] * 6 + [("2", "3")] * 2 + [("3", "3")] * 4


def figures(query: QualityQuery = QUERY) -> QualityFigures:
    """Return figures of which some have too few cases to be told."""
    pairs = tuple(
        RatedPair(
            f"Q-0000000{number:X}", one, two, "宋佳", "赵敏",
            DoubleReadingState.AGREED if one == two else DoubleReadingState.DECIDED, "CT", "清水镇中心卫生院", AT,
        )
        for number, (one, two) in enumerate(_RATINGS)
    )  # fmt: skip
    return QualityFigures(
        query=query,
        norm=NormFigures(Share(18, 20), (RuleFigures("residue", 5, 2, (OverrideReason("已与主任核对", 2),)),)),
        double=DoubleReadingFigures(Share(10, 12), 0, (SchemeFigures("lung-rads", pairs),)),
        critical=NotificationShare(3, 1, 1, 1),
        turnaround=(
            TurnaroundFigures(Priority.HIGH, Share(3, 3), (60.0, 120.0, 180.0)),
            TurnaroundFigures(Priority.MEDIUM, Share(0, 0), ()),
            TurnaroundFigures(Priority.LOW, Share(11, 12), tuple(3600.0 * hour for hour in range(1, 13))),
        ),
        returned=Share(2, 12),
        return_codes=(ReturnCount(ReturnCode.WORDING, 2), ReturnCount(None, 1)),
        grades=GradeFigures(
            Share(9, 12),
            tuple(GradeCount(grade, number) for grade, number in zip(ImageGrade, (6, 2, 1, 0), strict=True)),
            (GradeReasonCount(GradeReason.MOTION, 3),),
            Share(3, 9),
        ),
        repeats=(RepeatCount(RepeatException.EMERGENCY, 1),),
        sites=(Choice("qingshui", "清水镇中心卫生院"),),
        readers=(Choice("expert", "王启明"),),
        modalities=(Choice("CT", "CT"),),
        rads=(RadsRate("pi-rads", Share(11, 12), 1), RadsRate("bi-rads", Share(2, 3))),
    )


@dataclass
class QualityHub:
    """Implements ``QualityPort`` in memory."""

    asked: list[QualityQuery] = field(default_factory=list)
    saved: list[QualityQuery] = field(default_factory=list)
    given: list[GivenGrade] = field(default_factory=list)
    away: bool = False

    def figures(self, query: QualityQuery) -> QualityFigures:
        self._line()
        self.asked.append(query)
        return figures(query)

    def exported(self, query: QualityQuery) -> None:
        self._line()
        self.saved.append(query)

    def grades(self, ups_instance_uid: str) -> tuple[GivenGrade, ...]:
        self._line()
        assert ups_instance_uid
        return tuple(self.given)

    def grade(self, ups_instance_uid: str, grading: ImageGrading) -> tuple[GivenGrade, ...]:
        self._line()
        self.given.append(GivenGrade(grading, "韩梅", by_reader=False, at=AT))
        return self.grades(ups_instance_uid)

    def _line(self) -> None:
        if self.away:
            raise Unreachable("The hub does not answer")
