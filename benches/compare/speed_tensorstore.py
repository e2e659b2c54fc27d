"""tensorstore: plain reads of the same crops, one batch ahead, with a cache pool of so many bytes."""

import os
from importlib.metadata import version

import numpy as np
import speed_measure as measure
import tensorstore as ts


def main():
    """Measures."""
    add = lambda parser: parser.add_argument("--cache-bytes", type=int, default=0)
    args = measure.arguments(__doc__, add)
    arrays = opened(args)
    boxes = measure.boxes(arrays[0].shape, args.side)
    settings = {"cache_bytes": args.cache_bytes}
    first = measure.STEADY_SAMPLES if args.cache_bytes else 1
    measure.run(args, batches(arrays, boxes), "tensorstore", version("tensorstore"), settings, first)


def opened(args):
    """The arrays, behind one cache pool."""
    context = ts.Context({"cache_pool": {"total_bytes_limit": args.cache_bytes}})
    driver = "zarr3" if os.path.exists(os.path.join(args.store, "zarr.json")) else "zarr"
    spec = lambda path: {"driver": driver, "kvstore": {"driver": "file", "path": os.path.join(args.store, path)}}
    checks = {"recheck_cached_data": False, "recheck_cached_metadata": "open"}
    return [ts.open(spec(path) | checks, context=context, read=True).result() for path in measure.array_paths(args)]


def batches(arrays, boxes):
    """Batches, all reads of the next being under way while one is stacked."""
    begin = lambda: [[array[box].read() for array in arrays] for box, _ in zip(boxes, range(measure.BATCH))]
    reads = begin()
    while True:
        following = begin()
        yield measure.stacked([[np.asarray(read.result()) for read in sample] for sample in reads])
        reads = following


if __name__ == "__main__":
    main()
