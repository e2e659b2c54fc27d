"""Batches of a dataset, the same for any number of workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import ConcatDataset, DataLoader, Dataset, RandomSampler, Sampler, SequentialSampler, Subset

from .compat import strict_compat
from .dataset import CellMapDataset
from .sampler import ClassBalancedSampler
from .utils.misc import min_redundant_inds

__all__ = ["CellMapDataLoader"]


class CellMapDataLoader:
    """A `DataLoader` of samples, stacked by name.

    Every sample's draws follow from torch's seed and from how many were drawn before it, so that the number of workers
    changes nothing.

    Parameters
    ----------
    dataset : CellMapDataset, CellMapMultiDataset or Subset
    classes : list of str, optional
        Left out: those of the dataset.
    batch_size, num_workers : int
    weighted_sampler : bool
        For training, draw classes evenly; see `ClassBalancedSampler`.
    sampler : Sampler or callable, optional
        In place of every other order.
    is_train : bool
        In random order; else in theirs.
    rng : torch.Generator, optional
        Its seed in place of torch's.
    device : optional
        Where `to` and iteration put tensors.
    iterations_per_epoch : int, optional
        Batches of an epoch of training. (In cellmap-data samples, and only of a weighted sampler.)
    **kwargs
        As for `torch.utils.data.DataLoader`.
    """

    def __init__(
        self,
        dataset: Dataset,
        classes: Sequence[str] | None = None,
        batch_size: int = 1,
        num_workers: int = 0,
        weighted_sampler: bool = False,
        sampler: Sampler | Callable[[], Sampler] | None = None,
        is_train: bool = True,
        rng: torch.Generator | None = None,
        device: Any = None,
        iterations_per_epoch: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.dataset, self.batch_size, self.num_workers = dataset, batch_size, num_workers
        self.classes = list(classes if classes is not None else getattr(dataset, "classes", []))
        self.is_train, self.weighted_sampler, self.rng = is_train, weighted_sampler, rng
        self.device, self.iterations_per_epoch = device, iterations_per_epoch
        self._seed = (torch.initial_seed() if rng is None else rng.initial_seed()) % 2**32
        for place, leaf in enumerate(_collect_datasets(dataset)):
            leaf._rng = np.random.default_rng([self._seed, place])
        # Its own: with workers a `DataLoader` draws otherwise from torch's.
        self._order_rng = torch.Generator().manual_seed(self._seed)
        self._given = sampler
        self._sampler = self._made()
        order = self._sampler
        if order is None:
            order = RandomSampler(dataset, generator=self._order_rng) if is_train else SequentialSampler(dataset)
        kwargs.setdefault("collate_fn", self.collate_fn)
        kwargs.setdefault("persistent_workers", num_workers > 0)
        drawn = _Numbered(order)
        self.loader = DataLoader(_Drawn(dataset, self._seed), batch_size, sampler=drawn, num_workers=num_workers, **kwargs)

    def _made(self) -> Sampler | None:
        """The order that was asked for, if one was."""
        if self._given is not None:
            return self._given() if callable(self._given) else self._given
        if not self.is_train:
            return None
        iterations = self.iterations_per_epoch
        samples = iterations if iterations is None or strict_compat() else iterations * self.batch_size
        if self.weighted_sampler:
            # Every process of a distributed training draws others.
            seed = 42 if strict_compat() else (self._seed + int(os.environ.get("RANK", 0))) % 2**32
            return ClassBalancedSampler(_matrix_of(self.dataset), samples, seed)
        if samples is None or strict_compat():
            return None
        return _Subset(self.dataset, samples, self._order_rng)

    def refresh(self) -> None:
        """Draw the samples of the next epoch anew; iterating does so by itself."""
        refresh = getattr(self._sampler, "refresh", None)
        if refresh is not None:
            refresh()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in self.loader:
            yield batch if self.device is None or str(self.device) == "cpu" else self._moved(batch)

    def _moved(self, batch: dict[str, Any]) -> dict[str, Any]:
        device = torch.device(self.device)
        if device.type == "cuda" and not torch.cuda.is_available():
            return batch
        return {
            name: value.to(device, non_blocking=True) if isinstance(value, torch.Tensor) else value
            for name, value in batch.items()
        }

    def __len__(self) -> int:
        return len(self.loader)

    def __getitem__(self, indices: int | Sequence[int]) -> dict[str, Any]:
        """Collate the samples of some indices."""
        wanted = [indices] if isinstance(indices, int) else indices
        return self.collate_fn([self.dataset[index] for index in wanted])

    @staticmethod
    def collate_fn(batch: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Stack tensors by name; what is none stays a list."""
        names = batch[0] if batch else {}
        values = {name: [sample[name] for sample in batch] for name in names}
        return {
            name: torch.stack(each) if all(isinstance(one, torch.Tensor) for one in each) else each
            for name, each in values.items()
        }

    def to(self, device: Any, non_blocking: bool = True) -> CellMapDataLoader:
        """Put the tensors of batches there from now on."""
        self.device = device
        return self

    def __repr__(self) -> str:
        return f"CellMapDataLoader({self.dataset!r}, batch_size={self.batch_size}, {len(self)} batches)"


def _collect_datasets(dataset: Any) -> list[CellMapDataset]:
    """The datasets of crops inside of others."""
    if isinstance(dataset, CellMapDataset):
        return [dataset]
    if isinstance(dataset, ConcatDataset):
        return [leaf for one in dataset.datasets for leaf in _collect_datasets(one)]
    return _collect_datasets(dataset.dataset) if hasattr(dataset, "dataset") else []


class _Drawn(Dataset):
    """A dataset by (index, number of the draw): the draw seeds all that is random about the sample."""

    def __init__(self, dataset: Any, seed: int) -> None:
        self.dataset, self._seed, self._leaves = dataset, seed, _collect_datasets(dataset)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, drawn: tuple[int, int]) -> Any:
        index, number = drawn
        for leaf in self._leaves:
            leaf._rng = np.random.default_rng([self._seed, number])
        # Changes of values draw from torch itself; what the training draws is not to depend on it.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed((self._seed << 32) + number)
            return self.dataset[index]


class _Numbered(Sampler):
    """The indices of a sampler, each with how many were drawn before it."""

    def __init__(self, order: Any) -> None:
        self._order, self._drawn = order, 0

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for index in self._order:
            self._drawn += 1
            yield index, self._drawn - 1


class _Subset(Sampler):
    """So many samples of a dataset an epoch, none again before all have come."""

    def __init__(self, dataset: Any, samples: int, rng: torch.Generator) -> None:
        self._dataset, self._samples, self._rng = dataset, samples, rng

    def __len__(self) -> int:
        return self._samples

    def __iter__(self) -> Iterator[int]:
        yield from min_redundant_inds(len(self._dataset), self._samples, rng=self._rng).tolist()


class _SubsetMatrix:
    """What a `Subset` shows of the classes of its dataset: a row for each sample."""

    def __init__(self, subset: Subset) -> None:
        matrix = np.asarray(subset.dataset.get_crop_class_matrix(), dtype=bool)
        ends = getattr(subset.dataset, "cumulative_sizes", [len(subset.dataset)])
        self._rows = matrix[np.searchsorted(ends, np.asarray(subset.indices, dtype=np.int64), side="right")]

    def get_crop_class_matrix(self) -> np.ndarray:
        return self._rows

    def __len__(self) -> int:
        return len(self._rows)


def _matrix_of(dataset: Any) -> Any:
    return _SubsetMatrix(dataset) if isinstance(dataset, Subset) else dataset
