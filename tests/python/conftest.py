"""Data and loaders of the tests from Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import microtome
import pytest
from microtome import _microtome

KEYS: dict[str, Any] = {
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
def keys() -> dict[str, Any]:
    """Give the keys of a small loader, without data."""
    return KEYS


@pytest.fixture
def loader(phantom: Path) -> Iterator[microtome.Loader]:
    """Open a loader on the synthetic cell."""
    with microtome.Loader(KEYS, data={"path": phantom}) as loader:
        yield loader
