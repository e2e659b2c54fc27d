"""Small volumes made for one question each: their voxels say where they are, or what nobody can mistake."""

import os

import numpy as np
import zarr


def image(path, levels, annotation=None):
    """Writes a Zarr v2 multiscale group; `levels` are (array, voxel size nm, translation nm of the centre of voxel 0)."""
    group = zarr.open_group(path, mode="w")
    datasets = []
    for number, (array, size, translation) in enumerate(levels):
        made = group.create_dataset(f"s{number}", data=array, chunks=(32, 32, 32), dimension_separator="/")
        if annotation:
            made.attrs["cellmap"] = {"annotation": annotation}
        transforms = [{"type": "scale", "scale": list(size)}, {"type": "translation", "translation": list(translation)}]
        datasets.append({"path": f"s{number}", "coordinateTransformations": transforms})
    axes = [{"name": a, "type": "space", "unit": "nanometer"} for a in "zyx"]
    whole = [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]
    multiscale = {"version": "0.4", "name": "", "axes": axes, "coordinateTransformations": whole, "datasets": datasets}
    group.attrs["multiscales"] = [multiscale]


def ramp(side, size_nm, translation_nm, axis, dtype):
    """A cube whose voxels hold the world position (nm) of their centres along one axis."""
    values = translation_nm + size_nm * np.arange(side)
    shape = [1, 1, 1]
    shape[axis] = side
    return np.broadcast_to(values.reshape(shape), (side,) * 3).astype(dtype)


def ramps(folder, axis=2):
    """EM of 8 and 16 nm and labels of 4 nm over its middle, every voxel being its own position along `axis`, nm."""
    raw, labels = place(folder)
    fine, coarse = ((8.0,) * 3, (100.0,) * 3), ((16.0,) * 3, (104.0,) * 3)
    levels = [(ramp(96, 8, 100, axis, "f4"), *fine), (ramp(48, 16, 104, axis, "f4"), *coarse)]
    image(raw, levels)
    image(os.path.join(labels, "where"), [(ramp(96, 4, 290, axis, "u4"), (4.0,) * 3, (290.0,) * 3)])
    return raw, labels


def great_ids(folder):
    """Two neighbours whose ids a float32 cannot tell apart: 2^24 and 2^24 + 1."""
    raw, labels = place(folder)
    ids = np.full((32, 32, 32), 1 << 24, "u8")
    ids[:, :, 16:] += 1
    image(raw, [(np.zeros((32, 32, 32), "u1"), (8.0,) * 3, (0.0,) * 3)])
    image(os.path.join(labels, "cell"), [(ids, (8.0,) * 3, (0.0,) * 3)])
    return raw, labels


def unknown(folder):
    """A third absent (0), a third present (1), the last third marked as unknown (255) by its annotation."""
    raw, labels = place(folder)
    voxels = np.zeros((30, 30, 30), "u1")
    voxels[10:20], voxels[20:] = 1, 255
    kind = {"type": "semantic_segmentation", "encoding": {"absent": 0, "present": 1, "unknown": 255}}
    image(raw, [(voxels, (8.0,) * 3, (0.0,) * 3)])
    image(os.path.join(labels, "er"), [(voxels, (8.0,) * 3, (0.0,) * 3)], {"class_name": "er", "annotation_type": kind})
    return raw, labels


def place(folder):
    """EM group and crop folder of a dataset in the CellMap layout."""
    root = os.path.join(folder, "volume.zarr")
    return os.path.join(root, "recon-1/em/fibsem-uint8"), os.path.join(root, "recon-1/labels/groundtruth/crop1")
