"""What a loader measures about itself, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["plain_seconds"]


def plain_seconds(value: Any) -> Any:
    """Every duration as seconds, everywhere in `value`."""
    if isinstance(value, Mapping):
        if value.keys() == {"secs", "nanos"}:
            return value["secs"] + value["nanos"] * 1e-9
        return {key: plain_seconds(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_seconds(item) for item in value]
    return value
