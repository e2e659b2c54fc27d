"""The stores that every system reads: fib25's pixels mirrored to a larger cube, raw and eight classes, in several shapes.

    python speed_store.py --data FOLDER --out FOLDER [--side 500]

em8.zarr     8 nm, Zarr v2, chunks of 64³, raw and eight classes (0/1)
em4.zarr     the same arrays, said to be of 4 nm
em8_v3.zarr  the same voxels as Zarr v3: chunks of 64³ in shards of 256³
all.zarr     the same raw with one array `all` of 48 class ids, and their table, classes.csv
"""

import argparse
import os
import shutil

import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec

CHUNK = 64
SHARD = 256
# What part of the cells is of which class, in 32nds: common ones and rare ones, as in real crops.
SHARES = {"cyto": 9, "er": 7, "mito": 5, "nuc": 4, "ecs": 3, "golgi": 2, "ves": 1, "lyso": 1}
ALL_CLASSES = 48
RAW = "recon-1/em/fibsem-uint8"
CROP = "recon-1/labels/groundtruth/crop1"
AXES = [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"]


def main():
    """Writes what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of fib25.zarr")
    parser.add_argument("--out", required=True)
    parser.add_argument("--side", type=int, default=500, help="voxels")
    args = parser.parse_args()
    done = os.path.join(args.out, "done")
    if os.path.exists(done):
        return
    shutil.rmtree(args.out, ignore_errors=True)
    os.makedirs(args.out)
    raw, ids = pixels(args.data, args.side)
    write_all_stores(args.out, raw, ids)
    open(done, "w").close()


def pixels(data, side):
    """Raw and cell ids of fib25, mirrored to `side`³."""
    group = os.path.join(data, "fib25.zarr")
    read = lambda path: zarr.open_array(os.path.join(group, path), mode="r")[:]
    mirrored = lambda array: np.pad(array, [(0, max(0, side - n)) for n in array.shape], mode="symmetric")[:side, :side, :side]
    return mirrored(read(f"{RAW}/s0")), mirrored(read(f"{CROP}/cell/s0"))


def write_all_stores(out, raw, ids):
    """The four stores."""
    place = lambda name: os.path.join(out, name)
    classes = semantic(ids)
    for name, version in [("em8.zarr", 2), ("em8_v3.zarr", 3)]:
        write_image(place(name), RAW, raw, 8, version)
        for label, voxels in classes.items():
            write_image(place(name), f"{CROP}/{label}", voxels, 8, version, annotation(label))
        annotate_crop(place(name), list(classes), version)
    say_finer(place("em8.zarr"), place("em4.zarr"), list(classes))
    write_combined(out, raw, ids)


def hashed(ids):
    """Evenly spread numbers for ids that are not (Fibonacci hashing)."""
    return (ids.astype(np.uint32) * np.uint32(2654435769)) >> np.uint32(16)


def semantic(ids):
    """Eight 0/1 arrays with the shapes of real cells: every cell is of one class."""
    slot = hashed(ids) % 32
    ends = np.cumsum(list(SHARES.values()))
    starts = ends - list(SHARES.values())
    inside = lambda start, end: ((slot >= start) & (slot < end) & (ids > 0)).astype("u1")
    return {label: inside(start, end) for label, start, end in zip(SHARES, starts, ends)}


def write_combined(out, raw, ids):
    """The array of class ids, 0 where no cell is, with its table."""
    names = [f"class_{number:02}" for number in range(1, ALL_CLASSES + 1)]
    root = os.path.join(out, "all.zarr")
    write_image(root, RAW, raw, 8, 2)
    combined = np.where(ids > 0, hashed(ids) % ALL_CLASSES + 1, 0).astype("u1")
    write_image(root, f"{CROP}/all", combined, 8, 2)
    annotate_crop(root, names, 2)
    with open(os.path.join(out, "classes.csv"), "w") as file:
        file.writelines(f'{name},{number},"{number}"\n' for number, name in enumerate(names, 1))


def write_image(root, path, voxels, size_nm, version, notes=None):
    """A multiscale group of one level; chunks of nothing but 0 are left out, as in the real data."""
    store = zarr.storage.LocalStore(root)
    group = zarr.open_group(store, path=path, mode="w", zarr_format=version)
    array = zarr.create_array(store, name=f"{path}/s0", shape=voxels.shape, dtype=voxels.dtype, **layout(version, path == RAW))
    array[:] = voxels
    attributes = multiscales(path.rsplit("/", 1)[1], size_nm, version)
    if notes:
        attributes["cellmap"] = {"annotation": notes}
        counts = {"complement_counts": {"absent": int((voxels == 0).sum())}}
        array.attrs["cellmap"] = {"annotation": {**notes, **counts}}
    group.attrs.update(attributes)


def layout(version, is_raw):
    """Chunks, codec and keys as those of the real data: bits of raw shuffled, bytes of labels."""
    common = {"fill_value": 0, "config": {"write_empty_chunks": False}, "zarr_format": version}
    shuffle = "bitshuffle" if is_raw else "shuffle"
    if version == 3:
        codec = BloscCodec(cname="zstd", clevel=5, shuffle=shuffle, typesize=1)
        return {**common, "chunks": (CHUNK,) * 3, "shards": (SHARD,) * 3, "compressors": codec}
    codec = numcodecs.Blosc(cname="zstd", clevel=5, shuffle=2 if is_raw else 1)
    keys = {"name": "v2", "separator": "/"}
    return {**common, "chunks": (CHUNK,) * 3, "compressors": codec, "chunk_key_encoding": keys}


def multiscales(name, size_nm, version):
    """OME-NGFF 0.4 or 0.5 with one level whose voxel 0 has its centre at the origin."""
    transforms = [{"type": "scale", "scale": [float(size_nm)] * 3}, {"type": "translation", "translation": [0.0] * 3}]
    whole = [{"type": "scale", "scale": [1.0] * 3}]
    image = {"name": name, "axes": AXES, "coordinateTransformations": whole}
    image["datasets"] = [{"path": "s0", "coordinateTransformations": transforms}]
    if version == 3:
        return {"ome": {"version": "0.5", "multiscales": [image]}}
    return {"multiscales": [{"version": "0.4", **image}]}


def annotation(label):
    """What CellMap says of a class array."""
    kind = {"type": "semantic_segmentation", "encoding": {"absent": 0, "present": 1}}
    return {"class_name": label, "annotation_type": kind}


def annotate_crop(root, names, version):
    """What CellMap says of a crop: the classes that somebody looked for."""
    empty = {"created_by": [], "created_with": [], "start_date": None, "end_date": None}
    notes = {"version": "0.1.1", "name": "crop1", "description": "", "class_names": names}
    notes |= {**empty, "duration_days": None, "protocol_uri": None}
    group = zarr.open_group(zarr.storage.LocalStore(root), path=CROP, mode="a", zarr_format=version)
    group.attrs["cellmap"] = {"annotation": notes}


def say_finer(root, twin, names):
    """The same files under groups that call their voxels 4 nm."""
    for path in [RAW] + [f"{CROP}/{name}" for name in names]:
        group = zarr.open_group(zarr.storage.LocalStore(twin), path=path, mode="w", zarr_format=2)
        source = zarr.open_group(zarr.storage.LocalStore(root), path=path, mode="r", zarr_format=2)
        group.attrs.update({**dict(source.attrs), **multiscales(path.rsplit("/", 1)[1], 4, 2)})
        os.symlink(os.path.relpath(os.path.join(root, path, "s0"), os.path.join(twin, path)), os.path.join(twin, path, "s0"))
    annotate_crop(twin, names, 2)


if __name__ == "__main__":
    main()
