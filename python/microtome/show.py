"""What notebooks show of things: tables and pictures in HTML, without anything from elsewhere."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .batch import Batch
    from .data import Dataset, Volume
    from .loader import Loader

__all__ = ["html_of_batch", "html_of_dataset", "html_of_loader", "png"]

# Samples of a batch and crops of a dataset that are shown.
_MOST_SAMPLES = 8
_MOST_CROPS = 12
# Longest side of a picture of a volume, pixels; of a crop on the screen.
_SIDE = 192
# Colours that colour-blind people tell apart (Okabe and Ito, https://jfly.uni-koeln.de/color/).
_COLORS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))


def png(pixels: np.ndarray) -> bytes:
    """Encode a picture.

    Parameters
    ----------
    pixels : ndarray of uint8
        (height, width), or (height, width, 3) for red, green, blue.
    """
    height, width = pixels.shape[:2]
    kind = 0 if pixels.ndim == 2 else 2
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    # Each row begins with its filter: none.
    data = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(data)) + part(b"IEND", b"")


def html_of_batch(batch: Batch) -> str:
    """Show the middle section of each sample, and the labels of the first target over it."""
    inputs, targets = batch.inputs, batch.targets
    raw = next(iter(inputs.values()), None)
    figures = []
    for sample in range(min(batch.samples, _MOST_SAMPLES) if raw is not None else 0):
        picture = _gray(raw[sample, 0, raw.shape[2] // 2])
        name, labels = next(iter(targets.items()), ("", None))
        if labels is not None and labels.shape[2:] == raw.shape[2:]:
            picture = _over(picture, _present(labels[sample, :, labels.shape[2] // 2], len(batch.classes[name])))
        figures.append(_figure(picture, f"{batch.provenance[sample].get('index', sample)}"))
    arrays = [(name, "×".join(map(str, array.shape)), str(array.dtype)) for name, array in batch.items()]
    title = f"Batch {batch.number} of epoch {batch.epoch}"
    return _page(title, _table(("array", "shape", "type"), arrays), "".join(figures))


def html_of_dataset(dataset: Dataset) -> str:
    """Show three planes of the EM, its levels, and the crops with their classes."""
    levels = [
        (number, "×".join(map(str, level.shape)), "×".join(f"{size:g}" for size in level.voxel_size_nm))
        for number, level in enumerate(dataset.raw.level(n) for n in range(len(dataset.raw.levels)))
    ]
    figures = "".join(_figure(picture, name) for name, picture in _planes(dataset.raw))
    crops = [(crop.name, ", ".join(crop.classes)) for crop in dataset.crops[:_MOST_CROPS]]
    if len(dataset.crops) > _MOST_CROPS:
        crops.append((f"and {len(dataset.crops) - _MOST_CROPS} more", ""))
    tables = _table(("level", "voxels", "nm"), levels) + (_table(("crop", "classes"), crops) if crops else "")
    return _page(f"{dataset.name}, {dataset.raw.dtype}", tables, figures)


def html_of_loader(loader: Loader, stats: Mapping[str, Any] | None) -> str:
    """Show how long its epochs are, and how fast it is if it runs."""
    rows = [("batches an epoch", len(loader)), ("samples an epoch", loader.samples_per_epoch), ("epoch", loader.epoch)]
    if stats is not None and stats["elapsed"] > 0:
        memory, chunks = stats["memory"], stats["chunk_cache"]
        looked_up = chunks["hits"] + chunks["misses"]
        rows += [
            ("samples/s since it started", f"{stats['samples'] / stats['elapsed']:.1f}"),
            ("consumer waited", f"{stats['consumer_wait'] / stats['elapsed']:.0%}"),
            ("decoded chunks found", f"{chunks['hits'] / looked_up:.0%}" if looked_up else "–"),
            ("memory of its budget", f"{_used(memory) / 2**20:.0f} of {memory['budget_bytes'] / 2**20:.0f} MiB"),
        ]
    return _page("Loader", _table(("", ""), rows), "")


def _used(memory: Mapping[str, int]) -> int:
    return memory["cache_bytes"] + memory["queue_bytes"] + memory["in_flight_bytes"]


def _planes(volume: Volume) -> list[tuple[str, np.ndarray]]:
    """The three middle planes, of the finest level that is no larger than a picture; else of the coarsest."""
    levels = [volume.level(n) for n in range(len(volume.levels))]
    level = next((level for level in levels if max(level.shape) <= _SIDE), levels[-1])
    z, y, x = (n // 2 for n in level.shape)
    # Of a volume without coarse levels a corner must do.
    most = slice(0, _SIDE)
    planes = (("xy", level[z, most, most]), ("xz", level[most, y, most]), ("yz", level[most, most, x]))
    return [(name, _gray(plane)) for name, plane in planes]


def _gray(values: np.ndarray) -> np.ndarray:
    """Spread the middle 98 % of some values over black to white."""
    values = np.nan_to_num(values.astype(np.float32))
    lo, hi = np.percentile(values, [1, 99]) if values.size else (0.0, 1.0)
    return (np.clip((values - lo) / max(hi - lo, 1e-12), 0, 1) * 255).astype(np.uint8)


def _present(labels: np.ndarray, classes: int) -> np.ndarray:
    """Where each class is, whatever the encoding: (classes, y, x)."""
    if labels.dtype.kind == "f":
        return np.nan_to_num(labels) > 0
    if labels.shape[0] == classes:
        return labels > 0
    # Bits: one word for each voxel.
    return np.stack([(labels[bit // 64] >> np.uint64(bit % 64)) & np.uint64(1) > 0 for bit in range(classes)])


def _over(gray: np.ndarray, present: np.ndarray) -> np.ndarray:
    colored = np.repeat(gray[..., None], 3, axis=2).astype(np.float32)
    for number, where in enumerate(present):
        colored[where] = 0.6 * colored[where] + 0.4 * np.array(_COLORS[number % len(_COLORS)], np.float32)
    return colored.astype(np.uint8)


def _figure(picture: np.ndarray, caption: str) -> str:
    data = base64.b64encode(png(picture)).decode()
    style = f"width:{_SIDE}px;image-rendering:pixelated"
    return (
        f'<figure style="display:inline-block;margin:4px"><img alt="{html.escape(caption)}" style="{style}" '
        f'src="data:image/png;base64,{data}"><figcaption>{html.escape(caption)}</figcaption></figure>'
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table style="display:inline-table;margin:4px"><tr>{cells}</tr>{lines}</table>'


def _page(title: str, tables: str, figures: str) -> str:
    # Colours are those of the notebook, light or dark.
    return f"<div><b>{html.escape(title)}</b><br>{tables}<div>{figures}</div></div>"
