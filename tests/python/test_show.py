"""What notebooks show: whole HTML with pictures that hold what is there, and nothing from elsewhere."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import microtome
import numpy as np
import pytest
from microtome.show import png


def decoded(data: bytes) -> np.ndarray:
    """Read a PNG that has no filters."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, parts = 8, {}
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        name, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + content)
        parts[name] = content
        at += 12 + size
    width, height, depth, kind = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    channels = {0: 1, 2: 3}[kind]
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    assert depth == 8
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape((height, width) if channels == 1 else (height, width, 3))


class Tags(HTMLParser):
    """Sees that every tag that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Remember it, unless it has no end."""
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the last one."""
        assert self.open.pop() == tag


def pictures(shown: str) -> list[np.ndarray]:
    """Read the pictures of a page, which is whole and asks for nothing else."""
    tags = Tags()
    tags.feed(shown)
    assert tags.open == []
    sources = re.findall(r'src="([^"]*)"', shown)
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "http" not in shown
    return [decoded(base64.b64decode(source.partition(",")[2])) for source in sources]


@pytest.mark.parametrize("shape", [(3, 5), (4, 2, 3)])
def test_a_picture_holds_its_pixels(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(decoded(png(pixels)), pixels)


@pytest.mark.parametrize("encoding", ["ids", "bits", "u8", "f32"])
def test_a_batch_shows_its_samples_with_their_labels(phantom: Path, keys: dict[str, Any], encoding: str) -> None:
    target = {"labels": {"shape": [32] * 3, "voxel_size_nm": [8] * 3, "encoding": encoding}}
    with microtome.Loader({**keys, "target": target}, data={"path": phantom}) as loader:
        batch = loader.next_batch()
    shown = pictures(batch._repr_html_())
    assert [picture.shape for picture in shown] == [(32, 32, 3)] * 2
    assert any((picture[..., 0] != picture[..., 1]).any() for picture in shown), "labels are coloured"


def test_a_dataset_shows_three_planes_its_levels_and_crops(phantom: Path) -> None:
    dataset = microtome.open(phantom)[0]
    shown = dataset._repr_html_()
    assert [picture.shape for picture in pictures(shown)] == [(96, 96)] * 3
    assert "96×96×96" in shown
    assert dataset.crops[0].classes[0] in shown


def test_a_loader_is_not_started_to_be_shown(loader: microtome.Loader) -> None:
    assert "samples/s" not in loader._repr_html_()
    assert loader._native is None
    loader.next_batch()
    pictures(loader._repr_html_())
    assert "samples/s" in loader._repr_html_()
