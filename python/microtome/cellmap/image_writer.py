"""Writes patches of one class into an OME-Zarr image."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .array_store import ChunkedArray
from .utils.geometry import Box
from .utils.metadata import generate_base_multiscales_metadata

__all__ = ["ImageWriter"]

_SLACK = 1e-6


class ImageWriter:
    """An image that patches are written into: ``writer[center] = patch``.

    Parameters
    ----------
    path : str
        The multiscale group, which is made.
    target_class : str
    scale : dict
        Voxel size by axis, nm.
    bounding_box : dict
        What is written, by axis: first and last, nm, from the edge of voxel 0 as everywhere in this API.
    write_voxel_shape : dict
        Voxels of a patch by axis, which are the chunks, too.
    scale_level : int
        Its array is ``s{scale_level}``.
    overwrite : bool
        Begin anew what is there; else go on with it.
    dtype, fill_value
        Of the array.
    """

    def __init__(
        self,
        path: str,
        target_class: str,
        scale: Mapping[str, float],
        bounding_box: Box,
        write_voxel_shape: Mapping[str, int],
        scale_level: int = 0,
        axis_order: str | Sequence[str] = "zyx",
        context: Any = None,
        overwrite: bool = False,
        dtype: Any = np.float32,
        fill_value: float = 0,
    ) -> None:
        self.path, self.label_class, self.axes = path, target_class, list(axis_order)
        self.scale = {axis: float(scale[axis]) for axis in self.axes}
        self.bounding_box = {axis: tuple(bounding_box[axis]) for axis in self.axes}
        self.write_voxel_shape = {axis: int(write_voxel_shape[axis]) for axis in self.axes}
        self.shape = {axis: math.ceil((hi - lo) / self.scale[axis] - _SLACK) for axis, (lo, hi) in self.bounding_box.items()}
        group = Path(path)
        _make_groups(group)
        # In the file a translation is the centre of voxel 0.
        begin = [self.bounding_box[axis][0] for axis in self.axes]
        sizes = [self.scale[axis] for axis in self.axes]
        metadata = generate_base_multiscales_metadata(target_class, scale_level, sizes, begin, "nanometer", self.axes)
        shape, chunks = ([by[axis] for axis in self.axes] for by in (self.shape, self.write_voxel_shape))
        self.array = ChunkedArray(
            group / f"s{scale_level}", shape, chunks, np.dtype(dtype).name, fill_value, overwrite=overwrite
        )
        (group / ".zattrs").write_text(json.dumps(metadata, indent=2))

    def _begin(self, center: Mapping[str, float], shape: Sequence[int]) -> list[int]:
        """The first voxel of a patch about a centre: the one that a dataset reads first."""
        begin = []
        for axis, n in zip(self.axes, shape, strict=True):
            at = (float(center[axis]) - self.bounding_box[axis][0]) / self.scale[axis] - n / 2
            begin.append(math.floor(at + _SLACK))
        return begin

    def __setitem__(self, center: Mapping[str, float], data: Any) -> None:
        if isinstance(data, np.ndarray) and data.ndim == 0:
            raise TypeError("Zero-dimensional NumPy arrays cannot be written: give a patch")
        if isinstance(data, torch.Tensor) and data.ndim == 0:
            raise TypeError("Zero-dimensional torch.Tensors cannot be written: give a patch")
        values = data.detach().cpu().numpy() if isinstance(data, torch.Tensor) else np.asarray(data)
        if values.ndim == 0:
            raise TypeError("Scalar writes are not supported: give a patch")
        values = values.reshape(values.shape[values.ndim - 3 :]) if values.ndim > 3 else values
        values = values.reshape((1,) * (3 - values.ndim) + values.shape).astype(self.array.dtype)
        self.array.write(self._begin(center, values.shape), values)

    def __getitem__(self, center: Mapping[str, float]) -> torch.Tensor:
        shape = list(self.write_voxel_shape.values())
        return torch.from_numpy(self.array.read(self._begin(center, shape), shape))

    def __repr__(self) -> str:
        return f"ImageWriter({self.label_class!r}, {self.path!r}, shape={self.shape})"


def _make_groups(group: Path) -> None:
    """Make the group, and those above it up to the container, where they lack."""
    above = [group]
    while (
        above[-1].suffix != ".zarr"
        and above[-1].parent != above[-1]
        and any(parent.suffix == ".zarr" for parent in above[-1].parents)
    ):
        above.append(above[-1].parent)
    for folder in above:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / ".zgroup"
        if not file.is_file():
            file.write_text('{"zarr_format": 2}')
