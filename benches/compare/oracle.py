"""The third party: what a patch must hold, by the rule written down, read with zarr-python and numpy alone.

The rule. A translation is the centre of voxel 0. Patch voxel p of N looks at `centre + R (p - (N - 1) / 2) * size`, R being
the orientation. It is read from the coarsest level that is on no axis coarser than asked for (1 % off is not coarser).
Labels: the voxel whose centre is nearest, of two the larger one. Raw: the mean over a box as wide as the larger of patch
voxel and stored voxel; voxels beyond the volume do not count. A patch voxel whose nearest voxel does not exist is outside.
"""

import json
import os

import numpy as np
import zarr

NOISE = 1.5e-6
AXES = "zyx"


def levels(path):
    """Of a multiscale group (path, voxel size, translation) per level, sizes in nm."""
    with open(os.path.join(path, ".zattrs")) as file:
        datasets = json.load(file)["multiscales"][0]["datasets"]
    found = []
    for dataset in datasets:
        said = {t["type"]: np.array(t[t["type"]], float) for t in dataset["coordinateTransformations"]}
        found.append((os.path.join(path, dataset["path"]), said["scale"], said.get("translation", np.zeros(3))))
    return found


def choose(path, size_nm):
    """The level that a patch with voxels of `size_nm` along the volume's axes is read from."""
    fine = [level for level in levels(path) if np.all(level[1] <= np.asarray(size_nm) * 1.01)]
    return max(fine, key=lambda level: level[1].prod()) if fine else min(levels(path), key=lambda l: l[1].prod())


def taps(position, width, length, average):
    """One axis: for each patch voxel its stored voxels with weights (none if it is outside), `position` in voxels."""
    rows = []
    for middle in position:
        nearest = int(np.floor(middle + 0.5 + NOISE))
        if not 0 <= nearest < length:
            rows.append([])
        elif not average:
            rows.append([(nearest, 1.0)])
        else:
            lo, hi = middle - width / 2, middle + width / 2
            first, end = int(np.floor(lo + 0.5 + NOISE)), int(np.ceil(hi + 0.5 - NOISE))
            shares = [(j, min(j + 0.5, hi) - max(j - 0.5, lo)) for j in range(max(first, 0), min(end, length))]
            rows.append(balanced(shares, width))
    return rows


def balanced(shares, width):
    """Weights of voxels from their shares of a box: what is linear in space comes out exactly, unless the edge cuts in."""
    total = sum(share for _, share in shares)
    weights = [[j, share / total] for j, share in shares]
    if total > width - 2 * NOISE and len(shares) > 1:
        # The part inside of a cut voxel lies off its centre, inwards; the ends' difference goes to a neighbour.
        off = [share * (1 - share) / 2 / total for _, share in (shares[0], shares[-1])]
        net = off[0] - off[1]
        cut, inwards = (0, 1) if net > 0 else (-1, -2)
        weights[cut][1] -= abs(net)
        weights[inwards][1] += abs(net)
    return [tuple(weight) for weight in weights]


def patch(path, grid, average):
    """The patch (float64, NaN outside, z y x along the patch) that `grid`, as in Microtome's provenance, asks for."""
    source = [AXES.index(axis) for axis in grid["orientation"]["source"]]
    mirror, shape = grid["orientation"]["mirror"], grid["shape"]
    size = np.empty(3)
    size[source] = grid["voxel_size_nm"]
    name, stored, translation = choose(path, size)
    array = zarr.open_array(name, mode="r")
    rows = [None] * 3
    for axis, world in enumerate(source):
        step = (np.arange(shape[axis]) - (shape[axis] - 1) / 2) * size[world] * (-1 if mirror[axis] else 1)
        position = (grid["center_nm"][world] + step - translation[world]) / stored[world]
        ratio = size[world] / stored[world]
        rows[world] = taps(position, max(ratio, 1.0), array.shape[world], average)
    used = [sorted({j for row in axis for j, _ in row}) for axis in rows]
    if any(not axis for axis in used):
        return np.full(shape, np.nan)
    box = array[tuple(slice(axis[0], axis[-1] + 1) for axis in used)].astype(np.float64)
    for world in range(3):
        weights = np.zeros((len(rows[world]), box.shape[world]))
        for p, row in enumerate(rows[world]):
            for j, weight in row:
                weights[p, j - used[world][0]] += weight
            weights[p, :1] = weights[p, :1] if row else np.nan
        box = along(weights, box, world)
    return box.transpose(source)


def along(weights, box, axis):
    """Applies a matrix to one axis; rows that only pick a voxel copy it, so that ids and NaN stay what they are."""
    picks = np.nan_to_num(weights).max(axis=1) == 1.0
    out = np.full(box.shape[:axis] + (len(weights),) + box.shape[axis + 1 :], np.nan)
    moved, to = np.moveaxis(box, axis, 0), np.moveaxis(out, axis, 0)
    to[picks] = moved[np.nan_to_num(weights[picks]).argmax(axis=1)]
    mixes = ~picks & ~np.isnan(weights[:, 0])
    to[mixes] = np.tensordot(weights[mixes], moved, axes=(1, 0))
    return out
