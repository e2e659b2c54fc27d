"""The table of errors: what Python calls each of them, and that the core's table names these and no others."""

from __future__ import annotations

import re
from pathlib import Path

import microtome
import pytest
from microtome import errors

TABLE: dict[str, type[Exception]] = {
    "AbsentChunksError": OSError,
    "ChunkError": OSError,
    "ConfigError": ValueError,
    "DatasetError": ValueError,
    "FormatError": ValueError,
    "IoError": OSError,
    "MemoryBudgetError": ValueError,
    "MicrotomeError": Exception,
    "MissingError": FileNotFoundError,
    "PatchError": ValueError,
    "RemoteError": NotImplementedError,
    "ShareError": ValueError,
    "StateError": ValueError,
    "StoppedError": RuntimeError,
    "TelemetryError": OSError,
}


def test_each_error_is_what_python_calls_it() -> None:
    assert set(errors.__all__) == set(TABLE)
    for name, builtin in TABLE.items():
        assert issubclass(getattr(errors, name), errors.MicrotomeError), name
        assert issubclass(getattr(errors, name), builtin), name


def test_the_table_of_the_core_names_every_error() -> None:
    source = Path(__file__).parents[2] / "python" / "src" / "errors.rs"
    assert set(re.findall(r'=> "(\w+)"', source.read_text())) == set(TABLE)


def test_nothing_at_a_path_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        microtome.open(tmp_path / "nothing.zarr")
    assert isinstance(raised.value, microtome.MissingError)


def test_too_little_memory_says_how_much_is_needed(phantom: Path, keys: dict[str, dict]) -> None:
    little = {"batch_size": 2, "memory": "1 KiB"}
    with pytest.raises(microtome.MemoryBudgetError) as raised:
        microtome.Loader(keys, data={"path": phantom}, loader=little)
    assert raised.value.needed_bytes > raised.value.budget_bytes == 1024
    assert raised.value.key == "loader.memory"
