"""The words of hanging: names of protocols and stages, and why a cell is empty."""

from __future__ import annotations

from collections.abc import Sequence

from resources.translation import language, tr
from workstation.domain.hanging import HangingProtocol, Hung, Stage
from workstation.domain.hanging_cells import CellView


def protocol_title(protocol: HangingProtocol) -> str:
    """Return the protocol's name in the language in use, else whatever name it has."""
    titles = protocol.title
    return titles.get(language()) or titles.get("en") or next(iter(titles.values()), "") or protocol.protocol_id


def stage_title(stage: Stage) -> str:
    """Return the stage's name; the names of shipped protocols are translated, own ones stand as they were given."""
    words = {
        "1": tr("One view"),
        "1 + 2": tr("Two views"),
        "2 x 2": tr("Four views"),
        "planes": tr("Planes and 3D"),
        "lung": tr("Lung"),
        "mediastinum": tr("Mediastinum"),
        "lung + mediastinum": tr("Lung + mediastinum"),
        "PET-CT": tr("PET-CT"),
        "fused planes": tr("Fused planes"),
        "CT + PET": tr("CT + PET"),
        "brain + bone": tr("Brain + bone"),
        "brain + stroke": tr("Brain + stroke"),
        "prior": tr("Beside the prior"),
        "planes / prior": tr("Planes with prior"),
        "CC / prior": tr("CC with prior"),
        "MLO / prior": tr("MLO with prior"),
        "CC + MLO / prior": tr("CC + MLO with prior"),
    }
    return words.get(stage.name, stage.name)


def stage_choice(stage: Stage, stages: Sequence[Stage]) -> str:
    """Return ``Stage 1: Lung``, for the window beside it is called "Lung", too; the title alone off the stages."""
    if stage not in stages:
        return stage_title(stage)
    return tr("Stage {number}: {stage}", number=stages.index(stage) + 1, stage=stage_title(stage))


def place_words(stage: Stage, stages: Sequence[Stage]) -> str:
    """Return ``Lung (1 / 3)``."""
    return tr("{stage} ({number} / {count})", stage=stage_title(stage), number=stages.index(stage) + 1,
              count=len(stages))  # fmt: skip


def why_empty(hung: Hung, *, priors: int) -> str:
    """Return why a cell shows nothing."""
    cell = hung.cell
    wanted = cell.overlay.selector if hung.lacks_overlay and cell.overlay is not None else cell.selector
    number = cell.selector.prior
    what = " ".join(part for part in ("/".join(wanted.modalities), wanted.laterality, wanted.view_position) if part)
    if number > priors:
        return tr("No comparable prior")
    if number:
        return tr("The prior has no such images: {what}", what=what) if what else tr("The prior has no such images")
    return tr("The study has no such images: {what}", what=what) if what else tr("The study has no further series")


def one_image_alone() -> str:
    """Return what stands in a cell for planes of a series of one image."""
    return tr("One image alone has no planes")


def waiting_for_volume(view: CellView) -> str:
    """Return what stands in a cell of the volume until that is built."""
    if view in {CellView.VOLUME, CellView.MIP}:
        return tr("The 3D view follows when all slices are here")
    return tr("This plane follows when all slices are here")


def waiting_for_fusion() -> str:
    """Return what stands in a fused cell until both series are here."""
    return tr("The fused view follows when all slices of both series are here")
