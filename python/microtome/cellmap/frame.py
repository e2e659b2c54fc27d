"""Where images lie: public coordinates count from the outer edge of the first voxel, positions in the world from its centre.

In cellmap-data a translation is the left *edge* of voxel 0; in the data it is the *centre* (as OME-NGFF says, and as the
crops of the CellMap challenge show). Both differ by half a voxel, which is the same for all images of one voxel size. So
public boxes and centres stay as they are there, and a position of a dataset is turned into the world once, by the voxels of
the image that its boxes come from: images of other voxels are then read where they lie.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["AXES", "Frame", "Transforms", "affine_of", "positions", "read_shape"]

AXES = ("z", "y", "x")
# Room for rounding of positions, in voxels.
_SLACK = 1e-6

Transforms = dict[str, Any]


@dataclass(frozen=True)
class Frame:
    """The grid that positions count on: where its first voxel begins (public), and how large its voxels are, z, y, x in nm."""

    begin_nm: tuple[float, float, float]
    voxel_nm: tuple[float, float, float]

    def world(self, center: Mapping[str, float], shape: Sequence[int], scale: Sequence[float]) -> list[float]:
        """Return where in the world the middle of a patch lies whose public centre is given.

        A patch begins on whole voxels of its own size, counted from the grid's beginning.
        """
        found = []
        for axis, begin, voxel, n, size in zip(AXES, self.begin_nm, self.voxel_nm, shape, scale, strict=True):
            first = math.floor((center[axis] - begin) / size - n / 2 + _SLACK)
            found.append(begin + (first + n / 2) * size - voxel / 2)
        return found


def positions(lo: float, hi: float, size: float, *, is_single: bool, strict: bool) -> int:
    """Return how many patches begin on whole voxels of `size` in a sampling box from `lo` to `hi`.

    (cellmap-data never reaches the last one, and leaves out crops that are exactly as large as a patch.)
    """
    steps = (hi - lo) / size
    if strict or is_single:
        return max(1, round(steps))
    return math.floor(steps + _SLACK) + 1


def affine_of(transforms: Transforms | None) -> np.ndarray | None:
    """Return the matrix from offsets in a patch to offsets in the world, both z, y, x in nm; ``None``: as it lies.

    What is read is turned first, then mirrored, then transposed, as cellmap-data does it after reading.
    """
    if not transforms:
        return None
    matrix = np.eye(3)
    rotation = transforms.get("rotation_matrix")
    if rotation is not None:
        matrix = np.asarray(rotation, dtype=float)
    mirror = transforms.get("mirror") or {}
    matrix = matrix @ np.diag([-1.0 if mirror.get(axis) else 1.0 for axis in AXES])
    order = transforms.get("transpose")
    if order is not None:
        # Axis i of what is given is axis order[i] of what it was.
        moved = np.zeros((3, 3))
        moved[list(order), range(3)] = 1.0
        matrix = matrix @ moved
    return None if np.array_equal(matrix, np.eye(3)) else matrix


def read_shape(shape: Sequence[int], transforms: Transforms | None) -> list[int]:
    """Return the voxels along each axis of the box that a turned patch of `shape` lies in."""
    rotation = (transforms or {}).get("rotation_matrix")
    if rotation is None:
        return list(shape)
    reach = np.abs(np.asarray(rotation, dtype=float)) @ np.asarray(shape, dtype=float)
    return [math.ceil(n - _SLACK) for n in reach]
