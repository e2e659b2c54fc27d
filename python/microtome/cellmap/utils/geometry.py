"""Boxes in the world: a dict from axis to (first, last) in nm."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Box", "box_intersection", "box_shape", "box_union"]

Box = dict[str, tuple[float, float]]


def box_intersection(a: Mapping[str, tuple[float, float]], b: Mapping[str, tuple[float, float]]) -> Box | None:
    """Return what both boxes hold, on the axes that both have; ``None`` if that is nothing."""
    shared = {axis: (max(a[axis][0], b[axis][0]), min(a[axis][1], b[axis][1])) for axis in a if axis in b}
    if not shared or any(lo >= hi for lo, hi in shared.values()):
        return None
    return shared


def box_union(a: Mapping[str, tuple[float, float]], b: Mapping[str, tuple[float, float]]) -> Box:
    """Return the smallest box that holds both; an axis that one of them lacks is the other's."""
    both = {**b, **a}
    return {
        axis: (min(a[axis][0], b[axis][0]), max(a[axis][1], b[axis][1])) if axis in a and axis in b else both[axis]
        for axis in both
    }


def box_shape(box: Mapping[str, tuple[float, float]], scale: Mapping[str, float]) -> dict[str, int]:
    """Return voxels of a size along each axis of a box, rounded, at least one."""
    return {axis: max(1, round((hi - lo) / scale[axis])) for axis, (lo, hi) in box.items()}
