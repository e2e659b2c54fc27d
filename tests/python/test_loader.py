"""The loader from Python: batches, state, forks, interrupts, mistakes."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import microtome
import numpy as np
import pytest
from microtome import _microtome


def test_batches_lie_on_the_loaders_memory(loader: microtome.Loader) -> None:
    batch = loader.next_batch()
    assert batch["raw"].shape == (2, 1, 32, 32, 32)
    assert batch["raw"].dtype == np.uint8
    assert isinstance(batch["raw"].base, _microtome.Memory)
    assert batch.classes["labels"]
    assert batch.known["labels"].shape == batch["labels"].shape


def test_a_state_gives_the_very_next_batch(loader: microtome.Loader) -> None:
    for _ in range(3):
        loader.next_batch()
    state = loader.state_dict()
    expected = loader.next_batch()["raw"].copy()
    loader.load_state_dict(state)
    again = loader.next_batch()
    assert again.number == 3
    assert (again["raw"] == expected).all()


def test_a_pickle_goes_on(loader: microtome.Loader) -> None:
    loader.next_batch()
    with pickle.loads(pickle.dumps(loader)) as other:
        assert other.next_batch().number == 1


def test_a_forked_child_has_a_loader_of_its_own(loader: microtome.Loader) -> None:
    loader.next_batch()
    child = os.fork()
    if child == 0:
        os._exit(0 if loader.next_batch().number == 1 else 3)
    assert os.waitpid(child, 0)[1] == 0
    assert loader.next_batch().number == 1


def test_waiting_can_be_interrupted(loader: microtome.Loader) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    loader.next_batch()
    loader.pause()
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            while True:
                loader.next_batch()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_mistake_names_its_key(phantom: Path, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="batch_size") as raised:
        microtome.Loader(keys, data={"path": phantom}, loader={"batch_sise": 2})
    assert raised.value.key == "loader.batch_sise"


def test_what_is_closed_says_so(loader: microtome.Loader) -> None:
    loader.close()
    with pytest.raises(microtome.StoppedError):
        loader.next_batch()


def test_an_unknown_table_is_a_mistake_of_the_configuration(phantom: Path, keys: dict[str, Any]) -> None:
    with pytest.raises(microtome.ConfigError, match="sampling") as raised:
        microtome.Loader(keys, data={"path": phantom}, samplin={"strategy": "uniform"})
    assert raised.value.key == "samplin"


def test_a_rank_is_what_the_launcher_says(phantom: Path, keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert "rank 1 of 4" in repr(microtome.Loader(keys, data={"path": phantom}))
    assert "rank 0 of 2" in repr(microtome.Loader(keys, data={"path": phantom}, rank=0, world_size=2))
    monkeypatch.delenv("WORLD_SIZE")
    assert "rank 0 of 1" in repr(microtome.Loader(keys, data={"path": phantom}))


def test_an_epoch_can_be_gone_to(loader: microtome.Loader) -> None:
    first = loader.next_batch()
    loader.set_epoch(2)
    batch = loader.next_batch()
    assert (batch.epoch, batch.number) == (2, 2 * len(loader))
    loader.set_epoch(0)
    assert (loader.next_batch()["raw"] == first["raw"]).all()


def test_batches_are_served_again(loader: microtome.Loader) -> None:
    loader.next_batch()
    loader.replay(1)
    numbers = [loader.next_batch().number for _ in range(8)]
    assert len(set(numbers)) < len(numbers)
    loader.replay(0)


def test_every_source_is_told(loader: microtome.Loader) -> None:
    loader.next_batch()
    assert loader.sources()
    assert loader.served_at is None
    assert not loader.is_paused
    loader.pause()
    assert loader.is_paused


def test_the_interpreter_ends_while_a_loader_runs(phantom: Path) -> None:
    code = (
        "import sys, microtome\n"
        "keys = {'shape': [32] * 3, 'voxel_size_nm': [8] * 3, 'encoding': 'u8'}\n"
        "loader = microtome.Loader(data={'path': sys.argv[1]}, input={'raw': keys}, loader={'memory': '64 MiB'})\n"
        "print(loader.next_batch().number)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(phantom)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0\n", "")


def test_other_threads_run_while_a_batch_is_waited_for(loader: microtome.Loader) -> None:
    loader.next_batch()
    loader.pause()
    waiting = threading.Thread(target=lambda: loader.next_batch(timeout_s=30.0))
    # Until nothing is left that was begun before the pause.
    while loader.next_batch(timeout_s=0.01) or loader.stats()["memory"]["in_flight_bytes"] > 0:
        pass
    waiting.start()
    # As long as the other thread waits, this one counts; it could not if the interpreter were held.
    counted = 0
    while waiting.is_alive() and counted < 200_000:
        counted += 1
    assert counted == 200_000
    loader.resume()
    waiting.join()


def test_ten_thousand_batches_leave_nothing_behind(phantom: Path) -> None:
    tiny = {"shape": [4] * 3, "voxel_size_nm": [8] * 3, "encoding": "u8"}
    options = {"batch_size": 1, "memory": "64 MiB", "threads": 1}
    with microtome.Loader(data={"path": phantom}, input={"raw": tiny}, loader=options) as loader:

        def held_after(batches: int) -> tuple[int, int]:
            for _ in range(batches):
                loader.next_batch()
            gc.collect()
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            return len(gc.get_objects()), pages * os.sysconf("SC_PAGE_SIZE")

        objects, resident_bytes = held_after(1_000)
        objects_later, resident_bytes_later = held_after(9_000)
        assert objects_later <= objects + 50
        # A kilobyte a batch that is not given back would be 9 MB; what the loader remembers of its past is bounded.
        assert resident_bytes_later <= resident_bytes + (8 << 20)
        batch = loader.next_batch()
        memory = batch["raw"].base
        del batch
        # The array's base, this name, and the argument.
        assert sys.getrefcount(memory) == 2
