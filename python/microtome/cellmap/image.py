"""One image: patches of a voxel size about a centre, as tensors."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .compat import strict_compat
from .frame import AXES, Frame, Transforms, affine_of, positions, read_shape
from .source import Source
from .utils.array import expand_scale
from .utils.geometry import Box

__all__ = ["CellMapImage"]

_logger = logging.getLogger("cellmap_data.image")
# Voxels that are counted at a time.
_COUNTED = 256


class CellMapImage:
    """A multiscale image, read at one voxel size.

    ``image[{"z": .., "y": .., "x": ..}]`` gives the patch about a centre (nm, from the edge of voxel 0): ``float32`` in
    stored values, `pad_value` where there is nothing.

    Parameters
    ----------
    path : str
        Its multiscale group.
    target_class : str
        What it shows.
    target_scale, target_voxel_shape : numbers for z, y, x
        Voxel size (nm) and voxels of a patch; what lacks axes is extended at its beginning.
    pad : bool
        Whether patches may reach beyond the image; one that is smaller than a patch is then seen whole, in the middle.
    pad_value : float
        What stands where there is nothing.
    interpolation : {"nearest", "linear"}
        What is between voxels; with linear coarser voxels are means.
    axis_order : str
        Its axes.
    value_transform : callable, optional
        Applied to each patch.
    dtype : torch.dtype, optional
        The type of patches, such as ``torch.int64`` for ids beyond 2**24, which ``float32`` cannot hold.
    context, device : optional
        Taken and not needed: patches are on the processor.
    """

    def __init__(
        self,
        path: str,
        target_class: str,
        target_scale: Sequence[float],
        target_voxel_shape: Sequence[int],
        pad: bool = False,
        pad_value: float = float("nan"),
        interpolation: str = "nearest",
        axis_order: str | Sequence[str] = "zyx",
        value_transform: Callable[[torch.Tensor], torch.Tensor] | None = None,
        context: Any = None,
        device: Any = None,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.path, self.label_class, self.pad, self.pad_value = path, target_class, pad, pad_value
        self.interpolation, self.value_transform, self.dtype = interpolation, value_transform, dtype
        self.axes = list(axis_order)
        if sorted(self.axes) != sorted(AXES):
            raise ValueError(f"axis_order {axis_order!r}: expected the axes z, y and x")
        self._strict = strict_compat()
        self.scale = dict(zip(self.axes, expand_scale(target_scale), strict=True))
        shape = [int(n) for n in target_voxel_shape]
        self.output_shape = dict(zip(self.axes, [1] * (3 - len(shape)) + shape, strict=True))
        self._current_spatial_transforms: Transforms | None = None
        self._source = Source(path, self._zyx(self.scale), strict=self._strict)

    def _zyx(self, by_axis: Mapping[str, Any]) -> list[Any]:
        return [by_axis[axis] for axis in AXES]

    @property
    def scale_level(self) -> int:
        """Index of the level that is read."""
        return self._source.level

    @cached_property
    def _level_info(self) -> list[tuple[str, dict[str, float], dict[str, float]]]:
        """Of each level its path, its voxel size and its translation, by axis."""
        attributes = json.loads((Path(self.path) / ".zattrs").read_text())
        paths = [one["path"] for one in attributes["multiscales"][0]["datasets"]]
        levels = self._source.levels()
        return [
            (path, dict(zip(AXES, level.voxel_size_nm)), dict(zip(AXES, level.offset_nm)))
            for path, level in zip(paths, levels, strict=False)
        ]

    @property
    def _frame(self) -> Frame:
        """The grid that its own centres count on."""
        level = self._source.at_level
        return Frame(level.offset_nm, level.voxel_size_nm)

    @property
    def bounding_box(self) -> Box:
        """From the edge of its first voxel to that of its last, nm."""
        level = self._source.at_level
        grid = zip(AXES, level.offset_nm, level.voxel_size_nm, level.shape, strict=True)
        return {axis: (begin, begin + n * size) for axis, begin, size, n in grid}

    def _is_single(self, axis: str) -> bool:
        """Whether a patch is larger than the image, which is then seen whole."""
        lo, hi = self.bounding_box[axis]
        extent = self.scale[axis] * self.output_shape[axis]
        return extent > hi - lo or (self._strict and extent >= hi - lo)

    @property
    def sampling_box(self) -> Box | None:
        """Where centres of patches may lie, nm; ``None`` if a patch does not fit and `pad` is not set."""
        box: Box = {}
        for axis, (lo, hi) in self.bounding_box.items():
            half = self.scale[axis] * self.output_shape[axis] / 2
            if not self._is_single(axis):
                box[axis] = (lo + half, hi - half)
            elif self.pad:
                middle = (lo + hi) / 2
                box[axis] = (middle - self.scale[axis] / 2, middle + self.scale[axis] / 2)
            else:
                return None
        return box

    def _grid(self) -> list[int]:
        """Positions of patches along each axis."""
        box = self.sampling_box
        if box is None:
            return [0] * len(self.axes)
        return [
            positions(*box[axis], self.scale[axis], is_single=self._is_single(axis), strict=self._strict) for axis in self.axes
        ]

    def __len__(self) -> int:
        return math.prod(self._grid())

    def get_center(self, idx: int) -> dict[str, float]:
        """Return the centre of the patch of an index, nm."""
        box, grid = self.sampling_box, self._grid()
        if box is None:
            raise IndexError(f"{self.path} is smaller than a patch, and pad is not set")
        at = np.unravel_index(idx % math.prod(grid), grid)
        return {axis: float(box[axis][0] + (k + 0.5) * self.scale[axis]) for axis, k in zip(self.axes, at)}

    def set_spatial_transforms(self, transforms: Transforms | None) -> None:
        """Read patches turned from now on: ``mirror`` by axis, ``transpose`` (an order of axes), ``rotation_matrix``."""
        self._current_spatial_transforms = transforms

    def _compute_read_shape(self) -> list[int]:
        """Voxels along z, y, x of the box that the patch lies in as it is turned now."""
        return read_shape(self._zyx(self.output_shape), self._current_spatial_transforms)

    def __getitem__(self, center: Mapping[str, Any]) -> torch.Tensor:
        mean = {axis: float(np.mean(center[axis])) for axis in self.axes}
        return self._read(self._world(mean))

    def _world(self, center: Mapping[str, float]) -> list[float]:
        """Where in the world the middle of its patch lies about one of its own centres."""
        return self._frame.world(center, self._zyx(self.output_shape), self._zyx(self.scale))

    def _read(self, middle_nm: Sequence[float]) -> torch.Tensor:
        """Read the patch about a position in the world."""
        patch = self._source.read(
            middle_nm,
            self._zyx(self.output_shape),
            affine=affine_of(self._current_spatial_transforms),
            nearest=self.interpolation == "nearest",
            exact=self.dtype is not None,
        )
        if not patch.known.any():
            _logger.warning("%s: the patch about z, y, x = %s nm is out-of-bounds", self.path, list(middle_nm))
        values = self._finished(patch.data, patch.known)
        order = [AXES.index(axis) for axis in self.axes]
        values = values if order == [0, 1, 2] else values.permute(order)
        return values if self.value_transform is None else self.value_transform(values)

    def _finished(self, data: np.ndarray, known: np.ndarray) -> torch.Tensor:
        if self.dtype is not None:
            values = torch.from_numpy(data.astype(np.int64 if data.dtype.kind in "iu" else data.dtype)).to(self.dtype)
        else:
            values = torch.from_numpy(data.astype(np.float32, copy=False))
        if not known.all():
            values[torch.from_numpy(~known)] = self.pad_value
        unknown = None if self._strict else self._annotation.get("encoding", {}).get("unknown")
        if unknown is not None and values.dtype.is_floating_point:
            values[torch.from_numpy(data == unknown)] = self.pad_value
        return values

    @cached_property
    def _annotation(self) -> dict[str, Any]:
        """What ``cellmap.annotation`` says of the finest level: encoding and complement counts; may be empty."""
        for file in (Path(self.path, "s0", ".zattrs"), Path(self.path, "s0", "zarr.json")):
            if file.is_file():
                attributes = json.loads(file.read_text())
                said = attributes.get("attributes", attributes).get("cellmap", {}).get("annotation", {})
                kind = said.get("annotation_type", {})
                return {"encoding": kind.get("encoding", {}), "counts": said.get("complement_counts", {})}
        return {}

    @property
    def class_counts(self) -> dict[str, int]:
        """Foreground voxels, in voxels of the target scale. Nothing is written anywhere."""
        finest = self._source.volume
        per_voxel = math.prod(finest.voxel_size_nm) / math.prod(self.scale.values())
        return {self.label_class: int(self._foreground * per_voxel)}

    @cached_property
    def _foreground(self) -> int:
        """Voxels of the finest level that are neither absent nor unknown: as its metadata counts them, else counted."""
        finest = self._source.volume
        counts = {} if self._strict else self._annotation.get("counts", {})
        if "absent" in counts:
            return math.prod(finest.shape) - counts["absent"] - counts.get("unknown", 0)
        unknown = None if self._strict else self._annotation.get("encoding", {}).get("unknown")
        found = 0
        for z in range(0, finest.shape[0], _COUNTED):
            for y in range(0, finest.shape[1], _COUNTED):
                for x in range(0, finest.shape[2], _COUNTED):
                    block = finest[z : z + _COUNTED, y : y + _COUNTED, x : x + _COUNTED]
                    found += int(np.count_nonzero(block))
                    if unknown:
                        found -= int(np.count_nonzero(block == unknown))
        return found

    @property
    def total_voxels(self) -> int:
        """Voxels of the target scale in the whole image."""
        return math.prod(round((hi - lo) / self.scale[axis]) for axis, (lo, hi) in self.bounding_box.items())

    @property
    def bg_count(self) -> int:
        """Voxels of the target scale that are no foreground."""
        return max(self.total_voxels - self.class_counts[self.label_class], 0)

    @property
    def center(self) -> dict[str, float]:
        """The middle of its bounding box, nm."""
        return {axis: (lo + hi) / 2 for axis, (lo, hi) in self.bounding_box.items()}

    @property
    def translation(self) -> dict[str, float]:
        """The translation of the level that is read, nm."""
        return dict(zip(AXES, self._source.at_level.offset_nm))

    @property
    def shape(self) -> dict[str, int]:
        """Voxels of the level that is read."""
        return dict(zip(AXES, self._source.at_level.shape))

    @property
    def array_path(self) -> str:
        """Where the level lies that is read."""
        return os.path.join(self.path, self._level_info[self.scale_level][0])

    def to(self, device: Any, non_blocking: bool = True) -> CellMapImage:
        """Return itself: patches are on the processor."""
        return self

    def __repr__(self) -> str:
        return f"CellMapImage({self.label_class!r}, {self.path!r}, scale={self.scale}, shape={self.output_shape})"
