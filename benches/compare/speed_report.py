"""The table of a run of speed.py: ratios against the goals, then everything that was measured. Pure but for `surroundings`."""

import os
import platform
import subprocess
from datetime import datetime, timezone

from speed_cases import ARRAYS, COMBINED, WORKS

MB = 1_000_000
# What a process may take beside its budget: a tenth, and so much.
BESIDE_BYTES = 150 * MB
AGAINST_CELLMAP = [("plain", "f32", 25), ("plain", "u8", 60), ("plain", "ids", 60), ("rotated", "f32", 100), ("rotated", "u8", 100)]
RICH_AGAINST_READERS = [
    ("plain", "u8, rich"),
    ("small", "u8, rich"),
    ("all", "the array as it is, ids, rich"),
    ("all", "48 classes, bits, rich"),
    ("fine", "u8, rich"),
    ("sharded", "u8, rich"),
]
PLAIN_READERS = ["tensorstore, cache of everything", "zarr-python", "zarr-python with zarrs", "gunpowder", "gunpowder, 2 workers"]


def summary(results):
    """The page."""
    table = {(row["work"], row["label"]): row for row in results["cases"]}
    parts = [heading(results), goals(results, table), limits(results)]
    parts += [work_table(results, work) for work in WORKS if any(row["work"] == work.name for row in results["cases"])]
    parts += [memory_table(results["memory"])] if "memory" in results else []
    parts += [soak_table(results["soak"])] if "soak" in results else []
    return "\n".join(line for part in parts for line in [*part, ""])


def heading(results):
    """Where and with what."""
    about = results["about"]
    versions = {}
    for row in results["cases"]:
        if "said" in row and row["environment"] != "microtome":
            versions[row["said"]["system"]] = row["said"]["version"]
    lines = ["# Microtome and its peers on the same stores", ""]
    lines += ["Written by `benches/compare/speed.sh`; its README says what is measured.", ""]
    lines += [f"- {key}: {value}" for key, value in about.items()]
    return lines + [f"- {name}: {version}" for name, version in sorted(versions.items())]


