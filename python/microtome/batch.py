"""A batch: named arrays on the loader's own memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from . import _microtome
from .show import html_of_batch

__all__ = ["Batch"]


class Batch(Mapping[str, np.ndarray]):
    """One batch: a mapping from the names in the configuration to arrays.

    Every array has the shape ``(samples, channels, z, y, x)`` and lies on the memory that the loader wrote into, without a
    copy. It may be written to. The memory goes back to the loader, for a later batch, when the last array on it is gone: a
    batch that is kept is memory on top of ``loader.memory``, so keep copies of what you need for long.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _microtome.Batch) -> None:
        self._native = native

    def __getitem__(self, name: str) -> np.ndarray:
        return self._native.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._native.arrays)

    def __len__(self) -> int:
        return len(self._native.arrays)

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """What the network sees, by name."""
        return {name: array for name, array in self.items() if name not in self.classes}

    @property
    def targets(self) -> dict[str, np.ndarray]:
        """What it should say, by name."""
        return {name: self[name] for name in self.classes}

    @property
    def known(self) -> dict[str, np.ndarray]:
        """Of each target with a mask: what is known, shaped as the target.

        ``uint8``, 1 where the label is known and 0 where nobody annotated; with the encoding ``bits`` ``uint64`` with one
        bit a class. Targets of floats have none: they are NaN where they are unknown. An array in which everything is
        known is shared by all batches, and read-only.
        """
        return self._native.known

    @property
    def classes(self) -> dict[str, list[str]]:
        """Of each target, its classes in the order of its channels (or bits)."""
        return self._native.classes

    @property
    def samples(self) -> int:
        """Samples in the batch; fewer than ``loader.batch_size`` at the end of an epoch."""
        return self._native.samples()

    @property
    def epoch(self) -> int:
        """Epoch of its samples, from 0."""
        return self._native.epoch

    @property
    def number(self) -> int:
        """Number of the batch since the start of training, from 0."""
        return self._native.number

    @property
    def size_bytes(self) -> int:
        """Bytes of all arrays and masks."""
        return self._native.size_bytes

    @property
    def provenance(self) -> list[dict[str, Any]]:
        """Where each sample came from and what was done to it, one dict a sample; positions are z, y, x in nm."""
        return self._native.provenance()

    @property
    def skipped(self) -> list[dict[str, Any]]:
        """Samples that could not be read, in whose place others were drawn, with the reason."""
        return self._native.skipped()

    def _repr_html_(self) -> str:
        return html_of_batch(self)

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in self.items())
        return f"<Batch {self.number} of epoch {self.epoch}: {arrays}>"
