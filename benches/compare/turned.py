"""Rotation: Microtome and cellmap-data against numpy's quarter turns and against scipy's interpolation of a turned grid."""

import os

import numpy as np
import zarr
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

import crops
import oracle
import peer
from sound import em, groundtruth

# A quarter turn about an axis of the volume as numpy.rot90 has it: how many, and in the plane of which axes.
QUARTERS = {"z": (1, (1, 2)), "y": (-1, (0, 2)), "x": (1, (0, 1))}


def rotated(axis, degrees):
    """The configuration of one angle about one axis."""
    return f"rotate = {{ {axis} = [{degrees}, {degrees}], probability = 1.0 }}"


def theirs(root, crop, classes, axis, degrees):
    """cellmap-data's own sample of the place, turned by its own means: raw and labels."""
    labels, size = groundtruth(root, crop.record["crop"]), crop.grid["voxel_size_nm"]
    turn = {"rotate": {"axes": {axis: [degrees, degrees]}}}
    made = peer.dataset(em(root), labels, classes, classes, crop.grid, spatial_transforms=turn)
    index = peer.index_of(made, peer.center(crop.grid, size))
    if index is None:
        return None
    sample = made[index]
    return sample["raw"][0].numpy(), sample["labels"].numpy()


def quarter(binary, work, root, axis):
    """A quarter turn of a cube, where nothing has to be interpolated. Answers whether Microtome's is numpy's, raw and
    labels, and about which axis cellmap-data's is."""
    side = (48,) * 3
    asked = crops.Asked(em(root), [groundtruth(root, "crop1")], ["cell"], side, (10,) * 3, 3, augment=rotated(axis, 90))
    right, about = True, set()
    for crop in crops.draw(binary, asked, os.path.join(work, f"quarter-{axis}")):
        raw = np.nan_to_num(oracle.patch(em(root), crop.grid, True))
        labels = oracle.patch(os.path.join(groundtruth(root, "crop1"), "cell"), crop.grid, False)
        turns, plane = QUARTERS[axis]
        right &= np.array_equal(crop.arrays["in_u8"][0], np.rot90(raw, turns, plane))
        right &= np.array_equal(crop.arrays["out_ids"][0], np.rot90(labels, turns, plane))
        sample = theirs(root, crop, ["cell"], axis, 90)
        if sample is not None:
            about.add(axis_of(raw, sample[0]))
    return right, ", ".join(sorted(about))


def axis_of(straight, turned):
    """About which axis a cube was turned by a quarter, either way."""
    for axis, (_, plane) in QUARTERS.items():
        if any(np.mean(np.rot90(straight, turns, plane) == turned) > 0.99 for turns in (1, -1)):
            return axis
    return "none"


def by_angle(binary, work, root, classes, case):
    """Patches turned by an angle, `case` being (name, shape, voxel nm, axis, degrees): the largest error of Microtome's
    raw (grey values) and share of its label voxels that are wrong against scipy, and the same of cellmap-data with the
    share of NaN in it, on average."""
    name, shape, voxel_nm, axis, degrees = case
    labels = [groundtruth(root, "crop1")]
    asked = crops.Asked(em(root), labels, classes, shape, voxel_nm, 6, augment=rotated(axis, degrees))
    ours, peers = [], []
    for crop in crops.draw(binary, asked, os.path.join(work, name)):
        raw = turned(em(root), crop.grid, 1)
        truth = [turned(os.path.join(labels[0], c), crop.grid, 0) for c in classes]
        inside = ~np.isnan(raw)
        grey = crop.arrays["in_f32"][0][inside] * 255 - raw[inside]
        ids = [np.where(k == 1, a, np.nan) for k, a in zip(crop.known["out_ids"], crop.arrays["out_ids"].astype(float))]
        ours.append((np.abs(grey).max(), wrong(ids, truth)))
        sample = theirs(root, crop, classes, axis, degrees)
        if sample is not None:
            found, ids = sample
            peers.append((np.nanmean(np.abs(found - raw)), wrong(ids, truth), np.isnan(found[inside]).mean()))
    return np.max(ours, axis=0), np.mean(peers, axis=0)


def wrong(found, truth):
    """Of the voxels whose label is known, the share that has another one (or none)."""
    found, truth = np.asarray(found), np.asarray(truth)
    known = ~np.isnan(truth)
    return np.mean(found[known] != truth[known])


def turned(path, grid, order):
    """The turned patch by scipy, NaN outside. Order 0 takes the nearest voxel. Order 1 takes the mean of interpolations at
    points spread evenly over the patch voxel, along each of its axes as many as it is long in stored voxels (rounded)."""
    name, stored, translation = oracle.choose(path, grid["voxel_size_nm"])
    array = zarr.open_array(name, mode="r")[:].astype(np.float64)
    # Right-handed in x, y, z, about z first, all three fixed in the world.
    rotation = Rotation.from_euler("zyx", grid["warp"]["affine"]["rotate_degrees"], degrees=True)
    in_voxels = lambda offsets: rotation.apply(offsets[:, ::-1])[:, ::-1] / stored
    size = np.array(grid["voxel_size_nm"], float)
    offsets = (np.indices(grid["shape"]).reshape(3, -1).T - (np.array(grid["shape"]) - 1) / 2) * size
    position = in_voxels(offsets) + (np.array(grid["center_nm"]) - translation) / stored
    nearest = np.floor(position + 0.5 + oracle.NOISE).astype(int)
    outside = np.any((nearest < 0) | (nearest >= array.shape), axis=1)
    if order == 0:
        values = array[tuple(np.clip(nearest, 0, np.array(array.shape) - 1).T)]
    else:
        counts = np.maximum(np.floor(np.linalg.norm(in_voxels(np.diag(size)), axis=1) + 0.5 + oracle.NOISE), 1).astype(int)
        points = ((np.indices(counts).reshape(3, -1).T + 0.5) / counts - 0.5) * size
        read = [map_coordinates(array, (position + point).T, order=1, mode="nearest") for point in in_voxels(points)]
        values = np.mean(read, axis=0)
    return np.where(outside, np.nan, values).reshape(grid["shape"])
