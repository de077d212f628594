"""Bringing bundles in and out: a folder, a zip or a MONAI bundle passes the gate, then it is installed."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from models.engine.archive import unpack
from models.engine.manifest import MANIFEST_NAME
from models.engine.monai_bundle import is_monai_bundle, write_bundle
from models.engine.registry import Bundle, check_bundle
from models.engine.trust import trusted_keys
from resources.translation import tr
from workstation.domain.errors import BundleInvalid, StorageError
from workstation.domain.ports import CancelToken


@dataclass(frozen=True, slots=True)
class BundleStore:
    """The folder of the models that this site installed itself; ``keys`` as in ``Registry``."""

    folder: Path
    keys: Path | None = None

    def bring_in(self, path: Path, job: CancelToken | None = None) -> Bundle:
        """
        Check a folder or zip in full and install it as ``ID-VERSION``.

        Only the files that the manifest lists are taken, from the bytes that were checked. An
        interrupted or cancelled import leaves nothing behind. Raises BundleInvalid, StorageError, JobCancelled.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".import-", dir=self.folder) as work:
                return self._install(_source(path, Path(work)), Path(work), job)
        except OSError as exc:
            raise StorageError(
                tr("The model could not be installed: {reason}.", reason=exc.strerror or type(exc).__name__),
                hint=tr("Free space on the disk, then import the model again."),
            ) from exc

    def remove(self, model_id: str) -> None:
        """Take an installed model away. Raises BundleInvalid when this folder has none of that name."""
        if not any(p.parent.name == model_id for p in self.folder.glob(f"*/{MANIFEST_NAME}")):
            raise BundleInvalid(
                tr("There is no model “{model}”.", model=model_id),
                hint=tr("“lianyue models list” shows what is installed."),
            )
        shutil.rmtree(self.folder / model_id)

    def _install(self, source: Path, work: Path, job: CancelToken | None) -> Bundle:
        bundle = check_bundle(source, trusted_keys(self.keys), job)
        manifest = bundle.manifest
        name = f"{manifest.id}-{manifest.version}"
        target = self.folder / name
        if target.exists():
            raise BundleInvalid(
                tr("“{model}” is installed already.", model=name),
                hint=tr("A changed model needs a new version number; remove the installed one first to replace it."),
            )
        staged = work / "checked" / name
        for entry in manifest.files:
            (staged / entry.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / entry.path, staged / entry.path)
        shutil.copyfile(source / MANIFEST_NAME, staged / MANIFEST_NAME)
        # what lies there now, not what lay there before
        installed = check_bundle(staged, trusted_keys(self.keys), job)
        staged.rename(target)
        return replace(installed, folder=target)


def take_out(bundle: Bundle, archive: Path) -> None:
    """Write a bundle as a zip that ``bring_in`` takes. Raises StorageError; never replaces a file."""
    try:
        with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED) as packed:
            for name in (MANIFEST_NAME, *(entry.path for entry in bundle.manifest.files)):
                packed.write(bundle.folder / name, f"{bundle.manifest.id}-{bundle.manifest.version}/{name}")
    except OSError as exc:
        raise StorageError(
            tr("{file} cannot be written", file=archive.name),
            hint=exc.strerror or "",
            detail=type(exc).__name__,
        ) from exc


def _source(path: Path, work: Path) -> Path:
    """Return the folder of a bundle of ours, unpacked and translated where needed."""
    if path.is_file():
        unpacked = work / "unpacked"
        unpacked.mkdir()
        unpack(path, unpacked)
        path = unpacked
    elif not path.is_dir():
        raise BundleInvalid(
            tr("“{path}” is neither a folder nor a zip file.", path=path.name),
            hint=tr("Give the folder or zip of a complete model bundle."),
        )
    inner = [entry for entry in path.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    if len(inner) == 1 and inner[0].is_dir() and not inner[0].is_symlink():
        path = inner[0]
    if (path / MANIFEST_NAME).is_file():
        return path
    if is_monai_bundle(path):
        translated = work / "translated"
        translated.mkdir()
        write_bundle(path, translated)
        return translated
    raise BundleInvalid(
        tr("There is no model manifest in “{path}”.", path=path.name),
        hint=tr("Give the folder or zip of a complete model bundle."),
    )
