"""Key images, drawings of every kind and looks on one slice of a real chest CT."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage
from workstation.domain.report import Report
from workstation.domain.study import Study

AT = datetime(2026, 11, 21, 11, 42, 7, tzinfo=UTC)
PLACE = 100
FRAME = "1.2.3.4.5"
_PIXELS: dict[AnnotationKind, tuple[tuple[float, float], ...]] = {
    AnnotationKind.LENGTH: ((100.25, 200.0), (150.0, 240.0)),
    AnnotationKind.BIDIRECTIONAL: ((100.0, 200.0), (150.0, 200.0), (125.0, 190.0), (125.0, 210.0)),
    AnnotationKind.ANGLE: ((100.0, 200.0), (150.0, 200.0), (150.0, 250.0)),
    AnnotationKind.COBB: ((100.0, 200.0), (150.0, 200.0), (100.0, 300.0), (150.0, 320.0)),
    AnnotationKind.ELLIPSE: ((300.0, 300.0), (320.0, 300.0), (300.0, 290.0)),
    AnnotationKind.RECTANGLE: ((10.0, 10.0), (20.0, 10.0), (20.0, 30.0), (10.0, 30.0)),
    AnnotationKind.FREEHAND: ((200.0, 200.0), (210.0, 205.0), (204.5, 215.5)),
    AnnotationKind.ARROW: ((256.0, 256.0), (300.0, 300.0)),
    AnnotationKind.TEXT: ((50.0, 60.0),),
    AnnotationKind.PROBE: ((250.0, 251.0),),
    AnnotationKind.SPHERE: ((260.0, 260.0), (270.0, 260.0)),
    AnnotationKind.CARDIOTHORACIC: ((200.0, 300.0), (300.0, 300.0), (100.0, 310.0), (400.0, 310.0)),
    AnnotationKind.LINES: ((100.0, 200.0), (150.0, 200.0), (100.0, 300.0), (150.0, 320.0)),
    AnnotationKind.NODULE: ((100.0, 100.0), (112.0, 100.0), (106.0, 95.0), (106.0, 105.0)),
}
_AXES = (Measure(MeasureName.LONG_AXIS, 9.375, "mm"), Measure(MeasureName.SHORT_AXIS, 7.8125, "mm"))
_RING = ((100.0, 96.0), (112.0, 96.0), (112.0, 104.5), (100.0, 104.5))


def plane_of(study: Study, place: int = PLACE) -> ImagePlane:
    plane = study.series[0].instances[place].plane
    assert plane is not None
    return plane


def key_of(study: Study, place: int = PLACE) -> KeyImage:
    series = study.series[0]
    one = series.instances[place]
    return KeyImage(series.series_instance_uid, one.sop_class_uid, one.sop_instance_uid)


def drawing(study: Study, kind: AnnotationKind) -> Annotation:
    """Return an annotation of a kind on the slice; a nodule has an outline there and on the next slice."""
    plane, series = plane_of(study), study.series[0]
    number = list(AnnotationKind).index(kind)
    is_nodule = kind is AnnotationKind.NODULE
    rings = (_on(plane, _RING), _on(plane_of(study, PLACE + 1), _RING)) if is_nodule else ()
    return Annotation(
        uid=f"2.25.90{number}",
        tracking_uid=f"2.25.91{number}",
        kind=kind,
        points_lps_mm=_on(plane, _PIXELS[kind]),
        contours_lps_mm=rings,
        frame_of_reference_uid=FRAME,
        series_instance_uid=series.series_instance_uid,
        referenced_sop_instance_uid="" if is_nodule else series.instances[PLACE].sop_instance_uid,
        text="磨玻璃结节 — 随访" if kind in {AnnotationKind.TEXT, AnnotationKind.ARROW} else "",
        measures=_AXES if is_nodule else (),
        author="王启明",
        created_at=AT,
    )


def every_drawing(study: Study) -> tuple[Annotation, ...]:
    return tuple(drawing(study, kind) for kind in AnnotationKind)


def look(study: Study, place: int = PLACE) -> ImageLook:
    """Return a look whose numbers no decimal string of 16 characters holds."""
    return ImageLook(
        image=key_of(study, place),
        window_centre=-600.12345678901234,
        window_width=1500.0987654321098,
        slope=1.0,
        intercept=-1024.0,
        unit="HU",
        zoom=1.7320508075688772,
        pan=(10.123456789, -33.3),
        viewport=(800.0, 777.0),
        top_left=(20.4, 30.6),
        bottom_right=(400.2, 410.9),
        pixel_size=plane_of(study, place).spacing_mm,
        is_spaced=True,
    )


def marked(report: Report, study: Study) -> Report:
    """Return the report with two key images, every kind of drawing and how both images were seen."""
    return replace(
        report,
        annotations=every_drawing(study),
        key_images=(key_of(study), key_of(study, PLACE + 1)),
        image_looks=(look(study), look(study, PLACE + 1)),
    )


def _on(plane: ImagePlane, pixels: tuple[tuple[float, float], ...]) -> tuple[Point, ...]:
    return tuple(plane.lps_of(*pixel) for pixel in pixels)
