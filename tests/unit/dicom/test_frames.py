"""Objects of many frames: which frames belong together, in which order, how fast they play, and each alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from workstation.dicom.frame_headers import frame_values
from workstation.dicom.header import Header, header_of
from workstation.dicom.images.cine import cine_of
from workstation.dicom.images.decode import decode_frame, read_dataset
from workstation.dicom.images.frame_reader import FrameReader
from workstation.dicom.images.frames import stacks_of
from workstation.dicom.images.source import scan
from workstation.domain.errors import DecodeError
from workstation.domain.frames import ImageStack
from workstation.domain.study import Series

AXIAL = ("1", "0", "0", "0", "1", "0")
SAGITTAL = ("0", "1", "0", "0", "0", "-1")
CORONAL = ("1", "0", "0", "0", "0", "-1")


def frame(z: float, *, turned: tuple[str, ...] = AXIAL, **values: object) -> Header:
    found: dict[str, tuple[str, ...]] = {
        "ImagePositionPatient": ("0", "0", str(z)),
        "ImageOrientationPatient": turned,
        "PixelSpacing": ("1", "1"),
    }
    return Header({**found, **{key: _texts(value) for key, value in values.items()}})


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else (str(value),)


def enhanced(uid: str, frames: Sequence[Header], **values: object) -> Header:
    own = {"SOPInstanceUID": (uid,), "NumberOfFrames": (str(len(frames)),), "Rows": ("4",), "Columns": ("4",)}
    return Header({**own, **{key: _texts(value) for key, value in values.items()}}, frames=tuple(frames))


def clip(uid: str, count: int, **values: object) -> Header:
    return enhanced(uid, (), NumberOfFrames=count, Modality="US", **values)


def told(stacks: Sequence[ImageStack]) -> list[tuple[str, list[int]]]:
    return [(one.label, [place.ref.frame_number for place in one.frames]) for one in stacks]


def series_of(folder: Path, uid_end: str = "") -> list[Series]:
    return [series for study in scan(folder) for series in study.series if series.series_instance_uid.endswith(uid_end)]


def test_single_images_need_no_stacks() -> None:
    assert stacks_of([frame(0), frame(1)]) == ()


def single(uid: str, z: float, **values: object) -> Header:
    own = {"SOPInstanceUID": (uid,), "Rows": ("4",), "Columns": ("4",)}
    return Header({**frame(z).values, **own, **{key: _texts(value) for key, value in values.items()}})


def test_single_images_of_two_diffusion_weightings_are_two_stacks_and_never_scrolled_by_turns() -> None:
    images = [single(f"{z}.{b}", z, DiffusionBValue=b) for z in (0, 5, 10) for b in (0, 1000)]
    stacks = stacks_of(images)
    assert [(one.label, [place.ref.sop_instance_uid for place in one.frames]) for one in stacks] == [
        ("b 0", ["0.0", "5.0", "10.0"]),
        ("b 1000", ["0.1000", "5.1000", "10.1000"]),
    ]


def uids_of(stacks: Sequence[ImageStack]) -> list[tuple[str, list[str]]]:
    return [(one.label, [place.ref.sop_instance_uid for place in one.frames]) for one in stacks]


def test_single_images_that_nothing_tells_apart_are_still_no_stack_with_doubles() -> None:
    assert uids_of(stacks_of([single("1", 0), single("2", 0), single("3", 5), single("4", 5)])) == [
        ("Pass 1", ["1", "3"]),
        ("Pass 2", ["2", "4"]),
    ]
    once_more = [single(str(z), z) for z in (0, 5, 10, 15)] + [single("again", 5)]
    assert stacks_of(once_more) == ()  # one image sent twice makes no second pass
    assert stacks_of([single("1", 0, EchoTime=2), single("2", 0, EchoTime=4)]) == ()  # a single slice seen twice


@pytest.mark.parametrize(
    ("tags", "labels"),
    [
        (lambda t, _z: {"TemporalPositionIdentifier": t + 1}, ["Time 1", "Time 2", "Time 3"]),
        (lambda t, _z: {"AcquisitionNumber": t + 1}, ["Time 1", "Time 2", "Time 3"]),
        (lambda t, _z: {"AcquisitionTime": f"1000{t}0"}, ["Time 1", "Time 2", "Time 3"]),
        (
            lambda t, _z: {"TriggerTime": 30000 * t},
            ["Trigger delay 0 ms", "Trigger delay 30000 ms", "Trigger delay 60000 ms"],
        ),
        (
            lambda t, z: {"AcquisitionNumber": 3 * z + t, "AcquisitionTime": f"10{z:02}{t}0"},
            ["Pass 1", "Pass 2", "Pass 3"],
        ),
    ],
)
def test_the_phases_of_a_contrast_medium_are_never_scrolled_by_turns(
    tags: Callable[[int, int], dict[str, object]], labels: list[str]
) -> None:
    images = [single(f"{z}.{t}", z, **tags(t, z)) for z in (0, 5, 10) for t in range(3)]
    assert uids_of(stacks_of(images)) == [(label, [f"0.{t}", f"5.{t}", f"10.{t}"]) for t, label in enumerate(labels)]


def test_diffusion_directions_of_single_images_are_stacks_of_their_own() -> None:
    ways = [(0, None), (1000, (1, 0, 0)), (1000, (0, 1, 0)), (1000, (0, 0, 1))]
    images = [
        single(f"{z}.{n}", z, DiffusionBValue=b, **({} if way is None else {"DiffusionGradientOrientation": way}))
        for z in (0, 5)
        for n, (b, way) in enumerate(ways)
    ]
    assert uids_of(stacks_of(images)) == [
        ("b 0", ["0.0", "5.0"]),
        ("b 1000 Direction 1", ["0.3", "5.3"]),
        ("b 1000 Direction 2", ["0.2", "5.2"]),
        ("b 1000 Direction 3", ["0.1", "5.1"]),
    ]


def test_every_slice_of_a_beating_heart_is_a_film_of_one_beat() -> None:
    images = [
        single(f"{z}.{t}", z, TriggerTime=40 * t, TemporalPositionIdentifier=t + 1)
        for z in (0, 8, 16)
        for t in (0, 1, 2, 3, 4)
    ]
    stacks = stacks_of(images)
    assert uids_of(stacks) == [
        (f"Place {n}", [f"{z}.{t}" for t in (0, 1, 2, 3, 4)]) for n, z in enumerate((0, 8, 16), start=1)
    ]
    assert [one.cine.intervals_ms for one in stacks if one.cine is not None] == [(40.0,) * 5] * 3
    (alone,) = stacks_of(images[:5])
    assert (alone.label, alone.cine is not None) == ("", True)


def test_a_scout_beside_the_slices_is_a_stack_of_its_own_behind_them() -> None:
    lateral = [single(f"s{x}", 100, InstanceNumber=1, ImageOrientationPatient=SAGITTAL) for x in (0,)]
    slices = [single(str(z), z, InstanceNumber=z + 2) for z in range(4)]
    assert uids_of(stacks_of([*lateral, *slices])) == [("Axial", ["0", "1", "2", "3"]), ("Sagittal", ["s0"])]
    frontal = single("f", 100, InstanceNumber=1, ImageOrientationPatient=CORONAL)
    assert uids_of(stacks_of([*lateral, frontal, *slices]))[1:] == [("Single images", ["s0", "f"])]
    two = [single(f"s{z}", 100 + z, InstanceNumber=1, ImageOrientationPatient=SAGITTAL) for z in (0, 1)]
    many = [single(str(z), z, InstanceNumber=z + 3) for z in range(8)]
    labels = [label for label, _ in uids_of(stacks_of([*two, *many]))]
    assert labels == ["Axial", "Sagittal"]


def test_a_scout_of_three_planes_is_three_stacks_and_one_image_of_each_is_one() -> None:
    facing = (AXIAL, SAGITTAL, CORONAL)
    several = [
        single(f"{n}.{at}", at, InstanceNumber=3 * n + at, ImageOrientationPatient=way)
        for n, way in enumerate(facing)
        for at in (0, 1, 2)
    ]
    assert [label for label, _ in uids_of(stacks_of(several))] == ["Axial", "Sagittal", "Coronal"]
    assert stacks_of(several[::3]) == ()


def test_slices_along_lumbar_discs_are_a_stack_for_each_disc() -> None:
    images = []
    for disc, degrees in enumerate((0, 15, 30)):
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        images += [
            single(
                f"{disc}.{n}",
                0,
                InstanceNumber=5 * disc + n,
                ImageOrientationPatient=(1, 0, 0, 0, round(cos, 6), round(sin, 6)),
                ImagePositionPatient=(0, -sin * 4 * n, -30 * disc + cos * 4 * n),
            )
            for n in range(5)
        ]
    assert uids_of(stacks_of(images)) == [(f"Axial {disc + 1}", [f"{disc}.{n}" for n in range(5)]) for disc in range(3)]


def test_frames_are_sorted_by_position_and_begin_where_their_numbers_begin() -> None:
    assert told(stacks_of([enhanced("1", [frame(0), frame(2), frame(1)])])) == [("", [1, 3, 2])]
    assert told(stacks_of([enhanced("1", [frame(9), frame(8), frame(7)])])) == [("", [1, 2, 3])]


def test_slice_k_of_one_phase_lies_where_slice_k_of_the_other_lies_however_the_frames_are_stored() -> None:
    """In-Stack Position Number says at which end a stack begins, not the order of storing. PS3.3 C.7.6.16.2.2."""
    stored = [(1, 2), (1, 0), (1, 1), (2, 0), (2, 2), (2, 1)]
    rising = [frame(z, TemporalPositionIndex=phase, InStackPositionNumber=z + 1) for phase, z in stored]
    assert told(stacks_of([enhanced("1", rising)])) == [("Time 1", [2, 3, 1]), ("Time 2", [4, 6, 5])]
    falling = [frame(z, TemporalPositionIndex=phase, InStackPositionNumber=3 - z) for phase, z in stored]
    assert told(stacks_of([enhanced("1", falling)])) == [("Time 1", [1, 3, 2]), ("Time 2", [5, 6, 4])]


def test_the_place_of_a_frame_in_its_stack_is_read_from_its_functional_groups() -> None:
    content, groups, owner = Dataset(), Dataset(), Dataset()
    content.StackID, content.InStackPositionNumber = "1", 7
    groups.FrameContentSequence = [content]
    owner.PerFrameFunctionalGroupsSequence = [groups]
    assert frame_values({}, owner)[0]["InStackPositionNumber"] == ("7",)


@pytest.mark.parametrize("count", ["2000000000", "100001", "1e300", "-5"])
def test_a_header_that_claims_more_frames_than_any_object_holds_is_one_place_beside_the_others(count: str) -> None:
    """Two thousand million frames took a minute and all memory; what the object holds is refused where it is read."""
    hostile = enhanced("2", (), NumberOfFrames=count, Modality="US", ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO"])
    stacks = stacks_of([clip("1", 3), hostile])
    assert [(one.ref.sop_instance_uid, one.ref.frame_number) for stack in stacks for one in stack.frames] == [
        ("1", 1),
        ("1", 2),
        ("1", 3),
        ("2", 1),
    ]


def test_no_positions_are_made_up_for_more_frames_than_any_object_holds() -> None:
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    owner = Dataset()
    owner.DetectorInformationSequence = [detector]
    tags = {"ImageType": ("ORIGINAL", "PRIMARY", "RECON TOMO"), "SpacingBetweenSlices": ("2",)}
    assert frame_values({**tags, "NumberOfFrames": ("2000000000",)}, owner) == ()
    assert len(frame_values({**tags, "NumberOfFrames": ("4",)}, owner)) == 4


def test_diffusion_splits_by_b_value_and_direction() -> None:
    frames = [
        *(frame(z, DiffusionBValue=0) for z in (0, 1)),
        *(frame(z, DiffusionBValue=1000, DiffusionGradientOrientation=[1, 0, 0]) for z in (0, 1)),
        *(frame(z, DiffusionBValue=1000, DiffusionGradientOrientation=[0, 1, 0]) for z in (0, 1)),
    ]
    assert told(stacks_of([enhanced("1", frames)])) == [
        ("b 0", [1, 2]),
        ("b 1000 Direction 1", [5, 6]),
        ("b 1000 Direction 2", [3, 4]),
    ]


def test_echoes_and_times_split_only_where_frames_share_a_place() -> None:
    echoes = [frame(z, EffectiveEchoTime=te, TemporalPositionIndex=1) for te in (4.6, 2.3) for z in (0, 1)]
    assert told(stacks_of([enhanced("1", echoes)])) == [("TE 2.3", [3, 4]), ("TE 4.6", [1, 2])]
    jitter = [frame(z, EffectiveEchoTime=2.3 + z) for z in (0, 1, 2)]
    assert told(stacks_of([enhanced("1", jitter)])) == [("", [1, 2, 3])]
    times = [frame(z, TemporalPositionIndex=t) for t in (1, 2) for z in (0, 1)]
    assert told(stacks_of([enhanced("1", times)])) == [("Time 1", [1, 2]), ("Time 2", [3, 4])]


def test_stack_ids_and_orientations_never_mix() -> None:
    frames = [
        frame(0, StackID="1"),
        frame(1, StackID="1"),
        frame(2, StackID="2"),
        frame(3, StackID="2", turned=CORONAL),
    ]
    assert told(stacks_of([enhanced("1", frames)])) == [
        ("Stack 1", [1, 2]),
        ("Stack 2 Orientation 1", [4]),
        ("Stack 2 Orientation 2", [3]),
    ]


def test_frames_that_nothing_tells_apart_are_still_no_stack_with_doubles() -> None:
    assert told(stacks_of([enhanced("1", [frame(0), frame(1), frame(0), frame(1)])])) == [
        ("Pass 1", [1, 2]),
        ("Pass 2", [3, 4]),
    ]


def test_one_place_seen_at_many_times_is_a_film() -> None:
    beating = [frame(0, NominalCardiacTriggerDelayTime=40 * n) for n in range(5)]
    (stack,) = stacks_of([enhanced("1", beating, FrameTime="40")])
    assert stack.cine is not None
    assert (told([stack]), stack.cine.frames_per_second) == ([("", [1, 2, 3, 4, 5])], 25.0)


def test_stills_and_clips_of_one_examination_are_told_apart() -> None:
    still = Header({"SOPInstanceUID": ("s",), "Modality": ("US",)})
    stacks = stacks_of([still, clip("1", 3, FrameTime="50"), still, clip("2", 2)])
    assert told(stacks) == [("Single images", [1, 1]), ("Clip 1", [1, 2, 3]), ("Clip 2", [1, 2])]
    assert [one.cine is not None and one.cine.declared for one in stacks] == [False, True, False]
    assert told(stacks_of([clip("1", 2)])) == [("", [1, 2])]


@pytest.mark.parametrize(
    ("tags", "per_second"),
    [
        ({"RecommendedDisplayFrameRate": 12, "FrameTime": "33"}, 12.0),
        ({"FrameTimeVector": [0, 20, 30], "FrameTime": "33"}, 40.0),
        ({"FrameTime": "33.3333", "CineRate": 15}, 30.0),
        ({"CineRate": 15}, 15.0),
        ({"FrameTime": "0", "CineRate": 0}, 10.0),
        ({"FrameTimeVector": [0, 0, 0]}, 10.0),
    ],
)
def test_a_clip_plays_as_fast_as_it_says(tags: dict[str, Any], per_second: float) -> None:
    cine = cine_of(clip("1", 3, **tags), 3)
    assert cine is not None
    assert per_second == pytest.approx(cine.frames_per_second, abs=0.01)


def test_a_scan_of_tissue_is_no_film_and_a_sweep_is_noted() -> None:
    assert cine_of(enhanced("1", (), NumberOfFrames=9, Modality="NM"), 9) is None
    assert cine_of(clip("1", 1), 1) is None
    swept = cine_of(clip("1", 3, PreferredPlaybackSequencing=1), 3)
    assert swept is not None
    assert swept.sweeps


@pytest.mark.parametrize(
    ("tags", "plays"),
    [
        ({"StartTrim": 3, "StopTrim": 5}, [2, 3, 4, 2]),
        ({"StartTrim": 3}, [2, 3, 4, 5, 2]),
        ({"StopTrim": 2}, [0, 1, 0, 1]),
        ({"StartTrim": 1, "StopTrim": 6}, [0, 1, 2, 3]),
        ({"StartTrim": 5, "StopTrim": 2}, [0, 1, 2, 3]),
        ({"StartTrim": 0, "StopTrim": 99}, [0, 1, 2, 3]),
        ({"StartTrim": 3, "StopTrim": 5, "PreferredPlaybackSequencing": 1}, [2, 3, 4, 3, 2]),
    ],
)
def test_a_clip_plays_the_frames_that_its_maker_kept(tags: dict[str, Any], plays: list[int]) -> None:
    cine = cine_of(clip("1", 6, FrameTime="40", **tags), 6)
    assert cine is not None
    assert [cine.place_at(40.0 * n) for n in range(len(plays))] == plays
    assert cine.frames_per_second == 25.0


def test_frames_in_another_order_than_their_numbers_are_not_trimmed() -> None:
    cine = cine_of(clip("1", 6, FrameTime="40", StartTrim=3), 5)
    assert cine is not None
    assert cine.trim is None


def test_a_dose_grid_lies_where_its_offsets_say() -> None:
    values = {
        "NumberOfFrames": ("3",),
        "ImagePositionPatient": ("1", "2", "10"),
        "ImageOrientationPatient": AXIAL,
        "GridFrameOffsetVector": ("0", "2.5", "5"),
    }
    assert [one["ImagePositionPatient"][2] for one in frame_values(values, Dataset())] == ["10.0", "12.5", "15.0"]
    absolute = {**values, "GridFrameOffsetVector": ("10", "12.5", "15")}
    assert [one["ImagePositionPatient"][2] for one in frame_values(absolute, Dataset())] == ["10.0", "12.5", "15.0"]
    assert frame_values({**values, "GridFrameOffsetVector": ("0", "x", "5")}, Dataset()) == ()


def test_reconstructed_nuclear_medicine_lies_where_its_detector_says() -> None:
    dataset = Dataset()
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 100], [1, 0, 0, 0, 1, 0]
    dataset.DetectorInformationSequence = [detector]
    values = {
        "NumberOfFrames": ("2",),
        "ImageType": ("ORIGINAL", "PRIMARY", "RECON TOMO"),
        "SpacingBetweenSlices": ("-4",),
    }
    found = frame_values(values, dataset)
    assert [one["ImagePositionPatient"] for one in found] == [("0.0", "0.0", "100.0"), ("0.0", "0.0", "96.0")]
    assert found[0]["ImageOrientationPatient"][0] == "1.0"
    assert frame_values({**values, "SpacingBetweenSlices": ("0",)}, dataset) == ()


def test_a_field_map_is_two_volumes_and_a_functional_run_one_per_time(shared_data: Path) -> None:
    found = {
        series.description: [(one.label, len(one.frames)) for one in series.stacks]
        for series in series_of(shared_data / "dicom-zoo/dcm_qa_enh")
    }
    assert found == {
        "B0 NS": [("T1 FIELD_MAP REAL", 32), ("T1 M MAGNITUDE", 32)],
        "REST1 w SMS PF7-8": [("Time 1", 6), ("Time 2", 6), ("Time 3", 6), ("Time 4", 6)],
    }


def test_an_ultrasound_clip_plays_at_its_own_speed(shared_data: Path) -> None:
    clips = [
        one
        for series in series_of(shared_data / "dicom-zoo/chafey/testImages/encapsulated/multi-frame")
        for one in series.stacks
        if series.modality == "US"
    ]
    # 44.2857 ms between frames
    assert [(len(one.frames), one.cine and round(one.cine.frames_per_second, 2)) for one in clips] == [(8, 22.58)] * 2


@pytest.mark.parametrize(
    "name",
    [
        "dcm_qa_enh/In/Philips/IM_0027_fMAP.dcm",
        "dcmqi/data/segmentations/partial_overlaps.dcm",
        "highdicom/data/test_files/seg_image_sm_dots_tiled_full.dcm",
        "highdicom/data/test_files/sm_image_jpegls_nobot.dcm",
        "chafey/testImages/encapsulated/multi-frame/CT0012.fragmented_no_bot_jpeg_ls.81.dcm",
        "chafey/testImages/encapsulated/multi-frame/CT0012.not_fragmented_bot_rle.dcm",
        "chafey/testImages/encapsulated/multi-frame/IM00001.fragmented_no_bot_jpeg_baseline.50.dcm",
        "chafey/testImages/encapsulated/multi-frame/IM00001.implicit_little_endian.dcm",
    ],
)
def test_a_frame_alone_is_the_frame_in_its_object(shared_data: Path, name: str) -> None:
    content = (shared_data / "dicom-zoo" / name).read_bytes()
    dataset, reader = read_dataset(content), FrameReader(content)
    for number in (1, 2, reader.count):
        whole, alone = decode_frame(dataset, number - 1), decode_frame(reader.part10(number))
        assert np.array_equal(whole.modality_values(), alone.modality_values())
        assert (whole.windows, whole.unit, whole.photometric) == (alone.windows, alone.unit, alone.photometric)
    frames = header_of(dataset).frames
    if frames:
        assert header_of(read_dataset(reader.part10(2))).instance().plane == frames[1].plane


def test_a_frame_that_is_not_there_is_said(shared_data: Path) -> None:
    path = shared_data / "dicom-zoo/chafey/testImages/encapsulated/multi-frame/IM00001.implicit_little_endian.dcm"
    content = path.read_bytes()
    reader = FrameReader(content)
    assert reader.frame_bytes == 240 * 320 * 3
    with pytest.raises(DecodeError, match="no frame 9"):
        reader.part10(9)
    with pytest.raises(DecodeError, match="truncated"):
        FrameReader(content[: len(content) - 240 * 320 * 3 * 2]).part10(8)
    with pytest.raises(DecodeError, match="no image"):
        FrameReader((shared_data / "dicom-zoo/dcmqi/data/sr-example/sr.dcm").read_bytes())


def test_frames_taken_by_several_threads_never_mix(shared_data: Path) -> None:
    content = (shared_data / "dicom-zoo/dcm_qa_enh/In/Siemens/XA10/6_1.dcm").read_bytes()
    reader = FrameReader(content)
    heights = [frame.position and round(frame.position[2], 1) for frame in header_of(read_dataset(content)).frames]

    def height(number: int) -> float:
        plane = header_of(read_dataset(reader.part10(number))).instance().plane
        assert plane is not None
        return round(plane.origin[2], 1)

    numbers = [1, 2, 3, 4, 5, 6] * 10
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(height, numbers)) == [heights[number - 1] for number in numbers]
