"""What is measured: for every kind of work the systems that do it, each as a command of its own process."""

import json
import os
from dataclasses import dataclass, field

CLASSES = ["cyto", "er", "mito", "nuc", "ecs", "golgi", "ves", "lyso"]
ALL_CLASSES = [f"class_{number:02}" for number in range(1, 49)]
# The arrays whose decoding is measured: raw, the classes; and the combined one. The other stores hold the same chunks.
GROUNDTRUTH = "recon-1/labels/groundtruth/crop1"
IMAGE = "em8.zarr/recon-1/em/fibsem-uint8"
ARRAYS = [f"{IMAGE}/s0"] + [f"em8.zarr/{GROUNDTRUTH}/{name}/s0" for name in CLASSES]
# The array of class ids, read as labels of its own.
ARRAY = "all"
COMBINED = f"all.zarr/{GROUNDTRUTH}/all/s0"
POOR, RICH = 256_000_000, 4_000_000_000
BUDGETS = {"256 MB": POOR, "1 GB": 1_000_000_000, "4 GB": RICH}
THREADS = [1, 2, 4, 8, 16]
# Samples drawn from one neighbourhood in a row, where that is asked for.
LOCAL = 16
MOVES = "mirror = { z = 0.5, y = 0.5, x = 0.5 }\ntranspose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }\n"
TURN = "rotate = { z = [-180, 180], probability = 1.0 }\n"
WORKERS = [0, 1, 2, 4]


@dataclass
class Work:
    """One kind of work: the crops (stored voxels a side for those who read plainly) of a store, and who does it."""

    name: str
    what: str
    store: str
    side: int = 128
    step: int = 1
    augment: str = MOVES
    classes: list = field(default_factory=lambda: CLASSES)
    peers: tuple = ("tensorstore", "zarr", "zarrs")
    cellmap: bool = True


WORKS = [
    Work("plain", "128³ at 8 nm, mirrored and transposed", "em8.zarr", peers=("tensorstore", "zarr", "zarrs", "gunpowder")),
    Work("rotated", "the same, also rotated freely about z", "em8.zarr", augment=MOVES + TURN, peers=()),
    Work("small", "64³ at 8 nm", "em8.zarr", side=64, peers=("tensorstore", "zarr", "zarrs", "gunpowder")),
    Work("all", "128³ of 48 classes from one array of ids", "all.zarr", classes=ALL_CLASSES, cellmap=False),
    Work("fine", "128³ at 8 nm from 4 nm", "em4.zarr", step=2, peers=("tensorstore", "zarrs")),
    Work("sharded", "128³ from Zarr v3, chunks of 64³ in shards of 256³", "em8_v3.zarr", cellmap=False),
]


@dataclass
class Case:
    """A process to run. `once`: in the first round alone."""

    work: str
    label: str
    command: list
    environment: str
    once: bool = False
    about: dict = field(default_factory=dict)


