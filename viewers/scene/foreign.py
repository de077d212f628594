"""What other systems drew, on any plane: marks as outlines, structures as lines and points, key images as a badge."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from resources.translation import tr
from viewers.scene import callipers
from viewers.scene.captions import Identity
from viewers.scene.foreign_places import PlacedMark
from viewers.scene.foreign_structures import Met, StructureIndex
from viewers.scene.image import SliceImage
from viewers.scene.mpr_scene import MprScene
from viewers.scene.overlay import Calliper, ForeignShape, PixelPoint
from viewers.scene.picture_place import lies_on
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.frames import FrameRef
from workstation.domain.geometry import ImagePlane
from workstation.domain.key_image import KeyImage
from workstation.domain.structures import FloatArray, StructureSet

Colour = tuple[int, int, int]
_ARM_PX: Final = 6.0
_PLANES_KEPT: Final = 32
_FILMS_KEPT: Final = 8
_LEAST_LUMINANCE: Final = 0.22
"""Relative luminance of a line: at least 5.4 to 1 on black, as WCAG counts; a dark rim carries it over bone."""
_BADGE_Y_PX: Final = 34.0


@dataclass(frozen=True, slots=True, eq=False)
class ForeignLayer:
    """
    What is drawn of one object. ``maker`` stands before every label, so that nobody takes it for the reader's own.

    ``key_images`` get a badge with ``title``. ``placed`` are the marks on images once more, in the patient.
    """

    study_instance_uid: str
    maker: str
    marks: tuple[Annotation, ...] = ()
    outlines: StructureSet | None = None
    key_images: tuple[KeyImage, ...] = ()
    title: str = ""
    placed: tuple[PlacedMark, ...] = ()


class ForeignDrawing:
    """The layers shown on the scenes of one case; never on another study's or another frame's images."""

    def __init__(self) -> None:
        self._layers: tuple[ForeignLayer, ...] = ()
        self._indices: dict[int, list[StructureIndex]] = {}
        self._kept: OrderedDict[tuple[object, ...], list[Met]] = OrderedDict()
        self._films: OrderedDict[tuple[object, ...], tuple[ForeignShape, ...]] = OrderedDict()

    def show(self, layers: Sequence[ForeignLayer]) -> None:
        """Draw these layers from now on and nothing else."""
        self._layers = tuple(layers)
        sets = {id(one.outlines): one.outlines for one in layers if one.outlines is not None}
        self._indices = {
            key: self._indices.get(key) or [StructureIndex(one) for one in found.structures]
            for key, found in sets.items()
        }
        self._kept.clear()
        self._films.clear()

    def dress(self, scene: Scene) -> None:
        """Let a stack or a plane draw the layers."""
        if isinstance(scene, StackScene | MprScene):
            scene.foreign = self._drawer(scene)

    def _drawer(self, scene: StackScene | MprScene) -> Callable[[SliceView], tuple[ForeignShape, ...]]:
        dressed = weakref.ref(scene)  # it holds its drawer: held in turn, closed cases would stay in memory

        def draw(view: SliceView) -> tuple[ForeignShape, ...]:
            shown = dressed()
            return tuple(self._shapes(shown, view)) if shown is not None else ()

        return draw

    def _shapes(self, scene: StackScene | MprScene, view: SliceView) -> Iterator[ForeignShape]:
        badges = 0
        for layer in self._layers:
            if layer.study_instance_uid != scene.study_instance_uid:
                continue
            ref = scene.ref(scene.index) if isinstance(scene, StackScene) else None
            if ref is not None and any(is_of(ref, image) for image in layer.key_images):
                words = tr("Key image · {title} · {maker}", title=layer.title, maker=layer.maker)
                yield ForeignShape(lines=(words,), at=(view.viewport[0] / 2, _BADGE_Y_PX + 18 * badges))
                badges += 1
            for mark in _told(layer.marks, scene.identity):
                yield from _mark(_calliper(mark, scene, ref, view), layer.maker)
            if isinstance(scene, MprScene):
                placed = [one.mark for one in layer.placed if one.stack_key == scene.stack_key]
                for mark in _told(placed, scene.identity):
                    yield from _mark(_met(mark, scene, view), layer.maker)
            if layer.outlines is not None and ref is not None and isinstance(scene, StackScene):
                yield from self._on_film(layer.maker, layer.outlines, ref, scene.image(scene.index), view)
            if layer.outlines is not None and view.plane is not None:
                yield from self._structures(layer.maker, layer.outlines, scene, view, view.plane)

    def _structures(
        self, maker: str, outlines: StructureSet, scene: StackScene | MprScene, view: SliceView, plane: ImagePlane
    ) -> Iterator[ForeignShape]:
        for met in self._on(outlines, plane, scene.slice_step_mm / 2, _frames(scene)):
            one = met.structure
            colour = readable(one.colour) if one.colour is not None else None
            rings = sorted(met.rings, key=len, reverse=True)  # the longest bears the name
            drawn = [(_projected(ring, view, plane), True) for ring in rings]
            drawn += [(_projected(line, view, plane), False) for line in met.lines]
            drawn += [(_crossed([at]), False) for at in _projected(met.places, view, plane)]
            for number, (line, closed) in enumerate(drawn):
                words = (f"{maker} · {one.name}",) if number == 0 else ()
                yield ForeignShape(line, closed, False, colour, words)

    def _on(self, outlines: StructureSet, plane: ImagePlane, half: float, frames: frozenset[str]) -> list[Met]:
        key = id(outlines), plane.origin, plane.normal, half, frames
        if key not in self._kept:
            here = [one for one in self._indices.get(id(outlines), ()) if outlines.frame_of(one.structure) in frames]
            self._kept[key] = [met for index in here if (met := index.on(plane, half)) is not None]
            if len(self._kept) > _PLANES_KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _on_film(
        self, maker: str, outlines: StructureSet, ref: FrameRef, image: SliceImage | None, view: SliceView
    ) -> tuple[ForeignShape, ...]:
        """Return outlines on a film; a picture is painted many times before it moves or its frame changes."""
        if image is None:
            return ()
        key = maker, id(outlines), ref, image.pixels.shape[:2], view.transform
        if key not in self._films:
            self._films[key] = tuple(_film_shapes(maker, outlines, ref, image, view))
            if len(self._films) > _FILMS_KEPT:
                self._films.popitem(last=False)
        return self._films[key]


def _film_shapes(
    maker: str, outlines: StructureSet, ref: FrameRef, image: SliceImage, view: SliceView
) -> Iterator[ForeignShape]:
    """Return outlines on an image without a place in the patient; never on one of another size."""
    for one in outlines.structures:
        colour = readable(one.colour) if one.colour is not None else None
        words: tuple[str, ...] = (f"{maker} · {one.name}",)
        for film in one.on_films:
            here = film.sop_instance_uid == ref.sop_instance_uid and film.frame in {None, ref.frame_number}
            if here and image.pixels.shape[:2] == (film.rows, film.columns):
                line = _in_viewport(film.corners_px[:, 0], film.corners_px[:, 1], view)
                yield ForeignShape(line, closed=True, colour=colour, lines=words)
                words = ()


def is_of(ref: FrameRef, image: KeyImage) -> bool:
    """Tell whether a frame is a key image; an image without a frame number means all its frames."""
    return ref.sop_instance_uid == image.sop_instance_uid and image.frame in {None, ref.frame_number}


def readable(colour: Colour) -> Colour:
    """Return a colour mixed with as much white as a thin line on black needs. Source: WCAG 2.1, relative luminance."""
    for tenth in range(11):
        mixed = [value + (255 - value) * tenth / 10 for value in colour]
        linear = [c / 12.92 if (c := v / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for v in mixed]
        if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] >= _LEAST_LUMINANCE:
            break
    return round(mixed[0]), round(mixed[1]), round(mixed[2])


def _frames(scene: StackScene | MprScene) -> frozenset[str]:
    """Return the frames in which a scene's picture lies; de-identified slices may each bring one of their own."""
    frames = {scene.frame_of_reference_uid}
    if isinstance(scene, StackScene) and (image := scene.image(scene.index)) is not None:
        frames.add(image.frame_of_reference_uid)
    return frozenset(frames - {""})


