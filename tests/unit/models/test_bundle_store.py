"""Bundles in and out: nothing unchecked is installed, and who signed decides what a model may do."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.bundle_store import BundleStore, take_out
from models.engine.golden import _check_repeats, make_golden
from models.engine.installed import InstalledModels
from models.engine.manifest import parse_manifest
from models.engine.manifest_values import AnchorSpec
from models.engine.registry import BUNDLES, check_bundle, gate_results, read_bundle
from models.engine.trust import make_key, sign_bundle, signed_bytes, trusted_keys
from tests.helpers.bundles import grid_input, identity_mask, manifest, network, node, tensor, write_bundle
from tests.helpers.models import refused
from workstation.domain.errors import BundleInvalid, StorageError
from workstation.domain.model import GateStep, ModelKind, Trust

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "monai_retinanet.npz"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", *identity_mask())


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with the public key of a trusted supplier, whose private key lies beside it."""
    folder = tmp_path / "model-keys"
    folder.mkdir()
    make_key(tmp_path / "private.pem", folder / "supplier.pem")
    return folder


def test_a_folder_is_installed_under_id_and_version(tmp_path: Path, bundle: Path) -> None:
    (bundle / "setup.py").write_text("raise SystemExit", encoding="utf-8")

    installed = BundleStore(tmp_path / "models").bring_in(bundle)

    assert installed.folder == tmp_path / "models" / "test-mask-1.0.0"
    assert sorted(path.name for path in installed.folder.iterdir()) == [
        "CARD.md",
        "LICENSE",
        "manifest.json",
        "model.onnx",
    ]
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["test-mask-1.0.0"]


def test_what_was_taken_out_can_be_brought_in_elsewhere(tmp_path: Path, bundle: Path) -> None:
    archive = tmp_path / "model.zip"
    take_out(read_bundle(bundle), archive)

    installed = BundleStore(tmp_path / "elsewhere").bring_in(archive)

    assert installed.model == (bundle / "model.onnx").read_bytes()
    with pytest.raises(StorageError):
        take_out(read_bundle(bundle), archive)


def test_an_installed_version_is_not_replaced_in_silence(tmp_path: Path, bundle: Path) -> None:
    store = BundleStore(tmp_path / "models")
    store.bring_in(bundle)

    with refused(BundleInvalid, "“test-mask-1.0.0” is installed already."):
        store.bring_in(bundle)

    store.remove("test-mask-1.0.0")
    assert list((tmp_path / "models").iterdir()) == []
    with refused(BundleInvalid, "There is no model “test-mask-1.0.0”."):
        store.remove("test-mask-1.0.0")


@pytest.mark.parametrize("name", ["..", "../models", "."])
def test_only_an_installed_model_is_removed(tmp_path: Path, bundle: Path, name: str) -> None:
    store = BundleStore(tmp_path / "models")
    store.bring_in(bundle)

    with refused(BundleInvalid, "There is no model"):
        store.remove(name)
    assert (tmp_path / "models" / "test-mask-1.0.0").is_dir()


def test_a_path_that_is_nothing_is_refused(tmp_path: Path) -> None:
    with refused(BundleInvalid, "neither a folder nor a zip file"):
        BundleStore(tmp_path / "models").bring_in(tmp_path / "nowhere")


def test_an_import_that_fails_leaves_nothing_behind(tmp_path: Path, bundle: Path) -> None:
    (bundle / "LICENSE").write_text("other", encoding="utf-8")

    with refused(BundleInvalid, "was altered"):
        BundleStore(tmp_path / "models").bring_in(bundle)

    assert list((tmp_path / "models").iterdir()) == []


# -- signatures ----------------------------------------------------------------------------------


def test_a_bundle_signed_by_a_trusted_supplier_is_no_research_model(tmp_path: Path, bundle: Path, keys: Path) -> None:
    signer = sign_bundle(bundle, tmp_path / "private.pem")

    trusted = check_bundle(bundle, trusted_keys(keys))

    assert trusted.trust is Trust.HOSPITAL
    assert not trusted.identity.research
    assert trusted.manifest.signature is not None
    assert trusted.manifest.signature.key_id == signer


