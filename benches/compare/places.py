"""Where the two look at all: positions, validation tiles, and how much of a class they count."""

import json
import os
import shutil
import subprocess

import numpy as np
import zarr

import crops
import peer
from finding import Difference, percent
from sound import em, groundtruth


def last_position(tools, root):
    """Positions in a crop that is one voxel larger than the patch on each axis: eight."""
    shape = (49, 99, 199)
    asked = crops.Asked(em(root), [groundtruth(root, "crop1")], ["cell"], shape, (10,) * 3, 64, targets=("u8",))
    asked.inputs = ("u8",)
    drawn = {tuple(crop.grid["center_nm"]) for crop in crops.draw(tools[0], asked, tools[1])}
    theirs = len(peer.dataset(em(root), groundtruth(root, "crop1"), ["cell"], ["cell"], spec(shape), pad=False))
    why = "positions are counted as L - N, not L - N + 1"
    what = "gala, positions of a patch one voxel smaller than the crop"
    return Difference(what, f"{len(drawn)} (64 draws)", str(theirs), "B-8", why, len(drawn) == 8)


def exact_fit(tools, root):
    """A crop exactly as large as the patch, without padding."""
    shape = (50, 100, 200)
    asked = crops.Asked(em(root), [groundtruth(root, "crop1")], ["cell"], shape, (10,) * 3, 2, targets=("u8",))
    drawn = {tuple(crop.grid["center_nm"]) for crop in crops.draw(tools[0], asked, tools[1])}
    theirs = len(peer.dataset(em(root), groundtruth(root, "crop1"), ["cell"], ["cell"], spec(shape), pad=False))
    why = "an empty range of centres counts as too small"
    return Difference("gala, crop as large as the patch", str(len(drawn)), str(theirs), "B-8", why, len(drawn) == 1)


def tiles(tools, root):
    """Validation tiles of 64 over 250 voxels: what share of the volume none of them covers."""
    from cellmap_data import CellMapMultiDataset

    grid, labels = spec((64,) * 3), groundtruth(root, "crop1")
    asked = crops.Asked(em(root), [labels], ["cell"], (64,) * 3, (10,) * 3, 64, inputs=("u8",), targets=("u8",))
    asked.sampling = 'strategy = "grid"'
    shown = np.zeros((250,) * 3, int)
    for crop in crops.draw(tools[0], asked, tools[1]):
        at = np.round(np.array(crop.grid["center_nm"]) / 10 - 31.5).astype(int)
        known = crop.known["out_u8"][0]
        ends = np.minimum(at + 64, 250)
        starts = np.maximum(at, 0)
        part = tuple(slice(a, b) for a, b in zip(starts, ends))
        shown[part] += known[tuple(slice(a, b) for a, b in zip(starts - at, ends - at))]
    made = peer.dataset(em(root), labels, ["cell"], ["cell"], grid, pad=False)
    arrays = {"raw": {"shape": grid["shape"], "scale": grid["voxel_size_nm"]}}
    split = CellMapMultiDataset([made], ["cell"], arrays, arrays)
    covered = np.zeros((250,) * 3, bool)
    for index in split.validation_indices:
        at = [int(np.floor(c / 10 - 32)) for c in made._idx_to_center(index).values()]
        covered[tuple(slice(k, k + 64) for k in at)] = True
    theirs = f"{percent(1 - covered.mean())} in no tile"
    ours = f"{percent(np.mean(shown == 1))} in exactly one tile"
    why = "the number of tiles is that of the volume less one patch"
    return Difference("fib25, validation tiles of 64 over 250", ours, theirs, "B-2", why, bool(np.all(shown == 1)))


def class_counts(binary, work, root):
    """Voxels of a class in a crop, counted in a copy: cellmap-data writes what it counted into the labels."""
    shutil.rmtree(work, ignore_errors=True)
    copy = os.path.join(work, "gala.zarr")
    shutil.copytree(root, copy)
    told = subprocess.run([binary, "info", copy, "--counts", "--json"], check=True, capture_output=True, text=True).stdout
    ours = json.loads(told)["crops"][0]["count"]["present"]
    labels = groundtruth(copy, "crop1")
    before = written(labels)
    made = peer.dataset(em(copy), labels, ["cell"], ["cell"], spec((32,) * 3))
    theirs = made.class_counts["totals"]["cell"]
    note = "and writes them into the labels" if written(labels) != before else "and writes nothing"
    why = "`complement_counts` are not read; the array is, and the count is kept in its attributes"
    truth = np.count_nonzero(zarr.open_array(os.path.join(labels, "cell/s0"), mode="r")[:])
    return Difference("gala, voxels of cell", str(ours), f"{theirs}, {note}", "B-14, 1.13", why, ours == truth)


def written(folder):
    """Every file below a folder with its content."""
    paths = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]
    return {path: open(path, "rb").read() for path in paths}


def spec(shape):
    """The part of a grid that a dataset of cellmap-data is made from."""
    return {"shape": shape, "voxel_size_nm": (10.0,) * 3}
