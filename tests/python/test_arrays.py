"""The arrays of a batch: type and shape of every encoding, memory without a copy, DLPack."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import microtome
import numpy as np
import pytest


@pytest.mark.parametrize(
    ("encoding", "dtype", "known"),
    [("ids", np.uint32, np.uint8), ("u8", np.uint8, np.uint8), ("bits", np.uint64, np.uint64), ("f32", np.float32, None)],
)
def test_a_target_has_the_type_and_shape_of_its_encoding(
    phantom: Path, keys: dict[str, Any], encoding: str, dtype: type, known: type | None
) -> None:
    target = {"labels": {"shape": [8, 12, 16], "voxel_size_nm": [8] * 3, "encoding": encoding}}
    with microtome.Loader({**keys, "target": target}, data={"path": phantom}) as loader:
        batch = loader.next_batch()
    channels = 1 if encoding == "bits" else len(batch.classes["labels"])
    assert batch["labels"].shape == (2, channels, 8, 12, 16)
    assert batch["labels"].dtype == dtype
    assert {name: (mask.dtype, mask.shape) for name, mask in batch.known.items()} == (
        {} if known is None else {"labels": (np.dtype(known), batch["labels"].shape)}
    )


@pytest.mark.parametrize(("encoding", "dtype"), [("u8", np.uint8), ("f16", np.float16), ("f32", np.float32)])
def test_an_input_has_the_type_and_shape_of_its_encoding(
    phantom: Path, keys: dict[str, Any], encoding: str, dtype: type
) -> None:
    raw = {"raw": {"shape": [8, 12, 16], "voxel_size_nm": [8] * 3, "encoding": encoding}}
    with microtome.Loader({**keys, "input": raw}, data={"path": phantom}) as loader:
        batch = loader.next_batch()
    assert (batch["raw"].shape, batch["raw"].dtype) == ((2, 1, 8, 12, 16), dtype)


def test_an_array_asked_for_again_lies_at_the_same_address(loader: microtome.Loader) -> None:
    batch = loader.next_batch()
    one, other = batch["raw"], batch["raw"]
    assert one.ctypes.data == other.ctypes.data
    assert not one.flags.owndata
    assert one.flags.writeable


def test_dlpack_gives_the_same_memory_and_keeps_it(loader: microtome.Loader) -> None:
    batch = loader.next_batch()
    for name in batch:
        assert np.from_dlpack(batch[name]).ctypes.data == batch[name].ctypes.data, name
    kept, expected = np.from_dlpack(batch["raw"]), batch["raw"].copy()
    del batch
    gc.collect()
    # Later batches get other memory for as long as this one is held.
    for _ in range(8):
        assert loader.next_batch()["raw"].ctypes.data != kept.ctypes.data
    assert np.array_equal(kept, expected)
