"""Whether cellmap-data is followed also where it is wrong."""

from __future__ import annotations

__all__ = ["set_strict_compat", "strict_compat"]

_strict = False


def strict_compat() -> bool:
    """Whether objects that are made from now on do what cellmap-data does where it is wrong."""
    return _strict


def set_strict_compat(strict: bool) -> None:
    """Choose that; what was made before keeps its ways."""
    global _strict
    _strict = strict