class Maker:
    """Makes cases; knows where the stores, the environments, the binary and the configurations are."""

    def __init__(self, places, threads):
        self.places = places
        self.threads = threads

    def of_work(self, work):
        """Every case of a kind of work: cellmap-data, the other peers, Microtome."""
        return self.cellmap(work) + self.plain_peers(work) + self.microtome(work)

    def cellmap(self, work):
        """cellmap-data with several counts of workers; the best of them is found in the plain work."""
        if not work.cellmap:
            return []
        label = "cellmap-data, {} workers"
        case = lambda workers, *more: self.peer(work, label.format(workers), "cellmap", "--workers", str(workers), *more)
        if work.name == "plain":
            shuffling = case(2, "--own-shuffling")
            shuffling.label, shuffling.once = shuffling.label + ", its own shuffling", True
            return [case(workers) for workers in WORKERS] + [shuffling]
        return [case(2, *(["--rotate"] if TURN in work.augment else []))]

    def plain_peers(self, work):
        """Those who read without augmentation."""
        found = []
        if "tensorstore" in work.peers:
            for name, limit in [("no cache", 0), ("cache of 256 MB", POOR), ("cache of everything", RICH)]:
                found.append(self.peer(work, f"tensorstore, {name}", "tensorstore", "--cache-bytes", str(limit)))
        if "zarr" in work.peers:
            found.append(self.peer(work, "zarr-python", "zarr"))
        if "zarrs" in work.peers:
            found.append(self.peer(work, "zarr-python with zarrs", "zarr", "--zarrs"))
        if "gunpowder" in work.peers:
            found.append(self.peer(work, "gunpowder", "gunpowder"))
            found.append(self.peer(work, "gunpowder, 2 workers", "gunpowder", "--workers", "2"))
        return found

    def peer(self, work, label, driver, *more):
        """A driver in its environment. Of `all`, the peers read the one array that there is."""
        classes = [ARRAY] if work.name == "all" else work.classes
        side = work.side if driver == "cellmap" else work.side * work.step
        script = os.path.join(os.path.dirname(__file__), f"speed_{driver}.py")
        environment = {"tensorstore": "peers", "zarr": "peers"}.get(driver, driver)
        command = [self.places[environment], script, "--store", self.store(work), "--classes", ",".join(classes)]
        return Case(work.name, label, [*command, "--side", str(side), *more], environment)

    def store(self, work):
        """The dataset's folder."""
        return os.path.join(self.places["stores"], work.store)

    def microtome(self, work):
        """Microtome in both states, in the encodings that matter there."""
        if work.name == "all":
            return self.combined(work)
        rich = {"plain": ["f32", "u8", "ids", "bits"]}.get(work.name, ["f32", "u8"])
        found = [self.ours(work, f"{labels}, rich", raw_of(labels), labels) for labels in rich]
        if work.name == "plain":
            found.append(self.ours(work, "raw f32, labels u8, rich", "f32", "u8"))
        found.append(self.ours(work, "u8, poor", "u8", "u8", memory=POOR))
        if work.name != "rotated":
            found.append(self.ours(work, "u8, poor, chunk-local", "u8", "u8", memory=POOR, local=LOCAL))
        return found

    def combined(self, work):
        """All 48 classes in every encoding, and one alone."""
        found = [self.ours(work, f"48 classes, {labels}, rich", raw_of(labels), labels) for labels in ["bits", "ids", "u8", "f32"]]
        one = ALL_CLASSES[:1]
        found += [self.ours(work, f"1 class, {labels}, rich", "u8", labels, classes=one) for labels in ["ids", "bits"]]
        found.append(self.ours(work, "the array as it is, ids, rich", "u8", "ids", classes=[ARRAY]))
        return found + [self.ours(work, "48 classes, bits, poor", "u8", "bits", memory=POOR)]

    def ours(self, work, label, raw, labels, memory=RICH, local=1, classes=None, threads=None, more=()):
        """Microtome with a configuration of its own."""
        classes = classes or work.classes
        made = {"raw": raw, "labels": labels, "memory": memory, "local": local, "threads": threads or self.threads}
        text = self.configuration(work, classes, **made)
        path = os.path.join(self.places["configurations"], f"{work.name} {label}.toml".replace(" ", "-").replace(",", ""))
        with open(path, "w") as file:
            file.write(text)
        voxels = work.side**3 * work.step**3
        arrays = 2 if work.name == "all" else 1 + len(classes)
        about = {"state": "poor" if memory == POOR else "rich", "voxels": work.side**3, "source_bytes_per_sample": voxels * arrays}
        about |= made
        return Case(work.name, f"Microtome, {label}", [self.places["microtome"], path, *more], "microtome", about=about)

    def configuration(self, work, classes, raw, labels, memory, local, threads):
        """The TOML."""
        lines = ["[data]", f"path = {json.dumps(self.store(work))}", f"classes = {json.dumps(classes)}"]
        if work.name == "all" and classes != [ARRAY]:
            lines += [f"class_table = {json.dumps(os.path.join(self.places['stores'], 'classes.csv'))}"]
        for table, encoding in [("input.raw", raw), ("target.labels", labels)]:
            lines += [f"[{table}]", f"shape = {[work.side] * 3}", "voxel_size_nm = [8, 8, 8]", f'encoding = "{encoding}"']
        lines += ["[sampling]", f"chunk_local = {local}", "[augment]", work.augment]
        lines += ["[loader]", "batch_size = 2", f"memory = {memory}", f"threads = {threads}", 'on_error = "fail"']
        return "\n".join(lines) + "\n"

    def memory_cases(self):
        """Every budget with every number of threads."""
        plain = WORKS[0]
        cases = []
        for name, memory in BUDGETS.items():
            for threads in THREADS:
                for labels in ["u8", "f32"] if memory > POOR else ["u8"]:
                    label = f"{labels}, {name}, {threads} threads"
                    cases.append(self.ours(plain, label, raw_of(labels), labels, memory=memory, threads=threads))
        return cases

    def scaling_cases(self):
        """One thread and two."""
        return [self.ours(WORKS[0], f"u8, rich, threads {threads}", "u8", "u8", threads=threads) for threads in [1, 2]]

    def profiling_case(self):
        """Spans on and off in turn."""
        return self.ours(WORKS[0], "u8, rich, profiled", "u8", "u8", more=("--profile",))

    def soak(self, log):
        """The heaviest work in the poor state, with a log of it."""
        return self.ours(WORKS[1], "u8, poor, soak", "u8", "u8", memory=POOR, more=("--log", log))


def raw_of(labels):
    """Raw as what is asked for: float for float labels, else as stored."""
    return "f32" if labels == "f32" else "u8"
