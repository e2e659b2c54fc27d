"""Reads raw tile by tile, and writes what a network makes of it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Subset

from .compat import strict_compat
from .dataloader import CellMapDataLoader
from .frame import AXES, Frame, positions
from .image import CellMapImage
from .image_writer import ImageWriter
from .tiles import steps_of, tiles
from .utils.array import expand_scale
from .utils.geometry import Box, box_union

__all__ = ["CellMapDatasetWriter"]

_ABOUT = ("idx", "__metadata__")


class CellMapDatasetWriter(Dataset):
    """Samples of raw over a volume; ``writer[batch["idx"]] = outputs`` writes the predictions for them.

    Parameters
    ----------
    raw_path : str
        The multiscale group of raw.
    target_path : str
        Predictions of a class go to ``target_path/<class>``.
    classes : list of str
        What is written.
    input_arrays, target_arrays : dict
        As for `CellMapDataset`.
    target_bounds : dict
        For each target array the box that is written, nm by axis.
    overwrite : bool
        Begin anew what is there.
    raw_value_transforms : callable, optional
        Applied to raw.
    model_classes : list of str, optional
        The channels of the network; left out: `classes`.
    axis_order, context, device, rng, **kwargs : optional
        Taken as cellmap-data takes them.
    """

    def __init__(
        self,
        raw_path: str,
        target_path: str,
        classes: Sequence[str],
        input_arrays: Mapping[str, Mapping[str, Any]],
        target_arrays: Mapping[str, Mapping[str, Any]],
        target_bounds: Mapping[str, Box],
        overwrite: bool = False,
        device: Any = None,
        raw_value_transforms: Any = None,
        model_classes: Sequence[str] | None = None,
        axis_order: str | Sequence[str] = "zyx",
        context: Any = None,
        **kwargs: Any,
    ) -> None:
        self.raw_path, self.target_path, self.classes = raw_path, target_path, list(classes)
        self.model_classes = list(model_classes) if model_classes is not None else self.classes
        self.input_arrays, self.target_arrays = dict(input_arrays), dict(target_arrays)
        self.target_bounds, self.raw_value_transforms = dict(target_bounds), raw_value_transforms
        self.axes, self._strict = list(axis_order), strict_compat()
        self.input_sources = {
            name: CellMapImage(raw_path, "raw", info["scale"], info["shape"], True, 0.0, "linear", axis_order)
            for name, info in self.input_arrays.items()
        }
        first = next(iter(self.target_arrays))
        self._scale = dict(zip(self.axes, expand_scale(self.target_arrays[first]["scale"]), strict=True))
        shape = [int(n) for n in self.target_arrays[first]["shape"]][-3:]
        self._shape = dict(zip(self.axes, [1] * (3 - len(shape)) + shape, strict=True))
        self.target_array_writers = {
            label: ImageWriter(
                os.path.join(target_path, label),
                label,
                self._scale,
                self.target_bounds[first],
                self._shape,
                axis_order=axis_order,
                overwrite=overwrite,
            )
            for label in self.classes
        }

    @property
    def bounding_box(self) -> Box:
        """All that is written, nm."""
        boxes = [dict(box) for box in self.target_bounds.values()]
        together = boxes[0]
        for box in boxes[1:]:
            together = box_union(together, box)
        return {axis: tuple(span) for axis, span in together.items()}

    @property
    def sampling_box(self) -> Box:
        """Where centres of tiles lie, nm; the middle where the box is smaller than a tile."""
        found: Box = {}
        for axis, (lo, hi) in self.bounding_box.items():
            half = self._extent_nm[axis] / 2
            if hi - lo > 2 * half:
                found[axis] = (lo + half, hi - half)
            else:
                # One tile, which begins with the box.
                found[axis] = (lo + half, lo + half)
        return found

    @property
    def _extent_nm(self) -> dict[str, float]:
        return {axis: n * self._scale[axis] for axis, n in self._shape.items()}

    @property
    def _grid(self) -> list[int]:
        box, scale = self.sampling_box, self._scale
        reach = {axis: math.ceil((hi - lo) / scale[axis] - 1e-6) * scale[axis] for axis, (lo, hi) in box.items()}
        return [
            positions(0.0, reach[axis], scale[axis], is_single=reach[axis] == 0.0, strict=self._strict) for axis in self.axes
        ]

    def __len__(self) -> int:
        return math.prod(self._grid)

    def get_center(self, idx: int) -> dict[str, float]:
        """Return the centre of a tile, nm: half a voxel beyond the middle, as cellmap-data counts."""
        at = np.unravel_index(int(idx) % len(self), self._grid)
        box = self.sampling_box
        return {axis: float(box[axis][0] + (k + 0.5) * self._scale[axis]) for axis, k in zip(self.axes, at)}

    @property
    def writer_indices(self) -> list[int]:
        """Tiles that cover everything; neighbours overlap at the end only."""
        return tiles(self._grid, steps_of(self._extent_nm, self._scale, self.axes), strict=self._strict)

    @property
    def blocks(self) -> Subset:
        """The samples of those tiles."""
        return Subset(self, self.writer_indices)

    def loader(self, batch_size: int = 1, num_workers: int = 0, **kwargs: Any) -> DataLoader:
        """Return a `DataLoader` of those tiles."""
        kwargs.setdefault("collate_fn", CellMapDataLoader.collate_fn)
        return DataLoader(self.blocks, batch_size, num_workers=num_workers, **kwargs)

    def __getitem__(self, idx: int) -> dict[str, Any]:
        center = self.get_center(idx)
        sample: dict[str, Any] = {"idx": torch.tensor(int(idx) % len(self))}
        for name, image in self.input_sources.items():
            values = image._read(self._world(center))
            dtype = image._source.volume.dtype
            if dtype.kind in "iu" and not self._strict:
                values = values / np.iinfo(dtype).max
            values = values if self.raw_value_transforms is None else self.raw_value_transforms(values)
            sample[name] = values if values.shape[0] == 1 else values[None]
        return sample

    def _world(self, center: Mapping[str, float]) -> list[float]:
        """Where in the world the middle of the tile lies that is written about a centre."""
        begin, size, shape = (
            [by[axis] for axis in AXES]
            for by in ({axis: lo for axis, (lo, _) in self.bounding_box.items()}, self._scale, self._shape)
        )
        return Frame(tuple(begin), tuple(size)).world(center, shape, size)

    def __setitem__(self, idx: Any, value: Mapping[str, Any]) -> None:
        indices = [int(one) for one in np.atleast_1d(np.asarray(idx))]
        is_batch = np.ndim(idx) > 0
        for name, values in value.items():
            if name not in _ABOUT:
                for label, patches in self._by_class(name, values, is_batch):
                    self._write(label, indices, patches, is_batch)

    def _by_class(self, name: str, values: Any, is_batch: bool) -> list[tuple[str, Any]]:
        """The patches of each class that is written: of an array all classes, or those of one class."""
        if name not in self.target_arrays:
            return [(name, values)] if name in self.target_array_writers else []
        if isinstance(values, Mapping):
            return [(label, patches) for label, patches in values.items() if label in self.target_array_writers]
        axis = 1 if is_batch else 0
        if not hasattr(values, "shape") or len(values.shape) <= axis or values.shape[axis] != len(self.model_classes):
            raise ValueError(f"{name}: expected {len(self.model_classes)} channels along axis {axis}, one a model class")
        chosen = [(place, label) for place, label in enumerate(self.model_classes) if label in self.target_array_writers]
        return [(label, values[:, place] if is_batch else values[place]) for place, label in chosen]

    def _write(self, label: str, indices: Sequence[int], patches: Any, is_batch: bool) -> None:
        writer = self.target_array_writers[label]
        if isinstance(patches, (int, float)):
            raise TypeError("Scalar writes are not supported: give a patch for each sample")
        if not is_batch:
            writer[self.get_center(indices[0])] = patches
            return
        if not hasattr(patches, "__getitem__"):
            raise TypeError(f"Unsupported batched value type {type(patches).__name__}: give one patch for each sample")
        for place, index in enumerate(indices):
            writer[self.get_center(index)] = patches[place]

    def set_raw_value_transforms(self, transforms: Any) -> None:
        """Change what is applied to raw."""
        self.raw_value_transforms = transforms

    def to(self, device: Any, non_blocking: bool = True) -> CellMapDatasetWriter:
        """Return itself: samples are on the processor."""
        return self

    def __repr__(self) -> str:
        return f"CellMapDatasetWriter({self.raw_path!r} -> {self.target_path!r}, classes={self.classes})"
