"""A lung is judged by what never learned from it: another network is refused, other rules take the place of theirs."""

from __future__ import annotations

import json
from typing import Any, Final

from models.engine.manifest_kinds import second_stage_of
from models.engine.registry import Bundle
from models.training.lungs_with_nodules import with_post
from models.training.sources import DEVELOPMENT, Leak, index_patients

NETWORK_INDEX: Final = "data-index.json"
STAGE_RECORD: Final = "second-stage.json"


def judged_on(bundle: Bundle, patient: str) -> Bundle:
    """
    Return the bundle as it may be judged on a patient.

    The network must not have learned from the patient; where its second stage did, the one that was fitted without
    that patient takes its place. Raises Leak where there is none, or where nobody can tell.
    """
    index = _record(bundle, NETWORK_INDEX)
    if index is None and patient in DEVELOPMENT:
        raise Leak(f"{bundle.manifest.id} has no data index: nobody can tell whether it learned from {patient}")
    if index is not None and patient in index_patients(index):
        raise Leak(f"{bundle.manifest.id} learned from {patient}")
    stage = _record(bundle, STAGE_RECORD)
    if bundle.manifest.post.second_stage is None or stage is None or patient not in index_patients(stage["data"]):
        return bundle
    without = stage.get("without", {}).get(patient)
    if without is None:
        raise Leak(f"the second stage of {bundle.manifest.id} learned from {patient}")
    return with_post(bundle, second_stage=second_stage_of(without))


def _record(bundle: Bundle, name: str) -> dict[str, Any] | None:
    path = bundle.folder / "eval" / name
    if not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record
