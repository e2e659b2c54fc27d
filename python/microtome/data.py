"""Datasets and volumes: opened lazily, read when they are asked for."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _microtome
from .errors import DatasetError
from .show import html_of_dataset

__all__ = ["Crop", "Dataset", "Patch", "Volume", "World", "open"]

#: Bytes of decoded chunks that volumes opened by `open` keep together.
CACHE_BYTES = 1 << 30


@dataclass(frozen=True)
class Patch:
    """A patch that was read; ``data, known = patch`` takes it apart.

    Attributes
    ----------
    data : ndarray
        Its voxels, (z, y, x).
    known : ndarray of bool
        Where it lies inside of the volume; of labels also where they are annotated.
    level : int
        The level that it was read from, 0 the finest.
    chunks, absent_chunks : int
        Chunks that it took, and how many of them are not in the store: their voxels are the fill value.
    outside_voxels : int
        Voxels of the patch that lie outside of the volume.
    """

    data: np.ndarray
    known: np.ndarray
    level: int
    chunks: int
    absent_chunks: int
    outside_voxels: int

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.data, self.known))


class World:
    """A volume by nanometres: ``volume.world[z, y, x]`` with slices or positions in nm."""

    __slots__ = ("_volume",)

    def __init__(self, volume: Volume) -> None:
        self._volume = volume

    def __getitem__(self, key: Any) -> np.ndarray:
        """Read the voxels whose centres lie in the slices, ends excluded; of a position the nearest."""
        grid = zip(_indices(key), self._volume.shape, self._volume.offset_nm, self._volume.voxel_size_nm, strict=True)
        return self._volume[tuple(_voxels(*axis) for axis in grid)]


class Volume:
    """A multiscale volume, looked at in one of its levels.

    ``volume[z, y, x]`` reads a box of voxels as it is stored, ``volume.world[z, y, x]`` one in nm.
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

    @property
    def bounds_nm(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """First and last corner of the outermost voxels, nm."""
        grid = list(zip(self.shape, self.offset_nm, self.voxel_size_nm, strict=True))
        lo = tuple(offset - size / 2 for _, offset, size in grid)
        return lo, tuple(start + n * size for start, (n, _, size) in zip(lo, grid, strict=True))

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return self._native.channels

    @property
    def world(self) -> World:
        """The same level by nanometres."""
        return World(self)

    def channel(self, channel: int) -> Volume:
        """Return the same volume at another channel."""
        native = self._native.of_channel(channel) if channel >= 0 else None
        if native is None:
            raise IndexError(f"channel {channel} of {self.channels}")
        return Volume(native, self._level)

    def level(self, level: int) -> Volume:
        """Return the same volume in another level, 0 the finest."""
        return Volume(self._native, level)

    def level_for(self, voxel_size_nm: Sequence[float] | float) -> Volume:
        """Return the level that patches of a voxel size are read from."""
        return Volume(self._native, self._native.level_for(_sizes(voxel_size_nm)))

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
    ) -> Patch:
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
        Patch
            Voxels, what of them is known, and what reading them took.
        """
        data, known, report = self._native.read_patch(_grid(center_nm, shape, voxel_size_nm, affine), encoding, nearest)
        return Patch(data, known, **report)

    def absent(
        self,
        center_nm: Sequence[float],
        shape: Sequence[int],
        voxel_size_nm: Sequence[float] | float,
        *,
        affine: Any = None,
    ) -> np.ndarray:
        """Say of each voxel of a patch whether the chunk that it is in, in this level, is not in the store; see `read`."""
        return self._native.read_absence(self._level, _grid(center_nm, shape, voxel_size_nm, affine))

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

    def _repr_html_(self) -> str:
        return html_of_dataset(self)

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

    Warns
    -----
    UserWarning
        For each thing that was found but could not be used.
    """
    catalog = _microtome.Catalog.open(os.fspath(path), _microtome.Reader(cache_bytes))
    for warning in catalog.warnings():
        warnings.warn(warning, stacklevel=2)
    return [Dataset(catalog, index, said) for index, said in enumerate(catalog.datasets())]


def _zyx(value: Any) -> tuple[Any, Any, Any]:
    if isinstance(value, dict):
        return value["z"], value["y"], value["x"]
    z, y, x = value
    return z, y, x


def _sizes(voxel_size_nm: Sequence[float] | float) -> list[float]:
    return [float(voxel_size_nm)] * 3 if np.isscalar(voxel_size_nm) else [float(v) for v in voxel_size_nm]


def _grid(
    center_nm: Sequence[float], shape: Sequence[int], voxel_size_nm: Sequence[float] | float, affine: Any
) -> dict[str, Any]:
    return {
        "center_nm": [float(v) for v in center_nm],
        "shape": [int(n) for n in shape],
        "voxel_size_nm": _sizes(voxel_size_nm),
        "affine": None if affine is None else np.asarray(affine, dtype=float).tolist(),
    }


def _voxels(key: Any, n: int, offset_nm: float, size_nm: float) -> Any:
    """What picks the voxels of one axis whose centres a slice in nm holds, or the voxel nearest to a position."""
    if isinstance(key, slice):
        if key.step is not None:
            raise IndexError("slices in nm have no step; take another level for fewer voxels")
        first = 0 if key.start is None else math.ceil((key.start - offset_nm) / size_nm)
        last = n if key.stop is None else math.ceil((key.stop - offset_nm) / size_nm)
        return slice(max(first, 0), max(last, 0))
    at = math.floor((key - offset_nm) / size_nm + 0.5)
    if not 0 <= at < n:
        raise IndexError(f"{key} nm lies outside of the volume")
    return at


def _indices(key: Any) -> list[Any]:
    """One index for each of the axes z, y, x."""
    axes = 3
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(one is Ellipsis for one in keys):
        at = keys.index(Ellipsis)
        keys[at : at + 1] = [slice(None)] * (axes - len(keys) + 1)
    keys += [slice(None)] * (axes - len(keys))
    if len(keys) != axes:
        raise IndexError(f"{len(keys)} indices for the axes z, y, x")
    return keys


def _box(key: Any, shape: tuple[int, int, int]) -> tuple[list[int], list[int], tuple[Any, ...]]:
    """First voxel, the one behind the last, and what NumPy takes to drop axes that an integer picked."""
    lo, hi, drop = [], [], []
    for one, n in zip(_indices(key), shape, strict=True):
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
