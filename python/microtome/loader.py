"""The loader: batches in order, made by threads outside of Python."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from . import _microtome
from .batch import Batch
from .config import Config
from .stats import plain_seconds

__all__ = ["Loader"]


class Loader:
    """Batches of training crops, as the configuration says.

    Iterating gives the batches of one epoch, and the next iteration those of the next one. No worker processes are
    needed: its threads run outside of the interpreter lock. They start with the first batch that is asked for.

    Parameters
    ----------
    config : Config, mapping, str or path, optional
        As for `Config`.
    split : {"train", "validate"}
        Which part of the data.
    rank, world_size : int, optional
        This process and how many share an epoch. Left out: those of ``torch.distributed`` if that is initialised, else
        0 and 1.
    uneven : {"repeat", "drop"}
        What becomes of the samples of an epoch that do not go around.
    **tables
        Tables of keys that change `config`, as for `Config`.

    Raises
    ------
    ConfigError, MemoryBudgetError, ShareError, MissingError, DatasetError
        What the configuration says cannot be done with what is there.
    """

    def __init__(
        self,
        config: Config | Mapping[str, Any] | str | os.PathLike[str] | None = None,
        /,
        *,
        split: str = "train",
        rank: int | None = None,
        world_size: int | None = None,
        uneven: str = "repeat",
        **tables: Mapping[str, Any] | None,
    ) -> None:
        self._config = config if isinstance(config, Config) and not tables else Config(config, **tables)
        found_rank, found_size = _share()
        rank, world_size = (found_rank if rank is None else rank), (found_size if world_size is None else world_size)
        self._split, self._uneven = split, uneven
        self._plan = _microtome.Plan(self._config._native, split, rank, world_size, uneven)
        self._next_batch = 0
        self._native: _microtome.Loader | None = None
        self._pid = os.getpid()
        self._closed = False

    @property
    def config(self) -> Config:
        """Its configuration."""
        return self._config

    @property
    def epoch(self) -> int:
        """Epoch of the next batch, from 0."""
        return self._next_batch // max(len(self), 1)

    @property
    def samples_per_epoch(self) -> int:
        """Samples in one epoch, of all processes together."""
        return self._plan.samples_per_epoch

    def __len__(self) -> int:
        """Batches of this process in one epoch."""
        return self._plan.batches_per_epoch

    def __iter__(self) -> Iterator[Batch]:
        """Batches up to the end of the epoch."""
        epoch = self.epoch
        while self.epoch == epoch:
            batch = self.next_batch()
            if batch is not None:
                yield batch

    def next_batch(self, timeout_s: float | None = None) -> Batch | None:
        """Return the next batch; ``None`` if there is none within `timeout_s` seconds.

        Raises
        ------
        StoppedError
            The loader was closed.
        ChunkError, AbsentChunksError, IoError
            A sample that cannot be read, with ``loader.on_error = "fail"``.
        """
        made = self._running().next_batch(timeout_s)
        if made is None:
            return None
        self._next_batch = made.number + 1
        return Batch(made)

    def sample(self, index: int, *, epoch: int = 0) -> Batch:
        """Make sample `index` of an epoch as a batch of its own, which counts as none."""
        return Batch(self._running().sample(epoch, index))

    def state_dict(self) -> dict[str, Any]:
        """Return the state before the next batch: plain values, for a checkpoint."""
        return self._plan.state_at(self._next_batch)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave.

        Raises
        ------
        StateError
            The loader that saved it gives other batches; the message says what differs.
        """
        number = self._plan.next_batch_of(dict(state))
        self._stop()
        self._next_batch = number

    def stats(self) -> dict[str, Any]:
        """Return everything that the loader measures about itself; durations are seconds."""
        return plain_seconds(self._running().stats())

    def diagnose(self) -> dict[str, Any] | None:
        """Say what limits it since it came into its stride; ``None`` if it has not yet."""
        return plain_seconds(self._running().diagnose())

    def pause(self) -> None:
        """Begin no more batches until `resume`."""
        self._running().pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._running().resume()

    def close(self) -> None:
        """End its threads. Whoever waits for a batch gets a `StoppedError`."""
        self._closed = True
        self._stop()

    def __enter__(self) -> Loader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        rank, world_size = self._plan.share
        return f"<Loader: {len(self)} batches an epoch, rank {rank} of {world_size}, next batch {self._next_batch}>"

    def __reduce__(self) -> tuple[Any, ...]:
        rank, world_size = self._plan.share
        return _restored, (self._config, self._split, rank, world_size, self._uneven, self._next_batch)

    def _running(self) -> _microtome.Loader:
        """The loader of this process: a forked child starts its own, before the same batch."""
        from .errors import StoppedError

        if self._closed:
            raise StoppedError("the loader was closed; make a new one")
        if self._native is None or self._pid != os.getpid():
            self._native, self._pid = self._plan.start_at(self._next_batch), os.getpid()
            _started.add(self)
        return self._native

    def _stop(self) -> None:
        native, self._native = self._native, None
        if native is not None:
            native.close()


# The interpreter must not end while their threads run.
_started: weakref.WeakSet[Loader] = weakref.WeakSet()


def _close_all() -> None:
    for loader in list(_started):
        loader._stop()


def _restored(config: Config, split: str, rank: int, world_size: int, uneven: str, next_batch: int) -> Loader:
    loader = Loader(config, split=split, rank=rank, world_size=world_size, uneven=uneven)
    loader._next_batch = next_batch
    return loader


def _share() -> tuple[int, int]:
    """Rank and world size as ``torch.distributed`` has them, without importing it for that."""
    import sys

    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
