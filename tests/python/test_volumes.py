"""Volumes from Python: boxes as stored, by nanometres, and patches of other voxels."""

from __future__ import annotations

from pathlib import Path

import microtome
import numpy as np
import pytest


@pytest.fixture
def raw(phantom: Path) -> microtome.Volume:
    """Open the EM of the synthetic cell."""
    (dataset,) = microtome.open(phantom)
    return dataset.raw


def test_a_box_is_a_part_of_the_whole(raw: microtome.Volume) -> None:
    whole = np.asarray(raw)
    assert whole.shape == raw.shape == (96, 96, 96)
    assert whole.dtype == raw.dtype == np.uint8
    assert np.array_equal(raw[10:20, 5:90, 61:67], whole[10:20, 5:90, 61:67])
    assert np.array_equal(raw[-1], whole[-1])
    assert np.array_equal(raw[..., 7], whole[..., 7])
    with pytest.raises(IndexError):
        raw[96]
    with pytest.raises(IndexError):
        raw[::2]


def test_a_box_in_nanometres_holds_the_voxels_whose_centres_it_holds(raw: microtome.Volume) -> None:
    assert raw.voxel_size_nm == (8.0, 8.0, 8.0)
    z, y, x = raw.offset_nm
    assert np.array_equal(raw.world[z : z + 80.0], raw[0:10])
    # A centre at the beginning is held, one at the end is not.
    assert np.array_equal(raw.world[..., x + 8.0 : x + 16.0], raw[..., 1:2])
    assert np.array_equal(raw.world[..., x + 8.1 : x + 16.1], raw[..., 2:3])
    assert np.array_equal(raw.world[z + 11.0, y + 12.5], raw[1, 2])
    (lo, hi) = raw.bounds_nm
    assert [h - low for low, h in zip(lo, hi)] == [96 * 8.0] * 3
    with pytest.raises(IndexError):
        raw.world[hi[0] + 1.0]


def test_a_patch_on_the_grid_is_a_box(raw: microtome.Volume) -> None:
    center = [offset + 31.5 * 8.0 for offset in raw.offset_nm]
    patch = raw.read(center, [16, 16, 16], 8.0)
    assert np.array_equal(patch.data, raw[24:40, 24:40, 24:40])
    assert patch.known.all()
    assert (patch.level, patch.absent_chunks, patch.outside_voxels) == (0, 0, 0)
    assert patch.chunks >= 1
    data, known = patch
    assert data is patch.data
    assert known is patch.known


def test_a_patch_that_is_turned_is_the_turned_box(raw: microtome.Volume) -> None:
    center = [offset + 31.5 * 8.0 for offset in raw.offset_nm]
    quarter = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    turned = raw.read(center, [16, 16, 16], 8.0, affine=quarter).data
    box = raw[24:40, 24:40, 24:40]
    # One voxel along the patch's x is the matrix's last column in the world: one along y; one along its y is one against x.
    assert np.array_equal(turned, np.rot90(box, 1, axes=(1, 2)))


def test_a_patch_over_the_edge_says_what_is_outside(raw: microtome.Volume) -> None:
    patch = raw.read(raw.offset_nm, [8, 8, 8], 8.0)
    # Half of the patch on each axis, and the voxel at the corner: its middle lies between voxels.
    assert 8**3 - 5**3 <= patch.outside_voxels <= 8**3 - 4**3
    assert int((~patch.known).sum()) == patch.outside_voxels


def test_coarser_patches_come_from_coarser_levels(raw: microtome.Volume) -> None:
    assert len(raw.levels) > 1
    coarse = raw.level_for(16.0)
    assert coarse.voxel_size_nm == (16.0, 16.0, 16.0)
    center = [offset + 23.5 * 16.0 for offset in coarse.offset_nm]
    patch = raw.read(center, [8, 8, 8], 16.0)
    assert patch.level == 1
    assert np.array_equal(patch.data, coarse[20:28, 20:28, 20:28])


def test_absent_chunks_are_told(tmp_path: Path) -> None:
    path = tmp_path / "lacking.zarr"
    microtome._microtome.write_phantom(path, shape=[96] * 3, voxel_size_nm=[8.0] * 3, seed=1, sharded=False)
    (dataset,) = microtome.open(path)
    chunks = sorted(file for file in Path(dataset.raw.path, "s0").rglob("*") if file.is_file())
    chunks = [file for file in chunks if not file.name.startswith(".") and file.suffix != ".json"]
    chunks[0].unlink()
    raw = microtome.open(path)[0].raw
    corner = [offset + 3.5 * 8.0 for offset in raw.offset_nm]
    patch = raw.read(corner, [8, 8, 8], 8.0)
    assert patch.absent_chunks == 1
    assert raw.absent(corner, [8, 8, 8], 8.0).all()
    assert not raw.absent([v + 80 * 8.0 for v in corner], [8, 8, 8], 8.0).any()


def test_labels_are_read_by_class(phantom: Path) -> None:
    (dataset,) = microtome.open(phantom)
    crop = dataset.crops[0]
    labels = crop[crop.classes[0]]
    assert labels.shape == np.asarray(labels).shape
    with pytest.raises(microtome.DatasetError):
        crop["no such class"]
    with pytest.raises(IndexError):
        labels.channel(labels.channels)
