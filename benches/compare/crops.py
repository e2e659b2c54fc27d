"""Crops out of Microtome: writes a configuration, runs `microtome sample`, and reads back arrays and provenance."""

import json
import os
import subprocess
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Asked:
    """A configuration: what to draw from (`labels`: folders of crops) and what patches to make of it. Sizes are z, y, x;
    sizes of voxels are nm."""

    raw: str
    labels: list
    classes: list
    shape: tuple
    voxel_nm: tuple
    count: int = 4
    seed: int = 7
    inputs: tuple = ("u8", "f32")
    targets: tuple = ("ids", "u8", "f32")
    augment: str = ""
    sampling: str = ""
    relations: dict = field(default_factory=dict)

    def toml(self):
        """The configuration as text. Arrays are named after their encodings, `in_u8` or `out_ids`."""
        lines = ["[data]", f"classes = {json.dumps(self.classes)}"]
        if self.relations:
            lines += ["[data.relations]"] + [f"{name} = {json.dumps(others)}" for name, others in self.relations.items()]
        for labels in self.labels or [None]:
            lines += ["[[data.train]]", f"raw = {json.dumps(self.raw)}"]
            lines += [f"labels = {json.dumps(labels)}"] if labels else []
        arrays = [("input", "in", e) for e in self.inputs]
        arrays += [("target", "out", e) for e in self.targets if self.labels]
        for table, prefix, encoding in arrays:
            lines += [f"[{table}.{prefix}_{encoding}]", f"shape = {list(self.shape)}"]
            lines += [f"voxel_size_nm = {[float(v) for v in self.voxel_nm]}", f'encoding = "{encoding}"']
        lines += ["[sampling]", self.sampling, "[augment]", self.augment, "[loader]", f"batch_size = {self.count}", 'on_error = "fail"']
        return "\n".join(lines) + "\n"


@dataclass
class Crop:
    """One sample: its arrays (channel, z, y, x) by name, masks of what is known by name, and where it came from."""

    arrays: dict
    known: dict
    record: dict

    @property
    def grid(self):
        """Centre (nm), shape, voxel size (nm) and orientation."""
        return self.record["grid"]


def draw(binary, asked, folder):
    """Runs Microtome; answers the samples in their order."""
    os.makedirs(folder, exist_ok=True)
    config = os.path.join(folder, "config.toml")
    with open(config, "w") as file:
        file.write(asked.toml())
    out = os.path.join(folder, "crops")
    command = [binary, "sample", config, "--count", str(asked.count), "--seed", str(asked.seed), "--out", out, "--force"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return [read(out, number) for number in range(asked.count)]


def read(folder, number):
    """Sample `number` of a folder that `microtome sample` wrote."""
    with open(os.path.join(folder, f"{number:06}.json")) as file:
        record = json.load(file)
    load = lambda name: np.load(os.path.join(folder, name))
    arrays = {array["name"]: load(array["file"]) for array in record["arrays"]}
    known = {a["name"]: load(a["known_file"]) for a in record["arrays"] if a["known_file"]}
    return Crop(arrays, known, record)
