"""Questions about array specifications: ``{"shape": voxels, "scale": nm}``, or a dict of such."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = [
    "array_has_singleton_dim",
    "expand_scale",
    "get_sliced_shape",
    "is_array_2D",
    "permute_singleton_dimension",
]


def array_has_singleton_dim(array_info: Mapping[str, Any] | None, summary: bool = True) -> bool | dict[str, bool]:
    """Whether a shape has an axis of one voxel; of several arrays any, or with ``summary=False`` of each."""
    return _asked(array_info, lambda shape: 1 in shape, any if summary else None)


def is_array_2D(  # noqa: N802
    array_info: Mapping[str, Any] | None, summary: Callable[[list[bool]], bool] | None = None
) -> bool | dict[str, bool]:
    """Whether a shape has two axes; of several arrays of each, or what `summary` makes of that."""
    return _asked(array_info, lambda shape: len(shape) == 2, summary)


def _asked(
    info: Mapping[str, Any] | None, question: Callable[[Sequence[int]], bool], summary: Callable[..., bool] | None
) -> bool | dict[str, bool]:
    if not info:
        return False
    if "shape" in info:
        return question(tuple(info["shape"]))
    answers = {name: _asked(one, question, summary) for name, one in info.items()}
    return summary(list(answers.values())) if summary is not None else answers


def get_sliced_shape(shape: Sequence[int], axis: int) -> list[int]:
    """Return a shape of three axes with one voxel along `axis`, from one of two axes, or of three with such an axis."""
    flat = list(shape)
    if 1 in flat:
        flat.remove(1)
    flat.insert(axis, 1)
    return flat


def permute_singleton_dimension(arr_dict: dict[str, Any], axis: int) -> None:
    """Move the axis of one voxel of each shape to `axis`, in place; shapes of two axes get one, and scales follow."""
    if "shape" not in arr_dict:
        for one in arr_dict.values():
            permute_singleton_dimension(one, axis)
        return
    shape, scale = list(arr_dict["shape"]), list(arr_dict.get("scale", []))
    at = shape.index(1) if 1 in shape else None
    if scale:
        # Voxels across the slice are as large as those along its first axis.
        flat = scale[:at] + scale[at + 1 :] if at is not None and len(scale) == len(shape) else scale
        across = scale[at] if at is not None and len(scale) == len(shape) else scale[0]
        flat.insert(axis, across)
        arr_dict["scale"] = flat
    arr_dict["shape"] = get_sliced_shape(shape, axis)


def expand_scale(scale: Sequence[float], ndim: int = 3) -> list[float]:
    """Return a scale of `ndim` axes: one of fewer is extended at its beginning by its first element."""
    values = [float(value) for value in scale]
    return [values[0]] * (ndim - len(values)) + values
