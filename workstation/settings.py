"""
Settings: frozen groups from one TOML file, a site's policy on top, migrations with a backup.

A broken file never keeps the workstation from starting: it is set aside and the defaults hold.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import platformdirs

from resources.translation import CHINESE, LANGUAGES
from workstation.domain.errors import DiskFull
from workstation.keys import KeySettings

VERSION: Final = 2
SCALES: Final = (100, 125, 150, 200)


@dataclass(frozen=True, slots=True)
class AppearanceSettings:
    """How the window looks. ``scale_percent`` takes effect at the next start."""

    language: str = CHINESE
    scale_percent: int = 100
    high_contrast: bool = False

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"no language {self.language!r}")
        if self.scale_percent not in SCALES:
            raise ValueError(f"scale_percent must be one of {SCALES}, got {self.scale_percent}")


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Which hub, and who signed in last; never a password."""

    hub_url: str = ""
    last_user: str = ""


@dataclass(frozen=True, slots=True)
class WorklistSettings:
    """
    How the worklist behaves. ``hidden_columns`` names columns the person took away.

    ``column_widths`` are those that the person dragged, each as ``name=pixels``.
    """

    refresh_s: int = 30
    preview_open: bool = True
    hidden_columns: tuple[str, ...] = ()
    column_widths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 5 <= self.refresh_s <= 60:  # CLINICAL A7: a list older than a minute is too old
            raise ValueError(f"refresh_s must lie in [5, 60], got {self.refresh_s}")


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """
    How the reading page is divided and painted.

    ``findings_share`` is the findings' part of the dock's height in percent. ``planes_on_gpu``
    shows planes through a graphics card where a real one is found. ``read_first_roles`` names the
    roles that look at the images before they are shown the AI.
    """

    findings_share: int = 55
    planes_on_gpu: bool = False
    read_first_roles: tuple[str, ...] = ("reader",)

    def __post_init__(self) -> None:
        if not 10 <= self.findings_share <= 90:
            raise ValueError(f"findings_share must lie in [10, 90], got {self.findings_share}")


@dataclass(frozen=True, slots=True)
class SigningSettings:
    """
    Whose keys sign and who stamps the time; empty means the demonstration's own.

    ``token_module`` is the path of a PKCS#11 module and ``token_label`` the token to use behind it, empty for
    the one of the person. ``trust_folder`` holds root.pem, issuing.pem and revocation lists (``*.crl``),
    ``time_stamp_url`` is an authority of RFC 3161. A report signed while it is silent is held ``hold_minutes``.
    ``sm2`` adds a signature of SM2 with SM3 to each final report, beside the one that everybody can check.
    """

    token_module: str = ""
    token_label: str = ""
    trust_folder: str = ""
    time_stamp_url: str = ""
    level: str = "B-LT"
    hold_minutes: int = 10
    sm2: bool = False

    def __post_init__(self) -> None:
        if self.level not in {"B-B", "B-T", "B-LT", "B-LTA"}:
            raise ValueError(f"no signature level {self.level!r}")
        if not 0 <= self.hold_minutes <= 120:
            raise ValueError(f"hold_minutes must lie in [0, 120], got {self.hold_minutes}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person or a site can set."""

    appearance: AppearanceSettings = field(default_factory=AppearanceSettings)
    connection: ConnectionSettings = field(default_factory=ConnectionSettings)
    worklist: WorklistSettings = field(default_factory=WorklistSettings)
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    signing: SigningSettings = field(default_factory=SigningSettings)
    keys: KeySettings = field(default_factory=KeySettings)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings and what was odd about their file, as stable English codes for the log."""

    settings: Settings
    doubts: tuple[str, ...] = ()


def default_path() -> Path:
    """Return where this person's settings lie."""
    return Path(platformdirs.user_config_dir("lianyue", appauthor=False)) / "settings.toml"


def policy_path() -> Path:
    """Return where a site's administrator lays down what overrides personal settings."""
    return Path(platformdirs.site_config_dir("lianyue", appauthor=False)) / "policy.toml"


def load(path: Path, policy: Path | None = None) -> LoadedSettings:
    """Read, migrate and check the settings; whatever is unusable falls back to its default."""
    doubts: list[str] = []
    raw = _read(path, doubts)
    if raw:
        version = raw.get("version", 1)
        if isinstance(version, int) and version < VERSION:
            _set_aside(path, f"v{version}", doubts)
            for step in range(version, VERSION):
                raw = _MIGRATIONS[step](raw)
        elif version != VERSION:
            doubts.append("newer_version")
    settings = _merged(Settings(), raw, doubts)
    if policy is not None:
        settings = _merged(settings, _read(policy, doubts), doubts)
    return LoadedSettings(settings, tuple(doubts))


def save(settings: Settings, path: Path) -> None:
    """Write atomically. Raises DiskFull; the former file then stays."""
    from resources.translation import tr  # noqa: PLC0415 - asked for only when something failed

    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(_as_toml(settings))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as exc:
        raise DiskFull(
            tr("The settings could not be saved."),
            hint=tr("Free some disk space or check the rights of the settings folder; the old settings are kept."),
            detail=f"{type(exc).__name__} errno={exc.errno}",
        ) from exc


def _read(path: Path, doubts: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        doubts.append(f"unreadable:{path.name}")
        if path.is_file():
            _set_aside(path, "broken", doubts)
        return {}


def _set_aside(path: Path, as_what: str, doubts: list[str]) -> None:
    """Keep a copy beside the file; a folder that takes none must not keep the workstation from starting."""
    try:
        shutil.copy2(path, path.with_suffix(f".{as_what}.toml"))
    except OSError:
        doubts.append(f"not_set_aside:{path.name}")


def _merged(settings: Settings, raw: Mapping[str, Any], doubts: list[str]) -> Settings:
    for group in fields(settings):
        values = raw.get(group.name)
        if not isinstance(values, Mapping):
            continue
        current = getattr(settings, group.name)
        for known in fields(current):
            if known.name not in values:
                continue
            value = values[known.name]
            if isinstance(value, list):
                value = tuple(str(item) for item in value)
            if type(value) is not type(getattr(current, known.name)):
                doubts.append(f"invalid:{group.name}.{known.name}")
                continue
            try:
                current = replace(current, **{known.name: value})
            except ValueError:
                doubts.append(f"invalid:{group.name}.{known.name}")
        settings = replace(settings, **{group.name: current})
    return settings


def _as_toml(settings: Settings) -> str:
    lines = [f"version = {VERSION}"]
    for group, values in asdict(settings).items():
        lines += ["", f"[{group}]"]
        lines += [f"{name} = {_toml_value(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _toml_value(value: object) -> str:
    # JSON's booleans, integers, strings and string arrays are valid TOML
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept the language at the top and the scale as a factor."""
    appearance = dict(raw.get("appearance", {}))
    if isinstance(raw.get("language"), str):
        appearance.setdefault("language", raw["language"])
    if isinstance(raw.get("scale"), int | float):
        appearance.setdefault("scale_percent", round(raw["scale"] * 100))
    return {**raw, "version": 2, "appearance": appearance}


_MIGRATIONS: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {1: _from_1}
