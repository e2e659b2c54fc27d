"""Workers of a ``torch.utils.data.DataLoader``: whose turn it is, and with which epoch each begins."""

from __future__ import annotations

import sys
from multiprocessing import context
from multiprocessing.sharedctypes import RawArray
from typing import NamedTuple

__all__ = ["Turn", "Turns", "current", "is_spawning"]

# Workers of one loader whose epochs are counted.
_MOST_WORKERS = 1024


class Turn(NamedTuple):
    """One of several processes that take the batches of a loader in turn."""

    worker: int
    workers: int


def current() -> Turn | None:
    """Return which worker of a `DataLoader` this process is; ``None`` if it is none. Does not import torch."""
    data = sys.modules.get("torch.utils.data")
    info = None if data is None else data.get_worker_info()
    return None if info is None else Turn(info.id, info.num_workers)


def is_spawning() -> bool:
    """Whether an object is being pickled for a process that is just being started."""
    return context.get_spawning_popen() is not None


class Turns:
    """What a loader shares with its copies in worker processes.

    Those copies begin an epoch each time that the `DataLoader` is iterated, whether it starts them anew or keeps them, and
    nobody tells them which. So each worker counts in memory that it shares with the process that made the loader.

    Parameters
    ----------
    next_batch : int
        The batch that the first epoch begins with, which may be in its middle.
    """

    __slots__ = ("_shared",)

    def __init__(self, next_batch: int = 0) -> None:
        self._shared = RawArray("q", 1 + _MOST_WORKERS)
        self.set(next_batch)

    def set(self, next_batch: int) -> None:
        """Let the next epoch of every worker begin with this batch."""
        self._shared[:] = [next_batch] + [0] * _MOST_WORKERS

    def begin(self, worker: int, batches_per_epoch: int) -> int:
        """Return the number of the batch that the epoch begins with which `worker` begins now."""
        if worker >= _MOST_WORKERS:
            raise ValueError(f"worker {worker}: a loader can be shared by {_MOST_WORKERS} workers at most")
        begun, first = self._shared[1 + worker], self._shared[0]
        self._shared[1 + worker] = begun + 1
        return first if begun == 0 else (first // batches_per_epoch + begun) * batches_per_epoch
