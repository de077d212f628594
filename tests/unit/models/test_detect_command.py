"""The stable JSON shape of ``lianyue detect`` and one clear line for bad input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from models.engine.detect_command import check_model, detect_path, list_models, open_detector
from models.engine.detector import DetectionOutcome
from models.engine.registry import BUNDLES, Bundle, Registry
from resources.translation import use_language
from tests.helpers.models import XS, Job, copied_bundle, marking, own_bundles, refused, thorax
from workstation.domain.errors import BundleInvalid, NotAVolume, ProviderUnavailable
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume

SHA256 = "498a865682f9a371e3017ff006de0cea8121e0a4f5bc4c01447e890901346b2f"

UNMEASURED: dict[str, None] = {"long_axis_mm": None, "short_axis_mm": None, "volume_mm3": None}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@dataclass
class _Detector:
    bundle: Bundle
    marks: tuple[Mark, ...] = field(
        default=(
            Mark((-57.0, 131.004, -520.5), 16.1, 0.735, shown=True, out_of_ten=9),
            Mark((1.0, 2.0, 3.0), 5.0, 0.1, shown=False),
        )
    )

    @property
    def identity(self) -> AlgorithmIdentity:
        return self.bundle.identity

    def detect(self, volume: Volume, job: JobContext) -> DetectionOutcome:
        algorithm = AlgorithmIdentity("lung-nodule-xs", "0.1.0", SHA256, provider="cpu")
        seconds = {"load": 0.5, "preprocess": 0.25, "network": 1.0, "postprocess": 0.25, "total": 2.0}
        return DetectionOutcome(self.marks, algorithm, seconds)


def _load(path: Path, job: JobContext) -> Volume:
    return thorax(shape=(32, 16, 16))


def test_detect_answers_in_the_stable_shape() -> None:
    answer = detect_path(
        Path("series"),
        None,
        "auto",
        marking(_load),
        Job(),
        make_detector=lambda bundle, provider: _Detector(bundle),  # noqa: ARG005
    )

    assert answer["model"] == {"id": "lung-nodule-xs", "version": "0.1.0", "sha256": SHA256}
    assert answer["series_instance_uid"] == "1.2.4"
    assert answer["provider"] == "cpu"
    assert answer["marks"] == [
        {
            "centre_lps_mm": [-57.0, 131.0, -520.5],
            "diameter_mm": 16.1,
            "score": 0.735,
            "calibrated": 9,
            "shown": True,
            "label": "nodule",
            **UNMEASURED,
        },
        {
            "centre_lps_mm": [1.0, 2.0, 3.0],
            "diameter_mm": 5.0,
            "score": 0.1,
            "calibrated": None,
            "shown": False,
            "label": "nodule",
            **UNMEASURED,
        },
    ]
    assert list(answer["seconds"]) == ["load", "preprocess", "network", "postprocess", "total"]
    assert answer["seconds"]["network"] == 1.0
    assert answer["seconds"]["load"] >= 0.5
    assert answer["seconds"]["total"] == pytest.approx(answer["seconds"]["load"] + 1.5, abs=0.002)
    assert json.loads(json.dumps(answer)) == answer


def test_detect_with_the_real_model_finds_the_phantoms_nodule() -> None:
    def load(path: Path, job: JobContext) -> Volume:
        return thorax(nodule_lps_mm=(-55.0, 10.0, -12.0))

    answer = detect_path(Path("series"), XS, "cpu", marking(load), Job())

    assert [mark["shown"] for mark in answer["marks"] if mark["score"] > 0.414] == [True]


def test_bad_input_keeps_its_one_clear_line() -> None:
    def load(path: Path, job: JobContext) -> Volume:
        raise NotAVolume("These files are no stack of slices.")

    with refused(NotAVolume, "These files are no stack of slices."):
        detect_path(Path("series"), None, "cpu", marking(load), Job())


def test_an_unknown_model_is_refused_before_a_file_is_read() -> None:
    def load(path: Path, job: JobContext) -> Volume:
        raise AssertionError("a file was read")

    with refused(BundleInvalid, "There is no model “none”."):
        detect_path(Path("series"), "none", "cpu", marking(load), Job())
    with refused(ProviderUnavailable, "There is no provider “abacus”."):
        detect_path(Path("series"), None, "abacus", marking(load), Job())


def test_models_list_names_the_small_model_in_both_languages() -> None:
    english = {one["id"]: one for one in list_models()}[XS]
    use_language("zh_CN")
    chinese = {one["id"]: one for one in list_models()}[XS]

    assert tuple(english[key] for key in ("version", "sha256", "ok", "licence")) == (
        "0.4.0",
        SHA256,
        True,
        "Apache-2.0",
    )
    assert (english["title"], chinese["title"]) == ("Lung nodule detector, extra small", "肺结节检测模型（超小型）")


def test_of_several_own_models_the_best_whole_one_is_the_default(tmp_path: Path) -> None:
    registry = own_bundles(tmp_path, "lung-nodule-s", XS)
    assert [(one["id"], one["default"]) for one in list_models(registry)] == [("lung-nodule-s", True), (XS, False)]

    (tmp_path / "lung-nodule-s" / "CARD.md").write_text("nothing", encoding="utf-8")

    broken, whole = list_models(registry)
    assert (broken["ok"], whole["id"], whole["default"]) == (False, XS, True)
    with refused(BundleInvalid, "The model file “CARD.md” was altered."):
        check_model(None, registry)  # a check is of the best one, and says what is wrong


def test_models_list_shows_a_broken_bundle_with_its_fault(tmp_path: Path) -> None:
    (copied_bundle(tmp_path) / "CARD.md").write_text("nothing", encoding="utf-8")

    assert list_models(Registry((tmp_path,))) == [
        {"id": "lung-nodule-xs", "ok": False, "fault": "The model file “CARD.md” was altered."}
    ]


@pytest.mark.parametrize("model_id", Registry().own)
def test_models_check_passes_every_model_that_ships(model_id: str) -> None:
    assert check_model(model_id)["text"].startswith(f"{model_id} ")


def test_models_check_without_a_name_is_about_the_default() -> None:
    assert check_model(None)["id"] == Registry().default


@pytest.mark.parametrize("name", [XS, str(BUNDLES / XS)])
def test_models_check_passes_the_small_model_by_id_or_folder(name: str) -> None:
    assert check_model(name) == {
        "id": "lung-nodule-xs",
        "version": "0.4.0",
        "sha256": SHA256,
        "trust": "shipped",
        "ok": True,
        "files": 9,
        "text": "lung-nodule-xs 0.4.0 is intact.",
    }


def test_models_check_names_the_altered_file(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    (folder / "model.onnx").write_bytes(b"")

    with refused(BundleInvalid, "The model file “model.onnx” was altered."):
        check_model(str(folder))


def test_a_detector_is_opened_by_the_providers_name() -> None:
    assert open_detector(Registry().load(XS), "cpu").identity.sha256 == SHA256
