"""
Finding, checking and loading model bundles.

The gate: schema, then size and sha256 of every file, then the card, then the graph (no custom
operators, no data outside the file, opset and size caps), then ONNX Runtime must open it with
the promised inputs and outputs. A model that fails any step cannot be selected.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from models.engine.manifest import CARD_NAME, MANIFEST_NAME, MODEL_NAME, Manifest, parse_manifest
from models.engine.onnx_graph import MalformedGraph, inspect_graph
from models.engine.session import InferenceSession, Provider
from models.evaluation.card import check_card
from resources.translation import tr
from workstation.domain.errors import BundleInvalid
from workstation.domain.finding import AlgorithmIdentity

BUNDLES: Final = Path(__file__).resolve().parents[1] / "bundles"
DEFAULT_MODEL: Final = "lung-nodule-xs"
MAX_MODEL_BYTES: Final = 512 * 1024 * 1024
MAX_OPSET: Final = 23
MIN_OPSET: Final = 11


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files are what its manifest promised; ``model`` is the verified ONNX file."""

    folder: Path
    manifest: Manifest
    model: bytes = field(repr=False)
    card: str = field(repr=False)

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return name, version and the sha256 of the weights."""
        return AlgorithmIdentity(
            name=self.manifest.id,
            version=self.manifest.version,
            sha256=self.manifest.file(MODEL_NAME).sha256,
            threshold=self.manifest.threshold,
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """The bundles below some folders; the first folder that has a model id wins."""

    folders: tuple[Path, ...] = (BUNDLES,)

    def ids(self) -> tuple[str, ...]:
        """Return the ids of every bundle folder, sorted, whether valid or not."""
        found = {p.parent.name for folder in self.folders for p in folder.glob(f"*/{MANIFEST_NAME}")}
        return tuple(sorted(found))

    def list(self) -> tuple[Manifest, ...]:
        """Return the manifests of all bundles; files are not hashed. Raises BundleInvalid."""
        return tuple(read_manifest(self.folder(model_id)) for model_id in self.ids())

    def folder(self, model_id: str) -> Path:
        """Return the folder of a model. Raises BundleInvalid when there is none."""
        for folder in self.folders:
            if model_id in self.ids() and (folder / model_id / MANIFEST_NAME).is_file():
                return folder / model_id
        raise BundleInvalid(
            tr("There is no model “{model}”.", model=model_id),
            hint=tr("Installed models: {models}", models=", ".join(self.ids()) or "–"),
        )

    def load(self, model_id: str = DEFAULT_MODEL) -> Bundle:
        """Return a model whose files were verified just now. Raises BundleInvalid."""
        bundle = read_bundle(self.folder(model_id))
        if bundle.manifest.id != model_id:
            raise BundleInvalid(tr("The folder “{folder}” holds another model.", folder=model_id))
        return bundle


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a bundle folder. Raises BundleInvalid."""
    return parse_manifest(_read(folder / MANIFEST_NAME))


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle and verify schema, files, card and graph, without running it. Raises BundleInvalid."""
    manifest = read_manifest(folder)
    contents = {entry.path: _verified(folder, entry.path, manifest) for entry in manifest.files}
    try:
        card = contents[CARD_NAME].decode()
    except UnicodeDecodeError as exc:
        raise BundleInvalid(tr("The model card is not UTF-8 text.")) from exc
    check_card(card, manifest)
    _check_graph(contents[MODEL_NAME], manifest)
    return Bundle(folder, manifest, contents[MODEL_NAME], card)


def check_bundle(folder: Path) -> Bundle:
    """Run the whole gate, including opening the network on the CPU. Raises BundleInvalid."""
    bundle = read_bundle(folder)
    manifest = bundle.manifest
    with InferenceSession.open(bundle.model, Provider.CPU, threads=1) as session:
        if session.inputs != (manifest.input.name,):
            raise BundleInvalid(tr("The network's inputs are not those of the manifest."), detail=str(session.inputs))
        expected = {manifest.output.heat, manifest.output.size, manifest.output.offset}
        if not expected <= set(session.outputs):
            raise BundleInvalid(tr("The network's outputs are not those of the manifest."), detail=str(session.outputs))
    return bundle


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise BundleInvalid(
            tr("The model file “{file}” cannot be read.", file=path.name), detail=type(exc).__name__
        ) from exc


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as exc:
        raise BundleInvalid(
            tr("The model file “{file}” is missing.", file=path.name), detail=type(exc).__name__
        ) from exc


def _verified(folder: Path, relative: str, manifest: Manifest) -> bytes:
    path = folder / relative
    if not path.resolve().is_relative_to(folder.resolve()):  # a link that leads out of the bundle
        raise BundleInvalid(tr("The model file “{file}” lies outside its bundle.", file=relative))
    promised = manifest.file(relative)
    if promised.bytes > MAX_MODEL_BYTES:
        raise BundleInvalid(tr("The model file “{file}” is too large.", file=relative), detail=str(promised.bytes))
    data = _read(path) if _size(path) == promised.bytes else b""  # never read more than was promised
    if hashlib.sha256(data).hexdigest() != promised.sha256:
        raise BundleInvalid(
            tr("The model file “{file}” was altered.", file=relative),
            hint=tr("Install the model again from a trusted source."),
        )
    return data


def _check_graph(model: bytes, manifest: Manifest) -> None:
    try:
        facts = inspect_graph(model)
    except MalformedGraph as exc:
        raise BundleInvalid(tr("The model file is not an ONNX network."), detail=str(exc)) from exc
    if facts.has_external_data:
        raise BundleInvalid(tr("The network keeps weights outside its file."))
    if facts.custom_domains:
        raise BundleInvalid(tr("The network needs custom operators."), detail=", ".join(sorted(facts.custom_domains)))
    if not MIN_OPSET <= facts.opset <= MAX_OPSET or facts.opset != manifest.opset:
        raise BundleInvalid(
            tr("The network's operator set {opset} is not the one declared or not supported.", opset=facts.opset)
        )
