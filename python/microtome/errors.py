"""Every exception that Microtome raises, all of them `MicrotomeError`.

Which error of the Rust core becomes which of these stands in one table, `python/src/errors.rs`. Each is also what Python
calls such a mistake: `ConfigError` is a `ValueError`, `MissingError` a `FileNotFoundError`.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AbsentChunksError",
    "ChunkError",
    "ConfigError",
    "DatasetError",
    "FormatError",
    "IoError",
    "MemoryBudgetError",
    "MicrotomeError",
    "MissingError",
    "PatchError",
    "RemoteError",
    "ShareError",
    "StateError",
    "StoppedError",
    "TelemetryError",
]


class MicrotomeError(Exception):
    """Anything that went wrong in Microtome. The message says what, where, and what would be right."""

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        for name, value in fields.items():
            setattr(self, name, value)


class ConfigError(MicrotomeError, ValueError):
    """A configuration (or an argument) says something impossible.

    Attributes
    ----------
    key : str
        Dotted key, such as ``loader.batch_size``.
    problem : str
        What is wrong, and what would be right.
    file : str or None
        The file, if the configuration came from one.
    line : int or None
        1-based line, if known.
    """

    key: str
    problem: str
    file: str | None
    line: int | None


class MemoryBudgetError(MicrotomeError, ValueError):
    """``loader.memory`` is less than what must be held at once (``needed_bytes``, ``budget_bytes``)."""

    key: str
    needed_bytes: int
    budget_bytes: int


class ShareError(MicrotomeError, ValueError):
    """Processes that cannot share an epoch: see ``rank`` and ``world_size``."""


class StateError(MicrotomeError, ValueError):
    """A saved state does not fit the loader that is to go on from it; the message names what differs."""


class PatchError(MicrotomeError, ValueError):
    """A patch or box that no memory holds (``path``)."""

    path: str


class MissingError(MicrotomeError, FileNotFoundError):
    """There is nothing at a path (``path``)."""

    path: str


class IoError(MicrotomeError, OSError):
    """The operating system refused a read or write (``path``; ``errno`` as the system says)."""

    path: str


class RemoteError(MicrotomeError, NotImplementedError):
    """A URL where only local paths can be read."""


class DatasetError(MicrotomeError, ValueError):
    """A folder that holds no such image, crop or class (``path``)."""

    path: str


class FormatError(MicrotomeError, ValueError):
    """Metadata, a data type or a codec that cannot be read (``path``)."""

    path: str


class ChunkError(MicrotomeError, OSError):
    """A chunk that is there, but cannot be decoded.

    Attributes
    ----------
    path : str
        The array.
    chunk : list of int
        Position in the array's chunk grid, in the array's own axis order.
    reason : str
        The codec's words.
    """

    path: str
    chunk: list[int]
    reason: str


class AbsentChunksError(MicrotomeError, OSError):
    """Raw that a sample needs is not in the store, and ``sampling.absent_chunks`` is ``"fail"``."""

    path: str
    absent_chunks: int
    chunks: int


class TelemetryError(MicrotomeError, ConnectionError):
    """A loader that cannot be looked at, or a recording that cannot be read."""


class StoppedError(MicrotomeError, RuntimeError):
    """The loader was closed, perhaps while somebody waited for a batch."""
