"""Cases in which the parties must differ: how much they do, measured, and why. Numbers such as B-6 are those of the
reference on cellmap-data that this project was built from, B being the release compared here."""

import os

import numpy as np

import crops
import oracle
import peer
import places
import synth
import turned
from finding import Difference, percent
from sound import em, groundtruth


def measure(binary, data, phantom, thick, work):
    """Every finding."""
    fib, gala = os.path.join(data, "fib25.zarr"), os.path.join(data, "gala.zarr")
    tools = lambda name: (binary, os.path.join(work, name))
    return [
        same_number(tools("corner"), fib),
        range_of_raw(tools("range"), fib),
        level_choice(tools("level"), fib),
        registration(tools("ramp")),
        raw_against_labels(tools("pair")),
        ids(tools("ids")),
        unknown_voxels(tools("unknown")),
        relations(tools("relations"), phantom),
        flat_transpose(tools("flat"), fib),
        places.last_position(tools("last"), gala),
        places.exact_fit(tools("fit"), gala),
        places.class_counts(binary, os.path.join(work, "counts"), gala),
        places.tiles(tools("tiles"), fib),
        *[quarter_turn(binary, work, fib, axis) for axis in "zyx"],
        turn(binary, work, fib, ["cell"], ("turned", (48,) * 3, (10,) * 3, "z", 30), "fib25"),
        turn(binary, work, thick, ["er", "nuc"], ("thick", (16, 48, 48), (24, 8, 8), "x", 30), "thick sections"),
    ]


def same_number(tools, root):
    """The same nm asked of both, without translating between their conventions."""
    asked = crops.Asked(em(root), [], [], (48,) * 3, (10,) * 3, 4)
    equal, shifted, right = [], [], True
    for crop in crops.draw(tools[0], asked, tools[1]):
        ours = crop.arrays["in_u8"][0]
        theirs = peer.image(em(root), crop.grid, peer.center(crop.grid, (0, 0, 0)))
        equal.append(np.mean(ours == theirs))
        shifted.append(np.mean(ours[:-1, :-1, :-1] == theirs[1:, 1:, 1:]))
        right &= np.array_equal(ours, oracle.patch(em(root), crop.grid, True))
    theirs = f"{percent(np.mean(equal))} of the voxels equal; {percent(np.mean(shifted))} after a shift by (1, 1, 1)"
    why = "cellmap-data takes a translation for the lower edge of voxel 0, OME-NGFF and the data for its centre"
    return Difference("fib25, the same centre in nm", "voxel centres", theirs, "2.2", why, right)


def range_of_raw(tools, root):
    """Raw as a network gets it when nothing else is said."""
    import csv

    from cellmap_data import CellMapDataSplit

    asked = crops.Asked(em(root), [], [], (48,) * 3, (10,) * 3, 2, inputs=("f32",))
    ours = max(float(crop.arrays["in_f32"].max()) for crop in crops.draw(tools[0], asked, tools[1]))
    sheet = os.path.join(tools[1], "split.csv")
    picture, truth = "recon-1/em/fibsem-uint8", "recon-1/labels/groundtruth/crop1/[cell]"
    with open(sheet, "w", newline="") as file:
        csv.writer(file).writerow(["train", root, picture, root, truth])
    spec = {"shape": (48,) * 3, "scale": (10.0,) * 3}
    split = CellMapDataSplit({"raw": spec}, {"labels": spec}, ["cell"], csv_path=sheet, pad=True)
    theirs = float(split.train_datasets[0][0]["raw"].max())
    why = "it is cast to float32 before `ToDtype(scale=True)`, which then leaves it alone"
    what = "fib25, largest raw value with the default transforms"
    return Difference(what, f"{ours:.3f}", f"{theirs:.0f}", "B-1", why, 0 < ours <= 1)


