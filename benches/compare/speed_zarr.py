"""zarr-python 3: plain reads of the same crops, through its own codec pipeline or through that of zarrs."""

from importlib.metadata import version

import speed_measure as measure
import zarr


def main():
    """Measures."""
    add = lambda parser: parser.add_argument("--zarrs", action="store_true")
    args = measure.arguments(__doc__, add)
    if args.zarrs:
        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
    store = zarr.storage.LocalStore(args.store, read_only=True)
    arrays = [zarr.open_array(store, path=path, mode="r") for path in measure.array_paths(args)]
    pipeline = type(arrays[0].async_array.codec_pipeline).__name__
    names = ["zarr", "zarrs"] if args.zarrs else ["zarr"]
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    system = "zarr-python, zarrs" if args.zarrs else "zarr-python"
    boxes = measure.boxes(arrays[0].shape, args.side)
    measure.run(args, batches(arrays, boxes), system, versions, {"pipeline": pipeline})


def batches(arrays, boxes):
    """Batches, array by array: zarr-python reads the chunks of one at a time in parallel."""
    while True:
        yield measure.stacked([[array[box] for array in arrays] for box, _ in zip(boxes, range(measure.BATCH))])


if __name__ == "__main__":
    main()