def test_without_the_suppliers_key_the_same_bundle_is_for_research(tmp_path: Path, bundle: Path, keys: Path) -> None:
    assert keys.is_dir()
    sign_bundle(bundle, tmp_path / "private.pem")

    assert check_bundle(bundle).trust is Trust.RESEARCH


@pytest.mark.parametrize("field", ["id", "operating_points", "applies_to", "files"])
def test_a_manifest_altered_after_signing_is_refused(tmp_path: Path, bundle: Path, keys: Path, field: str) -> None:
    sign_bundle(bundle, tmp_path / "private.pem")
    raw = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    changed: Mapping[str, Any] = {
        "id": "test-other",
        "operating_points": [{**raw["operating_points"][0], "score": 0.1}],
        "applies_to": {**raw["applies_to"], "min_slices": 1},
        "files": raw["files"][::-1],
    }
    raw[field] = changed[field]
    (bundle / "manifest.json").write_text(json.dumps(raw), encoding="utf-8")

    with refused(BundleInvalid, "The signature of the model does not hold"):
        _verify_only(bundle, keys)


def _verify_only(folder: Path, keys: Path) -> None:
    data = (folder / "manifest.json").read_bytes()
    trusted_keys(keys).verify(data, parse_manifest(data).signature)


def test_the_layout_of_the_manifest_file_is_not_signed(tmp_path: Path, bundle: Path, keys: Path) -> None:
    sign_bundle(bundle, tmp_path / "private.pem")
    raw = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    (bundle / "manifest.json").write_text(json.dumps(dict(reversed(raw.items()))), encoding="utf-8")

    assert check_bundle(bundle, trusted_keys(keys)).trust is Trust.HOSPITAL
    assert signed_bytes({"b": 1, "a": "肺", "signature": None}) == '{"a":"肺","b":1}'.encode()


def test_a_signature_that_is_no_signature_is_refused(tmp_path: Path, bundle: Path, keys: Path) -> None:
    sign_bundle(bundle, tmp_path / "private.pem")
    raw = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    raw["signature"]["value"] = "not base64!"
    (bundle / "manifest.json").write_text(json.dumps(raw), encoding="utf-8")

    with refused(BundleInvalid, "does not hold"):
        _verify_only(bundle, keys)


def test_the_product_trusts_its_own_release_key_and_what_it_ships() -> None:
    assert [trust for trust, _ in trusted_keys().keys.values()] == [Trust.RELEASE]
    assert read_bundle(BUNDLES / "lung-nodule-xs").trust in {Trust.SHIPPED, Trust.RELEASE}


def test_a_copy_of_an_unsigned_shipped_bundle_is_trusted_only_where_it_was_shipped(tmp_path: Path) -> None:
    shutil.copytree(BUNDLES / "lung-nodule-xs", tmp_path / "lung-nodule-xs")
    path = tmp_path / "lung-nodule-xs" / "manifest.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["signature"] = None
    path.write_text(json.dumps(raw), encoding="utf-8")

    assert read_bundle(tmp_path / "lung-nodule-xs").trust is Trust.RESEARCH


