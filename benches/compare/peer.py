"""The same places through cellmap-data, with its own public means, and its tensors as numpy arrays."""

import logging
import os
import warnings

import numpy as np

warnings.filterwarnings("ignore")
logging.getLogger("cellmap_data").setLevel(logging.ERROR)

from cellmap_data import CellMapDataset, CellMapImage  # noqa: E402
from cellmap_data.transforms.augment import Binarize  # noqa: E402

AXES = "zyx"
# Of a voxel, added so that no rounding noise decides which way cellmap-data floors.
CLEAR = 0.01


def center(grid, voxel_nm, shift=(0, 0, 0)):
    """The centre to ask for so that the same voxels come back: cellmap-data takes a translation for the lower edge of voxel
    0, Microtome (and the data) for its centre, so that its places lie half a voxel higher. `shift` is in voxels."""
    half = np.asarray(voxel_nm, float) * (0.5 + CLEAR)
    return dict(zip(AXES, np.asarray(grid["center_nm"]) + half + np.asarray(shift) * np.asarray(voxel_nm)))


def oriented(grid):
    """Microtome's drawn mirror and transpose as cellmap-data's transforms: mirror along the volume's axes, then permute."""
    source = [AXES.index(axis) for axis in grid["orientation"]["source"]]
    mirror = {AXES[world]: bool(grid["orientation"]["mirror"][axis]) for axis, world in enumerate(source)}
    if source == [0, 1, 2] and not any(mirror.values()):
        return None
    return {"mirror": mirror, "transpose": source}


def image(path, grid, where, transforms=None, **options):
    """One array about the centre `where`, float32, NaN where cellmap-data pads."""
    made = CellMapImage(path, "any", grid["voxel_size_nm"], grid["shape"], pad=True, **options)
    made.set_spatial_transforms(transforms)
    return made[where].numpy()


def binarized(array):
    """What its datasplit does to targets: 1 where more than 0, NaN stays."""
    import torch

    return Binarize()(torch.from_numpy(np.ascontiguousarray(array))).numpy()


def dataset(raw, labels, annotated, classes, grid, **options):
    """Its dataset of one crop: `labels` is the crop's folder, `annotated` the classes in it."""
    spec = {"shape": grid["shape"], "scale": grid["voxel_size_nm"]}
    template = os.path.join(labels, "[" + ",".join(annotated) + "]")
    options = {"pad": True, **options}
    return CellMapDataset(raw, template, classes, {"raw": spec}, {"labels": spec}, **options)


def index_of(made, where):
    """The index whose centre is `where`, or None: the last position of every axis has none, and a small crop at the edge
    of the EM has none at all (B-8)."""
    box, size = made.sampling_box, made._target_scale
    if box is None:
        return None
    shape = [max(1, round((box[a][1] - box[a][0]) / size[a])) for a in AXES]
    at = [int(np.floor((where[a] - box[a][0]) / size[a])) for a in AXES]
    small = [box[a][1] - box[a][0] <= size[a] for a in AXES]
    at = [0 if s else k for s, k in zip(small, at)]
    if any(not 0 <= k < n for k, n in zip(at, shape)):
        return None
    return int(np.ravel_multi_index(at, shape))
