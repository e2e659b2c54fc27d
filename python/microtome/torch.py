"""PyTorch: batches as tensors on the loader's own memory, as datasets of ``torch.utils.data``.

A `microtome.Loader` needs no worker processes: its threads run outside of the interpreter lock. `dataloader` is the short
way; with ``num_workers`` it gives the same batches in the same order, made by processes that share memory and threads.

Examples
--------
>>> loader = microtome.torch.dataloader("train.toml")                  # doctest: +SKIP
>>> for batch in loader:                                               # doctest: +SKIP
...     loss = criterion(network(batch["raw"]), batch["labels"], batch["known"]["labels"])
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, get_worker_info
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import IterableDataset as TorchIterableDataset

from .batch import Batch
from .config import Config
from .loader import Loader

__all__ = ["IterableDataset", "MapDataset", "Tensors", "dataloader", "tensors_of"]

Tensors = dict[str, Any]
Source = Loader | Config | Mapping[str, Any] | str | os.PathLike[str]

# What older versions of torch have no type for is read as signed integers of the same bits.
_HAS_UNSIGNED = hasattr(torch, "uint64")
_SIGNED = {np.dtype(np.uint16): np.int16, np.dtype(np.uint32): np.int32, np.dtype(np.uint64): np.int64}


class IterableDataset(TorchIterableDataset):
    """The batches of an epoch, each a dict of tensors; the next iteration gives the next epoch.

    Use it with ``DataLoader(dataset, batch_size=None)``, with or without workers, or by itself. Ranks are shared by the
    loader already: neither a `DistributedSampler` nor a sharding by accelerate or Lightning belongs around it.

    Parameters
    ----------
    source : Loader, Config, mapping, str or path
        The loader, or what it is made of.
    transform : callable, optional
        Called with each dict; what it returns is given instead. Its time is told by `stats` as ``"transform"``.
    pin_memory : bool, optional
        Whether tensors are copied into pinned memory. Left out: where CUDA is there and this is no worker process, whose
        `DataLoader` does it.
    provenance : bool
        Whether dicts hold ``"provenance"``, a list of one dict a sample.
    **options
        As for `Loader`, if `source` is not one.
    """

    def __init__(
        self,
        source: Source,
        /,
        *,
        transform: Callable[[Tensors], Any] | None = None,
        pin_memory: bool | None = None,
        provenance: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        self.loader = _loader_of(source, options)
        self._finish = _Finish(transform, pin_memory, provenance)

    def __len__(self) -> int:
        """Batches of this rank in one epoch."""
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        for batch in self.loader:
            yield self._finish(batch)

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch; without it one follows the other."""
        self.loader.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return the state before the next batch; in a worker that of the worker, as a stateful `DataLoader` keeps it."""
        return self.loader.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave."""
        self.loader.load_state_dict(state)

    def stats(self) -> dict[str, Any]:
        """What the loader measures about itself in this process, and what the callable took."""
        return {**self.loader.stats(), "transform": self._finish.stats()}


class MapDataset(TorchDataset):
    """The samples of an epoch by their index, each a dict of tensors without the axis of samples.

    For samplers that choose by themselves. Each sample is made when it is asked for, so that `IterableDataset`, whose
    loader works ahead, is faster.

    Parameters
    ----------
    source, transform, provenance, **options
        As for `IterableDataset`.
    """

    def __init__(
        self,
        source: Source,
        /,
        *,
        transform: Callable[[Tensors], Any] | None = None,
        provenance: bool = False,
        **options: Any,
    ) -> None:
        self.loader = _loader_of(source, options)
        self._finish = _Finish(transform, False, provenance)
        self._epoch = 0

    def __len__(self) -> int:
        """Samples in one epoch."""
        return self.loader.samples_per_epoch

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        # Nobody takes batches: none are to be made.
        self.loader.pause()
        return self._finish.one(self.loader.sample(index % len(self), epoch=self._epoch))

    def set_epoch(self, epoch: int) -> None:
        """Draw the samples of another epoch."""
        self._epoch = epoch


def dataloader(source: Source, /, *, num_workers: int = 0, pin_memory: bool | None = None, **options: Any) -> DataLoader:
    """Return a `DataLoader` over an `IterableDataset`.

    Parameters
    ----------
    source, **options
        As for `IterableDataset`.
    num_workers : int
        Worker processes. 0 is best but where a callable takes long: each worker makes every n-th batch with its part of
        the memory and of the threads, and every batch is copied once more.
    pin_memory : bool, optional
        Left out: where CUDA is there.
    """
    pin = torch.cuda.is_available() if pin_memory is None else pin_memory
    dataset = IterableDataset(source, pin_memory=pin and num_workers == 0, **options)
    return DataLoader(dataset, batch_size=None, num_workers=num_workers, pin_memory=pin and num_workers > 0)


def tensors_of(batch: Batch) -> Tensors:
    """Tensors on the memory of a batch, without a copy.

    Returns
    -------
    dict
        Arrays by name, shaped (samples, channels, z, y, x); under ``"known"`` a dict of masks by target, 1 where the label
        is known. A mask in which everything is known takes no memory: it is one value expanded, and not to be written to.
    """
    tensors: Tensors = {name: _tensor(array) for name, array in batch.items()}
    known = {name: _tensor(mask) for name, mask in batch.known.items()}
    return {**tensors, "known": known} if known else tensors


class _Finish:
    """From a batch to what is given: tensors, pinned, through the callable, whose time is measured."""

    def __init__(self, transform: Callable[[Tensors], Any] | None, pin_memory: bool | None, provenance: bool) -> None:
        self._transform, self._pin_memory, self._provenance = transform, pin_memory, provenance
        self._calls, self._busy_s = 0, 0.0

    def __call__(self, batch: Batch) -> Any:
        tensors = tensors_of(batch)
        pin = self._pin_memory
        if pin is None:
            pin = get_worker_info() is None and torch.cuda.is_available()
        if pin:
            tensors = _each(tensors, torch.Tensor.pin_memory)
        if self._provenance:
            tensors["provenance"] = batch.provenance
        return self._transformed(tensors)

    def one(self, batch: Batch) -> Any:
        tensors = _each(tensors_of(batch), lambda tensor: tensor[0])
        if self._provenance:
            tensors["provenance"] = batch.provenance[0]
        return self._transformed(tensors)

    def stats(self) -> dict[str, Any]:
        return {"calls": self._calls, "busy": self._busy_s}

    def _transformed(self, tensors: Tensors) -> Any:
        if self._transform is None:
            return tensors
        began = time.perf_counter()
        made = self._transform(tensors)
        self._busy_s += time.perf_counter() - began
        self._calls += 1
        return made


def _loader_of(source: Source, options: Mapping[str, Any]) -> Loader:
    if not isinstance(source, Loader):
        return Loader(source, **options)
    if options:
        raise TypeError(f"{', '.join(options)}: what a loader is made of is settled already")
    return source


def _each(tensors: Tensors, change: Callable[[torch.Tensor], torch.Tensor]) -> Tensors:
    return {name: _each(value, change) if isinstance(value, dict) else change(value) for name, value in tensors.items()}


def _tensor(array: np.ndarray) -> torch.Tensor:
    if not array.flags.writeable and array.size > 0:
        # All alike: see `Batch.known`.
        return _tensor(array.reshape(-1)[:1].copy())[0].expand(array.shape)
    signed = None if _HAS_UNSIGNED else _SIGNED.get(array.dtype)
    return torch.from_numpy(array if signed is None else array.view(signed))