def level_choice(tools, root):
    """Voxels of 16 nm from levels of 10 and 20 nm."""
    asked = crops.Asked(em(root), [], [], (48,) * 3, (16,) * 3, 3, inputs=("f32",))
    errors, right = [], True
    for crop in crops.draw(tools[0], asked, tools[1]):
        truth = oracle.patch(em(root), crop.grid, True)
        right &= np.allclose(crop.arrays["in_f32"][0] * 255, truth, atol=1e-3)
        theirs = peer.image(em(root), crop.grid, peer.center(crop.grid, (20, 20, 20)))
        errors.append(np.nanmean(np.abs(theirs - truth)))
    theirs = f"20 nm level, nearest: {np.mean(errors):.1f} grey values off on average"
    why = "it takes the level of the least relative difference even if it is coarser, and never averages raw"
    return Difference("fib25, raw at 16 nm from 10 and 20 nm", "10 nm level, means", theirs, "2.1, B-6", why, right)


def registration(tools):
    """Where raw comes from when its voxels are not those of the patch: a volume whose values are positions."""
    raw, _ = synth.ramps(tools[1])
    asked = crops.Asked(raw, [], [], (20,) * 3, (12.0,) * 3, 8, inputs=("f32",))
    mine, theirs, right = [], [], True
    for crop in crops.draw(tools[0], asked, tools[1]):
        true = positions(crop.grid)
        mine.append(crop.arrays["in_f32"][0] - true)
        right &= np.allclose(crop.arrays["in_f32"][0], oracle.patch(raw, crop.grid, True), atol=1e-3)
        theirs.append(peer.image(raw, crop.grid, peer.center(crop.grid, (8, 8, 8))) - true)
    why = "a fractional start is floored, and `nearest` of interpolate takes floor(i n / N), not the nearest centre"
    what = "positions as grey values, 8 nm read at 12 nm"
    right &= abs(np.mean(mine)) < 0.05 * 12
    return Difference(what, offset(mine), offset(theirs), "B-6, 2.4", why, right)


def offset(found):
    """Displacements (nm) as text."""
    found = np.array(found)
    return f"{found.mean():+.2f} nm on average, {found.min():+.2f} to {found.max():+.2f}"


def positions(grid):
    """World x (nm) of the voxels of an unturned patch."""
    n = grid["shape"][2]
    return grid["center_nm"][2] + (np.arange(n) - (n - 1) / 2) * grid["voxel_size_nm"][2]


def raw_against_labels(tools):
    """EM of 8 nm and labels of 4 nm, both saying where they are."""
    raw, labels = synth.ramps(tools[1])
    asked = crops.Asked(raw, [labels], ["where"], (24,) * 3, (4.0,) * 3, 8, inputs=("f32",), targets=("ids",))
    mine, theirs = [], []
    for crop in crops.draw(tools[0], asked, tools[1]):
        mine.append(crop.arrays["in_f32"][0] - crop.arrays["out_ids"][0])
        where = peer.center(crop.grid, (4, 4, 4))
        theirs.append(peer.image(raw, crop.grid, where) - peer.image(os.path.join(labels, "where"), crop.grid, where))
    why = "half the difference of voxel sizes (edge taken for centre), and flooring; both unlike in raw and labels"
    what = "raw of 8 nm against labels of 4 nm, read at 4 nm"
    return Difference(what, offset(mine), offset(theirs), "2.2, B-6", why, np.abs(mine).max() < 0.05 * 4)


def ids(tools):
    """How many ids are left of two that are larger than a float32 can count."""
    raw, labels = synth.great_ids(tools[1])
    asked = crops.Asked(raw, [labels], ["cell"], (32,) * 3, (8.0,) * 3, 1, inputs=("u8",), targets=("ids",))
    crop = crops.draw(tools[0], asked, tools[1])[0]
    theirs = peer.image(os.path.join(labels, "cell"), crop.grid, peer.center(crop.grid, (8, 8, 8)))
    left = len(np.unique(crop.arrays["out_ids"]))
    why = "labels are read as float32"
    return Difference("ids 2^24 and 2^24 + 1", f"{left} ids", f"{len(np.unique(theirs))} id", "2.5", why, left == 2)


