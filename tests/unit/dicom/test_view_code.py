"""A mammogram that names its view by code hangs like one that names it in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr import _snomed_dict
from pydicom.sr.codedict import codes
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian

from resources.translation import use_language
from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.stack_scene import StackScene, slots_of
from viewers.scene.view_words import view_name
from workstation.dicom.header import header_from_json, header_of
from workstation.dicom.images.assemble import studies_of
from workstation.dicom.images.source import scan
from workstation.dicom.view_code import MODIFIER_OF_CODE, VIEW_OF_CODE
from workstation.domain.hanging import choose_protocol, hang
from workstation.domain.study import Instance
from workstation.domain.view_modifier import ViewModifier
from workstation.storage.hanging_protocols import HangingLibrary

MLO, CC = ("399368009", "SCT"), ("399162004", "SCT")
WORDS = {
    "CC": "CranioCaudal",
    "MLO": "MedioLateralObliqueProjection",
    "ML": "MedioLateralProjection",
    "LM": "LateroMedial",
    "LMO": "LateroMedialOblique",
    "FB": "CaudoCranial",
    "SIO": "SuperolateralToInferomedialOblique",
    "ISO": "InferomedialToSuperolateralOblique",
    "XCCL": "CranioCaudalExaggeratedLaterally",
    "XCCM": "CranioCaudalExaggeratedMedially",
}
OTHER_WORDS = {
    "TAN": ("cid4015", "Tangential"),
    "AT": ("cid4015", "AxillaryTail"),
    "CV": ("cid4015", "Cleavage"),
    "PA": ("cid4010", "PosteroAnterior"),
    "AP": ("cid4010", "AnteroPosterior"),
    "LL": ("cid4010", "LeftLateral"),
    "RL": ("cid4010", "RightLateral"),
}


def mammogram(code: tuple[str, str], side: str = "R", position: str = "") -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    dataset.StudyInstanceUID, dataset.PatientID, dataset.Modality = "1.2", "P1", "MG"
    dataset.SOPInstanceUID = f"1.2.{ord(side)}.{code[0].removeprefix('R-')}"
    dataset.SeriesInstanceUID = f"{dataset.SOPInstanceUID}.1"
    dataset.Rows = dataset.Columns = 8
    dataset.ImageLaterality = side
    if position:
        dataset.ViewPosition = position
    dataset.ViewCodeSequence = [item(code)]
    return dataset


def item(code: tuple[str, str]) -> Dataset:
    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator = code
    return found


def read(dataset: Dataset) -> Instance:
    direct = header_of(dataset).instance()
    assert header_from_json(dataset.to_json_dict()).instance() == direct
    return direct


@pytest.mark.parametrize("code", [MLO, ("R-10226", "SRT"), ("R-10226", "SNM3"), ("R-10226", "99SDM")], ids="-".join)
def test_the_view_is_read_from_its_code_in_either_scheme(code: tuple[str, str]) -> None:
    found = read(mammogram(code))
    assert (found.laterality, found.view_position) == ("R", "MLO")


def test_the_code_comes_before_view_position_and_an_unknown_code_does_not() -> None:
    assert read(mammogram(CC, position="MLO")).view_position == "CC"
    assert read(mammogram(("399368009", "99LOCAL"), position="MLO")).view_position == "MLO"
    assert read(mammogram(("127457009", "SCT"))).view_position == ""


def test_an_empty_or_broken_code_sequence_costs_nothing() -> None:
    dataset = mammogram(CC, position="CC")
    for items in ([], [Dataset()]):
        dataset.ViewCodeSequence = items
        assert read(dataset).view_position == "CC"


def test_every_code_means_in_the_dictionary_what_its_view_says() -> None:
    named = {("cid4014", word): view for view, word in WORDS.items()} | {at: v for v, at in OTHER_WORDS.items()}
    named["cid4014x", ""] = "XCC"  # retired from the context group, and still in the dictionary
    known = {at: getattr(getattr(codes, at[0]), at[1]).value for at in named if at[1]}
    known["cid4014x", ""] = codes.SCT.ExaggeratedCranioCaudalProjection.value
    former = _snomed_dict.mapping["SCT"]
    expected = {("SCT", known[at]): view for at, view in named.items()}
    expected |= {("SRT", former[known[at]]): view for at, view in named.items()}
    assert expected == VIEW_OF_CODE
    # a specimen is no view of the breast
    assert set(codes.cid4014.concepts) - set(WORDS.values()) == {"TissueSpecimenFromBreast"}


@pytest.mark.parametrize("macro", ["", "XRay3DFrameTypeSequence"])
@pytest.mark.parametrize("place", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"])
def test_tomosynthesis_says_side_and_view_in_its_functional_groups(place: str, macro: str) -> None:
    coded, group, anatomy = Dataset(), Dataset(), Dataset()
    coded.ViewCodeSequence = [item(MLO)]
    anatomy.FrameLaterality = "L"
    group.FrameAnatomySequence = [anatomy]
    if macro:
        setattr(group, macro, [coded])
    else:
        group.ViewCodeSequence = coded.ViewCodeSequence
    dataset = mammogram(MLO)
    del dataset.ViewCodeSequence, dataset.ImageLaterality
    dataset.PerFrameFunctionalGroupsSequence = [Dataset(), Dataset()]
    setattr(dataset, place, [group, group])

    found = read(dataset)
    assert (found.laterality, found.view_position) == ("L", "MLO")
    anatomy.FrameLaterality = "U"  # what has no sides is of no side
    assert read(dataset).laterality == ""


MODIFIED = {
    "SpotCompression": ViewModifier.SPOT,
    "Magnification": ViewModifier.MAGNIFICATION,
    "ImplantDisplaced": ViewModifier.IMPLANT_DISPLACED,
    "Cleavage": ViewModifier.CLEAVAGE,
    "AxillaryTail": ViewModifier.AXILLARY_TAIL,
    "AxillaryTissue": ViewModifier.AXILLARY_TISSUE,
    "RolledLateral": ViewModifier.ROLLED_LATERAL,
    "RolledMedial": ViewModifier.ROLLED_MEDIAL,
    "RolledInferior": ViewModifier.ROLLED_INFERIOR,
    "RolledSuperior": ViewModifier.ROLLED_SUPERIOR,
    "Tangential": ViewModifier.TANGENTIAL,
    "NippleInProfile": ViewModifier.NIPPLE_IN_PROFILE,
    "InfraMammaryFold": ViewModifier.INFRAMAMMARY_FOLD,
    "AnteriorCompression": ViewModifier.ANTERIOR_COMPRESSION,
}


def modified(code: tuple[str, str], *modifiers: tuple[str, str], side: str = "L") -> Dataset:
    dataset = mammogram(code, side)
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = [item(one) for one in modifiers]
    return dataset


def test_every_modifier_means_in_the_dictionary_what_it_is_read_as() -> None:
    known = {word: getattr(codes.cid4015, word).value for word in codes.cid4015.concepts}
    former = _snomed_dict.mapping["SCT"]
    assert set(known) == set(MODIFIED)
    expected = {("SCT", known[word]): meant for word, meant in MODIFIED.items()}
    expected |= {("SRT", former[known[word]]): meant for word, meant in MODIFIED.items()}
    assert expected == MODIFIER_OF_CODE


@pytest.mark.parametrize(
    ("modifiers", "meant"),
    [
        ((), ()),
        ((("399055006", "SCT"),), (ViewModifier.SPOT,)),
        ((("R-102D7", "SRT"), ("R-102D6", "SNM3")), (ViewModifier.SPOT, ViewModifier.MAGNIFICATION)),
        ((("399209000", "SCT"), ("399209000", "SCT")), (ViewModifier.IMPLANT_DISPLACED,)),
        ((("SPOT", "99VENDOR"),), (ViewModifier.OTHER,)),
    ],
)
def test_the_modifiers_of_a_view_are_read_and_an_unknown_one_never_passes_for_the_full_view(
    modifiers: tuple[tuple[str, str], ...], meant: tuple[ViewModifier, ...]
) -> None:
    found = read(modified(CC, *modifiers))
    assert (found.view_position, found.view_modifiers) == ("CC", meant)


def test_a_radiograph_of_another_part_has_no_modifiers_of_the_breast() -> None:
    dataset = modified(("399348003", "SCT"), ("1", "99VENDOR"))
    dataset.Modality = "DX"
    assert read(dataset).view_modifiers == ()


@pytest.mark.parametrize("one_series", [False, True])
def test_the_full_view_has_the_cell_of_the_protocol_and_a_spot_view_hangs_only_alone_with_its_name(
    tmp_path: Path, *, one_series: bool
) -> None:
    spot, full = modified(CC, ("399055006", "SCT")), mammogram(CC, "L")
    spot.SOPInstanceUID, spot.SeriesInstanceUID, spot.SeriesNumber, full.SeriesNumber = "1.2.9", "1.2.9.1", 0, 1
    if one_series:
        spot.SeriesInstanceUID = full.SeriesInstanceUID
    others = [mammogram(CC, "R"), mammogram(MLO, "R"), mammogram(MLO, "L")]
    protocols = HangingLibrary(tmp_path).all()

    def left_cc(*datasets: Dataset) -> Instance:
        study = studies_of([header_of(one) for one in datasets])[0]
        protocol = choose_protocol(protocols, study)
        assert protocol is not None
        hung = next(hang(stage, study) for stage in protocol.stages if stage.name == "CC")
        return next(one for one in hung if one.cell.selector.laterality == "L").instances[0]

    assert left_cc(spot, full, *others).sop_instance_uid == full.SOPInstanceUID
    alone = left_cc(spot, *others)
    use_language("en")
    assert (alone.sop_instance_uid, view_name(alone)) == ("1.2.9", "L CC spot")
    use_language("zh_CN")


def test_four_coded_views_hang_side_by_side_and_say_which_they_are(tmp_path: Path) -> None:
    wanted = [("R", CC), ("L", CC), ("R", MLO), ("L", MLO)]
    study = studies_of([header_of(mammogram(code, side)) for side, code in wanted])[0]
    protocol = choose_protocol(HangingLibrary(tmp_path).all(), study)
    assert protocol is not None
    assert protocol.protocol_id == "mg-four-views"
    hung = next(hang(stage, study) for stage in protocol.stages if stage.name == "MLO")
    scenes = [
        StackScene(slots_of(one.series), annotations=Annotations("1.2"), new_uid=uids(), modality="MG")
        for one in hung
        if one.series is not None
    ]
    assert [scene.view_name for scene in scenes] == ["R MLO", "L MLO"]
    assert [scene._view_captions().location for scene in scenes] == ["R MLO", "L MLO"]


def test_a_coded_view_is_read_from_a_file_too(tmp_path: Path) -> None:
    dataset = mammogram(MLO)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PixelData = bytes(64)
    dataset["PixelData"].VR = "OW"
    dataset.save_as(tmp_path / "mg.dcm", enforce_file_format=True)
    assert scan(tmp_path)[0].series[0].instances[0].view_position == "MLO"