def surroundings(args, threads):
    """Machine and commit, without names of hosts or folders."""
    here = os.path.dirname(os.path.abspath(__file__))
    git = ["git", "-C", here, "describe", "--always", "--dirty", "--abbrev=10"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip() or "unknown"
    with open("/proc/cpuinfo") as file:
        model = next((line.split(": ")[1].strip() for line in file if line.startswith("model name")), "unknown")
    rounds = f"up to {args.rounds} rounds in turn of {args.seconds} s after {args.warm_up} s; median (least–most)"
    found = {"date": f"{datetime.now(timezone.utc):%Y-%m-%d}", "Microtome": f"commit {commit}"}
    return found | {"processor": f"{model}, {threads} cores", "load at the start": f"{os.getloadavg()[0]:.2f}", "Python": platform.python_version(), "measured": rounds}


def rate(table, work, label):
    """Samples per second, or nothing."""
    return table.get((work, label), {}).get("samples_per_s")


def best(table, work, labels):
    """The fastest of some systems: rate and label."""
    found = [(rate(table, work, label), label) for label in labels]
    return max((pair for pair in found if pair[0]), default=(None, "none ran"))


def cellmap_best(table, work):
    """cellmap-data at its best number of workers."""
    labels = [label for name, label in table if name == work and label.startswith("cellmap-data")]
    return best(table, work, [label for label in labels if "own shuffling" not in label])


def goals(results, table):
    """What has to be reached, and what is."""
    lines = ["| figure | goal | reached | |", "| --- | ---: | ---: | --- |"]
    for figure, found, goal, is_least in figures(results, table):
        if found is None:
            continue
        holds = found >= goal if is_least else found <= goal
        lines.append(f"| {figure} | {'≥' if is_least else '≤'} {goal:g} | {found:.2f} | {'yes' if holds else '**no**'} |")
    return ["## Against the goals", "", *lines]


def figures(results, table):
    """Figure, value, goal, and whether the goal is the least or the most."""
    ratio = lambda a, b: a / b if a and b else None
    ours = lambda work, label: rate(table, work, f"Microtome, {label}")
    found = []
    for work, labels, goal in AGAINST_CELLMAP:
        peer, name = cellmap_best(table, work)
        found.append((f"{work}, {labels}, rich ÷ {name}", ratio(ours(work, f"{labels}, rich"), peer), goal, True))
    for work, label in RICH_AGAINST_READERS:
        peer, name = best(table, work, PLAIN_READERS)
        found.append((f"{work}, {label} ÷ {name}", ratio(ours(work, label), peer), 2, True))
    for work in ["plain", "small", "fine", "sharded"]:
        peer = rate(table, work, "tensorstore, cache of 256 MB")
        for label, goal in [("u8, poor", 1.3), ("u8, poor, chunk-local", 4)]:
            found.append((f"{work}, {label} ÷ tensorstore, cache of 256 MB", ratio(ours(work, label), peer), goal, True))
    return found + inner_figures(results, table, ours, ratio)


def inner_figures(results, table, ours, ratio):
    """Figures of Microtome alone."""
    all_bits = ours("all", "48 classes, bits, rich")
    found = [
        (f"all, time of 48 classes as bits ÷ 1 class as {labels}", ratio(ours("all", f"1 class, {labels}, rich"), all_bits), 1.3, False)
        for labels in ["ids", "bits"]
    ]
    peak = lambda label: table.get(("plain", label), {}).get("peak_rss_bytes")
    for label in ["cellmap-data, 2 workers", "cellmap-data, 2 workers, its own shuffling"]:
        for state in ["rich", "poor"]:
            found.append((f"peak RSS, u8, {state} ÷ {label}", ratio(peak(f"Microtome, u8, {state}"), peak(label)), 0.2, False))
    if "memory" in results:
        worst = [row["peaks"][0] / allowed(row) for row in results["memory"] if "peaks" in row]
        found.append(("largest peak RSS ÷ (budget + 10 % + 150 MB)", max(worst, default=None), 1, False))
    if "scaling" in results:
        single, double = (row.get("samples_per_s") for row in results["scaling"])
        found.append(("2 threads ÷ 1 thread", ratio(double, single), 1.85, True))
    if "said" in results.get("profiling", {}):
        found.append(("spans on ÷ off", results["profiling"]["said"]["profiled"]["on_of_off"], 0.98, True))
    return found


def allowed(row):
    """The peak that a budget allows."""
    return 1.1 * row["about"]["memory"] + BESIDE_BYTES


def limits(results):
    """What the machine can do."""
    found = results["limits"]
    lines = ["## The machine's limits", "", f"Best of some tries with {found['threads']} threads, at the start and at the end of the run.", ""]
    lines += ["| | GB/s |", "| --- | ---: |"]
    for name, label in [("copy", "copy (read and written)"), ("fill", "fill"), ("convert", "u8 → f32, written")]:
        lines.append(f"| {label} | {found[f'{name}_bytes_per_s'] / 1e9:.1f} |")
    for label, arrays in [("raw", ARRAYS[:1]), ("labels", ARRAYS[1:])]:
        lines.append(f"| decode, {label} | {decode_rate(found, arrays) / 1e9:.2f} |")
    for name, label in [("interpolate", "rotation about z, interpolated to f32"), ("nearest", "rotation about z, nearest ids")]:
        lines.append(f"| {label} | {found[f'{name}_voxels_per_s'] / 1e9:.2f} Gvoxel/s |")
    return lines


def decode_rate(found, arrays):
    """Decoded bytes per second of arrays together, each for as much as it has chunks."""
    chunks = {path: found["chunks"][path] for path in arrays}
    seconds = sum(count / found["decode_bytes_per_s"][path] for path, count in chunks.items())
    return sum(chunks.values()) / seconds


def limit(results, work, row):
    """Samples per second that the machine's limit would allow a case of Microtome: alone what takes longest, and all that the
    same cores have to do, one after the other; or nothing.

    Poor: bytes that were decoded ÷ rate of decoding. Rich: bytes of the batch, but for masks in which everything is known,
    which all batches share (nobody writes them), and of their sources once,
    ÷ bandwidth, which is twice the rate of copying (a copied byte is read and written). Rich and rotated: the arithmetic, raw
    interpolated and labels nearest once for all classes, if that is slower.
    """
    if row["environment"] != "microtome" or "said" not in row:
        return None
    found, said = results["limits"], row["said"]
    moved = said["own_bytes_per_sample"] + row["about"]["source_bytes_per_sample"]
    move_s = moved / (2 * found["copy_bytes_per_s"])
    rotate_s = sum(row["about"]["voxels"] / found[f"{kind}_voxels_per_s"] for kind in ["interpolate", "nearest"])
    make_s = max(move_s, rotate_s if work == "rotated" else 0)
    if row["about"]["state"] == "rich":
        return 1 / make_s, 1 / make_s
    arrays = [ARRAYS[0], COMBINED] if work == "all" else ARRAYS
    decode_s = max(1, said["decoded_bytes_per_sample"]) / decode_rate(found, arrays)
    return 1 / decode_s, 1 / (decode_s + make_s)


def work_table(results, work):
    """Everything that was measured of one kind of work."""
    lines = [f"## {work.name}: {work.what}", ""]
    lines += ["| system | samples/s | (least–most) | CPU ms/sample | peak RSS MB | hit rate | decoded MB/sample | of the limit | of all limits together |"]
    lines += ["| --- |" + " ---: |" * 8]
    for row in results["cases"]:
        if row["work"] == work.name:
            lines.append(case_line(results, work.name, row))
    return lines


def case_line(results, work, row):
    """One system."""
    if "said" not in row:
        return f"| {row['label']} | {row['error']} |" + " |" * 7
    said, most = row["said"], limit(results, work, row) or ()
    number = lambda value, form, scale=1: "" if value is None else format(value / scale, form)
    cells = [row["label"], f"{row['samples_per_s']:.2f}", f"{min(row['rates']):.2f}–{max(row['rates']):.2f}"]
    cells += [f"{1000 * said['cpu_seconds_per_sample']:.1f}", f"{row['peak_rss_bytes'] / MB:.0f}"]
    cells += [number(said.get("hit_rate"), ".3f"), number(said.get("decoded_bytes_per_sample"), ".1f", MB)]
    cells += [f"{100 * row['samples_per_s'] / rate:.0f} %" for rate in most] or ["", ""]
    return "| " + " | ".join(cells) + " |"


def memory_table(rows):
    """Peaks by budget and threads."""
    lines = ["## Peak RSS", "", "Allowed are the budget, a tenth of it and 150 MB.", ""]
    lines += ["| plain work | peak RSS MB | allowed MB | holds |", "| --- | ---: | ---: | --- |"]
    for row in rows:
        most = allowed(row)
        peak = row["peaks"][0] if "peaks" in row else None
        holds = "" if peak is None else "yes" if peak <= most else "**no**"
        said = row.get("error", "") if peak is None else f"{peak / MB:.0f}"
        lines.append(f"| {row['label']} | {said} | {most / MB:.0f} | {holds} |")
    return lines


def soak_table(row):
    """First and last quarter of a long run."""
    lines = ["## Soak", "", f"{row['label']}; every ten seconds are in soak.csv.", ""]
    if "said" not in row:
        return lines + [row["error"]]
    lines += ["| quarter | samples/s | samples per CPU second | peak RSS MB |", "| --- | ---: | ---: | ---: |"]
    for name, part in row["said"]["quarters"].items():
        cells = [part["samples_per_s"] or 0, part["samples_per_cpu_s"] or 0, part["peak_rss_bytes"] / MB]
        lines.append(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")
    return lines