def unknown_voxels(tools):
    """A third of the voxels annotated as unknown."""
    raw, labels = synth.unknown(tools[1])
    asked = crops.Asked(raw, [labels], ["er"], (30,) * 3, (8.0,) * 3, 1, inputs=("u8",), targets=("f32",))
    crop = crops.draw(tools[0], asked, tools[1])[0]
    theirs = peer.binarized(peer.image(os.path.join(labels, "er"), crop.grid, peer.center(crop.grid, (8, 8, 8))))
    shares = lambda a: f"{percent(np.mean(a == 1))} present, {percent(np.isnan(a).mean())} unknown"
    right = abs(np.isnan(crop.arrays["out_f32"]).mean() - 1 / 3) < 1e-6
    why = "the annotation's `encoding` is not read: what is coded as unknown trains as what its number looks like"
    return Difference("a third unknown (255)", shares(crop.arrays["out_f32"]), shares(theirs), "1.13", why, right)


def relations(tools, root):
    """Classes that exclude each other, in a crop that annotates only one of them."""
    # A class that no crop annotates is an error, so that the other crop has to be there; next to nothing is drawn from it.
    labels = groundtruth(root, "crop2")
    both = [labels, groundtruth(root, "crop3")]
    asked = crops.Asked(em(root), both, ["er", "nuc"], (40,) * 3, (8.0,) * 3, 4, targets=("f32",))
    asked.relations = {"nuc": ["er"]}
    mine, theirs, right = [], [], True
    for crop in (c for c in crops.draw(tools[0], asked, tools[1]) if c.record["crop"] == "crop2"):
        er, nuc = crop.arrays["out_f32"]
        right &= np.array_equal(np.nan_to_num(nuc, nan=9), np.where(er > 0, 0, 9))
        mine.append(np.mean(nuc == 0))
        made = peer.dataset(em(root), labels, ["er"], ["er", "nuc"], crop.grid, class_relation_dict={"nuc": ["er"]})
        theirs.append(np.mean(made[0]["labels"][1].numpy() == 0))
    said = lambda found: f"{percent(np.mean(found))} known as absent"
    why = "the relations are stored and never used"
    what = "phantom, nuc where er is, only er annotated"
    return Difference(what, said(mine), said(theirs), "B-10", why, right and np.mean(mine) > 0)


def flat_transpose(tools, root):
    """A patch of one section, y and x exchanged."""
    augment = 'transpose = { axes = ["y", "x"], probability = 1.0 }'
    asked = crops.Asked(em(root), [], [], (1, 64, 64), (10,) * 3, 4, augment=augment)
    turned, right = {"transpose": [1, 0, 2]}, True
    for crop in crops.draw(tools[0], asked, tools[1]):
        right &= np.array_equal(crop.arrays["in_u8"][0], oracle.patch(em(root), crop.grid, True))
        theirs = peer.image(em(root), crop.grid, peer.center(crop.grid, (10,) * 3), turned)
    said = f"all axes permuted whatever is listed: {percent(np.isnan(theirs).mean())} NaN after z and y change places"
    why = "the list of axes is ignored, and the result is cropped and padded back to (1, 64, 64)"
    return Difference("fib25, one section, transpose y and x", "0.0 % missing", said, "B-5", why, right)


def quarter_turn(binary, work, root, axis):
    """A cube turned by 90 degrees."""
    right, about = turned.quarter(binary, work, root, axis)
    ours = "numpy's, raw and labels" if right else "**not** numpy's"
    why = "a matrix in z, y, x order is given to `affine_grid`, which takes x, y, z"
    return Difference(f"fib25, a quarter turn about {axis}", ours, f"about {about}", "B-4", why, right)


def turn(binary, work, root, classes, case, name):
    """A turn that needs interpolation."""
    ours, theirs = turned.by_angle(binary, work, root, classes, case)
    said = f"raw within {ours[0]:.4f} grey values of scipy's, {percent(ours[1])} of labels other"
    peers = f"{theirs[0]:.1f} grey values off on average, {percent(theirs[1])} of labels other, {percent(theirs[2])} NaN"
    why = "the wrong axis, in normalised coordinates of a box that is no cube, read too small where it turns"
    right = ours[0] < 0.01 and ours[1] < 1e-4
    return Difference(f"{name}, {case[4]} degrees about {case[3]}", said, peers, "B-4", why, right)
