"""An image that is not there: what nobody annotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .frame import AXES
from .utils.array import expand_scale

__all__ = ["EmptyImage"]


class EmptyImage:
    """Stands for a class that a crop has no labels of: every patch is `empty_value`.

    Parameters
    ----------
    path, target_class, target_scale, target_voxel_shape, axis_order
        As for `CellMapImage`; nothing is opened.
    empty_value : float
        What patches hold.
    """

    bounding_box = None
    sampling_box = None
    total_voxels = 0

    def __init__(
        self,
        path: str,
        target_class: str,
        target_scale: Sequence[float],
        target_voxel_shape: Sequence[int],
        pad: bool = True,
        pad_value: float = float("nan"),
        interpolation: str = "nearest",
        axis_order: str | Sequence[str] = "zyx",
        value_transform: Any = None,
        context: Any = None,
        device: Any = None,
        *,
        empty_value: float = float("nan"),
    ) -> None:
        self.path, self.label_class, self.empty_value = path, target_class, empty_value
        self.axes = list(axis_order)
        shape = [int(n) for n in target_voxel_shape]
        self.scale = dict(zip(self.axes, expand_scale(target_scale, len(AXES)), strict=True))
        self.output_shape = dict(zip(self.axes, [1] * (len(AXES) - len(shape)) + shape, strict=True))

    def __getitem__(self, center: Mapping[str, Any]) -> torch.Tensor:
        return torch.full(tuple(self.output_shape.values()), self.empty_value)

    @property
    def class_counts(self) -> dict[str, int]:
        """No voxel of its class."""
        return {self.label_class: 0}

    @property
    def bg_count(self) -> int:
        """Nor any other."""
        return 0

    def set_spatial_transforms(self, transforms: Mapping[str, Any] | None) -> None:
        """Change nothing: turned, it is the same."""

    def to(self, device: Any, non_blocking: bool = True) -> EmptyImage:
        """Return itself."""
        return self

    def __repr__(self) -> str:
        return f"EmptyImage({self.label_class!r}, shape={self.output_shape})"
