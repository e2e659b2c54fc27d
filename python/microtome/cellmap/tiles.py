"""Tiles that cover a grid of positions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["tiles"]


def tiles(grid: Sequence[int], steps: Sequence[float], *, strict: bool = False) -> list[int]:
    """Return the indices (C order) of positions whose patches cover everything, neighbours without overlap but at the end.

    Parameters
    ----------
    grid : positions along each axis
    steps : how many positions a patch is wide, along each axis
    strict : spread them as cellmap-data does, which leaves most of a volume uncovered
    """
    along = [_spread(n, step) if strict else _covering(n, step) for n, step in zip(grid, steps, strict=True)]
    return [int(index) for index in np.ravel_multi_index(np.meshgrid(*along, indexing="ij"), tuple(grid)).ravel()]


def _covering(n: int, step: float) -> list[int]:
    starts = list(range(0, n, max(1, math.floor(step + 1e-6))))
    return starts if starts[-1] == n - 1 else [*starts, n - 1]


def _spread(n: int, step: float) -> list[int]:
    count = max(1, round(n / step))
    return [int(k * n / count) for k in range(count)]


def steps_of(extent_nm: Mapping[str, float], scale: Mapping[str, float], axes: Sequence[str]) -> list[float]:
    """Return how many positions of a size lie in an extent, along each axis."""
    return [extent_nm[axis] / scale[axis] for axis in axes]
