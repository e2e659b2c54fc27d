"""Draws of how a patch is turned, from a configuration such as ``{"mirror": {"axes": {"x": 0.5}}, "rotate": ...}``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .frame import AXES, Transforms

__all__ = ["drawn"]


def drawn(config: Mapping[str, Any] | None, rng: np.random.Generator, *, strict: bool) -> Transforms | None:
    """Draw the transforms of one patch: mirrored axes, an order of axes, a rotation; ``None`` for no configuration.

    Raises
    ------
    ValueError
        A transform of a name that there is none of. (cellmap-data leaves it out.)
    """
    if not config:
        return None
    found: Transforms = {}
    for name, draw in _DRAWS.items():
        if name in config:
            found |= draw(config[name], rng, strict)
    unknown = [name for name in config if name not in _DRAWS]
    if unknown and not strict:
        raise ValueError(f"spatial transform {unknown[0]!r}: expected one of {', '.join(_DRAWS)}")
    return found


def _by_axis(said: Any, default: Any) -> dict[str, Any]:
    """Take ``{"axes": {..}}`` and ``{axis: ..}`` alike; ``True`` is `default` for each axis."""
    if said is True:
        return dict.fromkeys(AXES, default)
    if not said:
        return {}
    axes = said.get("axes", said) if isinstance(said, Mapping) else said
    return dict(axes) if isinstance(axes, Mapping) else dict.fromkeys(axes, default)


def _mirror(said: Any, rng: np.random.Generator, _: bool) -> Transforms:
    return {"mirror": {axis: bool(rng.random() < float(share)) for axis, share in _by_axis(said, 0.5).items()}}


def _transpose(said: Any, rng: np.random.Generator, strict: bool) -> Transforms:
    axes = list(AXES) if strict else [axis for axis in AXES if axis in _by_axis(said, True)]
    places = [AXES.index(axis) for axis in axes]
    order = [0, 1, 2]
    for place, other in zip(places, rng.permutation(places), strict=True):
        order[place] = int(other)
    return {"transpose": order}


def _rotate(said: Any, rng: np.random.Generator, _: bool) -> Transforms:
    matrix = np.eye(3)
    for axis, span in _by_axis(said, [-180.0, 180.0]).items():
        lo, hi = (-abs(span), abs(span)) if isinstance(span, (int, float)) else span
        matrix = matrix @ _about(axis, math.radians(rng.uniform(lo, hi)))
    return {"rotation_matrix": matrix}


def _about(axis: str, angle: float) -> np.ndarray:
    """A rotation about an axis, for offsets in the order z, y, x: the other two axes turn, the first of them to the second."""
    first, second = (place for place in range(3) if place != AXES.index(axis))
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[first, second], matrix[second, first] = -math.sin(angle), math.sin(angle)
    return matrix


_DRAWS: dict[str, Callable[[Any, np.random.Generator, bool], Transforms]] = {
    "mirror": _mirror,
    "transpose": _transpose,
    "rotate": _rotate,
}
