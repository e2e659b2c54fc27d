"""What the drivers of the peers share: the same crops, the steady state, and memory and time of a process with its children."""

import argparse
import json
import os
import resource
import time

import numpy as np

RAW = "recon-1/em/fibsem-uint8"
CROP = "recon-1/labels/groundtruth/crop1"
BATCH = 2
SEED = 7
# A cache that holds everything has seen nearly every chunk after so many samples.
STEADY_SAMPLES = 64
WARM_UP_AT_MOST = 4
LEAST_BATCHES = 4
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def arguments(description, add=lambda parser: None):
    """What every driver is told, and what `add` adds."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--store", required=True, help="CellMap dataset")
    parser.add_argument("--classes", required=True, help="with commas between")
    parser.add_argument("--side", type=int, default=128, help="stored voxels a side of the crops")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--warm-up", type=float, default=2)
    add(parser)
    args = parser.parse_args()
    args.classes = args.classes.split(",")
    return args


def array_paths(args):
    """Raw, then every class, from the dataset."""
    return [f"{RAW}/s0"] + [f"{CROP}/{name}/s0" for name in args.classes]


def boxes(shape, side):
    """Boxes of `side`³ voxels, every position equally likely, the same in every process."""
    draw = np.random.default_rng(SEED)
    while True:
        low = [int(draw.integers(0, n - side + 1)) for n in shape]
        yield tuple(slice(at, at + side) for at in low)


def stacked(samples):
    """A batch of samples, each raw and its labels: raw [batch, z, y, x] and labels [batch, class, z, y, x]."""
    return np.stack([arrays[0] for arrays in samples]), np.stack([np.stack(arrays[1:]) for arrays in samples])


def run(args, batches, system, version, settings, first=1):
    """Takes batches, tells the steady rate as one line of JSON. `first`: samples without which it does not run steadily."""
    warm_up(args, batches, first)
    cpu, began, samples, count = cpu_seconds(), time.perf_counter(), 0, 0
    while time.perf_counter() - began < args.seconds or count < LEAST_BATCHES:
        next(batches)
        samples, count = samples + BATCH, count + 1
    seconds = time.perf_counter() - began
    said = {"system": system, "version": version, "settings": settings, "samples": samples, "seconds": seconds}
    said |= {"samples_per_s": samples / seconds, "cpu_seconds_per_sample": (cpu_seconds() - cpu) / samples}
    said |= {"peak_rss_bytes": sum(map(peak_bytes, family())), "pss_bytes": sum(map(share_bytes, family()))}
    print(json.dumps(said), flush=True)


def warm_up(args, batches, first):
    """So long, and the first samples, unless these take much longer; the start of workers and imports does not count."""
    next(batches)
    began, samples = time.perf_counter(), BATCH
    while time.perf_counter() - began < args.warm_up * (WARM_UP_AT_MOST if samples < first else 1):
        next(batches)
        samples += BATCH


def family():
    """This process and its descendants."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        fields = stat(pid)
        if fields:
            parents[int(pid)] = int(fields[1])
    found = [os.getpid()]
    for pid in found:
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found


def stat(pid):
    """The fields of /proc/PID/stat after the name, or nothing if the process has gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(") ", 1)[1].split()
    except (OSError, IndexError):
        return []


def peak_bytes(pid):
    """The largest resident set so far."""
    return kib(f"/proc/{pid}/status", "VmHWM:")


def share_bytes(pid):
    """The resident set now, pages that processes share being divided among them."""
    return kib(f"/proc/{pid}/smaps_rollup", "Pss:")


def kib(path, label):
    """A line `label 1234 kB` as bytes, 0 if it is not there."""
    try:
        with open(path) as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(label))
    except (OSError, StopIteration):
        return 0


def cpu_seconds():
    """User and system time of this process, of its children that live, and of those that ended."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    gone = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = [stat(pid) for pid in family()[1:]]
    alive = sum(int(fields[11]) + int(fields[12]) for fields in children if fields) / TICKS_PER_S
    return own.ru_utime + own.ru_stime + gone.ru_utime + gone.ru_stime + alive
