"""OME-NGFF 0.4 metadata of what is written."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "add_multiscale_metadata_levels",
    "create_multiscale_metadata",
    "generate_base_multiscales_metadata",
    "write_metadata",
]


def generate_base_multiscales_metadata(
    ds_name: str,
    base_scale_level: int,
    voxel_size: Sequence[float],
    translation: Sequence[float],
    units: str,
    axes: Sequence[str],
) -> dict[str, Any]:
    """Return the metadata of an image with one level, ``s{base_scale_level}``; translations are centres of voxel 0."""
    level = _level(base_scale_level, voxel_size, translation)
    return {
        "multiscales": [
            {
                "axes": [{"name": axis, "type": "space", "unit": units} for axis in axes],
                "coordinateTransformations": [{"type": "scale", "scale": [1.0] * len(axes)}],
                "datasets": [level],
                "name": ds_name,
                "version": "0.4",
            }
        ]
    }


def add_multiscale_metadata_levels(metadata: dict[str, Any], base_scale_level: int, levels_to_add: int) -> dict[str, Any]:
    """Add levels each of which halves the one before; in place, and returned.

    (cellmap-data gives the first of them the scale of the level before it.)
    """
    datasets = metadata["multiscales"][0]["datasets"]
    for level in range(base_scale_level + 1, base_scale_level + 1 + levels_to_add):
        scale, translation = (part[kind] for part, kind in zip(datasets[-1]["coordinateTransformations"], _KINDS))
        moved = [offset + size / 2 for offset, size in zip(translation, scale)]
        datasets.append(_level(level, [2 * size for size in scale], moved))
    return metadata


_KINDS = ("scale", "translation")


def create_multiscale_metadata(
    ds_name: str,
    voxel_size: Sequence[float],
    translation: Sequence[float],
    units: str,
    axes: Sequence[str],
    base_scale_level: int = 0,
    levels_to_add: int = 0,
    out_path: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Return the metadata of an image, and write it as ``.zattrs`` into a folder if one is given."""
    metadata = generate_base_multiscales_metadata(ds_name, base_scale_level, voxel_size, translation, units, axes)
    add_multiscale_metadata_levels(metadata, base_scale_level, levels_to_add)
    if out_path is not None:
        write_metadata(metadata, out_path)
    return metadata


def write_metadata(metadata: dict[str, Any], out_path: str | os.PathLike[str]) -> None:
    """Write ``.zattrs`` into a folder, or to a path that ends so."""
    path = Path(out_path)
    file = path if path.name == ".zattrs" else path / ".zattrs"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(metadata, indent=2))


def _level(level: int, voxel_size: Sequence[float], translation: Sequence[float]) -> dict[str, Any]:
    return {
        "path": f"s{level}",
        "coordinateTransformations": [
            {"type": "scale", "scale": [float(size) for size in voxel_size]},
            {"type": "translation", "translation": [float(offset) for offset in translation]},
        ],
    }
