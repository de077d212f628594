"""A stranger's model file is refused before anything in it runs, in bounded time and memory, with a next step."""

from __future__ import annotations

import io
import json
import pickle
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine import registry, session
from models.engine.bundle_store import BundleStore
from models.engine.registry import check_bundle
from tests.helpers.bundles import identity_mask, network, node, tensor, write_bundle
from tests.helpers.models import field
from workstation.domain.errors import BundleInvalid

pytestmark = pytest.mark.fault

CPU_SECONDS = 10.0
GIB = 2**30


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when a network is opened or a pickle is read before the refusal."""

    def opened(*_args: object, **_options: object) -> None:
        raise AssertionError("something was executed")

    monkeypatch.setattr(session, "_create", opened)
    monkeypatch.setattr(registry, "dry_run", opened)
    monkeypatch.setattr(pickle, "loads", opened)
    monkeypatch.setattr(pickle, "load", opened)


def _refused(path: Path, text: str, *, into: Path | None = None) -> None:
    """Expect a refusal with a sentence and a next step, cheaply."""
    started = time.process_time()
    take = check_bundle if into is None else BundleStore(into).bring_in
    with pytest.raises(BundleInvalid) as caught:
        take(path)
    assert text in caught.value.user_text
    assert caught.value.hint
    assert time.process_time() - started < CPU_SECONDS
    if into is not None:
        assert list(into.iterdir()) == []


def _bundle(tmp_path: Path, model: bytes, **parts: Any) -> Path:  # noqa: ANN401  JSON
    described = {**identity_mask()[1], **parts}
    return write_bundle(tmp_path / "bundle", model, described)


def _mask_network(*more: bytes, constants: tuple[bytes, ...] = (), **options: Any) -> bytes:  # noqa: ANN401
    return network([node("Identity", ["image"], ["mask"]), *more], constants=constants, outputs={"mask": 5}, **options)


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    folder = _bundle(tmp_path, _mask_network())
    data = bytearray((folder / "model.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "model.onnx").write_bytes(data)

    _refused(folder, "The model file “model.onnx” was altered.")


def test_a_custom_operator_is_refused(tmp_path: Path) -> None:
    evil = node("Run", ["image"], ["x"]) + field(7, b"com.evil")

    _refused(_bundle(tmp_path, _mask_network(evil)), "The network needs custom operators.")


def test_weights_outside_the_file_are_refused(tmp_path: Path) -> None:
    outside = tensor("w", [1.0]) + field(13, field(1, b"location") + field(2, b"/etc/passwd")) + field(14, 1)

    _refused(_bundle(tmp_path, _mask_network(constants=(outside,))), "The network keeps weights outside its file.")


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (eval, ("1/0",))


def _torch_file() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("archive/data.pkl", pickle.dumps(_Evil()))
    return data.getvalue()


@pytest.mark.parametrize("model", [pickle.dumps(_Evil(), 2), pickle.dumps(_Evil()), _torch_file()])
def test_a_pickle_is_refused_and_never_loaded(tmp_path: Path, model: bytes) -> None:
    _refused(_bundle(tmp_path, model), "pickle: loading it would run a stranger's program")


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("weights.pt", pickle.dumps(_Evil(), 2), "pickle: loading it would run a stranger's program"),
        ("model.onnx", _mask_network(), "This is a single ONNX file, not a model bundle."),
        ("bundle.zip", b"\0" * 100, "The zip file is damaged or cannot be read."),
    ],
)
def test_a_single_file_is_refused_for_what_it_is(tmp_path: Path, name: str, content: bytes, text: str) -> None:
    (tmp_path / name).write_bytes(content)

    _refused(tmp_path / name, text, into=tmp_path / "installed")


def _claims(*dims: int) -> bytes:
    return b"".join(field(1, size) for size in dims) + field(2, 1) + field(8, b"w")


@pytest.mark.parametrize(
    ("more", "constants"),
    [
        ((), (_claims(1024, 1024, 768),)),
        (
            (node("ConstantOfShape", ["shape"], ["big"]),),
            (tensor("shape", [1024, 1024, 768]),),
        ),
        (
            (node("Expand", ["image", "shape"], ["big"]),),
            (tensor("shape", [1, 1, 1024, 1024, 768]),),
        ),
        (
            (
                node("Constant", [], ["shape"], value_ints=[1024, 1024, 768]),
                node("ConstantOfShape", ["shape"], ["big"]),
            ),
            (),
        ),
        (
            (node("Concat", ["a", "b"], ["shape"], axis=0), node("ConstantOfShape", ["shape"], ["big"])),
            (tensor("a", [1024, 1024]), tensor("b", [768])),
        ),
        (
            (node("ConstantOfShape", ["shape"], ["big"]), node("Mul", ["half", "two"], ["shape"])),
            (tensor("half", [512, 1024, 768]), tensor("two", [2])),
        ),
        (
            (
                node("Constant", [], ["side"], value_int=1024),
                node("Unsqueeze", ["side", "zero"], ["row"]),
                node("Concat", ["row", "row", "row"], ["shape"], axis=0),
                node("Expand", ["image", "shape"], ["big"]),
            ),
            (tensor("zero", [0]),),
        ),
        (
            (node("Expand", ["thin", "shape"], ["big"]),),
            (tensor("thin", np.ones((1024, 1, 1))), tensor("shape", [1, 1024, 768])),
        ),
        ((node("Tile", ["row", "shape"], ["big"]),), (tensor("row", np.ones(1024)), tensor("shape", [1024 * 768]))),
        ((node("Shape", ["w"], ["shape"]), node("ConstantOfShape", ["shape"], ["big"])), (_claims(0, 1024**3),)),
    ],
    ids=[
        "a constant",
        "made from a shape",
        "expanded",
        "from an attribute",
        "joined",
        "multiplied, out of order",
        "from a number",
        "a thin constant expanded",
        "a row tiled",
        "the shape of a constant",
    ],
)
def test_a_tensor_of_3_gb_is_refused(tmp_path: Path, more: tuple[bytes, ...], constants: tuple[bytes, ...]) -> None:
    _refused(_bundle(tmp_path, _mask_network(*more, constants=constants)), "MB; at most 512 MB are allowed.")


@pytest.mark.parametrize(
    "shape",
    [
        node("Gather", ["sides", "which"], ["shape"]),
        node("Constant", [], ["shape"]) + field(5, field(1, b"sparse_value") + field(22, field(1, tensor("", [9, 9])))),
    ],
)
def test_a_tensor_whose_size_is_hidden_in_constants_is_refused(tmp_path: Path, shape: bytes) -> None:
    constants = (tensor("sides", [1024, 768]), tensor("which", [0, 0, 1]))
    model = _mask_network(shape, node("ConstantOfShape", ["shape"], ["big"]), constants=constants)

    _refused(_bundle(tmp_path, model), "The network cannot be opened.")


def test_a_file_of_3_gb_is_refused_unread(tmp_path: Path) -> None:
    folder = _bundle(tmp_path, _mask_network())
    with (folder / "model.onnx").open("r+b") as out:
        out.truncate(3 * GIB)  # sparse: takes no room on the disk
    described = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    described["files"][0]["bytes"] = 3 * GIB
    (folder / "manifest.json").write_text(json.dumps(described), encoding="utf-8")

    _refused(folder, "The model file “model.onnx” is too large.")


def test_a_manifest_of_3_gb_is_refused_unread(tmp_path: Path) -> None:
    folder = _bundle(tmp_path, _mask_network())
    with (folder / "manifest.json").open("r+b") as out:
        out.truncate(3 * GIB)

    _refused(folder, "The model manifest is too large.")


def test_endless_little_fields_are_refused(tmp_path: Path) -> None:
    _refused(_bundle(tmp_path, _mask_network() + field(1, 8) * 300_000), "is not an ONNX network")


def test_a_network_that_throws_dice_is_refused(tmp_path: Path) -> None:
    dice = node("RandomUniform", [], ["x"], shape=[1])

    _refused(_bundle(tmp_path, _mask_network(dice)), "draws random numbers")


def test_a_network_of_another_model_is_refused(tmp_path: Path) -> None:
    _refused(_bundle(tmp_path, _mask_network(properties={"lianyue.id": "other"})), "belongs to another model")


def _zip(path: Path, write: Callable[[zipfile.ZipFile], object]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        write(packed)
    return path


def _link(packed: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("model.onnx")
    entry.external_attr = 0o120777 << 16
    packed.writestr(entry, "/etc/passwd")


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (lambda z: z.writestr("../evil.txt", "x"), "leads out of its folder"),
        (lambda z: z.writestr("a/../../evil.txt", "x"), "leads out of its folder"),
        (lambda z: z.writestr("/etc/evil.txt", "x"), "leads out of its folder"),
        (lambda z: z.writestr("C:/evil.txt", "x"), "leads out of its folder"),
        (_link, "holds a link"),
        (lambda z: z.writestr("model.onnx", b"\0" * (300 * 2**20)), "unpacks to too much"),
        (lambda z: [z.writestr(f"{n}", "x") for n in range(201)], "too many files"),
        (lambda z: [z.writestr("a", "x"), z.writestr("A", "y")], "the same name twice"),
        (lambda z: [z.writestr(f"{n:050}", "") for n in range(5000)], "too large for a model bundle"),
        (lambda z: z.writestr("notes.txt", "x"), "There is no model manifest"),
    ],
    ids=["up", "through", "absolute", "drive", "link", "bomb", "many", "twice", "directory", "nothing"],
)
def test_a_hostile_zip_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, write: Callable[[zipfile.ZipFile], object], text: str
) -> None:
    archive = _zip(tmp_path / "model.zip", write)
    inside = tmp_path / "installed" / "models"
    inside.mkdir(parents=True)

    _refused(archive, text, into=inside)

    assert not list(tmp_path.rglob("evil.txt"))


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "model.zip", lambda packed: packed.writestr("manifest.json", b"\0" * (64 * 2**20)))
    data = bytearray(archive.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 1000)  # the size that the table of contents states
    archive.write_bytes(data)
    (tmp_path / "models").mkdir()

    _refused(archive, "damaged", into=tmp_path / "models")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "model.zip", lambda packed: packed.writestr("manifest.json", b"x"))
    data = bytearray(archive.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    (tmp_path / "models").mkdir()

    _refused(archive, "encrypted", into=tmp_path / "models")


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"not a zip", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.zip").write_bytes(data)
    (tmp_path / "models").mkdir()

    _refused(tmp_path / "model.zip", "damaged", into=tmp_path / "models")


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/passwd", "a\\b", "..", "a/../../b"])
def test_a_manifest_never_names_a_file_outside(tmp_path: Path, name: str) -> None:
    folder = _bundle(tmp_path, _mask_network())
    described = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    described["files"][2]["path"] = name
    (folder / "manifest.json").write_text(json.dumps(described), encoding="utf-8")

    _refused(folder, "wrong at “files/2/path”")


def test_a_monai_bundle_of_pickles_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "b" / "configs").mkdir(parents=True)
    (tmp_path / "b" / "models").mkdir()
    (tmp_path / "b" / "configs" / "metadata.json").write_text('{"version": "0.6.8"}')
    (tmp_path / "b" / "models" / "model.pt").write_bytes(_torch_file())
    (tmp_path / "models").mkdir()

    with pytest.raises(BundleInvalid) as caught:
        BundleStore(tmp_path / "models").bring_in(tmp_path / "b")

    assert "pickles, which are never loaded" in caught.value.user_text
    assert "opset 17, dynamic axes" in caught.value.hint


def test_the_refusal_of_a_bomb_takes_little_memory(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "bomb.zip", lambda packed: packed.writestr("model.onnx", b"\0" * (600 * 2**20)))
    folder = _bundle(tmp_path, _mask_network(constants=(_claims(1024, 1024, 768),)))
    (tmp_path / "models").mkdir()
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from models.engine.bundle_store import BundleStore\n"
        "from workstation.domain.errors import BundleInvalid\n"
        "for path in sys.argv[2:]:\n"
        "    try:\n"
        "        BundleStore(Path(sys.argv[1])).bring_in(Path(path))\n"
        "    except BundleInvalid:\n"
        "        print('refused')\n"
        "words = Path('/proc/self/status').read_text().split()\n"
        "print(words[words.index('VmHWM:') + 1])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "models"), str(archive), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )

    *refusals, peak_kb = done.stdout.split()
    assert refusals == ["refused", "refused"]
    assert int(peak_kb) < 600_000
