"""The loader: batches in order, made by threads outside of Python."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from . import _microtome, turns
from .batch import Batch
from .config import Config
from .errors import StoppedError
from .show import html_of_loader
from .stats import plain_seconds
from .turns import Turn, Turns

__all__ = ["Loader"]


class Loader:
    """Batches of training crops, as the configuration says.

    Iterating gives the batches of one epoch, and the next iteration those of the next one. No worker processes are
    needed: its threads run outside of the interpreter lock. They start with the first batch that is asked for.

    In the workers of a ``torch.utils.data.DataLoader`` (with ``batch_size=None``) each worker makes every n-th batch with
    its part of the memory and of the threads, so that the `DataLoader` gives the very batches that it gives without
    workers, in the same order.

    Parameters
    ----------
    config : Config, mapping, str or path, optional
        As for `Config`.
    split : {"train", "validate"}
        Which part of the data.
    rank, world_size : int, optional
        This process and how many share an epoch. Left out: those of ``torch.distributed`` if that is initialised by
        the time of the first batch, else ``RANK`` and ``WORLD_SIZE`` of the environment, which launchers such as
        ``torchrun`` set, else 0 and 1.
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
        if isinstance(config, Config) and not tables:
            self._config = config
        else:
            self._config = Config(config, **tables)
        self._split, self._uneven, self._given = split, uneven, (rank, world_size)
        self._begin(*_share(rank, world_size), Turns())

    def _begin(self, rank: int, world_size: int, turns: Turns) -> None:
        self._settled = _microtome.Plan(self._config._native, self._split, rank, world_size, self._uneven)
        self._turns = turns
        self._next_batch = 0
        self._native: _microtome.Loader | None = None
        self._pid = os.getpid()
        self._closed = False

    @property
    def _plan(self) -> _microtome.Plan:
        """What it will do. The rank may become known only after the loader was made."""
        if self._native is None and self._next_batch == 0:
            found = _share(*self._given, self._settled.share)
            if found != self._settled.share:
                self._settled = self._settled.with_share(*found)
        return self._settled

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
        """Batches up to the end of the epoch; in a worker of a `DataLoader` those of this worker."""
        turn = turns.current()
        if turn is not None:
            yield from self._in_turn(turn)
            return
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
        self._go_to(made.number + 1)
        return Batch(made)

    def _in_turn(self, turn: Turn) -> Iterator[Batch]:
        first = self._turns.begin(turn.worker, len(self))
        number, end = first + turn.worker, (first // len(self) + 1) * len(self)
        if number < end:
            native = self._of_worker(first, turn)
        while number < end:
            made = native.next_batch(None)
            number = made.number + turn.workers
            self._next_batch = number if number < end else end + turn.worker
            yield Batch(made)

    def _of_worker(self, first: int, turn: Turn) -> _microtome.Loader:
        """The loader of a worker, before the batch of an epoch that begins with `first`."""
        self._check_open()
        if self._pid != os.getpid():
            self._native, self._pid = None, os.getpid()
        # One that was kept over epochs is where the next one begins, unless somebody left the last one early.
        if self._native is None or self._native.state()["next_batch"] != first + turn.worker:
            self._stop()
            parts = {"worker": turn.worker, "workers": turn.workers, "parts": turn.workers}
            self._native = self._plan.start_at(first, **parts)
            _started.add(self)
        return self._native

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
        turn = turns.current()
        if turn is None:
            self._go_to(number)
        else:
            # That of this worker, which goes on from there by itself.
            self._next_batch, self._turns = number, Turns(number - turn.worker)

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch, also in the workers of a `DataLoader`; nothing is lost if it is there already.

        Without it one epoch follows the other.
        """
        number = epoch * len(self)
        if number != self._next_batch:
            self._stop()
        self._go_to(number)

    def _go_to(self, number: int) -> None:
        self._next_batch = number
        if turns.current() is None:
            self._turns.set(number)

    def stats(self) -> dict[str, Any]:
        """Return everything that the loader measures about itself; durations are seconds."""
        return plain_seconds(self._running().stats())

    def diagnose(self) -> dict[str, Any] | None:
        """Say what limits it since it came into its stride; ``None`` if it has not yet."""
        return plain_seconds(self._running().diagnose())

    def sources(self) -> list[dict[str, Any]]:
        """Return every crop: drawn from or left out and why, and what was found in it so far."""
        return self._running().sources()

    def replay(self, batches: int) -> None:
        """Serve the next `batches` again and again, as fast as training can take them; 0 ends that.

        What training reaches then is what it could reach if the loader took no time.
        """
        self._running().replay(batches)

    @property
    def served_at(self) -> str | None:
        """Where viewers can connect, if ``telemetry.serve`` says that they can."""
        return self._running().served_at

    @property
    def is_paused(self) -> bool:
        """Whether it begins no more batches."""
        return self._running().is_paused

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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _repr_html_(self) -> str:
        # What is only looked at is not started.
        is_running = self._native is not None and self._pid == os.getpid()
        return html_of_loader(self, self.stats() if is_running else None)

    def __repr__(self) -> str:
        rank, world_size = self._plan.share
        return f"<Loader: {len(self)} batches an epoch, rank {rank} of {world_size}, next batch {self._next_batch}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # What a process is started with shares memory with it; what lies in a file cannot.
        shared = self._turns if turns.is_spawning() else None
        asked = (self._split, self._uneven, self._given)
        return _restored, (type(self), self._config, asked, self._plan.share, self._next_batch, shared)

    def _check_open(self) -> None:
        if self._closed:
            raise StoppedError("the loader was closed; make a new one")

    def _running(self) -> _microtome.Loader:
        """The loader of this process: a forked child starts its own, before the same batch."""
        self._check_open()
        if self._native is None or self._pid != os.getpid():
            turn = turns.current()
            parts = 1 if turn is None else turn.workers
            self._native, self._pid = self._plan.start_at(self._next_batch, parts=parts), os.getpid()
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


def _restored(
    kind: type[Loader],
    config: Config,
    asked: tuple[str, str, tuple[int | None, int | None]],
    share: tuple[int, int],
    next_batch: int,
    shared: Turns | None,
) -> Loader:
    loader = kind.__new__(kind)
    loader._config = config
    loader._split, loader._uneven, loader._given = asked
    loader._begin(*share, Turns(next_batch) if shared is None else shared)
    loader._next_batch = next_batch
    return loader


def _share(rank: int | None, world_size: int | None, found: tuple[int, int] | None = None) -> tuple[int, int]:
    """Rank and world size: as given, else as ``torch.distributed`` has them, else as `found`, else as the launcher says."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        found = distributed.get_rank(), distributed.get_world_size()
    if found is None:
        found = _of_launcher()
    return (found[0] if rank is None else rank), (found[1] if world_size is None else world_size)


def _of_launcher() -> tuple[int, int]:
    """``RANK`` and ``WORLD_SIZE``, if both are numbers."""
    try:
        return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except (KeyError, ValueError):
        return 0, 1
