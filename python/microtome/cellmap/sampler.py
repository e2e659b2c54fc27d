"""Which samples come next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler

__all__ = ["ClassBalancedSampler", "MutableSubsetRandomSampler"]


class ClassBalancedSampler(Sampler):
    """Draws samples of the class that came least so far, from a crop that is annotated for it.

    Parameters
    ----------
    dataset : CellMapDataset, CellMapMultiDataset or Subset
        What has ``get_crop_class_matrix()``, itself or behind a subset.
    samples_per_epoch : int, optional
        Left out: as many as the dataset has.
    seed : int
        Of the draws, which run on from epoch to epoch.

    Raises
    ------
    ValueError
        No crop is annotated for any class.
    """

    def __init__(self, dataset: Any, samples_per_epoch: int | None = None, seed: int = 42) -> None:
        self.dataset = dataset
        self.samples_per_epoch = len(dataset) if samples_per_epoch is None else samples_per_epoch
        self.crop_class_matrix = np.asarray(dataset.get_crop_class_matrix(), dtype=bool)
        self._rng = np.random.default_rng(seed)
        rows = np.array([self._span(row)[1] > self._span(row)[0] for row in range(len(self.crop_class_matrix))])
        self._rows_of = {
            int(label): np.flatnonzero(self.crop_class_matrix[:, label] & rows)
            for label in np.flatnonzero(self.crop_class_matrix[rows].any(axis=0))
        }
        if not self._rows_of:
            raise ValueError("no active classes: no crop with samples is annotated for any of them")

    @property
    def active_classes(self) -> list[int]:
        """Classes that some crop is annotated for, by their index."""
        return list(self._rows_of)

    def __len__(self) -> int:
        return self.samples_per_epoch

    def __iter__(self) -> Iterator[int]:
        counts = np.zeros(self.crop_class_matrix.shape[1], dtype=np.int64)
        active = np.array(self.active_classes)
        for _ in range(self.samples_per_epoch):
            least = active[counts[active] == counts[active].min()]
            row = self._rng.choice(self._rows_of[int(self._rng.choice(least))])
            counts += self.crop_class_matrix[row]
            lo, hi = self._span(int(row))
            yield int(self._rng.integers(lo, hi))

    def _span(self, row: int) -> tuple[int, int]:
        """The samples of a row: those of its dataset, or an even share."""
        ends = getattr(self.dataset, "cumulative_sizes", None)
        rows = len(self.crop_class_matrix)
        if ends is not None and len(ends) == rows:
            return (ends[row - 1] if row else 0), ends[row]
        samples = len(self.dataset)
        return row * samples // rows, (row + 1) * samples // rows


class MutableSubsetRandomSampler(Sampler):
    """A random order of indices that a callable gives; `refresh` asks it again."""

    def __init__(self, indices_generator: Callable[[], Sequence[int]], rng: torch.Generator | None = None) -> None:
        self.indices_generator, self.rng = indices_generator, rng
        self.refresh()

    def refresh(self) -> None:
        """Take new indices."""
        self.indices = list(self.indices_generator())

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        for place in torch.randperm(len(self.indices), generator=self.rng).tolist():
            yield int(self.indices[place])
