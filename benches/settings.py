#!/usr/bin/env python3
"""What allocators and pinned threads bring: the loader's own rate under each in turn, as a table of ratios in Markdown.

    benches/settings.py WORK FOLDER [--rounds R] [--seconds S]     WORK of rich, poor, rotated

FOLDER holds the phantom that bench-instructions writes. The same binary runs under each setting: nothing is compiled for it.
Allocators come by LD_PRELOAD (Debian: libjemalloc2, libmimalloc2.0); one that is not installed is left out, and told.
A ratio is the median of those of the rounds, of each round to the one without any setting.
"""

import argparse
import ctypes.util
import json
import os
import statistics
import subprocess
import tempfile
import time

TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(os.path.dirname(__file__), "..", "target"))
BINARY = os.path.join(TARGET, "release", "bench-case")
CONFIG = """
[data]
path = "{dataset}"
classes = ["cyto", "ecs", "er", "lyso", "mito", "nuc", "pm", "ves"]
[input.raw]
shape = [128, 128, 128]
voxel_size_nm = [8, 8, 8]
encoding = "u8"
[target.labels]
shape = [128, 128, 128]
voxel_size_nm = [8, 8, 8]
encoding = "u8"
[sampling]
subset = {{ crops = ["crop1"] }}
[augment]
{augment}
[loader]
batch_size = 2
memory = "{memory}"
"""
TURNED = 'mirror = { z = 0.5, y = 0.5, x = 0.5 }\ntranspose = { axes = ["z", "y", "x"], probability = 1.0 }'
# Poor: two batches of 71 MB, and room for some of the chunks.
WORKS = {
    "rich": {"memory": "4 GiB", "augment": TURNED},
    "poor": {"memory": "160 MB", "augment": TURNED},
    "rotated": {"memory": "4 GiB", "augment": "rotate = { z = [-180, 180], probability = 1.0 }"},
}
SETTINGS = {
    "as it is (glibc)": {},
    "glibc, huge pages": {"env": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}},
    "jemalloc": {"library": "jemalloc"},
    "jemalloc, huge pages": {"library": "jemalloc", "env": {"MALLOC_CONF": "thp:always"}},
    "mimalloc": {"library": "mimalloc"},
    "a core for each worker": {"pin": True},
}


def main():
    args = arguments()
    settings = {}
    for name, setting in SETTINGS.items():
        if args.only and name not in [next(iter(SETTINGS)), *args.only]:
            continue
        library = setting.get("library")
        if library and not ctypes.util.find_library(library):
            print(f"{name}: lib{library} is not installed")
            continue
        settings[name] = setting
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        dataset = os.path.abspath(os.path.join(args.folder, "phantom.zarr"))
        config.write(CONFIG.format(dataset=dataset, **WORKS[args.work]))
        config.flush()
        rounds = [{name: run(args, config.name, **setting) for name, setting in settings.items()} for _ in range(args.rounds)]
    table(args, rounds, list(settings))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("folder")
    parser.add_argument("--only", nargs="+", choices=SETTINGS, help="beside the one without any")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--warm-up", type=float, default=0.7)
    return parser.parse_args()


def run(args, config, env=None, library=None, pin=False):
    env = {**os.environ, **(env or {})}
    if library:
        env["LD_PRELOAD"] = ctypes.util.find_library(library)
    command = [BINARY, config, "--seconds", str(args.seconds), "--warm-up", str(args.warm_up)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    if pin:
        time.sleep(args.warm_up / 2)
        pinned(process.pid)
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"settings.py: bench-case ended with {process.returncode}")
    return json.loads(out)


def pinned(pid):
    """Gives every worker a core of its own, in turn."""
    cores, workers = sorted(os.sched_getaffinity(0)), 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm") as file:
            name = file.read().strip()
        if name.startswith("worker-"):
            os.sched_setaffinity(int(task), {cores[int(name.removeprefix("worker-")) % len(cores)]})
            workers += 1
    if not workers:
        raise SystemExit("settings.py: there are no workers to pin")


def table(args, rounds, names):
    plain = names[0]
    print(f"{args.work}: {args.rounds} rounds in turn of {args.seconds:g} s\n")
    print("| setting | samples/s | × as it is | least–most | processor, × as it is | peak RSS |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in names:
        rate = statistics.median(said[name]["samples_per_s"] for said in rounds)
        ratios = [said[name]["samples_per_s"] / said[plain]["samples_per_s"] for said in rounds]
        cpu = [said[name]["cpu_seconds_per_sample"] / said[plain]["cpu_seconds_per_sample"] for said in rounds]
        rss = statistics.median(said[name]["peak_rss_bytes"] for said in rounds) / 1e6
        spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
        print(
            f"| {name} | {rate:.0f} | {statistics.median(ratios):.2f} | {spread} | {statistics.median(cpu):.2f} | {rss:.0f} MB |"
        )
    print(f"\nof lookups of chunks {rounds[0][plain]['hit_rate']:.0%} hit.\n")


if __name__ == "__main__":
    main()
