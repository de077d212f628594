"""``lianyue doctor``: what this machine offers, and whether the parts work together."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from workstation.bootstrap.environment import prepare_offscreen
from workstation.domain.errors import WorkstationError

_PACKAGES = (
    "PySide6-Essentials",
    "vtk",
    "numpy",
    "pydicom",
    "highdicom",
    "SimpleITK",
    "onnxruntime",
    "fastapi",
    "pyhanko",
)


def run_doctor_command(options: argparse.Namespace) -> int:
    """Print the findings; status 1 when a part that everybody needs does not work."""
    checks: dict[str, Callable[[], Any]] = {
        "versions": _versions,
        "opengl": _opengl,
        "providers": _providers,
        "model": _model,
        "fonts": _fonts,
        "keyring": _keyring,
    }
    if options.hub:
        checks["hub"] = lambda: _hub(options.hub)
    findings: dict[str, Any] = {
        "lianyue": version("lianyue"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
    }
    healthy = True
    for name, check in checks.items():
        started = time.perf_counter()
        try:
            findings[name] = check()
        except WorkstationError as error:
            findings[name] = {"problem": error.user_text, "hint": error.hint}
            healthy = False
        except (ImportError, OSError, RuntimeError) as error:
            findings[name] = {"problem": f"{type(error).__name__}: {error}"}
            healthy = False
        findings.setdefault("seconds", {})[name] = round(time.perf_counter() - started, 3)
    if options.json:
        print(json.dumps(findings, indent=1, ensure_ascii=False))
    else:
        for name, value in findings.items():
            print(f"{name:10} {json.dumps(value, ensure_ascii=False)}")
    return 0 if healthy else 1


def _versions() -> dict[str, str]:
    return {name: version(name) for name in _PACKAGES}


def _opengl() -> dict[str, str]:
    prepare_offscreen()
    from vtkmodules.vtkRenderingCore import vtkRenderWindow
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLRenderWindow  # noqa: F401 - registers the implementation

    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.Render()
    facts = dict(
        line.split(":", 1)
        for line in window.ReportCapabilities().splitlines()
        if line.startswith("OpenGL") and ":" in line
    )
    return {
        "window": window.GetClassName(),
        "renderer": facts.get("OpenGL renderer string", "").strip(),
        "version": facts.get("OpenGL version string", "").strip(),
    }


def _providers() -> list[str]:
    import onnxruntime

    return list(onnxruntime.get_available_providers())


def _model() -> list[dict[str, Any]]:
    from models.engine.detect_command import check_model
    from models.engine.registry import Registry

    return [check_model(own) for own in Registry().own]  # a damaged one is no less damaged where another stands in


def _fonts() -> list[str]:
    from resources.font_files import report_rare, report_regular

    return [path.name for path in (report_regular(), report_rare()) if path.exists()]


def _keyring() -> str:
    from workstation.storage.keys import system_keyring

    return "system keyring" if system_keyring() is not None else "none: keys are wrapped with the sign-in password"


def _hub(url: str) -> Any:  # noqa: ANN401 - whatever the hub says of its health
    from workstation.bootstrap.adapters import connect

    with connect(url) as hub:
        return hub.client.request("GET", "/api/health").json()