def test_an_unreadable_key_is_left_out_and_a_key_never_overwritten(tmp_path: Path, keys: Path) -> None:
    (keys / "broken.pem").write_text("hello", encoding="utf-8")
    (keys / "private.pem").write_bytes((tmp_path / "private.pem").read_bytes())

    assert len(trusted_keys(keys).keys) == 2  # the supplier's and the product's
    with refused(BundleInvalid, "already a key"):
        make_key(tmp_path / "private.pem", tmp_path / "new.pem")
    assert (tmp_path / "private.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_what_is_no_private_key_signs_nothing(tmp_path: Path, bundle: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)

    with refused(BundleInvalid, "no private key"):
        sign_bundle(bundle, tmp_path / "key.pem")
    with refused(BundleInvalid, "no private key"):
        sign_bundle(bundle, tmp_path / "missing.pem")


# -- the trial run ---------------------------------------------------------------------------------


def _with_golden(folder: Path, change: float = 0.0) -> Path:
    model, described = identity_mask()
    image = np.linspace(0, 1, 512, dtype=np.float32).reshape(1, 1, 8, 8, 8)
    bare = write_bundle(folder / "bare", model, described)
    packed = make_golden(model, read_bundle(bare).manifest, image + np.float32(change))
    return write_bundle(folder / "golden", model, described, more={"golden.npz": packed})


def test_a_network_repeats_what_it_was_shipped_with(tmp_path: Path) -> None:
    assert check_bundle(_with_golden(tmp_path)).golden is not None


def test_a_network_that_does_not_repeat_it_is_refused(tmp_path: Path) -> None:
    folder = _with_golden(tmp_path)
    other = network([node("Mul", ["image", "k"], ["mask"])], constants=[tensor("k", [0.9])], outputs={"mask": 5})
    _, described = identity_mask()
    packed = (folder / "golden.npz").read_bytes()
    swapped = write_bundle(tmp_path / "swapped", other, described, more={"golden.npz": packed})

    with refused(BundleInvalid, "does not repeat the result"):
        check_bundle(swapped)


@pytest.mark.parametrize(
    ("size", "stored", "told"),
    [
        (0, 0.0, "answers nothing to the trial input"),
        (8, np.nan, "does not repeat the result"),
    ],
)
def test_a_trial_that_shows_nothing_is_refused_in_words(tmp_path: Path, size: int, stored: float, told: str) -> None:
    model, described = identity_mask()
    image = np.zeros((1, 1, size, 8, 8), np.float32)
    packed = io.BytesIO()
    np.savez(packed, input=image, output_mask=image + np.float32(stored))
    folder = write_bundle(tmp_path / "b", model, described, more={"golden.npz": packed.getvalue()})

    with refused(BundleInvalid, told):
        check_bundle(folder)


@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.float16])
def test_a_mask_of_truths_or_bytes_is_held_against_the_shipped_one_too(kind: type[np.generic]) -> None:
    mask = np.array([[1, 0]]).astype(kind)
    _check_repeats(mask, mask, "mask")

    with refused(BundleInvalid, "does not repeat the result"):
        _check_repeats(mask, mask[:, ::-1], "mask")


def test_a_trial_input_that_is_a_bomb_or_a_pickle_is_refused(tmp_path: Path) -> None:
    model, described = identity_mask()
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("input.npy", b"\0" * (65 * 2**20))
    np.savez(tmp_path / "pickle.npz", input=np.array([{"a": 1}], dtype=object))

    for name in ("bomb", "pickle"):
        data = (tmp_path / f"{name}.npz").read_bytes()
        folder = write_bundle(tmp_path / name, model, described, more={"golden.npz": data})
        with refused(BundleInvalid, "trial input of the model cannot be read"):
            check_bundle(folder)


def test_the_gates_are_shown_up_to_the_first_that_fails(tmp_path: Path, bundle: Path) -> None:
    passed = gate_results(bundle)
    (bundle / "LICENSE").write_text("other", encoding="utf-8")
    failed = gate_results(bundle)

    assert [(result.step, result.passed) for result in passed] == [(step, True) for step in GateStep]
    assert passed[2].text == "No one trusted here signed this model: research only, never in a report."
    assert [(result.step, result.passed) for result in failed] == [(GateStep.SCHEMA, True), (GateStep.FILES, False)]
    assert failed[1].text.startswith("The model file “LICENSE” was altered.")


# -- MONAI -----------------------------------------------------------------------------------------


def _monai(folder: Path) -> Path:
    """A bundle laid out as MONAI's, with expressions that would leave a file if anybody ran them."""
    trap = f"$open({str(folder / 'ran')!r}, 'w').close()"
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    metadata = {
        "name": "Tiny RetinaNet",
        "version": "0.6.8",
        "description": trap,
        "authors": "MONAI team",
        "copyright": "Copyright (c) MONAI Consortium",
        "data_source": "LUNA16",
        "intended_use": "research",
    }
    inference = {
        "imports": [trap],
        "spacing": [1.5, 1.5, 2.0],
        "num_classes": 2,
        "anchor_generator": {"base_anchor_shapes": [[6, 8, 4], [8, 6, 5], [10, 10, 6]], "feature_map_scales": trap},
        "preprocessing": [
            {"_target_": "Spacingd", "pixdim": "@spacing"},
            {"_target_": "ScaleIntensityRanged", "a_min": -1000.0, "a_max": 300.0, "b_min": 0.0, "b_max": 1.0},
        ],
        "detector": trap,
    }
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    (folder / "configs" / "inference.json").write_text(json.dumps(inference), encoding="utf-8")
    (folder / "models" / "model.pt").write_bytes(b"\x80\x04pickle")
    with np.load(GOLDEN, allow_pickle=False) as stored:
        (folder / "models" / "model.onnx").write_bytes(stored["onnx"].tobytes())
    return folder


