#!/usr/bin/env python3
"""Ways to read whole chunk files, out of the operating system's cache and past it: a table of ratios in Markdown.

    benches/reads.py FOLDER [--files N] [--kib K] [--rounds R]

FOLDER (on the disk that is meant) gets N files of random bytes, as large as an encoded 64³ chunk of EM; they are removed
again. Before a cold round the cache is told to drop them (posix_fadvise DONTNEED), and mincore is asked whether it did. The
host of a virtual machine has a cache of its own, of which nobody can ask that. A round reads every file once, in random
order, by each way in turn; the ratio is of medians, to reading as the file store does.
"""

import argparse
import concurrent.futures
import ctypes
import mmap
import os
import random
import statistics
import time

PAGE = mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)


def main():
    args = arguments()
    os.makedirs(args.folder, exist_ok=True)
    paths = write(args)
    try:
        table(args, paths)
    finally:
        for path in paths:
            os.remove(path)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--kib", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 8])
    return parser.parse_args()


def write(args):
    paths = [os.path.join(args.folder, f"chunk.{index}") for index in range(args.files)]
    for path in paths:
        with open(path, "wb") as file:
            # No whole number of pages: chunks seldom are.
            file.write(os.urandom(args.kib * 1024 - 100))
            file.flush()
            os.fsync(file.fileno())
    return paths


def plain(path):
    """As the file store reads: open, ask the length, read into new memory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return len(os.read(descriptor, os.fstat(descriptor).st_size))
    finally:
        os.close(descriptor)


def advised(advice):
    def read(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, advice)
            return len(os.read(descriptor, os.fstat(descriptor).st_size))
        finally:
            os.close(descriptor)

    return read


def mapped(advice):
    def read(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as memory:
                if advice is not None:
                    memory.madvise(advice)
                # One byte of each page, as a decoder that reads in place would bring them in.
                return len(memory) if memory[::PAGE] else 0
        finally:
            os.close(descriptor)

    return read


def direct(path):
    """Past the cache, into memory that begins at a page."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT)
    try:
        size = os.fstat(descriptor).st_size
        with mmap.mmap(-1, -(-size // PAGE) * PAGE) as memory:
            return os.preadv(descriptor, [memory], 0)
    finally:
        os.close(descriptor)


WAYS = {
    "read": plain,
    "read, fadvise RANDOM": advised(os.POSIX_FADV_RANDOM),
    "read, fadvise SEQUENTIAL": advised(os.POSIX_FADV_SEQUENTIAL),
    "mmap": mapped(None),
    "mmap, MADV_RANDOM": mapped(mmap.MADV_RANDOM),
    "mmap, MADV_WILLNEED": mapped(mmap.MADV_WILLNEED),
    "O_DIRECT": direct,
}
# As a loader that knows the coming reads would: the cache is asked for a file so many reads before it is read.
AHEAD = 16


def table(args, paths):
    print("| threads | way | warm, µs a file | × read | cold, µs a file | × read |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for threads in args.threads:
        took = {(way, cold): [] for way in [*WAYS, "read, asked ahead"] for cold in (False, True)}
        for _ in range(args.rounds):
            for way, cold in random.sample(list(took), len(took)):
                took[way, cold].append(round_of(way, cold, paths, threads))
        medians = {key: statistics.median(times) / len(paths) * 1e6 for key, times in took.items()}
        for way in [*WAYS, "read, asked ahead"]:
            cells = [f"{medians[way, cold]:.0f} | {medians['read', cold] / medians[way, cold]:.2f}" for cold in (False, True)]
            print(f"| {threads} | {way} | {' | '.join(cells)} |", flush=True)


def round_of(way, cold, paths, threads):
    for path in paths:
        prepare(path, cold)
    order = random.sample(paths, len(paths))
    if cold:
        left = sum(resident(path) for path in paths)
        if left > len(paths) // 100:
            raise SystemExit(f"reads.py: the cache keeps {left} of {len(paths)} files: nothing cold can be measured here")
    shares = [order[thread::threads] for thread in range(threads)]
    work = ahead if way == "read, asked ahead" else WAYS[way]
    whole = (lambda share: ahead(share)) if work is ahead else (lambda share: sum(map(work, share)))
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        read = sum(pool.map(whole, shares))
        took = time.perf_counter() - began
    if read != sum(os.path.getsize(path) for path in paths):
        raise SystemExit(f"reads.py: {way} read {read} bytes")
    return took


def ahead(share):
    read = 0
    for index in range(-AHEAD, len(share)):
        if index + AHEAD < len(share):
            descriptor = os.open(share[index + AHEAD], os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            os.close(descriptor)
        if index >= 0:
            read += plain(share[index])
    return read


def prepare(path, cold):
    if not cold:
        plain(path)
        return
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def resident(path):
    """Whether the first page of a file is in the cache."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with mmap.mmap(descriptor, PAGE, flags=mmap.MAP_PRIVATE) as memory:
            said = (ctypes.c_ubyte * 1)()
            place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
            if LIBC.mincore(ctypes.c_void_p(place), ctypes.c_size_t(PAGE), said):
                raise OSError(ctypes.get_errno(), "mincore")
            return said[0] & 1
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
