"""An array of Zarr v2 that is written patch by patch: one file a chunk, compressed by zlib, which every reader has."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np

__all__ = ["ChunkedArray"]

_LEVEL = 1


class ChunkedArray:
    """An array in a folder.

    Parameters
    ----------
    path : path
    shape, chunks : integers, one an axis
    dtype : NumPy's name of the element type
    fill_value : number
        What stands where nothing was written.
    overwrite : bool
        Begin anew what is there; else go on with it.

    Raises
    ------
    ValueError
        What is there has another shape, other chunks or another type.
    """

    def __init__(
        self, path: Path, shape: Sequence[int], chunks: Sequence[int], dtype: str, fill_value: float, *, overwrite: bool
    ) -> None:
        self.path, self.shape, self.chunks = path, tuple(shape), tuple(chunks)
        self.dtype, self.fill_value = np.dtype(dtype), fill_value
        said = {
            "zarr_format": 2,
            "shape": list(self.shape),
            "chunks": list(self.chunks),
            "dtype": self.dtype.str,
            "fill_value": fill_value if math.isfinite(fill_value) else "NaN",
            "order": "C",
            "filters": None,
            "dimension_separator": "/",
            "compressor": {"id": "zlib", "level": _LEVEL},
        }
        file = path / ".zarray"
        if file.is_file() and not overwrite:
            there = json.loads(file.read_text())
            differs = [key for key in ("shape", "chunks", "dtype") if there[key] != said[key]]
            if differs:
                key = differs[0]
                raise ValueError(f"{path} is there with {key} {there[key]}, not {said[key]}; set overwrite to begin anew")
            return
        for chunk in path.rglob("*") if path.is_dir() else ():
            if chunk.is_file():
                chunk.unlink()
        path.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(said, indent=2))

    def write(self, begin: Sequence[int], data: np.ndarray) -> None:
        """Put `data` at a voxel; what lies outside of the array is cut off."""
        for at, in_chunk, in_data in self._parts(begin, data.shape):
            chunk = self._chunk(at)
            chunk[in_chunk] = data[in_data]
            file = self._file(at)
            file.parent.mkdir(parents=True, exist_ok=True)
            # A reader sees the old chunk or the new one.
            fresh = file.with_name(f".{file.name}.{os.getpid()}")
            fresh.write_bytes(zlib.compress(np.ascontiguousarray(chunk).tobytes(), _LEVEL))
            fresh.replace(file)

    def read(self, begin: Sequence[int], shape: Sequence[int]) -> np.ndarray:
        """Return a box; what lies outside of the array is the fill value."""
        data = np.full(tuple(shape), self.fill_value, self.dtype)
        for at, in_chunk, in_data in self._parts(begin, shape):
            data[in_data] = self._chunk(at)[in_chunk]
        return data

    def _file(self, at: Sequence[int]) -> Path:
        return self.path.joinpath(*(str(index) for index in at))

    def _chunk(self, at: Sequence[int]) -> np.ndarray:
        file = self._file(at)
        if not file.is_file():
            return np.full(self.chunks, self.fill_value, self.dtype)
        return np.frombuffer(zlib.decompress(file.read_bytes()), self.dtype).reshape(self.chunks).copy()

    def _parts(
        self, begin: Sequence[int], shape: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], tuple[slice, ...]]]:
        """Of each chunk that a box meets: its place, the box in it, and the same in the box."""
        first = [max(b, 0) for b in begin]
        last = [min(b + n, end) for b, n, end in zip(begin, shape, self.shape, strict=True)]
        spans = [range(lo // c, -(-hi // c)) if lo < hi else range(0) for lo, hi, c in zip(first, last, self.chunks)]
        for at in product(*spans):
            lo = [max(f, k * c) for f, k, c in zip(first, at, self.chunks)]
            hi = [min(e, (k + 1) * c) for e, k, c in zip(last, at, self.chunks)]
            in_chunk = tuple(slice(a - k * c, b - k * c) for a, b, k, c in zip(lo, hi, at, self.chunks))
            yield at, in_chunk, tuple(slice(a - o, b - o) for a, b, o in zip(lo, hi, begin))
