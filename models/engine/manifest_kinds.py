"""Input, output and post-processing of each model kind, from checked JSON to frozen values."""

from __future__ import annotations

from typing import Any

from models.engine.manifest_values import (
    AnchorLevel,
    AnchorOutput,
    AnchorSpec,
    Boxes2dOutput,
    Boxes2dSpec,
    BoxPost,
    ClassifierOutput,
    ClassifierSpec,
    FcosLevel,
    GridInput,
    HeatmapSpec,
    ImageInput,
    InputSpec,
    KindSpec,
    MaskOutput,
    MaskPost,
    MaskSpec,
    OcclusionSpec,
    OutputSpec,
    PostSpec,
    SecondStage,
)


def kind_spec(raw: dict[str, Any]) -> KindSpec:
    """Return the values of ``kind``, ``input``, ``output`` and ``post``; ValueError when they contradict themselves."""
    spec = _spec(raw)
    _check(spec, len(raw["classes"]))
    return spec


def second_stage_of(raw: dict[str, Any]) -> SecondStage:
    """Return the second stage that JSON of the schema's shape describes. Raises ValueError where its lists differ."""
    listed = {name: tuple(raw[name]) for name in ("features", "mean", "scale", "weight")}
    return SecondStage(**listed, bias=raw["bias"], clip=raw["clip"])


def as_pair(values: list[float]) -> tuple[float, float]:
    """Return two rising numbers; ValueError when they do not rise."""
    low, high = values
    if low >= high:
        raise ValueError(f"{low} is not below {high}")
    return low, high


def _spec(raw: dict[str, Any]) -> KindSpec:
    output, post = raw["output"], raw["post"]
    match raw["kind"]:
        case "heatmap_3d":
            return HeatmapSpec(
                _heatmap_input(raw["input"]),
                OutputSpec(**output),
                PostSpec(
                    **{
                        **post,
                        "diameter_mm": as_pair(post["diameter_mm"]),
                        "second_stage": second_stage_of(post["second_stage"]) if post.get("second_stage") else None,
                    }
                ),
            )
        case "anchor_boxes_3d":
            levels = tuple(_anchor_level(level) for level in output["levels"])
            heads = AnchorOutput(levels, output["classes"], tuple(output["coder"]), output["activation"])
            return AnchorSpec(_grid(raw["input"]), heads, BoxPost(**post))
        case "boxes_2d":
            return Boxes2dSpec(_image(raw["input"]), _boxes_2d(output), BoxPost(**post))
        case "mask":
            limits = {"min_ml": 0.0, "min_mm2": 0.0, **post}
            return MaskSpec(_either(raw["input"]), MaskOutput(**output), MaskPost(**limits))
        case _:
            occlusion = output.get("occlusion")
            head = ClassifierOutput(output["name"], output["classes"], output["activation"])
            return ClassifierSpec(_either(raw["input"]), head, OcclusionSpec(**occlusion) if occlusion else None)


def _heatmap_input(raw: dict[str, Any]) -> InputSpec:
    return InputSpec(
        name=raw["name"],
        spacing_mm=raw["spacing_mm"],
        clip_hu=as_pair(raw["clip_hu"]),
        multiple_of=raw["multiple_of"],
        margin_mm=raw["margin_mm"],
        slab=raw["tiling"]["slab"],
        halo=raw["tiling"]["halo"],
    )


def _either(raw: dict[str, Any]) -> GridInput | ImageInput:
    return _image(raw) if raw["layout"] == "bcyx" else _grid(raw)


def _grid(raw: dict[str, Any]) -> GridInput:
    tiling = raw.get("tiling")
    x_mm, y_mm, z_mm = raw["spacing_mm"]
    x, y, z = raw["multiple_of"]
    return GridInput(
        name=raw["name"],
        layout=raw["layout"],
        orientation=raw["orientation"],
        spacing_mm=(x_mm, y_mm, z_mm),
        clip=as_pair(raw["clip"]),
        scale=as_pair(raw["scale"]),
        multiple_of=(x, y, z),
        pad=raw["pad"],
        roi=raw["roi"],
        margin_mm=raw.get("margin_mm", 0.0),
        slab=tiling["slab"] if tiling else None,
        halo=tiling["halo"] if tiling else 0,
    )


def _image(raw: dict[str, Any]) -> ImageInput:
    return ImageInput(
        name=raw["name"],
        channels=raw["channels"],
        height=raw["height"],
        width=raw["width"],
        percentiles=as_pair(raw["percentiles"]),
        fill=raw["fill"],
        mean=tuple(raw["mean"]),
        deviation=tuple(raw["deviation"]),
    )


def _anchor_level(raw: dict[str, Any]) -> AnchorLevel:
    x, y, z = raw["stride"]
    return AnchorLevel(raw["scores"], raw["boxes"], (x, y, z), tuple((a, b, c) for a, b, c in raw["anchors"]))


def _boxes_2d(raw: dict[str, Any]) -> Boxes2dOutput:
    if (raw["format"] == "fcos") != ("levels" in raw) or (raw["format"] == "fcos") == ("name" in raw):
        raise ValueError("an FCOS head has levels, any other one tensor")
    levels = tuple(
        FcosLevel(level["scores"], level["distances"], level.get("centreness"), level["stride"])
        for level in raw.get("levels", ())
    )
    return Boxes2dOutput(
        format=raw["format"],
        name=raw.get("name", ""),
        classes=raw["classes"],
        activation=raw["activation"],
        levels=levels,
        normalised=raw.get("normalised", False),
    )


def _check(spec: KindSpec, classes: int) -> None:
    if isinstance(spec, HeatmapSpec):
        _check_heatmap(spec)
        return
    if spec.output.classes != classes:
        raise ValueError("the network's classes are not those that are listed")
    if isinstance(spec.input, GridInput):
        _check_grid(spec.input)
    elif len(spec.input.mean) != spec.input.channels or len(spec.input.deviation) != spec.input.channels:
        raise ValueError("mean and deviation have one value per channel")
    if isinstance(spec, AnchorSpec):
        _check_levels(spec)


def _check_heatmap(spec: HeatmapSpec) -> None:
    for length in (spec.input.slab, spec.input.halo):
        if length % spec.input.multiple_of:
            raise ValueError("slab and halo must be multiples of multiple_of")
    if spec.input.multiple_of % spec.output.stride:
        raise ValueError("multiple_of must be a multiple of the stride")


def _check_grid(grid: GridInput) -> None:
    if (grid.slab or 0) % grid.multiple_of[2] or grid.halo % grid.multiple_of[2]:
        raise ValueError("slab and halo must be multiples of multiple_of")


def _check_levels(spec: AnchorSpec) -> None:
    for level in spec.output.levels:
        if any(whole % part for whole, part in zip(spec.input.multiple_of, level.stride, strict=True)):
            raise ValueError("multiple_of must be a multiple of every stride")
    if spec.output.activation == "softmax":
        raise ValueError("scores of anchors are independent of each other")