def test_a_monai_bundle_is_imported_with_its_constants_and_nothing_of_it_runs(tmp_path: Path) -> None:
    folder = _monai(tmp_path / "lung_nodule")

    bundle = BundleStore(tmp_path / "models").bring_in(folder)

    raw = json.loads((bundle.folder / "manifest.json").read_text(encoding="utf-8"))
    assert (bundle.manifest.id, bundle.manifest.version) == ("monai-tiny-retinanet", "0.6.8")
    assert bundle.manifest.kind == "anchor_boxes_3d"
    assert (raw["input"]["spacing_mm"], raw["input"]["clip"]) == ([1.5, 1.5, 2.0], [-1000.0, 300.0])
    assert [level["stride"] for level in raw["output"]["levels"]] == [[4, 4, 2], [8, 8, 4]]
    assert raw["output"]["levels"][1]["anchors"] == [[12, 16, 8], [16, 12, 10], [20, 20, 12]]
    assert (raw["post"]["min_score"], raw["post"]["top_k"], raw["post"]["nms_iou"]) == (0.02, 1000, 0.22)
    assert raw["source"]["training"] == "not stated"  # it was an expression
    assert bundle.trust is Trust.RESEARCH
    assert not (folder / "ran").exists()


def test_a_monai_zip_is_imported_too(tmp_path: Path) -> None:
    folder = _monai(tmp_path / "lung_nodule")
    archive = Path(shutil.make_archive(str(tmp_path / "monai"), "zip", tmp_path, "lung_nodule"))
    shutil.rmtree(folder)

    assert BundleStore(tmp_path / "models").bring_in(archive).manifest.id == "monai-tiny-retinanet"


def test_monais_own_constants_hold_where_the_bundle_has_expressions(tmp_path: Path) -> None:
    folder = _monai(tmp_path / "lung_nodule")
    (folder / "configs" / "inference.json").write_text(
        '{"spacing": "$[1, 1, 1]", "pixdim": "@spacing", "num_classes": 2}', encoding="utf-8"
    )

    raw = json.loads(
        (BundleStore(tmp_path / "models").bring_in(folder).folder / "manifest.json").read_text(encoding="utf-8")
    )

    assert raw["input"]["spacing_mm"] == [0.703125, 0.703125, 1.25]
    assert raw["input"]["clip"] == [-1024.0, 300.0]
    assert raw["output"]["levels"][0]["anchors"] == [[6, 8, 4], [8, 6, 5], [10, 10, 6]]


def test_a_network_with_other_classes_than_described_is_refused(tmp_path: Path) -> None:
    folder = _monai(tmp_path / "lung_nodule")
    (folder / "configs" / "inference.json").write_text("{}", encoding="utf-8")

    with refused(BundleInvalid, "does not have the form that the manifest says"):
        BundleStore(tmp_path / "models").bring_in(folder)


def _says(folder: Path, **more: object) -> Path:
    """Let the transforms and the backbone of a MONAI bundle say more."""
    path = folder / "configs" / "inference.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **more}), encoding="utf-8")
    return folder


def test_a_monai_bundle_says_itself_what_its_strides_and_axes_are(tmp_path: Path) -> None:
    folder = _says(
        _monai(tmp_path / "lung_nodule"),
        backbone={"conv1_t_stride": [2, 2, 1], "returned_layers": [1, 2]},
        orient={"_target_": "Orientationd", "axcodes": "LPS"},
    )

    spec = BundleStore(tmp_path / "models").bring_in(folder).manifest.spec

    assert isinstance(spec, AnchorSpec)
    assert spec.input.orientation == "LPS"
    assert [level.stride for level in spec.output.levels] == [(4, 4, 2), (8, 8, 4)]


