"""cellmap-data: its own dataset and its own DataLoader, mirrored and transposed, also rotated about z; float32 as it gives."""

import os
from importlib.metadata import version

import peer  # noqa: F401: silences the warnings of cellmap-data
import speed_measure as measure
import torch
from cellmap_data import CellMapDataLoader, CellMapDataset

MIRROR = {"axes": {"x": 0.5, "y": 0.5, "z": 0.5}}
TRANSPOSE = {"axes": ["x", "y", "z"]}
ROTATE = {"axes": {"z": [-180, 180]}}
VOXEL_NM = (8, 8, 8)
# More than anybody takes here.
SAMPLES = 1 << 20


def main():
    """Measures."""
    args = measure.arguments(__doc__, options)
    made = dataset(args)
    settings = {"workers": args.workers, "rotated": args.rotate, "own_shuffling": args.own_shuffling}
    first = 2 * args.workers * measure.BATCH
    measure.run(args, batches(made, args), "cellmap-data", version("cellmap-data"), settings, first)


def options(parser):
    """Its own."""
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--rotate", action="store_true")
    parser.add_argument("--own-shuffling", action="store_true", help="as it comes: torch lists and shuffles every position")


def dataset(args):
    """One crop, which is the whole volume."""
    transforms = {"mirror": MIRROR, "transpose": TRANSPOSE} | ({"rotate": ROTATE} if args.rotate else {})
    spec = {"shape": (args.side,) * 3, "scale": VOXEL_NM}
    labels = os.path.join(args.store, measure.CROP, "[" + ",".join(args.classes) + "]")
    raw = os.path.join(args.store, measure.RAW)
    return CellMapDataset(raw, labels, args.classes, {"raw": spec}, {"labels": spec}, spatial_transforms=transforms)


def batches(made, args):
    """Batch after batch. The sampler draws with replacement, so that torch does not list all 50 million positions."""
    replaced = torch.utils.data.RandomSampler(made, replacement=True, num_samples=SAMPLES)
    drawn = None if args.own_shuffling else replaced
    loader = CellMapDataLoader(made, batch_size=measure.BATCH, num_workers=args.workers, sampler=drawn)
    return iter(loader)


if __name__ == "__main__":
    main()
