"""A picture without the patient's name holds no word that another system wrote: it may be the name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.helpers.viewers import image, stack
from tests.unit.viewers.test_foreign import FRAME, STUDY, coronal, drawn, mark
from tests.unit.viewers.test_foreign import stack as foreign_stack
from viewers.scene.captions import Identity
from viewers.scene.foreign import ForeignLayer
from viewers.scene.overlay import Overlay
from workstation.dicom.objects.presentation import GRAYSCALE_STATE, presentation_state
from workstation.domain.annotation import AnnotationKind
from workstation.domain.structures import Structure, StructureSet

HIDDEN = pytest.mark.parametrize("identity", [Identity.ANONYMOUS, Identity.NONE])
VIEWPORT = (400.0, 400.0)


def told(overlay: Overlay) -> str:
    return " ".join([line for one in overlay.foreign for line in one.lines] + [line.text for line in overlay.captions])


def state_with_words() -> Dataset:
    """Return a state that says whose image it is in its label and beside a line."""
    ds, series, one, layer, words, text, line = (Dataset() for _n in range(7))
    one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.9"
    series.ReferencedImageSequence = [one]
    ds.SOPClassUID, ds.SOPInstanceUID, ds.ContentLabel = GRAYSCALE_STATE, "1.7", "ZHANG WEI"
    ds.ReferencedSeriesSequence = [series]
    layer.GraphicLayer, layer.GraphicLayerOrder = "A", 1
    ds.GraphicLayerSequence = [layer]
    text.UnformattedTextValue = "Zhang Wei 1961"
    text.AnchorPointAnnotationUnits, text.AnchorPoint, text.AnchorPointVisibility = "PIXEL", [20.0, 20.0], "N"
    line.GraphicAnnotationUnits, line.GraphicDimensions, line.NumberOfGraphicPoints = "PIXEL", 2, 2
    line.GraphicData, line.GraphicType, line.GraphicFilled = [10.0, 10.0, 40.0, 10.0], "POLYLINE", "N"
    words.GraphicLayer, words.TextObjectSequence, words.GraphicObjectSequence = "A", [text], [line]
    ds.GraphicAnnotationSequence = [words]
    return ds


@HIDDEN
def test_the_words_and_the_label_of_a_presentation_state_are_left_out_and_its_lines_stay(identity: Identity) -> None:
    scene = stack([image(np.zeros((80, 100), np.int16))])
    scene.present(presentation_state(state_with_words()))
    full = scene.frame(VIEWPORT).overlay
    assert "Zhang Wei 1961" in told(full)
    assert "ZHANG WEI" in told(full)

    scene.identity = identity
    hidden = scene.frame(VIEWPORT).overlay

    assert "zhang" not in told(hidden).lower()
    assert [len(one.outline) for one in hidden.foreign] == [2], "the line, not the words"


@HIDDEN
def test_a_comment_of_another_system_is_left_out_and_its_number_and_maker_stay(identity: Identity) -> None:
    noted = replace(mark(AnnotationKind.LENGTH, (10, 20, 2), (20, 20, 2)), text="Zhang Wei")
    words = replace(mark(AnnotationKind.ARROW, (10, 20, 2), (20, 20, 2)), uid="1.8", measures=(), text="Zhang Wei")
    only_words = replace(words, uid="1.9", kind=AnnotationKind.TEXT, points_lps_mm=((10, 20, 2),))
    layer = ForeignLayer(STUDY, "Kodiak", (noted, words, only_words))
    scene = foreign_stack()
    scene.scroll_to(2)
    assert len([one for one in drawn(scene, layer) if any("Zhang" in line for line in one.lines)]) == 3

    scene.identity = identity
    lines = [one.lines for one in drawn(scene, layer) if one.lines]

    assert lines == [("Kodiak · 10.0 mm",), ("Kodiak",)]


@HIDDEN
def test_structures_keep_their_names_on_planes_too(identity: Identity) -> None:
    ring = np.array([[5.0, 20.0, 5.0], [15.0, 20.0, 5.0], [15.0, 20.0, 15.0], [5.0, 20.0, 15.0]])
    outlines = StructureSet("1.8", "plan", FRAME, (Structure(1, "GTV", (ring,)),))
    scene = coronal()
    scene.identity = identity
    shown = drawn(scene, ForeignLayer(STUDY, "Kodiak", outlines=outlines))
    assert {line for one in shown for line in one.lines} == {"Kodiak · GTV"}
