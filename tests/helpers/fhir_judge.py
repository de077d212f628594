"""The validator of FHIR R4 that only exists for Node.js: it checks the required bindings of codes as well."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

JUDGES = Path(__file__).parents[2] / ".ci" / "judges"


def refused_by_fhir_js(resources: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    """
    Return for each resource its errors: where and what.

    It brings no terminology: what it says of preferred and example bindings are notes and warnings, which do not count.
    """
    told = subprocess.run(
        ["node", "fhir_r4.cjs"], cwd=JUDGES, input=json.dumps(resources), capture_output=True, text=True, check=True,
        timeout=300,
    )  # fmt: skip
    return [
        [(one["location"], one["message"]) for one in messages if one["severity"] in {"error", "fatal"}]
        for messages in json.loads(told.stdout)
    ]
