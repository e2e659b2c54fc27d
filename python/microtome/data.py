"""Datasets and volumes: opened lazily, read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _microtome
from .errors import DatasetError

__all__ = ["Crop", "Dataset", "Volume", "open"]

#: Bytes of decoded chunks that volumes opened by `open` keep together.
CACHE_BYTES = 1 << 30


class Volume:
    """A multiscale volume, looked at in one of its levels.

    ``volume[z, y, x]`` reads a box of voxels as it is stored.
    """

    def __init__(self, native: _microtome.Volume, level: int = 0) -> None:
        self._native = native
        self._levels = native.levels()
        self._level = range(len(self._levels))[level]

    @property
    def path(self) -> str:
        """Where it is."""
        return self._native.path

    @property
    def levels(self) -> list[dict[str, Any]]:
        """Every level, finest first: shape, voxel size, chunks."""
        return self._levels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along z, y, x."""
        z, y, x = _zyx(self._levels[self._level]["shape"])
        return int(z), int(y), int(x)

    @property
    def dtype(self) -> np.dtype:
        """As it is stored."""
        return np.dtype(self._native.dtype)

    @property
    def voxel_size_nm(self) -> tuple[float, float, float]:
        """Nanometres of a voxel along z, y, x."""
        return _zyx(self._levels[self._level]["world_from_voxel"]["voxel_size_nm"])

    @property
    def offset_nm(self) -> tuple[float, float, float]:
        """Where the centre of voxel (0, 0, 0) lies, nm."""
        return _zyx(self._levels[self._level]["world_from_voxel"]["translation_nm"])

    def level(self, level: int) -> Volume:
        """Return the same volume in another level, 0 the finest."""
        return Volume(self._native, level)

    def __getitem__(self, key: Any) -> np.ndarray:
        """Read a box of voxels; slices of step 1, integers, and an ellipsis, as of a NumPy array."""
        lo, hi, drop = _box(key, self.shape)
        return self._native.read_box(self._level, lo, hi)[drop]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Read all of it."""
        if copy is False:
            raise ValueError("a volume is read from its store: it cannot be an array without a copy")
        return np.asarray(self[...], dtype=dtype)

    def read(
        self,
        center_nm: Sequence[float],
        shape: Sequence[int],
        voxel_size_nm: Sequence[float] | float,
        *,
        affine: Any = None,
        encoding: str = "stored",
        nearest: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read a patch of any voxel size, turned as `affine` says, from the level that suits it.

        Parameters
        ----------
        center_nm : three numbers
            Where the middle of the patch lies: z, y, x in nm.
        shape : three integers
            Voxels of the patch.
        voxel_size_nm : three numbers or one
            Its voxels, nm.
        affine : 3 x 3 numbers, optional
            From offsets in the patch to offsets in the world, both from the middle and in nm.
        encoding : {"stored", "u8", "f16", "f32", "ids", "present"}
            What to make of the voxels.
        nearest : bool
            Take the nearest voxel; else what lies between is interpolated, and coarser voxels are means.

        Returns
        -------
        data, known : ndarray
            The patch; and where it lies inside of the volume (of labels also: where they are annotated).
        """
        size = [float(voxel_size_nm)] * 3 if np.isscalar(voxel_size_nm) else [float(v) for v in voxel_size_nm]
        grid = {
            "center_nm": [float(v) for v in center_nm],
            "shape": [int(n) for n in shape],
            "voxel_size_nm": size,
            "affine": None if affine is None else np.asarray(affine, dtype=float).tolist(),
        }
        data, known, _ = self._native.read_patch(grid, encoding, nearest)
        return data, known

    def __repr__(self) -> str:
        return f"<Volume {self._native.name}: {self.shape} {self.dtype}, level {self._level} of {len(self._levels)}>"


class Crop:
    """A label crop: its classes, and where it lies."""

    def __init__(self, catalog: _microtome.Catalog, place: tuple[int, int], said: dict[str, Any]) -> None:
        self._catalog, self._place = catalog, place
        self.name: str = said["name"]
        self.classes: list[str] = said["classes"]
        self.bounds_nm: dict[str, Any] = said["bounds_nm"]

    def __getitem__(self, class_name: str) -> Volume:
        """Return the labels of a class."""
        if class_name not in self.classes:
            raise DatasetError(f"{self.name} has no class {class_name!r}; it has {', '.join(self.classes)}")
        return Volume(self._catalog.labels(*self._place, self.classes.index(class_name)))

    def __repr__(self) -> str:
        return f"<Crop {self.name}: {', '.join(self.classes)}>"


class Dataset:
    """The EM and its label crops."""

    def __init__(self, catalog: _microtome.Catalog, index: int, said: dict[str, Any]) -> None:
        self.name: str = said["name"]
        self.raw = Volume(catalog.raw(index))
        self.crops = [Crop(catalog, (index, number), crop) for number, crop in enumerate(said["crops"])]

    def __repr__(self) -> str:
        return f"<Dataset {self.name}: {self.raw!r}, {len(self.crops)} crops>"


def open(path: str | os.PathLike[str], *, cache_bytes: int = CACHE_BYTES) -> list[Dataset]:
    """Open an OME-Zarr image, a CellMap dataset or a folder of datasets.

    Parameters
    ----------
    path : str or path
        What `microtome open` takes.
    cache_bytes : int
        Decoded chunks that are kept, of all its volumes together.

    Raises
    ------
    MissingError, DatasetError, FormatError
        There is nothing, or nothing that can be read.
    """
    catalog = _microtome.Catalog.open(os.fspath(path), _microtome.Reader(cache_bytes))
    return [Dataset(catalog, index, said) for index, said in enumerate(catalog.datasets())]


def _zyx(value: Any) -> tuple[Any, Any, Any]:
    if isinstance(value, dict):
        return value["z"], value["y"], value["x"]
    z, y, x = value
    return z, y, x


def _box(key: Any, shape: tuple[int, int, int]) -> tuple[list[int], list[int], tuple[Any, ...]]:
    """First voxel, the one behind the last, and what NumPy takes to drop axes that an integer picked."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        keys[at : at + 1] = [slice(None)] * (len(shape) - len(keys) + 1)
    keys += [slice(None)] * (len(shape) - len(keys))
    if len(keys) != len(shape):
        raise IndexError(f"{len(keys)} indices for the axes z, y, x")
    lo, hi, drop = [], [], []
    for one, n in zip(keys, shape, strict=True):
        if isinstance(one, slice):
            start, stop, step = one.indices(n)
            if step != 1:
                raise IndexError("only slices of step 1 are read; take another level for fewer voxels")
            lo.append(start)
            hi.append(max(start, stop))
            drop.append(slice(None))
        else:
            at = range(n)[int(one)]
            lo.append(at)
            hi.append(at + 1)
            drop.append(0)
    return lo, hi, tuple(drop)
