"""Throughput of the loader from Python beside that from Rust: the same configurations in turn, each run a process of its own.

    python3 benches/python.py OUT.md [--binary target/release/bench-case] [--rounds 3] [--seconds 3]

Needs the package `microtome`, built in release and on PYTHONPATH or installed, and `bench-case` of the same build
(cargo build --release -p microtome-benches --bin bench-case). See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ENCODINGS = ("u8", "ids", "bits", "f32")
CONFIG = """
[data]
path = "{data}"
[input.raw]
shape = [96, 96, 96]
voxel_size_nm = [8, 8, 8]
encoding = "{raw}"
[target.labels]
shape = [96, 96, 96]
voxel_size_nm = [8, 8, 8]
encoding = "{labels}"
[augment]
mirror = {{ z = 0.5, y = 0.5, x = 0.5 }}
transpose = {{ axes = ["z", "y", "x"], probability = 1.0 }}
[loader]
batch_size = 2
memory = "2 GiB"
"""
# Takes batches, and looks at one value of each, as training would at all.
TAKER = """
import sys, time
import microtome
config, warm_up, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
tensors_of = None
if sys.argv[4] == "torch":
    import microtome.torch
    tensors_of = microtome.torch.tensors_of
with microtome.Loader(config) as loader:
    def take(until):
        samples, began = 0, time.perf_counter()
        while time.perf_counter() - began < until:
            batch = loader.next_batch()
            samples += batch.samples
            arrays = batch if tensors_of is None else tensors_of(batch)
            arrays["raw"][0, 0, 0, 0, 0]
        return samples / (time.perf_counter() - began)
    take(warm_up)
    print(take(seconds))
"""


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--binary", default="target/release/bench-case")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm-up", type=float, default=2.0)
    parser.add_argument("--torch", action="store_true", help="measure tensors of PyTorch, too")
    args = parser.parse_args()
    ways = ["Rust", "NumPy"] + (["torch"] if args.torch else [])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "phantom.zarr"
        made = "import sys\nfrom microtome import _microtome\n_microtome.write_phantom(sys.argv[1], shape=[256] * 3, "
        made += "voxel_size_nm=[8.0] * 3, seed=1, sharded=False)\n"
        subprocess.run([sys.executable, "-c", made, str(data)], check=True)
        for labels in ENCODINGS:
            config = Path(folder) / f"{labels}.toml"
            raw = "f32" if labels == "f32" else "u8"
            config.write_text(CONFIG.format(data=data, raw=raw, labels=labels))
            rates = {way: [] for way in ways}
            for _ in range(args.rounds):
                for way in ways:
                    rates[way].append(rate(way, config, args))
            rows.append(row(labels, rates))
    head = " | ".join(f"{way}, samples/s" for way in ways)
    ratios = " | ".join(f"{way} ÷ Rust" for way in ways[1:])
    rule = " | ".join(["---:"] * (2 * len(ways) - 1))
    lines = [
        "# The loader from Python beside that from Rust",
        "",
        f"Written by `benches/python.py`: {args.rounds} rounds in turn of {args.seconds} s after {args.warm_up} s, median "
        f"(least–most); {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; Python {sys.version.split()[0]}. "
        "Crops of 96³ of a synthetic cell of 256³, raw and 16 classes, mirrored and transposed, batches of 2.",
        "",
        f"| labels | {head} | {ratios} |",
        f"| --- | {rule} |",
        *rows,
        "",
    ]
    args.out.write_text("\n".join(lines))
    sys.stdout.write("\n".join(lines))


def rate(way: str, config: Path, args: argparse.Namespace) -> float:
    """Samples per second of one run."""
    times = [str(args.warm_up), str(args.seconds)]
    if way == "Rust":
        command = [args.binary, str(config), "--warm-up", times[0], "--seconds", times[1]]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return json.loads(said)["samples_per_s"]
    command = [sys.executable, "-c", TAKER, str(config), *times, way]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def row(labels: str, rates: dict[str, list[float]]) -> str:
    """One line of the table."""
    medians = {way: statistics.median(found) for way, found in rates.items()}
    cells = [f"{medians[way]:.0f} ({min(found):.0f}–{max(found):.0f})" for way, found in rates.items()]
    ratios = [f"{medians[way] / medians['Rust']:.3f}" for way in list(rates)[1:]]
    return f"| {labels} | {' | '.join(cells)} | {' | '.join(ratios)} |"


if __name__ == "__main__":
    main()
