"""A multiscale image by way of Microtome: its levels, and patches of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _microtome
from ..data import CACHE_BYTES, Patch, Volume

__all__ = ["Source"]

# Decoded chunks that all images of a process share.
_reader = _microtome.Reader(CACHE_BYTES)


class Source:
    """An image that is opened when it is first asked for, in each process anew.

    Parameters
    ----------
    path : str or path
        Its multiscale group.
    scale : three numbers
        The voxel size that patches are to have, nm; it decides the level.
    strict : bool
        Take the level that cellmap-data takes: the nearest in size, which may be coarser on some axis.
    """

    def __init__(self, path: str | os.PathLike[str], scale: Sequence[float], *, strict: bool) -> None:
        self.path = os.fspath(path)
        self._scale, self._strict = tuple(scale), strict
        self._opened: Volume | None = None
        self._level: int | None = None

    @property
    def volume(self) -> Volume:
        """The image, in its finest level."""
        if self._opened is None:
            self._opened = Volume(_microtome.Volume.open(self.path, _reader))
        return self._opened

    @property
    def level(self) -> int:
        """The level that suits the scale."""
        if self._level is None:
            self._level = self._nearest() if self._strict else self.volume._native.level_for(list(self._scale))
        return self._level

    @property
    def at_level(self) -> Volume:
        """The image in that level."""
        return self.volume.level(self.level)

    def levels(self) -> list[Volume]:
        """Return every level, finest first."""
        return [self.volume.level(level) for level in range(len(self.volume.levels))]

    def read(
        self, center_nm: Sequence[float], shape: Sequence[int], *, affine: np.ndarray | None, nearest: bool, exact: bool
    ) -> Patch:
        """Read a patch in stored values: ``float32``, or with `exact` in the stored type."""
        volume = self.volume
        if exact or nearest:
            return volume.read(center_nm, shape, self._scale, affine=affine, encoding="stored", nearest=nearest)
        patch = volume.read(center_nm, shape, self._scale, affine=affine, encoding="f32")
        if volume.dtype.kind in "iu":
            patch.data.__imul__(np.iinfo(volume.dtype).max)
        return patch

    def _nearest(self) -> int:
        def differs(level: Volume) -> float:
            return sum(abs(v - s) / s for v, s in zip(level.voxel_size_nm, self._scale, strict=True))

        found = [differs(level) for level in self.levels()]
        return found.index(min(found))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}
