"""
Finding, checking and loading model bundles.

The gate: schema, then size and sha256 of every file, then the signature, then the card, then the
graph (no custom operators, no data outside the file, size and opset caps), then a trial run. A
model that fails any step cannot be selected; one that nobody trusted signed is for research only.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from models.engine.golden import GOLDEN_NAME, dry_run
from models.engine.manifest import (
    CARD_NAME,
    CHINESE_CARD_NAME,
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    MODEL_NAME,
    Manifest,
    ask_supplier,
    parse_manifest,
)
from models.engine.onnx_graph import GraphFacts, MalformedGraph, inspect_graph, is_pickle
from models.engine.trust import TrustedKeys, trusted_keys
from models.evaluation.card import CHINESE_SECTIONS, check_card
from resources.translation import CHINESE, tr
from workstation.domain.errors import BundleInvalid, JobCancelled, WorkstationError
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.finding_class import FindingMeaning, NamedClass
from workstation.domain.model import GateResult, GateStep, Trust
from workstation.domain.ports import CancelToken
from workstation.domain.template import Code

BUNDLES: Final = Path(__file__).resolve().parents[1] / "bundles"
OWN_MODELS: Final = ("lung-nodule-s", "lung-nodule-xs")
"""The product's own detectors, the best first (ADR 0062)"""
MAX_MODEL_BYTES: Final = 512 * 1024 * 1024
MAX_OTHER_BYTES: Final = 64 * 1024 * 1024
MAX_TENSOR_BYTES: Final = MAX_MODEL_BYTES
MAX_OPSET: Final = 23
MIN_OPSET: Final = 11


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files are what its manifest promised; ``model`` is the verified ONNX file."""

    folder: Path
    manifest: Manifest
    model: bytes = field(repr=False)
    card: str = field(repr=False)
    trust: Trust = Trust.RESEARCH
    golden: bytes | None = field(default=None, repr=False)
    chinese_card: str = field(default="", repr=False)

    def card_in(self, language: str) -> str:
        """Return the card in a language (``zh_CN`` or ``en``), the English one where the maker gave no other."""
        return self.chinese_card if language == CHINESE and self.chinese_card else self.card

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return name, version and the sha256 of the weights; research unless somebody trusted signed."""
        return AlgorithmIdentity(
            name=self.manifest.id,
            version=self.manifest.version,
            sha256=self.manifest.file(MODEL_NAME).sha256,
            threshold=self.manifest.threshold,
            research=self.trust is Trust.RESEARCH,
            operating_points=tuple(
                sorted(((point.name, point.score) for point in self.manifest.operating_points), key=lambda p: p[1])
            ),
            classes=tuple(
                NamedClass(one.label, FindingMeaning(Code(one.code, one.scheme, one.meaning.en), one.meaning.zh))
                for one in self.manifest.classes
            ),
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """
    The bundles below some folders; the first folder that has a model id wins.

    A bundle's folder is named by its id, or ``ID-VERSION`` where several versions are installed.
    ``keys`` is the folder of the public keys that a site trusts besides the product's own. The first folder is the
    one that comes with the product.
    """

    folders: tuple[Path, ...] = (BUNDLES,)
    keys: Path | None = None

    def ids(self) -> tuple[str, ...]:
        """Return the names of every bundle folder, sorted, whether valid or not."""
        found = {p.parent.name for folder in self.folders for p in folder.glob(f"*/{MANIFEST_NAME}")}
        return tuple(sorted(found))

    @property
    def own(self) -> tuple[str, ...]:
        """
        Return the product's own detectors that came with this installation, the best first, whether whole or not.

        One whose folder is not there at all was not installed, one that lacks files is damaged.
        """
        return tuple(model_id for model_id in OWN_MODELS if (self.folders[0] / model_id).is_dir())

    @property
    def default(self) -> str:
        """Return the model that is meant where nobody names one; it may be damaged."""
        return next(iter(self.own), OWN_MODELS[-1])

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

    def load(self, model_id: str | None = None) -> Bundle:
        """Return a model (None: the default) whose files were verified just now. Raises BundleInvalid."""
        model_id = model_id or self.default
        bundle = read_bundle(self.folder(model_id), trusted_keys(self.keys))
        manifest = bundle.manifest
        if model_id not in {manifest.id, f"{manifest.id}-{manifest.version}"}:
            raise BundleInvalid(tr("The folder “{folder}” holds another model.", folder=model_id))
        return bundle

    def with_weights(self, sha256: str, kind: str) -> Bundle | None:
        """Return the valid model of a kind with exactly these weights, None where there is none."""
        for model_id in self.ids():
            try:
                if read_manifest(self.folder(model_id)).kind == kind:
                    bundle = self.load(model_id)
                    if bundle.identity.sha256 == sha256:
                        return bundle
            except BundleInvalid:
                continue
        return None


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a bundle folder. Raises BundleInvalid."""
    return parse_manifest(_manifest_bytes(folder))


def read_bundle(folder: Path, keys: TrustedKeys | None = None) -> Bundle:
    """Verify schema, files, signature, card and graph of a bundle, without running it. Raises BundleInvalid."""
    return _Gate(folder, keys).read()


def check_bundle(folder: Path, keys: TrustedKeys | None = None, job: CancelToken | None = None) -> Bundle:
    """Run the whole gate, including a trial run on the CPU. Raises BundleInvalid, JobCancelled."""
    bundle = _Gate(folder, keys).read()
    dry_run(bundle.model, bundle.manifest, bundle.golden, job)
    return bundle


def gate_results(
    folder: Path, keys: TrustedKeys | None = None, job: CancelToken | None = None
) -> tuple[GateResult, ...]:
    """Return every gate up to the first that fails, for the model page. Raises JobCancelled and no other."""
    gate = _Gate(folder, keys, job)
    results: list[GateResult] = []
    steps: tuple[tuple[GateStep, Callable[[], str]], ...] = (
        (GateStep.SCHEMA, gate.schema),
        (GateStep.FILES, gate.files),
        (GateStep.SIGNATURE, gate.signature),
        (GateStep.GRAPH, gate.graph),
        (GateStep.DRY_RUN, gate.trial),
    )
    for step, check in steps:
        try:
            results.append(GateResult(step, passed=True, text=check()))
        except JobCancelled:
            raise
        except WorkstationError as exc:
            results.append(GateResult(step, passed=False, text=f"{exc.user_text} {exc.hint}".strip()))
            break
    return tuple(results)


class _Gate:
    """The steps of the gate, in order; each builds on the one before and raises BundleInvalid."""

    def __init__(self, folder: Path, keys: TrustedKeys | None, job: CancelToken | None = None) -> None:
        self._folder = folder
        self._job = job
        self._keys = trusted_keys() if keys is None else keys
        self._json = b""
        self._contents: dict[str, bytes] = {}
        self._manifest: Manifest | None = None
        self._trust = Trust.RESEARCH

    def read(self) -> Bundle:
        for step in (self.schema, self.files, self.signature, self.graph):
            step()
        return self._bundle()

    def schema(self) -> str:
        self._json = _manifest_bytes(self._folder)
        self._manifest = parse_manifest(self._json)
        return ""

    def files(self) -> str:
        manifest = self._checked
        self._contents = {entry.path: _verified(self._folder, entry.path, manifest) for entry in manifest.files}
        check_card(self._card(CARD_NAME), manifest)
        if CHINESE_CARD_NAME in self._contents:  # held to the same: who reads Chinese reads no other
            check_card(self._card(CHINESE_CARD_NAME), manifest, CHINESE_SECTIONS)
        return ""

    def signature(self) -> str:
        signature = self._checked.signature
        self._trust = self._keys.verify(self._json, signature)
        if signature is None and self._folder.resolve().parent == BUNDLES:
            self._trust = Trust.SHIPPED  # trusted as the installed product is
        if self._trust is Trust.RESEARCH:
            return tr("No one trusted here signed this model: research only, never in a report.")
        return ""

    def graph(self) -> str:
        _check_graph(self._contents[MODEL_NAME], self._checked)
        return ""

    def trial(self) -> str:
        bundle = self._bundle()
        dry_run(bundle.model, bundle.manifest, bundle.golden, self._job)
        return ""

    @property
    def _checked(self) -> Manifest:
        if self._manifest is None:
            raise AssertionError("the manifest is read first")
        return self._manifest

    def _card(self, name: str) -> str:
        try:
            return self._contents[name].decode()
        except UnicodeDecodeError as exc:
            raise BundleInvalid(tr("The model card is not UTF-8 text."), hint=ask_supplier()) from exc

    def _bundle(self) -> Bundle:
        return Bundle(
            self._folder,
            self._checked,
            self._contents[MODEL_NAME],
            self._card(CARD_NAME),
            self._trust,
            self._contents.get(GOLDEN_NAME),
            self._card(CHINESE_CARD_NAME) if CHINESE_CARD_NAME in self._contents else "",
        )


def _manifest_bytes(folder: Path) -> bytes:
    data = _read(folder / MANIFEST_NAME, MAX_MANIFEST_BYTES + 1)
    if len(data) > MAX_MANIFEST_BYTES:
        raise BundleInvalid(tr("The model manifest is too large."), hint=ask_supplier())
    return data


def _read(path: Path, most: int) -> bytes:
    """Return the first ``most`` bytes of a file; a device or a pipe, which may have no end, is never read."""
    try:
        # a pipe that nobody writes to would be waited for
        with os.fdopen(
            os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb"
        ) as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return file.read(most)
    except OSError as exc:
        raise _unread(path, type(exc).__name__) from exc
    raise _unread(path, "not a regular file")


def _unread(path: Path, detail: str) -> BundleInvalid:
    return BundleInvalid(tr("The model file “{file}” cannot be read.", file=path.name), hint=_complete(), detail=detail)


def _complete() -> str:
    return tr("Give the folder or zip of a complete model bundle.")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as exc:
        raise BundleInvalid(
            tr("The model file “{file}” is missing.", file=path.name), hint=_complete(), detail=type(exc).__name__
        ) from exc


def _verified(folder: Path, relative: str, manifest: Manifest) -> bytes:
    path = folder / relative
    if not path.resolve().is_relative_to(folder.resolve()):  # a link that leads out of the bundle
        raise BundleInvalid(tr("The model file “{file}” lies outside its bundle.", file=relative), hint=ask_supplier())
    promised = manifest.file(relative)
    if promised.bytes > (MAX_MODEL_BYTES if relative == MODEL_NAME else MAX_OTHER_BYTES):
        raise BundleInvalid(
            tr("The model file “{file}” is too large.", file=relative),
            hint=ask_supplier(),
            detail=str(promised.bytes),
        )
    data = (
        _read(path, promised.bytes + 1) if _size(path) == promised.bytes else b""
    )  # never read more than was promised
    if hashlib.sha256(data).hexdigest() != promised.sha256:
        raise BundleInvalid(
            tr("The model file “{file}” was altered.", file=relative),
            hint=tr("Install the model again from a trusted source."),
        )
    return data


def _check_graph(model: bytes, manifest: Manifest) -> None:
    if is_pickle(model):
        raise BundleInvalid(
            tr("The model file is a PyTorch or Python pickle: loading it would run a stranger's program."),
            hint=tr("Ask the supplier to export the network to ONNX."),
        )
    try:
        facts = inspect_graph(model)
    except MalformedGraph as exc:
        raise BundleInvalid(tr("The model file is not an ONNX network."), hint=ask_supplier(), detail=str(exc)) from exc
    if facts.has_external_data:
        raise BundleInvalid(
            tr("The network keeps weights outside its file."),
            hint=tr("Ask the supplier to put all weights into the ONNX file."),
        )
    if facts.custom_domains:
        raise BundleInvalid(
            tr("The network needs custom operators."),
            hint=tr("Ask the supplier to export it with the standard ONNX operators only."),
            detail=", ".join(sorted(facts.custom_domains)),
        )
    _check_sizes(facts)
    if facts.is_random:
        raise BundleInvalid(
            tr("The network draws random numbers: its results could not be repeated."), hint=ask_supplier()
        )
    if not MIN_OPSET <= facts.opset <= MAX_OPSET or facts.opset != manifest.opset:
        raise BundleInvalid(
            tr("The network's operator set {opset} is not the one declared or not supported.", opset=facts.opset),
            hint=ask_supplier(),
        )
    for name, said in (("lianyue.id", manifest.id), ("lianyue.version", manifest.version)):
        if facts.properties.get(name, said) != said:
            raise BundleInvalid(
                tr("The network says that it belongs to another model."), hint=ask_supplier(), detail=name
            )


def _check_sizes(facts: GraphFacts) -> None:
    if facts.largest_tensor > MAX_TENSOR_BYTES:
        raise BundleInvalid(
            tr("The network holds a tensor of {size} MB; at most {limit} MB are allowed.",
               size=facts.largest_tensor // 2**20, limit=MAX_TENSOR_BYTES // 2**20),
            hint=ask_supplier(),
        )  # fmt: skip
    if facts.hides_a_size:
        detail = "a tensor is made from constants alone, and how large it is cannot be told"
        raise BundleInvalid(tr("The network cannot be opened."), hint=ask_supplier(), detail=detail)
