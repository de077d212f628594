"""What a report leaves behind on the images: key images, how they were seen, segmentations, measured priors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workstation.dicom.objects.key_objects import DisplayState, key_object_selection
from workstation.dicom.objects.presentation import presentation_state
from workstation.dicom.objects.presentation_writer import presentation_states
from workstation.dicom.sr.common import read_part10
from workstation.dicom.sr.nodule_segments import nodule_segmentations
from workstation.dicom.sr.prior_report import prior_sr
from workstation.domain.frames import FrameRef
from workstation.domain.key_image import KeyImage, KeyImageList
from workstation.domain.marked_images import StudyImages
from workstation.domain.report import Report
from workstation.domain.study import Study

KEY_IMAGES: Final = "key_images"
DISPLAY: Final = "display"
SEGMENTATION: Final = "segmentation"
PRIOR: Final = "prior_measurements"


def image_objects(report: Report, study: Study) -> dict[str, bytes]:
    """
    Return the objects as Part 10 files by file name; nothing where nothing was marked or drawn.

    Their times are those of the report, so that making them twice gives the same bytes. Marks on images that
    are not of the study are left out. Raises TemplateViolation for text that cannot be stored.
    """
    at, author, images = report.signed_at or report.updated_at, report.author, StudyImages(study)
    drawn = report.drawn.annotations
    states = presentation_states(report.image_looks, drawn, study, at=at, author=author)
    found: dict[str, bytes] = {}
    keys = tuple(one for one in report.key_images if images.get(one.sop_instance_uid, one.frame) is not None)
    if keys:
        selection = KeyImageList(study.study_instance_uid, keys)
        found[f"{KEY_IMAGES}.dcm"] = key_object_selection(
            selection, study, at=at, author=author, language=report.language, displays=_displays(keys, states)
        )
    segmentations = nodule_segmentations(report, study, at=at, author=author)
    priors = [prior_sr(report, study, one) for one in report.prior_measurements]
    for kind, objects in ((DISPLAY, states), (SEGMENTATION, segmentations), (PRIOR, priors)):
        for number, content in enumerate(objects, 1):
            found[f"{kind}_{number}.dcm"] = content
    return found


def _displays(keys: Sequence[KeyImage], states: Sequence[bytes]) -> dict[KeyImage, DisplayState]:
    """Return the state that each key image is shown with; the one written last, as states are read."""
    found: dict[KeyImage, DisplayState] = {}
    for content in states:
        dataset = read_part10(content)
        state = presentation_state(dataset)
        display = DisplayState(str(dataset.SeriesInstanceUID), str(dataset.SOPClassUID), state.sop_instance_uid)
        found |= {key: display for key in keys if state.shows(FrameRef(key.sop_instance_uid, key.frame or 1))}
    return found
