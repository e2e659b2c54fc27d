"""Batches as tensors, with and without the workers of a `DataLoader`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import microtome
import numpy as np
import pytest

torch = pytest.importorskip("torch")
import microtome.torch  # noqa: E402


def made(phantom: Path, keys: dict[str, Any], **more: Any) -> microtome.Loader:
    """Open a loader of 11 samples an epoch: six batches, the last of one sample."""
    return microtome.Loader(keys, data={"path": phantom}, sampling={"samples_per_epoch": 11}, **more)


def raws(batches: Any) -> list[np.ndarray]:
    """Copy the raw of batches."""
    return [batch["raw"].numpy().copy() for batch in batches]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    """Whether two epochs hold the same batches in the same order."""
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other))


def test_tensors_lie_on_the_loaders_memory(loader: microtome.Loader) -> None:
    batch = loader.next_batch()
    tensors = microtome.torch.tensors_of(batch)
    assert tensors["raw"].data_ptr() == batch["raw"].ctypes.data
    assert tensors["raw"].shape == (2, 1, 32, 32, 32)
    assert tensors["raw"].dtype == torch.uint8
    assert tensors["known"]["labels"].shape == tensors["labels"].shape
    assert np.array_equal(tensors["known"]["labels"].numpy(), batch.known["labels"])


@pytest.mark.parametrize("encoding", ["ids", "bits", "u8", "f32"])
def test_every_encoding_is_a_tensor(phantom: Path, keys: dict[str, Any], encoding: str) -> None:
    target = {"labels": {"shape": [16] * 3, "voxel_size_nm": [8] * 3, "encoding": encoding}}
    with microtome.Loader({**keys, "target": target}, data={"path": phantom}) as loader:
        batch = loader.next_batch()
        labels = microtome.torch.tensors_of(batch)["labels"].numpy()
        assert np.array_equal(labels.view(batch["labels"].dtype), batch["labels"], equal_nan=encoding == "f32")


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_give_the_same_batches_in_the_same_order(
    phantom: Path, keys: dict[str, Any], workers: int, method: str
) -> None:
    if method == "spawn" and workers != 2:
        pytest.skip("one number of workers that are slow to start")
    with made(phantom, keys) as alone:
        expected = [raws(microtome.torch.dataloader(alone)) for _ in range(2)]
    dataset = microtome.torch.IterableDataset(made(phantom, keys))
    data = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=workers, multiprocessing_context=method)
    for epoch in expected:
        assert same(raws(data), epoch)


def test_workers_that_are_kept_go_on_with_the_next_epoch(phantom: Path, keys: dict[str, Any]) -> None:
    with made(phantom, keys) as alone:
        expected = [raws(microtome.torch.dataloader(alone)) for _ in range(3)]
    dataset = microtome.torch.IterableDataset(made(phantom, keys))
    data = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=2, persistent_workers=True)
    assert same(raws(data), expected[0])
    # One that is left early counts, too.
    next(iter(data))
    assert same(raws(data), expected[2])
    dataset.set_epoch(1)
    assert same(raws(data), expected[1])


def test_more_workers_than_batches_give_each_batch_once(phantom: Path, keys: dict[str, Any]) -> None:
    few = {"samples_per_epoch": 3}
    with microtome.Loader(keys, data={"path": phantom}, sampling=few) as alone:
        expected = raws(microtome.torch.dataloader(alone))
    loader = microtome.Loader(keys, data={"path": phantom}, sampling=few)
    assert same(raws(microtome.torch.dataloader(loader, num_workers=3)), expected)


def test_a_state_goes_on_in_the_middle_of_an_epoch(phantom: Path, keys: dict[str, Any]) -> None:
    with made(phantom, keys) as loader:
        dataset = microtome.torch.IterableDataset(loader)
        batches = iter(dataset)
        for _ in range(2):
            next(batches)
        state = dataset.state_dict()
        expected = raws(batches)
    other = microtome.torch.IterableDataset(made(phantom, keys))
    other.load_state_dict(state)
    data = torch.utils.data.DataLoader(other, batch_size=None, num_workers=2)
    assert same(raws(data), expected)


def test_a_callable_is_applied_and_its_time_told(phantom: Path, keys: dict[str, Any]) -> None:
    with made(phantom, keys) as loader:
        dataset = microtome.torch.IterableDataset(loader, transform=lambda batch: batch["raw"].float().mean())
        assert [value.ndim for value in dataset] == [0] * 6
        told = dataset.stats()["transform"]
        assert told["calls"] == 6
        assert told["busy"] > 0.0


def test_samples_by_their_index_are_those_of_the_batches(phantom: Path, keys: dict[str, Any]) -> None:
    with made(phantom, keys) as loader:
        samples = [sample for batch in loader for sample in batch["raw"].copy()]
        indices = [where["index"] for batch in made(phantom, keys) for where in batch.provenance]
    by_index = dict(zip(indices, samples))
    dataset = microtome.torch.MapDataset(made(phantom, keys))
    assert len(dataset) == 11
    for index in (0, 4, -1):
        assert np.array_equal(dataset[index]["raw"].numpy(), by_index[index % 11])
    with pytest.raises(IndexError):
        dataset[11]
    data = torch.utils.data.DataLoader(dataset, batch_size=4, num_workers=2)
    assert np.array_equal(next(iter(data))["raw"].numpy(), np.stack([by_index[index] for index in range(4)]))


def test_a_rank_is_that_of_torch_even_if_it_comes_late(phantom: Path, keys: dict[str, Any], tmp_path: Path) -> None:
    loader = made(phantom, keys)
    distributed = torch.distributed
    if not distributed.is_available():
        pytest.skip("this torch has no torch.distributed")
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        # A process of its own group stands for the second of two.
        kept = distributed.get_rank, distributed.get_world_size
        distributed.get_rank, distributed.get_world_size = (lambda: 1), (lambda: 2)
        assert "rank 1 of 2" in repr(loader)
        distributed.get_rank, distributed.get_world_size = kept
    finally:
        distributed.destroy_process_group()


def test_the_package_does_not_import_torch_by_itself() -> None:
    import subprocess

    code = "import sys, microtome; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
