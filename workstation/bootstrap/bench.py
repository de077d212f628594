"""``lianyue bench``: figures and ratios of one run, in one JSON shape."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from resources.translation import tr
from workstation.bootstrap.console import check_writable, write_text
from workstation.bootstrap.environment import prepare_offscreen
from workstation.domain.errors import SourceError

_PATIENCE_S: Final = 60.0
Bench = Callable[[Path | None], dict[str, Any]]


def run_bench_command(options: argparse.Namespace) -> int:
    """Run one benchmark and write its JSON."""
    check_writable(options.json)
    if options.study is not None and not options.study.exists():
        raise SourceError(tr("{path} does not exist.", path=options.study), hint=tr("Check the folder or file name."))
    prepare_offscreen()
    run = _BENCHES[options.name](options.study)
    result = {
        "bench": options.name,
        "machine": _machine(),
        "figures": run["figures"],
        "ratios": run.get("ratios", {}),
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if options.json is None:
        print(text)
    else:
        write_text(options.json, text + "\n")
        print(json.dumps(result.get("ratios") or result["figures"]))
    return 0


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "gl": os.environ.get("VTK_DEFAULT_OPENGL_WINDOW", "default")}


def _load(study: Path | None) -> dict[str, Any]:
    from workstation.dicom.images.bench_load import run

    return run(study)


def _open(study: Path | None) -> dict[str, Any]:
    from worklist.bench_open import run
    from workstation.bootstrap.alike_decoder import AlikeDecoder
    from workstation.bootstrap.decode_pool import DecodePool
    from workstation.bootstrap.image_stream import decode_for_display

    pool = DecodePool(decode_for_display)
    pool.wait_ready(_PATIENCE_S)  # in the window it is long up when a case is opened
    try:
        return run(study, decode=AlikeDecoder(pool))
    finally:
        pool.close()


def _scroll(_study: Path | None) -> dict[str, Any]:
    from viewers.bench_scroll import compared

    return compared()


def _mammogram(_study: Path | None) -> dict[str, Any]:
    from viewers.bench_mammogram import run

    return {**run()}


def _mpr(_study: Path | None) -> dict[str, Any]:
    from viewers.bench_mpr import run

    return {**run()}


def _detect(study: Path | None) -> dict[str, Any]:
    from workstation.bootstrap.detect import bench

    return bench(study)


def _worklist(_study: Path | None) -> dict[str, Any]:
    from worklist.hub.bench_query import run as run_query
    from workstation.ui.bench_worklist import run

    table = run()
    return {**table, "figures": table["figures"] | run_query()}


def _memory(study: Path | None) -> dict[str, Any]:
    from workstation.bootstrap.bench_memory import run

    return run(study)


def _endurance(study: Path | None) -> dict[str, Any]:
    from workstation.bootstrap.bench_endurance import run

    return run(study)


def _turns(study: Path | None) -> dict[str, Any]:
    from workstation.bootstrap.bench_turns import run

    return run(study)


def _sign(study: Path | None) -> dict[str, Any]:
    from workstation.bootstrap.bench_sign import run

    return run(study)


_BENCHES: dict[str, Bench] = {
    "load": _load,
    "open": _open,
    "scroll": _scroll,
    "mammogram": _mammogram,
    "mpr": _mpr,
    "detect": _detect,
    "worklist": _worklist,
    "memory": _memory,
    "endurance": _endurance,
    "turns": _turns,
    "sign": _sign,
}
