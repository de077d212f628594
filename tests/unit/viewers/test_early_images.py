"""An image that nothing checked yet is looked at and nothing else; a damaged one is not even looked at."""

from __future__ import annotations

from dataclasses import replace

from resources.translation import tr
from tests.helpers.viewers import FRAME_OF_REFERENCE, axial_plane, image, uids
from viewers.scene.annotations import Annotations
from viewers.scene.fidelity import Fidelity, FidelityKind
from viewers.scene.fidelity_of import fidelity_of
from viewers.scene.looks import look_of
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.domain.frames import Cine
from workstation.domain.key_image import KeyImage

FRAMES = 20
AREA = (100.0, 80.0)
WHOLE = image(plane=axial_plane(), uid="1.9")
EARLY = replace(WHOLE, is_early=True)


def clip() -> StackScene:
    """Return a clip of which nothing is here."""
    return StackScene(
        [StackSlot("1.9", frame) for frame in range(FRAMES)],
        annotations=Annotations("1.2.3"),
        new_uid=uids(),
        frame_of_reference_uid=FRAME_OF_REFERENCE,
        on_demand=True,
        cine=Cine((40.0,) * FRAMES),
    )


def test_an_early_frame_is_seen_but_neither_measured_nor_kept_nor_called_full() -> None:
    scene = clip()
    assert scene.put(0, EARLY)
    assert scene.frame(AREA).source is EARLY
    assert (scene.is_early, scene.arrived, scene.image(0), scene.fetching) == (True, frozenset(), None, 0)
    assert (scene.measurable(), scene.measured(), scene.value_at(AREA, 50, 40)) == (None, None, None)
    assert look_of(scene, 0, KeyImage("1.2", "1.3", "1.9"), AREA) is None
    assert fidelity_of(scene) == Fidelity(FidelityKind.PARTIAL, percent=0)
    words = [line.text for line in scene.frame(AREA).overlay.captions]
    assert tr("Preview: not measurable until the whole object is here") in words
    lossy = replace(EARLY, lossy_ratio=9.0)
    scene.put(0, lossy)
    assert fidelity_of(scene).kind is FidelityKind.PARTIAL


def test_once_it_is_checked_the_same_picture_is_full_and_measurable() -> None:
    scene = clip()
    scene.put(0, EARLY)
    before = scene.frame(AREA)
    scene.put(0, WHOLE)
    after = scene.frame(AREA)
    assert (after.source, after.transform, after.grayscale) == (WHOLE, before.transform, before.grayscale)
    assert (scene.is_early, scene.measurable(), scene.arrived) == (False, WHOLE, frozenset({0}))
    assert fidelity_of(scene) == Fidelity()
    assert scene.value_at(AREA, 50.5, 40.5) is not None


def test_an_early_frame_never_takes_the_place_of_the_checked_one() -> None:
    scene = clip()
    scene.put(0, WHOLE)
    scene.put(0, EARLY)
    assert (scene.is_early, scene.measurable()) == (False, WHOLE)


def test_of_an_object_that_came_damaged_no_frame_stays_on_screen() -> None:
    for here in (EARLY, WHOLE):
        scene = clip()
        scene.put(0, here)
        assert scene.fail(0, "Slice 1 cannot be shown: An image did not arrive whole")
        frame = scene.frame(AREA)
        assert (frame.source, scene.measurable(), scene.image(0), scene.arrived) == (None, None, None, frozenset())
        assert frame.overlay.message == "Slice 1 cannot be shown: An image did not arrive whole"


def test_a_clip_that_may_hold_less_lets_go_what_is_far_from_the_place_on_screen() -> None:
    scene = clip()
    for index in range(FRAMES):
        scene.put(index, WHOLE)
    scene.hold(16 * WHOLE.pixels.nbytes)
    # twelve ahead, the shown one among them, and four behind
    assert scene.arrived == frozenset({*range(12), 16, 17, 18, 19})
    scene.put(13, WHOLE)
    assert 13 not in scene.arrived
