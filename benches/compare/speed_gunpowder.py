"""gunpowder: its Zarr source, RandomLocation and Stack, in this process or with PreCache workers; nothing augmented."""

from importlib.metadata import version

import gunpowder as gp
import numpy as np
import speed_measure as measure

VOXEL = gp.Coordinate(8, 8, 8)


def main():
    """Measures."""
    add = lambda parser: parser.add_argument("--workers", type=int, default=0)
    args = measure.arguments(__doc__, add)
    np.random.seed(measure.SEED)
    keys = [gp.ArrayKey(name.upper()) for name in ["raw", *args.classes]]
    request = gp.BatchRequest()
    for key in keys:
        request.add(key, VOXEL * args.side)
    with gp.build(pipeline(args, keys)) as built:
        settings = {"precache_workers": args.workers}
        first = 2 * args.workers * measure.BATCH
        measure.run(args, batches(built, request), "gunpowder", version("gunpowder"), settings, first)


def pipeline(args, keys):
    """Source, place, batch, and workers if asked for."""
    datasets = dict(zip(keys, measure.array_paths(args)))
    specs = {key: gp.ArraySpec(voxel_size=VOXEL, interpolatable=number == 0) for number, key in enumerate(keys)}
    stacked = gp.ZarrSource(args.store, datasets, specs) + gp.RandomLocation() + gp.Stack(measure.BATCH)
    return stacked + gp.PreCache(cache_size=2 * args.workers, num_workers=args.workers) if args.workers else stacked


def batches(built, request):
    """Batch after batch."""
    while True:
        yield built.request_batch(request)


if __name__ == "__main__":
    main()