def test_a_monai_network_of_another_stride_is_refused_until_its_bundle_says_so(tmp_path: Path) -> None:
    pooled = network(
        [
            node("MaxPool", ["image"], ["coarse"], kernel_shape=[4, 4, 4], strides=[4, 4, 4]),
            node("Conv", ["coarse", "a"], ["cls"]),
            node("Conv", ["coarse", "b"], ["box"]),
        ],
        constants=[tensor("a", np.zeros((6, 1, 1, 1, 1))), tensor("b", np.zeros((18, 1, 1, 1, 1)))],
        outputs={"cls": 5, "box": 5},
    )
    folder = _monai(tmp_path / "lung_nodule")
    (folder / "models" / "model.onnx").write_bytes(pooled)

    with refused(BundleInvalid, "does not have the form that the manifest says"):
        BundleStore(tmp_path / "models").bring_in(folder)
    spec = BundleStore(tmp_path / "models").bring_in(_says(folder, net={"conv1_t_stride": [2, 2, 2]})).manifest.spec

    assert isinstance(spec, AnchorSpec)
    assert [level.stride for level in spec.output.levels] == [(4, 4, 4)]


@pytest.mark.parametrize(
    "said",
    [
        {"a": {"axcodes": "PIR"}},
        {"a": {"axcodes": "RAS"}, "b": {"axcodes": "LPS"}},
        {"conv1_t_stride": [2, 2]},
        {"conv1_t_stride": [2, 2, 0]},
        {"returned_layers": []},
    ],
)
def test_a_monai_bundle_that_contradicts_itself_or_us_is_refused(tmp_path: Path, said: dict[str, Any]) -> None:
    with refused(BundleInvalid, "contradicts itself"):
        BundleStore(tmp_path / "models").bring_in(_says(_monai(tmp_path / "lung_nodule"), **said))


def test_another_network_in_a_monai_bundle_is_refused(tmp_path: Path) -> None:
    folder = _monai(tmp_path / "lung_nodule")
    (folder / "models" / "model.onnx").write_bytes(network([node("Relu", ["image"], ["y"])], outputs={"y": 5}))

    with refused(BundleInvalid, "The network is no RetinaNet"):
        BundleStore(tmp_path / "models").bring_in(folder)


# -- the model page's port -------------------------------------------------------------------------


def test_the_model_page_sees_shipped_installed_and_broken_models(tmp_path: Path, bundle: Path) -> None:
    models = InstalledModels(tmp_path / "models", provider="cpu")

    card = models.bring_in(bundle)
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    cards = {one.model_id: one for one in models.cards()}

    assert (card.model_id, card.kind, card.trust) == ("test-mask-1.0.0", ModelKind.MASK, Trust.RESEARCH)
    assert cards["test-mask-1.0.0"] == card
    assert cards["broken"].fault.startswith("The model manifest is not valid JSON.")
    assert not cards["lung-nodule-xs"].research
    assert [result.passed for result in models.gates("test-mask-1.0.0")] == [True] * 5
    assert models.detector("test-mask-1.0.0").identity.research
    models.take_out("test-mask-1.0.0", tmp_path / "out.zip")
    models.remove("test-mask-1.0.0")
    assert "test-mask-1.0.0" not in {one.model_id for one in models.cards()}


def test_a_manifest_of_a_grid_that_cannot_be_is_refused() -> None:
    raw = manifest(
        "mask",
        input=grid_input(tiling={"slab": 18, "halo": 0}),
        output={"name": "m", "classes": 1, "activation": "none"},
        post={"threshold": 0.5, "max_marks": 1},
    )
    raw["files"] = [{"path": p, "sha256": "0" * 64, "bytes": 1} for p in ("model.onnx", "CARD.md", "LICENSE")]

    with refused(BundleInvalid, "contradicts itself"):
        parse_manifest(json.dumps(raw).encode())


def test_a_monai_bundle_that_states_nothing_is_imported_as_just_that(tmp_path: Path) -> None:
    folder = _monai(tmp_path / "lung_nodule")
    (folder / "configs" / "metadata.json").write_text("{}", encoding="utf-8")

    bundle = BundleStore(tmp_path / "models").bring_in(folder)

    assert (bundle.manifest.id, bundle.manifest.version) == ("monai-lung-nodule", "0.0.0")
    assert (bundle.folder / "LICENSE").read_text(encoding="utf-8") == "The supplier states no licence."
    assert bundle.manifest.classes[1].label == "class-2"
