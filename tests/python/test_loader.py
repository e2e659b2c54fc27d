"""The loader from Python: batches, state, forks, interrupts, mistakes."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path

import microtome
import numpy as np
import pytest
from microtome import _microtome

KEYS = {
    "input": {"raw": {"shape": [32] * 3, "voxel_size_nm": [8] * 3, "encoding": "u8"}},
    "target": {"labels": {"shape": [32] * 3, "voxel_size_nm": [8] * 3, "encoding": "u8"}},
    "loader": {"batch_size": 2, "memory": "256 MiB", "threads": 2},
}


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small synthetic cell."""
    path = tmp_path_factory.mktemp("data") / "phantom.zarr"
    _microtome.write_phantom(path, shape=[96] * 3, voxel_size_nm=[8.0] * 3, seed=1, sharded=False)
    return path


@pytest.fixture
def loader(phantom: Path) -> Iterator[microtome.Loader]:
    """Open a loader on it."""
    with microtome.Loader(KEYS, data={"path": phantom}) as loader:
        yield loader


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


def test_a_mistake_names_its_key(phantom: Path) -> None:
    with pytest.raises(ValueError, match="batch_size") as raised:
        microtome.Loader(KEYS, data={"path": phantom}, loader={"batch_sise": 2})
    assert raised.value.key == "loader.batch_sise"


def test_what_is_closed_says_so(loader: microtome.Loader) -> None:
    loader.close()
    with pytest.raises(microtome.StoppedError):
        loader.next_batch()
