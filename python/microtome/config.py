"""The configuration of a loader: the same keys in TOML, as nested dicts and as keywords."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from . import _microtome

__all__ = ["Config"]

Table = Mapping[str, Any]


class Config:
    """A checked configuration, which never changes.

    Parameters
    ----------
    source : Config, mapping, str or path, optional
        Another configuration, nested dicts of the same keys, or the path of a TOML file, whose own paths are relative to
        its folder.
    data, input, target, sampling, augment, loader, telemetry : mapping, optional
        Tables of keys as in the file (``microtome config --example`` and `Config.example` explain each). They change
        `source` key by key; a key that is ``None`` is taken out. Paths are relative to the working folder.

    Raises
    ------
    ConfigError
        With ``key`` and, from a file, ``file`` and ``line``; an unknown key names the nearest known one.

    Examples
    --------
    >>> Config("train.toml", loader={"batch_size": 4, "memory": "2 GiB"})  # doctest: +SKIP
    """

    __slots__ = ("_native",)
    _native: _microtome.Config

    def __init__(
        self,
        source: Config | Table | str | os.PathLike[str] | None = None,
        /,
        *,
        data: Table | None = None,
        input: Table | None = None,
        target: Table | None = None,
        sampling: Table | None = None,
        augment: Table | None = None,
        loader: Table | None = None,
        telemetry: Table | None = None,
        **unknown: Table | None,
    ) -> None:
        # Of an unknown table the core says which one is nearest.
        tables = {
            "data": data,
            "input": input,
            "target": target,
            "sampling": sampling,
            "augment": augment,
            "loader": loader,
            "telemetry": telemetry,
            **unknown,
        }
        given = {name: table for name, table in tables.items() if table is not None}
        native = _opened(source)
        if native is None or given:
            base = {} if native is None else native.to_dict()
            native = _microtome.Config.from_dict(_plain(_changed(base, given)))
        self._native = native

    @classmethod
    def from_toml(cls, text: str) -> Config:
        """Read and check TOML text; paths in it are relative to the working folder.

        Raises
        ------
        ConfigError
            With line and key.
        """
        return cls._of(_microtome.Config.from_toml(text))

    @classmethod
    def _of(cls, native: _microtome.Config) -> Config:
        config = cls.__new__(cls)
        config._native = native
        return config

    @staticmethod
    def example() -> str:
        """TOML text with every key and its meaning."""
        return _microtome.Config.example()

    @property
    def file(self) -> str | None:
        """The file that it was read from, if it was and nothing was changed since."""
        return self._native.file

    def to_toml(self) -> str:
        """TOML text that says the same."""
        return self._native.to_toml()

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts that say the same."""
        return self._native.to_dict()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and self.to_toml() == other.to_toml()

    def __hash__(self) -> int:
        return hash(self.to_toml())

    def __repr__(self) -> str:
        return f"Config({self.file!r})" if self.file else f"Config({self.to_dict()!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.to_toml(), self.file)


def _restored(toml: str, file: str | None) -> Config:
    return Config._of(_microtome.Config.from_toml(toml, file))


def _opened(source: Config | Table | str | os.PathLike[str] | None) -> _microtome.Config | None:
    if source is None:
        return None
    if isinstance(source, Config):
        return source._native
    if isinstance(source, Mapping):
        return _microtome.Config.from_dict(_plain(source))
    return _microtome.Config.from_file(os.fspath(source))


def _changed(base: dict[str, Any], tables: dict[str, Table]) -> dict[str, Any]:
    """`base` with the keys of every table in place of its own."""
    return {**base, **{name: {**base.get(name, {}), **table} for name, table in tables.items()}}


def _plain(value: Any) -> Any:
    """As TOML can say it: paths as text, NumPy's numbers and arrays as Python's, without what is ``None``."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
