"""A model that was altered, or that promises other things than it holds, cannot be selected."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models.engine.manifest import parse_manifest
from models.engine.registry import BUNDLES, Registry, check_bundle, read_bundle
from resources.translation import use_language
from tests.helpers.models import XS, copied_bundle, onnx_model, refused
from workstation.domain.errors import BundleInvalid

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def test_the_small_bundle_passes_the_whole_gate() -> None:
    bundle = check_bundle(BUNDLES / XS)

    assert bundle.identity.sha256 == "498a865682f9a371e3017ff006de0cea8121e0a4f5bc4c01447e890901346b2f"
    assert (
        bundle.identity.name,
        bundle.identity.version,
        bundle.identity.threshold,
    ) == ("lung-nodule-xs", "0.4.0", 0.343)


@pytest.mark.parametrize("model_id", Registry().own)
def test_a_shipped_model_has_three_operating_points_and_never_promises_ten_of_ten(model_id: str) -> None:
    manifest = Registry().load(model_id).manifest

    assert [point.name for point in manifest.operating_points] == ["sensitive", "balanced", "specific"]
    assert sorted(p.score for p in manifest.operating_points) == [p.score for p in manifest.operating_points]
    assert manifest.calibration is not None
    assert max(manifest.calibration.probability) < 0.95


def test_registry_lists_what_is_installed() -> None:
    shipped = Registry()
    assert XS in shipped.ids()
    assert [manifest.id for manifest in shipped.list()] == list(shipped.ids())
    assert set(shipped.own) == set(shipped.ids())  # nothing ships that is never taken


def test_an_unknown_model_is_refused_with_the_known_ones_named() -> None:
    with pytest.raises(BundleInvalid) as caught:
        Registry().load("lung-nodule-xxl")

    assert caught.value.user_text == "There is no model “lung-nodule-xxl”."
    assert caught.value.hint == f"Installed models: {', '.join(Registry().ids())}"


@pytest.mark.parametrize("name", ["model.onnx", "CARD.md", "LICENSE"])
def test_one_changed_byte_is_refused(tmp_path: Path, name: str) -> None:
    folder = copied_bundle(tmp_path)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)

    with refused(BundleInvalid, f"The model file “{name}” was altered."):
        read_bundle(folder)


def test_a_longer_file_is_refused(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    with (folder / "LICENSE").open("ab") as out:
        out.write(b"\n")

    with refused(BundleInvalid, "was altered"):
        read_bundle(folder)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    (folder / "LICENSE").unlink()

    with refused(BundleInvalid, "is missing"):
        read_bundle(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with refused(BundleInvalid, "cannot be read"):
        read_bundle(tmp_path)


def test_a_link_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    (folder / "LICENSE").rename(tmp_path / "LICENSE")
    (folder / "LICENSE").symlink_to(tmp_path / "LICENSE")

    with refused(BundleInvalid, "lies outside its bundle"):
        read_bundle(folder)


def test_a_folder_under_another_models_name_is_refused(tmp_path: Path) -> None:
    copied_bundle(tmp_path).rename(tmp_path / "better-model")

    with refused(BundleInvalid, "holds another model"):
        Registry((tmp_path,)).load("better-model")


def _renamed_input(manifest: dict[str, Any]) -> None:
    manifest["input"]["name"] = "picture"


def _renamed_output(manifest: dict[str, Any]) -> None:
    manifest["output"]["heat"] = "warmth"


def _other_opset(manifest: dict[str, Any]) -> None:
    manifest["runtime"]["opset"] = 18


def _huge(manifest: dict[str, Any]) -> None:
    manifest["files"][0]["bytes"] = 10**10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_renamed_input, "inputs are not those of the manifest"),
        (_renamed_output, "outputs are not those of the manifest"),
        (_other_opset, "operator set 17 is not the one declared"),
        (_huge, "is too large"),
    ],
)
def test_a_network_other_than_declared_is_refused(tmp_path: Path, change: Change, reason: str) -> None:
    with refused(BundleInvalid, reason):
        check_bundle(copied_bundle(tmp_path, change))


def _with_model(tmp_path: Path, model: bytes) -> Path:
    """A bundle that is consistent in itself round other model bytes."""
    digest = hashlib.sha256(model).hexdigest()
    folder = copied_bundle(tmp_path)
    (folder / "model.onnx").write_bytes(model)
    old = "498a865682f9a371e3017ff006de0cea8121e0a4f5bc4c01447e890901346b2f"
    for name in ("CARD.md", "CARD.zh_CN.md"):
        card = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(card.replace(old, digest), encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for entry in manifest["files"]:
        data = (folder / entry["path"]).read_bytes()
        entry["sha256"], entry["bytes"] = hashlib.sha256(data).hexdigest(), len(data)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (b"MZ this is a program", "is not an ONNX network"),
        (onnx_model(tensor=b"\x70\x01"), "keeps weights outside its file"),
        (onnx_model(domain="evil"), "needs custom operators"),
        (onnx_model(opset=99), "operator set 99"),
        (onnx_model(), "cannot be opened"),
    ],
)
def test_a_consistent_bundle_round_an_unusable_network_is_refused(tmp_path: Path, model: bytes, reason: str) -> None:
    with refused(BundleInvalid, reason):
        check_bundle(_with_model(tmp_path, model))


def _set(path: str, value: object) -> Change:
    def change(manifest: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        at: Any = manifest
        for parent in parents:
            at = at[int(parent)] if parent.isdigit() else at[parent]
        at[last] = value

    return change


CONFUSED = {"method": "isotonic", "basis": {"en": "x", "zh": "x"}, "score": [0.5, 0.1], "probability": [0.1, 0.9]}
UNEVEN = {**CONFUSED, "score": [0.1, 0.5, 0.9]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set("version", "one"), "wrong at “version”"),
        (_set("surprise", 1), "wrong at “manifest.json”"),
        (_set("files/0/path", "../../etc/passwd"), "wrong at “files/0/path”"),
        (_set("files/0/path", "/etc/passwd"), "wrong at “files/0/path”"),
        (_set("files/0/path", "LICENSE"), "contradicts itself"),
        (_set("files/0/path", "network.onnx"), "contradicts itself"),
        (_set("default_operating_point", "boldest"), "contradicts itself"),
        (_set("input/clip_hu", [400, -1000]), "contradicts itself"),
        (_set("input/tiling", {"slab": 100, "halo": 16}), "contradicts itself"),
        (_set("output/stride", 3), "contradicts itself"),
        (_set("calibration", CONFUSED), "contradicts itself"),
        (_set("calibration", UNEVEN), "contradicts itself"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(tmp_path: Path, change: Change, reason: str) -> None:
    with refused(BundleInvalid, reason):
        read_bundle(copied_bundle(tmp_path, change))


@pytest.mark.parametrize("data", [b"{", b"\xff\xff", b"[" * 100_000, b"[NaN]", b"[Infinity]", b"[1e999]"])
def test_a_manifest_that_is_not_json_is_refused(data: bytes) -> None:
    with refused(BundleInvalid, "not valid JSON"):
        parse_manifest(data)


def test_an_oversized_manifest_is_refused_unread() -> None:
    with refused(BundleInvalid, "too large"):
        parse_manifest(b" " * 1_000_001)


def test_a_file_that_was_never_promised_has_no_entry() -> None:
    with pytest.raises(KeyError):
        Registry().load(XS).manifest.file("notes.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes and devices in folders here")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_manifest_without_an_end_is_refused_unread(tmp_path: Path, kind: str) -> None:
    folder = copied_bundle(tmp_path)
    (folder / "manifest.json").unlink()
    if kind == "pipe":
        os.mkfifo(folder / "manifest.json")
    else:
        (folder / "manifest.json").symlink_to("/dev/zero")

    with refused(BundleInvalid, "The model file “manifest.json” cannot be read."):
        check_bundle(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_in_the_place_of_a_file_is_refused_unread(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    (folder / "LICENSE").unlink()
    os.mkfifo(folder / "LICENSE")

    with refused(BundleInvalid, "was altered"):
        check_bundle(folder)