def _told(marks: Iterable[Annotation], identity: Identity) -> Iterator[Annotation]:
    """Return marks without what their makers wrote beside them where nobody's name shall be read: names stand there."""
    for one in marks:
        if identity is Identity.FULL or not one.text:
            yield one
        elif one.kind is not AnnotationKind.TEXT:
            yield replace(one, text="")


def _mark(drawn: Calliper | None, maker: str) -> Iterator[ForeignShape]:
    if drawn is None:
        return
    words = (f"{maker} · {drawn.lines[0]}", *drawn.lines[1:4]) if drawn.lines else (maker,)
    for at, line in enumerate((drawn.outline, *drawn.others)):
        yield ForeignShape(_crossed(line) if len(line) == 1 else line, lines=words if at == 0 else ())


def _calliper(mark: Annotation, scene: StackScene | MprScene, ref: FrameRef | None, view: SliceView) -> Calliper | None:
    if mark.points_px:
        here = ref is not None and mark.referenced_sop_instance_uid == ref.sop_instance_uid
        is_shown = here and ref is not None and mark.referenced_frame in {None, ref.frame_number}
        return callipers.calliper(mark, view) if is_shown else None
    return _met(mark, scene, view) if mark.frame_of_reference_uid in _frames(scene) else None


def _met(mark: Annotation, scene: StackScene | MprScene, view: SliceView) -> Calliper | None:
    """Return what a slice shows of a mark in its own frame of reference."""
    half = scene.slice_step_mm / 2
    if view.plane is None:
        return None
    if lies_on(mark, view.plane, half) and mark.kind is not AnnotationKind.SPHERE:
        return callipers.calliper(mark, view)
    return callipers.cut_calliper(mark, view, half)


def _crossed(line: Sequence[PixelPoint]) -> tuple[PixelPoint, ...]:
    """Return a cross at a single point, drawn in one go."""
    x, y = line[0]
    return (x - _ARM_PX, y), (x + _ARM_PX, y), (x, y), (x, y - _ARM_PX), (x, y + _ARM_PX)


def _projected(points: FloatArray, view: SliceView, plane: ImagePlane) -> tuple[PixelPoint, ...]:
    from_origin = points - np.asarray(plane.origin)
    columns = from_origin @ np.asarray(plane.right) / plane.spacing_mm[0]
    rows = from_origin @ np.asarray(plane.down) / plane.spacing_mm[1]
    return _in_viewport(columns, rows, view)


def _in_viewport(columns: FloatArray, rows: FloatArray, view: SliceView) -> tuple[PixelPoint, ...]:
    m = view.transform
    placed = zip(
        (m.a * columns + m.b * rows + m.tx).tolist(), (m.c * columns + m.d * rows + m.ty).tolist(), strict=True
    )
    return tuple(placed)
