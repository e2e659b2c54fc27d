"""Cases in which cellmap-data's semantics are sound: all three parties must agree on every voxel."""

import os
from dataclasses import dataclass

import numpy as np

import crops
import oracle
import peer

MIRROR = "mirror = { z = 0.5, y = 0.5, x = 0.5 }"
TRANSPOSE = 'transpose = { axes = ["z", "y", "x"], probability = 1.0 }'
PHANTOM = ["cyto", "ecs", "er", "lyso", "mito", "nuc", "pm", "ves"]


@dataclass
class Case:
    """What to draw, from which dataset (`peer` if cellmap-data cannot read that one) and crops."""

    name: str
    dataset: str
    crops: str
    classes: list
    shape: tuple
    voxel_nm: tuple
    count: int = 6
    augment: str = ""
    peer: str | None = None


def cases(data, phantom, thick):
    """The list. `data` is the folder of the test volumes, the others are phantoms."""
    fib, gala = os.path.join(data, "fib25.zarr"), os.path.join(data, "gala.zarr")
    fib3, gala3 = os.path.join(data, "fib25_v3.zarr"), os.path.join(data, "gala_v3.zarr")
    cell, at = ["cell"], lambda v: (v, v, v)
    both = MIRROR + "\n" + TRANSPOSE
    return [
        Case("fib25, s0", fib, "crop1", cell, (48, 64, 80), at(10)),
        Case("fib25, s1", fib, "crop1", cell, (48, 64, 80), at(20)),
        Case("fib25, s2, larger than the volume", fib, "crop1", cell, (64, 80, 48), at(40)),
        Case("fib25, mirror", fib, "crop1", cell, (48, 64, 80), at(10), augment=MIRROR),
        Case("fib25, mirror and transpose, cubes", fib, "crop1", cell, at(56), at(10), 12, both),
        Case("fib25, crop smaller than the patch", fib, "crop2", cell, at(150), at(10), 2),
        Case("fib25, the same, mirror and transpose", fib, "crop2", cell, at(150), at(10), 4, both),
        Case("fib25, patch larger than the volume", fib, "crop1", cell, (40, 271, 260), at(10), 2),
        Case("fib25 as Zarr v3 (Microtome) and v2", fib3, "crop1", cell, (48, 64, 80), at(10), peer=fib),
        Case("gala, s0", gala, "crop1", cell, (33, 50, 64), at(10)),
        Case("gala, deeper than the volume", gala, "crop1", cell, (65, 50, 64), at(10)),
        Case("gala, s2, mirror and transpose", gala, "crop1", cell, at(31), at(40), 8, both),
        Case("gala as Zarr v3 (Microtome) and v2", gala3, "crop1", cell, (33, 50, 64), at(10), peer=gala),
        Case("phantom, eight classes", phantom, "crop1", PHANTOM, (40, 48, 56), at(8), 4),
        Case("phantom, eight classes, three annotated", phantom, "crop2 crop3", PHANTOM, at(40), at(8), 4, both),
        Case("phantom, small crop at the edge", phantom, "crop3", PHANTOM, at(40), at(8), 2),
        Case("phantom, labels of s1 on EM of s0", phantom, "crop4", PHANTOM, at(40), at(8), 4),
        Case("phantom, s1", phantom, "crop1", PHANTOM, (24, 32, 40), at(16), 4),
        Case("thick sections, 24 x 8 x 8 nm, mirror", thick, "crop1", PHANTOM, (16, 48, 56), (24, 8, 8), 6, MIRROR),
    ]


@dataclass
class Row:
    """How many values were compared (a voxel in each encoding), and how many differ between each two parties."""

    case: str
    samples: int = 0
    voxels: int = 0
    ours_peer: int = 0
    ours_oracle: int = 0
    peer_oracle: int = 0
    indexed: int = 0
    drawn: int = 0


def differing(a, b):
    """Voxels in which two arrays differ; NaN is equal to NaN."""
    return int(np.count_nonzero(~((a == b) | (np.isnan(a) & np.isnan(b)))))


def run(binary, case, folder, shift=(0, 0, 0)):
    """Draws the case with Microtome and asks the others for the same places; `shift` (voxels) is asked of the peer too."""
    labels = [groundtruth(case.dataset, name) for name in case.crops.split()]
    asked = crops.Asked(em(case.dataset), labels, case.classes, case.shape, case.voxel_nm, case.count, augment=case.augment)
    row, theirs = Row(case.name), case.peer or case.dataset
    for crop in crops.draw(binary, asked, folder):
        row.samples += 1
        compare(row, case, crop, em(theirs), groundtruth(theirs, crop.record["crop"]), shift)
    return row


def em(root):
    """The EM group of a dataset in the CellMap layout."""
    return os.path.join(root, "recon-1/em/fibsem-uint8")


def groundtruth(root, crop):
    """The folder of a label crop."""
    return os.path.join(root, "recon-1/labels/groundtruth", crop)


def compare(row, case, crop, raw, labels, shift):
    """Compares one sample, in every encoding."""
    grid, where = crop.grid, peer.center(crop.grid, case.voxel_nm, shift)
    transforms = peer.oriented(grid)
    theirs = np.nan_to_num(peer.image(raw, grid, where, transforms))
    truth = np.nan_to_num(oracle.patch(raw, grid, average=True))
    count(row, crop.arrays["in_u8"][0], theirs, truth)
    count(row, crop.arrays["in_f32"][0], unit(theirs), unit(truth))
    annotated = [name for name in case.classes if os.path.isdir(os.path.join(labels, name))]
    their_sample = None
    if transforms is None:
        made = peer.dataset(raw, labels, annotated, case.classes, grid, target_value_transforms=peer.Binarize())
        row.drawn, index = row.drawn + 1, peer.index_of(made, where)
        if index is not None:
            row.indexed += 1
            their_sample = made[index]
            count(row, crop.arrays["in_u8"][0], np.nan_to_num(their_sample["raw"][0].numpy()), truth)
    for channel, name in enumerate(case.classes):
        theirs, truth = np.full(grid["shape"], np.nan), np.full(grid["shape"], np.nan)
        if name in annotated:
            theirs = peer.image(os.path.join(labels, name), grid, where, transforms)
            truth = oracle.patch(os.path.join(labels, name), grid, average=False)
        present, truly = peer.binarized(theirs), np.where(np.isnan(truth), np.nan, truth > 0)
        count(row, masked(crop, "out_ids", channel), theirs, truth)
        count(row, masked(crop, "out_u8", channel), present, truly)
        count(row, crop.arrays["out_f32"][channel], present, truly)
        if their_sample is not None:
            count(row, crop.arrays["out_f32"][channel], their_sample["labels"][channel].numpy(), truly)


def count(row, ours, theirs, truth):
    """Adds three comparisons of one channel."""
    ours, theirs, truth = (np.asarray(a, np.float64) for a in (ours, theirs, truth))
    row.voxels += ours.size
    row.ours_peer += differing(ours, theirs)
    row.ours_oracle += differing(ours, truth)
    row.peer_oracle += differing(theirs, truth)


def unit(grey):
    """0-255 as 0-1 in float32."""
    return np.asarray(grey, np.float32) / np.float32(255)


def masked(crop, name, channel):
    """A channel as float64 with NaN where its mask says unknown."""
    return np.where(crop.known[name][channel] == 1, crop.arrays[name][channel].astype(np.float64), np.nan)
