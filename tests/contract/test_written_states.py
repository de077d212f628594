"""Presentation states we write: outside judges accept them, others see what was drawn, ours come back exactly."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from tests.helpers.full_reports import SENIOR, dciodvfy_errors, real_study
from tests.helpers.marked import AT, PLACE, drawing, every_drawing, look, plane_of
from workstation.dicom.objects.presentation import FramePresentation, presentation_state
from workstation.dicom.objects.presentation_writer import presentation_states
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.image_look import ImageLook, ShutterKind, ShutterOutline
from workstation.domain.key_image import KeyImage
from workstation.domain.study import Instance, Series, Study

SHUTTERS = (
    ShutterOutline(ShutterKind.RECTANGULAR, (10, 500, 20, 490)),
    ShutterOutline(ShutterKind.CIRCULAR, (256, 256, 240)),
    ShutterOutline(ShutterKind.POLYGONAL, (10, 10, 10, 500, 500, 256)),
)


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def written(study: Study, *looks: ImageLook, drawn: tuple[Annotation, ...] = ()) -> tuple[bytes, ...]:
    return presentation_states(looks, drawn, study, at=AT, author=SENIOR)


def read(part10: bytes, study: Study, place: int = PLACE) -> FramePresentation:
    uid = study.series[0].instances[place].sop_instance_uid
    found = presentation_state(dcmread(BytesIO(part10))).of(FrameRef(uid), 512, 512)
    assert found is not None
    return found


def everything(study: Study) -> dict[str, bytes]:
    (drawn,) = written(study, look(study), look(study, PLACE + 1), drawn=every_drawing(study))
    (turned,) = written(study, turned_look(study))
    (plain,) = written(study, replace(look(study), is_spaced=False, window_function="SIGMOID", unit=""))
    fitted = replace(look(study), zoom=1.0, top_left=(-30.2, -0.5), bottom_right=(541.7, 511.5))
    (whole,) = written(study, fitted)
    return {"whole": whole, "drawn": drawn, "turned": turned, "plain": plain}


def turned_look(study: Study) -> ImageLook:
    return replace(look(study), rotation_deg=270.0, flipped=True, inverse=True, shutter=SHUTTERS, shutter_gray=40)


@pytest.mark.dcmtk
def test_the_judges_accept_every_state_we_write(study: Study, tmp_path: Path) -> None:
    for name, content in everything(study).items():
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(content)
        assert dciodvfy_errors(path) == [], name
        judged = subprocess.run(["dcmpschk", str(path)], capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stdout + judged.stderr


def test_window_inversion_rotation_mirroring_and_shutter_come_back_to_the_last_bit(study: Study) -> None:
    (content,) = written(study, turned_look(study))
    found = read(content, study)

    assert found.window is not None
    assert (found.window.center, found.window.width) == (-600.12345678901234, 1500.0987654321098)
    # turned by 270 after mirroring = mirrored after turning by 90
    assert (found.inverse, found.rotation, found.flipped) == (True, 90, True)
    assert (found.slope, found.intercept) == (1.0, -1024.0)
    assert found.shutter is not None
    assert (found.shutter.outlines, found.shutter.gray) == (SHUTTERS, 40)
    assert found.exact is not None
    assert (found.exact.zoom, found.exact.pan) == (1.7320508075688772, (10.123456789, -33.3))


def test_a_window_that_another_system_changed_is_believed_instead_of_ours(study: Study) -> None:
    (content,) = written(study, look(study))
    changed = dcmread(BytesIO(content))
    changed.SoftcopyVOILUTSequence[0].WindowCenter = "40"
    uid = study.series[0].instances[PLACE].sop_instance_uid
    found = presentation_state(changed).of(FrameRef(uid), 512, 512)

    assert found is not None
    assert found.window is not None
    assert found.window.center == 40.0


@pytest.mark.parametrize("damage", ["", "{}", "[1]", "not json", '{"1 1": {}}'])
def test_damaged_exact_numbers_cost_nothing_but_themselves(study: Study, damage: str) -> None:
    (content,) = written(study, look(study))
    changed = dcmread(BytesIO(content))
    changed.private_block(0x0099, "99LIANYUE")[1].value = damage
    uid = study.series[0].instances[PLACE].sop_instance_uid
    found = presentation_state(changed).of(FrameRef(uid), 512, 512)

    assert found is not None
    assert found.exact is None
    assert found.window is not None
    assert found.window.center == pytest.approx(-600.123456789, abs=1e-9)


def test_every_kind_of_drawing_is_drawn_where_it_was_within_the_32_bits_of_the_standard(study: Study) -> None:
    (content,) = written(study, look(study), drawn=every_drawing(study))
    shapes = [one for one in read(content, study).graphics if one.kind != "TEXT"]
    texts = [one.text for one in read(content, study).graphics if one.kind == "TEXT"]

    assert [one.kind for one in shapes] == [
        "POLYLINE",  # length
        "POLYLINE", "POLYLINE",  # both diameters
        "POLYLINE",  # angle
        "POLYLINE", "POLYLINE",  # Cobb
        "ELLIPSE",
        "POLYLINE",  # rectangle
        "POLYLINE",  # freehand
        "POLYLINE", "POLYLINE",  # arrow and its head
        "POINT",  # probe
        "CIRCLE",  # sphere
        "POLYLINE", "POLYLINE",  # heart and chest
        "POLYLINE", "POLYLINE", "POLYLINE",  # both diameters of the nodule, and its outline on this slice only
        "POLYLINE", "POLYLINE",  # two lines with an angle between them
    ]  # fmt: skip
    assert shapes[0].points == ((100.25, 200.0), (150.0, 240.0))
    assert shapes[6].points == ((280.0, 300.0), (320.0, 300.0), (300.0, 310.0), (300.0, 290.0))
    assert shapes[8].points[0] == shapes[8].points[-1]
    assert texts == ["磨玻璃结节 — 随访", "磨玻璃结节 — 随访", "9.4 mm\r\n7.8 mm"]


def test_a_nodule_is_drawn_on_each_slice_that_it_was_outlined_on(study: Study) -> None:
    nodule = drawing(study, AnnotationKind.NODULE)
    (content,) = written(study, look(study), look(study, PLACE + 1), look(study, PLACE + 2), drawn=(nodule,))

    assert [len(read(content, study, PLACE + n).graphics) for n in range(3)] == [4, 1, 0]


def test_images_that_differ_in_what_a_state_says_once_get_a_state_each(study: Study) -> None:
    turned = replace(look(study, PLACE + 1), rotation_deg=90.0)
    states = written(study, look(study), turned, look(study, PLACE + 2))
    images = [presentation_state(dcmread(BytesIO(content))).images for content in states]
    uids = [one.sop_instance_uid for one in study.series[0].instances]

    assert images == [(uids[PLACE], uids[PLACE + 2]), (uids[PLACE + 1],)]


def test_the_same_looks_give_the_same_bytes_and_images_of_another_study_are_left_out(study: Study) -> None:
    stranger = replace(look(study), image=replace(look(study).image, sop_instance_uid="9.9"))

    assert written(study, look(study)) == written(study, look(study), stranger)
    assert written(study, stranger) == ()


def test_a_drawing_on_an_image_without_a_place_and_on_stretched_pixels_keeps_its_shape(study: Study) -> None:
    plane = replace(plane_of(study), spacing_mm=(0.5, 1.0))
    narrow = replace(study.series[0].instances[PLACE], plane=plane)
    series = replace(study.series[0], instances=(narrow,))
    ellipse, sphere = (
        replace(drawing(study, kind), points_lps_mm=tuple(plane.lps_of(*p) for p in points))
        for kind, points in (
            (AnnotationKind.ELLIPSE, ((300.0, 300.0), (320.0, 300.0), (300.0, 290.0))),
            (AnnotationKind.SPHERE, ((260.0, 260.0), (270.0, 260.0))),
        )
    )
    (content,) = written(replace(study, series=(series,)), look(study), drawn=(ellipse, sphere))
    round_ones = [np.array(one.points) for one in read(content, study).graphics]

    assert [len(points) for points in round_ones] == [73, 73]
    assert np.ptp(round_ones[0], axis=0) == pytest.approx([40.0, 20.0], abs=1e-4)
    assert np.ptp(round_ones[1], axis=0) == pytest.approx([20.0, 10.0], abs=1e-4)  # 5 mm either way

    flat = replace(narrow, plane=None)
    placeless = replace(study, series=(replace(series, instances=(flat,)),))
    on_pixels = replace(drawing(study, AnnotationKind.SPHERE), points_lps_mm=(), points_px=((5.0, 6.0), (9.0, 6.0)))
    (content,) = written(placeless, look(study), drawn=(on_pixels, ellipse))
    assert [(one.kind, one.points) for one in read(content, study).graphics] == [("CIRCLE", ((5.0, 6.0), (9.0, 6.0)))]


@pytest.mark.dcmtk
def test_frames_of_one_object_are_named_by_their_numbers(study: Study, tmp_path: Path) -> None:
    whole = Instance("1.2.9.1", "1.2.840.10008.5.1.4.1.1.3.1", 1, rows=512, columns=512, number_of_frames=3)
    film = Series("1.2.9", "US", 7, instances=(whole,), stacks=(ImageStack(tuple(frames_of("1.2.9.1", 3))),))
    seen = [
        replace(look(study), image=KeyImage("1.2.9", whole.sop_class_uid, "1.2.9.1", number), is_spaced=False)
        for number in (3, 1)
    ]
    on_film = replace(study, series=(film,))
    (content,) = written(on_film, *seen)
    state = presentation_state(dcmread(BytesIO(content)))
    (tmp_path / "film.dcm").write_bytes(content)

    assert [state.shows(FrameRef("1.2.9.1", number)) for number in (1, 2, 3)] == [True, False, True]
    third = state.of(FrameRef("1.2.9.1", 3), 512, 512)
    assert third is not None
    assert third.exact is not None
    assert dciodvfy_errors(tmp_path / "film.dcm") == []


def frames_of(uid: str, count: int) -> list[StackFrame]:
    return [StackFrame(FrameRef(uid, number)) for number in range(1, count + 1)]
